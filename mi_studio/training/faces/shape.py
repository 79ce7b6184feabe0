"""From a person to the vertices of the face: which targets act, and how far."""

from __future__ import annotations

import itertools
from functools import cache
from typing import NamedTuple

import numpy as np

from mi_studio.training.faces.head import Head
from mi_studio.training.faces.kernels import Floats
from mi_studio.training.faces.person import ANCESTRIES, Person

#: the two ends of a slider, as the names of its targets end
ENDS = (
    ("decr", "incr"),
    ("down", "up"),
    ("backward", "forward"),
    ("in", "out"),
    ("concave", "convex"),
    ("compress", "uncompress"),
)

#: by how much people differ: standard deviation of a slider, of its full way
SPREAD = {
    "asym": 0.25,
    "cheek": 0.32,
    "chin": 0.26,
    "ears": 0.22,
    "eyebrows": 0.2,
    "eyes": 0.2,
    "forehead": 0.18,
    "head": 0.15,
    "mouth": 0.18,
    "neck": 0.10,
    "nose": 0.25,
}

#: where a face lies in the picture, and expression, are no part of who somebody is
LEFT_OUT = (
    "head/head-trans",
    "eyes/eye-push",
    "neck/neck-trans",
    "mouth/mouth-trans-in",
    "nose/nose-trans-in",
)

#: sliders that make a face look odd, stern or pointed before they make it look like somebody else
TAMED = {
    "head/head-age": 0.3,
    "head/head-angle": 0.3,
    "head/head-scale-vert": 0.5,
    "forehead/forehead-scale-vert": 0.5,
    "forehead/forehead-nubian": 0.5,
    "mouth/mouth-angles": 0.6,
    "ears/ear-wing": 0.8,
    "nose/nose-septumangle": 0.5,
}

#: whole shapes of a head; a person has a little of two. Triangles and diamonds end in a point.
SHAPES_OF_MEN = ("oval", "round", "square", "rectangular", "invertedtriangular")
SHAPES_OF_WOMEN = ("oval", "round", "invertedtriangular")


class Slider(NamedTuple):
    """A feature that one number moves; both sides of the face follow it together.

    Attributes
    ----------
    down, up
        Places of the targets that act below and above zero; ``down`` is empty for a one-sided feature.
    """

    name: str
    down: tuple[int, ...]
    up: tuple[int, ...]


@cache
def sliders(targets: tuple[str, ...]) -> tuple[Slider, ...]:
    """Return the sliders that these targets make up, by name."""
    down: dict[str, list[int]] = {}
    up: dict[str, list[int]] = {}
    for place, target in enumerate(targets):
        kind, _, rest = target.partition("/")
        if kind in ("macro", "expr"):
            continue
        name = rest[2:] if rest.startswith(("l-", "r-")) else rest
        stem, _, end = name.rpartition("-")
        low = next((True for low, _ in ENDS if end == low), False)
        high = next((True for _, high in ENDS if end == high), False)
        side = down if low else up
        side.setdefault(f"{kind}/{stem if low or high else name}", []).append(place)
    names = sorted(down.keys() | up.keys())
    return tuple(Slider(n, tuple(down.get(n, ())), tuple(up.get(n, ()))) for n in names)


def weights(head: Head, person: Person) -> Floats:
    """Return how far each target of the head acts in this person's face."""
    total = np.zeros(len(head.targets), np.float32)
    for target, share in _type(person).items():
        if target in head.number:
            total[head.number[target]] += share
    rng = person.stream("shape")
    for slider in sliders(head.targets):
        drawn = rng.normal(), rng.random()  # always both, so that no slider shifts the next one's luck
        kind = slider.name.partition("/")[0]
        if slider.name.startswith(LEFT_OUT) or (kind == "head" and not slider.down):
            continue
        value = float(np.clip(drawn[0] * SPREAD[kind] * TAMED.get(slider.name, 1), -0.9, 0.9))
        if kind == "asym":
            value = abs(value) if drawn[1] < 0.25 else 0.0
        elif not slider.down:
            value = abs(value)
        total[list(slider.up if value > 0 else slider.down)] += abs(value)
    for shape in rng.choice(SHAPES_OF_MEN if person.male else SHAPES_OF_WOMEN, 2, replace=False):
        total[head.number[f"head/head-{shape}"]] += rng.uniform(0, 0.36)
    return total


def _type(person: Person) -> dict[str, float]:
    """Return the weights of MakeHuman's macro targets: a mixture over every corner of the type."""
    male = float(np.clip(person.stream("sex").normal(0.92, 0.07), 0.72, 1))
    if not person.male:
        male = 1 - male
    sexes = {"male": male, "female": 1 - male}
    ages = {"young": 1 - person.age, "old": person.age}
    muscle, weight = (_thirds(level) for level in person.build)
    found = {}
    for (sex, s), (age, a) in itertools.product(sexes.items(), ages.items()):
        for ancestry, share in zip(ANCESTRIES, person.ancestry, strict=True):
            found[f"macro/{ancestry}-{sex}-{age}"] = s * a * share
        for (mus, m), (wgt, w) in itertools.product(muscle.items(), weight.items()):
            found[f"macro/universal-{sex}-{age}-{mus}muscle-{wgt}weight"] = s * a * m * w
    return found


def _thirds(level: float) -> dict[str, float]:
    return {"min": max(0.0, 1 - 2 * level), "average": 1 - abs(2 * level - 1), "max": max(0.0, 2 * level - 1)}
