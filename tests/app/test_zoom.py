"""Keys, wheel and menu that make everything larger and smaller, and that it is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from mi_studio.app import theme
from mi_studio.app.controller import Controller

Program = Callable[..., Controller]


@pytest.fixture(autouse=True)
def nominal(qapp: QApplication) -> Iterator[None]:
    yield
    theme.set_scale(qapp, 1.0, zoom=1.0)


def press(controller: Controller, key: Qt.Key) -> float:
    QTest.keyClick(controller.window, key, Qt.KeyboardModifier.ControlModifier)
    return theme.zoom()


def test_keys_walk_seven_steps_and_stop_at_the_ends(program: Program) -> None:
    controller = program()
    assert len(theme.ZOOMS) == 7
    assert [press(controller, Qt.Key.Key_Plus) for _ in range(5)] == [1.25, 1.5, 1.75, 2.0, 2.0]
    assert press(controller, Qt.Key.Key_0) == 1.0
    assert [press(controller, Qt.Key.Key_Minus) for _ in range(3)] == [0.9, 0.8, 0.8]
    assert press(controller, Qt.Key.Key_Equal) == 0.9  # where plus needs Shift


def test_the_zoom_is_remembered(program: Program, qapp: QApplication) -> None:
    first = program()
    press(first, Qt.Key.Key_Plus)
    first.close()
    theme.set_scale(qapp, zoom=1.0)
    program()
    assert theme.zoom() == 1.25


def test_nonsense_in_the_settings_is_ignored(program: Program) -> None:
    controller = program()
    controller.settings.zoom = 17.0
    assert controller.settings.zoom == 1.0


def turn(controller: Controller, by: int, modifier: Qt.KeyboardModifier) -> None:
    place = QPointF(300, 400)
    handle = controller.window.windowHandle()
    assert handle is not None
    QApplication.sendEvent(handle, QWheelEvent(
        place, handle.mapToGlobal(place), QPoint(), QPoint(0, by), Qt.MouseButton.NoButton, modifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    ))  # fmt: skip


def test_the_wheel_zooms_only_with_ctrl(program: Program) -> None:
    controller = program()
    turn(controller, 120, Qt.KeyboardModifier.NoModifier)
    assert theme.zoom() == 1.0
    turn(controller, 120, Qt.KeyboardModifier.ControlModifier)
    assert theme.zoom() == 1.25
    for _ in range(4):  # a touch pad
        turn(controller, -30, Qt.KeyboardModifier.ControlModifier)
    assert theme.zoom() == 1.0


@pytest.mark.parametrize(("language", "said"), [("en", "Size: 100%"), ("ja", "表示倍率：100%")])
def test_the_menu_says_and_changes_it(program: Program, language: str, said: str) -> None:
    window = program(language=language).window
    assert window._unzoomed.text().startswith(said)
    assert not window._unzoomed.isEnabled()
    window._larger.trigger()
    assert theme.zoom() == 1.25
    assert "125" in window.top.colors.toolTip()
    window._unzoomed.trigger()
    assert theme.zoom() == 1.0
    for _ in range(9):
        window._smaller.trigger()
    assert theme.zoom() == 0.8
    assert not window._smaller.isEnabled()
