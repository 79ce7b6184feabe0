"""How long a run will still take."""

from __future__ import annotations

import pytest

from mi_studio.studio.pace import Pace, left_in_words


def test_nothing_is_said_before_anything_is_known() -> None:
    pace = Pace()
    assert pace.left(100) is None
    pace.note(0.0, 0)
    pace.note(0.5, 10)
    assert pace.left(100) is None
    pace.note(2.0, 20)
    assert pace.left(100) == pytest.approx(8.0)


def test_only_the_last_seconds_count() -> None:
    pace = Pace()
    for second in range(10):
        pace.note(float(second), second)  # one a second
    for second in range(10, 30):
        pace.note(float(second), 10 + 10 * (second - 10))  # then ten
    assert pace.left(300) == pytest.approx((300 - 200) / 10)


def test_a_run_that_begins_anew_is_not_measured_by_the_old_one() -> None:
    pace = Pace()
    pace.note(0.0, 0)
    pace.note(5.0, 50)
    pace.note(5.1, 0)
    assert pace.left(100) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "about 5 s left"),
        (43.0, "about 45 s left"),
        (89.0, "about 90 s left"),
        (90.0, "about 2 min left"),
    ],
)
def test_time_left_is_said_roughly(seconds: float, said: str) -> None:
    assert left_in_words(seconds).en == said
