# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""The sentence on top: words, and brackets that are pickers."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QHideEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from mi_studio.app import icons, theme
from mi_studio.app.widgets.common import FlowLayout, IconLabel, Label, polish, round_off, same
from mi_studio.app.widgets.picture import draw_image, to_images
from mi_studio.app.words import CANNOT, PICK, SEVERAL, STRENGTH, say
from mi_studio.core.step import Pictures
from mi_studio.studio.views import Bracket, Choice, SentenceView


class BracketButton(QPushButton):
    """A bracket: what is chosen, quietly what that means, and a chevron."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("bracket")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.bracket: Bracket | None = None
        self._title, self._note = Label("bracket"), Label("quiet")
        self._reserved = 0
        self._row = QHBoxLayout(self)
        self.set_dense(False)
        for part in (self._title, self._note, IconLabel("chevron-down", "accent", 16)):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._row.addWidget(part)

    def set_dense(self, dense: bool) -> None:
        """Take less room, so that more of the sentence stays on one line."""
        self._row.setContentsMargins(*((8, 6, 5, 6) if dense else (12, 6, 9, 6)))
        self._row.setSpacing(5 if dense else 8)

    def show_bracket(self, bracket: Bracket, language: str) -> None:
        """Show a bracket."""
        before, self.bracket = self.bracket, bracket
        self._title.say(bracket.title)
        self._note.say(bracket.note)
        if before is None or (before.slot, before.title) != (bracket.slot, bracket.title):
            self._reserved = 0
        self._reserve()
        self.setAccessibleName(f"{say(PICK[bracket.slot], language)}: {bracket.title}")
        self.setAccessibleDescription(bracket.note)
        self.setToolTip(bracket.note)

    def room(self) -> tuple[object, ...]:
        """Return all that decides how wide the button wants to be."""
        return self._title.said, bool(self._note.said), self._reserved

    def set_noted(self, noted: bool) -> None:
        """Show or hide the quiet note, which the tooltip keeps."""
        noted = noted and bool(self._note.said)
        if noted == self._note.isHidden():
            self._note.setVisible(noted)

    def _reserve(self) -> None:
        """Keep the room of the longest note: a value that changes under the hand moves nothing beside it."""
        self._note.ensurePolished()
        if self._note.said:
            wide = math.ceil(QFontMetricsF(self._note.font()).horizontalAdvance(self._note.said)) + 2
            self._reserved = max(self._reserved, wide)
            self._note.setFixedWidth(self._reserved)

    def forget_width(self) -> None:
        """Let the note be as narrow as its words are now."""
        self._reserved = 0
        self._reserve()

    def set_open(self, opened: bool) -> None:
        """Show that the picker below is open."""
        self.setProperty("open", opened)
        polish(self)

    def sizeHint(self) -> QSize:
        layout = self.layout()
        return layout.sizeHint() if layout is not None else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class Thumbnail(QWidget):
    """A small picture of a choice."""

    def __init__(self, picture: Pictures) -> None:
        super().__init__()
        self._image = to_images(picture)[0]
        self.setFixedSize(48, 48)

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
        self.setFixedSize(48, 48)

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
        sign.render(painter, tile.adjusted(9, 9, -9, -9))


class Strength(QWidget):
    """One to three rising marks."""

    def __init__(self, strength: int) -> None:
        super().__init__()
        self._strength = strength
        self.setFixedSize(24, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for i in range(3):
            token = "accent" if i < self._strength else "track"
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.current().color(token))
            height = 6 + 4 * i
            painter.drawRoundedRect(QRectF(2 + 8 * i, 15 - height, 5, height), 1.5, 1.5)


class ChoiceCard(QAbstractButton):
    """One entry of a picker. One that cannot be chosen can still be read, also with the keyboard."""

    WIDTH = 430

    def __init__(self, choice: Choice, several: bool, language: str) -> None:
        super().__init__()
        self.choice = choice
        self._several = several
        self.possible = not choice.reason
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedWidth(self.WIDTH)
        title = Label("title", choice.title)
        line = Label("quiet", choice.line, wrap=True)
        text = QVBoxLayout()
        text.setSpacing(3)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(title)
        head.addStretch(1)
        if choice.strength:
            head.addWidget(Strength(choice.strength))
        text.addLayout(head)
        if choice.line:
            text.addWidget(line)
        if choice.reason:
            title.dim(True)
            why = QHBoxLayout()
            why.setSpacing(6)
            self.reason = Label("small", choice.reason, wrap=True)
            why.addWidget(IconLabel("blocked", "quiet", 15), 0, Qt.AlignmentFlag.AlignTop)
            why.addWidget(self.reason, 1)
            text.addLayout(why)
        row = QHBoxLayout(self)
        row.setContentsMargins(42, 10, 14, 10)
        row.setSpacing(12)
        icon = icons.of_part(choice.id)
        if choice.thumbnail is not None or icon:
            sign = PartIcon(icon) if choice.thumbnail is None else Thumbnail(choice.thumbnail)
            sign.setEnabled(self.possible)
            row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
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

    def nextCheckState(self) -> None:
        """Leave the state to whoever decides: the next view brings it."""

    def sizeHint(self) -> QSize:
        layout = self.layout()
        if layout is None:
            return super().sizeHint()
        return QSize(self.WIDTH, max(48, layout.totalHeightForWidth(self.WIDTH)))

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
        mark = QRectF(16, 13, 17, 17)
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
    """The list below a bracket. Up and Down walk it, Return or Space picks, Escape closes."""

    picked = Signal(str)
    toggled = Signal(str, bool)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        round_off(self, 12)
        self.cards: list[ChoiceCard] = []
        self._several = False
        self._bracket: Bracket | None = None
        self.title, self.hint = Label("title"), Label("quiet")
        head = QHBoxLayout()
        head.setContentsMargins(16, 4, 16, 2)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.hint)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 10, 8, 8)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._area)

    def fill(self, bracket: Bracket, language: str) -> None:
        """Show the choices of a bracket, with the focus where it was."""
        if same(bracket, self._bracket) and self.isVisible():
            return
        focused = next((c.choice.id for c in self.cards if c.hasFocus()), "")
        self._bracket = bracket
        self._several = bracket.slot == "defense"
        self.title.say(say(PICK[bracket.slot], language))
        self.hint.say(say(SEVERAL, language) if self._several else "")
        inside = QWidget()
        inside.setObjectName("column")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.cards = [ChoiceCard(choice, self._several, language) for choice in bracket.choices]
        for card in self.cards:
            card.clicked.connect(lambda _=False, card=card: self._choose(card))
            column.addWidget(card)
        column.addStretch(1)
        self._area.setWidget(inside)
        self.setAccessibleName(self.title.said)
        if focused:
            self._focus(focused)

    def open_at(self, below: QWidget) -> None:
        """Open under a bracket, inside the screen."""
        inside = self._area.widget()
        assert inside is not None
        for part in self.findChildren(QWidget):
            part.ensurePolished()
        wanted = inside.sizeHint().height()
        space = below.screen().availableGeometry()
        corner = below.mapToGlobal(QPoint(0, below.height() + 4))
        room = max(160, space.bottom() - corner.y() - 70)
        self._area.setFixedSize(ChoiceCard.WIDTH + (12 if wanted > room else 0), min(wanted, room))
        inside.setMinimumHeight(0)
        self.adjustSize()
        corner.setX(max(space.left(), min(corner.x(), space.right() - self.width() - 8)))
        self.move(corner)
        self.show()
        chosen = (c for c in self.cards if c.isChecked())
        start = next(chosen, next((c for c in self.cards if c.possible), next(iter(self.cards), None)))
        if start is not None:
            start.setFocus(Qt.FocusReason.PopupFocusReason)

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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            focused = next((c for c in self.cards if c.hasFocus()), None)
            if focused is not None:
                self._choose(focused)
        elif event.key() == Qt.Key.Key_Escape:
            self.hide()
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and self.cards:
            self.cards[0 if event.key() == Qt.Key.Key_Home else -1].setFocus()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Walk the choices in a ring, and show the focused one."""
        at = next((i for i, c in enumerate(self.cards) if c.hasFocus()), -1)
        if not self.cards:
            return False
        card = self.cards[(at + (1 if forward else -1)) % len(self.cards)]
        card.setFocus(Qt.FocusReason.TabFocusReason)
        self._area.ensureWidgetVisible(card, 0, 8)
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


