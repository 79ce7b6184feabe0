"""The page to take away says what was shown, what it cost and how far to trust it."""

from __future__ import annotations

import pytest
from fakes import Clock, FakeEngine

from mi_studio.core import paths, recording
from mi_studio.core.cards import library
from mi_studio.core.errors import UsageError
from mi_studio.studio.presenter import Presenter
from mi_studio.studio.report import report, report_of
from mi_studio.studio.session import Session

SHIPPED = sorted((paths.assets() / "recordings").glob("*.mireplay"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_shipped_recording_has_its_page(path, language) -> None:
    recorded = recording.load(path)
    page = report_of(recorded, language)
    scene = library().scene(recorded.config.scene)
    assert page.story == scene.story.get(language)
    assert len(page.points) == 3
    if language == "en":
        assert page.columns[2] == ("Unrelated picture" if scene.data == "pictures" else "Base rate")
    else:
        assert page.sentence.startswith(f"「{scene.title.ja}」の「")
    assert page.verdict.sentence in page.points[0]
    attack = library().attack(recorded.config.attack)
    assert attack.stops.get(language) in page.points[1]
    assert len(page.scores) == len(recorded.result["scores"])
    assert all(score.value and score.meaning for score in page.scores)
    assert scene.caveat is None or scene.caveat.get(language) in page.caveats
    assert len(page.shown) == (2 if scene.data == "pictures" else 0)
    other = report_of(recorded, "ja" if language == "en" else "en")
    for name in ("title", "sentence", "story", "headings", "columns", "points", "caveats"):
        assert getattr(page, name) != getattr(other, name), name


def stage(defense: str = "") -> Session:
    engine = FakeEngine()
    session = Session(engine, Clock(), scene="federated", shipped=lambda _: None)
    if defense:
        session.intent.toggle(defense, on=True)
    return session


def finish(session: Session) -> None:
    session.start()
    while session.playing:
        session._engine.work()
        session.tick()


def test_before_a_run_there_is_nothing_to_report() -> None:
    with pytest.raises(UsageError, match="nothing to save"):
        report(stage(), "en")


def test_with_protection_both_outcomes_stand_side_by_side_and_the_price_is_named() -> None:
    session = stage("gradient-noise")
    finish(session)
    page = report(session, "en")
    assert [shown.caption for shown in page.shown] == [
        "The secret", "… with protection", "… without protection",
    ]  # fmt: skip
    assert "Gradient noise was on. Its price: of the update's direction kept" in page.points[1]
    assert "（" in dict(report(session, "ja").settings)["防御"]
    assert " (" in dict(page.settings)["Protection"]


def test_a_protection_that_cannot_act_is_called_so() -> None:
    session = stage("gradient-clip")
    finish(session)
    assert "cannot act" in report(session, "en").points[1]


def test_it_is_about_the_end_whatever_step_is_looked_at() -> None:
    session = stage()
    finish(session)
    whole = report(session, "en")
    session.scrub(2)
    assert report(session, "en").verdict == whole.verdict
    assert Presenter(session, "en").view().verdict != whole.verdict
