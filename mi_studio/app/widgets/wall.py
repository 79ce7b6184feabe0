"""Several pictures in a pane: where each of them is, and what is written below it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import QPointF, QRectF

NAMED = 60.0
"""A picture of at least so many pixels a side has room for a name below it, at nominal type."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Square places of one size in rows. ``caption`` is the height below each that its name takes."""

    columns: int
    rows: int
    side: float
    gap: float
    caption: float
    GAPS: ClassVar = 0.9

    @classmethod
    def fitting(cls, count: int, width: float, height: float, caption: float = 0.0) -> Grid:
        """Return the grid with the largest pictures, but rather one without empty places: it looks calm."""
        gap = 0.0 if count == 1 else 4.0 if count <= 16 else 2.0

        def of(columns: int) -> Grid:
            rows = math.ceil(count / columns)
            side = min((width - gap * (columns - 1)) / columns, (height - gap * (rows - 1)) / rows - caption)
            return cls(columns, rows, max(1.0, math.floor(side)), gap, caption)

        every = (of(columns) for columns in range(1, max(1, count) + 1))
        return max(every, key=lambda g: g.side * (1.0 if g.columns * g.rows == count else cls.GAPS))

    @property
    def width(self) -> float:
        """Width of all of it."""
        return self.columns * (self.side + self.gap) - self.gap

    @property
    def height(self) -> float:
        """Height of all of it."""
        return self.rows * (self.side + self.caption + self.gap) - self.gap

    def cell(self, i: int) -> QRectF:
        """Return where a picture is, from the grid's own corner."""
        x = (i % self.columns) * (self.side + self.gap)
        y = (i // self.columns) * (self.side + self.caption + self.gap)
        return QRectF(x, y, self.side, self.side)

    def below(self, i: int) -> QRectF:
        """Return where a picture's name is."""
        return QRectF(self.cell(i).bottomLeft(), self.cell(i).bottomRight() + QPointF(0, self.caption))

    def at(self, place: QPointF, count: int) -> int:
        """Return which picture, or name of one, is at a place, or -1."""
        for i in range(count):
            if self.cell(i).adjusted(0, 0, self.gap, self.caption + self.gap).contains(place):
                return i
        return -1

    def walked(self, i: int, right: int, down: int, count: int) -> int:
        """Return the picture that lies so many places to the right and so many rows below another."""
        to = i + right + down * self.columns
        return to if 0 <= to < count else i


def in_lines(name: str, fits: Callable[[str], bool]) -> list[str]:
    """Return a name in one line if it fits, else in two, broken between its words."""
    if fits(name):
        return [name]
    for sign, kept in ((" ", ""), ("・", "・")):
        first, found, last = name.rpartition(sign)
        if found:
            return [first + kept, last]
    return [name]


def lines_needed(names: Sequence[str], fits: Callable[[str], bool]) -> int:
    """Return how many lines some names take, 0 where one does not fit even in two."""
    lines = [in_lines(name, fits) for name in names]
    if any(not fits(line) for name in lines for line in name):
        return 0
    return max(map(len, lines), default=0)
