"""Walking through lessons: where the learner is, what was answered, and whether it may go on.

The stage is the real one. A step is judged by what is chosen there and what has become of the run; where a
learner is stuck, the course sets the stage as the step wants it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

from mi_studio.core.config import lean
from mi_studio.core.knobs import Value
from mi_studio.core.text import Text
from mi_studio.studio.intent import Intent, Wish
from mi_studio.studio.lessons import SENTENCES, Lesson, LessonStep, lessons
from mi_studio.studio.session import Session
from mi_studio.studio.views import ContentsView, LessonView, OptionView

LABELS = {
    "say": Text("Read", "説明"),
    "predict": Text("Predict", "予想"),
    "do": Text("Try it", "操作"),
    "check": Text("Check", "確認"),
    "words": Text("In your own words", "自分の言葉で"),
}
MINUTES = Text("about {n} min", "約{n}分")
AT_STEP = Text("goes on at {at} of {count}", "{at}／{count}から再開")
FINISHED = Text("finished", "修了")
NEW = Text("not begun", "未受講")
CAME_TRUE = Text("Your prediction came true: {answer}", "予想どおりでした：{answer}")
CAME_OTHERWISE = Text(
    "Your prediction: {answer}\nWhat happened: {right}", "最初の予想：{answer}\n実際の結果：{right}"
)
NOT_PREDICTED = Text("You made no prediction.", "予想は選んでいません。")
OPEN_TASK = Text("Waiting for you: the ring shows where.", "枠で囲んだところを操作してください。")
RUNNING = Text("The attack is running. Watch it to the end.", "攻撃が進んでいます。最後までご覧ください。")
ASTRAY = Text(
    "The stage is not set as this step expects.", "ステージの設定が、このステップの想定と異なります。"
)
ELSEWHERE = Text("This step is about the other page.", "このステップは、別のページで進めます。")
DONE = Text("Done. Go on when you are ready.", "できました。準備ができたら次へ進んでください。")
DO_IT = Text("Do it for me", "代わりに操作してもらう")
SET_IT = Text("Set the stage for this step", "ステージを合わせる")
GO_THERE = Text("Go to that page", "そのページへ移る")

NEAR_START = 1 / 15
"""Whoever clicks the first picture of the film is at the beginning, wherever in it the click was."""


class Pages(Protocol):
    """What the learner looks at.

    Attributes
    ----------
    page
        The page of the window that is open.
    dot
        The knobs of what is chosen on the Trade-off page; empty where nothing is.
    """

    @property
    def page(self) -> str: ...  # noqa: D102

    @property
    def dot(self) -> Mapping[str, Value]: ...  # noqa: D102

    def show(self, page: str) -> None:
        """Open a page."""

    def choose(self, knobs: Mapping[str, Value]) -> None:
        """Choose a setting on the Trade-off page."""


@dataclass
class NoWindow:
    """Pages that nobody sees."""

    page: str = "stage"
    dot: Mapping[str, Value] = field(default_factory=dict)

    def show(self, page: str) -> None:
        """Open a page."""
        self.page = page

    def choose(self, knobs: Mapping[str, Value]) -> None:
        """Choose a setting on the Trade-off page."""
        self.dot = knobs


@dataclass
class Progress:
    """How far a learner is in one lesson. ``answers`` are by the id of the step."""

    at: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    done: list[int] = field(default_factory=list)
    sentences: list[str] = field(default_factory=lambda: [""] * SENTENCES)
    ticks: list[int] = field(default_factory=list)
    finished: bool = False

    @classmethod
    def read(cls, raw: object, lesson: Lesson) -> Progress:
        """Take over what was kept, as far as it makes sense."""
        kept = raw if isinstance(raw, Mapping) else {}
        steps, last = {s.id: s for s in lesson.steps if s.id}, len(lesson.steps) - 1

        def whole(value: object) -> bool:
            return isinstance(value, int) and not isinstance(value, bool)

        at, answers, said = kept.get("at"), kept.get("answers"), kept.get("sentences")
        points = max((len(s.points) for s in lesson.steps), default=0)
        return cls(
            at=min(max(0, at), last) if isinstance(at, int) and whole(at) else 0,
            answers={
                k: v
                for k, v in (answers if isinstance(answers, Mapping) else {}).items()
                if k in steps and whole(v) and 0 <= v < len(steps[k].options)
            },
            done=[d for d in _listed(kept.get("done")) if whole(d) and 0 <= d <= last],
            sentences=[str(s)[:500] for s in (*_listed(said), *[""] * SENTENCES)[:SENTENCES]],
            ticks=[t for t in _listed(kept.get("ticks")) if whole(t) and 0 <= t < points],
            finished=kept.get("finished") is True,
        )


class Course:
    """All lessons on one stage; at most one is open.

    Parameters
    ----------
    kept
        What `kept` returned the last time.
    pages
        The pages of the window.
    """

    def __init__(self, session: Session, kept: str = "", pages: Pages | None = None) -> None:
        self.session, self.pages = session, pages or NoWindow()
        self.lesson: Lesson | None = None
        self._wishes: dict[tuple[str, int], Wish] = {}
        try:
            raw = json.loads(kept or "{}")
        except ValueError:
            raw = {}
        raw = raw if isinstance(raw, Mapping) else {}
        self._progress = {lesson.id: Progress.read(raw.get(lesson.id), lesson) for lesson in lessons()}

    @property
    def kept(self) -> str:
        """How far the learner is everywhere, to be remembered."""
        return json.dumps({k: asdict(p) for k, p in self._progress.items()}, ensure_ascii=False)

    @property
    def progress(self) -> Progress:
        """How far the learner is in the open lesson."""
        assert self.lesson is not None
        return self._progress[self.lesson.id]

    @property
    def step(self) -> LessonStep:
        """The present step."""
        assert self.lesson is not None
        return self.lesson.steps[self.progress.at]

    # what the learner does

    def open(self, lesson: str) -> None:
        """Open a lesson where it was left, with the stage as it must be there.

        Where the run that the step speaks of is no longer on the stage, it begins with that run.
        """
        self.lesson = next(known for known in lessons() if known.id == lesson)
        progress = self.progress
        if progress.finished and progress.at == len(self.lesson.steps) - 1:
            self.restart()
            return
        if self._stands(self.lesson) and progress.at:
            self._turn_pages()
            return
        progress.at = self._opens_at(self.lesson)
        progress.done = [i for i in progress.done if i < progress.at]
        self._set_up(progress.at - 1)
        self._turn_pages()

    def _opens_at(self, lesson: Lesson) -> int:
        """Return at which step a lesson goes on, as the stage is now."""
        at = self._progress[lesson.id].at
        if self._stands(lesson):
            return at
        return max((i for i, s in enumerate(lesson.steps[: at + 1]) if s.until.run), default=at)

    def _stands(self, lesson: Lesson) -> bool:
        """Whether the stage is as a lesson wants it where it was left, and its run is there."""
        return self.session.main is not None and self._as_wanted(self._progress[lesson.id].at, lesson)

    def restart(self) -> None:
        """Begin the open lesson again; that it was finished once stays known."""
        assert self.lesson is not None
        self._progress[self.lesson.id] = Progress(finished=self.progress.finished)
        self._set_up(-1)
        self._turn_pages()

    def leave(self) -> None:
        """Close the lesson; where the learner was stays known."""
        self.lesson = None

    def go_on(self) -> None:
        """Go to the next step, if this one is done; after the last one the lesson is finished."""
        if self.lesson is None or not self.can_go_on:
            return
        if self.progress.at + 1 < len(self.lesson.steps):
            self.progress.at += 1
            self._turn_pages()
        else:
            self.progress.finished = True
            self.leave()

    def go_back(self) -> None:
        """Go to the step before."""
        if self.lesson is not None:
            self.progress.at = max(0, self.progress.at - 1)
            self._turn_pages()

    def answer(self, option: int) -> None:
        """Choose an answer. A prediction may be changed until it is left."""
        if self.step.kind in ("predict", "check") and 0 <= option < len(self.step.options):
            self.progress.answers[self.step.id] = option

    def write(self, sentence: int, text: str) -> None:
        """Take down one of the learner's sentences."""
        self.progress.sentences[sentence] = text[:500]

    def tick(self, point: int, ticked: bool) -> None:
        """Note whether the learner found a point in the sentences."""
        self.progress.ticks = sorted({*self.progress.ticks, point} - (set() if ticked else {point}))

    def help(self) -> None:
        """Set the stage as the step wants it; where nothing is missing any more but the run, start that."""
        assert self.lesson is not None
        at, until = self.progress.at, self.step.until
        if self._elsewhere():
            self._turn_pages()
            return
        astray = self._astray(at)
        if not self._as_wanted(at):
            self._set_up(at - 1 if astray else at)
        if astray:
            self._turn_pages()
            return
        if until.dot:
            self.pages.choose(self.lesson.dot(at))
        if until.page:
            self.pages.show(until.page)
        if until.head == "start":
            if self.session.playing:
                self.session.toggle_play()
            self.session.scrub(0)
        elif until.run and not self.session.playing:
            self.session.toggle_play()

    def _set_up(self, at: int) -> None:
        lesson = self.lesson
        assert lesson is not None

        def choose(intent: Intent) -> None:
            lesson.choose(at, intent)

        self.session.set_up(choose)

    def _turn_pages(self) -> None:
        """Open the page that the step is played on, with what was chosen there before."""
        assert self.lesson is not None
        if self.pages.page != self.step.page:
            self.pages.show(self.step.page)
        dot = self.lesson.dot(self.progress.at - 1)
        if self.step.page == "tradeoff" and dot:
            self.pages.choose(dot)

    # how it stands

    @property
    def can_go_on(self) -> bool:
        """Whether the present step is done."""
        step, progress = self.step, self.progress
        match step.kind:
            case "predict":
                return step.id in progress.answers
            case "check":
                answer = progress.answers.get(step.id)
                return answer is not None and step.options[answer].right
            case "do":
                return progress.at in progress.done
            case "words":
                return all(s.strip() for s in progress.sentences)
            case _:
                return True

    def look(self) -> None:
        """Note on the step whether the learner has done on the stage what it waits for."""
        if self.lesson is None or self.step.kind != "do" or self.progress.at in self.progress.done:
            return
        if self._as_wanted(self.progress.at) and self._has_become(self.step):
            self.progress.done.append(self.progress.at)

    def _has_become(self, step: LessonStep) -> bool:
        session, until = self.session, step.until
        main = session.main
        if until.page and self.pages.page != until.page:
            return False
        if not dict(until.dot).items() <= self.pages.dot.items():
            return False
        if until.run == "playing" and not session.playing:
            return False
        if until.run == "finished" and not self._seen_to_the_end():
            return False
        if until.head != "start":
            return True
        return main is not None and not session.playing and session.position <= main.reached * NEAR_START

    def _seen_to_the_end(self) -> bool:
        session = self.session
        lane, cards = session.lanes.judged, session.intent.cards
        if lane is None or session.playing or not lane.ended or session.position < lane.reached:
            return False
        wish = session.intent.wish
        keys = (lean(replace(c, steps=1), cards).key for c in (lane.config, wish.config(cards)))
        return len(set(keys)) == 1

    def _wanted(self, at: int, of: Lesson | None = None) -> Wish:
        lesson = of or self.lesson
        assert lesson is not None
        place = lesson.id, at
        if place not in self._wishes:  # it is asked for whenever the panel is drawn
            self._wishes[place] = lesson.wanted(at, self.session.intent.cards)
        return self._wishes[place]

    def _as_wanted(self, at: int, of: Lesson | None = None) -> bool:
        return _choices(self.session.intent.wish) == _choices(self._wanted(at, of))

    def _astray(self, at: int) -> bool:
        """Whether something stands neither as it did before the step nor as the step wants it."""
        now = _choices(self.session.intent.wish)
        before, after = _choices(self._wanted(at - 1)), _choices(self._wanted(at))
        if now["scene"] == before["scene"] != after["scene"]:
            return False  # whatever it was, it ends with the scene
        moving = {f"knob {knob}" for knob, _ in self.step.until.knobs}  # it may be on its way
        return any(now[k] not in (before.get(k), after.get(k)) for k in now if k not in moving)

    def _elsewhere(self) -> bool:
        """Whether the learner looks at a page that the step is not about."""
        return self.pages.page not in (self.step.page, self.step.until.page or self.step.page)

    # what is shown

    def contents(self, language: str) -> ContentsView:
        """Return the list of lessons."""

        def stands(lesson: Lesson) -> str:
            progress = self._progress[lesson.id]
            if progress.finished:
                return FINISHED.get(language)
            if not progress.at:
                return NEW.get(language)
            return AT_STEP.filled(at=self._opens_at(lesson) + 1, count=len(lesson.steps)).get(language)

        rows = tuple(
            (
                lesson.id,
                lesson.named(language),
                lesson.goal.get(language),
                MINUTES.filled(n=lesson.minutes).get(language),
                stands(lesson),
                self._progress[lesson.id].finished,
            )
            for lesson in lessons()
        )
        return ContentsView(rows, self._following())

    def _following(self) -> int:
        """Return the place of the lesson to go on with: the next after the last that was finished."""
        finished = [i for i, lesson in enumerate(lessons()) if self._progress[lesson.id].finished]
        last = max(finished, default=-1)
        order = (*range(last + 1, len(lessons())), *range(last + 1))
        return next((i for i in order if i not in finished), -1)

    def view(self, language: str) -> LessonView | None:
        """Return the present step; ``None`` while no lesson is open."""
        if self.lesson is None:
            return None
        step, progress = self.step, self.progress
        task, told, helps = self._task(step)
        return LessonView(
            lesson=self.lesson.id,
            title=self.lesson.named(language),
            at=progress.at,
            count=len(self.lesson.steps),
            kind=step.kind,
            label=LABELS[step.kind].get(language),
            heading=step.title.get(language),
            text=step.text.get(language),
            target=step.target,
            recall=self._recall(step, language),
            options=self._options(step, language),
            task=task,
            told=told.get(language),
            sentences=tuple(progress.sentences) if step.kind == "words" else (),
            points=tuple(
                (point.get(language), i in progress.ticks)
                for i, point in enumerate(step.points)
                if self.can_go_on
            ),
            can_go_on=self.can_go_on,
            help=helps.get(language),
            hidden=step.hidden if task != "done" else (),
        )

    def _task(self, step: LessonStep) -> tuple[str, Text, Text]:
        nothing = Text("", "")
        if self.progress.at in self.progress.done:
            return "done", DONE, nothing
        if self._elsewhere():
            return "astray", ELSEWHERE, GO_THERE
        if step.kind != "do":
            return "", nothing, nothing
        if self._astray(self.progress.at):
            return "astray", ASTRAY, SET_IT
        if step.until.run == "finished" and self.session.playing and self._as_wanted(self.progress.at):
            return "open", RUNNING, nothing
        return "open", OPEN_TASK, DO_IT

    def _recall(self, step: LessonStep, language: str) -> str:
        if not step.recall or self.lesson is None:
            return ""
        asked = next(s for s in self.lesson.steps if s.id == step.recall)
        chosen = self.progress.answers.get(asked.id)
        if chosen is None:
            return NOT_PREDICTED.get(language)
        right = next(option for option in asked.options if option.right)
        said = CAME_TRUE if asked.options[chosen] is right else CAME_OTHERWISE
        return said.filled(answer=asked.options[chosen].text, right=right.text).get(language)

    def _options(self, step: LessonStep, language: str) -> tuple[OptionView, ...]:
        chosen = self.progress.answers.get(step.id, -1)

        def shown(i: int) -> OptionView:
            option = step.options[i]
            if i != chosen:
                return OptionView(option.text.get(language), "", "")
            mark = "chosen" if step.kind == "predict" else "right" if option.right else "wrong"
            why = option.why.get(language) if option.why is not None and step.kind == "check" else ""
            return OptionView(option.text.get(language), mark, why)

        return tuple(shown(i) for i in range(len(step.options)))


def _choices(wish: Wish) -> dict[str, object]:
    """Return what is chosen, piece by piece; the seed is the learner's."""
    picked = {slot: getattr(wish, slot) for slot in ("scene", "model", "attack", "target")}
    return picked | {f"knob {knob}": value for knob, value in wish.knobs}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
