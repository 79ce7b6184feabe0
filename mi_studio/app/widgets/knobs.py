# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""The protection panel: sliders with named stops."""

from __future__ import annotations

import math
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from mi_studio.app import theme
from mi_studio.app.widgets.common import BarSlider, Card, IconButton, Label
from mi_studio.app.words import LIVE, NO_PROTECTION, PROTECTION, WHAT_IS, say
from mi_studio.core.knobs import Value
from mi_studio.studio.views import KnobView

FINE = 100
"""Slider positions between two stops of a continuous knob."""
EVERY_MS = 60
"""While a slider is dragged, its values are reported this often at most."""

Stops = tuple[tuple[Value, str], ...]


def value_at(stops: Stops, position: int, continuous: bool) -> Value:
    """Return the knob's value at a slider position: between two numbers in a straight line."""
    if not continuous:
        return stops[position][0]
    i, rest = divmod(position, FINE)
    low = stops[i][0]
    if rest == 0:
        return low
    high = stops[i + 1][0]
    if isinstance(low, str) or isinstance(high, str) or math.isinf(low) or math.isinf(high):
        return low if rest < FINE / 2 else high
    return float(f"{low + (high - low) * rest / FINE:.4g}")


def position_of(stops: Stops, value: Value, continuous: bool) -> int:
    """Return the slider position of a knob's value."""
    scale = FINE if continuous else 1
    for i, (stop, _) in enumerate(stops):
        if stop == value:
            return i * scale
    if not isinstance(value, str):
        for i in range(len(stops) - 1):
            low, high = stops[i][0], stops[i + 1][0]
            if isinstance(low, str) or isinstance(high, str) or not math.isfinite(high - low):
                continue
            if min(low, high) <= value <= max(low, high):
                return round((i + (value - low) / (high - low)) * scale)
    return 0


