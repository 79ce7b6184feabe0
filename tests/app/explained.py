"""Finds words of the glossary that are written somewhere and not explained to a hovering mouse."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QToolTip,
    QWidget,
)

from mi_studio.core.glossary import explained, written_in


def unexplained(top: QWidget) -> list[str]:
    """Return every term that is written in a window and not explained where it stands."""
    found = []
    for part, words in list(_written(top)):  # hovering makes and unmakes explanations
        for term in explained(words, most=99):
            title = term.title.get(written_in(words))
            if title not in _told(part, words):
                found.append(f"{type(part).__name__} does not explain {title!r} in {words!r}")
    return found


def _written(top: QWidget) -> Iterator[tuple[QWidget, str]]:
    for part in top.findChildren(QWidget):
        if part.windowType() == Qt.WindowType.ToolTip:  # an explanation is not explained
            continue
        if part.isVisible() and isinstance(part, QLabel | QAbstractButton) and part.text():
            yield part, getattr(part, "said", part.text())


def _told(part: QWidget, words: str) -> str:
    """Hover over a part; what lets the mouse through leaves it to the one below."""
    while part.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents):
        part = part.parentWidget()
    QToolTip.hideText()
    middle = part.rect().center()
    QApplication.sendEvent(part, QHelpEvent(QEvent.Type.ToolTip, middle, part.mapToGlobal(QPoint(middle))))
    return unescape(QToolTip.text())
