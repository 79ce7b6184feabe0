"""Face login: a company's model knows its employees' faces. All of them are fictional."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from mi_studio.core import paths
from mi_studio.core.config import RunConfig
from mi_studio.core.step import Pictures
from mi_studio.engine import employees
from mi_studio.engine.class_case import ClassCase

SHAPE = (3, employees.SIDE, employees.SIDE)
EVERYBODY = tuple(range(employees.PEOPLE))


def open_case(config: RunConfig, device: torch.device, picture: Pictures | None) -> ClassCase:  # noqa: ARG001
    """Make the scene ready for a run; see `mi_studio.engine.case.open_case`."""
    return ClassCase(config, device, SHAPE, EVERYBODY, photos, paths.assets() / "face-login", tests)


def photos() -> tuple[Pictures, NDArray[np.int64]]:
    """Return the photos that the models learnt from, (2400, 64, 64, 3), and whom each one shows."""
    train, _ = employees.read_photos(paths.assets())
    return _in_a_row(train)


def tests() -> tuple[Pictures, NDArray[np.int64]]:
    """Return the same people's unseen photos, (480, 64, 64, 3), and whom each one shows."""
    _, test = employees.read_photos(paths.assets())
    return _in_a_row(test)


def _in_a_row(photos: Pictures) -> tuple[Pictures, NDArray[np.int64]]:
    return photos.reshape(-1, *photos.shape[2:]), np.repeat(np.arange(len(photos)), photos.shape[1])
