from __future__ import annotations

import string
from dataclasses import fields, replace

import numpy as np
import pytest
from fakes import logins

from mi_studio.core.cards import Library, library
from mi_studio.core.config import resolve
from mi_studio.core.history import History, KnobMove
from mi_studio.core.text import Text
from mi_studio.studio.kinds import KINDS, Said
from mi_studio.studio.lanes import Lane
from mi_studio.studio.session import Missing
from mi_studio.studio.verdict import Scores, judge, verdict
from mi_studio.studio.views import VerdictView


@pytest.mark.parametrize(
    ("psnr", "picked", "tone", "says"),
    [
        (28.0, 1.0, "leak", "Anyone"),
        (20.0, None, "leak", "Anyone"),
        (15.0, 1.0, "leak", "Somebody who knows"),
        (15.0, 0.0, "unsure", "Parts"),
        (12.0, 1.0, "unsure", "line-up"),  # 12 dB can be perfectly identifiable
        (12.0, None, "unsure", "Parts"),
        (12.0, 0.0, "safe", "Nothing"),
        (8.0, 0.0, "safe", "Nothing"),
    ],
)
def test_a_record(psnr: float, picked: float | None, tone: str, says: str) -> None:
    values = {"psnr_db": psnr} | ({} if picked is None else {"identifiability": picked})
    found, text = judge(Scores(values))
    assert found == tone
    assert says in text.en
    assert text.ja


def test_the_noise_that_an_attack_begins_with_shows_nothing() -> None:
    """At step 0 stood "parts can be made out" above pure noise, which lay at 11.6 dB from a pale picture."""
    values = {"psnr_db": 11.6}
    assert judge(Scores(values, start=11.6))[0] == "safe"
    assert judge(Scores(values, start=8.0))[0] == "unsure"
    begun = lane(11.6)
    shown = verdict(begun, begun, None, "en", head=0)
    assert "Parts" not in shown.sentence
    assert "Nothing" in shown.sentence


@pytest.mark.parametrize(
    ("right", "same", "other", "n", "tone"),
    [
        (1.0, 0.4, 0.7, 1, "leak"),
        (1.0, 0.8, 0.7, 1, "unsure"),  # adversarial noise convinces a classifier, not a person
        (0.0, 0.4, 0.7, 1, "unsure"),
        (0.0, 0.8, 0.7, 1, "safe"),
        (0.8, 0.4, 0.7, 5, "leak"),
        (0.4, 0.6, 0.7, 5, "unsure"),
        (2 / 60, 1.1, 0.9, 60, "unsure"),  # while it runs nobody knows yet what chance would give
        (1 / 8, 1.1, 0.9, 8, "safe"),
    ],
)
def test_classes(right: float, same: float, other: float, n: int, tone: str) -> None:
    values = {"evaluator_top1": right, "distance_same": same, "distance_other": other}
    assert judge(Scores(values, n))[0] == tone


def lane(psnr: float, steps: int = 5, ticket: int = 1, ended: bool = True, **result: object) -> Lane:
    from fakes import FakeRun

    made = Lane(ticket, resolve("federated", settings={"gradient-noise": 0.5}))
    run = FakeRun(made.config)
    run._scores = lambda index: {"psnr_db": psnr}  # type: ignore[method-assign]
    for step, _ in zip(run, range(steps), strict=False):
        made.history.append(step)
    made.opened, made.ended = True, ended
    if ended:
        score = {"value": psnr, "n": 1, "direction": "higher", "base_rate": 9.1}
        picked = {"value": float(psnr > 11), "n": 1, "direction": "higher", "base_rate": 0.125}
        made.result = {"scores": {"psnr_db": score, "identifiability": picked}, **result}
    return made


def told(
    main: Lane | None,
    judged: Lane | None,
    twin: Lane | None = None,
    missing: Missing = "waits",
    among: Library | None = None,
) -> VerdictView:
    for language in ("ja", "en"):
        view = verdict(main, judged, twin, language, missing=missing, among=among)
        assert "{" not in view.sentence + view.evidence
    return view


