"""Walking through lessons without a window."""

from __future__ import annotations

import json
import math

import pytest
from fakes import Clock, FakeEngine, FakeRun

from mi_studio.studio.course import ASTRAY, Course
from mi_studio.studio.lessons import Lesson, lessons
from mi_studio.studio.session import Session

(LESSON,) = (lesson for lesson in lessons() if lesson.id == "recipe-book")


@pytest.fixture
def stage() -> tuple[Session, FakeEngine]:
    """A stage with the shipped recordings, over the fake engine."""
    engine = FakeEngine(FakeRun)
    clock = Clock()
    made = Session(engine, clock, scene="customers")
    made.set_speed(math.inf)

    def go() -> None:
        for _ in range(60):
            engine.work()
            clock.pass_(0.2)
            made.tick()

    made.go = go  # type: ignore[attr-defined]
    return made, engine


def at_the_play_step(session: Session) -> Course:
    course = Course(session)
    course.open("recipe-book")
    for _ in range(3):
        course.go_on()
    course.answer(2)
    course.go_on()
    assert course.step.until.run == "finished"
    return course


def test_a_lesson_begins_with_its_stage_at_the_beginning(stage: tuple[Session, FakeEngine]) -> None:
    session, _ = stage
    course = Course(session)
    course.open("recipe-book")
    assert session.intent.wish.scene == "face-login"
    assert session.main is not None
    assert session.position == 0
    assert not session.playing


def test_only_the_run_that_was_asked_for_counts(stage: tuple[Session, FakeEngine]) -> None:
    session, _ = stage
    course = at_the_play_step(session)
    course.look()
    assert not course.can_go_on
    session.intent.pick("scene", "federated")
    session.go()  # type: ignore[attr-defined]
    course.look()
    assert not course.can_go_on  # something was watched to its end, but not this
    view = course.view("en")
    assert view is not None
    assert (view.task, view.told) == ("astray", ASTRAY.en)
    course.help()
    assert session.intent.wish.scene == "face-login"
    course.help()
    session.go()  # type: ignore[attr-defined]
    course.look()
    assert course.can_go_on


def test_a_film_seen_by_scrubbing_counts_as_seen(stage: tuple[Session, FakeEngine]) -> None:
    session, _ = stage
    course = at_the_play_step(session)
    assert session.main is not None
    session.scrub(session.main.reached)
    course.look()
    assert course.can_go_on


def test_what_was_done_stays_done(stage: tuple[Session, FakeEngine]) -> None:
    session, _ = stage
    course = at_the_play_step(session)
    course.help()
    session.go()  # type: ignore[attr-defined]
    course.look()
    session.scrub(3)
    course.look()
    assert course.can_go_on


def test_a_wrong_answer_may_be_followed_by_the_right_one(stage: tuple[Session, FakeEngine]) -> None:
    session, _ = stage
    course = Course(session)
    course.open("recipe-book")
    lesson = course.lesson
    assert lesson is not None
    course.progress.at = next(i for i, s in enumerate(lesson.steps) if s.kind == "check")
    right = next(i for i, option in enumerate(course.step.options) if option.right)
    course.answer((right + 1) % 3)
    assert not course.can_go_on
    course.go_on()
    course.answer(right)
    assert course.can_go_on


def test_it_goes_on_where_it_was_left_and_with_the_run_that_is_spoken_of(
    stage: tuple[Session, FakeEngine],
) -> None:
    session, _ = stage
    course = at_the_play_step(session)
    course.help()
    session.go()  # type: ignore[attr-defined]
    course.look()
    course.go_on()
    there = course.progress.at
    course.leave()
    course.open("recipe-book")
    assert course.progress.at == there  # the stage still stands
    another = Course(Session(FakeEngine(FakeRun), Clock(), scene="customers"), course.kept)
    another.open("recipe-book")
    assert another.step.until.run == "finished"  # what is spoken of must be on the stage first
    assert another.session.intent.wish.scene == "face-login"
    assert another.progress.answers == course.progress.answers


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "nonsense",
        "[1]",
        '{"recipe-book": 3}',
        '{"recipe-book": {"at": 999, "answers": {"what-comes-out": 77, "x": 1}, "ticks": ["a", 99]}}',
        '{"recipe-book": {"at": true, "sentences": [1, null, {}, 4], "answers": [1], "finished": "yes"}}',
    ],
)
def test_nonsense_that_was_kept_does_no_harm(stage: tuple[Session, FakeEngine], kept: str) -> None:
    session, _ = stage
    course = Course(session, kept)
    course.open("recipe-book")
    progress = course.progress
    assert 0 <= progress.at < len(LESSON.steps)
    assert not progress.answers
    assert not progress.ticks
    assert not progress.finished
    assert len(progress.sentences) == 3
    assert course.view("ja") is not None
    assert json.loads(course.kept)


def test_the_list_says_which_lesson_to_go_on_with(stage: tuple[Session, FakeEngine]) -> None:
    def following(*finished: int) -> int:
        kept = {lessons()[i].id: {"finished": True} for i in finished}
        return Course(stage[0], json.dumps(kept)).contents("en").following

    assert following() == 0
    assert following(0) == 1
    assert following(2) == 3  # whoever left some out is not sent back at once
    assert following(7) == 0
    assert following(*range(8)) == -1


def test_a_knob_on_its_way_is_not_astray(stage: tuple[Session, FakeEngine]) -> None:
    session, _ = stage
    course = Course(session)
    course.open("three-defences")
    lesson = course.lesson
    assert lesson is not None
    at = next(i for i, s in enumerate(lesson.steps) if dict(s.until.knobs) == {"gradient-noise": 2})
    session.set_up(lambda intent: lesson.choose(at - 1, intent))
    course.progress.at = at
    session.intent.turn("gradient-noise", 1)
    view = course.view("en")
    assert view is not None
    assert view.task == "open"
    session.intent.turn("gradient-prune", 0.9)
    view = course.view("en")
    assert view is not None
    assert view.task == "astray"


def test_drawing_a_step_again_works_nothing_out_again(
    stage: tuple[Session, FakeEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    course = at_the_play_step(stage[0])
    course.view("en")
    monkeypatch.setattr(Lesson, "wanted", lambda *_: pytest.fail("it was worked out again"))
    course.look()
    assert course.view("en") is not None


def test_the_list_names_the_step_at_which_a_lesson_goes_on(stage: tuple[Session, FakeEngine]) -> None:
    """It said the step where the learner was, and opened at the last run, two steps before."""
    session, _ = stage
    course = at_the_play_step(session)
    session.toggle_play()
    stage[0].go()  # type: ignore[attr-defined]
    course.look()
    for _ in range(2):
        course.go_on()
    there = course.progress.at
    later = Course(session, course.kept)
    place = next(i for i, lesson in enumerate(lessons()) if lesson.id == "recipe-book")
    for scene, at in ((None, there), ("customers", 4)):
        if scene:
            session.intent.pick("scene", scene)  # another run is wanted on the stage
        assert later.contents("en").lessons[place][4] == f"goes on at {at + 1} of {len(LESSON.steps)}"
    later.open("recipe-book")
    assert later.progress.at == 4
