"""Qt's own words, such as those of its file dialog, in the language of the window."""

from __future__ import annotations

from PySide6.QtCore import QLibraryInfo, QTranslator
from PySide6.QtWidgets import QApplication

GAPS = {
    "ja": {
        "&Look in:": "場所(&I):",
        "Files of &type:": "ファイルの種類(&T):",
        "Folder": "フォルダー",
        "Drive": "ドライブ",
    }
}
"""What is on a file dialog and missing in Qt 6.11's own translation."""


class _Words(QTranslator):
    def __init__(self, app: QApplication, language: str) -> None:
        super().__init__(app)
        self.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
        self._gaps = GAPS.get(language, {})

    def isEmpty(self) -> bool:
        return super().isEmpty() and not self._gaps

    def translate(
        self, context: str, source: str, disambiguation: str | None = None, n: int = -1
    ) -> str | None:
        return super().translate(context, source, disambiguation, n) or self._gaps.get(source)


def apply(app: QApplication, language: str) -> None:
    """Let Qt speak a language; where it has no words in it, they stay English."""
    for before in app.findChildren(_Words):
        app.removeTranslator(before)
        before.setParent(None)
    app.installTranslator(_Words(app, language))
