"""What differs from photo to photo of one person: pose, expression, light, background, shirt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mi_studio.training.faces.clothes import SHIRTS
from mi_studio.training.faces.kernels import Floats
from mi_studio.training.faces.person import Colour, stream

#: how much each expression moves, at its strongest; a part without a side means both
EXPRESSIONS: dict[str, Mapping[str, float]] = {
    "calm": {},
    "smile": {"mouthSmile": 0.55, "cheekSquint": 0.20},
    "broad smile": {"mouthSmile": 0.75, "cheekSquint": 0.30, "jawOpen": 0.10, "mouthUpperUp": 0.2},
    "speaking": {"jawOpen": 0.22, "mouthSmile": 0.15},
    "attentive": {"browInnerUp": 0.35, "browOuterUp": 0.35, "eyeWide": 0.20, "mouthSmile": 0.15},
}
ODDS = {"calm": 0.36, "smile": 0.34, "broad smile": 0.12, "speaking": 0.08, "attentive": 0.10}

#: a little of this is in every face, or it would look stern at rest
FRIENDLY = {"mouthSmile": 0.22, "browInnerUp": 0.12, "eyeWide": 0.28}

SIDES = ("", "Left", "Right")


@dataclass(frozen=True)
class View:
    """One photo's circumstances; the defaults make a portrait.

    Attributes
    ----------
    expression
        Part of the face (such as ``mouthSmile``) -> how far it moves, 0..1.
    yaw, pitch, roll
        Turn of the head in radians.
    gaze
        Where the eyes look, sideways and up, as a slope.
    light_from
        Azimuth and elevation of the light in radians.
    light, ambient, warmth
        Strength of the light and of what comes from all around; red against blue.
    zoom, shift
        Scale, and place in the picture as a share of its side.
    background, shade
        Colour behind the head, and by how much it changes from top to bottom.
    """

    expression: Mapping[str, float] = field(
        default_factory=lambda: _expression("smile", 0.55) | {"eyeBlink": 0.03}
    )
    yaw: float = 0.06
    pitch: float = 0.02
    roll: float = 0.0
    gaze: tuple[float, float] = (0.0, 0.0)
    light_from: tuple[float, float] = (0.38, 0.5)
    light: float = 0.98
    ambient: float = 0.54
    warmth: float = 0.01
    zoom: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    background: Colour = (0.70, 0.71, 0.73)
    shade: Colour = (-0.03, -0.03, -0.03)
    shirt: Colour = SHIRTS[1]


def sample(number: int, photo: int) -> View:
    """Return the circumstances of a photo of the person with this number."""
    rng = stream(number, "view", photo)
    kind = str(rng.choice(list(ODDS), p=list(ODDS.values())))
    expression = _expression(kind, rng.uniform(0.5, 1)) | {"eyeBlink": float(rng.uniform(0, 0.10))}
    background = rng.uniform(0.52, 0.84) * (1 + rng.normal(0, 0.045, 3))
    shade = rng.normal(0, 0.04) + rng.normal(0, 0.012, 3)
    shirt = np.array(SHIRTS[int(rng.integers(len(SHIRTS)))]) * rng.uniform(0.85, 1.05)
    gaze, shift = rng.normal(0, 0.08, 2), rng.normal(0, 0.018, 2)
    return View(
        expression=expression,
        yaw=float(np.clip(rng.normal(0, 0.11), -0.3, 0.3)),
        pitch=float(rng.normal(0.02, 0.045)),
        roll=float(rng.normal(0, 0.0225)),
        gaze=(float(gaze[0]), float(gaze[1])),
        light_from=(float(np.clip(rng.normal(0, 0.42), -1, 1)), float(rng.uniform(0.25, 0.75))),
        light=float(rng.uniform(0.88, 1.1)),
        ambient=float(rng.uniform(0.46, 0.60)),
        warmth=float(rng.normal(0, 0.03)),
        zoom=float(rng.normal(1, 0.02)),
        shift=(float(shift[0]), float(shift[1])),
        background=_colour(background),
        shade=_colour(shade),
        shirt=_colour(shirt),
    )


def portrait(number: int) -> View:
    """Return the circumstances of a person's thumbnail: calm, well lit, each in a shirt of their own."""
    rng = stream(number, "portrait")
    return View(
        expression=_expression("smile", float(rng.uniform(0.3, 0.9))) | {"eyeBlink": 0.03},
        yaw=float(rng.uniform(-0.12, 0.12)),
        shirt=SHIRTS[int(rng.integers(len(SHIRTS)))],
    )


def _colour(values: Floats) -> Colour:
    red, green, blue = (float(v) for v in values)
    return red, green, blue


def _expression(kind: str, strength: float) -> dict[str, float]:
    moves = dict(FRIENDLY)
    for part, most in EXPRESSIONS[kind].items():
        moves[part] = moves.get(part, 0) + most * strength
    return moves


def targets(expression: Mapping[str, float]) -> dict[str, float]:
    """Return an expression as targets of the head, each part on both sides."""
    return {f"expr/{part}{side}": value for part, value in expression.items() for side in SIDES}
