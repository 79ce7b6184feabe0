"""MI-Face (Fredrikson et al. 2015, doi 10.1145/2810103.2813677): inversion in pixel space.

Small grey pictures are moved pixel by pixel. In colour that gives only coloured noise, so there the
attack gets its best chance: pictures made of coarse and fine layers, muted colours, little contrast, and
gradients averaged over copies that are varied as photos of one person are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from mi_studio.engine.access import Progress, Setup, WhiteBox
from mi_studio.engine.attacks import common
from mi_studio.engine.stepper import Stepper

LEARNING_RATE = 0.05
COPIES = 4
TOTAL_VARIATION = 3.0

COARSENESS = (8, 4, 2, 1)
"""Pixels on a side that each layer of a colour picture takes together."""
FINER = 0.7
"""Strength of a layer, in that of the next coarser one."""
CHROMA = 0.3
"""Strength of colours, in that of light and dark."""
ENOUGH = 10.0
"""Margin in logits beyond which a colour picture gains nothing."""
COLOUR_TOTAL_VARIATION = 10.0
CONTRAST = 10.0
"""Weight of a colour picture's mean squared difference from grey."""


class Canvas(Protocol):
    """Pictures that an optimiser can move.

    Attributes
    ----------
    parameters
        What it moves.
    settles
        Whether it moves less and less over the last half.
    """

    parameters: list[Tensor]
    settles: bool

    def paint(self) -> Tensor:
        """Return the pictures (n, c, h, w) in 0–1."""
        ...

    def copies(self, pictures: Tensor) -> Tensor:
        """Return varied copies (`COPIES` · n, c, h, w), one of each picture after the other."""
        ...

    def cost(self, pictures: Tensor, margins: Tensor) -> Tensor:
        """Return the cost of pictures whose copies have these margins."""
        ...

    def draw(self, draws: torch.Generator) -> None:
        """Vary the copies in new ways from now on."""
        ...

    def settle(self) -> None:
        """Bring the parameters back to where they may be."""
        ...


def attack(access: WhiteBox, setup: Setup) -> Iterator[Progress]:
    """Yield the pictures of all targets after each step, starting from grey.

    The cost is the paper's, one minus the confidence in the target class, here as its margin so that
    a confident model still gives a gradient, plus a total variation.
    """
    labels = torch.tensor(setup.targets, device=setup.device)
    draws = setup.draws()
    canvas: Canvas = _Layers(setup) if setup.shape[0] > 1 else _Pixels(setup)
    images = torch.zeros((len(labels), *setup.shape), device=setup.device)
    objective = torch.zeros((), device=setup.device)
    optimiser, set_rate = common.adam(canvas.parameters, LEARNING_RATE, setup.device)

    def look() -> None:
        pictures = canvas.paint()
        margins = common.margin(access.model(canvas.copies(pictures)), labels.repeat(COPIES))
        cost = canvas.cost(pictures, margins)
        optimiser.zero_grad(set_to_none=False)
        cost.backward()  # type: ignore[no-untyped-call]
        objective.copy_(cost.detach())
        images.copy_(pictures.detach())

    def step() -> None:
        optimiser.step()
        canvas.settle()
        look()  # last, so that the objective is that of the pictures which are handed out

    stepper = Stepper(step, setup.device)
    seen = access.version
    look()
    yield Progress(images, float(objective))
    for index in range(setup.steps):
        if access.version != seen:  # another model: its gradient is not the one that was taken
            seen = access.version
            stepper.renew()
            look()
        canvas.draw(draws)
        if canvas.settles:
            set_rate(LEARNING_RATE * common.settling(index, setup.steps))
        stepper()
        yield Progress(images, float(objective))


class _Pixels:
    """Each pixel by itself; the copies are moved by up to two pixels."""

    settles = False

    def __init__(self, setup: Setup) -> None:
        start = torch.full((len(setup.targets), *setup.shape), 0.5)
        self._images = start.to(setup.device).requires_grad_(True)
        self._shifts = torch.zeros((COPIES, 2), device=setup.device)
        self.parameters = [self._images]

    def paint(self) -> Tensor:
        return self._images

    def copies(self, pictures: Tensor) -> Tensor:
        return common.shifted(pictures, self._shifts)

    def cost(self, pictures: Tensor, margins: Tensor) -> Tensor:
        return margins.mean() + TOTAL_VARIATION * common.total_variation(pictures)

    def draw(self, draws: torch.Generator) -> None:
        shape = self._images.shape[1], self._images.shape[2], self._images.shape[3]
        self._shifts.copy_(common.random_shifts(COPIES, shape, draws))

    def settle(self) -> None:
        with torch.no_grad():
            self._images.clamp_(0, 1)


class _Layers:
    """Coarse and fine layers on top of each other; the copies are varied as photos of one person are."""

    settles = True

    def __init__(self, setup: Setup) -> None:
        count, (channels, height, width) = len(setup.targets), setup.shape
        sizes = [(max(1, height // c), max(1, width // c)) for c in COARSENESS]
        self._rows = [_stretch(h, height).to(setup.device) for h, _ in sizes]
        self._columns = [_stretch(w, width).T.to(setup.device) for _, w in sizes]
        self._variations = torch.zeros((COPIES * count, 9), device=setup.device)
        self.parameters = [
            torch.zeros((count, channels, *size), device=setup.device, requires_grad=True) for size in sizes
        ]

    def paint(self) -> Tensor:
        layers = zip(self._rows, self.parameters, self._columns, strict=True)
        raw = torch.stack([FINER**i * (r @ p @ c) for i, (r, p, c) in enumerate(layers)]).sum(0)
        grey = raw.mean(1, keepdim=True)
        return torch.sigmoid(4 * (grey + CHROMA * (raw - grey)))

    def copies(self, pictures: Tensor) -> Tensor:
        return common.varied(pictures.repeat(COPIES, 1, 1, 1), self._variations)

    def cost(self, pictures: Tensor, margins: Tensor) -> Tensor:
        smooth = COLOUR_TOTAL_VARIATION * common.total_variation(pictures)
        return margins.clamp_min(-ENOUGH).mean() + smooth + CONTRAST * (pictures - 0.5).square().mean()

    def draw(self, draws: torch.Generator) -> None:
        self._variations.copy_(common.random_variations(len(self._variations), draws))

    def settle(self) -> None:
        """Any number is a picture."""


def _stretch(few: int, many: int) -> Tensor:
    """Return (many, few), which stretches a line of ``few`` places to ``many``, linear between two."""
    return F.interpolate(torch.eye(few)[None], size=many, mode="linear", align_corners=False)[0].T
