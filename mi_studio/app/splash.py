"""A first sign of life where torch must be loaded before Qt: a small window of a process of its own.

``mi-studio --splash`` is that process; nobody else needs to call it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mi_studio.core.text import Text

STARTING = Text("MI Studio is starting…", "MI Studioを起動しています…")
LONGEST_MS = 120_000
"""When it goes by itself, should the program have died meanwhile."""


@contextmanager
def splash(language: str | None) -> Iterator[None]:
    """Show the small window until the block is left; where it cannot be shown, go on without."""
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "mi_studio"]
    spoken = ["--lang", language] if language else []
    nothing = subprocess.DEVNULL
    try:
        shown = subprocess.Popen(
            [*program, *spoken, "--splash"], stdin=nothing, stdout=nothing, stderr=nothing
        )
    except OSError:
        yield
        return
    try:
        yield
    finally:
        shown.terminate()
        shown.wait()


def show(language: str | None, milliseconds: int = LONGEST_MS) -> int:
    """Be the small window, until somebody ends the process."""
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtWidgets import QApplication, QLabel

    from mi_studio.app.settings import Settings

    app = QApplication.instance() or QApplication([sys.argv[0]])
    window = QLabel(STARTING.get(language or Settings().language))
    window.setWindowFlags(Qt.WindowType.SplashScreen)
    window.setMargin(40)
    window.show()
    window.move(window.screen().availableGeometry().center() - window.rect().center())
    QTimer.singleShot(milliseconds, app.quit)
    code: int = app.exec()
    window.close()
    return code
