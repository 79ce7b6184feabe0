# ruff: noqa: ARG002, D102 -- methods that Qt calls
"""The page of what stops whom: defences in rows, attackers in columns, and one cell in words."""

from __future__ import annotations

from itertools import groupby

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mi_studio.app import theme
from mi_studio.app.theme import px, scaled
from mi_studio.app.widgets.common import Button, Card, Label, explanation
from mi_studio.app.words import (
    EFFECTS,
    EFFECTS_ACTS,
    EFFECTS_AGAINST,
    EFFECTS_CUT,
    EFFECTS_DEFENSE,
    EFFECTS_EMPTY,
    EFFECTS_LEFT,
    EFFECTS_RULE,
    EFFECTS_SAME,
    EFFECTS_SENTENCE,
    EFFECTS_SETTING,
    EFFECTS_TITLE,
    EFFECTS_TRIAL,
    EFFECTS_TRIAL_SAME,
    TRADEOFF_OPEN,
    breakable,
    say,
)
from mi_studio.core.cards import ACCESS_LEVELS, library
from mi_studio.core.config import why_not_defense
from mi_studio.core.metrics import METRICS
from mi_studio.core.outcome import Outcome
from mi_studio.studio.effects import SPARED, STOPPED, Cell, Row, Trial
from mi_studio.studio.tradeoff import leak_words
from mi_studio.studio.words import ACCESS

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
TONES = {"stops": "safe", "weakens": "unsure", "none": "leak"}


