"""The head that every face is made of: MakeHuman's, public domain, cut by `mi_studio.training.faces.cut`.

One mesh in decimetres (y up, z to the front), and targets that move its vertices: sexes, ages and
ancestries, shapes of nose, eyes, jaw and so on, and expressions.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save as to_bytes

from mi_studio.core import paths
from mi_studio.core.atomic import write_bytes
from mi_studio.core.errors import REINSTALL, BadFileError
from mi_studio.core.text import Text
from mi_studio.training.faces.kernels import Floats, Ints

FILE = Path("face-login", "head.safetensors.gz")

#: decimetres to which the targets are rounded
UNIT = 1 / 2048


class Material(IntEnum):
    """What a triangle is made of."""

    SKIN, LEFT_EYE, RIGHT_EYE, TEETH, TONGUE, LASH, HAIR, FRAME, BEAD = range(9)


#: directions from the middle of the skull at which the hair is rooted: polar angle from the crown,
#: and azimuth, 0 to the front
POLAR = np.linspace(0.02, 2.5, 44, dtype=np.float32)
AZIMUTH = (np.arange(96, dtype=np.float32) + 0.5) * (2 * np.pi / 96) - np.pi


@dataclass(frozen=True)
class Head:
    """The mesh at rest and all that can be done to it.

    Attributes
    ----------
    vertices
        ``(n, 3)``.
    triangles, uv, material
        ``(m, 3)``, ``(m, 3, 2)`` in 0..1 and ``(m,)``.
    targets
        Names, such as ``nose/nose-hump-incr``; the order of `moves`.
    moves
        ``(t, n, 3)``: where each target moves each vertex.
    masks
        ``(3, side, side)`` in 0..1: lips, ears, inside of the mouth, over ``uv``.
    roots
        Where each direction (`POLAR` x `AZIMUTH`) leaves the skull: triangle, and the weights ``(k, 3)``
        of its corners.
    """

    vertices: Floats
    triangles: Ints
    uv: Floats
    material: NDArray[np.int8]
    targets: tuple[str, ...]
    moves: Floats
    masks: Floats
    roots: tuple[Ints, Floats]

    @cached_property
    def number(self) -> dict[str, int]:
        """Target -> its place in `moves`."""
        return {name: i for i, name in enumerate(self.targets)}

    @cached_property
    def eyes(self) -> tuple[Ints, Ints]:
        """The vertices of the left and of the right eyeball."""
        both = (
            np.unique(self.triangles[self.material == m]) for m in (Material.LEFT_EYE, Material.RIGHT_EYE)
        )
        left, right = both
        return left.astype(np.int32), right.astype(np.int32)

    @cached_property
    def chin(self) -> Ints:
        """The vertices of the tip of the chin."""
        x, y, z = self.vertices.T
        tip = (abs(x) < 0.2) & (y > 6.15) & (y < 6.6) & (z > 1)
        return np.flatnonzero(tip).astype(np.int32)

    def morphed(self, weights: Floats) -> Floats:
        """Return the vertices with each target acting by its weight ``(t,)``."""
        return self.vertices + self.moved(weights)

    def moved(self, weights: Floats) -> Floats:
        """Return by how much the targets move each vertex, acting by their weights ``(t,)``."""
        active = np.flatnonzero(weights)
        flat = self.moves.reshape(len(self.targets), -1)
        result: Floats = (weights[active].astype(np.float32) @ flat[active]).reshape(-1, 3)
        return result

    def save(self, path: Path) -> None:
        """Write the head: only vertices that a target moves, low and high bytes apart, compressed."""
        steps = np.round(self.moves / UNIT).astype(np.int16)
        touched = steps.any(axis=2)
        moves = steps[touched].T
        tensors = {
            "vertices": self.vertices,
            "triangles": self.triangles.astype(np.uint16),
            "uv": np.round(self.uv * 65535).astype(np.uint16),
            "material": self.material,
            "targets": np.frombuffer("\n".join(self.targets).encode(), np.uint8),
            "touched": np.packbits(touched, axis=1),
            "moves_low": (moves & 255).astype(np.uint8),
            "moves_high": (moves >> 8).astype(np.int8),
            "masks": np.round(self.masks * 15).astype(np.uint8),
            "root_triangles": self.roots[0].astype(np.uint16),
            "root_weights": np.round(self.roots[1] * 65535).astype(np.uint16),
        }
        blob = to_bytes({name: np.ascontiguousarray(value) for name, value in tensors.items()})
        write_bytes(path, gzip.compress(blob, mtime=0))

    @classmethod
    def read(cls, path: Path) -> Head:
        """Read what `save` wrote.

        Raises
        ------
        BadFileError
            If the file is missing or damaged.
        """
        try:
            tensors = from_bytes(gzip.decompress(path.read_bytes()))
            vertices = tensors["vertices"]
            names = tuple(tensors["targets"].tobytes().decode().split("\n"))
            touched = np.unpackbits(tensors["touched"], axis=1, count=len(vertices)).astype(bool)
            moves = np.zeros((*touched.shape, 3), np.float32)
            steps = tensors["moves_high"].astype(np.int16) * 256 + tensors["moves_low"]
            moves[touched] = steps.T.astype(np.float32) * np.float32(UNIT)
            return cls(
                vertices=vertices,
                triangles=tensors["triangles"].astype(np.int32),
                uv=tensors["uv"].astype(np.float32) / 65535,
                material=tensors["material"],
                targets=names,
                moves=moves,
                masks=tensors["masks"].astype(np.float32) / 15,
                roots=(
                    tensors["root_triangles"].astype(np.int32),
                    tensors["root_weights"].astype(np.float32) / 65535,
                ),
            )
        except Exception as error:  # gzip, zlib, safetensors and numpy have no common error
            raise BadFileError(
                Text(
                    "The head {path} cannot be read ({reason}).",
                    "頭部の形状データ {path} を読み込めません。",
                ),
                remedy=REINSTALL,
                path=path,
                reason=error,
            ) from error


def skull_centre(vertices: Floats, left_eye: Ints, right_eye: Ints) -> Floats:
    """Return the point from which the roots of the hair are sought, for the head at rest."""
    eyes = (vertices[left_eye].mean(axis=0) + vertices[right_eye].mean(axis=0)) / 2
    return np.array([0, eyes[1] + 0.33, 0.62], np.float32)


@cache
def head() -> Head:
    """Return the shipped head."""
    return Head.read(paths.assets() / FILE)
