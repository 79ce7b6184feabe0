"""The science of the face login, on the weights that are shipped: what the attacks reach, and how soon."""

import time

import numpy as np
import pytest
import torch

from mi_studio.core import paths
from mi_studio.core.config import resolve
from mi_studio.core.weights import find_weights
from mi_studio.engine import Run, class_case, employees
from mi_studio.engine.beforehand import read_bank, read_features
from mi_studio.engine.models import load

ASSETS = paths.assets() / "face-login"


def finished(attack: str, **choice: object) -> Run:
    run = Run(resolve("face-login", attack=attack, **choice))
    for _ in run:
        pass
    return run


def value(run: Run, score: str) -> float:
    found = run.result()["scores"][score]["value"]
    assert isinstance(found, float)
    return found


def test_what_was_worked_out_beforehand_fits_the_weights() -> None:
    bank = read_bank(ASSETS, find_weights("face-login", "prior", {}).sha256)
    assert bank is not None, "mi-studio train face-login-bank"
    assert len(bank) >= 4_000
    card = find_weights("face-login", "evaluator", {})
    train, _ = employees.read_photos(paths.assets())
    features = read_features(ASSETS, card.sha256, train.reshape(-1, *train.shape[2:]))
    assert features is not None, "mi-studio train face-login-features"
    photo = torch.from_numpy(train[31, 7]).permute(2, 0, 1)[None].float() / 255
    seen = load(card).features(photo)[0]
    assert torch.allclose(features[31 * employees.TRAIN + 7], seen, atol=2e-3)
    latents, pictures = bank.take(torch.tensor([0, 4_000]), torch.device("cpu"))
    prior = load(find_weights("face-login", "prior", {}))
    assert float((prior(latents) - pictures).abs().mean()) < 0.02


def test_it_opens_and_makes_its_first_step_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_case, "_JUDGES", {})
    read_bank.cache_clear()
    began = time.process_time()
    run = Run(resolve("face-login"))
    next(iter(run))
    assert time.process_time() - began < 7  # of a processor, with the first step: 2.5 s on two free cores


def test_latent_search_shows_the_face_behind_a_name() -> None:
    run = finished("latent-search", steps=60)
    assert value(run, "evaluator_top1") == 1
    assert value(run, "distance_same") < 0.6 * value(run, "distance_other")
    rates = run.base_rates
    assert rates["evaluator_top1"] < 0.2
    assert rates["distance_same"] > 2 * value(run, "distance_same")
    shown = [run.history.at(i).images for i in run.history.kept]
    assert len({s.tobytes() for s in shown[-20:]}) == 20  # something moves in every step
    leaps = [np.abs(a.astype(int) - b).mean() for a, b in zip(shown[-20:-1], shown[-19:], strict=True)]
    assert np.median(leaps) < 4  # and it does not flicker


@pytest.mark.stress
def test_score_search_needs_no_model() -> None:
    run = finished("score-search", steps=8)
    assert value(run, "evaluator_top5") == 1
    assert value(run, "distance_same") < 0.7 * run.base_rates["distance_same"]
    assert run.result()["queries"] == 9 * 100


@pytest.mark.stress
def test_mi_face_gets_somewhere_but_not_far() -> None:
    run = finished("mi-face", steps=60)
    start = run.history.at(0).scores["distance_same"]
    assert value(run, "distance_same") < start
    assert value(run, "distance_same") > 0.35
