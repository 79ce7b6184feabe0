"""Workers on this machine: processes of their own, of which a dead one costs only the run it was at."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from mi_studio.core.config import RunConfig
from mi_studio.core.outcome import Outcome
from mi_studio.core.text import Text
from mi_studio.sweep.work import Failed, Unwanted, carry_out

BEAT = 0.2
"""Seconds after which a pool says that nothing has happened, so that whoever waits can look around."""

TRIES = 3
"""A run that has taken this many workers down with it is given up."""

PATIENCE = 3.0
"""Seconds that unwanted workers have to come to the end of a step."""

Work = Callable[[RunConfig, Callable[[], bool]], Outcome | Failed]

DIED = Text(
    "The process died {tries} times at this run; there may not be enough memory.",
    "この実行の途中でプロセスが{tries}回終了しました。メモリー不足の可能性があります。",
)


class Pool:
    """So many processes, each with one torch thread; ``work`` is what they do."""

    def __init__(self, workers: int, work: Work = carry_out) -> None:
        self.workers = workers
        self._work = work

    def carry_out(self, configs: Iterable[RunConfig]) -> Iterator[Outcome | Failed | None]:
        """Yield outcomes and failures as they come, and ``None`` at every beat without one.

        Closing the iterator ends all processes. They also end, at their next step, when this one dies.
        """
        waiting = deque(configs)
        died: Counter[str] = Counter()
        hands = [_Hand(self._work) for _ in range(min(self.workers, len(waiting)))]
        try:
            while waiting or any(hand.config for hand in hands):
                for hand in hands:
                    if hand.config is None and waiting:
                        hand.give(waiting.popleft())
                busy = [hand for hand in hands if hand.config is not None]
                if not wait([w for hand in busy for w in hand.signs], timeout=BEAT):
                    yield None
                    continue
                for hand in busy:
                    config = hand.config
                    assert config is not None
                    done = hand.take()
                    if done is not None:
                        yield done
                    elif not hand.process.is_alive():
                        hand.close()
                        hands[hands.index(hand)] = _Hand(self._work)
                        died[config.key] += 1
                        if died[config.key] < TRIES:
                            waiting.appendleft(config)
                        else:
                            yield Failed(config, DIED.filled(tries=TRIES))
        finally:
            for hand in hands:
                hand.dismiss()
            until = time.monotonic() + PATIENCE
            for hand in hands:
                hand.process.join(max(0.0, until - time.monotonic()))
                hand.close()


class _Hand:
    """One process and the line to it."""

    def __init__(self, work: Work) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=_serve, args=(theirs, work), daemon=True)
        self.process.start()
        theirs.close()  # or nobody would notice that this end has closed
        self.config: RunConfig | None = None

    @property
    def signs(self) -> tuple[Connection[object, object], int]:
        """What to wait for: an answer, or the end of the process."""
        return self._line, self.process.sentinel

    def give(self, config: RunConfig) -> None:
        self.config = config
        try:
            self._line.send(config)
        except OSError:
            self.process.join()  # it died while idle; whoever looks after it will see

    def take(self) -> Outcome | Failed | None:
        """Return the answer, if there is one."""
        try:
            if not self._line.poll():
                return None
            answer = self._line.recv()
        except (EOFError, OSError):
            self.process.join()
            return None
        assert isinstance(answer, Outcome | Failed)
        self.config = None
        return answer

    def dismiss(self) -> None:
        """Let the process end at its next step."""
        self._line.close()

    def close(self) -> None:
        """End the process now; it holds nothing that could be lost."""
        self._line.close()
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.process.close()


def _serve(line: Connection[object, object], work: Work) -> None:
    """Carry out what comes over the line until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches everybody in the terminal; one decides

    def closed() -> bool:
        try:
            return line.poll()
        except OSError:
            return True

    try:
        while True:
            config = line.recv()
            assert isinstance(config, RunConfig)
            line.send(work(config, closed))
    except (EOFError, OSError, Unwanted):
        return
