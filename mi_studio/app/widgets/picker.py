# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""The list of choices below a bracket of the sentence."""

from __future__ import annotations

import unicodedata

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from mi_studio.app import icons, theme
from mi_studio.app.theme import px, scaled
from mi_studio.app.widgets.bar import draw_groove
from mi_studio.app.widgets.common import FlowLayout, IconLabel, Label, explain, round_off, same
from mi_studio.app.widgets.picture import draw_image, to_images
from mi_studio.app.words import CANNOT, FOUND_NONE, PICK, SEARCH, SEVERAL, STRENGTH, say
from mi_studio.core.step import Pictures
from mi_studio.studio.views import Bracket, Choice

WALK = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
"""How far to the right and down a key goes."""


class Thumbnail(QWidget):
    """A small picture of a choice."""

    def __init__(self, picture: Pictures) -> None:
        super().__init__()
        self._image = to_images(picture)[0]
        scaled(self.setFixedSize, 48, 48)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if not self.isEnabled():
            painter.setOpacity(0.45)
        draw_image(painter, self._image, QRectF(self.rect()), 6)


class PartIcon(QWidget):
    """The sign of a choice that has no picture, on a tile as large as one."""

    def __init__(self, icon: str) -> None:
        super().__init__()
        self._icon = icon
        scaled(self.setFixedSize, 48, 48)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tile = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setBrush(colors.color("panel"))
        painter.setPen(QPen(colors.color("line"), 1))
        painter.drawRoundedRect(tile, 6, 6)
        token = "accent" if self.isEnabled() else "quiet"
        sign = icons.renderer(self._icon, colors.color(token).name())
        sign.render(painter, tile.adjusted(px(9), px(9), -px(9), -px(9)))


class Strength(QWidget):
    """One to three rising marks."""

    def __init__(self, strength: int) -> None:
        super().__init__()
        self._strength = strength
        scaled(self.setFixedSize, 24, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for i in range(3):
            height = 6 + 4 * i
            mark = QRectF(px(2 + 8 * i), px(15 - height), px(5), px(height))
            if i < self._strength:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.current().color("accent"))
                painter.drawRoundedRect(mark, 1.5, 1.5)
            else:
                draw_groove(painter, mark, 1.5)


