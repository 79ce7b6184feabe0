"""Every recipe of the zoo by name: train some, or check all that is shipped.

Two trainings with the same seed, version and thread count give the same weights on one machine; on
another, rounding differs and so may the last digits. `check` therefore measures again what is
shipped and allows a small difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import torch
from torch import Tensor

from mi_studio.core import paths
from mi_studio.core.cards import library
from mi_studio.core.errors import UsageError
from mi_studio.core.pictures import FIRST_PHOTOS, PORTRAITS
from mi_studio.core.records import read_table
from mi_studio.core.text import Text, names
from mi_studio.core.weights import WeightsCard, weights_cards
from mi_studio.engine import models
from mi_studio.engine.beforehand import FEATURES, LATENTS, PICTURES
from mi_studio.engine.sheets import read_sheets
from mi_studio.engine.splits import LINES, private_labels
from mi_studio.training import catalogue, customers, federated, hospital, prior, private, recordings
from mi_studio.training.classifier import accuracy
from mi_studio.training.drawings import recipes as drawings
from mi_studio.training.faces import beforehand as face_beforehand
from mi_studio.training.faces import classifiers as face_classifiers
from mi_studio.training.faces import cut as face_head
from mi_studio.training.faces import dataset as face_photos
from mi_studio.training.faces import defended as face_defended
from mi_studio.training.faces import portraits as face_portraits
from mi_studio.training.faces import prior as face_prior
from mi_studio.training.faces import private as face_private
from mi_studio.training.handwriting import recipes as handwriting
from mi_studio.training.recipe import Context, Recipe, Report
from mi_studio.training.sources import Sources

TOLERANCE = 0.01

__all__ = ["TOLERANCE", "Difference", "Recipe", "check", "recipes", "select", "train"]

_RECIPES = (
    Recipe("federated-pictures", ("assets/federated/**",), 0.1, federated.write_pictures),
    Recipe("federated-clients", ("pretrained/federated/*/*",), 6, federated.train_clients),
    Recipe("hospital-pictures", ("assets/hospital/*",), 0.1, hospital.write_pictures),
    Recipe("hospital-clients", ("pretrained/hospital/strided-cnn/*",), 0.1, hospital.write_client),
    Recipe("catalogue-sheets", ("assets/catalogue/**",), 0.2, catalogue.write_sheets),
    Recipe("catalogue-evaluator", ("pretrained/catalogue/evaluator/*",), 12, catalogue.train_evaluator),
    *(
        Recipe(
            f"catalogue-prior-{line}",
            (f"pretrained/catalogue/prior/{line}.*",),
            5,
            partial(prior.train_prior, line=line),
        )
        for line in LINES
    ),
    Recipe(
        "catalogue-victims-2000",
        ("pretrained/catalogue/small-cnn/*-2000-*",),
        14,
        partial(private.train_grid, records=2000),
    ),
    Recipe(
        "catalogue-victims-30000",
        ("pretrained/catalogue/small-cnn/*-30000-*",),
        20,
        partial(private.train_grid, records=30000),
    ),
    Recipe("handwriting-sheets", ("assets/handwriting/**",), 0.3, handwriting.write_sheets),
    Recipe("handwriting-evaluator", ("pretrained/handwriting/evaluator/*",), 3, handwriting.train_evaluator),
    Recipe("handwriting-prior", ("pretrained/handwriting/prior/*",), 6, handwriting.train_prior),
    Recipe("handwriting-victims", ("pretrained/handwriting/small-cnn/*",), 1, handwriting.train_victims),
    Recipe("drawings-sheets", ("assets/drawings/**",), 0.6, drawings.write_sheets),
    Recipe("drawings-evaluator", ("pretrained/drawings/evaluator/*",), 3, drawings.train_evaluators),
    Recipe("drawings-prior", ("pretrained/drawings/prior/*",), 6, drawings.train_prior),
    Recipe("drawings-models", ("pretrained/drawings/drawing-net/*",), 1, drawings.train_models),
    Recipe("customers-tables", ("assets/customers/*.csv",), 0.1, customers.write_tables),
    Recipe("customers-models", ("pretrained/customers/*/*",), 1, customers.train_models),
    Recipe("face-login-head", ("assets/face-login/head.*",), 0.3, face_head.write_head),
    Recipe("face-login-people", ("assets/face-login/private/*",), 2, face_photos.write_private),
    Recipe(
        "face-login-portraits",
        (f"assets/face-login/{PORTRAITS}", f"assets/face-login/{FIRST_PHOTOS}"),
        0.4,
        face_portraits.write_portraits,
    ),
    Recipe("face-login-public", (), 13, face_photos.write_public),
    Recipe("face-login-body", ("pretrained/face-login/public-body/*",), 75, face_classifiers.train_body, 0.5),
    Recipe(
        "face-login-scale", (f"assets/face-login/{face_beforehand.SCALE}",), 0.3, face_beforehand.write_scale
    ),
    Recipe(
        "face-login-target", ("pretrained/face-login/face-net/all.*",), 15, face_classifiers.train_target, 0.5
    ),
    Recipe(
        "face-login-resnet", ("pretrained/face-login/resnet-18/*",), 45, face_classifiers.train_resnet, 0.5
    ),
    Recipe(
        "face-login-evaluator", ("pretrained/face-login/evaluator/*",), 20, face_classifiers.train_judge, 1
    ),
    *(
        Recipe(
            variant.recipe,
            (f"pretrained/face-login/face-net/{variant.file}.*",),
            20,
            partial(face_defended.train_variant, variant=variant),
            0.5,
        )
        for variant in face_defended.VARIANTS
    ),
    Recipe(
        "face-login-ladder", ("pretrained/face-login/face-net-pretrained/*",), 3, face_private.train_ladder
    ),
    Recipe("face-login-person", ("pretrained/face-login/face-net-person/*",), 1, face_private.train_person),
    Recipe("face-login-dp", ("pretrained/face-login/face-net-dp/*",), 60, face_private.train_scratch, 1),
    Recipe("face-login-prior", ("pretrained/face-login/prior/*",), 4000, face_prior.train_prior, 12),
    Recipe(
        "face-login-features",
        (f"assets/face-login/{FEATURES}",),
        0.3,
        face_beforehand.write_features,
    ),
    Recipe(
        "face-login-bank",
        (f"assets/face-login/{PICTURES}", f"assets/face-login/{LATENTS}"),
        2,
        face_beforehand.write_bank,
    ),
    Recipe("recordings", ("assets/recordings/*.mireplay",), 0.5, recordings.record_presets),
)


@dataclass(frozen=True)
class Difference:
    """A card whose number was not found again.

    Attributes
    ----------
    claimed
        The accuracy on the card, in 0..1.
    measured
        The accuracy of the shipped weights on the shipped test data.
    """

    card: WeightsCard
    claimed: float
    measured: float

    def __str__(self) -> str:
        return f"{self.card.weights}: card says {self.claimed:.4f}, measured {self.measured:.4f}"


def recipes() -> tuple[Recipe, ...]:
    """Return every recipe, in an order in which each finds what it needs."""
    return _RECIPES


def select(wanted: Sequence[str]) -> list[Recipe]:
    """Return the recipes with these names; none means all.

    Raises
    ------
    UsageError
        If a name is unknown; the text names the valid ones.
    """
    known = {recipe.name: recipe for recipe in recipes()}
    for name in wanted:
        if name not in known:
            raise UsageError(
                Text(
                    "There is no recipe '{wanted}'; choose among {choices}.",
                    "「{wanted}」というレシピはありません。{choices}から選んでください。",
                ),
                wanted=name,
                choices=names(known),
            )
    return [known[name] for name in wanted or known]


def train(wanted: Sequence[str], device: str, report: Report, sources: Sources | None = None) -> None:
    """Rebuild what the named recipes write; a training that was killed goes on where it was.

    Those with differential privacy, minutes each, start their present network anew.

    Parameters
    ----------
    wanted
        Names of recipes; none means all.
    device
        Where to train, such as ``cpu`` or ``cuda``; every card says where its file was.
    report
        Is told a message and the share of the recipe that is done.
    sources
        Where the training data lies.

    Raises
    ------
    UsageError
        If a name is unknown.
    BadFileError
        If the training data is missing; the text names the command that fetches it.
    """
    chosen = select(wanted)
    if device == "cuda":
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.benchmark = True
    context = Context(
        sources=sources or Sources(),
        pretrained=paths.pretrained(),
        assets=paths.assets(),
        work=paths.cache_dir() / "training",
        device=device,
        report=report,
    )
    threads = torch.get_num_threads()
    # one thread: small networks gain little from more, and sums come out in the same order everywhere
    torch.set_num_threads(1)
    try:
        for recipe in chosen:
            recipe.run(context)
    finally:
        torch.set_num_threads(threads)


def check(report: Report) -> list[Difference]:
    """Measure the accuracy of every shipped network again, on the shipped test data.

    Returns
    -------
    list of Difference
        Those off their card by more than `TOLERANCE`. Empty when all is well.

    Raises
    ------
    BadFileError
        If a file is missing or damaged.
    """
    cards = [card for scene in library().scenes for card in weights_cards(scene.id)]
    differences = []
    for index, card in enumerate(cards):
        found = measure(card)
        if found is not None and card.utility is not None:
            if abs(found - card.utility.value) > TOLERANCE:
                differences.append(Difference(card, card.utility.value, found))
            report(f"{card.weights.parent.name}/{card.path.stem}: {found:.4f}", (index + 1) / len(cards))
    return differences


def measure(card: WeightsCard) -> float | None:
    """Return the accuracy of a card's weights on the shipped test data; ``None`` for a prior."""
    net = models.load(card)
    if card.utility is None:
        return None
    return accuracy(net, *_test_data(card)).value


