"""The program: window first, engine later, and an orderly end.

Nothing here loads torch: the recording that comes with the scene plays while the worker's thread
loads it. Windows is the exception: there torch must come before Qt, and a small window says so.
"""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from mi_studio.app.preflight import TORCH_FIRST, check_window, load_torch_first
from mi_studio.app.splash import splash

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from mi_studio.app.controller import Controller
    from mi_studio.app.worker import MakeRun


def run_app(
    *,
    opened: Path | None = None,
    scene: str | None = None,
    language: str | None = None,
    theme: str | None = None,
    size: tuple[int, int] | None = None,
) -> int:
    """Open the program and return its exit code when it is closed.

    Parameters
    ----------
    opened
        A recording to play instead of the scene's own, or a teacher's scene file.
    scene, language, theme, size
        Instead of those of the last time.

    Raises
    ------
    UsageError
        If no window can be opened here.
    """
    check_window()
    with splash(language) if TORCH_FIRST else nullcontext():
        load_torch_first()
        from PySide6.QtWidgets import QApplication

        app = QApplication.instance() or QApplication([sys.argv[0]])
        assert isinstance(app, QApplication)
        controller = open_program(app, opened=opened, scene=scene, language=language, theme=theme, size=size)
        if opened is None:
            controller.lessons.welcome()
    with interrupts(app.quit):
        code: int = app.exec()
    controller.close()
    return code


def open_program(
    app: QApplication,
    *,
    opened: Path | None = None,
    scene: str | None = None,
    language: str | None = None,
    theme: str | None = None,
    size: tuple[int, int] | None = None,
    make_run: MakeRun | None = None,
) -> Controller:
    """Show the window and set everything going; see `run_app`. ``make_run`` stands in for the engine."""
    from mi_studio.app import motion, qt_words
    from mi_studio.app import theme as looks
    from mi_studio.app.controller import Controller
    from mi_studio.app.settings import Settings
    from mi_studio.app.window import MainWindow
    from mi_studio.app.worker import Worker, engine_run
    from mi_studio.core.cards import library

    settings = Settings()
    language, theme = language or settings.language, theme or settings.theme
    qt_words.apply(app, language)
    looks.load_fonts(app)
    looks.apply(app, theme)
    motion.apply(app, settings.still(motion.desktop_is_still(app)))
    window = MainWindow(language, looks.current().name)
    window.set_still(motion.still())
    if size is not None:
        window.resize(*size)
    else:
        window.restoreGeometry(settings.geometry)
    known = [s.id for s in library().scenes]
    opening = next((s for s in (scene, settings.scene) if s in known), None)
    controller = Controller(window, Worker(make_run or engine_run), settings, language, scene=opening)
    window.show()
    controller.begin(opened)
    return controller


@contextmanager
def interrupts(quit_: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C in the terminal close the program as its window would.

    Python's handler runs only when Python runs, which under Qt's loop may be never or in the middle
    of a paint event. So it does nothing; the signal also writes to a socket, and that Qt listens to.
    """
    from PySide6.QtCore import QSocketNotifier

    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    notifier = QSocketNotifier(ours.fileno(), QSocketNotifier.Type.Read)

    def heard() -> None:
        ours.recv(64)
        quit_()

    notifier.activated.connect(heard)
    before = signal.signal(signal.SIGINT, lambda *_: None)
    woken = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGINT, before)
        notifier.setEnabled(False)
        ours.close()
        theirs.close()
