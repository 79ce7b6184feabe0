"""Tiny stand-ins for a run, which workers in other processes can import."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mi_studio.core.config import RunConfig
from mi_studio.core.outcome import Outcome
from mi_studio.core.weights import Utility
from mi_studio.sweep.grid import Grid, plan
from mi_studio.sweep.pool import Pool
from mi_studio.sweep.store import Book
from mi_studio.sweep.sweep import sweep

LOG = "MI_STUDIO_TEST_LOG"


def outcome(config: RunConfig) -> Outcome:
    return Outcome(config, {"attribute_accuracy": config.seed / 1000}, {"attribute_accuracy": 0.25},
                   Utility("test_accuracy", 0.75, 2000), None, 3, 0.01, "test", b"")  # fmt: skip


def quick(config: RunConfig, unwanted: Callable[[], bool]) -> Outcome:
    return outcome(config)


def dies_once(config: RunConfig, unwanted: Callable[[], bool]) -> Outcome:
    """Kill the worker at the first try of seed 2."""
    mark = Path(os.environ[LOG])
    if config.seed == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return outcome(config)


def always_dies(config: RunConfig, unwanted: Callable[[], bool]) -> Outcome:
    if config.seed == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return outcome(config)


def endless(config: RunConfig, unwanted: Callable[[], bool]) -> Outcome:
    from mi_studio.sweep.work import Unwanted

    Path(os.environ[LOG]).write_text(str(os.getpid()))
    while not unwanted():
        time.sleep(0.01)
    raise Unwanted


def seeds(count: int) -> Grid:
    return Grid("customers", seeds=tuple(range(count)), steps=1)


if __name__ == "__main__":  # a client that can be killed: small.py BOOK COUNT WORK
    for _ in sweep(plan(seeds(int(sys.argv[2]))), Book(Path(sys.argv[1])), Pool(2, globals()[sys.argv[3]])):
        pass
