# ruff: noqa: D102, ARG002 -- methods that Qt calls
"""The lesson beside the stage: its panel, and the ring around the part of the window that a step is about."""

from __future__ import annotations

import math
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen, QRegion, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from mi_studio.app import icons, theme
from mi_studio.app.theme import px, scaled
from mi_studio.app.widgets.bar import draw_bar
from mi_studio.app.widgets.common import (
    Button,
    Card,
    FlowLayout,
    IconButton,
    Label,
    explain,
    height_for,
    polish,
)
from mi_studio.app.words import (
    CHOOSE_LESSON,
    FINISH,
    HERE,
    LESSON_BACK,
    LESSON_LEAVE,
    LESSON_RESTART,
    LESSON_STEP,
    LESSONS,
    LESSONS_CLOSE,
    NEXT,
    NOT_YET,
    RIGHT,
    SENTENCE_N,
    TICK_THEM,
    WRITE_THEM,
    WRONG,
    breakable,
    say,
)
from mi_studio.studio.views import ContentsView, LessonView, OptionView
from mi_studio.studio.words import JOIN

SIGNS = {
    "": ("", "edge", "panel"),
    "chosen": ("check", "accent", "accent_ground"),
    "right": ("check", "safe", "safe_ground"),
    "wrong": ("close", "leak", "leak_ground"),
}
"""How an answer is marked: the sign, its colour and the ground; never by colour alone."""


