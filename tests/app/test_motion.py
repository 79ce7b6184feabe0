from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mi_studio.app import motion
from mi_studio.app.controller import STILL_SECONDS, Controller
from mi_studio.app.settings import Settings
from mi_studio.app.widgets.timeline import BusyDots
from mi_studio.core.paths import assets
from mi_studio.studio.runstate import RunState

Open = Callable[..., Controller]


@pytest.fixture(autouse=True)
def moving(qapp: QApplication) -> Iterator[None]:
    """Motion as usual; put back afterwards."""
    motion.apply(qapp, False)
    yield
    motion.apply(qapp, False)


def test_the_menu_reduces_motion_and_it_is_remembered(
    program: Open, qapp: QApplication, own_settings: Path
) -> None:
    controller = program()
    usual = qapp.cursorFlashTime()
    assert usual > 0
    still = controller.window._still
    assert not still.isChecked()
    still.trigger()
    assert motion.still()
    assert qapp.cursorFlashTime() == 0
    assert Settings().still(False)
    again = program()
    assert again.window._still.isChecked()
    still.trigger()
    assert not motion.still()
    assert qapp.cursorFlashTime() == usual
    assert not Settings().still(True)


def test_dots_stand_still(qtbot: QtBot, qapp: QApplication) -> None:
    dots = BusyDots()
    qtbot.addWidget(dots)
    dots.set_busy(True)
    assert dots._timer.isActive()
    motion.apply(qapp, True)
    dots.set_busy(True)
    assert not dots._timer.isActive()
    assert not dots.isHidden()


def test_a_recording_stands_at_its_end(program: Open, own_settings: Path) -> None:
    Settings().set_still(True)
    film = assets() / "recordings" / "catalogue.mireplay"
    controller = program(opened=film)
    session = controller.session
    assert session.main is not None
    assert session.position == session.main.reached > 0
    assert not session.filming
    assert session.state is not RunState.RUNNING


def test_pictures_change_twice_a_second_at_most(
    program: Open, qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = program()
    motion.apply(qapp, True)
    now = [100.0]
    controller._clock = lambda: now[0]
    drawn: list[float] = []
    monkeypatch.setattr(controller, "draw", lambda full=True: drawn.append(now[0]))
    controller.timer.stop()
    controller._drawn_at = controller._read_at = now[0]
    controller._urgent = False
    for tick in range(101):
        now[0] = 100.0 + tick * STILL_SECONDS / 50
        controller._stale, controller._urgent = True, False
        if drawn:
            controller._drawn_at = drawn[-1]
        controller._tick()
    assert len(drawn) == 2


@pytest.mark.parametrize(
    ("platform", "enabled", "still"),
    [("win32", False, True), ("win32", True, False), ("linux", False, False)],
)
def test_the_desktop_is_asked_where_qt_knows(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, platform: str, enabled: bool, still: bool
) -> None:
    class Desktop:
        def isEffectEnabled(self, effect: Qt.UIEffect) -> bool:
            assert effect is Qt.UIEffect.UI_General
            return enabled

    monkeypatch.setattr(motion.sys, "platform", platform)
    assert motion.desktop_is_still(Desktop()) is still  # type: ignore[arg-type]