class ChoiceCard(QAbstractButton):
    """One entry of a picker. One that cannot be chosen can still be read, also with the keyboard.

    Parameters
    ----------
    tile
        Its width where many stand side by side; left out, it has a line of its own.
    """

    WIDTH = 430
    walked = Signal(int, int)

    def __init__(self, choice: Choice, several: bool, language: str, tile: int = 0) -> None:
        super().__init__()
        self.choice = choice
        self._several, self._tile = several, bool(tile)
        self.possible = not choice.reason
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedWidth(tile or px(self.WIDTH))
        title = Label("title" if not tile or choice.checked else "body", choice.title, wrap=True)
        line = Label("quiet", choice.line, wrap=True)
        text = QVBoxLayout()
        scaled(text.setSpacing, 3)
        head = QHBoxLayout()
        scaled(head.setSpacing, 8)
        head.addWidget(title, 1)
        if choice.strength:
            head.addWidget(Strength(choice.strength), 0, Qt.AlignmentFlag.AlignTop)
        text.addLayout(head)
        if choice.line:
            text.addWidget(line)
        if choice.reason:
            title.dim(True)
            why = QHBoxLayout()
            scaled(why.setSpacing, 6)
            self.reason = Label("small", choice.reason, wrap=True)
            why.addWidget(IconLabel("blocked", "quiet", 15), 0, Qt.AlignmentFlag.AlignTop)
            why.addWidget(self.reason, 1)
            text.addLayout(why)
        row = QHBoxLayout(self)
        scaled(row.setContentsMargins, *((10, 6, 28, 6) if tile else (42, 10, 14, 10)))
        scaled(row.setSpacing, 12)
        icon = icons.of_part(choice.id)
        if choice.thumbnail is not None or icon:
            sign = PartIcon(icon) if choice.thumbnail is None else Thumbnail(choice.thumbnail)
            sign.setEnabled(self.possible)
            row.addWidget(sign, 0, Qt.AlignmentFlag.AlignVCenter if tile else Qt.AlignmentFlag.AlignTop)
        row.addLayout(text, 1)
        for part in self.findChildren(QWidget):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        strength = say(STRENGTH, language, n=choice.strength) if choice.strength else ""
        reason = say(CANNOT, language, reason=choice.reason) if choice.reason else ""
        self.setAccessibleName(choice.title)
        self.setAccessibleDescription(" ".join(t for t in (choice.line, strength, reason) if t))
        self.setToolTip(strength)
        self.setCheckable(True)
        self.setChecked(choice.checked)

    def event(self, event: QEvent) -> bool:
        """Explain the words of the glossary to a hovering mouse."""
        return explain(self, event) or super().event(event)

    def nextCheckState(self) -> None:
        """Leave the state to whoever decides: the next view brings it."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = WALK.get(Qt.Key(event.key()))
        if by is None:
            super().keyPressEvent(event)
        else:
            self.walked.emit(*by)

    def sizeHint(self) -> QSize:
        layout = self.layout()
        if layout is None:
            return super().sizeHint()
        if self._tile:
            return QSize(self.width(), px(60))
        return QSize(px(self.WIDTH), max(px(48), layout.totalHeightForWidth(px(self.WIDTH))))

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(2, 1, -2, -1)
        if self.isChecked() or (self.underMouse() and self.possible):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color("accent_ground"))
            painter.drawRoundedRect(box, 8, 8)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colors.color("accent"), 2))
            painter.drawRoundedRect(box, 8, 8)
        mark = (
            QRectF(self.width() - px(26), self.height() / 2 - px(9), px(17), px(17))
            if self._tile
            else QRectF(px(16), px(13), px(17), px(17))
        )
        color = colors.color("accent" if self.possible else "quiet")
        painter.setPen(QPen(color, 1.8))
        painter.setBrush(color if self.isChecked() else Qt.BrushStyle.NoBrush)
        if self._several:
            painter.drawRoundedRect(mark, 4, 4)
            if self.isChecked():
                icons.renderer("check", colors.on_accent).render(painter, mark.adjusted(2, 2, -2, -2))
        elif self.isChecked():
            icons.renderer("check", colors.accent).render(painter, mark)


class Picker(QFrame):
    """The list below a bracket. Arrow keys walk it, Return or Space picks, Escape closes.

    Many choices stand side by side below a field in which their names can be searched, names alone as tiles;
    whoever types anywhere in the list searches.
    """

    picked = Signal(str)
    toggled = Signal(str, bool)
    closed = Signal()
    MANY = 12
    TEXTS = 2
    """Columns of many choices that have more to say than a name."""
    COLUMNS = 3
    TILE = 228
    HIGHEST = 570
    """No more of many choices is in sight at once: there is a search."""
    BAR = 12

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        round_off(self, 12)
        self.cards: list[ChoiceCard] = []
        self._several = False
        self._width = ChoiceCard.WIDTH
        self._bracket: Bracket | None = None
        self.title, self.hint = Label("title"), Label("quiet")
        self.search, self.none = QLineEdit(), Label("quiet")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.search.installEventFilter(self)
        head = QHBoxLayout()
        scaled(head.setContentsMargins, 16, 4, 16, 2)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.hint)
        field = QHBoxLayout()
        scaled(field.setContentsMargins, 8, 0, 8, 2)
        field.addWidget(self.search)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        scaled(column.setContentsMargins, 8, 10, 8, 8)
        scaled(column.setSpacing, 6)
        column.addLayout(head)
        column.addLayout(field)
        column.addWidget(self._area)

    @property
    def many(self) -> bool:
        """Whether there are so many choices that they stand side by side and can be searched."""
        return len(self.cards) > self.MANY

    def fill(self, bracket: Bracket, language: str) -> None:
        """Show the choices of a bracket, with the focus where it was."""
        if same(bracket, self._bracket) and self.isVisible():
            return
        focused = next((c.choice.id for c in self.cards if c.hasFocus()), "")
        self._bracket = bracket
        self._several = bracket.slot == "defense"
        self.title.say(say(PICK[bracket.slot], language))
        self.hint.say(say(SEVERAL, language) if self._several else "")
        self.none = Label("quiet", say(FOUND_NONE, language))
        inside = QWidget()
        inside.setObjectName("column")
        if len(bracket.choices) <= self.MANY:
            self._list(inside, bracket.choices, language)
        elif bracket.slot == "target":
            self._tile(inside, bracket.choices, language)
        else:
            self._texts(inside, bracket.choices, language)
        scaled(self.none.setContentsMargins, 10, 10, 10, 10)
        for card in self.cards:
            card.clicked.connect(lambda _=False, card=card: self._choose(card))
            card.walked.connect(self._walk)
        self._area.setWidget(inside)
        self.setAccessibleName(self.title.said)
        for words in (self.search.setPlaceholderText, self.search.setAccessibleName):
            words(say(SEARCH, language))
        self.search.setVisible(self.many)
        self.search.clear()
        if focused:
            self._focus(focused)

    def _list(self, inside: QWidget, choices: tuple[Choice, ...], language: str) -> None:
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        scaled(column.setSpacing, 2)
        self._width = px(ChoiceCard.WIDTH)
        self.cards = [ChoiceCard(choice, self._several, language) for choice in choices]
        for card in self.cards:
            column.addWidget(card)
        column.addStretch(1)

    def _texts(self, inside: QWidget, choices: tuple[Choice, ...], language: str) -> None:
        """Put choices that have lines of text in columns, each as high as its text."""
        flow = FlowLayout(gap=0, line_gap=2, top=True)
        inside.setLayout(flow)
        self.cards = [ChoiceCard(choice, self._several, language) for choice in choices]
        for card in self.cards:
            flow.addWidget(card)
        self._width = self.TEXTS * px(ChoiceCard.WIDTH)
        self.none.setFixedWidth(self._width)
        self.none.hide()
        flow.addWidget(self.none)

    def _tile(self, inside: QWidget, choices: tuple[Choice, ...], language: str) -> None:
        """Put choices side by side; those that stand for several others fill a line of their own."""
        tile = px(self.TILE)
        whole = self.COLUMNS * tile
        together = sum(c.together for c in choices)
        flow = FlowLayout(gap=0, line_gap=2)
        inside.setLayout(flow)
        self.cards = []
        for choice in choices:
            width = min(whole // together, whole // 2) if choice.together else tile
            self.cards.append(ChoiceCard(choice, self._several, language, width))
            flow.addWidget(self.cards[-1])
        self._width = whole
        self.none.setFixedWidth(whole)
        self.none.hide()
        flow.addWidget(self.none)

    def open_at(self, below: QWidget) -> None:
        """Open under a bracket, inside the screen."""
        inside = self._area.widget()
        assert inside is not None
        for part in self.findChildren(QWidget):
            part.ensurePolished()
        width = self._width
        wanted = inside.heightForWidth(width) if self.many else inside.sizeHint().height()
        space = below.screen().availableGeometry()
        corner = below.mapToGlobal(QPoint(0, below.height() + 4))
        room = max(160, space.bottom() - corner.y() - px(110 if self.many else 70))
        room = min(room, px(self.HIGHEST)) if self.many else room
        bar = px(self.BAR) if wanted > room or self.many else 0
        self._area.setFixedSize(width + bar, min(wanted, room))
        inside.setMinimumHeight(0)
        self.adjustSize()
        right = min(space.right(), below.window().geometry().right()) - self.width() - 8
        corner.setX(max(space.left(), below.window().geometry().left() + 8, min(corner.x(), right)))
        self.move(corner)
        self.show()
        start = self._chosen()
        if start is not None:
            start.setFocus(Qt.FocusReason.PopupFocusReason)
            self._area.ensureWidgetVisible(start, 0, 70)
        if self.many:  # where names are typed, also with an input method
            self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def _chosen(self) -> ChoiceCard | None:
        """Return the entry that is chosen, else the first that can be."""
        seen = self._seen()
        possible = (c for c in seen if c.possible)
        return next((c for c in seen if c.isChecked()), next(possible, next(iter(seen), None)))

    def _seen(self) -> list[ChoiceCard]:
        """Return the entries that the search has left."""
        return [c for c in self.cards if not c.isHidden()]

    def _find(self, wanted: str) -> None:
        """Leave only the entries in whose name every word occurs."""
        words = _plain(wanted).split()
        for card in self.cards:
            name = _plain(f"{card.choice.title} {card.choice.also}")
            card.setVisible(all(w in name or w in name.replace(" ", "") for w in words))
        self.none.setVisible(self.many and not self._seen())
        self._area.verticalScrollBar().setValue(0)

    def _focus(self, wanted: str) -> None:
        for card in self.cards:
            if card.choice.id == wanted:
                card.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose(self, card: ChoiceCard) -> None:
        if not card.possible:
            return
        if self._several:
            self.toggled.emit(card.choice.id, not card.choice.checked)
        else:
            self.hide()
            self.picked.emit(card.choice.id)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Up, Down and Return in the search field act on the list."""
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            seen = self._seen()
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                found = next((c for c in seen if c.possible), None) if self.search.text() else self._chosen()
                if found is not None:
                    self._choose(found)
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                start = self._chosen() if not self.search.text() else next(iter(seen), None)
                if start is not None:
                    self._go_to(start)
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        seen = self._seen()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            focused = next((c for c in self.cards if c.hasFocus()), None)
            if focused is not None:
                self._choose(focused)
        elif key == Qt.Key.Key_Escape:
            self.hide()
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and seen:
            self._go_to(seen[0 if key == Qt.Key.Key_Home else -1])
        elif self.many and event.text().isprintable() and event.text().strip():
            self.search.setFocus(Qt.FocusReason.OtherFocusReason)
            QApplication.sendEvent(self.search, event)
        else:
            super().keyPressEvent(event)

    def _go_to(self, card: ChoiceCard) -> None:
        card.setFocus(Qt.FocusReason.TabFocusReason)
        self._area.ensureWidgetVisible(card, 0, 8)

    def _walk(self, right: int, down: int) -> None:
        """Go to the neighbour; up from the first line of many is the search field."""
        at = next((c for c in self.cards if c.hasFocus()), None)
        if not self.many or at is None:
            self.focusNextPrevChild(right + down > 0)
            return
        seen = self._seen()
        if right:
            self._go_to(seen[min(len(seen) - 1, max(0, seen.index(at) + right))])
            return
        lines = sorted({c.y() for c in seen})
        to = lines.index(at.y()) + down
        if to < 0:
            self.search.setFocus(Qt.FocusReason.OtherFocusReason)
        elif to < len(lines):
            line = [c for c in seen if c.y() == lines[to]]
            self._go_to(min(line, key=lambda c: abs(c.geometry().center().x() - at.geometry().center().x())))

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Walk the choices, and the search field, in a ring, and show the focused one."""
        stops: list[QWidget] = [*([self.search] if self.many else []), *self._seen()]
        at = next((i for i, c in enumerate(stops) if c.hasFocus()), -1)
        if not stops:
            return False
        to = stops[(at + (1 if forward else -1)) % len(stops)]
        to.setFocus(Qt.FocusReason.TabFocusReason)
        if isinstance(to, ChoiceCard):
            self._area.ensureWidgetVisible(to, 0, 8)
        return True

    def hideEvent(self, event: QEvent) -> None:
        self.closed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(colors.color("panel"))
        painter.setPen(QPen(colors.color("accent"), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 12, 12)


def _plain(name: str) -> str:
    """Return a name as it is compared: small letters of one width, a space between its parts."""
    return unicodedata.normalize("NFKC", name).casefold().replace("・", " ")
