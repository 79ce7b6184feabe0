"""Triangles with all that the painter asks of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mi_studio.training.faces.kernels import Floats, Ints


@dataclass(frozen=True)
class Mesh:
    """One piece of a figure.

    Attributes
    ----------
    vertices
        ``(n, 3)``.
    cover
        ``(n,)``: the share of light that the surface stops.
    triangles, uv, material
        ``(m, 3)``, ``(m, 3, 2)`` and ``(m,)``.
    """

    vertices: Floats
    cover: Floats
    triangles: Ints
    uv: Floats
    material: NDArray[np.int8]


def joined(*pieces: Mesh) -> Mesh:
    """Return the pieces as one mesh, their vertices one after another."""
    starts = np.cumsum([0, *(len(p.vertices) for p in pieces)])
    return Mesh(
        np.concatenate([p.vertices for p in pieces]),
        np.concatenate([p.cover for p in pieces]),
        np.concatenate([p.triangles + start for p, start in zip(pieces, starts, strict=False)]).astype(
            np.int32
        ),
        np.concatenate([p.uv for p in pieces]),
        np.concatenate([p.material for p in pieces]),
    )


def woven(rows: int, columns: int, *, closed_rows: bool = False) -> Ints:
    """Return the triangles of a grid of vertices whose columns run round and close.

    Parameters
    ----------
    closed_rows
        Whether the last row also meets the first, as on a ring.
    """
    number = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    below = np.roll(number, -1, axis=0)
    if not closed_rows:
        number, below = number[:-1], below[:-1]
    right, across = np.roll(number, -1, axis=1), np.roll(below, -1, axis=1)
    halves = np.stack([number, below, across], -1), np.stack([number, across, right], -1)
    return np.concatenate([half.reshape(-1, 3) for half in halves])
