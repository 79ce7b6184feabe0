"""One step of a run, frozen: all that anybody outside the engine ever sees of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mi_studio.core.desk import Desk

Pictures = NDArray[np.uint8]
"""Pictures as uint8, shape (n, height, width, channels) with 1 or 3 channels, C-contiguous."""


ViewKind = Literal["scores", "top", "labels", "gradient"]
"""All scores, the highest ones only, the name of a class only, or a gradient."""

VIEW_KINDS: tuple[ViewKind, ...] = get_args(ViewKind)


@dataclass(frozen=True, slots=True)
class View:
    """What the attacker is looking at: an API's answer, the model's own scores, or a gradient.

    ``bars`` are (name, value) pairs; values are in 0–1 for scores (0 where one is withheld, 1 for a mere
    name), and relative to the largest layer for a gradient.
    """

    kind: ViewKind
    bars: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """The state after one step of an attack.

    Attributes
    ----------
    index
        0 is the start before any step; the last is ``total``.
    knob_version
        0 until a knob moves, then one more for each move. A run whose steps carry several
        versions is mixed.
    images
        What the attacker has now, one picture per target.
    objective
        The attack's own loss, lower is better; the only thing an attacker can judge by.
    scores
        The judge's scores, which the attacker never sees. Names are the metric ids.
    queries
        How many times the model has been asked so far (0 for attackers who do not ask).
    best
        Whether this step is the best so far by the attack's own objective.
    desk
        What a gateway knows of the attacker, where one is on.
    """

    run_id: str
    index: int
    total: int
    knob_version: int
    images: Pictures
    objective: float
    scores: Mapping[str, float]
    view: View
    queries: int
    seconds: float
    best: bool
    desk: Desk | None = None
