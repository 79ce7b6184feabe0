"""The science of the catalogue: what the attacks reach, what the knobs do."""

import numpy as np
import pytest
import torch

from mi_studio.core.config import resolve
from mi_studio.engine import Run
from mi_studio.engine.case import open_case


def run(attack, **choice):
    started = Run(resolve("catalogue", attack=attack, **choice))
    for _ in started:
        pass
    return started


@pytest.mark.stress
def test_latent_search_draws_what_the_owner_hides():
    scores = run("latent-search", target="all").result()["scores"]
    assert scores["distance_same"]["value"] < scores["distance_other"]["value"]
    assert scores["evaluator_top1"]["value"] > scores["evaluator_top1"]["base_rate"] + 0.3
    assert scores["evaluator_top1"]["n"] == 5
    assert len(scores["evaluator_top1"]["ci95"]) == 2


@pytest.mark.stress
def test_score_search_beats_chance_and_counts_its_queries():
    result = run("score-search", target="all", steps=20).result()
    top1 = result["scores"]["evaluator_top1"]
    assert top1["value"] > top1["base_rate"]
    assert result["queries"] == 5 * (20 + 1) * 100


def test_output_restriction_changes_nothing_for_the_holder_of_the_model():
    plain = run("latent-search", steps=12)
    restricted = run("latent-search", steps=12, settings={"granularity": "label"})
    for a, b in zip(plain.history.kept, restricted.history.kept, strict=True):
        assert np.array_equal(plain.history.at(a).images, restricted.history.at(b).images)
    (entry,) = restricted.result()["defenses"]
    assert entry["effective"] is False


@pytest.mark.parametrize(
    ("granularity", "positive", "levels"),
    [("full", 5, None), ("round1", None, 0.1), ("top1", 1, None), ("label", 1, 1)],
)
def test_the_api_answers_as_finely_as_its_owner_says(granularity, positive, levels):
    config = resolve("catalogue", attack="score-search", settings={"granularity": granularity})
    case = open_case(config, torch.device("cpu"), None)
    answer = case.access.query(torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0)))
    if positive:
        assert ((answer > 0).sum(1) <= positive).all()
        assert (answer > 0).any(1).all()
    if levels:
        torch.testing.assert_close((answer / levels).round() * levels, answer)
    assert case.access.queries == 8


def test_epsilon_moves_between_trained_models_while_the_attack_runs():
    started = Run(resolve("catalogue", attack="latent-search", settings={"epsilon": "inf"}, steps=20))
    before = started.utility
    for step in started:
        if step.index == 9:
            started.turn({"epsilon": 1.0})
    assert started.history.moves[0].step == 10
    assert started.privacy.epsilon == pytest.approx(1, rel=0.02)
    assert started.privacy.unit
    assert started.utility.value != before.value
    assert started.result()["mixed"] is True


def test_swapped_weights_are_the_trained_ones():
    config = resolve("catalogue", attack="latent-search", settings={"epsilon": "inf"})
    swapped = open_case(config, torch.device("cpu"), None)
    swapped.turn(config.values | {"epsilon": 2.0})
    fresh = open_case(config.turned({"epsilon": 2.0}), torch.device("cpu"), None)
    pictures = torch.rand(4, 1, 28, 28)
    assert torch.equal(swapped.access.model(pictures), fresh.access.model(pictures))


def test_a_second_run_does_not_look_at_all_photos_again(monkeypatch):
    from mi_studio.engine import class_case
    from mi_studio.engine.models.judge import Evaluator

    looked = []
    features = Evaluator.features
    monkeypatch.setattr(Evaluator, "features", lambda self, x: looked.append(len(x)) or features(self, x))
    class_case._JUDGES.clear()
    sneaker = run("latent-search", target="sneaker", steps=2)
    assert sum(looked) >= 1000
    class_case._JUDGES.clear()
    alone = run("latent-search", target="bag", steps=2)
    looked.clear()
    again = Run(resolve("catalogue", attack="latent-search", target="bag", steps=2))
    assert looked == []
    assert [s.scores for s in again] == [alone.history.at(i).scores for i in alone.history.kept]
    assert np.array_equal(again.original(), alone.original())
    assert again.result()["scores"] == alone.result()["scores"]
    everyone = Run(resolve("catalogue", attack="latent-search", target="all", steps=2))
    assert len(everyone.secret) == 5
    assert len(again.secret) == len(sneaker.secret) == 1
    assert not np.array_equal(sneaker.secret, again.secret)
    other = Run(resolve("catalogue", settings={"private-line": "odd"}, attack="latent-search", steps=2))
    assert sum(looked) >= 1000
    assert other._case.judge is not again._case.judge
