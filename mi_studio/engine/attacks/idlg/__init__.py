"""Improved Deep Leakage from Gradients (Zhao et al. 2020, arXiv 2001.02610) for one record.

The label is read off the message; then the picture alone is moved as in DLG.
"""

from __future__ import annotations

from collections.abc import Iterator

from mi_studio.engine.access import GradientLeak, Progress, Setup
from mi_studio.engine.attacks.deep_leakage import leak
from mi_studio.engine.attacks.updates import infer_label


def attack(access: GradientLeak, setup: Setup) -> Iterator[Progress]:
    """Yield the guess after each step, starting with noise.

    Parameters
    ----------
    access
        One client's message.
    setup
        ``targets`` are not used: the label is read off the message.
    """
    return leak(access, setup, infer_label)
