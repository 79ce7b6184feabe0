"""Draw a contact sheet of the private people with their names: python docs/make_faces.py [HOW_MANY] [ja]."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mi_studio.core import paths
from mi_studio.core.atomic import write_bytes
from mi_studio.training.faces import people, view
from mi_studio.training.faces.names import read_names
from mi_studio.training.faces.photo import PORTRAIT_SIDE, photograph
from mi_studio.training.faces.sitter import prepare

COLUMNS, CAPTION = 10, 18
INK, PAPER = (30, 32, 36), (246, 246, 248)

#: samples along each side of a pixel
SAMPLES = 4


def main(count: int, language: str) -> Image.Image:
    """Return portraits of the first people, ten in a row, each above its name."""
    packed = (paths.assets() / "fonts" / "BIZUDPGothic-Regular.ttf.gz").read_bytes()
    font = ImageFont.truetype(io.BytesIO(gzip.decompress(packed)), 11)
    names = read_names(paths.assets())
    side, step = PORTRAIT_SIDE, PORTRAIT_SIDE + CAPTION
    sheet = Image.new("RGB", (COLUMNS * side, -(-count // COLUMNS) * step), PAPER)
    pen = ImageDraw.Draw(sheet)
    for number in range(count):
        portrait = photograph(prepare(people.private(number)), view.portrait(number), side, SAMPLES)
        left, top = number % COLUMNS * side, number // COLUMNS * step
        sheet.paste(Image.fromarray(np.ascontiguousarray(portrait)), (left, top))
        name = names[number].get(language)
        pen.text((left + side / 2, top + side + CAPTION / 2), name, INK, font, anchor="mm")
    return sheet


if __name__ == "__main__":
    how_many = next((int(a) for a in sys.argv[1:] if a.isdecimal()), people.PRIVATE)
    buffer = io.BytesIO()
    main(how_many, "ja" if "ja" in sys.argv else "en").save(buffer, "WEBP", quality=86, method=6)
    path = Path(__file__).parent / "faces.webp"
    write_bytes(path, buffer.getvalue())
    print(f"{path.name}: {how_many} people, {path.stat().st_size / 1000:.0f} kB")
