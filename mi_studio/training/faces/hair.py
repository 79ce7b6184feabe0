"""Hair: a shell that grows from the skull's roots, and, where it is long, falls from the hairline.

A haircut is a hairline, a thickness and a length. The shell's last few millimetres let light through,
so that hairlines and hems end in wisps and not in a cut edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mi_studio.training.faces.head import AZIMUTH, POLAR, Head, Material
from mi_studio.training.faces.kernels import Floats, Noise, bump, smooth
from mi_studio.training.faces.mesh import Mesh, joined, woven
from mi_studio.training.faces.person import Hair, Person

#: rows of the shell from crown to hairline, and below it where hair falls
GROWN, FALLEN = 30, 18


@dataclass(frozen=True)
class Cut:
    """A haircut.

    Attributes
    ----------
    front, side, back
        The hairline: polar angle from the crown, in radians.
    top, sides
        Thickness in decimetres.
    end
        Thickness at the hairline, as a share.
    falls
        How far it falls below the hairline, in decimetres.
    wisps
        The length over which it thins out, in decimetres.
    temples
        How far the hairline recedes at the temples, in radians.
    burns
        How far it comes down before the ears, in radians.
    lift
        Extra thickness over the forehead, in decimetres.
    curls
        Height of curls, as a share of the thickness.
    """

    front: float
    side: float
    back: float
    top: float
    sides: float
    end: float = 0.18
    falls: float = 0.0
    wisps: float = 0.09
    temples: float = 0.04
    burns: float = 0.0
    lift: float = 0.0
    curls: float = 0.0

    @property
    def fringe(self) -> bool:
        """Whether hair covers the forehead."""
        return self.front > 1.3


CUTS: dict[str, Cut | None] = {
    "bald": None,
    "receding": Cut(0.66, 1.72, 2.3, 0.05, 0.045, temples=0.15, burns=0.05, wisps=0.14),
    "crop": Cut(1.08, 1.74, 2.25, 0.055, 0.035, temples=0.08, burns=0.12, wisps=0.06),
    "short": Cut(1.12, 1.76, 2.35, 0.14, 0.07, temples=0.06, burns=0.14),
    "side": Cut(1.13, 1.78, 2.4, 0.18, 0.09, temples=0.05, burns=0.15),
    "quiff": Cut(1.08, 1.74, 2.3, 0.14, 0.05, end=0.5, temples=0.06, burns=0.12, lift=0.09),
    "curls": Cut(1.10, 1.78, 2.35, 0.25, 0.13, end=0.5, temples=0.05, burns=0.13, curls=0.22),
    "medium": Cut(1.14, 1.88, 2.5, 0.18, 0.17, falls=0.35, wisps=0.16, temples=0.05),
    "afro": Cut(1.09, 1.78, 2.3, 0.34, 0.32, end=0.55, wisps=0.1, temples=0.05, curls=0.18),
    "pixie": Cut(1.22, 1.86, 2.4, 0.16, 0.12, end=0.3, wisps=0.14, burns=0.12),
    "up": Cut(1.10, 1.80, 2.4, 0.17, 0.14, end=0.25, wisps=0.12),
    "bob": Cut(1.13, 1.75, 2.0, 0.16, 0.17, end=0.7, falls=0.72, wisps=0.12),
    "bob-fringe": Cut(1.40, 1.75, 2.0, 0.16, 0.17, end=0.7, falls=0.72, wisps=0.12),
    "lob": Cut(1.13, 1.75, 2.0, 0.15, 0.16, end=0.7, falls=1.1, wisps=0.2),
    "tied": Cut(1.08, 1.80, 2.4, 0.11, 0.10, end=0.2, wisps=0.1),
    "long": Cut(1.13, 1.75, 2.0, 0.14, 0.16, end=0.7, falls=1.7, wisps=0.3),
    "long-fringe": Cut(1.40, 1.75, 2.0, 0.15, 0.16, end=0.7, falls=1.7, wisps=0.3),
    "wavy": Cut(1.13, 1.78, 2.0, 0.20, 0.22, end=0.7, falls=1.15, wisps=0.25, curls=0.06),
    "curly": Cut(1.12, 1.78, 2.0, 0.27, 0.31, end=0.7, falls=0.75, wisps=0.16, curls=0.16),
}


def hairline(hair: Hair, azimuth: Floats) -> Floats:
    """Return the polar angle at which the hair ends, for each azimuth; no hair at all is 0."""
    cut = CUTS[hair.style]
    if cut is None:
        return np.zeros_like(azimuth)
    a = np.abs(azimuth)
    front = cut.front + 0.05 * hair.length
    front = front - cut.temples * bump(a, 0.58, 0.2) + 0.015 * np.sin(azimuth * 3 + 4 * hair.part)
    line = front + (cut.side - front) * smooth(0.72, 1.12, a)
    line = line + (cut.back - line) * smooth(1.6, 2.1, a)
    if not cut.falls:
        line = line - 0.10 * bump(a, 1.66, 0.22) + cut.burns * bump(a, 1.34, 0.10)
    result: Floats = line.astype(np.float32)
    return result


def grow(person: Person, head: Head, vertices: Floats) -> Mesh | None:
    """Return the hair on a head of the person's shape; None if there is none.

    Parameters
    ----------
    vertices
        The person's vertices; the first are those of ``head``.
    """
    hair = person.hair
    cut = CUTS[hair.style]
    if cut is None:
        return None
    rng = person.stream("strands")
    triangles, corners = head.roots
    skull = (vertices[head.triangles[triangles]] * corners[..., None]).sum(axis=1)
    skull = skull.reshape(len(POLAR), len(AZIMUTH), 3)
    centre = _centre(head, vertices, skull)
    shell, share = _shell(hair, cut, skull, centre, rng)
    if cut.falls:
        fallen = _fall(hair, cut, shell, centre, rng)
        shell = np.concatenate([shell, fallen])
        share = np.concatenate([share * 0.5, 0.5 + 0.5 * np.arange(1, FALLEN + 1) / FALLEN])
    pieces = [_cloth(shell, share, _cover(shell, cut, rng))]
    if hair.style == "up":
        pieces.append(_bun(skull, rng))
    if hair.style == "tied":
        pieces.append(_tail(centre, np.sign(hair.part), rng))
    return joined(*pieces)


def _centre(head: Head, vertices: Floats, skull: Floats) -> Floats:
    left, right = (vertices[eye].mean(axis=0) for eye in head.eyes)
    return np.array([0, (left[1] + right[1]) / 2 + 0.33, skull[..., 2].mean()], np.float32)


def _ripple(rng: np.random.Generator, first: int, last: int) -> Floats:
    """Return a smooth random closed curve over the azimuths, about 1 high."""
    waves = [
        rng.normal() / np.sqrt(k - first + 1) * np.sin(k * AZIMUTH + rng.uniform(0, 2 * np.pi))
        for k in range(first, last)
    ]
    result: Floats = (np.sum(waves, axis=0) * 0.5).astype(np.float32)
    return result


def _shell(
    hair: Hair, cut: Cut, skull: Floats, centre: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return the shell from crown to hairline, and how far down each row is, 0..1."""
    line = hairline(hair, AZIMUTH)
    share = np.linspace(0, 1, GROWN, dtype=np.float32)
    polar = share[:, None] * line
    at = np.clip((polar - POLAR[0]) / (POLAR[1] - POLAR[0]), 0, len(POLAR) - 1.001)
    row = at.astype(int)
    part, columns = (at - row)[..., None], np.arange(len(AZIMUTH))
    root = skull[row, columns] * (1 - part) + skull[row + 1, columns] * part
    outward = root - centre
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True)

    a = np.abs(AZIMUTH)
    # all that differs round the head fades out at the crown, where the columns meet: no point, no crease
    round_it = smooth(0.1, 0.75, polar)
    aside = smooth(0.4, 1.4, polar) * smooth(0.3, 1.15, a)
    thick = cut.top + (cut.sides - cut.top) * aside
    thick = thick + cut.lift * bump(polar, 0.8, 0.3) * smooth(1.1, 0.4, a)
    if hair.style in ("side", "long", "lob", "bob", "tied", "medium", "wavy"):
        over = np.tanh((AZIMUTH - hair.part) * 4) * -np.sign(hair.part) * bump(AZIMUTH, 0, 1.2)
        thick = thick * (1 + 0.22 * over * round_it)
        parting = bump(root[..., 0], centre[0] + 0.55 * hair.part, 0.06) * smooth(1.3, 0.9, a)
        thick = thick * (1 - 0.45 * parting * round_it)
    thick = thick * (1 + 0.10 * _ripple(rng, 3, 14) * round_it)
    if cut.curls:
        lumps = Noise(int(rng.integers(1 << 30)))
        flat = np.broadcast_to(AZIMUTH, polar.shape)
        thick = thick * (1 + cut.curls * (2 * lumps(flat * 5 * np.sin(polar), polar * 6) - 1) * round_it)
    front_end = 0.5 if cut.fringe else min(cut.end, 0.3) if cut.falls else cut.end
    end = front_end + (cut.end - front_end) * smooth(0.75, 1.15, a)
    thick = hair.thickness * thick * (end + (1 - end) * smooth(1.0, 0.55, share)[:, None])
    return (root + outward * thick[..., None]).astype(np.float32), share


