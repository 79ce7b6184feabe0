# ruff: noqa: D102 -- methods that Qt calls
"""What the widgets share: labels, buttons, sliders and a flow layout."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QBitmap, QGuiApplication, QHelpEvent, QKeyEvent, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QLabel,
    QLayout,
    QLayoutItem,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSlider,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from mi_studio.app import icons
from mi_studio.app.theme import px, scaled
from mi_studio.app.words import breakable
from mi_studio.core.glossary import explained, written_in

LOOKS = (QEvent.Type.PaletteChange, QEvent.Type.StyleChange)
"""What a widget is told when the theme or the scale has changed."""


def explanation(text: str) -> str:
    """Return what the glossary says of the words of a text, as rich text; empty where it says nothing."""
    language = written_in(text)
    said = [
        f"<p><b>{escape(term.title.get(language))}</b><br>{escape(breakable(term.text.get(language)))}</p>"
        for term in explained(text)
    ]
    return f"<qt>{''.join(said)}</qt>" if said else ""


def hovered(tip: str, words: str) -> str:
    """Return what a hovering mouse is told: a tooltip, and below it what the glossary says of some words."""
    known = explanation(words)
    if not known or not tip:
        return known or tip
    plain = escape(breakable(tip)).replace("\n", "<br>")
    said = tip.removeprefix("<qt>").removesuffix("</qt>") if tip.startswith("<qt>") else plain
    return f"<qt><p>{said}</p>{known.removeprefix('<qt>')}"


def written(part: QWidget) -> str:
    """Return the words on a widget: its own, and those on it that let the mouse through."""
    if isinstance(part, Label):
        return part.said
    own = [part.text()] if isinstance(part, QAbstractButton) else []
    return "\n".join([*own, *(label.said for label in part.findChildren(Label) if not label.isHidden())])


def explain(part: QWidget, event: QEvent, words: str | None = None) -> bool:
    """Tell a hovering mouse a widget's tooltip and what its words mean; return whether there is anything."""
    if event.type() != QEvent.Type.ToolTip or not isinstance(event, QHelpEvent):
        return False
    said = hovered(part.toolTip(), written(part) if words is None else words)
    if said:
        QToolTip.showText(event.globalPos(), said, part)
    return bool(said)


class Label(QLabel):
    """A plain text in one of the theme's roles; Japanese breaks between phrases."""

    def __init__(self, role: str, text: str = "", wrap: bool = False) -> None:
        super().__init__()
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        if wrap:
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.said = ""
        self.say(text)

    def say(self, text: str) -> None:
        """Show a text; nothing happens where it is already shown."""
        if text != self.said:
            self.said = text
            self.setText(breakable(text) if self.wordWrap() else text)
            self.setAccessibleName(text)

    def event(self, event: QEvent) -> bool:
        """Explain the words of the glossary to a hovering mouse."""
        return explain(self, event) or super().event(event)

    def dim(self, dimmed: bool) -> None:
        """Make the text quiet, or loud again."""
        self._become("dimmed", dimmed)

    def set_snug(self, snug: bool) -> None:
        """Write it smaller, for windows that are not high."""
        self._become("snug", snug)

    def _become(self, name: str, so: bool) -> None:
        if bool(self.property(name)) != so:
            self.setProperty(name, so)
            polish(self)


