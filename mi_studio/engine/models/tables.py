"""Networks that read a record of a table."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from mi_studio.engine.models.common import tensor


class RecordNet(nn.Module):
    """What comes of a record, from one input for each value of each field.

    Parameters
    ----------
    sizes
        How many values each field has.
    classes
        Number of logits.
    width
        Units of each of the two hidden layers; without any it is a logistic regression.
    """

    def __init__(self, sizes: Sequence[int], classes: int, width: int = 0) -> None:
        super().__init__()
        self._sizes = tuple(sizes)
        inputs = sum(sizes)
        self.body = (
            nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
            if width
            else nn.Identity()
        )
        self.head = nn.Linear(width or inputs, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits ``(n, classes)`` of records ``int64 (n, fields)``, places in the lists of values."""
        parts = [one_hot(x[:, i].long(), size) for i, size in enumerate(self._sizes)]
        return tensor(self.head(self.body(torch.cat(parts, 1).to(self.head.weight.dtype))))
