"""Federated leak: a client sends the gradient of one picture, and the server looks at it."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from PIL import Image

from mi_studio.core import paths
from mi_studio.core.cards import library
from mi_studio.core.config import OWN_PICTURE, RunConfig
from mi_studio.core.errors import REINSTALL, BadFileError, reason
from mi_studio.core.pictures import crop_to_square
from mi_studio.core.step import Pictures
from mi_studio.core.text import Text
from mi_studio.core.weights import find_weights
from mi_studio.engine.gradient_case import GradientCase
from mi_studio.engine.judge import as_images
from mi_studio.engine.models import load
from mi_studio.engine.rounds import Round

OWN_PICTURE_LABEL = 0
"""The user's own picture belongs to no class of the model; the client files it under the first."""


def open_case(config: RunConfig, device: torch.device, picture: Pictures | None) -> GradientCase:
    """Make the scene ready for a run; see `mi_studio.engine.case.open_case`."""
    size = int(cast(float, config.values["picture-size"]))
    targets = library().scene(config.scene).targets_for(config.values)
    samples = {t.id: sample(t.id, size) for t in targets}
    if config.target == OWN_PICTURE:
        assert picture is not None
        mine, label = crop_to_square(picture[0], size), OWN_PICTURE_LABEL
    else:
        mine = samples[config.target]
        (label,) = next(t.labels for t in targets if t.id == config.target)
    others = np.stack([s for name, s in samples.items() if name != config.target])
    return GradientCase(
        config,
        load(find_weights(config.scene, config.model, config.values), device),
        as_images(mine[None], device),
        torch.tensor([label], device=device),
        as_images(others, device),
        Round(),
    )


def sample(name: str, size: int) -> Pictures:
    """Return a shipped sample picture as uint8 (size, size, 3)."""
    path = paths.assets() / "federated" / "pictures" / f"{name}.png"
    try:
        with Image.open(path) as image:
            return crop_to_square(np.asarray(image.convert("RGB"), dtype=np.uint8), size)
    except OSError as error:
        raise BadFileError(
            Text(
                "The sample picture {path} cannot be read ({reason}).",
                "サンプル画像 {path} を読み込めません（{reason}）。",
            ),
            remedy=REINSTALL,
            path=path,
            reason=reason(error),
        ) from error
