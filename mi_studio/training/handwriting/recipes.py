"""Handwriting scene: contact sheets, the judge, and for each script the victim and the attacker's prior."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from mi_studio.core.atomic import write_bytes
from mi_studio.core.weights import WeightsCard
from mi_studio.engine import models
from mi_studio.engine.models.garments import Prior
from mi_studio.engine.scenes.handwriting import CHARACTERS, PUBLIC, SCRIPTS, private_labels
from mi_studio.engine.sheets import read_sheets
from mi_studio.training.catalogue import to_batch
from mi_studio.training.classifier import Schedule, accuracy, disturbed, finished, fit, sturdy
from mi_studio.training.handwriting import data
from mi_studio.training.prior import Duel, discriminator_net, fit_prior
from mi_studio.training.recipe import Context
from mi_studio.training.sheets import grid, png
from mi_studio.training.writing import course, halved, write_weights

SCENE = "handwriting"
SHOWN = 50
"""Private pictures of each private character that are shipped, the first ones of its training set."""
COLUMNS = 10
EVALUATOR = Schedule(seed=7, epochs=4, batch=128, rate=3e-3, weight_decay=0.02)
EVALUATOR_WIDTH = 16
ATTACK_SIZE = 24 / 255
"""By how much an adversarial training picture differs at most in each pixel, of a range of 1."""
PRIOR = Duel(seed=11, epochs=10)
PRIOR_WIDTH = 16
VICTIM = Schedule(seed=1, epochs=12, batch=64, rate=3e-3, weight_decay=0.01)
VICTIM_WIDTH = 8


def write_sheets(context: Context) -> None:
    """Write the contact sheets: test pictures of every character, and some private ones of each mark."""
    private = {label for script in SCRIPTS for label in private_labels(script)}
    for label, name in enumerate(data.NAMES):
        parts = {"test": data.records(label, "test", context.sources)}
        if label in private:
            parts["reference"] = data.records(label, "train", context.sources)[:SHOWN]
        for folder, tiles in parts.items():
            path = context.assets / SCENE / folder / f"{label}-{name}.png"
            write_bytes(path, png(grid(tiles.numpy(), COLUMNS)))
        context.report(f"Contact sheets of {name}", (label + 1) / len(data.NAMES))


def train_evaluator(context: Context) -> None:
    """Train the judge on every character, disturbed and half of them adversarial, and write it."""
    images, labels = data.of(range(len(CHARACTERS)), "train", context.sources)
    build = {"classes": len(CHARACTERS), "width": EVALUATOR_WIDTH}
    torch.manual_seed(EVALUATOR.seed)
    net = models.build("evaluator", **build)
    name = f"{SCENE}-evaluator"
    seconds = fit(net, images, labels, EVALUATOR, context, name, vary=disturbed, loss=sturdy(ATTACK_SIZE))
    net = halved(net)
    utility = accuracy(net, *shipped_tests(range(len(CHARACTERS)), context.assets))
    write_weights(
        context.pretrained, SCENE, "evaluator", net, architecture="evaluator", build=build, knobs={},
        recipe=name, seed=EVALUATOR.seed, utility=utility, half=True,
        details=course(len(images), EVALUATOR, seconds, context.device) | {
            "adversarial": {"share": 0.5, "size": round(ATTACK_SIZE, 4), "steps": 1},
            "notes": {
                "en": "Judges reconstructions; no attack sees it. Trained on all ten digits and 46 hiragana, "
                "so also on the private pictures; on moved, blurred and noisy ones, half of them changed to "
                "mislead it.",
                "ja": "再構成画像の判定用。どの攻撃からも見えません。数字10種類とひらがな46文字のすべてで"
                "学習したため、非公開の画像も学習に含まれます。位置のずれ、ぼかし、ノイズを加えた画像を使い、"
                "その半数は判定を誤らせるように変えて学習しました。",
            },
        },
    )  # fmt: skip
    finished(context, name)


def train_prior(context: Context) -> None:
    """Train and write the attacker's prior: one serves both scripts, for it knows no private character."""
    images, _ = data.of(PUBLIC, "train", context.sources)
    torch.manual_seed(PRIOR.seed)
    generator = models.build("prior", width=PRIOR_WIDTH)
    assert isinstance(generator, Prior)
    name = f"{SCENE}-prior"
    average, seconds = fit_prior(context, name, images, generator, discriminator_net(), PRIOR)
    write_weights(
        context.pretrained, SCENE, "prior", halved(average),
        architecture="prior", build={"latent": generator.latent, "width": PRIOR_WIDTH}, knobs={},
        recipe=name, seed=PRIOR.seed, utility=None, half=True,
        details=course(len(images), PRIOR, seconds, context.device) | {
            "classes": list(PUBLIC),
            "notes": {
                "en": "Draws letters like the 36 public hiragana; "
                "it never saw a private letter, nor a digit.",
                "ja": "公開されているひらがな36文字から学んだ生成器。"
                "非公開の文字も数字も、一度も見ていません。",
            },
        },
    )  # fmt: skip
    finished(context, name)


def train_victims(context: Context) -> None:
    """Train and write for each script the network that tells its private characters apart."""
    for done, script in enumerate(SCRIPTS):
        private = private_labels(script)
        images, labels = data.of(private, "train", context.sources)
        build = {"classes": len(private), "width": VICTIM_WIDTH}
        torch.manual_seed(VICTIM.seed)
        net = models.build("small-cnn", **build)
        name = f"{SCENE}-victim-{script}"
        seconds = fit(net, images, labels, VICTIM, context, name, vary=lambda images, _: images)
        net = halved(net)
        utility = accuracy(net, *shipped_tests(private, context.assets))
        write_weights(
            context.pretrained, SCENE, "small-cnn", net, architecture="small-cnn", build=build,
            knobs={"script": script}, recipe=f"{SCENE}-victims", seed=VICTIM.seed, utility=utility, half=True,
            details=course(len(images), VICTIM, seconds, context.device) | {
                "notes": {
                    "en": "Tells the private characters apart; trained on nothing else.",
                    "ja": "非公開の文字を見分けます。学習に使ったのは、その文字の画像だけです。",
                },
            },
        )  # fmt: skip
        finished(context, name)
        context.report(f"{script}: accuracy {utility.value:.3f}", (done + 1) / len(SCRIPTS))


def known_to(card: WeightsCard) -> Sequence[int]:
    """Return the labels of the characters that a network tells apart."""
    return private_labels(str(card.knobs["script"])) if card.knobs else range(len(CHARACTERS))


def shipped_tests(labels: Iterable[int], assets: Path) -> tuple[Tensor, Tensor]:
    """Return the shipped test pictures ``(n, 1, 28, 28)`` of characters, each with its label's place."""
    pictures, shown = _test_sheets(assets / SCENE / "test")
    wanted = torch.tensor(tuple(labels))
    mine = torch.isin(shown, wanted)
    return pictures[mine], (shown[mine][:, None] == wanted).int().argmax(1)


@lru_cache(maxsize=1)
def _test_sheets(folder: Path) -> tuple[Tensor, Tensor]:
    images, labels, _ = read_sheets(folder)
    return to_batch(images), torch.from_numpy(labels)
