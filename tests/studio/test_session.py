from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from fakes import Clock, FakeEngine, FakeRun, logins

from mi_studio.core.cards import Library, library
from mi_studio.core.config import OWN_PICTURE
from mi_studio.core.errors import BadFileError, UsageError
from mi_studio.core.recording import Recording
from mi_studio.core.text import Text
from mi_studio.studio.lanes import Failure, Lane, Role
from mi_studio.studio.runstate import RunState
from mi_studio.studio.session import LONGEST_STRIDE, SETTLE_SECONDS, Session

CARD = library().attack("inverting-gradients")
RATE = CARD.steps / CARD.typical_seconds
"""Steps a second played back at speed 1."""


class Stage:
    """A session with a fake engine and a clock that is wound by hand."""

    def __init__(
        self,
        scene: str = "federated",
        shipped: Callable[..., Recording | None] | None = None,
        among: Library | None = None,
    ) -> None:
        cards = among or library()
        self.engine = FakeEngine(type("Run", (FakeRun,), {"CARDS": cards}))
        self.clock = Clock()
        self.session = Session(
            self.engine, self.clock, scene=scene, among=cards, shipped=shipped or (lambda _: None)
        )
        self.told: list[Failure] = []
        self.session.told.connect(self.told.append)

    def work(self, rounds: int = 1) -> None:
        self.engine.work(rounds)
        self.session.tick()

    def rest(self) -> None:
        """Let a moved knob come to rest."""
        self.clock.pass_(SETTLE_SECONDS + 0.01)
        self.session.tick()

    def watch(self, seconds: float) -> None:
        """Let a film go on."""
        for _ in range(math.ceil(seconds / 0.1)):
            self.clock.pass_(min(seconds, 0.1))
            self.session.tick()

    def role(self, role: Role) -> Lane | None:
        return self.session.lanes[role]

    def run_to_end(self) -> None:
        self.session.start()
        self.work(FakeRun.LIMIT + 1)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def a_recording(**knobs: float) -> Recording:
    stage = Stage()
    for knob, value in knobs.items():
        stage.session.intent.turn(knob.replace("_", "-"), value)
    stage.run_to_end()
    return stage.session.save()


def test_play_runs_to_the_end(stage: Stage) -> None:
    session = stage.session
    session.toggle_play()
    assert session.state is RunState.STARTING
    session.tick()
    assert session.state is RunState.RUNNING
    stage.work(5)
    assert session.position == 4
    assert session.live
    stage.work(100)
    assert session.state is RunState.FINISHED
    assert not session.live
    assert session.main.result is not None
    assert len(session.main.history) == FakeRun.LIMIT + 1


def test_pause_and_resume(stage: Stage) -> None:
    session = stage.session
    session.toggle_play()
    stage.work(3)
    session.toggle_play()
    assert session.state is RunState.PAUSED
    assert not stage.engine.going
    stage.work(3)
    assert session.position == 2
    session.toggle_play()
    stage.work(1)
    assert session.position == 3


def test_steps(stage: Stage) -> None:
    session = stage.session
    session.step(1)
    session.tick()
    assert session.state is RunState.PAUSED
    assert session.position == 0
    session.step(1)
    session.step(1)
    assert session.live
    session.tick()
    assert not session.live
    assert session.position == 2
    session.step(-1)
    assert session.position == 1
    session.step(1)
    assert session.position == 2
    assert session.main.reached == 2
    for _ in range(9):
        session.step(-1)
    assert session.position == 0


def test_scrubbing_looks_back_while_the_run_goes_on(stage: Stage) -> None:
    session = stage.session
    session.toggle_play()
    stage.work(10)
    session.scrub(3)
    stage.work(2)
    assert session.state is RunState.RUNNING
    assert session.position == 3
    assert session.main.reached == 11
    session.scrub(11)
    stage.work(1)
    assert session.position == 12


