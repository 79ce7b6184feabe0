from __future__ import annotations

import math
from dataclasses import replace

import pytest
from gallery import knobs
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mi_studio.app.widgets.knobs import FINE, ProtectionPanel, position_of, value_at

NOISE, DETAIL = knobs(False)
FREE_DETAIL = replace(DETAIL, reason="")
EPSILON = replace(
    FREE_DETAIL,
    id="epsilon",
    stops=((math.inf, "∞"), (16.0, "16"), (8.0, "8"), (4.0, "4")),
    value=4.0,
    label="4",
)


@pytest.fixture
def panel(qtbot: QtBot) -> ProtectionPanel:
    panel = ProtectionPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 420)
    panel.show_view((NOISE, FREE_DETAIL))
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def at_rest(panel: ProtectionPanel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not any(row.slider._timer.isActive() for row in panel.rows))


def test_keys_go_from_stop_to_stop(panel: ProtectionPanel, qtbot: QtBot) -> None:
    slider, moves = panel.rows[1].slider, []
    panel.moved.connect(lambda knob, value: moves.append((knob, value)))
    slider.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Left, Qt.Key.Key_Home):
        QTest.keyClick(slider, key)
        at_rest(panel, qtbot)
    assert moves == [("granularity", v) for v in ("round3", "round2", "label", "top3", "full")]


def test_keys_move_finely_where_any_number_will_do(panel: ProtectionPanel, qtbot: QtBot) -> None:
    slider, moves = panel.rows[0].slider, []
    panel.moved.connect(lambda _, value: moves.append(value))
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Right)  # a fifth of the way from 0.05 to 0.1
    at_rest(panel, qtbot)
    QTest.keyClick(slider, Qt.Key.Key_PageUp)
    at_rest(panel, qtbot)
    assert moves == [pytest.approx(0.06), pytest.approx(0.13)]


def test_a_click_goes_to_the_nearest_stop(panel: ProtectionPanel, qtbot: QtBot) -> None:
    slider = panel.rows[1].slider
    with qtbot.waitSignal(panel.moved) as moved:
        QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(round(slider.x_of(2)) + 5, 12))
    assert moved.args == ["granularity", "round2"]


def test_a_drag_reports_now_and_then_and_its_end(panel: ProtectionPanel, qtbot: QtBot) -> None:
    slider, moves = panel.rows[0].slider, []
    panel.moved.connect(lambda _, value: moves.append(value))
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(round(slider.x_of(0)), 12))
    for x in range(round(slider.x_of(0)), round(slider.x_of(7 * FINE)) + 1, 4):
        QTest.mouseMove(slider, QPoint(x, 12))
    assert slider.isSliderDown()
    panel.show_view((replace(NOISE, label="x"), FREE_DETAIL))  # a view in between leaves the hand alone
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(round(slider.x_of(7 * FINE)), 12))
    assert moves[0] == 0.0
    assert moves[-1] == 4.0
    assert len(moves) < 12
    assert not slider._timer.isActive()


SWITCH = replace(FREE_DETAIL, id="mid", stops=(("off", "off"), ("on", "on")), value="off", label="off")
EFFORT = replace(SWITCH, id="effort", title="Effort", situation=True)


def test_a_protection_with_two_stops_stands_among_the_protections(panel: ProtectionPanel) -> None:
    panel.show_view((replace(NOISE, reason="no effect"), SWITCH, FREE_DETAIL, EFFORT))
    assert [row._id for row in panel.rows] == ["granularity", "mid", "effort", "gradient-noise"]
    column = panel._area.column
    assert column.indexOf(panel.situation) == column.indexOf(panel.rows[2]) - 1
    assert panel.situation.isVisible()
    panel.show_view((NOISE, SWITCH))
    assert not panel.situation.isVisible()


def test_the_situation_has_its_heading_where_no_protection_works(panel: ProtectionPanel) -> None:
    panel.show_view((replace(SWITCH, reason="no effect"), EFFORT))
    assert [row._id for row in panel.rows[:2]] == ["effort", "mid"]
    assert panel._area.column.indexOf(panel.situation) == 0
    assert panel.situation.isVisible()


