"""Light: one lamp with shadows, the sky, a weak fill from the other side, and how a camera records it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mi_studio.training.faces.head import Material
from mi_studio.training.faces.kernels import Floats, Ints, rasterise
from mi_studio.training.faces.mesh import Mesh
from mi_studio.training.faces.paint import Surface
from mi_studio.training.faces.view import View

#: side of the shadow map, the decimetres that it spans, and how far behind a surface shadow begins
SHADOW_SIDE, SHADOW_SPAN, SHADOW_BIAS = 160, 4.4, 0.05

#: how far light reaches round the edge of skin, by colour: it wanders under the surface
WRAP = np.array([0.30, 0.16, 0.12], np.float32)

GAMMA = 2.2


def direction(view: View) -> Floats:
    """Return the unit vector that points to the lamp."""
    azimuth, elevation = view.light_from
    flat = np.cos(elevation)
    return np.array([np.sin(azimuth) * flat, np.sin(elevation), np.cos(azimuth) * flat], np.float32)


def reaching(
    vertices: Floats, mesh: Mesh, at: Floats, normal: Floats, middle: Floats, toward: Floats
) -> Floats:
    """Return how much of the lamp's light reaches each sample, 0..1, by a map of what the lamp sees first.

    Parameters
    ----------
    vertices
        The vertices of ``mesh`` as the figure stands before the camera.
    at, normal
        ``(k, 3)``: place and direction of each sample.
    middle
        The point in the middle of the map.
    toward
        `direction`.
    """
    across = np.cross([0, 1, 0], toward)
    across /= np.linalg.norm(across)
    basis = np.stack([across, np.cross(toward, across), toward]).astype(np.float32)
    scale, half = SHADOW_SIDE / SHADOW_SPAN, SHADOW_SIDE / 2

    def seen_from_light(points: Floats) -> Floats:
        x, y, z = ((points - middle) @ basis.T).T
        return np.stack([x * scale + half, half - (y + 0.3) * scale, -z], -1).astype(np.float32)

    casts = mesh.material != Material.LASH
    never = np.zeros(int(casts.sum()), np.bool_)
    triangles: Ints = mesh.triangles[casts]
    first = rasterise(seen_from_light(vertices), triangles, never, mesh.cover, SHADOW_SIDE).depth
    # a step along the normal, so that no surface shades itself
    column, row, depth = seen_from_light(at + 0.03 * normal).T
    light = np.zeros(len(at), np.float32)
    for right, down in ((-1.2, -0.6), (0.6, -1.2), (1.2, 0.6), (-0.6, 1.2), (0, 0)):
        c = np.clip(np.rint(column + right - 0.5), 0, SHADOW_SIDE - 1).astype(np.int32)
        r = np.clip(np.rint(row + down - 0.5), 0, SHADOW_SIDE - 1).astype(np.int32)
        light += first[r, c] > depth - SHADOW_BIAS
    return light / 5


def recorded(view: View, material: NDArray[np.int8], surface: Surface, lit: Floats, toward: Floats) -> Floats:
    """Return the colour that the camera records, 0..1."""
    normal = surface.normal
    facing = (normal @ toward)[:, None]
    is_skin, is_hair = (material == Material.SKIN)[:, None], (material == Material.HAIR)[:, None]
    is_eye = (material == Material.LEFT_EYE) | (material == Material.RIGHT_EYE)
    lit = np.where(is_eye, 0.55 + 0.45 * lit, lit)
    diffuse = np.where(is_skin, (facing + WRAP) / (1 + WRAP), np.where(is_hair, facing * 0.75 + 0.25, facing))
    direct = np.clip(diffuse, 0, 1) * (0.9 * lit + 0.1)[:, None] * 1.05 * view.light
    tinted = np.array([1 + view.warmth, 1, 1 - 1.3 * view.warmth], np.float32)
    sky = (0.62 + 0.38 * normal[:, 1:2]) * view.ambient * (0.75 + 0.25 * np.clip(normal[:, 2:3], 0, 1))
    other_side = np.array([-0.55 * np.sign(view.light_from[0]), 0.1, 0.8], np.float32)
    fill = 0.16 * np.clip(normal @ other_side, 0, 1)[:, None]
    halfway = toward + np.array([0, 0, 1], np.float32)
    halfway /= np.linalg.norm(halfway)
    highlight = np.clip(normal @ halfway, 0, 1) ** surface.gloss * surface.shine * lit
    seen = np.clip(surface.colour, 0, 1) ** GAMMA * (sky + fill + direct * tinted)
    seen = seen + 0.33 * highlight[:, None] * tinted
    exposed = seen / (1 + 0.18 * seen) * 1.12
    result: Floats = np.clip(exposed, 0, 1) ** (1 / GAMMA)
    return result
