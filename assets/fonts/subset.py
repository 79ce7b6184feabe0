"""Make the two bundled fonts from the full BIZ UDPGothic files.

    python assets/fonts/subset.py FOLDER_WITH_THE_FULL_FILES

needs fonttools. Three things change beside the choice of characters: the figure 1 gets the width of
the other figures, so that running numbers stand still; lines get the leading that a screen
needs; and the word joiner (U+2060), which steers Japanese line breaks, gets an empty glyph.
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
LEADING = 0.32
SYMBOLS = "ΑΒΓΔΕΖΗΘΛΣΦΩαβγδεζηθλμνπρστφχω–—‘’“”•…‰′″※€℃←↑→↓⇒⇔−∞≈≠≤≥×÷√∑∂∇■□▲△▼▽◆◇○◎●★☆▶◀♪✓"


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
    names = font.getBestCmap()
    widths, glyphs = font["hmtx"].metrics, font["glyf"]
    zero, one = names[ord("0")], names[ord("1")]
    shift = (widths[zero][0] - widths[one][0]) // 2
    glyphs[one].coordinates.translate((shift, 0))
    glyphs[one].recalcBounds(glyphs)
    widths[one] = (widths[zero][0], widths[one][1] + shift)
    font["hhea"].lineGap = font["OS/2"].sTypoLineGap = round(LEADING * font["head"].unitsPerEm)
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
