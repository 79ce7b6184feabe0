"""PRECODE: what is put into the model, whom the drawings stop, and who gets past them."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch
from torch import nn

from mi_studio.core.config import resolve
from mi_studio.core.errors import UsageError
from mi_studio.engine import Run, models
from mi_studio.engine.case import open_case
from mi_studio.engine.defenses import precode
from mi_studio.engine.rounds import Round, client_update

inverting = importlib.import_module("mi_studio.engine.attacks.inverting_gradients")
CPU = torch.device("cpu")
BODY = 6
"""Parts of the strided net's update that belong to the layers before the bottleneck."""


def net(architecture: str = "strided-cnn") -> nn.Module:
    torch.manual_seed(1)
    return models.build(architecture, size=32)


def picture() -> torch.Tensor:
    return torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(2))


def opened(value: float, scene: str = "federated", **choice):
    return open_case(resolve(scene, settings={"precode": value}, **choice), CPU, None)


@pytest.mark.parametrize("architecture", ["strided-cnn", "pooled-cnn", "sigmoid-net"])
def test_the_bottleneck_stands_before_the_last_layer_and_all_else_is_as_it_was(architecture):
    plain = net(architecture)
    before = {name: part.clone() for name, part in plain.named_parameters()}
    wider = precode.extended(plain, 16.0, seed=1)
    assert dict(plain.named_parameters()).keys() == before.keys()
    after = dict(wider.named_parameters())
    assert list(after)[: len(before) - 2] == list(before)[:-2]
    assert list(after)[-2:] == ["head.last.weight", "head.last.bias"]
    for name, part in before.items():
        assert torch.equal(after[name.replace("head.", "head.last.")], part)
    features = before["head.weight"].shape[1]
    added = sum(part.numel() for part in after.values()) - sum(part.numel() for part in before.values())
    assert added == 2 * 16 * (features + 1) + features * (16 + 1)


def test_every_pass_draws_anew_each_picture_by_itself_and_without_drawing_it_is_the_mean():
    wider = precode.extended(net(), 64.0, seed=1)
    twice = picture().repeat(2, 1, 1, 1)
    with torch.no_grad():
        one, other = wider(twice), wider(twice)
        assert not torch.equal(one, other)
        assert not torch.equal(one[0], one[1])
        still = precode.drawing(wider, "")
        assert torch.equal(still(twice), still(twice))
        # the last two layers are linear: the mean of many drawings is what the mean gives
        features = wider.get_submodule("body")(picture()).repeat(precode.DRAWINGS, 1)
        many = wider.get_submodule("head")(features)
        off = (many.mean(0) - still(twice)[0]).abs() / (many.std(0) / precode.DRAWINGS**0.5)
    assert float(off.max()) < 4


def test_the_same_key_draws_the_same_and_another_something_else():
    wider = precode.extended(net(), 64.0, seed=1)

    def said(key: str) -> torch.Tensor:
        with torch.no_grad():
            return precode.drawing(wider, key)(picture())

    assert torch.equal(said("a"), said("a"))
    assert not torch.equal(said("a"), said("b"))


def test_what_clients_draw_is_not_what_the_server_draws():
    case = opened(64.0)
    mine = case.access.model.get_submodule("head.bottleneck").drawings
    theirs = precode.drawing(case.access.model, "clients 7 1").get_submodule("head.bottleneck").drawings
    assert case._secret() == "clients 7 2"  # the first was used for what was sent
    assert abs(float(torch.corrcoef(torch.stack([mine.flatten(), theirs.flatten()]))[0, 1])) < 0.01


def test_switched_off_and_without_such_a_layer_the_model_is_the_same():
    plain = net()
    assert precode.extended(plain, 0.0, seed=1) is plain
    pooled = nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert precode.extended(pooled, 64.0, seed=1) is pooled
    assert precode.drawing(plain, "clients") is plain
    bare = open_case(resolve("federated"), CPU, None)
    for one, other in zip(opened(0.0).access.message, bare.access.message, strict=True):
        assert torch.equal(one, other)


def test_every_local_step_and_every_hospital_draws_anew():
    wider = precode.drawing(precode.extended(net(), 16.0, seed=1), "clients")
    client_update(wider, picture().repeat(3, 1, 1, 1), torch.tensor([0, 1, 2]), Round((3,), local_steps=4))
    assert int(wider.get_submodule("head.bottleneck").place) == 3 * 4


def test_what_went_into_the_bottleneck_stands_in_its_gradient_whatever_was_drawn():
    """As Balunović et al. 2022 have it: weights' gradient over bias' gradient, as of any connected layer."""
    case = opened(256.0)
    sent = dict(zip((n for n, _ in case.access.model.named_parameters()), case.access.message, strict=True))
    weight, bias = sent["head.bottleneck.encoder_weight"], sent["head.bottleneck.encoder_bias"]
    found = bias @ weight / bias.square().sum()
    with torch.no_grad():
        true = case.access.model.get_submodule("body")(case._held[0][0])[0]
    torch.testing.assert_close(found, true, atol=1e-4, rtol=1e-3)


def test_the_cost_is_how_far_the_drawing_turns_the_update_and_only_what_was_drawn_turns_it():
    case = opened(16.0)
    case.turn(case._values)
    assert 0.1 < case.worth().utility.value < 0.9
    without = opened(16.0)
    without._true = without._plain
    without.turn(without._values)
    assert without.worth().utility.value == pytest.approx(1)


def leaked(value: float) -> float:
    run = Run(resolve("federated", steps=50, seed=1, settings={"precode": value}), threads=1)
    list(run)
    return run.result()["scores"]["psnr_db"]["value"]


def test_it_stops_who_trusts_every_layer_and_not_who_ignores_what_was_drawn(monkeypatch):
    trusting = leaked(16.0)
    assert trusting < 9  # unrelated pictures get about 10
    whole = inverting.cosine_distance
    monkeypatch.setattr(inverting, "cosine_distance", lambda own, sent: whole(own[:BODY], sent[:BODY]))
    assert leaked(16.0) > trusting + 5


def test_the_same_run_is_the_same():
    def ran() -> list[np.ndarray]:
        run = Run(resolve("federated", steps=3, settings={"precode": 16.0}), threads=1)
        return [step.images for step in run]

    assert all(np.array_equal(a, b) for a, b in zip(ran(), ran(), strict=True))


def test_r_gap_says_what_it_cannot_go_through():
    run = Run(resolve("federated", attack="r-gap", steps=2, settings={"precode": 16.0}), threads=1)
    with pytest.raises(UsageError, match="Bottleneck"):
        list(run)


def test_a_server_that_puts_its_own_block_in_front_reads_the_pictures_all_the_same(monkeypatch):
    imprint = importlib.import_module("mi_studio.engine.attacks.imprint")
    monkeypatch.setattr(imprint, "BINS", 256)
    run = Run(resolve("hospital", attack="imprint", target="north", settings={"precode": 16.0}), threads=1)
    list(run)
    assert float(run.final_scores()["recovered"].mean()) > 0.7
