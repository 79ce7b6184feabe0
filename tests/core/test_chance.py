"""How rarely chance brings something about: what the verdicts on several targets rest on."""

from __future__ import annotations

import itertools

import pytest

from mi_studio.core.metrics import at_least_by_chance, at_most_by_chance


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
def test_both_are_what_counting_every_case_gives(chance: float) -> None:
    n = 5
    for k in range(n + 1):
        cases = [sum(case) for case in itertools.product((0, 1), repeat=n)]
        likely = [chance**c * (1 - chance) ** (n - c) for c in cases]
        at_least = sum(p for c, p in zip(cases, likely, strict=True) if c >= k)
        at_most = sum(p for c, p in zip(cases, likely, strict=True) if c <= k)
        assert at_least_by_chance(k, n, chance) == pytest.approx(at_least)
        assert at_most_by_chance(k, n, chance) == pytest.approx(at_most)
