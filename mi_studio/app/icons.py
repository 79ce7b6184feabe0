"""The small icon set, drawn in any colour of the theme."""

from __future__ import annotations

from functools import cache, lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from mi_studio.app import theme
from mi_studio.core.paths import assets


@cache
def _svg(name: str) -> str:
    return (assets() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


def renderer(name: str, color: str) -> QSvgRenderer:
    """Return the drawing of an icon in a colour ``#rrggbb``."""
    return QSvgRenderer(QByteArray(_svg(name).replace("currentColor", color).encode()))


def of_part(part: str) -> str:
    """Return the name of the icon of a model, an attack or a defence by its id; empty where it has none."""
    name = f"parts/{part}"
    return name if (assets() / "icons" / f"{name}.svg").is_file() else ""


def pixmap(name: str, token: str = "text", size: int = 18, ratio: float = 1.0) -> QPixmap:
    """Draw an icon in a theme colour at a size in logical pixels."""
    return _drawn(name, str(getattr(theme.current(), token)), size, ratio)


def icon(name: str, token: str = "text", size: int = 18, ratio: float = 1.0) -> QIcon:
    """Return an icon in a theme colour, dimmer where its button is disabled."""
    made = QIcon(pixmap(name, token, size, ratio))
    made.addPixmap(pixmap(name, "track", size, ratio), QIcon.Mode.Disabled)
    return made


@lru_cache(maxsize=256)
def _drawn(name: str, color: str, size: int, ratio: float) -> QPixmap:
    made = QPixmap(round(size * ratio), round(size * ratio))
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    renderer(name, color).render(painter, QRectF(0, 0, made.width(), made.height()))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made
