# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""The film of the attack: play, step, scrub."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mi_studio.app import icons, motion, theme
from mi_studio.app.theme import px, scaled
from mi_studio.app.widgets.bar import draw_groove
from mi_studio.app.widgets.common import BarSlider, IconButton, Label, Menu
from mi_studio.app.widgets.picture import draw_image, same_memory, to_images
from mi_studio.app.words import (
    BACK,
    FILM,
    FORWARD,
    PAUSE,
    PLAY,
    RESTART,
    RESTART_NEW,
    RESTART_SAME,
    SEED,
    SPEED,
    SPEED_MAX,
    STEP,
    say,
)
from mi_studio.core.step import Pictures
from mi_studio.studio.views import TimelineView
from mi_studio.studio.words import JOIN

SPEEDS = (0.25, 0.5, 1.0, 2.0, math.inf)


class PlayButton(QAbstractButton):
    """The one big round button."""

    SIZE = 58

    def __init__(self) -> None:
        super().__init__()
        scaled(self.setFixedSize, self.SIZE, self.SIZE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._playing = False

    def set_playing(self, playing: bool) -> None:
        """Show a pause sign while playing, else a play sign."""
        self._playing = playing
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        disc = colors.color("accent")
        if self.isDown():
            disc = disc.darker(115)
        elif self.underMouse():
            disc = disc.lighter(108)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(disc)
        radius, sign = self.width() / 2, px(30)
        middle = QPointF(radius, radius)
        painter.drawEllipse(middle, radius - 3, radius - 3)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colors.color("text"), 2))
            painter.drawEllipse(middle, radius - 1, radius - 1)
        drawing = icons.renderer("pause" if self._playing else "play", colors.on_accent)
        drawing.render(painter, QRectF(middle.x() - sign / 2, middle.y() - sign / 2, sign, sign))


