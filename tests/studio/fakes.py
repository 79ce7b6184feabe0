"""Stand-ins for the engine: quick, without torch, and with every knob visible in the picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mi_studio.core.cards import Library, Model, library
from mi_studio.core.config import RunConfig, why_no_effect
from mi_studio.core.history import History, KnobMove
from mi_studio.core.knobs import Value
from mi_studio.core.step import Pictures, Step, View
from mi_studio.core.text import Text
from mi_studio.core.weights import Utility
from mi_studio.studio.lanes import Ended, Failed, Failure, Message, Opened, Stepped
from mi_studio.studio.mailbox import Mailbox

SMALL, DEEP, READY = (
    Model("small", Text("small net", "小型モデル"), Text("Small.", "小型です。"), ("mid", "bido", "tl-dmi")),
    Model("deep", Text("deep net", "深層モデル"), Text("Deep.", "深層です。")),
    Model("ready", Text("ready net", "既製モデル"), Text("Ready.", "既製です。"), ("dp-grid", "tl-dmi")),
)


def logins() -> Library:
    """Return all cards, and a scene whose models are trained in different ways, or in none."""
    known = library()
    catalogue = known.scene("catalogue")
    scene = replace(
        catalogue,
        id="logins",
        provides=("prior",),
        models=(SMALL, DEEP, READY),
        preset=replace(catalogue.preset, model=SMALL.id),
    )
    return replace(known, scenes=(*known.scenes, scene))


class FakeRun:
    """Behaves as `mi_studio.engine.Run` does, towards a grey picture that gets lighter."""

    LIMIT = 20
    CARDS = library()
    best_at: int | None = None
    """The step that is the best of all; ``None`` for the last."""
    fail_at: int | None = None
    fail_on_open: Exception | None = None

    def __init__(self, config: RunConfig, picture: Pictures | None = None) -> None:
        if self.fail_on_open is not None:
            raise self.fail_on_open
        self.config = config
        self.run_id = f"fake-{id(self):x}"
        self.history = History()
        self.total = min(config.steps, self.LIMIT)
        self.values: Mapping[str, Value] = config.values
        self.utility = Utility("update_cosine", 1.0, 1)
        self.privacy = None
        self.closed = False
        self._pending: dict[str, Value] = {}
        self._version = 0
        attack, scene = self.CARDS.attack(config.attack), self.CARDS.scene(config.scene)
        self.effective: dict[str, Text | None] = {
            d: why_no_effect(self.CARDS.defense(d), attack, scene, config.model) for d in config.defenses
        }
        self.base_rates = {"psnr_db": 9.0}
        side, channels = (32, 3) if scene.one_record else (28, 1)
        self.secret = np.full((1, side, side, channels), 200, np.uint8)
        if picture is not None:
            self.secret = np.ascontiguousarray(picture[:, :side, :side])

    def turn(self, knobs: Mapping[str, Value]) -> None:
        self._pending |= knobs

    def __iter__(self) -> Iterator[Step]:
        try:
            for index in range(self.total + 1):
                self._apply(index)
                if index == self.fail_at:
                    raise RuntimeError("the engine broke")
                step = self._step(index)
                self.history.append(step)
                yield step
        finally:
            self.closed = True

    def _apply(self, index: int) -> None:
        moved = {k: v for k, v in self._pending.items() if self.values.get(k, v) != v}
        self._pending.clear()
        if not moved:
            return
        self.values = {**self.values, **moved}
        if index:
            self._version += 1
            self.history.moves += [KnobMove(index, self._version, k, v) for k, v in moved.items()]
        else:
            self.config = self.config.turned(moved)

    def _step(self, index: int) -> Step:
        return Step(
            run_id=self.run_id,
            index=index,
            total=self.total,
            knob_version=self._version,
            images=np.full_like(self.secret, min(255, 10 * index)),
            objective=1 / (1 + index),
            scores=self._scores(index),
            view=View("gradient", (("conv1", 0.5), ("conv2", 1.0))),
            queries=0,
            seconds=0.01 * index,
            best=self.best_at is None or index <= self.best_at,
        )

    def _scores(self, index: int) -> dict[str, float]:
        done = index / self.total
        if not self.CARDS.scene(self.config.scene).one_record:
            far = 1.5 - done
            return {"evaluator_top1": float(done > 0.5), "distance_same": far, "distance_other": 1.0}
        return {"mse": 0.1, "psnr_db": 8 + 20 * done}

    def original(self) -> Pictures:
        return self.secret

    def result(self) -> dict[str, Any]:
        scores = self.history.final.scores
        return {
            "scores": {
                k: {"value": v, "direction": "higher", "n": 1, "base_rate": 9.0} for k, v in scores.items()
            },
            "utility": {"metric": "update_cosine", "value": 1.0, "n": 1},
            "privacy": None,
            "mixed": self.history.mixed,
        }


class FakeEngine:
    """Carries out orders at once, and steps when told to `work`; the worker without its thread."""

    def __init__(self, make: type[FakeRun] = FakeRun) -> None:
        self.mailbox: Mailbox[Message] = Mailbox(100_000)
        self.make = make
        self.going = False
        self.speed = float("inf")
        self.runs: dict[int, tuple[FakeRun, Iterator[Step]]] = {}
        self.made: list[FakeRun] = []

    def open(self, ticket: int, config: RunConfig, picture: Pictures | None) -> None:
        try:
            run = self.make(config, picture)
        except Exception as error:  # noqa: BLE001
            self._fail(ticket, error)
            return
        self.made.append(run)
        self.runs[ticket] = (run, iter(run))
        self.mailbox.put(Opened(ticket, run.secret, run.effective, run.utility, run.privacy))

    def close(self, ticket: int) -> None:
        self.runs.pop(ticket, None)

    def turn(self, ticket: int, knobs: Mapping[str, Value]) -> None:
        if ticket in self.runs:
            self.runs[ticket][0].turn(knobs)

    def go(self) -> None:
        self.going = True

    def halt(self) -> None:
        self.going = False

    def pace(self, steps_per_second: float) -> None:
        self.speed = steps_per_second

    def step(self) -> None:
        for ticket in list(self.runs):
            self._advance(ticket)

    def work(self, rounds: int = 1) -> None:
        """Let every run step so many times, if going."""
        for _ in range(rounds):
            if self.going:
                self.step()

    def _advance(self, ticket: int) -> None:
        run, steps = self.runs[ticket]
        told = len(run.history.moves)
        try:
            step = next(steps, None)
        except RuntimeError as error:
            self.runs.pop(ticket)
            self._fail(ticket, error)
            return
        if step is None:
            return
        moves = tuple(run.history.moves[told:])
        self.mailbox.put(Stepped(ticket, step, moves, dict(run.values), run.utility, run.privacy))
        if step.index == step.total:
            self.mailbox.put(Ended(ticket, run.result(), run.original()))

    def _fail(self, ticket: int, error: Exception) -> None:
        self.mailbox.put(Failed(ticket, Failure.of(error)))


class Clock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds
