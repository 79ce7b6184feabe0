"""A sweep: what a plan wants and a store lacks is carried out, and every outcome is kept as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from mi_studio.core.cards import library
from mi_studio.core.config import RunConfig
from mi_studio.core.outcome import Outcome
from mi_studio.studio.pace import Pace
from mi_studio.sweep.grid import Plan
from mi_studio.sweep.store import Store
from mi_studio.sweep.work import Failed

WINDOW = 300.0
"""Seconds of the past that the time left is reckoned from."""


class Hands(Protocol):
    """Whoever carries runs out: a `Pool` or a `Cluster`."""

    def carry_out(self, configs: Iterable[RunConfig]) -> Iterator[Outcome | Failed | None]:
        """Yield outcomes and failures as they come, and ``None`` at every beat without one."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is; ``left`` are seconds, ``None`` while nobody can know."""

    done: int
    total: int
    left: float | None = None
    failed: tuple[Failed, ...] = ()
    news: Outcome | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return self.done + len(self.failed) == self.total


def sweep(
    plan: Plan,
    store: Store,
    hands: Hands,
    *,
    stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Progress]:
    """Carry out what is missing, and yield how far it is, at least at every beat.

    Runs that failed are not kept, so the next sweep of the same plan tries them again.
    """
    there = store.keys()
    missing = [config for config in plan.runs if config.key not in there]
    done, failed = len(plan.runs) - len(missing), []
    pace, work, worked = Pace(WINDOW), sum(map(_expected, missing)), 0
    pace.note(clock(), 0)
    yield Progress(done, len(plan.runs))
    if not missing:
        return
    with closing(hands.carry_out(missing)) as answers:  # type: ignore[type-var]
        for answer in answers:
            news = None
            if isinstance(answer, Outcome):
                store.keep(answer)
                done, news = done + 1, answer
            elif isinstance(answer, Failed):
                failed.append(answer)
            if answer is not None:
                worked += _expected(answer.config)
                pace.note(clock(), worked)
            yield Progress(done, len(plan.runs), pace.left(work), tuple(failed), news)
            if stop():
                return


def _expected(config: RunConfig) -> int:
    """Return how long a run typically takes, in milliseconds: some attacks take a hundred times longer."""
    card = library().attack(config.attack)
    return max(1, round(1000 * card.typical_seconds * config.steps / card.steps))
