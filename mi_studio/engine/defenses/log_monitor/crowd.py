"""Normal customers who come while an attack runs: what they send, and for how many there is an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mi_studio.core.desk import DAY, WATCHED, LogLine
from mi_studio.engine.gateway import CUSTOMERS as LINES

PAUSE = 0.5
"""Minutes between two queries of a customer."""


class Photos(Protocol):
    """The takes that customers choose from, (n,) each."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class that the model gives."""

    @property
    def shares(self) -> NDArray[np.float32]:
        """How sure it is."""

    @property
    def signs(self) -> list[bytes]:
        """How the log shows them."""


@dataclass(frozen=True)
class Meanwhile:
    """What there was up to some minute.

    Attributes
    ----------
    customers
        How many have begun.
    alarms
        For how many of them there was an alarm.
    lines
        The newest lines of their log.
    """

    customers: int
    alarms: int
    lines: tuple[LogLine, ...]


class Crowd:
    """A day of customers, each of whom asks for a while and begins at some time of it.

    Parameters
    ----------
    sent
        For each of them, what is sent: places among the takes.
    excess
        For each of them, how far each figure of each window is above the middle, (windows, figures).
    window
        How many queries are one.
    photos
        The takes.
    """

    def __init__(
        self,
        sent: Sequence[NDArray[np.int64]],
        excess: Sequence[NDArray[np.float64]],
        window: int,
        photos: Photos,
    ) -> None:
        self._photos = photos
        draws = np.random.default_rng(0)
        lengths = np.array([len(places) for places in sent])
        self._begins = draws.random(len(sent)) * np.maximum(0.0, DAY - PAUSE * lengths)
        who = np.repeat(np.arange(len(sent)), lengths)
        nth = np.concatenate([np.arange(n) for n in lengths])
        order = np.argsort(self._begins[who] + PAUSE * nth, kind="stable")
        self._who, self._nth = who[order], nth[order]
        self._when = self._begins[self._who] + PAUSE * self._nth
        self._sent = np.concatenate(sent)[order]
        counts = [len(windows) for windows in excess]
        self._watched = np.repeat(np.arange(len(sent)), counts)
        self._excess = np.concatenate(excess)
        ends = np.concatenate([window * np.arange(1, n + 1) - 1 for n in counts])
        self._judged = self._begins[self._watched] + PAUSE * ends
        self._window = window
        self._windows = list(excess)

    def until(self, minute: float, threshold: float, names: Sequence[str]) -> Meanwhile:
        """Return what there was up to a minute. There is one day of customers; no later one brings more."""
        now = min(minute, DAY)
        raised = (self._judged <= now) & (self._excess.max(1, initial=-np.inf) > threshold)
        end = int(np.searchsorted(self._when, now, side="right"))
        return Meanwhile(
            int((self._begins <= now).sum()),
            len(np.unique(self._watched[raised])),
            tuple(self._line(i, threshold, names) for i in range(max(0, end - LINES), end)),
        )

    def _line(self, i: int, threshold: float, names: Sequence[str]) -> LogLine:
        who, nth, take = int(self._who[i]), int(self._nth[i]), int(self._sent[i])
        judged = (nth + 1) // self._window
        newest = self._windows[who][judged - 1] / threshold if judged else np.zeros(0)
        ends = judged and (nth + 1) % self._window == 0
        photos = self._photos
        return LogLine(
            number=i + 1,
            minute=float(self._when[i]),
            sender=who + 1,
            customer=True,
            answer=names[int(photos.labels[take])],
            share=float(photos.shares[take]),
            figures=tuple(newest.tolist()),
            alarm=WATCHED[int(newest.argmax())] if ends and newest.max() > 1 else "",
            mark=photos.signs[take],
        )
