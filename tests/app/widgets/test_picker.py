from __future__ import annotations

from dataclasses import replace

import pytest
from gallery import sentence
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mi_studio.app import icons
from mi_studio.app.widgets.common import Menu
from mi_studio.app.widgets.sentence import PartIcon, Sentence
from mi_studio.core.cards import library
from mi_studio.studio.views import Bracket, SentenceView


@pytest.fixture
def line(qtbot: QtBot) -> Sentence:
    line = Sentence()
    qtbot.addWidget(line)
    line.show_view(sentence(False))
    line.resize(1240, 60)
    with qtbot.waitExposed(line):
        line.show()
    return line


def button(line: Sentence, slot: str) -> object:
    return next(b for b in line.brackets if b.bracket is not None and b.bracket.slot == slot)


def opened(line: Sentence, slot: str) -> None:
    QTest.mouseClick(button(line, slot), Qt.MouseButton.LeftButton)  # type: ignore[arg-type]
    assert line.picker.isVisible()


def test_a_click_picks_and_closes(line: Sentence, qtbot: QtBot) -> None:
    opened(line, "target")
    with qtbot.waitSignal(line.picked) as picked:
        QTest.mouseClick(line.picker.cards[1], Qt.MouseButton.LeftButton)
    assert picked.args == ["target", "coffee"]
    assert not line.picker.isVisible()


def test_arrow_keys_walk_and_return_picks(line: Sentence, qtbot: QtBot) -> None:
    opened(line, "target")
    assert line.picker.cards[0].hasFocus()
    QTest.keyClick(line.picker.cards[0], Qt.Key.Key_Down)
    QTest.keyClick(line.picker.cards[1], Qt.Key.Key_Down)
    assert line.picker.cards[2].hasFocus()
    with qtbot.waitSignal(line.picked) as picked:
        QTest.keyClick(line.picker.cards[2], Qt.Key.Key_Return)
    assert picked.args == ["target", "retina"]


def test_what_cannot_be_chosen_is_read_but_not_picked(line: Sentence) -> None:
    picks: list[tuple[str, str]] = []
    line.picked.connect(lambda *args: picks.append(args))
    opened(line, "attack")
    card = line.picker.cards[1]
    assert card.reason.isVisible()
    assert card.reason.said == "This scene gives the attacker no generator."
    assert card.reason.said in card.accessibleDescription()
    QTest.mouseClick(card, Qt.MouseButton.LeftButton)
    card.setFocus()
    QTest.keyClick(card, Qt.Key.Key_Space)
    QTest.keyClick(card, Qt.Key.Key_Return)
    assert picks == []
    assert line.picker.isVisible()
    QTest.keyClick(card, Qt.Key.Key_Escape)
    assert not line.picker.isVisible()


def test_several_defences_can_be_on_and_the_list_stays_open(line: Sentence, qtbot: QtBot) -> None:
    opened(line, "defense")
    with qtbot.waitSignal(line.toggled) as toggled:
        QTest.mouseClick(line.picker.cards[1], Qt.MouseButton.LeftButton)
    assert toggled.args == ["defense", "prune", True]
    assert not line.picker.cards[1].isChecked()  # the next view decides

    view = sentence(False)
    bracket = view.parts[-1]
    assert isinstance(bracket, Bracket)
    both = replace(bracket, choices=tuple(replace(c, checked=not c.reason) for c in bracket.choices))
    line.show_view(SentenceView((*view.parts[:-1], both)))
    assert line.picker.isVisible()
    assert line.picker.cards[1].isChecked()
    assert line.picker.cards[1].hasFocus()
    with qtbot.waitSignal(line.toggled) as toggled:
        QTest.keyClick(line.picker.cards[1], Qt.Key.Key_Space)
    assert toggled.args == ["defense", "prune", False]
    line.picker.hide()


def test_the_current_choice_has_the_focus(line: Sentence) -> None:
    opened(line, "attack")
    assert line.picker.cards[0].hasFocus()
    assert "Strength 3 of 3" in line.picker.cards[0].accessibleDescription()
    QTest.keyClick(line.picker, Qt.Key.Key_End)
    assert line.picker.cards[-1].hasFocus()
    line.picker.hide()


