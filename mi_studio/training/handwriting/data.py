"""What the networks of the handwriting scene learn from, and what they are tested on."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from mi_studio.engine.scenes.handwriting import CHARACTERS, DIGITS
from mi_studio.training.handwriting import letters
from mi_studio.training.sources import Sources

NAMES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "a", "i", "u", "e", "o", "ka", "ki", "ku", "ke", "ko", "sa", "shi", "su", "se", "so",
    "ta", "chi", "tsu", "te", "to", "na", "ni", "nu", "ne", "no", "ha", "hi", "fu", "he", "ho",
    "ma", "mi", "mu", "me", "mo", "ya", "yu", "yo", "ra", "ri", "ru", "re", "ro", "wa", "wo", "n",
)  # fmt: skip
"""What each of `CHARACTERS` is called in file names."""

LETTER_RECORDS, LETTER_TESTS = 500, 20
DIGIT_TESTS = 60
_TEST_SEED = 1000


def records(label: int, part: str, sources: Sources) -> Tensor:
    """Return one character's pictures ``uint8 (n, 28, 28)``, white on black, in sixteen grey levels.

    Parameters
    ----------
    part
        ``train`` (500 of a letter, 800 to 1,070 of a digit) or ``test`` (20 of a letter, 60 of a digit).
    """
    character = CHARACTERS[label]
    if character not in DIGITS:
        if part == "train":
            return letters.draw(character, LETTER_RECORDS, label, sources)
        return letters.draw(character, LETTER_TESTS, _TEST_SEED + label, sources)
    data = json.loads(sources.tarball("mnist")[f"src/digits/{character}.json"])["data"]
    digits = letters.in_sixteen_levels(torch.tensor(data).reshape(-1, letters.SIDE, letters.SIDE))
    return digits[:-DIGIT_TESTS] if part == "train" else digits[-DIGIT_TESTS:]


def of(labels: Iterable[int], part: str, sources: Sources) -> tuple[Tensor, Tensor]:
    """Return the pictures ``uint8 (n, 1, 28, 28)`` of characters and the place of each one's label."""
    each = [records(label, part, sources) for label in labels]
    places = np.repeat(np.arange(len(each)), [len(x) for x in each])
    return torch.cat(each)[:, None], torch.from_numpy(places)
