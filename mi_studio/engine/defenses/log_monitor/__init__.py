"""A monitor that compares what a client asks with what simulated normal customers ask.

Each full window of queries gets four figures: how many queries there were so far, what share of the window
are near-duplicates of one another, how far its pictures are from those that the model has learnt from, and
how unsure the model is of them. Each figure is measured against the spread among customers; the largest
decides. A client is blocked beyond the value that only the chosen share of the customers reach in a day.

PRADA (Juuti et al. 2019) watches how the distances between queries are distributed; here other figures of the
same stream are watched, and the threshold comes from customers instead of a test of normality.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mi_studio.core.knobs import Value
from mi_studio.core.step import BlockReason
from mi_studio.engine.attacks import common
from mi_studio.engine.gateway import Owner, Ruling, Seen

WINDOW = 50
CUSTOMERS = 1000
"""Normal customers on whom the threshold is set; every one has a day."""
PHOTOS, TAKES = 400, 4
"""Photos that customers have at most, and how often each of them can be taken again, a little differently."""
ANCHORS = 1000
"""Known photos, at most, from which the distance of a picture is measured."""
GRID = 8
REACH, LIGHT, GRAIN = 0.07, 0.1, 0.02
"""A take moves a photo by up to this share of its width, and changes its light and grain by these."""
DAY = (150.0, 0.7)
"""A customer's queries in a day are log-normal: median, and spread of the logarithm."""
RESENDS = (1.0, 6.0)
"""The share of photos that a customer sends again is drawn from this beta distribution."""
FIGURES: tuple[BlockReason, ...] = ("volume", "duplicates", "unnatural", "unsure")
ALIKE = 0.25
"""Two queries are near-duplicates if closer than this share of the pairs of takes of one photo are."""

Floats = NDArray[np.float64]


def guard(owner: Owner, name: str) -> Monitor:
    """Set up the monitor of one client. What normal customers do is simulated at the first window."""
    return Monitor(owner, name)


