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
SIDE = 512
"""Pixels a side that are kept of a picture: several times what any model takes, and enough to show."""

PORTRAITS = "portraits.webp"
"""A sheet of square portraits among a scene's assets, one of each target, in the order of their labels."""

FIRST_PHOTOS = "photos.webp"
"""The like with the first private photo of each, which stands for the secret before a run."""

PORTRAIT_COLUMNS = 10

ANOTHER = Text("Choose another picture.", "別の画像を選んでください。")

_DAMAGE = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, ArithmeticError,
           AttributeError, RuntimeError, MemoryError, struct.error, zlib.error)  # fmt: skip
"""Everything that Pillow's readers are known to raise on broken files."""


def load_picture(path: Path) -> NDArray[np.uint8]:
    """Read the middle square of a picture as uint8 (side, side, 3), upright, `SIDE` pixels at most.

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
                return middle_square(image)
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


def middle_square(image: Image.Image) -> NDArray[np.uint8]:
    """Cut out the middle square, bring it down to `SIDE`, turn it upright and lay it on white.

    Models then resize it a second time. That changes what they see of a photograph by at most two grey
    levels, as long as nothing is shifted: the square's corners are not rounded to the pixels of a JPEG
    that was decoded at a fraction of its size.
    """
    whole = image.size
    drafted = image.draft(None, (2 * SIDE, 2 * SIDE))
    image.load()
    scale = whole[0] / drafted[1][2] if drafted else 1.0
    width, height = whole if drafted else image.size  # a TIFF turns when it is loaded
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    box = (left / scale, top / scale, (left + side) / scale, (top + side) / scale)
    plain = _eight_bits(image)
    if side <= SIDE:
        square = plain.crop((left, top, left + side, top + side))
    else:
        square = plain.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box, reducing_gap=3.0)
    square.info = image.info  # says how the camera was held
    ImageOps.exif_transpose(square, in_place=True)
    if square.mode == "RGBA":
        square = Image.alpha_composite(Image.new("RGBA", square.size, "white"), square)
    return np.array(square.convert("RGB"), dtype=np.uint8)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return the image as L, RGB or RGBA, which can be resized; without a copy where it is one already."""
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(_from_deep_grey(np.asarray(image)))
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _from_deep_grey(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale 16-bit, 32-bit or floating-point grey (h, w) to 8 bits."""
    grey = np.nan_to_num(values.astype(np.float32), copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    top = float(grey.max(initial=0.0))
    full = next((f for f in (1.0, 255.0, 65535.0) if top <= f), top)
    if values.dtype.kind in "iu":
        full = max(full, 65535.0 if values.dtype.itemsize == 2 else 255.0)
    grey *= 255 / full
    return grey.clip(0, 255, out=grey).round(out=grey).astype(np.uint8)


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
