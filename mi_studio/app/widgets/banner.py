# ruff: noqa: D102 -- methods that Qt calls
"""A message that waits at the top without stopping anything."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QMoveEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QSizePolicy, QWidget

from mi_studio.app.theme import px, scaled
from mi_studio.app.widgets.common import Button, IconButton, IconLabel, Label, polish
from mi_studio.app.words import CLOSE, COPY, DETAILS, say
from mi_studio.core.text import Text


class Banner(QFrame):
    """One sentence, with details to unfold and to copy, or with something to do about it.

    The details lie over the stage and move nothing.

    Signals
    -------
    accepted
        From the button of an offer.
    """

    accepted = Signal()
    DETAILS = 130
    """Height of the unfolded details, at nominal type."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._sign = IconLabel("info", "accent", 20)
        self.text = Label("body", wrap=True)
        self.more, self.copy, self.act = Button(), Button("copy"), Button()
        self.act.setProperty("primary", True)
        self.more.setCheckable(True)
        self.close_button = IconButton("close", 30, plain=True, glyph=16)
        self.details = QPlainTextEdit(self)
        self.details.setReadOnly(True)
        self.details.hide()
        self.details.setTabChangesFocus(True)
        self.more.toggled.connect(self._unfold)
        self.copy.clicked.connect(self._copy)
        self.close_button.clicked.connect(self.hide)
        self.act.clicked.connect(self._accept)
        line = QHBoxLayout()
        scaled(line.setSpacing, 10)
        line.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.text, 1)
        for button in (self.act, self.more, self.copy, self.close_button):
            line.addWidget(button)
        scaled(line.setContentsMargins, 14, 8, 8, 8)
        self.setLayout(line)
        self._language, self._text, self._offered = "en", Text("", ""), Text("", "")
        self.hide()
        self.retranslate("en")

    def show_message(self, kind: str, text: Text, details: str = "", offered: Text | None = None) -> None:
        """Show an ``"error"`` or ``"info"``; a button bears what is ``offered``."""
        error = kind == "error"
        self.setProperty("kind", kind)
        polish(self)
        self._sign.set_icon("alert" if error else "info", "leak" if error else "accent")
        self._text, self._offered = text, offered or Text("", "")
        self._say()
        self.act.setVisible(offered is not None)
        self.details.setPlainText(details)
        self.more.setChecked(False)
        self.more.setVisible(bool(details))
        self.copy.setVisible(bool(details))
        self.show()

    def retranslate(self, language: str) -> None:
        """Say the message and name the buttons in another language."""
        self._language = language
        self._say()
        for button, words in ((self.more, DETAILS), (self.copy, COPY)):
            button.setText(say(words, language))
            button.setAccessibleName(button.text())
        self.close_button.name(say(CLOSE, language))
        self.details.setAccessibleName(say(DETAILS, language))

    def _say(self) -> None:
        said = self._text.get(self._language)
        self.text.say(said)
        self.act.setText(say(self._offered, self._language))
        self.act.setAccessibleName(self.act.text())
        self.setAccessibleName(said)

    def _accept(self) -> None:
        self.hide()
        self.accepted.emit()

    def _unfold(self, unfolded: bool) -> None:
        over = self.parentWidget()
        if unfolded and over is not None and self.details.parentWidget() is not over:
            self.details.setParent(over)
            QWidget.setTabOrder(self.close_button, self.details)
        self._place_details()
        self.details.setVisible(unfolded)
        self.details.raise_()

    def _place_details(self) -> None:
        here = self.contentsRect().translated(self.pos())
        self.details.setGeometry(here.left(), here.bottom() + 4, here.width(), px(self.DETAILS))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_details()

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self._place_details()

    def hideEvent(self, event: QHideEvent) -> None:
        """Take the details along."""
        super().hideEvent(event)
        self.more.setChecked(False)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.text.said}\n\n{self.details.toPlainText()}")
