"""The runs that stand beside each other on the stage, as the screen knows them.

A *lane* is one run. Up to three share one play head: the attacker's own (``main``, whose knobs move
live), the same attack without any defence (``twin``), and the same attack under the present setting
from its first step on (``fresh``), which is what a moved knob must be judged by.
"""

from __future__ import annotations

import itertools
import traceback
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

from mi_studio.core.config import RunConfig
from mi_studio.core.errors import StudioError
from mi_studio.core.history import History, KnobMove
from mi_studio.core.knobs import Value
from mi_studio.core.recording import Recording
from mi_studio.core.step import Pictures, Step
from mi_studio.core.text import Text
from mi_studio.core.weights import Privacy, Utility
from mi_studio.studio.mailbox import Mailbox

UNEXPECTED = Text(
    "The run failed ({kind}). Press play to try again; the details below help whoever looks into it.",
    "実行中に予期しないエラーが起きました。再生を押すとやり直せます。"
    "繰り返し起きるときは、詳細をコピーして開発元に知らせてください。",
)


class Role(StrEnum):
    """What a lane is there for."""

    MAIN = "main"
    FRESH = "fresh"
    TWIN = "twin"


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, for the user, and the details to copy."""

    sentence: Text
    details: str

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """Put an error into words; what only a programmer understands goes into the details."""
        if not isinstance(error, StudioError):
            kind = type(error).__name__
            return cls(UNEXPECTED.filled(kind=kind), "".join(traceback.format_exception(error)))
        cause = error.__cause__
        return cls(error.text, "".join(traceback.format_exception_only(cause)).strip() if cause else "")


@dataclass(frozen=True, slots=True)
class Opened:
    """A run has loaded everything and can step."""

    ticket: int
    secret: Pictures
    effective: Mapping[str, Text | None]
    utility: Utility | None
    privacy: Privacy | None


@dataclass(frozen=True, slots=True)
class Stepped:
    """One step was done; ``moves`` are the knobs that took effect with it, ``values`` how they stand."""

    ticket: int
    step: Step
    moves: tuple[KnobMove, ...]
    values: Mapping[str, Value]
    utility: Utility | None
    privacy: Privacy | None


@dataclass(frozen=True, slots=True)
class Ended:
    """The last step was done; ``result`` is the result document, ``original`` the truth beside it."""

    ticket: int
    result: Mapping[str, Any]
    original: Pictures


@dataclass(frozen=True, slots=True)
class Failed:
    """A run could not start or go on."""

    ticket: int
    failure: Failure


Message = Opened | Stepped | Ended | Failed


class Engine(Protocol):
    """Who runs the lanes, elsewhere; orders are carried out in the order in which they are given."""

    mailbox: Mailbox[Message]

    def open(self, ticket: int, config: RunConfig, picture: Pictures | None) -> None:
        """Load a run; it takes its turns as soon as it is loaded and the engine is going."""
        ...

    def close(self, ticket: int) -> None:
        """Drop a run."""
        ...

    def turn(self, ticket: int, knobs: Mapping[str, Value]) -> None:
        """Move knobs of a run, and let it take the next turn."""
        ...

    def go(self) -> None:
        """Let all runs step in turn."""
        ...

    def halt(self) -> None:
        """Let no run step."""
        ...

    def step(self) -> None:
        """Let every run that has not ended do one step."""
        ...

    def pace(self, steps_per_second: float) -> None:
        """Limit each run to so many steps a second; ``inf`` is no limit."""
        ...


_serials = itertools.count(1)


@dataclass(eq=False)
class Lane:
    """One run, as far as the screen has heard of it; ``serial`` tells it from every other."""

    ticket: int
    config: RunConfig
    history: History = field(default_factory=History)
    secret: Pictures | None = None
    effective: Mapping[str, Text | None] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)
    """The knobs as they act at its newest step; empty before the first."""
    utility: Utility | None = None
    privacy: Privacy | None = None
    result: Mapping[str, Any] | None = None
    """The result document once the run is whole."""
    opened: bool = False
    ended: bool = False
    awaited: int = 0
    """Single steps that were asked for and have not come."""
    serial: int = field(default_factory=lambda: next(_serials))

    @classmethod
    def recorded(cls, recording: Recording, history: History | None = None) -> Lane:
        """Return a lane that was run before; ``history`` replaces the recording's main one."""
        main = history is None
        return cls(
            ticket=0,
            config=recording.config if main else recording.config.undefended(),
            history=recording.history if history is None else history,
            secret=recording.secret,
            utility=_utility(recording.result) if main else None,
            privacy=_privacy(recording.result) if main else None,
            result=recording.result or None if main else None,
            opened=True,
            ended=True,
        )

    @property
    def reached(self) -> int:
        """The newest step, 0 before the first."""
        return self.history.steps[-1].index if self.history.steps else 0

    @property
    def mixed(self) -> bool:
        """Whether a knob moved while this run was going."""
        return self.history.mixed

    @property
    def complete(self) -> bool:
        """Whether it may be kept as the whole run of its configuration."""
        return self.ended and self.result is not None and not self.mixed and bool(self.history.steps)

    def take(self, message: Opened | Stepped | Ended) -> None:
        """Take in what the engine tells."""
        match message:
            case Opened():
                self.opened = True
                self.secret = message.secret
                self.effective = message.effective
                self.utility, self.privacy = message.utility, message.privacy
            case Stepped():
                self.history.append(message.step)
                self.history.moves.extend(message.moves)
                self.awaited = max(0, self.awaited - 1)
                self.values = message.values
                self.utility, self.privacy = message.utility, message.privacy
                if not self.mixed:  # a knob that moved before the first step belongs to the configuration
                    self.config = self.config.turned(message.values)
            case Ended():
                self.ended = True
                self.awaited = 0
                self.result = message.result
                self.secret = message.original

    def at(self, head: int | None) -> Step | None:
        """Return the step under the play head, the newest for ``None``; ``None`` before the first."""
        if not self.history.steps:
            return None
        return self.history.last if head is None else self.history.at(head)

    def recording(self, twin: Lane | None) -> Recording:
        """Return what can be saved and played again."""
        if self.secret is None or not self.history.steps:
            raise ValueError("nothing has been run yet")
        beside = twin.history if twin is not None and twin.history.steps else None
        config = replace(self.config, image=None)
        return Recording(config, self.secret, self.history, dict(self.result or {}), beside)


