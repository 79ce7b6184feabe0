"""Where a run computes, and with how many threads."""

from __future__ import annotations

import os

import torch

from mi_studio.core.errors import UsageError
from mi_studio.core.text import Text, names


def pick(wanted: str) -> torch.device:
    """Return the device for ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Raises
    ------
    UsageError
        If that device is not there; the text names those that are.
    """
    there = ["cpu"]
    if torch.cuda.is_available():
        there.insert(0, "cuda")
    elif torch.backends.mps.is_available():
        # double backward through convolutions is slow or missing on some macOS versions: never automatic
        there.append("mps")
    if wanted == "auto":
        return torch.device(there[0])
    if wanted not in there:
        raise UsageError(
            Text(
                "This machine has no '{device}'; choose one of {choices}.",
                "このコンピューターには「{device}」がありません。{choices}から選んでください。",
            ),
            device=wanted,
            choices=names(["auto", *there]),
        )
    return torch.device(wanted)


def settle_threads(wanted: int | None = None) -> int:
    """Settle for ``wanted`` torch threads, or leave one core to the screen; return their number.

    With as many threads as cores the workers of OpenMP spin against the GUI and both crawl; more
    than four do not help steps as small as ours. OpenMP counts for each thread that calls it, so every
    run settles this anew.
    """
    threads = wanted or max(1, min(4, (os.cpu_count() or 2) - 1))
    torch.set_num_threads(threads)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    return threads
