"""The shelf: whole runs at hand, within a bound on memory."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mi_studio.core.config import resolve
from mi_studio.core.step import Step, View
from mi_studio.studio.lanes import Lane, Shelf


def a_lane(side: int, steps: int = 3) -> Lane:
    lane = Lane(1, resolve("federated"))
    for i in range(steps):
        images = np.zeros((1, side, side, 3), np.uint8)
        lane.history.append(Step("run", i, steps, 0, images, 0.0, {}, View("gradient", ()), 0, 0.0, True))
    return lane


def test_the_oldest_run_is_forgotten_first() -> None:
    lanes = {key: a_lane(64) for key in "abc"}
    shelf = Shelf(budget=2 * lanes["a"].history.bytes)
    for key, lane in lanes.items():
        shelf.keep(key, lane)
    assert shelf.find("a") is None
    assert shelf.find("b") is lanes["b"]
    assert shelf.find("c") is lanes["c"]
    shelf.keep("b", lanes["b"])
    shelf.keep("d", a_lane(64))
    assert shelf.find("c") is None
    assert shelf.find("b") is lanes["b"]


def test_many_runs_of_large_pictures_stay_within_the_bound() -> None:
    shelf = Shelf()
    for key in range(12):
        shelf.keep(str(key), a_lane(64, steps=501))
    assert shelf.bytes <= 16 * 2**20
    assert shelf.find("11") is not None


@given(st.lists(st.integers(1, 64), max_size=12), st.integers(0, 50_000))
def test_the_bound_holds_whatever_is_kept(sides: list[int], budget: int) -> None:
    shelf = Shelf(budget=budget)
    for key, side in enumerate(sides):
        lane, before = a_lane(side), shelf.bytes
        shelf.keep(str(key), lane)
        assert shelf.bytes <= budget
        assert lane.history.bytes <= budget or shelf.bytes == before  # too large a run pushes nothing out
        assert (shelf.find(str(key)) is lane) == (lane.history.bytes <= budget)
