"""Customer records: a model that decides about people, and an attacker after one field of theirs."""

from __future__ import annotations

import torch

from mi_studio.core.config import RunConfig
from mi_studio.core.step import Pictures
from mi_studio.engine.records import RecordCase


def open_case(config: RunConfig, device: torch.device, picture: Pictures | None) -> RecordCase:  # noqa: ARG001
    """Make the scene ready for a run; see `mi_studio.engine.case.open_case`."""
    return RecordCase(config, device)
