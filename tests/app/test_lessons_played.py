"""Every lesson is played through on the real window, with real clicks and keys, in both languages."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from fakes import FakeRun
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from mi_studio.app.controller import Controller
from mi_studio.app.lessons import target
from mi_studio.app.widgets.knobs import KnobRow
from mi_studio.app.widgets.lesson import Answer, LessonRow, Point
from mi_studio.app.widgets.picker import ChoiceCard
from mi_studio.app.widgets.tradeoff import TradeoffPage
from mi_studio.core.knobs import Value
from mi_studio.studio import session
from mi_studio.studio.lessons import LessonStep, lessons
from mi_studio.studio.runstate import RunState

Open = Callable[..., Controller]
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
SHIPPED = session.shipped_recording
FIRST = lessons()[1]
SOON, IN_THE_END = 20_000, 300_000
"""Milliseconds that the stand-in for the engine and the engine itself are waited for, at most."""


@pytest.fixture
def school(program: Open, fake: type[FakeRun], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Controller]:
    """Open the program with the shipped recordings, as fast as it goes; live runs are the fake engine's."""
    monkeypatch.setattr(session, "shipped_recording", SHIPPED)
    fake.LIMIT = 6

    def open_it(**options: object) -> Controller:
        controller = program(**options)
        controller.session.set_speed(math.inf)
        return controller

    return open_it


def click(qtbot: QtBot, widget: Any, at: QPoint | None = None) -> None:
    qtbot.waitUntil(lambda: widget.height() > 4)  # what is new has its place
    assert widget.isVisible()
    assert widget.isEnabled()
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at or widget.rect().center())


def settled(qtbot: QtBot, controller: Controller, within: int = 10_000) -> None:
    qtbot.waitUntil(lambda: not controller.timer.isActive(), timeout=within)
    QApplication.processEvents()


def enter(qtbot: QtBot, controller: Controller, number: int) -> None:
    """Open the list of lessons and one of them."""
    window = controller.window
    click(qtbot, window.top.lessons)
    rows = [row for row in window.lesson.rows if isinstance(row, LessonRow)]
    window.lesson.area.ensureWidgetVisible(rows[number])
    click(qtbot, rows[number])
    assert controller.lessons.course.lesson is not None
    settled(qtbot, controller)


def choose(qtbot: QtBot, controller: Controller, slot: str, wanted: str) -> None:
    """Click a bracket of the sentence and the entry in its list."""
    button = target(controller.window, f"sentence.{slot}")
    click(qtbot, button)
    picker = controller.window.sentence.picker
    cards = [card for card in picker.findChildren(ChoiceCard) if card.choice.id == wanted]
    click(qtbot, cards[0])
    if picker.isVisible():
        picker.hide()
    controller.draw()


def turn(qtbot: QtBot, controller: Controller, knob: str, value: Value) -> None:
    """Move a knob to a value by clicks and keys, whatever kind it is."""
    session = controller.session

    def row() -> KnobRow:
        found = target(controller.window, f"knob.{knob}")
        assert isinstance(found, KnobRow)
        return found

    if row().switch.isVisible():
        click(qtbot, row().switch)
    elif row().segmented:
        click(qtbot, row().choice.buttons[[s.value for s in session.intent.knobs[knob].stops].index(value)])
    else:
        stops = [stop.value for stop in session.intent.knobs[knob].stops]
        now, there = (stops.index(v) for v in (session.intent.wish.values[knob], value))
        way = 1 if there > now else -1
        for stop in stops[now + way : there + way if there + way >= 0 else None : way]:
            qtbot.keyClick(row().slider, Qt.Key.Key_PageUp if way > 0 else Qt.Key.Key_PageDown)
            qtbot.waitUntil(lambda stop=stop: session.intent.wish.values[knob] == stop)
            controller.draw()
    assert session.intent.wish.values[knob] == value, knob
    controller.draw()