def test_a_new_seed_is_the_next_one_and_the_old_run_is_the_ghost(stage: Stage) -> None:
    session = stage.session
    stage.run_to_end()
    seed = session.intent.wish.seed
    before = session.main
    session.restart(same_seed=True)
    assert session.intent.wish.seed == seed
    assert session.earlier is None
    session.restart(same_seed=False)
    stage.work(100)
    assert session.main.config.seed == seed + 1
    assert session.earlier is None or session.earlier.config.seed == seed
    session.restart(same_seed=False)
    assert session.earlier is not before
    assert session.earlier.config.seed == seed + 1


def test_a_defence_from_the_start_has_a_twin_and_is_not_mixed(stage: Stage) -> None:
    session = stage.session
    session.intent.turn("gradient-noise", 0.5)
    session.toggle_play()
    stage.work(3)
    twin = stage.role(Role.TWIN)
    assert twin.config.defenses == ()
    assert twin.config.seed == session.main.config.seed
    assert twin.reached == session.main.reached == 2
    stage.work(100)
    assert session.state is RunState.FINISHED
    assert session.lanes.judged is session.main


def test_no_defence_no_twin(stage: Stage) -> None:
    stage.session.toggle_play()
    stage.work(3)
    assert stage.role(Role.TWIN) is None


def test_a_whole_undefended_run_serves_as_the_twin_later(stage: Stage) -> None:
    session = stage.session
    stage.run_to_end()
    session.intent.turn("gradient-noise", 0.5)
    stage.rest()
    assert session.state is RunState.STARTING
    assert len(stage.engine.made) == 2  # the first, and the defended one; not the twin again
    assert stage.role(Role.TWIN).ended
    assert stage.role(Role.TWIN).reached == FakeRun.LIMIT
    assert session.notes["gradient-noise"].kind == "restarted"
    stage.work(100)
    assert not session.main.mixed
    assert session.state is RunState.FINISHED


def test_a_moved_knob_makes_the_run_mixed_and_judges_by_a_fresh_one(stage: Stage) -> None:
    session = stage.session
    session.toggle_play()
    stage.work(5)
    session.intent.turn("gradient-noise", 0.25)
    assert session.notes["gradient-noise"].kind == "pending"
    stage.work(1)
    assert session.main.mixed
    assert (session.notes["gradient-noise"].kind, session.notes["gradient-noise"].step) == ("acts", 5)
    assert session.main.history.moves[0].step == 5
    assert session.lanes.judged is None
    session.intent.turn("gradient-noise", 0.5)  # still moving
    stage.work(1)
    stage.rest()
    fresh = stage.role(Role.FRESH)
    assert fresh.config.values["gradient-noise"] == 0.5
    assert stage.role(Role.TWIN) is not None
    assert session.lanes.judged is fresh
    stage.work(100)
    assert session.state is RunState.FINISHED
    assert not fresh.mixed
    assert fresh.ended


def test_a_newer_setting_replaces_the_fresh_run(stage: Stage) -> None:
    session = stage.session
    session.toggle_play()
    stage.work(3)
    session.intent.turn("gradient-noise", 0.25)
    stage.work(1)
    stage.rest()
    first = stage.role(Role.FRESH)
    session.intent.turn("gradient-noise", 1)
    stage.work(1)
    stage.rest()
    assert stage.role(Role.FRESH) is not first
    assert first.ticket not in stage.engine.runs
    reached = first.reached
    stage.work(1)
    assert first.reached == reached  # its late steps go nowhere


def test_moved_and_moved_back_before_the_next_step_is_not_mixed(stage: Stage) -> None:
    session = stage.session
    session.toggle_play()
    stage.work(3)
    session.intent.turn("gradient-noise", 0.25)
    session.intent.turn("gradient-noise", 0)
    stage.work(1)
    stage.rest()
    assert not session.main.mixed
    assert session.notes == {}
    assert stage.role(Role.FRESH) is None


def test_moved_before_the_first_step_is_not_mixed(stage: Stage) -> None:
    session = stage.session
    session.toggle_play()
    session.tick()
    session.intent.turn("gradient-noise", 0.25)
    stage.work(2)
    stage.rest()
    assert not session.main.mixed
    assert session.main.config.values["gradient-noise"] == 0.25
    assert session.notes == {}
    assert stage.role(Role.FRESH) is None


