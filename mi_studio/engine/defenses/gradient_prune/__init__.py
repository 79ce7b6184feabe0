"""Keeping only the largest entries of a gradient."""

from __future__ import annotations

from torch import Tensor

from mi_studio.core.knobs import Value


def protect(message: list[Tensor], value: Value, draw: list[Tensor]) -> list[Tensor]:  # noqa: ARG001
    """Set the share ``value`` (0 to below 1) of each part's entries to zero, smallest magnitude first.

    At least one entry of each part stays, as in deep gradient compression (Lin et al. 2018).
    """
    pruned = []
    for part in message:
        drop = min(int(float(value) * part.numel()), part.numel() - 1)
        if drop == 0:
            pruned.append(part.clone())
            continue
        threshold = part.abs().flatten().kthvalue(drop).values
        pruned.append(part * (part.abs() > threshold))
    return pruned
