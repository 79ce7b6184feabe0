"""Networks of the federated scene's clients."""

from __future__ import annotations

from torch import Tensor, nn

from mi_studio.engine.models.common import Normalise, tensor


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
            Normalise(),
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
        return tensor(self.head(self.body(x)))


class SigmoidNet(nn.Module):
    """LeNet-like network with sigmoids: smooth throughout, so that its gradient can be matched by L-BFGS.

    That of "Deep Leakage from Gradients" (Zhu et al., NeurIPS 2019, arXiv 1906.08935), which also starts from
    these uniform weights: the usual ones let gradients vanish on their way through the sigmoids.

    Parameters
    ----------
    size
        Side of the square input in pixels, a multiple of 4.
    classes
        Number of logits.
    width
        Channels of every layer.
    """

    def __init__(self, size: int = 32, classes: int = 8, channels: int = 3, width: int = 12) -> None:
        super().__init__()
        self.body = nn.Sequential(
            Normalise(),
            nn.Conv2d(channels, width, 5, stride=2, padding=2),
            nn.Sigmoid(),
            nn.Conv2d(width, width, 5, stride=2, padding=2),
            nn.Sigmoid(),
            nn.Conv2d(width, width, 5, padding=2),
            nn.Sigmoid(),
            nn.Flatten(),
        )
        self.head = nn.Linear(width * (size // 4) ** 2, classes)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.5, 0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(n, classes)`` of images ``(n, c, size, size)`` in ``[0, 1]``."""
        return tensor(self.head(self.body(x)))


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
            Normalise(),
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
        return tensor(self.head(self.body(x)))