class Chip(QStyledItemDelegate):
    """Draws a cell on a rounded ground of its own, and a frame around the chosen one."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        ground = index.data(Qt.ItemDataRole.BackgroundRole)
        area = QRectF(option.rect).adjusted(2.5, 2.5, -2.5, -2.5)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = theme.current().color
        painter.setPen(QPen(color("text"), 2) if chosen else Qt.PenStyle.NoPen)
        painter.setBrush(ground if ground is not None else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, 7, 7)
        painter.setPen(index.data(Qt.ItemDataRole.ForegroundRole).color())
        aligned = index.data(Qt.ItemDataRole.TextAlignmentRole)
        flags = int(Qt.TextFlag.TextWordWrap) | int(aligned if aligned is not None else LEFT)
        painter.drawText(area.adjusted(1, 0, -1, 0), flags, index.data(Qt.ItemDataRole.DisplayRole))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        table = self.parent()
        assert isinstance(table, QTableWidget)
        metrics = QFontMetrics(table.font())
        wide = table.columnWidth(index.column()) * max(1, table.columnSpan(index.row(), index.column()))
        box = metrics.boundingRect(
            QRect(0, 0, wide - 8, 10000),
            int(Qt.TextFlag.TextWordWrap),
            index.data(Qt.ItemDataRole.DisplayRole),
        )
        return QSize(wide, box.height() + 13)


class Grid(QTableWidget):
    """The table; Enter opens the cell that has the focus, and Tab leaves."""

    def __init__(self) -> None:
        super().__init__()
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setItemDelegate(Chip(self))
        self.setFrameShape(QTableWidget.Shape.NoFrame)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(20)
        self.horizontalHeader().setSectionsClickable(False)
        self.horizontalHeader().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self.itemActivated.emit(self.currentItem())
        else:
            super().keyPressEvent(event)


class EffectsPage(QWidget):
    """The page.

    Signals
    -------
    open_requested
        An outcome, whose run shall go onto the stage.
    """

    open_requested = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[Row, ...] = ()
        self._lines: list[Row | None] = []
        self._language = "en"
        self.title, self.rule, self.empty = (
            Label("verdict"),
            Label("quiet", wrap=True),
            Label("lead", wrap=True),
        )
        self.grid = Grid()
        self.name, self.setting, self.against = (
            Label("title", wrap=True),
            Label("body", wrap=True),
            Label("quiet", wrap=True),
        )
        self.effect, self.told, self.why = (
            Label("lead", wrap=True),
            Label("body", wrap=True),
            Label("body", wrap=True),
        )
        self.open = Button("play")
        self._lay_out()
        self.grid.currentCellChanged.connect(lambda *_: self._tell())
        self.grid.itemActivated.connect(lambda _: self._open())
        self.grid.itemDoubleClicked.connect(lambda _: self._open())
        self.open.clicked.connect(self._open)

    def _lay_out(self) -> None:
        card = Card(margin=8)
        card.column.addWidget(self.grid, 1)
        card.column.addWidget(self.empty, 1)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        card.column.addWidget(self.rule)
        self.detail = Card()
        for part in (self.name, self.setting, self.against, self.effect, self.told, self.why, self.open):
            self.detail.column.addWidget(part)
        side = QVBoxLayout()
        side.addWidget(self.detail)
        side.addStretch(1)
        self.row = QHBoxLayout()
        scaled(self.row.setSpacing, 14)
        self.row.addWidget(card, 1)
        self.row.addLayout(side)
        self.detail.setFixedWidth(px(320))
        whole = QVBoxLayout(self)
        scaled(whole.setContentsMargins, 20, 12, 20, 14)
        scaled(whole.setSpacing, 10)
        whole.addWidget(self.title)
        whole.addLayout(self.row, 1)

    @property
    def filled(self) -> bool:
        """Whether a table is shown."""
        return bool(self._rows)

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Show a table; the chosen cell stays chosen."""
        self._rows = rows
        grid, lang = self.grid, self._language
        was = grid.currentRow(), grid.currentColumn()
        self.title.say(say(EFFECTS_TITLE, lang))
        self.rule.say(say(EFFECTS_RULE, lang, stopped=f"{STOPPED:.0%}", spared=f"{SPARED:.0%}"))
        self.empty.say(say(EFFECTS_EMPTY, lang))
        there = any(cell.trials for row in rows for cell in row.cells)
        for part, shown in (
            (grid, there), (self.rule, there), (self.detail, there), (self.empty, not there),
        ):  # fmt: skip
            part.setVisible(shown)
        self._lines = []
        for _, members in groupby(rows, key=lambda r: r.defense.acts):
            self._lines += [None, *members]
        grid.blockSignals(True)
        grid.clear()
        grid.clearSpans()
        grid.setRowCount(len(self._lines))
        grid.setColumnCount(1 + len(ACCESS_LEVELS))
        heads = [say(EFFECTS_DEFENSE, lang), *(ACCESS[a].get(lang) for a in ACCESS_LEVELS)]
        for column, head in enumerate(heads):
            item = QTableWidgetItem(breakable(head))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, head)
            item.setToolTip(explanation(head))
            grid.setHorizontalHeaderItem(column, item)
        for place, row in enumerate(self._lines):
            if row is None:
                acts = EFFECTS_ACTS[self._lines[place + 1].defense.acts]  # type: ignore[union-attr]
                self._put(place, 0, say(acts, lang), "accent", chosen=False)
                grid.setSpan(place, 0, 1, 1 + len(ACCESS_LEVELS))
                continue
            self._put(place, 0, row.name.get(lang), "text", chosen=False)
            for column, cell in enumerate(row.cells, 1):
                tone = TONES.get(cell.effect or "", "quiet")
                item = self._put(
                    place, column, self._short(cell), tone, f"{tone}_ground" if cell.effect else ""
                )
                spoken = row.name.get(lang), ACCESS[ACCESS_LEVELS[column - 1]].get(lang), item.text()
                item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(spoken))
        grid.blockSignals(False)
        self._fit()
        grid.setCurrentCell(*(was if was[0] > 0 else (1, 1)))
        self._tell()

    def _put(
        self, row: int, column: int, words: str, tone: str, ground: str = "", *, chosen: bool = True
    ) -> QTableWidgetItem:
        item = QTableWidgetItem(words)
        item.setForeground(theme.current().color(tone))
        if ground:
            item.setBackground(theme.current().color(ground))
        if chosen:
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        else:
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setToolTip(explanation(words))
        self.grid.setItem(row, column, item)
        return item

    def _short(self, cell: Cell) -> str:
        lang = self._language
        if cell.effect is None:
            return "–"
        shares = cell.kept
        if shares is None:
            return say(EFFECTS_SAME, lang)
        effect = say(EFFECTS[cell.effect], lang)
        low, high = (f"{min(s, 1):.0%}" for s in shares)
        return say(EFFECTS_LEFT, lang, effect=effect, share=low if low == high else f"{low[:-1]}–{high}")

    def _fit(self) -> None:
        """Share the width out, and give every line the height that its text takes."""
        header = self.grid.horizontalHeader()
        header.setMinimumSectionSize(60)
        for column in range(self.grid.columnCount()):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        wide = self.grid.viewport().width()
        first = int(wide * 0.23)
        rest = (wide - first) // len(ACCESS_LEVELS)
        self.grid.setColumnWidth(0, first)
        for column in range(1, self.grid.columnCount()):
            self.grid.setColumnWidth(column, rest)
        words = (breakable(ACCESS[a].get(self._language)) for a in ACCESS_LEVELS)
        metrics, wrap = QFontMetrics(theme.font(theme.SMALL, bold=True)), int(Qt.TextFlag.TextWordWrap)
        room = QRect(0, 0, rest - px(12), 10000)
        header.setFixedHeight(max(metrics.boundingRect(room, wrap, w).height() for w in words) + px(14))
        self.grid.resizeRowsToContents()

    def _chosen(self) -> tuple[Row, int] | None:
        line, column = self.grid.currentRow(), self.grid.currentColumn()
        row = self._lines[line] if 0 <= line < len(self._lines) else None
        return (row, column - 1) if row is not None and column > 0 else None

    def _tell(self) -> None:
        if (chosen := self._chosen()) is None:
            return
        (row, place), lang = chosen, self._language
        cell = row.cells[place]
        knob = row.defense.knob
        self.name.say(row.defense.title.get(lang))
        self.setting.say(
            say(EFFECTS_SETTING, lang, knob=knob.title.get(lang), value=knob.label(row.value, lang))
        )
        self.setting.setVisible(not row.only)
        self.against.say(say(EFFECTS_AGAINST, lang, who=ACCESS[ACCESS_LEVELS[place]].get(lang)))
        self.effect.say(say(EFFECTS_SENTENCE[cell.effect], lang) if cell.effect else "")
        self.effect.setVisible(cell.effect is not None)
        self.told.say("\n\n".join(self._trial(t) for t in cell.trials))
        self.told.setVisible(bool(cell.trials))
        self.why.say(cell.why.get(lang) if cell.why is not None else "")
        self.why.setVisible(cell.why is not None)
        self.open.setText(say(TRADEOFF_OPEN, lang))
        self.open.setVisible(self._outcome() is not None)

    def _trial(self, trial: Trial) -> str:
        lang, config = self._language, trial.runs[0].config
        cards = library()
        names = {
            "scene": cards.scene(config.scene).title.get(lang),
            "attack": cards.attack(config.attack).title.get(lang),
            "n": len(trial.runs),
        }
        if trial.same:
            said = say(EFFECTS_TRIAL_SAME, lang, **names)
        else:
            low, leak, high = (leak_words(trial.metric, v) for v in trial.leak)
            said = say(
                EFFECTS_TRIAL, lang, **names, metric=METRICS[trial.metric].title.get(lang),
                low=low, leak=leak, high=high,
                bare=leak_words(trial.metric, trial.bare), base=leak_words(trial.metric, trial.base),
            )  # fmt: skip
        return said + (say(EFFECTS_CUT, lang, steps=config.steps) if trial.cut else "")

    def _outcome(self) -> Outcome | None:
        """Return the first run of the chosen cell that the stage can show."""
        if (chosen := self._chosen()) is None:
            return None
        row, place = chosen
        runs = (t.runs[0] for t in row.cells[place].trials)
        return next(
            (o for o in runs if why_not_defense(library().scene(o.config.scene), row.defense) is None), None
        )

    def _open(self) -> None:
        if (found := self._outcome()) is not None:
            self.open_requested.emit(found)

    def retranslate(self, language: str) -> None:
        """Say everything in another language."""
        self._language = language
        for named in (self.grid, self.grid.horizontalHeader()):
            named.setAccessibleName(say(EFFECTS_TITLE, language))
        if self._rows:
            self.show_rows(self._rows)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme; and the scale, once everything inside has its new type."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange) and self._rows:
            self.show_rows(self._rows)
            QTimer.singleShot(0, self, self._share)
        super().changeEvent(event)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._share()

    def _share(self) -> None:
        """Share the width out between the table and what is said of a cell."""
        self.detail.setFixedWidth(px(320) if self.width() >= px(1200) else px(300))
        if self._rows:
            self._fit()
