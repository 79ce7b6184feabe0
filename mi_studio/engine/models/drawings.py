"""The network of the factory drawings scene that is attacked."""

from __future__ import annotations

from torch import Tensor, nn

from mi_studio.engine.models.common import Normalise, tensor


class DrawingNet(nn.Module):
    """Strided convolutions with group normalisation, for drawings of 64 pixels a side.

    Parameters
    ----------
    classes
        Number of logits.
    width
        Channels of the first layer.
    """

    def __init__(self, classes: int = 16, width: int = 16) -> None:
        super().__init__()
        layers: list[nn.Module] = [Normalise()]
        channels = 1
        for kernel, after in ((5, width), (3, width * 2), (3, width * 3), (3, width * 4)):
            layers += [
                nn.Conv2d(channels, after, kernel, stride=2, padding=kernel // 2),
                nn.GroupNorm(4, after),
                nn.ReLU(),
            ]
            channels = after
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * 4 * 4, 64), nn.ReLU())
        self.head = nn.Linear(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(n, classes)`` of drawings ``(n, 1, 64, 64)`` in ``[0, 1]``."""
        return tensor(self.head(self.body(x)))
