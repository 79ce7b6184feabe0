# ruff: noqa: D102 -- methods that Qt calls
"""The sentence on top: words, and brackets that are pickers."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QHideEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from mi_studio.app.theme import scaled
from mi_studio.app.widgets.common import FlowLayout, IconLabel, Label, explain, polish, same
from mi_studio.app.widgets.picker import Picker
from mi_studio.app.words import PICK, say
from mi_studio.studio.views import Bracket, SentenceView


class BracketButton(QPushButton):
    """A bracket: what is chosen, quietly what that means, and a chevron."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("bracket")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.bracket: Bracket | None = None
        self._title, self._note = Label("bracket"), Label("quiet")
        self._reserved = 0
        self._row = QHBoxLayout(self)
        self.set_dense(False)
        for part in (self._title, self._note, IconLabel("chevron-down", "accent", 16)):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._row.addWidget(part)

    def event(self, event: QEvent) -> bool:
        """Explain the words of the glossary to a hovering mouse."""
        return explain(self, event) or super().event(event)

    def set_dense(self, dense: bool) -> None:
        """Take less room, so that more of the sentence stays on one line."""
        scaled(self._row.setContentsMargins, *((8, 6, 5, 6) if dense else (12, 6, 9, 6)))
        scaled(self._row.setSpacing, 5 if dense else 8)

    def show_bracket(self, bracket: Bracket, language: str) -> None:
        """Show a bracket."""
        before, self.bracket = self.bracket, bracket
        self._title.say(bracket.title)
        self._note.say(bracket.note)
        if before is None or (before.slot, before.title) != (bracket.slot, bracket.title):
            self._reserved = 0
        self._reserve()
        self.setAccessibleName(f"{say(PICK[bracket.slot], language)}: {bracket.title}")
        self.setAccessibleDescription(bracket.note)
        self.setToolTip(bracket.note)

    def room(self) -> tuple[object, ...]:
        """Return all that decides how wide the button wants to be."""
        return self._title.said, bool(self._note.said), self._reserved

    def set_noted(self, noted: bool) -> None:
        """Show or hide the quiet note, which the tooltip keeps."""
        noted = noted and bool(self._note.said)
        if noted == self._note.isHidden():
            self._note.setVisible(noted)

    def _reserve(self) -> None:
        """Keep the room of the longest note: a value that changes under the hand moves nothing beside it."""
        self._note.ensurePolished()
        if self._note.said:
            wide = math.ceil(QFontMetricsF(self._note.font()).horizontalAdvance(self._note.said)) + 2
            self._reserved = max(self._reserved, wide)
            self._note.setFixedWidth(self._reserved)

    def forget_width(self) -> None:
        """Let the note be as narrow as its words are now."""
        self._reserved = 0
        self._reserve()

    def set_open(self, opened: bool) -> None:
        """Show that the picker below is open."""
        self.setProperty("open", opened)
        polish(self)

    def sizeHint(self) -> QSize:
        layout = self.layout()
        return layout.sizeHint() if layout is not None else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class Sentence(QWidget):
    """The sentence.

    Signals
    -------
    picked
        Slot and id of the entry that was chosen.
    toggled
        Slot, id, and whether it shall be on; for defences.
    """

    picked = Signal(str, str)
    toggled = Signal(str, str, bool)
    REST_MS = 1200
    """This long after the last change, notes give back the room that longer ones needed."""

    def __init__(self) -> None:
        super().__init__()
        self._language = "en"
        self._view: SentenceView | None = None
        self._parts: list[Label | BracketButton] = []
        self._flow = FlowLayout(gap=8, line_gap=6)
        self.setLayout(self._flow)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._locked: frozenset[str] = frozenset()
        self._open: BracketButton | None = None
        self._fitted: list[object] = []
        self._rest = QTimer(self, interval=self.REST_MS, singleShot=True)
        self._rest.timeout.connect(self._forget)
        self.picker = Picker(self)
        self.picker.picked.connect(self._picked)
        self.picker.toggled.connect(self._toggled)
        self.picker.closed.connect(self._closed)

    @property
    def brackets(self) -> list[BracketButton]:
        """The bracket buttons in reading order."""
        return [p for p in self._parts if isinstance(p, BracketButton)]

    def show_view(self, view: SentenceView) -> None:
        """Draw a sentence; an open picker follows."""
        if same(view, self._view):
            return
        old, self._view = self._view, view
        if old is None or _shape(old) != _shape(view):
            self._rebuild(view)
        for part, shown in zip(view.parts, self._parts, strict=True):
            if isinstance(shown, BracketButton):
                assert isinstance(part, Bracket)
                shown.show_bracket(part, self._language)
                shown.setEnabled(part.slot not in self._locked)
            else:
                assert isinstance(part, str)
                shown.say(part.strip())
                shown.setProperty("glued", _glue(part.strip()))
        if self._open is not None and self._open.bracket is not None and self.picker.isVisible():
            self.picker.fill(self._open.bracket, self._language)
        if self._fitted != self._rooms():  # most moves of a slider change a note within its room
            self._fit()
        if self.isVisible():
            self._rest.start()

    def retranslate(self, language: str) -> None:
        """Name the pickers in another language."""
        self._language = language
        for button in self.brackets:
            if button.bracket is not None:
                button.show_bracket(button.bracket, language)
        self._fit()

    def set_locked(self, locked: frozenset[str]) -> None:
        """Let the brackets of these slots be read only."""
        self._locked = locked
        for button in self.brackets:
            button.setEnabled(button.bracket is None or button.bracket.slot not in locked)

    def open_picker(self, slot: str) -> None:
        """Open the picker of a slot."""
        for button in self.brackets:
            if button.bracket is not None and button.bracket.slot == slot:
                self._show(button)

    def _rebuild(self, view: SentenceView) -> None:
        self.picker.hide()
        while self._flow.count():
            self._flow.takeAt(0)
        for gone in self._parts:
            gone.setParent(None)
            gone.deleteLater()
        self._parts = []
        for part in view.parts:
            shown: Label | BracketButton
            if isinstance(part, str):
                shown = Label("lead")
            else:
                shown = BracketButton()
                shown.clicked.connect(lambda _=False, shown=shown: self._show(shown))
            self._parts.append(shown)
            self._flow.addWidget(shown)
            shown.show()  # a hidden part would have no place in the line

    def _show(self, button: BracketButton) -> None:
        if button.bracket is None:
            return
        self._open = button
        button.set_open(True)
        self.picker.fill(button.bracket, self._language)
        self.picker.open_at(button)

    def _closed(self) -> None:
        if self._open is not None:
            self._open.set_open(False)

    def _picked(self, chosen: str) -> None:
        if self._open is not None and self._open.bracket is not None:
            self.picked.emit(self._open.bracket.slot, chosen)

    def _toggled(self, chosen: str, on: bool) -> None:
        if self._open is not None and self._open.bracket is not None:
            self.toggled.emit(self._open.bracket.slot, chosen, on)

    def _fit(self) -> None:
        """Keep the defences' note, for it says how strong they are; the others unless they cost a line."""
        if not self.width():
            return
        slots = {b.bracket.slot: b for b in self.brackets if b.bracket is not None}
        for slot, button in slots.items():
            button.set_noted(slot == "defense")
        roomy = self._lines(False)
        dense = roomy > 1 and self._lines(True) < roomy
        fewest = self._lines(dense)
        for slot, button in sorted(slots.items(), key=lambda known: known[0] != "attack"):
            if slot == "defense":
                continue
            button.set_noted(True)
            if self._flow.lines(self.width()) > fewest:
                button.set_noted(False)
        self._fitted = self._rooms()
        self.updateGeometry()

    def _rooms(self) -> list[object]:
        return [b.room() for b in self.brackets]

    def _lines(self, dense: bool) -> int:
        for button in self.brackets:
            button.set_dense(dense)
        self._flow.set_gap(6 if dense else 8)
        return self._flow.lines(self.width())

    def _forget(self) -> None:
        for button in self.brackets:
            button.forget_width()
        self._fit()
        above = self.parentWidget()
        layout = above.layout() if above is not None else None
        if layout is not None:
            layout.activate()  # else the place of what was only tried would be seen for a moment

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest with the window."""
        super().hideEvent(event)
        self._rest.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit again when the type has changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            QTimer.singleShot(0, self, self._forget)


def _glue(words: str) -> int:
    """Return the gap before words that may not begin a line: punctuation and Japanese particles; else 0."""
    if words[:1] in tuple(".,:;!?、。"):
        return 2
    return 7 if "\u3041" <= words[:1] <= "\u309f" or words[:1] in "·・" else 0


def _shape(view: SentenceView) -> tuple[str, ...]:
    return tuple("word" if isinstance(part, str) else part.slot for part in view.parts)
