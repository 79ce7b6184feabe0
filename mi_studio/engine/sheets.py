"""Read the shipped contact sheets: many small photos in one PNG per class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mi_studio.core.errors import BadFileError

TILE = 28


def read_sheets(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64], tuple[str, ...]]:
    """Read every sheet ``LABEL-NAME.png`` of a folder.

    Returns
    -------
    images
        ``uint8 (n, 28, 28)``, class after class, row by row.
    labels
        ``int64 (n,)``, the label of each image.
    names
        The name of each sheet's class, in the order of the labels.

    Raises
    ------
    BadFileError
        If there is no sheet or one cannot be cut into tiles.
    """
    images, labels, names = [], [], []
    for path in sorted(folder.glob("*.png"), key=_label):
        try:
            with Image.open(path) as picture:
                sheet = np.asarray(picture.convert("L"))
        except OSError as error:
            raise BadFileError(f"The contact sheet {path} cannot be read ({error}). {_AGAIN}") from error
        rows, columns = sheet.shape[0] // TILE, sheet.shape[1] // TILE
        if sheet.shape != (rows * TILE, columns * TILE):
            raise BadFileError(f"The contact sheet {path} is not made of {TILE}x{TILE} tiles. {_AGAIN}")
        tiles = sheet.reshape(rows, TILE, columns, TILE).swapaxes(1, 2).reshape(-1, TILE, TILE)
        images.append(tiles)
        labels.append(np.full(len(tiles), _label(path), dtype=np.int64))
        names.append(path.stem.partition("-")[2])
    if not images:
        raise BadFileError(f"There is no contact sheet in {folder}. {_AGAIN}")
    return np.concatenate(images), np.concatenate(labels), tuple(names)


_AGAIN = "Install MI Studio again."


def _label(path: Path) -> int:
    number = path.stem.partition("-")[0]
    if not number.isdecimal():
        raise BadFileError(f"{path} is no contact sheet: its name must begin with a label. {_AGAIN}")
    return int(number)
