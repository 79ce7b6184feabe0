# ruff: noqa: D102 -- methods that Qt calls
"""The column beside the pictures: protection, what the attacker sees, what it costs."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from mi_studio.app.theme import px
from mi_studio.app.widgets.common import height_for
from mi_studio.app.widgets.cost import CostPanel
from mi_studio.app.widgets.knobs import ProtectionPanel
from mi_studio.app.widgets.seen import SeenPanel


class Side(QWidget):
    """Three cards from top to bottom.

    Room that is left over spreads the bars first and then goes to the last card; where room is short,
    the knobs scroll.
    """

    def __init__(self, protection: ProtectionPanel, seen: SeenPanel, cost: CostPanel) -> None:
        super().__init__()
        self._protection, self._seen, self._cost = protection, seen, cost
        self._gap = 10
        self._low = self._whole = False
        for card in (protection, seen, cost):
            card.setParent(self)

    def set_compact(self, compact: bool) -> None:
        """Spare room in any case, for windows that are not high."""
        self._low = compact
        self.fit()

    def set_whole(self, whole: bool) -> None:
        """Be as high as everything in it, below the pictures where the page scrolls."""
        if whole != self._whole:
            self._whole = whole
            self.fit()

    def fit(self) -> None:
        """Spare room where the knobs would not all be in sight otherwise; for when cards have new words."""
        for knobs, others in ((False, False), (True, False), (True, True)):
            if self._whole or (knobs, others) >= (self._low, self._low):
                self._dress(knobs, others)
                if self._whole or self._needed() <= self.height():
                    break
        self.setMinimumHeight(self._needed() if self._whole else self._least() if others else 0)
        self.arrange()

    def _least(self) -> int:
        """Return the height below which something would be cut although the knobs scroll."""
        width = self.width()
        cards = height_for(self._seen, width) + height_for(self._cost, width)
        return self._protection.least(width) + cards + 2 * self._gap

    def _dress(self, knobs: bool, others: bool) -> None:
        self._gap = px(8 if others else 12)
        for card, compact in ((self._protection, knobs), (self._seen, others), (self._cost, others)):
            card.set_snug(compact)
            card.set_compact(compact)

    def _needed(self) -> int:
        width = self.width()
        cards = height_for(self._seen, width) + height_for(self._cost, width)
        return self._protection.wanted(width) + cards + 2 * self._gap

    def arrange(self) -> None:
        """Give every card its place."""
        width, room = self.width(), self.height() - 2 * self._gap
        seen, cost = height_for(self._seen, width), height_for(self._cost, width)
        knobs, most = self._protection.wanted(width), max(self._protection.least(width), room - seen - cost)
        if knobs > most:
            knobs = self._protection.fitting(width, most)
        seen += max(0, min(room - knobs - seen - cost, self._seen.spare()))
        y = 0
        for card, height in (
            (self._protection, knobs),
            (self._seen, seen),
            (self._cost, max(cost, room - knobs - seen)),
        ):
            card.setGeometry(0, y, width, height)
            y += height + self._gap

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def event(self, event: QEvent) -> bool:
        """Arrange again when a card wants another height, and fit again when the type has changed."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.arrange()
        elif event.type() == QEvent.Type.StyleChange:
            QTimer.singleShot(0, self, self.fit)
        return super().event(event)
