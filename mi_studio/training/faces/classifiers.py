"""Who is on the photo: the face logins, the body they may share, and the independent judge."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.core.weights import WeightsCard, read_card
from mi_studio.engine import models
from mi_studio.engine.models.faces import FaceBody
from mi_studio.training.classifier import Schedule, accuracy, disturbed, finished, fit, mirrored, sturdy
from mi_studio.training.faces.dataset import Photos, read_private, read_public
from mi_studio.training.recipe import Context
from mi_studio.training.writing import course, halved, write_weights

SCENE = "face-login"

TARGET = Schedule(seed=5, epochs=32, batch=96, rate=2e-3, weight_decay=0.01, clip=1.0)
RESNET = Schedule(seed=6, epochs=12, batch=48, rate=1e-3, weight_decay=0.05, clip=1.0)
PUBLIC = Schedule(seed=4, epochs=36, batch=256, rate=2e-3, weight_decay=0.005, clip=1.0)
JUDGE = Schedule(seed=8, epochs=36, batch=96, rate=2e-3, weight_decay=0.05, clip=1.0)

ATTACK_SIZE = 6 / 255
"""By how much an adversarial training photo of the judge differs at most in each pixel, of a range of 1."""

JUDGE_BUILD: dict[str, Any] = {"channels": 3, "width": 40, "stages": ((1, 1), (2, 2), (4, 2), (6, 2))}

SCALE, MOVE, COLOUR = 0.08, 0.05, 0.12
"""Standard deviations by which a training photo is zoomed, moved (of its half side) and coloured."""


def to_pixels(photos: Photos) -> Tensor:
    """Return ``uint8 (n, 3, 64, 64)`` for photos ``uint8 (..., 64, 64, 3)``."""
    flat = torch.from_numpy(np.ascontiguousarray(photos).reshape(-1, *photos.shape[-3:]))
    return flat.permute(0, 3, 1, 2).contiguous()


def to_batch(photos: Photos) -> Tensor:
    """Return ``float32 (n, 3, 64, 64)`` in ``[0, 1]`` for photos ``uint8 (..., 64, 64, 3)``."""
    return to_pixels(photos).float() / 255


def labels_of(photos: Photos) -> Tensor:
    """Return ``(people * each,)``, who is on each photo of ``(people, each, 64, 64, 3)``."""
    return torch.arange(len(photos)).repeat_interleave(photos.shape[1])


def varied(images: Tensor, draws: torch.Generator) -> Tensor:
    """Return images ``(n, 3, h, w)`` mirrored, zoomed, moved and coloured a little, each in its own way."""
    count = len(images)

    def draw(*shape: int) -> Tensor:
        return torch.randn((count, *shape), generator=draws, device=draws.device)

    zoom = 1 + SCALE * draw().clamp(-2, 2)
    theta = torch.zeros(count, 2, 3, device=draws.device)
    theta[:, 0, 0] = theta[:, 1, 1] = zoom
    theta[:, :, 2] = MOVE * draw(2)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    seen = F.grid_sample(mirrored(images, draws), grid, padding_mode="reflection", align_corners=False)
    light, shade, tint = draw(1, 1, 1), draw(1, 1, 1), draw(3, 1, 1)
    return ((1 + COLOUR * light) * (seen - 0.5) + 0.5 + COLOUR / 2 * (shade + 0.4 * tint)).clamp(0, 1)


@lru_cache(maxsize=1)  # many cards measure themselves on the same photos
def test_photos(assets: Path) -> tuple[Tensor, Tensor]:
    """Return the private people's unseen photos ``(480, 3, 64, 64)`` and who is on each ``(480,)``."""
    _, test = read_private(assets)
    return to_batch(test), labels_of(test)


def write_login(
    context: Context,
    net: nn.Module,
    model: str,
    recipe: str,
    schedule: Schedule,
    seconds: float,
    notes: Mapping[str, str],
    *,
    architecture: str = "face-net",
    build: Mapping[str, Any] | None = None,
    knobs: Mapping[str, float | str] | None = None,
    **details: Any,
) -> None:
    """Write a network that names the private people, measured on their unseen photos."""
    train, _ = read_private(context.assets)
    net = halved(net)
    write_weights(
        context.pretrained, SCENE, model, net,
        architecture=architecture, build={"classes": len(train), **(build or {})}, knobs=knobs or {},
        recipe=recipe, seed=schedule.seed, utility=accuracy(net, *test_photos(context.assets)), half=True,
        details={
            **course(train.shape[0] * train.shape[1], schedule, seconds, context.device),
            "weight_decay": schedule.weight_decay,
            **details,
            "notes": dict(notes),
        },
    )  # fmt: skip
    finished(context, recipe)


