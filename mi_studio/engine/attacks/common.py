"""What several attacks share: losses, views and random drawings."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor, nn

from mi_studio.engine.access import Setup


def adam(
    parameters: list[Tensor],
    rate: float,
    device: torch.device,
    betas: tuple[float, float] = (0.9, 0.999),
) -> tuple[torch.optim.Adam, Callable[[float], None]]:
    """Return Adam and what sets its learning rate; on CUDA both work inside a captured graph."""
    if device.type != "cuda":
        optimiser = torch.optim.Adam(parameters, lr=rate, betas=betas)

        def set_rate(value: float) -> None:
            optimiser.param_groups[0]["lr"] = value

        return optimiser, set_rate
    place = torch.tensor(rate, device=device)

    def fill(value: float) -> None:
        place.fill_(value)

    return torch.optim.Adam(parameters, lr=place, betas=betas, capturable=True), fill


def settling(index: int, count: int) -> float:
    """Return the share of the learning rate at step ``index`` of ``count``: it falls over the last half."""
    return min(1.0, 2 * (1 - index / count) + 0.05)


def cooling(index: int, count: int) -> float:
    """Return the share of the learning rate at step ``index`` of ``count``: it falls along half a cosine."""
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * index / count))


def fresh(net: nn.Sequential, draws: torch.Generator, reach: Callable[[int], float]) -> nn.Sequential:
    """Return a network with weights from the run's own draws, whatever else has drawn before.

    They are uniform up to ``reach`` of how many numbers an output is made of; biases are 0.
    """
    with torch.no_grad():
        for layer in net:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                bound = reach(layer.weight[0].numel())
                layer.weight.copy_((torch.rand(layer.weight.shape, generator=draws) * 2 - 1) * bound)
                assert layer.bias is not None
                layer.bias.zero_()
    return net


def lean(device: torch.device, wanted: bool = True) -> torch.autocast:
    """Return a context in which convolutions are computed in bfloat16, where that is much faster.

    That is on processors with instructions for it (AMX, AVX-512 BF16), where a step of the face login takes
    half the time, or two thirds.
    What is found is judged in full precision, and attacks whose gradient is itself differentiated stay out.
    """
    # CUDA would gain as well; there nobody has measured what it does to the result
    able = device.type == "cpu" and _computes_bfloat16()
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=wanted and able)


@cache
def _computes_bfloat16() -> bool:
    return torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()


PART = 400_000
"""Pixels that go through networks at once, which bounds the memory; eight times as many on a GPU."""


def parts(rows: int, shape: tuple[int, int, int], device: torch.device, views: int = 1) -> list[slice]:
    """Cut rows of pictures, each seen in so many views, into parts of about `PART` pixels."""
    room = PART * (8 if device.type == "cuda" else 1)
    size = max(1, room // (math.prod(shape) * views))
    return [slice(first, min(first + size, rows)) for first in range(0, rows, size)]


def groups(setup: Setup) -> tuple[Tensor, ...]:
    """Return the places of the targets that are taken up together, group by group; see `Setup.turns`."""
    return torch.arange(len(setup.targets), device=setup.device).tensor_split(setup.turns)


class Candidates:
    """Hands out random latents (n, latent) and their pictures in the plain view: first those in the bank.

    Parameters
    ----------
    chunk
        How many at a time.
    """

    def __init__(self, setup: Setup, chunk: int, draws: torch.Generator) -> None:
        self._setup, self._chunk, self._draws = setup, chunk, draws
        known = len(setup.bank) if setup.bank else 0
        self._order = torch.randperm(known, generator=draws) if known else torch.zeros(0, dtype=torch.int64)

    @torch.no_grad()
    def __call__(self) -> tuple[Tensor, Tensor]:
        """Return the next latents (n, latent) and pictures (n, c, h, w)."""
        prior, device = self._setup.need_prior(), self._setup.device
        if self._setup.bank and len(self._order) >= self._chunk:
            taken, self._order = self._order[: self._chunk], self._order[self._chunk :]
            return self._setup.bank.take(taken, device)
        latents = torch.randn((self._chunk, prior.latent), generator=self._draws).to(device)
        drawn = [prior(latents[part]) for part in parts(len(latents), self._setup.shape, device)]
        return latents, torch.cat(drawn)


def margin(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the largest other logit minus the target's, (n,): negative where the model says the target.

    Unlike cross-entropy it keeps its gradient when the model is already sure (Yuan et al. 2023,
    arXiv 2302.09814).
    """
    target = logits.gather(1, labels[:, None])[:, 0]
    others = logits.scatter(1, labels[:, None], -torch.inf).amax(1)
    return others - target


