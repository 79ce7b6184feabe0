# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""What a talk needs on the screen: one row of controls, a black screen, a magnifier, the speaker's notes."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QColor, QCursor, QPainter, QPainterPath, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from mi_studio.app import theme
from mi_studio.app.theme import px, scaled
from mi_studio.app.widgets.common import IconButton, Label
from mi_studio.app.widgets.knobs import KnobRow, held
from mi_studio.app.widgets.timeline import PlayButton
from mi_studio.app.words import (
    MAGNIFY,
    PAUSE,
    PLAY,
    RESTART,
    TALK_LEAVE,
    TALK_NEXT,
    TALK_NOTES,
    TALK_NOW,
    TALK_PREVIOUS,
    say,
)
from mi_studio.studio.talk import NotesView
from mi_studio.studio.views import KnobView, StageView

MOST_KNOBS = 2
"""So many knobs stand in the row."""


class TalkRow(QFrame):
    """Restart, play, the knobs that matter, and the steps of the story.

    Signals
    -------
    moved
        Id and new value of a knob.
    """

    moved = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("bottombar")
        self._language = "en"
        self._playing = False
        self.restart, self.play = IconButton("restart", 44, glyph=24), PlayButton()
        self.previous = IconButton("step-back", 44, glyph=24)
        self.next = IconButton("step-forward", 44, glyph=24)
        self.magnify = IconButton("magnify", 44, glyph=24)
        self.leave = IconButton("close", 44, glyph=24)
        self.magnify.setCheckable(True)
        self.knobs = [KnobRow() for _ in range(MOST_KNOBS)]
        self._locked: frozenset[str] = frozenset()
        row = QHBoxLayout(self)
        scaled(row.setContentsMargins, 20, 6, 20, 6)
        scaled(row.setSpacing, 12)
        for part in (self.restart, self.play):
            row.addWidget(part)
        for knob in self.knobs:
            knob.moved.connect(self.moved)
            row.addWidget(knob, 1)
            knob.hide()
        row.addStretch(0)
        for part in (self.magnify, self.previous, self.next, self.leave):
            row.addWidget(part)
        self.hide()

    def show_view(self, view: StageView, leading: str) -> None:
        """Draw the controls; the knob ``leading`` stands first, and what cannot be moved last."""
        shown = sorted(
            (k for k in view.knobs if not k.reason and not k.situation),
            key=lambda k: (held(k, self._locked), k.id != leading),
        )
        for row, knob in zip(self.knobs, (*shown[:MOST_KNOBS], *[None] * MOST_KNOBS), strict=False):
            self._show_knob(row, knob)
        if view.timeline.playing != self._playing:
            self._playing = view.timeline.playing
            self._name_play()

    def _show_knob(self, row: KnobRow, knob: KnobView | None) -> None:
        row.setVisible(knob is not None)
        if knob is not None:
            row.show_view(knob)
            row.hold(self._locked)
            row.note.hide()  # few words: the notes of the speaker have them
            row.help.hide()

    def set_locked(self, locked: frozenset[str]) -> None:
        """Let these knobs be read only, as beside the pictures; see `held`."""
        self._locked = locked
        for row in self.knobs:
            row.hold(locked)

    def _name_play(self) -> None:
        self.play.set_playing(self._playing)
        self.play.setAccessibleName(say(PAUSE if self._playing else PLAY, self._language))
        self.play.setToolTip(f"{self.play.accessibleName()} (Space)")

    def retranslate(self, language: str) -> None:
        """Name the controls in another language."""
        self._language = language
        self._name_play()
        for button, words, key in (
            (self.restart, RESTART, ""),
            (self.previous, TALK_PREVIOUS, "Page Up"),
            (self.next, TALK_NEXT, "Page Down"),
            (self.magnify, MAGNIFY, "M"),
            (self.leave, TALK_LEAVE, "Esc"),
        ):
            button.name(say(words, language), key)
        for knob in self.knobs:
            knob.retranslate(language)


class Blank(QWidget):
    """A black screen over the window."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.hide()

    def toggle(self) -> None:
        """Cover the window, or show it again."""
        self.setGeometry(self._window.rect())
        self.setVisible(self.isHidden())
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), QColor("black"))


class Magnifier(QWidget):
    """A round glass at the pointer that draws what is below it larger. It lets every click through."""

    SIDE, TIMES, EVERY_MS = 300, 2.5, 60

    def __init__(self, window: QWidget, ground: QWidget) -> None:
        super().__init__(window)
        self._window, self._ground = window, ground
        self._at = QPoint()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._timer = QTimer(self, interval=self.EVERY_MS)
        self._timer.timeout.connect(self.follow)
        self.hide()

    @property
    def seen(self) -> QRect:
        """What is enlarged, in pixels of the ground."""
        side = round(self.width() / self.TIMES)
        return QRect(self._at - QPoint(side // 2, side // 2), self.size() / self.TIMES)

    def set_on(self, on: bool) -> None:
        """Take up the glass, or put it down."""
        self.setVisible(on)
        if on:
            self.raise_()
            self.resize(px(self.SIDE), px(self.SIDE))
            self.follow()
            self._timer.start()
        else:
            self._timer.stop()

    def follow(self) -> None:
        """Go where the pointer is, and look again."""
        self._at = self._ground.mapFromGlobal(QCursor.pos())
        middle = self._window.mapFromGlobal(QCursor.pos())
        self.move(middle - self.rect().center())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        glass = QPainterPath()
        glass.addEllipse(self.rect().adjusted(3, 3, -3, -3))
        painter.save()
        painter.setClipPath(glass)
        painter.fillRect(self.rect(), theme.current().color("window"))
        painter.scale(self.TIMES, self.TIMES)
        seen = self.seen
        inside = seen.intersected(self._ground.rect())
        self._ground.render(painter, inside.topLeft() - seen.topLeft(), QRegion(inside))
        painter.restore()
        painter.setPen(QPen(theme.current().color("accent"), 4))
        painter.drawPath(glass)


class Notes(QWidget):
    """The speaker's notes, in a window of their own; ``closed`` says that it was closed by its frame."""

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("stage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.now, self.following = Label("verdict", wrap=True), Label("lead", wrap=True)
        self._view: NotesView | None = None
        self._language = "en"
        inside = QWidget()
        inside.setObjectName("column")
        self._parts = QVBoxLayout(inside)
        scaled(self._parts.setSpacing, 6)
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        column = QVBoxLayout(self)
        scaled(column.setContentsMargins, 20, 16, 20, 16)
        scaled(column.setSpacing, 8)
        column.addWidget(self.now)
        column.addWidget(self.following)
        column.addWidget(area, 1)
        self.resize(760, 620)

    def show_view(self, view: NotesView) -> None:
        """Draw the notes."""
        if view == self._view:
            return
        old, self._view = self._view, view
        self.now.say(say(TALK_NOW, self._language, step=view.now))
        self.following.say(say(TALK_NEXT, self._language) + f" (Page Down): {view.following}")
        if old is not None and old.parts == view.parts:
            return
        while (item := self._parts.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        for head, text in view.parts:
            self._parts.addWidget(Label("title", head))
            self._parts.addWidget(Label("lesson", text, wrap=True))
        self._parts.addStretch(1)

    def texts(self) -> list[str]:
        """Return everything that stands in the window."""
        return [label.said for label in self.findChildren(Label) if not label.isHidden()]

    def retranslate(self, language: str) -> None:
        """Have the next notes in another language."""
        self._language, self._view = language, None
        self.setWindowTitle(say(TALK_NOTES, language))

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit()
