"""The Gaussian mechanism on a client's update: a greatest length, and noise in proportion to it."""

from __future__ import annotations

import math

from torch import Tensor

from mi_studio.core.knobs import Value
from mi_studio.core.weights import Privacy
from mi_studio.engine import gaussian
from mi_studio.engine.defenses import gradient_clip

CLIP = 1.0
"""Greatest Euclidean length of an update; chosen before any update was seen, as it must be."""

ROUNDS = 100
"""How many rounds the guarantee is about; the client takes part in every one of them."""


def protect(message: list[Tensor], value: Value, draw: list[Tensor]) -> list[Tensor]:
    """Shorten the message to at most `CLIP`, and add ``value`` × `CLIP` × ``draw``.

    Parameters
    ----------
    message
        One tensor per parameter.
    value
        Standard deviation of the noise in each coordinate, in units of `CLIP`; 0 leaves the message as it is.
    draw
        Standard normal tensors, shaped like the message, fixed for a seed.
    """
    if value == 0:
        return message
    short = gradient_clip.protect(message, CLIP, draw)
    return [part + float(value) * CLIP * noise for part, noise in zip(short, draw, strict=True)]


def guarantee(value: Value) -> Privacy | None:
    """Return what is promised to a client who takes part in `ROUNDS` rounds; ``None`` without noise."""
    if value == 0:
        return None
    spent = gaussian.epsilon(float(value), ROUNDS)
    unit = 10.0 ** (math.floor(math.log10(spent)) - 2)
    rounded = round(math.ceil(spent / unit) * unit, 6)  # up: a guarantee may be kept too well
    return Privacy(rounded, gaussian.DELTA, f"one client, {ROUNDS} rounds", "exact (Gaussian)")
