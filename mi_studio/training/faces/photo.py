"""Draw a photo: pose the figure, find what each sample sees, paint it, light it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mi_studio.training.faces import light
from mi_studio.training.faces.head import Material
from mi_studio.training.faces.kernels import Floats, normals, rasterise
from mi_studio.training.faces.paint import painted
from mi_studio.training.faces.sitter import Sitter
from mi_studio.training.faces.view import View, targets

SIDE = 64
PORTRAIT_SIDE = 128

#: distance of the camera, and height of the head in the picture as a share of its side
CAMERA = 9.0
HEAD_HEIGHT = 0.80
EYE_LEVEL = 0.475


class _Stage(NamedTuple):
    """The figure as it stands before the camera."""

    vertices: Floats
    normals: Floats
    pivot: Floats
    turn: Floats


def photograph(sitter: Sitter, view: View, side: int = SIDE, samples: int = 2) -> NDArray[np.uint8]:
    """Return a photo ``(side, side, 3)``.

    Parameters
    ----------
    samples
        Samples along each side of a pixel.
    """
    size = side * samples
    stage = _pose(sitter, view)
    points, eyes = _project(sitter, view, stage, size)
    mesh = sitter.mesh
    hits = rasterise(points, mesh.triangles, mesh.material < Material.LASH, mesh.cover, size)
    seen = hits.triangle >= 0
    chosen, first_two = hits.triangle[seen], hits.weights[seen]
    weights = np.concatenate([first_two, 1 - first_two.sum(axis=1, keepdims=True)], axis=1)
    corners = mesh.triangles[chosen]

    def between(values: Floats) -> Floats:
        result: Floats = np.einsum("kcd,kc->kd", values[corners], weights)
        return result

    material = mesh.material[chosen]
    normal = between(stage.normals)
    loose = (material >= Material.LASH) & (normal[:, 2] < 0)
    normal[loose] *= -1
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    uv = np.einsum("kcd,kc->kd", mesh.uv[chosen], weights)
    surface = painted(sitter, view, material, between(sitter.paint), uv, normal)
    toward = light.direction(view)
    lit = light.reaching(stage.vertices, mesh, between(stage.vertices), surface.normal, eyes, toward)
    picture = _backdrop(view, size)
    picture[seen] = light.recorded(view, material, surface, lit, toward)
    pixels = picture.reshape(side, samples, side, samples, 3).mean(axis=(1, 3))
    result: NDArray[np.uint8] = (np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8)
    return result


def _pose(sitter: Sitter, view: View) -> _Stage:
    head, mesh = sitter.head, sitter.mesh
    weights = np.zeros(len(head.targets), np.float32)
    for target, value in targets(view.expression).items():
        if target in head.number:
            weights[head.number[target]] = value
    vertices = mesh.vertices.copy()
    vertices[: len(head.vertices)] += head.moved(weights)
    eye_level = np.mean([mesh.vertices[eye, 1].mean() for eye in head.eyes])
    pivot = np.array([0, eye_level - 0.6, 0.3], np.float32)
    turn = _rotation(view.yaw, view.pitch, view.roll)
    return _Stage((vertices - pivot) @ turn.T, normals(vertices, mesh.triangles) @ turn.T, pivot, turn)


def _rotation(yaw: float, pitch: float, roll: float) -> Floats:
    (cy, cp, cr), (sy, sp, sr) = np.cos([yaw, pitch, roll]), np.sin([yaw, pitch, roll])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    result: Floats = (about_z @ about_x @ about_y).astype(np.float32)
    return result


def _project(sitter: Sitter, view: View, stage: _Stage, size: int) -> tuple[Floats, Floats]:
    """Return the points in the picture with their depth, and where the middle between the eyes stands.

    Every head fills the same share of the picture, its eyes at the same height.
    """
    own = sitter.mesh.vertices[: len(sitter.head.vertices)]
    middle = np.mean([own[eye].mean(axis=0) for eye in sitter.head.eyes], axis=0)
    eyes = (middle - stage.pivot) @ stage.turn.T
    height = own[:, 1].max() - own[sitter.head.chin, 1].min()
    scale = size * HEAD_HEIGHT / height * view.zoom
    x, y, z = stage.vertices.T
    depth = CAMERA - z
    nearer = CAMERA / depth
    column = (x * nearer - eyes[0] * 0.6) * scale + size * (0.5 + view.shift[0])
    row = (eyes[1] - y * nearer) * scale + size * (EYE_LEVEL + view.shift[1])
    return np.stack([column, row, depth], -1).astype(np.float32), eyes.astype(np.float32)


def _backdrop(view: View, size: int) -> Floats:
    across, down = np.meshgrid(*[np.linspace(-1, 1, size, dtype=np.float32)] * 2)
    background, shade = np.array(view.background, np.float32), np.array(view.shade, np.float32)
    edges = 0.06 * across * view.light_from[0] - 0.06 * (across**2 + down**2)
    result: Floats = np.clip(background + shade * down[..., None] + edges[..., None], 0, 1)
    return result
