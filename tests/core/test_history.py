"""What is kept of a run."""

import tracemalloc
import weakref
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_studio.core.desk import LINES, MARK, Desk, LogLine
from mi_studio.core.history import History
from mi_studio.core.step import Step, View

NAMES = [f"class {n}" for n in range(100)]


def step(index, objective=None, best=False, total=10_000):
    value = float(index % 251)
    return Step(
        run_id="run",
        index=index,
        total=total,
        knob_version=0,
        images=np.full((1, 4, 4, 3), index % 256, dtype=np.uint8),
        objective=-value if objective is None else objective,
        scores={"psnr_db": value},
        view=View("gradient", (("layer", 0.5),)),
        queries=index,
        seconds=index * 0.01,
        best=best,
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5_000), st.integers(4, 240), st.data())
def test_scores_all_stay_and_frames_stay_few(count, capacity, data):
    bests = data.draw(st.sets(st.integers(0, count - 1), max_size=50) | st.just(set(range(count))))
    history = History(capacity=capacity)
    made = []
    for i in range(count):
        now = step(i, best=i in bests)
        made.append(weakref.ref(now.images))
        history.append(now)
        del now
    assert [s.index for s in history.steps] == list(range(count))
    assert len(list(history.series("psnr_db"))) == count
    kept = history.kept
    assert kept == sorted(kept)
    assert len(kept) <= capacity + 3
    assert sum(images() is not None for images in made) == len(kept)  # the others are really gone
    last_best = max(bests, default=0)
    assert {0, count - 1, last_best} <= set(kept)
    assert max((b - a for a, b in pairwise(kept)), default=0) <= history.stride
    fits = [1 << n for n in range(13) if (count - 1) // (1 << n) + 1 <= capacity]
    assert history.stride == fits[0]
    assert history.best_index == last_best
    assert history.final.images[0, 0, 0, 0] == last_best % 256
    assert history.last.images[0, 0, 0, 0] == (count - 1) % 256


def test_a_long_run_keeps_its_whole_film():
    history = History()
    for i in range(4_001):
        history.append(step(i, best=True))
    assert history.stride == 32
    assert history.kept == list(range(0, 4_001, 32))


def test_any_index_can_be_shown():
    history = History(capacity=6)
    for i in range(100):
        history.append(step(i))
    for i in (-5, 0, 17, 99, 400):
        shown = history.at(i)
        assert shown.images.shape == (1, 4, 4, 3)
        assert shown.images[0, 0, 0, 0] == max(k for k in history.kept if k <= shown.index)


def test_of_a_gateways_log_no_more_is_kept_than_of_the_film():
    line = LogLine(1, 0.5, 1, False, "Ann", 0.5, (), "", bytes(MARK**2))
    desk = Desk(1, None, None, "", lines=(line,) * LINES)
    history = History(capacity=16)
    for i in range(1000):
        history.append(replace(step(i), desk=replace(desk, asked=i)))
    assert [s.index for s in history.steps if s.desk.lines] == history.kept
    assert [s.desk.asked for s in history.steps] == list(range(1000))
    assert history.bytes > len(history.kept) * LINES * MARK**2


@pytest.mark.parametrize(("side", "bars"), [(8, 4), (64, 4), (32, 100)])
def test_it_knows_about_how_much_memory_it_takes(side, bars):
    history = History()
    assert history.bytes == 0
    tracemalloc.start()
    try:
        for i in range(1_000):
            made = step(i, objective=i * 0.1, best=True)
            view = View("scores", tuple((n, i * 0.1) for n in NAMES[:bars]))
            history.append(replace(made, view=view, images=np.zeros((1, side, side, 3), np.uint8)))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.7 * taken < history.bytes < 1.5 * taken
