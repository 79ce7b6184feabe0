"""Pictures of the real window at a given step, for the documentation."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mi_studio.app.preflight import check_window, load_torch_first
from mi_studio.app.words import PAGES
from mi_studio.core.config import RunConfig
from mi_studio.core.errors import NO_OUT, RunError, UsageError, reason
from mi_studio.core.knobs import Value
from mi_studio.core.text import Text, names
from mi_studio.studio.lanes import Failure
from mi_studio.studio.runstate import RunState

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap

    from mi_studio.app.window import MainWindow


def _taken(window: MainWindow, slot: str) -> QPixmap:
    """Return what the window looks like, with the picker of a slot over it if one is wanted."""
    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QApplication

    if not slot:
        return window.grab()
    picker = window.sentence.picker
    window.sentence.open_picker(slot)
    QApplication.processEvents()
    picture = window.grab()
    painter = QPainter(picture)
    painter.drawPixmap(picker.pos() - window.mapToGlobal(QPoint(0, 0)), picker.grab())
    painter.end()
    picker.hide()
    return picture


@dataclass(frozen=True)
class Shot:
    """One picture of the window: where it is saved, how the window is dressed, what is open.

    Attributes
    ----------
    picker, lesson
        The bracket of the sentence whose picker is open, the lesson that is; empty for none.
    talk
        Whether the window is as in presenter mode.
    """

    out: Path
    language: str = "en"
    theme: str = "light"
    size: tuple[int, int] = (1280, 800)
    picker: str = ""
    page: str = "stage"
    lesson: str = ""
    talk: bool = False


@dataclass(frozen=True)
class Move:
    """A knob that is turned in the middle of a run."""

    step: int
    knob: str
    value: Value


def screenshot(
    config: RunConfig,
    *,
    page: str = "stage",
    steps: int | None = None,
    language: str = "en",
    theme: str = "light",
    size: tuple[int, int] = (1280, 800),
    out: Path,
    patience: float = 600.0,
) -> int:
    """Run ``config`` in the real window up to a step and save what it looks like; return 0.

    See `screenshots`, which takes several of one run.
    """
    if page not in PAGES:
        raise UsageError(
            Text(
                "There is no page '{page}'; choose one of {choices}.",
                "「{page}」というページはありません。{choices}から選んでください。",
            ),
            page=page,
            choices=names(PAGES),
        )
    if page != "stage":  # it shows results of other runs: one step is enough
        config, steps = replace(config, steps=1), 0
    return screenshots(config, [Shot(out, language, theme, size, page=page)], steps=steps, patience=patience)


def screenshots(
    config: RunConfig,
    shots: Iterable[Shot],
    *,
    steps: int | None = None,
    move: Move | None = None,
    patience: float = 600.0,
) -> int:
    """Run ``config`` once in the real window up to a step and save every wanted look of it; return 0.

    Parameters
    ----------
    steps
        Where the pictures are taken; left out, at the end, with the verdict.
    move
        A knob that is turned on the way, which makes the run a mixed one.
    patience
        Seconds after which it gives up.

    Raises
    ------
    UsageError
        If a file cannot be written, Qt cannot draw here, or a size is below that of the smallest window.
    RunError
        If the run fails or takes too long.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    check_window()
    load_torch_first()
    from PySide6.QtCore import QElapsedTimer, QEvent, QEventLoop, Qt
    from PySide6.QtWidgets import QApplication

    from mi_studio.app import theme as looks
    from mi_studio.app.controller import Controller
    from mi_studio.app.settings import Settings
    from mi_studio.app.window import SMALLEST, MainWindow
    from mi_studio.app.worker import Worker

    shots = list(shots)
    for shot in shots:
        if any(wanted < least for wanted, least in zip(shot.size, SMALLEST, strict=True)):
            raise UsageError(
                Text(
                    "The window is at least {smallest} large; --size {given} is too small.",
                    "ウィンドウの最小の大きさは{smallest}です。--size {given} は小さすぎます。",
                ),
                smallest="x".join(map(str, SMALLEST)),
                given="x".join(map(str, shot.size)),
            )
    first = shot = shots[0]
    app = QApplication.instance() or QApplication([sys.argv[0]])
    assert isinstance(app, QApplication)
    looks.load_fonts(app)
    looks.apply(app, first.theme)
    window = MainWindow(first.language, first.theme)
    window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    window.resize(*first.size)
    worker = Worker()
    controller = Controller(window, worker, Settings(), first.language, scene=config.scene)
    session = controller.session
    failures: list[Failure] = []
    session.told.connect(failures.append)
    worker.start()
    try:
        window.show()
        session.intent.adopt(config)
        session.set_speed(math.inf)
        session.start()
        wanted = config.steps if steps is None else min(max(0, steps), config.steps)
        watch = QElapsedTimer()
        watch.start()
        over = False
        while not over and not failures:
            if watch.elapsed() > 1000 * patience:
                raise RunError(
                    Text(
                        "The run had not reached step {wanted} after {seconds:.0f} seconds.",
                        "{seconds:.0f}秒待っても、実行がステップ{wanted}に届きませんでした。"
                        "ステップ数を減らしてください。",
                    ),
                    wanted=wanted,
                    seconds=patience,
                )
            app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            begun = bool(session.main and session.main.history.steps)
            reached = min((lane.reached for _, lane in session.lanes), default=0)
            if move is not None and begun and reached >= move.step:
                session.intent.turn(move.knob, move.value)
                move = None
            over = session.state is RunState.FINISHED or (
                steps is not None and begun and reached >= wanted < config.steps
            )
        if failures:
            raise RunError(failures[0].sentence)
        if session.playing:
            session.toggle_play()
        if steps is not None and wanted < config.steps:
            session.scrub(wanted)
        session.set_speed(1.0)
        for shot in shots:
            looks.apply(app, shot.theme)
            window.set_theme(shot.theme)
            controller.speak(shot.language)
            window.show_page(shot.page)
            if shot.lesson:
                controller.lessons.open(shot.lesson)
            if shot.talk:
                controller.talk.start()
                window.setWindowState(Qt.WindowState.WindowNoState)  # the screen here has another size
            window.resize(*shot.size)
            controller.draw()
            for _ in range(6):  # layouts settle
                app.processEvents()
            shot.out.parent.mkdir(parents=True, exist_ok=True)
            if not _taken(window, shot.picker).save(str(shot.out)):
                raise UsageError(
                    Text(
                        "{path} cannot be written as a picture; use a name that ends in .png.",
                        "{path} は画像として書き込めません。名前の末尾を .png にしてください。",
                    ),
                    path=shot.out,
                )
            controller.talk.leave()
            if shot.lesson:
                controller.lessons.toggle()
    except OSError as error:
        raise UsageError(NO_OUT, path=shot.out, reason=reason(error)) from error
    finally:
        controller.timer.stop()
        session.quit()
        worker.quit()
        window.close()
        for left in (controller, window):
            left.deleteLater()
            app.sendPostedEvents(left, QEvent.Type.DeferredDelete)
    return 0
