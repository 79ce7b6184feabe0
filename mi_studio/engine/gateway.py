"""The gateway before an API: it counts and watches what is asked, and can slow or end the answers.

An attack sees nothing of it. It asks as always, and who asks for it deals its queries out over his accounts.
Where the gateway refuses them all, `Blocked` comes in place of an answer, passes through the attack and ends
the run with what the attacker had.
"""

from __future__ import annotations

import heapq
import importlib
import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn import functional

from mi_studio.core.cards import DefenseCard
from mi_studio.core.desk import (
    BLOCK_REASONS,
    DAY,
    LINES,
    MARK,
    QUERIES_A_MINUTE,
    REFUSED,
    BlockReason,
    Desk,
    LogLine,
)
from mi_studio.core.knobs import Value
from mi_studio.core.step import ViewKind
from mi_studio.engine.answering import COARSER

SLOW = 150
"""Queries a day of an account that asks like a customer: the middle one of those of the log monitor."""
THROTTLED = 1.0
"""Queries a minute that are left to an account after an alarm, where it is slowed and not blocked."""
NEWEST, NOTABLE, CUSTOMERS = 4, 3, 3
"""So many lines the log shows of the newest queries, of alarms and refusals, and of customers."""
assert NEWEST + NOTABLE + CUSTOMERS == LINES


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
    names
        The name of each class, as the log writes them.
    """

    known: Callable[[], Tensor]
    unseen: Callable[[], tuple[Tensor, Tensor]]
    scores: Callable[[Tensor], Tensor]
    names: Sequence[str] = ()


@dataclass
class Account:
    """One of the attacker's accounts, as the gateway knows it.

    Attributes
    ----------
    number
        From 1.
    asked, today
        Queries that were answered, in all and on the present simulated day.
    last
        The minute of the last of them, and minus infinity before the first.
    slowed
        Whether an alarm was raised, and the answer to it was to slow the account.
    blocked
        The alarm to which the answer was to block it.
    figures
        As in a `LogLine`.
    """

    number: int
    asked: int = 0
    today: int = 0
    last: float = -math.inf
    slowed: bool = False
    blocked: BlockReason = ""
    figures: tuple[float, ...] = ()

    def ask(self, minute: float) -> None:
        """Count one more answer."""
        if self.last // DAY != minute // DAY:
            self.today = 0
        self.asked, self.today, self.last = self.asked + 1, self.today + 1, minute


@dataclass(frozen=True)
class Seen:
    """What the guards tell the desk; see `mi_studio.core.desk.Desk`."""

    budget: int | None = None
    suspicion: float | None = None
    figures: tuple[float, ...] = ()
    customers: int | None = None
    false_alarms: int = 0
    lines: tuple[LogLine, ...] = ()


class Guard:
    """One gateway defence at work; a defence's folder makes it by ``guard(owner, name)``.

    The name is the same only for the same model and the same photos. What a guard says must not depend on
    what others say, so that it does not matter in which order they were chosen. This one does nothing.
    """

    def look(self, images: Tensor, scores: Tensor) -> None:
        """Look at queries (n, c, h, w) that the model scores so (n, classes), before they are ruled on."""

    def refuses(self, account: Account, value: Value) -> BlockReason:  # noqa: ARG002
        """Say why an account gets no answer now, or return ``""``."""
        return ""

    def wait(self, value: Value) -> float:  # noqa: ARG002
        """Return how many minutes lie between two answers to one account at least."""
        return 0.0

    def answered(self, place: int, account: Account, value: Value) -> BlockReason:  # noqa: ARG002
        """Take note that the query in this place was answered; return why there is an alarm, or ``""``."""
        return ""

    def let_out(self, answers: Tensor, value: Value) -> Tensor:  # noqa: ARG002
        """Return what is let out of answers (n, classes)."""
        return answers

    def kind(self, value: Value) -> ViewKind:  # noqa: ARG002
        """Say what an answer is then at most."""
        return "scores"

    def seen(self, minute: float, value: Value, others: Seen) -> Seen:  # noqa: ARG002
        """Return what the desk is told at this minute, with what other guards have told it."""
        return others


@dataclass(frozen=True)
class _On:
    """A guard that is on, with its knob."""

    guard: Guard
    value: Value


class Gateway:
    """The gateway defences of a run, and before them the accounts of one attacker.

    The guards see the model's own scores, whatever the API makes of them for its answer, so no output
    defence changes what they say. All queries of a run count, also those from before a guard was switched on.
    The attacker sends each query from the account that may ask first; the time is simulated.

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
        self._accounts: list[Account] = []
        self._minutes = 0.0
        self._caught: int | None = None
        self._newest: deque[LogLine] = deque(maxlen=NEWEST)
        self._notable: deque[LogLine] = deque(maxlen=NOTABLE)

    def admit(
        self,
        images: Tensor,
        scores: Tensor,
        answers: Tensor,
        values: Mapping[str, Value],
        shown: ViewKind = "scores",
    ) -> Tensor:
        """Let queries pass, one after another, and return what is let out for them, (n, classes).

        Parameters
        ----------
        images
            (n, c, h, w).
        scores
            The model's own for them, (n, classes).
        answers
            What the output defences have made of these, (n, classes).
        shown
            What these are at most.

        Raises
        ------
        Blocked
            If there is no account left to answer; `asked` then counts up to the last query that passed.
        """
        if self._reason:
            raise Blocked
        on = self._on(values)
        for one in on:
            one.guard.look(images, scores)
        kind = max(shown, self.kind(values), key=COARSER.index)
        log = _Batch(images, self.let_out(answers, values), kind, self._owner.names)
        self._deal(len(images), on, values, log)
        self._notable.extend(log.notable())
        self._newest.extend(log.newest())
        if self._reason:
            raise Blocked
        return log.answers

    def let_out(self, answers: Tensor, values: Mapping[str, Value]) -> Tensor:
        """Return what this attacker may know of answers (n, classes)."""
        for one in self._on(values):
            answers = one.guard.let_out(answers, one.value)
        return answers

    def kind(self, values: Mapping[str, Value]) -> ViewKind:
        """Say what an answer is at most."""
        kinds: list[ViewKind] = ["scores", *(one.guard.kind(one.value) for one in self._on(values))]
        return max(kinds, key=COARSER.index)

    def desk(self, values: Mapping[str, Value]) -> Desk | None:
        """Return what the security desk shows under these knobs, or ``None`` where no guard is on."""
        on = self._on(values)
        if not on:
            return None
        seen = Seen()
        for one in on:
            seen = one.guard.seen(self._minutes, one.value, seen)
        mine = dict.fromkeys((*self._notable, *self._newest))
        accounts = self._present(values)
        return Desk(
            asked=self.asked,
            budget=seen.budget,
            suspicion=seen.suspicion,
            blocked=self._reason,
            minutes=self._minutes,
            accounts=len(accounts),
            lost=sum(bool(a.blocked or _refused(on, a)) for a in accounts),
            slowed=sum(a.slowed and not a.blocked for a in accounts),
            caught=self._caught,
            figures=seen.figures,
            customers=seen.customers,
            false_alarms=seen.false_alarms,
            lines=tuple(sorted((*mine, *seen.lines), key=lambda line: (line.minute, line.number))),
        )

    def forget(self, name: str) -> None:
        """Set the guards up anew at the next query, for another model; what was counted stays."""
        self._name = name
        self._guards.clear()

    def _deal(self, count: int, on: Sequence[_On], values: Mapping[str, Value], log: _Batch) -> None:
        """Send so many queries, each from the account that may ask first."""
        wait = max(1 / QUERIES_A_MINUTE, *(one.guard.wait(one.value) for one in on), 0.0)
        if values.get("pace") == "slow":
            wait = max(wait, DAY / SLOW)
        waits = {False: wait, True: max(wait, 1 / THROTTLED)}
        slows = values.get("alarm-response") == "throttle"
        began = self._minutes
        reason: BlockReason = ""
        queue = []
        for a in self._present(values):
            reason = a.blocked or reason
            if not a.blocked:
                queue.append((a.last + waits[a.slowed], a.number, a))
        heapq.heapify(queue)
        for place in range(count):
            while queue and (refused := _refused(on, queue[0][2])):
                account = heapq.heappop(queue)[2]
                reason = refused
                log.note(place, self.asked + 1, self._minutes, account, refused)
            if not queue:
                self._reason = reason
                return
            free, _, account = queue[0]
            minute = max(began, free)
            account.ask(minute)
            self.asked += 1
            self._minutes = max(self._minutes, minute + 1 / QUERIES_A_MINUTE)
            alarm = _first(one.guard.answered(place, account, one.value) for one in on)
            if alarm and account.slowed and slows:
                alarm = ""  # nothing follows from it any more
            if alarm:
                self._caught = self._caught or self.asked
                account.slowed, account.blocked = slows, "" if slows else alarm
                reason = account.blocked or reason
            log.note(place, self.asked, minute, account, alarm)
            if account.blocked:
                heapq.heappop(queue)
            else:
                heapq.heapreplace(queue, (minute + waits[account.slowed], account.number, account))
        if not queue:
            self._reason = reason

    def _present(self, values: Mapping[str, Value]) -> list[Account]:
        wanted = int(float(values.get("accounts", 1)))
        self._accounts += [Account(n + 1) for n in range(len(self._accounts), wanted)]
        return self._accounts[:wanted]

    def _on(self, values: Mapping[str, Value]) -> list[_On]:
        return [_On(self._guard(d), values[d.knob.id]) for d in self._defenses if d.is_on(values)]

    def _guard(self, defense: DefenseCard) -> Guard:
        if defense.id not in self._guards:
            guard: Guard = importlib.import_module(defense.module).guard(self._owner, self._name)
            self._guards[defense.id] = guard
        return self._guards[defense.id]


