"""Sending a gradient with few bits for each number."""

from __future__ import annotations

import torch
from torch import Tensor

from mi_studio.core.knobs import Value

BITS = {"8bit": 8, "4bit": 4, "2bit": 2}
"""One of them is for the sign."""


def protect(message: list[Tensor], value: Value, draw: list[Tensor]) -> list[Tensor]:
    """Round each part to few levels, evenly spaced up to its largest magnitude, or to its signs.

    Parameters
    ----------
    message
        One tensor per parameter.
    value
        ``full`` changes nothing; ``8bit``, ``4bit`` and ``2bit`` round up or down at random, so that the
        expected value stays (QSGD); ``sign`` keeps the signs, and of each part its mean magnitude.
    draw
        Standard normal tensors, shaped like the message, fixed for a seed: a client sends once, and what is
        rounded anew each time would average out.
    """
    if value == "full":
        return message
    if value == "sign":
        # one bit has no place for zero
        return [torch.where(part < 0, -1.0, 1.0) * part.abs().mean() for part in message]
    levels = 2 ** (BITS[str(value)] - 1) - 1
    return [_rounded(part, levels, chance) for part, chance in zip(message, draw, strict=True)]


def _rounded(part: Tensor, levels: int, draw: Tensor) -> Tensor:
    unit = part.abs().max() / levels
    if not unit > 0:
        return part
    # the late digits of the draw: its early ones may already be in the message, as noise
    chance = (torch.special.ndtr(draw) * 4096) % 1
    rounded: Tensor = (part / unit + chance).floor() * unit
    return rounded
