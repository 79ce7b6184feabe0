"""What a learner's lessons look like: python tests/app/lessons.py FOLDER writes every step as PNG."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

from fakes import FakeRun
from PySide6.QtWidgets import QApplication

from mi_studio.app.controller import Controller
from mi_studio.studio.course import Course


def satisfy(controller: Controller) -> None:
    """Have the present step done, by the course's own help."""
    course, session = controller.lessons.course, controller.session
    match course.step.kind:
        case "predict":
            course.answer(1)
        case "check":
            course.answer(next(i for i, o in enumerate(course.step.options) if o.right))
        case "words":
            for i in range(3):
                course.write(i, "A model keeps what it learnt. " * 2)
        case "do":
            session.set_speed(math.inf)
            course.help()
            for _ in range(400):
                QApplication.processEvents()
                session.tick()
                course.look()
                if course.can_go_on:
                    break


def main(folder: Path, lesson: str, wanted: set[int]) -> None:
    """Write the pictures."""
    from mi_studio.app.main import open_program
    from mi_studio.app.worker import Worker

    app = QApplication(sys.argv[:1])
    Worker.warm_up = lambda self: None  # type: ignore[method-assign]
    for language, look, size in (("en", "light", (1280, 720)), ("ja", "light", (1600, 1000))):
        if os.environ.get("ONLY", language) != language:
            continue
        controller = open_program(app, language=language, theme=look, size=size, make_run=FakeRun)
        controller.lessons.course = controller.lessons.course
        window, course = controller.window, controller.lessons.course
        course.__dict__["_progress"] = Course(controller.session)._progress
        window.lessons_requested.emit()

        def grab(name: str, window=window, controller=controller, language=language) -> None:  # type: ignore[no-untyped-def]
            controller.draw()
            for _ in range(12):
                app.processEvents()
            window.grab().save(str(folder / f"{name}-{language}.png"))

        if 0 in wanted or not wanted:
            grab("contents")
        window.lesson.opened.emit(lesson)
        while course.lesson is not None:
            at = course.progress.at + 1
            if not wanted or at in wanted:
                grab(f"{lesson}-{at:02}a")
            satisfy(controller)
            if (not wanted or at in wanted) and course.step.kind != "say":
                grab(f"{lesson}-{at:02}b")
            assert course.can_go_on, at
            course.go_on()
        controller.close()
        window.close()


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    main(Path(sys.argv[1]), sys.argv[2], {int(a) for a in sys.argv[3:]})
