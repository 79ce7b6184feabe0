"""The losses of the protected face logins do what their papers say."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from mi_studio.core import paths
from mi_studio.core.weights import read_card, weights_cards
from mi_studio.engine import models
from mi_studio.engine.models.faces import FaceNet
from mi_studio.training import private
from mi_studio.training.classifier import Lesson
from mi_studio.training.faces import beforehand, classifiers, defended
from mi_studio.training.recipe import Context
from mi_studio.training.sources import Sources

VARIANTS = {variant.id: variant for variant in defended.VARIANTS}


def context(folder: Path) -> Context:
    return Context(Sources(), paths.pretrained(), folder, folder, "cpu", lambda *_: None)


def lesson(done: float = 0.0) -> Lesson:
    draws = torch.Generator().manual_seed(3)
    return Lesson(torch.rand(8, 3, 64, 64, generator=draws), torch.arange(8), done, draws)


@pytest.mark.parametrize("name", VARIANTS)
def test_each_has_a_loss_that_teaches(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = VARIANTS[name].begin(context(tmp_path))
    loss = VARIANTS[name].loss(net, lesson(1.0))
    torch.autograd.backward(loss)
    slopes = [p.grad for p in net.parameters() if p.requires_grad]
    assert slopes
    assert all(slope is not None and bool(torch.isfinite(slope).all()) for slope in slopes)


def test_mid_charges_for_what_passes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = VARIANTS["mid"].begin(context(tmp_path))
    with torch.no_grad():
        free = float(defended.mid_loss(net, lesson()))
        monkeypatch.setattr(defended, "MID_WEIGHT", 1.0)
        assert float(defended.mid_loss(net, lesson())) > free + 1


def test_dependence_is_one_with_itself_and_small_between_strangers() -> None:
    draws = torch.Generator().manual_seed(0)
    one, other = (torch.randn(64, 5, generator=draws) for _ in range(2))
    itself = defended._dependence(defended._kernel(one), defended._kernel(one))
    strangers = defended._dependence(defended._kernel(one), defended._kernel(other))
    assert float(itself) == pytest.approx(1, abs=1e-5)
    assert float(strangers) < 0.3


def test_labels_are_smoothed_late_and_negatively() -> None:
    torch.manual_seed(0)
    net = models.build("face-net", width=8).eval()
    early, late = (defended.neg_ls_loss(net, lesson(done)).detach() for done in (0.0, 1.0))
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
        likely = net(lesson().images).float().log_softmax(1)
    plain = F.nll_loss(likely, lesson().labels)
    torch.testing.assert_close(early, plain, atol=2e-2, rtol=0)
    share = defended.NEG_LS_SHARE
    torch.testing.assert_close(late, (1 - share) * plain - share * likely.mean(), atol=2e-2, rtol=0)
    assert late < plain + 0.05 * abs(float(likely.mean())) + 1e-3


def test_frozen_layers_are_those_of_the_public_body(tmp_path: Path) -> None:
    net = VARIANTS["tl-dmi"].begin(context(tmp_path))
    assert isinstance(net, FaceNet)
    frozen = {name for name, p in net.body.named_parameters() if not p.requires_grad}
    assert frozen
    assert all(name.startswith(("stem", "blocks.0", "blocks.1")) for name in frozen)
    public = models.load(read_card(paths.pretrained() / "face-login" / "public-body" / "all.json"))
    assert all(torch.equal(a, b) for a, b in zip(net.body.parameters(), public.parameters(), strict=True))


def test_the_shipped_ladder_spends_what_it_says() -> None:
    pytest.importorskip("opacus")
    ladder = {float(c.knobs["epsilon"]): c for c in weights_cards("face-login") if "epsilon" in c.knobs}
    assert sorted(ladder) == sorted(private.EPSILONS)
    assert ladder.pop(math.inf).privacy is None
    for epsilon, card in ladder.items():
        assert private.epsilon_of(card.path) <= epsilon + 1e-6
        assert card.privacy is not None
        assert card.privacy.unit == "one photo"
        assert str(int(40 * epsilon)) in card.details["notes"]["en"]


def test_features_are_those_of_each_photo() -> None:
    torch.manual_seed(0)
    body = models.build("face-body", width=8).eval()
    photos: Any = np.random.default_rng(0).integers(0, 255, (3, 64, 64, 3)).astype(np.uint8)
    pixels = classifiers.to_pixels(photos)
    found = beforehand.body_features(body, pixels, "cpu")  # type: ignore[arg-type]
    with torch.no_grad():
        torch.testing.assert_close(found, body(classifiers.to_batch(photos)))


def test_schedules_end_at_nothing() -> None:
    schedule = dataclasses.replace(classifiers.TARGET, epochs=10)
    assert schedule.rate_at(0.0) < 0.1 * schedule.rate
    assert schedule.rate_at(schedule.warm_up) > 0.8 * schedule.rate
    assert schedule.rate_at(1.0) == 0
