"""The one window: it lays the widgets out, hands views on, and reports gestures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QActionGroup, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mi_studio.app import theme
from mi_studio.app.theme import px, scaled
from mi_studio.app.widgets.about import About, Shortcuts
from mi_studio.app.widgets.banner import Banner
from mi_studio.app.widgets.common import Button, Card, IconButton, Label, Menu
from mi_studio.app.widgets.cost import CostPanel
from mi_studio.app.widgets.curve import Curve
from mi_studio.app.widgets.desk import DeskPage
from mi_studio.app.widgets.effects import EffectsPage
from mi_studio.app.widgets.exact import ExactLine
from mi_studio.app.widgets.glossary import Glossary
from mi_studio.app.widgets.knobs import ProtectionPanel
from mi_studio.app.widgets.lesson import LessonPanel
from mi_studio.app.widgets.page import Page
from mi_studio.app.widgets.panes import PaneRow, PicturePane
from mi_studio.app.widgets.picture import MARGIN
from mi_studio.app.widgets.seen import SeenPanel
from mi_studio.app.widgets.sentence import Sentence
from mi_studio.app.widgets.side import Side
from mi_studio.app.widgets.talk import TalkRow
from mi_studio.app.widgets.timeline import Timeline
from mi_studio.app.widgets.tradeoff import TradeoffPage
from mi_studio.app.widgets.verdict import Verdict
from mi_studio.app.words import (
    ABOUT,
    APP,
    FULL_SCREEN,
    GLOSSARY,
    HELP,
    LANGUAGE,
    LARGER,
    LESSONS,
    LESSONS_HELP,
    MIXED,
    OPEN,
    OPEN_HELP,
    PAGES,
    QUIT,
    SAVE,
    SAVE_HELP,
    SAVE_PAGE,
    SAVE_PICTURE,
    SAVE_RUN,
    SAVE_SCENE,
    SHORTCUTS,
    SMALLER,
    STILL,
    TAGLINE,
    TALK,
    THEME,
    THEMES,
    TOUR,
    ZOOM,
    ZOOMED_HOME,
    say,
)
from mi_studio.core.text import Text
from mi_studio.studio.views import StageView
from mi_studio.studio.words import JOIN

SMALLEST = (1000, 640)
ANY = 16777215
"""Qt's word for no limit of a size."""
NARROW = (900, 700)
"""Below these widths of the window, and of what a lesson leaves of it, the column is below the pictures."""
LARGE = (1680, 940)
"""From this size on, type is a quarter larger, so that the back row can read it."""
TIMED = ("stage", "desk")
"""Pages that follow the run, above its timeline."""
GUARDED: dict[object, str] = {
    QKeySequence.StandardKey.Open: "open",
    QKeySequence.StandardKey.Save: "save",
    QKeySequence.StandardKey.Paste: "open",
    Qt.Key.Key_F2: "lessons",
}
"""Keys that do what a teacher's file can lock."""
THEME_ICONS = {"light": "sun", "dark": "moon", "contrast": "contrast"}


class Translated(Protocol):
    """A part of the window that has words of its own."""

    def retranslate(self, language: str) -> None:
        """Say them in ``language``."""


