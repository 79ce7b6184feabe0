"""The glossary: to look a word up, and what a hovering mouse is told."""

from __future__ import annotations

from html import escape

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QTextBrowser, QVBoxLayout, QWidget

from mi_studio.app.theme import scaled
from mi_studio.app.widgets.common import Button, Label
from mi_studio.app.words import CLOSE, GLOSSARY, LOOK_UP, NOT_FOUND, breakable, say
from mi_studio.core.glossary import GROUPS, Term, glossary


def looked_up(wanted: str, language: str) -> list[Term]:
    """Return the terms whose name, in either language, holds what is wanted; else those whose text does."""
    wanted = wanted.strip().casefold()
    if not wanted:
        return list(glossary())
    named = [
        term
        for term in glossary()
        if any(wanted in name.casefold() for lang in ("en", "ja") for name in (*term.names(lang), term.id))
    ]
    return named or [term for term in glossary() if wanted in term.text.get(language).casefold()]


class Glossary(QDialog):
    """Every term by subject, with a field to look one up."""

    def __init__(self, parent: QWidget, language: str) -> None:
        super().__init__(parent)
        self._language = language
        self.setWindowTitle(say(GLOSSARY, language))
        self.resize(680, 560)
        self.wanted = QLineEdit()
        self.wanted.setPlaceholderText(say(LOOK_UP, language))
        self.wanted.setAccessibleName(say(LOOK_UP, language))
        self.wanted.setClearButtonEnabled(True)
        self.wanted.textChanged.connect(self._look_up)
        self.terms = QTextBrowser()
        self.terms.setOpenLinks(False)
        self.terms.setTabChangesFocus(True)
        self.terms.setAccessibleName(say(GLOSSARY, language))
        self.count = Label("quiet")
        close = Button()
        close.setText(say(CLOSE, language))
        close.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.addWidget(self.count)
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        scaled(column.setContentsMargins, 20, 18, 20, 16)
        scaled(column.setSpacing, 10)
        column.addWidget(self.wanted)
        column.addWidget(self.terms)
        column.addLayout(foot)
        self._look_up("")

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102 -- a method that Qt calls
        super().showEvent(event)
        self.wanted.setFocus()

    def _look_up(self, wanted: str) -> None:
        found = looked_up(wanted, self._language)
        said = [f"<p>{escape(say(NOT_FOUND, self._language, wanted=wanted))}</p>"] if not found else []
        group = ""
        for term in found:
            if term.group != group:
                group = term.group
                said.append(f"<h3>{escape(say(GROUPS[group], self._language))}</h3>")
            title, text = (escape(breakable(t.get(self._language))) for t in (term.title, term.text))
            other = escape(term.title.get("en" if self._language == "ja" else "ja"))
            said.append(f"<p><b>{title}</b> &nbsp;<small>{other}</small><br>{text}</p>")
        self.terms.setHtml("".join(said))
        self.count.say(f"{len(found)} / {len(glossary())}")
