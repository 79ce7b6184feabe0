"""Colours, type and spacing in one place: a palette, one generated style sheet and one scale.

Every size in the program is nominal, in pixels at a scale of 1. `font` and the style sheet scale their own;
`scaled` gives a widget or a layout a size that keeps up with the scale, and `px` is for whoever paints.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory
from shiboken6 import isValid

from mi_studio.core.paths import assets

FAMILY = "MI Studio Gothic"
BODY, SMALL, LEAD, BIG = 14, 13, 19, 27
"""Type sizes in pixels: body, captions, sentence and verdict, key figures."""

ZOOMS = (0.8, 0.9, 1.0, 1.25, 1.5, 1.75, 2.0)
"""How large the user may have everything."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by what they are for. ``*_ground`` lies behind text of the same name.

    ``edge`` draws what has to be seen to use a control or to read a figure: frames of fields and buttons, the
    reach of a groove, axes. ``line`` only separates, and ``track`` only fills: nothing may hang on either.
    """

    name: str
    dark: bool
    window: str
    panel: str
    text: str
    quiet: str
    line: str
    edge: str
    track: str
    accent: str
    on_accent: str
    accent_ground: str
    leak: str
    leak_ground: str
    safe: str
    safe_ground: str
    unsure: str
    unsure_ground: str

    def color(self, token: str) -> QColor:
        """Return a token as a colour, e.g. ``"leak"``."""
        return QColor(getattr(self, token))

    def tone(self, tone: str) -> tuple[QColor, QColor]:
        """Return the colour and the ground of a verdict's tone."""
        if tone == "plain":
            return QColor(self.quiet), QColor(self.window)
        return self.color(tone), self.color(f"{tone}_ground")


LIGHT = Theme(
    name="light",
    dark=False,
    window="#F4F5F7",
    panel="#FFFFFF",
    text="#1B2430",
    quiet="#5B6675",
    line="#DDE2E8",
    edge="#7D8794",
    track="#D5DBE3",
    accent="#0B6E99",
    on_accent="#FFFFFF",
    accent_ground="#E7F1F6",
    leak="#B5460F",
    leak_ground="#FCEFE6",
    safe="#0A614B",
    safe_ground="#E6F4EF",
    unsure="#6A4C93",
    unsure_ground="#F1ECF8",
)
DARK = Theme(
    name="dark",
    dark=True,
    window="#12171E",
    panel="#1B222C",
    text="#EEF2F6",
    quiet="#A3AFBD",
    line="#2C3641",
    edge="#75818F",
    track="#33404D",
    accent="#56B4E9",
    on_accent="#0C1218",
    accent_ground="#1B2F3D",
    leak="#F0A36B",
    leak_ground="#33241A",
    safe="#7BE0C2",
    safe_ground="#16302A",
    unsure="#C9AEF0",
    unsure_ground="#2A2338",
)
CONTRAST = Theme(
    name="contrast",
    dark=True,
    window="#000000",
    panel="#000000",
    text="#FFFFFF",
    quiet="#E6E6E6",
    line="#FFFFFF",
    edge="#FFFFFF",
    track="#5E5E5E",
    accent="#FFD60A",
    on_accent="#000000",
    accent_ground="#000000",
    leak="#FF9E5E",
    leak_ground="#000000",
    safe="#5DF2BF",
    safe_ground="#000000",
    unsure="#D9BCFF",
    unsure_ground="#000000",
)
THEMES = {theme.name: theme for theme in (LIGHT, DARK, CONTRAST)}

TEXT_PAIRS = (
    *((front, back) for front in ("text", "quiet") for back in ("window", "panel", "accent_ground")),
    *((front, back) for front in ("accent", "leak", "safe", "unsure") for back in ("window", "panel")),
    *((tone, f"{tone}_ground") for tone in ("accent", "leak", "safe", "unsure")),
    *((front, f"{tone}_ground") for front in ("text", "quiet") for tone in ("leak", "safe", "unsure")),
    ("text", "track"),
    ("on_accent", "accent"),
    ("panel", "text"),
)
"""Every (text, ground) that the program draws; each keeps a contrast of at least 4.5."""

GRAPHIC_PAIRS = (
    *(("edge", back) for back in ("window", "panel", "accent_ground", "leak_ground")),
    *((tone, "track") for tone in ("accent", "leak", "safe", "unsure", "quiet", "text")),
    ("text", "accent_ground"),
    ("panel", "accent"),
)
"""Every further (shape, ground) that means something; each keeps a contrast of at least 3."""

