"""A monitor that compares what a client asks with what simulated normal customers ask.

Each full window of queries gets four figures: how many queries there were so far, what share of the window
are near-duplicates of one another, how far its pictures are from those that the model has learnt from, and
how unsure the model is of them. Each figure is measured against the spread among customers; the largest
decides. There is an alarm beyond the value that only the chosen share of the customers reach in a day.

PRADA (Juuti et al. 2019) watches how the distances between queries are distributed; here other figures of the
same stream are watched, and the threshold comes from customers instead of a test of normality.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from mi_studio.core.desk import CUSTOMERS, WATCHED, BlockReason
from mi_studio.core.knobs import Value
from mi_studio.engine.attacks import common
from mi_studio.engine.defenses.log_monitor.crowd import Crowd
from mi_studio.engine.gateway import Account, Guard, Owner, Seen, marks

WINDOW = 50
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
ALIKE = 0.25
"""Two queries are near-duplicates if closer than this share of the pairs of takes of one photo are."""

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
"""What is measured of queries, (n, `GRID`² + 2): a coarse grey picture, its distance from the nearest known
photo, and how unsure the model is of it."""


def guard(owner: Owner, name: str) -> Monitor:
    """Set up the monitor. What normal customers do is simulated at the first query."""
    return Monitor(owner, name)


class Monitor(Guard):
    """Watches every account by itself; a window goes on from one day to the next."""

    def __init__(self, owner: Owner, name: str) -> None:
        self._owner, self._name = owner, name
        self._rows: Rows = np.zeros((0, GRID**2 + 2), np.float32)
        self._windows: dict[int, list[Rows]] = {}
        self._figures: tuple[float, ...] = ()

    def look(self, images: Tensor, scores: Tensor) -> None:
        """Measure what is asked now."""
        self._rows = normal_of(self._owner, self._name).rows(images, scores)

    def answered(self, place: int, account: Account, value: Value) -> BlockReason:
        """Judge each full window of an account."""
        window = self._windows.setdefault(account.number, [])
        window.append(self._rows[place].copy())
        if len(window) < WINDOW:
            return ""
        normal = normal_of(self._owner, self._name)
        excess = normal.excess(normal.figures(np.stack([window]), np.array([account.today]))[0])
        window.clear()
        threshold = normal.threshold(float(value))
        self._figures = account.figures = tuple((excess / threshold).tolist())
        return WATCHED[int(excess.argmax())] if excess.max() > threshold else ""

    def seen(self, minute: float, value: Value, others: Seen) -> Seen:
        """Show how far the newest window was from the alarm, and what came of customers meanwhile."""
        suspicion = max(0.0, *self._figures) if self._figures else None
        normal = normal_of(self._owner, self._name)
        crowd = normal.crowd.until(minute, normal.threshold(float(value)), self._owner.names)
        return replace(
            others,
            suspicion=suspicion,
            figures=self._figures,
            customers=crowd.customers,
            false_alarms=crowd.alarms,
            lines=(*others.lines, *crowd.lines),
        )


@dataclass(frozen=True)
class Taken:
    """Takes of photos, as customers send them.

    Attributes
    ----------
    rows
        What is measured of them.
    labels, shares
        The class that the model gives for each, and how sure it is, (n,).
    signs
        The pictures as the log shows them.
    """

    rows: Rows
    labels: NDArray[np.int64]
    shares: Rows
    signs: list[bytes]


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
        self._classes = classes.cpu().numpy()
        self._taken = self.takes(photos, seed=0)
        signs = torch.from_numpy(self._taken.rows[:, : GRID**2]).reshape(len(photos), TAKES, -1)
        self._alike = float((signs[:, 1:] - signs[:, :-1]).norm(dim=2).quantile(ALIKE))
        windows = [self.day(self._taken.rows[day]) for day in days(CUSTOMERS, self._classes, seed=0)]
        every = np.concatenate(windows)
        self._middle = np.median(every, axis=0)
        self._spread = np.quantile(every, 0.99, axis=0) - self._middle + 1e-6
        self._reached = np.sort([self.most(figures) for figures in windows])[::-1]

    @cached_property
    def crowd(self) -> Crowd:
        """Others than those on whom the threshold was set, with the same stock of photos."""
        sent = list(days(CUSTOMERS, self._classes, seed=1))
        figures = [self.excess(self.day(self._taken.rows[day])) for day in sent]
        return Crowd(sent, figures, WINDOW, self._taken)

    def rows(self, images: Tensor, scores: Tensor) -> Rows:
        """Measure queries (n, c, h, w) and the model's scores for them (n, classes)."""
        signs = signatures(images)
        strange = torch.cdist(signs, self._anchors).amin(1)
        rows: Rows = torch.cat([signs, strange[:, None], doubts(scores)[:, None]], 1).numpy()
        return rows

    @torch.no_grad()
    def takes(self, photos: Tensor, seed: int) -> Taken:
        """Return photos (n, c, h, w) in `TAKES` takes each, (n · `TAKES`) in all."""
        draws = torch.Generator().manual_seed(seed)
        every = torch.stack([retaken(photos, draws) for _ in range(TAKES)], 1).flatten(0, 1)
        parts = _parts(every, 200)
        answers = [self._answer(part) for part in parts]
        shares, labels = torch.cat(answers).max(1)
        rows = np.concatenate([self.rows(*pair) for pair in zip(parts, answers, strict=True)])
        return Taken(rows, labels.cpu().numpy(), shares.float().cpu().numpy(), marks(every))

    def day(self, sent: Rows) -> Floats:
        """Return the figures of each window of a customer's day, (windows, figures)."""
        count = len(sent) // WINDOW
        return self.figures(
            sent[: count * WINDOW].reshape(count, WINDOW, sent.shape[1]), WINDOW * np.arange(1, count + 1)
        )

    def figures(self, windows: Rows, asked: NDArray[np.int64]) -> Floats:
        """Return the figures of windows (w, `WINDOW`, …) after so many queries (w,): (w, figures)."""
        signs = torch.from_numpy(windows[..., : GRID**2])
        apart = torch.cdist(signs, signs)
        apart.diagonal(dim1=1, dim2=2).fill_(math.inf)
        alike = (apart.amin(2) < self._alike).double().mean(1).numpy()
        means = windows[..., GRID**2 :].mean(1, dtype=np.float64)
        return np.column_stack([np.log(asked), alike, means])

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
