# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""Pictures as they are drawn: one, or a wall of several."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTransform,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from mi_studio.app import theme
from mi_studio.app.theme import scaled
from mi_studio.app.widgets.wall import NAMED, Grid, in_lines, lines_needed
from mi_studio.app.words import breakable
from mi_studio.core.step import Pictures

TINY = 12
"""Type size in pixels of the names below the pictures of a wall."""
MARGIN = 6
"""Room around a picture, for the ring."""
SQUARE = 64
"""Smaller pictures have no round corners, which take three times as long to draw as the pictures."""
PHOTO = 64
"""From so many pixels a side on a picture is drawn smoothly: a smaller one is its pixels."""


def to_images(pictures: Pictures) -> list[QImage]:
    """Return images that own their bytes, from pictures (n, h, w, c) or one picture (h, w, c)."""
    stack = pictures if pictures.ndim == 4 else pictures[None]
    made = []
    for picture in np.ascontiguousarray(stack):
        height, width, channels = picture.shape
        kind = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_Grayscale8
        image = QImage(picture.tobytes(), width, height, width * channels, kind)
        made.append(image.convertToFormat(QImage.Format.Format_RGB32))
    return made


def same_memory(one: Pictures, other: Pictures) -> bool:
    """Return whether two arrays are the same piece of memory, as two slices of one picture are."""
    return one is other or (
        one.shape == other.shape and one.__array_interface__["data"] == other.__array_interface__["data"]
    )


def draw_image(painter: QPainter, image: QImage, rect: QRectF, radius: float) -> None:
    """Draw an image with smooth round corners; pixels stay pixels unless the painter smooths."""
    brush = QBrush(image)
    brush.setTransform(
        QTransform.fromTranslate(rect.x(), rect.y()).scale(
            rect.width() / image.width(), rect.height() / image.height()
        )
    )
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(brush)
    painter.drawRoundedRect(rect, radius, radius)


CENTRED = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap


def room_for(text: str, frame: QRectF, size: int) -> QRectF | None:
    """Return the part of an empty frame that a text is written in; ``None`` if it is too long for it."""
    beside = min(24.0, max(4.0, frame.width() / 10))
    room = frame.adjusted(beside, 6, -beside, -6)
    written = QFontMetricsF(theme.font(size)).boundingRect(room, CENTRED.value, breakable(text))
    return room if room.contains(written) else None


