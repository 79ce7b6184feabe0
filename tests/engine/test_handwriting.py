"""The science of the price code: what the attacks read, and what only convinces the model."""

import numpy as np
import pytest
import torch

from mi_studio.core import paths
from mi_studio.core.config import resolve
from mi_studio.engine import Run
from mi_studio.engine.scenes.handwriting import SCRIPTS, private_labels
from mi_studio.engine.sheets import read_sheets


def run(attack, script, **choice):
    started = Run(resolve("handwriting", attack=attack, settings={"script": script}, target="all", **choice))
    for _ in started:
        pass
    return started


@pytest.mark.parametrize("script", [pytest.param("hiragana", marks=pytest.mark.stress), "digits"])
def test_latent_search_reads_what_the_dealer_hides(script):
    scores = run("latent-search", script, steps=80, seed=101).result()["scores"]
    assert scores["evaluator_top1"]["value"] >= scores["evaluator_top1"]["base_rate"] + 0.3
    assert scores["evaluator_top1"]["n"] == len(SCRIPTS[script])
    assert scores["distance_same"]["value"] < scores["distance_same"]["base_rate"]


def test_pictures_that_convince_only_the_model_are_no_success():
    """Changing pixels makes the model sure of every character and shows none of them."""
    attacked = run("mi-face", "digits", steps=100, seed=101)
    found = torch.from_numpy(attacked.history.at(attacked.history.kept[-1]).images)
    answers = attacked._case.access.model(found.permute(0, 3, 1, 2).float() / 255).softmax(1)
    assert float(answers.diag().min()) > 0.99
    assert attacked.result()["scores"]["evaluator_top1"]["value"] <= 0.2


def test_each_script_has_its_own_model_and_truth_and_one_prior_serves_both():
    cases = {}
    for script in SCRIPTS:
        started = Run(resolve("handwriting", settings={"script": script}, target="all", steps=2))
        cases[script] = started._case
        shown, labels, _ = read_sheets(paths.assets() / "handwriting" / "reference")
        for secret, label in zip(started.secret[..., 0], private_labels(script), strict=True):
            assert any(np.array_equal(secret, photo) for photo in shown[labels == label])
    one, other = cases.values()
    latent = torch.zeros(1, one.setup.prior.latent)
    assert torch.equal(one.setup.prior(latent), other.setup.prior(latent))
    picture = torch.zeros(1, *one.setup.shape)
    assert not torch.equal(one.access.model(picture), other.access.model(picture))