def _fall(hair: Hair, cut: Cut, shell: Floats, centre: Floats, rng: np.random.Generator) -> Floats:
    """Return the rows that hang from the hairline at the sides and the back."""
    length = cut.falls * (1 + 0.15 * hair.length) * smooth(0.88, 1.15, np.abs(AZIMUTH))
    length = length * (1 + 0.02 * _ripple(rng, 2, 8))
    flat = shell[..., [0, 2]] - centre[[0, 2]]
    radius = np.linalg.norm(flat, axis=-1)
    widest, start = radius.max(axis=0), radius[-1]
    direction = flat[-1] / np.maximum(start, 1e-3)[:, None]
    flare = rng.uniform(-0.10, 0.10)
    rows = []
    for down in np.arange(1, FALLEN + 1, dtype=np.float32) / FALLEN:
        r = start + (widest - start) * smooth(0, 0.35, down) + flare * down * length
        r = r + hair.wave * 0.05 * np.sin(down * 12 + AZIMUTH * 3) * smooth(0.1, 0.4, down)
        if cut.falls < 1:  # a bob turns in towards the neck
            r = r * (1 - 0.10 * smooth(0.3, 1.0, down))
        place = centre[[0, 2]] + direction * r[:, None]
        rows.append(np.stack([place[:, 0], shell[-1, :, 1] - down * length, place[:, 1]], -1))
    return np.stack(rows).astype(np.float32)


