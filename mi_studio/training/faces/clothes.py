"""Shirts: painted on the body below a neckline; another one in every photo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mi_studio.training.faces.kernels import Floats, smooth
from mi_studio.training.faces.person import Colour

SHIRTS: tuple[Colour, ...] = (
    (0.85, 0.86, 0.88),
    (0.12, 0.16, 0.28),
    (0.15, 0.15, 0.16),
    (0.55, 0.12, 0.13),
    (0.20, 0.38, 0.25),
    (0.75, 0.68, 0.50),
    (0.30, 0.45, 0.65),
    (0.60, 0.30, 0.50),
)


def wear(colour: Floats, rest: Floats, shirt: Colour) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the colours with a shirt on, and which of the samples are cloth.

    Parameters
    ----------
    colour, rest
        ``(k, 3)``: the skin, and its place on the head at rest.
    """
    x, y, z = rest.T
    below = 5.72 + 0.25 * abs(x) - 0.18 * np.clip(z, 0, 1) - y
    seam = 1 - 0.18 * smooth(0.07, 0.04, below)
    cloth = np.array(shirt, np.float32) * seam[:, None]
    return np.where((below > 0)[:, None], cloth, colour).astype(np.float32), below > 0
