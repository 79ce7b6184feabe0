# ruff: noqa: D102 -- methods that Qt calls
"""The score over the steps."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy

from mi_studio.app import theme
from mi_studio.app.theme import px, scaled
from mi_studio.app.widgets.common import explanation
from mi_studio.app.words import CURVE, CURVE_SAID, say
from mi_studio.studio.views import CurveView

TYPE = 12
HEADROOM = 0.24
"""Least share of the height above the highest value, for the labels."""


class StillPlot(pg.PlotWidget):  # type: ignore[misc]
    """A plot that is looked at and nothing more: no frame, no menu, no zoom, no focus."""

    def __init__(self) -> None:
        super().__init__(background=None)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAntialiasing(True)
        self.viewport().setAutoFillBackground(False)
        self.setMenuEnabled(False)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()


class Curve(StillPlot):
    """One line with a dot at its end, the earlier setting as a dashed ghost, marks as dotted lines."""

    def __init__(self) -> None:
        super().__init__()
        scaled(self.setMinimumHeight, 64)
        plot = self.getPlotItem()
        plot.setContentsMargins(0, 0, 0, 0)
        plot.vb.setDefaultPadding(0)
        self._left, self._bottom = plot.getAxis("left"), plot.getAxis("bottom")
        self._left.setWidth(34)
        for axis in (self._left, self._bottom):
            axis.setStyle(tickLength=0, tickTextOffset=5, tickFont=theme.font(11))
        self._ghost, self._main = plot.plot([], [], antialias=True), plot.plot([], [], antialias=True)
        self._dot = pg.ScatterPlotItem(size=10)
        plot.addItem(self._dot)
        self._label, self._main_name, self._ghost_name = (pg.TextItem() for _ in range(3))
        for text in (self._label, self._main_name, self._ghost_name):
            text.setFont(theme.font(TYPE))
            plot.addItem(text, ignoreBounds=True)
        self._marks: list[tuple[pg.InfiniteLine, pg.TextItem]] = []
        self._view: CurveView | None = None
        self._language = "en"
        self._compact = False
        plot.vb.sigResized.connect(self._resized)
        self._paint()

    def sizeHint(self) -> QSize:
        return QSize(400, self.minimumHeight())

    def set_compact(self, compact: bool) -> None:
        """Do without the step numbers, for windows that are not high."""
        self._bottom.setStyle(showValues=not compact)
        self._compact = compact
        self._paint()
        scaled(self.setMinimumHeight, 54 if compact else 64)

    def show_view(self, view: CurveView) -> None:
        """Draw a curve."""
        old, self._view = self._view, view
        if view == old:
            return
        if old is None or old.main is not view.main:
            self._main.setData(*_columns(view.main))
        if old is None or old.ghost is not view.ghost:
            self._ghost.setData(*_columns(view.ghost))
        ends = view.main[-1:]
        self._dot.setData([e[0] for e in ends], [e[1] for e in ends])
        if old is None or (old.low, old.high, old.total) != (view.low, view.high, view.total):
            self._scale(view)
        if old is None or old.marks != view.marks:
            self._mark(view)
        self._place()
        self._describe()

    def retranslate(self, language: str) -> None:
        """Describe the curve in another language."""
        self._language = language
        self._describe()

    def _describe(self) -> None:
        view = self._view
        self.setAccessibleName(view.label if view and view.label else say(CURVE, self._language))
        self.setToolTip(explanation(view.label) if view is not None else "")
        if view is not None and view.main:
            step, value = view.main[-1]
            said = say(
                CURVE_SAID,
                self._language,
                name=view.main_name,
                value=f"{value:.2f}",
                step=round(step),
                total=view.total,
            )
            self.setAccessibleDescription(said)

    def _scale(self, view: CurveView) -> None:
        span = (view.high - view.low) or 1.0
        total = max(1, view.total)
        self.getPlotItem().setRange(
            xRange=(0, total * 1.012), yRange=(view.low, view.high + self._headroom() * span), padding=0
        )
        levels = [view.low, view.high]
        if self.getPlotItem().vb.height() >= 4 * QFontMetricsF(theme.font(11)).height():
            levels.insert(1, (view.low + view.high) / 2)
        self._left.setTicks([[(v, f"{v:.3g}") for v in levels]])
        rough = 10 ** math.floor(math.log10(total))
        step = next((s * rough for s in (0.2, 0.25, 0.5, 1) if total / (s * rough) <= 6), rough)
        step = max(1, round(step))
        self._bottom.setTicks([[(v, str(v)) for v in range(0, total + 1, step)]])

    def _headroom(self) -> float:
        """Return the share of the height above the highest value in which one line of labels fits."""
        line = QFontMetricsF(theme.font(TYPE)).height() + 2
        return max(HEADROOM, line / max(line, float(self.getPlotItem().vb.height()) - line))

    def _mark(self, view: CurveView) -> None:
        plot = self.getPlotItem()
        for line, text in self._marks:
            plot.removeItem(line)
            plot.removeItem(text)
        self._marks = []
        for step, label in view.marks:
            line = pg.InfiniteLine(pos=step, angle=90)
            text = pg.TextItem(label)
            text.setFont(theme.font(TYPE))
            plot.addItem(line, ignoreBounds=True)
            plot.addItem(text, ignoreBounds=True)
            self._marks.append((line, text))
        self._paint()

    def _place(self) -> None:
        """Put the labels where they hide neither a line nor each other."""
        view = self._view
        if view is None:
            return
        wide, high = self.getPlotItem().vb.viewPixelSize()
        metrics = QFontMetricsF(theme.font(TYPE))
        span = (view.high - view.low) or 1.0
        top = view.high + self._headroom() * span
        self._label.setText(view.label)
        self._label.setAnchor((0, 0))
        self._label.setPos(4 * wide, top)
        busy = (metrics.horizontalAdvance(view.label) + 18) * wide if view.label else 0.0
        names = self._legend(view, metrics, wide, top)
        row = 0
        for line, text in self._marks:
            step = line.value()
            width = (metrics.horizontalAdvance(text.toPlainText()) + 14) * wide
            left = step + width > view.total
            taken = step < busy or (step if left else step + width) > names
            row = row + 1 if taken else 0
            busy = max(busy, step + width)
            text.setAnchor((1 if left else 0, 0))
            text.setPos(step, top - row * px(14) * high)

    def _legend(self, view: CurveView, metrics: QFontMetricsF, wide: float, top: float) -> float:
        """Name both lines in the upper right corner, where they cannot hide each other, as the ends can.

        Returns
        -------
        float
            The step at which the names begin.
        """
        right = float(view.total)
        ghost = (self._ghost_name, view.ghost_name, len(view.ghost) > 1, "- -")
        main = (self._main_name, view.main_name, len(view.main) > 1 and bool(view.ghost), "―")
        for item, name, drawn, line in (ghost, main):
            shown = f"{line} {name}" if drawn and name else ""
            item.setText(shown)
            item.setAnchor((1, 0))
            item.setPos(right, top)
            if shown:
                right -= (metrics.horizontalAdvance(shown) + 16) * wide
        return right

    def _paint(self) -> None:
        colors = theme.current()
        for part in (self._label, self._main_name, self._ghost_name, *(text for _, text in self._marks)):
            part.setFont(theme.font(TYPE))
        self._left.setWidth(px(34))
        self._bottom.setHeight(8 if self._compact else px(19))
        leak, quiet, accent = colors.color("leak"), colors.color("quiet"), colors.color("accent")
        self._main.setPen(pg.mkPen(leak, width=3))
        self._ghost.setPen(pg.mkPen(leak, width=1.6, style=Qt.PenStyle.CustomDashLine, dash=[4, 3]))
        self._dot.setPen(pg.mkPen(colors.color("panel"), width=1.5))
        self._dot.setBrush(leak)
        self._label.setColor(quiet)
        self._main_name.setColor(leak)
        self._ghost_name.setColor(quiet)
        for line, text in self._marks:
            line.setPen(pg.mkPen(accent, width=1.6, style=Qt.PenStyle.DotLine))
            text.setColor(accent)
        for axis in (self._left, self._bottom):
            axis.setStyle(tickFont=theme.font(11))
            axis.setPen(pg.mkPen(colors.color("edge")))
            axis.setTextPen(pg.mkPen(quiet))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange) and hasattr(self, "_marks"):
            self._paint()
            self._place()
        super().changeEvent(event)

    def _resized(self) -> None:
        """Make room for the labels anew once the plot has its final size, which comes after the widget's."""
        if self._view is not None:
            self._scale(self._view)
            self._place()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the window."""
        event.ignore()


def _columns(series: tuple[tuple[float, float], ...]) -> tuple[list[float], list[float]]:
    return [x for x, _ in series], [y for _, y in series]