def test_a_dimmed_knob_stays_where_it_is_and_says_why(panel: ProtectionPanel) -> None:
    panel.show_view((DETAIL, NOISE))
    dimmed = panel.rows[1]
    assert dimmed.title.said == DETAIL.title  # knobs without effect come last
    assert dimmed.note.said == DETAIL.reason
    assert DETAIL.reason in dimmed.slider.accessibleDescription()
    moves: list[object] = []
    panel.moved.connect(lambda *args: moves.append(args))
    dimmed.slider.setFocus()
    QTest.keyClick(dimmed.slider, Qt.Key.Key_Right)
    QTest.mouseClick(dimmed.slider, Qt.MouseButton.LeftButton, pos=QPoint(200, 12))
    assert moves == []


def test_the_wheel_turns_nothing(panel: ProtectionPanel) -> None:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent

    slider = panel.rows[1].slider
    before = slider.value()
    none = Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        QPointF(50, 10), QPointF(50, 10), QPoint(0, 120), QPoint(0, 120),
        Qt.MouseButton.NoButton, none, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    slider.wheelEvent(event)
    assert slider.value() == before
    assert not event.isAccepted()


def test_values_lie_on_a_straight_line_between_two_stops() -> None:
    stops = NOISE.stops
    assert value_at(stops, FINE // 2, True) == pytest.approx(0.025)
    assert value_at(stops, FINE, True) == 0.05
    assert position_of(stops, 0.025, True) == FINE // 2
    for position in range(0, (len(stops) - 1) * FINE + 1, 7):
        assert abs(position_of(stops, value_at(stops, position, True), True) - position) <= 1


def test_infinity_is_a_stop_like_another() -> None:
    assert position_of(EPSILON.stops, math.inf, False) == 0
    assert position_of(EPSILON.stops, 4.0, False) == 3
    assert value_at(EPSILON.stops, 0, False) == math.inf
    assert value_at(EPSILON.stops, 30, True) == math.inf
    assert value_at(EPSILON.stops, 70, True) == 16.0
    assert value_at(EPSILON.stops, 150, True) == 12.0


def test_the_help_button_names_its_knob(panel: ProtectionPanel) -> None:
    panel.retranslate("ja")
    assert panel.rows[0].help.accessibleName() == f"「{NOISE.title}」とは"
    assert panel.rows[0].help.accessibleDescription() == NOISE.help
    panel.rows[0].help.click()


SIZE = replace(
    FREE_DETAIL, id="picture-size", stops=((32.0, "32 px"), (64.0, "64 px")), value=32.0, label="32 px"
)
PROGRESS = replace(
    FREE_DETAIL,
    id="training-progress",
    stops=(("fresh", "fresh"), ("early", "early"), ("done", "converged")),
    value="early",
    label="early",
)


def test_two_stops_stand_side_by_side(panel: ProtectionPanel, qtbot: QtBot) -> None:
    panel.show_view((SIZE, NOISE))
    assert [row.segmented for row in panel.rows] == [False, True]  # below the sliders
    row = panel.rows[1]
    assert row.choice.isVisible()
    assert not row.slider.isVisible()
    small, large = row.choice.buttons
    assert (small.isChecked(), large.isChecked()) == (True, False)
    assert large.accessibleName() == f"{SIZE.title}: 64 px"
    with qtbot.waitSignal(panel.moved) as moved:
        QTest.mouseClick(large, Qt.MouseButton.LeftButton, pos=QPoint(large.width() - 3, 3))
    assert moved.args == ["picture-size", 64.0]
    assert small.isChecked()  # whoever decides brings the next view
    panel.show_view((replace(SIZE, value=64.0, label="64 px"), NOISE))
    assert large.isChecked()
    with qtbot.assertNotEmitted(panel.moved, wait=30):
        QTest.mouseClick(large, Qt.MouseButton.LeftButton)


def test_arrow_keys_walk_the_segments(panel: ProtectionPanel, qtbot: QtBot) -> None:
    panel.show_view((PROGRESS,))
    buttons, moves = panel.rows[0].choice.buttons, []
    panel.moved.connect(lambda _, value: moves.append(value))
    assert [bool(b.focusPolicy() & Qt.FocusPolicy.TabFocus) for b in buttons] == [False, True, False]
    buttons[1].setFocus()
    QTest.keyClick(buttons[1], Qt.Key.Key_Right)
    assert buttons[2].hasFocus()
    panel.show_view((replace(PROGRESS, value="done", label="converged"),))
    QTest.keyClick(buttons[2], Qt.Key.Key_Right)
    QTest.keyClick(buttons[2], Qt.Key.Key_Home)
    assert moves == ["done", "fresh"]
    assert buttons[0].hasFocus()


def test_segments_without_effect_say_why(panel: ProtectionPanel, qtbot: QtBot) -> None:
    panel.show_view((replace(SIZE, reason="Not here."),))
    assert not panel.rows[0].choice.buttons[1].isEnabled()
    assert panel.rows[0].note.said == "Not here."


def test_rows_rest_whole_and_a_button_leads_on(panel: ProtectionPanel, qtbot: QtBot) -> None:
    panel.show_view((NOISE, FREE_DETAIL, EPSILON, SIZE, PROGRESS))
    panel.resize(320, 270)
    area = panel._area
    qtbot.waitUntil(area.more.isVisible)
    port = area.viewport()

    def whole() -> bool:
        rows = [(row.mapTo(area, QPoint(0, 0)).y(), row.height()) for row in panel.rows]
        inside = [(y, h) for y, h in rows if y + h > 0 and y < port.height()]
        return bool(inside) and all(y >= 0 and y + h <= port.height() for y, h in inside)

    assert whole()
    for _ in range(6):
        area.more.click()
        assert whole()
        if panel.rows[4].mapTo(area, QPoint(0, 0)).y() < port.height():
            break
    else:
        raise AssertionError("the button never led to the last row")
    area.verticalScrollBar().setValue(area.verticalScrollBar().value() - 20)
    qtbot.waitUntil(lambda: not area._rest.isActive())
    assert whole()
    area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: not area._rest.isActive())
    area.more.click()
    assert area.verticalScrollBar().value() == 0
    panel.resize(320, 700)
    qtbot.waitUntil(lambda: not area.more.isVisible())


