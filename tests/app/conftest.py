from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes import FakeRun
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mi_studio.app.controller import Controller
from mi_studio.app.main import open_program
from mi_studio.app.worker import Worker


@pytest.fixture
def fake() -> type[FakeRun]:
    """A stand-in for the engine whose class attributes a test may change."""
    return type("Fake", (FakeRun,), {})


@pytest.fixture
def program(
    qtbot: QtBot,
    qapp: QApplication,
    own_settings: Path,
    no_leftover_qt: None,
    fake: type[FakeRun],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Controller]]:
    """Open the real window over the fake engine; it is closed in order when the test ends."""
    opened: list[Controller] = []
    monkeypatch.setattr(Worker, "warm_up", lambda self: None)  # no torch in these tests
    monkeypatch.setattr("mi_studio.studio.session.shipped_recording", lambda scene: None)

    def open_it(**options: object) -> Controller:
        options = {"language": "en", "theme": "light", "size": (1280, 800), "scene": "federated", **options}
        controller = open_program(qapp, **{"make_run": fake, **options})  # type: ignore[arg-type]
        opened.append(controller)
        with qtbot.waitActive(controller.window):  # shortcuts go to the active window
            controller.window.activateWindow()
        return controller

    yield open_it
    for controller in opened:
        controller.close()
        controller.window.close()
        controller.window.deleteLater()
        controller.deleteLater()
