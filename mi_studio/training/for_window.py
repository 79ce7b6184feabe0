"""The training of one ε as a process of its own, for a window that shows how far it is.

It writes one JSON object a line: ``{"share": 0.4}`` while it goes on, and last ``{"card": "PATH"}`` or
``{"error": {"en": "…", "ja": "…"}}``. It ends with whoever started it: when its input closes, it is gone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from mi_studio.core.errors import StudioError

EVERY = 0.1
"""Seconds between two lines about how far it is, at least."""

GONE = 4


def serve(scene: str, epsilon: float, wanted: Mapping[str, str | float], **options: Any) -> int:
    """Train, tell, and return an exit code; ``options`` go to `mi_studio.training.exact.train_exactly`."""
    threading.Thread(target=_end_with_the_input, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(5)  # the attack on the stage comes first
    told = 0.0

    def done(share: float) -> None:
        nonlocal told
        if share >= 1 or time.monotonic() - told >= EVERY:
            told = time.monotonic()
            _tell({"share": round(share, 4)})

    try:
        from mi_studio.training.exact import train_exactly

        card = train_exactly(scene, epsilon, wanted, done, **options)
    except StudioError as error:
        _tell({"error": {"en": error.text.en, "ja": error.text.ja}})
        return 3
    _tell({"card": str(card.path)})
    return 0


def _tell(line: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _end_with_the_input() -> None:
    while os.read(0, 1):  # not sys.stdin: at its own end Python would wait for whoever reads that
        pass
    os._exit(GONE)  # nothing is open that could be left half-written: writes take a file's place at once
