"""DeepInversion (Yin et al. 2020, arXiv 1912.08795): pictures out of what batch normalisation remembers.

Every batch normalisation keeps the mean and the variance of what its training photos looked like to it.
Pictures are changed pixel by pixel, until a batch of them, moved and mirrored at random, has the same means
and deviations in every one, and the model is sure of each picture's label, while neighbouring pixels stay
alike. The statistics are of everybody, so beside some pictures of each target the batch holds companions:
other classes, drawn at random, as far as there is room.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.engine.access import Progress, Setup, WhiteBox
from mi_studio.engine.attacks import common
from mi_studio.engine.stepper import Stepper

BATCH = 12
"""Pictures in a batch; the room that the targets leave is their companions', and more targets leave none."""
COPIES = 3
"""Most pictures of each target, of which the best is handed in; fewer where many targets share the batch."""
LEARNING_RATE = 0.05
CLASS, STATISTICS, FIRST = 1.0, 1.0, 5.0
"""Weights of the cross-entropy and of the statistics, of which the first layer's count more."""
TOTAL_VARIATION, CONTRAST = 10.0, 0.05
JITTER = 4.0
"""Pixels by which the batch is moved before the model sees it."""
START = 0.15
"""Standard deviation of the noise around grey from which a picture starts."""
MEMORY = 0.9
"""Share of the past in the running mean that tells which copy is the best."""


def attack(access: WhiteBox, setup: Setup) -> Iterator[Progress]:
    """Yield for each target the copy whose own loss is the lowest in a running mean.

    A copy's own loss is its cross-entropy and its total variation; the statistics belong to all. The
    objective is the whole batch's loss.
    """
    draws, count = setup.draws(), len(setup.targets)
    copies = max(1, min(COPIES, BATCH // count))
    batch = _Batch(access, setup, copies, draws)
    images = batch.images
    objective = torch.zeros((), device=setup.device)
    own = torch.zeros(count * copies, device=setup.device)
    optimiser, set_rate = common.adam([images], LEARNING_RATE, setup.device, (0.5, 0.9))

    def look() -> None:
        optimiser.zero_grad(set_to_none=False)
        cost, each = batch.cost()
        cost.backward()  # type: ignore[no-untyped-call]
        objective.copy_(cost.detach())
        own.copy_(each.detach()[: len(own)])

    def step() -> None:
        optimiser.step()
        with torch.no_grad():
            images.clamp_(0, 1)
        look()  # last, so that the objective is that of the pictures which are handed out

    stepper = Stepper(step, setup.device)
    seen = access.version
    look()
    mean, memory = own.clone(), MEMORY
    for index in range(setup.steps + 1):
        if access.version != seen:  # another model: its gradient and statistics are not those that were taken
            seen = access.version
            batch.listen()
            stepper.renew()
            look()
            mean.copy_(own)
        if index:
            batch.draw(draws)
            set_rate(LEARNING_RATE * common.settling(index, setup.steps))
            stepper()
            mean.mul_(memory).add_((1 - memory) * own)
        best = mean.view(count, copies).argmin(1)
        chosen = torch.arange(count, device=best.device) * copies + best
        yield Progress(images.detach()[chosen], float(objective))


class _Batch:
    """Pictures of the targets and their companions, and what they cost.

    Attributes
    ----------
    images
        (targets · copies + companions, c, h, w), the copies of the first target first.
    """

    def __init__(self, access: WhiteBox, setup: Setup, copies: int, draws: torch.Generator) -> None:
        self._access, self._device = access, setup.device
        with torch.no_grad():
            grey = torch.full((1, *setup.shape), 0.5, device=setup.device)
            classes = access.model(grey).shape[1]
        others = torch.tensor([c for c in range(classes) if c not in setup.targets], dtype=torch.int64)
        room = max(0, BATCH - copies * len(setup.targets))
        companions = others[torch.randperm(len(others), generator=draws)[:room]]
        labels = torch.cat([torch.tensor(setup.targets).repeat_interleave(copies), companions])
        self._labels = labels.to(setup.device)
        noise = torch.randn((len(labels), *setup.shape), generator=draws)
        start = (0.5 + START * noise).clamp(0, 1)
        self.images = start.to(setup.device).requires_grad_(True)
        self._shape = setup.shape
        self._shift = torch.zeros((1, 2), device=setup.device)
        self._mirrored = torch.zeros((), device=setup.device)
        self._norms: list[_Norm] = []
        self.listen()

    def listen(self) -> None:
        """Listen to the batch normalisations of the model that is there now."""
        for norm in self._norms:
            norm.close()
        layers = [m for m in self._access.model.modules() if isinstance(m, nn.BatchNorm2d)]
        self._norms = [_Norm(layer) for layer in layers]

    def draw(self, draws: torch.Generator) -> None:
        """Move and mirror the batch in a new way from now on."""
        self._shift.copy_(common.random_shifts(1, self._shape, draws, JITTER))
        self._mirrored.fill_(float(torch.rand((), generator=draws) < 0.5))

    def cost(self) -> tuple[Tensor, Tensor]:
        """Return what the whole batch costs, and what each picture does by itself (n,)."""
        seen = common.shifted(self.images, self._shift)
        seen = torch.lerp(seen, seen.flip(3), self._mirrored)
        with common.lean(self._device):
            logits = self._access.model(seen)
        surprise = F.cross_entropy(logits.float(), self._labels, reduction="none")
        away = [norm.away for norm in self._norms]
        statistics = FIRST * away[0] + torch.stack(away[1:]).sum()
        rough = torch.vmap(common.total_variation)(self.images)
        each = CLASS * surprise + TOTAL_VARIATION * rough
        contrast = CONTRAST * (self.images - 0.5).square().mean()
        return each.mean() + STATISTICS * statistics / len(away) + contrast, each


class _Norm:
    """One batch normalisation: how far the batch's statistics are from those that it keeps.

    Attributes
    ----------
    away
        The squared differences of means and of variances, in units of the kept deviations.
    """

    def __init__(self, layer: nn.BatchNorm2d) -> None:
        self.away = torch.zeros(())
        self._handle = layer.register_forward_pre_hook(self._hear)

    def close(self) -> None:
        """Listen no more."""
        self._handle.remove()

    def _hear(self, layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        assert isinstance(layer, nn.BatchNorm2d)
        assert layer.running_mean is not None
        assert layer.running_var is not None
        variance, mean = torch.var_mean(given[0].float(), (0, 2, 3), correction=0)
        scale = layer.running_var + layer.eps
        means = (mean - layer.running_mean).square() / scale
        spreads = (variance / scale).clamp_min(1e-6).sqrt() - (layer.running_var / scale).sqrt()
        self.away = means.mean() + spreads.square().mean()