class Row(QAbstractButton):
    """A button that is as wide as the panel and holds text in lines: an answer, a point or a lesson."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.sign, self.token, self.ground = SIGNS[""]
        self.column = QVBoxLayout(self)
        scaled(self.column.setContentsMargins, 40, 9, 12, 9)
        scaled(self.column.setSpacing, 4)

    def add(self, label: Label) -> Label:
        """Put a text below those there are; clicks go to the button."""
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.column.addWidget(label)
        return label

    def mark(self, mark: str) -> None:
        """Show a sign, by its name in `SIGNS`."""
        self.sign, self.token, self.ground = SIGNS[mark]
        self.update()

    def stand_out(self) -> None:
        """Be the one to go on with."""
        self.token, self.ground = "accent", "accent_ground"

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Return press it as Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Explain the words of the glossary to a hovering mouse."""
        return explain(self, event) or super().event(event)

    def nextCheckState(self) -> None:
        """Leave the state to whoever decides: the next view brings it."""

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return height_for(self, width)

    def sizeHint(self) -> QSize:
        return QSize(200, height_for(self, self.width() or 200))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lit = self.hasFocus() or self.underMouse()
        wide = 3.0 if self.hasFocus() else 2.0 if self.sign or lit else 1.0
        painter.setPen(QPen(colors.color("accent" if lit and not self.sign else self.token), wide))
        painter.setBrush(colors.color(self.ground))
        box = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        painter.drawRoundedRect(box, 8, 8)
        if self.sign and self.hasFocus():  # its frame is coloured anyhow
            painter.setPen(QPen(colors.color("text"), 1.5))
            painter.drawRoundedRect(box.adjusted(3, 3, -3, -3), 6, 6)
        place = QRectF(px(13), self.column.contentsMargins().top() + 1, px(18), px(18))
        if self.sign:
            icons.renderer(self.sign, colors.color(self.token).name()).render(painter, place)
        else:
            painter.setPen(QPen(colors.color("quiet"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            self._draw_empty(painter, place.adjusted(2, 2, -2, -2))

    def _draw_empty(self, painter: QPainter, place: QRectF) -> None:
        painter.drawEllipse(place)


class Answer(Row):
    """An answer to a question, with its explanation once it is chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.words = self.add(Label("lesson", wrap=True))
        self.why = self.add(Label("small", wrap=True))

    def show_view(self, view: OptionView, language: str) -> None:
        """Draw an answer."""
        said = {"right": say(RIGHT, language), "wrong": say(WRONG, language)}.get(view.mark, "")
        self.words.say(view.text)
        self.why.say(f"{said}{'：' if language == 'ja' else ': '}{view.why}" if said else "")
        self.why.setVisible(bool(said))
        self.mark(view.mark)
        self.setCheckable(True)
        self.setChecked(bool(view.mark))
        self.setAccessibleName(" ".join(t for t in (view.text, self.why.said) if t))


class Point(Row):
    """A point that the learner ticks."""

    def __init__(self) -> None:
        super().__init__()
        self.setCheckable(True)
        self.words = self.add(Label("lesson", wrap=True))

    def show_point(self, text: str, ticked: bool) -> None:
        """Draw a point."""
        self.words.say(text)
        self.setAccessibleName(text)
        self.setChecked(ticked)
        self.mark("chosen" if ticked else "")

    def _draw_empty(self, painter: QPainter, place: QRectF) -> None:
        painter.drawRoundedRect(place, 3, 3)


class LessonRow(Row):
    """A lesson in the list: title, what it is about, how long and how far."""

    def __init__(self, title: str, goal: str, told: str, finished: bool) -> None:
        super().__init__()
        self.add(Label("title", title, wrap=True))
        self.add(Label("small", goal, wrap=True))
        self.add(Label("quiet", told, wrap=True))
        self.setAccessibleName(f"{title}. {goal} {told}")
        self.mark("right" if finished else "")
        if finished:
            self.ground = "panel"

    def _draw_empty(self, painter: QPainter, place: QRectF) -> None:
        sign = icons.renderer("lesson", theme.current().color("accent").name())
        sign.render(painter, place.adjusted(-2, -2, 2, 2))


class Writing(QPlainTextEdit):
    """One sentence of the learner's; Tab leaves it."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.textChanged.connect(self._grow)
        self._grow()

    def _grow(self) -> None:
        """Be as high as what is written, so that nothing of it is out of sight; two lines at least."""
        lines = max(2, min(6, round(self.document().size().height())))  # of plain text it is counted in lines
        laid_out = self.height() - self.viewport().height()  # nonsense before it has been
        edge = max(px(6), min(px(24), laid_out))
        around = edge + 2 * self.document().documentMargin()
        self.setFixedHeight(math.ceil(lines * self.cursorRect().height() + around) + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._grow()


class Progress(QWidget):
    """How far one is: a line of as many parts as there are steps."""

    def __init__(self) -> None:
        super().__init__()
        scaled(self.setFixedHeight, 6)
        self._at = self._count = 0

    def show_at(self, at: int, count: int) -> None:
        """Fill the parts up to ``at``."""
        self._at, self._count = at, count
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        each = self.width() / max(1, self._count)
        for i in range(self._count):
            part = QRectF(i * each, 0, max(2.0, each - 3), self.height())
            draw_bar(painter, part, float(i <= self._at), "accent")


class LessonPanel(Card):
    """The lesson, or the list of lessons.

    Signals
    -------
    opened
        The id of the lesson that was chosen.
    answered, written, ticked
        The number of an answer; of a sentence and its text; of a point and whether it is ticked.
    went_on, went_back, restarted, left, helped
        From the buttons.
    """

    opened = Signal(str)
    answered = Signal(int)
    written = Signal(int, str)
    ticked = Signal(int, bool)
    went_on = Signal()
    went_back = Signal()
    restarted = Signal()
    left = Signal()
    helped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._language = "en"
        self._shown: LessonView | ContentsView | None = None
        self.title, self.step = Label("title", wrap=True), Label("quiet")
        self.kind = Label("kind")
        self.restart = IconButton("restart", 30, plain=True, glyph=16)
        self.leave = IconButton("close", 30, plain=True, glyph=16)
        self.progress = Progress()
        self.back, self.next, self.help = Button(), Button(), Button()
        self.next.setProperty("primary", True)
        self.help.setProperty("link", True)
        self.heading, self.text = Label("lead", wrap=True), Label("lesson", wrap=True)
        self.recall, self.task = Label("recall", wrap=True), Label("task", wrap=True)
        self.asked = Label("small", wrap=True)
        self.rows: list[Row] = []
        self.sentences: list[Writing] = []
        self._lay_out()
        self.back.clicked.connect(self.went_back)
        self.next.clicked.connect(self.went_on)
        self.help.clicked.connect(self.helped)
        self.restart.clicked.connect(self.restarted)
        self.leave.clicked.connect(self.left)
        self.hide()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        scaled(head.setSpacing, 2)
        head.addWidget(self.title, 1)
        head.addWidget(self.restart, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.leave, 0, Qt.AlignmentFlag.AlignTop)
        below = FlowLayout(gap=10)
        below.addWidget(self.kind)
        below.addWidget(self.step)
        self._inside = QWidget()
        self._inside.setObjectName("column")
        self._body = QVBoxLayout(self._inside)
        scaled(self._body.setContentsMargins, 0, 4, 8, 4)
        scaled(self._body.setSpacing, 10)
        for part in (self.heading, self.text, self.recall, self.task, self.help, self.asked):
            part.setParent(self._inside)
            part.hide()
        self.area = QScrollArea()
        self.area.setWidget(self._inside)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        foot = QHBoxLayout()
        foot.addWidget(self.back)
        foot.addStretch(1)
        foot.addWidget(self.next)
        self.column.addLayout(head)
        self.column.addWidget(self.progress)
        self.column.addLayout(below)
        self.column.addWidget(self.area, 1)
        self.column.addLayout(foot)

    def show_view(self, view: LessonView | ContentsView) -> None:
        """Draw a step, or the list of lessons."""
        if view == self._shown:
            return
        old, self._shown = self._shown, view
        lesson = isinstance(view, LessonView)
        for part in (self.progress, self.kind, self.step, self.back, self.next, self.restart):
            part.setVisible(lesson)
        if isinstance(view, ContentsView):
            self._list(view, opened=not isinstance(old, ContentsView))
            return
        if not isinstance(old, LessonView) or _place(old) != _place(view) or not self.rows_fit(view):
            self._build(view)
        self._fill(view)

    def rows_fit(self, view: LessonView) -> bool:
        """Whether as many rows are there as a view has answers and points."""
        return len(self.rows) == len(view.options) + len(view.points)

    def _clear(self) -> None:
        keep = (self.heading, self.text, self.recall, self.task, self.help, self.asked)
        while self._body.count():
            item = self._body.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is None:
                continue
            widget.hide()
            if widget not in keep and widget not in self.sentences:
                widget.deleteLater()
        self.rows = []

    def _list(self, view: ContentsView, opened: bool) -> None:
        self._clear()
        self._drop_sentences()
        self._name_all()
        self.title.say(say(LESSONS, self._language))
        self.text.say(say(CHOOSE_LESSON, self._language))
        self._body.addWidget(self.text)
        self.text.show()
        for id_, *words in view.lessons:
            title, goal, minutes, stands, finished = words
            told = say(JOIN, self._language).join((str(minutes), str(stands)))
            row = LessonRow(str(title), str(goal), told, bool(finished))
            row.clicked.connect(lambda _=False, id_=id_: self.opened.emit(id_))
            self._add_row(row)
        self._body.addStretch(1)
        self._chain(*self.rows)
        if view.following >= 0:
            following = self.rows[view.following]
            following.stand_out()
            if opened:
                following.setFocus()
            QTimer.singleShot(0, following, lambda: self._show_row(following))

    def _show_row(self, row: Row) -> None:
        self.area.ensureWidgetVisible(row, 0, 8)

    def _chain(self, *parts: QWidget) -> None:
        """Let Tab go through the panel from top to bottom."""
        chain = (self.restart, self.leave, *parts, self.help, self.back, self.next)
        for one, following in pairwise(chain):
            QWidget.setTabOrder(one, following)

    def _build(self, view: LessonView) -> None:
        writing = view.kind == "words" and bool(self.sentences)
        focused = next((i for i, s in enumerate(self.sentences) if s.hasFocus()), -1) if writing else -1
        self._clear()
        if not writing:
            self._drop_sentences()
        for part in (self.heading, self.text, self.recall):
            self._body.addWidget(part)
        for i, said in enumerate(view.sentences):
            if len(self.sentences) <= i:
                self._add_sentence(i, said)
            self._body.addWidget(self.sentences[i])
            self.sentences[i].show()
        self._body.addWidget(self.asked)
        for i in range(len(view.options)):
            answer = Answer()
            answer.clicked.connect(lambda _=False, i=i: self.answered.emit(i))
            self._add_row(answer)
        for i in range(len(view.points)):
            point = Point()
            point.clicked.connect(lambda _=False, i=i, p=point: self.ticked.emit(i, not p.isChecked()))
            self._add_row(point)
        self._body.addWidget(self.task)
        self._body.addWidget(self.help, 0, Qt.AlignmentFlag.AlignLeft)
        self._body.addStretch(1)
        self._chain(*self.sentences, *self.rows)
        if focused >= 0:
            self.sentences[focused].setFocus()
            if view.points:
                QTimer.singleShot(0, self.rows[0], lambda row=self.rows[0]: self._show_row(row))
        elif not writing:
            self.area.verticalScrollBar().setValue(0)

    def _add_sentence(self, i: int, said: str) -> None:
        field = Writing()
        field.setPlainText(said)
        field.textChanged.connect(lambda: self.written.emit(i, field.toPlainText()))
        self.sentences.append(field)

    def _drop_sentences(self) -> None:
        for field in self.sentences:
            field.hide()
            field.deleteLater()
        self.sentences = []

    def _add_row(self, row: Row) -> None:
        self.rows.append(row)
        self._body.addWidget(row)
        row.show()

    def _fill(self, view: LessonView) -> None:
        language = self._language
        self._name_all()
        self.title.say(view.title)
        self.progress.show_at(view.at, view.count)
        self.progress.setAccessibleName(say(LESSON_STEP, language, at=view.at + 1, count=view.count))
        self.step.say(say(LESSON_STEP, language, at=view.at + 1, count=view.count))
        self.kind.say(view.label)
        for label, said in ((self.heading, view.heading), (self.text, view.text), (self.recall, view.recall)):
            label.say(said)
            label.setVisible(bool(said))
        for i, field in enumerate(self.sentences):
            field.setAccessibleName(say(SENTENCE_N, language, n=i + 1))
            field.setPlaceholderText(say(SENTENCE_N, language, n=i + 1))
        writing = view.kind == "words"
        self.asked.say(say(TICK_THEM if view.points else WRITE_THEM, language) if writing else "")
        self.asked.setVisible(writing)
        for i, row in enumerate(self.rows):
            if isinstance(row, Answer):
                row.show_view(view.options[i], language)
            elif isinstance(row, Point):
                row.show_point(*view.points[i])
        self.task.say(view.told)
        self.task.setVisible(bool(view.told))
        if self.task.property("task") != view.task:
            self.task.setProperty("task", view.task)
            polish(self.task)
        self.help.setText(view.help)
        self.help.setVisible(bool(view.help))
        self.back.setEnabled(view.at > 0)
        if self.next.hasFocus() and not view.can_go_on:
            self.setFocus()  # else Qt gives it to the next button, which the space bar would press
        self.next.setEnabled(view.can_go_on)
        self.next.setText(say(FINISH if view.at + 1 == view.count else NEXT, language))
        self.next.setAccessibleName(self.next.text())
        self.setAccessibleName(view.title)
        self.setAccessibleDescription(f"{self.step.said}. {view.heading}. {view.text}")

    def _name_all(self) -> None:
        language = self._language
        self.back.setText(say(LESSON_BACK, language))
        self.restart.name(say(LESSON_RESTART, language))
        listing = isinstance(self._shown, ContentsView)
        self.leave.name(say(LESSONS_CLOSE if listing else LESSON_LEAVE, language))

    def retranslate(self, language: str) -> None:
        """Say the panel's own words in another language; the next view brings the others."""
        if language != self._language:
            self._language = language
            self._shown = None
            self._drop_sentences()


def _place(view: LessonView) -> tuple[object, ...]:
    return view.lesson, view.at, view.kind


SLIVER = 6
"""What is scrolled away but for so many pixels is not there."""


def _in_sight(part: QWidget, window: QWidget) -> QRect:
    """Return what is left of a part where scrolling has cut it off, in the window's coordinates."""
    seen = QRect(part.mapTo(window, QPoint(0, 0)), part.size())
    above = part.parentWidget()
    while above is not None and above is not window:
        seen = seen.intersected(QRect(above.mapTo(window, QPoint(0, 0)), above.size()))
        above = above.parentWidget()
    return seen


def _scrolled_insides(part: QWidget) -> list[QWidget]:
    """Return what moves when somebody scrolls, and a part with it."""
    found: list[QWidget] = []
    above = part.parentWidget()
    while above is not None:
        inside = above.widget() if isinstance(above, QScrollArea) else None
        found += [inside] if inside is not None else []
        above = above.parentWidget()
    return found


class Over(QWidget):
    """Something that lies over a part of the window and follows it."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._part: QWidget | None = None
        self.language = "en"
        self._later = QTimer(self, interval=0, singleShot=True)
        self._later.timeout.connect(self._follow)
        window.installEventFilter(self)
        self.hide()

    @property
    def part(self) -> QWidget | None:
        """The part of the window over which it lies."""
        return self._part

    def put(self, part: QWidget | None) -> None:
        """Go over a part of the window, or away."""
        if part is not self._part:
            if self._part is not None and isValid(self._part):
                self._part.removeEventFilter(self)
                for inside in _scrolled_insides(self._part):
                    inside.removeEventFilter(self)
            if part is not None:
                for moved in (part, *_scrolled_insides(part)):
                    moved.installEventFilter(self)
            self._part = part
        self._follow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (
            QEvent.Type.Move,
            QEvent.Type.Resize,
            QEvent.Type.Show,
            QEvent.Type.Hide,
            QEvent.Type.LayoutRequest,
        ):
            self._later.start()
        return False

    def _follow(self) -> None:
        part, window = self._part, self.parentWidget()
        if part is None or window is None or not isValid(part) or not part.isVisible():
            self.hide()
            return
        seen = _in_sight(part, window)
        if min(seen.width(), seen.height()) < SLIVER:
            self.hide()
            return
        self.place(seen, window.rect())
        self.show()
        self.raise_()
        self.update()

    def place(self, part: QRect, window: QRect) -> None:
        """Take the place that belongs to a part of the window."""
        self.setGeometry(part.intersected(window))


class Veil(Over):
    """Covers what would give away the answer."""

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colors.color("panel"))
        painter.setPen(QPen(colors.color("quiet"), 1, Qt.PenStyle.DashLine))
        painter.setBrush(colors.color("window"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
        painter.setPen(colors.color("quiet"))
        painter.setFont(theme.font(theme.SMALL))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        said = breakable(say(NOT_YET, self.language))
        painter.drawText(self.rect().adjusted(8, 4, -8, -4), flags, said)


class Ring(Over):
    """A ring with a flag around a part of the window. It lets every click through.

    Only the ring itself is drawn, so that what moves inside is not painted twice.
    """

    GAP, WIDE = 3, 4

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.leads = False
        """Whether the flag stands where the part begins, not where it ends."""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def place(self, part: QRect, window: QRect) -> None:
        edge = self.GAP + self.WIDE
        wide, high = self._flag_size()
        ring = part.adjusted(-edge, -edge, edge, edge).intersected(window)
        out = high // 2  # by this much the flag sticks out, below where there is no room above
        above = ring.top() >= out
        whole = ring.adjusted(0, -out if above else 0, 0, 0 if above else out)
        whole.setWidth(max(whole.width(), wide))
        self.setGeometry(whole)
        self._frame = QRect(ring).translated(-whole.topLeft())
        flag_top = 0 if above else self._frame.bottom() - out
        if self.leads:
            flag_top = self._frame.top()  # within: above the first picture stands the step
        flag_left = 12 if self.leads else self._frame.right() - wide - 12
        self._flag = QRect(max(0, flag_left), flag_top, wide, high)
        inner = self._frame.adjusted(self.WIDE + 1, self.WIDE + 1, -self.WIDE - 1, -self.WIDE - 1)
        self.setMask(QRegion(self._frame).subtracted(QRegion(inner)).united(QRegion(self._flag)))

    def _flag_size(self) -> tuple[int, int]:
        metrics = QFontMetricsF(theme.font(12, bold=True))
        words = say(HERE, self.language)
        return round(metrics.horizontalAdvance(words)) + 14, round(metrics.height()) + 3

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colors.color("accent"), self.WIDE))
        painter.drawRoundedRect(QRectF(self._frame).adjusted(2, 2, -2, -2), 9, 9)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("accent"))
        painter.drawRoundedRect(QRectF(self._flag), 6, 6)
        painter.setPen(colors.color("on_accent"))
        painter.setFont(theme.font(12, bold=True))
        painter.drawText(self._flag, Qt.AlignmentFlag.AlignCenter, say(HERE, self.language))
