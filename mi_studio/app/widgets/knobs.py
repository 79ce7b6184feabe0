# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""The protection panel: sliders with named stops."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import ClassVar

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFontMetricsF,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QRadioButton,
    QScrollArea,
    QSizePolicy,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from mi_studio.app import theme
from mi_studio.app.theme import px, scaled
from mi_studio.app.widgets.bar import draw_groove
from mi_studio.app.widgets.common import (
    BarSlider,
    Button,
    Card,
    IconButton,
    Label,
    Short,
    explain,
    height_for,
    margins,
)
from mi_studio.app.widgets.switch import Switch
from mi_studio.app.words import (
    FIRST_KNOBS,
    LIVE,
    MORE_KNOBS,
    NO_PROTECTION,
    PROTECTION,
    SITUATION,
    WHAT_IS,
    say,
    tooltip,
)
from mi_studio.core.knobs import Value
from mi_studio.studio.views import KnobView

FINE = 100
"""Slider positions between two stops of a continuous knob."""
EVERY_MS = 60
"""While a slider is dragged, its values are reported this often at most."""

Stops = tuple[tuple[Value, str], ...]


def held(view: KnobView, locked: frozenset[str]) -> bool:
    """Whether a teacher's file keeps a knob as it is: by its name, with all knobs, or with the defences."""
    names = {"knobs", f"knob.{view.id}", *(() if view.situation else ("defense",))}
    return bool(names & locked)


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
    LABELS = 18
    _stops: Stops = ()

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._continuous = False
        self._dimmed = False
        self._hover = False
        self._last: Value | None = None
        self._timer = QTimer(self, interval=EVERY_MS, singleShot=True)
        self._timer.timeout.connect(self._report)
        self.actionTriggered.connect(lambda _: self._acted())

    def sizeHint(self) -> QSize:
        words = max(px(self.LABELS), math.ceil(QFontMetricsF(theme.font(12)).height()))  # a talk has a floor
        return QSize(200, px(21) + (0 if self._dimmed else words))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def event(self, event: QEvent) -> bool:
        """Explain the stops to a hovering mouse, where the glossary knows them."""
        return explain(self, event, "\n".join(label for _, label in self._stops)) or super().event(event)

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
        y, thick = float(px(11)), px(3)
        left, right = self.span()
        here = self.x_of(self.sliderPosition())
        live = self.isEnabled() and not self._dimmed
        track = QRectF(left - thick, y - thick, right - left + 2 * thick, 2 * thick)
        draw_groove(painter, track, thick)
        painter.setPen(Qt.PenStyle.NoPen)
        if live:
            painter.setBrush(colors.color("accent"))
            track.setRight(here)
            painter.drawRoundedRect(track, thick, thick)
        scale = FINE if self._continuous else 1
        for i in range(len(self._stops)):
            x = self.x_of(i * scale)
            painter.setBrush(colors.color("panel" if x < here and live else "quiet"))
            painter.drawEllipse(QPointF(x, y), thick / 2, thick / 2)
        painter.setBrush(colors.color("panel"))
        painter.setPen(QPen(colors.color("accent"), 3) if live else QPen(colors.color("quiet"), 2))
        painter.drawEllipse(QPointF(here, y), px(8), px(8))
        if self.hasFocus() or (self._hover and live):
            halo = colors.color("accent")
            halo.setAlphaF(1.0 if self.hasFocus() else 0.35)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(halo, 1.5))
            painter.drawEllipse(QPointF(here, y), px(11), px(11))
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
            chosen = i == here and self.isEnabled()
            painter.setPen(colors.color("accent" if chosen else "quiet"))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._stops[i][1])

    def _placed(self, metrics: QFontMetricsF, scale: int) -> list[tuple[int, QRectF]]:
        placed: list[tuple[int, QRectF]] = []
        for i, (_, label) in enumerate(self._stops):
            width = metrics.horizontalAdvance(label) + 2
            x = self.x_of(i * scale) - width / 2
            x = min(max(0.0, x), self.width() - width)
            placed.append((i, QRectF(x, px(21), width, self.height() - px(21))))
        return placed


