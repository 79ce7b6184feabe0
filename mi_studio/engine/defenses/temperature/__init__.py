"""Softer answers: the scores' logarithms divided by a temperature."""

from __future__ import annotations

from torch import Tensor

from mi_studio.core.knobs import Value
from mi_studio.engine.answering import as_little_shown, with_its_label


def answer(scores: Tensor, value: Value) -> Tensor:
    """Return the softmax of the log-scores divided by ``value``; the label stays.

    Parameters
    ----------
    scores
        (n, classes), ≥ 0; a score of 0 is withheld and stays so.
    value
        The temperature, ≥ 1; 1 changes nothing.
    """
    softer = (scores.clamp_min(1e-45).log() / float(value)).softmax(1)
    return with_its_label(as_little_shown(softer, scores), scores)
