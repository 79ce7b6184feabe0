"""What the protection costs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout

from mi_studio.app.theme import scaled
from mi_studio.app.widgets.common import Card, Label, Short
from mi_studio.studio.views import CostView


class CostPanel(Card):
    """Key figures side by side, and a sentence below."""

    def __init__(self) -> None:
        super().__init__()
        self._compact = False
        self.title, self.corner = Label("title"), Short("quiet")
        self.sentence = Label("quiet", wrap=True)
        line = QHBoxLayout()
        line.addWidget(self.title)
        line.addWidget(self.corner, 1)
        self.corner.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._grid = QGridLayout()
        scaled(self._grid.setHorizontalSpacing, 16)
        scaled(self._grid.setVerticalSpacing, 1)
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
            labels = Label("big"), Label("quiet", wrap=True)
            for label in labels:  # shown without a parent, it would be a window and take the keyboard away
                label.setParent(self)
            self._figures.append(labels)
        for i, labels in enumerate(self._figures):
            shown = i < len(view.figures)
            for label, text in zip(labels, view.figures[i] if shown else ("", ""), strict=True):
                label.say(text)
                label.setVisible(shown)
        self._arrange()
        self.setAccessibleName(view.title)
        self.setAccessibleDescription(" ".join(f"{c}: {n}." for n, c in view.figures) + f" {view.sentence}")

    def _arrange(self) -> None:
        """Put captions below their numbers, or one beside the only number; each as wide as it needs."""
        count = len(self._view.figures) if self._view is not None else 0
        for label in (part for figure in self._figures for part in figure):
            self._grid.removeWidget(label)
        left, below = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignTop
        for i, (number, caption) in enumerate(self._figures[:count]):
            row, column = 2 * (i // 2), i % 2
            self._grid.addWidget(number, row, column, left)
            if count == 1:
                self._grid.addWidget(caption, 0, 1, Qt.AlignmentFlag.AlignVCenter)
                self._grid.setColumnStretch(0, 0)
                self._grid.setColumnStretch(1, 1)
            else:
                self._grid.addWidget(caption, row + 1, column, below)
                widest = max(label.fontMetrics().horizontalAdvance(label.said) for label in (number, caption))
                self._grid.setColumnStretch(column, max(1, widest))

    def set_compact(self, compact: bool) -> None:
        """Move the sentence into the tooltip where there are figures, for windows that are not high."""
        self._compact = compact
        self._show_sentence()

    def _show_sentence(self) -> None:
        said = self.sentence.said
        hidden = self._compact and self._view is not None and bool(self._view.figures)
        self.sentence.setVisible(bool(said) and not hidden)
        self.setToolTip(said if hidden else "")

    def retranslate(self, language: str) -> None:
        """Nothing here is the widget's own."""