STANDS_OUT = 1.3
"""By how much the verdict is larger than the smallest type, where there is a floor."""

_chosen = [LIGHT]
_room, _zoom, _floor = [1.0], [1.0], [0]
_sizes: WeakKeyDictionary[QObject, dict[str, tuple[int, ...]]] = WeakKeyDictionary()


def current() -> Theme:
    """Return the theme in force."""
    return _chosen[0]


def scale() -> float:
    """Return by how much everything is larger than its nominal size: by the window's room times the zoom."""
    return _room[0] * _zoom[0]


def room() -> float:
    """Return by how much everything is larger because the window has room for it."""
    return _room[0]


def zoom() -> float:
    """Return how large the user wants everything."""
    return _zoom[0]


def set_scale(
    app: QApplication, room: float | None = None, *, zoom: float | None = None, floor: int | None = None
) -> None:
    """Make everything larger or smaller, for the window's room or as the user wants it.

    ``floor`` is the size in pixels below which no type is, for a projector.
    """
    before = scale(), _floor[0]
    _floor[0] = _floor[0] if floor is None else floor
    _room[0] = _room[0] if room is None else room
    _zoom[0] = _zoom[0] if zoom is None else zoom
    if (scale(), _floor[0]) != before:
        for owner, sizes in list(_sizes.items()):
            if isValid(owner):
                for setter, pixels in sizes.items():
                    getattr(owner, setter)(*map(px, pixels))
        app.setFont(font())
        app.setStyleSheet(_sheet(current()))


def px(nominal: float) -> int:
    """Return a nominal length in pixels of the present scale."""
    return round(nominal * scale())


def scaled(setter: Callable[..., object], *nominal: int) -> None:
    """Call a widget's or layout's setter with nominal pixels now, and again whenever the scale changes.

    Another call with the same setter takes the place of the first.
    """
    owner: QObject = setter.__self__  # type: ignore[attr-defined]
    _sizes.setdefault(owner, {})[setter.__name__] = nominal
    setter(*map(px, nominal))


def luminance(color: str) -> float:
    """Return the relative luminance (WCAG 2.2) of ``#rrggbb``, 0–1."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(front: str, back: str) -> float:
    """Return the contrast ratio (WCAG 2.2) of two colours ``#rrggbb``, 1–21."""
    dark, light = sorted((luminance(front), luminance(back)))
    return (light + 0.05) / (dark + 0.05)


def load_fonts(app: QApplication) -> None:
    """Load the bundled typeface and make it the program's."""
    if FAMILY not in QFontDatabase.families():
        for path in sorted((assets() / "fonts").glob("*.ttf.gz")):
            QFontDatabase.addApplicationFontFromData(gzip.decompress(path.read_bytes()))
    app.setFont(font())


def font(pixels: int = BODY, bold: bool = False) -> QFont:
    """Return the program's typeface at a nominal size in pixels."""
    made = QFont([FAMILY, "BIZ UDPGothic", "Noto Sans JP", "Noto Sans CJK JP", "sans-serif"])
    made.setPixelSize(max(px(pixels), _floor[0]))
    made.setBold(bold)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


def apply(app: QApplication, name: str) -> None:
    """Put a theme in force everywhere: ``light``, ``dark``, ``contrast``, or ``system``'s light or dark."""
    if name == "system":
        dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        name = "dark" if dark else "light"
    theme = _chosen[0] = THEMES[name]
    if app.style().name() != "fusion":
        app.setStyle(QStyleFactory.create("Fusion"))
    sheet = _sheet(theme)
    if sheet != app.styleSheet():  # setting the same one again would cost as much as a new one
        app.setPalette(_palette(theme))
        app.setStyleSheet(sheet)


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for part, token in (
        (role.Window, "window"),
        (role.WindowText, "text"),
        (role.Base, "panel"),
        (role.AlternateBase, "window"),
        (role.Text, "text"),
        (role.Button, "panel"),
        (role.ButtonText, "text"),
        (role.PlaceholderText, "quiet"),
        (role.Highlight, "accent"),
        (role.HighlightedText, "on_accent"),
        (role.Accent, "accent"),
        (role.Link, "accent"),
        (role.LinkVisited, "accent"),
        (role.ToolTipBase, "text"),
        (role.ToolTipText, "panel"),
        (role.Mid, "line"),
        (role.Light, "panel"),
        (role.Dark, "line"),
    ):
        palette.setColor(part, theme.color(token))
    for part in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, part, theme.color("quiet"))
    return palette


