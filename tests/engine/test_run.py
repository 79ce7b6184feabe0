"""A run: repeatable, resumable, stoppable, honest about knobs; and the truth stays with the judge."""

import gc
import json
import threading
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch

import mi_studio
from mi_studio.core.cards import library
from mi_studio.core.config import resolve, why_not_attack
from mi_studio.core.text import Text
from mi_studio.engine import Run
from mi_studio.engine.access import GradientLeak, LabelApi, MaliciousServer, ScoreApi, WhiteBox
from mi_studio.engine.attacks import r_gap
from mi_studio.engine.case import open_case
from mi_studio.engine.records import RecordApi, RecordFile

PAIRS = [(s.id, a.id) for s in library().scenes for a in library().attacks if not why_not_attack(s, a)]
ONE_EACH = list(
    {attack: (scene, attack) for scene, attack in sorted(PAIRS, key=lambda p: p[0] != "face-login")}.values()
)
"""Each attack in one scene: elsewhere than with faces, where it can, because those take longest."""
ALL = [pair if pair in ONE_EACH else pytest.param(*pair, marks=pytest.mark.stress) for pair in PAIRS]

pytestmark = pytest.mark.usefixtures("small_faces")
SCHEMA = json.loads((Path(mi_studio.__file__).parent / "core" / "result.schema.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def few_iterations(monkeypatch):
    """R-GAP takes all its iterations in however few steps it is given."""
    monkeypatch.setattr(r_gap, "ITERATIONS", 10)


def config(scene, attack, **more):
    return resolve(scene, attack=attack, steps=more.pop("steps", 6), **more)


@pytest.mark.parametrize(("scene", "attack"), ALL)
class TestEveryAttackInEveryScene:
    def test_it_repeats_exactly_and_the_truth_never_reaches_it(self, scene, attack, monkeypatch):
        """The second run's judge holds noise where the first one's holds the private data."""
        honest = list(Run(config(scene, attack, seed=3, steps=3)))
        assert [s.index for s in honest] == list(range(4))
        blind = Run(config(scene, attack, seed=3, steps=3))
        judge = blind._case.judge
        private = {k: v for k, v in vars(judge).items() if torch.is_tensor(v) and v.is_floating_point()}
        assert private
        for name, value in private.items():
            monkeypatch.setattr(judge, name, torch.rand_like(value))
        for a, b in zip(honest, blind, strict=True):
            assert np.array_equal(a.images, b.images)
            assert a.objective == b.objective
            assert a.best == b.best
        assert any(a.scores != b.scores for a, b in zip(honest, blind.history.steps, strict=True))


@pytest.mark.parametrize(("scene", "attack"), ONE_EACH)
class TestEveryAttack:
    def test_another_seed_is_another_run(self, scene, attack):
        ends = [list(Run(config(scene, attack, seed=s)))[-1].images for s in (1, 2)]
        # one starts from grey and draws only shifts, one draws nothing; the others try everything in the end
        if attack not in ("mi-face", "r-gap", "attribute-map", "attribute-map-white-box"):
            assert not np.array_equal(*ends)

    def test_stops_within_one_step_and_keeps_what_was_computed(self, scene, attack):
        run = Run(config(scene, attack, steps=50))
        steps = iter(run)
        for _ in range(4):
            next(steps)
        steps.close()
        assert len(run.history) == 4
        result = run.result()
        assert result["complete"] is False
        assert result["steps"] == 3

    def test_a_pause_changes_nothing(self, scene, attack):
        straight = list(Run(config(scene, attack)))
        paused = Run(config(scene, attack))
        steps = iter(paused)
        halves = [next(steps) for _ in range(3)]
        gc.collect()
        torch.rand(100)  # the attack's randomness is its own
        halves += list(steps)
        assert np.array_equal(straight[-1].images, halves[-1].images)

    def test_the_result_follows_the_schema(self, scene, attack):
        run = Run(config(scene, attack))
        list(run)
        result = run.result()
        jsonschema.validate(result, SCHEMA)
        json.dumps(result, allow_nan=False)
        if library().scene(scene).data == "records":
            assert {"attribute_accuracy", "attribute_without_model"} < set(result["scores"])
            return
        one_record = library().scene(scene).one_record
        assert ("psnr_db" in result["scores"]) is one_record
        assert ("evaluator_top1" in result["scores"]) is not one_record


def test_an_attack_can_reach_nothing_but_its_access():
    for scene, attack in PAIRS:
        case = open_case(config(scene, attack), torch.device("cpu"), None)
        access = case.access
        public = {name for name in vars(access) if not name.startswith("_")}
        allowed = {
            WhiteBox: {"model", "version", "queries"},
            ScoreApi: {"version", "queries"},
            LabelApi: {"version", "queries"},
            RecordApi: {"version", "queries"},
            RecordFile: {"model", "outcomes", "version", "queries"},
            GradientLeak: {"model", "message", "round", "version", "queries"},
            MaliciousServer: {"model", "round", "version", "queries"},
        }[type(access)]
        assert public == allowed
        assert (case.setup.prior is not None) == ("prior" in library().attack(attack).requires)


def test_a_moved_knob_is_recorded_at_its_step_and_makes_the_run_mixed():
    run = Run(config("federated", "inverting-gradients", settings={"gradient-noise": 1}, steps=8))
    for step in run:
        if step.index == 3:
            threading.Thread(target=run.turn, args=({"gradient-noise": 0.1},)).start()
            while not run._pending:
                pass
    (move,) = run.history.moves
    assert (move.step, move.version, move.knob, move.value) == (4, 1, "gradient-noise", 0.1)
    assert [s.knob_version for s in run.history.steps] == [0] * 4 + [1] * 5
    result = run.result()
    assert result["mixed"] is True
    assert result["knob_history"] == [{"step": 4, "version": 1, "knob": "gradient-noise", "value": 0.1}]
    assert result["knobs"]["gradient-noise"] == 0.1
    jsonschema.validate(result, SCHEMA)


def test_a_knob_turned_before_the_first_step_is_not_mixed():
    run = Run(config("federated", "inverting-gradients", settings={"gradient-noise": 1}))
    run.turn({"gradient-noise": 0.25})
    list(run)
    assert run.history.mixed is False
    assert run.result()["mixed"] is False
    assert run.config.values["gradient-noise"] == 0.25


def test_a_defence_that_the_model_was_not_trained_with_is_called_without_effect(monkeypatch):
    known = library()
    catalogue = known.scene("catalogue")
    (bare,) = catalogue.models
    trained = replace(bare, id="other", title=Text("other net", "別のモデル"), provides=("dp-grid",))
    scene = replace(catalogue, provides=("prior",), models=(bare, trained))
    cards = replace(known, scenes=(scene,))
    monkeypatch.setattr("mi_studio.engine.run.library", lambda: cards)
    run = Run(resolve("catalogue", settings={"epsilon": 4}, steps=1, among=cards))
    list(run)
    (entry,) = run.result()["defenses"]
    assert (entry["id"], entry["effective"]) == ("dp-training", False)
    assert entry["reason"]["en"] == "Only the other net was trained in this way."


def test_the_final_picture_is_the_best_by_the_attacks_own_objective():
    run = Run(config("federated", "inverting-gradients", steps=30))
    list(run)
    objectives = [s.objective for s in run.history.steps]
    assert run.history.best_index == int(np.argmin(objectives))
