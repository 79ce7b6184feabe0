"""Factory drawings scene: sheets of scans, the judges, the attacker's prior and the models under attack."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from mi_studio.core.atomic import write_bytes
from mi_studio.engine import models
from mi_studio.engine.models.garments import Prior
from mi_studio.engine.scenes.drawings import KNOWN, NUMBERS, SIDE
from mi_studio.engine.sheets import read_sheets
from mi_studio.training.catalogue import to_batch
from mi_studio.training.classifier import Schedule, accuracy, disturbed, finished, fit, sturdy
from mi_studio.training.drawings import data
from mi_studio.training.drawings.families import PUBLIC, numbered, part, picture
from mi_studio.training.drawings.prior import fit_autoencoder
from mi_studio.training.drawings.sheet import LARGE
from mi_studio.training.prior import discriminator_net
from mi_studio.training.recipe import Context
from mi_studio.training.sheets import grid, png
from mi_studio.training.writing import course, halved, write_weights

SCENE = "drawings"
SHOWN = {"part-numbers": 12, "families": 20}
"""Private scans of each label that are shipped, the first ones that the model learnt from."""
COLUMNS = 4
EVALUATOR = Schedule(seed=7, epochs=3, batch=64, rate=3e-3, weight_decay=0.02)
EVALUATOR_BUILD = {"width": 16, "stages": [[1, 2], [2, 2], [4, 1]]}
ATTACK_SIZE = 16 / 255
"""By how much an adversarial training picture differs at most in each pixel, of a range of 1."""
JUDGED_PARTS = 150
"""Parts of each public family that the judges know."""
MODEL = Schedule(seed=1, epochs=6, batch=32, rate=3e-3, weight_decay=0.01)
REACH = 2.0
"""Pixels by which the models' training pictures are moved."""
PRIOR = Schedule(seed=11, epochs=12, batch=32, rate=3e-3, weight_decay=0.0)
PRIOR_BUILD = {"latent": 64, "width": 16, "side": SIDE, "doublings": 2, "fold": 2}
ENCODER = (24, 48, 96, 128)


def write_sheets(context: Context) -> None:
    """Write contact sheets of private scans and of test scans, and of each target one scan and a portrait."""
    folder = context.assets / SCENE
    for knows, names in KNOWN.items():
        for label, name in enumerate(names):
            for use, tiles in (
                ("reference", data.of(knows, label, "train")[: SHOWN[knows]]),
                ("test", data.of(knows, label, "test")),
            ):
                path = folder / use / knows / f"{label}-{name}.png"
                write_bytes(path, png(grid(tiles, COLUMNS if len(tiles) % COLUMNS == 0 else 2)))
            write_bytes(folder / "pictures" / f"{name}.png", png(data.of(knows, label, "train")[0]))
            which = numbered()[label] if names == NUMBERS else (name, 0)
            write_bytes(folder / "portraits" / f"{name}.png", png(picture(part(*which), pens=LARGE)))
            context.report(f"Sheets of {name}", (label + 1) / len(names))


def train_evaluators(context: Context) -> None:
    """Train for each kind of model the judge, on private and public drawings, and write it."""
    others, families = data.public(JUDGED_PARTS)
    for knows, names in KNOWN.items():
        images, labels = data.private(knows, "train")
        images, labels = torch.cat([images, others]), torch.cat([labels, len(names) + families])
        build = {"classes": len(names) + len(PUBLIC), **EVALUATOR_BUILD}
        torch.manual_seed(EVALUATOR.seed)
        net = models.build("evaluator", **build)
        name = f"{SCENE}-evaluator-{knows}"
        seconds = fit(net, images, labels, EVALUATOR, context, name, vary=disturbed, loss=sturdy(ATTACK_SIZE))
        net = halved(net)
        write_weights(
            context.pretrained, SCENE, "evaluator", net, architecture="evaluator", build=build,
            knobs={"knows": knows}, recipe=f"{SCENE}-evaluator", seed=EVALUATOR.seed,
            utility=accuracy(net, *shipped_tests(knows, context.assets)), half=True,
            details=course(len(images), EVALUATOR, seconds, context.device) | {
                "adversarial": {"share": 0.5, "size": round(ATTACK_SIZE, 4), "steps": 1},
                "public_families": list(PUBLIC),
                "notes": {
                    "en": "Judges reconstructions; no attack sees it. Trained on the private drawings and on "
                    "those of the twelve public families, moved, blurred and noisy, half of them changed to "
                    "mislead it. Its accuracy is that on private drawings.",
                    "ja": "再構成画像の判定用。どの攻撃からも見えません。非公開の図面と、公開されている"
                    "12種類の部品の図面で学習しました。位置のずれ、ぼかし、ノイズを加えた図面を使い、"
                    "その半数は判定を誤らせるように変えて学習しました。正答率は非公開の図面での値です。",
                },
            },
        )  # fmt: skip
        finished(context, name)


def train_prior(context: Context) -> None:
    """Train and write the attacker's prior, which saw the public families only."""
    pictures, _ = data.public()
    torch.manual_seed(PRIOR.seed)
    generator = models.build("prior", **PRIOR_BUILD)
    assert isinstance(generator, Prior)
    name = f"{SCENE}-prior"
    encoder = discriminator_net(SIDE, ENCODER, 2 * generator.latent)
    seconds = fit_autoencoder(context, name, pictures, generator, encoder, PRIOR)
    write_weights(
        context.pretrained, SCENE, "prior", halved(generator), architecture="prior", build=PRIOR_BUILD,
        knobs={}, recipe=name, seed=PRIOR.seed, utility=None, half=True,
        details={
            **course(len(pictures), PRIOR, seconds, context.device),
            "public_families": list(PUBLIC),
            "notes": {
                "en": "Draws parts of the twelve public families; it never saw a part of a private one.",
                "ja": "公開されている12種類の部品の図面を描く生成器。"
                "非公開の種類の部品は一度も見ていません。",
            },
        },
    )  # fmt: skip
    finished(context, name)


def train_models(context: Context) -> None:
    """Train and write the models under attack: one knows part numbers, one knows families."""
    for done, knows in enumerate(KNOWN):
        images, labels = data.private(knows, "train")
        build = {"classes": len(KNOWN[knows])}
        torch.manual_seed(MODEL.seed)
        net = models.build("drawing-net", **build)
        name = f"{SCENE}-model-{knows}"
        seconds = fit(
            net, images, labels, MODEL, context, name,
            vary=lambda pictures, draws: disturbed(pictures, draws, reach=REACH),
        )  # fmt: skip
        net = halved(net)
        utility = accuracy(net, *shipped_tests(knows, context.assets))
        write_weights(
            context.pretrained, SCENE, "drawing-net", net, architecture="drawing-net", build=build,
            knobs={"knows": knows}, recipe=f"{SCENE}-models", seed=MODEL.seed, utility=utility, half=True,
            details=course(len(images), MODEL, seconds, context.device) | {
                "notes": {
                    "en": "Trained on confidential drawings and on nothing else.",
                    "ja": "学習に使ったのは、社外秘の図面だけです。",
                },
            },
        )  # fmt: skip
        finished(context, name)
        context.report(f"{knows}: accuracy {utility.value:.3f}", (done + 1) / len(KNOWN))


@lru_cache(maxsize=2)
def shipped_tests(knows: str, assets: Path) -> tuple[Tensor, Tensor]:
    """Return the shipped test scans ``(n, 1, 64, 64)`` and their labels."""
    images, labels, _ = read_sheets(assets / SCENE / "test" / knows, SIDE)
    return to_batch(images), torch.from_numpy(labels)
