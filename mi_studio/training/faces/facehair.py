"""Brows, beards and the roots of the hair: hair that is painted on the skin, not grown as a mesh.

A beard is a field of density over the head at rest, soft at every border, worked out once at every
vertex; strands are cut out of it at every sample.
"""

from __future__ import annotations

import numpy as np

from mi_studio.training.faces.hair import hairline
from mi_studio.training.faces.head import Head
from mi_studio.training.faces.kernels import Floats, Noise, bump, smooth
from mi_studio.training.faces.person import Person

#: height of the brows on the head at rest
BROW = 7.505


def beard_density(person: Person, head: Head) -> Floats:
    """Return how dense the beard is, 0..1, at each vertex of the head at rest."""
    x, y, z = head.vertices.T
    if person.beard is None:
        return np.zeros(len(x), np.float32)
    ax = abs(x)
    front = smooth(0.3, 0.6, z + 0.3 * ax)
    # the upper border runs from the corner of the mouth up to the sideburn
    upper = 6.66 + 0.42 * smooth(0.28, 0.72, ax) ** 1.5
    cheeks = smooth(0.10, -0.06, y - upper) * smooth(0.14, 0.30, ax)
    cheeks = cheeks * (1 - 0.45 * smooth(0.60, 0.74, ax))
    under_lip = smooth(6.52, 6.40, y) * smooth(0.34, 0.16, ax)
    jaw = np.maximum(cheeks, under_lip) * smooth(6.02, 6.26, y) * front
    # from the lip's border up, thinnest at the groove under the nose; it stops short of the nostrils
    upper_lip = smooth(6.66, 6.70, y + 0.14 * ax) * smooth(6.85, 6.76, y + 0.10 * ax)
    groove = 1 - 0.45 * bump(ax, 0, 0.035)
    moustache = upper_lip * smooth(0.34, 0.22, ax) * smooth(1.36, 1.44, z) * groove
    droop = bump(ax, 0.29, 0.05) * smooth(6.44, 6.54, y) * smooth(6.72, 6.64, y) * front
    tuft = bump(ax, 0, 0.055) * smooth(6.33, 6.42, y) * smooth(6.55, 6.45, y)
    chin = bump(ax, 0, 0.21) * smooth(6.46, 6.36, y) * smooth(6.08, 6.22, y) * smooth(0.9, 1.1, z)
    fields = {
        "stubble": 0.36 * np.maximum(jaw, 0.9 * moustache),
        "short": 0.68 * np.maximum(jaw, moustache),
        "full": np.maximum(np.maximum(jaw, moustache), droop),
        "goatee": np.maximum.reduce([0.9 * moustache, droop, 1.15 * chin, tuft]),
        "moustache": moustache,
    }
    result: Floats = (fields[person.beard.kind] * person.beard.density).astype(np.float32)
    return result


def beard(
    person: Person, colour: Floats, rest: Floats, density: Floats, lips: Floats, noise: Noise
) -> Floats:
    """Return the colours under the beard, whose strands run down and outwards.

    Parameters
    ----------
    colour, rest
        ``(k, 3)``: the skin, and its place on the head at rest.
    density, lips
        ``(k,)``: `beard_density` there, and how much of it is lip.
    """
    if person.beard is None:
        return colour
    x, y, z = rest.T
    aside = np.sign(x) * 0.35 * (y - 6.6)
    strands = noise((x + aside) * 58, y * 17 + z * 12 + 9)
    fine = noise(x * 75 + 5, y * 60 + z * 30)
    amount = density * (1 - lips) * (0.66 + 0.34 * smooth(0.1, 0.9, 0.65 * strands + 0.35 * fine))
    amount = np.clip(amount, 0, 0.95)[:, None]
    shade = np.array(person.beard.colour, np.float32) * (0.8 + 0.5 * strands)[:, None]
    result: Floats = (colour * (1 - amount) + shade * amount).astype(np.float32)
    return result


def brows(person: Person, colour: Floats, rest: Floats, noise: Noise) -> Floats:
    """Return the colours with eyebrows: level and soft at the inner end, arched over the outer half."""
    brow = person.brows
    x, y, z = rest.T
    ax = abs(x)
    along = np.clip((ax - 0.13) / 0.42, 0, 1)
    # the outer end is the lower one: the other way round a face looks angry
    arch = (0.008 + 0.022 * brow.arch) * np.sin(np.pi * along)
    middle = BROW + 0.018 - (0.034 - 0.012 * brow.slant) * along**1.4 + arch
    half = brow.height * (0.66 + 0.34 * smooth(0, 0.35, along)) * (1 - 0.72 * smooth(0.4, 1, along))
    across = np.clip(1 - abs(y - middle) / half, 0, 1) ** 0.7
    ends = smooth(0.10, 0.24, ax) * smooth(0.58, 0.50, ax) * (z > 0.85)
    hairs = 0.70 + 0.5 * noise(x * 62, (y - ax * 0.8) * 42)
    amount = np.clip(across * ends * hairs * brow.density, 0, 0.92)[:, None]
    result: Floats = (colour * (1 - amount) + np.array(brow.colour, np.float32) * amount).astype(np.float32)
    return result


def roots(person: Person, colour: Floats, rest: Floats, ears: Floats, centre: Floats, noise: Noise) -> Floats:
    """Return the colours with the hair's roots, so that no bare skin shows through at the hairline.

    Parameters
    ----------
    ears
        ``(k,)``: how much of it is ear.
    centre
        The point that the hairline is measured from.
    """
    if person.hair.style == "bald":
        return colour
    from_centre = rest - centre
    distance = np.linalg.norm(from_centre, axis=1)
    polar = np.arccos(np.clip(from_centre[:, 1] / distance, -1, 1))
    azimuth = np.arctan2(from_centre[:, 0], from_centre[:, 2])
    uneven = 0.07 * (noise(azimuth * 26, polar * 5 + 4) - 0.5)
    amount = 0.92 * smooth(0.02, -0.12, polar - hairline(person.hair, azimuth) + uneven) * (1 - ears)
    shade = np.array(person.hair.colour, np.float32) * (0.9 + 0.2 * uneven[:, None])
    result: Floats = (colour * (1 - amount[:, None]) + shade * amount[:, None]).astype(np.float32)
    return result
