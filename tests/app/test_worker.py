from __future__ import annotations

import builtins
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from fakes import FakeRun

from mi_studio.app.worker import Worker, load_engine
from mi_studio.core.config import RunConfig, resolve
from mi_studio.core.errors import BadFileError, StudioError
from mi_studio.core.step import Pictures
from mi_studio.core.text import Text
from mi_studio.studio.lanes import Ended, Failed, Failure, Message, Opened, Stepped

CONFIG = resolve("federated", settings={"gradient-noise": 0})
NO_WEIGHTS = BadFileError(Text("There are no weights.", "重みファイルがありません。"))


class Listener:
    """Takes what comes out of a worker until something has come."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.heard: list[Message] = []

    def until(self, done: Callable[[list[Message]], bool], seconds: float = 5.0) -> list[Message]:
        limit = time.monotonic() + seconds
        while not done(self.heard):
            assert time.monotonic() < limit, f"never came; heard {self.heard[-3:]}"
            self.heard += self.worker.mailbox.take()
            threading.Event().wait(0.001)
        return self.heard

    def steps(self, ticket: int = 1) -> list[int]:
        return [m.step.index for m in self.heard if isinstance(m, Stepped) and m.ticket == ticket]

    def settle(self) -> None:
        """Wait until every order given so far was carried out."""
        done = threading.Event()
        self.worker._orders.put(done.set)
        assert done.wait(5)
        self.heard += self.worker.mailbox.take()


@pytest.fixture
def worker(fake: type[FakeRun]) -> Iterator[Worker]:
    made = Worker(fake)
    made.start()
    yield made
    assert made.quit()


@pytest.fixture
def listener(worker: Worker) -> Listener:
    return Listener(worker)


def ended(ticket: int) -> Callable[[list[Message]], bool]:
    return lambda heard: any(isinstance(m, Ended) and m.ticket == ticket for m in heard)


def test_a_run_from_open_to_end(worker: Worker, listener: Listener) -> None:
    worker.open(1, CONFIG, None)
    worker.go()
    heard = listener.until(ended(1))
    assert isinstance(heard[0], Opened)
    assert listener.steps() == list(range(FakeRun.LIMIT + 1))
    assert isinstance(heard[-1], Ended)
    assert "psnr_db" in heard[-1].result["scores"]


def test_nothing_moves_before_go_and_after_halt(worker: Worker, listener: Listener) -> None:
    worker.open(1, CONFIG, None)
    listener.settle()
    assert listener.steps() == []
    worker.pace(50)
    worker.go()
    listener.until(lambda _: len(listener.steps()) > 2)
    worker.halt()
    listener.settle()
    count = len(listener.steps())
    listener.settle()
    assert len(listener.steps()) == count


def test_single_steps(worker: Worker, listener: Listener) -> None:
    worker.open(1, CONFIG, None)
    for _ in range(3):
        worker.step()
    listener.until(lambda _: len(listener.steps()) == 3)
    listener.settle()
    assert listener.steps() == [0, 1, 2]


def test_runs_take_turns(worker: Worker, listener: Listener) -> None:
    worker.open(1, CONFIG, None)
    worker.open(2, CONFIG.undefended(), None)
    worker.go()
    listener.until(lambda heard: ended(1)(heard) and ended(2)(heard))
    order = [m.ticket for m in listener.heard if isinstance(m, Stepped)]
    ahead = 0
    for ticket in order:
        ahead += 1 if ticket == 1 else -1
        assert abs(ahead) <= 1


def test_a_turned_knob_takes_the_next_step(worker: Worker, listener: Listener) -> None:
    worker.open(1, CONFIG, None)
    worker.step()
    worker.step()
    listener.until(lambda _: len(listener.steps()) == 2)
    worker.turn(1, {"gradient-noise": 0.5})
    worker.step()
    listener.until(lambda _: len(listener.steps()) == 3)
    last = listener.heard[-1]
    assert isinstance(last, Stepped)
    assert [(m.step, m.knob, m.value) for m in last.moves] == [(2, "gradient-noise", 0.5)]
    assert last.values["gradient-noise"] == 0.5


def test_pace_is_kept(worker: Worker, listener: Listener) -> None:
    worker.pace(100)
    worker.open(1, CONFIG, None)
    began = time.monotonic()
    worker.go()
    listener.until(lambda _: len(listener.steps()) >= 11)
    assert time.monotonic() - began >= 0.09


def test_closing_ends_the_generator(worker: Worker, listener: Listener, fake: type[FakeRun]) -> None:
    runs: list[FakeRun] = []
    worker._make_run = lambda config, picture: runs.append(fake(config, picture)) or runs[-1]
    worker.open(1, CONFIG, None)
    worker.step()
    listener.until(lambda _: listener.steps() == [0])
    worker.close(1)
    worker.step()
    listener.settle()
    assert runs[0].closed
    assert listener.steps() == [0]


def test_a_run_that_nobody_wants_any_more_is_not_opened(
    worker: Worker, listener: Listener, fake: type[FakeRun]
) -> None:
    opening, let = threading.Event(), threading.Event()
    made: list[RunConfig] = []

    def slow(config: RunConfig, picture: Pictures | None) -> FakeRun:
        made.append(config)
        opening.set()
        assert let.wait(5)
        return fake(config, picture)

    worker._make_run = slow
    seeds = [resolve("federated", seed=seed) for seed in range(1, 6)]
    worker.open(1, seeds[0], None)
    assert opening.wait(5)
    for ticket, config in enumerate(seeds[1:], 2):
        worker.close(ticket - 1)
        worker.open(ticket, config, None)
    let.set()
    listener.settle()
    assert made == [seeds[0], seeds[-1]]
    assert [m.ticket for m in listener.heard] == [5]
    assert worker._unwanted == set()


@pytest.mark.parametrize("error", [NO_WEIGHTS, ValueError("odd"), ImportError("torch")])
def test_a_run_that_cannot_open_is_told(
    worker: Worker, listener: Listener, fake: type[FakeRun], error: Exception
) -> None:
    fake.fail_on_open = error
    worker.open(1, CONFIG, None)
    (failed,) = listener.until(lambda heard: bool(heard))
    assert isinstance(failed, Failed)
    assert failed.failure == Failure.of(error)
    assert isinstance(error, StudioError) or type(error).__name__ in failed.failure.details
    assert failed.failure.sentence.en.endswith(".")
    assert failed.failure.sentence.ja.endswith("。")
    fake.fail_on_open = None
    worker.open(2, CONFIG, None)
    worker.go()
    listener.until(ended(2))


def test_a_run_that_breaks_leaves_the_others_going(
    worker: Worker, listener: Listener, fake: type[FakeRun]
) -> None:
    fake.fail_at = 3
    worker.open(1, CONFIG, None)
    listener.settle()
    listener.worker.go()
    listener.until(lambda heard: any(isinstance(m, Failed) for m in heard))
    fake.fail_at = None
    worker.open(2, CONFIG, None)
    listener.until(ended(2))
    assert listener.steps(1) == [0, 1, 2]


def test_quitting_under_a_full_mailbox_that_nobody_empties(fake: type[FakeRun]) -> None:
    fake.LIMIT = 480
    worker = Worker(fake)
    worker.start()
    worker.open(1, CONFIG, None)
    worker.go()
    for _ in range(500):
        if len(worker.mailbox._items) >= 256:
            break
        threading.Event().wait(0.01)
    assert len(worker.mailbox._items) == 256
    assert worker.quit(5)


def test_quitting_a_worker_that_never_started(fake: type[FakeRun]) -> None:
    assert Worker(fake).quit()


@pytest.mark.parametrize("how", ["missing", "broken"])
def test_without_torch_a_run_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    if how == "missing":
        monkeypatch.setitem(sys.modules, "torch", None)
    else:
        real = builtins.__import__

        def broken(name: str, *more: object) -> object:
            if name == "torch":
                raise OSError(126, "The specified module could not be found")
            return real(name, *more)

        monkeypatch.setattr(builtins, "__import__", broken)
    load_engine.cache_clear()
    worker = Worker()
    worker.start()
    listener = Listener(worker)
    worker.warm_up()
    worker.open(1, CONFIG, None)
    (failed,) = listener.until(lambda heard: bool(heard))
    assert worker.quit()
    assert isinstance(failed, Failed)
    assert "pip install" in failed.failure.sentence.en
    assert "pip install" in failed.failure.sentence.ja
    assert "Recordings still play" in failed.failure.sentence.en
    assert ("could not be found" in failed.failure.details) is (how == "broken")
    assert not [r for r in caplog.records if r.levelname == "WARNING"]
