"""Skin: its tone, worked out once at every vertex, and its grain and lips, painted at every sample.

All places are given on the head at rest (decimetres; the eyes are at y 7.28, the mouth at 6.63), so that
they follow the face wherever its shape and expression take it.
"""

from __future__ import annotations

import numpy as np

from mi_studio.training.faces.head import Head
from mi_studio.training.faces.kernels import Floats, Noise, bump, smooth
from mi_studio.training.faces.person import Person

LIPS, EARS, MOUTH = range(3)

#: colour of the inside of the mouth
CAVITY = (0.25, 0.07, 0.07)


def tone(person: Person, head: Head) -> Floats:
    """Return the colour ``(n, 3)`` of the skin at the head's vertices, without its finest grain."""
    skin, age = person.skin, person.age
    x, y, z = head.vertices.T
    ax = abs(x)
    front = smooth(0.8, 1.0, z)
    colour = np.ones((len(x), 3), np.float32) * np.array(skin.colour, np.float32)

    def tint(amount: Floats, red: float, green: float, blue: float) -> None:
        colour[:] *= 1 - amount[:, None] * np.array([red, green, blue], np.float32)

    cheeks = bump(ax, 0.42, 0.2) * bump(y, 6.98, 0.17) * front
    nose = 0.8 * bump(ax, 0, 0.13) * bump(y, 6.95, 0.12) * smooth(1.2, 1.4, z)
    ears = 0.5 * smooth(0.72, 0.8, ax) * bump(y, 7.1, 0.3)
    tint((cheeks + nose + ears) * (0.16 + 0.42 * skin.ruddy + 0.3 * skin.makeup), 0.02, 0.13, 0.12)
    under_eyes = bump(ax, 0.31, 0.17) * bump(y, 7.12, 0.07) * front
    tint(under_eyes * (0.08 + 0.2 * age), 0.7, 1.0, 0.9)
    folds = bump(ax - 0.30 * (6.95 - y), 0.22, 0.06) * smooth(6.6, 6.7, y) * smooth(6.98, 6.88, y) * front
    tint(folds * 0.18 * age, 1.0, 1.0, 1.0)
    lids = bump(ax, 0.31, 0.19) * bump(y, 7.37, 0.06) * front
    tint(lids * (0.08 + 0.22 * skin.makeup), 0.8, 1.0, 0.9)
    grain = Noise(person.texture)
    tint(0.5 - grain(x * 9 + 7, y * 9 + z * 5), 0.07, 0.07, 0.07)
    return colour


def grain(person: Person, colour: Floats, rest: Floats, noise: Noise) -> Floats:
    """Return skin of this tone with pores, freckles and the furrows of an older forehead.

    Parameters
    ----------
    colour, rest
        ``(k, 3)``: tone, and place on the head at rest.
    """
    x, y, z = rest.T
    painted = colour * (1 + 0.05 * (noise(x * 42 + 3, y * 42 + z * 20) - 0.5))[:, None]
    if person.age > 0.35:
        wave = smooth(0.5, 1.0, np.sin((y + 0.04 * np.cos(x * 5)) * 75))
        brow = smooth(7.6, 7.7, y) * smooth(8.0, 7.85, y) * smooth(0.5, 0.35, abs(x)) * (z > 0.9)
        painted *= (1 - 0.2 * (person.age - 0.35) * wave * brow)[:, None]
    if person.skin.freckles:
        spots = smooth(0.70, 0.78, noise(x * 60 + 3, y * 60)) * bump(y, 7.0, 0.2)
        painted *= 1 - 0.35 * person.skin.freckles * spots[:, None] * np.array([0.6, 0.9, 1], np.float32)
    result: Floats = painted.astype(np.float32)
    return result


def lips(person: Person, colour: Floats, masks: Floats) -> Floats:
    """Return the colours with lips and the inside of the mouth, where the masks ``(3, k)`` say so."""
    lip, cavity = masks[LIPS][:, None], 0.85 * masks[MOUTH][:, None]
    colour = colour * (1 - lip) + np.array(person.skin.lips, np.float32) * lip
    result: Floats = colour * (1 - cavity) + np.array(CAVITY, np.float32) * cavity
    return result