def _cover(shell: Floats, cut: Cut, rng: np.random.Generator) -> Floats:
    """Return how dense the hair is: full, and thinning out towards the tips."""
    steps = np.linalg.norm(np.diff(shell, axis=0), axis=-1)
    left = np.concatenate([np.cumsum(steps[::-1], axis=0)[::-1], np.zeros_like(steps[:1])])
    tips = cut.wisps * (1 + 0.15 * _ripple(rng, 8, 40))
    result: Floats = np.clip(left / np.maximum(tips, 0.02), 0, 1).astype(np.float32)
    return result


def _cloth(grid: Floats, share: Floats, cover: Floats) -> Mesh:
    """Return a closed grid as a mesh of hair; u runs round the head and v from root to tip."""
    rows, columns = grid.shape[:2]
    u = np.broadcast_to((AZIMUTH[:columns] + np.pi) / (2 * np.pi), (rows, columns))
    if columns != len(AZIMUTH):
        u = np.broadcast_to(np.linspace(0, 1, columns, endpoint=False), (rows, columns))
    uv = np.stack([u, np.broadcast_to(share[:, None], u.shape)], -1).reshape(-1, 2).astype(np.float32)
    triangles = woven(rows, columns)
    corners = uv[triangles]
    over = np.ptp(corners[..., 0], axis=1) > 0.5  # the seam, where u goes back to 0
    corners[..., 0] += over[:, None] * (corners[..., 0] < 0.5)
    return Mesh(
        grid.reshape(-1, 3),
        cover.reshape(-1),
        triangles,
        corners,
        np.full(len(triangles), Material.HAIR, np.int8),
    )


def _bun(skull: Floats, rng: np.random.Generator) -> Mesh:
    radius = rng.uniform(0.26, 0.36)
    centre = skull[8, 0] * 0.5 + skull[2, 0] * 0.5 + np.array([0, 0.16, -0.12], np.float32)
    around, down = np.meshgrid(np.linspace(0, 2 * np.pi, 16, endpoint=False), np.linspace(0, np.pi, 9))
    ball = np.stack([np.sin(down) * np.cos(around), 0.8 * np.cos(down), np.sin(down) * np.sin(around)], -1)
    grid = (centre + radius * ball).astype(np.float32)
    return _cloth(grid, np.linspace(0, 0.15, 9, dtype=np.float32), np.ones(grid.shape[:2], np.float32))


def _tail(centre: Floats, side: float, rng: np.random.Generator) -> Mesh:
    """Return hair that is tied at the nape and laid over one shoulder."""
    down = np.linspace(0, 1, 16, dtype=np.float32)
    bend = rng.uniform(-0.05, 0.05)
    path = np.stack(
        [
            side * (0.35 + 0.55 * smooth(0, 0.4, down) - 0.06 * down + bend * np.sin(3 * down)),
            centre[1] - 0.75 - 1.75 * down,
            -0.25 + 1.25 * smooth(0.1, 0.75, down),
        ],
        -1,
    )
    radius = (0.16 + 0.07 * np.sin(np.pi * down**0.7)) * smooth(1.12, 0.75, down)
    around = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    ring = np.stack([np.cos(around), 0 * around, np.sin(around)], -1)
    grid = (path[:, None] + radius[:, None, None] * ring).astype(np.float32)
    cover = np.broadcast_to(np.clip((1 - down) / 0.12, 0, 1)[:, None], grid.shape[:2])
    return _cloth(grid, down * 0.8, cover)
