"""The one background thread that owns every run and lets them step in turn."""

from __future__ import annotations

import gc
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from mi_studio.app.preflight import load_torch
from mi_studio.core.config import RunConfig
from mi_studio.core.errors import StudioError
from mi_studio.core.history import History
from mi_studio.core.knobs import Value
from mi_studio.core.step import Pictures, Step
from mi_studio.core.text import Text
from mi_studio.core.weights import Privacy, Utility
from mi_studio.studio.lanes import Ended, Failed, Failure, Message, Opened, Stepped
from mi_studio.studio.mailbox import Mailbox

log = logging.getLogger(__name__)


class RunLike(Protocol):
    """What the worker needs of `mi_studio.engine.Run`."""

    history: History

    @property
    def secret(self) -> Pictures: ...  # noqa: D102
    @property
    def values(self) -> Mapping[str, Value]: ...  # noqa: D102
    @property
    def effective(self) -> Mapping[str, Text | None]: ...  # noqa: D102
    @property
    def utility(self) -> Utility | None: ...  # noqa: D102
    @property
    def privacy(self) -> Privacy | None: ...  # noqa: D102
    def turn(self, knobs: Mapping[str, Value]) -> None: ...  # noqa: D102
    def __iter__(self) -> Iterator[Step]: ...
    def result(self) -> dict[str, Any]: ...  # noqa: D102
    def original(self) -> Pictures: ...  # noqa: D102


MakeRun = Callable[[RunConfig, Pictures | None], RunLike]


