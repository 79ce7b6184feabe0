"""What is answered depends on the role of the key that asks: scores, the name of the class, or nothing."""

from __future__ import annotations

from torch import Tensor

from mi_studio.core.desk import BlockReason
from mi_studio.core.knobs import Value
from mi_studio.core.step import ViewKind
from mi_studio.engine.defenses import output_restriction
from mi_studio.engine.gateway import Account, Guard, Owner

DETAIL = {"admin": "full", "partner": "round1", "public": "label", "none": "label"}
"""What each role gets, as the output restriction calls it. Without a key nothing is answered at all."""


class Roles(Guard):
    """Knows the role of the attacker's keys; all of them have the same."""

    def refuses(self, account: Account, value: Value) -> BlockReason:  # noqa: ARG002
        """Refuse everybody who has no key."""
        return "key" if value == "none" else ""

    def let_out(self, answers: Tensor, value: Value) -> Tensor:
        """Return what the role may know of answers (n, classes)."""
        return output_restriction.answer(answers, DETAIL[str(value)])

    def kind(self, value: Value) -> ViewKind:
        """Say what that is."""
        return output_restriction.kind(DETAIL[str(value)])


def guard(owner: Owner, name: str) -> Roles:  # noqa: ARG001  # it needs to know nothing of the model
    """Set up the roles."""
    return Roles()
