"""Who is drawn: everything about a fictional person that stays the same from photo to photo.

A person is a number. Numbers below `PRIVATE` are the employees, numbers from `FIRST_PUBLIC` on are the
strangers whose photos an attacker may own; the number itself seeds all that is drawn at random, and no
number is both. Sex, age, ancestry, hair and so on are spread evenly over neighbouring numbers
instead of drawn, so that any few dozen people in a row look like a mixed company.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mi_studio.core.errors import UsageError
from mi_studio.core.text import Text
from mi_studio.training.faces.person import (
    Beard,
    Brows,
    Colour,
    Earrings,
    Glasses,
    Hair,
    Person,
    Skin,
    stream,
)

PRIVATE = 60
FIRST_PUBLIC = 5000

#: from black to fair, and red; then one line for each ancestry: how often each is met
HAIR_COLOURS: tuple[Colour, ...] = (
    (0.045, 0.035, 0.03),
    (0.10, 0.065, 0.045),
    (0.21, 0.125, 0.07),
    (0.34, 0.21, 0.11),
    (0.52, 0.37, 0.19),
    (0.68, 0.54, 0.32),
    (0.40, 0.16, 0.07),
)
HAIR_ODDS = (
    (0.80, 0.15, 0.05, 0.0, 0.0, 0.0, 0.0),
    (0.50, 0.25, 0.16, 0.06, 0.01, 0.0, 0.02),
    (0.05, 0.17, 0.26, 0.20, 0.14, 0.10, 0.08),
)
GREY: Colour = (0.66, 0.65, 0.63)

IRIS_COLOURS: tuple[Colour, ...] = (
    (0.16, 0.085, 0.045),
    (0.27, 0.15, 0.07),
    (0.36, 0.30, 0.15),
    (0.25, 0.38, 0.25),
    (0.30, 0.45, 0.58),
    (0.42, 0.48, 0.52),
)
IRIS_ODDS = (
    (0.8, 0.2, 0.0, 0.0, 0.0, 0.0),
    (0.8, 0.2, 0.0, 0.0, 0.0, 0.0),
    (0.22, 0.2, 0.16, 0.12, 0.2, 0.1),
)

LIPSTICKS: tuple[Colour, ...] = (
    (0.70, 0.19, 0.22),
    (0.60, 0.16, 0.23),
    (0.76, 0.34, 0.33),
    (0.56, 0.24, 0.22),
)
FRAMES: tuple[Colour, ...] = ((0.04, 0.04, 0.05), (0.25, 0.13, 0.06), (0.5, 0.42, 0.3), (0.45, 0.06, 0.1))

STYLES_OF_MEN = (
    "short",
    "curls",
    "side",
    "receding",
    "quiff",
    "bald",
    "medium",
    "crop",
    "side",
    "long",
    "short",
)
STYLES_OF_WOMEN = (
    "long", "bob", "up", "long-fringe", "wavy", "pixie", "bob-fringe", "curly", "lob", "tied",
)  # fmt: skip
#: what replaces a style on tightly curled hair, and on everybody else
STYLES_IF_CURLED = {"side": "curls", "quiff": "crop", "medium": "curly", "long": "curly", "wavy": "afro"}
STYLES_IF_NOT = {"curly": "wavy"}

#: gold, silver, pearl
BEADS: tuple[Colour, ...] = ((0.80, 0.62, 0.24), (0.72, 0.73, 0.75), (0.92, 0.89, 0.84))
#: haircuts that show the ears
OPEN_STYLES = ("up", "tied", "pixie", "crop", "afro")

BEARDS = ("none", "stubble", "none", "full", "moustache", "none", "goatee", "stubble", "short")


def private(index: int) -> Person:
    """Return one of the employees, ``0 <= index < PRIVATE``.

    Raises
    ------
    UsageError
        If there is no such employee.
    """
    if not 0 <= index < PRIVATE:
        raise UsageError(
            Text(
                "There is no private person {index}; they are numbered 0 to {last}.",
                "非公開の人物 {index} はいません。番号は0から{last}までです。",
            ),
            index=index,
            last=PRIVATE - 1,
        )
    return sample(index)


def public(index: int) -> Person:
    """Return one of the strangers, ``index >= 0``."""
    return sample(FIRST_PUBLIC + index)


def sample(number: int) -> Person:
    """Return the person with this number."""
    age_at, ancestry_at, style_at, hair_at, beard_at, glasses_at = _spread(number)
    male = number % 2 == 0
    age = 0.9 * age_at**1.5
    mostly = 2 if ancestry_at < 0.36 else 1 if ancestry_at < 0.72 else 0
    rng = stream(number, "person")
    ancestry = rng.dirichlet([0.35] * 3) * 0.3
    ancestry[mostly] += 0.7
    build = np.clip(rng.normal((0.52 if male else 0.36, 0.46), (0.14, 0.2)), 0.05, 0.95)
    skin = _skin(number, male, ancestry)
    hair, natural = _hair(number, male, age, mostly, style_at, hair_at)
    return Person(
        number=number,
        male=male,
        age=age,
        ancestry=tuple(map(float, ancestry)),
        build=(float(build[0]), float(build[1])),
        skin=skin,
        iris=_pick(IRIS_COLOURS, IRIS_ODDS[mostly], stream(number, "iris").random()),
        hair=hair,
        brows=_brows(number, male, natural, hair.grey),
        beard=_beard(number, natural, hair.grey, beard_at) if male else None,
        glasses=_glasses(number, age, glasses_at),
        earrings=None if male else _earrings(number, hair.style),
    )


def _spread(number: int) -> tuple[float, ...]:
    """Return six numbers in 0..1 that neighbours share out evenly (Roberts' R sequence, 2018)."""
    dimensions = 6
    root = 2.0
    for _ in range(60):
        root = (1 + root) ** (1 / (dimensions + 1))
    # one step for two people: a man and a woman may share all that this spreads
    step = number // 2 + (number % 2) * 7919
    return tuple((0.5 + step * root ** -(k + 1)) % 1 for k in range(dimensions))


def _pick(colours: Sequence[Colour], odds: Sequence[float], at: float) -> Colour:
    edges = np.cumsum(odds) / np.sum(odds)
    return colours[min(int(np.searchsorted(edges, at, side="right")), len(colours) - 1)]


def _mixed(a: Colour, b: Colour, share: float) -> Colour:
    x, y, z = (float(p * (1 - share) + q * share) for p, q in zip(a, b, strict=True))
    return x, y, z


def _scaled(colour: Colour, *by: float) -> Colour:
    factors = by if len(by) == 3 else by * 3
    x, y, z = (float(np.clip(c * f, 0.02, 1)) for c, f in zip(colour, factors, strict=True))
    return x, y, z


def _skin(number: int, male: bool, ancestry: np.typing.NDArray[np.float64]) -> Skin:
    rng = stream(number, "skin")
    melanin = float(np.clip(ancestry @ (0.72, 0.30, 0.17) + rng.normal(0, 0.07), 0.05, 0.92))
    light, tan, dark = (0.93, 0.765, 0.665), (0.80, 0.575, 0.43), (0.32, 0.20, 0.145)
    colour = _mixed(light, tan, melanin / 0.4) if melanin < 0.4 else _mixed(tan, dark, (melanin - 0.4) / 0.55)
    colour = _scaled(colour, *(rng.uniform(0.94, 1.05) + rng.normal(0, 0.012, 3)))
    freckles = rng.uniform(0.3, 1) if rng.random() < 0.2 and ancestry[2] > 0.5 else 0.0
    makeup = rng.uniform(0.25, 0.9) if not male and rng.random() < 0.55 else 0.0
    lips = _mixed(
        _scaled(colour, 0.86, 0.63, 0.61), LIPSTICKS[int(rng.integers(len(LIPSTICKS)))], 0.7 * makeup
    )
    return Skin(colour, melanin, float(rng.random()) * (1 - melanin), freckles, lips, makeup)


def _hair(
    number: int, male: bool, age: float, mostly: int, style_at: float, hair_at: float
) -> tuple[Hair, Colour]:
    """Return the hair and the colour that it had before it turned grey."""
    rng = stream(number, "hair")
    styles = STYLES_OF_MEN if male else STYLES_OF_WOMEN
    style = styles[int(style_at * len(styles))]
    curled = mostly == 0
    style = (STYLES_IF_CURLED if curled else STYLES_IF_NOT).get(style, style)
    if style == "receding" and age < 0.2:
        style = "crop"
    natural = _scaled(_pick(HAIR_COLOURS, HAIR_ODDS[mostly], hair_at), rng.uniform(0.88, 1.15))
    grey = float(np.clip((age - 0.42) * 2 + rng.normal(0, 0.3), 0, 1)) if age > 0.4 else 0.0
    hair = Hair(
        style=style,
        colour=_mixed(natural, _scaled(GREY, rng.uniform(0.82, 1.08)), grey),
        part=float(rng.choice((-1, 1)) * rng.uniform(0.15, 0.6)),
        thickness=float(rng.uniform(0.85, 1.2)),
        length=float(rng.uniform(-1, 1)),
        wave=float(rng.random() ** 2),
        curled=curled,
        grey=grey,
    )
    return hair, natural


def _brows(number: int, male: bool, natural: Colour, grey: float) -> Brows:
    rng = stream(number, "brows")
    colour = _mixed(_scaled(natural, 0.85), (0.5, 0.49, 0.47), 0.6 * grey)
    return Brows(
        colour=colour,
        height=float(rng.uniform(0.032, 0.060) * (1.15 if male else 0.8)),
        arch=float(rng.uniform(0.2, 1)),
        slant=float(rng.uniform(-1, 1)),
        density=float(rng.uniform(0.6, 0.92)),
    )


def _beard(number: int, natural: Colour, grey: float, at: float) -> Beard | None:
    rng = stream(number, "beard")
    kind = BEARDS[int(at * len(BEARDS))]
    if kind == "none":
        return None
    colour = _mixed(_scaled(natural, 1.05), _scaled(GREY, 0.92), min(1.0, 1.15 * grey))
    return Beard(kind, float(rng.uniform(0.7, 1)), colour)


def _glasses(number: int, age: float, at: float) -> Glasses | None:
    rng = stream(number, "glasses")
    if at > 0.16 + 0.16 * age:
        return None
    return Glasses(
        colour=FRAMES[int(rng.integers(len(FRAMES)))],
        size=float(rng.uniform(0.235, 0.30)),
        squareness=float(rng.uniform(2, 4.5)),
        rim=float(rng.uniform(0.019, 0.028)),
    )


def _earrings(number: int, style: str) -> Earrings | None:
    rng = stream(number, "earrings")
    if rng.random() > (0.8 if style in OPEN_STYLES else 0.3):
        return None
    return Earrings(BEADS[int(rng.integers(len(BEADS)))], float(rng.uniform(0.045, 0.075)))
