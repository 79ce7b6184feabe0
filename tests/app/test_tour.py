"""The tour of the window, and lessons that leave the stage for another page."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from fakes import FakeRun
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot
from test_lessons_played import settled

from mi_studio.app.controller import Controller
from mi_studio.app.lessons import target
from mi_studio.app.widgets.lesson import LessonRow
from mi_studio.app.words import FINISH, OFFER_TOUR, PAGES, START_TOUR, TRADEOFF_OPEN
from mi_studio.core.text import Text
from mi_studio.studio.course import ELSEWHERE
from mi_studio.studio.lessons import lessons

Open = Callable[..., Controller]
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
TRADE_OFF = next(lesson for lesson in lessons() if lesson.id == "nothing-is-free")


def press(qtbot: QtBot, widget: object) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_whoever_is_new_is_offered_the_tour_once(qtbot: QtBot, program: Open) -> None:
    controller = program(language="ja")
    banner = controller.window.banner
    controller.lessons.welcome()
    assert banner.text.said == OFFER_TOUR.ja
    assert banner.act.isVisible()
    press(qtbot, controller.window.top.languages["en"])
    assert banner.act.text() == banner.act.accessibleName() == START_TOUR.en
    press(qtbot, banner.act)
    assert not banner.isVisible()
    assert controller.lessons.course.lesson is lessons()[0]
    assert controller.window.lesson.isVisible()
    controller.close()

    controller = program()
    controller.lessons.welcome()
    assert not controller.window.banner.isVisible()


def test_a_message_takes_the_place_of_the_offer(program: Open) -> None:
    controller = program()
    banner = controller.window.banner
    controller.lessons.welcome()
    banner.show_message("error", OFFER_TOUR)
    assert not banner.act.isVisible()


def test_the_tour_is_in_the_help_too(program: Open) -> None:
    controller = program()
    window = controller.window
    (tour,) = [a for a in window.top.help.menu().actions() if a.text().startswith("Tour")]
    tour.trigger()
    assert controller.lessons.course.lesson is lessons()[0]
    window.retranslate("ja")
    assert tour.text() == "画面のご案内"


def test_what_lessons_call_pages_and_buttons_stands_on_the_screen() -> None:
    said = {lesson.id: Text(*(" ".join(s.text.get(lang) for s in lesson.steps) for lang in ("en", "ja")))
            for lesson in lessons()}  # fmt: skip
    named = [("tour", PAGES[page]) for page in ("tradeoff", "effects", "desk")]
    named += [("tour", FINISH), ("three-defences", PAGES["effects"])]
    named += [(TRADE_OFF.id, title) for title in (PAGES["tradeoff"], TRADEOFF_OPEN)]
    for lesson, title in named:
        assert f"“{title.en}”" in said[lesson].en
        assert f"「{title.ja}」" in said[lesson].ja


def test_after_a_lesson_the_next_one_is_at_hand(qtbot: QtBot, program: Open) -> None:
    controller = program()
    panel, course = controller.window.lesson, controller.lessons.course
    controller.lessons.start_tour()
    course.progress.at = len(lessons()[0].steps) - 1
    controller.draw()
    press(qtbot, panel.next)
    assert course.lesson is None
    following = panel.rows[1]
    assert isinstance(following, LessonRow)
    assert [row.ground for row in panel.rows].index("accent_ground") == 1
    qtbot.waitUntil(following.hasFocus)
    qtbot.keyClick(following, Qt.Key.Key_Return)
    assert course.lesson is lessons()[1]


@pytest.fixture
def on_the_page(program: Open, fake: type[FakeRun]) -> Controller:
    """Lesson 5, with the other page open as it asks for."""
    fake.LIMIT = 6
    controller = program()
    controller.session.set_speed(math.inf)
    controller.window.lesson.show()
    course = controller.lessons.course
    course.open(TRADE_OFF.id)
    course.progress.at = next(i for i, s in enumerate(TRADE_OFF.steps) if s.until.page == "tradeoff")
    controller.draw()
    return controller


def at_dot(controller: Controller, epsilon: float) -> None:
    course = controller.lessons.course
    dots = [dict(s.until.dot).get("epsilon") for s in TRADE_OFF.steps]
    course.progress.at = dots.index(epsilon)
    controller.draw()


def test_the_lesson_goes_along_to_the_other_page(qtbot: QtBot, on_the_page: Controller) -> None:
    window, course = on_the_page.window, on_the_page.lessons.course
    assert window.lesson.isVisible()
    assert not course.can_go_on
    qtbot.waitUntil(on_the_page.lessons.ring.isVisible)
    assert on_the_page.lessons.ring.part is window.top.pages["tradeoff"]
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.page == "tradeoff"
    assert course.can_go_on
    assert window.lesson.isVisible()
    assert window.tradeoff.isAncestorOf(window.lesson)
    press(qtbot, window.lesson.next)
    qtbot.waitUntil(lambda: on_the_page.lessons.ring.part is window.tradeoff.plot)
    window.show_page("stage")
    assert window.lesson.isVisible()
    assert not window.tradeoff.isAncestorOf(window.lesson)


def test_the_smallest_window_has_room_for_lesson_and_chart(qtbot: QtBot, on_the_page: Controller) -> None:
    window = on_the_page.window
    window.resize(1000, 640)
    window.show_page("tradeoff")
    for part in (window.lesson, window.tradeoff.plot, window.tradeoff.list, window.tradeoff.open):
        qtbot.waitUntil(lambda part=part: part.mapTo(window, part.rect().topRight()).x() < 1000 - 12)
        assert part.isVisible()
    assert window.tradeoff.plot.width() >= window.tradeoff.plot.minimumSizeHint().width()


def test_whoever_leaves_the_page_is_led_back(qtbot: QtBot, on_the_page: Controller) -> None:
    window, panel = on_the_page.window, on_the_page.window.lesson
    at_dot(on_the_page, 0.5)
    window.show_page("stage")
    assert panel.task.said == ELSEWHERE.en
    press(qtbot, panel.help)
    assert window.page == "tradeoff"
    assert panel.task.property("task") == "open"


def test_the_dot_that_was_asked_for_counts_and_no_other(qtbot: QtBot, on_the_page: Controller) -> None:
    page, course = on_the_page.window.tradeoff, on_the_page.lessons.course
    on_the_page.window.show_page("tradeoff")
    at_dot(on_the_page, 8)
    page.choose({"epsilon": 2.0})
    assert page.dot is not None
    assert page.dot.shown.config.values["epsilon"] == 2
    assert not course.can_go_on
    press(qtbot, on_the_page.window.lesson.help)  # do it for me
    assert page.dot.shown.config.values["epsilon"] == 8
    assert course.can_go_on


def test_it_is_the_one_that_leaks_least(on_the_page: Controller) -> None:
    """The lesson asks to find it, so it must be so in what is shipped."""
    on_the_page.window.show_page("tradeoff")
    view = on_the_page.window.tradeoff._view
    assert view is not None
    assert view.chart is not None
    least = min((d for d in view.chart.dots if d.front), key=lambda d: d.leak[1])
    assert least.shown.config.values["epsilon"] == 8
    assert view.chart.dots[-1].shown.config.values["epsilon"] == 0.5  # the last entry of the list


def test_from_the_dot_to_the_attack_can_be_done_for_the_learner(
    qtbot: QtBot, on_the_page: Controller
) -> None:
    window, course = on_the_page.window, on_the_page.lessons.course
    window.show_page("tradeoff")
    at_dot(on_the_page, 8)
    press(qtbot, window.lesson.help)
    press(qtbot, window.lesson.next)
    assert course.step.target == "tradeoff.open"
    press(qtbot, window.lesson.help)
    assert window.page == "stage"
    assert on_the_page.session.intent.wish.target == "all"
    qtbot.waitUntil(lambda: course.can_go_on, timeout=10_000)


def test_another_lesson_begins_on_its_own_page(on_the_page: Controller) -> None:
    on_the_page.window.show_page("tradeoff")
    on_the_page.lessons.start_tour()
    assert on_the_page.window.page == "stage"


def test_the_ring_goes_with_what_is_scrolled(qtbot: QtBot, program: Open, fake: type[FakeRun]) -> None:
    controller = program(size=(1280, 720))
    window, desk = controller.window, controller.lessons
    window.lesson.show()
    desk.course.open("what-epsilon-means")
    assert desk.course.lesson is not None
    targets = [step.target for step in desk.course.lesson.steps]
    desk.course.progress.at = targets.index("knob.private-records")
    desk._do(lambda: desk.course._set_up(desk.course.progress.at - 1))
    settled(qtbot, controller)
    row = target(window, "knob.private-records")
    assert row is not None
    qtbot.waitUntil(lambda: desk.ring.part is row and not desk._later.isActive())
    (area,) = (a for a in window.protection.findChildren(QScrollArea) if a.isAncestorOf(row))
    bar, at = area.verticalScrollBar(), desk.ring.geometry()
    assert bar.maximum() > 60
    bar.setValue(60 if bar.value() < 60 else 0)
    qtbot.waitUntil(lambda: desk.ring.geometry() != at or not desk.ring.isVisible())
    for value in (0, bar.maximum()):
        bar.setValue(value)
        seen = row.visibleRegion().boundingRect().height() >= 6
        qtbot.waitUntil(lambda seen=seen: desk.ring.isVisible() == seen)
        bottom = area.mapTo(window, area.rect().bottomLeft()).y()
        assert not seen or desk.ring.geometry().bottom() <= bottom + 12
