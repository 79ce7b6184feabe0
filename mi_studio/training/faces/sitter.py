"""A person ready to be photographed: shape, hair and all that is worn, put together once for many photos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mi_studio.training.faces import facehair, hair, shape, skin, worn
from mi_studio.training.faces.head import Head, Material
from mi_studio.training.faces.head import head as shipped_head
from mi_studio.training.faces.kernels import Floats, Noise
from mi_studio.training.faces.mesh import Mesh, joined
from mi_studio.training.faces.person import Person


@dataclass(frozen=True)
class Sitter:
    """A person ready to be photographed: everything that no view changes.

    Attributes
    ----------
    mesh
        Head, hair and what is worn on the head, at rest in expression.
    paint
        ``(n, 7)`` for each vertex: place on the head at rest, skin tone, density of the beard.
    """

    person: Person
    head: Head
    mesh: Mesh
    paint: Floats
    noise: Noise


def prepare(person: Person) -> Sitter:
    """Return a person with the shape, hair and glasses that are theirs."""
    head = shipped_head()
    vertices = head.morphed(shape.weights(head, person))
    lash = np.isin(np.arange(len(vertices)), head.triangles[head.material == Material.LASH])
    pieces = [
        Mesh(vertices, np.where(lash, np.float32(0.5), np.float32(1)), head.triangles, head.uv, head.material)
    ]
    grown = hair.grow(person, head, vertices)
    if grown is not None:
        pieces.append(grown)
    if person.glasses is not None:
        pieces.append(worn.spectacles(person.glasses, head, vertices))
    if person.earrings is not None:
        pieces.append(worn.beads(person.earrings, head, vertices))
    mesh = joined(*pieces)
    paint = np.zeros((len(mesh.vertices), 7), np.float32)
    paint[: len(vertices), :3] = head.vertices
    paint[: len(vertices), 3:6] = skin.tone(person, head)
    paint[: len(vertices), 6] = facehair.beard_density(person, head)
    return Sitter(person, head, mesh, paint, Noise(person.texture + 1))
