"""Pictures as a doctor has them on a screen, drawn from random numbers: no patient, no scanner.

Each kind has a few parts (a body, organs, vessels, grain) whose place, size and brightness are drawn
anew for every picture, so that two pictures of a kind differ as two patients' do. They are drawn four
times as large as they are handed out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 32
_FINE = 4 * SIDE

Plane = NDArray[np.float64]
"""(fine, fine): brightness, or how much of something there is at each place; 0 to 1."""

_Y, _X = np.mgrid[0:_FINE, 0:_FINE] / (_FINE - 1) * 2 - 1
_BLACK = np.zeros((_FINE, _FINE))


def draw(kind: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw one picture of a kind of `KINDS`, uint8 (32, 32, 3)."""
    plane = KINDS[kind](rng)
    colours = plane if plane.ndim == 3 else np.repeat(plane[..., None], 3, 2)
    pixels = (np.clip(colours, 0, 1) * 255).round().astype(np.uint8)
    return np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX))


def _chest(rng: np.random.Generator) -> Plane:
    """Draw a chest X-ray: two dark lungs, ribs, spine, heart, the arch of the diaphragm."""
    lean = rng.normal(0, 0.03)
    wide, high = rng.uniform(0.36, 0.44), rng.uniform(0.62, 0.76)
    body = _oval(lean, 0.25, 0.98, 1.35, 0.12)
    picture = 0.62 * body * (1 + 0.1 * _clouds(rng, 4))
    for side in (-1, 1):
        lung = _oval(lean + side * 0.42, -0.05 + rng.normal(0, 0.03), wide, high, 0.09)
        dome = _step(0.62 + rng.normal(0, 0.05) - 0.5 * (_X - lean - side * 0.4) ** 2 - _Y, 0.05)
        picture -= 0.46 * lung * dome * (1 + 0.2 * _clouds(rng, 8))
        for rib in range(6):
            arch = -0.72 + 0.22 * rib + 0.45 * (np.abs(_X - lean) - 0.15) ** 2
            picture += 0.09 * lung * np.exp(-(((_Y - arch) / 0.035) ** 2))
        collar = -0.80 + 0.12 * np.abs(_X) + rng.normal(0, 0.02)
        picture += 0.16 * np.exp(-(((_Y - collar) / 0.045) ** 2)) * _step(side * _X - 0.12, 0.04) * body
    spine = np.exp(-(((_X - lean) / 0.11) ** 2))
    heart = _oval(lean + 0.16, 0.3 + rng.normal(0, 0.04), rng.uniform(0.24, 0.34), 0.42, 0.1, -0.7)
    picture = np.maximum(picture, 0.66 * spine * body)
    picture = np.maximum(picture, rng.uniform(0.6, 0.7) * heart)
    if rng.random() < 0.4:  # a shadow on one lung
        x, y = lean + rng.choice([-1, 1]) * rng.uniform(0.3, 0.5), rng.uniform(-0.4, 0.3)
        picture += rng.uniform(0.15, 0.3) * _oval(x, y, *_two(rng, 0.08, 0.2), 0.08)
    return _graded(picture, rng)


def _head(rng: np.random.Generator) -> Plane:
    """Draw a slice through a head: a bright skull, the brain with its folds, dark ventricles."""
    x, y = rng.normal(0, 0.03, 2)
    wide, high, tilt = rng.uniform(0.62, 0.72), rng.uniform(0.78, 0.88), rng.normal(0, 0.12)
    outer, inner = (_oval(x, y, wide - d, high - d, 0.02, tilt) for d in (0.0, rng.uniform(0.07, 0.1)))
    brain = 0.40 + 0.1 * _clouds(rng, 12) + 0.05 * _clouds(rng, 5)
    picture = 0.95 * (outer - inner) + inner * brain
    across = (_X - x) * np.cos(tilt) + (_Y - y) * np.sin(tilt)
    picture -= 0.16 * inner * np.exp(-((across / 0.02) ** 2))
    spread, size = rng.uniform(0.08, 0.15), rng.uniform(0.8, 1.5)
    for side in (-1, 1):
        for up in (-1, 1):
            horn = (x + side * spread * (1.5 if up < 0 else 1.8), y + up * 0.2 * size)
            picture -= 0.32 * inner * _oval(*horn, 0.06 * size, 0.2 * size, 0.03, side * up * 0.45)
    if rng.random() < 0.5:  # a bleeding, or the scar of one
        place = rng.uniform(-0.35, 0.35, 2)
        spot = _oval(x + place[0], y + place[1], *_two(rng, 0.1, 0.2), 0.05)
        picture += rng.choice([0.35, -0.2]) * spot * inner
    return _graded(picture, rng)


