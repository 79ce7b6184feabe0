"""Answers moved towards the mean answer of their label, no further than a budget allows.

After the Stealthy Shield Defense (Zhuang et al. 2025): what an answer says about the picture beyond its
label is its Kullback-Leibler divergence from the mean answer of that label. Of all answers within the budget,
the one with the smallest divergence is let out. It has the ratio to the mean answer cut off above and below.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mi_studio.engine.answering import Answer, Reference, as_little_shown, with_its_label

HALVINGS = 40
"""Of the interval in which a bound of the ratio is looked for."""


def prepared(reference: Reference) -> Answer:
    """Return the defence for one model, with the mean answers that it gives to its owner's own data."""
    means = mean_answers(reference())
    return lambda scores, value: shielded(scores, means, float(value))


def mean_answers(scores: Tensor) -> Tensor:
    """Return the mean answer for each label, (classes, classes), of answers (m, classes).

    That of a label which nothing was given is the label alone.
    """
    classes = scores.shape[1]
    given = torch.eye(classes, device=scores.device, dtype=scores.dtype)[scores.argmax(1)]
    count = given.sum(0)[:, None]
    alone = torch.eye(classes, device=scores.device, dtype=scores.dtype)
    return torch.where(count > 0, given.T @ scores / count.clamp_min(1), alone)


def shielded(scores: Tensor, means: Tensor, budget: float) -> Tensor:
    """Return the answers nearest in divergence to their labels' means; the label stays.

    Parameters
    ----------
    scores
        (n, classes), ≥ 0; a score of 0 is withheld and stays so.
    means
        (classes, classes), one for each label.
    budget
        How much of an answer may be moved to other classes, in 0–1 (total variation).
    """
    goal = as_little_shown(means[scores.argmax(1)].clamp_min(1e-12), scores)
    moved = (scores - goal).clamp_min(0).sum(1, keepdim=True).clamp_max(budget)
    ratio = torch.where(scores > 0, scores / goal.clamp_min(1e-30), 1)
    low, low_end = ratio.amin(1, keepdim=True), torch.ones_like(moved)
    high, high_end = low_end.clone(), ratio.amax(1, keepdim=True)
    for _ in range(HALVINGS):
        middle = (low + low_end) / 2
        short = (middle * goal - scores).clamp_min(0).sum(1, keepdim=True) < moved
        low, low_end = torch.where(short, middle, low), torch.where(short, low_end, middle)
        middle = (high + high_end) / 2
        much = (scores - middle * goal).clamp_min(0).sum(1, keepdim=True) > moved
        high, high_end = torch.where(much, middle, high), torch.where(much, high_end, middle)
    cut = torch.minimum(torch.maximum(scores, low * goal), high_end * goal)
    return with_its_label(as_little_shown(cut, scores), scores)
