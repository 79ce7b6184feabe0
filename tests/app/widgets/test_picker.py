from __future__ import annotations

from dataclasses import replace

import pytest
from faces import session
from gallery import sentence
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mi_studio.app import icons
from mi_studio.app.widgets.common import Label, Menu
from mi_studio.app.widgets.picker import PartIcon, Picker, Thumbnail
from mi_studio.app.widgets.sentence import Sentence
from mi_studio.core.cards import library
from mi_studio.studio.presenter import Presenter
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


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_head_is_wider_than_the_choices(line: Sentence, language: str) -> None:
    line.retranslate(language)
    line.show_view(sentence(language == "ja"))
    for slot in ("defense", "attack"):
        opened(line, slot)
        picker = line.picker
        head = picker.title.sizeHint().width() + picker.hint.sizeHint().width()
        assert head + 2 * 16 <= picker.cards[0].width() + Picker.BAR, slot
        picker.close()


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


@pytest.fixture
def people(qtbot: QtBot) -> Sentence:
    line = Sentence()
    qtbot.addWidget(line)
    line.show_view(Presenter(session("eight", 0), "en").view().sentence)
    line.resize(1240, 60)
    with qtbot.waitExposed(line):
        line.show()
    opened(line, "target")
    return line


def left(line: Sentence) -> list[str]:
    return [card.choice.title for card in line.picker.cards if card.isVisible()]


def test_sixty_people_stand_side_by_side_below_the_walls(people: Sentence) -> None:
    picker = people.picker
    assert len(picker.cards) == 62
    assert left(people)[:3] == ["All 60 people", "Eight people", "Naoki Shirakawa"]
    walls, first, second = picker.cards[:2], picker.cards[2:5], picker.cards[5:8]
    assert len({c.y() for c in walls}) == len({c.y() for c in first}) == len({c.y() for c in second}) == 1
    assert walls[0].y() < first[0].y() < second[0].y()
    assert all(card.findChildren(Thumbnail) for card in picker.cards)
    assert picker.width() <= 1000
    assert max(c.geometry().right() for c in picker.cards) < picker._area.viewport().width()
    picker.hide()


def test_no_name_is_cut(people: Sentence) -> None:
    people.picker.hide()
    people.show_view(Presenter(session("eight", 0), "ja").view().sentence)
    opened(people, "target")
    for card in people.picker.cards:
        for label in card.findChildren(Label):
            words = label.text().replace("・", "・\n").replace(" ", "\n").split("\n")
            assert max(label.fontMetrics().horizontalAdvance(w) for w in words) <= label.width(), label.said
            assert label.heightForWidth(label.width()) <= label.height(), label.said
    people.picker.hide()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("shirak", "Naoki Shirakawa"),
        ("SHIRAKAWA nao", "Naoki Shirakawa"),
        ("白川", "Naoki Shirakawa"),  # by the name in the other language, too
        ("白川直樹", "Naoki Shirakawa"),
        ("エリアス モンテイロ", "Elias Monteiro"),
    ],
)
def test_a_name_is_found_as_it_is_typed(people: Sentence, typed: str, found: str, qtbot: QtBot) -> None:
    people.picker.search.setText(typed)
    assert left(people) == [found]
    with qtbot.waitSignal(people.picked) as picked:
        QTest.keyClick(people.picker.search, Qt.Key.Key_Return)
    assert picked.args == ["target", found.lower().replace(" ", "-")]
    assert not people.picker.isVisible()


def test_typing_on_the_list_searches_and_an_unknown_name_is_said(people: Sentence) -> None:
    picker = people.picker
    assert picker.search.hasFocus()
    QTest.keyClick(picker.search, Qt.Key.Key_Down)
    assert picker.cards[1].hasFocus()  # the one that is chosen
    QTest.keyClicks(picker.cards[1], "q")
    QTest.keyClicks(picker.search, "qqq")
    assert picker.search.text() == "qqqq"
    assert left(people) == []
    assert picker.none.isVisible()
    picker.search.clear()
    assert len(left(people)) == 62
    assert not picker.none.isVisible()
    QTest.keyClick(picker.search, Qt.Key.Key_Escape)
    assert not picker.isVisible()


def test_tiles_are_walked_in_both_directions(people: Sentence) -> None:
    picker = people.picker
    QTest.keyClick(picker.search, Qt.Key.Key_Down)
    at = picker.cards[1]
    for key, to in (
        (Qt.Key.Key_Down, 4),
        (Qt.Key.Key_Down, 7),
        (Qt.Key.Key_Left, 6),
        (Qt.Key.Key_Left, 5),
        (Qt.Key.Key_Up, 2),
        (Qt.Key.Key_Up, 0),
    ):
        QTest.keyClick(at, key)
        at = picker.cards[to]
        assert at.hasFocus(), to
    QTest.keyClick(at, Qt.Key.Key_Up)
    assert picker.search.hasFocus()
    picker.hide()


def test_the_chosen_person_is_in_sight(people: Sentence, qtbot: QtBot) -> None:
    people.picker.hide()
    people.show_view(Presenter(session("rosalind-petherick", 0), "en").view().sentence)
    opened(people, "target")
    chosen = next(c for c in people.picker.cards if c.isChecked())
    area = people.picker._area.viewport()
    qtbot.waitUntil(lambda: area.rect().contains(chosen.mapTo(area, chosen.rect().center())))
    people.picker.hide()


def test_after_many_choices_come_few_again(people: Sentence) -> None:
    people.picker.hide()
    opened(people, "model")
    assert not people.picker.search.isVisible()
    assert len(people.picker.cards) == 3
    opened_again = people.picker.cards[0]
    QTest.keyClick(opened_again, Qt.Key.Key_Escape)
