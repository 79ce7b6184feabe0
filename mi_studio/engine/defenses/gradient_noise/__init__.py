"""Gaussian noise on a gradient, in units of its rms."""

from __future__ import annotations

from torch import Tensor

from mi_studio.core.knobs import Value


def protect(message: list[Tensor], value: Value, draw: list[Tensor]) -> list[Tensor]:
    """Add ``value`` × rms × ``draw`` to the message.

    Parameters
    ----------
    message
        One tensor per parameter.
    value
        Standard deviation of the noise in units of the rms over the whole message, ≥ 0.
    draw
        Standard normal tensors, shaped like the message, fixed for a seed: moving the slider
        rescales one draw, because a client sends a gradient once and fresh draws would average out.
    """
    count = sum(part.numel() for part in message)
    squares = sum(float(part.square().sum()) for part in message)
    scale = float(value) * (squares / count) ** 0.5
    return [part + scale * noise for part, noise in zip(message, draw, strict=True)]
