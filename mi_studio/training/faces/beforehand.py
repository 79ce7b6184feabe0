"""What a run of the face login would otherwise work out each time; see `mi_studio.engine.beforehand`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from mi_studio.core.atomic import write_bytes
from mi_studio.core.weights import read_card
from mi_studio.engine import beforehand, models
from mi_studio.engine.judge import as_pictures, features_of
from mi_studio.engine.models.faces import FacePrior
from mi_studio.engine.models.judge import Evaluator
from mi_studio.training.faces.dataset import read_private
from mi_studio.training.recipe import Context
from mi_studio.training.sheets import grid, webp

SCENE = "face-login"
SEED = 11

DRAWINGS = 64 * beforehand.COLUMNS
BATCH = 128

#: WebP's quality
QUALITY = 84


def write_bank(context: Context) -> None:
    """Write random drawings of the prior, in the plain view, and their latents to the scene's assets."""
    card = read_card(context.pretrained / SCENE / "prior" / "all.json")
    prior = models.load(card, context.device)
    assert isinstance(prior, FacePrior)
    latents = torch.randn((DRAWINGS, prior.latent), generator=torch.Generator().manual_seed(SEED)).half()
    drawn = []
    for first in range(0, DRAWINGS, BATCH):
        with torch.no_grad():
            drawn.append(as_pictures(prior(latents[first : first + BATCH].float().to(context.device))))
        context.report(f"face-login: drawing {first + BATCH}", (first + BATCH) / DRAWINGS)
    pictures = np.concatenate(drawn)
    folder = context.assets / SCENE
    write_bytes(folder / beforehand.PICTURES, webp(grid(pictures, beforehand.COLUMNS), QUALITY))
    _write(folder / beforehand.LATENTS, "latents", latents, {"prior": card.sha256})


def write_features(context: Context) -> None:
    """Write what the judge's network sees in the private training photos to the scene's assets."""
    card = read_card(context.pretrained / SCENE / "evaluator" / "all.json")
    evaluator = models.load(card, context.device)
    assert isinstance(evaluator, Evaluator)
    train, _ = read_private(context.assets)
    photos = train.reshape(-1, *train.shape[2:])
    features = features_of(evaluator, photos, torch.device(context.device)).cpu().half()
    made_from = {"evaluator": card.sha256, "photos": beforehand.fingerprint(photos)}
    _write(context.assets / SCENE / beforehand.FEATURES, "features", features, made_from)


def _write(path: Path, name: str, tensor: Tensor, made_from: dict[str, str]) -> None:
    write_bytes(path, save({name: tensor}, made_from))
