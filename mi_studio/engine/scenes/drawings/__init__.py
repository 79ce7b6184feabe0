"""Factory drawings: what a machine builder's models know of its confidential parts."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from mi_studio.core import paths
from mi_studio.core.config import RunConfig
from mi_studio.core.step import Pictures
from mi_studio.engine.class_case import ClassCase
from mi_studio.engine.sheets import read_sheets

SIDE = 64
SHAPE = (1, SIDE, SIDE)

FAMILIES = ("flange", "shaft", "bracket", "gear", "bushing", "bolt", "pulley", "cover")
NUMBERS = tuple(f"{family}-{letter}" for family in FAMILIES for letter in "ab")
"""Two parts of each family."""

KNOWN = {"part-numbers": NUMBERS, "families": FAMILIES}
"""What a model tells apart, by the scene's knob ``knows``."""


def open_case(config: RunConfig, device: torch.device, picture: Pictures | None) -> ClassCase:  # noqa: ARG001
    """Make the scene ready for a run; see `mi_studio.engine.case.open_case`."""
    knows = str(config.values["knows"])

    def photos(folder: str = "reference") -> tuple[Pictures, NDArray[np.int64]]:
        pictures, labels, _ = read_sheets(paths.assets() / "drawings" / folder / knows, SIDE)
        return pictures[..., None], labels

    return ClassCase(
        config, device, SHAPE, tuple(range(len(KNOWN[knows]))), photos, tests=partial(photos, "test")
    )
