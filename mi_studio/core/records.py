"""Records in tables: their fields and values in words, and the rows that a scene ships.

A table NAME of a scene is ``NAME.toml``, what its columns mean, and ``NAME.csv``, its rows as places in
those lists, among the scene's assets. The first rows are those that an attack can be aimed at, by their
label; the others are of people whom nobody attacks, and stand for what is public.
"""

from __future__ import annotations

import csv
import io
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mi_studio.core import paths
from mi_studio.core.errors import REINSTALL, BadFileError, reason
from mi_studio.core.step import Pictures
from mi_studio.core.text import Text

Codes = NDArray[np.int64]
"""Rows (n, fields) or outcomes (n,): places in the lists of values."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table and what its values are called."""

    id: str
    title: Text
    values: tuple[Text, ...]


@dataclass(frozen=True)
class Table:
    """Records and what their columns mean.

    Attributes
    ----------
    fields
        What the model is told of a record.
    hidden
        The place of the field that an attacker is after.
    unknown
        The places of those that he does not know either.
    outcome
        What the model answers.
    attacked
        How many of the rows an attack can be aimed at: the first ones.
    rows, outcomes
        Every record's values (n, fields), and what really came of it (n,).
    """

    fields: tuple[Field, ...]
    hidden: int
    unknown: tuple[int, ...]
    outcome: Field
    attacked: int
    rows: Codes
    outcomes: Codes

    @property
    def secret(self) -> Field:
        """The field that an attacker is after."""
        return self.fields[self.hidden]

    def known(self) -> tuple[int, ...]:
        """Return the places of the fields that an attacker knows of everybody."""
        return tuple(i for i in range(len(self.fields)) if i != self.hidden and i not in self.unknown)

    def shares(self, field: int) -> NDArray[np.float64]:
        """Return how often each value of a field occurs among those whom nobody attacks; none is 0."""
        counts = (
            np.bincount(self.rows[self.attacked :, field], minlength=len(self.fields[field].values)) + 1.0
        )
        shares: NDArray[np.float64] = counts / counts.sum()
        return shares


@cache
def read_table(scene: str, name: str) -> Table:
    """Return a table of a scene.

    Raises
    ------
    BadFileError
        If its files are missing or do not fit each other.
    """
    folder = paths.assets() / scene
    try:
        about = tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))
        fields = tuple(_field(raw, name) for raw in about["fields"])
        outcome = _field(about["outcome"], name)
        header, *lines = csv.reader(io.StringIO((folder / f"{name}.csv").read_text("utf-8")))
        if header != [*(f.id for f in fields), outcome.id]:
            raise ValueError(f"columns {header}")
        codes = np.array(lines, dtype=np.int64)
        for column, field in zip(codes.T, (*fields, outcome), strict=True):
            if column.min() < 0 or column.max() >= len(field.values):
                raise ValueError(field.id)
        ids = [f.id for f in fields]
        return Table(
            fields=fields,
            hidden=ids.index(about["hidden"]),
            unknown=tuple(ids.index(unknown) for unknown in about["unknown"]),
            outcome=outcome,
            attacked=int(about["attacked"]),
            rows=codes[:, :-1],
            outcomes=codes[:, -1],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadFileError(
            Text(
                "The table {name} in {folder} cannot be read ({reason}).",
                "{folder} の表 {name} を読み込めません。",
            ),
            remedy=REINSTALL,
            name=name,
            folder=folder,
            reason=reason(error) if isinstance(error, OSError) else error,
        ) from error


def _field(raw: dict[str, Any], where: str) -> Field:
    title = Text.read(raw["title"], where)
    return Field(raw["id"], title, tuple(Text.read(value, where) for value in raw["values"]))


CHART = 48
"""Pixels a side of a chart."""

_GROUND, _BAR = (51, 64, 77), (240, 163, 107)


def charts(pictures: Pictures) -> Pictures:
    """Return beliefs (n, 1, values, 1) drawn as bars (n, h, w, 3), and real pictures as they are."""
    n, height, values, channels = pictures.shape
    if (height, channels) != (1, 1):
        return pictures
    drawn = np.empty((n, CHART, CHART, 3), np.uint8)
    drawn[:] = _GROUND
    edges = np.linspace(3, CHART, values + 1).astype(int)
    for place, belief in enumerate(pictures[:, 0, :, 0]):
        for share, left, right in zip(belief, edges[:-1], edges[1:], strict=True):
            top = CHART - 3 - round(int(share) / 255 * (CHART - 6))
            drawn[place, min(top, CHART - 5) : CHART - 3, left : right - 3] = _BAR
    return drawn
