"""Secret price code: hand-drawn characters that stand for numbers; which ones is the secret."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from mi_studio.core import paths
from mi_studio.core.config import RunConfig
from mi_studio.core.step import Pictures
from mi_studio.engine.class_case import ClassCase
from mi_studio.engine.sheets import read_sheets

SHAPE = (1, 28, 28)

DIGITS = "0123456789"
HIRAGANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん"
CHARACTERS = DIGITS + HIRAGANA
"""Everything that the evaluator knows; a character's place is its label."""

SCRIPTS = {"hiragana": "おきすつなはまやれを", "digits": DIGITS}
"""The private characters of each script; the letters are the ten of Kuzushiji-MNIST (arXiv 1812.01718).

All ten digits are private: a prior of public letters alone draws most of them, so none has to be public.
"""

PUBLIC = tuple(CHARACTERS.index(character) for character in HIRAGANA if character not in SCRIPTS["hiragana"])
"""The evaluator's label of each character that the attacker knows, whichever script is private."""


def private_labels(script: str) -> tuple[int, ...]:
    """Return the evaluator's label of each private character; its place is the victim's class index."""
    return tuple(CHARACTERS.index(character) for character in SCRIPTS[script])


def open_case(config: RunConfig, device: torch.device, picture: Pictures | None) -> ClassCase:  # noqa: ARG001
    """Make the scene ready for a run; see `mi_studio.engine.case.open_case`."""
    private = private_labels(str(config.values["script"]))

    def photos(folder: str = "reference") -> tuple[Pictures, NDArray[np.int64]]:
        pictures, labels, _ = read_sheets(paths.assets() / "handwriting" / folder)
        mine = np.isin(labels, private)
        return pictures[mine][..., None], labels[mine]

    return ClassCase(config, device, SHAPE, private, photos, tests=partial(photos, "test"))
