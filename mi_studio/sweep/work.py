"""One run on a worker: a configuration goes in, an outcome or a failure comes out."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mi_studio import __version__
from mi_studio.core.config import RunConfig
from mi_studio.core.errors import StudioError
from mi_studio.core.outcome import MAX_THUMBNAIL, Outcome
from mi_studio.core.records import charts
from mi_studio.core.step import Pictures
from mi_studio.core.text import Text

SIDE = 72
"""Of each picture in a thumbnail, in pixels; smaller ones stay as they are."""

MOST_PICTURES = 8
ACROSS = 4


@dataclass(frozen=True, slots=True)
class Failed:
    """A run that came to no outcome, and why."""

    config: RunConfig
    why: Text


class Unwanted(Exception):  # noqa: N818 -- not an error
    """Nobody waits for this run any more."""


def carry_out(config: RunConfig, unwanted: Callable[[], bool] = lambda: False) -> Outcome | Failed:
    """Run a configuration to its end with one torch thread.

    Raises
    ------
    Unwanted
        At the first step at which ``unwanted()`` is true.
    """
    from mi_studio.engine import Run

    try:
        run = Run(config, threads=1)
        for _ in run:
            if unwanted():
                raise Unwanted
        scores = {name: float(np.mean(values)) for name, values in run.final_scores().items()}
        return Outcome(
            config=config,
            scores=scores,
            base={k: float(v) for k, v in run.base_rates.items() if k in scores},
            utility=run.utility,
            privacy=run.privacy,
            queries=run.history.last.queries,
            seconds=run.history.last.seconds,
            version=__version__,
            thumbnail=thumbnail(run.history.final.images),
            loot=hashlib.sha256(run.history.final.images.tobytes()).hexdigest()[:16],
        )
    except Unwanted:
        raise
    except StudioError as error:
        return Failed(config, error.text)
    except Exception as error:  # noqa: BLE001 -- whatever one run does, the others go on
        line = " ".join(str(error).split()) or type(error).__name__
        return Failed(config, Text(line, f"予期しないエラーが起きました（{type(error).__name__}）。"))


def thumbnail(pictures: Pictures) -> bytes:
    """Return pictures (n, h, w, c) as a small WebP, in rows; beliefs about a record as bars."""
    images = [_small(picture) for picture in charts(pictures)[:MOST_PICTURES]]
    wide, high = (max(side) for side in zip(*(i.size for i in images), strict=True))
    across = min(ACROSS, len(images))
    sheet = Image.new("RGB", (across * wide, -(-len(images) // across) * high))
    for place, image in enumerate(images):
        sheet.paste(image, (place % across * wide, place // across * high))
    for quality in (80, 50, 20):
        buffer = io.BytesIO()
        sheet.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= MAX_THUMBNAIL:
            break
    return buffer.getvalue()


def _small(picture: Pictures) -> Image.Image:
    image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).convert("RGB")
    if max(image.size) > SIDE:
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return image
