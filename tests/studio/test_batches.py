"""A batch of records on the stage: what is shown before a run, and what is said of many pictures at once."""

from __future__ import annotations

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


def test_without_any_recovered_the_mean_and_the_line_up_decide() -> None:
    assert said(psnr_db=22.0, recovered=0.0) == ("leak", words.SAME_PICTURES)
    assert said(psnr_db=17.0, recovered=0.0, identifiability=1.0) == ("leak", words.KNOWN_PICTURES)
    assert said(psnr_db=17.0, recovered=0.0) == ("unsure", words.PARTLY_MANY)
    assert said(psnr_db=13.0, recovered=0.0, identifiability=1.0) == ("unsure", words.LINE_UP_MANY)


def test_what_unrelated_pictures_reach_by_choosing_the_nearest_is_no_leak() -> None:
    assert said(psnr_db=13.9, recovered=0.0, identifiability=0.25) == ("safe", words.NOTHING_SEEN)
