"""The line and the dialog by which a model is trained at exactly one ε, and by which it is deleted again."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from mi_studio.app.theme import scaled
from mi_studio.app.widgets.common import Button, Label
from mi_studio.app.words import (
    CANCEL,
    CLOSE,
    EXACT,
    EXACT_DELETE,
    EXACT_HELP,
    EXACT_HERE,
    EXACT_NONE,
    EXACT_TITLE,
    EXACT_TRAIN,
    EXACT_WANTED,
    say,
    tooltip,
)

MOST_LISTED = 150
"""Pixels of height for the models that are there."""


@dataclass(frozen=True, slots=True)
class ExactView:
    """What is said about training here.

    Attributes
    ----------
    possible
        Whether the model on the stage can be trained here.
    trained_on
        On what, and how long it takes.
    going
        How far a training under way is, or empty.
    wrong
        What is wrong with the last wish, or why there cannot be one.
    own
        The models that were trained here: the place of each, and what is known of it.
    """

    possible: bool
    trained_on: str = ""
    going: str = ""
    wrong: str = ""
    own: tuple[tuple[str, str], ...] = ()


class ExactLine(QWidget):
    """Below the knobs: a button that leads to the dialog, or how far a training is, and Cancel."""

    opened = Signal()
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.open, self.cancel = Button(), Button()
        for button in (self.open, self.cancel):
            button.setProperty("link", True)
        self.going = Label("small")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.open)
        row.addWidget(self.going, 1)
        row.addWidget(self.cancel)
        row.addStretch(0)
        self.open.clicked.connect(self.opened)
        self.cancel.clicked.connect(self.cancelled)
        self.hide()

    def show_view(self, view: ExactView) -> None:
        """Draw what is possible or under way."""
        going = bool(view.going)
        self.open.setVisible(not going)
        self.going.setVisible(going)
        self.cancel.setVisible(going)
        self.going.say(view.going)
        self.setVisible(view.possible or going)

    def retranslate(self, language: str) -> None:
        """Name the buttons in another language."""
        for button, words in ((self.open, EXACT), (self.cancel, CANCEL)):
            button.setText(say(words, language))
            button.setAccessibleName(button.text())
        self.open.setToolTip(tooltip(say(EXACT_HELP, language)))


class ExactDialog(QDialog):
    """Asks for an ε, says what will be done, and lists what was trained here.

    Signals
    -------
    wanted
        An ε as it was typed.
    deleted
        The place of a model.
    """

    wanted = Signal(str)
    deleted = Signal(str)

    def __init__(self, parent: QWidget, language: str) -> None:
        super().__init__(parent)
        self._language = language
        self._own: tuple[tuple[str, str], ...] | None = None
        self.setWindowTitle(say(EXACT_TITLE, language))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        scaled(self.setMinimumWidth, 520)
        self.field = QLineEdit()
        self.field.setMaximumWidth(120)
        self.field.setAccessibleName(say(EXACT_WANTED, language))
        self.train, close = Button(), Button()
        self.train.setProperty("primary", True)
        self.train.setText(say(EXACT_TRAIN, language))
        self.train.setAutoDefault(True)
        self.train.setDefault(True)
        close.setText(say(CLOSE, language))
        self.trained_on, self.wrong = Label("quiet", wrap=True), Label("body", wrap=True)
        self.train.clicked.connect(lambda: self.wanted.emit(self.field.text()))
        close.clicked.connect(self.close)
        line = QHBoxLayout()
        scaled(line.setSpacing, 10)
        line.addWidget(Label("body", say(EXACT_WANTED, language)))
        line.addWidget(self.field)
        line.addWidget(self.train)
        line.addStretch(1)
        inside = QWidget()
        inside.setObjectName("column")
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, 0, 0)
        scaled(self._list.setSpacing, 4)
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        scaled(area.setFixedHeight, MOST_LISTED)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        scaled(column.setContentsMargins, 20, 18, 20, 16)
        scaled(column.setSpacing, 10)
        column.addWidget(Label("body", say(EXACT_HELP, language), wrap=True))
        column.addLayout(line)
        column.addWidget(self.trained_on)
        column.addWidget(self.wrong)
        column.addWidget(Label("title", say(EXACT_HERE, language)))
        column.addWidget(area)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.field.setFocus()

    def show_view(self, view: ExactView) -> None:
        """Draw what is possible, wrong and there."""
        self.trained_on.say(view.trained_on)
        self.wrong.say(view.wrong or view.going)
        self.wrong.setVisible(bool(view.wrong or view.going))
        self.field.setEnabled(view.possible and not view.going)
        self.train.setEnabled(view.possible and not view.going)
        if view.own != self._own:
            self._own = view.own
            self._fill()

    def _fill(self) -> None:
        while (item := self._list.takeAt(0)) is not None:
            if (gone := item.widget()) is not None:
                gone.deleteLater()
        for place, known in self._own or ():
            self._list.addWidget(self._entry(place, known))
        if not self._own:
            self._list.addWidget(Label("quiet", say(EXACT_NONE, self._language), wrap=True))
        self._list.addStretch(1)

    def _entry(self, place: str, known: str) -> QWidget:
        entry, delete = QWidget(), Button()
        delete.setText(say(EXACT_DELETE, self._language))
        delete.setAccessibleName(f"{delete.text()}: {known}")
        delete.clicked.connect(lambda: self.deleted.emit(place))
        row = QHBoxLayout(entry)
        scaled(row.setContentsMargins, 0, 0, 6, 0)
        row.addWidget(Label("small", known, wrap=True), 1)
        row.addWidget(delete)
        return entry