class TopBar(QFrame):
    """Name at the left; language, colours, files and help at the right."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("topbar")
        scaled(self.setFixedHeight, 50)
        self.name, self.tagline = Label("name"), Label("quiet")
        self.lessons, self.open, self.save = Button("lesson"), Button("open"), Button("save")
        self.lessons.setCheckable(True)
        self.lessons.setProperty("segment", True)
        self.help = IconButton("help", 34)
        self.teacher = Button("lesson", "accent")
        self.teacher.setProperty("link", True)
        self.teacher.hide()
        self.colors = IconButton("sun", 34)
        self.languages = {"ja": Button(), "en": Button()}
        for language, title in (("ja", "日本語"), ("en", "English")):
            self.languages[language].setText(title)
        self.pages = {page: Button() for page in PAGES}
        self.page = Button()  # a menu of the pages, where their buttons have no room
        self.page.setProperty("segment", True)
        self.hidden: frozenset[str] = frozenset()
        self._words: dict[Button, str] = {}
        row = QHBoxLayout(self)
        scaled(row.setContentsMargins, 20, 0, 20, 0)
        scaled(row.setSpacing, 8)
        row.addWidget(self.name)
        row.addSpacing(10)
        row.addLayout(_segments(self.pages))
        row.addWidget(self.page)
        row.addSpacing(10)
        row.addWidget(self.tagline)
        row.addStretch(1)
        row.addWidget(self.teacher)
        row.addWidget(self.lessons)
        row.addWidget(self.open)
        row.addWidget(self.save)
        row.addSpacing(10)
        row.addLayout(_segments(self.languages))
        row.addSpacing(10)
        row.addWidget(self.colors)
        row.addWidget(self.help)

    def fit(self) -> None:
        """Leave out what there is no room for: tagline, name, the words beside icons, all pages but one."""
        row = self.layout()
        if row is None:
            return
        for tagline, name, words, edge, pages in (
            (True, True, True, 20, True),
            (False, True, True, 20, True),
            (False, False, True, 20, True),
            (False, False, False, 20, True),
            (False, False, True, 20, False),
            (False, False, False, 4, False),
        ):
            for button in self.pages.values():
                button.setVisible(pages and "pages" not in self.hidden)
            self.page.setVisible(not pages and "pages" not in self.hidden)
            self.tagline.setVisible(tagline)
            self.name.setVisible(name)
            scaled(row.setContentsMargins, edge, 0, edge, 0)
            for button, said in self._words.items():
                button.setText(said if words else "")
            row.invalidate()
            if row.sizeHint().width() <= self.width():
                break

    def name_button(self, button: Button, words: str) -> None:
        """Set the words that stand beside a button's icon where there is room."""
        self._words[button] = words

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit anew."""
        super().resizeEvent(event)
        self.fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit anew when the type has changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            QTimer.singleShot(0, self, self.fit)


def _segments(buttons: Mapping[str, Button]) -> QHBoxLayout:
    """Put buttons side by side, of which one is chosen."""
    segments = QHBoxLayout()
    scaled(segments.setSpacing, 4)
    for button in buttons.values():
        button.setCheckable(True)
        button.setProperty("segment", True)
        segments.addWidget(button)
    return segments


class MainWindow(QMainWindow):
    """MI Studio's window.

    ``sentence``, ``panes`` (0 is the secret), ``curve``, ``verdict``, ``protection``, ``seen``, ``cost`` and
    ``timeline`` have signals of their own; these are the window's:

    Signals
    -------
    language_chosen
        ``"en"`` or ``"ja"``.
    theme_chosen
        ``"light"``, ``"dark"`` or ``"contrast"``.
    page_chosen
        The page that is now shown, by its key in `PAGES`.
    stillness_chosen
        Whether nothing shall move by itself.
    zoom_requested
        1 for larger, -1 for smaller, 0 for nominal size.
    lessons_requested, tour_requested, open_recording_requested, save_requested, save_page_requested,
    save_picture_requested, quit_requested
        From buttons, menus and shortcuts. Closing the window by its frame sends no signal.
    """

    language_chosen = Signal(str)
    theme_chosen = Signal(str)
    page_chosen = Signal(str)
    stillness_chosen = Signal(bool)
    zoom_requested = Signal(int)
    save_scene_requested = Signal()
    talk_requested = Signal()
    lessons_requested = Signal()
    tour_requested = Signal()
    open_recording_requested = Signal()
    save_requested = Signal()
    save_page_requested = Signal()
    save_picture_requested = Signal()
    quit_requested = Signal()

    def __init__(self, language: str = "en", theme: str = "light") -> None:
        super().__init__()
        self._language = language
        self._view: StageView | None = None
        self._mixed = ""
        self.top, self.sentence, self.banner = TopBar(), Sentence(), Banner()
        self.row, self.curve, self.verdict = PaneRow(3), Curve(), Verdict()
        self.protection, self.seen, self.cost = ProtectionPanel(), SeenPanel(), CostPanel()
        self.exact = ExactLine()
        self.protection.set_foot(self.exact)
        self.timeline, self.talk_row = Timeline(), TalkRow()
        self.talking = False
        self._hidden: frozenset[str] = frozenset()
        self._guarded: list[tuple[str, QShortcut]] = []
        self.lesson = LessonPanel()
        self.tradeoff = TradeoffPage()
        self.effects, self.desk = EffectsPage(), DeskPage()
        self.page = "stage"
        self.panes: list[PicturePane] = self.row.panes
        self.panes[0].set_accepts_files(True)
        self._lay_out()
        self._make_menus()
        self.set_theme(theme)
        self._make_shortcuts()
        self.retranslate(language)
        self.resize(1280, 800)
        self.setMinimumSize(*SMALLEST)

    def _lay_out(self) -> None:
        card = Card(margin=18 - MARGIN, spacing=6)
        card.column.addWidget(self.row, 1000)
        below = QVBoxLayout()
        below.setContentsMargins(MARGIN, 0, MARGIN, 4)
        scaled(below.setSpacing, 7)
        below.addWidget(self.curve, 1)
        below.addWidget(self.verdict)
        card.column.addLayout(below, 1)

        self.side = Side(self.protection, self.seen, self.cost)

        middle = QHBoxLayout()
        beside = self._beside = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        for line in (middle, beside):
            scaled(line.setSpacing, 14)
        beside.addWidget(card, 1)
        beside.addWidget(self.side)
        middle.addLayout(beside, 1)
        self._lesson_rows = {
            "stage": middle, "tradeoff": self.tradeoff.row, "effects": self.effects.row, "desk": self.desk.row
        }  # fmt: skip
        inside = QWidget()
        body = QVBoxLayout(inside)
        scaled(body.setContentsMargins, 20, 9, 20, 9)
        scaled(body.setSpacing, 9)
        body.addWidget(self.sentence)
        body.addLayout(middle, 1)
        stage = QWidget()
        column = QVBoxLayout(stage)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.ground = Page(inside)
        column.addWidget(self.ground, 1)
        self.pages = QStackedWidget()
        for page in (stage, *map(Page, (self.tradeoff, self.effects, self.desk))):  # in the order of PAGES
            self.pages.addWidget(page)
        self._seat_lesson()
        ground = QWidget()
        ground.setObjectName("stage")
        whole = QVBoxLayout(ground)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.top)
        whole.addWidget(self.banner)
        whole.addWidget(self.pages, 1)
        whole.addWidget(self.timeline)
        whole.addWidget(self.talk_row)
        self.whole = ground
        self.setCentralWidget(ground)
        ground.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        ground.setFocus()

    def _make_menus(self) -> None:
        top = self.top
        top.lessons.clicked.connect(self.lessons_requested)
        top.open.clicked.connect(self.open_recording_requested)
        for language, button in top.languages.items():
            button.clicked.connect(lambda _=False, chosen=language: self._choose_language(chosen))
        for page, button in top.pages.items():
            button.clicked.connect(lambda _=False, chosen=page: self.show_page(chosen))
        save, colors, helps, pages = Menu(self), Menu(self), Menu(self), Menu(self)
        self._page_actions = {page: pages.addAction("") for page in PAGES}
        for page, action in self._page_actions.items():
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, chosen=page: self.show_page(chosen))
        top.page.setMenu(pages)
        self._save_run = save.addAction("")
        self._save_run.triggered.connect(self.save_requested)
        self._save_page = save.addAction("")
        self._save_page.triggered.connect(self.save_page_requested)
        self._save_scene = save.addAction("")
        self._save_scene.triggered.connect(self.save_scene_requested)
        self._save_picture = save.addAction("")
        self._save_picture.triggered.connect(self.save_picture_requested)
        top.save.setMenu(save)
        group = QActionGroup(self)
        self._themes = {}
        for name in theme.THEMES:
            action = colors.addAction("")
            action.setCheckable(True)
            group.addAction(action)
            action.triggered.connect(lambda _=False, chosen=name: self._choose_theme(chosen))
            self._themes[name] = action
        colors.addSeparator()
        self._larger, self._smaller, self._unzoomed = (colors.addAction("") for _ in range(3))
        for action, by in ((self._larger, 1), (self._smaller, -1), (self._unzoomed, 0)):
            action.triggered.connect(lambda _=False, by=by: self.zoom_requested.emit(by))
        colors.addSeparator()
        self._still = colors.addAction("")
        self._still.setCheckable(True)
        self._still.triggered.connect(self.stillness_chosen)
        top.colors.setMenu(colors)
        self._tour = helps.addAction("")
        self._tour.triggered.connect(self.tour_requested)
        self._glossary = helps.addAction("")
        self._glossary.triggered.connect(self.show_glossary)
        self._keys = helps.addAction("")
        self._keys.triggered.connect(lambda: Shortcuts(self, self._language).open())
        self._talk = helps.addAction("")
        self._talk.triggered.connect(self.talk_requested)
        self._full = helps.addAction("")
        self._full.triggered.connect(self.toggle_full_screen)
        self._about = helps.addAction("")
        self._about.triggered.connect(self.show_about)
        helps.addSeparator()
        self._quit = helps.addAction("")
        self._quit.triggered.connect(self.quit_requested)
        top.help.setMenu(helps)
        for opener in (top.colors, top.help):
            opener.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _make_shortcuts(self) -> None:
        self._stage_keys: list[QShortcut] = []
        for key, slot in (
            (Qt.Key.Key_Space, self._space),
            (Qt.Key.Key_Left, lambda: self.timeline.stepped.emit(-1)),
            (Qt.Key.Key_Right, lambda: self.timeline.stepped.emit(1)),
            (Qt.Key.Key_Home, lambda: self.timeline.restarted.emit(False)),
            (QKeySequence.StandardKey.Open, self.open_recording_requested.emit),
            (QKeySequence.StandardKey.Save, self.save_requested.emit),
            (QKeySequence.StandardKey.Paste, lambda: self.panes[0].paste_requested.emit()),
            (Qt.Key.Key_F1, self.show_glossary),
            (Qt.Key.Key_F2, self.lessons_requested.emit),
            (Qt.Key.Key_F11, self.toggle_full_screen),
            ("Ctrl+Q", self.quit_requested.emit),
        ):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.activated.connect(slot)
            if (part := GUARDED.get(key)) is not None:
                self._guarded.append((part, shortcut))
            if key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home):
                self._stage_keys.append(shortcut)
        for place, page in enumerate(PAGES, 1):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{place}"), self)
            shortcut.activated.connect(lambda page=page: self.show_page(page))
            self._guarded.append(("pages", shortcut))

    def _space(self) -> None:
        """Space presses the button that was reached by Tab, and plays otherwise."""
        focused = QApplication.focusWidget()
        if isinstance(focused, QToolButton) and focused.menu() is not None:
            focused.showMenu()
        elif isinstance(focused, QAbstractButton):
            focused.click()
        elif self.page in TIMED:
            self.timeline.play_toggled.emit()

    def show_view(self, view: StageView) -> None:
        """Draw the stage; what did not change costs nothing."""
        old, self._view = self._view, view
        if view is old:
            return
        if old is None or _places(old) != _places(view):
            for pane in self.row.set_count(*_places(view)):
                pane.retranslate(self._language)
        self.row.show_views(view.panes)
        if old is None or _heights(old) != _heights(view):
            self.row.align()
        if old is None or old.sentence is not view.sentence:
            self.sentence.show_view(view.sentence)
        if old is None or old.knobs is not view.knobs:
            self.protection.show_view(view.knobs)
        self.seen.show_view(view.seen)
        self.cost.show_view(view.cost)
        if old is None or _side_words(old) != _side_words(view):
            self.side.fit()
        self.verdict.show_view(view.verdict)
        self.curve.show_view(view.curve)
        self.timeline.show_view(view.timeline)
        if old is None or old.mixed != view.mixed:
            self.set_mixed(view.mixed)

    def set_mixed(self, text: str) -> None:
        """Show the badge of a mixed run on the attacker's picture, with ``text`` as its explanation."""
        self._mixed = text
        badge = say(MIXED, self._language) if text else ""
        panes = self._view.panes if self._view is not None else ()
        for i, pane in enumerate(self.panes):
            mine = panes[i].ring if i < len(panes) else False
            pane.set_badge(badge if mine else "", text)
        self.row.align()

    def show_page(self, page: str) -> None:
        """Show a page, by its key in `PAGES`; what runs goes on."""
        self.page = page
        self._seat_lesson()
        self.pages.setCurrentIndex(list(PAGES).index(page))
        for shortcut in self._stage_keys:
            shortcut.setEnabled(page in TIMED)
        self.timeline.setVisible(page in TIMED and not self.talking)
        self._mark_page()
        self.page_chosen.emit(page)
        if page == "tradeoff":
            self.tradeoff.list.setFocus()
        elif page == "effects":
            self.effects.grid.setFocus()
        elif page == "desk":
            (self.desk.log if self.desk.filled else self.desk).setFocus()

    def _seat_lesson(self) -> None:
        """Put the lesson at the left of the page that is shown."""
        closed = self.lesson.isHidden()
        self._lesson_rows[self.page].insertWidget(0, self.lesson)
        self.lesson.setVisible(not closed)

    def _mark_page(self) -> None:
        top = self.top
        for name, button in top.pages.items():
            button.setChecked(name == self.page)
            self._page_actions[name].setText(button.text())
            self._page_actions[name].setChecked(name == self.page)
        top.page.setText(f"{top.pages[self.page].text()} ▼")
        top.page.setAccessibleName(top.pages[self.page].text())

    def show_message(self, kind: str, text: Text, details: str = "") -> None:
        """Show an ``"error"`` or ``"info"`` above the stage, without stopping anything."""
        self.banner.show_message(kind, text, details)

    def show_glossary(self) -> None:
        """Open the glossary, in which a word can be looked up."""
        glossary = Glossary(self, self._language)
        glossary.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        glossary.open()

    def show_about(self) -> None:
        """Open the dialog with versions and licences."""
        About(self, self._language).open()

    def set_theme(self, name: str) -> None:
        """Show which colours are chosen. `theme.apply` changes them."""
        if name in self._themes:
            self._themes[name].setChecked(True)
            self.top.colors.set_icon(THEME_ICONS[name])

    def show_zoom(self, zoom: float) -> None:
        """Show how large everything is. `theme.set_scale` makes it so."""
        said, home = (say(words, self._language, percent=round(100 * zoom)) for words in (ZOOM, ZOOMED_HOME))
        self._unzoomed.setText(f"{said if zoom == 1 else home}\tCtrl+0")
        self._unzoomed.setEnabled(zoom != 1)
        self._larger.setEnabled(zoom < theme.ZOOMS[-1])
        self._smaller.setEnabled(zoom > theme.ZOOMS[0])
        named = self.top.colors.accessibleName(), said
        self.top.colors.setToolTip(say(JOIN, self._language).join(named))

    def set_still(self, still: bool) -> None:
        """Show whether motion is reduced. `motion.apply` reduces it."""
        self._still.setChecked(still)

    def _choose_language(self, language: str) -> None:
        for code, button in self.top.languages.items():
            button.setChecked(code == self._language)  # whoever decides will call retranslate
        self.language_chosen.emit(language)

    def _choose_theme(self, name: str) -> None:
        self.set_theme(name)
        self.theme_chosen.emit(name)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def retranslate(self, language: str) -> None:
        """Say everything that is the window's own in ``"en"`` or ``"ja"``; views bring their own words."""
        self._language = language
        top = self.top
        self.setWindowTitle(say(APP, language))
        top.name.say(say(APP, language))
        top.tagline.say(say(TAGLINE, language))
        for button, words, long, key in (
            (top.lessons, LESSONS, LESSONS_HELP, "F2"),
            (top.open, OPEN, OPEN_HELP, "Ctrl+O"),
            (top.save, SAVE, SAVE_HELP, ""),
        ):
            top.name_button(button, say(words, language))
            button.setAccessibleName(say(long, language))
            button.setToolTip(f"{say(long, language)} ({key})" if key else say(long, language))
        for place, (page, button) in enumerate(top.pages.items(), 1):
            button.setText(say(PAGES[page], language))
            button.setAccessibleName(button.text())
            button.setToolTip(f"{button.text()} (Ctrl+{place})")
        self._mark_page()
        for code, button in top.languages.items():
            button.setChecked(code == language)
            button.setAccessibleName(f"{say(LANGUAGE, language)}: {button.text()}")
        top.fit()
        top.colors.name(say(THEME, language))
        top.help.name(say(HELP, language))
        for name, action in self._themes.items():
            action.setText(say(THEMES[name], language))
        for action, words, key in (
            (self._save_run, SAVE_RUN, "Ctrl+S"),
            (self._save_page, SAVE_PAGE, ""),
            (self._save_picture, SAVE_PICTURE, ""),
            (self._save_scene, SAVE_SCENE, ""),
            (self._larger, LARGER, "Ctrl++"),
            (self._smaller, SMALLER, "Ctrl+-"),
            (self._still, STILL, ""),
            (self._tour, TOUR, ""),
            (self._glossary, GLOSSARY, "F1"),
            (self._keys, SHORTCUTS, ""),
            (self._talk, TALK, "F5"),
            (self._full, FULL_SCREEN, "F11"),
            (self._about, ABOUT, ""),
            (self._quit, QUIT, "Ctrl+Q"),
        ):
            action.setText(say(words, language) + (f"\t{key}" if key else ""))
        parts: tuple[Translated, ...] = (
            self.sentence,
            self.banner,
            self.curve,
            self.verdict,
            self.protection,
            self.exact,
            self.seen,
            self.cost,
            self.timeline,
            self.talk_row,
            self.lesson,
            self.tradeoff,
            self.effects,
            self.desk,
            *self.panes,
        )
        for part in parts:
            part.retranslate(language)
        self.set_mixed(self._mixed)
        self.show_zoom(theme.zoom())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit everything to another size."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit everything to another scale."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "pages"):
            self._fit()

    def _fit(self) -> None:
        """Give the columns their widths, low windows less to say, and large ones larger type."""
        large = self.width() >= LARGE[0] and self.height() >= LARGE[1]
        wanted = 1.25 if large else 1.0
        if self.talking:
            wanted = max(1.0, min(self.width() / 1280, self.height() / 720))
        if wanted != theme.room():
            QTimer.singleShot(0, self, lambda: _rescale(wanted))
        nominal = self.height() / theme.zoom()
        low = nominal < 740
        self.curve.set_compact(low)
        self.verdict.set_compact(low)
        self.row.set_compact(low)
        self.side.set_compact(nominal < 880)
        self.lesson.setFixedWidth(min(px(520), max(px(300), round(self.width() * 0.26))))
        self.tradeoff.fit(self.width())
        self.turn_side()

    def set_limits(self, hidden: frozenset[str], locked: frozenset[str]) -> None:
        """Hide and lock what a teacher's file wants so; see `studio.scenefile`."""
        self._hidden = self.top.hidden = hidden
        top = self.top
        for part, buttons in (
            ("lessons", [top.lessons]),
            ("open", [top.open]),
            ("save", [top.save]),
            ("pages", [top.page, *top.pages.values()]),
            ("language", [*top.languages.values()]),
            ("colors", [top.colors]),
        ):
            for button in buttons:
                button.setVisible(part not in hidden)
                button.setEnabled(part not in locked)
        for part, shortcut in self._guarded:
            shortcut.setEnabled(part not in hidden | locked)
        self.sentence.set_locked(locked)
        for knobs in (self.protection, self.talk_row):
            knobs.set_locked(locked)
        self.curve.setVisible("curve" not in hidden and not self.talking)
        self.show_side(True)
        top.fit()

    def show_side(self, wanted: bool) -> None:
        """Show the column beside the pictures, where nothing else speaks against it."""
        self.side.setVisible(wanted and not self.talking and "side" not in self._hidden)

    def set_talking(self, talking: bool) -> None:
        """Have only sentence, pictures and verdict on the screen, and one row of controls."""
        self.talking = talking
        self.top.setVisible(not talking)
        self.curve.setVisible(not talking and "curve" not in self._hidden)
        self.show_side(True)
        self.talk_row.setVisible(talking)
        self.timeline.setVisible(not talking and self.page in TIMED)
        for shortcut in self._stage_keys[2:]:
            shortcut.setEnabled(not talking)  # Home leads to the start of the talk
        self._fit()

    def turn_side(self) -> None:
        """Have the right column beside the pictures, or below them where the width is too small for both."""
        width = self.width()
        beside = width - (0 if self.lesson.isHidden() else self.lesson.width())
        below = width < px(NARROW[0]) or beside < px(NARROW[1])
        way = QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight
        self._beside.setDirection(way)
        self.side.setMaximumWidth(ANY)
        self.side.setMinimumWidth(0)
        if not below:
            self.side.setFixedWidth(min(px(470), max(px(300), round(width * 0.25))))
        self.side.set_whole(below)
        self.ground.set_roomy(below)


def _rescale(wanted: float) -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication):
        theme.set_scale(app, wanted)


def _side_words(view: StageView) -> tuple[object, ...]:
    """Return what the heights of the cards beside the pictures depend on."""
    knobs = tuple((k.id, k.title, k.reason, k.note) for k in view.knobs)
    bars = len(view.seen.view.bars) if view.seen.view is not None else 0
    return knobs, bars, view.seen.sentence, len(view.cost.figures), view.cost.sentence


def _places(view: StageView) -> tuple[int, int]:
    """Return how many panes there are, and for how many there is room at least."""
    return len(view.panes), 2 if view.panes[0].names or view.panes[0].records else 3


def _heights(view: StageView) -> tuple[object, ...]:
    """Return what the heights of the panes' texts depend on."""
    return tuple((p.title, p.subtitle, p.footer, p.meter is None) for p in view.panes)