@pytest.mark.parametrize(
    ("note", "first"),
    [
        ("Took effect at step 4. What is out stays out.", "Took effect at step 4."),
        ("ステップ4から反映しました。すでに取り出されたものは残ります。", "ステップ4から反映しました。"),
        ("At a noise of 0.05", "At a noise of 0.05"),
    ],
)
def test_a_low_window_shows_the_first_sentence_of_a_note(
    panel: ProtectionPanel, note: str, first: str
) -> None:
    panel.show_view((replace(NOISE, note=note), FREE_DETAIL))
    assert panel.rows[0].note.said == note
    panel.set_compact(True)
    assert panel.rows[0].note.said == first
    assert panel.rows[0].note.accessibleName() == note
    panel.set_compact(False)
    assert panel.rows[0].note.said == note


def test_a_panel_that_is_too_low_has_no_empty_room(panel: ProtectionPanel, qtbot: QtBot) -> None:
    panel.show_view((NOISE, FREE_DETAIL, EPSILON, SIZE, PROGRESS))
    whole = panel.wanted(320)
    assert panel.fitting(320, whole) == whole
    for most in range(whole - 200, whole, 20):
        height = panel.fitting(320, most)
        assert height <= most
        panel.resize(320, height)
        qtbot.waitUntil(lambda: panel._area.more.isVisible() and empty_room(panel) <= 2)


def empty_room(panel: ProtectionPanel) -> int:
    """Pixels between the last whole row and the end of what is in sight."""
    port = panel._area.viewport()
    ends = [row.mapTo(port, QPoint(0, row.height())).y() for row in panel.rows]
    return port.height() - max(end for end in ends if end <= port.height() + 1)