class Short(Label):
    """A text on one line; where there is no room for all of it, it ends in an ellipsis and has a tooltip.

    Parameters
    ----------
    least
        Width that it does not give up to its neighbours, as far as its text needs it.
    """

    def __init__(self, role: str, least: int = 24) -> None:
        self._least = least
        super().__init__(role)

    def say(self, text: str) -> None:
        """Show a text, as much of it as there is room for."""
        super().say(text)
        self._fit()

    def sizeHint(self) -> QSize:
        """Want room for all of it."""
        around = self.width() - self.contentsRect().width()
        return QSize(self._wide(self.said) + around, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Do with little."""
        return QSize(min(px(self._least), self.sizeHint().width()), super().minimumSizeHint().height())

    def _fit(self) -> None:
        room = self.contentsRect().width()
        shown = self.fontMetrics().elidedText(self.said, Qt.TextElideMode.ElideRight, room)
        if shown != self.text():
            self.setText(shown)
        self.setToolTip(self.said if shown != self.said else "")

    def _wide(self, text: str) -> int:
        """Return how wide a text is; what measures and what shortens do not round alike."""
        return self.fontMetrics().horizontalAdvance(text) + 1 if text else 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten anew."""
        super().resizeEvent(event)
        self._fit()


class Card(QFrame):
    """A white panel with a hairline border; ``bar`` is how much of its right margin a scroll bar may take."""

    def __init__(self, margin: int = 15, spacing: int = 7, bar: int = 0) -> None:
        super().__init__()
        self.setObjectName("card")
        self.column = QVBoxLayout(self)
        self._margins = (margin, margin - 4, margin - bar, margin - 2)
        scaled(self.column.setContentsMargins, *self._margins)
        scaled(self.column.setSpacing, spacing)

    def set_snug(self, snug: bool) -> None:
        """Have narrower margins above and below, for windows that are not high."""
        left, top, right, bottom = self._margins
        scaled(self.column.setSpacing, 5 if snug else 7)
        scaled(self.column.setContentsMargins, left, 8 if snug else top, right, 9 if snug else bottom)


class Button(QPushButton):
    """A push button that takes the focus by Tab only, so that Space keeps playing after a click."""

    def __init__(self, icon: str = "", token: str = "text") -> None:
        super().__init__()
        self._icon, self._token = icon, token
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAutoDefault(False)
        self._redraw()

    def _redraw(self) -> None:
        if self._icon:
            self.setIcon(icons.icon(self._icon, self._token, px(18), self.devicePixelRatioF()))
            self.setIconSize(QSize(px(18), px(18)))

    def event(self, event: QEvent) -> bool:
        """Explain the words of the glossary to a hovering mouse."""
        return explain(self, event) or super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme and the scale."""
        if event.type() in LOOKS:
            self._redraw()
        super().changeEvent(event)


class IconButton(QToolButton):
    """A button that is an icon; its words are its accessible name and its tooltip."""

    def __init__(
        self, icon: str, size: int = 36, plain: bool = False, glyph: int = 18, token: str = "text"
    ) -> None:
        super().__init__()
        self._icon, self._glyph, self._token = icon, glyph, token
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("plain" if plain else "square", True)
        scaled(self.setFixedSize, size, size)
        self._redraw()

    def set_icon(self, icon: str) -> None:
        """Change the icon."""
        if icon != self._icon:
            self._icon = icon
            self._redraw()

    def name(self, words: str, shortcut: str = "") -> None:
        """Say what the button does."""
        self.setAccessibleName(words)
        self.setToolTip(f"{words} ({shortcut})" if shortcut else words)

    def _redraw(self) -> None:
        glyph = px(self._glyph)
        self.setIcon(icons.icon(self._icon, self._token, glyph, self.devicePixelRatioF()))
        self.setIconSize(QSize(glyph, glyph))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme and the scale."""
        if event.type() in LOOKS:
            self._redraw()
        super().changeEvent(event)


class IconLabel(QLabel):
    """An icon that is only seen."""

    def __init__(self, icon: str, token: str, size: int) -> None:
        super().__init__()
        self._drawn = (icon, token, size)
        scaled(self.setFixedSize, size, size)
        self._redraw()

    def set_icon(self, icon: str, token: str) -> None:
        """Change the icon."""
        self._drawn = (icon, token, self._drawn[2])
        self._redraw()

    def _redraw(self) -> None:
        name, token, size = self._drawn
        self.setPixmap(icons.pixmap(name, token, px(size), self.devicePixelRatioF()))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme and the scale."""
        if event.type() in LOOKS:
            self._redraw()
        super().changeEvent(event)


_SLIDER_KEYS = frozenset(
    {
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
        Qt.Key.Key_PageUp,
        Qt.Key.Key_PageDown,
    }
)


class BarSlider(QSlider):
    """A slider that draws itself, keeps its keys from the window's shortcuts, and jumps to a click."""

    KNOB = 10

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def event(self, event: QEvent) -> bool:
        """Claim the arrow keys while focused."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in _SLIDER_KEYS
            and event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        ):
            event.accept()
            return True
        return super().event(event)

    def span(self) -> tuple[float, float]:
        """Return where the track begins and ends, in pixels."""
        return float(px(self.KNOB)), float(self.width() - px(self.KNOB))

    def x_of(self, value: float) -> float:
        """Return the pixel of a slider value."""
        left, right = self.span()
        width = max(1, self.maximum() - self.minimum())
        return left + (right - left) * (value - self.minimum()) / width

    def at(self, x: float) -> int:
        """Return the slider value nearest to a pixel."""
        left, right = self.span()
        share = min(1.0, max(0.0, (x - left) / max(1.0, right - left)))
        return self.minimum() + round(share * (self.maximum() - self.minimum()))


class FlowLayout(QLayout):
    """Puts widgets side by side and begins a new line where they no longer fit.

    A widget with the property ``glued`` (the gap in pixels) never begins a line. Those of a line have their
    middles on one height, or with ``top`` their upper edges.
    """

    def __init__(self, gap: int = 8, line_gap: int = 6, top: bool = False) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._heights: dict[int, int] = {}
        self._gap, self._line_gap, self._top = gap, line_gap, top
        self.setContentsMargins(0, 0, 0, 0)

    def set_gap(self, gap: int) -> None:
        """Put this many pixels between two widgets of a line."""
        if gap != self._gap:
            self._gap = gap
            self.invalidate()

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:
            self._heights[width] = self._place(QRect(0, 0, width, 0), False)[0]
        return self._heights[width]

    def invalidate(self) -> None:
        """Forget what was worked out; any change anywhere in the window asks for heights again."""
        self._heights.clear()
        super().invalidate()

    def lines(self, width: int) -> int:
        """Return how many lines the widgets need at a width."""
        return self._place(QRect(0, 0, width, 0), False)[1]

    def sizeHint(self) -> QSize:
        shown = [i.sizeHint() for i in self._items if not i.isEmpty()]
        width = sum(s.width() for s in shown) + px(self._gap) * max(0, len(shown) - 1)
        return QSize(width, max((s.height() for s in shown), default=0))

    def minimumSize(self) -> QSize:
        shown = [i.minimumSize() for i in self._items if not i.isEmpty()]
        return QSize(max((s.width() for s in shown), default=0), max((s.height() for s in shown), default=0))

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, True)

    def _glue(self, item: QLayoutItem) -> int:
        inside = item.widget()
        return px(int(inside.property("glued"))) if inside is not None else 0

    def _place(self, rect: QRect, move: bool) -> tuple[int, int]:
        lines: list[list[tuple[QLayoutItem, QSize]]] = [[]]
        x = 0
        for item in self._items:
            if item.isEmpty():
                continue
            inside = item.widget()
            size = inside.sizeHint() if inside is not None else item.sizeHint()
            size.setWidth(min(size.width(), max(1, rect.width())))
            glued = inside is not None and bool(inside.property("glued"))
            x -= px(self._gap) - self._glue(item) if glued else 0
            if lines[-1] and x + size.width() > rect.width():
                lines.append([])
                if glued and len(lines[-2]) > 1:
                    lines[-1].append(lines[-2].pop())
                x = sum(s.width() + px(self._gap) for _, s in lines[-1])
                x -= px(self._gap) - self._glue(item) if glued and lines[-1] else 0
            lines[-1].append((item, size))
            x += size.width() + px(self._gap)
        y = rect.y()
        for line in lines:
            height = max((size.height() for _, size in line), default=0)
            x = rect.x()
            for item, size in line:
                inside = item.widget()
                if x > rect.x() and inside is not None and inside.property("glued"):
                    x -= px(self._gap) - self._glue(item)
                if move:
                    down = 0 if self._top else (height - size.height()) // 2
                    item.setGeometry(QRect(QPoint(x, y + down), size))
                x += size.width() + px(self._gap)
            y += height + px(self._line_gap)
        return y - px(self._line_gap) - rect.y(), len(lines)


def margins(layout: QLayout) -> tuple[int, int, int, int]:
    """Return the left, top, right and bottom margin of a layout."""
    around = layout.contentsMargins()
    return around.left(), around.top(), around.right(), around.bottom()


def height_for(part: QWidget, width: int) -> int:
    """Return the height that a widget needs at a width."""
    layout = part.layout()
    if layout is None:
        return part.heightForWidth(width) if part.hasHeightForWidth() else part.sizeHint().height()
    layout.activate()
    return layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.sizeHint().height()


def polish(widget: QWidget) -> None:
    """Apply the style sheet again after a dynamic property changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


class _Rounding(QObject):
    """Cuts the corners of a window to a radius whenever its size changes."""

    def __init__(self, popup: QWidget, radius: int) -> None:
        super().__init__(popup)
        self._radius = radius
        popup.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            shape = QBitmap(watched.size())
            shape.clear()
            painter = QPainter(shape)
            painter.setBrush(Qt.GlobalColor.color1)
            painter.drawRoundedRect(shape.rect(), self._radius + 1, self._radius + 1)
            painter.end()
            watched.setMask(shape)
        return False


def round_off(popup: QWidget, radius: int) -> None:
    """Let nothing show outside the round corners of a menu or another window without a frame.

    Its ground is transparent; X11 without a compositor shows that as black, so there it is cut to shape too.
    """
    popup.setWindowFlag(Qt.WindowType.FramelessWindowHint)
    popup.setWindowFlag(Qt.WindowType.NoDropShadowWindowHint)
    popup.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
    if QGuiApplication.platformName() == "xcb":
        _Rounding(popup, radius)


class Menu(QMenu):
    """A menu with round corners, and a tick before what is chosen."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        round_off(self, 8)
        self.aboutToShow.connect(self._tick)

    def _tick(self) -> None:
        """Set the ticks, or room for them, in the colours of the theme."""
        if any(action.isCheckable() for action in self.actions()):
            ticked = icons.pixmap("check", "accent", 16, self.devicePixelRatioF())
            empty = QPixmap(ticked.size())
            empty.fill(Qt.GlobalColor.transparent)
            for action in self.actions():
                action.setIcon(ticked if action.isChecked() else empty)


def same(one: object, other: object) -> bool:
    """Return whether two views are equal; pictures in them count as equal only where they are identical."""
    try:
        return one is other or bool(one == other)
    except ValueError:  # numpy has no single answer for two arrays
        return False