def _test_data(card: WeightsCard) -> tuple[Tensor, Tensor]:
    if card.scene == "federated":
        pictures, classes = federated.read_test(paths.assets())
        return federated.to_batch(pictures, int(card.details["build"]["size"])), classes
    if card.scene == customers.SCENE:
        return customers.shipped_test(read_table(card.scene, str(card.knobs["table"])))
    if card.scene == face_classifiers.SCENE:
        return face_classifiers.test_photos(paths.assets())
    if card.scene == handwriting.SCENE:
        return handwriting.shipped_tests(handwriting.known_to(card), paths.assets())
    if card.scene == drawings.SCENE:
        return drawings.shipped_tests(str(card.knobs["knows"]), paths.assets())
    x, y = _catalogue_test(paths.assets() / "catalogue" / "test")
    if card.model != "small-cnn":
        return x, y
    private_classes = torch.tensor(private_labels(str(card.knobs["private-line"])))
    mine = torch.isin(y, private_classes)
    return x[mine], torch.searchsorted(private_classes, y[mine])


@lru_cache(maxsize=1)  # thirty cards measure themselves on the same photos
def _catalogue_test(folder: Path) -> tuple[Tensor, Tensor]:
    images, labels, _ = read_sheets(folder)
    return catalogue.to_batch(images), torch.from_numpy(labels)
