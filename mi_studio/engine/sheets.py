"""Read the shipped contact sheets: many small photos in one PNG per class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mi_studio.core.errors import REINSTALL, BadFileError
from mi_studio.core.text import Text

TILE = 28
"""Pixels a side of a photo, where a scene does not say otherwise."""


def read_sheets(
    folder: Path, side: int = TILE
) -> tuple[NDArray[np.uint8], NDArray[np.int64], tuple[str, ...]]:
    """Read every sheet ``LABEL-NAME.png`` of a folder, whose photos are ``side`` pixels a side.

    Returns
    -------
    images
        ``uint8 (n, side, side)``, class after class, row by row.
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
            raise BadFileError(
                Text(
                    "The contact sheet {path} cannot be read ({reason}).",
                    "写真一覧 {path} を読み込めません。",
                ),
                remedy=REINSTALL,
                path=path,
                reason=error,
            ) from error
        rows, columns = sheet.shape[0] // side, sheet.shape[1] // side
        if sheet.shape != (rows * side, columns * side):
            raise BadFileError(
                Text(
                    "The contact sheet {path} is not made of {side}x{side} tiles.",
                    "写真一覧 {path} の大きさが正しくありません（1枚は{side}×{side}画素です）。",
                ),
                remedy=REINSTALL,
                path=path,
                side=side,
            )
        tiles = sheet.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(-1, side, side)
        images.append(tiles)
        labels.append(np.full(len(tiles), _label(path), dtype=np.int64))
        names.append(path.stem.partition("-")[2])
    if not images:
        raise BadFileError(
            Text("There is no contact sheet in {folder}.", "写真一覧が {folder} にありません。"),
            remedy=REINSTALL,
            folder=folder,
        )
    return np.concatenate(images), np.concatenate(labels), tuple(names)


def _label(path: Path) -> int:
    number = path.stem.partition("-")[0]
    if not number.isdecimal():
        raise BadFileError(
            Text(
                "{path} is no contact sheet: its name must begin with a label.",
                "{path} は写真一覧ではありません（名前の先頭に種類の番号がありません）。",
            ),
            remedy=REINSTALL,
            path=path,
        )
    return int(number)
