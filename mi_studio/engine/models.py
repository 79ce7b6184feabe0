"""Every network of the zoo, and the way a weight file becomes one.

All networks take images as ``float32 (n, c, h, w)`` in ``[0, 1]`` (normalisation lies inside) and
return logits ``(n, classes)``, except the prior, which takes latents and returns images. They are
plain modules: nothing of the training, such as Opacus' hooks, is left on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (its usual name)

from mi_studio.core.errors import REBUILD, BadFileError
from mi_studio.core.text import Text
from mi_studio.core.weights import WeightsCard


class _Normalise(nn.Module):
    """Map ``[0, 1]`` to ``[-1, 1]``; fixed numbers, so that no statistic of the private data is kept."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 2 - 1


class StridedCNN(nn.Module):
    """ReLU network of strided convolutions: no pooling and no normalisation.

    The gradient of one image determines that image almost completely, as in "Inverting Gradients"
    (Geiping et al., NeurIPS 2020, arXiv 2003.14053). No layer before the head has fewer outputs than
    the image has numbers, so little of the image is lost on the way.

    Parameters
    ----------
    size
        Side of the square input in pixels, a multiple of 4.
    classes
        Number of logits.
    width
        Channels of the first layer.
    """

    def __init__(self, size: int = 32, classes: int = 8, channels: int = 3, width: int = 48) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _Normalise(),
            nn.Conv2d(channels, width, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(width, width * 3 // 2, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width * 3 // 2, width * 4 // 3, 3, padding=1),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.head = nn.Linear(width * 4 // 3 * (size // 4) ** 2, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(n, classes)`` of images ``(n, c, size, size)`` in ``[0, 1]``."""
        return _tensor(self.head(self.body(x)))


class PooledCNN(nn.Module):
    """ReLU network with group normalisation and average pooling.

    Pooling and normalisation throw information away, so the gradient of an image says less about it
    than that of `StridedCNN`.

    Parameters
    ----------
    size
        Side of the square input in pixels, 32 or 64.
    classes
        Number of logits.
    width
        Channels of the first layer.
    """

    def __init__(self, size: int = 32, classes: int = 8, channels: int = 3, width: int = 32) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _Normalise(),
            nn.Conv2d(channels, width, 3, stride=size // 32, padding=1),
            nn.GroupNorm(8, width),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(width, width * 2, 3, padding=1),
            nn.GroupNorm(8, width * 2),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(width * 2, width * 4, 3, padding=1),
            nn.GroupNorm(8, width * 4),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Flatten(),
        )
        self.head = nn.Linear(width * 4 * 4 * 4, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(n, classes)`` of images ``(n, c, size, size)`` in ``[0, 1]``."""
        return _tensor(self.head(self.body(x)))


class SmallCNN(nn.Module):
    """Victim of the catalogue scene: a small network with group normalisation.

    Batch normalisation mixes the records of a batch and so has no per-record gradient; group
    normalisation does, which is why networks for DP-SGD use it (Abadi et al., CCS 2016, arXiv
    1607.00133; De et al. 2022, arXiv 2204.13650).

    Parameters
    ----------
    classes
        Number of logits.
    width
        Channels of the first layer.
    """

    def __init__(self, classes: int = 5, channels: int = 1, width: int = 16) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _Normalise(),
            nn.Conv2d(channels, width, 5, stride=2, padding=2),
            nn.GroupNorm(4, width),
            nn.ReLU(),
            nn.Conv2d(width, width * 2, 3, padding=1),
            nn.GroupNorm(4, width * 2),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(width * 2, width * 4, 3, padding=1),
            nn.GroupNorm(4, width * 4),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(width * 4 * 3 * 3, 64),
            nn.ReLU(),
        )
        self.head = nn.Linear(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(n, classes)`` of images ``(n, 1, 28, 28)`` in ``[0, 1]``."""
        return _tensor(self.head(self.body(x)))


class _Residual(nn.Module):
    """Two 3x3 convolutions with batch normalisation and a way around them (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.around = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.conv1(F.silu(self.norm1(x)))
        return _tensor(self.around(x) + self.conv2(F.silu(self.norm2(inner))))


class Evaluator(nn.Module):
    """Independent judge of the catalogue scene: batch normalisation, residual blocks, SiLU.

    It shares no architecture with `SmallCNN` and no attack may see it: it only measures whether a
    reconstruction looks like its class to a network that was not attacked.

    Parameters
    ----------
    classes
        Number of logits.
    width
        Channels of the first stage.
    """

    def __init__(self, classes: int = 10, channels: int = 1, width: int = 20) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _Normalise(),
            nn.Conv2d(channels, width, 5, stride=2, padding=2, bias=False),
            _Residual(width, width, 1),
            _Residual(width, width * 2, 2),
            _Residual(width * 2, width * 4, 1),
            nn.BatchNorm2d(width * 4),
            nn.SiLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.head = nn.Linear(width * 4, classes)

    def features(self, x: Tensor) -> Tensor:
        """Return the penultimate features ``(n, 4 * width)`` of images, each of Euclidean length 1."""
        return F.normalize(_tensor(self.body(x)), dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(n, classes)`` of images ``(n, 1, 28, 28)`` in ``[0, 1]``."""
        return _tensor(self.head(self.body(x)))


class Prior(nn.Module):
    """Generator of 28x28 pictures: what an attacker knows about pictures of this kind.

    Transposed convolutions as in DCGAN (Radford et al., ICLR 2016, arXiv 1511.06434).

    Parameters
    ----------
    latent
        Length of a latent vector; latents are standard normal.
    width
        Channels at full resolution.
    """

    def __init__(self, latent: int = 64, width: int = 24) -> None:
        super().__init__()
        self.latent = latent
        self.body = nn.Sequential(
            nn.Linear(latent, width * 4 * 7 * 7),
            nn.Unflatten(1, (width * 4, 7, 7)),
            nn.BatchNorm2d(width * 4),
            nn.ReLU(),
            nn.ConvTranspose2d(width * 4, width * 2, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width * 2),
            nn.ReLU(),
            nn.ConvTranspose2d(width * 2, width, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, 1, 5, padding=2),
            nn.Sigmoid(),
        )

    def forward(self, z: Tensor) -> Tensor:
        """Return images ``(n, 1, 28, 28)`` in ``[0, 1]`` for latents ``(n, latent)``."""
        return _tensor(self.body(z))


ARCHITECTURES: Mapping[str, Callable[..., nn.Module]] = {
    "strided-cnn": StridedCNN,
    "pooled-cnn": PooledCNN,
    "small-cnn": SmallCNN,
    "evaluator": Evaluator,
    "prior": Prior,
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
    """Return the network of a card, checked, frozen and in evaluation mode.

    Parameters
    ----------
    card
        ``details["build"]`` holds the arguments of `build`.
    device
        Where the network goes.

    Raises
    ------
    BadFileError
        If the file is not the card's, or its tensors have wrong names, wrong shapes or values that
        are not finite.
    """
    try:
        tensors = load_tensors(card.verified_bytes())
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


def _tensor(value: Any) -> Tensor:
    # nn.Module.__call__ is untyped; this keeps strict typing honest at one place
    assert isinstance(value, Tensor)
    return value