def _refused(on: Sequence[_On], account: Account) -> BlockReason:
    return _first(one.guard.refuses(account, one.value) for one in on)


def _first(reasons: Iterable[BlockReason]) -> BlockReason:
    """Return the one of several reasons that comes first among all that there are, or ``""``."""
    return min((r for r in reasons if r), key=BLOCK_REASONS.index, default="")


def marks(images: Tensor) -> list[bytes]:
    """Return pictures (n, c, h, w) small and grey, as a `LogLine` has them."""
    small = functional.adaptive_avg_pool2d(images.mean(1, keepdim=True), MARK)
    grey = (255 * small.clamp(0, 1)).round().to(torch.uint8).flatten(1).cpu().numpy()
    return [row.tobytes() for row in grey]


@dataclass
class _Batch:
    """The log of queries that came together; only the lines that somebody will see are written out.

    Attributes
    ----------
    answers
        What is let out for them, (n, classes).
    kind
        What that is.
    """

    images: Tensor
    answers: Tensor
    kind: ViewKind
    names: Sequence[str]
    _newest: deque[tuple[int, LogLine]] = field(default_factory=lambda: deque(maxlen=NEWEST))
    _notable: deque[tuple[int, LogLine]] = field(default_factory=lambda: deque(maxlen=NOTABLE))

    def note(self, place: int, number: int, minute: float, account: Account, alarm: BlockReason) -> None:
        """Note the query in a place, where it can be among those that are seen."""
        if alarm or place + NEWEST >= len(self.images):
            line = LogLine(number, minute, account.number, False, "", None, account.figures, alarm, b"")
            (self._notable if alarm else self._newest).append((place, line))

    def notable(self) -> list[LogLine]:
        """Return the last alarms and refusals."""
        return self._written(self._notable)

    def newest(self) -> list[LogLine]:
        """Return the last lines of which there is nothing to say."""
        return self._written(self._newest)

    def _written(self, lines: Iterable[tuple[int, LogLine]]) -> list[LogLine]:
        lines = list(lines)
        if not lines:
            return []
        places = [place for place, _ in lines]
        shares, labels = (found.tolist() for found in self.answers[places].max(1))
        signs = marks(self.images[places])
        written = []
        for (_, line), sign, label, share in zip(lines, signs, labels, shares, strict=True):
            told = (self.names[label], None if self.kind == "labels" else share)
            answer, sure = ("", None) if line.alarm in REFUSED else told
            written.append(replace(line, mark=sign, answer=answer, share=sure))
        return written
