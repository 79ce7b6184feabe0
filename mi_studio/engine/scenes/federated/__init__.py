"""Federated leak: a client sends the gradient of one picture, and the server looks at it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import cross_entropy

from mi_studio.core import paths
from mi_studio.core.cards import library
from mi_studio.core.config import OWN_PICTURE, RunConfig
from mi_studio.core.errors import REINSTALL, BadFileError, reason
from mi_studio.core.knobs import Value
from mi_studio.core.pictures import crop_to_square
from mi_studio.core.step import Pictures
from mi_studio.core.text import Text
from mi_studio.core.weights import Utility, find_weights
from mi_studio.engine.access import GradientLeak, Setup
from mi_studio.engine.case import Worth
from mi_studio.engine.judge import RecordJudge, as_images, as_pictures
from mi_studio.engine.models import load

OWN_PICTURE_LABEL = 0
"""The user's own picture belongs to no class of the model; the client files it under the first."""


class FederatedCase:
    """One client, one picture, one message.

    The message is computed once. Defences act on that same message in the order in which they were
    chosen; noise is one draw per seed, which a knob rescales.
    """

    def __init__(self, config: RunConfig, device: torch.device, picture: Pictures | None) -> None:
        values = config.values
        size = int(cast(float, values["picture-size"]))
        targets = library().scene(config.scene).targets_for(values)
        samples = {t.id: sample(t.id, size) for t in targets}
        if config.target == OWN_PICTURE:
            assert picture is not None
            mine, label = crop_to_square(picture[0], size), OWN_PICTURE_LABEL
        else:
            mine = samples[config.target]
            (label,) = next(t.labels for t in targets if t.id == config.target)
        others = np.stack([s for name, s in samples.items() if name != config.target])

        model = load(find_weights(config.scene, config.model, values), device)
        truth = as_images(mine[None], device)
        self._true = _gradient(model, truth, torch.tensor([label], device=device))
        draws = torch.Generator().manual_seed(config.seed)
        self._draw = [torch.randn(part.shape, generator=draws).to(device) for part in self._true]
        self._defenses = [
            library().defense(d) for d in config.defenses if library().defense(d).acts == "gradient"
        ]
        self._cosine = 1.0

        self.access = GradientLeak(model, [part.clone() for part in self._true])
        self.setup = Setup((label,), (3, size, size), config.seed, config.steps, device)
        self.judge = RecordJudge(truth, as_images(others, device))
        self.secret = as_pictures(truth)

    def turn(self, values: Mapping[str, Value]) -> None:
        """Let the client send its message again under these knobs."""
        sent = self._true
        for defense in self._defenses:
            protect = importlib.import_module(defense.module).protect
            sent = protect(sent, values[defense.knob.id], self._draw)
        for part, new in zip(self.access.message, sent, strict=True):
            part.copy_(new)
        self._cosine = _cosine(sent, self._true)

    def worth(self) -> Worth:
        """Return the cosine between the sent and the true update; nothing is guaranteed about privacy."""
        return Worth(Utility("update_cosine", self._cosine, 1), None)


def open_case(config: RunConfig, device: torch.device, picture: Pictures | None) -> FederatedCase:
    """Make the scene ready for a run; see `mi_studio.engine.case.open_case`."""
    return FederatedCase(config, device, picture)


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


def _gradient(model: torch.nn.Module, images: Tensor, labels: Tensor) -> list[Tensor]:
    """Return the gradient of the cross-entropy for each of the model's parameters."""
    model.requires_grad_(True)
    loss = cross_entropy(model(images), labels)
    return [part.detach() for part in torch.autograd.grad(loss, list(model.parameters()))]


def _cosine(a: list[Tensor], b: list[Tensor]) -> float:
    dot = sum(float((x * y).sum()) for x, y in zip(a, b, strict=True))
    norms = [sum(float(x.square().sum()) for x in parts) ** 0.5 for parts in (a, b)]
    return dot / (norms[0] * norms[1]) if min(norms) > 0 else 0.0
