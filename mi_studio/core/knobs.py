"""A knob: one setting that a user may turn, with its named stops."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mi_studio.core.errors import UsageError
from mi_studio.core.text import Text, names

Value = str | float
"""A knob's value: a word, or a number (``math.inf`` included)."""


def plain(value: Value) -> str:
    """Write a value as it is typed on the command line: ``inf``, ``0.5``, ``2000``, ``top3``."""
    if isinstance(value, str):
        return value
    return "inf" if math.isinf(value) else f"{value:g}"


def jsonable(value: Value) -> Value:
    """Write a value for JSON or TOML, which know no infinity: it becomes ``"inf"``."""
    return plain(value) if isinstance(value, float) and math.isinf(value) else value


def from_json(raw: Any) -> Value:
    """Read what `jsonable` wrote.

    Raises
    ------
    TypeError
        If it is neither a number nor a short word.
    """
    if isinstance(raw, int | float):
        return float(raw)
    if not isinstance(raw, str) or len(raw) > 80:
        raise TypeError("a knob's value is a number or a word")
    return math.inf if raw == "inf" else raw


@dataclass(frozen=True, slots=True)
class Stop:
    """A named position of a knob."""

    value: Value
    label: Text


@dataclass(frozen=True, slots=True)
class Knob:
    """One setting with its stops.

    Attributes
    ----------
    stops
        Ordered from no protection (or the plainest choice) onwards.
    default
        The value when its owner is switched on and nothing else is said.
    off
        The value that means "no protection"; ``None`` for knobs that are not a defence's.
    continuous
        Whether any number between the smallest and largest stop is valid; else only stops are.
    live
        Whether the value may change between two steps of a running attack.
    """

    id: str
    title: Text
    help: Text
    stops: tuple[Stop, ...]
    default: Value
    off: Value | None
    continuous: bool
    live: bool

    def parse(self, text: str | float) -> Value:
        """Turn what somebody typed into a valid value.

        Raises
        ------
        UsageError
            If it is neither a stop nor, for a continuous knob, a number within its range.
        """
        wanted = plain(text)
        try:
            number = float(wanted)
        except ValueError:
            number = math.nan
        for stop in self.stops:
            if plain(stop.value) == wanted or stop.value == number:
                return stop.value
        numbers = [s.value for s in self.stops if isinstance(s.value, float)]
        if self.continuous and not math.isnan(number) and min(numbers) <= number <= max(numbers):
            return number
        raise UsageError(
            Text(
                "{knob} cannot be '{wanted}'; valid: {choices}.",
                "{knob}に「{wanted}」は指定できません。指定できるのは、{choices}です。",
            ),
            knob=names([self]),
            wanted=wanted,
            choices=self.choices(),
        )

    def choices(self) -> Text:
        """Name the valid values: as they are typed in English, as they are labelled in Japanese."""
        if self.continuous:
            numbers = [s.value for s in self.stops if isinstance(s.value, float)]
            low, high = plain(min(numbers)), plain(max(numbers))
            return Text(f"any number from {low} to {high}", f"{low}から{high}までの数値")
        return Text(" ".join(plain(s.value) for s in self.stops), names(s.label.ja for s in self.stops).ja)

    def label(self, value: Value, language: str) -> str:
        """Name a value in words, or as a plain number between two stops."""
        for stop in self.stops:
            if stop.value == value:
                return stop.label.get(language)
        return plain(value)

    @classmethod
    def read(cls, table: Mapping[str, Any], where: str) -> Knob:
        """Build from a card's ``[knob]`` table; numbers become floats, ``"inf"`` infinity.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the table is not complete.
        """
        stops = tuple(
            Stop(
                from_json(s["value"]),
                Text.read(s["label"], where)
                if isinstance(s.get("label"), Mapping)
                else Text(*[str(s.get("label", plain(from_json(s["value"]))))] * 2),
            )
            for s in table["stops"]
        )
        return cls(
            id=str(table["id"]),
            title=Text.read(table["title"], where),
            help=Text.read(table["help"], where),
            stops=stops,
            default=from_json(table["default"]),
            off=from_json(table["off"]) if "off" in table else None,
            continuous=bool(table.get("continuous", False)),
            live=bool(table.get("live", False)),
        )
