"""Hospital scene: the hospitals' pictures, and the model that they have agreed to train together."""

from __future__ import annotations

import numpy as np
import torch

from mi_studio.core.atomic import write_bytes, write_text
from mi_studio.engine import models
from mi_studio.engine.scenes.hospital import COLUMNS, HOSPITALS, SIDE
from mi_studio.training.recipe import Context
from mi_studio.training.scans import KINDS, draw
from mi_studio.training.sheets import grid, png
from mi_studio.training.writing import write_weights

SEED = 15
ROWS = 4
"""Rows of eight pictures that each hospital has."""


def write_pictures(context: Context) -> None:
    """Draw every hospital's pictures: one sheet each, and a list of what is on them."""
    folder = context.assets / "hospital"
    lines = [
        "# Pictures that a program drew (mi_studio/training/scans.py): no patient, no scanner.",
        f"# The kind of each, row by row: {', '.join(f'{i} {kind}' for i, kind in enumerate(KINDS))}.",
    ]
    rng = np.random.default_rng(SEED)
    for hospital in HOSPITALS:
        kinds = rng.integers(0, len(KINDS), ROWS * COLUMNS)
        tiles = np.stack([draw(list(KINDS)[kind], rng) for kind in kinds])
        write_bytes(folder / f"{hospital}.png", png(grid(tiles, COLUMNS)))
        lines.append(f"{hospital} = {kinds.tolist()}")
    write_text(folder / "kinds.toml", "\n".join(lines) + "\n")
    context.report("Hospital pictures", 1.0)


def write_client(context: Context) -> None:
    """Write the model of the first round, in which nothing has been learnt yet."""
    build = {"size": SIDE, "classes": len(KINDS)}
    torch.manual_seed(SEED)
    write_weights(
        context.pretrained, "hospital", "strided-cnn", models.build("strided-cnn", **build),
        architecture="strided-cnn", build=build, knobs={},
        recipe="hospital-clients", seed=SEED, utility=None, half=True, details={"notes": NOTES},
    )  # fmt: skip
    context.report("Hospital model", 1.0)


NOTES = {
    "en": "Is to tell eight kinds of medical picture apart. These are its weights at the start of the first "
    "round: nothing has been learnt yet.",
    "ja": "8種類の医用画像を見分けるためのモデルです。第1ラウンド開始時の重みで、まだ何も学習していません。",
}
