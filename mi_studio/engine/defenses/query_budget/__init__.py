"""So many answers for one client, and no more."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from mi_studio.core.knobs import Value
from mi_studio.engine.gateway import Owner, Ruling, Seen


class Budget:
    """Counts; nothing else."""

    def judge(self, images: Tensor, scores: Tensor, asked: int, value: Value) -> Ruling:  # noqa: ARG002
        """Let pass what is left of the budget."""
        left = max(0, int(float(value)) - asked)
        return Ruling(left, "budget") if left < len(images) else Ruling(len(images))

    def seen(self, value: Value, others: Seen) -> Seen:
        """Show the budget."""
        return replace(others, budget=int(float(value)))


def guard(owner: Owner, name: str) -> Budget:  # noqa: ARG001  # it needs to know nothing of the model
    """Set up a budget."""
    return Budget()
