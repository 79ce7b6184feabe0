# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""The verdict in plain words."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from mi_studio.app import theme
from mi_studio.app.theme import px, scaled
from mi_studio.app.widgets.common import Label, height_for, margins
from mi_studio.app.words import TONES, VERDICT, say, together
from mi_studio.studio.views import Tone, VerdictView

LOW = 700
"""Below this height of the window the evidence has one line; somewhat above, two."""

NARROW = 600
"""Below this width, as beside a lesson, the band is as brief as in a low window: the curve needs the room."""

MOST_LINES = 3
"""Where the sentence is longer in a low window, what it rests on is left to the tooltip."""


class Verdict(QWidget):
    """A band in the tone's colour, with the tone's shape: ▲ leak · ● safe · ◆ unsure · ○ none yet."""

    def __init__(self) -> None:
        super().__init__()
        self._tone: Tone = "plain"
        self._evidence = ""
        self._language = "en"
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.sentence, self.evidence = Label("verdict", wrap=True), Label("quiet", wrap=True)
        self._column = QVBoxLayout(self)
        scaled(self._column.setSpacing, 3)
        self._column.addWidget(self.sentence)
        self._column.addWidget(self.evidence)
        self.set_compact(False)

    def set_compact(self, compact: bool) -> None:
        """Take less height, for windows that are not high."""
        self._compact = compact
        self._say_evidence()
        scaled(self._column.setContentsMargins, 62, *((6, 12, 7) if compact else (10, 16, 11)))

    def show_view(self, view: VerdictView) -> None:
        """Draw a verdict."""
        if (view.sentence, view.evidence) != (self.sentence.said, self._evidence):
            self._evidence = view.evidence
            self.sentence.say(view.sentence)
            self._say_evidence()
        if view.tone != self._tone:
            self._tone = view.tone
            self.update()
        self._name()

    def _say_evidence(self) -> None:
        """Say all of it, or in low windows as many of its parts as a line or two have room for."""
        said = self._evidence
        narrow = 0 < self.width() < px(NARROW)
        self.sentence.set_snug(self._compact or narrow)
        if (self._compact or narrow) and self.width():
            sign = " · " if " · " in said else "・"
            parts = said.split(sign)
            left, _, right, _ = margins(self._column)
            low = self._compact and self.window().height() < LOW
            lines = 1 if low else 1.8 if self._compact else 2.7  # breaks leave gaps at the ends
            room = lines * (self.width() - left - right - 4)
            metrics = self.evidence.fontMetrics()
            while len(parts) > 1 and metrics.horizontalAdvance(sign.join(parts)) > room:
                parts.pop()
            said = sign.join(parts)
        self.evidence.say(together(said))
        self.evidence.setAccessibleName(self._evidence)
        self.evidence.setToolTip(self._evidence if said != self._evidence else "")
        self.evidence.setVisible(bool(said) and not (self._compact and self._lines() > MOST_LINES))
        self._keep_height()

    def _lines(self) -> int:
        """In how many lines the sentence stands."""
        left, _, right, _ = margins(self._column)
        high = height_for(self.sentence, max(1, self.width() - left - right))
        return round(high / self.sentence.fontMetrics().lineSpacing())

    def _keep_height(self) -> None:
        """Let the pictures give way, never the words."""
        if self.width() and (wanted := height_for(self, self.width())) != self.minimumHeight():
            self.setMinimumHeight(wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._say_evidence()

    def retranslate(self, language: str) -> None:
        """Name the tone in another language."""
        self._language = language
        self._name()

    def _name(self) -> None:
        self.setAccessibleName(f"{say(VERDICT, self._language)}: {say(TONES[self._tone], self._language)}")
        self.setAccessibleDescription(f"{self.sentence.said} {self._evidence}")

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
        painter.fillRect(QRectF(0, 0, px(5), self.height()), color)
        painter.restore()
        if ground == theme.current().color("panel"):
            painter.setPen(QPen(color, 1))
            painter.drawPath(path)
        pen = QPen(color, 2.5)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(color)
        centre = QPointF(px(34), self.height() / 2)
        if self._tone == "leak":
            triangle = ((0, -10), (11, 9), (-11, 9))
            painter.drawPolygon(QPolygonF([centre + QPointF(*p) * theme.scale() for p in triangle]))
        elif self._tone == "unsure":
            diamond = ((0, -11), (11, 0), (0, 11), (-11, 0))
            painter.drawPolygon(QPolygonF([centre + QPointF(*p) * theme.scale() for p in diamond]))
        else:
            if self._tone == "plain":
                painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, px(10), px(10))
