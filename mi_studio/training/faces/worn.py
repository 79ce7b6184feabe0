"""What is worn on the head: spectacles fitted to the person's own eyes, and earrings."""

from __future__ import annotations

import numpy as np

from mi_studio.training.faces.head import Head, Material
from mi_studio.training.faces.kernels import Floats, Ints
from mi_studio.training.faces.mesh import Mesh, joined, woven
from mi_studio.training.faces.person import Earrings, Glasses

#: how far before the eyeball the lenses stand, in decimetres
STAND_OFF = 0.18


def spectacles(glasses: Glasses, head: Head, vertices: Floats) -> Mesh:
    """Return rims, bridge and temples on a face of these vertices."""
    sides = [(vertices[eye].mean(axis=0), vertices[eye][:, 2].max()) for eye in head.eyes]
    front = max(z for _, z in sides) + STAND_OFF
    pieces, hinges, inner = [], [], []
    for (x, y, _), _ in sides:
        outward = np.sign(x)
        pieces.append(_rim(glasses, np.array([x * 1.06, y - 0.03, front]), outward))
        inner.append([x * 1.06 - outward * glasses.size, y + 0.03, front])
        hinges.append(([x * 1.06 + outward * glasses.size, y + 0.05, front - 0.10], outward, y + 0.05))
    pieces.append(_rod(inner[0], inner[1], glasses.rim))
    rest = head.vertices
    temple = (rest[:, 2] > 0.72) & (rest[:, 2] < 0.95) & (rest[:, 1] > 7.25) & (rest[:, 1] < 7.5)
    width = abs(vertices[temple, 0]).max()
    for hinge, outward, y in hinges:
        corner = [outward * width, y, front - 0.5]
        pieces.append(_rod(hinge, corner, glasses.rim))
        pieces.append(_rod(corner, [outward * (width + 0.03), y, 0.45], glasses.rim))
    return joined(*pieces)


def beads(earrings: Earrings, head: Head, vertices: Floats) -> Mesh:
    """Return a bead at the lobe of each ear."""
    x, y, z = head.vertices.T
    around, down = np.meshgrid(np.linspace(0, 2 * np.pi, 10, endpoint=False), np.linspace(0, np.pi, 6))
    ball = np.stack([np.sin(down) * np.cos(around), np.cos(down), np.sin(down) * np.sin(around)], -1)
    pieces = []
    for side in (-1, 1):
        ear = np.flatnonzero((x * side > 0.74) & (y > 6.78) & (y < 7.0) & (z > 0.3) & (z < 0.75))
        lobe = vertices[ear[y[ear].argmin()]] + np.array([0.01 * side, -0.8 * earrings.radius, 0.03])
        pieces.append(
            _solid((lobe + earrings.radius * ball).reshape(-1, 3), woven(*ball.shape[:2]), Material.BEAD)
        )
    return joined(*pieces)


def _rim(glasses: Glasses, centre: Floats, outward: float) -> Mesh:
    """Return a tube along a superellipse that bends back towards the temple."""
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    power = 2 / glasses.squareness
    x = glasses.size * np.sign(np.cos(angle)) * abs(np.cos(angle)) ** power
    y = glasses.size * 0.8 * np.sign(np.sin(angle)) * abs(np.sin(angle)) ** power
    bend = -0.5 * np.clip(x * outward, 0, None) ** 2
    path = centre + np.stack([x, y, bend], -1)
    away = np.stack([x, y, 0 * x], -1)
    away /= np.linalg.norm(away, axis=-1, keepdims=True)
    return _tube(path, away, np.broadcast_to([0.0, 0.0, 1.0], away.shape), glasses.rim, closed=True)


def _rod(start: list[float], end: list[float], radius: float) -> Mesh:
    path = np.array([start, end])
    along = (path[1] - path[0]) / np.linalg.norm(path[1] - path[0])
    across = np.cross(along, [0.1, 1, 0.2])
    across /= np.linalg.norm(across)
    both = np.stack([across, across]), np.stack([np.cross(along, across)] * 2)
    return _tube(path, *both, radius, closed=False)


def _tube(path: Floats, across: Floats, other: Floats, radius: float, *, closed: bool) -> Mesh:
    angle = np.linspace(0, 2 * np.pi, 6, endpoint=False)[None, :, None]
    ring = path[:, None] + radius * (np.cos(angle) * across[:, None] + np.sin(angle) * other[:, None])
    triangles = woven(*ring.shape[:2], closed_rows=closed)
    return _solid(ring.reshape(-1, 3), triangles, Material.FRAME)


def _solid(vertices: Floats, triangles: Ints, material: Material) -> Mesh:
    return Mesh(
        vertices.astype(np.float32),
        np.ones(len(vertices), np.float32),
        triangles,
        np.zeros((*triangles.shape, 2), np.float32),
        np.full(len(triangles), material, np.int8),
    )