def _belly(rng: np.random.Generator) -> Plane:
    """Draw a slice through a belly: fat, liver, stomach, kidneys, spine and the great vessel."""
    wide, high = rng.uniform(0.85, 0.95), rng.uniform(0.6, 0.72)
    fat = rng.uniform(0.06, 0.14)
    body, inside = _oval(0, 0, wide, high, 0.02), _oval(0, 0, wide - fat, high - fat, 0.02)
    picture = 0.22 * body + 0.2 * inside * (1 + 0.3 * _clouds(rng, 9))
    liver = _oval(-0.38, -0.12 + rng.normal(0, 0.04), rng.uniform(0.38, 0.46), 0.4, 0.03, 0.4)
    picture = _over(picture, liver * inside, 0.55 + 0.04 * _clouds(rng, 14))
    stomach = _oval(0.4, -0.25, rng.uniform(0.2, 0.3), rng.uniform(0.15, 0.25), 0.03, -0.4)
    picture = _over(picture, stomach * inside, rng.uniform(0.1, 0.7))
    spleen = _oval(0.62, 0.06, 0.14, rng.uniform(0.18, 0.26), 0.03, 0.3)
    picture = _over(picture, spleen * inside, 0.52)
    for side in (-1, 1):
        x, y = side * rng.uniform(0.36, 0.42), 0.3 + rng.normal(0, 0.03)
        kidney = _oval(x, y, 0.13, 0.16, 0.02, side * 0.4)
        picture = _over(picture, kidney, 0.72)
        picture = _over(picture, _oval(x - side * 0.05, y, 0.05, 0.06, 0.02), 0.35)
    picture = _over(picture, _oval(0, 0.36, 0.14, 0.12, 0.02), 0.95)
    picture = _over(picture, _oval(0, 0.52, 0.04, 0.1, 0.02), 0.9)
    picture = _over(picture, _oval(0.03, 0.15, 0.07, 0.07, 0.02), 0.8)
    return _graded(picture, rng)


def _knee(rng: np.random.Generator) -> Plane:
    """Draw an X-ray of a knee: two shafts with wide ends and the gap between them."""
    lean, gap, thick = rng.normal(0, 0.12), rng.normal(0, 0.06), rng.uniform(0.17, 0.23)
    across = _X - lean * _Y
    flesh = _step(rng.uniform(0.62, 0.75) + 0.08 * np.cos(3 * _Y) - np.abs(across), 0.06)
    picture = 0.26 * flesh * (1 + 0.15 * _clouds(rng, 5))
    away = np.abs(_Y - gap)
    half = thick + 0.27 * np.exp(-(((away - 0.16) / rng.uniform(0.24, 0.32)) ** 2))
    bone = _step(half - np.abs(across), 0.025) * _step(away - 0.055, 0.025)
    rim = np.exp(-(((half - np.abs(across) - 0.04) / 0.05) ** 2))
    picture = _over(picture, bone, 0.62 + 0.25 * rim + 0.07 * _clouds(rng, 12))
    notch = _oval(lean * gap, gap - 0.16, 0.08, 0.12, 0.04)
    picture -= 0.22 * notch
    thin = lean * _Y + 0.44 + 0.05 * _Y
    calf = np.exp(-(((_X - thin) / 0.075) ** 2)) * _step(_Y - gap - 0.22, 0.03)
    return _graded(np.maximum(picture, 0.62 * calf), rng)


def _retina(rng: np.random.Generator) -> Plane:
    """Draw the back of an eye: an orange disc, the bright nerve head, vessels that branch from it."""
    side = rng.choice([-1, 1])
    red, green, blue = rng.uniform(0.72, 0.9), rng.uniform(0.32, 0.45), rng.uniform(0.08, 0.18)
    around = np.hypot(_X, _Y)
    shade = (1 - 0.35 * around**2) * (1 + 0.08 * _clouds(rng, 5))
    x, y = side * rng.uniform(0.36, 0.46), rng.normal(0, 0.06)
    vessels = _BLACK.copy()
    for up in (-1, 1):
        for away in (-1, 1):
            if rng.random() < 0.95:
                _branch(vessels, rng, x, y, np.arctan2(up * rng.uniform(0.7, 1.3), away), 0.05, -side * away)
    macula = np.exp(-(np.hypot(_X + side * 0.18, _Y - 0.05) ** 2) / 0.05)
    nerve = _oval(x, y, *_two(rng, 0.13, 0.18), 0.04)
    dim = shade * (1 - 0.3 * macula) * (1 - 0.55 * vessels)
    spots = np.clip(_clouds(rng, 16) - rng.uniform(1.6, 3.5), 0, 1)
    planes = []
    for level, bright, spot in ((red, 1.0, 0.1), (green, 0.86, 0.5), (blue, 0.55, 0.3)):
        planes.append(_over(level * dim, nerve * (1 - 0.5 * vessels), bright) + spot * spots)
    return np.stack(planes, 2) * _step(0.93 - around, 0.02)[..., None]


