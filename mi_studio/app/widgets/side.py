# ruff: noqa: D102 -- methods that Qt calls
"""The column beside the pictures: protection, what the attacker sees, what it costs."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

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
        for card in (protection, seen, cost):
            card.setParent(self)

    def set_compact(self, compact: bool) -> None:
        """Spare room, for windows that are not high."""
        self._gap = 8 if compact else 12
        for card in (self._protection, self._seen, self._cost):
            card.set_snug(compact)
            card.set_compact(compact)
        self.arrange()

    def arrange(self) -> None:
        """Give every card its place."""
        width, room = self.width(), self.height() - 2 * self._gap
        seen, cost = height_for(self._seen, width), height_for(self._cost, width)
        knobs = min(self._protection.wanted(width), max(120, room - seen - cost))
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
        self.arrange()

    def event(self, event: QEvent) -> bool:
        """Arrange again when a card wants another height."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.arrange()
        return super().event(event)
