"""What Gaussian noise on something of bounded length guarantees, exactly."""

from __future__ import annotations

import math

import torch

DELTA = 1e-5


def epsilon(noise: float, rounds: int = 1, delta: float = DELTA) -> float:
    """Return ε of so many rounds in which everybody takes part; infinite without noise.

    Rounds of the Gaussian mechanism together are one with less noise (Dong, Roth and Su 2022, arXiv
    1905.02383), and that one's δ is known for every ε (Balle and Wang 2018, arXiv 1805.06530).

    Parameters
    ----------
    noise
        Standard deviation in each coordinate, in units of the greatest length of what is protected, ≥ 0.
    """
    if noise == 0:
        return math.inf
    size = math.sqrt(rounds) / noise

    def lost(value: float) -> float:
        near, far = size / 2 - value / size, -size / 2 - value / size
        logs = torch.special.log_ndtr(torch.tensor([near, far], dtype=torch.float64)).tolist()
        return math.exp(logs[0]) - math.exp(min(value + logs[1], 0.0))

    low, high = 0.0, size * size / 2 + 10 * size + 10
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if lost(middle) > delta else (low, middle)
    return high
