"""The states of the stage, and which event leads from one to the next."""

from __future__ import annotations

from enum import Enum, auto


class RunState(Enum):
    """What the stage is doing."""

    IDLE = auto()
    STARTING = auto()
    RUNNING = auto()
    PAUSED = auto()
    STOPPING = auto()
    FAILED = auto()
    FINISHED = auto()


class Event(Enum):
    """What can happen to the stage."""

    START = auto()
    """A live run is asked for, from step 0."""
    OPENED = auto()
    """The engine has loaded everything; steps follow."""
    PLAY = auto()
    PAUSE = auto()
    FINISH = auto()
    FAIL = auto()
    RESET = auto()
    """The choice changed: what was running is no longer wanted."""
    STOP = auto()
    """The program is closing."""
    STOPPED = auto()


_S, _E = RunState, Event

_OWN_MOVES = {
    (_S.STARTING, _E.OPENED): _S.RUNNING,
    (_S.STARTING, _E.PAUSE): _S.PAUSED,
    (_S.STARTING, _E.FAIL): _S.FAILED,
    (_S.RUNNING, _E.PAUSE): _S.PAUSED,
    (_S.RUNNING, _E.FINISH): _S.FINISHED,
    (_S.RUNNING, _E.FAIL): _S.FAILED,
    (_S.PAUSED, _E.PLAY): _S.RUNNING,
    (_S.PAUSED, _E.FINISH): _S.FINISHED,
    (_S.PAUSED, _E.FAIL): _S.FAILED,
    (_S.FINISHED, _E.PLAY): _S.RUNNING,
    (_S.FINISHED, _E.PAUSE): _S.PAUSED,
    (_S.IDLE, _E.PLAY): _S.RUNNING,
    (_S.STOPPING, _E.STOPPED): _S.IDLE,
}

# a new run, a new choice and the end of the program are possible from everywhere but the way out
_ALWAYS = {
    (state, event): target
    for state in RunState
    if state is not _S.STOPPING
    for event, target in ((_E.START, _S.STARTING), (_E.RESET, _S.IDLE), (_E.STOP, _S.STOPPING))
}

TRANSITIONS = _OWN_MOVES | _ALWAYS
"""(state, event) to the next state; what is not here cannot happen."""


def after(state: RunState, event: Event) -> RunState:
    """Return the state that follows.

    Raises
    ------
    ValueError
        If the event cannot happen in this state.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise ValueError(f"{event.name} cannot happen while {state.name}") from None