class KnobSlider(BarSlider):
    """A track with stops; keys go from stop to stop, or finely where the knob is continuous.

    ``moved`` carries the value: at once, then at most every 60 ms, and on release.
    """

    moved = Signal(object)
    LABELS = 20

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._stops: Stops = ()
        self._continuous = False
        self._dimmed = False
        self._hover = False
        self._last: Value | None = None
        self._timer = QTimer(self, interval=EVERY_MS, singleShot=True)
        self._timer.timeout.connect(self._report)
        self.actionTriggered.connect(lambda _: self._acted())

    def sizeHint(self) -> QSize:
        return QSize(200, 24 + (0 if self._dimmed else round(self.LABELS * theme.scale())))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def set_knob(self, view: KnobView) -> None:
        """Take over stops and value; a slider that is being dragged stays where the hand is."""
        if self._dimmed != bool(view.reason):
            self._dimmed = bool(view.reason)
            self.updateGeometry()
        if (view.stops, view.continuous) != (self._stops, self._continuous):
            self._stops, self._continuous = view.stops, view.continuous
            scale = FINE if view.continuous else 1
            self.setRange(0, max(0, (len(view.stops) - 1) * scale))
            self.setSingleStep(max(1, scale // 5))
            self.setPageStep(scale)
        if not self.isSliderDown() and not self._timer.isActive():
            self._last = view.value
            self.setValue(position_of(view.stops, view.value, view.continuous))
        self.update()

    def let_go(self) -> None:
        """End a drag without a word, before the slider shows another knob."""
        self.setSliderDown(False)
        self._timer.stop()

    def value_now(self) -> Value:
        """Return the knob's value where the slider stands."""
        return value_at(self._stops, self.sliderPosition(), self._continuous)

    def _acted(self) -> None:
        self.setValue(self.sliderPosition())
        self._throttle()

    def _throttle(self) -> None:
        if not self._timer.isActive():
            self._report()
            self._timer.start()

    def _report(self) -> None:
        if self._stops and self.value_now() != self._last:
            self._last = self.value_now()
            self.moved.emit(self._last)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._dimmed:
            event.ignore()
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._dimmed or event.button() != Qt.MouseButton.LeftButton:
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.setSliderDown(True)
        self._drag(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._drag(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._drag(event.position().x())
            self.setSliderDown(False)
            self._timer.stop()
            self._report()

    def _drag(self, x: float) -> None:
        position = self.at(x)
        if self._continuous:
            nearest = round(position / FINE) * FINE
            if abs(self.x_of(nearest) - x) <= 5:
                position = nearest
        self.setValue(position)
        self._throttle()
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the scroll area, so that scrolling never turns a knob."""
        event.ignore()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hover = True
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._hover = False
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._stops:
            return
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        y = 12.0
        left, right = self.span()
        here = self.x_of(self.sliderPosition())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("track"))
        painter.drawRoundedRect(QRectF(left - 3, y - 3, right - left + 6, 6), 3, 3)
        if not self._dimmed:
            painter.setBrush(colors.color("accent"))
            painter.drawRoundedRect(QRectF(left - 3, y - 3, here - left + 3, 6), 3, 3)
        scale = FINE if self._continuous else 1
        for i in range(len(self._stops)):
            x = self.x_of(i * scale)
            painter.setBrush(colors.color("panel" if x < here and not self._dimmed else "quiet"))
            painter.drawEllipse(QPointF(x, y), 1.5, 1.5)
        painter.setBrush(colors.color("panel"))
        ring = colors.color("quiet" if self._dimmed else "accent")
        painter.setPen(QPen(ring, 3 if not self._dimmed else 2))
        painter.drawEllipse(QPointF(here, y), 8, 8)
        if self.hasFocus() or (self._hover and not self._dimmed):
            halo = colors.color("accent")
            halo.setAlphaF(1.0 if self.hasFocus() else 0.35)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(halo, 1.5))
            painter.drawEllipse(QPointF(here, y), 11, 11)
        if not self._dimmed:
            self._write(painter, scale)

    def _write(self, painter: QPainter, scale: int) -> None:
        """Name every stop where there is room for all, else the ends and what fits between."""
        colors = theme.current()
        for size in (12, 11):
            placed = self._placed(QFontMetricsF(theme.font(size)), scale)
            tight = any(a[1].right() + 3 > b[1].left() for a, b in pairwise(placed))
            if not tight:
                break
        painter.setFont(theme.font(size))
        here = self.sliderPosition() / scale
        taken = [placed[0][1], placed[-1][1]]
        for i, rect in placed:
            if tight and 0 < i < len(placed) - 1:
                if any(rect.adjusted(-6, 0, 6, 0).intersects(other) for other in taken):
                    continue
                taken.append(rect)
            chosen = i == here
            painter.setPen(colors.color("accent" if chosen else "quiet"))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._stops[i][1])

    def _placed(self, metrics: QFontMetricsF, scale: int) -> list[tuple[int, QRectF]]:
        placed: list[tuple[int, QRectF]] = []
        for i, (_, label) in enumerate(self._stops):
            width = metrics.horizontalAdvance(label) + 2
            x = self.x_of(i * scale) - width / 2
            x = min(max(0.0, x), self.width() - width)
            placed.append((i, QRectF(x, 23, width, self.height() - 23)))
        return placed


class Choice(QPushButton):
    """A knob with two or three stops: a button that opens the list of them."""

    moved = Signal(object)
    MOST = 3

    def __init__(self) -> None:
        super().__init__()
        self.setMenu(QMenu(self))
        self.menu().triggered.connect(lambda action: self.moved.emit(action.data()))

    @classmethod
    def suits(cls, view: KnobView) -> bool:
        """Whether a knob is better chosen from a list than found on a track."""
        return len(view.stops) <= cls.MOST and not view.continuous and not view.reason

    def set_knob(self, view: KnobView) -> None:
        """Take over stops and value."""
        self.setText(f"{view.label} ▼")
        menu = self.menu()
        if [(a.data(), a.text()) for a in menu.actions()] != [*view.stops]:
            menu.clear()
            for value, label in view.stops:
                action = menu.addAction(label)
                action.setData(value)
                action.setCheckable(True)
        for action in menu.actions():
            action.setChecked(action.data() == view.value)


class KnobRow(QWidget):
    """One knob: title, value, slider or list, and one sentence below."""

    moved = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self._id = ""
        self._language = "en"
        self._view: KnobView | None = None
        self.title, self.value = Label("body", wrap=True), Label("value")
        self.help = IconButton("help", 24, plain=True, glyph=14)
        self.slider, self.choice = KnobSlider(), Choice()
        self.note = Label("quiet", wrap=True)
        self.help.clicked.connect(self._explain)
        for control in (self.slider, self.choice):
            control.moved.connect(lambda value: self.moved.emit(self._id, value))
        for part in (self.title, self.value):
            part.setMinimumHeight(24)
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.title, 1, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.value, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.choice, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.help, 0, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self.slider)
        column.addWidget(self.note)

    def show_view(self, view: KnobView) -> None:
        """Draw a knob."""
        if view == self._view:
            return
        if view.id != self._id:
            self.slider.let_go()
        self._view, self._id = view, view.id
        self.title.say(view.title)
        self.value.say(view.label)
        for label in (self.title, self.value):
            label.dim(bool(view.reason))
        self.note.say(view.reason or view.note)
        self.note.setVisible(bool(view.reason or view.note))
        listed = Choice.suits(view)
        self.choice.setVisible(listed)
        self.slider.setVisible(not listed)
        self.value.setVisible(not listed)
        for control in (self.slider, self.choice):
            control.set_knob(view)
            control.setAccessibleName(f"{view.title}: {view.label}")
            said = (view.reason, view.help, view.note)
            control.setAccessibleDescription(" ".join(t for t in said if t))
            control.setToolTip(view.reason or _wrapped(view.help))
        self.retranslate(self._language)

    def retranslate(self, language: str) -> None:
        """Name the help button in another language."""
        self._language = language
        if self._view is not None:
            self.help.setAccessibleName(say(WHAT_IS, language, title=self._view.title))
            self.help.setAccessibleDescription(self._view.help)
            self.help.setToolTip(_wrapped(self._view.help))

    def _explain(self) -> None:
        QToolTip.showText(
            self.help.mapToGlobal(self.help.rect().bottomLeft()), self.help.toolTip(), self.help
        )


class Rows(QScrollArea):
    """Wants the height of its rows, and scrolls where it gets less."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = QWidget()
        self.inside.setObjectName("column")
        self.column = QVBoxLayout(self.inside)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(9)
        self.setWidget(self.inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)

    def sizeHint(self) -> QSize:
        width = max(200, self.width())
        return QSize(width, self.column.totalHeightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, min(96, self.sizeHint().height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


class ProtectionPanel(Card):
    """All knobs; those without effect on this attacker come last. ``moved`` carries id and new value."""

    moved = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.title, self.corner = Label("title"), Label("quiet")
        self.empty = Label("quiet", wrap=True)
        line = QHBoxLayout()
        line.addWidget(self.title)
        line.addStretch(1)
        line.addWidget(self.corner)
        self._area = Rows()
        self.column.addLayout(line)
        self.column.addWidget(self.empty)
        self.column.addWidget(self._area)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.rows: list[KnobRow] = []
        self._shown: tuple[KnobView, ...] | None = None
        self.retranslate("en")

    def show_view(self, knobs: tuple[KnobView, ...]) -> None:
        """Draw the knobs."""
        if knobs == self._shown:
            return
        self._shown = knobs
        while len(self.rows) < len(knobs):
            row = KnobRow()
            row.moved.connect(self.moved)
            row.retranslate(self._language)
            self._area.column.addWidget(row)
            self.rows.append(row)
        for row, view in zip(self.rows, sorted(knobs, key=lambda k: bool(k.reason)), strict=False):
            row.show_view(view)
        for i, row in enumerate(self.rows):
            row.setVisible(i < len(knobs))
        self.empty.setVisible(not knobs)
        self.corner.setVisible(bool(knobs))
        self._area.updateGeometry()

    def retranslate(self, language: str) -> None:
        """Say the panel's own words in another language."""
        self._language = language
        self.title.say(say(PROTECTION, language))
        self.corner.say(say(LIVE, language))
        self.empty.say(say(NO_PROTECTION, language))
        self.setAccessibleName(self.title.said)
        for row in self.rows:
            row.retranslate(language)


def _wrapped(text: str) -> str:
    """Return a text as rich text, so that its tooltip breaks into lines."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;")
    return f"<qt>{plain}</qt>" if plain else ""