def test_a_fixed_knob_restarts(stage: Stage) -> None:
    session = stage.session
    session.toggle_play()
    stage.work(5)
    session.intent.turn("picture-size", 64)
    assert session.state is RunState.STARTING
    assert session.notes["picture-size"].kind == "restarted"
    stage.work(2)
    assert session.position == 1


def test_another_choice_while_running_runs_that(stage: Stage) -> None:
    session = stage.session
    session.toggle_play()
    stage.work(5)
    session.intent.pick("target", "rocket")
    stage.work(1)
    assert session.main.config.target == "rocket"
    session.toggle_play()
    session.intent.pick("model", "pooled-cnn")
    assert session.state is RunState.IDLE
    assert session.main is None


def test_a_knob_while_idle_only_changes_the_choice(stage: Stage) -> None:
    stage.session.intent.turn("gradient-noise", 0.5)
    stage.rest()
    assert stage.session.state is RunState.IDLE
    assert not stage.engine.made


def test_failure_of_the_attack(stage: Stage) -> None:
    stage.engine.make.fail_at = 4
    session = stage.session
    session.intent.turn("gradient-noise", 0.5)
    session.toggle_play()
    stage.work(10)
    assert session.state is RunState.FAILED
    assert "the engine broke" in stage.told[0].details
    assert session.main.reached == 3
    assert not session.live
    stage.engine.make.fail_at = None
    session.toggle_play()
    stage.work(100)
    assert session.state is RunState.FINISHED


def test_failure_to_open(stage: Stage) -> None:
    stage.engine.make.fail_on_open = BadFileError(Text("There are no weights.", "重みファイルがありません。"))
    stage.session.toggle_play()
    stage.session.tick()
    assert stage.session.state is RunState.FAILED
    assert stage.told[0].sentence.ja == "重みファイルがありません。"
    assert stage.session.main is None
    assert not stage.session.live


def test_speed(stage: Stage) -> None:
    session = stage.session
    session.set_speed(0.25)
    assert stage.engine.speed == 0.25 * RATE
    session.set_speed(math.inf)
    assert math.isinf(stage.engine.speed)
    session.open_recording(a_recording())
    stage.watch(0.001)
    assert session.state is RunState.FINISHED
    with pytest.raises(ValueError, match="positive"):
        session.set_speed(0)


def test_a_shipped_recording_plays_at_once_and_play_at_its_end_goes_live() -> None:
    recorded = a_recording()
    stage = Stage(shipped=lambda _: recorded)
    session = stage.session
    session.open_scene()
    assert session.state is RunState.RUNNING
    assert session.filming
    assert not stage.engine.made
    stage.clock.pass_(5.5 / RATE)
    assert session.tick()
    assert session.position == 5
    session.toggle_play()
    assert session.state is RunState.PAUSED
    stage.watch(10)
    assert session.position == 5
    session.toggle_play()
    stage.watch(10)
    assert session.state is RunState.FINISHED
    session.toggle_play()
    assert session.state is RunState.STARTING
    stage.work(3)
    assert session.replay == ""
    assert session.position == 2


def test_a_knob_moved_during_the_shipped_recording_goes_live_unmixed() -> None:
    recorded = a_recording()
    stage = Stage(shipped=lambda _: recorded)
    session = stage.session
    session.open_scene()
    session.intent.turn("gradient-noise", 0.5)
    stage.rest()
    stage.work(3)
    assert session.main.config.values["gradient-noise"] == 0.5
    assert not session.main.mixed
    assert session.earlier is not None
    assert not session.filming


def test_an_opened_recording_plays_again() -> None:
    stage = Stage()
    session = stage.session
    session.open_recording(a_recording(gradient_noise=0.5))
    assert session.intent.wish.values["gradient-noise"] == 0.5
    assert stage.role(Role.TWIN) is not None
    stage.watch(10)
    assert session.state is RunState.FINISHED
    session.toggle_play()
    assert session.filming
    assert session.position == 0
    session.restart(same_seed=True)
    assert session.state is RunState.STARTING


def test_a_finished_run_can_be_watched_again(stage: Stage) -> None:
    stage.run_to_end()
    stage.session.toggle_play()
    assert stage.session.filming
    stage.session.scrub(7)
    assert stage.session.position == 7
    stage.clock.pass_(1.5 / RATE)
    stage.session.tick()
    assert stage.session.position == 8


