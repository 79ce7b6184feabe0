"""Random sequences of everything a user can do keep the session's promises."""

from __future__ import annotations

import math

import pytest
from fakes import Clock, FakeEngine, FakeRun, logins
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mi_studio.core.config import OWN_PICTURE
from mi_studio.core.errors import UsageError
from mi_studio.studio.lanes import Role
from mi_studio.studio.presenter import Presenter
from mi_studio.studio.runstate import RunState
from mi_studio.studio.session import Session


class User(RuleBasedStateMachine):
    """Does anything at any moment, while the engine works, breaks, and time passes."""

    def __init__(self, scene: str | None = None) -> None:
        super().__init__()
        cards = logins()
        self.engine = FakeEngine(type("Run", (FakeRun,), {"LIMIT": 8, "CARDS": cards}))
        self.clock = Clock()
        self.session = Session(self.engine, self.clock, scene=scene, among=cards, shipped=lambda _: None)
        self.presenters = [Presenter(self.session, language) for language in ("en", "ja")]
        self.recording = None

    @rule()
    def play_or_pause(self) -> None:
        was_playing = self.session.playing
        self.session.toggle_play()
        assert self.session.playing is not was_playing

    @rule(by=st.sampled_from([-1, 1]))
    def step(self, by: int) -> None:
        before = self.session.position
        had_run = self.session.main is not None
        self.session.step(by)
        assert self.session.state is not RunState.RUNNING
        if had_run:
            assert abs(self.session.position - before) <= 1

    @rule(index=st.integers(-3, 12))
    def scrub(self, index: int) -> None:
        state = self.session.state
        self.session.scrub(index)
        assert self.session.state is state

    @rule(same=st.booleans())
    def restart(self, same: bool) -> None:
        seed = self.session.intent.wish.seed
        self.session.restart(same)
        assert self.session.intent.wish.seed == seed + (not same)
        assert self.session.position == 0

    @rule(speed=st.sampled_from([0.25, 1, 4, math.inf]))
    def speed(self, speed: float) -> None:
        self.session.set_speed(speed)

    @rule(data=st.data())
    def turn(self, data: st.DataObject) -> None:
        knob = data.draw(st.sampled_from(sorted(self.session.intent.knobs)))
        stops = [s.value for s in self.session.intent.knobs[knob].stops]
        self.session.intent.turn(knob, data.draw(st.sampled_from(stops)))

    @rule(data=st.data())
    def pick(self, data: st.DataObject) -> None:
        view = self.presenters[0].view().sentence
        bracket = data.draw(st.sampled_from([p for p in view.parts if not isinstance(p, str)]))
        choice = data.draw(st.sampled_from(bracket.choices))
        try:
            self.session.intent.pick(bracket.slot, choice.id)
        except UsageError:
            # the program asks for a picture first where there is none yet
            assert choice.reason or (choice.id == OWN_PICTURE and self.session.intent.wish.picture is None)

    @rule(back=st.booleans())
    def undo(self, back: bool) -> None:
        self.session.intent.undo() if back else self.session.intent.redo()

    @rule(rounds=st.integers(1, 12), seconds=st.sampled_from([0.0, 0.02, 0.5, 30.0]))
    def time_passes(self, rounds: int, seconds: float) -> None:
        for _ in range(rounds):
            self.engine.work()
            self.clock.pass_(seconds / rounds)
            self.session.tick()

    @rule(at=st.sampled_from([None, 0, 3]))
    def engine_breaks(self, at: int | None) -> None:
        self.engine.make.fail_at = at

    @precondition(lambda self: self.session.main is not None and self.session.main.history.steps)
    @rule()
    def save(self) -> None:
        self.recording = self.session.save()

    @precondition(lambda self: self.recording is not None)
    @rule()
    def open_recording(self) -> None:
        self.session.open_recording(self.recording)
        assert self.session.filming

    @invariant()
    def head_is_on_the_film(self) -> None:
        main = self.session.main
        assert 0 <= self.session.position <= (main.reached if main else 0)

    @invariant()
    def histories_are_whole(self) -> None:
        for _, lane in self.session.lanes:
            assert [s.index for s in lane.history.steps] == list(range(len(lane.history)))

    @invariant()
    def verdict_never_from_a_mixed_run(self) -> None:
        judged = self.session.lanes.judged
        assert judged is None or not judged.mixed or judged is not self.session.main

    @invariant()
    def fresh_and_twin_are_never_mixed(self) -> None:
        assert not any(lane.mixed for role, lane in self.session.lanes if role is not Role.MAIN)

    @invariant()
    def only_a_moving_stage_lets_the_engine_go(self) -> None:
        self.session.tick()
        if self.engine.going:
            assert self.session.playing or self.session.state is RunState.FINISHED

    @invariant()
    def engine_holds_no_forgotten_run(self) -> None:
        wanted = {lane.ticket for _, lane in self.session.lanes}
        assert set(self.engine.runs) <= wanted

    @invariant()
    def no_run_faces_a_model_trained_in_two_ways(self) -> None:
        trained = [d.knob for d in self.session.intent.defenses if d.acts == "trained"]
        for run, _ in self.engine.runs.values():
            assert sum(run.values.get(knob.id, knob.off) != knob.off for knob in trained) <= 1

    @invariant()
    def the_choice_can_run(self) -> None:
        wish = self.session.intent.wish
        assert wish.config(self.session.intent.cards).scene == wish.scene

    @invariant()
    def the_screen_can_be_drawn(self) -> None:
        for presenter in self.presenters:
            view = presenter.view()
            main = self.session.main
            assert bool(view.mixed) == (main is not None and main.mixed)
            assert view.timeline.position <= view.timeline.reached <= view.timeline.total
            assert len(view.panes) >= 2

    def teardown(self) -> None:
        self.session.quit()
        self.session.tick()
        assert self.session.state is RunState.STOPPING
        assert not self.engine.runs


def _run(examples: int, scene: str | None = None) -> None:
    run_state_machine_as_test(
        lambda: User(scene),
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_user_who_does_anything() -> None:
    _run(30)


def test_a_user_among_models_trained_in_different_ways() -> None:
    _run(15, "logins")


@pytest.mark.stress
def test_two_hundred_users_who_do_anything() -> None:
    _run(200)
    _run(200, "logins")