def train_target(context: Context) -> None:
    """Train and write the face login of 60 people from 40 photos of each."""
    _train(
        context, "face-net", "face-net", "face-login-target", TARGET,
        {
            "en": "Knows 60 fictional people from 40 photos of each.",
            "ja": "架空の60人を、1人40枚の写真から学習しました。",
        },
    )  # fmt: skip


def train_resnet(context: Context) -> None:
    """Train and write the same login with a larger network of another kind."""
    _train(
        context, "resnet-18", "resnet-18", "face-login-resnet", RESNET,
        {
            "en": "Knows the same 60 fictional people; seven times the weights, another architecture.",
            "ja": "同じ架空の60人を学習した、重みが7倍の別構造のモデルです。",
        },
    )  # fmt: skip


def _train(
    context: Context, model: str, architecture: str, recipe: str, schedule: Schedule, notes: Mapping[str, str]
) -> None:
    train, _ = read_private(context.assets)
    torch.manual_seed(schedule.seed)
    net = models.build(architecture, classes=len(train))
    seconds = fit(net, to_pixels(train), labels_of(train), schedule, context, recipe, vary=varied)
    write_login(context, net, model, recipe, schedule, seconds, notes, architecture=architecture)


def train_judge(context: Context) -> None:
    """Train and write the judge, a third kind of network, on disturbed and on adversarial photos."""
    train, _ = read_private(context.assets)
    torch.manual_seed(JUDGE.seed)
    net = models.build("evaluator", classes=len(train), **JUDGE_BUILD)

    def vary(images: Tensor, draws: torch.Generator) -> Tensor:
        return disturbed(varied(images, draws), draws)

    seconds = fit(
        net, to_pixels(train), labels_of(train), JUDGE, context, "face-login-evaluator",
        vary=vary, loss=sturdy(ATTACK_SIZE),
    )  # fmt: skip
    write_login(
        context, net, "evaluator", "face-login-evaluator", JUDGE, seconds,
        {
            "en": "Judges reconstructions; no attack sees it. Trained on the private photos, disturbed, and "
            "half of them changed to mislead it.",
            "ja": "再構成画像の判定用。どの攻撃からも見えません。非公開の写真にずれ、ぼかし、ノイズを加え、"
            "その半数は判定を誤らせるように変えて学習しました。",
        },
        architecture="evaluator", build=JUDGE_BUILD,
        adversarial={"share": 0.5, "size": round(ATTACK_SIZE, 4), "steps": 1},
    )  # fmt: skip


def public_body(context: Context, device: str = "cpu") -> FaceBody:
    """Return the body that has learnt from public people, as the recipe ``face-login-body`` wrote it."""
    body = models.load(body_card(context), device)
    assert isinstance(body, FaceBody)
    return body


def body_card(context: Context) -> WeightsCard:
    """Return the card of the public body."""
    return read_card(context.pretrained / SCENE / "public-body" / "all.json")


def train_body(context: Context) -> None:
    """Train a face net on 5,000 public people and write its body, which holds no private photo."""
    photos = read_public(context.work)
    torch.manual_seed(PUBLIC.seed)
    net = models.build("face-net", classes=len(photos))
    seconds = fit(
        net, to_pixels(photos), labels_of(photos), PUBLIC, context, "face-login-body",
        vary=varied,
    )  # fmt: skip
    write_weights(
        context.pretrained, SCENE, "public-body", halved(net.get_submodule("body")),
        architecture="face-body", build={}, knobs={}, recipe="face-login-body", seed=PUBLIC.seed,
        utility=None, half=True,
        details={
            **course(photos.shape[0] * photos.shape[1], PUBLIC, seconds, context.device),
            "notes": {
                "en": "Learnt to tell 5,000 public people apart; it never saw a private photo.",
                "ja": "公開された5,000人を見分けるように学習しました。非公開の写真は一度も見ていません。",
            },
        },
    )  # fmt: skip
    finished(context, "face-login-body")