def test_no_line_begins_with_a_particle(line: Sentence) -> None:
    line.show_view(sentence(True))
    for width in range(480, 1300, 60):
        line.resize(width, 300)
        line._flow.setGeometry(line.rect())
        for part in line._parts:
            if part not in line.brackets:
                here = part.geometry()
                before = [p.geometry() for p in line._parts if p.x() < part.x()]
                assert any(abs(g.center().y() - here.center().y()) <= 3 for g in before), width


def test_nothing_is_wider_than_the_line(line: Sentence) -> None:
    for language in (False, True):
        line.show_view(sentence(language))
        for width in (700, 1060, 1240, 1880):
            line.resize(width, 200)
            line._flow.setGeometry(line.rect())
            assert all(p.geometry().right() <= width for p in line._parts)
    assert line.heightForWidth(700) > line.heightForWidth(1880)


def test_a_picture_inside_a_choice_can_change(line: Sentence) -> None:
    view = sentence(False)
    bracket = view.parts[0]
    assert isinstance(bracket, Bracket)
    other = tuple(
        replace(c, thumbnail=c.thumbnail[::-1].copy()) for c in bracket.choices if c.thumbnail is not None
    )
    line.show_view(SentenceView((replace(bracket, choices=other), *view.parts[1:])))
    opened(line, "scene")
    assert line.picker.cards[0].choice.thumbnail is other[0].thumbnail
    line.picker.hide()


def test_every_part_has_a_sign_of_its_own() -> None:
    known = library()
    parts = [m.id for s in known.scenes for m in s.models]
    parts += [card.id for card in (*known.attacks, *known.defenses)]
    assert [part for part in parts if not icons.of_part(part)] == []
    assert icons.of_part("nothing") == ""


def test_a_choice_without_a_picture_shows_its_sign(line: Sentence) -> None:
    view = sentence(False)
    bracket = view.parts[-1]
    assert isinstance(bracket, Bracket)
    known = tuple(replace(c, id=f"gradient-{c.id}") for c in bracket.choices[:2])
    line.show_view(SentenceView((*view.parts[:-1], replace(bracket, choices=known))))
    opened(line, "defense")
    assert [len(card.findChildren(PartIcon)) for card in line.picker.cards] == [1, 1]
    line.picker.hide()


def test_nothing_shows_outside_the_round_corners(line: Sentence, qtbot: QtBot) -> None:
    opened(line, "attack")
    menu = Menu(line)
    menu.addAction("One")
    menu.popup(line.mapToGlobal(line.rect().center()))
    for popup in (line.picker, menu):
        shown = popup.grab().toImage()
        far = shown.width() - 1, shown.height() - 1
        assert [shown.pixelColor(x, y).alpha() for x in (0, far[0]) for y in (0, far[1])] == [0] * 4
        assert shown.pixelColor(shown.width() // 2, 2).alpha() == 255
    menu.hide()
    line.picker.hide()


def test_what_is_chosen_in_a_menu_has_a_tick(line: Sentence) -> None:
    menu = Menu(line)
    for name in ("One", "Two"):
        menu.addAction(name).setCheckable(True)
    first, second = menu.actions()
    first.setChecked(True)
    for chosen, other in ((first, second), (second, first)):
        chosen.setChecked(True)
        other.setChecked(False)
        menu.popup(line.mapToGlobal(line.rect().center()))
        drawn = [a.icon().pixmap(16).toImage() for a in (chosen, other)]
        inked = [any(i.pixelColor(x, y).alpha() for x in range(16) for y in range(16)) for i in drawn]
        assert inked == [True, False]
        menu.hide()


def test_the_focus_begins_on_what_can_be_chosen(line: Sentence) -> None:
    view = sentence(False)
    bracket = view.parts[-1]
    assert isinstance(bracket, Bracket)
    off = tuple(replace(c, checked=False) for c in bracket.choices)
    blocked = replace(off[0], id="blocked", reason="Not here.")
    line.show_view(SentenceView((*view.parts[:-1], replace(bracket, choices=(blocked, *off)))))
    opened(line, "defense")
    assert line.picker.cards[1].hasFocus()
    line.picker.hide()