class Segment(QRadioButton):
    """One stop of a knob that has few. Arrow keys go to its neighbours."""

    PAD = 7
    KEYS: ClassVar = {
        Qt.Key.Key_Left: -1,
        Qt.Key.Key_Up: -1,
        Qt.Key.Key_Right: 1,
        Qt.Key.Key_Down: 1,
        Qt.Key.Key_Home: -99,
        Qt.Key.Key_End: 99,
    }
    walked = Signal(int)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setAutoExclusive(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    def nextCheckState(self) -> None:
        """Leave the state to whoever decides: the next view brings it."""

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def sizeHint(self) -> QSize:
        """Have room for bold type, so that nothing moves when the choice does."""
        metrics = QFontMetricsF(theme.font(theme.SMALL, bold=True))
        width = math.ceil(metrics.horizontalAdvance(self.text())) + 2 * px(self.PAD)
        return QSize(width, max(px(24), math.ceil(metrics.height()) + 4))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def event(self, event: QEvent) -> bool:
        """Claim the arrow keys while focused, and explain the words of the glossary to a hovering mouse."""
        if explain(self, event):
            return True
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._steps(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if by := self._steps(event):
            self.walked.emit(by)
        else:
            super().keyPressEvent(event)

    def _steps(self, event: QKeyEvent) -> int:
        plain = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        return self.KEYS.get(Qt.Key(event.key()), 0) if event.modifiers() in plain else 0

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        chosen, live = self.isChecked(), self.isEnabled()
        token = "accent" if chosen and live else "quiet"
        if chosen or (live and self.underMouse()):
            painter.setBrush(colors.color("accent_ground" if live else "window"))
            painter.setPen(QPen(colors.color(token), 1.5) if chosen else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(box, 6, 6)
        if self.hasFocus():  # filled, for the chosen one has a frame anyhow
            painter.setBrush(colors.color("accent"))
            painter.drawRoundedRect(box, 6, 6)
            token = "on_accent"
        painter.setFont(theme.font(theme.SMALL, bold=chosen))
        painter.setPen(colors.color(token))
        painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, self.text())


class Segments(QWidget):
    """A knob with two or three stops: all of them side by side, one of them chosen."""

    moved = Signal(object)
    MOST = 3

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._stops: Stops = ()
        self.buttons: list[Segment] = []

    def wanted(self) -> int:
        """Return how wide they are side by side."""
        return sum(button.sizeHint().width() for button in self.buttons)

    def stack(self, stacked: bool) -> None:
        """Put them below each other, where they have no room side by side."""
        way = QBoxLayout.Direction.TopToBottom if stacked else QBoxLayout.Direction.LeftToRight
        if way != self._row.direction():
            self._row.setDirection(way)

    def minimumSizeHint(self) -> QSize:
        """Let the row be narrower than all side by side: then it stacks them."""
        widest = max((button.sizeHint().width() for button in self.buttons), default=0)
        return QSize(widest, self.sizeHint().height())

    @classmethod
    def suits(cls, view: KnobView) -> bool:
        """Whether all stops of a knob can stand side by side, and it is no mere switch."""
        return len(view.stops) <= cls.MOST and not view.continuous and not Switch.suits(view)

    def set_knob(self, view: KnobView) -> None:
        """Take over stops and value."""
        focused = next((i for i, b in enumerate(self.buttons) if b.hasFocus()), -1)
        if [label for _, label in view.stops] != [b.text() for b in self.buttons]:
            for gone in self.buttons:
                gone.setParent(None)
                gone.deleteLater()
            self.buttons = [Segment(label) for _, label in view.stops]
            for i, button in enumerate(self.buttons):
                button.clicked.connect(lambda _=False, i=i: self._choose(i))
                button.walked.connect(lambda by, i=i: self._walk(i, by))
                self._row.addWidget(button)
            if 0 <= focused < len(self.buttons):
                self.buttons[focused].setFocus()
        self._stops = view.stops
        for button, (value, label) in zip(self.buttons, view.stops, strict=True):
            chosen = value == view.value
            button.setChecked(chosen)
            button.setEnabled(not view.reason)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus if chosen else Qt.FocusPolicy.NoFocus)
            button.setAccessibleName(f"{view.title}: {label}")
            said = (view.reason, view.help, view.note)
            button.setAccessibleDescription(" ".join(t for t in said if t))
            button.setToolTip(tooltip(view.reason or view.help))

    def _walk(self, at: int, by: int) -> None:
        to = min(len(self.buttons) - 1, max(0, at + by))
        if to != at:
            self.buttons[to].setFocus(Qt.FocusReason.OtherFocusReason)
            self._choose(to)

    def _choose(self, i: int) -> None:
        if not self.buttons[i].isChecked():
            self.moved.emit(self._stops[i][0])

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.current().color("edge"), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)


