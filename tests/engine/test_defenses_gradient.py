"""Coarse gradients: how many levels are left, that nothing is lost on average, what an attacker sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from mi_studio.core.config import resolve
from mi_studio.core.errors import UsageError
from mi_studio.engine import Run
from mi_studio.engine.defenses.gradient_quantise import protect


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


MESSAGE = [normal(1, 40, 30), 1e-4 * normal(2, 40), torch.zeros(7)]


def drawn(seed: int) -> list[Tensor]:
    return [normal(seed + index, *part.shape) for index, part in enumerate(MESSAGE)]


@pytest.mark.parametrize(("value", "levels"), [("8bit", 255), ("4bit", 15), ("2bit", 3)])
def test_each_part_has_few_levels_and_its_largest_stays(value, levels):
    sent = protect(MESSAGE, value, drawn(10))
    for part, true in zip(sent, MESSAGE, strict=True):
        steps = part / (true.abs().max() / (levels // 2)).clamp_min(1e-20)
        torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)
        assert len(steps.round().unique()) <= levels
        assert float(part.abs().max()) == pytest.approx(float(true.abs().max()))


@pytest.mark.parametrize("value", ["8bit", "4bit", "2bit"])
def test_nothing_is_lost_on_average(value):
    mean = torch.stack([protect(MESSAGE, value, drawn(100 * i))[0] for i in range(1, 401)]).mean(0)
    single = (protect(MESSAGE, value, drawn(100))[0] - MESSAGE[0]).square().mean().sqrt()
    # the mean of 400 draws is twenty times as near as one
    assert float((mean - MESSAGE[0]).square().mean().sqrt()) < float(single) / 15


def test_a_sign_and_one_size_are_all_that_is_left():
    for part, true in zip(protect(MESSAGE, "sign", drawn(10)), MESSAGE, strict=True):
        assert torch.equal(part[true != 0].sign(), true[true != 0].sign())
        assert len(part.abs().unique()) == 1
        torch.testing.assert_close(part.abs().mean(), true.abs().mean())


def test_the_same_draw_is_the_same_message_and_noise_before_it_does_not_steer_it():
    draw = drawn(10)
    for one, again in zip(protect(MESSAGE, "2bit", draw), protect(MESSAGE, "2bit", draw), strict=True):
        assert torch.equal(one, again)
    lost = protect(MESSAGE, "2bit", draw)[0] - MESSAGE[0]
    together = torch.stack([lost.flatten(), draw[0].flatten()])
    assert abs(float(torch.corrcoef(together)[0, 1])) < 0.1


def test_switched_off_the_message_is_the_same():
    assert all(a is b for a, b in zip(protect(MESSAGE, "full", drawn(1)), MESSAGE, strict=True))


def test_eight_bits_hide_nothing_and_two_hide_much():
    def psnr(value):
        run = Run(resolve("federated", steps=80, settings={"gradient-quantise": value}))
        list(run)
        result = run.result()
        return result["scores"]["psnr_db"]["value"], result["utility"]["value"]

    (eight, kept), (two, left) = psnr("8bit"), psnr("2bit")
    assert two < eight - 5
    assert kept > 0.99
    assert left < 0.9


def test_the_knob_acts_on_a_running_attack():
    run = Run(resolve("federated", steps=6, settings={"gradient-quantise": "full"}))
    seen = []
    for step in run:
        seen.append(run._case.access.message[0].clone())
        if step.index == 2:
            run.turn({"gradient-quantise": "sign"})
    assert torch.equal(seen[0], seen[2])
    assert len(seen[3].abs().unique()) == 1
    assert run.history.moves[0].step == 3


def test_who_only_asks_an_api_cannot_meet_it():
    with pytest.raises(UsageError, match="no gradient leaves"):
        resolve("catalogue", attack="score-search", defenses=["gradient-quantise"])


def test_two_runs_are_the_same_bit_for_bit():
    runs = [list(Run(resolve("federated", steps=3, settings={"gradient-quantise": "4bit"}))) for _ in "ab"]
    for a, b in zip(*runs, strict=True):
        assert np.array_equal(a.images, b.images)
        assert a.objective == b.objective
