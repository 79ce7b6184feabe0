"""Coarser answers of an API."""

from __future__ import annotations

import torch
from torch import Tensor

from mi_studio.core.knobs import Value
from mi_studio.core.step import ViewKind


def answer(scores: Tensor, value: Value) -> Tensor:
    """Return what the API lets out of ``scores``.

    Parameters
    ----------
    scores
        (n, classes), each row sums to 1.
    value
        ``full``; ``round3``, ``round2``, ``round1`` (decimals); ``top3``, ``top1`` (other scores are
        withheld and read as 0); ``label`` (1 for the highest, 0 for the rest).
    """
    match str(value):
        case "full":
            return scores
        case "round3" | "round2" | "round1":
            return torch.round(scores, decimals=int(str(value)[-1]))
        case "top3" | "top1":
            kept = scores.topk(min(int(str(value)[-1]), scores.shape[1]), dim=1)
            return torch.zeros_like(scores).scatter(1, kept.indices, kept.values)
        case "label":
            return torch.zeros_like(scores).scatter(1, scores.argmax(1, keepdim=True), 1.0)
    raise ValueError(f"granularity cannot be {value!r}")


def kind(value: Value) -> ViewKind:
    """Return what an answer of this granularity is."""
    kinds: dict[str, ViewKind] = {"top3": "top", "top1": "top", "label": "labels"}
    return kinds.get(str(value), "scores")
