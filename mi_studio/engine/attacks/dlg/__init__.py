"""Deep Leakage from Gradients (Zhu et al. 2019, arXiv 1906.08935) for one record.

Picture and soft label are moved by L-BFGS until their gradient is the one that was sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from mi_studio.engine.access import GradientLeak, Progress, Setup
from mi_studio.engine.attacks.deep_leakage import leak


def attack(access: GradientLeak, setup: Setup) -> Iterator[Progress]:
    """Yield the guess after each step, starting with noise.

    Parameters
    ----------
    access
        One client's message.
    setup
        ``targets`` are not used: the label is looked for together with the picture.
    """
    return leak(access, setup)
