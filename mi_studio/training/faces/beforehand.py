"""What a run or a training of the face login would otherwise work out each time.

See `mi_studio.engine.beforehand` for what runs use of it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from mi_studio.core.atomic import write_bytes
from mi_studio.core.errors import BadFileError
from mi_studio.core.text import Text
from mi_studio.core.weights import read_card
from mi_studio.engine import beforehand, models
from mi_studio.engine.employees import DRAW_AGAIN
from mi_studio.engine.judge import as_pictures, features_of
from mi_studio.engine.models.faces import FaceBody, FacePrior
from mi_studio.engine.models.judge import Evaluator
from mi_studio.training.faces.classifiers import body_card, public_body, to_pixels
from mi_studio.training.faces.dataset import read_private, read_public
from mi_studio.training.recipe import Context
from mi_studio.training.sheets import grid, webp

SCENE = "face-login"
SEED = 11
SCALE = "scale.safetensors"

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


def write_scale(context: Context) -> None:
    """Write mean and spread of what the public body sees in public people to the scene's assets."""
    body = public_body(context, context.device)
    seen = body_features(body, to_pixels(read_public(context.work)[:, 0]), context.device)
    table = torch.stack([seen.mean(0), seen.std(0).clamp_min(1e-3)])
    _write(context.assets / SCENE / SCALE, "scale", table, {"body": body_card(context).sha256})


def read_scale(context: Context) -> tuple[Tensor, Tensor]:
    """Return mean and spread, (d,) each, of what the public body sees in public people.

    Raises
    ------
    BadFileError
        If there is none of this body, or the file is damaged; the text names the command that makes it.
    """
    path = context.assets / SCENE / SCALE
    table = beforehand.read_tensor(path, "scale", {"body": body_card(context).sha256})
    if table is None:
        raise BadFileError(
            Text(
                "{path} is not there, or was made from another body.",
                "{path} がないか、別のモデルから作られています。",
            ),
            remedy=DRAW_AGAIN,
            path=path,
            recipe="face-login-scale",
        )
    centre, spread = table
    return centre, spread


@torch.no_grad()
def body_features(body: FaceBody, pixels: Tensor, device: str) -> Tensor:
    """Return the features ``(n, d)`` of photos ``uint8 (n, 3, 64, 64)``, on the CPU."""
    return torch.cat([body(part.to(device).float() / 255).cpu() for part in torch.split(pixels, 500)])


def _write(path: Path, name: str, tensor: Tensor, made_from: dict[str, str]) -> None:
    write_bytes(path, save({name: tensor}, made_from))
