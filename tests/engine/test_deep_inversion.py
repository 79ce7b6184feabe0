"""DeepInversion: what batch normalisation remembers comes back; without it there is nothing to go by."""

import pytest
import torch
from torch import Tensor, nn

from mi_studio.core.cards import library
from mi_studio.core.config import resolve, why_not_attack
from mi_studio.core.errors import UsageError
from mi_studio.engine import Run
from mi_studio.engine.access import Progress, Setup, WhiteBox
from mi_studio.engine.attacks import deep_inversion

CPU = torch.device("cpu")
SHAPE = (3, 8, 8)


class Net(nn.Module):
    """Two layers that keep statistics of reddish pictures, and a head that tells bright from dark."""

    def __init__(self, red: float = 0.8) -> None:
        super().__init__()
        self.first, self.second = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
        photos = torch.rand(64, *SHAPE, generator=torch.Generator().manual_seed(0)) * 0.2
        photos += torch.tensor([red, 0.2, 0.2])[:, None, None] - 0.1
        for layer in (self.first, self.second):
            layer.momentum = None
            photos = layer.train()(photos)
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.second(self.first(x))
        return torch.stack([x.mean((1, 2, 3)) * s for s in (1.0, -1.0, 0.0)], 1)


def invert(access: WhiteBox, steps: int = 60, targets: tuple[int, ...] = (0,)) -> list[Progress]:
    return list(deep_inversion.attack(access, Setup(targets, SHAPE, 0, steps, CPU)))


def colour(progress: Progress) -> list[float]:
    return progress.images.mean((0, 2, 3)).tolist()


def test_colours_that_only_the_statistics_remember_come_back():
    red, green, blue = colour(invert(WhiteBox(Net(), ("a", "b", "c")))[-1])
    assert red > 0.65
    assert max(green, blue) < 0.35


def test_the_statistics_of_what_was_learnt_cost_nothing():
    net = Net()
    norm = deep_inversion._Norm(net.first)
    net(torch.rand(64, *SHAPE, generator=torch.Generator().manual_seed(0)) * 0.2
        + torch.tensor([0.8, 0.2, 0.2])[:, None, None] - 0.1)  # fmt: skip
    assert float(norm.away) == pytest.approx(0, abs=1e-3)
    net(torch.full((4, *SHAPE), 0.5))
    assert float(norm.away) > 1


def test_it_hands_in_one_picture_of_each_target_and_its_loss_falls():
    found = invert(WhiteBox(Net(), ("a", "b", "c")), 30, (0, 1))
    assert {len(p.images) for p in found} == {2}
    assert min(float(p.images.min()) for p in found) >= 0
    assert found[-1].objective < 0.6 * found[0].objective


def test_another_model_is_listened_to_and_the_old_one_no_more():
    first, second = Net(0.8), Net(0.1)
    holder = nn.Sequential(first)
    access = WhiteBox(holder, ("a", "b", "c"))
    for index, progress in enumerate(deep_inversion.attack(access, Setup((0,), SHAPE, 0, 90, CPU))):
        if index == 30:
            reddest = colour(progress)[0]
            holder[0] = second
            access.version += 1
    assert colour(progress)[0] < reddest - 0.2
    assert not first.first._forward_pre_hooks
    assert len(second.first._forward_pre_hooks) == 1


def test_it_is_offered_only_where_a_model_has_batch_normalisation():
    cards = library()
    attack = cards.attack("deep-inversion")
    assert why_not_attack(cards.scene("catalogue"), attack) is not None
    assert resolve("face-login", attack="deep-inversion").model == "resnet-18"
    with pytest.raises(UsageError, match="resnet-18"):
        resolve("face-login", attack="deep-inversion", model="face-net")


@pytest.mark.usefixtures("small_faces")
def test_it_runs_for_several_people():
    run = Run(resolve("face-login", attack="deep-inversion", target="eight", steps=2))
    assert [len(step.images) for step in run] == [8, 8, 8]