def _tissue(rng: np.random.Generator) -> Plane:
    """Draw stained tissue under a microscope: pink ground, glands with a pale middle, dark nuclei."""
    ground = np.array([0.9, 0.68, 0.8]) + rng.normal(0, 0.03, 3)
    stain = np.array([0.42, 0.25, 0.58]) + rng.normal(0, 0.04, 3)
    fibres = np.clip(0.5 + 0.5 * _clouds(rng, 7), 0, 1)
    picture = ground * (1 - 0.25 * fibres[..., None])
    nuclei = _BLACK.copy()
    for _ in range(int(rng.integers(3, 6))):
        x, y = rng.uniform(-0.9, 0.9, 2)
        (wide, high), tilt = rng.uniform(0.25, 0.6, 2), rng.uniform(0, 3)
        gland = _oval(x, y, wide, high, 0.06, tilt)
        picture = _over(picture, gland[..., None], ground - [0.1, 0.16, 0.06])
        picture = _over(picture, _oval(x, y, wide * 0.35, high * 0.3, 0.06, tilt)[..., None], [0.95] * 3)
        for angle in np.arange(0, 2 * np.pi, rng.uniform(0.3, 0.45)):
            dx, dy = wide * 0.78 * np.cos(angle), high * 0.78 * np.sin(angle)
            px, py = x + dx * np.cos(tilt) - dy * np.sin(tilt), y + dx * np.sin(tilt) + dy * np.cos(tilt)
            nuclei = np.maximum(nuclei, _oval(px, py, *_two(rng, 0.04, 0.09), 0.03, angle + tilt))
    for _ in range(int(rng.integers(10, 30))):
        px, py = _two(rng, -1, 1)
        nuclei = np.maximum(nuclei, _oval(px, py, *_two(rng, 0.03, 0.07), 0.03, rng.uniform(0, 3)))
    return _over(picture, 0.85 * nuclei[..., None], stain)


def _ultrasound(rng: np.random.Generator) -> Plane:
    """Draw an ultrasound picture: a fan of speckle, bright layers, a dark cyst with a bright tail."""
    top, opening = -1.15, rng.uniform(0.55, 0.75)
    deep, angle = np.hypot(_X, _Y - top), np.arctan2(_X, _Y - top)
    fan = _step(opening - np.abs(angle), 0.02) * _step(2.05 - deep, 0.03) * _step(deep - 0.3, 0.02)
    speckle = np.abs(_clouds(rng, 26)) * 0.45 + 0.55
    picture = (0.34 + 0.14 * _clouds(rng, 4)) * speckle
    for _ in range(int(rng.integers(2, 5))):
        layer = rng.uniform(0.5, 1.8) + rng.normal(0, 0.2) * angle
        picture += rng.uniform(0.2, 0.5) * np.exp(-(((deep - layer) / 0.045) ** 2)) * speckle
    x, y = rng.normal(0, 0.22), rng.uniform(-0.1, 0.45)
    wide, high = rng.uniform(0.16, 0.38, 2)
    cyst = _oval(x, y, wide, high, 0.04, rng.uniform(-0.5, 0.5))
    tail = np.exp(-(((_X - x * (_Y - top) / (y - top)) / (0.7 * wide)) ** 2)) * _step(_Y - y - high, 0.05)
    picture = _over(picture + 0.25 * tail * speckle, cyst, 0.04)
    return _graded(picture, rng) * fan