class Monitor:
    """Watches one client."""

    def __init__(self, owner: Owner, name: str) -> None:
        self._owner, self._name = owner, name
        self._waiting: Asked | None = None
        self._suspicion: float | None = None

    def judge(self, images: Tensor, scores: Tensor, asked: int, value: Value) -> Ruling:
        """Let pass all up to the end of the first window that raises the alarm."""
        normal = normal_of(self._owner, self._name)
        threshold = normal.threshold(float(value))
        stream = normal.asked(images, scores)
        before = 0
        if self._waiting is not None:
            before = len(self._waiting.doubt)
            stream = self._waiting.then(stream)
        for end in range(WINDOW, len(stream.doubt) + 1, WINDOW):
            excess = normal.excess(normal.figures(stream[end - WINDOW : end], asked + end - before))
            self._suspicion = max(0.0, float(excess.max()) / threshold)
            if excess.max() > threshold:
                return Ruling(end - before, FIGURES[int(excess.argmax())])
        self._waiting = stream[len(stream.doubt) // WINDOW * WINDOW :]
        return Ruling(len(images))

    def seen(self, value: Value, others: Seen) -> Seen:  # noqa: ARG002  # it was measured when it was asked
        """Show how far the last window was from the alarm."""
        return replace(others, suspicion=self._suspicion)


@dataclass(frozen=True)
class Asked:
    """What is kept in the log of some queries: no picture, only what is measured of it.

    Attributes
    ----------
    signs
        (n, `GRID`²).
    strange
        Distance from the nearest known photo, (n,).
    doubt
        How unsure the model is, (n,).
    """

    signs: Tensor
    strange: Tensor
    doubt: Tensor

    def __getitem__(self, which: slice | NDArray[np.int64]) -> Asked:
        return Asked(self.signs[which], self.strange[which], self.doubt[which])

    def then(self, later: Asked) -> Asked:
        """Return these queries and those after them."""
        pairs = ((self.signs, later.signs), (self.strange, later.strange), (self.doubt, later.doubt))
        return Asked(*(torch.cat(pair) for pair in pairs))


def signatures(images: Tensor) -> Tensor:
    """Return pictures (n, c, h, w) in grey and coarse, (n, `GRID`²), on the CPU."""
    coarse = functional.adaptive_avg_pool2d(images.mean(1, keepdim=True), GRID)
    return coarse.flatten(1).float().cpu()


def doubts(scores: Tensor) -> Tensor:
    """Return the entropy of answers (n, classes) as a share of the greatest possible, (n,), on the CPU."""
    entropy: Tensor = torch.special.entr(scores).sum(1)
    return (entropy / math.log(scores.shape[1])).float().cpu()


class Normal:
    """What is normal: the spread of each figure among customers, and how far the farthest of them go.

    Parameters
    ----------
    known
        Photos that the model has learnt from, (n, c, h, w).
    photos, classes
        What customers have, (n, c, h, w) and (n,).
    answer
        The model's scores for pictures.
    """

    def __init__(
        self, known: Tensor, photos: Tensor, classes: Tensor, answer: Callable[[Tensor], Tensor]
    ) -> None:
        self._anchors = signatures(known)
        self._answer = answer
        sent = self.takes(photos, seed=0)
        signs = sent.signs.reshape(len(photos), TAKES, -1)
        self._alike = float((signs[:, 1:] - signs[:, :-1]).norm(dim=2).quantile(ALIKE))
        windows = [self.day(sent[day]) for day in days(CUSTOMERS, classes.cpu().numpy(), seed=0)]
        every = np.concatenate(windows)
        self._middle = np.median(every, axis=0)
        self._spread = np.quantile(every, 0.99, axis=0) - self._middle + 1e-6
        self._reached = np.sort([self.most(figures) for figures in windows])[::-1]

    def asked(self, images: Tensor, scores: Tensor) -> Asked:
        """Measure queries (n, c, h, w) and the model's scores for them (n, classes)."""
        signs = signatures(images)
        return Asked(signs, torch.cdist(signs, self._anchors).amin(1), doubts(scores))

    def takes(self, photos: Tensor, seed: int) -> Asked:
        """Return what is measured of photos (n, c, h, w) in `TAKES` takes each, (n · `TAKES`) in all."""
        draws = torch.Generator().manual_seed(seed)
        every = torch.stack([retaken(photos, draws) for _ in range(TAKES)], 1).flatten(0, 1)
        parts = [self.asked(part, self._answer(part)) for part in _parts(every, 200)]
        return reduce(Asked.then, parts)

    def day(self, sent: Asked) -> Floats:
        """Return the figures of each window of a customer's day, (windows, figures)."""
        ends = range(WINDOW, len(sent.doubt) + 1, WINDOW)
        rows = [self.figures(sent[end - WINDOW : end], end) for end in ends]
        return np.stack(rows) if rows else np.zeros((0, len(FIGURES)))

    def figures(self, window: Asked, asked: int) -> Floats:
        """Return the figures of one window, when there were so many queries, (figures,)."""
        apart = torch.cdist(window.signs, window.signs).fill_diagonal_(math.inf).amin(1)
        alike = float((apart < self._alike).double().mean())
        return np.array([math.log(asked), alike, float(window.strange.mean()), float(window.doubt.mean())])

    def excess(self, figures: Floats) -> Floats:
        """Return how far figures (..., figures) are above the middle, in units of customers' spread."""
        excess: Floats = (figures - self._middle) / self._spread
        return excess

    def most(self, figures: Floats) -> float:
        """Return the largest excess in a day (windows, figures); who fills no window raises no alarm."""
        return float(self.excess(figures).max(initial=-math.inf))

    def threshold(self, share: float) -> float:
        """Return the excess that a new customer goes beyond with a chance of at most ``share``."""
        # of n + 1 customers who are alike each has the same chance to be among the k farthest
        rank = math.floor(share * (len(self._reached) + 1))
        return float(self._reached[max(0, rank - 1)])


def days(count: int, classes: NDArray[np.int64], seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield for each of so many customers what is sent in a day: places among the takes of photos.

    Parameters
    ----------
    classes
        The class of each photo, (photos,).
    """
    draws = np.random.default_rng(seed)
    kinds, kind = np.unique(classes, return_inverse=True)
    sizes = np.bincount(kind)
    for _ in range(count):
        sent = int(draws.lognormal(math.log(DAY[0]), DAY[1]))
        # everyone has his favourites
        chances = (draws.dirichlet(np.ones(len(kinds))) / sizes)[kind]
        photos = draws.choice(len(classes), sent, p=chances / chances.sum())
        again = draws.random(sent) < draws.beta(*RESENDS)
        earlier = (draws.random(sent) * np.arange(sent)).astype(np.int64)
        for i in np.flatnonzero(again):
            photos[i] = photos[earlier[i]]
        yield photos * TAKES + draws.integers(TAKES, size=sent)


@torch.no_grad()
def retaken(photos: Tensor, draws: torch.Generator) -> Tensor:
    """Return photos (n, c, h, w) moved a little, brighter or darker, and with grain."""
    channels, height, width = photos.shape[1:]
    parts = _parts(photos, 8)
    shifts = common.random_shifts(len(parts), (channels, height, width), draws, REACH * width).to(photos)
    moved = torch.cat([common.shifted(p, s[None]) for p, s in zip(parts, shifts, strict=True)])
    light = 1 + LIGHT * (2 * torch.rand((len(photos), 1, 1, 1), generator=draws) - 1)
    grain = GRAIN * torch.randn(photos.shape, generator=draws)
    return (moved * light.to(photos) + grain.to(photos)).clamp(0, 1)


def _parts(rows: Tensor, size: int) -> list[Tensor]:
    return [rows[first : first + size] for first in range(0, len(rows), size)]


def normal_of(owner: Owner, name: str) -> Normal:
    """Return what is normal for an owner: every second of his unseen photos stands for what customers send.

    The others are left for whoever wants to check how many false alarms there are.
    """
    if name not in _NORMAL:
        known, (photos, classes) = owner.known(), owner.unseen()
        mine = slice(None, None, 2 * math.ceil(len(photos) / 2 / PHOTOS))
        anchors = known[:: math.ceil(len(known) / ANCHORS)]
        _NORMAL[name] = Normal(anchors, photos[mine], classes[mine], owner.scores)
    return _NORMAL[name]


_NORMAL: dict[str, Normal] = {}
"""Simulating the customers takes longer than opening a run."""
