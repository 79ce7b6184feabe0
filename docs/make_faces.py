"""Draw the sheets of faces in the documentation.

python docs/make_faces.py people    everybody's portrait with the name
python docs/make_faces.py leaked    two private photos, and what was reconstructed from each model
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from loot import loot
from PIL import Image, ImageDraw
from sheets import INK, PAPER, font

from mi_studio.core import paths
from mi_studio.core.knobs import Value
from mi_studio.core.pictures import PORTRAIT_COLUMNS, PORTRAITS
from mi_studio.engine import employees
from mi_studio.training.faces.names import read_names

FOLDER = Path(__file__).parent
CAPTION = 18

MODELS: dict[str, dict[str, Value]] = {
    "undefended": {},
    "MID": {"mid": "on"},
    "BiDO": {"bido": "on"},
    "neg. smoothing": {"neg-ls": "on"},
    "TL-DMI": {"tl-dmi": "on"},
}
BLOCK = 15


def people() -> Image.Image:
    """Return everybody's portrait, ten in a row, each above its name."""
    with Image.open(paths.assets() / "face-login" / PORTRAITS) as portraits:
        portraits.load()
    side = portraits.width // PORTRAIT_COLUMNS
    names = read_names(paths.assets())
    step = side + CAPTION
    sheet = Image.new("RGB", (portraits.width, portraits.height // side * step), PAPER)
    pen = ImageDraw.Draw(sheet)
    for number, name in enumerate(names):
        row, column = divmod(number, PORTRAIT_COLUMNS)
        left, top = column * side, row * step
        box = (left, row * side, left + side, (row + 1) * side)
        sheet.paste(portraits.crop(box), (left, top))
        pen.text((left + side / 2, top + side + CAPTION / 2), name.get("en"), INK, font(11), anchor="mm")
    return sheet


def leaked() -> Image.Image:
    """Return two private photos of everybody, and below them what each model gave away."""
    train, _ = employees.read_photos(paths.assets())
    rows = {"private photo": train[:, 1], "another": train[:, 6]}
    rows |= {name: loot(settings=settings).pictures for name, settings in MODELS.items()}
    side, margin, blocks = employees.SIDE, 120, range(0, len(train), BLOCK)
    height = len(rows) * side + 12
    sheet = Image.new("RGB", (margin + BLOCK * side, len(blocks) * height), PAPER)
    pen = ImageDraw.Draw(sheet)
    for block, first in enumerate(blocks):
        for row, (name, pictures) in enumerate(rows.items()):
            top = block * height + row * side
            pen.text((8, top + side / 2), name, INK, font(13), anchor="lm")
            strip = np.concatenate(list(pictures[first : first + BLOCK]), 1)
            sheet.paste(Image.fromarray(strip), (margin, top))
    return sheet


SHEETS = {"people": (people, "faces.webp"), "leaked": (leaked, "faces_leaked.webp")}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or SHEETS:
        make, name = SHEETS[wanted]
        make().save(FOLDER / name, "WEBP", quality=88, method=6)
        print(f"{name}: {(FOLDER / name).stat().st_size / 1000:.0f} kB")
