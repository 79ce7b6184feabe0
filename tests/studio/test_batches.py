"""A batch of records on the stage: what is shown before a run, and what is said of many pictures at once."""

from __future__ import annotations

import pytest

from mi_studio.core.cards import library
from mi_studio.studio import targets, words
from mi_studio.studio.verdict import Scores, judge

BASE = {"psnr_db": 14.0, "identifiability": 0.25}


def said(n: int = 8, **values: float) -> object:
    return judge(Scores(values, n, {}, BASE))


def test_before_a_run_the_secret_is_what_each_hospital_will_take_part_with() -> None:
    group = library().scene("hospital").targets_for({})
    one, all_four = (targets.members(group, wanted) for wanted in ("north", "together"))
    alone, shown = targets.secret("hospital", one, 4), targets.secret("hospital", all_four, 4)
    assert alone is not None
    assert shown is not None
    assert shown.shape == (16, 32, 32, 3)
    assert (shown[:4] == alone).all()
    assert targets.thumbnail("hospital", one) is not None


def test_recovered_pictures_are_counted() -> None:
    assert said(psnr_db=40.0, recovered=0.875) == ("leak", words.RECOVERED)
    assert Scores({"psnr_db": 40.0, "recovered": 0.875}, 8).right == 7


@pytest.mark.parametrize("language", ["en", "ja"])
def test_one_plain_picture_among_seven_bad_ones_is_a_leak(language: str) -> None:
    tone, text = judge(scores := Scores({"psnr_db": 11.0, "plain": 0.125, "recovered": 0.0}, 8, {}, BASE))
    assert (tone, text) == ("leak", words.PLAIN_TO_SEE)
    shown = text.get(language).format(k=scores.right, n=scores.n)
    assert "1" in shown
    assert "8" in shown


def test_what_is_plain_is_counted_and_not_only_what_is_recovered() -> None:
    assert said(psnr_db=24.0, plain=0.75, recovered=0.25) == ("leak", words.PLAIN_TO_SEE)
    assert Scores({"psnr_db": 24.0, "plain": 0.75, "recovered": 0.25}, 8).right == 6
    assert said(psnr_db=40.0, plain=0.875, recovered=0.875) == ("leak", words.RECOVERED)


def test_without_any_plain_picture_the_mean_and_the_line_up_decide() -> None:
    assert said(psnr_db=17.0, plain=0.0, identifiability=1.0) == ("leak", words.KNOWN_PICTURES)
    assert said(psnr_db=17.0, plain=0.0) == ("unsure", words.PARTLY_MANY)
    assert said(psnr_db=13.0, plain=0.0, identifiability=1.0) == ("unsure", words.LINE_UP_MANY)


def test_what_unrelated_pictures_reach_by_choosing_the_nearest_is_no_leak() -> None:
    assert said(psnr_db=13.9, recovered=0.0, identifiability=0.25) == ("safe", words.NOTHING_SEEN)
