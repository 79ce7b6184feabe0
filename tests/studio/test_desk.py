"""The security desk: what it says of an attack, of its accounts, and of the customers meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import logins
from test_presenter import Show

from mi_studio.core.desk import BLOCK_REASONS, DAY, LINES, MARK, WATCHED, Desk, LogLine
from mi_studio.studio import desk
from mi_studio.studio.desk import DeskView


@pytest.fixture
def show() -> Show:
    show = Show("logins", logins())
    show.session.toggle_play()
    show.work(6)
    return show


def line(number: int, **changes: object) -> LogLine:
    """Return the line of a query a second."""
    mark = bytes(MARK**2)
    made = LogLine(number, number / 60, 1 + number % 10, False, "Ann", 0.5, (0.2, 0.7, 0, -1), "", mark)
    return replace(made, **changes)  # type: ignore[arg-type]


def told(show: Show, *desks: Desk) -> tuple[DeskView, DeskView]:
    """Put desks onto the first steps and return what is said at the last of them, in both languages."""
    main = show.session.main
    assert main is not None
    for i, one in enumerate(desks):
        main.history.steps[i] = replace(main.history.steps[i], desk=one)
    show.session.scrub(len(desks) - 1)
    return desk.view(show.presenter), desk.view(show.japanese)


def test_without_a_gateway_it_says_how_to_get_one(show: Show) -> None:
    assert desk.view(show.presenter).empty == desk.OFF.en
    assert desk.view(show.japanese).empty == desk.OFF.ja


def test_the_log_grows_with_the_steps_and_has_every_line_once(show: Show) -> None:
    first = Desk(4, None, None, "", lines=tuple(line(n) for n in range(1, 5)))
    second = Desk(6, None, None, "", lines=tuple(line(n) for n in range(3, 7)))
    view, japanese = told(show, first, second)
    assert [e.cells[0][-2:] for e in view.entries] == ["06", "05", "04", "03", "02", "01"]
    assert view.entries[0].cells[1:] == ("attacker, account 7", "Ann 50%", "Duplicates 70%")
    assert view.entries[0].said.startswith("day 1, 00:00:06, attacker, account 7")
    assert japanese.entries[0].cells[1] == "攻撃者・アカウント7"
    view, _ = told(show, first)
    assert len(view.entries) == 4


def test_of_a_long_run_no_more_lines_are_shown_than_anybody_scrolls_through(show: Show) -> None:
    main = show.session.main
    assert main is not None
    step = main.history.steps[-1]
    many = [
        replace(
            step, index=i, desk=Desk(i, None, None, "", lines=tuple(line(10 * i + n) for n in range(LINES)))
        )
        for i in range(100)
    ]
    main.history.steps[:] = many
    show.session.scrub(99)
    view = desk.view(show.presenter)
    assert len(view.entries) == desk.MOST_LINES


@pytest.mark.parametrize("reason", BLOCK_REASONS[1:])
def test_alarms_false_alarms_and_refusals_are_told_apart(show: Show, reason: str) -> None:
    lines = (
        line(1, alarm=reason),
        line(2, alarm=reason, customer=True, sender=17),
        line(3, alarm=reason, answer="", share=None),
    )
    view, _ = told(show, Desk(3, None, None, "", lines=lines))
    refused, customer, attacker = view.entries
    assert (attacker.tone, attacker.cells[3][:8]) == ("leak", "▲ alarm:")
    assert (customer.tone, customer.cells[3][:14]) == ("unsure", "▲ false alarm:")
    assert customer.cells[1] == "customer 17"
    assert (refused.cells[2], refused.cells[3][:10]) == ("no answer", "■ refused:")


def test_it_says_what_became_of_the_accounts_and_how_long_it_took(show: Show) -> None:
    quiet, _ = told(show, Desk(300, None, None, "", minutes=3 * DAY))
    assert quiet.figures[:2] == (("300", "queries answered"), ("3.0 days", "simulated time"))
    assert (quiet.state, quiet.tone) == (desk.GOES_ON.en, "leak")
    assert quiet.gauges == ()
    assert quiet.no_gauges == desk.NO_MONITOR.en
    lost, japanese = told(show, Desk(300, None, 1.2, "", accounts=100, lost=7, caught=250))
    assert lost.state.startswith("Alarm at query 250. 7 of 100 accounts are lost")
    assert "100件のうち7件" in japanese.state
    slowed, _ = told(show, Desk(300, None, 1.2, "", accounts=100, slowed=7, caught=250))
    assert "7 of 100 accounts are slowed" in slowed.state
    spent, _ = told(show, Desk(300, 100, None, "", accounts=10, lost=3))
    assert spent.state.startswith("3 of 10 accounts have used their budget up")
    for reason in BLOCK_REASONS[1:]:
        ended, _ = told(show, Desk(300, None, None, reason, lost=1))
        assert ended.tone == "safe"
        assert "no more since query 300" in ended.state


def test_the_monitors_figures_are_shares_of_the_alarm_over_the_steps(show: Show) -> None:
    rows = [(0.1, -0.5, 0.3, 0.4), (0.2, 0.0, 0.3, 1.6)]
    desks = [Desk(50, None, max(row), "", figures=row, customers=9, false_alarms=2) for row in rows]
    view, japanese = told(show, *desks)
    assert [g.points for g in view.gauges] == [(0.1, 0.2), (0.0, 0.0), (0.3, 0.3), (0.4, 1.6)]
    assert [g.alarmed for g in view.gauges] == [False, False, False, True]
    assert view.gauges[3].said == "Entropy: 160% of the alarm"
    assert view.figures[3] == ("2", "false alarms, of 9 customers")
    assert japanese.figures[3] == ("2", "誤検知（利用者9人中）")
    assert len(view.gauges) == len(WATCHED)
