"""Clipping a gradient to a largest Euclidean norm."""

from __future__ import annotations

from torch import Tensor

from mi_studio.core.knobs import Value


def protect(message: list[Tensor], value: Value, draw: list[Tensor]) -> list[Tensor]:  # noqa: ARG001
    """Scale the message so that its norm over all parts is at most ``value`` (> 0, may be infinite)."""
    norm = sum(float(part.square().sum()) for part in message) ** 0.5
    scale = min(1.0, float(value) / norm) if norm > 0 else 1.0
    return [part * scale for part in message]
