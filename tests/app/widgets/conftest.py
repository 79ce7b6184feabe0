from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mi_studio.app import theme
from mi_studio.app.window import MainWindow


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the offscreen platform say what it cannot do, such as size hints or a grabbed keyboard."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@pytest.fixture(autouse=True)
def looks(qapp: QApplication, no_leftover_qt: None) -> Iterator[None]:
    """The light theme with the bundled type; put back afterwards."""
    theme.load_fonts(qapp)
    theme.apply(qapp, "light")
    yield
    theme.set_scale(qapp, 1.0, zoom=1.0)
    theme.apply(qapp, "light")


@pytest.fixture
def open_window(qtbot: QtBot) -> Callable[..., MainWindow]:
    """Show a window that has the focus; it is closed when the test ends."""

    def open_it(language: str = "en", size: tuple[int, int] = (1280, 800)) -> MainWindow:
        window = MainWindow(language, "light")
        qtbot.addWidget(window)
        window.resize(*size)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        return window

    return open_it
