"""What is kept of a run."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_studio.core.history import History
from mi_studio.core.step import Step, View


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


@settings(max_examples=40)
@given(st.integers(1, 700), st.integers(4, 40), st.data())
def test_scores_all_stay_and_frames_stay_few(count, capacity, data):
    bests = data.draw(st.sets(st.integers(0, count - 1), max_size=5))
    history = History(capacity=capacity)
    for i in range(count):
        history.append(step(i, best=i in bests))
    assert [s.index for s in history.steps] == list(range(count))
    assert len(list(history.series("psnr_db"))) == count
    kept = history.kept
    assert len(kept) <= capacity + 3
    last_best = max(bests, default=0)
    assert {0, count - 1, last_best} <= set(kept)
    assert history.best_index == last_best
    assert history.final.images[0, 0, 0, 0] == last_best % 256
    assert history.last.images[0, 0, 0, 0] == (count - 1) % 256


def test_any_index_can_be_shown():
    history = History(capacity=6)
    for i in range(100):
        history.append(step(i))
    for i in (-5, 0, 17, 99, 400):
        shown = history.at(i)
        assert shown.images.shape == (1, 4, 4, 3)
        assert shown.images[0, 0, 0, 0] <= shown.index
