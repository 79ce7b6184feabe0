"""What a target stands for and what it looks like: to choose by, and before a run to stand for the secret."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mi_studio.core import paths
from mi_studio.core.cards import Target
from mi_studio.core.config import labels_of
from mi_studio.core.pictures import FIRST_PHOTOS, PORTRAIT_COLUMNS, PORTRAITS
from mi_studio.core.step import Pictures

REFERENCE_SIDE = 28
"""Pixels a side of a photo on a sheet in ``reference``."""

SENT_COLUMNS = 8
"""Pictures in a row of a sheet of what a target, which is a client, sends updates of."""

Picture = NDArray[np.uint8]
"""One picture, (h, w, c)."""


def members(group: Iterable[Target], wanted: str) -> tuple[Target, ...]:
    """Return the single targets that the wanted one of a group stands for, in the order of their pictures."""
    group = list(group)
    labels = labels_of(group, wanted)
    alone = (t for t in group if len(t.labels) == 1 and t.labels[0] in labels)
    return tuple(sorted(alone, key=lambda t: t.labels))


@cache
def secret(scene: str, among: tuple[Target, ...], each: int = 1) -> Pictures | None:
    """Return a private photo of each single target; ``None`` where one is missing.

    Of targets that are clients, it is the first ``each`` pictures of every one.
    """
    sent = [_sent(scene, t.id) for t in among]
    if sent and all(sent):
        return np.stack([picture for pictures in sent for picture in pictures[:each]])
    photos = [_photo(scene, t.id, t.labels[0]) for t in among]
    found = [p for p in photos if p is not None]
    if not found or len(found) < len(photos) or len({p.shape for p in found}) > 1:
        return None
    return np.stack(found)


@cache
def thumbnail(scene: str, among: tuple[Target, ...]) -> Pictures | None:
    """Return one small picture (1, h, w, c): of a single target, or of the first four of several."""
    if len(among) == 1 and (sent := _sent(scene, among[0].id)):
        return cover(sent)[None]
    found: list[Picture] = []
    for target in among[:4]:
        portrait = _portrait(scene, target.id, target.labels[0])
        found += _sent(scene, target.id)[:1]
        picture = portrait if portrait is not None else _photo(scene, target.id, target.labels[0])
        found += [] if picture is None else [picture]
    return cover(found)[None] if found else None


def cover(pictures: Sequence[Picture] | Pictures) -> Picture:
    """Return one picture that stands for all: the first, or two by two of the first four."""
    if len(pictures) < 4:
        return pictures[0]
    return np.vstack([np.hstack([pictures[i], pictures[i + 1]]) for i in (0, 2)])


def _portrait(scene: str, target: str, label: int) -> Picture | None:
    """Return the large picture of a target, from a file of its own or from a sheet of all."""
    alone = _read(paths.assets() / scene / "portraits" / f"{target}.png")
    return alone if alone is not None else _of_everybody(scene, PORTRAITS, label)


@cache
def _photo(scene: str, target: str, label: int) -> Picture | None:
    """Return the picture that a target is, or that stands for it, or the first of its private photos."""
    folder, word = paths.assets() / scene, target.rpartition("-")[2]
    if (picture := _read(folder / "pictures" / f"{target}.png")) is not None:
        return picture
    for path in sorted(folder.glob(f"reference/*-{word}.png")):
        if (sheet := _read(path)) is not None:
            return _cut(sheet, REFERENCE_SIDE)
    return _of_everybody(scene, FIRST_PHOTOS, label)


def _sent(scene: str, client: str) -> list[Picture]:
    """Return the pictures that a client sends updates of, none where the target is something else."""
    sheet = _sheet(scene, f"{client}.png")
    if sheet is None:
        return []
    side = sheet.shape[1] // SENT_COLUMNS
    corners = ((y, x) for y in range(0, len(sheet), side) for x in range(0, sheet.shape[1], side))
    return [_cut(sheet[y:, x:], side) for y, x in corners]


def _of_everybody(scene: str, name: str, label: int) -> Picture | None:
    """Return one picture of a sheet that has one of each target."""
    sheet = _sheet(scene, name)
    if sheet is None:
        return None
    side = sheet.shape[1] // PORTRAIT_COLUMNS
    row, column = divmod(label, PORTRAIT_COLUMNS)
    return _cut(sheet[row * side :, column * side :], side) if (row + 1) * side <= len(sheet) else None


@cache
def _sheet(scene: str, name: str) -> Picture | None:
    return _read(paths.assets() / scene / name)


def _cut(sheet: Picture, side: int) -> Picture:
    return np.ascontiguousarray(sheet[:side, :side])


def _read(path: Path) -> Picture | None:
    try:
        with Image.open(path, formats=["PNG", "WEBP"]) as image:
            array = np.asarray(image.convert("L" if image.mode == "L" else "RGB"), dtype=np.uint8)
    except (OSError, ValueError):
        return None
    return array[..., None] if array.ndim == 2 else array
