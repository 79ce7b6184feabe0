# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""What the attacker sees, as bars."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from mi_studio.app import theme
from mi_studio.app.theme import px
from mi_studio.app.widgets.bar import draw_bar
from mi_studio.app.widgets.common import Card, Label, Short
from mi_studio.app.words import SEEN_NOTHING, breakable, say
from mi_studio.core.step import View
from mi_studio.studio.views import SeenView

MOST = 8
"""So many bars are drawn at most."""


class Bars(QWidget):
    """Name, bar and number, one below the other. An answer without scores is names alone."""

    LOW, HIGH = 18, 24

    def __init__(self) -> None:
        super().__init__()
        self._view: View | None = None
        self._empty = ""
        self.most = 0
        self._row = self.HIGH
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(240, px(self._row) * max(1, self.most))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def set_compact(self, compact: bool) -> None:
        """Put the rows closer together."""
        self._row = self.LOW if compact else self.HIGH
        self.updateGeometry()

    def rows(self) -> list[tuple[str, float, str]]:
        """Return (name, share, number as text) of each bar."""
        if self._view is None:
            return []
        kind = self._view.kind
        form = {"labels": "", "gradient": "{:.2f}"}.get(kind, "{:.1%}")
        return [(name, value, form.format(value)) for name, value in self._view.bars[:MOST]]

    def set_view(self, view: View | None, empty: str) -> None:
        """Show other bars; ``empty`` stands where there are none."""
        if view == self._view and empty == self._empty:
            return
        self._view, self._empty = view, empty
        most = len(self.rows()) or self.most  # a run that begins anew moves nothing
        if most != self.most:
            self.most = most
            self.updateGeometry()
        self.setAccessibleName(" · ".join(f"{n} {t}".strip() for n, _, t in self.rows()) or empty)
        self._explain()
        self.update()

    def _names(self) -> tuple[float, float]:
        """Return how much room the longest name wants and how much there is for it."""
        metrics = QFontMetricsF(theme.font(theme.SMALL))
        wanted = max((metrics.horizontalAdvance(n) for n, _, _ in self.rows()), default=0.0) + 2
        if self._view is not None and self._view.kind == "labels":
            return wanted, float(self.width() - px(24))
        return wanted, min(wanted, self.width() * 0.5)

    def _explain(self) -> None:
        """Say the names whole where they are shortened."""
        wanted, room = self._names()
        said = "\n".join(f"{n} {t}".strip() for n, _, t in self.rows()) if wanted > room else ""
        self.setToolTip(said)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._explain()

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rows = self.rows()
        small = theme.font(theme.SMALL)
        metrics = QFontMetricsF(small)
        painter.setFont(small)
        middle = Qt.AlignmentFlag.AlignVCenter
        if not rows:
            painter.setPen(colors.color("quiet"))
            flags = Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()), flags, breakable(self._empty))
            return
        high = self.height() / len(rows)
        names_only = self._view is not None and self._view.kind == "labels"
        number = max(metrics.horizontalAdvance(t) for _, _, t in rows) + 2
        name_width = self._names()[1]
        for i, (name, share, text) in enumerate(rows):
            top = i * high
            left = 0.0
            if names_only:
                left = float(px(18))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colors.color("accent"))
                painter.drawRoundedRect(QRectF(1, top + high / 2 - px(9) / 2, px(9), px(9)), 2, 2)
                painter.setFont(theme.font(theme.BODY, bold=True))
            painter.setPen(colors.color("text"))
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, name_width)
            painter.drawText(QRectF(left, top, name_width, high), middle, shown)
            if names_only:
                continue
            bar_left = name_width + px(12)
            draw_bar(
                painter,
                QRectF(
                    bar_left, top + high / 2 - px(4), max(8.0, self.width() - bar_left - number - 10), px(8)
                ),
                share,
                "accent",
            )
            painter.setPen(colors.color("text"))
            right = Qt.AlignmentFlag.AlignRight | middle
            painter.drawText(QRectF(self.width() - number, top, number, high), right, text)


class SeenPanel(Card):
    """The API's answer or the gradient, live."""

    def __init__(self) -> None:
        super().__init__()
        self._compact = False
        self.title, self.corner = Label("title"), Short("quiet")
        self.sentence = Label("quiet", wrap=True)
        self.bars = Bars()
        self.desk = Label("body", wrap=True)
        line = QHBoxLayout()
        line.addWidget(self.title)
        line.addWidget(self.corner, 1)
        self.corner.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.column.addLayout(line)
        self.column.addWidget(self.bars, 1)
        self.column.addWidget(self.sentence)
        self.column.addWidget(self.desk)
        self.desk.hide()
        self._empty = say(SEEN_NOTHING, "en")
        self._view: SeenView | None = None

    def show_view(self, view: SeenView) -> None:
        """Draw what is seen."""
        if view == self._view:
            return
        self._view = view
        self.title.say(view.title)
        self.corner.say(view.corner)
        self.sentence.say(view.sentence)
        self.bars.set_view(view.view, view.sentence or self._empty)
        self.desk.say(view.desk)
        self.desk.setVisible(bool(view.desk))
        self._show_sentence()
        self.setAccessibleName(view.title)
        told = (self.bars.accessibleName(), view.sentence, view.desk)
        self.setAccessibleDescription(". ".join(part for part in told if part))

    def spare(self) -> int:
        """Return how much more height the bars can make use of."""
        return px(10) * self.bars.most

    def set_compact(self, compact: bool) -> None:
        """Move the sentence into the tooltip, for windows that are not high."""
        self._compact = compact
        self.bars.set_compact(compact)
        self._show_sentence()

    def _show_sentence(self) -> None:
        said = self.sentence.said
        hidden = self._compact or not self.bars.rows()
        self.sentence.setVisible(bool(said) and not hidden)
        self.setToolTip(said if hidden else "")

    def retranslate(self, language: str) -> None:
        """Say the empty state in another language."""
        self._empty = say(SEEN_NOTHING, language)
        if self._view is not None:
            self.bars.set_view(self._view.view, self._view.sentence or self._empty)
