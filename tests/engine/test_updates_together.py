"""Private updates and secure aggregation: what is guaranteed, what the masks hide and what they leave."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
import torch
from torch import Tensor

from mi_studio.core.cards import library
from mi_studio.core.config import resolve, why_not_defense
from mi_studio.engine import Run, gaussian
from mi_studio.engine.case import open_case
from mi_studio.engine.defenses import gradient_dp, secure_aggregation

CPU = torch.device("cpu")


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def message(seed: int) -> list[Tensor]:
    return [normal(seed, 300, 40), 1e-6 * normal(seed + 50, 70)]


@pytest.mark.parametrize(("noise", "rounds"), [(0.5, 1), (1.0, 1), (6.0, 100), (2.0, 10)])
def test_epsilon_is_what_another_library_counts(noise, rounds):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import dp_accounting as dp
        from dp_accounting.pld import PLDAccountant

        event = dp.SelfComposedDpEvent(dp.GaussianDpEvent(noise), rounds)
        expected = PLDAccountant().compose(event).get_epsilon(gaussian.DELTA)
    assert gaussian.epsilon(noise, rounds) == pytest.approx(expected, rel=0.01)


def test_more_noise_promises_more_and_none_nothing():
    spent = [gaussian.epsilon(noise, 100) for noise in (1e-4, 1e-2, 1.0, 10.0, 1000.0)]
    assert spent == sorted(spent, reverse=True)
    assert all(map(math.isfinite, spent))
    assert gaussian.epsilon(0.0) == math.inf


def test_a_private_update_is_no_longer_than_agreed_and_carries_its_noise():
    sent, draw = [10 * part for part in message(1)], message(2)
    bare = gradient_dp.protect(sent, 1e-12, draw)
    assert sum(float(p.square().sum()) for p in bare) ** 0.5 == pytest.approx(gradient_dp.CLIP, rel=1e-4)
    noisy = gradient_dp.protect(sent, 2.0, draw)
    for one, other, noise in zip(noisy, bare, draw, strict=True):
        torch.testing.assert_close(one - other, 2.0 * gradient_dp.CLIP * noise)


def test_the_promise_is_rounded_up_and_shown_with_its_unit():
    run = Run(resolve("federated", steps=1, settings={"gradient-dp": 6.0}))
    list(run)
    assert run.privacy is not None
    assert gaussian.epsilon(6.0, 100) <= run.privacy.epsilon < 8.1
    assert run.result()["privacy"]["unit"] == "one client, 100 rounds"


def test_reconstruction_fails_long_before_epsilon_is_small():
    def psnr(noise):
        run = Run(resolve("federated", steps=80, settings={"gradient-dp": noise}))
        list(run)
        return float(run.final_scores()["psnr_db"].mean()), run.privacy

    bare, _ = psnr(0.0)
    noisy, promised = psnr(0.01)
    assert noisy < bare - 8
    assert promised is not None
    assert promised.epsilon > 1000


def test_masks_cancel_in_the_sum_of_all_and_in_no_other():
    sent = [message(seed) for seed in range(4)]
    plain = secure_aggregation.combine(sent, "off", 4, seed=3).message
    for one, other in zip(secure_aggregation.combine(sent, "on", 4, seed=3).message, plain, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
    for few in range(1, 4):
        read = secure_aggregation.combine(sent[:few], "on", 4, seed=3).message
        true = secure_aggregation.combine(sent[:few], "off", 4, seed=3).message
        together = torch.stack([torch.cat([p.flatten() for p in parts]) for parts in (read, true)])
        assert abs(float(torch.corrcoef(together)[0, 1])) < 0.05


def test_a_masked_update_is_uniform_whatever_it_hides():
    for hidden in (message(1), [torch.zeros_like(part) for part in message(1)]):
        (read, _) = secure_aggregation.combine([hidden], "on", 4, seed=9).message
        reach = secure_aggregation.MODULUS / 2 * secure_aggregation.STEP
        counts = torch.histc(read / reach, 8, -1, 1)
        assert float(counts.min()) > 0.9 * read.numel() / 8


def test_one_hospital_is_hidden_and_the_sum_of_four_is_not():
    def recovered(target, masks):
        run = Run(
            resolve("hospital", attack="imprint", target=target, settings={"secure-aggregation": masks})
        )
        list(run)
        return float(run.final_scores()["recovered"].mean()), run.utility.value

    alone, kept = recovered("north", "on")
    assert alone == 0
    assert kept == pytest.approx(1)  # masks cost nothing
    assert recovered("north", "off")[0] > 0.9
    assert recovered("together", "on")[0] == recovered("together", "off")[0] > 0.9


def test_masks_come_last_in_whatever_order_defences_are_chosen():
    chosen = ("gradient-noise", "gradient-prune", "secure-aggregation")
    messages = []
    for order in itertools.permutations(chosen):
        if order.index("gradient-noise") > order.index("gradient-prune"):
            continue
        config = resolve("hospital", attack="grad-inversion", target="together", defenses=order)
        case = open_case(config, CPU, None)
        case.turn(config.values)
        messages.append([part.numpy().copy() for part in case.access.message])
    for other in messages[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(messages[0], other, strict=True))


def test_where_one_client_sends_alone_there_is_nothing_to_add_up():
    reason = why_not_defense(library().scene("federated"), library().defense("secure-aggregation"))
    assert reason is not None
    assert "several clients" in reason.en
