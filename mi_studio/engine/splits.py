"""Which classes of the catalogue are private, and which of their photos.

Both rules were fixed before anything was measured.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LINES = ("kin", "odd")

#: tops, long garments, footwear, bag
FAMILIES = (0, 2, 4, 6, 1, 3, 5, 7, 9, 8)

_SUBSET_SEED = 20


def private_labels(line: str) -> tuple[int, ...]:
    """Return the five private Fashion-MNIST labels, ascending; a class' place is the victim's class index.

    ``kin`` walks through the families of garments and deals public, private, public, ..., so that
    each private class has kin among the public ones; ``odd`` keeps the odd labels private.

    Parameters
    ----------
    line
        One of `LINES`.
    """
    return tuple(sorted(FAMILIES[1::2])) if line == "kin" else (1, 3, 5, 7, 9)


def public_labels(line: str) -> tuple[int, ...]:
    """Return the five public labels, ascending: all that are not private."""
    return tuple(sorted(set(FAMILIES) - set(private_labels(line))))


def subset(label: int, of: int, count: int) -> NDArray[np.int64]:
    """Return which ``count`` of the ``of`` training photos of one class belong to a private set.

    A smaller set is part of every larger one, and both lines take the same photos of a class.

    Returns
    -------
    numpy.ndarray
        Ascending indices ``(count,)`` in ``[0, of)``.
    """
    order = np.random.default_rng([_SUBSET_SEED, label]).permutation(of)
    return np.sort(order[:count])
