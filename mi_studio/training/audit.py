"""What a privacy audit can prove: a lower bound on ε from one training with planted records.

After Steinke, Nasr and Jagielski, NeurIPS 2023, arXiv 2305.08846. Canaries, records that nothing else looks
like, are planted each with the flip of a coin. Whoever then tells from the finished model which were
planted, more often than (ε, δ) allows, has shown that ε is larger. An audit that finds little proves
little: how much it would find without any privacy says how strong it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.core.metrics import exactly_by_chance
from mi_studio.training.private import DELTA, Settings, train_victim

CONFIDENCE = 0.95
CANARIES, GUESSES = 1000, 100
"""How many coins are flipped, and for how many of them the auditor ventures a guess."""


@dataclass(frozen=True)
class Audit:
    """What one audit came to.

    Attributes
    ----------
    spent
        ε as the accountant says, an upper bound.
    right, guesses
        How many guesses were right.
    shown
        ε is at least this, with `CONFIDENCE`.
    """

    spent: float
    right: int
    guesses: int
    shown: float


def audit_head(
    records: Tensor, labels: Tensor, classes: int, settings: Settings, epsilon: float, seed: int
) -> Audit:
    """Train a linear head with planted canaries, guess which were planted, and say what that shows.

    A canary points in a random direction and has a random label, so that its gradient is like no other's.
    The half of the guesses goes to the canaries that the head gets most right, the other half to those it
    gets least right.

    Parameters
    ----------
    records
        What the head learns from, ``(n, d)``.
    labels
        ``(n,)``, below ``classes``.
    epsilon
        As in `mi_studio.training.private.train_victim`.
    """
    draws = torch.Generator().manual_seed(seed)
    size = float(records.norm(dim=1).median())
    canaries = F.normalize(torch.randn((CANARIES, records.shape[1]), generator=draws), dim=1) * size
    wrong = torch.randint(classes, (CANARIES,), generator=draws)
    planted = torch.rand(CANARIES, generator=draws) < 0.5
    head = nn.Linear(records.shape[1], classes)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    trained = train_victim(
        head, torch.cat([records, canaries[planted]]), torch.cat([labels, wrong[planted]]),
        settings, epsilon, seed=seed,
    )  # fmt: skip
    with torch.no_grad():
        surprise = F.cross_entropy(trained.net(canaries), wrong, reduction="none")
    order = surprise.argsort()
    half = GUESSES // 2
    right = int(planted[order[:half]].sum() + (~planted[order[-half:]]).sum())
    return Audit(trained.epsilon, right, GUESSES, lower_bound(right, GUESSES, CANARIES))


def lower_bound(right: int, guesses: int, canaries: int, delta: float = DELTA) -> float:
    """Return the largest ε that so many right guesses rule out, with `CONFIDENCE`; 0 if none."""
    low, high = 0.0, 20.0
    if _chance(right, guesses, canaries, low, delta) > 1 - CONFIDENCE:
        return 0.0
    for _ in range(40):
        middle = (low + high) / 2
        if _chance(right, guesses, canaries, middle, delta) <= 1 - CONFIDENCE:
            low = middle
        else:
            high = middle
    return low


def _chance(right: int, guesses: int, canaries: int, epsilon: float, delta: float) -> float:
    """Return how likely so many right guesses are at most, if the training keeps (ε, δ): theorem 5.2."""
    likely = 1 / (1 + math.exp(-epsilon))
    exactly = [exactly_by_chance(k, guesses, likely) for k in range(guesses + 1)]
    below, most = 0.0, 0.0
    for count in range(1, right + 1):
        below += exactly[right - count]
        most = max(most, below / count)
    return min(1.0, sum(exactly[right:]) + 2 * canaries * delta * most)
