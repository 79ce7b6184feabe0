"""Soteria: what it leaves out, that it stops who trusts every layer, and who gets past it."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch
from torch import nn

from mi_studio.core.config import resolve
from mi_studio.engine import Run, models
from mi_studio.engine.case import open_case
from mi_studio.engine.defenses import soteria
from mi_studio.engine.rounds import Client, Round, client_update

inverting = importlib.import_module("mi_studio.engine.attacks.inverting_gradients")


def client(architecture: str = "strided-cnn", pictures: int = 1) -> Client:
    torch.manual_seed(1)
    images = torch.rand(pictures, 3, 32, 32)
    return Client(models.build(architecture, size=32), images, torch.arange(pictures) % 8)


def update_of(who: Client) -> list[torch.Tensor]:
    return client_update(who.model, who.images, who.labels, Round((len(who.images),)))


@pytest.mark.parametrize("architecture", ["strided-cnn", "pooled-cnn", "sigmoid-net"])
@pytest.mark.parametrize("share", [0.01, 0.4, 1.0])
def test_so_many_columns_of_the_last_layer_are_empty_and_all_else_is_as_it_was(architecture, share):
    who = client(architecture, pictures=2)
    true = update_of(who)
    sent = soteria.prepared(who)(true, share, [])
    for before, after in zip(true[:-2] + true[-1:], sent[:-2] + sent[-1:], strict=True):
        assert torch.equal(before, after)
    gone = (sent[-2] != true[-2]).any(0) | ((sent[-2] == 0).all(0) & (true[-2] == 0).all(0))
    assert int((sent[-2] == 0).all(0).sum()) >= int(share * true[-2].shape[1])
    assert torch.equal(sent[-2][:, ~gone], true[-2][:, ~gone])
    assert not torch.equal(sent[-2], true[-2])


def test_how_far_an_entry_moves_is_what_going_back_for_each_of_them_says():
    who = client("sigmoid-net")
    found = soteria.exposure(who, "head")
    picture = who.images.clone().requires_grad_(True)
    features = who.model.body(picture)[0]
    wanted = torch.stack([
        torch.autograd.grad(f, picture, retain_graph=True)[0].norm() / f.abs() for f in features
    ]).detach()  # fmt: skip
    assert float((found / wanted - 1).abs().mean()) < 0.1
    order = found.argsort()[:77], wanted.argsort()[:77]  # the first tenth
    assert len(set(order[0].tolist()) & set(order[1].tolist())) > 60


def test_what_strongest_shows_the_picture_goes_first():
    class Two(nn.Module):
        """Its first feature answers as strongly as the second, and moves a tenth as much."""

        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(2, 3)

        def forward(self, x):
            mean = x.flatten(1).mean(1)
            return self.head(torch.stack([0.1 * mean + 0.45, mean], 1))

    who = Client(Two(), torch.full((1, 1, 4, 4), 0.5), torch.tensor([0]))
    true = update_of(who)
    sent = soteria.prepared(who)(true, 0.5, [])
    assert float(sent[0][:, 0].abs().max()) == 0
    assert torch.equal(sent[0][:, 1], true[0][:, 1])


def test_switched_off_and_without_such_a_layer_the_message_is_the_same():
    who = client()
    true = update_of(who)
    assert soteria.prepared(who)(true, 0.0, []) is true
    pooled = Client(
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()), who.images, who.labels
    )
    assert soteria.prepared(pooled)(true, 0.4, []) is true


def test_its_looking_leaves_nothing_on_the_model():
    who = client()
    soteria.exposure(who, "head")
    assert not who.model.head._forward_pre_hooks


def leaked(share: float) -> float:
    run = Run(resolve("federated", steps=80, seed=1, settings={"soteria": share}), threads=1)
    list(run)
    return run.result()["scores"]["psnr_db"]["value"]


def test_it_stops_who_trusts_every_layer_and_not_who_ignores_this_one(monkeypatch):
    trusting = leaked(0.0), leaked(0.1)
    assert trusting[1] < trusting[0] - 6
    whole = inverting.cosine_distance
    monkeypatch.setattr(
        inverting, "cosine_distance", lambda own, sent: whole(own[:-2] + own[-1:], sent[:-2] + sent[-1:])
    )
    ignoring = leaked(0.0), leaked(0.1)
    assert ignoring[1] == pytest.approx(ignoring[0], abs=0.01)
    assert ignoring[1] > trusting[1] + 3


def test_the_knob_acts_on_a_running_attack_and_the_same_run_is_the_same():
    def ran() -> list[np.ndarray]:
        run = Run(resolve("federated", steps=5, settings={"soteria": 0.0}), threads=1)
        pictures = []
        for step in run:
            pictures.append(step.images)
            if step.index == 2:
                run.turn({"soteria": 0.4})
        assert run.history.moves[0].step == 3
        assert float((run._case.access.message[-2] == 0).all(0).float().mean()) > 0.35
        return pictures

    assert all(np.array_equal(a, b) for a, b in zip(ran(), ran(), strict=True))


def test_each_hospital_protects_its_own_and_a_server_that_sends_another_model_meets_it_too():
    config = resolve("hospital", attack="imprint", target="together", settings={"soteria": 0.4})
    case = open_case(config, torch.device("cpu"), None)
    message = case.access.ask(case.access.model)
    undefended = open_case(config.turned({"soteria": 0.0}), torch.device("cpu"), None)
    true = undefended.access.ask(undefended.access.model)
    # on the sum of four, what one leaves out another may send
    lost = [float((a - b).norm() / b.norm()) for a, b in zip(message, true, strict=True)]
    assert lost[-2] > 0.3
    assert max(lost[:-2] + lost[-1:]) < 1e-5
