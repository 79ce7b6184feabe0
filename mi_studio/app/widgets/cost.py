"""What the protection costs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout

from mi_studio.app.widgets.common import Card, Label
from mi_studio.studio.views import CostView


class CostPanel(Card):
    """Key figures side by side, and a sentence below."""

    def __init__(self) -> None:
        super().__init__()
        self._compact = False
        self.title, self.corner = Label("title"), Label("quiet")
        self.sentence = Label("quiet", wrap=True)
        line = QHBoxLayout()
        line.addWidget(self.title)
        line.addStretch(1)
        line.addWidget(self.corner)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(1)
        self._figures: list[tuple[Label, Label]] = []
        self.column.addLayout(line)
        self.column.addLayout(self._grid)
        self.column.addWidget(self.sentence)
        self.column.addStretch(1)
        self._view: CostView | None = None

    def show_view(self, view: CostView) -> None:
        """Draw the costs."""
        if view == self._view:
            return
        self._view = view
        self.title.say(view.title)
        self.corner.say(view.n)
        self.sentence.say(view.sentence)
        self._show_sentence()
        while len(self._figures) < len(view.figures):
            i = len(self._figures)
            number, caption = Label("big"), Label("quiet", wrap=True)
            self._grid.addWidget(number, 2 * (i // 2), i % 2)
            self._grid.addWidget(caption, 2 * (i // 2) + 1, i % 2, Qt.AlignmentFlag.AlignTop)
            self._grid.setColumnStretch(i % 2, 1)
            self._figures.append((number, caption))
        for i, labels in enumerate(self._figures):
            for label, text in zip(
                labels, view.figures[i] if i < len(view.figures) else ("", ""), strict=True
            ):
                label.say(text)
                label.setVisible(i < len(view.figures))
        self.setAccessibleName(view.title)
        self.setAccessibleDescription(" ".join(f"{c}: {n}." for n, c in view.figures) + f" {view.sentence}")

    def set_compact(self, compact: bool) -> None:
        """Move the sentence into the tooltip, for windows that are not high."""
        self._compact = compact
        self._show_sentence()

    def _show_sentence(self) -> None:
        said = self.sentence.said
        self.sentence.setVisible(bool(said) and not self._compact)
        self.setToolTip(said if self._compact else "")

    def retranslate(self, language: str) -> None:
        """Nothing here is the widget's own."""
