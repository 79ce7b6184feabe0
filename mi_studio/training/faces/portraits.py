"""Portraits of the private people for whoever chooses one of them: one sheet in WebP, ten in a row."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mi_studio.core.atomic import write_bytes
from mi_studio.core.pictures import PORTRAIT_COLUMNS, PORTRAITS
from mi_studio.training.faces import people, view
from mi_studio.training.faces.photo import PORTRAIT_SIDE, photograph
from mi_studio.training.faces.sitter import prepare
from mi_studio.training.recipe import Context

SCENE = "face-login"

#: samples along each side of a pixel
SAMPLES = 4

#: WebP's quality
QUALITY = 86


def write_portraits(context: Context) -> None:
    """Write a portrait of every private person, in the order of their numbers, to the scene's assets."""
    rows = -(-people.PRIVATE // PORTRAIT_COLUMNS)
    sheet = np.zeros((rows * PORTRAIT_SIDE, PORTRAIT_COLUMNS * PORTRAIT_SIDE, 3), np.uint8)
    for number in range(people.PRIVATE):
        context.report(f"face-login: portrait {number}", number / people.PRIVATE)
        row, column = divmod(number, PORTRAIT_COLUMNS)
        top, left = row * PORTRAIT_SIDE, column * PORTRAIT_SIDE
        sheet[top : top + PORTRAIT_SIDE, left : left + PORTRAIT_SIDE] = portrait(number)
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "WEBP", quality=QUALITY, method=6)
    write_bytes(context.assets / SCENE / PORTRAITS, buffer.getvalue())


def portrait(number: int) -> NDArray[np.uint8]:
    """Return the portrait ``(128, 128, 3)`` of a private person."""
    return photograph(prepare(people.private(number)), view.portrait(number), PORTRAIT_SIDE, SAMPLES)