def test_a_foreign_recording_is_refused(stage: Stage) -> None:
    from dataclasses import replace

    recorded = a_recording()
    with pytest.raises(BadFileError, match="not installed"):
        stage.session.open_recording(replace(recorded, config=replace(recorded.config, target="nobody")))
    assert stage.session.state is RunState.IDLE


def test_own_picture_and_its_recording(stage: Stage) -> None:
    session = stage.session
    session.intent.pick("scene", "catalogue")
    session.bring("me.png", np.full((40, 50, 3), 9, np.uint8))
    assert session.intent.wish.scene == "federated"
    stage.run_to_end()
    assert session.main.config.target == OWN_PICTURE
    assert session.main.secret.max() == 9
    recorded = session.save()
    assert recorded.config.image is None

    other = Stage()
    other.session.open_recording(recorded)
    other.session.restart(same_seed=True)
    assert other.told
    assert other.session.main is not None
    assert not other.engine.made


@pytest.mark.parametrize(("knob", "value"), [("gradient-noise", 0.5), ("picture-size", 64.0)])
def test_what_cannot_be_made_again_stays_on_the_stage(stage: Stage, knob: str, value: float) -> None:
    stage.session.bring("me.png", np.full((40, 50, 3), 9, np.uint8))
    stage.run_to_end()
    other = Stage()
    other.session.open_recording(stage.session.save())
    other.session.intent.turn(knob, value)
    other.rest()
    assert len(other.told) == 1
    assert other.session.main is not None
    assert other.session.notes == {}
    assert not other.engine.made


def test_nothing_to_save(stage: Stage) -> None:
    with pytest.raises(UsageError, match="nothing to save"):
        stage.session.save()


def test_undo_takes_the_stage_along(stage: Stage) -> None:
    session = stage.session
    session.toggle_play()
    stage.work(3)
    session.intent.turn("gradient-noise", 0.5)
    stage.work(1)
    session.intent.undo()
    stage.work(1)
    assert [m.value for m in session.main.history.moves] == [0.5, 0.0]
    session.intent.pick("scene", "catalogue")
    session.intent.undo()
    assert session.intent.wish.scene == "federated"
    assert session.state is RunState.IDLE


def test_quit(stage: Stage) -> None:
    session = stage.session
    session.toggle_play()
    stage.work(3)
    session.quit()
    assert session.state is RunState.STOPPING
    for act in (session.toggle_play, lambda: session.step(1), lambda: session.restart(True), session.quit):
        act()
    session.intent.turn("gradient-noise", 0.5)
    stage.work(3)
    assert session.state is RunState.STOPPING
    session.stopped()
    assert session.state is RunState.IDLE


def test_a_film_stalls_with_the_screen_instead_of_jumping(stage: Stage) -> None:
    stage.engine.make.LIMIT = 500
    stage.session.start()
    stage.work(501)
    stage.session.toggle_play()
    stage.clock.pass_(8)
    stage.session.tick()
    assert stage.session.position == int(LONGEST_STRIDE * RATE)


def test_without_protection_there_is_no_twin_to_compare_with(stage: Stage) -> None:
    session = stage.session
    session.intent.turn("gradient-noise", 0.5)
    session.toggle_play()
    stage.work(4)
    assert stage.role(Role.TWIN) is not None
    session.intent.turn("gradient-noise", 0)
    stage.work(2)
    stage.rest()
    assert session.main.mixed
    assert stage.role(Role.FRESH) is not None
    assert stage.role(Role.TWIN) is None


def test_a_protection_taken_off_before_the_first_step_takes_its_twin_along(stage: Stage) -> None:
    session = stage.session
    session.intent.turn("gradient-noise", 0.5)
    session.toggle_play()
    session.intent.turn("gradient-noise", 0)
    stage.work(2)
    stage.rest()
    assert not session.main.mixed
    assert stage.role(Role.TWIN) is None


