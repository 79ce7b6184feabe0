# ruff: noqa: ARG002, D102 -- methods that Qt calls
"""The security desk: the log of an API, what the monitor measures of it, and whether an alarm was raised."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import (
    QBrush,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from mi_studio.app import theme
from mi_studio.app.theme import px, scaled
from mi_studio.app.widgets.common import Card, Label, explanation
from mi_studio.core.desk import MARK
from mi_studio.studio.desk import DeskView, Entry, Gauge

ROW, THUMB = 30, 26
PICTURE = 2
"""The column of the picture, between who and answer."""
TOP = 1.5
"""How many times the alarm a sparkline reaches up to; what is higher stands at its upper edge."""

Index = QModelIndex | QPersistentModelIndex


class LogModel(QAbstractTableModel):
    """The lines of the log."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: tuple[Entry, ...] = ()
        self.columns: tuple[str, ...] = ("",) * 5

    def show_lines(self, columns: tuple[str, ...], entries: tuple[Entry, ...]) -> None:
        """Show other lines."""
        self.beginResetModel()
        self.columns, self.entries = columns, entries
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 -- as Qt declares it
        return 0 if parent.isValid() else len(self.entries)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 5

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> object:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self.columns[section]
        if role == Qt.ItemDataRole.ToolTipRole and orientation == Qt.Orientation.Horizontal:
            return explanation(self.columns[section])
        return None

    def data(self, index: Index, role: int = 0) -> object:
        entry, column = self.entries[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole if column != PICTURE:
                return entry.cells[column - (column > PICTURE)]
            case Qt.ItemDataRole.DecorationRole if column == PICTURE and entry.mark:
                image = QImage(entry.mark, MARK, MARK, MARK, QImage.Format.Format_Grayscale8)
                side = px(THUMB)
                return QPixmap.fromImage(image.copy()).scaled(side, side)
            case Qt.ItemDataRole.ForegroundRole:
                tone = entry.tone if entry.tone != "plain" else "quiet" if entry.customer else "text"
                return QBrush(theme.current().color(tone))
            case Qt.ItemDataRole.BackgroundRole if entry.tone != "plain":
                return QBrush(theme.current().color(f"{entry.tone}_ground"))
            case Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.ToolTipRole:
                return entry.said
        return None


class Log(QTableView):
    """The log, newest line first. Arrow keys go through it, Tab leaves."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = LogModel()
        self.setModel(self.lines)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setIconSize(QSize(60, 60))
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setSectionsClickable(False)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.fit()

    def fit(self) -> None:
        """Share the width out, and give every line the height of its type."""
        high = QFontMetrics(theme.font(theme.SMALL, bold=True)).height()
        self.horizontalHeader().setFixedHeight(high + px(10))
        self.verticalHeader().setDefaultSectionSize(max(px(ROW), high + px(4)))
        wide = self.viewport().width()
        shares = (0.19, 0.24, 0.09, 0.18)
        for column, share in enumerate(shares):
            self.setColumnWidth(column, int(wide * share))
        self.setColumnWidth(len(shares), wide - sum(int(wide * share) for share in shares))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit again once the type has changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            QTimer.singleShot(0, self, self.fit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            event.ignore()  # it plays and pauses
        else:
            super().keyPressEvent(event)


class Sparkline(QWidget):
    """One figure over the steps, below or above the line of the alarm."""

    def __init__(self) -> None:
        super().__init__()
        self._gauge: Gauge | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(200, px(46))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, px(16))

    def show_gauge(self, gauge: Gauge) -> None:
        """Draw another figure."""
        self._gauge = gauge
        self.setAccessibleName(gauge.said)
        self.setToolTip(gauge.said)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._gauge is None:
            return
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(4, 3, -8, -3)
        painter.setPen(QPen(colors.color("edge"), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        alarm = area.bottom() - area.height() / TOP
        painter.setPen(QPen(colors.color("leak"), 1.4, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(area.left(), alarm), QPointF(area.right(), alarm))
        points = self._gauge.points
        if not points:
            return
        gap = area.width() / max(1, len(points) - 1)
        line = [
            QPointF(area.left() + i * gap, area.bottom() - min(p, TOP) / TOP * area.height())
            for i, p in enumerate(points)
        ]
        painter.setPen(QPen(colors.color("accent"), 2))
        painter.drawPolyline(QPolygonF(line))
        for place, point in zip(line, points, strict=True):
            if point > 1:  # an alarm is a triangle, not a colour alone
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colors.color("leak"))
                x, y = place.x(), place.y()
                painter.drawPolygon(
                    QPolygonF([QPointF(x - 5, y + 4), QPointF(x + 5, y + 4), QPointF(x, y - 5)])
                )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("leak" if self._gauge.alarmed else "accent"))
        if not self._gauge.alarmed:
            painter.drawEllipse(line[-1], 3.5, 3.5)


class DeskPage(QWidget):
    """The page."""

    def __init__(self) -> None:
        super().__init__()
        self._view: DeskView | None = None
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.title, self.empty = Label("verdict"), Label("lead", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.state = Label("title", wrap=True)
        self.heading, self.note = Label("title"), Label("quiet", wrap=True)
        self.log = Log()
        self.numbers = [(Label("big"), Label("quiet", wrap=True)) for _ in range(4)]
        self.gauges = [(Label("body"), Label("body"), Sparkline()) for _ in range(4)]
        self.no_gauges = Label("quiet", wrap=True)
        self._lay_out()

    def _lay_out(self) -> None:
        self.card = Card(margin=12)
        self.card.column.addWidget(self.heading)
        self.card.column.addWidget(self.log, 1)
        self.card.column.addWidget(self.note)
        self.counts, self.watch = Card(), Card()
        self.counts.column.addWidget(self.state)
        grid = QGridLayout()
        scaled(grid.setHorizontalSpacing, 14)
        scaled(grid.setVerticalSpacing, 2)
        for i, (number, caption) in enumerate(self.numbers):
            grid.addWidget(number, 2 * (i // 2), i % 2)
            grid.addWidget(caption, 2 * (i // 2) + 1, i % 2, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.counts.column.addLayout(grid)
        for name, value, spark in self.gauges:
            line = QHBoxLayout()
            line.addWidget(name)
            line.addStretch(1)
            line.addWidget(value)
            self.watch.column.addLayout(line)
            self.watch.column.addWidget(spark, 1)
        self.counts.column.addWidget(self.no_gauges)
        side = QVBoxLayout()
        scaled(side.setSpacing, 12)
        side.addWidget(self.counts)
        side.addWidget(self.watch, 1000)
        side.addStretch(1)
        self.side = QWidget()
        self.side.setLayout(side)
        side.setContentsMargins(0, 0, 0, 0)
        self.row = QHBoxLayout()
        scaled(self.row.setSpacing, 14)
        self.row.addWidget(self.card, 1)
        self.row.addWidget(self.empty, 1)
        self.row.addWidget(self.side)
        whole = QVBoxLayout(self)
        scaled(whole.setContentsMargins, 20, 12, 20, 14)
        scaled(whole.setSpacing, 10)
        whole.addWidget(self.title)
        whole.addLayout(self.row, 1)

    @property
    def filled(self) -> bool:
        """Whether there is a log."""
        return self._view is not None and not self._view.empty

    def show_view(self, view: DeskView) -> None:
        """Draw the desk."""
        old, self._view = self._view, view
        if view == old:
            return
        there = not view.empty
        self.title.say(view.title)
        self.empty.say(view.empty)
        self.empty.setVisible(not there)
        self.card.setVisible(there)
        self.side.setVisible(there)
        if not there:
            return
        self.state.say(view.state)
        self.heading.say(view.log)
        self.note.say(view.note)
        self.state.setAccessibleName(f"{view.title}: {view.state}")
        self.log.setAccessibleName(view.log)
        self.log.setAccessibleDescription(view.note)
        if old is None or (old.columns, old.entries) != (view.columns, view.entries):
            self.log.lines.show_lines(view.columns, view.entries)
        shown = [*view.figures, *[("", "")] * (len(self.numbers) - len(view.figures))]
        for (number, caption), (figure, words) in zip(self.numbers, shown, strict=True):
            number.say(figure)
            caption.say(words)
        for i, (name, value, spark) in enumerate(self.gauges):
            gauge = view.gauges[i] if i < len(view.gauges) else None
            for part in (name, value, spark):
                part.setVisible(gauge is not None)
            if gauge is not None:
                name.say(gauge.name)
                mark = "▲ " if gauge.alarmed else ""
                value.say(f"{mark}{gauge.points[-1]:.0%}" if gauge.points else "–")
                spark.show_gauge(gauge)
        self.watch.setVisible(bool(view.gauges))
        self.no_gauges.say(view.no_gauges)
        self.no_gauges.setVisible(bool(view.no_gauges))

    def retranslate(self, language: str) -> None:
        """Do nothing: every word comes with the view."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def changeEvent(self, event: QEvent) -> None:
        """Share the width out again when the scale has changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "side"):
            self._share()

    def _share(self) -> None:
        self.side.setFixedWidth(min(px(470), max(px(300), round(self.width() * 0.3))))