def _sheet(theme: Theme) -> str:
    sheet = _SHEET
    tokens = {f.name: str(getattr(theme, f.name)) for f in fields(theme)}
    sizes = {
        "body": BODY,
        "small": SMALL,
        "lead": LEAD,
        "big": BIG,
        "bracket": 17,
        "lesson": 15,
        "tiny": 12,
    }
    types = {name: f"{max(px(size), _floor[0])}px" for name, size in sizes.items()}
    for name, size in (("verdict", LEAD), ("verdict_snug", 16)):  # on a projector it stands out as well
        types[name] = f"{max(px(size), round(STANDS_OUT * _floor[0]))}px"
    sheet = re.sub(r"\b([1-9]\d*)px", lambda nominal: f"{max(1, px(int(nominal[1])))}px", sheet)
    for token in sorted(tokens | types, key=len, reverse=True):
        sheet = sheet.replace(f"@{token}", (tokens | types)[token])
    return sheet


_SHEET = """
QWidget { font-size: @body; color: @text; widget-animation-duration: 0; }
QMainWindow, QDialog, #stage { background: @window; }
QLabel { background: transparent; }
QLabel[role="title"] { font-weight: bold; }
QLabel[role="name"] { font-size: @bracket; font-weight: bold; }
QLabel[role="lead"] { font-size: @lead; }
QLabel[role="verdict"] { font-size: @verdict; font-weight: bold; }
QLabel[role="verdict"][snug="true"] { font-size: @verdict_snug; }
QLabel[role="title"][snug="true"] { font-size: @small; }
QLabel[role="big"] { font-size: @big; font-weight: bold; }
QLabel[role="quiet"] { font-size: @small; color: @quiet; }
QLabel[role="small"] { font-size: @small; }
QLabel[role="value"] { font-weight: bold; color: @accent; }
QLabel[role="value"][dimmed="true"], QLabel[role="body"][dimmed="true"] { color: @quiet; }
QLabel[role="lesson"] { font-size: @lesson; }
QLabel[role="kind"] { font-size: @small; font-weight: bold; color: @accent; background: @accent_ground;
  border-radius: 8px; padding: 2px 9px; }
QLabel[role="task"] { border-radius: 8px; padding: 8px 10px; background: @accent_ground; color: @text; }
QLabel[role="task"][task="done"] { background: @safe_ground; color: @safe; font-weight: bold; }
QLabel[role="task"][task="astray"] { background: @unsure_ground; color: @unsure; font-weight: bold; }
QLabel[role="recall"] { border-left: 3px solid @accent; padding: 2px 0px 2px 10px; color: @quiet; }
QLabel[role="badge"] { font-size: @tiny; font-weight: bold; color: @unsure; background: @unsure_ground;
  border: 1px solid @unsure; border-radius: 8px; padding: 1px 7px; }
QToolTip { background: @text; color: @panel; border: 1px solid @text; padding: 6px 8px; font-size: @small; }

#topbar { background: @panel; border: none; border-bottom: 1px solid @line; }
#bottombar { background: @panel; border: none; border-top: 1px solid @line; }
#card { background: @panel; border: 1px solid @line; border-radius: 12px; }

QPushButton, QToolButton { background: @panel; border: 1px solid @edge; border-radius: 8px;
  padding: 4px 12px; min-height: 22px; }
QToolButton[plain="true"] { border: 1px solid transparent; background: transparent; padding: 0px; }
QPushButton[link="true"] { border: 1px solid transparent; background: transparent; color: @accent;
  font-size: @small; padding: 1px 6px; min-height: 20px; }
QPushButton:hover, QToolButton:hover { background: @accent_ground; border-color: @accent; }
QPushButton:pressed, QToolButton:pressed { background: @track; }
QPushButton:focus, QToolButton:focus { border: 2px solid @accent; padding: 3px 11px; }
QToolButton[square="true"]:focus { padding: 3px; }
QToolButton[plain="true"]:focus { padding: 0px; }
QPushButton[link="true"]:focus { padding: 0px 5px; }
QPushButton:disabled, QToolButton:disabled { color: @quiet; background: transparent; border-color: @line; }
QToolButton[plain="true"]:disabled, QPushButton[link="true"]:disabled { border-color: transparent; }
QToolButton[square="true"] { padding: 4px; min-height: 0px; }
QToolButton[plain="true"] { padding: 0px; min-height: 0px; }
QToolButton::menu-indicator, QPushButton::menu-indicator { image: none; width: 0px; }
QPushButton[primary="true"] { background: @accent; border-color: @accent; color: @on_accent;
  font-weight: bold; }
QPushButton[primary="true"]:hover { border: 2px solid @text; padding: 3px 11px; }
QPushButton[primary="true"]:focus { border: 4px double @on_accent; padding: 1px 9px; }
QPushButton[primary="true"]:disabled { background: transparent; border-color: @line; color: @quiet; }
QPushButton[segment="true"] { border-color: @edge; color: @quiet; }
QPushButton[segment="true"]:checked { background: @accent_ground; color: @accent; border-color: @accent;
  font-weight: bold; }
QPushButton[segment="true"]:focus { border: 2px solid @accent; }
QPushButton[segment="true"]:checked:focus { border: 2px solid @text; }

QPushButton#bracket { background: @accent_ground; border: 1px solid @accent; border-radius: 8px;
  padding: 0px; }
QPushButton#bracket:hover, QPushButton#bracket[open="true"] { border: 2px solid @accent; }
QPushButton#bracket:disabled { background: transparent; border-color: @line; }
QPushButton#bracket:focus { border: 3px solid @accent; }
QPushButton#bracket QLabel[role="bracket"] { font-size: @bracket; font-weight: bold; }

QGraphicsView { background: transparent; border: none; }
QScrollArea, QScrollArea > QWidget > #column { background: transparent; border: none; }
QMenu { background: @panel; border: 1px solid @accent; border-radius: 8px; padding: 4px; }
QMenu::item { padding: 7px 28px 7px 12px; border-radius: 6px; }
QMenu::item:selected { background: @accent_ground; color: @text; }
QMenu::item:checked { font-weight: bold; color: @accent; }
QMenu::item:disabled { color: @quiet; }
QMenu::indicator { width: 0px; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: @line; margin: 4px 8px; }

#banner { border: 1px solid @accent; border-radius: 8px; background: @accent_ground;
  margin: 9px 20px 0px 20px; }
#banner[kind="error"] { border-color: @leak; background: @leak_ground; }
QPlainTextEdit, QTextBrowser { background: @window; border: 1px solid @edge; border-radius: 8px; padding: 6px;
  font-size: @small; selection-background-color: @accent; selection-color: @on_accent; }
QLineEdit { background: @window; border: 1px solid @edge; border-radius: 8px; padding: 6px 8px;
  selection-background-color: @accent; selection-color: @on_accent; }
QLineEdit:focus { border: 2px solid @accent; padding: 5px 7px; }
QPlainTextEdit:focus, QTextBrowser:focus { border: 2px solid @accent; padding: 5px; }

QListWidget { background: transparent; border: 1px solid transparent; border-radius: 8px; font-size: @small;
  outline: none; }
QListWidget:focus { border: 2px solid @accent; }
QListWidget::item { padding: 4px 6px; border-radius: 6px; border: 1px solid transparent; color: @text; }
QListWidget::item:hover { background: @track; }
QListWidget::item:selected { background: @accent_ground; color: @text; border: 1px solid @accent; }

QTableView { background: transparent; border: 1px solid transparent; border-radius: 8px; font-size: @small;
  outline: none; selection-background-color: transparent; }
QTableView:focus { border: 2px solid @accent; }
QTableView::item:selected { color: @text; border-top: 2px solid @accent; border-bottom: 2px solid @accent; }
QHeaderView, QHeaderView::section { background: transparent; border: none; border-bottom: 1px solid @line;
  font-size: @small; font-weight: bold; color: @quiet; padding: 2px 4px; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 2px; }
QScrollBar::handle:vertical { background: @edge; border-radius: 3px; min-height: 28px; }
QScrollBar::handle:vertical:hover { background: @quiet; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 2px; }
QScrollBar::handle:horizontal { background: @edge; border-radius: 3px; min-width: 28px; }
QScrollBar::handle:horizontal:hover { background: @quiet; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {
  background: none; border: none; width: 0px; height: 0px; }
"""
