"""Which families of parts are private and which are public, and the parts of each.

No family is in both, so no public drawing shows a part of a private family.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from mi_studio.engine.scenes.drawings import FAMILIES, NUMBERS
from mi_studio.training.drawings import private, public
from mi_studio.training.drawings.parts import Chance, Drawn, Family
from mi_studio.training.drawings.sheet import SMALL, UPRIGHT, Pens, Scan, Sheet

PRIVATE: Mapping[str, Family] = {
    "flange": private.flange,
    "shaft": private.shaft,
    "bracket": private.bracket,
    "gear": private.gear,
    "bushing": private.bushing,
    "bolt": private.bolt,
    "pulley": private.pulley,
    "cover": private.cover,
}
PUBLIC: Mapping[str, Family] = {
    "spacer": public.spacer,
    "handwheel": public.handwheel,
    "square-flange": public.square_flange,
    "base": public.base,
    "channel": public.channel,
    "block": public.block,
    "nut": public.nut,
    "pin": public.pin,
    "spool": public.spool,
    "roller": public.roller,
    "lever": public.lever,
    "ratchet": public.ratchet,
}
assert tuple(PRIVATE) == FAMILIES
assert not PRIVATE.keys() & PUBLIC.keys()

_NAMES = (*PRIVATE, *PUBLIC)
_RIVALS = 24
"""Among so many parts of a family is the one that differs most from its first part."""


def part(family: str, number: int) -> Drawn:
    """Return a part of a family, private or public."""
    make = PRIVATE[family] if family in PRIVATE else PUBLIC[family]
    return make(Chance(_NAMES.index(family), number))


@cache
def numbered() -> tuple[tuple[str, int], ...]:
    """Return family and number of each part that has a part number, two of each private family.

    They are its first part, and of the next ones that which looks least like it.
    """
    chosen = []
    for family in PRIVATE:
        first, *others = (picture(part(family, number)) / 255.0 for number in range(_RIVALS))
        apart = [float(np.square(other - first).mean()) for other in others]
        chosen += [(family, 0), (family, 1 + int(np.argmax(apart)))]
    assert len(chosen) == len(NUMBERS)
    return tuple(chosen)


def picture(drawn: Drawn, scan: Scan = UPRIGHT, pens: Pens = SMALL) -> NDArray[np.uint8]:
    """Return a part on a sheet, ``(side, side)``."""
    sheet = Sheet(pens, scan)
    drawn(sheet)
    return sheet.picture()


def scans(drawn: Drawn, seeds: Iterable[tuple[int, ...]]) -> NDArray[np.uint8]:
    """Return scans ``(n, 64, 64)`` of a part, one for each seed."""
    return np.stack([picture(drawn, Scan.draw(np.random.default_rng(seed))) for seed in seeds])
