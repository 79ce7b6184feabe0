"""The network that judges what an attack brought out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (its usual name)

from mi_studio.engine.models.common import Normalise, tensor


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
        return tensor(self.around(x) + self.conv2(F.silu(self.norm2(inner))))


class Evaluator(nn.Module):
    """Independent judge: batch normalisation, residual blocks, SiLU.

    It differs from the networks under attack in normalisation, activation and widths, and no attack may see
    it: it only measures whether a reconstruction looks like its class to a network that was not attacked.

    Parameters
    ----------
    classes
        Number of logits.
    channels
        Colours of a picture.
    width
        Channels of the first layer.
    stages
        For each residual block its channels, in widths, and its stride.
    """

    def __init__(
        self,
        classes: int = 10,
        channels: int = 1,
        width: int = 20,
        stages: Sequence[Sequence[int]] = ((1, 1), (2, 2), (4, 1)),
    ) -> None:
        super().__init__()
        widths = [width, *(width * times for times, _ in stages)]
        blocks = [
            _Residual(inputs, outputs, stride)
            for (inputs, outputs), (_, stride) in zip(pairwise(widths), stages, strict=True)
        ]
        self.body = nn.Sequential(
            Normalise(),
            nn.Conv2d(channels, width, 5, stride=2, padding=2, bias=False),
            *blocks,
            nn.BatchNorm2d(widths[-1]),
            nn.SiLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.head = nn.Linear(widths[-1], classes)

    def features(self, x: Tensor) -> Tensor:
        """Return the penultimate features ``(n, d)`` of images, each of Euclidean length 1."""
        return F.normalize(tensor(self.body(x)), dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(n, classes)`` of images ``(n, channels, h, w)`` in ``[0, 1]``."""
        return tensor(self.head(self.body(x)))
