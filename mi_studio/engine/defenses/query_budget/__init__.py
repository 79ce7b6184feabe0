"""So many answers for one account, and no more."""

from __future__ import annotations

from dataclasses import replace

from mi_studio.core.desk import BlockReason
from mi_studio.core.knobs import Value
from mi_studio.engine.gateway import Account, Guard, Owner, Seen


class Budget(Guard):
    """Counts; nothing else."""

    def refuses(self, account: Account, value: Value) -> BlockReason:
        """Refuse an account that has used its budget up."""
        return "budget" if account.asked >= int(float(value)) else ""

    def seen(self, minute: float, value: Value, others: Seen) -> Seen:  # noqa: ARG002
        """Show the budget."""
        return replace(others, budget=int(float(value)))


def guard(owner: Owner, name: str) -> Budget:  # noqa: ARG001  # it needs to know nothing of the model
    """Set up a budget."""
    return Budget()
