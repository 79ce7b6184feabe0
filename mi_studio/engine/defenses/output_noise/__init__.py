"""Noise on an API's answers that is the same whenever the same is asked."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor

from mi_studio.core.knobs import Value
from mi_studio.engine.answering import as_little_shown

OWNERS_KEY = b"known to nobody but the owner of the API"
"""Stands for a secret: who knows it can compute the noise and take it off."""

DECIMALS = 4
"""So much of an answer decides its noise: what comes later in it differs between machines and batches."""


def answer(scores: Tensor, value: Value) -> Tensor:
    """Return the valid answers nearest to the scores with noise on them; the label may change.

    Parameters
    ----------
    scores
        (n, classes), ≥ 0; a score of 0 is withheld and stays so.
    value
        Standard deviation of the noise, ≥ 0.
    """
    noisy = scores + float(value) * _noise(scores)
    return as_little_shown(_nearest(torch.where(scores > 0, noisy, -torch.inf), scores.sum(1)), scores)


def _noise(scores: Tensor) -> Tensor:
    """Return standard normal numbers (n, classes), drawn by a keyed hash of each row."""
    rows = (scores.double() * 10**DECIMALS).round().to(torch.int32).cpu().numpy()
    width = 4 * rows.shape[1]
    drawn = b"".join(hashlib.shake_256(OWNERS_KEY + row.tobytes()).digest(width) for row in rows)
    uniform = (np.frombuffer(drawn, np.uint32).reshape(rows.shape) + 0.5) / 2**32
    normal: Tensor = torch.special.ndtri(torch.from_numpy(uniform))
    return normal.to(scores)


def _nearest(rows: Tensor, total: Tensor) -> Tensor:
    """Return for each row the nearest (Euclidean) one that is ≥ 0 and adds up to its total > 0, or to 0."""
    falling = rows.sort(dim=1, descending=True).values
    places = torch.arange(1, rows.shape[1] + 1, device=rows.device)
    shift = (falling.cumsum(1) - total[:, None]) / places
    kept = (falling > shift).sum(1, keepdim=True).clamp_min(1)
    return (rows - shift.gather(1, kept - 1)).clamp_min(0).nan_to_num(0)