@cache
def load_engine() -> None:
    """Load torch and the engine, once; it takes seconds.

    They bring some hundred thousand objects that live to the end. Python's collector would walk all
    of them again and again, and the screen would stand still for 0.2 s each time: it is told not to.

    Raises
    ------
    UsageError
        If torch is missing or cannot be loaded.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        load_torch()
        import mi_studio.engine  # noqa: F401
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


@cache
def settle_memory() -> None:
    """Leave alone, too, what the first scoring has loaded; see `load_engine`."""
    gc.freeze()


def engine_run(config: RunConfig, picture: Pictures | None) -> RunLike:
    """Make a real run; the first call loads torch, which takes seconds."""
    load_engine()
    from mi_studio.engine import Run

    return Run(config, picture=picture)


@dataclass
class _Job:
    """One run as the worker knows it; ``due`` is when its next step may begin."""

    ticket: int
    run: RunLike
    steps: Iterator[Step]
    due: float = 0.0
    told_moves: int = 0
    owed: int = 0
    ended: bool = False


class Worker:
    """Carries out orders one after the other, and between them lets the runs step in turn.

    Every public method may be called from the screen's thread and returns at once, but `quit`.
    """

    def __init__(self, make_run: MakeRun = engine_run) -> None:
        self.mailbox: Mailbox[Message] = Mailbox()
        self._make_run = make_run
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._quit = threading.Event()
        self._jobs: dict[int, _Job] = {}
        self._unwanted: set[int] = set()
        """Tickets that were closed while orders about them may still wait; any thread adds to it."""
        self._going = False
        self._gap = 0.0
        # not a daemon: an interpreter that ends under a working torch thread may crash
        self._thread = threading.Thread(target=self._work, name="mi-studio-worker")

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def quit(self, seconds: float = 60.0) -> bool:
        """Stop within one step and wait for it; ``False`` if the thread still had not ended then.

        It waits for seconds only where torch is just being loaded, which nothing can interrupt.
        """
        self._quit.set()
        self.mailbox.close()
        self._orders.put(lambda: None)
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def warm_up(self) -> None:
        """Load torch and the engine, so that the first run starts sooner."""
        self._orders.put(load_engine)

    def open(self, ticket: int, config: RunConfig, picture: Pictures | None) -> None:
        """Load a run; see `mi_studio.studio.lanes.Engine`."""
        self._orders.put(lambda: self._open(ticket, config, picture))

    def close(self, ticket: int) -> None:
        """Drop a run; if its turn to be loaded has not come yet, it is not loaded at all."""
        self._unwanted.add(ticket)
        self._orders.put(lambda: self._close(ticket))

    def turn(self, ticket: int, knobs: Mapping[str, Value]) -> None:
        """Move knobs of a run, and let it take the next turn."""
        moved = dict(knobs)
        self._orders.put(lambda: self._turn(ticket, moved))

    def go(self) -> None:
        """Let all runs step in turn."""
        self._orders.put(lambda: self._set_going(True))

    def halt(self) -> None:
        """Let no run step."""
        self._orders.put(lambda: self._set_going(False))

    def step(self) -> None:
        """Let every run that has not ended do one step."""
        self._orders.put(self._owe_a_step)

    def pace(self, steps_per_second: float) -> None:
        """Limit each run to so many steps a second; ``inf`` is no limit."""
        gap = 0.0 if math.isinf(steps_per_second) else 1 / steps_per_second
        self._orders.put(lambda: self._set_gap(gap))

    # from here on: the worker's thread only

    def _work(self) -> None:
        while not self._quit.is_set():
            job, wait = self._next()
            try:
                order = self._orders.get(timeout=wait) if wait != 0 else self._orders.get_nowait()
            except queue.Empty:
                if job is not None:
                    self._advance(job)
                continue
            try:
                order()
            except StudioError as error:
                log.info("%s", error)
            except Exception:  # an order that fails by itself (warming up) fails again where it matters
                log.warning("an order failed", exc_info=True)
        for ticket in list(self._jobs):
            self._close(ticket)

    def _next(self) -> tuple[_Job | None, float | None]:
        """Return whose turn it is, and how long to listen for orders before (``None``: for ever)."""
        ready = [j for j in self._jobs.values() if not j.ended and (self._going or j.owed)]
        if not ready:
            return None, None
        job = min(ready, key=lambda j: j.due)
        if job.owed or self._gap == 0:
            return job, 0
        return job, max(0.0, job.due + self._gap - time.monotonic())

    def _open(self, ticket: int, config: RunConfig, picture: Pictures | None) -> None:
        if self._quit.is_set() or ticket in self._unwanted:
            return
        try:
            run = self._make_run(config, picture)
            job = _Job(ticket, run, iter(run))
            opened = Opened(ticket, run.secret, dict(run.effective), run.utility, run.privacy)
        except Exception as error:  # noqa: BLE001  # whatever a plug-in raises, the program lives on
            self._fail(ticket, error)
            return
        if ticket in self._unwanted:
            return
        self._jobs[ticket] = job
        self.mailbox.put(opened)

    def _close(self, ticket: int) -> None:
        self._unwanted.discard(ticket)
        job = self._jobs.pop(ticket, None)
        close = getattr(job.steps, "close", None) if job is not None else None
        if close is not None:
            close()

    def _turn(self, ticket: int, knobs: Mapping[str, Value]) -> None:
        if ticket in self._jobs:
            self._jobs[ticket].run.turn(knobs)
            self._jobs[ticket].due = 0.0

    def _set_going(self, going: bool) -> None:
        self._going = going

    def _set_gap(self, gap: float) -> None:
        self._gap = gap

    def _owe_a_step(self) -> None:
        for job in self._jobs.values():
            job.owed += 0 if job.ended else 1

    def _advance(self, job: _Job) -> None:
        run = job.run
        try:
            step = next(job.steps, None)
            if step is not None:
                moves = tuple(run.history.moves[job.told_moves :])
                job.told_moves += len(moves)
                message = Stepped(job.ticket, step, moves, dict(run.values), run.utility, run.privacy)
                self.mailbox.put(message)
            if step is None or step.index >= step.total:
                job.ended = True
                if not self._quit.is_set():
                    self.mailbox.put(Ended(job.ticket, run.result(), run.original()))
                    settle_memory()
        except Exception as error:  # noqa: BLE001  # see _open
            self._jobs.pop(job.ticket, None)
            self._fail(job.ticket, error)
        job.owed = max(0, job.owed - 1)
        job.due = time.monotonic()

    def _fail(self, ticket: int, error: Exception) -> None:
        log.info("a run failed", exc_info=error)
        self.mailbox.put(Failed(ticket, Failure.of(error)))
