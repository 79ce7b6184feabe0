"""The one page to take away, as a PDF by Qt's own writer."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QSizeF, QUrl
from PySide6.QtGui import QFont, QImage, QPageLayout, QPageSize, QPdfWriter, QTextDocument

from mi_studio.app import theme
from mi_studio.core import atomic
from mi_studio.core.records import charts
from mi_studio.core.step import Pictures
from mi_studio.studio.report import ReportView, Shown

DPI = 144
MARGIN_MM = 15.0
LARGEST, SMALLEST = 10.5, 6.5
"""Type sizes in points: the largest at which everything fits one page is taken."""
MOST = 12
"""So many pictures of a wall are shown at most."""
ROOM = 210.0
"""Height of the row of pictures at most, in HTML's pixels, of which an inch has 96."""


def write_pdf(view: ReportView, path: Path, version: str) -> None:
    """Write a report as one A4 page, atomically.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    atomic.write_bytes(path, to_pdf(view, version))


def to_pdf(view: ReportView, version: str) -> bytes:
    """Return a report as one A4 page; ``version`` is the program's, which stands at the foot."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(DPI)
    writer.setTitle(f"{view.title}: {view.sentence}")
    writer.setCreator(f"MI Studio {version}")
    layout = QPageLayout(
        QPageSize(QPageSize.PageSizeId.A4),
        QPageLayout.Orientation.Portrait,
        QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM),
        QPageLayout.Unit.Millimeter,
    )
    writer.setPageLayout(layout)
    page = QSizeF(layout.paintRectPixels(DPI).size())
    document = _fitting(view, version, page, writer)
    document.print_(writer)
    buffer.close()
    return bytes(buffer.data().data())


def _fitting(view: ReportView, version: str, page: QSizeF, writer: QPdfWriter) -> QTextDocument:
    """Return the document in the largest type in which it is one page."""
    size, sheets = LARGEST, [_sheet(shown) for shown in view.shown]
    while True:
        document = QTextDocument()
        document.documentLayout().setPaintDevice(writer)
        font = QFont(theme.FAMILY)
        font.setPointSizeF(size)
        document.setDefaultFont(font)
        document.setDocumentMargin(0)
        for i, sheet in enumerate(sheets):
            document.addResource(QTextDocument.ResourceType.ImageResource.value, _name(i), sheet)
        document.setHtml(_html(view, sheets, version, page.width() * 96 / DPI, size))
        document.setPageSize(page)
        if document.pageCount() == 1 or size <= SMALLEST:
            return document
        size -= 0.5


def _name(i: int) -> QUrl:
    return QUrl(f"shown:{i}")


def _html(view: ReportView, sheets: Sequence[QImage], version: str, width: float, size: float) -> str:
    colors = theme.LIGHT
    tone, ground = (c.name() for c in colors.tone(view.verdict.tone))
    quiet = f"color:{colors.quiet};"
    pictures = "".join(
        f"<td align='center' valign='bottom'>{_image(i, sheets[i], width / len(view.shown))}"
        f"<br><span style='{quiet}'>{escape(shown.caption)}</span></td>"
        for i, shown in enumerate(view.shown)
    )
    settings = "".join(
        f"<tr><td style='{quiet}'>{escape(name)}&nbsp;&nbsp;</td><td>{escape(value)}</td></tr>"
        for name, value in view.settings
    )
    head = "".join(f"<td style='{quiet}'>{escape(c)}&nbsp;&nbsp;</td>" for c in view.columns)
    scores = "".join(
        f"<tr><td>{escape(s.title)}&nbsp;&nbsp;</td><td><b>{escape(s.value)}</b>&nbsp;&nbsp;</td>"
        f"<td>{escape(s.base)}&nbsp;&nbsp;</td><td style='{quiet}'>{escape(s.meaning)}</td></tr>"
        for s in view.scores
    )
    points = "".join(f"<li>{escape(p)}</li>" for p in view.points)
    caveats = "".join(f"<li>{escape(c)}</li>" for c in view.caveats)

    def heading(text: str) -> str:
        return f"<p style='margin-top:{size * 1.6:.0f}px;margin-bottom:4px;'><b>{escape(text)}</b></p>"

    settings_head, scores_head, points_head, caveats_head = view.headings
    return (
        f"<body style='color:{colors.text};'>"
        f"<p style='font-size:{size * 1.9:.1f}pt;margin:0;'><b>{escape(view.title)}</b></p>"
        f"<p style='font-size:{size * 1.15:.1f}pt;margin-top:4px;'>{escape(view.sentence)}</p>"
        f"<p style='{quiet}margin-top:0;'>{escape(view.story)}</p>"
        + (f"<table width='100%' cellspacing='8'><tr>{pictures}</tr></table>" if pictures else "")
        + f"<table width='100%' cellpadding='8' style='background:{ground};'><tr><td>"
        f"<span style='font-size:{size * 1.3:.1f}pt;color:{tone};'><b>{escape(view.verdict.sentence)}</b>"
        f"</span><br>{escape(view.verdict.evidence)}</td></tr></table>"
        f"{heading(points_head)}<ol style='margin:0;'>{points}</ol>"
        f"{heading(settings_head)}<table cellspacing='2'>{settings}</table>"
        f"{heading(scores_head)}<table cellspacing='3'><tr>{head}</tr>{scores}</table>"
        f"{heading(caveats_head)}<ul style='margin:0;'>{caveats}</ul>"
        f"<p style='{quiet}'>MI Studio {escape(version)}</p></body>"
    )


def _image(i: int, sheet: QImage, room: float) -> str:
    height = min(ROOM, 0.92 * room * sheet.height() / sheet.width())
    width = height * sheet.width() / sheet.height()
    return f"<img src='{_name(i).toString()}' width='{width:.0f}' height='{height:.0f}'>"


def _sheet(shown: Shown) -> QImage:
    """Return the pictures side by side in rows, enlarged pixel by pixel so that they print sharp."""
    tiles = charts(shown.pictures[:MOST])
    columns = min(len(tiles), 3 if len(tiles) in (5, 6, 9) else 4)
    rows = -(-len(tiles) // columns)
    side, across, channels = tiles.shape[1], tiles.shape[2], tiles.shape[3]
    canvas = np.full((rows, columns, side, across, channels), 255, np.uint8)
    canvas.reshape(-1, side, across, channels)[: len(tiles)] = tiles
    grid = canvas.swapaxes(1, 2).reshape(rows * side, columns * across, channels)
    return _enlarged(grid, max(1, round(2 * ROOM / (rows * side))))


def _enlarged(grid: Pictures, factor: int) -> QImage:
    colour = np.broadcast_to(grid, (*grid.shape[:2], 3)).repeat(factor, 0).repeat(factor, 1)
    pixels = np.ascontiguousarray(colour)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
