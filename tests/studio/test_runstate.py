from __future__ import annotations

import pytest

from mi_studio.studio.runstate import TRANSITIONS, Event, RunState, after

E, S = Event, RunState

# one row per state: what each event leads to; events that are not there cannot happen
TABLE = {
    S.IDLE: {E.START: S.STARTING, E.PLAY: S.RUNNING, E.RESET: S.IDLE, E.STOP: S.STOPPING},
    S.STARTING: {
        E.OPENED: S.RUNNING, E.PAUSE: S.PAUSED, E.FAIL: S.FAILED,
        E.START: S.STARTING, E.RESET: S.IDLE, E.STOP: S.STOPPING,
    },
    S.RUNNING: {
        E.PAUSE: S.PAUSED, E.FINISH: S.FINISHED, E.FAIL: S.FAILED,
        E.START: S.STARTING, E.RESET: S.IDLE, E.STOP: S.STOPPING,
    },
    S.PAUSED: {
        E.PLAY: S.RUNNING, E.FINISH: S.FINISHED, E.FAIL: S.FAILED,
        E.START: S.STARTING, E.RESET: S.IDLE, E.STOP: S.STOPPING,
    },
    S.FINISHED: {
        E.PLAY: S.RUNNING, E.PAUSE: S.PAUSED, E.START: S.STARTING, E.RESET: S.IDLE, E.STOP: S.STOPPING,
    },
    S.FAILED: {E.START: S.STARTING, E.RESET: S.IDLE, E.STOP: S.STOPPING},
    S.STOPPING: {E.STOPPED: S.IDLE},
}  # fmt: skip


@pytest.mark.parametrize("state", list(RunState))
@pytest.mark.parametrize("event", list(Event))
def test_every_transition(state: RunState, event: Event) -> None:
    expected = TABLE[state].get(event)
    if expected is None:
        with pytest.raises(ValueError, match="cannot happen"):
            after(state, event)
    else:
        assert after(state, event) is expected


def test_nothing_more_and_nothing_stuck() -> None:
    assert {(s, e): t for s, row in TABLE.items() for e, t in row.items()} == TRANSITIONS
    assert set(TRANSITIONS.values()) == set(RunState)
    assert all(any(s is state for s, _ in TRANSITIONS) for state in RunState)
