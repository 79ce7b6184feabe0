# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""One picture of the stage, and the row of them."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QBrush,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTransform,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mi_studio.app import theme
from mi_studio.app.widgets.bar import Bar
from mi_studio.app.widgets.common import Button, Label, height_for
from mi_studio.app.words import DROP, NOTHING_YET, OWN_PICTURE, PASTE_HELP, TWIN_HERE, breakable, say
from mi_studio.core.step import Pictures
from mi_studio.studio.views import PaneView

MARGIN = 6
"""Room around a picture, for the ring."""
FOOT = 26
"""Height of the line below a picture."""


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


class PictureView(QWidget):
    """Pictures as large as they fit, at the left; several form a wall."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(96, 96)
        self._shown: Pictures | None = None
        self._images: list[QImage] = []
        self._ring = False
        self._dropping = False
        self._words = ("", "")

    def sizeHint(self) -> QSize:
        return QSize(280, 280)

    def set_pictures(self, pictures: Pictures | None, ring: bool) -> None:
        """Show other pictures; the very same array costs nothing."""
        if pictures is self._shown and ring == self._ring:
            return
        if pictures is not self._shown:
            self._images = [] if pictures is None else to_images(pictures)
        self._shown, self._ring = pictures, ring
        self.update()

    def set_words(self, empty: str, drop: str) -> None:
        """Set what stands in an empty frame, and over it while a file hovers."""
        self._words = (empty, drop)
        self.update()

    def set_dropping(self, dropping: bool) -> None:
        """Show that a file would be taken."""
        self._dropping = dropping
        self.update()

    def frame(self) -> QRectF:
        """Return the square that the pictures fill."""
        room = min(self.width(), self.height()) - 2 * MARGIN
        if len(self._images) == 1:
            ratio = self.devicePixelRatioF()
            longest = max(self._images[0].width(), self._images[0].height())
            whole = int(room * ratio) // longest * longest / ratio
            if whole >= 0.97 * room:
                room = int(whole)
        return QRectF(MARGIN, MARGIN, room, room)

    def cells(self) -> list[QRectF]:
        """Return where each picture is drawn."""
        frame, count = self.frame(), len(self._images)
        columns = math.ceil(math.sqrt(count))
        gap = 4.0 if count > 1 else 0.0
        side = (frame.width() - gap * (columns - 1)) / max(1, columns)
        rects = []
        for i, image in enumerate(self._images):
            scale = side / max(image.width(), image.height())
            width, height = image.width() * scale, image.height() * scale
            corner = frame.topLeft() + QPointF((i % columns) * (side + gap), (i // columns) * (side + gap))
            rects.append(
                QRectF(corner.x() + (side - width) / 2, corner.y() + (side - height) / 2, width, height)
            )
        return rects

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self.frame()
        if not self._images:
            painter.setPen(
                Qt.PenStyle.NoPen if self._ring else QPen(colors.color("quiet"), 1.2, Qt.PenStyle.DashLine)
            )
            painter.setBrush(colors.color("window"))
            painter.drawRoundedRect(frame, 8, 8)
            self._write(painter, frame, self._words[0])
        for image, rect in zip(self._images, self.cells(), strict=True):
            draw_image(painter, image, rect, 8 if len(self._images) == 1 else 4)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._ring:
            painter.setPen(QPen(colors.color("leak"), 3))
            painter.drawRoundedRect(frame.adjusted(-4, -4, 4, 4), 11, 11)
        elif len(self._images) == 1:
            painter.setPen(QPen(colors.color("line"), 1))
            painter.drawRoundedRect(frame.adjusted(-0.5, -0.5, 0.5, 0.5), 8, 8)
        if self._dropping:
            painter.setPen(QPen(colors.color("accent"), 3, Qt.PenStyle.DashLine))
            painter.setBrush(colors.color("accent_ground"))
            painter.drawRoundedRect(frame, 8, 8)
            self._write(painter, frame, self._words[1])

    def _write(self, painter: QPainter, frame: QRectF, text: str) -> None:
        painter.setPen(theme.current().color("quiet"))
        painter.setFont(theme.font(theme.BODY))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(frame.adjusted(24, 8, -24, -8), flags, breakable(text))


class PicturePane(QWidget):
    """A picture with its title above and its meter and footer below.

    Signals
    -------
    file_dropped
        Path (or address) of the file that was dropped.
    open_requested, paste_requested
        From the two small buttons, shown where pictures are accepted.
    """

    file_dropped = Signal(str)
    open_requested = Signal()
    paste_requested = Signal()
    SHORTEST = 32
    """Length in pixels below which a meter's bar would say nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self.subtitle = Label("title", wrap=True), Label("quiet", wrap=True)
        self.view = PictureView()
        self.badge = Label("badge")
        self.badge.setParent(self.view)
        self.badge.move(MARGIN + 8, MARGIN + 8)
        self.badge.hide()
        self.meter_name, self.meter_number = Label("quiet"), Label("title")
        self.meter_bar = Bar("leak")
        self.footer = Label("quiet", wrap=True)
        self.own, self.paste = Button("picture", "accent"), Button("paste", "accent")
        self.footer.setMinimumHeight(FOOT)
        for button in (self.own, self.paste):
            button.setProperty("link", True)
        self.own.clicked.connect(self.open_requested)
        self.paste.clicked.connect(self.paste_requested)

        self.header = QWidget()
        top = QVBoxLayout(self.header)
        top.setContentsMargins(MARGIN, 0, 0, 0)  # the gap to the next pane is room enough
        top.setSpacing(3)
        top.addWidget(self.title)
        top.addWidget(self.subtitle)
        top.addStretch(1)

        self.meter = QWidget()
        self.meter.setFixedHeight(FOOT)
        meter = self._meter = QHBoxLayout(self.meter)
        meter.setContentsMargins(0, 0, 0, 0)
        meter.setSpacing(8)
        meter.addWidget(self.meter_name)
        meter.addWidget(self.meter_bar, 1)
        meter.addWidget(self.meter_number)

        self.foot = QWidget()
        foot = QVBoxLayout(self.foot)
        foot.setContentsMargins(MARGIN, 2, MARGIN, 0)
        foot.setSpacing(2)
        foot.addWidget(self.meter)
        tools = QHBoxLayout()
        tools.setSpacing(2)
        tools.addWidget(self.footer, 1)
        tools.addWidget(self.own)
        tools.addWidget(self.paste)
        foot.addLayout(tools)
        foot.addStretch(1)

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.header)
        column.addWidget(self.view, 1)
        column.addWidget(self.foot)
        self._view: PaneView | None = None
        self._own_text = ""
        self._vacant = False
        self._language = "en"
        self.setMinimumWidth(120)
        self.meter.hide()
        self.set_accepts_files(False)
        self.retranslate("en")

    def set_accepts_files(self, accepts: bool) -> None:
        """Take dropped files, and show the two buttons."""
        self.setAcceptDrops(accepts)
        self.own.setVisible(accepts)
        self.paste.setVisible(accepts)

    def set_vacant(self, vacant: bool) -> None:
        """Stand empty, with a hint of what will come here."""
        if vacant != self._vacant:
            self._vacant = vacant
            if vacant:
                self.show_view(PaneView("", "", "", None, None, ""))
            self.retranslate(self._language)

    def set_badge(self, text: str, explanation: str = "") -> None:
        """Show a badge on the picture; an empty text hides it."""
        self.badge.say(text)
        self.badge.setToolTip(explanation)
        self.badge.setAccessibleDescription(explanation)
        self.badge.adjustSize()
        self.badge.setVisible(bool(text))

    def show_view(self, view: PaneView) -> None:
        """Draw a pane."""
        self.view.set_pictures(view.pictures, view.ring)
        old, self._view = self._view, view
        if old is not None and _words(old) == _words(view):
            return
        self.title.say(view.title)
        self.subtitle.say(view.subtitle)
        self.footer.say(view.footer)
        self.footer.setToolTip(view.footer)
        self.footer.setVisible(bool(view.footer))
        self.meter.setVisible(view.meter is not None)
        if view.meter is not None:
            name, share, number = view.meter
            self.meter_name.say(name)
            self.meter_bar.set_share(share)
            self.meter_number.say(number)
            self.meter.setToolTip(f"{name} {number}")
        self._fit()
        self.view.setAccessibleName(view.title)
        self.view.setAccessibleDescription(view.described)
        self.view.setToolTip("\n".join(t for t in (view.subtitle, view.described) if t))

    def retranslate(self, language: str) -> None:
        """Say the pane's own words in another language."""
        self._language = language
        self._own_text = say(OWN_PICTURE, language)
        self.own.setAccessibleName(self._own_text)
        self.own.setToolTip(self._own_text)
        self._fit()
        self.paste.setAccessibleName(say(PASTE_HELP, language))
        self.paste.setToolTip(f"{say(PASTE_HELP, language)} (Ctrl+V)")
        empty = say(TWIN_HERE if self._vacant else NOTHING_YET, language)
        self.view.set_words(empty, say(DROP, language))
        if self._vacant:
            self.view.setAccessibleName(empty)

    def _fit(self) -> None:
        """Leave out the words of the button and of the meter where they have no room."""
        around = 2 * MARGIN + self.SHORTEST + 2 * self._meter.spacing()
        words = (self.meter_name, self.meter_number)
        wanted = sum(label.fontMetrics().horizontalAdvance(label.said) + 2 for label in words)
        self.meter_name.setVisible(wanted + around <= self.width())
        self.own.setText(self._own_text)
        wanted = self.footer.fontMetrics().horizontalAdvance(self.footer.said) + 2
        wanted += self.own.sizeHint().width() + self.paste.sizeHint().width()
        if self.width() and wanted + 2 * MARGIN + 6 > self.width():
            self.own.setText("")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Let the badge be as large as its words when the type has changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            QTimer.singleShot(0, self.badge, self.badge.adjustSize)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self.view.set_dropping(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.view.set_dropping(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.view.set_dropping(False)
        urls = event.mimeData().urls()
        if urls:
            event.acceptProposedAction()
            self.file_dropped.emit(urls[0].toLocalFile() or urls[0].toString())


def _words(view: PaneView) -> tuple[object, ...]:
    return (view.title, view.subtitle, view.footer, view.meter, view.described)


class PaneRow(QWidget):
    """Panes side by side, with their pictures on one line and of one size."""

    GAP = 14

    def __init__(self, count: int = 3) -> None:
        super().__init__()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(self.GAP)
        self.panes: list[PicturePane] = []
        self._compact = False
        self.set_count(count)

    def set_count(self, count: int) -> list[PicturePane]:
        """Have this many panes; return the new ones. There is room for three at least.

        The third is where the undefended twin will be: the pictures keep their place when it comes.
        """
        used, count = count, max(3, count)
        new = []
        while len(self.panes) < count:
            pane = PicturePane()
            self.panes.append(pane)
            self._row.addWidget(pane, 1)
            self._dress(pane)
            new.append(pane)
        for i, pane in enumerate(self.panes):
            pane.setVisible(i < count)
            pane.set_vacant(used <= i < count)
        return new

    def set_compact(self, compact: bool) -> None:
        """Leave the subtitles to the tooltips, for windows that are not high."""
        self._compact = compact
        for pane in self.panes:
            self._dress(pane)
        self.align()

    def _dress(self, pane: PicturePane) -> None:
        pane.subtitle.setVisible(not self._compact)
        pane.title.set_snug(self._compact)

    def align(self) -> None:
        """Give all headers one height, and all feet."""
        shown = [p for p in self.panes if not p.isHidden()]
        if not shown or not self.width():
            return
        width = (self.width() - self.GAP * (len(shown) - 1)) // len(shown)
        header = max(height_for(p.header, width) for p in shown)
        foot = max(height_for(p.foot, width) for p in shown)
        for pane in shown:
            if pane.header.height() != header or pane.header.minimumHeight() != header:
                pane.header.setFixedHeight(header)
            side = min(width, max(0, self.height() - header - foot - 4)) - 2 * MARGIN
            pane.meter.setMaximumWidth(max(250, side))
            if pane.foot.height() != foot or pane.foot.minimumHeight() != foot:
                pane.foot.setFixedHeight(foot)
        most = header + foot + width + 4
        if self.maximumHeight() != most:
            self.setMaximumHeight(most)

    def changeEvent(self, event: QEvent) -> None:
        """Align again when the type has changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            QTimer.singleShot(0, self, self.align)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.align()
