"""Networks for small grey pictures: the catalogue's victim, and the prior of several scenes' attackers."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from mi_studio.engine.models.common import Normalise, tensor


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
            Normalise(),
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
        return tensor(self.head(self.body(x)))


class Prior(nn.Module):
    """Generator of grey pictures: what an attacker knows about pictures of this kind.

    Transposed convolutions as in DCGAN (Radford et al., ICLR 2016, arXiv 1511.06434).

    Parameters
    ----------
    latent
        Length of a latent vector; latents are standard normal.
    width
        Channels of the last layer but one; each doubling of the side before it halves them.
    side
        Pixels a side.
    doublings
        How often the side is doubled to get there by transposed convolutions.
    fold
        The last layer draws a square of so many pixels a side at each place of its map, which makes large
        pictures of thin lines cheap.
    """

    def __init__(
        self, latent: int = 64, width: int = 24, side: int = 28, doublings: int = 2, fold: int = 1
    ) -> None:
        super().__init__()
        self.latent, self.view = latent, 0
        start = side // fold >> doublings
        widths = [width << left for left in range(doublings, -1, -1)]
        layers: list[nn.Module] = [
            nn.Linear(latent, widths[0] * start * start),
            nn.Unflatten(1, (widths[0], start, start)),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
        ]
        for before, after in pairwise(widths):
            layers += [
                nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
        layers.append(nn.Conv2d(width, fold * fold, 5, padding=2))
        self.body = nn.Sequential(*layers, *([nn.PixelShuffle(fold)] if fold > 1 else []), nn.Sigmoid())

    def forward(self, z: Tensor, view: Tensor | None = None) -> Tensor:  # noqa: ARG002  # one side only
        """Return images ``(n, 1, side, side)`` in ``[0, 1]`` of latents ``(n, latent)``; there is no view."""
        return tensor(self.body(z))
