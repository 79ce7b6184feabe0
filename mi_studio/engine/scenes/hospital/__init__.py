"""Hospital consortium: hospitals train one model together, and a server collects their updates."""

from __future__ import annotations

import tomllib
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from mi_studio.core import paths
from mi_studio.core.cards import library
from mi_studio.core.config import RunConfig
from mi_studio.core.errors import REINSTALL, BadFileError
from mi_studio.core.step import Pictures
from mi_studio.core.text import Text
from mi_studio.core.weights import find_weights
from mi_studio.engine.gradient_case import GradientCase
from mi_studio.engine.judge import as_images
from mi_studio.engine.models import load
from mi_studio.engine.rounds import Round

HOSPITALS = ("north", "east", "south", "west")
"""In the order of their labels among the targets."""

SIDE, COLUMNS = 32, 8
"""Pixels a side of a picture, and pictures in a row of a hospital's sheet."""

RATE = 0.01
"""Learning rate of the hospitals' local steps."""


def open_case(config: RunConfig, device: torch.device, picture: Pictures | None) -> GradientCase:  # noqa: ARG001
    """Make the scene ready for a run; see `mi_studio.engine.case.open_case`.

    Every hospital of the target takes part with its first pictures; the judge's line-up are all others.
    """
    each, steps = (int(cast(float, config.values[knob])) for knob in ("batch", "local-steps"))
    targets = library().scene(config.scene).targets_for(config.values)
    chosen = [HOSPITALS[i] for i in next(t.labels for t in targets if t.id == config.target)]
    archive = {name: read(name) for name in HOSPITALS}
    sent = [tuple(part[:each] for part in archive[name]) for name in chosen]
    kept = [archive[name][0][each if name in chosen else 0 :] for name in HOSPITALS]
    return GradientCase(
        config,
        load(find_weights(config.scene, config.model, config.values), device),
        as_images(np.concatenate([pictures for pictures, _ in sent]), device),
        torch.from_numpy(np.concatenate([kinds for _, kinds in sent])).to(device),
        as_images(np.concatenate(kept), device),
        Round((each,) * len(chosen), steps, RATE, clients=len(HOSPITALS)),
    )


def read(hospital: str) -> tuple[Pictures, NDArray[np.int64]]:
    """Return a hospital's pictures, uint8 (n, 32, 32, 3), and the kind of each, (n,)."""
    folder = paths.assets() / "hospital"
    path = folder / f"{hospital}.png"
    try:
        with Image.open(path) as image:
            sheet = np.asarray(image.convert("RGB"), dtype=np.uint8)
        path = folder / "kinds.toml"
        kinds = np.asarray(tomllib.loads(path.read_text("utf-8"))[hospital], dtype=np.int64)
        tiles = sheet.reshape(-1, SIDE, COLUMNS, SIDE, 3).swapaxes(1, 2).reshape(len(kinds), SIDE, SIDE, 3)
    except (OSError, ValueError, KeyError) as error:
        raise BadFileError(
            Text(
                "The hospital's pictures in {path} cannot be read ({reason}).",
                "病院の画像 {path} を読み込めません。",
            ),
            remedy=REINSTALL,
            path=path,
            reason=error,
        ) from error
    return tiles, kinds
