"""The photos on which the judge is made sturdy, and that it became so."""

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from mi_studio.core import paths
from mi_studio.core.weights import find_weights
from mi_studio.engine import models
from mi_studio.engine.sheets import read_sheets
from mi_studio.training import catalogue, classifier


@pytest.fixture(scope="module")
def photos():
    """Every fiftieth test photo of each garment with its label."""
    images, labels, _ = read_sheets(paths.assets() / "catalogue" / "test")
    return catalogue.to_batch(images[::50]), torch.from_numpy(labels[::50])


@pytest.fixture(scope="module")
def judge():
    return models.load(find_weights("catalogue", "evaluator", {}))


def share_right(net, images, labels) -> float:
    with torch.no_grad():
        return float((net(images).argmax(1) == labels).float().mean())


def test_disturbed_photos_are_photos_of_the_same_draw(photos):
    once, again, other = (
        classifier.disturbed(photos[0], torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(once, again)
    assert not torch.equal(once, other)
    assert once.shape == photos[0].shape
    assert float(once.min()) >= 0
    assert float(once.max()) <= 1


def test_misleading_photos_stay_close_and_raise_the_loss(photos):
    torch.manual_seed(0)
    net = models.build("evaluator").train()
    x, y = photos
    before = {k: v.clone() for k, v in net.state_dict().items()}
    fooling = classifier.misleading(net, x, y, torch.zeros_like(x), catalogue.ATTACK_SIZE)
    assert float((fooling - x).abs().max()) <= catalogue.ATTACK_SIZE + 1e-6
    assert float(fooling.min()) >= 0
    assert float(fooling.max()) <= 1
    # nothing was learnt from looking, not even the running averages
    assert net.training
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    net.eval()
    with torch.no_grad():
        assert F.cross_entropy(net(fooling), y) > F.cross_entropy(net(x), y)


def test_the_judge_recognises_noisy_and_blurred_photos(judge, photos):
    x, y = photos
    noise = 0.2 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    assert share_right(judge, (x + noise).clamp(0, 1), y) >= 0.75
    assert share_right(judge, F.avg_pool2d(x, 3, 1, 1), y) >= 0.75


def test_the_judge_is_seldom_misled(judge, photos):
    """The changes are made against the judge itself, which no attack can do."""
    x, y = photos
    start = catalogue.ATTACK_SIZE * (2 * torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) - 1)
    assert share_right(judge, classifier.misleading(judge, x, y, start, catalogue.ATTACK_SIZE), y) >= 0.5
