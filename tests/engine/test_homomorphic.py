"""Homomorphic encryption: what the server can read, that equal runs are equal, and what it costs."""

from __future__ import annotations

import importlib

import pytest
import torch
from torch import Tensor

from mi_studio.core import config
from mi_studio.core.cards import library
from mi_studio.core.config import resolve, why_not_defense, why_not_installed
from mi_studio.core.errors import RunError, UsageError
from mi_studio.engine import Run
from mi_studio.engine.defenses import homomorphic, secure_aggregation

CARD = library().defense("homomorphic")
needs_tenseal = pytest.mark.skipif(why_not_installed(CARD) is not None, reason="TenSEAL is not installed")


def message(seed: int) -> list[Tensor]:
    draws = torch.Generator().manual_seed(seed)
    return [torch.randn((60, 40), generator=draws), 1e-6 * torch.randn(70, generator=draws)]


def flat(parts: list[Tensor]) -> Tensor:
    return torch.cat([part.flatten() for part in parts])


@needs_tenseal
def test_the_sum_of_all_is_exact_to_a_unit_and_the_same_whatever_the_keys():
    sent = [message(seed) for seed in range(4)]
    one, other = (homomorphic.combine(sent, "on", 4, seed=3).message for _ in range(2))
    for found, again, *parts in zip(one, other, *sent, strict=True):
        units = sum((part.double() / homomorphic.UNIT).round() for part in parts)
        assert torch.equal(found, again)
        assert torch.equal(found, (units * homomorphic.UNIT).float())


@needs_tenseal
def test_of_fewer_than_all_the_server_reads_noise_whatever_was_sent():
    for few in range(1, 4):
        sent = [message(seed) for seed in range(few)]
        read = flat(homomorphic.combine(sent, "on", 4, seed=3).message)
        true = flat(homomorphic.combine(sent, "off", 4, seed=3).message)
        assert abs(float(torch.corrcoef(torch.stack([read, true]))[0, 1])) < 0.05
        assert torch.equal(read, flat(homomorphic.combine([message(9)] * few, "on", 4, seed=3).message))


@needs_tenseal
def test_the_server_has_no_key_and_a_ciphertext_says_nothing_to_it():
    import tenseal as ts

    holders, server = homomorphic.Holders(ts), homomorphic.Server(ts)
    numbers = torch.arange(1000, dtype=torch.float64)
    total = server.added([holders.encrypted(numbers), holders.encrypted(2 * numbers)])
    with pytest.raises(ValueError, match="secret_key"):
        total.decrypt()
    stranger = homomorphic.Holders(ts)
    with pytest.raises(RunError):
        stranger.decrypted(total, 2)
    assert torch.equal(holders.decrypted(total, 2), 3 * numbers)


@needs_tenseal
def test_zeros_and_anything_else_look_alike_on_the_way():
    import tenseal as ts

    holders = homomorphic.Holders(ts)
    for numbers in (torch.zeros(2048), torch.full((2048,), 1e6)):
        sent = holders.encrypted(numbers).serialize()
        counts = torch.bincount(torch.frombuffer(bytearray(sent[1000:]), dtype=torch.uint8), minlength=256)
        assert float(counts.min()) > 0.5 * float(counts.float().mean())


@needs_tenseal
def test_a_number_too_large_to_be_carried_is_refused():
    with pytest.raises(RunError, match="too large"):
        homomorphic.combine([[torch.tensor([100.0])]] * 4, "on", 4, seed=1)
    with pytest.raises(RunError, match="too large"):
        homomorphic.combine([[torch.tensor([torch.nan])]] * 4, "on", 4, seed=1)


@needs_tenseal
def test_what_it_costs_is_measured_on_the_run():
    run = Run(resolve("hospital", attack="inverting-gradients", target="north", steps=1,
                      settings={"homomorphic": "on", "batch": 1}), threads=1)  # fmt: skip
    list(run)
    traffic = run.utility.traffic
    assert run.utility.value == pytest.approx(1)
    assert 8 < traffic.size / traffic.plain < 13
    assert traffic.seconds > 0
    assert run.result()["utility"]["traffic"]["bytes"] == traffic.size


@needs_tenseal
def test_the_imprint_reads_single_pictures_off_the_decrypted_sum(monkeypatch):
    imprint = importlib.import_module("mi_studio.engine.attacks.imprint")
    monkeypatch.setattr(imprint, "BINS", 16)
    monkeypatch.setattr(imprint, "TRIALS", 1)

    def recovered(defense: str) -> tuple[bytes, float]:
        run = Run(resolve("hospital", attack="imprint", target="together", steps=3,
                          settings={defense: "on", "batch": 1}), threads=1)  # fmt: skip
        list(run)
        return run.history.final.images.tobytes(), float(run.final_scores()["recovered"].mean())

    encrypted, masked = recovered("homomorphic"), recovered("secure-aggregation")
    assert encrypted == masked
    assert encrypted[1] > 0.4


def test_without_the_library_it_can_be_named_but_not_run_and_says_what_to_install(monkeypatch):
    monkeypatch.setattr(config, "_installed", lambda module: False)
    reason = why_not_installed(CARD)
    assert reason is not None
    assert "mi-studio[crypto]" in reason.en
    assert "mi-studio[crypto]" in reason.ja
    assert why_not_defense(library().scene("hospital"), CARD) is None
    run = Run(resolve("hospital", attack="inverting-gradients", settings={"homomorphic": "off"}), threads=1)
    assert run.utility is not None
    with pytest.raises(UsageError, match="crypto"):
        Run(resolve("hospital", attack="inverting-gradients", settings={"homomorphic": "on"}), threads=1)


def test_masks_and_encryption_are_not_on_at_once():
    with pytest.raises(UsageError, match="both hide"):
        resolve("hospital", settings={"homomorphic": "on", "secure-aggregation": "on"})
    both = {"homomorphic": "off", "secure-aggregation": "on"}
    chosen = Run(resolve("hospital", attack="inverting-gradients", target="north", steps=1, settings=both))
    alone = Run(resolve("hospital", attack="inverting-gradients", target="north", steps=1,
                        settings={"secure-aggregation": "on"}))  # fmt: skip
    for one, other in zip(chosen._case.access.message, alone._case.access.message, strict=True):
        assert torch.equal(one, other)
    assert secure_aggregation.combine([message(1)], "off", 1, seed=1).size == 4 * 2470
