"""Make the two bundled fonts from the full BIZ UDPGothic files.

    python assets/fonts/subset.py FOLDER_WITH_THE_FULL_FILES

needs fonttools. Beside the choice of characters, this changes: the figure 1 gets the width of the other
figures, so that running numbers stand still; lines get the height that a screen needs; Greek letters and
English quotation marks lose the empty half of their square, and the ellipsis stands on the line; the
word joiner (U+2060), which steers Japanese line breaks, gets an empty glyph. The family gets a name of its
own, so that a full BIZ UDPGothic on the machine is never taken in its place.
"""

from __future__ import annotations

import gzip
import sys
from io import BytesIO
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph

HERE = Path(__file__).resolve().parent
ABOVE, BELOW = 0.12, 0.2
BEARING = 0.07
FAMILY = "MI Studio Gothic"
GREEK = "ΑΒΓΔΕΖΗΘΛΣΦΩαβγδεζηθλμνπρστφχω"
SYMBOLS = GREEK + "–—‘’“”•…‰′″※€℃←↑→↓⇒⇔−∞≈≠≤≥×÷√∑∂∇■□▲△▼▽◆◇○◎●★☆▶◀♪✓"


def jis(last_row: int) -> str:
    """Return the characters of JIS X 0208 up to a row: 47 ends level 1, 84 ends level 2."""
    found = []
    for row in range(1, last_row + 1):
        for cell in range(1, 95):
            try:
                found.append(bytes([0xA0 + row, 0xA0 + cell]).decode("euc_jp"))
            except UnicodeDecodeError:
                continue
    return "".join(found)


def make(source: Path, target: Path) -> None:
    """Write one subset, packed with gzip."""
    options = subset.Options(
        hinting=False,
        layout_features=["ccmp", "liga"],
        notdef_outline=True,
        name_IDs=["*"],
        glyph_names=False,
    )
    options.drop_tables += ["DSIG", "meta", "vhea", "vmtx"]
    font = subset.load_font(str(source), options)
    latin = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x100)]))
    chooser = subset.Subsetter(options)
    chooser.populate(text=latin + SYMBOLS + jis(84))
    chooser.subset(font)
    _settle(font)
    packed = BytesIO()
    font.save(packed)
    target.write_bytes(gzip.compress(packed.getvalue(), 9, mtime=0))


def _settle(font: TTFont) -> None:
    names, em = font.getBestCmap(), font["head"].unitsPerEm
    widths, glyphs = font["hmtx"].metrics, font["glyf"]

    def move(character: str, left: int, width: int, up: int = 0) -> None:
        name = names[ord(character)]
        glyph = glyphs[name]
        glyph.coordinates.translate((left - glyph.xMin, up))
        glyph.recalcBounds(glyphs)
        widths[name] = (width, left)

    one, figure = glyphs[names[ord("1")]], widths[names[ord("0")]][0]
    move("1", one.xMin + (figure - widths[names[ord("1")]][0]) // 2, figure)
    for character in GREEK + "‘’“”":
        glyph, left = glyphs[names[ord(character)]], round(BEARING * em)
        move(character, left, glyph.xMax - glyph.xMin + 2 * left)
    dots, stop = glyphs[names[ord("…")]], glyphs[names[ord(".")]]
    move("…", dots.xMin, widths[names[ord("…")]][0], stop.yMin - dots.yMin)
    style = str(font["name"].getDebugName(2))
    for record in font["name"].names:
        name = {
            1: FAMILY,
            3: f"{FAMILY} {style}",
            4: f"{FAMILY} {style}",
            6: f"MIStudioGothic-{style}",
            16: FAMILY,
        }
        if record.nameID in name:
            font["name"].setName(
                name[record.nameID], record.nameID, record.platformID, record.platEncID, record.langID
            )
    metrics, windows = font["hhea"], font["OS/2"]
    metrics.ascent = windows.sTypoAscender = windows.usWinAscent = metrics.ascent + round(ABOVE * em)
    metrics.descent = windows.sTypoDescender = metrics.descent - round(BELOW * em)
    windows.usWinDescent = -metrics.descent
    font.setGlyphOrder([*font.getGlyphOrder(), "joiner"])
    glyphs["joiner"] = Glyph()
    widths["joiner"] = (0, 0)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[0x2060] = "joiner"


if __name__ == "__main__":
    for weight in ("Regular", "Bold"):
        name = f"BIZUDPGothic-{weight}.ttf"
        make(Path(sys.argv[1]) / name, HERE / f"{name}.gz")
