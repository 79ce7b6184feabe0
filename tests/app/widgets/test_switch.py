from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mi_studio.app.widgets.knobs import KnobRow, ProtectionPanel, Segments
from mi_studio.app.widgets.switch import Switch
from mi_studio.studio.views import KnobView

MID = KnobView(
    "mid", "Information limit (MID)", "Help.", (("off", "off"), ("on", "on")), "off", "off", False, "", ""
)


@pytest.fixture
def row(qtbot: QtBot) -> KnobRow:
    row = KnobRow()
    qtbot.addWidget(row)
    row.resize(280, 60)
    row.show_view(MID)
    row.show()
    return row


def test_off_and_on_is_a_switch_beside_its_name(row: KnobRow) -> None:
    assert Switch.suits(MID)
    assert not Segments.suits(MID)
    assert row.switch.isVisible()
    assert not row.choice.isVisible()
    assert not row.slider.isVisible()
    assert row.switch.geometry().center().y() == pytest.approx(row.title.geometry().center().y(), abs=2)
    assert row.switch.accessibleName() == "Information limit (MID): off"


@pytest.mark.parametrize(
    ("title", "value"),
    [("Information limit (MID)", "off"), ("情報量の制限（MID）", "なし"), ("出力の細かさ", "すべての確率")],
)
def test_a_value_is_whole_even_in_a_narrow_row(row: KnobRow, title: str, value: str) -> None:
    """A long title left nothing of it but "o…" and "…"."""
    row.resize(250, 60)
    row.show_view(replace(MID, title=title, stops=(("off", value), ("on", "on")), label=value))
    QApplication.processEvents()
    assert row.value.text() == row.value.said == value


def test_a_switch_tells_the_other_value_and_waits_for_the_next_view(row: KnobRow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(row.moved) as moved:
        QTest.mouseClick(row.switch, Qt.MouseButton.LeftButton)
    assert moved.args == ["mid", "on"]
    assert not row.switch.isChecked()
    row.show_view(replace(MID, value="on", label="on"))
    assert row.switch.isChecked()
    with qtbot.waitSignal(row.moved) as moved:
        QTest.keyClick(row.switch, Qt.Key.Key_Space)
    assert moved.args == ["mid", "off"]


def test_a_switch_without_effect_cannot_be_moved_and_says_why(row: KnobRow, qtbot: QtBot) -> None:
    row.show_view(replace(MID, reason="Not trained so."))
    with qtbot.assertNotEmitted(row.moved):
        QTest.mouseClick(row.switch, Qt.MouseButton.LeftButton)
    assert "Not trained so." in row.switch.accessibleDescription()
    assert row.note.isVisible()


def test_a_switch_without_effect_that_is_on_can_be_switched_off(row: KnobRow, qtbot: QtBot) -> None:
    row.show_view(replace(MID, value="on", label="on", reason="Not trained so."))
    with qtbot.waitSignal(row.moved) as moved:
        QTest.mouseClick(row.switch, Qt.MouseButton.LeftButton)
    assert moved.args == ["mid", "off"]
    row.show_view(replace(MID, reason="Not trained so."))
    assert not row.switch.isEnabled()


def test_one_reason_of_several_knobs_is_said_once(qtbot: QtBot) -> None:
    panel = ProtectionPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 500)
    reason = "Only the small net was trained in this way."
    dimmed = [replace(MID, id=name, title=name, reason=reason) for name in ("mid", "bido", "neg-ls")]
    panel.show_view((*dimmed[:2], replace(MID, id="other", reason="Another."), dimmed[2]))
    panel.show()
    said = [(row.title.said, row.note.said) for row in panel.rows if row.note.isVisible()]
    assert said == [("neg-ls", reason), ("Information limit (MID)", "Another.")]
    assert all(reason in row.switch.accessibleDescription() for row in panel.rows[:3])
    panel.show_view(tuple(replace(k, reason="") for k in dimmed))
    panel.show_view((replace(dimmed[0], reason="A."), replace(dimmed[1], reason="B.")))
    assert [row.note.said for row in panel.rows[:2]] == ["A.", "B."]
    assert all(row.note.isVisible() for row in panel.rows[:2])


def test_a_panel_as_high_as_it_wants_shows_all_knobs(qtbot: QtBot, qapp: QApplication) -> None:
    panel = ProtectionPanel()
    qtbot.addWidget(panel)
    reason = "Only the small net was trained in this way, and the other nets were not."
    panel.show_view((MID, replace(MID, id="epsilon", title="Privacy budget", reason=reason)))
    panel.show()
    for width in range(300, 360):
        panel.resize(width, panel.wanted(width))
        qapp.processEvents()
        panel._area.settle()
        assert panel._area.more.isHidden(), width
