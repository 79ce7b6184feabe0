"""The photos of the face login's employees, as contact sheets in WebP.

``assets/face-login/private/07.webp`` holds the 48 photos of person 7, eight in a row: five rows that
models learn from, and a last row to test them on.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from mi_studio.core.errors import BadFileError
from mi_studio.core.step import Pictures
from mi_studio.core.text import Text

FOLDER = Path("face-login", "private")
PEOPLE = 60
SIDE = 64

#: photos of a person, in rows of `COLUMNS`: the last row is for testing
COLUMNS, TRAIN_ROWS, TEST_ROWS = 8, 5, 1
TRAIN, TEST = COLUMNS * TRAIN_ROWS, COLUMNS * TEST_ROWS

DRAW_AGAIN = Text(
    "Draw the photos again with: mi-studio train {recipe}",
    "mi-studio train {recipe} で写真を作り直してください。",
)


def read_photos(assets: Path, people: int = PEOPLE) -> tuple[Pictures, Pictures]:
    """Return everybody's photos: ``(people, 40, 64, 64, 3)`` to train on, ``(people, 8, ...)`` to test on.

    Raises
    ------
    BadFileError
        If a sheet is missing or damaged; the text names the command that draws it.
    """
    sheets = [
        read_sheet(assets / FOLDER / f"{index:02}.webp", TRAIN_ROWS + TEST_ROWS, COLUMNS, "face-login-people")
        for index in range(people)
    ]
    photos = np.stack(sheets)
    return photos[:, :TRAIN], photos[:, TRAIN:]


def read_sheet(path: Path, rows: int, columns: int, recipe: str) -> Pictures:
    """Return the photos ``(rows · columns, 64, 64, 3)`` of one contact sheet, row by row.

    Raises
    ------
    BadFileError
        If it is missing, damaged or of another size; the text names ``recipe``, which draws it.
    """
    try:
        with Image.open(path, formats=["WEBP"]) as picture:
            if picture.size != (columns * SIDE, rows * SIDE):
                raise ValueError(f"{picture.width} x {picture.height} pixels")
            grid = np.asarray(picture.convert("RGB"))
    except (OSError, ValueError) as error:
        raise BadFileError(
            Text(
                "The contact sheet {path} cannot be read ({reason}).",
                "写真一覧 {path} を読み込めません。",
            ),
            remedy=DRAW_AGAIN,
            path=path,
            reason=error,
            recipe=recipe,
        ) from error
    return grid.reshape(rows, SIDE, columns, SIDE, 3).swapaxes(1, 2).reshape(-1, SIDE, SIDE, 3)
