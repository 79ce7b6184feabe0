"""Naming only the class is no cure: what two attacks get from names alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mi_studio.core.config import resolve
from mi_studio.engine import Run
from mi_studio.engine.access import LabelApi, Setup
from mi_studio.engine.attacks import brep_mi, lokt

CPU = torch.device("cpu")
MARGIN = 0.3
"""By how much the judge's recognition must exceed what unrelated pictures get; set before it was measured."""


class Row:
    """A prior whose pictures are its latents."""

    latent, view = 16, 0

    def __call__(self, z: Tensor, view: Tensor | None = None) -> Tensor:
        return torch.sigmoid(z).reshape(-1, 1, 4, 4)


class Corners(nn.Module):
    """Four classes: the brightest of four quarters of a picture."""

    def forward(self, x: Tensor) -> Tensor:
        return 8 * nn.functional.avg_pool2d(x, 2).flatten(1)


def api(model: nn.Module | None = None) -> LabelApi:
    return LabelApi(model or Corners(), ("a", "b", "c", "d"))


def setup(steps: int, seed: int = 0, targets: tuple[int, ...] = (0, 3), turns: int = 1) -> Setup:
    return Setup(targets, (1, 4, 4), seed, steps, CPU, Row(), turns=turns)


@pytest.mark.parametrize("attack", [brep_mi.attack, lokt.attack])
class TestFromNamesAlone:
    def test_what_it_hands_in_lies_inside_the_class(self, attack) -> None:
        *_, last = attack(api(), setup(15))
        scores = Corners()(last.images).softmax(1)
        assert scores.argmax(1).tolist() == [0, 3]
        first = next(iter(attack(api(), setup(15))))
        chance = Corners()(first.images).softmax(1)
        assert scores[[0, 1], [0, 3]].mean() > chance[[0, 1], [0, 3]].mean() + 0.1

    def test_it_repeats_and_another_seed_differs(self, attack) -> None:
        ends = [[p.images.clone() for p in attack(api(), setup(5, seed))][-1] for seed in (1, 1, 2)]
        assert torch.equal(ends[0], ends[1])
        assert not torch.equal(ends[0], ends[2])

    def test_it_notices_another_model(self, attack) -> None:
        class Turned(Corners):
            turned = False

            def forward(self, x: Tensor) -> Tensor:
                return super().forward(x).flip(1) if self.turned else super().forward(x)

        model = Turned()
        access = api(model)
        for index, progress in enumerate(attack(access, setup(24))):
            if index == 9:
                model.turned = True
                access.version += 1
            last = progress.images
        assert Corners()(last).argmax(1).tolist() == [3, 0]

    def test_every_answer_is_counted(self, attack) -> None:
        access = api()
        asked = []
        answer = access.query
        access.query = lambda images: asked.append(len(images)) or answer(images)  # type: ignore[method-assign]
        list(attack(access, setup(6)))
        assert access.queries == sum(asked) > 0

    @pytest.mark.parametrize("turns", [1, 2, 4])
    def test_a_step_asks_for_those_only_whose_turn_it_is(self, attack, turns: int) -> None:
        access, asked = api(), []
        for _ in attack(access, setup(20 * turns, targets=(0, 1, 2, 3), turns=turns)):
            asked.append(access.queries)
        steps = [b - a for a, b in itertools.pairwise(asked)]
        each = {brep_mi.attack: brep_mi.SAMPLES + 1, lokt.attack: lokt.STARTS}[attack]
        assert set(steps[-2 * turns :]) == {each * 4 // turns}

    def test_those_that_take_turns_all_get_as_far(self, attack) -> None:
        *_, last = attack(api(), setup(40, targets=(0, 1, 2, 3), turns=2))
        scores = Corners()(last.images).softmax(1)
        assert scores.argmax(1).tolist() == [0, 1, 2, 3]


def test_a_sphere_is_no_wider_than_what_the_prior_draws() -> None:
    """An API that calls everything the target must not be told apart from ever wider spheres."""
    access = LabelApi(lambda images: torch.ones(len(images), 1), ("a",))
    *_, last = brep_mi.attack(access, setup(30, targets=(0,)))
    assert -last.objective == pytest.approx(brep_mi.CAP * Row.latent**0.5)


@pytest.mark.stress
def test_the_surrogate_recovers_garments_from_names_alone() -> None:
    run = Run(resolve("catalogue", attack="lokt", target="all", seed=2))
    list(run)
    found = float(run.final_scores()["evaluator_top1"].mean())
    assert found >= run.base_rates["evaluator_top1"] + MARGIN
    assert {kind.view.kind for kind in run.history.steps} == {"labels"}


def test_coarser_answers_change_nothing_for_who_wants_a_name_only() -> None:
    ends = []
    for settings in ({}, {"granularity": "label"}, {"granularity": "round1"}):
        run = Run(resolve("catalogue", attack="brep-mi", target="bag", steps=4, settings=settings))
        ends.append([step.images for step in run][-1])
    assert np.array_equal(ends[0], ends[1])
    assert np.array_equal(ends[0], ends[2])
