# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""Records as they are drawn: one as a card that fills in, some as small cards, many as a field of marks."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from mi_studio.app import theme
from mi_studio.app.theme import scaled
from mi_studio.app.widgets.bar import draw_bar
from mi_studio.app.widgets.picture import MARGIN
from mi_studio.app.words import BASE_LINE, BASE_LINE_SHORT, NOT_KNOWN, PEOPLE_EACH, say
from mi_studio.studio.views import RecordView

SMALL_CARDS = 8
"""More records than this are marks in a field."""

TOKENS = ("accent", "unsure", "safe", "leak", "quiet")
PATTERNS = (
    Qt.BrushStyle.SolidPattern,
    Qt.BrushStyle.BDiagPattern,
    Qt.BrushStyle.HorPattern,
    Qt.BrushStyle.Dense4Pattern,
    Qt.BrushStyle.DiagCrossPattern,
)
"""Colours and textures of the values of a field of marks: no colour is told from all others by everybody."""

ROW, PAD = 23.0, 12.0
"""Height of a line and room at the edges, at nominal type."""

SMALLEST, LEGIBLE = 9, 11
"""No type is smaller, in pixels at nominal type; where it would be below the second, the known fields go."""

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Records(QWidget):
    """The records of a pane, in the place of its pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        scaled(self.setMinimumSize, 96, 96)
        self._records: tuple[RecordView, ...] = ()
        self._ring = False
        self._language = "en"
        self._described = ""

    @property
    def records(self) -> tuple[RecordView, ...]:
        """What is shown."""
        return self._records

    def sizeHint(self) -> QSize:
        return QSize(280, 280)

    def show_records(self, records: tuple[RecordView, ...], ring: bool) -> None:
        """Show other records; equal ones cost nothing."""
        if (records, ring) != (self._records, self._ring):
            self._records, self._ring = records, ring
            self._tell()
            self.update()

    def describe(self, described: str) -> None:
        """Say this before what the records themselves say, to those who cannot see them."""
        if described != self._described:
            self._described = described
            self._tell()

    def _tell(self) -> None:
        self.setAccessibleDescription(" ".join(t for t in (self._described, self.told()) if t))

    def retranslate(self, language: str) -> None:
        """Say the widget's own words in another language."""
        self._language = language
        self._tell()
        self.update()

    def told(self) -> str:
        """Say in words what is drawn: everybody's field, or of many how often each value is believed."""
        if len(self._records) > SMALL_CARDS:
            counted = Counter(record.value for record in self._records)
            values = "; ".join(f"{value} {counted[value]}" for value in self._records[0].among)
            return f"{self._records[0].hidden} ({say(PEOPLE_EACH, self._language)}): {values}"
        said = []
        for record in self._records:
            believed = "; ".join(f"{value} {share:.0%}" for value, share, _ in record.bars)
            who = f"{record.name}. " if record.name else ""
            said.append(f"{who}{record.hidden}: {believed or record.value}")
        return ". ".join(said)

    def height_wanted(self, width: int, most: int) -> int:
        """Return the height, at most ``most``, of which records can make use at a width."""
        if len(self._records) == 1:
            rows = self._rows(self._records[0], 1)
            return min(most, math.ceil(rows * ROW * 1.35 * theme.scale() + 2 * PAD) + 2 * MARGIN)
        return min(most, max(width, 96))

    def frame(self) -> QRectF:
        """Return the rectangle that the records fill."""
        return QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._records:
            return
        colors, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self.frame()
        if len(self._records) == 1:
            self._card(painter, frame, self._records[0])
        elif len(self._records) <= SMALL_CARDS:
            self._cards(painter, frame)
        else:
            self._field(painter, frame)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._ring:
            painter.setPen(QPen(colors.color("leak"), 3))
            painter.drawRoundedRect(frame.adjusted(-4, -4, 4, 4), 11, 11)

    def _ground(self, painter: QPainter, frame: QRectF, radius: float = 8) -> None:
        colors = theme.current()
        painter.setPen(QPen(colors.color("line"), 1))
        painter.setBrush(colors.color("window"))
        painter.drawRoundedRect(frame, radius, radius)

    def _say(
        self, painter: QPainter, rect: QRectF, text: str, font: QFont, token: str = "text", at: object = _LEFT
    ) -> None:
        painter.setFont(font)
        painter.setPen(theme.current().color(token))
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, at, shown)  # type: ignore[call-overload]

    # one record

    @staticmethod
    def _rows(record: RecordView, columns: int) -> float:
        """Return how many lines of a card there are, as many for the truth as for what is believed."""
        return 1.4 + math.ceil(len(record.lines) / columns) + 1.3 + len(record.among) + 0.9

    def _widths(self, record: RecordView, columns: int, size: int) -> list[tuple[float, float]]:
        """Return how much room the titles and the values of each column need at a size of type."""
        font, bold = QFontMetricsF(theme.font(size)), QFontMetricsF(theme.font(size, bold=True))
        unknown = say(NOT_KNOWN, self._language)
        each = math.ceil(len(record.lines) / columns)
        parts = [record.lines[i : i + each] for i in range(0, len(record.lines), each or 1)]
        return [
            (
                max(font.horizontalAdvance(title) for title, _ in part) + 10,
                max(bold.horizontalAdvance(value or unknown) for _, value in part) + 4,
            )
            for part in parts
        ]

    def _type(self, record: RecordView, columns: int, room: QRectF) -> tuple[int, float]:
        """Return the largest size of type at which the fields fit, and the height of a line."""
        row = min(ROW * 1.35 * theme.scale(), (room.height() - PAD) / self._rows(record, columns))
        size = max(SMALLEST, round(min(theme.BODY * 1.2, row / theme.scale() * 0.72)))
        while size > SMALLEST and sum(map(sum, self._widths(record, columns, size))) + PAD > room.width():
            size -= 1
        return size, row

    def _card(self, painter: QPainter, frame: QRectF, record: RecordView) -> None:
        """Draw the known fields in one column or two, and below them the hidden one with its candidates."""
        room = frame.adjusted(PAD, PAD / 2, -PAD, -PAD / 2)
        columns = max((1, 2), key=lambda c: self._type(record, c, room)[0])
        size, row = self._type(record, columns, room)
        if size < LEGIBLE and record.lines:
            self._card(painter, frame, replace(record, lines=()))
            return
        self._ground(painter, frame)
        font, bold = theme.font(size), theme.font(size, bold=True)
        y = room.top()
        head = QRectF(room.left(), y, room.width(), 1.4 * row)
        self._say(painter, head, record.name, theme.font(round(size * 1.2), bold=True))
        y += 1.4 * row
        widths = self._widths(record, columns, size)
        spare = max(0.0, room.width() - sum(map(sum, widths))) / max(1, len(widths))
        each, x = math.ceil(len(record.lines) / columns), room.left()
        for column, (title_width, value_width) in enumerate(widths):
            wide = min(title_width + value_width + spare, room.right() - x)
            title_width = min(title_width, wide * 0.6)
            for i, (title, value) in enumerate(record.lines[column * each : (column + 1) * each]):
                place = QRectF(x, y + i * row, wide, row)
                self._say(painter, QRectF(x, place.top(), title_width - 4, row), title, font, "quiet")
                place.setLeft(x + title_width)
                said, token = (value, "text") if value else (say(NOT_KNOWN, self._language), "quiet")
                self._say(painter, place, said, bold if value else font, token)
            x += wide
        y += each * row
        lines = 2.2 + len(record.among) if record.bars else 3.1
        box = QRectF(frame.left() + 5, y + 3, frame.width() - 10, row * lines + PAD / 2)
        self._hidden(painter, box, record, row, size)

    def _hidden(self, painter: QPainter, box: QRectF, record: RecordView, row: float, size: int) -> None:
        """Draw the hidden field: the true value, or each candidate with its belief and its base rate."""
        colors, bold = theme.current(), theme.font(size, bold=True)
        painter.setPen(QPen(colors.color("leak"), 1.5))
        painter.setBrush(colors.color("leak_ground"))
        painter.drawRoundedRect(box, 7, 7)
        inside = box.adjusted(PAD - 5, PAD / 4, -PAD + 5, -PAD / 4)
        y = inside.top()
        self._say(painter, QRectF(inside.left(), y, inside.width(), 1.3 * row), record.hidden, bold, "leak")
        y += 1.3 * row
        if not record.bars:
            place = QRectF(inside.left(), y, inside.width(), row * 1.6)
            self._say(painter, place, record.value, theme.font(round(size * 1.5), bold=True))
            return
        number = QFontMetricsF(bold).horizontalAdvance("100%") + 6
        names = max(QFontMetricsF(bold).horizontalAdvance(name) for name in record.among) + 10
        names = min(names, inside.width() * 0.48)
        for name, share, base in record.bars:
            first = name == record.value
            font = bold if first else theme.font(size)
            self._say(painter, QRectF(inside.left(), y, names - 4, row), name, font)
            bar = QRectF(inside.left() + names, y + row * 0.26, inside.width() - names - number, row * 0.48)
            draw_bar(painter, bar, share, "leak" if first else "quiet")
            at = bar.left() + bar.width() * base
            painter.setPen(QPen(colors.color("text"), 2))
            painter.drawLine(round(at), round(y + row * 0.1), round(at), round(y + row * 0.9))
            place = QRectF(inside.right() - number, y, number, row)
            self._say(painter, place, f"{share:.0%}", font, at=_RIGHT)
            y += row
        small = theme.font(max(9, round(size * 0.85)))
        said = say(BASE_LINE, self._language)
        if QFontMetricsF(small).horizontalAdvance(said) > inside.width():
            said = say(BASE_LINE_SHORT, self._language)
        self._say(painter, QRectF(inside.left(), y, inside.width(), 0.9 * row), said, small, "quiet")

    # some records

    def _cards(self, painter: QPainter, frame: QRectF) -> None:
        """Draw who it is, what the hidden field is believed to be, and how sure that is."""
        count, gap = len(self._records), 6.0
        columns = 2 if frame.width() < 640 * theme.scale() or count <= 4 else 4
        rows = math.ceil(count / columns)
        width = (frame.width() - gap * (columns - 1)) / columns
        high = min((frame.height() - gap * (rows - 1)) / rows, 92 * theme.scale())
        size = round(max(9.0, min(theme.BODY, high / theme.scale() / 4.6)))
        for i, record in enumerate(self._records):
            place = QRectF(
                frame.left() + i % columns * (width + gap),
                frame.top() + i // columns * (high + gap),
                width,
                high,
            )
            self._ground(painter, place, 6)
            inside = place.adjusted(9, 5, -9, -5)
            line = inside.height() / (3 if record.bars else 2)
            first = QRectF(inside.left(), inside.top(), inside.width(), line)
            self._say(painter, first, record.name, theme.font(size), "quiet")
            self._say(painter, first.translated(0, line), record.value, theme.font(size + 1, bold=True))
            if record.bars:
                font = theme.font(size, bold=True)
                number = QFontMetricsF(font).horizontalAdvance("100%") + 8
                last = first.translated(0, 2 * line)
                bar = QRectF(last.left(), last.center().y() - 4, last.width() - number, 8)
                draw_bar(painter, bar, record.belief, "leak" if record.right else "quiet")
                self._say(painter, last, f"{record.belief:.0%}", font, at=_RIGHT)

    # many records

    def _field(self, painter: QPainter, frame: QRectF) -> None:
        """Draw a mark for everybody: its colour is the value, its height how sure that is."""
        colors, font = theme.current(), theme.font(theme.SMALL)
        counted = Counter(record.value for record in self._records)
        values = self._records[0].among
        line = QFontMetricsF(font).height() + 5
        legend = line * (math.ceil(len(values) / 2) + 1)
        room = frame.adjusted(0, 0, 0, -legend - 4)
        self._ground(painter, room)
        room = room.adjusted(6, 6, -6, -6)
        count = len(self._records)
        columns = max(1, math.ceil(math.sqrt(count * room.width() / max(1.0, room.height()))))
        rows = math.ceil(count / columns)
        wide, high = room.width() / columns, room.height() / rows
        for i, record in enumerate(self._records):
            left, top = room.left() + i % columns * wide, room.top() + i // columns * high
            cell = QRectF(left + 1, top + 1, wide - 2, high - 2)
            painter.setPen(QPen(colors.color("edge"), 1))
            painter.setBrush(colors.color("track"))
            painter.drawRect(cell)
            filled = cell.height() * record.belief
            mark = QRectF(cell.left(), cell.bottom() - filled, cell.width(), filled)
            self._mark(painter, mark, values.index(record.value))
        y = frame.bottom() - legend + 4
        head = f"{self._records[0].hidden} ({say(PEOPLE_EACH, self._language)})"
        self._say(
            painter, QRectF(frame.left(), y, frame.width(), line), head, theme.font(theme.SMALL, bold=True)
        )
        for i, value in enumerate(values):
            left = frame.left() + i % 2 * frame.width() / 2
            top = y + line * (1 + i // 2)
            side = 13 * theme.scale()
            self._mark(painter, QRectF(left, top + (line - side) / 2, side, side), i)
            said = f"{value}  {counted[value]}"
            beside = QRectF(left + side + 5, top, frame.width() / 2 - side - 7, line)
            self._say(painter, beside, said, font)

    def _mark(self, painter: QPainter, rect: QRectF, value: int) -> None:
        """Fill a mark in the colour and the texture of a value."""
        color = theme.current().color(TOKENS[value % len(TOKENS)])
        painter.setPen(QPen(color, 1))
        painter.setBrush(QBrush(color, PATTERNS[value % len(PATTERNS)]))
        painter.drawRect(rect)
