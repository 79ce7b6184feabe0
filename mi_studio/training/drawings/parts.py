"""What a part is: one set of dimensions of a family, drawn from the family's own chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from mi_studio.training.drawings.sheet import Sheet

T = TypeVar("T")


class Chance:
    """Where a part's dimensions come from; the same seed gives the same part."""

    def __init__(self, *seed: int) -> None:
        self._draws = np.random.default_rng(seed)

    def of(self, least: float, most: float) -> float:
        """Return a dimension between two."""
        return float(self._draws.uniform(least, most))

    def among(self, *choices: T) -> T:
        """Return one of the choices."""
        return choices[int(self._draws.integers(len(choices)))]


Drawn = Callable[[Sheet], None]
"""Draws one part."""

Family = Callable[[Chance], Drawn]
"""Makes a part."""
