# ruff: noqa: D102 -- methods that Qt calls
"""The Trade-off page: a chart of leak against cost, its settings as a list, and one of them in detail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QPixmap, QWheelEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mi_studio.app import theme
from mi_studio.app.theme import px, scaled
from mi_studio.app.widgets.common import Button, Card, Label, Menu, height_for, hovered
from mi_studio.app.widgets.curve import StillPlot
from mi_studio.app.words import (
    TRADEOFF_BASE,
    TRADEOFF_BEST,
    TRADEOFF_CANCEL,
    TRADEOFF_COST,
    TRADEOFF_EMPTY,
    TRADEOFF_FIGURES,
    TRADEOFF_FLAT,
    TRADEOFF_FRONT,
    TRADEOFF_LEAK,
    TRADEOFF_LEAK_FALLING,
    TRADEOFF_LOOT,
    TRADEOFF_OPEN,
    TRADEOFF_RUNS,
    TRADEOFF_SAID,
    TRADEOFF_START,
    TRADEOFF_STEPS,
    TRADEOFF_TITLE,
    say,
)
from mi_studio.core.cards import library
from mi_studio.core.knobs import Value
from mi_studio.core.text import Text
from mi_studio.studio.tradeoff import Chart, Dot

SIGNS = (
    *(("o", "●"), ("s", "■"), ("t1", "▲"), ("d", "◆"), ("t", "▼"), ("+", "＋"), ("x", "×")),
    *(("t2", "▶"), ("t3", "◀"), ("arrow_up", "↑"), ("arrow_down", "↓")),
)
"""How families of defences are told apart: as pyqtgraph draws it, and as it is written."""

BESIDE = 770
"""What a lesson and the chart want beside the list in the smallest window."""

BARE_SIGN = ("star", "★")


@dataclass(frozen=True, slots=True)
class TradeoffView:
    """Everything that the page shows.

    Attributes
    ----------
    measures
        What the cost can be measured by: key and words; empty where there is no choice.
    going
        How far a sweep is, in words; empty while none runs.
    """

    scene: str
    charts: tuple[Chart, ...] = ()
    chosen: str = ""
    measures: tuple[tuple[str, str], ...] = ()
    measure: str = "utility"
    going: str = ""
    sweeping: bool = False

    @property
    def chart(self) -> Chart | None:
        """The chart that is shown."""
        return next((c for c in self.charts if c.key == self.chosen), self.charts[0] if self.charts else None)


def signs(chart: Chart) -> dict[tuple[str, ...], tuple[str, str]]:
    """Return the sign of each family of a chart."""
    return {(): BARE_SIGN} | {f: SIGNS[i % len(SIGNS)] for i, f in enumerate(chart.families)}


class Plot(StillPlot):
    """Dots with bars; the front as a dashed line, what unrelated pictures score as a dotted one."""

    pointed = Signal(int)
    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        plot = self.getPlotItem()
        self._axes = plot.getAxis("left"), plot.getAxis("bottom")
        for axis in self._axes:
            axis.enableAutoSIPrefix(False)
        self._base = pg.InfiniteLine(angle=0)
        self._base_name, self._best = pg.TextItem(anchor=(1, 1)), pg.TextItem(anchor=(1, 1))
        self._front = plot.plot([], [], antialias=True)
        self._bars = pg.ErrorBarItem(beam=0.0)
        self._rings, self._dots = pg.ScatterPlotItem(), pg.ScatterPlotItem(hoverable=True)
        self._names: list[pg.TextItem] = []
        for part in (self._base, self._base_name, self._best, self._bars, self._rings, self._dots):
            plot.addItem(part, ignoreBounds=True)
        self._rings.setZValue(8)
        self._dots.setZValue(10)
        self._dots.sigHovered.connect(self._hovered)
        self._dots.sigClicked.connect(self._clicked)
        plot.vb.sigResized.connect(self._draw)
        self._chart: Chart | None = None
        self._chosen, self._language = 0, "en"
        self._later = QTimer(self, interval=0, singleShot=True)
        self._later.timeout.connect(self._settle)

    def minimumSizeHint(self) -> QSize:
        return QSize(px(360), px(240))

    def show_chart(self, chart: Chart | None, chosen: int, language: str) -> None:
        """Draw a chart with one of its dots chosen."""
        self._chart, self._chosen, self._language = chart, chosen, language
        self._draw()

    def _draw(self) -> None:
        plot, chart, colors = self.getPlotItem(), self._chart, theme.current()
        for name in self._names:
            plot.removeItem(name)
        self._names = []
        if chart is None:
            for item in (self._front, self._rings, self._dots):
                item.setData([], [])
            return
        dots, known = chart.dots, signs(chart)
        xs, ys = [d.cost for d in dots], [d.leak[1] for d in dots]
        reach = [v for d in dots for v in d.leak] + ([] if chart.base is None else [chart.base])
        (left, right), (low, high) = _room(xs), _room(reach)
        plot.vb.invertY(chart.falling)
        plot.setRange(xRange=(left, right), yRange=(low, high), padding=0)
        front = sorted((d for d in dots if d.front), key=lambda d: d.cost)
        quiet, accent, leak, safe = (colors.color(c) for c in ("quiet", "accent", "leak", "safe"))
        self._front.setData([d.cost for d in front], [d.leak[1] for d in front])
        self._front.setPen(pg.mkPen(safe, width=1.6, style=Qt.PenStyle.DashLine))
        self._bars.setData(
            x=_array(xs), y=_array(ys), pen=pg.mkPen(quiet, width=1.4),
            top=_array([d.leak[2] - d.leak[1] for d in dots]),
            bottom=_array([d.leak[1] - d.leak[0] for d in dots]),
        )  # fmt: skip
        ring = dots[self._chosen] if self._chosen < len(dots) else dots[0]
        self._rings.setData([ring.cost], [ring.leak[1]], size=26 * theme.scale(), brush=None,
                            pen=pg.mkPen(colors.color("text"), width=2))  # fmt: skip
        self._dots.setData(
            spots=[
                {
                    "pos": (d.cost, d.leak[1]),
                    "symbol": known[d.family][0],
                    "size": (18 if d.bare else 13) * theme.scale(),
                    "brush": leak if d.bare else accent if d.front else colors.color("panel"),
                    "pen": pg.mkPen(leak if d.bare else accent, width=1.8),
                    "data": i,
                }
                for i, d in enumerate(dots)
            ]
        )
        self._name_dots(dots, left, right)
        self._base.setVisible(chart.base is not None)
        self._base_name.setVisible(chart.base is not None)
        if chart.base is not None:
            self._base.setPos(chart.base)
            self._base.setPen(pg.mkPen(quiet, width=1.4, style=Qt.PenStyle.DotLine))
            words = say(TRADEOFF_BASE, self._language, value=chart.leak_words(chart.base))
            self._write(self._base_name, words, quiet, right, chart.base)
        self._best.setAnchor((1, 1))
        self._write(
            self._best, say(TRADEOFF_BEST, self._language), safe, right, high if chart.falling else low
        )
        upwards = TRADEOFF_LEAK_FALLING if chart.falling else TRADEOFF_LEAK
        said = (
            say(upwards, self._language, name=chart.leak.get(self._language)),
            say(TRADEOFF_COST, self._language, name=chart.cost_short.get(self._language)),
        )
        small, rooms = QFontMetricsF(theme.font(theme.SMALL)), (self.height() - 70, self.width() - 90)
        writers = chart.leak_words, chart.cost_words
        for axis, label, room, write in zip(self._axes, said, rooms, writers, strict=True):
            axis.setLabel(
                small.elidedText(label, Qt.TextElideMode.ElideRight, room),
                color=quiet.name(),
                **{"font-size": f"{px(theme.SMALL)}px"},
            )
            axis.setStyle(tickFont=theme.font(12), tickTextOffset=6)
            axis.setPen(pg.mkPen(colors.color("edge")))
            axis.setTextPen(pg.mkPen(quiet))
            axis.tickStrings = lambda values, _scale, _space, write=write: [write(v) for v in values]
            axis.picture = None
            axis.update()
        self._later.start()
        self.setAccessibleName(say(TRADEOFF_TITLE, self._language, scene=chart.title.get(self._language)))
        self.setAccessibleDescription(" / ".join(said))
        self.setToolTip("\n".join(said))

    def _settle(self) -> None:
        """Put the words of the axes where the layout has put the axes, which comes after the dots."""
        for axis in self._axes:
            axis.resizeEvent(None)

    def _name_dots(self, dots: tuple[Dot, ...], left: float, right: float) -> None:
        """Name the reference, the front and what is chosen, where no name covers another."""
        wide, high = self.getPlotItem().vb.viewPixelSize()
        metrics = QFontMetricsF(theme.font(12))
        taken: list[tuple[float, float, float]] = []
        wanted = sorted(
            range(len(dots)), key=lambda i: (i != self._chosen, not dots[i].bare, not dots[i].front)
        )
        for i in wanted:
            dot = dots[i]
            if not (dot.bare or dot.front or i == self._chosen):
                continue
            words = dot.name.get(self._language)
            width, y, gap = (metrics.horizontalAdvance(words) + 12) * abs(wide), dot.leak[1], 13 * abs(wide)
            others = [(d.cost, d.cost, d.leak[1]) for d in dots if d.cost != dot.cost]
            over = min(max(dot.cost - width / 2, left), right - width)
            places = [  # beside the dot, above it, below it
                (dot.cost + gap, 0.0, y),
                (dot.cost - gap - width, 1.0, y),
                (over, 0.5, y + 22 * abs(high)),
                (over, 0.5, y - 22 * abs(high)),
            ]
            free = [
                (start, anchor, at)
                for start, anchor, at in places
                if left <= start
                and start + width <= right
                and not any(
                    abs(at - ty) < 16 * abs(high) and start < te + gap / 2 and ts - gap / 2 < start + width
                    for ts, te, ty in (*taken, *others)
                )
            ]
            if not free:
                continue
            start, anchor, at = free[0]
            taken.append((start, start + width, at))
            name = pg.TextItem(anchor=(anchor, 0.5))
            self.getPlotItem().addItem(name, ignoreBounds=True)
            self._write(name, words, theme.current().color("text"), start + anchor * width, at)
            self._names.append(name)

    def _write(self, item: pg.TextItem, words: str, color: object, x: float, y: float) -> None:
        item.setFont(theme.font(12))
        item.setColor(color)
        item.fill = pg.mkBrush(theme.current().color("panel"))
        item.setText(words)
        item.setPos(x, y)

    def _hovered(self, _item: object, points: object, _event: object) -> None:
        for point in list(points)[:1]:  # type: ignore[call-overload]
            self.pointed.emit(int(point.data()))

    def _clicked(self, _item: object, points: object, _event: object) -> None:
        for point in list(points)[:1]:  # type: ignore[call-overload]
            self.opened.emit(int(point.data()))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange) and hasattr(self, "_chart"):
            self._draw()
        super().changeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the window."""
        event.ignore()


