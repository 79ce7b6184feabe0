"""The three loops that numpy cannot do fast: z-buffer, vertex normals, value noise.

They are compiled by numba on first use, which is why numba is imported only then; the machine code is
kept beside this file. Nothing here is parallel or reorders sums, so results repeat to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mi_studio.core.errors import RunError
from mi_studio.core.text import Text

#: single precision wherever it counts: everything that is drawn with
Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

#: side of the noise tile; a power of two
TILE = 64

NEEDS_NUMBA = Text(
    "Drawing faces needs numba. Install it with: pip install 'mi-studio[train]'",
    "顔の描画にはnumbaが必要です。pip install 'mi-studio[train]' でインストールしてください。",
)


@cache
def _compiled(function: Callable[..., Any]) -> Any:
    try:
        import numba
    except ImportError as error:
        raise RunError(NEEDS_NUMBA) from error
    return numba.njit(cache=True)(function)


class Hits(NamedTuple):
    """What each sample of a picture sees: arrays of the shape of the picture.

    Attributes
    ----------
    triangle
        Index of the nearest triangle, -1 for none.
    weights
        Barycentric weights of its first two corners ``(h, w, 2)``.
    depth
        Distance along the view.
    """

    triangle: Ints
    weights: Floats
    depth: Floats


def rasterise(points: Floats, triangles: Ints, culled: NDArray[np.bool_], cover: Floats, size: int) -> Hits:
    """Find the nearest triangle at every sample.

    Parameters
    ----------
    points
        ``(n, 3)``: column, row and depth.
    culled
        ``(m,)``: whether a triangle is seen from its front only.
    cover
        ``(n,)`` in 0..1: the share of samples that a surface stops; less than 1 makes wisps.
    size
        Samples on each side.
    """
    hits: tuple[Ints, Floats, Floats] = _compiled(_rasterise)(points, triangles, culled, cover, size)
    return Hits(*hits)


def _rasterise(
    points: Floats, triangles: Ints, culled: NDArray[np.bool_], cover: Floats, size: int
) -> tuple[Ints, Floats, Floats]:
    nearest = np.full((size, size), -1, np.int32)
    weights = np.zeros((size, size, 2), np.float32)
    depth = np.full((size, size), np.float32(1e9), np.float32)
    for t in range(len(triangles)):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, az = points[i, 0], points[i, 1], points[i, 2]
        bx, by, bz = points[j, 0], points[j, 1], points[j, 2]
        cx, cy, cz = points[k, 0], points[k, 1], points[k, 2]
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if abs(area) < 1e-9 or (culled[t] and area > 0):
            continue
        left = max(0, int(np.ceil(min(ax, bx, cx) - 0.5)))
        right = min(size - 1, int(np.floor(max(ax, bx, cx) - 0.5)))
        top = max(0, int(np.ceil(min(ay, by, cy) - 0.5)))
        bottom = min(size - 1, int(np.floor(max(ay, by, cy) - 0.5)))
        solid = cover[i] >= 1 and cover[j] >= 1 and cover[k] >= 1
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                px, py = x + 0.5 - ax, y + 0.5 - ay
                v = (px * (cy - ay) - (cx - ax) * py) / area
                w = ((bx - ax) * py - px * (by - ay)) / area
                u = 1 - v - w
                if u < 0 or v < 0 or w < 0:
                    continue
                z = u * az + v * bz + w * cz
                if z >= depth[y, x]:
                    continue
                if not solid:
                    # ordered dither over 4x4 samples, so that no noise flickers from photo to photo
                    a, b = x ^ y, y
                    step = ((a & 1) << 3) | ((b & 1) << 2) | (a & 2) | ((b & 2) >> 1)
                    if u * cover[i] + v * cover[j] + w * cover[k] < (step + 0.5) / 16:
                        continue
                depth[y, x] = z
                nearest[y, x] = t
                weights[y, x, 0] = u
                weights[y, x, 1] = v
    return nearest, weights, depth


def normals(vertices: Floats, triangles: Ints) -> Floats:
    """Return the unit normal ``(n, 3)`` of every vertex: its triangles', weighted by their area."""
    result: Floats = _compiled(_normals)(vertices, triangles)
    return result


def _normals(vertices: Floats, triangles: Ints) -> Floats:
    total = np.zeros_like(vertices)
    for t in range(len(triangles)):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, vx = vertices[j, 0] - vertices[i, 0], vertices[k, 0] - vertices[i, 0]
        uy, vy = vertices[j, 1] - vertices[i, 1], vertices[k, 1] - vertices[i, 1]
        uz, vz = vertices[j, 2] - vertices[i, 2], vertices[k, 2] - vertices[i, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in (i, j, k):
            total[corner, 0] += nx
            total[corner, 1] += ny
            total[corner, 2] += nz
    for n in range(len(total)):
        length = np.sqrt(total[n, 0] ** 2 + total[n, 1] ** 2 + total[n, 2] ** 2)
        total[n] /= max(length, np.float32(1e-9))
    return total


class Noise:
    """Smooth value noise in 0..1 over the plane, one unit from one independent value to the next."""

    def __init__(self, seed: int) -> None:
        self._tile = np.random.default_rng(seed).random((TILE, TILE), dtype=np.float32)

    def __call__(self, x: Floats, y: Floats) -> Floats:
        """Return the noise at points of any one shape."""
        flat = _compiled(_noise)(self._tile, np.ravel(x), np.ravel(y))
        result: Floats = flat.reshape(np.shape(x))
        return result


def _noise(tile: Floats, x: Floats, y: Floats) -> Floats:
    out = np.empty(len(x), np.float32)
    last = tile.shape[0] - 1
    for n in range(len(x)):
        left, top = np.floor(x[n]), np.floor(y[n])
        fx, fy = x[n] - left, y[n] - top
        fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
        c, r = int(left) & last, int(top) & last
        c1, r1 = (c + 1) & last, (r + 1) & last
        upper = tile[r, c] * (1 - fx) + tile[r, c1] * fx
        lower = tile[r1, c] * (1 - fx) + tile[r1, c1] * fx
        out[n] = upper * (1 - fy) + lower * fy
    return out


def smooth(start: float | Floats, end: float | Floats, x: Floats) -> Floats:
    """Return a soft step from 0 at ``start`` to 1 at ``end``, which may be the smaller one."""
    t = np.clip((x - start) / (end - start), 0, 1)
    result: Floats = (t * t * (3 - 2 * t)).astype(np.float32)
    return result


def bump(x: Floats, centre: float | Floats, width: float) -> Floats:
    """Return a bell of height 1 at ``centre``, which is 1/e at ``width`` from it."""
    result: Floats = np.exp(-(((x - centre) / width) ** 2)).astype(np.float32)
    return result
