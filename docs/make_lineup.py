"""Blind line-ups: whether somebody who does not know the answer recognises a reconstructed face.

    python docs/make_lineup.py             draw the sheets, and the answers into another file
    python docs/make_lineup.py --score     compare docs/lineup/picks-*.json with the answers

In each row stands a reconstruction and, after it, unseen photos of six people: the one it was made for
and the five who look most like that one. The order is random. Whoever judges sees the sheets alone and
writes picks as ``{"1": "C", ...}``, a letter for each row.
"""

from __future__ import annotations

import argparse
import json
import secrets
from pathlib import Path

import numpy as np
import torch
from loot import loot
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from sheets import INK, PAPER, font

from mi_studio.core import paths
from mi_studio.core.atomic import write_text
from mi_studio.core.config import Device
from mi_studio.core.knobs import Value
from mi_studio.core.metrics import wilson
from mi_studio.core.weights import find_weights
from mi_studio.engine import employees, models
from mi_studio.engine.judge import as_images

FOLDER = Path(__file__).parent / "lineup"
CANDIDATES, ROWS, TIMES = 6, 12, 2
LETTERS = "ABCDEF"
CASES: dict[str, dict[str, Value]] = {
    "undefended": {},
    "defended": {"neg-ls": "on"},
}
"""The best defence by the table of defended models stands beside the undefended model."""


def decoys(test: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return for each person the five most similar others (people, 5), by a net that knows neither."""
    body = models.load(find_weights("face-login", "public-body", {}))
    pictures = as_images(test.reshape(-1, *test.shape[2:]), torch.device("cpu"))
    with torch.no_grad():
        features = torch.cat([body(part) for part in torch.split(pictures, 240)])
    mean = torch.nn.functional.normalize(features, dim=1).reshape(len(test), test.shape[1], -1).mean(1)
    distances = torch.cdist(mean, mean).fill_diagonal_(torch.inf)
    return distances.argsort(1)[:, : CANDIDATES - 1].numpy()


def draw(case: str, device: Device) -> None:
    """Draw the sheets of one case, and write the answers beside them; picks of earlier sheets go."""
    (FOLDER / f"picks-{case}.json").unlink(missing_ok=True)
    _, test = employees.read_photos(paths.assets())
    pictures, like = loot(settings=CASES[case], device=device).pictures, decoys(test)
    draws = np.random.default_rng(secrets.randbits(64))
    answers = {}
    order = draws.permutation(len(pictures))
    for sheet, first in enumerate(range(0, len(order), ROWS)):
        side, gap, head = employees.SIDE * TIMES, 10, 22
        rows = order[first : first + ROWS]
        image = Image.new("RGB", (60 + 7 * (side + gap) + 30, head + len(rows) * (side + gap)), PAPER)
        pen = ImageDraw.Draw(image)
        for column, letter in enumerate(LETTERS):
            pen.text(
                (60 + 30 + (column + 1) * (side + gap) + side / 2, 11), letter, INK, font(16), anchor="mm"
            )
        for row, person in enumerate(rows):
            number, top = first + row + 1, head + row * (side + gap)
            people = draws.permutation([person, *like[person]])
            answers[str(number)] = LETTERS[int(np.flatnonzero(people == person)[0])]
            pen.text((30, top + side / 2), str(number), INK, font(20), anchor="mm")
            image.paste(_large(pictures[person], side), (60, top))
            for column, other in enumerate(people):
                photo = test[other, draws.integers(test.shape[1])]
                image.paste(_large(photo, side), (60 + 30 + (column + 1) * (side + gap), top))
        path = FOLDER / f"{case}-{sheet + 1}.webp"
        image.save(path, "WEBP", quality=88, method=6)
    write_text(FOLDER / f"answers-{case}.json", json.dumps(answers, indent=1) + "\n")


def _large(picture: NDArray[np.uint8], side: int) -> Image.Image:
    return Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)


def score(case: str) -> str:
    """Return how many picks are right, with Wilson's 95% interval."""
    answers = json.loads((FOLDER / f"answers-{case}.json").read_text("utf-8"))
    picks = json.loads((FOLDER / f"picks-{case}.json").read_text("utf-8"))
    right, n = sum(picks.get(k) == v for k, v in answers.items()), len(answers)
    low, high = wilson(right / n, n)
    return f"{case}: {right} of {n} right ({right / n:.0%}, 95% {low:.0%}–{high:.0%})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw or score blind line-ups.")
    parser.add_argument("cases", nargs="*", default=[*CASES], help=f"some of {' '.join(CASES)}")
    parser.add_argument("--score", action="store_true")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="for the reconstructions")
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    for name in options.cases:
        if options.score:
            print(score(name))
        else:
            draw(name, options.device)
