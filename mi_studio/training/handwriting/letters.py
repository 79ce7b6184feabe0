"""Letters drawn from handwriting fonts, bent and shifted: no person wrote them.

The fonts come as npm packages and are not shipped.
"""

from __future__ import annotations

import io
import json
from functools import cache

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from mi_studio.training.sources import Sources

FONTS = (
    ("klee-one", 400),
    ("klee-one", 600),
    ("yomogi", 400),
    ("zen-kurenaido", 400),
    ("yusei-magic", 400),
    ("hachi-maru-pop", 400),
    ("yuji-boku", 400),
)
"""Package of the scope ``@fontsource``, and weight."""

SIDE = 28
FINE = 4 * SIDE
"""Pixels a side at which a glyph is drawn and bent; four become one."""
_POINTS = 84


def draw(character: str, count: int, seed: int, sources: Sources) -> Tensor:
    """Draw one character in many ways: ``uint8 (count, 28, 28)`` in sixteen grey levels, white on black.

    Each drawing takes a font at random, thickens its strokes by up to three of 112 pixels, and bends,
    slants, turns, scales and moves it.
    """
    draws = torch.Generator().manual_seed(seed)
    glyphs = _glyphs(character, sources)
    which = torch.randint(len(FONTS), (count,), generator=draws)
    thickness = torch.randint(4, (count,), generator=draws)
    thick = torch.stack([_thickened(glyphs, by) for by in range(4)])
    drawn = F.grid_sample(
        thick[thickness, which][:, None], _bent(count, draws), padding_mode="zeros", align_corners=False
    )
    small = F.avg_pool2d(F.avg_pool2d(drawn, 5, 1, 2), 4)
    return in_sixteen_levels((1.25 * small[:, 0]).clamp(0, 1))


def in_sixteen_levels(pictures: Tensor) -> Tensor:
    """Return pictures in ``[0, 1]`` as uint8 in few grey levels, which makes their sheets small."""
    return (pictures * 15).round().mul(17).to(torch.uint8)


def _thickened(glyphs: Tensor, by: int) -> Tensor:
    padded = F.pad(glyphs, (by // 2, by - by // 2) * 2)
    return F.max_pool2d(padded[:, None], by + 1, 1)[:, 0]


def _bent(count: int, draws: torch.Generator) -> Tensor:
    """Return (count, 112, 112, 2): where each drawing reads its glyph."""
    turn, slant = 0.12 * torch.randn((2, count), generator=draws)
    zoom = 1 + 0.08 * torch.randn((count, 2), generator=draws)
    move = 0.07 * torch.randn((count, 2), generator=draws)
    place = torch.stack(
        [turn.cos(), slant - turn.sin(), move[:, 0], turn.sin(), turn.cos(), move[:, 1]], 1
    ).reshape(count, 2, 3)
    place[:, :, :2] /= zoom[:, :, None]
    grid = F.affine_grid(place, [count, 1, FINE, FINE], align_corners=False)
    for knots, strength in ((4, 0.04), (8, 0.025)):
        field = strength * torch.randn((count, 2, knots, knots), generator=draws)
        smooth = F.interpolate(field, size=(FINE, FINE), mode="bicubic", align_corners=False)
        grid = grid + smooth.permute(0, 2, 3, 1)
    return grid


@cache
def _glyphs(character: str, sources: Sources) -> Tensor:
    """Return a character as each of the fonts draws it, (fonts, 112, 112) in ``[0, 1]``."""
    pictures = []
    for font, weight in FONTS:
        picture = Image.new("L", (FINE, FINE))
        face = ImageFont.truetype(io.BytesIO(_font_with(character, font, weight, sources)), _POINTS)
        ImageDraw.Draw(picture).text((FINE / 2, FINE / 2), character, fill=255, font=face, anchor="mm")
        pictures.append(np.asarray(picture, dtype=np.float32) / 255)
    return torch.from_numpy(np.stack(pictures))


def _font_with(character: str, font: str, weight: int, sources: Sources) -> bytes:
    """Return the file of a font that has a character: the packages cut fonts into parts."""
    files = sources.tarball(f"@fontsource/{font}")
    for part, ranges in json.loads(files["unicode.json"]).items():
        if any(_covers(some, ord(character)) for some in ranges.split(",")):
            return files[f"files/{font}-{part.strip('[]')}-{weight}-normal.woff"]
    raise KeyError(f"{font} has no {character}")


def _covers(ranges: str, code: int) -> bool:
    first, _, last = ranges.strip().removeprefix("U+").partition("-")
    return int(first, 16) <= code <= int(last or first, 16)