class Sentence(QWidget):
    """The sentence.

    Signals
    -------
    picked
        Slot and id of the entry that was chosen.
    toggled
        Slot, id, and whether it shall be on; for defences.
    """

    picked = Signal(str, str)
    toggled = Signal(str, str, bool)
    REST_MS = 1200
    """This long after the last change, notes give back the room that longer ones needed."""

    def __init__(self) -> None:
        super().__init__()
        self._language = "en"
        self._view: SentenceView | None = None
        self._parts: list[Label | BracketButton] = []
        self._flow = FlowLayout(gap=8, line_gap=6)
        self.setLayout(self._flow)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._open: BracketButton | None = None
        self._fitted: list[object] = []
        self._rest = QTimer(self, interval=self.REST_MS, singleShot=True)
        self._rest.timeout.connect(self._forget)
        self.picker = Picker(self)
        self.picker.picked.connect(self._picked)
        self.picker.toggled.connect(self._toggled)
        self.picker.closed.connect(self._closed)

    @property
    def brackets(self) -> list[BracketButton]:
        """The bracket buttons in reading order."""
        return [p for p in self._parts if isinstance(p, BracketButton)]

    def show_view(self, view: SentenceView) -> None:
        """Draw a sentence; an open picker follows."""
        if same(view, self._view):
            return
        old, self._view = self._view, view
        if old is None or _shape(old) != _shape(view):
            self._rebuild(view)
        for part, shown in zip(view.parts, self._parts, strict=True):
            if isinstance(shown, BracketButton):
                assert isinstance(part, Bracket)
                shown.show_bracket(part, self._language)
            else:
                assert isinstance(part, str)
                shown.say(part.strip())
                shown.setProperty("glued", _glue(part.strip()))
        if self._open is not None and self._open.bracket is not None and self.picker.isVisible():
            self.picker.fill(self._open.bracket, self._language)
        if self._fitted != self._rooms():  # most moves of a slider change a note within its room
            self._fit()
        if self.isVisible():
            self._rest.start()

    def retranslate(self, language: str) -> None:
        """Name the pickers in another language."""
        self._language = language
        for button in self.brackets:
            if button.bracket is not None:
                button.show_bracket(button.bracket, language)
        self._fit()

    def open_picker(self, slot: str) -> None:
        """Open the picker of a slot."""
        for button in self.brackets:
            if button.bracket is not None and button.bracket.slot == slot:
                self._show(button)

    def _rebuild(self, view: SentenceView) -> None:
        self.picker.hide()
        while self._flow.count():
            self._flow.takeAt(0)
        for gone in self._parts:
            gone.setParent(None)
            gone.deleteLater()
        self._parts = []
        for part in view.parts:
            shown: Label | BracketButton
            if isinstance(part, str):
                shown = Label("lead")
            else:
                shown = BracketButton()
                shown.clicked.connect(lambda _=False, shown=shown: self._show(shown))
            self._parts.append(shown)
            self._flow.addWidget(shown)
            shown.show()  # a hidden part would have no place in the line

    def _show(self, button: BracketButton) -> None:
        if button.bracket is None:
            return
        self._open = button
        button.set_open(True)
        self.picker.fill(button.bracket, self._language)
        self.picker.open_at(button)

    def _closed(self) -> None:
        if self._open is not None:
            self._open.set_open(False)

    def _picked(self, chosen: str) -> None:
        if self._open is not None and self._open.bracket is not None:
            self.picked.emit(self._open.bracket.slot, chosen)

    def _toggled(self, chosen: str, on: bool) -> None:
        if self._open is not None and self._open.bracket is not None:
            self.toggled.emit(self._open.bracket.slot, chosen, on)

    def _fit(self) -> None:
        """Keep the defences' note, for it says how strong they are; the others unless they cost a line."""
        if not self.width():
            return
        slots = {b.bracket.slot: b for b in self.brackets if b.bracket is not None}
        for slot, button in slots.items():
            button.set_noted(slot == "defense")
        roomy = self._lines(False)
        dense = roomy > 1 and self._lines(True) < roomy
        fewest = self._lines(dense)
        for slot, button in sorted(slots.items(), key=lambda known: known[0] != "attack"):
            if slot == "defense":
                continue
            button.set_noted(True)
            if self._flow.lines(self.width()) > fewest:
                button.set_noted(False)
        self._fitted = self._rooms()
        self.updateGeometry()

    def _rooms(self) -> list[object]:
        return [b.room() for b in self.brackets]

    def _lines(self, dense: bool) -> int:
        for button in self.brackets:
            button.set_dense(dense)
        self._flow.set_gap(6 if dense else 8)
        return self._flow.lines(self.width())

    def _forget(self) -> None:
        for button in self.brackets:
            button.forget_width()
        self._fit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest with the window."""
        super().hideEvent(event)
        self._rest.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit again when the type has changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            QTimer.singleShot(0, self, self._forget)


def _glue(words: str) -> int:
    """Return the gap before words that may not begin a line: punctuation and Japanese particles; else 0."""
    if words[:1] in tuple(".,:;!?、。"):
        return 2
    return 7 if "\u3041" <= words[:1] <= "\u309f" or words[:1] in "·・" else 0


def _shape(view: SentenceView) -> tuple[str, ...]:
    return tuple("word" if isinstance(part, str) else part.slot for part in view.parts)
