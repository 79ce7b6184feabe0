"""What several attacks share: losses and views."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample


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

    Works on static tensors only, so that it can be captured in a CUDA graph.
    """
    count, copies = len(images), len(shifts)
    still = torch.eye(2, 3, device=images.device).expand(copies, 2, 3)
    moved = torch.cat([still[:, :, :2], shifts[:, :, None]], dim=2)
    grid = affine_grid(moved.repeat_interleave(count, 0), [copies * count, *images.shape[1:]], False)
    return grid_sample(images.repeat(copies, 1, 1, 1), grid, padding_mode="border", align_corners=False)


def total_variation(images: Tensor) -> Tensor:
    """Return the mean absolute difference between neighbours, across plus down, of (n, c, h, w)."""
    across = (images[..., :, 1:] - images[..., :, :-1]).abs().mean()
    down = (images[..., 1:, :] - images[..., :-1, :]).abs().mean()
    return across + down
