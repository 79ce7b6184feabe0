# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""The panes of the stage: a picture with its words, and the row of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mi_studio.app import theme
from mi_studio.app.theme import px, scaled
from mi_studio.app.widgets.bar import Bar
from mi_studio.app.widgets.common import Button, IconButton, Label, height_for, margins
from mi_studio.app.widgets.picture import MARGIN, PictureView
from mi_studio.app.widgets.record import Records
from mi_studio.app.words import (
    BACK_TO_ALL,
    DROP,
    NOTHING_YET,
    OWN_PICTURE,
    PASTE_HELP,
    TWIN_HERE,
    WALL_HELP,
    say,
)
from mi_studio.studio.views import PaneView

FOOT = 26
"""Height of the line below a picture."""


class PicturePane(QWidget):
    """A picture with its title above and its meter and footer below.

    Signals
    -------
    file_dropped
        Path (or address) of the file that was dropped.
    open_requested, paste_requested
        From the two small buttons, shown where pictures are accepted.
    """

    file_dropped = Signal(str)
    open_requested = Signal()
    paste_requested = Signal()
    SHORTEST = 32
    """Length in pixels below which a meter's bar would say nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self.subtitle = Label("title", wrap=True), Label("quiet", wrap=True)
        self.view, self.records = PictureView(), Records()
        self.records.hide()
        self.back = IconButton("close", 30)
        self.back.setParent(self.view)
        self.back.hide()
        self.back.clicked.connect(lambda: self.view.enlarged.emit(-1))
        self.view.resized.connect(self._place_back)
        self.badge = Label("badge")
        self.badge.setParent(self.view)
        self.badge.move(MARGIN + 8, MARGIN + 8)
        self.badge.hide()
        self.meter_name, self.meter_number = Label("quiet"), Label("title")
        self.meter_bar = Bar("leak")
        self.footer = Label("quiet", wrap=True)
        self.own, self.paste = Button("picture", "accent"), Button("paste", "accent")
        scaled(self.footer.setMinimumHeight, FOOT)
        for button in (self.own, self.paste):
            button.setProperty("link", True)
        self.own.clicked.connect(self.open_requested)
        self.paste.clicked.connect(self.paste_requested)

        self.header = QWidget()
        top = QVBoxLayout(self.header)
        scaled(top.setContentsMargins, MARGIN, 0, 0, 0)  # the gap to the next pane is room enough
        scaled(top.setSpacing, 3)
        top.addWidget(self.title)
        top.addWidget(self.subtitle)
        top.addStretch(1)

        self.meter = QWidget()
        scaled(self.meter.setFixedHeight, FOOT)
        meter = self._meter = QHBoxLayout(self.meter)
        meter.setContentsMargins(0, 0, 0, 0)
        scaled(meter.setSpacing, 8)
        meter.addWidget(self.meter_name)
        meter.addWidget(self.meter_bar, 1)
        meter.addWidget(self.meter_number)

        self.foot = QWidget()
        foot = QVBoxLayout(self.foot)
        scaled(foot.setContentsMargins, MARGIN, 2, MARGIN, 0)
        scaled(foot.setSpacing, 2)
        foot.addWidget(self.meter)
        tools = QHBoxLayout()
        scaled(tools.setSpacing, 2)
        tools.addWidget(self.footer, 1)
        tools.addWidget(self.own)
        tools.addWidget(self.paste)
        foot.addLayout(tools)
        foot.addStretch(1)

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        scaled(column.setSpacing, 2)
        column.addWidget(self.header)
        column.addWidget(self.view, 1)
        column.addWidget(self.records, 1)
        column.addWidget(self.foot)
        self._view: PaneView | None = None
        self._own_text = ""
        self._vacant = False
        self._at = -1
        self._language = "en"
        scaled(self.setMinimumWidth, 120)
        self.meter.hide()
        self.set_accepts_files(False)
        self.retranslate("en")

    def set_accepts_files(self, accepts: bool) -> None:
        """Take dropped files, and show the two buttons."""
        self.setAcceptDrops(accepts)
        self.own.setVisible(accepts)
        self.paste.setVisible(accepts)

    def set_vacant(self, vacant: bool) -> None:
        """Stand empty, with a hint of what will come here."""
        if vacant != self._vacant:
            self._vacant = vacant
            if vacant:
                self.show_view(PaneView("", "", "", None, None, ""))
            self.retranslate(self._language)

    def set_badge(self, text: str, explanation: str = "") -> None:
        """Show a badge on the picture; an empty text hides it."""
        self.badge.say(text)
        self.badge.setToolTip(explanation)
        self.badge.setAccessibleDescription(explanation)
        self.badge.adjustSize()
        self.badge.setVisible(bool(text))

    def show_view(self, view: PaneView) -> None:
        """Draw a pane."""
        if view.records:
            self.view.set_pictures(None, view.ring)
        else:
            self.view.set_pictures(view.pictures, view.ring, view.names)
        self.records.show_records(view.records, view.ring)
        self._stand(bool(view.records))
        old, self._view = self._view, view
        if old is not None and _words(old) == _words(view):
            return
        self.title.say(view.title)
        self.subtitle.say(view.subtitle)
        self.footer.say(view.footer)
        self.footer.setToolTip(view.footer)
        self.footer.setVisible(bool(view.footer))
        self.meter.setVisible(view.meter is not None)
        if view.meter is not None:
            name, share, number = view.meter
            self.meter_name.say(name)
            self.meter_bar.set_share(share)
            self.meter_number.say(number)
            self.meter.setToolTip(f"{name} {number}")
        self._fit()
        self._describe()
        self.view.setToolTip("\n".join(t for t in (view.subtitle, view.described) if t))

    def _stand(self, recorded: bool) -> None:
        """Have records in the place of pictures, or pictures; the badge lies on what is there."""
        if recorded != self.view.isHidden():
            self.view.setVisible(not recorded)
            self.records.setVisible(recorded)
            self.badge.setParent(self.records if recorded else self.view)
            self.badge.move(MARGIN + 8, MARGIN + 8)
            self.badge.setVisible(bool(self.badge.said))

    def point(self, at: int, alone: int, leads: bool) -> None:
        """Point at a picture of the wall and show one alone, or neither (-1).

        The leading pane is the one that Tab reaches, and has the button that leads back to all.
        """
        several = self.view.several
        self.view.setFocusPolicy(
            Qt.FocusPolicy.NoFocus
            if not several
            else Qt.FocusPolicy.StrongFocus
            if leads
            else Qt.FocusPolicy.ClickFocus
        )
        self.view.point(at)
        self.view.enlarge(alone)
        self.back.setVisible(several and leads and alone >= 0)
        self._place_back()
        self._at = at
        self._describe()

    def _place_back(self) -> None:
        """Put the button that leads back to all into the corner of the picture."""
        corner = self.view.frame().topRight()
        self.back.move(round(corner.x()) - self.back.width() - 6, MARGIN + 6)

    def _describe(self) -> None:
        """Say what the pictures are, and whose is pointed at."""
        view = self._view
        if view is not None and view.title:
            named = 0 <= self._at < len(view.names)
            self.view.setAccessibleName(f"{view.title}: {view.names[self._at]}" if named else view.title)
            self.records.setAccessibleName(view.title)
            self.records.describe(view.described)
            said = (view.described, say(WALL_HELP, self._language) if self.view.several else "")
            self.view.setAccessibleDescription(" ".join(t for t in said if t))

    def retranslate(self, language: str) -> None:
        """Say the pane's own words in another language."""
        self._language = language
        self.records.retranslate(language)
        self._own_text = say(OWN_PICTURE, language)
        self.own.setAccessibleName(self._own_text)
        self.own.setToolTip(self._own_text)
        self._fit()
        self.paste.setAccessibleName(say(PASTE_HELP, language))
        self.paste.setToolTip(f"{say(PASTE_HELP, language)} (Ctrl+V)")
        self.back.name(say(BACK_TO_ALL, language), "Esc")
        empty = say(TWIN_HERE if self._vacant else NOTHING_YET, language)
        self.view.set_words(empty, say(DROP, language))
        if self._vacant:
            self.view.setAccessibleName(empty)
            self.view.setToolTip(empty)

    def _fit(self) -> None:
        """Leave out the words of the button and of the meter where they have no room."""
        around = 2 * MARGIN + px(self.SHORTEST) + 2 * self._meter.spacing()
        words = (self.meter_name, self.meter_number)
        wanted = sum(label.fontMetrics().horizontalAdvance(label.said) + 2 for label in words)
        self.meter_name.setVisible(wanted + around <= self.width())
        self.own.setText(self._own_text)
        wanted = self.footer.fontMetrics().horizontalAdvance(self.footer.said) + 2
        wanted += self.own.sizeHint().width() + self.paste.sizeHint().width()
        if self.width() and wanted + 2 * MARGIN + 6 > self.width():
            self.own.setText("")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Let the badge be as large as its words when the type has changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            QTimer.singleShot(0, self.badge, self.badge.adjustSize)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self.view.set_dropping(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.view.set_dropping(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.view.set_dropping(False)
        urls = event.mimeData().urls()
        if urls:
            event.acceptProposedAction()
            self.file_dropped.emit(urls[0].toLocalFile() or urls[0].toString())


def _words(view: PaneView) -> tuple[object, ...]:
    return (view.title, view.subtitle, view.footer, view.meter, view.described)


class PaneRow(QWidget):
    """Panes side by side, with their pictures on one line and of one size."""

    GAP = 14
    ROOMY = 150
    TALLEST = 900
    """Height of which no record wants more."""

    def __init__(self, count: int = 3) -> None:
        super().__init__()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        scaled(self._row.setSpacing, self.GAP)
        self._used = self._wanted = 0
        self._at = self._alone = -1
        self._walled = 0
        self._told: tuple[bool, ...] = ()
        self.panes: list[PicturePane] = []
        self._compact = False
        self.set_count(count)

    def set_count(self, count: int, least: int = 3) -> list[PicturePane]:
        """Have this many panes; return the new ones. There is room for three at least.

        The third is where the undefended twin will be: the pictures keep their place when it comes. A wall
        needs the room more; it has ``least=2``.
        """
        used, count = count, max(least, count)
        new = []
        while len(self.panes) < count:
            pane = PicturePane()
            self.panes.append(pane)
            self._row.addWidget(pane, 1)
            self._dress(pane)
            pane.view.pointed.connect(self._point)
            pane.view.enlarged.connect(self._enlarge)
            new.append(pane)
        for i, pane in enumerate(self.panes):
            pane.set_vacant(used <= i < count)
        self._used, self._wanted = used, count
        self._give_way()
        return new

    def _give_way(self) -> None:
        """Show the panes that are wanted; empty ones only where their words have room."""
        roomy = self.width() >= self.ROOMY * self._wanted * theme.scale()
        for i, pane in enumerate(self.panes):
            pane.setVisible(i < (self._wanted if roomy or not self.width() else self._used))

    def show_views(self, views: Sequence[PaneView]) -> None:
        """Draw the panes; other pictures than before are shown all together."""
        for pane, view in zip(self.panes, views, strict=False):
            pane.show_view(view)
        pictures = [v.pictures for v in views if v.pictures is not None and not v.records]
        walls = [len(shown) for shown in pictures if len(shown) > 1]
        walled = max(walls, default=0)
        if walled != self._walled:
            self._walled, self._at, self._alone, self._told = walled, -1, -1, ()
        if self._told != tuple(pane.view.several for pane in self.panes):  # a wall has come, or a pane
            self._tell()
            self.align()

    def _point(self, at: int) -> None:
        if at != self._at:
            self._at = at
            self._tell()

    def _enlarge(self, alone: int) -> None:
        self._alone = alone
        if alone < 0:  # the keys are the timeline's again
            for pane in self.panes:
                pane.view.clearFocus()
        self._tell()
        self.align()

    def _tell(self) -> None:
        self._told = tuple(pane.view.several for pane in self.panes)
        for i, pane in enumerate(self.panes):
            pane.point(self._at, self._alone, leads=i == 0)

    def set_compact(self, compact: bool) -> None:
        """Leave the subtitles to the tooltips, for windows that are not high."""
        self._compact = compact
        for pane in self.panes:
            self._dress(pane)
        self.align()

    def _dress(self, pane: PicturePane) -> None:
        pane.subtitle.setVisible(not self._compact)
        pane.title.set_snug(self._compact)

    def align(self) -> None:
        """Give all headers one height, and all feet."""
        shown = [p for p in self.panes if not p.isHidden()]
        if not shown or not self.width():
            return
        width = (self.width() - px(self.GAP) * (len(shown) - 1)) // len(shown)
        header = max(height_for(p.header, width) for p in shown)
        foot = max(height_for(p.foot, width) for p in shown)
        for pane in shown:
            if pane.header.height() != header or pane.header.minimumHeight() != header:
                pane.header.setFixedHeight(header)
            side = min(width, max(0, self.height() - header - foot - 4)) - 2 * MARGIN
            pane.meter.setMaximumWidth(width if self._walled else max(px(250), side))
            if pane.foot.height() != foot or pane.foot.minimumHeight() != foot:
                pane.foot.setFixedHeight(foot)
        room = max(96, min(width, self._ceiling() - header - foot - 4))
        wanted = max(p.view.height_wanted(width, room) for p in shown) if self._walled else width
        recorded = [p.records.height_wanted(width, self.TALLEST) for p in shown if p.records.records]
        wanted = max(recorded, default=wanted)
        most = header + foot + wanted + 4
        if self.maximumHeight() != most:
            self.setMaximumHeight(most)

    def _ceiling(self) -> int:
        """Return how high the row could be: all that its card has and nothing below it wants."""
        card = self.parentWidget()
        layout = card.layout() if card is not None else None
        if card is None or layout is None:
            return self.height()
        others = [i for n in range(layout.count()) if (i := layout.itemAt(n)) and i.widget() is not self]
        _, top, _, bottom = margins(layout)
        inside = card.contentsRect()
        below = sum(
            i.heightForWidth(self.width()) if i.hasHeightForWidth() else i.sizeHint().height() for i in others
        )
        return inside.height() - top - bottom - layout.spacing() * len(others) - below

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if (card := self.parentWidget()) is not None:
            card.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Align again when the card has another size: a wall takes no more height than it can use."""
        if event.type() == QEvent.Type.Resize and self._walled:
            QTimer.singleShot(0, self, self.align)
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        """Align again when the type has changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            QTimer.singleShot(0, self, self.align)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._give_way()
        self.align()
