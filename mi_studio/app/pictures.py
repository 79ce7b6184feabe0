"""The user's own picture, from the clipboard or a dropped file; it never leaves the machine."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage

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
READING = Text("Reading the picture…", "画像を読み込んでいます…")
CLIPBOARD = Text("The picture in the clipboard", "クリップボードの画像")

Read = Callable[[], tuple[str, NDArray[np.uint8]]]
"""Reads a picture, uint8 (side, side, 3), and says what it is called; may take seconds, in any thread.

Raises ``BadFileError`` where it cannot be read.
"""


def from_place(place: str) -> NDArray[np.uint8]:
    """Load a picture from a path; see `load_picture`.

    Raises
    ------
    BadFileError
        If it cannot be read, or lies somewhere on the network.
    """
    if "://" in place:
        raise BadFileError(ELSEWHERE)
    return load_picture(Path(place))


def from_clipboard(data: QMimeData | None) -> Read:
    """Take a copied picture or picture file out of the clipboard, and return how to read it.

    Raises
    ------
    BadFileError
        If the clipboard holds neither.
    """
    if data is None:  # an empty clipboard on some platforms
        raise BadFileError(NOTHING_TO_PASTE)
    files = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    if files:
        return lambda: (Path(files[0]).name, load_picture(Path(files[0])))
    image = data.imageData() if data.hasImage() else None
    if not isinstance(image, QImage) or image.isNull():
        raise BadFileError(NOTHING_TO_PASTE)

    def read() -> tuple[str, NDArray[np.uint8]]:
        pixels = to_array(image)
        return f"clipboard-{zlib.crc32(pixels.tobytes()):08x}", pixels

    return read


def to_array(image: QImage) -> NDArray[np.uint8]:
    """Return the middle square of an image as `load_picture` does.

    Raises
    ------
    BadFileError
        If it has more pixels than we take.
    """
    if image.width() * image.height() > pictures.MAX_PIXELS:
        raise pictures.too_large(CLIPBOARD)
    mode, kind = "RGB", QImage.Format.Format_RGB888
    if image.hasAlphaChannel():
        mode, kind = "RGBA", QImage.Format.Format_RGBA8888
    image = image.convertToFormat(kind)
    size, pixels = (image.width(), image.height()), np.frombuffer(image.constBits(), np.uint8)
    return pictures.middle_square(Image.frombuffer(mode, size, pixels, "raw", mode, image.bytesPerLine(), 1))
