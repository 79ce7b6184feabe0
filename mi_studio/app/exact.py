"""Training a model at exactly one ε while the stage goes on: a process of its own, watched from here."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Slot

from mi_studio.app.widgets.exact import ExactDialog, ExactView
from mi_studio.app.window import MainWindow
from mi_studio.app.words import (
    EXACT_DIED,
    EXACT_DONE,
    EXACT_GOING,
    EXACT_KNOWN,
    EXACT_LOADING,
    EXACT_NUMBER,
    EXACT_ON,
    EXACT_ON_SLIDER,
    EXACT_TOOK,
    say,
)
from mi_studio.core import own
from mi_studio.core.errors import RunError, UsageError
from mi_studio.core.knobs import Value, plain
from mi_studio.core.own import LEAST, MOST, NEEDS_OPACUS, Recipe
from mi_studio.core.text import Text
from mi_studio.core.weights import WeightsCard, own_cards, read_card
from mi_studio.studio.lanes import Failure
from mi_studio.studio.pace import Pace, left_in_words
from mi_studio.studio.presenter import weights_card
from mi_studio.studio.session import Session
from mi_studio.studio.words import JOIN

ENDED_MS = 3000
"""How long the end of a process that was killed is waited for."""

Command = Callable[[str, float, Mapping[str, Value]], Sequence[str]]


def command(scene: str, epsilon: float, values: Mapping[str, Value]) -> list[str]:
    """Return the program that trains, and its arguments."""
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "mi_studio"]
    wanted = [f"{knob}={plain(value)}" for knob, value in values.items()]
    told = ["--set", *wanted] if wanted else []
    return [*program, "train", "--for-window", "--scene", scene, "--epsilon", plain(epsilon), *told]


class ExactDesk(QObject):
    """Brings the line below the knobs, the dialog and the process that trains together.

    Parameters
    ----------
    tell
        Shows the user what went wrong.
    redraw
        Has the stage drawn anew.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        tell: Callable[[Failure], None],
        redraw: Callable[[], None],
        language: str,
        command: Command = command,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._tell, self._redraw = window, session, tell, redraw
        self._command = command
        self.language = language
        self._dialog: ExactDialog | None = None
        self._process: QProcess | None = None
        self._epsilon = 0.0
        self._share: float | None = None
        self._pace = Pace()
        self._wrong = ""
        self._heard: Mapping[str, object] = {}
        self._drawn: object = None
        window.exact.opened.connect(self.open)
        window.exact.cancelled.connect(self.cancel)

    @property
    def training(self) -> bool:
        """Whether a training is under way."""
        return self._process is not None

    @property
    def dialog(self) -> ExactDialog | None:
        """The dialog, while it is open."""
        return self._dialog

    def draw(self) -> None:
        """Show what is possible for what is on the stage, and how far a training is."""
        wish = self._session.intent.wish
        cards = own_cards(wish.scene)
        key = (
            self.language,
            wish,
            cards,
            self._epsilon,
            self._share,
            self.training,
            self._wrong,
            self._dialog,
        )
        if key == self._drawn:
            return
        self._drawn = key
        view = self._view()
        self._window.exact.show_view(view)
        if self._dialog is not None:
            self._dialog.show_view(view)

    @Slot()
    def open(self) -> None:
        """Ask which ε it shall be."""
        self._wrong = ""
        if self._dialog is None:
            self._dialog = ExactDialog(self._window, self.language)
            self._dialog.wanted.connect(self.start)
            self._dialog.deleted.connect(self.delete)
            self._dialog.finished.connect(self._closed)
            self._dialog.show()
        self._dialog.activateWindow()
        self.draw()

    @Slot(str)
    def start(self, typed: str) -> None:
        """Train at the ε that was typed, in the background; say in the dialog what is wrong with it."""
        recipe = self._recipe()
        if recipe is None or self.training:
            return
        values = self._told(recipe)
        try:
            self._epsilon = self._read(typed, recipe)
        except UsageError as error:
            self._wrong = error.text.get(self.language)
            self.draw()
            return
        self._wrong, self._share, self._heard = "", None, {}
        self._pace.forget()
        program, *arguments = self._command(recipe.scene, self._epsilon, values)
        process = self._process = QProcess(self)
        process.readyReadStandardOutput.connect(self._listen)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._not_begun)
        process.start(program, arguments)
        if self._dialog is not None:
            self._dialog.close()  # the line below the knobs says the rest
        self.draw()

    @Slot()
    def cancel(self) -> None:
        """End the training at once; nothing of it stays."""
        process, self._process = self._process, None
        if process is None:
            return
        process.blockSignals(True)
        process.kill()
        process.waitForFinished(ENDED_MS)
        process.deleteLater()
        own.tidy()
        self.draw()

    @Slot(str)
    def delete(self, place: str) -> None:
        """Take a model away that was trained here; where it was chosen, the nearest stop is chosen."""
        for card in own_cards(self._session.intent.wish.scene):
            if str(card.path) == place:
                own.delete(card)
        self._changed()

    def close(self) -> None:
        """End with the program."""
        self.cancel()
        if self._dialog is not None:
            self._dialog.close()

    def retranslate(self, language: str) -> None:
        """Speak another language; an open dialog is opened anew."""
        self.language = language
        if self._dialog is not None:
            self._dialog.close()
            self.open()

    @Slot()
    def _closed(self) -> None:
        self._dialog = None
        self.draw()

    def _read(self, typed: str, recipe: Recipe) -> float:
        if importlib.util.find_spec("opacus") is None:
            raise UsageError(NEEDS_OPACUS)
        try:
            epsilon = float(typed.strip().replace(",", "."))
        except ValueError:
            epsilon = 0.0
        if not LEAST <= epsilon <= MOST:
            raise UsageError(EXACT_NUMBER, low=plain(LEAST), high=plain(MOST))
        if any(stop.value == epsilon for stop in self._session.intent.knobs[recipe.knob].stops):
            raise UsageError(EXACT_ON_SLIDER, epsilon=plain(epsilon))
        return epsilon

    def _recipe(self) -> Recipe | None:
        wish = self._session.intent.wish
        return own.recipe_for(wish.scene, wish.model)

    def _told(self, recipe: Recipe) -> dict[str, Value]:
        values = self._session.intent.wish.values
        return {knob: values[knob] for knob in recipe.told_by}

    @Slot()
    def _listen(self) -> None:
        process = self._process
        while process is not None and process.canReadLine():
            try:
                line = json.loads(process.readLine().toStdString())
            except ValueError:
                continue  # a library's own word
            if isinstance(line, dict) and "share" in line:
                self._share = float(line["share"])
                self._pace.note(time.monotonic(), round(1000 * self._share))
            elif isinstance(line, dict):
                self._heard = line
        self.draw()

    @Slot()
    def _ended(self) -> None:
        self._listen()
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        own.tidy()
        heard = self._heard
        if "card" in heard:
            self._rejoice(read_card(Path(str(heard["card"]))))
        elif isinstance(said := heard.get("error"), dict):
            self._tell(Failure(Text(str(said["en"]), str(said["ja"])), ""))
        else:
            self._tell(Failure.of(RunError(EXACT_DIED)))
        self._changed()

    @Slot(QProcess.ProcessError)
    def _not_begun(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._ended()

    def _rejoice(self, card: WeightsCard) -> None:
        assert card.privacy is not None
        assert card.utility is not None
        self._window.show_message("info", EXACT_DONE.filled(
            epsilon=plain(card.privacy.epsilon),
            accuracy=f"{card.utility.value:.1%}",
            accountant=card.privacy.accountant,
            spent=f"{card.details['epsilon_spent']:.3f}",
        ))  # fmt: skip

    def _changed(self) -> None:
        """Let the knob have its new stops."""
        weights_card.cache_clear()
        self._session.intent.refit()
        self._redraw()
        self.draw()

    # words

    def _view(self) -> ExactView:
        recipe, lang = self._recipe(), self.language
        going = self._going() if self.training else ""
        if recipe is None:
            return ExactView(possible=False, going=going)
        values = self._told(recipe)
        trained_on = say(EXACT_ON, lang, what=self._what(recipe, values))
        if (seconds := own.seconds_once(recipe, values)) is not None:
            trained_on += say(EXACT_TOOK, lang, seconds=10 * round(seconds / 10))
        known = tuple(self._known(recipe, card) for card in own_cards(recipe.scene))
        return ExactView(True, trained_on, going, self._wrong, known)

    def _what(self, recipe: Recipe, values: Mapping[str, Value]) -> str:
        if recipe.learns_from is not None:
            return recipe.learns_from.get(self.language)
        knobs = {k.id: k for k in self._session.intent.scene.knobs}
        return say(JOIN, self.language).join(
            knobs[k].label(v, self.language) for k, v in values.items() if k in knobs
        )

    def _known(self, recipe: Recipe, card: WeightsCard) -> tuple[str, str]:
        said = say(
            EXACT_KNOWN,
            self.language,
            epsilon=plain(card.privacy.epsilon) if card.privacy else "∞",
            what=self._what(recipe, card.knobs),
            accuracy=f"{card.utility.value:.1%}" if card.utility else "?",
        )
        return str(card.path), said

    def _going(self) -> str:
        if self._share is None:
            return say(EXACT_LOADING, self.language, epsilon=plain(self._epsilon))
        said = say(EXACT_GOING, self.language, epsilon=plain(self._epsilon), share=f"{self._share:.0%}")
        left = self._pace.left(1000)
        if left is None:
            return said
        return say(JOIN, self.language).join((said, say(left_in_words(left), self.language)))
