"""Train a model of the zoo at exactly one ε, on this computer and for it.

As the shipped ones were (`mi_studio.training.private`, `mi_studio.training.faces.private`): the settings are
theirs, and only the noise is chosen so that the accountant arrives at the ε that was asked for. The
catalogue's smaller private set, the employees' photos and all test photos are shipped, so that nothing has
to be fetched for it.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from mi_studio.core import paths
from mi_studio.core.cards import library
from mi_studio.core.errors import UsageError
from mi_studio.core.knobs import Value, plain
from mi_studio.core.own import LEAST, MOST, NEEDS_OPACUS, RECIPES, Recipe
from mi_studio.core.text import Text, names
from mi_studio.core.weights import WeightsCard, forget_own, own_cards, own_folder, weights_cards
from mi_studio.engine import models
from mi_studio.engine.sheets import read_sheets
from mi_studio.training.catalogue import PER_CLASS_SMALL, private_set
from mi_studio.training.classifier import accuracy
from mi_studio.training.faces.private import LADDER, private_features, write_head
from mi_studio.training.private import CLASSES, SEED, SETTINGS, Settings, train_victim, write_victim
from mi_studio.training.recipe import Context
from mi_studio.training.sources import Sources

Done = Callable[[float], None]


def train_exactly(
    scene: str,
    epsilon: float,
    wanted: Mapping[str, str | float],
    done: Done = lambda _: None,
    settings: Settings | None = None,
) -> WeightsCard:
    """Train a model at this ε and write it into the user's own folder; return its card.

    Parameters
    ----------
    scene
        Whose model, one of those that `mi_studio.core.own` names.
    epsilon
        The guarantee for one photo, at the δ of the shipped models.
    wanted
        Knobs of the scene that say what it is trained on; what is left out stands at its default.
    done
        Is told which share of the training is over.
    settings
        Others than the usual ones of this private set.

    Raises
    ------
    UsageError
        If this scene's models cannot be trained here, this ε cannot be, or there is a model of it already;
        or if Opacus is missing.
    BadFileError
        If the photos are not on this computer; the text names the command that fetches them.
    """
    recipe = _recipe(scene)
    values = _checked(epsilon, recipe, wanted)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the shipped ones were, and so that the attack on the stage goes on
    try:
        return _TRAIN[scene](values, epsilon, f"{scene}-exactly", done, settings)
    finally:
        torch.set_num_threads(threads)
        forget_own()


def _catalogue(
    values: Mapping[str, Value], epsilon: float, name: str, done: Done, settings: Settings | None
) -> WeightsCard:
    line, records = str(values["private-line"]), int(float(values["private-records"]))
    settings = settings or SETTINGS[records]
    torch.manual_seed(SEED)
    net = models.build("small-cnn", classes=CLASSES)
    trained = train_victim(net, *_photos(line, records), settings, epsilon, done=done)
    test, test_labels, _ = read_sheets(paths.assets() / "catalogue" / "test")
    utility = accuracy(trained.net, *private_set(test, test_labels, line, len(test)))
    knobs = {**values, "epsilon": epsilon}
    return write_victim(own_folder(), trained, settings, knobs, utility, name, "cpu")


def _face_login(
    values: Mapping[str, Value],  # noqa: ARG001  # nothing but ε decides
    epsilon: float,
    name: str,
    done: Done,
    settings: Settings | None,
) -> WeightsCard:
    shipped = Context(
        Sources(), paths.pretrained(), paths.assets(), paths.cache_dir(), "cpu", lambda *_: None
    )
    features = private_features(shipped)
    own = replace(shipped, pretrained=own_folder())
    return write_head(own, features, epsilon, name, settings or LADDER, done)


_TRAIN = {"catalogue": _catalogue, "face-login": _face_login}


def _recipe(scene: str) -> Recipe:
    for recipe in RECIPES:
        if recipe.scene == scene:
            return recipe
    raise UsageError(
        Text(
            "No model of '{scene}' can be trained at an ε of your choice; choose among {choices}.",
            "「{scene}」のモデルは、εを指定して学習できません。{choices}から選んでください。",
        ),
        scene=scene,
        choices=", ".join(recipe.scene for recipe in RECIPES),
    )


def _checked(epsilon: float, recipe: Recipe, wanted: Mapping[str, str | float]) -> dict[str, Value]:
    scene = library().scene(recipe.scene)
    mine = {k.id: k for k in scene.knobs if k.id in recipe.told_by}
    for name in wanted:
        if name not in mine:
            raise UsageError(
                Text(
                    "The training does not depend on '{knob}'; it does on {choices}.",
                    "「{knob}」は学習の結果に関係しません。指定できるのは{choices}です。",
                ),
                knob=name,
                choices=names(mine.values()),
            )
    values: dict[str, Value] = {k: knob.parse(wanted.get(k, knob.default)) for k, knob in mine.items()}
    if not (math.isfinite(epsilon) and LEAST <= epsilon <= MOST):
        raise UsageError(
            Text("ε must be from {low} to {high}.", "εは{low}から{high}までの範囲で指定してください。"),
            low=plain(LEAST),
            high=plain(MOST),
        )
    there = (*weights_cards(recipe.scene), *own_cards(recipe.scene))
    if any(card.knobs == {**values, recipe.knob: epsilon} for card in there):
        raise UsageError(
            Text("There is a model of ε = {epsilon} already.", "ε＝{epsilon}のモデルは、すでにあります。"),
            epsilon=plain(epsilon),
        )
    if importlib.util.find_spec("opacus") is None:
        raise UsageError(NEEDS_OPACUS)
    return values


def _photos(line: str, records: int) -> tuple[Tensor, Tensor]:
    """Return the private photos (n, 1, 28, 28) and their classes (n,), in the order of the recipe."""
    each = records // CLASSES
    if each > PER_CLASS_SMALL:
        return private_set(*Sources().fashion_mnist("train"), line, each)
    shipped, labels, _ = read_sheets(paths.assets() / "catalogue" / "reference")
    return private_set(shipped, labels, line, each)
