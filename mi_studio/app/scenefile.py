"""A teacher's scene file in the window: opened, shown discreetly, left again, written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject

from mi_studio.app.window import MainWindow
from mi_studio.core import recording
from mi_studio.core.text import Text
from mi_studio.studio import scenefile
from mi_studio.studio.intent import Wish
from mi_studio.studio.scenefile import SceneFile
from mi_studio.studio.session import Session

OPENED = Text("Teacher's file: {title}", "教材：{title}")
STAYS = Text("This file cannot be left.", "この教材は閉じられません。")
LEAVE = Text("Leave the teacher's file", "教材を閉じる")


class TeacherDesk(QObject):
    """Puts a scene file on the stage, and what was there before back again.

    Parameters
    ----------
    speak, dress
        Change the window's language and its theme, without remembering them.
    open_lesson
        Opens a lesson by its id.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        speak: Callable[[str], None],
        dress: Callable[[str], None],
        open_lesson: Callable[[str], None],
    ) -> None:
        super().__init__(window)
        self.window, self.session = window, session
        self.file: SceneFile | None = None
        self._speak, self._dress, self._open_lesson = speak, dress, open_lesson
        self._before: tuple[Wish, str, str] | None = None
        self._name = ""
        self._set: tuple[Path, Wish] | None = None

    def open(self, path: Path, language: str, theme: str) -> None:
        """Put a file on the stage; where it cannot be used, everything stays as it is.

        Parameters
        ----------
        language, theme
            The present ones, which come back when the file is left.

        Raises
        ------
        BadFileError
            If it cannot be used.
        """
        said = scenefile.load(path)
        wish = said.wish(self.session.intent.cards)
        film = recording.load(path.parent / said.recording) if said.recording else None
        intent = self.session.intent
        before = self._before or (intent.wish, language, theme)
        intent.locked = frozenset()
        if film is not None:
            self.session.open_recording(film)
        else:
            self.session.set_up(lambda intent: intent.take(wish))
        self.file, self._before, self._name = said, before, said.title or path.stem
        self._set = path.parent, intent.wish
        intent.forget()
        intent.locked = _locked(said)
        self.window.set_limits(frozenset(said.hide), frozenset(said.lock))
        self._speak(said.language or language)
        self._dress(said.theme or theme)
        if said.lesson:
            intent.locked = frozenset()  # a lesson has choices of its own
            self._open_lesson(said.lesson)
        self.window.show_page("stage")
        self.draw(said.language or language)

    def written(self, said: SceneFile, path: Path) -> SceneFile:
        """Return what to write to a path: a file of the stage holds and hides what the open one does.

        Its recording goes along where it would be found and still is of what is chosen.
        """
        if self.file is None:
            return said
        kept = {name: getattr(self.file, name) for name in ("title", "lesson", "hide", "lock", "leave")}
        if self._set == (path.parent, self.session.intent.wish):
            kept["recording"] = self.file.recording
        return replace(said, **kept)

    def leave(self) -> None:
        """Put the file away, and have back what was there before it."""
        if self.file is None or self._before is None:
            return
        wish, language, theme = self._before
        self.file = self._before = None
        self.session.intent.locked = frozenset()
        self.window.set_limits(frozenset(), frozenset())
        self.session.set_up(lambda intent: intent.take(wish))
        self._speak(language)
        self._dress(theme)
        self.draw(language)

    def draw(self, language: str) -> None:
        """Say that a file is open, and how it is left."""
        sign = self.window.top.teacher
        sign.setVisible(self.file is not None)
        if self.file is not None:
            said = OPENED.filled(title=self._name).get(language)
            way = (LEAVE if self.file.leave else STAYS).get(language)
            sign.setText(said)
            sign.setToolTip(way)
            sign.setAccessibleName(f"{said}. {way}")
            sign.setEnabled(self.file.leave)
        self.window.top.fit()


def _locked(said: SceneFile) -> frozenset[str]:
    """Return what of the choice may not be changed; a scene that is fixed stays, whatever else is chosen."""
    return frozenset(name.removeprefix("knob.") for name in said.lock)
