"""Draw a photo: pose the figure, find what each sample sees, paint it, light it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mi_studio.training.faces import clothes, facehair, hair, shape, skin, worn
from mi_studio.training.faces.cut import skull_centre
from mi_studio.training.faces.head import Head, Material
from mi_studio.training.faces.head import head as shipped_head
from mi_studio.training.faces.kernels import Floats, Ints, Noise, normals, rasterise, smooth
from mi_studio.training.faces.mesh import Mesh, joined
from mi_studio.training.faces.people import Colour, Person
from mi_studio.training.faces.view import View, targets

SIDE = 64
PORTRAIT_SIDE = 128

#: distance of the camera, and height of the head in the picture as a share of its side
CAMERA = 9.0
HEAD_HEIGHT = 0.80
EYE_LEVEL = 0.475

#: side of the shadow map, the decimetres that it spans, and how far behind a surface shadow begins
SHADOW_SIDE, SHADOW_SPAN, SHADOW_BIAS = 160, 4.4, 0.05

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

#: how far light reaches round the edge of skin, by colour: it wanders under the surface
WRAP = np.array([0.30, 0.16, 0.12], np.float32)

GAMMA = 2.2


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
    surface = _paint(sitter, view, material, between(sitter.paint), uv, normal)
    toward = _toward_light(view)
    lit = _lit(stage, mesh, between(stage.vertices), surface.normal, eyes, toward)
    picture = _backdrop(view, size)
    picture[seen] = _shade(view, material, surface, lit, toward)
    pixels = picture.reshape(side, samples, side, samples, 3).mean(axis=(1, 3))
    result: NDArray[np.uint8] = (np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8)
    return result


class _Stage(NamedTuple):
    """The figure as it stands before the camera."""

    vertices: Floats
    normals: Floats
    pivot: Floats
    turn: Floats


class _Surface(NamedTuple):
    """What light meets at each sample: colour, strength and sharpness of highlights, direction."""

    colour: Floats
    shine: Floats
    gloss: Floats
    normal: Floats


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


def _paint(
    sitter: Sitter, view: View, material: NDArray[np.int8], paint: Floats, uv: Floats, normal: Floats
) -> _Surface:
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
    return _Surface(colour, shine, gloss, normal)


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


def _toward_light(view: View) -> Floats:
    azimuth, elevation = view.light_from
    flat = np.cos(elevation)
    return np.array([np.sin(azimuth) * flat, np.sin(elevation), np.cos(azimuth) * flat], np.float32)


def _lit(stage: _Stage, mesh: Mesh, at: Floats, normal: Floats, eyes: Floats, toward: Floats) -> Floats:
    """Return how much of the light reaches each sample, 0..1, by a map of what the light sees first."""
    across = np.cross([0, 1, 0], toward)
    across /= np.linalg.norm(across)
    basis = np.stack([across, np.cross(toward, across), toward]).astype(np.float32)
    scale, half = SHADOW_SIDE / SHADOW_SPAN, SHADOW_SIDE / 2

    def seen_from_light(points: Floats) -> Floats:
        x, y, z = ((points - eyes) @ basis.T).T
        return np.stack([x * scale + half, half - (y + 0.3) * scale, -z], -1).astype(np.float32)

    casts = mesh.material != Material.LASH
    never = np.zeros(int(casts.sum()), np.bool_)
    triangles: Ints = mesh.triangles[casts]
    first = rasterise(seen_from_light(stage.vertices), triangles, never, mesh.cover, SHADOW_SIDE).depth
    # a step along the normal, so that no surface shades itself
    column, row, depth = seen_from_light(at + 0.03 * normal).T
    light = np.zeros(len(at), np.float32)
    for right, down in ((-1.2, -0.6), (0.6, -1.2), (1.2, 0.6), (-0.6, 1.2), (0, 0)):
        c = np.clip(np.rint(column + right - 0.5), 0, SHADOW_SIDE - 1).astype(np.int32)
        r = np.clip(np.rint(row + down - 0.5), 0, SHADOW_SIDE - 1).astype(np.int32)
        light += first[r, c] > depth - SHADOW_BIAS
    return light / 5


def _backdrop(view: View, size: int) -> Floats:
    across, down = np.meshgrid(*[np.linspace(-1, 1, size, dtype=np.float32)] * 2)
    background, shade = np.array(view.background, np.float32), np.array(view.shade, np.float32)
    edges = 0.06 * across * view.light_from[0] - 0.06 * (across**2 + down**2)
    result: Floats = np.clip(background + shade * down[..., None] + edges[..., None], 0, 1)
    return result


def _shade(view: View, material: NDArray[np.int8], surface: _Surface, lit: Floats, toward: Floats) -> Floats:
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
    light = np.clip(surface.colour, 0, 1) ** GAMMA * (sky + fill + direct * tinted)
    light = light + 0.33 * highlight[:, None] * tinted
    recorded = light / (1 + 0.18 * light) * 1.12
    result: Floats = np.clip(recorded, 0, 1) ** (1 / GAMMA)
    return result
