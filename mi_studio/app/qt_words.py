"""Qt's own words, such as those of its file dialog, in the language of the window."""

from __future__ import annotations

from PySide6.QtCore import QLibraryInfo, QTranslator
from PySide6.QtWidgets import QApplication

NAME = "qtbase"


def apply(app: QApplication, language: str) -> None:
    """Let Qt speak a language; where it has no words in it, they stay English."""
    before = app.findChild(QTranslator, NAME)
    if before is not None:
        app.removeTranslator(before)
        before.setParent(None)
    words = QTranslator(app)
    words.setObjectName(NAME)
    words.load(f"{NAME}_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    app.installTranslator(words)
