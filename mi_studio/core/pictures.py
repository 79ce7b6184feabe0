"""Pictures that come from outside: read one safely, and cut it to what a model takes."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mi_studio.core.errors import BadFileError
from mi_studio.core.text import Text

FORMATS = {
    "PNG": ("png",),
    "JPEG": ("jpg", "jpeg"),
    "WEBP": ("webp",),
    "BMP": ("bmp",),
    "GIF": ("gif",),
    "TIFF": ("tif", "tiff"),
}
"""What is read, with file endings; nothing that runs another program (EPS) or needs a plug-in."""

SUFFIXES = tuple(suffix for suffixes in FORMATS.values() for suffix in suffixes)
MAX_FILE_BYTES = 200 * 2**20
MAX_PIXELS = 80_000_000


class PictureError(BadFileError):
    """A picture that cannot be used; ``text`` says so in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


_DAMAGE = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, ArithmeticError,
           AttributeError, RuntimeError, MemoryError, struct.error, zlib.error)  # fmt: skip
"""Everything that Pillow's readers are known to raise on broken files."""


def load_picture(path: Path) -> NDArray[np.uint8]:
    """Read a picture as uint8 (h, w, 3), upright.

    The first frame of an animation is taken, transparency lies on white, deeper greys are scaled to
    8 bits, other colour spaces are converted.

    Raises
    ------
    BadFileError
        If the file is missing, not readable, too large, damaged, or no picture of a known format.
    """
    name = path.name or str(path)
    try:
        if not path.exists():
            raise PictureError(Text(f"{path} does not exist.", f"{path} が見つかりません。"))
        if not path.is_file():
            raise _refuse(name, "is not a file", "はファイルではありません")
        size = path.stat().st_size
        if size == 0:
            raise _refuse(name, "is empty", "は空のファイルです")
        if size > MAX_FILE_BYTES:
            limit = f"{MAX_FILE_BYTES >> 20} MB"
            raise _refuse(name, f"is larger than {limit}", f"は{limit}を超えています")
        with path.open("rb") as file:
            file.read(1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _refuse(name, f"cannot be read ({reason})", f"を読み込めません（{reason}）") from error

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata; the size is checked below
        try:
            with Image.open(path, formats=list(FORMATS)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise too_large(name)
                return _upright_rgb(image)
        except BadFileError:
            raise
        except Image.DecompressionBombError as error:
            raise too_large(name) from error
        except UnidentifiedImageError as error:
            known = " ".join(FORMATS)
            raise PictureError(
                Text(
                    f"{name} is not a picture that can be read; choose one of {known}.",
                    f"{name} は読み込める画像ではありません。{known} のいずれかを選んでください。",
                )
            ) from error
        except _DAMAGE as error:
            raise _refuse(name, "is damaged or incomplete", "は壊れているか、途中で切れています") from error


def crop_to_square(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Cut the middle square out of (h, w, 3) and resize it to (size, size, 3)."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.ascontiguousarray(picture[top : top + side, left : left + side])
    if side == size:
        return square
    return np.asarray(Image.fromarray(square).resize((size, size), Image.Resampling.LANCZOS), dtype=np.uint8)


def _upright_rgb(image: Image.Image) -> NDArray[np.uint8]:
    image.load()
    upright = ImageOps.exif_transpose(image) or image
    if upright.mode == "F" or upright.mode.startswith("I"):
        return _from_deep_grey(np.asarray(upright))
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        upright = Image.alpha_composite(ground, layer)
    return np.array(upright.convert("RGB"), dtype=np.uint8)


def _from_deep_grey(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale 16-bit, 32-bit or floating-point grey (h, w) to uint8 (h, w, 3)."""
    grey = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    top = grey.max(initial=0.0)
    full = next((f for f in (1.0, 255.0, 65535.0) if top <= f), top)
    if values.dtype.kind in "iu":
        full = max(full, 65535.0 if values.dtype.itemsize == 2 else 255.0)
    eight = np.clip(grey / full * 255, 0, 255).round().astype(np.uint8)
    return np.repeat(eight[..., None], 3, axis=2)


def too_large(name: str) -> PictureError:
    """Return the error for a picture with more than `MAX_PIXELS`."""
    millions = MAX_PIXELS // 10**6
    return _refuse(
        name, f"has more than {millions} million pixels", f"は{millions * 100}万画素を超えています"
    )


def _refuse(name: str, what: str, ja: str) -> PictureError:
    return PictureError(
        Text(f"{name} {what}; choose another picture.", f"{name} {ja}。別の画像を選んでください。")
    )
