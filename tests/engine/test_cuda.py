"""On CUDA, where there is one: every attack runs there, begins as on the processor, and knobs act."""

import logging

import numpy as np
import pytest
import torch

from mi_studio.core.cards import library
from mi_studio.core.config import resolve, why_not_attack
from mi_studio.engine import Run
from mi_studio.engine.attacks import r_gap
from mi_studio.engine.stepper import Stepper

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA"),
    pytest.mark.usefixtures("small_faces"),
]

PAIRS = [(s.id, a.id) for s in library().scenes for a in library().attacks if not why_not_attack(s, a)]
STEPS = 12


@pytest.mark.parametrize(("scene", "attack"), PAIRS)
def test_every_attack_begins_as_on_the_processor_and_goes_on(scene, attack, monkeypatch, caplog):
    monkeypatch.setattr(r_gap, "ITERATIONS", 10)
    with caplog.at_level(logging.INFO, "mi_studio"):
        there = list(Run(resolve(scene, attack=attack, steps=STEPS, device="cuda")))
    here = list(Run(resolve(scene, attack=attack, steps=STEPS, device="cpu")))
    assert [s.index for s in there] == [s.index for s in here]
    apart = np.abs(there[0].images.astype(int) - here[0].images.astype(int))
    assert apart.mean() < 2
    assert all(np.isfinite(s.objective) for s in there)
    assert there[-1].queries == here[-1].queries
    assert "capture failed" not in caplog.text


def test_a_moved_knob_acts_on_captured_steps():
    def end(move: bool) -> np.ndarray:
        run = Run(resolve("federated", attack="inverting-gradients", settings={"gradient-noise": 0.0001},
                          steps=30, device="cuda"))  # fmt: skip
        for step in run:
            if move and step.index == 15:
                run.turn({"gradient-noise": 1.0})
        return run.history.final.images

    assert not np.array_equal(end(False), end(True))


def test_another_model_is_captured_anew():
    run = Run(resolve("catalogue", attack="latent-search", settings={"epsilon": 8}, steps=40, device="cuda"))
    seen = []
    for step in run:
        seen.append(step.objective)
        if step.index == 30:
            run.turn({"epsilon": 1})
    assert run.history.mixed
    assert abs(seen[31] - seen[30]) > 0.01


def test_a_stepper_replays_what_it_captured():
    place = torch.zeros(1, device="cuda")

    def step() -> None:
        place.add_(1)

    stepper = Stepper(step, torch.device("cuda"))
    for _ in range(10):
        stepper()
    assert place.item() == 10
    assert stepper._graph is not None
