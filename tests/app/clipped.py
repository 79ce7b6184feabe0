"""Finds texts that have not the room they need: in labels, buttons, fields and lists, and painted ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QWidget,
)

from mi_studio.app.widgets.knobs import KnobSlider
from mi_studio.app.widgets.lesson import Over
from mi_studio.app.widgets.picture import PictureView
from mi_studio.app.widgets.record import Records

SLACK = 1.5
"""Pixels that rounding may take."""


def clipped(top: QWidget) -> list[str]:
    """Return every text of a window that is cut off, and where."""
    found = [said for part in (top, *top.findChildren(QWidget)) if part.isVisible() for said in _cut(part)]
    found += [said for plot in top.findChildren(pg.PlotWidget) if plot.isVisible() for said in _plotted(plot)]
    return found + _covered(top) + [said for part, said in painted(top)]


def _covered(top: QWidget) -> list[str]:
    """Return the texts that lie over another text or a picture; what lies over the window on purpose may."""
    parts = []
    for part in top.findChildren(QWidget):
        drawn = isinstance(part, QLabel | QAbstractButton | PictureView | Records | KnobSlider)
        if not drawn or not part.isVisible() or part.visibleRegion().isEmpty():
            continue
        over = [part, *(p for p in _above(part) if p is not top)]
        if any(isinstance(p, Over) or isinstance(p.parentWidget(), PictureView | Records) for p in over):
            continue
        shown = part.visibleRegion().boundingRect().translated(part.mapTo(top, QPoint(0, 0)))
        parts.append((part, set(over), shown.adjusted(2, 2, -2, -2)))
    found = []
    for i, (part, above, rect) in enumerate(parts):
        for other, others, place in parts[:i]:
            if part in others or other in above or not rect.intersects(place):
                continue
            if part.parentWidget() in others or other.parentWidget() in above:
                found.append(f"{_said(part)} lies over {_said(other)}")
    return found


def _above(part: QWidget) -> Iterator[QWidget]:
    while (up := part.parentWidget()) is not None and not part.isWindow():
        yield up
        part = up


def _said(part: QWidget) -> str:
    text = part.text() if isinstance(part, QLabel | QAbstractButton) else part.accessibleName()
    return f"{type(part).__name__} {text!r}"


def _cut(part: QWidget) -> Iterator[str]:
    if isinstance(part, QLabel) and part.text():
        yield from _label(part)
    elif isinstance(part, QAbstractButton) and part.text():
        wanted = part.sizeHint()
        if wanted.width() > part.width() + SLACK or wanted.height() > part.height() + SLACK:
            yield f"{type(part).__name__} {part.text()!r}: {wanted.toTuple()} in {part.size().toTuple()}"
        yield from _outside(part, part.text())
    elif isinstance(part, QLineEdit) and not part.text():
        wide = QFontMetrics(part.font()).horizontalAdvance(part.placeholderText())
        if wide > part.width() - 20:
            yield f"field {part.placeholderText()!r}: {wide} in {part.width()}"
    elif isinstance(part, QListWidget):
        wanted = part.sizeHintForColumn(0)
        told = all(_told(part.item(i)) for i in range(part.count()))
        if wanted > part.viewport().width() + SLACK and not told:
            yield f"list: {wanted} in {part.viewport().width()}"


def _told(item: QListWidgetItem) -> bool:
    """Whether the tooltip of an item begins with its text; what the glossary says may follow."""
    words = re.sub("<[^>]*>", " ", unescape(item.toolTip()).replace("\u2060", "")).split()
    return words[: len(item.text().split())] == item.text().split()


def _label(label: QLabel) -> Iterator[str]:
    room = label.contentsRect()
    text = label.text()
    if label.wordWrap():
        wanted = label.heightForWidth(label.width())
        if wanted > label.height():  # a pixel less would cut the tails of p, g and y
            yield f"label {text!r}: {wanted} high in {label.height()}"
        metrics = QFontMetrics(label.font())
        longest = max(_pieces(text), key=metrics.horizontalAdvance)
        wide = metrics.horizontalAdvance(longest)
        if wide > room.width() + SLACK:
            yield f"label {text!r}: the word {longest!r} {wide} wide in {room.width()}"
    elif text.endswith("…") and label.toolTip():
        wide = QFontMetrics(label.font()).horizontalAdvance(text)
        if wide > room.width() + SLACK:
            yield f"label {text!r}: {wide} wide in {room.width()}"
    else:
        hint = label.sizeHint()
        if hint.width() > label.width() + SLACK or hint.height() > label.height():
            yield f"label {text!r}: {hint.toTuple()} in {label.size().toTuple()}"
    yield from _outside(label, text)


def _pieces(text: str) -> list[str]:
    """Return the parts of a text within which no line breaks: words, and phrases of Japanese."""
    pieces = []
    for word in re.split(r"[ \n]+", text):
        if any("\u3040" <= c <= "\u9fff" for c in word):
            pieces += [m[0].replace("\u2060", "") for m in re.finditer("(?:.\u2060)*.", word)]
        else:
            pieces.append(word.replace("\u2060", ""))
    return pieces


def _outside(part: QWidget, text: str) -> Iterator[str]:
    """Say where a part reaches over the edge of what holds it; what scrolls may, in the way it scrolls."""
    rect, inside = QRect(QPoint(0, 0), part.size()), part
    while (above := inside.parentWidget()) is not None and not inside.isWindow():
        rect = rect.translated(inside.pos())
        area = above.parentWidget()
        scrolls = isinstance(area, QScrollArea) and area.viewport() is above
        holds = above.rect()
        if rect.left() < holds.left() - SLACK or rect.right() > holds.right() + SLACK:
            yield f"{text!r} reaches over the side of {_named(above)}: {rect.getRect()} in {holds.getRect()}"
            return
        if not scrolls and (rect.top() < holds.top() - SLACK or rect.bottom() > holds.bottom() + SLACK):
            yield f"{text!r} reaches over an end of {_named(above)}: {rect.getRect()} in {holds.getRect()}"
            return
        if scrolls:
            return
        inside = above


def _named(part: QWidget) -> str:
    return f"{type(part).__name__} {part.objectName()}".strip()


def _plotted(plot: Any) -> Iterator[str]:
    """Look at what is written in a plot, which Qt's layouts know nothing of."""
    holds = QRectF(plot.viewport().rect()).adjusted(-SLACK, -SLACK, SLACK, SLACK)
    written = []
    for item in plot.scene().items():
        text = item.toPlainText() if hasattr(item, "toPlainText") else ""
        if not text or not item.isVisible() or not item.opacity():
            continue
        rect = plot.mapFromScene(item.sceneBoundingRect()).boundingRect()
        if isinstance(item, pg.TextItem):
            written.append((text, QRectF(rect)))
        if not holds.contains(QRectF(rect).adjusted(4, 4, -4, -4)):  # the margin of Qt's documents
            yield f"plot {text!r}: {rect.getRect()} in {plot.viewport().rect().getRect()}"
    for i, (text, rect) in enumerate(written):
        for other, taken in written[:i]:
            if rect.adjusted(3, 3, -3, -3).intersects(taken.adjusted(3, 3, -3, -3)):
                yield f"plot {text!r} lies over {other!r}"


