"""A person: the few dozen facts that a face is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

#: seeds everything about the people; another value makes other people
SEED = 3

Colour = tuple[float, float, float]

ANCESTRIES = ("african", "asian", "caucasian")


@dataclass(frozen=True)
class Skin:
    """Complexion; ``melanin``, ``ruddy`` and ``freckles`` in 0..1, ``lips`` with lipstick if any."""

    colour: Colour
    melanin: float
    ruddy: float
    freckles: float
    lips: Colour
    makeup: float


@dataclass(frozen=True)
class Hair:
    """Haircut (a key of `mi_studio.training.faces.hair.CUTS`) and colour.

    Attributes
    ----------
    part
        Where it is parted, in radians from the middle.
    thickness, length
        About 1, and in -1..1 about the style's own.
    wave
        0 for straight hair to 1.
    curled
        Whether it is tightly curled.
    grey
        Share of grey hair.
    """

    style: str
    colour: Colour
    part: float
    thickness: float
    length: float
    wave: float
    curled: bool
    grey: float


@dataclass(frozen=True)
class Brows:
    """Eyebrows: half their greatest height in decimetres, arch and slant in -1..1, density in 0..1."""

    colour: Colour
    height: float
    arch: float
    slant: float
    density: float


@dataclass(frozen=True)
class Beard:
    """A beard: its kind (one of `BEARDS`), density in 0..1, and colour."""

    kind: str
    density: float
    colour: Colour


@dataclass(frozen=True)
class Glasses:
    """Spectacles: half the width of a lens, its squareness (2 is an ellipse), radius of the rim."""

    colour: Colour
    size: float
    squareness: float
    rim: float


@dataclass(frozen=True)
class Earrings:
    """A bead at each ear, and its radius in decimetres."""

    colour: Colour
    radius: float


@dataclass(frozen=True)
class Person:
    """A fictional person.

    Attributes
    ----------
    male
        Whether the person reads as a man.
    age
        0 for about 20 years, 1 for about 80. There are no children.
    ancestry
        Shares of `ANCESTRIES`; they add up to 1.
    build
        Muscle and weight, each 0..1.
    """

    number: int
    male: bool
    age: float
    ancestry: tuple[float, ...]
    build: tuple[float, float]
    skin: Skin
    iris: Colour
    hair: Hair
    brows: Brows
    beard: Beard | None
    glasses: Glasses | None
    earrings: Earrings | None

    def stream(self, concern: str) -> np.random.Generator:
        """Return the random numbers that belong to one concern of this person, from their start."""
        return stream(self.number, concern)

    @cached_property
    def texture(self) -> int:
        """The seed of the grain of skin and hair."""
        return int(self.stream("texture").integers(1 << 30))


def stream(number: int, concern: str, *more: int) -> np.random.Generator:
    """Return random numbers of their own for a person and a concern.

    Each concern has its own, so that a change to one (hair, say) leaves all others as they are.
    """
    return np.random.default_rng([SEED, number, *concern.encode(), *more])