class PictureView(QWidget):
    """Pictures as large as they fit, at the left; several form a wall.

    In a wall one picture is pointed at, by the mouse or, with the focus, by the arrow keys; it can be
    enlarged to fill the place of all.

    Signals
    -------
    pointed
        Which picture is pointed at, or -1.
    enlarged
        Which picture shall be shown alone, or -1 for all.
    resized
        The pictures have another place.
    """

    pointed = Signal(int)
    enlarged = Signal(int)
    resized = Signal()
    ARROWS: ClassVar = {
        Qt.Key.Key_Left: (-1, 0),
        Qt.Key.Key_Right: (1, 0),
        Qt.Key.Key_Up: (0, -1),
        Qt.Key.Key_Down: (0, 1),
    }
    ENTER: ClassVar = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    KEYS: ClassVar = {*ARROWS, *ENTER, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Escape}

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        scaled(self.setMinimumSize, 48, 48)
        self._shown: Pictures | None = None
        self._images: list[QImage] = []
        self._names: tuple[str, ...] = ()
        self._ring = False
        self._dropping = False
        self._words = ("", "")
        self._at = self._alone = -1
        self._grid: Grid | None = None

    def sizeHint(self) -> QSize:
        return QSize(280, 280)

    @property
    def several(self) -> bool:
        """Whether it is a wall, even if one of its pictures is enlarged now."""
        return len(self._images) > 1

    def set_pictures(self, pictures: Pictures | None, ring: bool, names: tuple[str, ...] = ()) -> None:
        """Show other pictures; the very same array costs nothing."""
        if pictures is self._shown and ring == self._ring and names == self._names:
            return
        count = len(self._images)
        if pictures is not self._shown:
            self._images = [] if pictures is None else to_images(pictures)
        if len(self._images) != count or names != self._names:
            self._grid = None
            self.setMouseTracking(self.several)
        self._shown, self._ring, self._names = pictures, ring, names
        self.update()

    def set_words(self, empty: str, drop: str) -> None:
        """Set what stands in an empty frame, and over it while a file hovers."""
        self._words = (empty, drop)
        self.update()

    def set_dropping(self, dropping: bool) -> None:
        """Show that a file would be taken."""
        self._dropping = dropping
        self.update()

    def point(self, at: int) -> None:
        """Mark a picture of the wall, or none (-1)."""
        if at != self._at:
            self._at = at
            self.update()

    def enlarge(self, alone: int) -> None:
        """Show one picture of the wall alone, or all of them again (-1)."""
        if alone != self._alone:
            self._alone = alone
            self._grid = None
            self.update()

    def _visible(self) -> list[int]:
        """Return which pictures are to be seen."""
        if self.several and 0 <= self._alone < len(self._images):
            return [self._alone]
        return list(range(len(self._images)))

    def _place(self) -> Grid:
        """Return the grid of what is to be seen, worked out anew only when something has changed."""
        if self._grid is None:
            self._grid = self._fitting(self.width() - 2 * MARGIN, self.height() - 2 * MARGIN)
        return self._grid

    def height_wanted(self, width: int, most: int) -> int:
        """Return the height, at most ``most``, below which its pictures would be smaller at a width."""
        if not self.several:
            return min(width, most)
        return math.ceil(self._fitting(width - 2 * MARGIN, most - 2 * MARGIN).height) + 2 * MARGIN

    def _fitting(self, width: int, height: int) -> Grid:
        """Return the best grid for some room, with names if they fit."""
        count = len(self._visible())
        bare = Grid.fitting(count, width, height)
        metrics = QFontMetricsF(self._type())
        names = [self._names[i] for i in self._visible() if i < len(self._names)]
        for lines in (1, 2) if names else ():
            named = Grid.fitting(count, width, height, lines * math.ceil(metrics.height()) + 2)
            if named.side < NAMED * theme.scale():
                break
            if lines == lines_needed(names, lambda n, g=named: metrics.horizontalAdvance(n) <= g.side):  # type: ignore[misc]
                return named
        return bare

    def _type(self) -> QFont:
        return theme.font(theme.BODY, bold=True) if len(self._visible()) == 1 else theme.font(TINY)

    def frame(self) -> QRectF:
        """Return the rectangle that the pictures fill."""
        if self.several:
            grid = self._place()
            return QRectF(MARGIN, MARGIN, grid.width, grid.height)
        room = min(self.width(), self.height()) - 2 * MARGIN
        if len(self._images) == 1:
            ratio = self.devicePixelRatioF()
            longest = max(self._images[0].width(), self._images[0].height())
            whole = int(room * ratio) // longest * longest / ratio
            if whole >= 0.97 * room:
                room = int(whole)
        return QRectF(MARGIN, MARGIN, room, room)

    def cells(self) -> list[QRectF]:
        """Return where each picture that is to be seen is drawn."""
        frame, rects = self.frame(), []
        for i, which in enumerate(self._visible()):
            image = self._images[which]
            place = self._place().cell(i).translated(frame.topLeft()) if self.several else frame
            scale = place.width() / max(image.width(), image.height())
            width, height = image.width() * scale, image.height() * scale
            left, top = (place.width() - width) / 2, (place.height() - height) / 2
            rects.append(QRectF(place.x() + left, place.y() + top, width, height))
        return rects

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame, visible = self.frame(), self._visible()
        if not self._images:
            painter.setPen(
                Qt.PenStyle.NoPen if self._ring else QPen(colors.color("quiet"), 1.2, Qt.PenStyle.DashLine)
            )
            painter.setBrush(colors.color("window"))
            painter.drawRoundedRect(frame, 8, 8)
            self._write(painter, frame, self._words[0])
        elif self._images[0].width() >= PHOTO:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        radius = 8 if len(visible) == 1 else 4
        cells = self.cells()
        for which, rect in zip(visible, cells, strict=True):
            if rect.width() < SQUARE:
                painter.drawImage(rect, self._images[which])
            else:
                draw_image(painter, self._images[which], rect, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.several:
            self._caption(painter, frame)
            if len(visible) > 1 and 0 <= self._at < len(cells):
                painter.setPen(QPen(colors.color("accent"), 3))
                painter.drawRoundedRect(cells[self._at].adjusted(-1, -1, 1, 1), radius + 1, radius + 1)
        if self._ring:
            painter.setPen(QPen(colors.color("leak"), 3))
            painter.drawRoundedRect(frame.adjusted(-4, -4, 4, 4), 11, 11)
        elif len(visible) == 1 and not self.several:
            painter.setPen(QPen(colors.color("line"), 1))
            painter.drawRoundedRect(frame.adjusted(-0.5, -0.5, 0.5, 0.5), 8, 8)
        if self._dropping:
            painter.setPen(QPen(colors.color("accent"), 3, Qt.PenStyle.DashLine))
            painter.setBrush(colors.color("accent_ground"))
            painter.drawRoundedRect(frame, 8, 8)
            self._write(painter, frame, self._words[1])

    def _caption(self, painter: QPainter, frame: QRectF) -> None:
        """Write the names below the pictures, where there is room for them."""
        grid = self._place()
        if not grid.caption:
            return
        painter.setFont(self._type())
        painter.setPen(theme.current().color("text"))
        metrics = QFontMetricsF(self._type())
        for i, which in enumerate(self._visible()):
            below = grid.below(i).translated(frame.topLeft())
            name = self._names[which] if which < len(self._names) else ""
            lines = in_lines(name, lambda n: metrics.horizontalAdvance(n) <= grid.side)
            middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
            painter.drawText(below.translated(0, 2), middle, "\n".join(lines))

    def _write(self, painter: QPainter, frame: QRectF, text: str) -> None:
        """Write in the largest type in which all of it has room; where none is small enough, nothing."""
        for size in (theme.BODY, theme.SMALL, TINY):
            if (room := room_for(text, frame, size)) is not None:
                painter.setPen(theme.current().color("quiet"))
                painter.setFont(theme.font(size))
                painter.drawText(room, CENTRED, breakable(text))
                return

    # pointing at one picture of a wall

    def _under(self, place: QPointF) -> int:
        """Return which picture of the wall is at a place, or -1."""
        visible = self._visible()
        if not self.several:
            return -1
        found = self._place().at(place - self.frame().topLeft(), len(visible))
        return visible[found] if found >= 0 else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        under = self._under(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if under >= 0 else Qt.CursorShape.ArrowCursor)
        if self.several and self._alone < 0 and under != self._at:
            self.pointed.emit(under)

    def leaveEvent(self, event: QEvent) -> None:
        if self._at >= 0 and self._alone < 0 and not self.hasFocus():
            self.pointed.emit(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        under = self._under(event.position())
        if under < 0 or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.pointed.emit(under)
        self.enlarged.emit(-1 if self._alone >= 0 else under)

    def event(self, event: QEvent) -> bool:
        """Claim the keys that walk a wall while focused, and say whose picture is under the mouse."""
        override = event.type() == QEvent.Type.ShortcutOverride and self.several
        if override and isinstance(event, QKeyEvent) and event.key() in self.KEYS:
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self.several:
            under = self._under(QPointF(event.pos()))
            if 0 <= under < len(self._names):
                QToolTip.showText(event.globalPos(), self._names[under], self)
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, count = Qt.Key(event.key()), len(self._images)
        at = max(0, self._at)
        if not self.several:
            super().keyPressEvent(event)
        elif key in self.ENTER:
            self.pointed.emit(at)
            self.enlarged.emit(-1 if self._alone >= 0 else at)
        elif key == Qt.Key.Key_Escape and self._alone >= 0:
            self.enlarged.emit(-1)
        elif key in self.ARROWS or key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            to = 0 if key == Qt.Key.Key_Home else count - 1
            if key in self.ARROWS:
                right, down = self.ARROWS[key]
                alone = self._alone >= 0  # one by one, as there are no rows to see
                to = min(count - 1, max(0, at + right + down)) if alone else self._place().walked(
                    at, right, down, count
                )  # fmt: skip
            self.pointed.emit(to)
            if self._alone >= 0:
                self.enlarged.emit(to)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self.several and self._at < 0:
            self.pointed.emit(0)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.several and self._alone < 0:
            self.pointed.emit(-1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._grid = None
        self.resized.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Find another grid when the type has changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._grid = None