@dataclass
class Shelf:
    """Whole runs that need not be computed again; beyond ``budget`` bytes the oldest are forgotten."""

    budget: int = 16 * 2**20
    _lanes: OrderedDict[str, Lane] = field(default_factory=OrderedDict)

    def keep(self, key: str, lane: Lane) -> None:
        """Keep a whole run, unless it is larger than the shelf."""
        if lane.history.bytes > self.budget:
            return
        self._lanes[key] = lane
        self._lanes.move_to_end(key)
        while self.bytes > self.budget:
            self._lanes.popitem(last=False)

    @property
    def bytes(self) -> int:
        """About how much memory all that is kept takes."""
        return sum(lane.history.bytes for lane in self._lanes.values())

    def find(self, key: str) -> Lane | None:
        """Return the run of this configuration, if it is at hand."""
        return self._lanes.get(key)


class Lanes:
    """The lanes on the stage, by role."""

    def __init__(self) -> None:
        self._by_role: dict[Role, Lane] = {}

    def __iter__(self) -> Iterator[tuple[Role, Lane]]:
        return iter(self._by_role.items())

    def __getitem__(self, role: Role) -> Lane | None:
        return self._by_role.get(role)

    def put(self, role: Role, lane: Lane) -> None:
        """Place a lane."""
        self._by_role[role] = lane

    def drop(self, role: Role) -> Lane | None:
        """Take a lane away and return it."""
        return self._by_role.pop(role, None)

    def find(self, ticket: int) -> tuple[Role, Lane] | None:
        """Return the lane with this ticket; ``None`` for what is no longer wanted."""
        return next(((r, lane) for r, lane in self if lane.ticket == ticket and ticket > 0), None)

    @property
    def main(self) -> Lane | None:
        """The attacker's own run."""
        return self[Role.MAIN]

    @property
    def judged(self) -> Lane | None:
        """The run that a verdict may be based on: never a mixed one."""
        main = self.main
        return self[Role.FRESH] if main is not None and main.mixed else main


def _utility(result: Mapping[str, Any]) -> Utility | None:
    raw = result.get("utility")
    try:
        return Utility(str(raw["metric"]), float(raw["value"]), int(raw["n"])) if raw else None
    except (KeyError, TypeError, ValueError):
        return None


def _privacy(result: Mapping[str, Any]) -> Privacy | None:
    try:
        return Privacy.read(result.get("privacy"))
    except (KeyError, TypeError, ValueError):
        return None
