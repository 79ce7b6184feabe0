"""Every page, list and dialog of the program, as one comes to see them, with the shipped recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtWidgets import QApplication, QDialog, QWidget

from mi_studio.app.controller import Controller
from mi_studio.core.errors import RunError
from mi_studio.core.text import Text
from mi_studio.studio.lanes import Failure

SCENES = ("face-login", "customers", "federated", "hospital")
"""Pictures of people, a record that fills in, a gradient with one picture, and one with many."""

LESSON = "recipe-book"
FAILED = Text("The run could not go on: there is no memory left.", "メモリーが足りず、実行を続けられません。")


@dataclass(frozen=True)
class Place:
    """A page or dialog: how one gets there from the stage, and back.

    One that stands ``apart`` from the main window looks the same whatever size that has.
    """

    name: str
    go: Callable[[Controller], QWidget]
    leave: Callable[[Controller], object] = lambda controller: None
    apart: bool = False

    @contextmanager
    def entered(self, controller: Controller) -> Iterator[QWidget]:
        """Be there; what one sees is a window of its own or the main one."""
        shown = self.go(controller)
        settle()
        yield shown
        self.leave(controller)
        settle()


def settle() -> None:
    """Let layouts find their places, those that ask again afterwards too."""
    for _ in range(6):
        QApplication.processEvents()


def stage(controller: Controller, scene: str) -> QWidget:
    """Show a scene with the end of its recording."""
    session = controller.session
    session.intent.pick("scene", scene)
    session.open_scene()
    if session.playing:
        session.toggle_play()
    assert session.main is not None
    session.scrub(session.main.reached)
    controller.draw()
    return controller.window


def _picker(controller: Controller, slot: str) -> QWidget:
    controller.window.sentence.open_picker(slot)
    return controller.window.sentence.picker


def _dialog(controller: Controller, opened: Callable[[], object]) -> QWidget:
    opened()
    return controller.window.findChildren(QDialog)[-1]


def _close_dialog(controller: Controller) -> None:
    for dialog in controller.window.findChildren(QDialog):
        dialog.close()


def _banner(controller: Controller) -> QWidget:
    controller._tell(Failure.of(RunError(FAILED)))
    controller.window.show_message("error", FAILED, "Traceback: nothing to see here\n" * 3)
    controller.window.banner.more.click()
    return controller.window


def _lessons(controller: Controller) -> QWidget:
    controller.lessons.toggle()
    return controller.window


def _lesson(controller: Controller, kind: str) -> QWidget:
    """Show the first step of a kind, as far as it gets: answered, or written and with its check-list."""
    desk, course = controller.lessons, controller.lessons.course
    desk.toggle()
    course.open(LESSON)
    assert course.lesson is not None
    course.progress.at = next(i for i, step in enumerate(course.lesson.steps) if step.kind == kind)
    for i in range(len(course.progress.sentences)):
        if kind == "words":
            course.write(i, "Something that was learnt.")
    if kind in ("predict", "check"):
        course.answer(0)
    controller.draw()
    return controller.window


def _close_lessons(controller: Controller) -> None:
    controller.lessons.course.leave()
    controller.lessons.toggle()


def _page(controller: Controller, page: str) -> QWidget:
    controller.window.show_page(page)
    return controller.window


PLACES = (
    *(Place(scene, lambda c, scene=scene: stage(c, scene)) for scene in SCENES),
    *(
        Place(
            f"picker {slot}", lambda c, slot=slot: _picker(c, slot), lambda c: c.window.sentence.picker.hide()
        )
        for slot in ("scene", "attack", "target", "defense")
    ),
    Place("banner", _banner, lambda c: c.window.banner.hide()),
    *(
        Place(page, lambda c, page=page: _page(c, page), lambda c: c.window.show_page("stage"))
        for page in ("tradeoff", "effects", "desk")
    ),
    Place("glossary", lambda c: _dialog(c, c.window.show_glossary), _close_dialog, True),
    Place("shortcuts", lambda c: _dialog(c, c.window._keys.trigger), _close_dialog, True),
    Place("about", lambda c: _dialog(c, c.window.show_about), _close_dialog, True),
    Place("lessons", _lessons, _close_lessons),
    *(
        Place(f"lesson: {kind}", lambda c, kind=kind: _lesson(c, kind), _close_lessons)
        for kind in ("predict", "do", "check", "words")
    ),
)
"""In this order: the pickers and what follows show what belongs to the last scene, or to one of their own."""
