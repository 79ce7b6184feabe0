"""What teaches the prior of faces, and is not shipped: an encoder of photos and a critic of drawings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.engine.models.common import tensor
from mi_studio.engine.models.faces import leaky

GROUP = 8
"""Pictures in a row among which the critic sees how much they differ; a batch is a multiple of it."""


class _Halving(nn.Module):
    """Two convolutions that halve a map, and a way around them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.before = nn.Conv2d(inputs, inputs, 3, padding=1)
        self.after = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
        self.around = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        inner = leaky(self.after(leaky(self.before(x))))
        return (inner + tensor(self.around(F.avg_pool2d(x, 2)))) * math.sqrt(0.5)


class Encoder(nn.Module):
    """From a photo to what the prior would need to draw it.

    Parameters
    ----------
    codes
        Length of latent and view together.
    """

    def __init__(self, codes: int, widths: Sequence[int] = (32, 64, 128, 256, 256)) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 3, padding=1)
        self.blocks = nn.Sequential(*(_Halving(i, o) for i, o in pairwise(widths)))
        self.inner = nn.Linear(widths[-1] * 16, 384)
        self.head = nn.Linear(384, 2 * codes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and log-variances ``(n, codes)`` for photos ``(n, 3, 64, 64)`` in ``[-1, 1]``."""
        x = tensor(self.blocks(leaky(self.stem(x))))
        mean, log_variance = tensor(self.head(leaky(self.inner(x.flatten(1))))).float().chunk(2, 1)
        return mean, log_variance.clamp(-8, 2) - 1


class Critic(nn.Module):
    """Tells photos from drawings: high for a photo.

    It also sees how much the pictures of a group differ (Karras et al., ICLR 2018, arXiv 1710.10196), so
    that drawings which are all alike do not pass.
    """

    def __init__(self, widths: Sequence[int] = (48, 96, 192, 320, 320)) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 1)
        self.blocks = nn.Sequential(*(_Halving(i, o) for i, o in pairwise(widths)))
        self.last = nn.Conv2d(widths[-1] + 1, widths[-1], 3, padding=1)
        self.inner = nn.Linear(widths[-1] * 16, 256)
        self.head = nn.Linear(256, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(n,)`` for pictures ``(n, 3, 64, 64)`` in ``[-1, 1]``; ``n`` is a multiple of `GROUP`."""
        x = tensor(self.blocks(leaky(self.stem(x))))
        count, channels, height, width = x.shape
        groups = x.float().reshape(count // GROUP, GROUP, channels, height, width)
        differ = (groups.var(1, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3)).repeat_interleave(GROUP)
        x = torch.cat([x, differ.to(x.dtype)[:, None, None, None].expand(count, 1, height, width)], 1)
        x = leaky(self.inner(leaky(self.last(x)).flatten(1)))
        return tensor(self.head(x))[:, 0].float()


def equalise(net: nn.Module, rate: float, slow: Sequence[nn.Module] = ()) -> Iterator[dict[str, object]]:
    """Draw fresh weights for ``net`` and yield its parameters with their learning rates, for Adam.

    Each layer learns in proportion to the size of its weights (equalised learning rate, Karras et al.,
    ICLR 2018, arXiv 1710.10196). For Adam, whose steps have the size of the rate, this is the same as
    scaling unit weights at run time, and leaves plain weights behind.

    Parameters
    ----------
    slow
        Layers that learn at three tenths of the rate.
    """
    for name, layer in net.named_modules():
        if not isinstance(layer, nn.Linear | nn.Conv2d):
            continue
        size = 1 / math.sqrt(layer.weight[0].numel())
        pace = 0.3 if layer in slow else 1.0
        nn.init.normal_(layer.weight, std=size)
        yield {"params": [layer.weight], "lr": torch.tensor(rate * pace * size), "whole": rate * pace * size}
        if layer.bias is not None:
            # a style begins by leaving its map as it is
            nn.init.constant_(layer.bias, 1.0 if name.endswith("style") else 0.0)
            yield {"params": [layer.bias], "lr": torch.tensor(rate * pace), "whole": rate * pace}
    free = [p for module in net.modules() for p in module.parameters(recurse=False)
            if not isinstance(module, nn.Linear | nn.Conv2d)]  # fmt: skip
    if free:
        yield {"params": free, "lr": torch.tensor(rate), "whole": rate}
