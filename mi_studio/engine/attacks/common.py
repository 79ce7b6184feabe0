"""What several attacks share: losses and views."""

from __future__ import annotations

import torch
from torch import Tensor


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
    rows = _between(shifts[:, 1] * height / 2, height)
    columns = _between(shifts[:, 0] * width / 2, width)
    return torch.einsum("kyi,ncij,kxj->kncyx", rows, images, columns).flatten(0, 1)


def _between(offsets: Tensor, size: int) -> Tensor:
    """Return (k, size, size): each row's share of every pixel when a line is read ``offsets`` (k,) pixels on.

    Linear between two pixels; beyond the border the last pixel goes on.
    """
    places = torch.arange(size, device=offsets.device, dtype=offsets.dtype)
    read = (places + offsets[:, None]).clamp(0, size - 1)
    return (1 - (read[:, :, None] - places).abs()).clamp_min(0)


def total_variation(images: Tensor) -> Tensor:
    """Return the mean absolute difference between neighbours, across plus down, of (n, c, h, w)."""
    across = (images[..., :, 1:] - images[..., :, :-1]).abs().mean()
    down = (images[..., 1:, :] - images[..., :-1, :]).abs().mean()
    return across + down
