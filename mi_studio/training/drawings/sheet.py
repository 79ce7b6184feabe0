"""A drawing sheet: lines as ISO 128 has them, sections, dimensions and a title block, inked by Pillow.

Places are in hundredths of the sheet's side, x to the right and y down. Everything is drawn several
times as large as it is wanted and then made smaller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]

FINE = 4
"""Pixels along a side that become one."""

DASHES = {"hidden": (3.4, 2.0), "centre": (6.5, 1.8, 1.4, 1.8)}
"""Ink and gap in turn; every other kind of line is drawn through."""
FRAME = 3.5
WHITE = 0.9
"""How bright something must be to be taken for paper."""
ENDINGS = {"": ("", "", ".0", "±0.1"), "ø": ("", "", "h7", "H8"), "M": ("",)}
"""What is written after a length, a diameter, a thread: each scan is of another revision of the drawing."""
TITLE = (58.0, 84.5)
"""The title block's upper left corner; its lower right one is the frame's."""


@dataclass(frozen=True)
class Pens:
    """What a sheet of one size is drawn with: widths in pixels, the rest in hundredths of the side.

    Attributes
    ----------
    thick, thin
        Outlines, and all other lines: two to one, as far as the pixels allow.
    hatch
        Distance of hatching lines.
    letters, arrow
        Height of letters, length of arrows.
    """

    side: int
    thick: float
    thin: float
    hatch: float
    letters: float
    arrow: float


SMALL = Pens(side=64, thick=1.35, thin=0.75, hatch=4.6, letters=5.6, arrow=3.6)
"""For a model: coarse enough to be read at 64 pixels."""
LARGE = Pens(side=192, thick=2.0, thin=0.9, hatch=2.6, letters=4.6, arrow=2.8)
"""For people to choose by."""


@dataclass(frozen=True)
class Scan:
    """How one sheet was drawn and scanned; the same part looks a little different each time.

    Attributes
    ----------
    turn
        Of the sheet on the scanner, in radians.
    moved, views
        Shift of the sheet, and of the views on the sheet.
    ink
        Darkness of the lines, in 0..1.
    grain
        Standard deviation of the noise that the scanner leaves in them.
    words
        Seed of what is written: decimals, tolerances, the title block.
    """

    turn: float = 0.0
    moved: Point = (0.0, 0.0)
    views: Point = (0.0, 0.0)
    ink: float = 1.0
    grain: float = 0.0
    words: int = 0

    @classmethod
    def draw(cls, draws: np.random.Generator) -> Scan:
        """Return how a sheet came out by chance."""
        turn = float(draws.uniform(-0.022, 0.022))
        moved, views = draws.uniform(-1, 1, (2, 2)) * [[1.6], [1.4]]
        ink, grain = draws.uniform((0.85, 0.0), (1.0, 0.04))
        words = int(draws.integers(1 << 30))
        return cls(turn, (moved[0], moved[1]), (views[0], views[1]), ink, grain, words)


UPRIGHT = Scan()
"""As the sheet was meant."""


@dataclass
class Sheet:
    """One sheet of paper with its frame and title block, to be drawn on."""

    pens: Pens = SMALL
    scan: Scan = UPRIGHT

    def __post_init__(self) -> None:
        self._words = np.random.default_rng(self.scan.words)
        self._scale = self.pens.side * FINE / 100
        self._turn = math.cos(self.scan.turn), math.sin(self.scan.turn)
        self._image = Image.new("L", (self.pens.side * FINE,) * 2, 255)
        self._draw = ImageDraw.Draw(self._image)
        self._views: Point = (0.0, 0.0)
        self._title_block()
        self._views = self.scan.views

    def picture(self) -> NDArray[np.uint8]:
        """Return the scan, ``(side, side)`` in sixteen grey levels, black on white."""
        white = np.asarray(self._image.reduce(FINE), dtype=np.float64) / 255
        grey = 1 - self.scan.ink * (1 - white) + self._words.normal(0, 1, white.shape) * self.scan.grain
        # as scanners do: what is nearly white is the paper
        return (np.round((grey / WHITE).clip(0, 1) * 15) * 17).astype(np.uint8)

    def line(self, points: Sequence[Point], kind: str = "outline", *, closed: bool = False) -> None:
        """Draw through points: an ``outline``, ``hidden``, ``centre`` or other ``thin`` line."""
        points = [*points, points[0]] if closed else list(points)
        width = self.pens.thick if kind == "outline" else self.pens.thin
        for dash in _dashes(points, DASHES.get(kind)):
            self._draw.line(
                [self._at(p) for p in dash], fill=0, width=max(1, round(width * FINE)), joint="curve"
            )

    def rectangle(self, left: float, top: float, right: float, bottom: float, kind: str = "outline") -> None:
        """Draw an upright rectangle."""
        self.line([(left, top), (right, top), (right, bottom), (left, bottom)], kind, closed=True)

    def circle(self, centre: Point, radius: float, kind: str = "outline") -> None:
        """Draw a circle."""
        self.line(arc(centre, radius, 0, 2 * np.pi), kind)

    def hatch(self, *outlines: Sequence[Point]) -> None:
        """Draw the hatching of cut material at 45 degrees; what lies within two outlines is a hole."""
        edges = [edge for outline in outlines for edge in pairwise([*outline, outline[0]])]
        levels = [x + y for outline in outlines for x, y in outline]
        gap = self.pens.hatch
        for level in np.arange(math.ceil(min(levels) / gap) * gap + 0.01, max(levels), gap):
            crossings = []
            for (x, y), (u, v) in edges:
                p, q = x + y, u + v
                if (p < level) != (q < level):
                    crossings.append(x - y + (level - p) / (q - p) * (u - v - x + y))
            crossings.sort()
            for start, end in zip(crossings[::2], crossings[1::2], strict=True):
                self.line([((level + at) / 2, (level - at) / 2) for at in (start, end)], "thin")

    def axes(self, centre: Point, reach: float, down: float | None = None) -> None:
        """Draw the two centre lines of something round, ``reach`` to either side and ``down`` up and down."""
        x, y = centre
        self.line([(x - reach, y), (x + reach, y)], "centre")
        self.line([(x, y - (down or reach)), (x, y + (down or reach))], "centre")

    def across(self, left: float, right: float, edge: float, at: float, size: float, sign: str = "") -> None:
        """Dimension a length along x: from ``edge`` of the part, written at height ``at``."""
        for x in (left, right):
            self._extension((x, edge), (x, at))
        self._measure((left, at), (right, at))
        self._write(((left + right) / 2, at), self._number(size, sign))

    def upright(self, top: float, bottom: float, edge: float, at: float, size: float, sign: str = "") -> None:
        """Dimension a length along y: from ``edge`` of the part, written beside the line ``at``."""
        for y in (top, bottom):
            self._extension((edge, y), (at, y))
        self._measure((at, top), (at, bottom))
        self._write((at, (top + bottom) / 2), self._number(size, sign), upright=True)

    def note(self, tip: Point, elbow: Point, size: float, sign: str = "") -> None:
        """Point at something with a leader: an arrow at ``tip``, the number beyond ``elbow``."""
        x, y = elbow
        far = x + (7 if x > tip[0] else -7)
        self.line([tip, elbow, (far, y)], "thin")
        self._arrow(tip, elbow)
        self._write(((x + far) / 2, y), self._number(size, sign))

    def _number(self, size: float, sign: str) -> str:
        ending = ENDINGS[sign][self._words.integers(len(ENDINGS[sign]))]
        return f"{sign}{size * 2:.0f}{ending}"

    def _extension(self, start: Point, end: Point) -> None:
        gap = [float(np.sign(b - a)) for a, b in zip(start, end, strict=True)]
        self.line([(start[0] + gap[0], start[1] + gap[1]), (end[0] + gap[0], end[1] + gap[1])], "thin")

    def _measure(self, start: Point, end: Point) -> None:
        self.line([start, end], "thin")
        self._arrow(start, end)
        self._arrow(end, start)

    def _arrow(self, tip: Point, tail: Point) -> None:
        length = math.dist(tip, tail) or 1.0
        u, v = (tail[0] - tip[0]) / length, (tail[1] - tip[1]) / length
        size = min(self.pens.arrow, 0.45 * length)
        back = tip[0] + u * size, tip[1] + v * size
        half = size * 0.22
        wings = [(back[0] - v * half, back[1] + u * half), (back[0] + v * half, back[1] - u * half)]
        self._draw.polygon([self._at(p) for p in (tip, *wings)], fill=0)

    def _write(self, where: Point, words: str, *, size: float = 1.0, upright: bool = False) -> None:
        """Write just above a place, or turned to the left of it."""
        label = _label(words, round(self.pens.letters * size * self._scale))
        lift = 0.6 * self._scale
        x, y = self._at(where)
        if upright:
            label = label.rotate(90, expand=True)
            corner = round(x - lift - label.width), round(y - label.height / 2)
        else:
            corner = round(x - label.width / 2), round(y - lift - label.height)
        self._image.paste(0, corner, label)

    def _title_block(self) -> None:
        end = 100 - FRAME
        self.rectangle(FRAME, FRAME, end, end)
        left, top = TITLE
        middle, column = (top + end) / 2, 78.0
        self.line([(left, end), (left, top), (end, top)])
        self.line([(left, middle), (end, middle)], "thin")
        self.line([(column, top), (column, end)], "thin")
        scale = ("1:1", "1:2", "2:1", "1:5")[self._words.integers(4)]
        number = f"{self._words.integers(1000, 9999)}"
        for where, words in (
            ((left + 10, middle), ("S45C", "SUS304", "A5052", "FC250")[self._words.integers(4)]),
            ((left + 10, end), scale),
            ((column + 9.5, end), number),
        ):
            self._write(where, words, size=0.8)
        # the sign of third-angle projection: a cone from its end, and to the right of it from the side
        x, y = column + 4.5, (top + middle) / 2
        self.circle((x, y), 1.9, "thin")
        self.circle((x, y), 0.9, "thin")
        self.line(
            [(x + 5, y - 0.9), (x + 10, y - 1.9), (x + 10, y + 1.9), (x + 5, y + 0.9)], "thin", closed=True
        )

    def _at(self, point: Point) -> Point:
        x, y = point[0] - 50 + self._views[0], point[1] - 50 + self._views[1]
        (cos, sin), (right, down) = self._turn, self.scan.moved
        return (cos * x - sin * y + 50 + right) * self._scale, (sin * x + cos * y + 50 + down) * self._scale


@cache
def _label(words: str, height: int) -> Image.Image:
    """Return words as a mask; an ø, which Pillow's own font lacks, is drawn."""
    font = ImageFont.load_default(height)
    letters = words.removeprefix("ø")
    left, top, right, bottom = (math.floor(v) for v in font.getbbox(letters, anchor="ls"))
    sign = round(0.75 * height) if letters != words else 0
    label = Image.new("L", (sign + right - left + 1, bottom - top + 1))
    draw = ImageDraw.Draw(label)
    draw.text((sign - left, -top), letters, fill=255, font=font, anchor="ls")
    if sign:
        base, pen = -top, max(1, round(height / 12))
        draw.ellipse((0, base - 0.6 * height, 0.6 * height, base), outline=255, width=pen)
        draw.line((0, base, 0.6 * height, base - 0.6 * height), fill=255, width=pen)
    return label


def arc(centre: Point, radius: float, start: float, end: float) -> list[Point]:
    """Return points on an arc, angles in radians, clockwise from the right."""
    steps = max(8, int(abs(end - start) * radius * 1.2))
    angles = (start + (end - start) * i / steps for i in range(steps + 1))
    return [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles]


def _dashes(points: Sequence[Point], pattern: Sequence[float] | None) -> Iterator[list[Point]]:
    """Cut a line through points into strokes of a pattern; it begins and ends with ink."""
    if pattern is None:
        yield list(points)
        return
    way = np.asarray(points, dtype=np.float64)
    far = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(way, axis=0).T))])
    length, at, ink = far[-1], 0.0, 0
    while at < length:
        end = min(length, at + pattern[ink % len(pattern)])
        if ink % 2 == 0:
            within = (far > at) & (far < end)
            stops = [at, *far[within], end]
            yield [(float(np.interp(s, far, way[:, 0])), float(np.interp(s, far, way[:, 1]))) for s in stops]
        at, ink = end, ink + 1
