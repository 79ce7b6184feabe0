"""So many answers a minute for one account; whoever asks faster waits."""

from __future__ import annotations

from mi_studio.core.knobs import Value
from mi_studio.engine.gateway import Guard, Owner


class Limit(Guard):
    """Makes accounts wait. No answer is refused, so an attack comes out the same, only later."""

    def wait(self, value: Value) -> float:
        """Return the minutes between two answers at this rate."""
        return 1 / float(value)


def guard(owner: Owner, name: str) -> Limit:  # noqa: ARG001  # it needs to know nothing of the model
    """Set up a rate limit."""
    return Limit()
