# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""The verdict in plain words."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from mi_studio.app import theme
from mi_studio.app.widgets.common import Label
from mi_studio.app.words import TONES, VERDICT, say
from mi_studio.studio.views import Tone, VerdictView


class Verdict(QWidget):
    """A band in the tone's colour, with the tone's shape: ▲ leak · ● safe · ◆ unsure · ○ none yet."""

    def __init__(self) -> None:
        super().__init__()
        self._tone: Tone = "plain"
        self._language = "en"
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.sentence, self.evidence = Label("verdict", wrap=True), Label("quiet", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(62, 10, 16, 11)
        column.setSpacing(3)
        column.addWidget(self.sentence)
        column.addWidget(self.evidence)

    def show_view(self, view: VerdictView) -> None:
        """Draw a verdict."""
        self.sentence.say(view.sentence)
        self.evidence.say(view.evidence)
        self.evidence.setVisible(bool(view.evidence))
        if view.tone != self._tone:
            self._tone = view.tone
            self.update()
        self._name()

    def retranslate(self, language: str) -> None:
        """Name the tone in another language."""
        self._language = language
        self._name()

    def _name(self) -> None:
        self.setAccessibleName(f"{say(VERDICT, self._language)}: {say(TONES[self._tone], self._language)}")
        self.setAccessibleDescription(f"{self.sentence.said} {self.evidence.said}")

    def paintEvent(self, event: QPaintEvent) -> None:
        color, ground = theme.current().tone(self._tone)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        band = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        path = QPainterPath()
        path.addRoundedRect(band, 8, 8)
        painter.fillPath(path, ground)
        painter.save()
        painter.setClipPath(path)
        painter.fillRect(QRectF(0, 0, 5, self.height()), color)
        painter.restore()
        if ground == theme.current().color("panel"):
            painter.setPen(QPen(color, 1))
            painter.drawPath(path)
        pen = QPen(color, 2.5)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(color)
        centre = QPointF(34, self.height() / 2)
        if self._tone == "leak":
            triangle = ((0, -10), (11, 9), (-11, 9))
            painter.drawPolygon(QPolygonF([centre + QPointF(*p) for p in triangle]))
        elif self._tone == "unsure":
            diamond = ((0, -11), (11, 0), (0, 11), (-11, 0))
            painter.drawPolygon(QPolygonF([centre + QPointF(*p) for p in diamond]))
        else:
            if self._tone == "plain":
                painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, 10, 10)