class FilmBar(BarSlider):
    """Frames above, scrub bar below, on one scale. ``scrubbed`` carries the step that was asked for."""

    scrubbed = Signal(int)
    THUMB = 46
    BAR_Y = 62
    APART = 13

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._reached = 0
        self._marks: tuple[tuple[int, str], ...] = ()
        self._film: list[tuple[int, Pictures, QPixmap]] = []
        self._shown: tuple[tuple[int, Pictures], ...] = ()
        self._strip: tuple[object, QPixmap] = (None, QPixmap())
        self._pressed, self._dragged = QPointF(), False
        self.setSingleStep(1)
        self.actionTriggered.connect(lambda _: self._ask(self.sliderPosition()))

    def sizeHint(self) -> QSize:
        return QSize(px(400), px(76))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(200), px(76))

    def show_film(self, view: TimelineView) -> None:
        """Draw the film of a timeline."""
        if self.maximum() != view.total:
            self.setRange(0, max(1, view.total))
            self.setPageStep(max(1, view.total // 10))
        if view.film is not self._shown:
            self._shown = view.film
            self._film = self._drawn(view.film)
            self._strip = (None, QPixmap())
        self._reached, self._marks = view.reached, view.marks
        if not self.isSliderDown():
            self.setValue(view.position)
        self.update()

    def _drawn(self, film: tuple[tuple[int, Pictures], ...]) -> list[tuple[int, Pictures, QPixmap]]:
        """Draw the frames that are new."""
        known = {step: (picture, image) for step, picture, image in self._film}
        drawn = []
        for step, picture in film:
            old = known.get(step)
            image = old[1] if old is not None and same_memory(old[0], picture) else self._thumb(picture)
            drawn.append((step, picture, image))
        return drawn

    def _thumb(self, picture: Pictures) -> QPixmap:
        """Return a frame at its final size, so that painting it again costs little."""
        ratio, side = self.devicePixelRatioF(), px(self.THUMB)
        drawn = QPixmap(round(side * ratio), round(side * ratio))
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        draw_image(painter, to_images(picture)[0], QRectF(0, 0, side, side), 4)
        painter.end()
        return drawn

    def redraw(self) -> None:
        """Draw every frame anew, for they have another size."""
        self._film, self._strip = [], (None, QPixmap())
        self._film = self._drawn(self._shown)
        self.updateGeometry()
        self.update()

    def _ask(self, step: int) -> None:
        step = min(step, self._reached)
        self.setValue(step)
        self.setSliderPosition(step)
        self.update()
        self.scrubbed.emit(step)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.setSliderDown(True)
            self._pressed, self._dragged = event.position(), False
            frames = (step for place, step in self.slots() if place.contains(self._pressed))
            self._ask(next(frames, self.at(self._pressed.x())))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        moved = abs(event.position().x() - self._pressed.x())
        self._dragged |= moved >= QApplication.startDragDistance()  # a click on a frame may tremble
        if self.isSliderDown() and self._dragged:
            step = min(self.at(event.position().x()), self._reached)
            if step != self.value():
                self._ask(step)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel alone."""
        event.ignore()

    def slots(self) -> list[tuple[QRectF, int]]:
        """Return where the film has room for frames, and which step each place stands for."""
        width, side = self.width(), px(self.THUMB)
        count = max(1, int(width // (side + 3)))
        pitch = (width - side - 4) / max(1, count - 1)
        return [
            (QRectF(2 + i * pitch, 2, side, side), round(self.maximum() * i / max(1, count - 1)))
            for i in range(count)
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        here = self.sliderPosition()
        places = self.slots()
        current, _ = places[round(here / max(1, self.maximum()) * (len(places) - 1))]
        painter.drawPixmap(0, 0, self._frames(places))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colors.color("accent"), 3))
        painter.drawRoundedRect(current.adjusted(-0.5, -0.5, 0.5, 0.5), 5, 5)
        self._draw_bar(painter, float(here))

    def _frames(self, places: list[tuple[QRectF, int]]) -> QPixmap:
        """Return all frames in their places; drawn again only where one has come, for that costs most."""
        half = self.maximum() / max(1, len(places) - 1) / 2
        reached = [step for _, step in places if step <= self._reached + half]
        film = [f for f in self._film if f[0] <= self._reached]
        colors, ratio = theme.current(), self.devicePixelRatioF()
        side = px(self.THUMB)
        key = (len(film), len(reached), self.width(), self.maximum(), colors.name, ratio, side)
        if self._strip[0] == key:
            return self._strip[1]
        strip = QPixmap(round(self.width() * ratio), round((side + 4) * ratio))
        strip.setDevicePixelRatio(ratio)
        strip.fill(Qt.GlobalColor.transparent)
        painter = QPainter(strip)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        contrast = colors.name == "contrast"  # there a dark frame would have no edge
        for rect, step in places:
            shown = bool(film) and step in reached
            if shown:
                painter.drawPixmap(rect.topLeft(), min(film, key=lambda f: abs(f[0] - step))[2])
            if not shown or contrast:
                painter.setPen(QPen(colors.color("track" if contrast else "line"), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush if shown else colors.color("window"))
                painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()
        self._strip = (key, strip)
        return strip

    def diamonds(self) -> list[float]:
        """Return where marks are drawn: the last of those that would lie on each other after a drag."""
        kept: list[float] = []
        for at in sorted((self.x_of(step) for step, _ in self._marks), reverse=True):
            if not kept or kept[-1] - at >= px(self.APART):
                kept.append(at)
        return kept[::-1]

    def _draw_bar(self, painter: QPainter, here: float) -> None:
        colors = theme.current()
        left, right = self.span()
        y, x, thick = float(px(self.BAR_Y)), self.x_of(here), px(3)
        track = QRectF(left - thick, y - thick, right - left + 2 * thick, 2 * thick)
        draw_groove(painter, track, thick)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("accent"))
        for end, high in ((self.x_of(self._reached), thick / 2), (x, thick)):  # computed, and played
            done = QRectF(left - thick, y - high, end - left + thick, 2 * high)
            painter.drawRoundedRect(done, high, high)
        for at in self.diamonds():
            diamond = ((0, -7), (6, 0), (0, 7), (-6, 0))
            painter.setPen(QPen(colors.color("panel"), 1.5))
            painter.setBrush(colors.color("text"))
            painter.drawPolygon(QPolygonF([QPointF(at + px(dx), y + px(dy)) for dx, dy in diamond]))
        painter.setBrush(colors.color("panel"))
        painter.setPen(QPen(colors.color("accent"), 3))
        painter.drawEllipse(QPointF(x, y), px(8), px(8))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colors.color("accent"), 1.5))
            painter.drawEllipse(QPointF(x, y), px(11), px(11))

    def event(self, event: QEvent) -> bool:
        """Say what a mark means when the mouse rests on it."""
        if event.type() == QEvent.Type.ToolTip:
            x = self.mapFromGlobal(self.cursor().pos()).x()
            said = [label for step, label in self._marks if abs(self.x_of(step) - x) <= 8]
            self.setToolTip("\n".join(said))
        return super().event(event)


class BusyDots(QWidget):
    """Three dots that take turns while something is being prepared."""

    def __init__(self) -> None:
        super().__init__()
        scaled(self.setFixedSize, 30, 14)
        self._turn = 0
        self._timer = QTimer(self, interval=400)
        self._timer.timeout.connect(self._next)

    def set_busy(self, busy: bool) -> None:
        """Start or stop; where motion is reduced, the dots stand still."""
        self.setVisible(busy)
        if busy and not motion.still():
            if not self._timer.isActive():
                self._timer.start()
        else:
            self._timer.stop()

    def _next(self) -> None:
        if motion.still():  # since they began
            self._timer.stop()
        self._turn = (self._turn + 1) % 3
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for i in range(3):
            lit = motion.still() or i == self._turn
            painter.setBrush(theme.current().color("accent" if lit else "track"))
            painter.drawEllipse(QPointF(px(5 + 10 * i), px(7)), px(3), px(3))


class Timeline(QFrame):
    """Buttons, film and scrub bar.

    Signals
    -------
    play_toggled
        Play or pause was asked for.
    stepped
        −1 or +1.
    scrubbed
        The step asked for, never beyond the newest.
    restarted
        Whether with a new seed.
    speed_chosen
        0.25, 0.5, 1, 2 or ``math.inf``.
    """

    play_toggled = Signal()
    stepped = Signal(int)
    scrubbed = Signal(int)
    restarted = Signal(bool)
    speed_chosen = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("bottombar")
        self._language = "en"
        self._view: TimelineView | None = None
        self.restart, self.back, self.forward = (
            IconButton("restart", 38),
            IconButton("step-back", 38),
            IconButton("step-forward", 38),
        )
        self.play = PlayButton()
        self.speed = QToolButton()
        self.speed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.speed.setProperty("square", True)
        scaled(self.speed.setFixedHeight, 38)
        self.film = FilmBar()
        self.step, self.busy, self.note = Label("title"), Label("small"), Label("quiet")
        self.dots = BusyDots()
        self.dots.hide()

        self._restart_menu, self._speed_menu = Menu(self), Menu(self)
        self._same, self._new = self._restart_menu.addAction(""), self._restart_menu.addAction("")
        self._same.setShortcut("Home")
        self._same.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._same.triggered.connect(lambda: self.restarted.emit(False))
        self._new.triggered.connect(lambda: self.restarted.emit(True))
        self.restart.setMenu(self._restart_menu)
        self._speeds: dict[float, QAction] = {}
        group = QActionGroup(self)
        for speed in SPEEDS:
            action = self._speed_menu.addAction("")
            action.setCheckable(True)
            action.setData(speed)
            action.triggered.connect(lambda _, s=speed: self.speed_chosen.emit(s))
            group.addAction(action)
            self._speeds[speed] = action
        self.speed.setMenu(self._speed_menu)
        for button in (self.restart, self.speed):
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.play.clicked.connect(self.play_toggled)
        self.back.clicked.connect(lambda: self.stepped.emit(-1))
        self.forward.clicked.connect(lambda: self.stepped.emit(1))
        self.film.scrubbed.connect(self.scrubbed)

        top = QHBoxLayout()
        scaled(top.setContentsMargins, 2, 0, 2, 0)
        scaled(top.setSpacing, 10)
        top.addWidget(self.step)
        top.addWidget(self.dots)
        top.addWidget(self.busy)
        top.addStretch(1)
        top.addWidget(self.note)
        right = QVBoxLayout()
        scaled(right.setSpacing, 5)
        right.addLayout(top)
        right.addWidget(self.film)
        row = QHBoxLayout(self)
        scaled(row.setContentsMargins, 20, 7, 20, 5)
        scaled(row.setSpacing, 8)
        for part in (self.restart, self.back, self.play, self.forward, self.speed):
            row.addWidget(part)
        row.addSpacing(12)
        row.addLayout(right, 1)
        self.retranslate("en")

    def show_view(self, view: TimelineView) -> None:
        """Draw a timeline."""
        if view is self._view:
            return
        old, self._view = self._view, view
        self.film.show_film(view)
        self._say(view)
        if old is None or old.playing != view.playing:
            self._name_play(view.playing)
        if old is None or old.speed != view.speed:
            self._name_speed(view.speed)
        self.busy.say(view.busy)
        self.busy.setVisible(bool(view.busy))
        self.dots.set_busy(bool(view.busy))
        self.back.setEnabled(view.position > 0)
        self.forward.setEnabled(view.position < view.total)

    def retranslate(self, language: str) -> None:
        """Say the timeline's own words in another language."""
        self._language = language
        self.restart.name(say(RESTART, language))
        self.back.name(say(BACK, language), "←")
        self.forward.name(say(FORWARD, language), "→")
        self._same.setText(say(RESTART_SAME, language))
        self._new.setText(say(RESTART_NEW, language))
        for speed, action in self._speeds.items():
            action.setText(self._speed_text(speed))
        self._fit()
        view = self._view
        self._name_play(view.playing if view else False)
        self._name_speed(view.speed if view else 1.0)
        if view is not None:
            self._say(view)

    def _fit(self) -> None:
        """Have room for every speed, so that nothing moves when another is chosen."""
        metrics = QFontMetricsF(theme.font(theme.BODY))
        widest = max(metrics.horizontalAdvance(self._speed_text(s)) for s in SPEEDS)
        self.speed.setFixedWidth(round(widest) + px(20))
        self._fit_note()

    def _fit_note(self) -> None:
        """Leave the note to the film's description where it has no room."""
        beside = (self.step, self.busy, self.note)
        wanted = sum(label.sizeHint().width() + px(10) for label in beside if label.said)
        self.note.setVisible(wanted + self.dots.width() <= max(self.film.width(), px(200)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_note()

    def changeEvent(self, event: QEvent) -> None:
        """Fit again when the type has changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "film"):
            self._fit()
            self.film.redraw()

    def _say(self, view: TimelineView) -> None:
        self.step.say(say(STEP, self._language, position=view.told, total=view.total))
        seed = say(SEED, self._language, seed=view.seed)
        join = say(JOIN, self._language)
        self.note.say(f"{seed}{join}{view.note}" if view.note else seed)
        self._fit_note()
        self.film.setAccessibleName(say(FILM, self._language, step=self.step.said))
        self.film.setAccessibleDescription(join.join([self.note.said, *(m for _, m in view.marks)]))

    def _name_play(self, playing: bool) -> None:
        words = say(PAUSE if playing else PLAY, self._language)
        self.play.set_playing(playing)
        self.play.setAccessibleName(words)
        self.play.setToolTip(f"{words} (Space)")

    def _name_speed(self, speed: float) -> None:
        self.speed.setText(self._speed_text(speed))
        self.speed.setAccessibleName(f"{say(SPEED, self._language)}: {self._speed_text(speed)}")
        self.speed.setToolTip(say(SPEED, self._language))
        for known, action in self._speeds.items():
            action.setChecked(known == speed)

    def _speed_text(self, speed: float) -> str:
        return say(SPEED_MAX, self._language) if math.isinf(speed) else f"{speed:g}×"