def test_before_anything_ran() -> None:
    assert told(None, None).tone == "plain"
    assert told(lane(20, steps=0), None).tone == "plain"


def test_while_it_runs_it_says_so() -> None:
    main = lane(25, ended=False)
    view = told(main, main)
    assert view.sentence.startswith("So far:")
    assert "step 4 of 20" in view.evidence


def test_at_the_end_numbers_base_rate_and_how_little_it_proves() -> None:
    main = lane(25)
    view = told(main, main)
    assert (view.tone, view.sentence) == ("leak", "Anyone would recognise this picture.")
    for part in ("25.0 dB", "unrelated picture: 9.1 dB", "picked out", "one picture, one seed"):
        assert part in view.evidence


def test_protection_that_did_not_help_is_called_that() -> None:
    main, twin = lane(28.5), lane(30)
    view = told(main, main, twin)
    assert view.tone == "leak"
    assert view.sentence.startswith("The protection did not help.")
    assert "without protection: 30.0 dB" in view.evidence


def test_protection_that_blurred_it_is_not_called_useless() -> None:
    main = lane(22.0)
    view = told(main, main, lane(32.0, ticket=2))
    assert view.tone == "leak"
    assert view.sentence.startswith("The protection blurred it, but not enough.")


def test_protection_is_not_praised_where_nothing_leaked_anyway() -> None:
    main, twin = lane(8), lane(9)
    view = told(main, main, twin)
    assert view.tone == "unsure"
    assert "says nothing about the protection" in view.sentence


def test_protection_that_held() -> None:
    main, twin = lane(8), lane(30)
    assert told(main, main, twin).tone == "safe"


def test_a_mixed_run_is_never_judged() -> None:
    main = lane(30)
    main.history.moves.append(KnobMove(2, 1, "gradient-noise", 1.0))
    assert told(main, None).tone == "plain"
    fresh = lane(25, ended=False)
    assert "waits" in told(main, fresh).sentence
    assert told(main, lane(8)).tone == "safe"
    for missing, why in (("recorded", "recording"), ("stopped", "stopped"), ("failed", "failed")):
        said = told(main, None, missing=missing).sentence
        assert "no verdict" in said
        assert why in said


@pytest.mark.parametrize(
    ("attack", "tone", "says"),
    [("latent-search", "leak", "The attacker can see"), ("mi-face", "unsure", "look for yourself")],
)
def test_pixels_that_convinced_networks_are_left_to_the_eye(attack: str, tone: str, says: str) -> None:
    main = lane(25)
    main.config = resolve("catalogue", attack=attack)
    values = {"evaluator_top1": 1.0, "distance_same": 0.3, "distance_other": 0.6}
    main.result = {"scores": {k: {"value": v, "n": 1} for k, v in values.items()}}
    view = told(main, main)
    assert view.tone == tone
    assert says in view.sentence


def test_damaged_results_are_survived() -> None:
    main = lane(25)
    for psnr in ("much", {"value": 25.0, "n": 10**9}, {"value": 25.0, "n": -1}):
        main.result = {"scores": {"psnr_db": psnr}}
        assert told(main, main).tone == "plain"


def test_several_classes_carry_their_interval() -> None:
    main = lane(25)
    main.result = {
        "scores": {
            "evaluator_top1": {"value": 0.8, "n": 5, "ci95": [0.376, 0.964], "base_rate": 0.2},
            "distance_same": {"value": 0.42, "n": 5, "base_rate": 0.9},
            "distance_other": {"value": 0.7, "n": 5},
        }
    }
    evidence = told(main, main).evidence
    for part in ("80% right (95%: 38%–96%)", "unrelated pictures: 20%", "0.42", "5 of the classes"):
        assert part in evidence


def wall(right: float, same: float, n: int, low: float, high: float, ticket: int = 1) -> Lane:
    """A finished run of a scene whose targets are people."""
    made = lane(25, ticket=ticket)
    made.config = resolve("catalogue", settings={"epsilon": 4.0})
    scores = {"evaluator_top1": right, "distance_same": same, "distance_other": 0.9, "evaluator_top5": 1.0}
    base = {"evaluator_top1": 0.02, "distance_same": 1.26}
    made.result = {
        "scores": {
            k: {"value": v, "n": n} | ({"base_rate": base[k]} if k in base else {}) for k, v in scores.items()
        }
    }
    if n > 1:
        made.result["scores"]["evaluator_top1"]["ci95"] = [low, high]
    return made


CAVEAT = Text("all from one renderer", "すべて同じ生成器の画像")


def cards(targets_are: str, caveat: Text | None = None) -> Library:
    """A scene whose targets are something else."""
    scene = replace(library().scene("catalogue"), targets_are=targets_are, caveat=caveat)
    return replace(library(), scenes=(scene,))


PEOPLE = cards("person", CAVEAT)
"""A scene whose targets are people, all from one renderer."""


def test_a_person_is_spoken_of_as_a_person() -> None:
    main = wall(1.0, 0.26, 1, 0, 0)
    view = told(main, main, among=PEOPLE)
    assert (view.tone, view.sentence) == ("leak", "A colleague would probably recognise this face.")
    for part in ("the right person", "0.26 to own photos", "one person, one seed", "all from one renderer"):
        assert part in view.evidence
    main = wall(0.0, 1.2, 1, 0, 0)
    view = told(main, main, among=PEOPLE)
    assert view.tone == "safe"
    assert "among its first five" in view.evidence


@pytest.mark.parametrize(
    ("right", "same", "interval", "tone", "says"),
    [
        (56 / 60, 0.26, (0.84, 0.97), "leak", "56 of 60 people"),
        (20 / 60, 1.0, (0.23, 0.46), "leak", "20 of 60 people"),  # a third of the staff is not "protected"
        (4 / 60, 1.1, (0.026, 0.16), "leak", "faces of 4 of 60 people"),
        (1 / 60, 1.2, (0.003, 0.09), "safe", "1 of 60 recognised"),
        (50 / 60, 1.1, (0.72, 0.91), "unsure", "names 50 of 60 people rightly"),
        (1 / 60, 0.5, (0.003, 0.09), "unsure", "names only 1 of 60"),
    ],
)
def test_a_wall_of_people_is_counted(
    right: float, same: float, interval: tuple[float, float], tone: str, says: str
) -> None:
    main = wall(right, same, 60, *interval)
    view = told(main, main, among=PEOPLE)
    assert view.tone == tone
    assert says in view.sentence
    share = f"{right:.0%} right (95%: {interval[0]:.0%}–{interval[1]:.0%}) (unrelated pictures: 2%)"
    assert share in view.evidence
    assert "60 people, one seed" in view.evidence


def test_one_of_eight_may_be_chance_and_two_are_not() -> None:
    for k, low, tone in ((1, 0.022, "safe"), (2, 0.071, "leak")):
        main = wall(k / 8, 1.1, 8, low, 0.6)
        assert told(main, main, among=PEOPLE).tone == tone


def without_result(right: float, same: float, n: int, ended: bool) -> Lane:
    """A wall of which only the steps are there: while it runs, and the twin of a recording."""
    made = wall(right, same, n, 0, 0, ticket=2)
    steps, made.history = made.history.steps, History()
    scores = {"evaluator_top1": right, "distance_same": same, "distance_other": 0.9}
    for step in steps:
        made.history.append(replace(step, scores=scores, images=np.zeros((n, 2, 2, 3), np.uint8)))
    made.result, made.ended = None, ended
    return made


def test_before_the_end_nothing_is_compared_with_chance() -> None:
    main = without_result(10 / 60, 1.1, 60, ended=False)
    view = told(main, main, among=PEOPLE)
    assert view.tone == "unsure"
    assert view.sentence == "So far: Recognisable faces of 10 of 60 people came out."