class KnobRow(QWidget):
    """One knob: title, value, slider, segments or switch, and one sentence below."""

    moved = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self._id = ""
        self._language = "en"
        self._compact = self._shared = False
        self._view: KnobView | None = None
        self.title, self.value = Label("body", wrap=True), Short("value", least=110)
        self.help = IconButton("what", 22, plain=True, glyph=16, token="quiet")
        self.slider, self.choice, self.switch = KnobSlider(), Segments(), Switch()
        self.note = Label("quiet", wrap=True)
        self.help.clicked.connect(self._explain)
        for control in (self.slider, self.choice, self.switch):
            control.moved.connect(lambda value: self.moved.emit(self._id, value))
        middle = Qt.AlignmentFlag.AlignVCenter
        self._line = QHBoxLayout()
        scaled(self._line.setSpacing, 4)
        self._line.addWidget(self.title, 1, middle)
        self._line.addWidget(self.value, 0, middle)
        self._line.addWidget(self.switch, 0, middle)
        self._line.addWidget(self.help, 0, middle)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        scaled(self._column.setSpacing, 1)
        self._column.addLayout(self._line)
        self._column.addWidget(self.slider)
        self._column.addWidget(self.choice)
        self._column.addWidget(self.note)
        self._beside = False

    @property
    def knob(self) -> str:
        """The id of the knob that is shown."""
        return self._id

    @property
    def segmented(self) -> bool:
        """Whether the stops stand side by side."""
        return self._view is not None and Segments.suits(self._view)

    def show_view(self, view: KnobView) -> None:
        """Draw a knob."""
        if view == self._view:
            return
        if view.id != self._id:
            self.slider.let_go()
        self._view, self._id = view, view.id
        self.title.say(view.title)
        self.value.say(view.label)
        self._dim()
        self._show_note()
        listed = self.segmented
        if listed:
            self.choice.set_knob(view)
        self.choice.setVisible(listed)
        switched = Switch.suits(view)
        if switched:
            self.switch.set_knob(view)
        self.switch.setVisible(switched)
        self.value.setVisible(not listed)
        self._show_slider()
        self.slider.set_knob(view)
        self.slider.setAccessibleName(f"{view.title}: {view.label}")
        said = (view.reason, view.help, view.note)
        self.slider.setAccessibleDescription(" ".join(t for t in said if t))
        self.slider.setToolTip(tooltip(view.reason or view.help))
        self.retranslate(self._language)
        self.arrange()

    def hold(self, locked: frozenset[str]) -> None:
        """Be read only where a teacher's file wants so."""
        self.setEnabled(self._view is None or not held(self._view, locked))

    def set_compact(self, compact: bool) -> None:
        """Do without the track of a knob that has no effect and with shorter notes, for low windows."""
        self._compact = compact
        self._show_slider()
        self._show_note()

    def share_reason(self, shared: bool) -> None:
        """Leave the reason to the row below, which has the same."""
        if shared != self._shared:
            self._shared = shared
            self._show_note()

    def _show_note(self) -> None:
        """Say why a knob has no effect, or what its last move did; in low windows its first sentence."""
        if self._view is None:
            return
        said = self._view.reason or self._view.note
        shown = said if self._view.reason or not self._compact else _first(said)
        self.note.say(shown)
        self.note.setToolTip(tooltip(said) if shown != said else "")
        self.note.setAccessibleName(said)
        self.note.setVisible(bool(said) and not self._shared)

    def _show_slider(self) -> None:
        dimmed = self._view is not None and bool(self._view.reason)
        other = self._view is not None and (self.segmented or Switch.suits(self._view))
        self.slider.setVisible(not other and not (dimmed and self._compact))

    def arrange(self) -> None:
        """Put segments beside the title where both have room on one line, else below it."""
        wanted = self.title.fontMetrics().horizontalAdvance(self.title.said) + 6
        wanted += self.choice.wanted() + self.help.width() + 2 * self._line.spacing()
        beside = self.segmented and wanted <= self.width()
        self.choice.stack(self.choice.wanted() > self.width())
        if beside != self._beside:
            self._beside = beside
            if beside:
                self._column.removeWidget(self.choice)
                self._line.insertWidget(3, self.choice, 0, Qt.AlignmentFlag.AlignVCenter)
            else:
                self._line.removeWidget(self.choice)
                self._column.insertWidget(2, self.choice)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Arrange again when the type has changed, and look like what cannot be moved where it cannot."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            QTimer.singleShot(0, self, self.arrange)
        elif event.type() == QEvent.Type.EnabledChange:
            self._dim()

    def _dim(self) -> None:
        for label in (self.title, self.value):
            label.dim(not self.isEnabled() or (self._view is not None and bool(self._view.reason)))

    def retranslate(self, language: str) -> None:
        """Name the help button in another language."""
        self._language = language
        if self._view is not None:
            self.help.setAccessibleName(say(WHAT_IS, language, title=self._view.title))
            said = (self._view.help, self._view.reason)
            self.help.setAccessibleDescription(" ".join(t for t in said if t))
            self.help.setToolTip(tooltip(self._view.help))

    def _explain(self) -> None:
        QToolTip.showText(
            self.help.mapToGlobal(self.help.rect().bottomLeft()), self.help.toolTip(), self.help
        )


