"""The gateway before an API: what it lets through, whom it blocks, and how often for nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_studio.core.cards import library
from mi_studio.core.config import resolve, why_not_defense
from mi_studio.core.desk import CUSTOMERS, DAY, LINES, MARK, WATCHED
from mi_studio.core.errors import UsageError
from mi_studio.engine import Run
from mi_studio.engine.class_case import ClassCase
from mi_studio.engine.defenses import log_monitor
from mi_studio.engine.gateway import Blocked, Gateway, Guard, Owner

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


CHOICES = st.fixed_dictionaries({
    "access-roles": st.sampled_from(["admin", "partner", "public", "none"]),
    "rate-limit": st.sampled_from([math.inf, 30.0, 1.0]),
    "query-budget": st.sampled_from([math.inf, 500.0, 200.0]),
    "accounts": st.sampled_from([1.0, 10.0]),
    "pace": st.sampled_from(["full", "slow"]),
})  # fmt: skip


@given(
    order=st.permutations(["access-roles", "rate-limit", "query-budget"]),
    moves=st.lists(st.tuples(CHOICES, st.integers(1, 300)), min_size=1, max_size=6),
)
@settings(max_examples=40, deadline=None)
def test_it_does_not_matter_in_which_order_they_were_chosen(order, moves):
    """Nor when their knobs move: what a knob says counts from the next query on."""
    one, other = gateway_of("access-roles", "rate-limit", "query-budget"), gateway_of(*order)
    for values, count in moves:
        told = [said(gateway, count, values) for gateway in (one, other)]
        assert told[0] == told[1]
        desks = [gateway.desk(values) for gateway in (one, other)]
        assert desks[0] == desks[1]
        answers, asked = told[0]
        if answers is None:
            assert values["access-roles"] == "none" or asked >= values["query-budget"] * values["accounts"]
            break
        sure = {"admin": 0.87, "partner": 0.9, "public": 1.0}[values["access-roles"]]
        assert answers[0][0] == pytest.approx(sure)


def said(gateway, count, values):
    try:
        return ask(gateway, count, values).tolist(), gateway.asked
    except Blocked:
        return None, gateway.asked


@pytest.mark.parametrize(
    ("values", "minutes"),
    [
        ({"rate-limit": math.inf, "access-roles": "public"}, 600 / 60),
        ({"rate-limit": 1.0}, 599 + 1 / 60),
        ({"rate-limit": 1.0, "accounts": 10.0}, 59 + 1 / 60),
        ({"rate-limit": 1.0, "accounts": 1000.0}, 6 / 60),  # each batch waits for the answers to the last
        ({"rate-limit": 30.0, "pace": "slow"}, 599 * DAY / 150 + 1 / 60),
        ({"rate-limit": 30.0, "pace": "slow", "accounts": 100.0}, 5 * DAY / 150 + 1 / 60),
    ],
)
def test_whoever_asks_faster_waits_on_a_simulated_clock(values, minutes):
    values = {"access-roles": "admin"} | values
    gateway = gateway_of("rate-limit", "access-roles")
    for _ in range(6):
        ask(gateway, 100, values)
    desk = gateway.desk(values)
    assert desk.minutes == pytest.approx(minutes)
    assert (desk.asked, desk.blocked, desk.accounts) == (600, "", values.get("accounts", 1))


class Nervous(Guard):
    """Raises an alarm at every query of the first account."""

    def answered(self, place, account, value):
        return "volume" if account.number == 1 else ""


def test_after_an_alarm_an_account_is_blocked_or_slowed_and_the_others_go_on():
    def gateway():
        made = gateway_of("query-budget")
        made._guards["query-budget"] = Nervous()
        return made

    values = {"query-budget": 2000.0, "accounts": 3.0, "alarm-response": "block"}
    blocks = gateway()
    ask(blocks, 100, values)
    desk = blocks.desk(values)
    assert (desk.asked, desk.lost, desk.slowed, desk.caught, desk.blocked) == (100, 1, 0, 1, "")
    assert [line.alarm for line in desk.lines if line.sender == 1] == ["volume"]

    slows = gateway()
    values["alarm-response"] = "throttle"
    ask(slows, 181, values)
    desk = slows.desk(values)
    assert (desk.lost, desk.slowed, desk.caught) == (0, 1, 1)
    # in a minute and a half the two others ask as fast as before, the first one twice at most
    assert slows._accounts[0].asked == 2
    values["alarm-response"] = "block"  # from the next alarm on
    ask(slows, 600, values)
    assert (slows.desk(values).lost, slows._accounts[0].asked) == (1, 3)


def test_a_lone_account_that_is_slowed_needs_days():
    gateway = gateway_of("query-budget")
    gateway._guards["query-budget"] = Nervous()
    values = {"query-budget": 20000.0, "alarm-response": "throttle"}
    ask(gateway, 6100, values)
    assert gateway.desk(values).minutes == pytest.approx(6099 + 1 / 60)


def test_the_log_shows_the_newest_queries_as_they_were_answered():
    gateway = gateway_of("access-roles", "query-budget")
    values = {"access-roles": "partner", "query-budget": 200.0, "accounts": 10.0}
    ask(gateway, 100, values)
    lines = gateway.desk(values).lines
    assert [line.number for line in lines] == [97, 98, 99, 100]
    assert {(line.answer, round(line.share, 2), line.alarm, line.customer) for line in lines} == {
        ("a", 0.9, "", False)
    }
    assert [line.sender for line in lines] == [7, 8, 9, 10]
    assert lines[-1].mark == bytes([128]) * MARK**2
    values["access-roles"] = "public"
    ask(gateway, 10, values)
    assert gateway.desk(values).lines[-1].share is None
    for _ in range(30):
        assert len(gateway.desk(values).lines) <= LINES
        ask(gateway, 50, values)
    values["access-roles"] = "none"
    with pytest.raises(Blocked):
        ask(gateway, 1, values)
    refused = gateway.desk(values).lines[-1]
    assert (refused.alarm, refused.answer, gateway.desk(values).blocked) == ("key", "", "key")


@pytest.mark.parametrize("role", ["partner", "public"])
def test_a_role_gets_what_the_same_restriction_of_the_output_gives(role):
    restricted = run_of(granularity={"partner": "round1", "public": "label"}[role])
    assert same(list(restricted), list(run_of(access_roles=role)))


def test_a_rate_limit_changes_nothing_but_the_time():
    limited = list(run_of(rate_limit=1, accounts=10))
    assert same(list(run_of()), limited)
    assert limited[-1].desk.minutes == pytest.approx(39 + 1 / 60)


def test_without_a_key_nobody_learns_anything():
    steps = list(run_of(access_roles="none"))
    assert [(s.index, s.queries, s.desk.blocked) for s in steps] == [(0, 0, "key")]
    assert steps[0].view.bars == ()


def test_a_knob_of_the_attacker_needs_a_gateway():
    with pytest.raises(UsageError, match="access-roles"):
        run_of(accounts=10)


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


def test_accounts_opened_on_a_running_attack_take_over_at_the_next_query():
    run = run_of(steps=5, query_budget=200)
    steps = iter(run)
    assert [next(steps).queries for _ in range(2)] == [100, 200]
    run.turn({"accounts": 10.0})
    rest = list(steps)
    assert [s.queries for s in rest] == [300, 400, 500, 600]
    assert (rest[-1].desk.accounts, rest[-1].desk.lost, rest[-1].desk.blocked) == (10, 1, "")
    assert run.result()["mixed"]


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


def test_customers_come_while_the_attack_runs_and_few_are_alarmed_for_nothing(shop):
    crowd = shop[0].crowd
    names = ["a", "b", "c", "d", "e"]
    threshold = shop[0].threshold(ALARM_BAR)
    seen = [crowd.until(minute, threshold, names) for minute in (0, 100, 700, DAY, 9 * DAY)]
    came = [s.customers for s in seen]
    assert came == sorted(came)
    assert (came[0], came[-1], seen[-1]) == (0, CUSTOMERS, seen[-2])
    # three standard deviations of what so many customers can show
    assert seen[-1].alarms <= ALARM_BAR * CUSTOMERS + 3 * (ALARM_BAR * CUSTOMERS) ** 0.5
    assert crowd.until(DAY, shop[0].threshold(0.05), names).alarms > 0
    newest = seen[2].lines[-1]
    assert newest.customer
    assert 699 < newest.minute <= 700
    assert 0 < newest.sender <= CUSTOMERS
    assert 0 < newest.share <= 1


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
