"""The science of the factory drawings: what the attacks bring out of a model of part numbers."""

import pytest

from mi_studio.core.config import resolve
from mi_studio.engine import Run
from mi_studio.engine.scenes.drawings import KNOWN


def scores(attack, knows, **choice):
    run = Run(resolve("drawings", attack=attack, settings={"knows": knows}, target="all", seed=101, **choice))
    for _ in run:
        pass
    return run.result()["scores"]


@pytest.mark.stress
def test_latent_search_draws_confidential_parts():
    found = scores("latent-search", "part-numbers")
    assert found["evaluator_top1"]["n"] == len(KNOWN["part-numbers"])
    assert found["evaluator_top1"]["value"] >= found["evaluator_top1"]["base_rate"] + 0.1
    assert found["distance_same"]["value"] < found["distance_same"]["base_rate"] - 0.3