def do(qtbot: QtBot, controller: Controller, step: LessonStep, within: int = SOON) -> None:
    """Do what a step asks for, as a learner would."""
    window, until = controller.window, step.until
    if step.target.partition(".")[0] == "page" or step.target == "tradeoff.open":
        click(qtbot, target(window, step.target))
    if until.dot:
        point_out(qtbot, window.tradeoff, dict(until.dot))
    for slot, wanted in until.picks:
        if getattr(controller.session.intent.wish, slot) != wanted:
            choose(qtbot, controller, slot, wanted)
    for knob, value in until.knobs:
        value = math.inf if value == "inf" else value
        defense = next((d for d in controller.session.intent.defenses if d.knob.id == knob), None)
        if defense is not None and not defense.is_on(controller.session.intent.wish.values):
            choose(qtbot, controller, "defense", defense.id)
        if controller.session.intent.wish.values[knob] != value:
            turn(qtbot, controller, knob, value)
    course = controller.lessons.course
    if until.run and not controller.session.live and not course.can_go_on:
        click(qtbot, window.timeline.play)  # a moved knob starts the run by itself
    if until.head == "start":
        film = window.timeline.film
        click(qtbot, film, QPoint(round(film.slots()[0][0].center().x()), film.height() // 3))
    qtbot.waitUntil(lambda: course.can_go_on, timeout=within)
    settled(qtbot, controller, within)


def point_out(qtbot: QtBot, page: TradeoffPage, knobs: dict[str, Value]) -> None:
    """Click the entry of the list whose dot has these knobs."""
    assert page._view is not None
    assert page._view.chart is not None
    found = [i for i, d in enumerate(page._view.chart.dots) if knobs.items() <= d.shown.config.values.items()]
    item = page.list.item(found[0])
    page.list.scrollToItem(item)
    place = page.list.visualItemRect(item).center()
    qtbot.mouseClick(page.list.viewport(), Qt.MouseButton.LeftButton, pos=place)


def is_in_sight(window: QWidget, part: QWidget) -> bool:
    """Whether a part lies within the window and nothing that scrolls hides all of it."""
    region = part.visibleRegion().boundingRect()
    return part.isVisible() and region.height() >= min(18, part.height()) and region.width() > 18


PLAYED = [
    pytest.param(lesson, language, id=f"{lesson.id}-{language}", marks=[pytest.mark.stress] * later)
    for i, lesson in enumerate(lessons())
    for language, later in zip(("en", "ja"), (i % 2, (i + 1) % 2), strict=True)
]
"""Every lesson in one language; in the other one in the stress tier."""


@pytest.mark.parametrize(("lesson", "language"), PLAYED)
def test_played_through(qtbot: QtBot, school: Open, lesson: Any, language: str) -> None:
    play(qtbot, school(language=language, scene="customers"), lesson, language)


@pytest.mark.stress
@pytest.mark.parametrize(
    ("lesson", "language"),
    [(x, "ja" if i % 2 else "en") for i, x in enumerate(lessons())],
    ids=lambda x: str(getattr(x, "id", x)),
)
def test_played_through_with_the_engine_itself(
    qtbot: QtBot, school: Open, lesson: Any, language: str
) -> None:
    """No learner has to wait longer for an attack than `IN_THE_END`, on two cores."""
    from mi_studio.app.worker import engine_run

    controller = school(language=language, scene="customers", make_run=engine_run)
    play(qtbot, controller, lesson, language, IN_THE_END)


def play(qtbot: QtBot, controller: Controller, lesson: Any, language: str, within: int = SOON) -> None:
    """Enter a lesson and do all that it asks for, looking at what is shown."""
    window, panel = controller.window, controller.window.lesson
    settled(qtbot, controller)
    enter(qtbot, controller, lesson.number)
    course = controller.lessons.course
    for at, step in enumerate(lesson.steps):
        assert course.progress.at == at
        assert panel.heading.said == step.title.get(language)
        assert panel.text.said == step.text.get(language)
        qtbot.waitUntil(lambda: not controller.lessons._later.isActive())
        if step.target:
            around = target(window, step.target)
            assert around is not None, step.target
            assert is_in_sight(window, around), step.target
            qtbot.waitUntil(controller.lessons.ring.isVisible)
            assert controller.lessons.ring.part is around
        else:
            assert not controller.lessons.ring.isVisible()
        assert panel.next.isEnabled() == (step.kind == "say")
        match step.kind:
            case "predict":
                click(qtbot, panel.rows[-1])
            case "check":
                answer(qtbot, controller, step)
            case "do":
                do(qtbot, controller, step, within)
            case "words":
                write(qtbot, controller, language)
        assert panel.next.isEnabled(), step.title.en
        if step.kind == "do":
            qtbot.waitUntil(controller.lessons.ring.isHidden)  # what is done points nowhere any more
        if step.recall:
            assert panel.recall.said
        panel.next.setFocus()
        qtbot.keyClick(panel.next, Qt.Key.Key_Space)
    assert course.lesson is None
    (row,) = [r for r in panel.rows if r.accessibleName().startswith(f"{lesson.named(language)}. ")]
    assert ("finished" if language == "en" else "修了") in row.accessibleName()


def answer(qtbot: QtBot, controller: Controller, step: LessonStep) -> None:
    """Give a wrong answer first, and learn from it."""
    panel = controller.window.lesson
    right = next(i for i, option in enumerate(step.options) if option.right)
    wrong = (right + 1) % len(step.options)
    click(qtbot, panel.rows[wrong])
    shown = panel.rows[wrong]
    assert isinstance(shown, Answer)
    why = step.options[wrong].why
    assert why is not None
    assert why.get(controller.lessons.language) in shown.why.said
    assert not panel.next.isEnabled()
    panel.rows[right].setFocus()
    qtbot.keyClick(panel.rows[right], Qt.Key.Key_Return)


def write(qtbot: QtBot, controller: Controller, language: str) -> None:
    """Write three sentences; then the check-list comes, and one point is ticked."""
    panel = controller.window.lesson
    for i in range(3):
        assert not panel.rows
        qtbot.keyClicks(panel.sentences[i], "It remembers.")
    assert panel.rows
    assert isinstance(panel.rows[0], Point)
    panel.area.ensureWidgetVisible(panel.rows[0])
    click(qtbot, panel.rows[0])
    assert panel.rows[0].isChecked()
    assert panel.sentences[2].toPlainText() == "It remembers."


def test_next_waits_until_it_was_done(qtbot: QtBot, school: Open) -> None:
    controller = school()
    panel, course = controller.window.lesson, controller.lessons.course
    settled(qtbot, controller)
    enter(qtbot, controller, 1)
    for _ in range(3):
        click(qtbot, panel.next)
    assert course.step.kind == "predict"
    assert not panel.next.isEnabled()
    click(qtbot, panel.rows[0])
    click(qtbot, panel.rows[2])  # second thoughts
    click(qtbot, panel.next)
    assert course.step.kind == "do"
    click(qtbot, panel.next) if panel.next.isEnabled() else None
    assert course.step.kind == "do"
    assert not course.can_go_on
    click(qtbot, controller.window.timeline.play)
    qtbot.waitUntil(lambda: course.can_go_on, timeout=10_000)
    click(qtbot, panel.next)
    assert FIRST.steps[3].options[2].text.en in panel.recall.said


def test_the_space_bar_plays_where_a_step_asks_for_it(qtbot: QtBot, school: Open) -> None:
    """After a click on Next, which then waits, the focus fell on Restart, and Space pressed that."""
    controller = school()
    enter(qtbot, controller, 0)
    course, panel = controller.lessons.course, controller.window.lesson
    while course.step.until.run != "finished":
        click(qtbot, panel.next)
        settled(qtbot, controller)
    focused = QApplication.focusWidget()
    assert focused is panel
    qtbot.keyClick(focused, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: course.can_go_on, timeout=SOON)


def test_a_prediction_is_told_what_came_of_it(qtbot: QtBot, school: Open) -> None:
    controller = school()
    enter(qtbot, controller, 1)
    course = controller.lessons.course
    asked = next(step for step in FIRST.steps if step.kind == "predict")
    told = next(step for step in FIRST.steps if step.recall)
    right = next(i for i, option in enumerate(asked.options) if option.right)
    course.progress.at = FIRST.steps.index(told)
    for option, said in ((right, "Your prediction came true: "), (0, "What happened: ")):
        course.progress.answers[asked.id] = option
        controller.lessons.draw()
        assert said + asked.options[right].text.en in controller.window.lesson.recall.said


def test_what_would_give_it_away_is_covered_until_then(qtbot: QtBot, school: Open) -> None:
    controller = school()
    settled(qtbot, controller)
    enter(qtbot, controller, 1)
    veils = controller.lessons.veils
    covered = [controller.window.timeline.film, controller.window.curve]
    qtbot.waitUntil(lambda: [veil.part for veil in veils if veil.isVisible()] == covered)
    click(qtbot, controller.window.top.lessons)
    assert not any(veil.isVisible() for veil in veils)
    assert not controller.lessons.ring.isVisible()


def test_a_narrow_window_makes_room_for_the_lesson(qtbot: QtBot, school: Open) -> None:
    controller = school(size=(1000, 640))
    window, course = controller.window, controller.lessons.course
    settled(qtbot, controller)
    enter(qtbot, controller, 2)
    qtbot.waitUntil(window.side.isHidden)
    course.progress.at = next(i for i, s in enumerate(lessons()[2].steps) if s.target == "seen")
    controller.draw()
    qtbot.waitUntil(lambda: window.side.isVisible() and controller.lessons.ring.isVisible())
    course.go_on()
    controller.draw()
    qtbot.waitUntil(window.side.isHidden)
    window.resize(1280, 800)
    qtbot.waitUntil(window.side.isVisible)
    click(qtbot, window.top.lessons)
    window.resize(1000, 640)
    assert window.side.isVisible()


def test_back_restart_leave_and_go_on_another_day(qtbot: QtBot, school: Open, program: Open) -> None:
    controller = school()
    panel, course = controller.window.lesson, controller.lessons.course
    settled(qtbot, controller)
    enter(qtbot, controller, 1)
    for _ in range(3):
        click(qtbot, panel.next)
    click(qtbot, panel.rows[1])
    click(qtbot, panel.back)
    assert course.progress.at == 2
    click(qtbot, panel.next)
    assert panel.rows[1].isChecked()
    click(qtbot, panel.leave)
    assert course.lesson is None
    assert panel.isVisible()
    assert "4" in panel.rows[1].accessibleName()
    click(qtbot, panel.leave)
    assert not panel.isVisible()
    controller.close()

    controller = school()
    panel, course = controller.window.lesson, controller.lessons.course
    settled(qtbot, controller)
    enter(qtbot, controller, 1)
    assert course.progress.at == 3
    assert panel.rows[1].isChecked()
    click(qtbot, panel.restart)
    assert course.progress.at == 0
    assert not course.progress.answers


def test_who_goes_astray_is_brought_back(qtbot: QtBot, school: Open) -> None:
    controller = school()
    panel, course = controller.window.lesson, controller.lessons.course
    settled(qtbot, controller)
    enter(qtbot, controller, 1)
    for _ in range(3):
        click(qtbot, panel.next)
    click(qtbot, panel.rows[0])
    click(qtbot, panel.next)
    choose(qtbot, controller, "scene", "federated")
    settled(qtbot, controller)
    assert panel.task.property("task") == "astray"
    assert not panel.next.isEnabled()
    click(qtbot, panel.help)
    assert controller.session.intent.wish.scene == "face-login"
    assert controller.session.state is RunState.PAUSED
    assert panel.task.property("task") == "open"
    click(qtbot, panel.help)  # and now it is done for the learner
    qtbot.waitUntil(lambda: course.can_go_on, timeout=10_000)
    assert panel.task.property("task") == "done"


def test_a_language_chosen_in_between_changes_everything(qtbot: QtBot, school: Open) -> None:
    controller = school()
    panel = controller.window.lesson
    settled(qtbot, controller)
    enter(qtbot, controller, 1)
    click(qtbot, controller.window.top.languages["ja"])
    step = FIRST.steps[0]
    assert panel.heading.said == step.title.ja
    assert panel.next.text() == "次へ"
    click(qtbot, controller.window.top.languages["en"])
    assert panel.text.said == step.text.en


@pytest.mark.parametrize("language", ["en", "ja"])
def test_all_of_it_can_be_reached_by_keys(qtbot: QtBot, school: Open, language: str) -> None:
    controller = school(language=language)
    window, panel = controller.window, controller.window.lesson
    settled(qtbot, controller)
    qtbot.keyClick(window, Qt.Key.Key_F2)
    assert panel.isVisible()
    panel.rows[1].setFocus()
    qtbot.keyClick(panel.rows[1], Qt.Key.Key_Return)
    for _ in range(3):
        controller.lessons.course.go_on()
    controller.draw()
    seen: list[QWidget] = []
    panel.restart.setFocus()
    for _ in range(8):
        focused = QApplication.focusWidget()
        assert focused is not None
        seen.append(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    for part in (panel.restart, panel.leave, *panel.rows, panel.back):
        assert part in seen
        assert part.accessibleName() or part.text()  # type: ignore[attr-defined]


def test_what_is_written_stays_in_sight(qtbot: QtBot, school: Open) -> None:
    controller = school()
    enter(qtbot, controller, 1)
    course, panel = controller.lessons.course, controller.window.lesson
    course.progress.at = next(i for i, step in enumerate(FIRST.steps) if step.kind == "words")
    controller.lessons.draw()
    field = panel.sentences[0]
    before = field.height()
    qtbot.keyClicks(
        field, "A model keeps traces of what it learnt from, and whoever holds it can ask for them. " * 2
    )
    assert field.height() > before
    qtbot.waitUntil(lambda: not field.verticalScrollBar().isVisible())
    assert field.verticalScrollBar().maximum() == 0
