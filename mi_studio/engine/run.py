"""A run: a frozen configuration becomes an iterator of frozen steps."""

from __future__ import annotations

import importlib
import math
import platform
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

import mi_studio
from mi_studio.core.cards import library
from mi_studio.core.config import OWN_PICTURE, RunConfig, why_no_effect
from mi_studio.core.errors import RunError, UsageError
from mi_studio.core.history import History, KnobMove
from mi_studio.core.knobs import Value, jsonable, plain
from mi_studio.core.pictures import load_picture
from mi_studio.core.recording import Recording
from mi_studio.core.step import Pictures, Step, View
from mi_studio.core.text import Text
from mi_studio.core.weights import Privacy, Utility
from mi_studio.engine import devices
from mi_studio.engine.access import Access, Progress, Setup
from mi_studio.engine.case import open_case
from mi_studio.engine.gateway import Blocked
from mi_studio.engine.judge import Scores, as_images, as_pictures, summary

Attack = Callable[[Access, Setup], Iterator[Progress]]


class Run:
    """One attack on one case.

    Iterating yields `Step` 0 (the start) to ``config.steps``. Not calling ``next`` pauses; closing
    the iterator stops; ``turn`` moves knobs between two steps. Everything that was computed stays in
    ``history``. ``turn`` may be called from another thread, all else belongs to one.

    Parameters
    ----------
    config
        From `mi_studio.core.config.resolve`.
    picture
        The user's own picture as uint8 (1, h, w, 3); read from ``config.image`` if left out.
    threads
        How many torch threads to use; left out, as many as leave the screen in peace.

    Raises
    ------
    UsageError
        If the device is not there.
    BadFileError
        If data, weights or the user's picture cannot be used.
    """

    def __init__(
        self, config: RunConfig, *, picture: Pictures | None = None, threads: int | None = None
    ) -> None:
        started = time.perf_counter()
        self.config = config
        self.run_id = uuid.uuid4().hex[:12]
        self.history = History()
        self._threads = devices.settle_threads(threads)
        self._device = devices.pick(config.device)
        if config.target == OWN_PICTURE and picture is None:
            if config.image is None:
                raise UsageError(
                    Text(
                        "A picture of your own was chosen, but none was given; add --image FILE.",
                        "標的に自分の画像が選ばれていますが、画像がありません。先に画像を取り込んでください。",
                    )
                )
            picture = load_picture(Path(config.image))[None]
        self._case = open_case(config, self._device, picture)
        self._values = config.values
        self._case.turn(self._values)
        self._pending: dict[str, Value] = {}
        self._lock = threading.Lock()
        self._version = 0
        self._seconds = 0.0
        self._loading = time.perf_counter() - started

    @property
    def secret(self) -> Pictures:
        """What is being protected, uint8 (n, h, w, c)."""
        return self._case.secret

    @property
    def values(self) -> Mapping[str, Value]:
        """The knobs as they act now."""
        return dict(self._values)

    @property
    def utility(self) -> Utility | None:
        """How useful the protected thing is under the present knobs."""
        return self._case.worth().utility

    @property
    def privacy(self) -> Privacy | None:
        """The guarantee under the present knobs, if there is one."""
        return self._case.worth().privacy

    @cached_property
    def effective(self) -> dict[str, Text | None]:
        """For each defence in the run: why it has no effect here, or ``None``."""
        cards, config = library(), self.config
        scene, attack = cards.scene(config.scene), cards.attack(config.attack)
        return {d: why_no_effect(cards.defense(d), attack, scene, config.model) for d in config.defenses}

    @cached_property
    def base_rates(self) -> Mapping[str, float]:
        """What unrelated pictures score, by metric; computed at the first call."""
        return self._case.judge.base_rates()

    def turn(self, knobs: Mapping[str, Value]) -> None:
        """Move knobs. All of them take effect together, at the top of the next step."""
        with self._lock:
            self._pending.update(knobs)

    def __iter__(self) -> Iterator[Step]:
        """Run the attack."""
        attack: Attack = importlib.import_module(library().attack(self.config.attack).module).attack
        progress = attack(self._case.access, self._case.setup)
        best = math.inf
        index, blocked = 0, False
        state: Progress | None = None
        while index <= self.config.steps and not blocked:
            began = time.perf_counter()
            if self._apply_pending(index):
                best = math.inf  # objectives under different knobs cannot be compared
            try:
                state = next(progress)
            except StopIteration:
                return
            except Blocked:  # the attacker keeps what he has
                blocked, state = True, state or self._empty_handed()
            if not bool(torch.isfinite(state.images).all()):
                raise RunError(
                    Text(
                        "The attack has come to pictures that are not numbers any more at step {step}; "
                        "try another seed.",
                        "ステップ{step}で攻撃の計算が発散しました。別のシードで試してください。",
                    ),
                    step=index,
                )
            images = as_pictures(state.images)
            # an objective that is not a number can never be the best
            improved = state.objective <= best or state.choice
            if blocked and index > 0:
                improved = False
            best = state.objective if improved else best
            scores = self._case.judge.quick(state.images)
            desk = self._case.desk()
            view = self._case.access.view(state.images)
            if blocked:  # it shows him nothing any more
                view = View(view.kind, ())
            self._seconds += time.perf_counter() - began
            step = Step(
                run_id=self.run_id,
                index=index,
                total=self.config.steps,
                knob_version=self._version,
                images=images,
                objective=state.objective,
                scores={name: float(values.mean()) for name, values in scores.items()},
                view=view,
                queries=desk.asked if desk else self._case.access.queries,
                seconds=self._seconds,
                best=improved,
                desk=desk,
            )
            self.history.append(step)
            yield step
            index += 1

    def _empty_handed(self) -> Progress:
        """Return what somebody hands in who has learnt nothing: the middle of the prior, or grey."""
        setup = self._case.setup
        count = len(self._case.secret)
        images = torch.full((count, *setup.shape), 0.5, device=self._device)
        if setup.prior is not None:
            with torch.no_grad():
                images = setup.prior(torch.zeros((count, setup.prior.latent), device=self._device))
        return Progress(images, 0.0)

    def _apply_pending(self, index: int) -> bool:
        with self._lock:
            moved = {k: v for k, v in self._pending.items() if k in self._values and self._values[k] != v}
            self._pending.clear()
        if not moved:
            return False
        self._values |= moved
        self._case.turn(self._values)
        self._case.access.version += 1
        if index > 0:  # before the first step nothing was extracted: the run is not mixed
            self._version += 1
            self.history.moves += [KnobMove(index, self._version, k, v) for k, v in moved.items()]
        else:
            self.config = self.config.turned(moved)
        return True

    def original(self) -> Pictures:
        """Return the true pictures to show beside the final ones; call when the run has ended."""
        return self._case.judge.original(self._final_images())

    def final_scores(self) -> Scores:
        """Return every score of the final picture, one value per target.

        The final picture is the best by the attack's own objective, as the 8-bit picture that is
        handed over.
        """
        return self._case.judge.full(self._final_images())

    def _final_images(self) -> torch.Tensor:
        return as_images(self.history.final.images, self._device)

    def result(self) -> dict[str, Any]:
        """Return the document that ``result.json`` holds, for what has been computed so far.

        It follows ``mi_studio/core/result.schema.json``; the scores are the `final_scores`.
        """
        scores = self.final_scores()
        steps = self.history.last.index
        document: dict[str, Any] = {
            "format": 1,
            "scene": self.config.scene,
            "model": self.config.model,
            "attack": self.config.attack,
            "defenses": self._defenses(),
            "knobs": {k: jsonable(v) for k, v in self._values.items()},
            "knob_history": [
                {"step": m.step, "version": m.version, "knob": m.knob, "value": jsonable(m.value)}
                for m in self.history.moves
            ],
            "mixed": self.history.mixed,
            "target": self.config.target,
            "seed": self.config.seed,
            "device": self._device.type,
            "threads": self._threads,
            "versions": {
                "mi_studio": mi_studio.__version__,
                "python": platform.python_version(),
                "torch": torch.__version__,
                "numpy": np.__version__,
            },
            "complete": steps == self.config.steps,
            "steps": steps,
            "queries": self.history.last.queries,
            "seconds": self._seconds,
            "seconds_total": self._seconds + self._loading,
            "steps_per_s": steps / self._seconds if self._seconds else 0.0,
            "scores": {k: summary(v, k, self.base_rates.get(k)) for k, v in scores.items()},
            "privacy": None,
        }
        if (desk := self.history.last.desk) and desk.blocked:
            document["blocked"] = {"query": desk.asked, "reason": desk.blocked}
        worth = self._case.worth()
        if worth.utility:
            u = worth.utility
            document["utility"] = {"metric": u.metric, "value": u.value, "n": u.n}
            if u.distortion is not None:
                document["utility"]["distortion"] = u.distortion
            if (t := u.traffic) is not None:
                sent = {"bytes": t.size, "plain_bytes": t.plain, "seconds": t.seconds}
                document["utility"]["traffic"] = sent
        if worth.privacy:
            document["privacy"] = asdict(worth.privacy)
        return document

    def _defenses(self) -> list[dict[str, Any]]:
        entries = []
        for defense, reason in self.effective.items():
            knob = library().defense(defense).knob
            if reason is None and self._values[knob.id] == knob.off:
                setting = f"{knob.id} = {plain(self._values[knob.id])}"
                reason = Text(f"It is switched off ({setting}).", f"無効になっています（{setting}）。")
            entry: dict[str, Any] = {"id": defense, "effective": reason is None}
            if reason is not None:
                entry["reason"] = {"en": reason.en, "ja": reason.ja}
            entries.append(entry)
        return entries

    def recording(self, twin: History | None = None) -> Recording:
        """Return what is needed to play this run again without torch."""
        return Recording(self.config, self.original(), self.history, self.result(), twin)