def test_nobody_is_called_safe_before_the_end() -> None:
    main = lane(8, ended=False)
    assert told(main, main).tone == "plain"
    main = lane(8)
    view = verdict(main, main, None, "en", head=2)
    assert (view.tone, view.sentence) == ("plain", "At step 2: Nothing recognisable came out.")


def test_a_twin_without_its_result_is_compared_all_the_same() -> None:
    main, twin = wall(40 / 60, 0.3, 60, 0.54, 0.77), without_result(56 / 60, 0.3, 60, ended=True)
    assert told(main, main, twin, among=PEOPLE).sentence.startswith("The protection helped, but not enough.")
    main = wall(54 / 60, 0.3, 60, 0.80, 0.95)
    assert told(main, main, twin, among=PEOPLE).sentence.startswith("No clear effect of the protection.")
    main, twin = wall(4 / 60, 1.1, 60, 0.026, 0.16), without_result(20 / 60, 1.1, 60, ended=True)
    assert told(main, main, twin, among=PEOPLE).sentence.startswith("The protection helped, but not enough.")


@pytest.mark.parametrize(
    ("model", "says"),
    [("deep", "The protection cannot act here."), ("small", "The protection did not help.")],
)
@pytest.mark.parametrize("right", [1.0, 0.0])
def test_a_protection_that_cannot_act_is_not_judged(model: str, says: str, right: float) -> None:
    main, twin = wall(right, 1.26 - right, 1, 0, 0), wall(right, 1.26 - right, 1, 0, 0, ticket=2)
    on = resolve("catalogue", defenses=["output-restriction"], attack="latent-search")
    main.config = replace(
        on, scene="logins", model=model, defenses=("mid",), knobs=(*on.knobs, ("mid", "on"))
    )
    twin.config = main.config.undefended()
    view = told(main, main, twin, among=logins())
    assert view.sentence.startswith(says) == (model == "deep" or right == 1.0)
    assert view.tone == ("leak" if right else "safe" if model == "deep" else "unsure")


@pytest.mark.parametrize(
    ("right", "interval", "says"),
    [
        (40 / 60, (0.54, 0.77), "The protection helped, but not enough."),
        (54 / 60, (0.80, 0.95), "No clear effect of the protection."),
        (57 / 60, (0.86, 0.98), "The protection did not help."),
    ],
)
def test_a_protected_wall_is_compared_by_its_share(
    right: float, interval: tuple[float, float], says: str
) -> None:
    main, twin = wall(right, 0.3, 60, *interval), wall(56 / 60, 0.26, 60, 0.84, 0.97, ticket=2)
    view = told(main, main, twin, among=PEOPLE)
    assert view.sentence.startswith(says)
    assert "without protection: 93% right" in view.evidence


def test_a_protected_person_is_compared_by_distance() -> None:
    bare = wall(1.0, 0.26, 1, 0, 0, ticket=2)
    for same, says in (
        (0.3, "The protection did not help."),
        (0.6, "The protection helped, but not enough."),
    ):
        main = wall(1.0, same, 1, 0, 0)
        view = told(main, main, bare, among=PEOPLE)
        assert view.sentence.startswith(says)
        assert "distance without protection: 0.26" in view.evidence


def test_every_kind_of_target_is_known_and_both_languages_hold_the_same_places() -> None:
    assert {s.targets_are for s in library().scenes} <= set(KINDS)
    for name, kind in KINDS.items():
        for field in fields(kind):
            said = getattr(kind, field.name)
            for text in (said.one, said.many) if isinstance(said, Said) else (said,):
                places = [{f for _, f, _, _ in string.Formatter().parse(t) if f} for t in (text.en, text.ja)]
                assert places[0] == places[1], (name, field.name)
                assert text.en
                assert text.ja


def test_a_kind_of_target_that_a_plug_in_made_up_is_a_class() -> None:
    main = wall(1.0, 0.26, 1, 0, 0)
    view = told(main, main, among=cards("whale"))
    assert view.sentence == "The attacker can see what the secret is like."
