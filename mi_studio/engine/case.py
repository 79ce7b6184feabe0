"""A case: one scene made ready for one run.

It holds both sides of the fence; only `access` and `setup` reach the attack.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch

from mi_studio.core.cards import library
from mi_studio.core.config import RunConfig
from mi_studio.core.desk import Desk
from mi_studio.core.knobs import Value
from mi_studio.core.step import Pictures
from mi_studio.core.weights import Privacy, Utility
from mi_studio.engine.access import Access, Setup
from mi_studio.engine.judge import Judge


@dataclass(frozen=True)
class Worth:
    """What the protected thing is still worth, and what is guaranteed about it."""

    utility: Utility | None
    privacy: Privacy | None


class Case(Protocol):
    """One scene made ready for one run.

    Attributes
    ----------
    secret
        What is being protected, to show from the start.
    """

    access: Access
    setup: Setup
    judge: Judge
    secret: Pictures

    def turn(self, values: Mapping[str, Value]) -> None:
        """Let live knobs act on what the attacker holds, in place, between two steps."""
        ...

    def worth(self) -> Worth:
        """Return utility and privacy under the present knobs."""
        ...

    def desk(self) -> Desk | None:
        """Return what a gateway knows of the attacker under the present knobs, where one is on."""
        ...


def open_case(config: RunConfig, device: torch.device, picture: Pictures | None) -> Case:
    """Load a scene's data and weights for a run.

    Parameters
    ----------
    picture
        The user's own picture, uint8 (1, h, w, 3) of any size, where the scene takes one.

    Raises
    ------
    BadFileError
        If shipped data or weights are missing or damaged.
    """
    module = importlib.import_module(library().scene(config.scene).module)
    case: Case = module.open_case(config, device, picture)
    return case
