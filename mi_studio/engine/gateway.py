"""The gateway before an API: it counts and watches what is asked, and can end the answers.

An attack sees nothing of it. It asks as always; where the gateway refuses, `Blocked` comes in place of an
answer, passes through the attack and ends the run with what the attacker had.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from mi_studio.core.cards import DefenseCard
from mi_studio.core.knobs import Value
from mi_studio.core.step import BlockReason, Desk


class Blocked(Exception):  # noqa: N818  # it is an answer, not an error
    """Comes in place of an answer: from now on the API answers nothing."""


@dataclass(frozen=True)
class Owner:
    """What the owner of an API has to set up a guard.

    Attributes
    ----------
    known
        Returns photos that the model has learnt from, (n, c, h, w) in 0–1.
    unseen
        Returns photos that it has not, as customers send them, and the class of each, (n,).
    scores
        The model's own scores (n, classes) for pictures.
    """

    known: Callable[[], Tensor]
    unseen: Callable[[], tuple[Tensor, Tensor]]
    scores: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Ruling:
    """What a guard says of some queries.

    Attributes
    ----------
    passed
        So many of them are answered, from the first one on.
    reason
        Why no more, or empty.
    """

    passed: int
    reason: BlockReason = ""


@dataclass(frozen=True)
class Seen:
    """What the guards tell the desk; see `mi_studio.core.step.Desk`."""

    budget: int | None = None
    suspicion: float | None = None


class Guard(Protocol):
    """One gateway defence at work on one client; a defence's folder makes it by ``guard(owner, name)``.

    The name is the same only for the same model and the same photos.
    """

    def judge(self, images: Tensor, scores: Tensor, asked: int, value: Value) -> Ruling:
        """Rule on queries (n, c, h, w) that the model scores so, when so many were answered before."""
        ...

    def seen(self, value: Value, others: Seen) -> Seen:
        """Return what the desk is told, with what the guards before have told it."""
        ...


class Gateway:
    """The gateway defences of a run before one client, in the order in which they were chosen.

    The guards see the model's own scores, whatever the API makes of them for its answer, so no output
    defence changes what they say. All queries of a run count, also those from before a guard was switched on;
    by the simulated clock of `mi_studio.core.step.QUERIES_A_MINUTE` a whole run lies within one day.

    Parameters
    ----------
    name
        As a `Guard` is made with.

    Attributes
    ----------
    asked
        Queries that were let through.
    """

    def __init__(self, defenses: Iterable[DefenseCard], owner: Owner, name: str) -> None:
        self.asked = 0
        self._defenses = tuple(defenses)
        self._owner, self._name = owner, name
        self._guards: dict[str, Guard] = {}
        self._reason: BlockReason = ""

    def admit(self, images: Tensor, scores: Tensor, values: Mapping[str, Value]) -> None:
        """Let queries (n, c, h, w) pass that the model scores so, (n, classes).

        Raises
        ------
        Blocked
            If one of them is refused; `asked` then counts up to the last one that was not.
        """
        if self._reason:
            raise Blocked
        rulings = [
            self._guard(d).judge(images, scores, self.asked, values[d.knob.id]) for d in self._on(values)
        ]
        first = min(rulings, key=lambda r: (r.passed, not r.reason), default=Ruling(len(images)))
        self.asked += first.passed
        self._reason = first.reason
        if self._reason:
            raise Blocked

    def desk(self, values: Mapping[str, Value]) -> Desk | None:
        """Return what the security desk shows under these knobs, or ``None`` where no guard is on."""
        on = self._on(values)
        if not on:
            return None
        seen = Seen()
        for defense in on:
            seen = self._guard(defense).seen(values[defense.knob.id], seen)
        return Desk(self.asked, seen.budget, seen.suspicion, self._reason)

    def forget(self, name: str) -> None:
        """Set the guards up anew at the next query, for another model; what was counted stays."""
        self._name = name
        self._guards.clear()

    def _on(self, values: Mapping[str, Value]) -> list[DefenseCard]:
        return [d for d in self._defenses if d.is_on(values)]

    def _guard(self, defense: DefenseCard) -> Guard:
        if defense.id not in self._guards:
            guard: Guard = importlib.import_module(defense.module).guard(self._owner, self._name)
            self._guards[defense.id] = guard
        return self._guards[defense.id]