def _skin(rng: np.random.Generator) -> Plane:
    """Draw a mole through a magnifier: skin of some tone, an uneven brown patch, perhaps hairs."""
    tone = np.array([0.93, 0.74, 0.63]) * rng.uniform(0.75, 1.05) + rng.normal(0, 0.02, 3)
    picture = tone * (1 + 0.05 * _clouds(rng, 6))[..., None]
    x, y = rng.normal(0, 0.12, 2)
    around, angle = np.hypot(_X - x, (_Y - y) * rng.uniform(0.8, 1.3)), np.arctan2(_Y - y, _X - x)
    waves = sum(rng.normal(0, 0.07 / k) * np.cos(k * angle + rng.uniform(0, 6)) for k in range(1, 7))
    patch = _step(rng.uniform(0.3, 0.6) + waves - around, rng.uniform(0.03, 0.12))
    brown = np.array([0.45, 0.27, 0.18]) * rng.uniform(0.5, 1.2)
    mottled = brown * (1 + 0.35 * _clouds(rng, 9) - 0.4 * np.exp(-((around / 0.25) ** 2)))[..., None]
    picture = _over(picture, patch[..., None], mottled)
    for _ in range(int(rng.integers(0, 5))):
        turn, off, bend = rng.uniform(0, np.pi), rng.uniform(-0.8, 0.8), rng.normal(0, 0.3)
        along, across = _X * np.cos(turn) + _Y * np.sin(turn), _Y * np.cos(turn) - _X * np.sin(turn)
        hair = np.exp(-(((across - off - bend * along**2) / 0.02) ** 2))
        picture = _over(picture, 0.7 * hair[..., None], [0.15, 0.1, 0.08])
    vignette: Plane = picture * (1 - 0.35 * np.clip(np.hypot(_X, _Y) - 0.7, 0, 1))[..., None]
    return vignette


KINDS: dict[str, Callable[[np.random.Generator], Plane]] = {
    "chest": _chest,
    "head": _head,
    "belly": _belly,
    "knee": _knee,
    "retina": _retina,
    "tissue": _tissue,
    "ultrasound": _ultrasound,
    "skin": _skin,
}
"""The kinds of picture, in the order of the model's classes."""


def _two(rng: np.random.Generator, low: float, high: float) -> tuple[float, float]:
    first, second = rng.uniform(low, high, 2)
    return float(first), float(second)


def _step(inside: Plane, soft: float) -> Plane:
    """Return 1 where ``inside`` is well above 0, 0 where it is well below."""
    return np.clip(0.5 + inside / (2 * soft), 0, 1)


def _oval(x: float, y: float, wide: float, high: float, soft: float, tilt: float = 0.0) -> Plane:
    """Return an oval with a soft rim; ``wide`` and ``high`` are half its axes."""
    dx, dy = _X - x, _Y - y
    across, down = dx * np.cos(tilt) + dy * np.sin(tilt), dy * np.cos(tilt) - dx * np.sin(tilt)
    return _step((1 - np.hypot(across / wide, down / high)) * min(wide, high), soft)


def _over(ground: Plane, share: Plane, level: object) -> Plane:
    """Lay something of a brightness or colour over a picture, where ``share`` is 1 fully."""
    return np.asarray(ground * (1 - share) + share * np.asarray(level))


def _clouds(rng: np.random.Generator, grain: int) -> Plane:
    """Return smooth random noise of about unit size with so many grains to a side."""
    coarse = rng.normal(size=(grain + 2, grain + 2)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((_FINE, _FINE), Image.Resampling.BICUBIC), np.float64)


def _graded(picture: Plane, rng: np.random.Generator) -> Plane:
    """Return a grey picture under another exposure, with a little grain."""
    exposed = np.clip(picture, 0, 1) ** rng.uniform(0.85, 1.2) * rng.uniform(0.9, 1.1)
    return exposed + 0.02 * _clouds(rng, 40) * (exposed > 0.02)


def _branch(
    vessels: Plane, rng: np.random.Generator, x: float, y: float, angle: float, thick: float, bend: float
) -> None:
    """Draw a vessel that bends and branches into ``vessels``, in place."""
    for _ in range(int(rng.integers(14, 20))):
        angle += -bend * 0.09 * np.sign(np.sin(angle)) + rng.normal(0, 0.1)
        x, y = x + 0.055 * np.cos(angle), y + 0.055 * np.sin(angle)
        np.maximum(vessels, np.exp(-(((_X - x) ** 2 + (_Y - y) ** 2) / thick**2)), out=vessels)
        thick *= 0.96
        if thick > 0.028 and rng.random() < 0.13:
            _branch(vessels, rng, x, y, angle + rng.choice([-0.7, 0.7]), thick * 0.65, bend)
