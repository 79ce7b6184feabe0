"""Paint: the colour and the shine of every sample before any light falls on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mi_studio.training.faces import clothes, facehair, skin
from mi_studio.training.faces.head import Material, skull_centre
from mi_studio.training.faces.kernels import Floats, smooth
from mi_studio.training.faces.person import Colour
from mi_studio.training.faces.sitter import Sitter
from mi_studio.training.faces.view import View

#: highlights: strength and sharpness of each material
SHINE = {
    Material.SKIN: (0.16, 14.0),
    Material.LEFT_EYE: (1.1, 110.0),
    Material.RIGHT_EYE: (1.1, 110.0),
    Material.TEETH: (0.3, 40.0),
    Material.TONGUE: (0.1, 14.0),
    Material.LASH: (0.0, 14.0),
    Material.HAIR: (0.22, 10.0),
    Material.FRAME: (0.6, 40.0),
    Material.BEAD: (0.9, 30.0),
}


class Surface(NamedTuple):
    """What light meets at each sample: colour, strength and sharpness of highlights, direction."""

    colour: Floats
    shine: Floats
    gloss: Floats
    normal: Floats


def painted(
    sitter: Sitter, view: View, material: NDArray[np.int8], paint: Floats, uv: Floats, normal: Floats
) -> Surface:
    """Return what light will meet.

    Parameters
    ----------
    material, uv, normal
        ``(k,)``, ``(k, 2)`` and ``(k, 3)``: of each sample.
    paint
        ``(k, 7)``: `Sitter.paint` there.
    """
    person = sitter.person
    shine, gloss = (np.array(column, np.float32)[material] for column in zip(*SHINE.values(), strict=True))
    plain: dict[Material, Colour] = {Material.TEETH: (0.86, 0.83, 0.76), Material.TONGUE: (0.55, 0.25, 0.25)}
    red, green, blue = person.brows.colour
    dark = person.hair.grey < 0.5
    plain[Material.LASH] = (0.4 * red, 0.4 * green, 0.4 * blue) if dark else (0.12, 0.10, 0.09)
    if person.glasses:
        plain[Material.FRAME] = person.glasses.colour
    if person.earrings:
        plain[Material.BEAD] = person.earrings.colour
    palette = np.array([plain.get(m, (0, 0, 0)) for m in Material], np.float32)
    colour, normal = palette[material], normal.copy()

    at = np.flatnonzero(material == Material.SKIN)
    colour[at], shine[at] = _paint_skin(sitter, view, paint[at], uv[at])
    for made_of, eye in zip((Material.LEFT_EYE, Material.RIGHT_EYE), sitter.head.eyes, strict=True):
        at = np.flatnonzero(material == made_of)
        colour[at] = _paint_eye(sitter, view, paint[at, :3] - sitter.head.vertices[eye].mean(axis=0))
    at = np.flatnonzero(material == Material.HAIR)
    if len(at):
        strands = _strands(sitter, uv[at])
        colour[at] = np.array(person.hair.colour, np.float32) * (0.62 + 0.75 * strands)[:, None]
        shine[at] *= (0.45 if person.hair.curled else 1.3) * (0.3 + strands)
        tilt = (strands - 0.5)[:, None] * np.array([0.25, 0.5, 0], np.float32)
        normal[at] += tilt * (1.3 if person.hair.curled else 0.9)
        normal[at] /= np.linalg.norm(normal[at], axis=1, keepdims=True)
    return Surface(colour, shine, gloss, normal)


def _paint_skin(sitter: Sitter, view: View, paint: Floats, uv: Floats) -> tuple[Floats, Floats]:
    """Return colour and shine of skin, and of all that grows, lies or is worn on it."""
    person, head, noise = sitter.person, sitter.head, sitter.noise
    rest, density = paint[:, :3], paint[:, 6]
    masks = _looked_up(head.masks, uv)
    colour = skin.grain(person, paint[:, 3:6], rest, noise)
    colour = skin.lips(person, colour, masks)
    colour = facehair.brows(person, colour, rest, noise)
    colour = facehair.beard(person, colour, rest, density, masks[skin.LIPS], noise)
    centre = skull_centre(head.vertices, *head.eyes)
    colour = facehair.roots(person, colour, rest, masks[skin.EARS], centre, noise)
    colour, cloth = clothes.wear(colour, rest, view.shirt)
    shine = SHINE[Material.SKIN][0] + 0.12 * masks[skin.LIPS] * (0.5 + person.skin.makeup)
    return colour, np.where(cloth, np.float32(0.02), shine * (1 - 0.8 * density))


def _looked_up(masks: Floats, uv: Floats) -> Floats:
    side = masks.shape[-1]
    column = np.clip((uv[:, 0] * side).astype(np.int32), 0, side - 1)
    row = np.clip(((1 - uv[:, 1]) * side).astype(np.int32), 0, side - 1)
    result: Floats = masks[:, row, column]
    return result


def _paint_eye(sitter: Sitter, view: View, from_centre: Floats) -> Floats:
    """Return the colour of an eyeball at places given from its centre: white, iris, pupil."""
    way = from_centre / np.linalg.norm(from_centre, axis=1, keepdims=True)
    gaze = np.array([*view.gaze, 1], np.float32)
    angle = np.arccos(np.clip(way @ (gaze / np.linalg.norm(gaze)), -1, 1))
    iris, pupil = smooth(0.55, 0.48, angle)[:, None], smooth(0.27, 0.21, angle)[:, None]
    rim = smooth(0.30, 0.50, angle)[:, None]
    rays = sitter.noise(np.arctan2(way[:, 0], way[:, 1]) * 8, angle * 6 + 3)[:, None]
    white = np.array([0.95, 0.93, 0.91], np.float32) * (1 - 0.22 * smooth(0.6, 1.2, angle)[:, None])
    ring = np.array(sitter.person.iris, np.float32) * (1 - 0.55 * rim) * (1 + 0.25 * (rays - 0.5))
    colour = white * (1 - iris) + ring * iris
    colour = colour * (1 - pupil) + 0.02 * pupil
    result: Floats = colour * (1 - 0.22 * smooth(0, 0.5, way[:, 1])[:, None])  # the upper lid's shadow
    return result


def _strands(sitter: Sitter, uv: Floats) -> Floats:
    u, v = uv.T
    if sitter.person.hair.curled:
        return sitter.noise(u * 110, v * 30)
    return 0.6 * sitter.noise(u * 230, v * 5) + 0.4 * sitter.noise(u * 90 + 11, v * 3)
