"""Networks of the face-login scene; portraits are colour pictures of 64x64 pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.engine.models.common import Normalise, tensor


class _Block(nn.Module):
    """Two 3x3 convolutions with group normalisation and a way around them (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(8, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(8, outputs)
        self.around = nn.Conv2d(inputs, outputs, 1, stride=2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        inner = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(inner)) + self.around(x))


class FaceBody(nn.Module):
    """What a face login sees in a portrait: a residual network with group normalisation.

    Parameters
    ----------
    width
        Channels of the first layer.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.stem = nn.Sequential(Normalise(), nn.Conv2d(3, width, 3, padding=1), nn.ReLU())
        self.widths = (width, width * 2, width * 4, width * 4, width * 8)
        self.blocks = nn.ModuleList(_Block(i, o) for i, o in pairwise(self.widths))

    def maps(self, x: Tensor) -> list[Tensor]:
        """Return the maps after the stem and after each block, from 64x64 down to 4x4."""
        maps = [tensor(self.stem(x))]
        for block in self.blocks:
            maps.append(tensor(block(maps[-1])))
        return maps

    def forward(self, x: Tensor) -> Tensor:
        """Return features ``(n, 8 * width)`` of images ``(n, 3, 64, 64)`` in ``[0, 1]``."""
        return self.maps(x)[-1].mean((2, 3))


class FaceNet(nn.Module):
    """The company's face login: who of its people is on a portrait.

    Parameters
    ----------
    classes
        Number of people.
    width
        Channels of the body's first layer.
    bottleneck
        Length of a layer between body and head, as a training with an information bottleneck leaves it;
        0 for none.
    """

    def __init__(self, classes: int = 60, width: int = 32, bottleneck: int = 0) -> None:
        super().__init__()
        self.body = FaceBody(width)
        self.neck = nn.Linear(width * 8, bottleneck) if bottleneck else nn.Identity()
        self.head = nn.Linear(bottleneck or width * 8, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(n, classes)`` of images ``(n, 3, 64, 64)`` in ``[0, 1]``."""
        return tensor(self.head(self.neck(self.body(x))))


def resnet18(classes: int = 60) -> nn.Module:
    """Return torchvision's ResNet-18 (He et al. 2016) for images ``(n, 3, 64, 64)`` in ``[0, 1]``.

    Its first layers are made for 224x224 pixels; here a 3x3 convolution takes their place, so that the
    residual blocks begin at 32x32.
    """
    from torchvision.models import resnet18  # takes most of a second to import

    net = resnet18(num_classes=classes)
    net.conv1 = nn.Conv2d(3, 64, 3, stride=2, padding=1, bias=False)
    net.maxpool = nn.Identity()
    return nn.Sequential(Normalise(), net)


def leaky(x: Tensor) -> Tensor:
    """Return the leaky ReLU of a map, scaled so that its size is kept."""
    return F.leaky_relu(x, 0.2) * math.sqrt(2)


class _Modulated(nn.Module):
    """Convolution whose input channels a style scales; its outputs are brought back to unit size.

    As in StyleGAN2 (Karras et al., CVPR 2020, arXiv 1912.04958), by scaling activations, not weights.
    """

    def __init__(self, inputs: int, outputs: int, style: int) -> None:
        super().__init__()
        self.style = nn.Linear(style, inputs)
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        scale = tensor(self.style(style))
        y = tensor(self.conv(x * scale[:, :, None, None]))
        energy = self.conv.weight.square().sum((2, 3))
        unit = (scale.float().square() @ energy.T / 2 + 1e-8).rsqrt().to(y.dtype)
        # the factor of `leaky` is in unit and bias: one pass over the map less
        bias = (math.sqrt(2) * self.bias).to(y.dtype)
        y = torch.addcmul(bias[None, :, None, None], y, unit[:, :, None, None])
        return F.leaky_relu(y, 0.2)


class _Colour(nn.Module):
    """What a map adds to red, green and blue; its channels are scaled by a style."""

    def __init__(self, inputs: int, style: int) -> None:
        super().__init__()
        self.style = nn.Linear(style, inputs)
        self.conv = nn.Conv2d(inputs, 3, 1)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        return tensor(self.conv(x * tensor(self.style(style))[:, :, None, None]))


class _Doubling(nn.Module):
    """One resolution of the prior: twice as large a map, and its colours on those so far."""

    def __init__(self, inputs: int, outputs: int, style: int) -> None:
        super().__init__()
        self.before = _Modulated(inputs, outputs, style)
        self.after = _Modulated(outputs, outputs, style)
        self.colour = _Colour(outputs, style)

    def forward(self, x: Tensor, colours: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        x = self.after(F.interpolate(self.before(x, style), scale_factor=2), style)
        larger = F.interpolate(colours, scale_factor=2, mode="bilinear", align_corners=False)
        return x, larger + self.colour(x, style)


class FacePrior(nn.Module):
    """Generator of portraits: what an attacker knows about faces.

    A latent says who it is, a view how the photo was taken (pose, light, expression, background);
    both are standard normal, and the view 0 is a plain portrait.

    Parameters
    ----------
    latent, view
        Lengths of the two.
    widths
        Channels at 4, 8, 16, 32 and 64 pixels.
    style
        Length of what both are mapped to.
    """

    def __init__(
        self,
        latent: int = 96,
        view: int = 32,
        widths: Sequence[int] = (256, 256, 160, 80, 40),
        style: int = 256,
    ) -> None:
        super().__init__()
        self.latent, self.view, self._first = latent, view, widths[0]
        self.mapping = nn.ModuleList((nn.Linear(latent + view, style), nn.Linear(style, style)))
        self.start = nn.Linear(style, widths[0] * 16)
        self.first = _Modulated(widths[0], widths[0], style)
        self.colour = _Colour(widths[0], style)
        self.blocks = nn.ModuleList(_Doubling(i, o, style) for i, o in pairwise(widths))

    def raw(self, z: Tensor, view: Tensor | None = None) -> Tensor:
        """Return images ``(n, 3, 64, 64)``, about -1 to 1 but without limits: what a training needs."""
        style = torch.cat([z, z.new_zeros((len(z), self.view)) if view is None else view], 1)
        for layer in self.mapping:
            style = leaky(layer(style))
        x = tensor(self.start(style)).view(-1, self._first, 4, 4)
        x = self.first(x, style)
        colours = self.colour(x, style)
        for block in self.blocks:
            x, colours = block(x, colours, style)
        return tensor(colours)

    def forward(self, z: Tensor, view: Tensor | None = None) -> Tensor:
        """Return images ``(n, 3, 64, 64)`` in ``[0, 1]``; latents ``(n, latent)``, views ``(n, view)``."""
        return (self.raw(z, view) / 2 + 0.5).clamp(0, 1)
