"""What the owner of an API sees at his gateway: counts, a simulated clock, alarms, the log's newest lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

BlockReason = Literal["", "key", "budget", "volume", "duplicates", "unnatural", "unsure"]
"""Why a gateway answers no more: no key, the budget, or what the log monitor saw; empty while it answers."""

BLOCK_REASONS: tuple[BlockReason, ...] = get_args(BlockReason)

REFUSED: tuple[BlockReason, ...] = ("key", "budget")
"""Of these reasons a query is not answered; an alarm comes after the answer."""

WATCHED: tuple[BlockReason, ...] = ("volume", "duplicates", "unnatural", "unsure")
"""What the log monitor measures of each window of queries."""

QUERIES_A_MINUTE = 60
"""What a gateway takes from one account that asks as fast as it may: its clock is simulated."""

DAY = 24 * 60.0
"""Minutes of a simulated day."""

CUSTOMERS = 1000
"""So many normal customers are simulated, each for a day."""

MARK = 16
"""Width and height of the grey sign that stands for a picture in the log."""

LINES = 10
"""So many lines of a log come with a step at most."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One query in the log.

    Attributes
    ----------
    number
        The place of the query among all of its kind, the attacker's or the customers'.
    minute
        When it came, by the simulated clock.
    sender
        The number of the attacker's account, from 1, or of the customer.
    customer
        Whether it is a normal customer's.
    answer
        The name of the class that was answered; empty where nothing was.
    share
        How sure the model was, or ``None`` where that was not let out.
    figures
        How far the sender's newest window is from the alarm, which is at 1, by each of `WATCHED`;
        empty while there is none.
    alarm
        Why the alarm was raised at this query, or why it was refused; mostly empty.
    mark
        The picture in small and grey, `MARK`² bytes; empty where it is not kept.
    """

    number: int
    minute: float
    sender: int
    customer: bool
    answer: str
    share: float | None
    figures: tuple[float, ...]
    alarm: BlockReason
    mark: bytes


@dataclass(frozen=True, slots=True)
class Desk:
    """What the owner of an API sees of the attacker at his gateway.

    Attributes
    ----------
    asked
        Queries so far, the refused ones left out.
    budget
        How many there may be for each account, or ``None`` where none is set.
    suspicion
        How far the newest window is from the log monitor's alarm, which is at 1; ``None`` while it has seen
        too little or is off.
    blocked
        Why no more is answered; empty while it is.
    minutes
        How long the attacker needed at least, by the simulated clock.
    accounts
        Among how many accounts the queries are dealt out.
    lost
        How many of them are answered no more.
    slowed
        How many of them are kept slow after an alarm.
    caught
        After how many queries in all the first alarm was raised, or ``None``.
    figures
        As in a `LogLine`, of the newest window of all.
    customers
        How many normal customers have come meanwhile; ``None`` while nobody watches.
    false_alarms
        For how many of them there was an alarm.
    lines
        The newest lines of the log, the attacker's and the customers', in the order in which they came.
    """

    asked: int
    budget: int | None
    suspicion: float | None
    blocked: BlockReason
    minutes: float = 0.0
    accounts: int = 1
    lost: int = 0
    slowed: int = 0
    caught: int | None = None
    figures: tuple[float, ...] = ()
    customers: int | None = None
    false_alarms: int = 0
    lines: tuple[LogLine, ...] = ()