class Rows(QScrollArea):
    """Rows that scroll. With too little height it shows whole ones only, and a button that leads on."""

    BAR = 11
    """Room at the right that the scroll bar may take; rows keep their width when it comes."""
    MORE = 24
    """Height of the button that leads on."""
    REST_MS = 160

    def __init__(self) -> None:
        super().__init__()
        self.inside = QWidget()
        self.inside.setObjectName("column")
        self.column = QVBoxLayout(self.inside)
        scaled(self.column.setContentsMargins, 0, 0, self.BAR, 0)
        scaled(self.column.setSpacing, 9)
        self.setWidget(self.inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.more = Button()
        self.more.setParent(self)
        self.more.setProperty("link", True)
        self.more.clicked.connect(self._turn)
        self.more.hide()
        self._words = ("", "")
        self._last = 0
        self._rest = QTimer(self, interval=self.REST_MS, singleShot=True)
        self._rest.timeout.connect(self._snap)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.verticalScrollBar().sliderReleased.connect(self._rest.start)

    def set_words(self, down: str, up: str) -> None:
        """Set what the button says."""
        self._words = (down, up)
        self._name()

    def wanted(self, width: int) -> int:
        """Return the height that shows all rows."""
        return max((end for _, end in self._ends(width)), default=0)

    def parts(self) -> list[QWidget]:
        """Return everything that stands below each other."""
        items = (self.column.itemAt(i) for i in range(self.column.count()))
        return [w for i in items if i is not None and (w := i.widget()) is not None]

    def least(self, width: int) -> int:
        """Return the height that shows the largest row whole, and the button where there are more."""
        ends = self._ends(width)
        one = max((end - top for top, end in ends), default=0)
        return min(self.wanted(width), one + px(self.MORE))

    def fitting(self, width: int, most: int) -> int:
        """Return the height that shows as many whole rows from the first on as ``most`` has room for."""
        ends = [end for _, end in self._ends(width)]
        if not ends or ends[-1] <= most:
            return max(ends, default=0)
        room = px(self.MORE)
        return max((end for end in ends if end <= most - room), default=most - room) + room

    def settle(self) -> None:
        """Show whole rows only, the one nearest to the top edge at it."""
        ends = self._ends(self.width())
        need, have = max((end for _, end in ends), default=0), self.height()
        over = need > have
        room = px(self.MORE)
        first, view, pad, self._last = 0, have, 0, 0
        bar = self.verticalScrollBar()
        if over:
            most = max(1, have - room)
            self._last = next((top for top, _ in ends if need - top <= most), ends[-1][0])
            first = min((top for top, _ in ends if top <= self._last), key=lambda top: abs(top - bar.value()))
            view = max((end for _, end in ends if first < end <= first + most), default=first + most) - first
            pad = max(0, self._last + view - need)
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOn if over else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        self.column.setContentsMargins(0, 0, 1 if over else px(self.BAR), pad)
        self.setViewportMargins(0, 0, 0, have - view)
        self.more.setVisible(over)
        self.more.setGeometry(0, have - room, self.width() - px(self.BAR), room)
        self.column.activate()
        bar.setValue(first)
        self._rest.stop()
        self._name()

    def _ends(self, width: int) -> list[tuple[int, int]]:
        """Return where each row begins and ends; a heading belongs to the row below it."""
        inner, y, top = width - px(self.BAR), 0, 0
        ends: list[tuple[int, int]] = []
        for part in self.parts():
            if not part.isHidden():
                height = height_for(part, inner)
                if not isinstance(part, Label):
                    ends.append((top, y + height))
                y += height + self.column.spacing()
                top = top if isinstance(part, Label) else y
        return ends

    def _turn(self) -> None:
        bar = self.verticalScrollBar()
        shown = bar.value() + self.viewport().height()
        following = next((top for top, end in self._ends(self.width()) if end > shown + 1), self._last)
        bar.setValue(0 if bar.value() >= self._last else min(following, self._last))
        self.settle()

    def _scrolled(self) -> None:
        self._rest.start()
        self._name()

    def _snap(self) -> None:
        """Come to rest with a row at the top."""
        if not self.verticalScrollBar().isSliderDown():
            self.settle()

    def _name(self) -> None:
        words = self._words[self.verticalScrollBar().value() >= self._last]
        self.more.setText(words)
        self.more.setAccessibleName(words)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self.settle)

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest with the window."""
        super().hideEvent(event)
        self._rest.stop()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Go a row at a time."""
        if self.verticalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOn:
            super().wheelEvent(event)
        else:
            event.ignore()


