"""Catalogue scene: contact sheets, the independent evaluator, and what the victims' recipes share."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mi_studio.core.atomic import write_bytes
from mi_studio.engine import models
from mi_studio.engine.splits import private_labels, subset
from mi_studio.training.classifier import Schedule, accuracy, disturbed, finished, fit, mirrored, sturdy
from mi_studio.training.recipe import Context
from mi_studio.training.sheets import grid, png
from mi_studio.training.sources import FASHION_NAMES
from mi_studio.training.writing import course, write_weights

PER_CLASS_SMALL = 400
EVALUATOR = Schedule(seed=7, epochs=8, batch=128, rate=3e-3, weight_decay=0.02)
ATTACK_SIZE = 8 / 255
"""By how much an adversarial training photo differs at most in each pixel, of a range of 1.

Three times as much cost the judge seven of a hundred test photos.
"""


def to_batch(images: NDArray[np.uint8]) -> Tensor:
    """Return ``float32 (n, 1, h, w)`` in ``[0, 1]`` for photos ``uint8 (n, h, w)``."""
    return torch.from_numpy(images.astype(np.float32) / 255)[:, None]


def private_set(
    images: NDArray[np.uint8], labels: NDArray[np.int64], line: str, per_class: int
) -> tuple[Tensor, Tensor]:
    """Return the private photos ``(n, 1, 28, 28)`` and their class indices ``(n,)``."""
    parts, classes = [], []
    for index, label in enumerate(private_labels(line)):
        of_class = images[labels == label]
        parts.append(of_class[subset(label, len(of_class), min(per_class, len(of_class)))])
        classes.append(np.full(len(parts[-1]), index))
    return to_batch(np.concatenate(parts)), torch.from_numpy(np.concatenate(classes))


def write_sheets(context: Context) -> None:
    """Write the contact sheets: all test photos, and the photos of the smaller private set."""
    train, train_labels = context.sources.fashion_mnist("train")
    test, test_labels = context.sources.fashion_mnist("t10k")
    for label, name in enumerate(FASHION_NAMES):
        of_class = train[train_labels == label]
        reference = of_class[subset(label, len(of_class), PER_CLASS_SMALL)]
        for folder, tiles, columns in (
            ("test", test[test_labels == label], 40),
            ("reference", reference, 20),
        ):
            path = context.assets / "catalogue" / folder / f"{label}-{name}.png"
            write_bytes(path, png(grid(tiles, columns)))
        context.report(f"Contact sheets of {name}", (label + 1) / len(FASHION_NAMES))


def train_evaluator(context: Context) -> None:
    """Train the judge on all 60,000 training photos, disturbed and half of them adversarial, and write it."""
    train, train_labels = context.sources.fashion_mnist("train")
    test, test_labels = context.sources.fashion_mnist("t10k")
    torch.manual_seed(EVALUATOR.seed)
    net = models.build("evaluator")
    seconds = fit(
        net, torch.from_numpy(train)[:, None], torch.from_numpy(train_labels), EVALUATOR, context,
        "catalogue-evaluator",
        vary=lambda images, draws: disturbed(mirrored(images, draws), draws), loss=sturdy(ATTACK_SIZE),
    )  # fmt: skip
    write_weights(
        context.pretrained, "catalogue", "evaluator", net,
        architecture="evaluator", build={}, knobs={}, recipe="catalogue-evaluator", seed=EVALUATOR.seed,
        utility=accuracy(net, to_batch(test), torch.from_numpy(test_labels)),
        details={
            **course(len(train), EVALUATOR, seconds, context.device),
            "adversarial": {"share": 0.5, "size": round(ATTACK_SIZE, 4), "steps": 1},
            "notes": {
                "en": "Judges reconstructions; no attack sees it. Trained on all ten classes, so also on "
                "the private photos; on moved, blurred and noisy ones, half of them changed to mislead it.",
                "ja": "再構成画像の判定用。どの攻撃からも見えません。全10クラスで学習したため、"
                "非公開の写真も学習に含まれます。位置のずれ、ぼかし、ノイズを加えた写真を使い、"
                "その半数は判定を誤らせるように変えて学習しました。",
            },
        },
    )  # fmt: skip
    finished(context, "catalogue-evaluator")
