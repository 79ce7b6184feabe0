from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QStyle
from pytestqt.qtbot import QtBot

from mi_studio.app import motion, theme
from mi_studio.app.controller import STILL_SECONDS, Controller
from mi_studio.app.settings import Settings
from mi_studio.app.widgets.timeline import BusyDots
from mi_studio.core.paths import assets
from mi_studio.core.recording import load
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


def test_dots_that_are_under_way_stop_too(qtbot: QtBot, qapp: QApplication) -> None:
    dots = BusyDots()
    qtbot.addWidget(dots)
    dots.set_busy(True)
    motion.apply(qapp, True)
    dots._timer.timeout.emit()
    assert not dots._timer.isActive()


def test_a_scene_that_is_chosen_stands_at_its_end(
    program: Open, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = {s: load(assets() / "recordings" / f"{s}.mireplay") for s in ("catalogue", "federated")}
    monkeypatch.setattr("mi_studio.studio.session.shipped_recording", lambda scene: films[scene.id])
    controller = program()
    session = controller.session
    assert session.filming
    controller._picked("scene", "catalogue")
    assert session.filming  # as usual
    motion.apply(qapp, True)
    controller._picked("scene", "federated")
    assert session.intent.wish.scene == "federated"
    assert not session.filming
    assert session.main is not None
    assert session.position == session.main.reached > 0
    controller.window.timeline.play_toggled.emit()  # it was asked to
    assert session.playing
    controller.open_recording(assets() / "recordings" / "catalogue.mireplay")
    assert not session.filming


def test_effects_of_the_desktop_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    class Desktop:
        def __init__(self) -> None:
            self.effects = {effect: effect is Qt.UIEffect.UI_FadeMenu for effect in Qt.UIEffect}
            self.flash = 1000

        def isEffectEnabled(self, effect: Qt.UIEffect) -> bool:
            return self.effects[effect]

        def setEffectEnabled(self, effect: Qt.UIEffect, on: bool) -> None:
            self.effects[effect] = on

        def cursorFlashTime(self) -> int:
            return self.flash

        def setCursorFlashTime(self, flash: int) -> None:
            self.flash = flash

    monkeypatch.setattr(motion, "_flash", [])
    monkeypatch.setattr(motion, "_effects", {})
    desktop = Desktop()
    usual = dict(desktop.effects)
    motion.apply(desktop, True)  # type: ignore[arg-type]
    assert not any(desktop.effects.values())
    motion.apply(desktop, False)  # type: ignore[arg-type]
    assert desktop.effects == usual


def test_no_widget_fades(qtbot: QtBot, qapp: QApplication) -> None:
    theme.apply(qapp, "light")
    field = QLineEdit()  # its button to clear it would
    qtbot.addWidget(field)
    assert field.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, field) == 0


def test_nothing_else_moves_by_itself() -> None:
    """Every timer that goes on by itself is one of these, and nothing is animated in another way."""
    known = {
        "controller.py": 1,  # the tick: draws twice a second at most
        "tradeoff.py": 1,  # looks how far a sweep is, and writes its numbers
        "timeline.py": 1,  # the dots
        "talk.py": 1,  # the magnifier, which follows the pointer
    }
    found: dict[str, int] = {}
    for path in (Path(motion.__file__).parent).rglob("*.py"):
        source = path.read_text("utf-8")
        assert not re.search(r"Animation\b|QTimeLine|QMovie|QGraphics\w*Effect|startTimer", source), path
        made = re.findall(r"(\w+) = QTimer\((.*)\)", source)
        going = [n for n, how in made if "singleShot" not in how and f"{n}.setSingleShot(True)" not in source]
        if going:
            found[path.name] = len(going)
    assert found == known


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
