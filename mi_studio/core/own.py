"""What the user had trained on this computer, and how it joins the stops of a knob.

A model that was trained here lies in the user's data folder as a shipped one lies in ``pretrained``. It is
found where the other knobs stand as they stood for its training; elsewhere its stop is not there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mi_studio.core.knobs import Knob, Stop, Value, plain
from mi_studio.core.text import Text
from mi_studio.core.weights import WeightsCard, forget_own, own_cards, own_folder, weights_cards

MARK = "*"
"""Stands behind the stop of a model that was trained here."""

LEAST, MOST = 0.25, 64.0
"""Of ε: the accountant cannot count less, and more says nothing."""

NEEDS_OPACUS = Text(
    "Training with a guarantee needs Opacus; install it with: pip install opacus",
    "差分プライバシーの学習にはOpacusが必要です。pip install opacus でインストールしてください。",
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A model that can be trained here at any ε, as the shipped ones of its scene were.

    Attributes
    ----------
    told_by
        The knobs of the scene that say what it is trained on.
    learns_from
        What it is trained on where no knob says it.
    """

    scene: str
    model: str
    knob: str
    told_by: tuple[str, ...] = ()
    learns_from: Text | None = None


RECIPES = (
    Recipe("catalogue", "small-cnn", "epsilon", ("private-line", "private-records")),
    Recipe(
        "face-login",
        "face-net-pretrained",
        "epsilon",
        learns_from=Text(
            "2,400 photos of the employees, last layer only", "社員の写真2,400枚（最後の層のみ）"
        ),
    ),
)
"""Small enough for a minute or two on one core; one for a scene."""


def recipe_for(scene: str, model: str) -> Recipe | None:
    """Return how this model can be trained here, or ``None`` if it cannot."""
    return next((r for r in RECIPES if (r.scene, r.model) == (scene, model)), None)


def with_own(knob: Knob, scene: str, model: str, values: Mapping[str, Value]) -> Knob:
    """Return a knob with a stop more for each model that was trained here at these other values.

    Parameters
    ----------
    values
        Of the scene's knobs, at least.
    """
    recipe = recipe_for(scene, model)
    if recipe is None or recipe.knob != knob.id:  # asked for with every drawing: no look at the disk
        return knob
    there = {stop.value for stop in knob.stops}
    found = {
        card.knobs[knob.id]
        for card in own_cards(scene)
        if card.model == model
        and knob.id in card.knobs
        and all(values.get(k) == v for k, v in card.knobs.items() if k != knob.id)
    } - there
    if not found:
        return knob
    added = [Stop(v, Text(plain(v) + MARK, plain(v) + MARK)) for v in found if isinstance(v, float)]
    falling = knob.stops[0].value > knob.stops[-1].value  # type: ignore[operator]  # all are numbers
    ordered = sorted([*knob.stops, *added], key=lambda stop: float(stop.value), reverse=falling)
    return replace(knob, stops=tuple(ordered))


def is_own(knob: Knob, value: Value) -> bool:
    """Return whether a value of a knob that `with_own` returned is a model that was trained here."""
    return any(stop.value == value and stop.label.en.endswith(MARK) for stop in knob.stops)


def nearest(knob: Knob, value: Value) -> Value | None:
    """Return the stop nearest to a number by ratio, infinity aside; ``None`` where there is none."""
    if isinstance(value, str) or not 0 < value < math.inf:
        return None
    finite = [s.value for s in knob.stops if isinstance(s.value, float) and 0 < s.value < math.inf]
    return min(finite, key=lambda stop: abs(math.log(stop / value)), default=None)


def seconds_once(recipe: Recipe, values: Mapping[str, Value]) -> float | None:
    """Return how long the training of a like model took where the shipped ones were made."""
    took = [
        float(card.details["training_seconds"])
        for card in weights_cards(recipe.scene)
        if card.model == recipe.model
        and card.privacy is not None
        and all(card.knobs.get(k) == values[k] for k in recipe.told_by)
    ]
    return sorted(took)[len(took) // 2] if took else None


def delete(card: WeightsCard) -> None:
    """Take a model away that was trained here: first its card, without which it is none."""
    assert card.path.is_relative_to(own_folder())
    card.path.unlink(missing_ok=True)
    card.weights.unlink(missing_ok=True)
    forget_own()


def tidy() -> None:
    """Take away what a training that was ended left: half-written files, and weights without a card."""
    for path in own_folder().glob("*/*/*"):
        if path.name.startswith(".") or not path.with_suffix(".json").exists():
            path.unlink(missing_ok=True)
    forget_own()
