"""The science of the federated scene: what leaks, what stops it, and that nobody peeks."""

import numpy as np
import pytest
import torch
from PIL import Image

from mi_studio.core.config import resolve
from mi_studio.core.errors import UsageError
from mi_studio.engine import Run
from mi_studio.engine.scenes import federated


def run(steps=200, **choice):
    started = Run(resolve("federated", steps=steps, **choice))
    for _ in started:
        pass
    return started


def psnr(finished):
    return finished.result()["scores"]["psnr_db"]["value"]


def test_an_undefended_gradient_gives_the_picture_away():
    finished = run(target="temple", steps=300)
    result = finished.result()
    assert result["scores"]["psnr_db"]["value"] >= 25
    assert result["scores"]["identifiability"]["value"] == 1
    assert result["scores"]["psnr_db"]["base_rate"] < 15
    sent = result["utility"].pop("traffic")
    assert sent["bytes"] == sent["plain_bytes"] == 4 * 109_136
    assert result["utility"] == {"metric": "update_cosine", "value": pytest.approx(1), "n": 1}
    assert result["privacy"] is None


def test_a_picture_that_is_not_shipped_leaks_as_well(tmp_path):
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 255, (4, 4, 3), dtype=np.uint8)
    path = tmp_path / "自分の写真.png"
    Image.fromarray(coarse).resize((90, 70), Image.Resampling.BICUBIC).save(path)
    finished = run(image=str(path), steps=300)
    assert psnr(finished) >= 22
    assert finished.original().shape == (1, 32, 32, 3)


def test_strong_noise_stops_it_and_weak_noise_does_not():
    undefended = psnr(run())
    weak = psnr(run(settings={"gradient-noise": 0.05}))
    strong = psnr(run(settings={"gradient-noise": 4}))
    assert weak > undefended - 8
    assert strong < 15 < weak


def test_pruning_costs_the_attacker_quality():
    assert psnr(run(settings={"gradient-prune": 0.999})) < psnr(run()) - 8


def test_clipping_alone_changes_nothing_for_this_attack_and_says_so():
    clipped, plain = run(settings={"gradient-clip": 0.1}), run()
    assert psnr(clipped) == pytest.approx(psnr(plain), abs=1)
    (entry,) = clipped.result()["defenses"]
    assert entry["effective"] is False
    assert "direction" in entry["reason"]["en"]


def test_the_noise_is_one_draw_that_the_slider_rescales():
    config = resolve("federated", settings={"gradient-noise": 1})
    case = federated.open_case(config, torch.device("cpu"), None)
    values = config.values
    clean = _message(case, values | {"gradient-noise": 0.0})
    one = _message(case, values | {"gradient-noise": 1.0})
    two = _message(case, values | {"gradient-noise": 2.0})
    again = _message(case, values | {"gradient-noise": 1.0})
    assert torch.equal(one, again)
    torch.testing.assert_close(two - clean, 2 * (one - clean), rtol=1e-3, atol=1e-4)
    rms = clean.square().mean().sqrt()
    assert float((one - clean).square().mean().sqrt() / rms) == pytest.approx(1, rel=0.05)


def _message(case, values):
    case.turn(values)
    return torch.cat([part.flatten() for part in case.access.message]).clone()


def test_defences_act_in_the_order_in_which_they_were_chosen():
    def order(*defenses):
        chosen = resolve("federated", defenses=defenses)
        case = federated.open_case(chosen, torch.device("cpu"), None)
        return _message(case, chosen.values)

    pruned_last = order("gradient-noise", "gradient-prune")
    noised_last = order("gradient-prune", "gradient-noise")
    assert float((pruned_last == 0).float().mean()) > 0.8
    assert float((noised_last == 0).float().mean()) < 0.1


def test_own_picture_is_asked_for():
    with pytest.raises(UsageError, match="does not take a picture"):
        resolve("catalogue", image="x.png")