class ProtectionPanel(Card):
    """All knobs: those of protections, those of the situation, and last those without effect.

    Within each, sliders stand before those with few stops.

    ``moved`` carries id and new value.
    """

    moved = Signal(str, object)

    def __init__(self) -> None:
        super().__init__(bar=Rows.BAR)
        self.title, self.corner = Label("title"), Short("quiet")
        self.empty = Label("quiet", wrap=True)
        self.situation = Label("quiet")
        line = QHBoxLayout()
        scaled(line.setContentsMargins, 0, 0, Rows.BAR, 0)
        line.addWidget(self.title)
        line.addWidget(self.corner, 1)
        self.corner.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._area = Rows()
        scaled(self.empty.setContentsMargins, 0, 0, Rows.BAR, 0)
        self.column.addLayout(line)
        self.column.addWidget(self.empty)
        self.column.addWidget(self._area, 1)
        self._foot: QWidget | None = None
        self.rows: list[KnobRow] = []
        self._locked: frozenset[str] = frozenset()
        self._shown: tuple[KnobView, ...] | None = None
        self._compact = False
        self.situation.hide()
        self._area.column.addWidget(self.situation)
        self.retranslate("en")

    def set_foot(self, foot: QWidget) -> None:
        """Put something below the knobs that does not scroll with them; it takes room while not hidden."""
        self._foot = foot
        foot.setContentsMargins(0, 0, Rows.BAR, 0)
        self.column.addWidget(foot)

    def wanted(self, width: int) -> int:
        """Return the height that shows all knobs."""
        inner, around = self._around(width)
        below = self.empty.heightForWidth(inner) if not self._shown else self._area.wanted(inner)
        return around + below

    def least(self, width: int) -> int:
        """Return the height that shows one knob, and how to get at the others."""
        inner, around = self._around(width)
        return self.wanted(width) if not self._shown else around + self._area.least(inner)

    def fitting(self, width: int, most: int) -> int:
        """Return the height, at most ``most``, that leaves no part of it empty."""
        inner, around = self._around(width)
        return around + self._area.fitting(inner, most - around)

    def _around(self, width: int) -> tuple[int, int]:
        """Return the width of the knobs, and the height of everything around them."""
        left, top, right, bottom = margins(self.column)
        head = max(self.title.sizeHint().height(), self.corner.sizeHint().height())
        border = 2
        if self._foot is not None and not self._foot.isHidden():
            head += self._foot.sizeHint().height() + self.column.spacing()
        return width - left - right - border, top + head + self.column.spacing() + bottom + border

    def set_locked(self, locked: frozenset[str]) -> None:
        """Let these knobs be read only; see `held`."""
        self._locked = locked
        for row in self.rows:
            row.hold(locked)

    def show_view(self, knobs: tuple[KnobView, ...]) -> None:
        """Draw the knobs."""
        if knobs == self._shown:
            return
        self._shown = knobs
        while len(self.rows) < len(knobs):
            row = KnobRow()
            row.moved.connect(self.moved)
            row.retranslate(self._language)
            row.set_compact(self._compact)
            self._area.column.addWidget(row)
            self.rows.append(row)
        ordered = self._ordered(knobs)
        for row, view, following in zip(self.rows, ordered, (*ordered[1:], None), strict=False):
            row.show_view(view)
            row.hold(self._locked)
            row.share_reason(bool(view.reason) and following is not None and following.reason == view.reason)
        for i, row in enumerate(self.rows):
            row.setVisible(i < len(knobs))
        self._head(ordered)
        self.empty.setVisible(not knobs)
        self._area.setVisible(bool(knobs))
        self.corner.setVisible(bool(knobs))
        self._area.updateGeometry()
        QTimer.singleShot(0, self._area, self._area.settle)

    def _ordered(self, knobs: tuple[KnobView, ...]) -> list[KnobView]:
        """Return the knobs in their order of display; those of one reason follow each other."""
        reasons = list(dict.fromkeys(k.reason for k in knobs))

        def place(knob: KnobView) -> tuple[object, ...]:
            few = Switch.suits(knob) or Segments.suits(knob)
            return bool(knob.reason), reasons.index(knob.reason), knob.situation, few

        return sorted(knobs, key=place)

    def _head(self, ordered: list[KnobView]) -> None:
        """Put the quiet heading above the first knob that is no protection's."""
        first = next((i for i, k in enumerate(ordered) if k.situation and not k.reason), None)
        self._area.column.removeWidget(self.situation)
        self._area.column.insertWidget(first or 0, self.situation)
        self.situation.setVisible(first is not None and not self._compact)

    def set_compact(self, compact: bool) -> None:
        """Put the rows closer together, for windows that are not high."""
        self._compact = compact
        scaled(self._area.column.setSpacing, 3 if compact else 11)
        for row in self.rows:
            row.set_compact(compact)
        if self._shown:
            self._head(self._ordered(self._shown))
        self._area.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        """Settle again when the type has changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            QTimer.singleShot(0, self._area, self._area.settle)

    def retranslate(self, language: str) -> None:
        """Say the panel's own words in another language."""
        self._language = language
        self.title.say(say(PROTECTION, language))
        self.corner.say(say(LIVE, language))
        self.empty.say(say(NO_PROTECTION, language))
        self.situation.say(say(SITUATION, language))
        self._area.set_words(say(MORE_KNOBS, language), say(FIRST_KNOBS, language))
        self.setAccessibleName(self.title.said)
        for row in self.rows:
            row.retranslate(language)


def _first(text: str) -> str:
    """Return the first sentence of a text."""
    return re.split(r"(?<=。)|(?<=[.!?])\s", text, maxsplit=1)[0]
