"""The stage where the secret is a field of records: what it shows and what it says of them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from test_session import Stage

from mi_studio.core import paths, recording
from mi_studio.core.cards import library
from mi_studio.core.recording import Recording
from mi_studio.core.records import charts, read_table
from mi_studio.export.run_folder import png
from mi_studio.studio import records, words
from mi_studio.studio.presenter import Presenter
from mi_studio.studio.verdict import verdict
from mi_studio.studio.views import RecordView, StageView

SCENE = library().scene("customers")
TABLE = read_table("customers", "customers")


@cache
def shipped() -> Recording:
    return recording.load(paths.assets() / "recordings" / SCENE.preset.recording)


def shown(at: int | None = None, language: str = "en", kept: Recording | None = None) -> StageView:
    """Return the stage at a step of the shipped recording, which needs no torch; left out, at its end."""
    session = Stage().session
    session.open_recording(kept or shipped())
    session.scrub(48 if at is None else at)
    return Presenter(session, language).view()


def card(view: StageView, pane: int) -> RecordView:
    (found,) = view.panes[pane].records
    return found


def test_before_a_run_the_secret_is_the_record_and_nothing_is_known() -> None:
    session = Stage("customers").session
    view = Presenter(session, "en").view()
    assert card(view, 0).value == "¥1–3m"
    assert dict(card(view, 0).lines)["Yearly income"] == "¥5–8m"
    assert view.panes[1].records == ()


@pytest.mark.parametrize(("language", "unknown", "known"), [
    ("en", {"Yearly income", "Late payments"}, ("Home", "rented")),
    ("ja", {"年収", "支払いの遅れ"}, ("住まい", "賃貸")),
])  # fmt: skip
def test_the_attackers_card_leaves_out_what_he_does_not_know(
    language: str, unknown: set[str], known: tuple[str, str]
) -> None:
    mine = card(shown(10, language), 1)
    assert {title for title, value in mine.lines if not value} == unknown
    assert known in mine.lines
    assert mine.hidden not in dict(mine.lines)


def test_the_card_fills_in_beside_the_base_rate() -> None:
    start, end = card(shown(0), 1), card(shown(), 1)
    assert [round(b, 2) for _, _, b in start.bars] == [round(b, 2) for b in TABLE.shares(TABLE.hidden)]
    assert all(abs(share - base) < 0.01 for _, share, base in start.bars)
    assert [base for _, _, base in end.bars] == [base for _, _, base in start.bars]
    assert (end.value, end.right) == ("¥1–3m", True)
    assert not start.right
    assert end.belief > 0.9


def test_while_it_runs_the_card_keeps_up() -> None:
    session = Stage().session
    session.open_recording(shipped())
    session.scrub(2)
    presenter = Presenter(session, "en")
    before = presenter.view().panes[1].records
    session.scrub(48)
    after = presenter.view(full=False).panes[1].records
    assert after != before
    assert after == Presenter(session, "en").view().panes[1].records


def test_meter_curve_and_answers_speak_of_records() -> None:
    view = shown(language="ja")
    assert view.panes[1].meter == ("真の値への確信", 1.0, "100%")
    assert (view.curve.low, view.curve.high) == (0.0, 1.0)
    assert len(view.curve.main) == 49
    assert view.seen.view is not None
    assert [name for name, _ in view.seen.view.bars] == [f"{grade}ランク" for grade in "ABCD"]
    assert view.seen.sentence == words.SEES_OF_RECORD["scores"].ja
    assert view.panes[0].footer == "森 順"


def test_the_film_and_saved_pictures_are_charts() -> None:
    view = shown()
    assert {picture.shape for _, picture in view.timeline.film} == {(48, 48, 3)}
    final = shipped().history.final.images
    assert png(final) == png(charts(final))


def test_what_is_not_about_these_records_is_not_drawn_as_them() -> None:
    images = np.zeros((1, 1, 4, 1), np.uint8)
    assert len(records.beliefs(TABLE, [7], ["Jun Mori"], images, "en")) == 1
    for odd in (images[..., :3, :], np.zeros((2, 1, 4, 1), np.uint8), np.zeros((1, 28, 28, 1), np.uint8)):
        assert records.beliefs(TABLE, [7], ["Jun Mori"], odd, "en") == ()


def test_all_are_those_with_a_name_and_a_sample_is_shown_without_its_fields() -> None:
    knobs = {"table": "customers"}
    assert records.rows_of(SCENE, knobs, "all") == list(range(8))
    sample = records.rows_of(SCENE, knobs, "sample")
    assert sample == list(range(8, 208))
    views = records.truths(TABLE, sample, [], "en")
    assert {view.lines for view in views} == {()}
    assert [v.value for v in views[:2]] == [TABLE.secret.values[TABLE.rows[i, 6]].en for i in (8, 9)]


BASE = {"attribute_accuracy": 0.43}


@pytest.mark.parametrize(("values", "n", "base", "tone", "said"), [
    ({"attribute_accuracy": 1.0, "attribute_confidence": 0.97}, 1, BASE, "leak", words.RECORD_KNOWN),
    ({"attribute_accuracy": 1.0, "attribute_confidence": 0.79}, 1, BASE, "unsure", words.RECORD_GUESSED),
    # a value that nearly everybody has is no discovery
    ({"attribute_accuracy": 1.0, "attribute_confidence": 0.9}, 1, {"attribute_accuracy": 0.85}, "unsure",
     words.RECORD_GUESSED),
    ({"attribute_accuracy": 0.0, "attribute_confidence": 0.1}, 1, BASE, "safe", words.RECORD_WRONG),
    ({"attribute_accuracy": 0.95, "attribute_without_model": 0.44}, 200, BASE, "leak", words.RECORDS_KNOWN),
    ({"attribute_accuracy": 0.6, "attribute_without_model": 0.585}, 200, BASE, "safe", words.RECORDS_CHANCE),
    # the base rate alone would call it a leak; somebody without the model does as well
    ({"attribute_accuracy": 0.55, "attribute_without_model": 0.55}, 200, BASE, "safe", words.RECORDS_CHANCE),
    ({"attribute_accuracy": 0.95}, 200, {}, "unsure", words.RECORDS_UNSURE),
    # a gain of one in ten people would often look like this: eight people rule neither in nor out
    ({"attribute_accuracy": 0.5, "attribute_without_model": 0.5}, 8, BASE, "unsure", words.RECORDS_TOO_FEW),
    ({"attribute_accuracy": 0.75, "attribute_without_model": 0.5}, 8, BASE, "unsure", words.RECORDS_TOO_FEW),
    ({"attribute_accuracy": 0.635, "attribute_without_model": 0.585}, 200, BASE, "unsure",
     words.RECORDS_TOO_FEW),
    # none of eight is fewer than anybody guesses who knows nothing
    ({"attribute_accuracy": 0.0, "attribute_without_model": 0.5}, 8, BASE, "safe", words.RECORDS_CHANCE),
])  # fmt: skip
def test_the_verdict_weighs_a_guess_against_what_is_known_without_the_model(
    values: dict[str, float], n: int, base: dict[str, float], tone: str, said: object
) -> None:
    assert records.judge(values, round(values["attribute_accuracy"] * n), n, base) == (tone, said)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_verdict_of_the_recording_names_the_base_rate_and_the_caveat(language: str) -> None:
    session = Stage().session
    session.open_recording(shipped())
    found = verdict(session.main, session.main, None, language)
    assert found.tone == "leak"
    assert found.sentence == words.RECORD_KNOWN.get(language)
    assert words.E_GUESS_BASE.get(language).format(share="43%") in found.evidence
    assert SCENE.caveat is not None
    assert SCENE.caveat.get(language) in found.evidence


def test_a_protection_that_makes_the_guess_less_sure_has_helped() -> None:
    bare = {"attribute_confidence": 0.99}
    assert records.helped({"attribute_confidence": 0.7}, bare)
    assert not records.helped({"attribute_confidence": 0.9}, bare)


def test_a_scene_about_pictures_has_no_records() -> None:
    catalogue = library().scene("catalogue")
    assert records.table_of(catalogue, {"private-line": "kin"}) is None
    gone = replace(SCENE, id="moved-away")
    assert records.table_of(gone, {"table": "customers"}) is None


def test_a_view_that_has_no_words_of_its_own_here_keeps_the_common_ones() -> None:
    stage = Stage("customers")
    stage.run_to_end()
    view = Presenter(stage.session, "en").view()
    assert view.seen.sentence == words.SEES_KIND["gradient"].en
