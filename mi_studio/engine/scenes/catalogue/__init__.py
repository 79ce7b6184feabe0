"""Unreleased catalogue: Fashion-MNIST, of which five classes are private."""

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
from mi_studio.engine.splits import private_labels

SHAPE = (1, 28, 28)


def open_case(config: RunConfig, device: torch.device, picture: Pictures | None) -> ClassCase:  # noqa: ARG001
    """Make the scene ready for a run; see `mi_studio.engine.case.open_case`."""
    private = private_labels(str(config.values["private-line"]))

    def photos(folder: str = "reference") -> tuple[Pictures, NDArray[np.int64]]:
        pictures, labels, _ = read_sheets(paths.assets() / "catalogue" / folder)
        mine = np.isin(labels, private)
        return pictures[mine][..., None], labels[mine]

    return ClassCase(config, device, SHAPE, private, photos, tests=partial(photos, "test"))
