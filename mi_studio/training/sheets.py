"""Write contact sheets, which `mi_studio.engine.sheets` and its kin read: many small pictures in one."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def grid(tiles: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Return pictures ``(n, h, w)`` or ``(n, h, w, 3)`` as one, row by row; ``n`` must fill its rows."""
    _, height, width, *colours = tiles.shape
    rows = tiles.reshape(-1, columns, height, width, *colours).swapaxes(1, 2)
    return rows.reshape(-1, columns * width, *colours)


def png(picture: NDArray[np.uint8]) -> bytes:
    """Return a picture as a PNG that is as small as can be."""
    return _packed(picture, "PNG", optimize=True)


def webp(picture: NDArray[np.uint8], quality: int, method: int = 6) -> bytes:
    """Return a picture as a WebP; ``method`` is how hard the packing tries, 0 to 6."""
    return _packed(picture, "WEBP", quality=quality, method=method)


def exact_webp(picture: NDArray[np.uint8]) -> bytes:
    """Return a picture as a WebP that loses nothing: a quarter smaller than a PNG where there is colour."""
    return _packed(picture, "WEBP", lossless=True, quality=100, method=6)


def _packed(picture: NDArray[np.uint8], form: str, **how: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, form, **how)
    return buffer.getvalue()
