"""Every network of the zoo, and the way a weight file becomes one.

All networks take images as ``float32 (n, c, h, w)`` in ``[0, 1]`` (normalisation lies inside) and
return logits ``(n, classes)``, except the priors, which take latents and return images, a body, which
returns features, and those that read records of a table. They are plain modules: nothing of the training,
such as Opacus' hooks, is left on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from torch import Tensor, nn

from mi_studio.core import paths
from mi_studio.core.errors import REBUILD, BadFileError
from mi_studio.core.text import Text
from mi_studio.core.weights import WeightsCard, read_card
from mi_studio.engine.models.clients import PooledCNN, SigmoidNet, StridedCNN
from mi_studio.engine.models.drawings import DrawingNet
from mi_studio.engine.models.faces import FaceBody, FaceNet, FacePrior, resnet18
from mi_studio.engine.models.garments import Prior, SmallCNN
from mi_studio.engine.models.judge import Evaluator
from mi_studio.engine.models.tables import RecordNet

ARCHITECTURES: Mapping[str, Callable[..., nn.Module]] = {
    "strided-cnn": StridedCNN,
    "pooled-cnn": PooledCNN,
    "sigmoid-net": SigmoidNet,
    "small-cnn": SmallCNN,
    "evaluator": Evaluator,
    "prior": Prior,
    "drawing-net": DrawingNet,
    "face-body": FaceBody,
    "face-net": FaceNet,
    "resnet-18": resnet18,
    "face-prior": FacePrior,
    "record-net": RecordNet,
}


def build(architecture: str, **shape: Any) -> nn.Module:
    """Return a freshly initialised network of the given architecture (the global torch seed decides).

    Raises
    ------
    BadFileError
        If the architecture or one of its arguments is unknown, as on the card of a newer version.
    """
    try:
        return ARCHITECTURES[architecture](**shape)
    except (KeyError, TypeError) as error:
        raise BadFileError(
            Text(
                "This version of MI Studio has no network {network} with {shape} (it has: {known}).",
                "このバージョンのMI Studioでは、重みが必要とするモデル（{network}）を使えません。",
            ),
            remedy=REBUILD,
            network=architecture,
            shape=shape,
            known=", ".join(ARCHITECTURES),
        ) from error


def load(card: WeightsCard, device: torch.device | str = "cpu") -> nn.Module:
    """Return the network of a card in float32, checked, frozen and in evaluation mode.

    Parameters
    ----------
    card
        ``details["build"]`` holds the arguments of `build`; ``details["base"]``, where there is one, the
        model whose file holds the network's ``body``, and ``details["base_sha256"]`` that file's hash.
    device
        Where the network goes.

    Raises
    ------
    BadFileError
        If the file is not the card's, or stands on another body than the one it learnt on; or if its
        tensors have wrong names, wrong shapes or values that are not finite.
    """
    tensors = _tensors(card)
    if base := card.details.get("base"):
        beside = card.path.parent.parent / base / "all.json"
        # a head that was trained on this computer stands on the shipped body
        shipped = paths.pretrained() / card.scene / base / "all.json"
        shared = read_card(beside if beside.exists() else shipped)
        if card.details.get("base_sha256", shared.sha256) != shared.sha256:
            raise BadFileError(
                Text(
                    "{path} was trained on another {base} than the one that is here.",
                    "重みファイル {path} は、今とは別の {base} を使って学習されています。",
                ),
                remedy=Text("Delete it and train it again.", "削除して、もう一度学習してください。"),
                path=card.weights,
                base=base,
            )
        tensors |= {f"body.{name}": tensor for name, tensor in _tensors(shared).items()}
    net = build(card.architecture, **card.details.get("build", {}))
    wanted = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if wanted != found:
        wrong = sorted(n for n in wanted.keys() | found.keys() if wanted.get(n) != found.get(n))
        raise BadFileError(
            Text(
                "{path} does not fit the network {network}: {wrong}.",
                "重みファイル {path} の構成がモデル（{network}）と合いません。",
            ),
            remedy=REBUILD,
            path=card.weights,
            network=card.architecture,
            wrong=", ".join(wrong[:3]),
        )
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise BadFileError(
                Text(
                    "{path} holds values that are not finite in {name}.",
                    "重みファイル {path} に、計算できない値が含まれています。",
                ),
                remedy=REBUILD,
                path=card.weights,
                name=name,
            )
    net.load_state_dict(tensors)
    return net.to(device).eval().requires_grad_(False)


def _tensors(card: WeightsCard) -> dict[str, Tensor]:
    try:
        return load_tensors(card.verified_bytes())
    except SafetensorError as error:
        raise BadFileError(
            Text(
                "{path} is not a safetensors file ({reason}).",
                "重みファイル {path} は壊れているか、別の形式です。",
            ),
            remedy=REBUILD,
            path=card.weights,
            reason=error,
        ) from error
