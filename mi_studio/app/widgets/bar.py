# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""A thin bar that fills from the left."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from mi_studio.app import theme
from mi_studio.app.theme import px


def draw_groove(painter: QPainter, rect: QRectF, radius: float) -> None:
    """Draw an empty bar; its edge says how far the bar could reach."""
    colors = theme.current()
    painter.setPen(QPen(colors.color("edge"), 1))
    painter.setBrush(colors.color("track"))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)


def draw_bar(painter: QPainter, rect: QRectF, share: float, token: str) -> None:
    """Draw a bar filled to ``share`` (0–1) in a theme colour."""
    colors = theme.current()
    radius = min(rect.width(), rect.height()) / 2
    draw_groove(painter, rect, radius)
    share = min(1.0, max(0.0, share))
    if share > 0:
        filled = QRectF(rect)
        filled.setWidth(max(radius, rect.width() * share))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color(token))
        painter.drawRoundedRect(filled, min(radius, filled.width() / 2), radius)


class Bar(QWidget):
    """A bar as a widget."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token, self._share = token, 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_share(self, share: float) -> None:
        """Fill to ``share``, 0–1."""
        if share != self._share:
            self._share = share
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(px(80), px(8))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_bar(painter, QRectF(self.rect()), self._share, self._token)
