"""The most likely value of a hidden field, given the model file and what was decided about somebody.

The combinations are those of `attribute_map`. How likely the decision is under each of them, the model itself
says: it gives a probability to every decision.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mi_studio.engine.access import Progress
from mi_studio.engine.attacks.attribute_map import search
from mi_studio.engine.records import RecordFile, RecordSetup


def attack(access: RecordFile, setup: RecordSetup) -> Iterator[Progress]:
    """Yield what the attacker believes of each victim; each step tries some more combinations."""

    @torch.no_grad()
    def likelihood(records: Tensor) -> Tensor:
        chances = access.model(records.flatten(0, 1)).softmax(1).reshape(*records.shape[:2], -1)
        decided = access.outcomes[:, None, None].expand(-1, records.shape[1], 1)
        fitting: Tensor = chances.gather(2, decided)[:, :, 0]
        return fitting

    return search(access, setup, likelihood)
