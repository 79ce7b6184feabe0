"""Giving a talk with the window: full screen, one row of controls, a clicker's keys, notes beside."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication

from mi_studio.app import theme
from mi_studio.app.lessons import LessonDesk
from mi_studio.app.widgets.talk import Blank, Magnifier, Notes
from mi_studio.app.window import MainWindow
from mi_studio.studio.session import Session
from mi_studio.studio.talk import Story, leading, notes
from mi_studio.studio.views import StageView

CALM_SECONDS = 0.35
"""Pictures change at most this often during a talk, so that nothing large flashes more than three times a
second (WCAG 2.3.1), whatever an attack does."""

FLOOR = math.ceil(20 * 96 / 72)
"""20 pt in pixels of a screen of 1920 x 1080."""


class Talk(QObject):
    """Begins and ends the talk, and does what its keys ask for.

    Parameters
    ----------
    try_
        Does what the user asked for, tells what is wrong with it, and has the stage drawn anew.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        lessons: LessonDesk,
        language: str,
        try_: Callable[[Callable[[], object]], bool],
    ) -> None:
        super().__init__(window)
        self.window, self.session, self.lessons = window, session, lessons
        self.on = False
        self.story: Story | None = None
        self.blank = Blank(window)
        self.magnifier = Magnifier(window, window.whole)
        self.notes = Notes(window)
        self._try = try_
        self._before = (Qt.WindowState.WindowNoState, "stage", False)
        self._view: StageView | None = None
        row = window.talk_row
        row.play.clicked.connect(window.timeline.play_toggled)
        row.restart.clicked.connect(lambda: window.timeline.restarted.emit(False))
        row.moved.connect(window.protection.moved)
        row.previous.clicked.connect(self.previous)
        row.next.clicked.connect(self.next)
        row.magnify.clicked.connect(self.magnify)
        row.leave.clicked.connect(self.leave)
        window.talk_requested.connect(self.start)
        window.installEventFilter(self)
        self._keys: list[QShortcut] = []
        for key, act in (
            (Qt.Key.Key_PageDown, self.next),
            (Qt.Key.Key_PageUp, self.previous),
            (Qt.Key.Key_Period, self.blank.toggle),
            (Qt.Key.Key_M, self.magnify),
            (Qt.Key.Key_N, self.toggle_notes),
            (Qt.Key.Key_Home, self.home),
            (Qt.Key.Key_Escape, self.leave),
        ):
            shortcut = QShortcut(QKeySequence(key), window)
            shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)  # from the notes as well
            shortcut.setAutoRepeat(False)
            shortcut.setEnabled(False)
            shortcut.activated.connect(act)
            self._keys.append(shortcut)
        begin = QShortcut(QKeySequence(Qt.Key.Key_F5), window)
        begin.activated.connect(self.start)
        self.retranslate(language)

    def start(self) -> None:
        """Begin with what is on the stage."""
        if self.on:
            return
        window = self.window
        self.on = True
        self._before = (window.windowState(), window.page, window.curve.isHidden())
        window.show_page("stage")
        self.story = Story(self.session)
        window.set_talking(True)
        for shortcut in self._keys:
            shortcut.setEnabled(True)
        window.setWindowState(window.windowState() | Qt.WindowState.WindowFullScreen)
        self._fit()
        others = [s for s in window.screen().virtualSiblings() if s is not window.screen()]
        if others:
            self.notes.setGeometry(others[0].availableGeometry())
            self.notes.show()
        window.activateWindow()
        self._try(lambda: None)

    def leave(self) -> None:
        """End the talk; the stage stays as it is now."""
        if not self.on:
            return
        state, page, _ = self._before
        self.on = False
        self.blank.hide()
        self.magnifier.set_on(False)
        self.window.talk_row.magnify.setChecked(False)
        self.notes.hide()
        for shortcut in self._keys:
            shortcut.setEnabled(False)
        theme.set_scale(_application(), floor=0)
        self.window.set_talking(False)
        self.window.setWindowState(state)
        self.window.show_page(page)
        self._try(lambda: None)

    def next(self) -> None:
        """Go on in the story, or in the lesson that is open."""
        course = self.lessons.course
        if course.lesson is not None and not self.window.lesson.isHidden():
            self.window.lesson.went_on.emit()
        elif self.story is not None:
            self._try(self.story.next)

    def previous(self) -> None:
        """Go back in the story, or in the lesson that is open."""
        course = self.lessons.course
        if course.lesson is not None and not self.window.lesson.isHidden():
            self.window.lesson.went_back.emit()
        elif self.story is not None:
            self._try(self.story.previous)

    def home(self) -> None:
        """Go back to the start of the talk."""
        if self.story is not None:
            self.blank.hide()
            self._try(self.story.home)

    def magnify(self) -> None:
        """Take up the magnifier, or put it down."""
        on = self.magnifier.isHidden()
        self.magnifier.set_on(on)
        self.window.talk_row.magnify.setChecked(on)

    def toggle_notes(self) -> None:
        """Show the speaker's notes, or put them away."""
        self.notes.setVisible(self.notes.isHidden())
        self._write()

    def draw(self, view: StageView) -> None:
        """Draw what belongs to the talk; costs nothing while there is none."""
        self._view = view
        if self.on:
            first = leading(self.session.intent)
            self.window.talk_row.show_view(view, first.knob.id if first is not None else "")
            self._write()

    def _write(self) -> None:
        if self.story is not None and self._view is not None and not self.notes.isHidden():
            following, now = self.story.following, self.story.beat.title(self.session.intent)
            self.notes.show_view(notes(self.session, self._view, now, following, self.language))

    def retranslate(self, language: str) -> None:
        """Speak another language."""
        self.language = language
        self.notes.retranslate(language)

    def _fit(self) -> None:
        """Let no type be smaller than the back row can read, on this screen."""
        share = min(self.window.width() / 1920, self.window.height() / 1080)
        theme.set_scale(_application(), floor=max(theme.BODY, round(FLOOR * share)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to the size of the screen."""
        if self.on and event.type() == QEvent.Type.Resize:
            self._fit()
            self.blank.setGeometry(self.window.rect())
        return super().eventFilter(watched, event)


def _application() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app