def painted(top: QWidget) -> list[tuple[QWidget, str]]:
    """Paint a window and return what was written where there was no room, or shortened without a tooltip."""
    found: list[tuple[QWidget, str]] = []
    with _watched(found):
        top.grab()
    return found


@contextmanager
def _watched(found: list[tuple[QWidget, str]]) -> Iterator[None]:
    draw, elide = QPainter.drawText, QFontMetricsF.elidedText
    shortened: dict[str, str] = {}

    def elided(self: QFontMetricsF, text: str, *rest: Any) -> str:
        shown = elide(self, text, *rest)
        if shown != text:
            shortened[shown] = text
        return shown

    def drawn(self: QPainter, *arguments: Any) -> Any:
        device = self.device()
        if isinstance(device, QWidget) and isinstance(arguments[0], QRect | QRectF):
            rect, flags, text = QRectF(arguments[0]), arguments[1], arguments[2]
            _judge(device, self, rect, flags, text, shortened.get(text), found)
        return draw(self, *arguments)

    QPainter.drawText, QFontMetricsF.elidedText = drawn, elided  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        QPainter.drawText, QFontMetricsF.elidedText = draw, elide  # type: ignore[method-assign]


def _judge(
    device: QWidget, painter: QPainter, rect: QRectF, flags: Any, text: str, whole: str | None,
    found: list[tuple[QWidget, str]],
) -> None:  # fmt: skip
    name = type(device).__name__
    if whole is not None and whole not in device.toolTip():
        found.append((device, f"{name} shortens {whole!r} to {text!r}"))
    wraps = int(getattr(flags, "value", flags)) & Qt.TextFlag.TextWordWrap.value
    room = QRectF(0, 0, rect.width() if wraps else 1e5, 1e5)
    how = Qt.TextFlag.TextWordWrap if wraps else Qt.AlignmentFlag.AlignLeft
    wanted = QFontMetricsF(painter.font()).boundingRect(room, how, text)
    if wanted.width() > rect.width() + SLACK or wanted.height() > rect.height() + SLACK + 2:
        found.append((device, f"{name} writes {text!r}: {wanted.width():.0f} x {wanted.height():.0f} "
                              f"in {rect.width():.0f} x {rect.height():.0f}"))  # fmt: skip
    elif isinstance(device.parent(), QAbstractItemView):
        return  # the wheel brings a line into view that is half out of it
    elif not QRectF(device.rect()).adjusted(-SLACK, -SLACK, SLACK, SLACK).contains(rect.center()):
        found.append((device, f"{name} writes {text!r} outside of itself"))


Finder = Callable[[QWidget], list[str]]
