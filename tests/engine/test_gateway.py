"""The gateway before an API: what it lets through, whom it blocks, and how often for nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_studio.core.cards import library
from mi_studio.core.config import resolve, why_not_defense
from mi_studio.core.desk import WATCHED
from mi_studio.engine import Run
from mi_studio.engine.class_case import ClassCase
from mi_studio.engine.defenses import log_monitor
from mi_studio.engine.gateway import Blocked, Gateway, Owner

ALARM_BAR = 0.01
GATES = tuple(d.id for d in library().defenses if d.acts == "gateway")
CATCH_BAR = 1 / 3
"""Of the queries that the shipped score search makes when nobody stops it."""

NOBODY = Owner(lambda: torch.zeros(0), lambda: (torch.zeros(0), torch.zeros(0)), lambda x: x, ["a", "b"])


def ask(gateway, count, values):
    """Ask about so many grey pictures; the model is sure that they are the first class."""
    answers = torch.tensor([[0.87, 0.13]]).expand(count, 2)
    return gateway.admit(torch.full((count, 1, 1, 1), 0.5), answers, answers, values)


def gateway_of(*defenses):
    return Gateway([library().defense(d) for d in defenses], NOBODY, "")


def run_of(attack="score-search", steps=3, target="sneaker", seed=101, **settings):
    knobs = {name.replace("_", "-"): value for name, value in settings.items()}
    return Run(resolve("catalogue", attack=attack, target=target, seed=seed, steps=steps, settings=knobs))


def case_of(run):
    assert isinstance(run._case, ClassCase)
    return run._case


def same(one, other):
    return all(
        np.array_equal(a.images, b.images)
        and (a.objective, a.scores, a.queries, a.view) == (b.objective, b.scores, b.queries, b.view)
        for a, b in zip(one, other, strict=True)
    )


@given(
    budget=st.sampled_from([s.value for s in library().defense("query-budget").knob.stops[1:]]),
    accounts=st.sampled_from([1.0, 10.0]),
    batches=st.lists(st.integers(1, 1500), min_size=1, max_size=10),
)
@settings(max_examples=20, deadline=None)
def test_there_are_never_more_answers_than_the_budgets_allow(budget, accounts, batches):
    gateway = gateway_of("query-budget")
    answered, values = 0, {"query-budget": budget, "accounts": accounts}
    for batch in batches:
        try:
            ask(gateway, batch, values)
        except Blocked:
            with pytest.raises(Blocked):  # and so it stays
                ask(gateway, 1, values)
            assert answered + batch > budget * accounts
            assert gateway.desk(values).blocked == "budget"
            assert gateway.asked == budget * accounts
            assert gateway.desk(values).lost == accounts
            break
        answered += batch
        assert gateway.asked == answered
    assert answered <= budget * accounts


def test_a_gateway_that_is_off_changes_nothing():
    bare = list(run_of())
    assert same(bare, list(run_of(query_budget="inf", log_monitor=0)))
    assert [step.desk for step in bare] == [None] * 4


@pytest.mark.parametrize("attack", ["mi-face", "latent-search"])
def test_who_holds_the_file_meets_no_gateway(attack):
    guarded = run_of(attack, steps=2, query_budget=200, log_monitor=0.05)
    assert all(reason is not None for reason in guarded.effective.values())
    assert same(list(run_of(attack, steps=2)), list(guarded))


@pytest.mark.parametrize("attack", ["score-search", "evolutionary-search", "inversion-decoder"])
def test_a_blocked_attacker_keeps_what_he_had(attack):
    free = list(run_of(attack, steps=60 if attack == "score-search" else 30))
    run = run_of(attack, steps=free[-1].total, query_budget=500)
    steps = list(run)
    last = steps[-1]
    assert (last.desk.blocked, last.queries) == ("budget", 500)
    assert same(free[: len(steps) - 1], steps[:-1])
    assert np.array_equal(last.images, steps[-2].images)
    assert last.view.bars == ()
    assert run.result()["blocked"] == {"query": 500, "reason": "budget"}
    assert not run.result()["complete"]


def test_who_is_blocked_before_the_first_answer_has_what_he_knew_before():
    run = run_of(target="all", query_budget=200)
    steps = list(run)
    assert [(s.index, s.queries, s.desk.blocked) for s in steps] == [(0, 200, "budget")]
    assert np.array_equal(*steps[0].images[:2])
    assert run.result()["scores"]["evaluator_top1"]["n"] == 5


def test_a_budget_moved_on_a_running_attack_acts_at_the_next_query():
    run = run_of(steps=10, query_budget=2000)
    steps = iter(run)
    for _ in range(4):
        next(steps)
    run.turn({"query-budget": 500.0})
    rest = list(steps)
    assert [s.queries for s in rest] == [500, 500]
    assert rest[-1].desk.blocked == "budget"


@pytest.fixture(scope="module")
def shop():
    """The catalogue's owner, what is normal for him, and the photos of customers he never watched."""
    case = case_of(run_of(log_monitor=0.01))
    owner = case._gateway._owner
    photos, classes = owner.unseen()
    step = 2 * -(-len(photos) // 2 // log_monitor.PHOTOS)
    held_out = photos[step // 2 | 1 :: step], classes[step // 2 | 1 :: step]
    with torch.no_grad():
        return log_monitor.normal_of(owner, case._name()), held_out


def test_customers_it_never_watched_are_blocked_no_more_often_than_stated(shop):
    normal, (photos, classes) = shop
    with torch.no_grad():
        sent = normal.takes(photos, seed=1).rows
    days = log_monitor.days(2000, classes.numpy(), seed=1)
    reached = np.array([normal.most(normal.day(sent[day])) for day in days])
    for stated in (0.001, 0.01, 0.05):
        alarms = int((reached > normal.threshold(stated)).sum())
        # three standard deviations of what 2000 customers can show
        assert alarms <= 2000 * stated + 3 * (2000 * stated) ** 0.5
    assert (reached > normal.threshold(0.05)).any()


@pytest.mark.parametrize("seed", [101, 102, 103])
@pytest.mark.parametrize("target", ["sneaker", "all"])
def test_the_score_search_is_caught_within_a_third_of_its_queries(target, seed):
    run = run_of(steps=60, target=target, seed=seed, log_monitor=ALARM_BAR)
    last = list(run)[-1]
    assert last.desk.blocked in WATCHED
    assert last.desk.caught == last.queries
    assert last.queries <= CATCH_BAR * 61 * 100 * len(last.images)


@pytest.mark.parametrize(
    "answers", [{"granularity": "label"}, {"output_noise": 0.3}, {"access_roles": "public"}]
)
def test_the_monitor_sees_what_the_model_says_whatever_leaves(shop, answers):
    for choice in ({}, answers):
        run = run_of(log_monitor=0.01, **choice)
        case = case_of(run)
        photos = shop[1][0][:120]
        with torch.no_grad():
            case.access.query(photos)
        desk = replace(case.desk(), lines=())
        if not choice:
            expected = desk
        assert desk == expected


def test_a_scene_without_an_api_for_pictures_has_no_gateway():
    for scene in library().scenes:
        for defense in GATES:
            there = why_not_defense(scene, library().defense(defense)) is None
            assert there == ("scores" in scene.access and scene.data == "pictures")
