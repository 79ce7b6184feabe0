"""What a recipe is, and what it is given."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mi_studio.training.sources import Sources

Report = Callable[[str, float | None], None]


@dataclass(frozen=True)
class Context:
    """Where a recipe reads, writes and reports.

    Attributes
    ----------
    work
        Folder for checkpoints, so that a killed training goes on where it was.
    """

    sources: Sources
    pretrained: Path
    assets: Path
    work: Path
    device: str
    report: Report


@dataclass(frozen=True)
class Recipe:
    """One thing that can be rebuilt.

    Attributes
    ----------
    writes
        What it writes, as patterns below the folder that holds ``assets`` and ``pretrained``.
    minutes
        Expected time on one CPU core.
    gpu_minutes
        Expected time with a GPU of a data centre; ``None`` where one does not help.
    run
        Does it.
    """

    name: str
    writes: tuple[str, ...]
    minutes: float
    run: Callable[[Context], None]
    gpu_minutes: float | None = None


class Clock:
    """Seconds of training, also across a resumed run."""

    def __init__(self, before: float = 0.0) -> None:
        self._before, self._start = before, time.monotonic()

    def seconds(self) -> float:
        """Return the seconds spent so far."""
        return self._before + time.monotonic() - self._start
