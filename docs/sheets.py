"""What the drawn sheets of the documentation share."""

from __future__ import annotations

import gzip
import io
from functools import cache

from PIL import ImageFont

from mi_studio.core import paths

INK, PAPER = (30, 32, 36), (246, 246, 248)


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return the program's own font, which carries Latin and Japanese."""
    packed = (paths.assets() / "fonts" / "BIZUDPGothic-Regular.ttf.gz").read_bytes()
    return ImageFont.truetype(io.BytesIO(gzip.decompress(packed)), size)
