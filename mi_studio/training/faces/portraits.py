"""What the private people look like at a glance: sheets in WebP with one picture of each, ten in a row."""

from __future__ import annotations

import numpy as np

from mi_studio.core.atomic import write_bytes
from mi_studio.core.pictures import FIRST_PHOTOS, PORTRAIT_COLUMNS, PORTRAITS
from mi_studio.core.step import Pictures
from mi_studio.engine.employees import read_photos
from mi_studio.training.faces import people, view
from mi_studio.training.faces.photo import PORTRAIT_SIDE, photograph
from mi_studio.training.faces.sitter import prepare
from mi_studio.training.recipe import Context
from mi_studio.training.sheets import grid, webp

SCENE = "face-login"

#: samples along each side of a pixel
SAMPLES = 4

#: WebP's quality
QUALITY = 88


def write_portraits(context: Context) -> None:
    """Write a portrait of every private person, and the first of their photos, by their numbers."""
    folder = context.assets / SCENE
    photos, _ = read_photos(context.assets)
    write_bytes(folder / FIRST_PHOTOS, sheet(photos[:, 0]))
    portraits = []
    for number in range(people.PRIVATE):
        context.report(f"face-login: portrait {number}", number / people.PRIVATE)
        portraits.append(portrait(number))
    write_bytes(folder / PORTRAITS, sheet(np.stack(portraits)))


def portrait(number: int) -> Pictures:
    """Return the portrait ``(128, 128, 3)`` of a private person."""
    return photograph(prepare(people.private(number)), view.portrait(number), PORTRAIT_SIDE, SAMPLES)


def sheet(pictures: Pictures) -> bytes:
    """Return pictures ``(n, side, side, 3)``, whole rows of them, as one WebP."""
    return webp(grid(pictures, PORTRAIT_COLUMNS), QUALITY)
