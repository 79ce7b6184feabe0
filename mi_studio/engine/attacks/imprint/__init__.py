"""Robbing the Fed (Fowl et al. 2022, arXiv 2110.13057): the server puts an imprint block before the model.

The block weighs each picture's brightness and lets unit k answer only above the k-th threshold. What a
picture adds to the gradient is the same for all units that answer to it, so that the gradients of two
neighbours differ by the pictures between their thresholds alone. Where that is one picture, its part of the
weights' gradient divided by its part of the bias' gradient is the picture itself, however many others went
into the update.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mi_studio.engine.access import MaliciousServer, Progress, Setup

BINS = 1024
"""Units of the block; two pictures between the same thresholds come out as a blend of both."""

TRIALS = 3
"""Ways of weighing that are tried, one message each, before the one that tells the pictures apart best."""

GAIN = 1e-5
"""By how much an answer changes the picture: so little that local steps hardly move the thresholds."""

FAINT = 1e-3
"""A bin whose bias' gradient is smaller than this share of the largest counts as empty."""


class Imprint(nn.Module):
    """The block; it hands on pictures that are changed in one direction, the more the more units answer.

    Parameters
    ----------
    weighing
        What each number of a picture counts for, (c·h·w,), in sum 1.
    thresholds
        Rising, (bins,).
    direction
        What an answer adds to the picture, (c·h·w,).
    """

    direction: Tensor

    def __init__(self, weighing: Tensor, thresholds: Tensor, direction: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weighing.repeat(len(thresholds), 1))
        self.bias = nn.Parameter(-thresholds)
        self.register_buffer("direction", direction)  # no weight: the clients would send its gradient as well

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, c, h, w) changed."""
        answers = nn.functional.linear(x.flatten(1), self.weight, self.bias).relu().sum(1)
        changed: Tensor = x + (answers[:, None] * self.direction).reshape(x.shape)
        return changed


def attack(access: MaliciousServer, setup: Setup) -> Iterator[Progress]:
    """Yield what has been read so far after each step; what has not is grey.

    The first steps send a block each with even thresholds. Which weighing tells most pictures apart, and how
    bright these are, decides on the last block; the other steps read its bins, from the darkest to the
    brightest.

    Parameters
    ----------
    access
        A round's server.
    setup
        ``targets`` are not used.
    """
    draws = setup.draws()
    count = access.round.records
    pictures = torch.full((count, *setup.shape), 0.5, device=setup.device)
    direction = (GAIN * torch.randn(math.prod(setup.shape), generator=draws)).to(setup.device)
    certain = torch.zeros(count, device=setup.device)
    yield Progress(pictures, 1.0)

    even = torch.arange(BINS, device=setup.device) / BINS
    trials = max(1, min(TRIALS, setup.steps - 1))
    best: tuple[int, Tensor, Tensor] | None = None
    for index in range(1, trials + 1):
        weighing = _weighing(setup, draws)
        occupied = _read(access, weighing, even, direction).occupied(count)
        if best is None or len(occupied) > best[0]:
            best = len(occupied), weighing, _placed(even[occupied], count)
        if index < setup.steps:
            yield Progress(pictures, 1.0)
    assert best is not None
    _, weighing, thresholds = best

    seen = access.version
    bins = _read(access, weighing, thresholds, direction)
    reading, begun = max(1, setup.steps - trials), 0
    for index in range(1, reading + 1):
        if access.version != seen:  # the clients sent again: what was read of the last message is void
            seen, begun = access.version, index - 1
            bins = _read(access, weighing, thresholds, direction)
            certain.zero_()
            pictures.fill_(0.5)
        first, last = (BINS * (i - begun) // (reading - begun) for i in (index - 1, index))
        strength = bins.bias[first:last].abs()
        for i in strength.topk(min(count, len(strength))).indices.tolist():
            weakest = int(certain.argmin())
            if strength[i] > certain[weakest]:
                certain[weakest] = strength[i]
                pictures[weakest] = bins.picture(first + i).reshape(setup.shape)
        yield Progress(pictures, float(1 - certain.sum() / bins.whole(count)))


@dataclass(frozen=True)
class _Bins:
    """What the pictures between two thresholds added to the gradient of weights and bias, by bin."""

    weight: Tensor
    bias: Tensor

    def occupied(self, count: int) -> Tensor:
        """Return the bins in which there is something, at most ``count``."""
        strength, places = self.bias.abs().topk(count)
        return places[strength > FAINT * strength[0]]

    def picture(self, i: int) -> Tensor:
        """Return the picture of a bin, (c·h·w,) in 0–1."""
        return (self.weight[i] / self.bias[i]).nan_to_num().clamp(0, 1)

    def whole(self, count: int) -> Tensor:
        """Return how strong the ``count`` strongest bins are together."""
        return self.bias.abs().topk(count).values.sum().clamp_min(1e-30)


def _read(access: MaliciousServer, weighing: Tensor, thresholds: Tensor, direction: Tensor) -> _Bins:
    block = Imprint(weighing, thresholds, direction)
    weight, bias = access.ask(nn.Sequential(block, access.model))[:2]
    # a unit answers to all that is brighter than its threshold, its neighbour to all but one bin of that
    return _Bins(
        weight - torch.cat([weight[1:], torch.zeros_like(weight[:1])]),
        bias - torch.cat([bias[1:], torch.zeros_like(bias[:1])]),
    )


def _weighing(setup: Setup, draws: torch.Generator) -> Tensor:
    """Return another weighing of a picture's parts, (c·h·w,), in sum 1."""
    channels, height, width = setup.shape
    weighing = interpolate(torch.rand((1, channels, 4, 4), generator=draws), (height, width)).flatten()
    return (weighing / weighing.sum()).to(setup.device)


def _placed(found: Tensor, count: int) -> Tensor:
    """Return thresholds between which about equally many pictures can be expected.

    Expected are more of those that were found, (k,), each blurred by half of Silverman's rule.
    """
    if not len(found):
        return torch.arange(BINS, device=found.device) / BINS
    blur = found.std(correction=0).clamp_min(2 / BINS) * count**-0.2 / 2
    grid = torch.linspace(0, 1, 64 * BINS, device=found.device)
    below = torch.stack([torch.erf((grid - place) / blur / math.sqrt(2)) for place in found]).mean(0)
    share = torch.arange(BINS, device=found.device) / BINS
    thresholds = grid[torch.searchsorted((below + 1) / 2, share).clamp_max(len(grid) - 1)]
    thresholds[0] = 0
    return thresholds
