"""Output defences: what they let out, in which order they act, whom they reach and what they cost."""

from __future__ import annotations

import importlib
from itertools import islice, permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mi_studio.core.cards import library
from mi_studio.core.config import resolve
from mi_studio.core.errors import UsageError
from mi_studio.engine import Run
from mi_studio.engine.answering import Answering
from mi_studio.engine.case import open_case
from mi_studio.engine.defenses import output_noise, purifier
from mi_studio.engine.defenses.output_perturbation import mean_answers, shielded

OUTPUTS = [d for d in library().defenses if d.acts == "output"]
COARSE = "output-restriction"
GENTLE = [d for d in OUTPUTS if d.id != COARSE]
"""Those that withhold nothing."""


@pytest.fixture(scope="module", autouse=True)
def quickly_taught():
    """What must hold of any cleaning holds of one that has hardly learnt; `TestPurifier` has the real one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(purifier, "STEPS", 10)
        yield


def scores_of(logits: list[list[float]]) -> Tensor:
    return torch.tensor(logits).softmax(1)


LOGITS = st.integers(2, 7).flatmap(
    lambda classes: st.lists(
        st.lists(st.floats(-40, 40, width=32), min_size=classes, max_size=classes), min_size=1, max_size=6
    )
)


def reference(classes: int) -> Tensor:
    draws = torch.Generator().manual_seed(classes)
    return (4 * torch.randn((60, classes), generator=draws)).softmax(1)


def answering(defenses, classes):
    return Answering(defenses, lambda: reference(classes))


def values_of(draw) -> dict[str, str | float]:
    values: dict[str, str | float] = {}
    for defense in OUTPUTS:
        numbers = [s.value for s in defense.knob.stops]
        ways = st.sampled_from(numbers)
        values[defense.knob.id] = draw(
            ways | st.floats(min(numbers), max(numbers)) if defense.knob.continuous else ways
        )
    return values


@settings(max_examples=60, deadline=None)
@given(LOGITS, st.data())
def test_whatever_acts_after_whatever_valid_answers_leave(logits, data):
    scores = scores_of(logits)
    classes = scores.shape[1]
    chosen = data.draw(st.permutations(OUTPUTS)).copy()[: data.draw(st.integers(1, len(OUTPUTS)))]
    values = values_of(data.draw)
    out, by_hand = answering(chosen, classes)(scores, values), scores
    for defense in chosen:
        before = by_hand
        by_hand = answering([defense], classes)(by_hand, values)
        assert by_hand.shape == scores.shape
        assert bool(torch.isfinite(by_hand).all())
        assert float(by_hand.min()) >= 0
        if defense.id != COARSE:  # rounding may add up to a little more or less than one
            torch.testing.assert_close(by_hand.sum(1), before.sum(1), rtol=1e-5, atol=1e-6)
            assert not bool((by_hand[before == 0] > 0).any())
        if defense.id != COARSE and "labels" not in defense.reaches:
            assert torch.equal(by_hand.argmax(1), before.argmax(1))
    assert torch.equal(out, by_hand)


def test_the_order_in_which_they_were_chosen_is_the_order_in_which_they_act():
    scores = scores_of([[2.0, 1.0, 0.5, 0.0], [0.0, 3.0, 1.0, 1.0]])
    values = {d.knob.id: d.knob.default for d in OUTPUTS} | {"granularity": "round1"}
    ends = {
        tuple(answering(order, 4)(scores, values).flatten().tolist())
        for order in islice(permutations(OUTPUTS), 0, None, 13)
    }
    assert len(ends) > 5
    rounded_last = answering([*GENTLE, library().defense(COARSE)], 4)(scores, values)
    torch.testing.assert_close(rounded_last, rounded_last.mul(10).round() / 10)


def test_what_one_withholds_none_of_the_later_ones_gives_back():
    coarse = library().defense(COARSE)
    values = {d.knob.id: d.knob.default for d in OUTPUTS}
    scores = reference(5)
    for gentle in GENTLE:
        for kind, shown in (("label", "labels"), ("top1", "top"), ("top3", "top"), ("full", "scores")):
            chain = answering([coarse, gentle], 5)
            assert chain.kind(values | {"granularity": kind}) == shown
            out = chain(scores, values | {"granularity": kind})
            assert int((out > 0).sum(1).max()) <= {"label": 1, "top1": 1, "top3": 3, "full": 5}[kind]


@settings(max_examples=40, deadline=None)
@given(LOGITS)
def test_switched_off_nothing_is_touched(logits):
    scores = scores_of(logits)
    off = {d.knob.id: d.knob.off for d in OUTPUTS}
    assert answering(OUTPUTS, scores.shape[1])(scores, off) is scores


def test_only_those_that_can_change_a_label_are_said_to_reach_who_sees_labels_alone():
    scores = scores_of([[1.0, 0.99, 0.98], [3.0, 2.9, 2.8]])
    for defense in GENTLE:
        strongest = {defense.knob.id: defense.knob.stops[-1].value}
        many = (0.05 * torch.randn((300, 3), generator=torch.Generator().manual_seed(0))).softmax(1)
        changed = answering([defense], 3)(torch.cat([scores, many]), strongest)
        kept = torch.equal(changed.argmax(1), torch.cat([scores, many]).argmax(1))
        assert kept == ("labels" not in defense.reaches)


class TestNoise:
    def test_the_same_question_has_the_same_answer_whatever_else_is_asked_with_it(self):
        scores = reference(5)
        together = output_noise.answer(scores, 0.3)
        assert torch.equal(together, output_noise.answer(scores, 0.3))
        assert torch.equal(together[7:8], output_noise.answer(scores[7:8], 0.3))
        last_digits = scores[7:8] * (1 + 1e-7)
        torch.testing.assert_close(together[7:8], output_noise.answer(last_digits, 0.3))

    def test_fresh_noise_would_average_out_and_this_does_not(self, monkeypatch):
        asked = torch.tensor([[0.5, 0.3, 0.2]])
        error = [
            float((torch.cat([output_noise.answer(asked, 0.05) for _ in range(400)]).mean(0) - asked).norm())
        ]
        fresh = []
        for index in range(400):
            monkeypatch.setattr(output_noise, "OWNERS_KEY", str(index).encode())
            fresh.append(output_noise.answer(asked, 0.05))
        error.append(float((torch.cat(fresh).mean(0) - asked).norm()))
        single = float((torch.cat(fresh) - asked).norm(dim=1).mean())
        assert error[0] > 0.02
        assert error[1] < single / 5

    def test_it_is_as_strong_as_it_says(self):
        even = torch.full((4000, 2), 0.5) + torch.linspace(-0.2, 0.2, 4000)[:, None] * torch.tensor([1.0, -1])
        moved = (output_noise.answer(even, 0.05) - even)[:, 0]
        # of two scores that add up to one, each moves by half of the difference of two draws
        assert float(moved.std()) == pytest.approx(0.05 / 2**0.5, rel=0.06)
        assert abs(float(moved.mean())) < 0.004


class TestPerturbation:
    @settings(max_examples=40, deadline=None)
    @given(LOGITS, st.floats(0, 1), st.integers(0, 1000))
    def test_it_keeps_to_its_budget_and_nothing_within_it_says_less(self, logits, budget, seed):
        scores = scores_of(logits).clamp_min(1e-6)
        scores /= scores.sum(1, keepdim=True)
        means = mean_answers(reference(scores.shape[1]))
        goal = means[scores.argmax(1)]
        out = shielded(scores, means, budget)
        assert float((out - scores).abs().sum(1).max()) / 2 <= budget + 1e-5

        def divergence(rows: Tensor) -> Tensor:
            return (rows * (rows.clamp_min(1e-30) / goal).log()).sum(1)

        draws = torch.Generator().manual_seed(seed)
        for _ in range(20):
            other = (3 * torch.randn(scores.shape, generator=draws)).softmax(1)
            far = (other - scores).abs().sum(1, keepdim=True) / 2
            other = scores + (other - scores) * (budget / far.clamp_min(1e-9)).clamp_max(1)
            assert bool((divergence(out) <= divergence(other) + 1e-4).all())

    def test_without_bounds_all_answers_of_a_label_are_alike(self):
        scores = reference(4)
        means = mean_answers(scores)
        torch.testing.assert_close(shielded(scores, means, 1.0), means[scores.argmax(1)], atol=1e-4, rtol=0)

    def test_a_label_that_nothing_was_given_is_its_own_mean(self):
        assert mean_answers(torch.tensor([[0.9, 0.1, 0.0]]))[2].tolist() == [0, 0, 1]

    def test_it_knows_the_model_that_now_answers(self):
        config = resolve("catalogue", attack="score-search",
                         settings={"output-perturbation": 1, "epsilon": "inf"})  # fmt: skip
        case = open_case(config, torch.device("cpu"), None)
        pictures = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        before = case.access.query(pictures)
        case.turn(config.values | {"epsilon": 1.0})
        moved = case.access.query(pictures)
        fresh = open_case(config.turned({"epsilon": 1.0}), torch.device("cpu"), None)
        assert torch.equal(moved, fresh.access.query(pictures))
        assert not torch.equal(moved, before)


class TestPurifier:
    @pytest.fixture(autouse=True)
    def taught_in_full(self, monkeypatch):
        monkeypatch.setattr(purifier, "STEPS", 300)

    def test_the_fewer_numbers_pass_the_less_is_left_of_an_answer(self):
        scores = reference(5)
        off = []
        for numbers in ("four", "two", "one"):
            cleaned = purifier.prepared(lambda: scores)(scores, numbers)
            off.append(float((cleaned - scores).square().sum(1).mean()))
        alike = shielded(scores, mean_answers(scores), 1.0)
        assert off[0] < off[1] < off[2] < float((alike - scores).square().sum(1).mean())

    def test_it_is_taught_the_same_again_and_disturbs_nobodys_draws(self):
        scores = reference(5)
        torch.manual_seed(3)
        first = purifier.teach(scores, 1)
        drawn = torch.rand(3)
        torch.manual_seed(3)
        assert torch.equal(drawn, torch.rand(3))
        with torch.no_grad():  # as when an attacker asks
            again = purifier.teach(scores, 1)
        for one, other in zip(first.parameters(), again.parameters(), strict=True):
            assert torch.equal(one, other)
            assert not one.requires_grad

    def test_its_examples_are_photos_that_the_model_has_not_learnt_from(self, monkeypatch):
        seen = []
        monkeypatch.setattr(
            purifier, "teach", lambda examples, numbers: seen.append(examples) or purifier.Autoencoder(5, 1)
        )
        config = resolve("catalogue", attack="score-search", settings={"purifier": "one"})
        case = open_case(config, torch.device("cpu"), None)
        case.access.query(torch.rand(2, 1, 28, 28))
        tested, _ = case._tested()
        torch.testing.assert_close(seen[0], tested[::10])
        assert len(seen[0]) == 500
        assert not torch.allclose(seen[0], case._reference())


@pytest.mark.parametrize("defense", GENTLE, ids=lambda d: d.id)
class TestInARun:
    def test_the_holder_of_the_model_sees_no_difference(self, defense):
        plain = list(Run(resolve("catalogue", attack="latent-search", steps=4)))
        run = Run(resolve("catalogue", attack="latent-search", steps=4, defenses=[defense.id]))
        for a, b in zip(plain, run, strict=True):
            assert np.array_equal(a.images, b.images)
            assert (a.objective, a.view) == (b.objective, b.view)
        assert run.effective[defense.id] is defense.without_effect["white-box"]

    def test_a_gradient_attacker_cannot_meet_it(self, defense):
        with pytest.raises(UsageError, match="nobody asks the model"):
            resolve("federated", defenses=[defense.id])

    def test_the_knob_acts_on_the_next_question(self, defense):
        config = resolve("catalogue", attack="score-search", settings={defense.knob.id: defense.knob.off})
        case = open_case(config, torch.device("cpu"), None)
        pictures = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        plain = case.access.query(pictures)
        case.turn(config.values | {defense.knob.id: defense.knob.default})
        assert not torch.equal(case.access.query(pictures), plain)
        case.turn(config.values)
        assert torch.equal(case.access.query(pictures), plain)

    def test_what_it_costs_is_measured_whoever_attacks(self, defense):
        worths = []
        for attack in ("score-search", "latent-search"):
            config = resolve("catalogue", attack=attack, settings={defense.knob.id: defense.knob.off})
            case = open_case(config, torch.device("cpu"), None)
            assert case.worth().utility == case._card.utility
            case.turn(config.values | {defense.knob.id: defense.knob.stops[-1].value})
            worths.append(case.worth().utility)
            case.turn(config.values)
            assert case.worth().utility.distortion is None
        assert worths[0] == worths[1]
        assert worths[0].n == case._card.utility.n
        assert 0 < worths[0].distortion < 1
        kept = worths[0].value == pytest.approx(case._card.utility.value, abs=1e-3)
        assert kept == ("labels" not in defense.reaches)


def test_the_price_is_measured_once_for_each_setting(monkeypatch):
    config = resolve("catalogue", attack="score-search", settings={"temperature": 5})
    case = open_case(config, torch.device("cpu"), None)
    asked = []
    scores = type(case)._scores
    monkeypatch.setattr(type(case), "_scores", lambda self, x: asked.append(len(x)) or scores(self, x))
    first = case.worth()
    assert sum(asked) == first.utility.n
    case.turn(config.values | {"temperature": 20.0})
    assert case.worth().utility.distortion > first.utility.distortion
    assert sum(asked) == first.utility.n


@pytest.mark.parametrize("scene", ["handwriting", "face-login", "customers"])
def test_every_api_can_have_them_all(scene, request):
    if scene == "face-login":
        request.getfixturevalue("small_faces")
    card = library().scene(scene)
    attack = next(a for a in library().attacks if a.access == "scores" and a.data == card.data)
    run = Run(resolve(scene, attack=attack.id, steps=1, defenses=[d.id for d in OUTPUTS]))
    list(run)
    assert all(reason is None for reason in run.effective.values())
    document = run.result()
    if scene != "customers":
        assert document["utility"]["distortion"] > 0


def test_the_module_of_each_has_one_of_the_two_forms():
    for defense in OUTPUTS:
        module = importlib.import_module(defense.module)
        assert hasattr(module, "answer") != hasattr(module, "prepared")