class TradeoffPage(QWidget):
    """The page.

    Signals
    -------
    open_requested
        A dot, whose run shall go onto the stage.
    chart_chosen, measure_chosen
        The key of another chart or measure of cost.
    start_requested, cancel_requested
        A sweep.
    """

    open_requested = Signal(object)
    chart_chosen = Signal(str)
    measure_chosen = Signal(str)
    start_requested = Signal()
    cancel_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._view: TradeoffView | None = None
        self._language = "en"
        self.title, self.going = Label("verdict", wrap=True), Label("quiet")
        self.series, self.measure, self.act = Button(), Button(), Button()
        self._menus = Menu(self), Menu(self)
        self.series.setMenu(self._menus[0])
        self.measure.setMenu(self._menus[1])
        self.plot, self.list = Plot(), QListWidget()
        self.list.setWordWrap(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.empty, self.front = Label("lead", wrap=True), Label("quiet", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture = Label("body")
        self.name, self.numbers, self.runs = (
            Label("title", wrap=True),
            Label("body", wrap=True),
            Label("quiet", wrap=True),
        )
        self.loot = Label("quiet", wrap=True)
        self.open = Button("play")
        self._lay_out()
        self.act.clicked.connect(self._acted)
        self.open.clicked.connect(lambda: self._open(self.list.currentRow()))
        self.list.currentRowChanged.connect(self._pointed)
        self.list.itemActivated.connect(lambda item: self._open(self.list.row(item)))
        self.plot.pointed.connect(self.list.setCurrentRow)
        self.plot.opened.connect(self._open)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        scaled(head.setSpacing, 10)
        head.addWidget(self.title, 1)
        head.addWidget(self.series)
        head.addWidget(self.measure)
        head.addWidget(self.going)
        head.addWidget(self.act)
        chart = Card()
        chart.column.addWidget(self.plot, 1)
        chart.column.addWidget(self.empty, 1)
        chart.column.addWidget(self.front)
        self.detail = Card()
        for part in (self.loot, self.picture, self.name, self.numbers, self.runs, self.open):
            self.detail.column.addWidget(part)
        settings = Card(margin=8)
        settings.column.addWidget(self.list, 1)
        side = QVBoxLayout()
        scaled(side.setSpacing, 9)
        side.addWidget(self.detail)
        side.addWidget(settings, 1)
        self._side = QWidget()
        self._side.setLayout(side)
        side.setContentsMargins(0, 0, 0, 0)
        self.row = QHBoxLayout()
        scaled(self.row.setSpacing, 14)
        self.row.addWidget(chart, 1)
        self.row.addWidget(self._side)
        self.fit(1280)
        whole = QVBoxLayout(self)
        scaled(whole.setContentsMargins, 20, 12, 20, 14)
        scaled(whole.setSpacing, 10)
        whole.addLayout(head)
        whole.addLayout(self.row, 1)

    def fit(self, window: int) -> None:
        """Leave a lesson and the chart their room in a window that is not wide."""
        self._side.setFixedWidth(min(px(360), max(px(230), window - px(BESIDE))))

    @property
    def dot(self) -> Dot | None:
        """The setting that is chosen in the list."""
        return self._dot_at(self.list.currentRow(), self._view)

    def choose(self, knobs: Mapping[str, Value]) -> None:
        """Choose the first setting with these knobs, if there is one."""
        chart = self._view.chart if self._view is not None else None
        for row, dot in enumerate(chart.dots if chart is not None else ()):
            if knobs.items() <= dot.shown.config.values.items():
                self.list.setCurrentRow(row)
                return

    def show_view(self, view: TradeoffView) -> None:
        """Show charts; the chosen setting stays chosen."""
        old, self._view = self._view, view
        if view == old:
            return
        chart, lang = view.chart, self._language
        was = self._dot_at(self.list.currentRow(), old)
        self.title.say(say(TRADEOFF_TITLE, lang, scene=view.scene))
        self.going.say(view.going)
        self.act.setText(say(TRADEOFF_CANCEL if view.sweeping else TRADEOFF_START, lang))
        self._fill(self._menus[0], [(c.key, c.title.get(lang)) for c in view.charts], self.chart_chosen.emit)
        self._fill(self._menus[1], list(view.measures), self.measure_chosen.emit)
        self.series.setVisible(len(view.charts) > 1)
        self.measure.setVisible(len(view.measures) > 1)
        if chart is not None:
            self.series.setText(f"{chart.title.get(lang)} ▼")
            self.measure.setText(dict(view.measures).get(view.measure, "") + " ▼")
        self.plot.setVisible(chart is not None)
        self.front.setVisible(chart is not None)
        self._side.setVisible(chart is not None)
        self.empty.setVisible(chart is None)
        self.empty.say(say(TRADEOFF_EMPTY, lang))
        flat = chart is not None and len({round(d.cost, 3) for d in chart.dots}) == 1
        gap = "" if lang == "ja" else " "
        self.front.say((say(TRADEOFF_FLAT, lang) + gap if flat else "") + say(TRADEOFF_FRONT, lang))
        self._list(chart, was)

    def _list(self, chart: Chart | None, was: Dot | None) -> None:
        lang = self._language
        self.list.blockSignals(True)
        self.list.clear()
        row = 0
        if chart is not None:
            known = signs(chart)
            for i, dot in enumerate(chart.dots):
                leak, cost = chart.leak_words(dot.leak[1]), chart.cost_words(dot.cost)
                numbers = say(TRADEOFF_FIGURES, lang, leak=leak, cost=cost)
                item = QListWidgetItem(f"{known[dot.family][1]} {dot.name.get(lang)}\n      {numbers}")
                item.setToolTip(hovered(item.text(), item.text()))
                if dot.front:
                    font = item.font()
                    font.setBold(True)
                    item.setFont(font)
                self.list.addItem(item)
                row = i if was is not None and dot.name == was.name else row
            self.list.setCurrentRow(row)
        self.list.blockSignals(False)
        self._pointed(row)

    def _dot_at(self, row: int, view: TradeoffView | None) -> Dot | None:
        chart = view.chart if view is not None else None
        return chart.dots[row] if chart is not None and 0 <= row < len(chart.dots) else None

    def _pointed(self, row: int) -> None:
        dot = self._dot_at(row, self._view)
        chart = self._view.chart if self._view is not None else None
        self.plot.show_chart(chart, row, self._language)
        if dot is None or chart is None:
            return
        lang, config = self._language, dot.shown.config
        picture = QPixmap()
        picture.loadFromData(dot.shown.thumbnail)
        self.picture.setVisible(not picture.isNull())
        if not picture.isNull():
            room = QSize(self._side.width() - px(54), px(150))
            smooth = Qt.TransformationMode.FastTransformation
            self.picture.setPixmap(picture.scaled(room, Qt.AspectRatioMode.KeepAspectRatio, smooth))
        self.loot.say(say(TRADEOFF_LOOT, lang, seed=config.seed))
        self.picture.setAccessibleName(self.loot.said)
        self.name.say(dot.name.get(lang))
        low, mean, high = (chart.leak_words(v) for v in dot.leak)
        self.numbers.say(say(
            TRADEOFF_SAID, lang, leak=chart.leak.get(lang), mean=mean, low=low, high=high,
            cost=chart.cost.get(lang), use=chart.cost_words(dot.cost),
        ))  # fmt: skip
        runs = say(TRADEOFF_RUNS, lang, n=len(dot.runs))
        usual = library().attack(config.attack).steps
        cut = say(TRADEOFF_STEPS, lang, steps=config.steps, usual=usual) if config.steps != usual else ""
        self.runs.say(runs + cut)
        whole, wide = say(TRADEOFF_OPEN, lang), self._side.width() - px(120)
        self.open.setText(self.open.fontMetrics().elidedText(whole, Qt.TextElideMode.ElideRight, wide))
        self.open.setAccessibleName(whole)
        self.open.setToolTip(whole)
        self.detail.setMinimumHeight(height_for(self.detail, self._side.width()))  # the list scrolls

    def _open(self, row: int) -> None:
        if (dot := self._dot_at(row, self._view)) is not None:
            self.open_requested.emit(dot)

    def _acted(self) -> None:
        sweeping = self._view is not None and self._view.sweeping
        (self.cancel_requested if sweeping else self.start_requested).emit()

    def _fill(self, menu: Menu, entries: list[tuple[str, str]], choose: object) -> None:
        menu.clear()
        for key, words in entries:
            menu.addAction(words).triggered.connect(lambda _=False, key=key: choose(key))  # type: ignore[operator]

    def retranslate(self, language: str) -> None:
        """Say everything in another language."""
        self._language = language
        self.list.setAccessibleName(say(Text("Settings", "設定の一覧"), language))
        view, self._view = self._view, None
        if view is not None:
            self.show_view(view)


def _array(values: list[float]) -> object:
    import numpy as np

    return np.asarray(values, float)


def _room(values: list[float]) -> tuple[float, float]:
    """Return a range that leaves room for signs and names around values."""
    low, high = min(values), max(values)
    span = (high - low) or max(abs(high) * 0.1, 0.02)
    return low - 0.12 * span, high + 0.12 * span
