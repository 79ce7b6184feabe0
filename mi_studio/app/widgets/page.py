# ruff: noqa: D102 -- methods that Qt calls
"""A page that is as large as the window lets it be, and scrolls where that is too small for it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from mi_studio.app.widgets.common import polish


class Page(QScrollArea):
    """Holds a widget with a layout; what that needs at least decides, not what it would like to have."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self._roomy = False
        inside.setObjectName("column")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(inside)
        polish(inside)

    def set_roomy(self, roomy: bool) -> None:
        """Have the height that everything would like: what stands below each other is not squeezed."""
        if roomy != self._roomy:
            self._roomy = roomy
            self.fit()

    def fit(self) -> None:
        """Give the page its size."""
        inside, room = self.widget(), self.maximumViewportSize()
        layout = inside.layout() if inside is not None else None
        if inside is None or layout is None:
            return
        least = layout.totalMinimumSize().width()
        wanted = layout.totalHeightForWidth if self._roomy else layout.totalMinimumHeightForWidth
        width = max(room.width(), least)
        height = wanted(width)
        if height > room.height():
            width = max(room.width() - self.verticalScrollBar().sizeHint().width(), least)
            height = wanted(width)
        inside.resize(width, max(height, room.height()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            self.fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.fit()
