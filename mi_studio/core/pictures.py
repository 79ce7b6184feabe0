"""Pictures that come from outside: read one safely, and cut it to what a model takes."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mi_studio.core.errors import BadFileError, reason
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


ANOTHER = Text("Choose another picture.", "別の画像を選んでください。")

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
            raise BadFileError(
                Text("{path} does not exist.", "{path} が見つかりません。"), remedy=ANOTHER, path=path
            )
        if not path.is_file():
            raise BadFileError(
                Text("{name} is not a file.", "{name} はファイルではありません。"), remedy=ANOTHER, name=name
            )
        size = path.stat().st_size
        if size == 0:
            raise BadFileError(
                Text("{name} is empty.", "{name} は空のファイルです。"), remedy=ANOTHER, name=name
            )
        if size > MAX_FILE_BYTES:
            raise BadFileError(
                Text("{name} is larger than {limit} MB.", "{name} は{limit} MBを超えています。"),
                remedy=ANOTHER,
                name=name,
                limit=MAX_FILE_BYTES >> 20,
            )
        with path.open("rb") as file:
            file.read(1)
    except (OSError, ValueError) as error:
        raise BadFileError(
            Text("{name} cannot be read ({reason}).", "{name} を読み込めません（{reason}）。"),
            remedy=ANOTHER,
            name=name,
            reason=reason(error),
        ) from error

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
            raise BadFileError(
                Text(
                    "{name} is not a picture that can be read; choose one of {known}.",
                    "{name} は読み込める画像ではありません。{known} のいずれかを選んでください。",
                ),
                name=name,
                known=" ".join(FORMATS),
            ) from error
        except _DAMAGE as error:
            raise BadFileError(
                Text("{name} is damaged or incomplete.", "{name} は壊れているか、途中で切れています。"),
                remedy=ANOTHER,
                name=name,
            ) from error


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


def too_large(name: str | Text) -> BadFileError:
    """Return the error for a picture with more than `MAX_PIXELS`."""
    millions = MAX_PIXELS // 10**6
    return BadFileError(
        Text("{name} has more than {en} million pixels.", "{name} は{ja}万画素を超えています。"),
        remedy=ANOTHER,
        name=name,
        en=millions,
        ja=millions * 100,
    )
