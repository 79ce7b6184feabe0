"""The folder that a headless run leaves: pictures, scores and a recording."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from mi_studio.core import atomic, recording
from mi_studio.core.history import History
from mi_studio.core.recording import Recording
from mi_studio.core.records import charts
from mi_studio.core.step import Pictures

SHOWN_SIDE = 256
"""Small pictures are enlarged to about this side, pixel by pixel, so that any viewer shows them sharp."""

IN_A_ROW = 8
"""Pictures of a wall side by side: a row of 32 is wider than viewers show."""


def write_run(recorded: Recording, folder: Path) -> None:
    """Write ``result.json original.png reconstruction.png steps.csv run.mireplay`` into ``folder``.

    Raises
    ------
    OSError
        If the folder cannot be written; files already written are whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    document = json.dumps(dict(recorded.result), indent=2, ensure_ascii=False, allow_nan=False)
    atomic.write_text(folder / "result.json", document + "\n")
    atomic.write_bytes(folder / "original.png", png(recorded.secret))
    atomic.write_bytes(folder / "reconstruction.png", png(recorded.history.final.images))
    atomic.write_text(folder / "steps.csv", steps_csv(recorded.history))
    recording.save(recorded, folder / "run.mireplay")


def png(pictures: Pictures) -> bytes:
    """Return pictures as one PNG, each pixel enlarged by a whole factor: `IN_A_ROW` a row, beliefs as bars.

    What is left of the last row is black.
    """
    pictures = charts(pictures)
    n, height, width, channels = pictures.shape
    across = min(n, IN_A_ROW)
    down = -(-n // across)
    wall = np.zeros((down * across, height, width, channels), np.uint8)
    wall[:n] = pictures
    wall = wall.reshape(down, across, height, width, channels).swapaxes(1, 2)
    factor = max(1, SHOWN_SIDE // height)
    sheet = wall.reshape(down * height, across * width, channels).repeat(factor, 0).repeat(factor, 1)
    buffer = io.BytesIO()
    Image.fromarray(sheet[..., 0] if channels == 1 else sheet).save(buffer, "PNG")
    return buffer.getvalue()


def steps_csv(history: History) -> str:
    """Return every step's numbers as CSV with a header."""
    scores = sorted({name for step in history.steps for name in step.scores})
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["step", "knob_version", "seconds", "queries", "objective", *scores])
    for step in history.steps:
        values = [f"{step.scores[name]:.6g}" if name in step.scores else "" for name in scores]
        head = [step.index, step.knob_version, f"{step.seconds:.4f}", step.queries]
        writer.writerow([*head, f"{step.objective:.6g}", *values])
    return buffer.getvalue()