def random_shifts(
    count: int, shape: tuple[int, int, int], draws: torch.Generator, reach: float = 2.0
) -> Tensor:
    """Return (count, 2) random shifts of up to ``reach`` pixels, in the units of `shifted`."""
    size = torch.tensor([shape[2], shape[1]], dtype=torch.float32)
    return (torch.rand((count, 2), generator=draws) * 2 - 1) * reach * 2 / size


def shifted(images: Tensor, shifts: Tensor) -> Tensor:
    """Return every image under every shift: (k·n, c, h, w), the n images of the first shift first.

    Works on static tensors only, so that it can be captured in a CUDA graph, and by matrix products,
    whose gradient is the same every time, as that of ``grid_sample`` on CUDA is not.
    """
    height, width = images.shape[2:]
    still = torch.ones_like(shifts[:, 0])
    rows = _reading(still, shifts[:, 1], height)
    columns = _reading(still, shifts[:, 0], width)
    return torch.einsum("kyi,ncij,kxj->kncyx", rows, images, columns).flatten(0, 1)


ZOOM, MOVE, COLOUR = 0.08, 0.05, 0.06
"""Standard deviations by which `varied` zooms, moves (of the half side) and colours."""


def random_variations(count: int, draws: torch.Generator) -> Tensor:
    """Return (count, 9) random variations as `varied` takes them."""
    drawn = torch.randn((count, 8), generator=draws)
    mirror = torch.rand((count, 1), generator=draws)
    return torch.cat([mirror, drawn], 1)


def varied(images: Tensor, variations: Tensor) -> Tensor:
    """Return images (n, 3, h, w) mirrored, zoomed, moved and coloured a little, each in its own way (n, 9).

    It works as `shifted` does.
    """
    height, width = images.shape[2:]
    mirror, zoom = 1 - 2 * variations[:, 0].round(), 1 + ZOOM * variations[:, 1].clamp(-2, 2)
    across, down = (MOVE * variations[:, 2:4]).unbind(1)
    light, shade, tint = variations[:, 4], variations[:, 5], variations[:, 6:]
    rows, columns = _reading(zoom, down, height), _reading(zoom * mirror, across, width)
    seen = rows[:, None] @ images @ columns[:, None].transpose(2, 3)
    brightness = COLOUR / 2 * (shade[:, None] + 0.4 * tint)
    return (1 + COLOUR * light)[:, None, None, None] * (seen - 0.5) + 0.5 + brightness[:, :, None, None]


def _reading(zoom: Tensor, offset: Tensor, size: int) -> Tensor:
    """Return (k, size, size): each place's share of every pixel when a line is read zoomed and ``offset`` on.

    Offsets (k,) are in half lines. Linear between two pixels; beyond the border the last pixel goes on.
    """
    places = torch.arange(size, device=offset.device, dtype=offset.dtype)
    middle = (size - 1) / 2
    read = (places - middle) * zoom[:, None] + middle + (offset * size / 2)[:, None]
    return (1 - (read.clamp(0, size - 1)[:, :, None] - places).abs()).clamp_min(0)


def total_variation(images: Tensor) -> Tensor:
    """Return the mean absolute difference between neighbours, across plus down, of (n, c, h, w)."""
    across = (images[..., :, 1:] - images[..., :, :-1]).abs().mean()
    down = (images[..., 1:, :] - images[..., :-1, :]).abs().mean()
    return across + down
