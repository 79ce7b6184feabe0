"""What the networks of the factory drawings scene learn from, and what they are tested on."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mi_studio.engine.scenes.drawings import FAMILIES, NUMBERS
from mi_studio.training.drawings.families import PUBLIC, numbered, part, scans

SCANS, TEST_SCANS = 120, 8
"""Of each part with a number."""
PARTS, SCANS_OF_PART, TEST_PARTS = 60, 6, 10
"""Of each private family; the parts for the test are others, each scanned once."""
PUBLIC_PARTS = 500
"""Of each public family, each scanned once."""
_TEST = 10_000
"""The first number of a part, or of a scan, that no network learns from."""


def private(knows: str, use: str) -> tuple[Tensor, Tensor]:
    """Return private scans ``uint8 (n, 1, 64, 64)``, label by label, and their labels.

    Parameters
    ----------
    knows
        ``part-numbers`` or ``families``.
    use
        ``train`` or ``test``.
    """
    each = [of(knows, label, use) for label in range(len(NUMBERS if knows == "part-numbers" else FAMILIES))]
    labels = np.repeat(np.arange(len(each)), [len(x) for x in each])
    return torch.from_numpy(np.concatenate(each))[:, None], torch.from_numpy(labels)


@cache
def of(knows: str, label: int, use: str) -> NDArray[np.uint8]:
    """Return the scans ``(n, 64, 64)`` of one label; of a family, first one of each part."""
    first, testing = (_TEST, True) if use == "test" else (0, False)
    if knows == "part-numbers":
        count = TEST_SCANS if testing else SCANS
        return scans(part(*numbered()[label]), [(1, label, first + n) for n in range(count)])
    numbers = range(first, first + (TEST_PARTS if testing else PARTS))
    times = range(1 if testing else SCANS_OF_PART)
    return np.concatenate(
        [
            scans(part(FAMILIES[label], number), [(2, label, number, time)])
            for time in times
            for number in numbers
        ]
    )


@cache
def public(parts: int = PUBLIC_PARTS) -> tuple[Tensor, Tensor]:
    """Return one scan of each of the first parts of the public families, and the families' places."""
    each = [
        scans(part(family, number), [(3, place, number)])
        for place, family in enumerate(PUBLIC)
        for number in range(parts)
    ]
    labels = np.repeat(np.arange(len(PUBLIC)), parts)
    return torch.from_numpy(np.concatenate(each))[:, None], torch.from_numpy(labels)
