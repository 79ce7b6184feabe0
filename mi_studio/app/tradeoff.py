"""Between the Trade-off page and its results: what is shipped, what was swept here, and a sweep under way."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from mi_studio.app.widgets.tradeoff import TradeoffPage, TradeoffView
from mi_studio.app.words import (
    TRADEOFF_DONE,
    TRADEOFF_FAILED,
    TRADEOFF_GOING,
    TRADEOFF_LEFT,
    TRADEOFF_STOPPED,
    say,
)
from mi_studio.core import paths
from mi_studio.core.cards import SceneCard
from mi_studio.core.errors import StudioError
from mi_studio.core.outcome import Outcome
from mi_studio.studio import tradeoff
from mi_studio.studio.lanes import Failure
from mi_studio.studio.pace import left_in_words
from mi_studio.studio.tradeoff import CHANGED, Cost
from mi_studio.sweep.grid import plan, usual
from mi_studio.sweep.pool import Pool
from mi_studio.sweep.store import SUFFIX, Book
from mi_studio.sweep.sweep import Hands, Progress, sweep

LOOK_MS = 250
"""How often a sweep under way is looked at."""


class Tradeoff(QObject):
    """Fills the page, and sweeps in a thread whose runs are processes of their own.

    Parameters
    ----------
    scene
        Returns the scene that is on the stage.
    tell
        Shows the user what went wrong.
    """

    def __init__(
        self,
        page: TradeoffPage,
        scene: Callable[[], SceneCard],
        tell: Callable[[Failure], None],
        language: str,
        hands: Callable[[], Hands] | None = None,
    ) -> None:
        super().__init__(page)
        self._page, self._scene, self._tell = page, scene, tell
        self._hands = hands or (lambda: Pool(max(1, (os.cpu_count() or 2) - 1)))
        self.language = language
        self._known: dict[str, list[Outcome]] = {}
        self._chosen, self._measure = "", ""
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._mail: deque[Progress | Failure] = deque()
        self._swept, self._progress = "", None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)
        page.start_requested.connect(self.start)
        page.cancel_requested.connect(self.cancel)
        page.chart_chosen.connect(self._chart_chosen)
        page.measure_chosen.connect(self._measure_chosen)

    _progress: Progress | None

    @property
    def sweeping(self) -> bool:
        """Whether a sweep is under way."""
        return self._thread is not None

    def draw(self) -> None:
        """Show what is known about the scene on the stage."""
        scene = self._scene()
        if scene.id not in self._known:
            own = tradeoff.read(self._own(scene.id))
            self._known[scene.id] = tradeoff.merged(tradeoff.shipped(scene.id), own)
        outcomes = self._known[scene.id]
        measures = tradeoff.measures(outcomes)
        measure: Cost = next((m for m in measures if m == self._measure), measures[0])
        words = {"utility": scene.utility, "distortion": CHANGED}
        self._page.show_view(
            TradeoffView(
                scene=scene.title.get(self.language),
                charts=tradeoff.charts(scene, outcomes, measure),
                chosen=self._chosen,
                measures=tuple((m, words[m].get(self.language)) for m in measures),
                measure=measure,
                going=self._going() if self._swept == scene.id else "",
                sweeping=self.sweeping,
            )
        )

    def _own(self, scene: str) -> Path:
        return paths.data_dir() / "tradeoff" / f"{scene}{SUFFIX}"

    @Slot()
    def start(self) -> None:
        """Sweep every setting of the scene that is not there yet, in the background."""
        if self.sweeping:
            return
        scene = self._scene().id
        try:
            wanted = plan(usual(scene))
            store = _Own(Book(self._own(scene)), self._known.get(scene, []))
        except StudioError as error:
            self._tell(Failure.of(error))
            return
        self._stop.clear()
        self._mail.clear()
        self._swept, self._progress = scene, Progress(0, len(wanted.runs))
        hands = self._hands()

        def work() -> None:
            try:
                for progress in sweep(wanted, store, hands, stop=self._stop.is_set):
                    self._mail.append(progress)
            except Exception as error:  # noqa: BLE001 -- the user reads it, whatever it is
                self._mail.append(Failure.of(error))

        self._thread = threading.Thread(target=work, name="mi-studio-sweep")
        self._thread.start()
        self._timer.start()
        self.draw()

    @Slot()
    def cancel(self) -> None:
        """Stop the sweep; what is done is kept."""
        self._stop.set()

    def close(self) -> None:
        """Stop, and wait for the processes, which end at their next step."""
        self._timer.stop()
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @Slot()
    def _look(self) -> None:
        over = self._thread is None or not self._thread.is_alive()
        changed = over
        while self._mail:
            message = self._mail.popleft()
            changed = True
            if isinstance(message, Failure):
                self._tell(message)
                continue
            self._progress = message
            if message.news is not None:
                found = self._known.setdefault(self._swept, [])
                self._known[self._swept] = tradeoff.merged(found, [message.news])
        if over:
            self._thread = None
            self._timer.stop()
        if changed:
            self.draw()

    def _going(self) -> str:
        now, lang = self._progress, self.language
        if now is None:
            return ""
        if not self.sweeping:
            words = TRADEOFF_DONE if now.complete else TRADEOFF_STOPPED
            said = say(words, lang, done=now.done, total=now.total)
        else:
            said = say(TRADEOFF_GOING, lang, done=now.done, total=now.total)
            if now.left is not None:
                said += say(TRADEOFF_LEFT, lang, left=left_in_words(now.left).get(lang))
        return said + (say(TRADEOFF_FAILED, lang, n=len(now.failed)) if now.failed else "")

    @Slot(str)
    def _chart_chosen(self, key: str) -> None:
        self._chosen = key
        self.draw()

    @Slot(str)
    def _measure_chosen(self, measure: str) -> None:
        self._measure = measure
        self.draw()


class _Own:
    """The user's own book; what is shipped need not be run again."""

    def __init__(self, book: Book, there: list[Outcome]) -> None:
        self._book, self._there = book, {o.key for o in there}

    def keys(self) -> set[str]:
        return self._book.keys() | self._there

    def keep(self, kept: Outcome) -> None:
        self._book.keep(kept)
