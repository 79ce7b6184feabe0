# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""A knob that is only off or on."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from mi_studio.app import theme
from mi_studio.app.theme import px
from mi_studio.app.words import tooltip
from mi_studio.studio.views import KnobView


class Switch(QAbstractButton):
    """A thumb that is at the left or, on a coloured ground, at the right; ``moved`` carries the value."""

    moved = Signal(object)
    OFF_ON = ("off", "on")

    def __init__(self) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: self.moved.emit(self.OFF_ON[not self.isChecked()]))

    @classmethod
    def suits(cls, view: KnobView) -> bool:
        """Whether a knob is only off or on."""
        return tuple(value for value, _ in view.stops) == cls.OFF_ON

    def set_knob(self, view: KnobView) -> None:
        """Take over the value."""
        self.setChecked(view.value == self.OFF_ON[1])
        self.setEnabled(not view.reason or self.isChecked())  # off it can go where it does nothing
        self.setAccessibleName(f"{view.title}: {view.label}")
        said = (view.reason, view.help, view.note)
        self.setAccessibleDescription(" ".join(t for t in said if t))
        self.setToolTip(tooltip(view.reason or view.help))

    def nextCheckState(self) -> None:
        """Leave the state to whoever decides: the next view brings it."""

    def sizeHint(self) -> QSize:
        return QSize(px(42), px(24))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(self.rect()).adjusted(3, 3, -3, -3)
        round_ = track.height() / 2
        on, live = self.isChecked(), self.isEnabled()
        painter.setPen(QPen(colors.color("accent" if on and live else "quiet"), 1.5))
        painter.setBrush(colors.color("accent" if on and live else "panel" if live else "window"))
        painter.drawRoundedRect(track, round_, round_)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("on_accent" if on and live else "quiet"))
        x = track.right() - round_ if on else track.left() + round_
        painter.drawEllipse(QPointF(x, track.center().y()), round_ - 3.5, round_ - 3.5)
        if self.hasFocus() or (live and self.underMouse()):
            halo = colors.color("accent")
            halo.setAlphaF(1.0 if self.hasFocus() else 0.35)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(halo, 1.5))
            painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), round_ + 2, round_ + 2)