def test_the_twin_follows_a_live_knob_that_is_no_protection() -> None:
    stage = Stage("catalogue")
    session = stage.session
    session.intent.turn("epsilon", 1.0)
    session.toggle_play()
    stage.work(4)
    session.intent.turn("private-records", 2000.0)
    stage.work(2)
    stage.rest()
    assert stage.role(Role.FRESH).config.values["private-records"] == 2000
    assert stage.role(Role.TWIN).config.values["private-records"] == 2000


def test_a_knob_that_cannot_reach_the_attacker_leaves_the_run_unmixed() -> None:
    stage = Stage("catalogue")
    session = stage.session
    session.toggle_play()
    stage.work(4)
    session.intent.toggle("output-restriction", True)
    stage.work(2)
    stage.rest()
    stage.work(2)
    assert not session.main.mixed
    assert session.notes == {}
    assert stage.role(Role.FRESH) is None
    assert stage.role(Role.TWIN) is not None  # which shows that nothing changes


def test_rivals_go_to_the_run_together() -> None:
    stage = Stage("logins", among=logins())
    session = stage.session
    session.intent.toggle("mid", True)
    session.toggle_play()
    stage.work(4)
    session.intent.toggle("bido", True)
    stage.work(2)
    moves = session.main.history.moves
    assert {(m.step, m.knob, m.value) for m in moves} == {(4, "mid", "off"), (4, "bido", "on")}
    assert {k: n.kind for k, n in session.notes.items()} == {"mid": "acts", "bido": "acts"}
    stage.rest()
    assert stage.role(Role.FRESH).config.values["bido"] == "on"
    assert stage.role(Role.TWIN) is not None


def test_a_run_never_faces_two_trained_defences_though_one_of_them_is_idle() -> None:
    stage = Stage("logins", among=logins())
    session = stage.session
    session.intent.pick("model", "ready")
    session.intent.toggle("mid", True)  # of which there is no such model
    session.toggle_play()
    stage.work(3)
    session.intent.toggle("mid", False)
    stage.work(2)
    assert not session.main.mixed
    session.intent.turn("epsilon", 4)
    stage.work(2)
    assert session.main.mixed
    assert (session.main.values["mid"], session.main.values["epsilon"]) == ("off", 4)
    assert set(session.notes) == {"epsilon"}


def test_moved_and_moved_back_while_paused_drops_the_run_from_the_start(stage: Stage) -> None:
    session = stage.session
    session.toggle_play()
    stage.work(4)
    session.toggle_play()
    session.intent.turn("gradient-noise", 0.5)
    stage.rest()
    assert stage.role(Role.FRESH) is not None
    session.intent.turn("gradient-noise", 0)
    stage.rest()
    assert session.notes == {}
    assert stage.role(Role.FRESH) is None
    session.toggle_play()
    stage.work(2)
    assert not session.main.mixed


def test_why_a_mixed_run_has_no_verdict(stage: Stage) -> None:
    session = stage.session
    session.toggle_play()
    stage.work(4)
    session.intent.turn("gradient-noise", 0.5)
    stage.work(1)
    assert session.missing == "waits"
    stage.engine.make.fail_on_open = RuntimeError("no room")
    stage.rest()
    stage.work(1)
    assert (session.lanes.judged, session.missing) == (None, "failed")
    stage.engine.make.fail_on_open = None
    session.intent.turn("gradient-noise", 1)
    stage.work(1)
    stage.rest()
    assert session.missing == "waits"
    stage.work(100)
    mixed = session.save()
    session.open_recording(mixed)
    assert (session.lanes.judged, session.missing) == (None, "recorded")


def test_a_mixed_run_that_breaks_has_stopped(stage: Stage) -> None:
    stage.engine.make.fail_at = 8
    session = stage.session
    session.toggle_play()
    stage.work(4)
    session.intent.turn("gradient-noise", 0.5)
    stage.work(20)
    assert session.state is RunState.FAILED
    assert (session.lanes.judged, session.missing) == (None, "stopped")


def test_a_recording_of_half_a_run_hands_nothing_in(stage: Stage) -> None:
    session = stage.session
    session.toggle_play()
    stage.work(5)
    half = session.save()
    session.open_recording(half)
    stage.watch(1000)
    shown, final = session.shown(session.main)
    assert (shown.index, final) == (4, False)
    assert not session.main.complete
