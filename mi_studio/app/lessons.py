"""Lessons on the window: gestures of the panel in, steps out, and the ring on the right widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import zip_longest

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QScrollArea, QWidget

from mi_studio.app.settings import Settings
from mi_studio.app.theme import px
from mi_studio.app.widgets.lesson import Ring, Veil
from mi_studio.app.window import MainWindow
from mi_studio.app.words import OFFER_TOUR, START_TOUR
from mi_studio.core.knobs import Value
from mi_studio.studio.course import Course
from mi_studio.studio.lessons import lessons
from mi_studio.studio.session import Session

NARROW = 1180
"""Below this width the column beside the pictures makes room for a lesson, unless the step is about it."""

MOST_HIDDEN = 3
"""So many parts of the window a step can cover."""

BESIDE = ("knob", "protection", "seen", "cost")
"""Targets in the column beside the pictures."""

PANES = ("secret", "attack", "twin")


def target(window: MainWindow, name: str) -> QWidget | None:
    """Return the part of the window that a lesson means; ``None`` where there is none of this name now.

    ``sentence.SLOT``, ``pane.secret``, ``pane.attack``, ``pane.twin``, ``knob.ID``, ``timeline.play``,
    ``timeline.film``, ``page.ID``, ``top.lessons``, ``top.help``, ``tradeoff.PART``, or the name of one of
    the window's own parts.
    """
    part, _, piece = name.partition(".")
    match part:
        case "sentence" if piece:
            buttons = (b for b in window.sentence.brackets if b.bracket and b.bracket.slot == piece)
            return next(buttons, None)
        case "pane":
            return window.panes[PANES.index(piece)]
        case "knob":
            rows = (row for row in window.protection.rows if row.knob == piece and not row.isHidden())
            return next(rows, None)
        case "timeline" if piece in ("play", "film"):
            return window.timeline.play if piece == "play" else window.timeline.film
        case "page":
            return window.top.pages[piece]
        case "top" if piece in ("lessons", "help", "save"):
            button: QWidget = getattr(window.top, piece)
            return button
        case "tradeoff" if piece in ("plot", "list", "open", "detail"):
            shown: QWidget = getattr(window.tradeoff, piece)
            return shown
        case "sentence" | "curve" | "verdict" | "protection" | "seen" | "cost" | "timeline":
            found: QWidget = getattr(window, part)
            return found
    return None


class WindowPages:
    """The pages of the window, as a lesson sees them."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    @property
    def page(self) -> str:
        """The page that is open."""
        return self._window.page

    @property
    def dot(self) -> Mapping[str, Value]:
        """The knobs of what is chosen on the Trade-off page."""
        dot = self._window.tradeoff.dot
        return dot.shown.config.values if dot is not None else {}

    def show(self, page: str) -> None:
        """Open a page."""
        self._window.show_page(page)

    def choose(self, knobs: Mapping[str, Value]) -> None:
        """Choose a setting on the Trade-off page."""
        self._window.tradeoff.choose(knobs)


class LessonDesk(QObject):
    """Brings the course, the panel and the ring together.

    Parameters
    ----------
    try_
        Does what the user asked for, tells what is wrong with it, and has the stage drawn anew.
    """

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        settings: Settings,
        language: str,
        try_: Callable[[Callable[[], object]], bool],
    ) -> None:
        super().__init__(window)
        self.window, self.settings, self.language = window, settings, language
        self.course = Course(session, settings.lessons, WindowPages(window))
        self.ring, self.veils = Ring(window), [Veil(window) for _ in range(MOST_HIDDEN)]
        self._try = try_
        self._scrolled = ""
        self._later = QTimer(self, interval=0, singleShot=True)
        self._later.timeout.connect(self._point)
        course, panel = self.course, window.lesson
        window.lessons_requested.connect(self.toggle)
        panel.opened.connect(lambda lesson: self._do(lambda: course.open(lesson)))
        panel.went_on.connect(lambda: self._do(course.go_on))
        panel.went_back.connect(lambda: self._do(course.go_back))
        panel.restarted.connect(lambda: self._do(course.restart))
        panel.helped.connect(lambda: self._do(course.help))
        panel.answered.connect(lambda option: self._do(lambda: course.answer(option)))
        panel.written.connect(lambda i, text: self._do(lambda: course.write(i, text)))
        panel.ticked.connect(lambda i, ticked: self._do(lambda: course.tick(i, ticked)))
        panel.left.connect(self._leave)
        window.tour_requested.connect(self.start_tour)
        window.banner.accepted.connect(self.start_tour)
        window.page_chosen.connect(self.draw)
        window.tradeoff.list.currentRowChanged.connect(self.draw)
        window.installEventFilter(self)

    def toggle(self) -> None:
        """Show the lessons, or put them away; an open lesson goes on where it was left."""
        panel = self.window.lesson
        panel.setVisible(panel.isHidden())
        if panel.isHidden():
            self.course.leave()
            self.keep()
        self.draw()

    def welcome(self) -> None:
        """Offer the tour to somebody who is here for the first time, and never again."""
        if not self.settings.welcomed:
            self.settings.welcomed = True
            self.window.banner.show_message("info", OFFER_TOUR, offered=START_TOUR)

    def start_tour(self) -> None:
        """Open the tour of the window."""
        self.open(lessons()[0].id)

    def open(self, lesson: str) -> None:
        """Open a lesson."""
        self.window.lesson.show()
        self._do(lambda: self.course.open(lesson))

    def draw(self) -> None:
        """Draw the step as it stands now; costs next to nothing while no lesson is shown."""
        panel = self.window.lesson
        self.window.top.lessons.setChecked(not panel.isHidden())
        if panel.isHidden():
            for over in (self.ring, *self.veils):
                over.put(None)
            self.window.show_side(True)
            self.window.turn_side()
            return
        self.course.look()
        view = self.course.view(self.language)
        panel.show_view(self.course.contents(self.language) if view is None else view)
        for over in (self.ring, *self.veils):
            over.language = self.language
        self._later.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Make room anew when the window has another size."""
        if event.type() == QEvent.Type.Resize and not self.window.lesson.isHidden():
            self._later.start()
        return super().eventFilter(watched, event)

    def keep(self) -> None:
        """Remember how far the learner is."""
        self.settings.lessons = self.course.kept

    def _do(self, act: Callable[[], object]) -> None:
        self._try(act)
        self.keep()
        self.draw()

    def _leave(self) -> None:
        if self.course.lesson is None:
            self.toggle()
        else:
            self._do(self.course.leave)

    def _point(self) -> None:
        """Put the ring where it belongs, after layouts have settled."""
        view = None if self.window.lesson.isHidden() else self.course.view(self.language)
        if not self.window.lesson.isHidden():
            part = view.target.partition(".")[0] if view is not None else ""
            roomy = part in BESIDE or self.window.width() >= px(NARROW)
            self.window.show_side(roomy)
            self.window.turn_side()
        around = target(self.window, view.target) if view is not None else None
        if view is not None and around is not None:
            step = f"{view.lesson} {view.at} {view.task}"  # what was done may have moved it
            if step != self._scrolled:
                self._scrolled = step
                _bring_into_sight(around)
        hidden = view.hidden if view is not None else ()
        for veil, name in zip_longest(self.veils, hidden, fillvalue=""):
            assert isinstance(veil, Veil)
            veil.put(target(self.window, name) if name else None)
        self.ring.leads = view is not None and view.target == "timeline.film"
        self.ring.put(around if view is None or view.task != "done" else None)


def _bring_into_sight(part: QWidget) -> None:
    above = part.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(part, 0, 8)
        above = above.parentWidget()
