"""The user's own picture, from the clipboard or a dropped file; it never leaves the machine."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QImage, QPainter

from mi_studio.core import pictures
from mi_studio.core.errors import BadFileError
from mi_studio.core.pictures import load_picture
from mi_studio.core.text import Text

NOTHING_TO_PASTE = Text(
    "There is no picture in the clipboard; copy one first.",
    "クリップボードに画像がありません。先に画像をコピーしてください。",
)
ELSEWHERE = Text(
    "That picture is not on this computer; save it as a file first.",
    "その画像はこのコンピューターにありません。先にファイルとして保存してください。",
)
CLIPBOARD = Text("The picture in the clipboard", "クリップボードの画像")


def from_place(place: str) -> NDArray[np.uint8]:
    """Load a picture from a path or a ``file:`` address as uint8 (h, w, 3).

    Raises
    ------
    BadFileError
        If it cannot be read, or lies somewhere on the network.
    """
    if "://" in place:
        raise BadFileError(ELSEWHERE)
    return load_picture(Path(place))


def from_clipboard(data: QMimeData | None) -> tuple[str, NDArray[np.uint8]]:
    """Return the name and pixels, uint8 (h, w, 3), of a copied picture or picture file.

    Raises
    ------
    BadFileError
        If the clipboard holds neither, or the picture cannot be read.
    """
    if data is None:  # an empty clipboard on some platforms
        raise BadFileError(NOTHING_TO_PASTE)
    files = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    if files:
        return Path(files[0]).name, load_picture(Path(files[0]))
    if not data.hasImage():
        raise BadFileError(NOTHING_TO_PASTE)
    image = data.imageData()
    if not isinstance(image, QImage) or image.isNull():
        raise BadFileError(NOTHING_TO_PASTE)
    pixels = to_array(image)
    return f"clipboard-{zlib.crc32(pixels.tobytes()):08x}", pixels


def to_array(image: QImage) -> NDArray[np.uint8]:
    """Return an image's pixels as uint8 (h, w, 3); what is transparent lies on white.

    Raises
    ------
    BadFileError
        If it has more pixels than we take.
    """
    if image.width() * image.height() > pictures.MAX_PIXELS:
        raise pictures.too_large(CLIPBOARD)
    if image.hasAlphaChannel():
        ground = QImage(image.size(), QImage.Format.Format_RGB32)
        ground.fill(Qt.GlobalColor.white)
        painter = QPainter(ground)
        painter.drawImage(0, 0, image)
        painter.end()
        image = ground
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()
