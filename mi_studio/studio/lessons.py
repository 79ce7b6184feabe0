"""Lessons as data: one file per lesson in ``assets/lessons``, every text in both languages.

A lesson is a row of steps. What a learner has to do at a ``do`` step is a small declarative condition,
`Until`; `Lesson.wanted` adds these up to what stands on the stage at every step.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from mi_studio.core import paths
from mi_studio.core.cards import Library, library
from mi_studio.core.knobs import Knob, plain
from mi_studio.core.text import LANGUAGES, Text
from mi_studio.studio.intent import Intent, Wish

Kind = Literal["say", "predict", "do", "check", "words"]
"""say: to read · predict: what will happen? · do: on the stage · check: one answer is right · words: three
sentences of the learner's own.
"""

Form = Literal["count", "percent", "decimal", "db", "cell"]

SLOTS = ("scene", "model", "attack", "target")
SENTENCES = 3


@dataclass(frozen=True, slots=True)
class Option:
    """An answer, or something to predict: it is right or not, and of a check ``why`` explains it."""

    text: Text
    right: bool = False
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class Until:
    """When a ``do`` step is done: what is chosen, how knobs stand, and what has become of the run.

    ``picks`` are (slot, id). ``run`` is ``"finished"`` once the run of exactly this choice has been seen to
    its end, ``"playing"`` while one moves. ``head`` is ``"start"`` while the play head is at the beginning.
    ``page`` is what the learner opens, ``dot`` what is chosen on the Trade-off page, by its knobs.
    """

    picks: tuple[tuple[str, str], ...] = ()
    knobs: tuple[tuple[str, str | float], ...] = ()
    run: Literal["", "playing", "finished"] = ""
    head: Literal["", "start"] = ""
    page: str = ""
    dot: tuple[tuple[str, str | float], ...] = ()


@dataclass(frozen=True, slots=True)
class LessonStep:
    """One step.

    ``target`` names the part of the window that it is about. ``recall`` is the id of a prediction to be shown
    again. ``points`` are what the learner's sentences should hold. ``hidden`` are parts of the window that
    would give away what is to be predicted. ``page`` is the page of the window that it is played on.
    """

    kind: Kind
    title: Text
    text: Text
    id: str = ""
    target: str = ""
    recall: str = ""
    options: tuple[Option, ...] = ()
    points: tuple[Text, ...] = ()
    hidden: tuple[str, ...] = ()
    until: Until = Until()
    page: str = "stage"


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that a lesson claims, and where it stands: a table of the results, a recording or a card.

    ``source`` is what the test follows to find the number again.
    """

    value: float | str
    form: Form
    source: Mapping[str, Any]

    def said(self) -> str:
        """Return the number as it is written."""
        match self.form:
            case "count":
                return f"{float(self.value):,.0f}"
            case "percent":
                return f"{100 * float(self.value):.0f}%"
            case "decimal":
                return f"{float(self.value):.2f}"
            case "db":
                return f"{float(self.value):.0f} dB"
            case "cell":
                return str(self.value)


@dataclass(frozen=True, slots=True)
class Teacher:
    """The teacher's part: what for, what takes how many minutes, what to expect and what goes wrong."""

    goal: Text
    prepare: Text
    timing: tuple[tuple[int, Text], ...]
    expected: tuple[Text, ...]
    misunderstandings: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson; it begins with the preset of ``scene`` on the stage. Number 0 is the tour of the window."""

    id: str
    number: int
    minutes: int
    title: Text
    goal: Text
    scene: str
    steps: tuple[LessonStep, ...]
    teacher: Teacher
    facts: Mapping[str, Fact]

    def named(self, language: str) -> str:
        """Return the title with its number; the tour has none."""
        title = self.title.get(language)
        return f"{self.number}  {title}" if self.number else title

    def dot(self, at: int) -> Mapping[str, str | float]:
        """Return the knobs of what is chosen on the Trade-off page once step ``at`` is done."""
        asked = [step.until.dot for step in self.steps[: at + 1] if step.until.dot]
        return dict(asked[-1]) if asked else {}

    def choose(self, at: int, intent: Intent) -> None:
        """Choose what must be chosen once step ``at`` is done, from the lesson's beginning on."""
        intent.pick("scene", self.scene)
        for step in self.steps[: at + 1]:
            for slot, wanted in step.until.picks:
                intent.pick(slot, wanted)
            for knob, value in step.until.knobs:
                intent.turn(knob, value)

    def wanted(self, at: int, among: Library) -> Wish:
        """Return what is chosen once step ``at`` is done; −1 is the beginning."""
        intent = Intent(self.scene, among)
        self.choose(at, intent)
        return intent.wish


@cache
def names() -> Mapping[str, Text]:
    """Return what every scene, attack, defence, knob and target is called on the screen.

    Lessons speak of them as ``{attack_score_search}``, so that what is asked for is what stands there.
    """
    cards = library()
    found: dict[str, Text] = {}
    for scene in cards.scenes:
        found[f"scene_{scene.id}"] = scene.title
        found |= {f"knob_{knob.id}": knob.title for knob in scene.knobs}
        for knob in scene.knobs:
            found |= _stops(knob)
        found |= {f"model_{model.id}": model.title for model in scene.models}
        for target in (t for group in scene.targets.values() for t in group):
            found[f"target_{target.id}"] = target.title
    found |= {f"attack_{attack.id}": attack.title for attack in cards.attacks}
    for defense in cards.defenses:
        found[f"defense_{defense.id}"] = defense.title
        found[f"knob_{defense.knob.id}"] = defense.knob.title
        found |= _stops(defense.knob)
    return {name.replace("-", "_").replace(".", "_"): title for name, title in found.items()}


def _stops(knob: Knob) -> dict[str, Text]:
    return {
        f"stop_{knob.id}_{plain(stop.value)}": Text(*(knob.label(stop.value, lang) for lang in LANGUAGES))
        for stop in knob.stops
    }


def read(path: Path) -> Lesson:
    """Read a lesson.

    Raises
    ------
    ValueError
        If a text lacks a language, or something is named that there is not.
    """
    raw = tomllib.loads(path.read_text("utf-8"))
    facts = {
        name: Fact(fact.pop("value"), fact.pop("form"), fact) for name, fact in raw.get("facts", {}).items()
    }

    known = dict(names()) | {name: fact.said() for name, fact in facts.items()}

    def text(table: Mapping[str, Any], key: str) -> Text:
        said = Text.read(table.get(key, {}), f"{path.name}: {key}")
        try:
            filled = said.filled(**known)
        except KeyError as error:
            raise ValueError(f"{path.name}: there is no fact {error}") from error
        return Text(
            *(filled.get(lang).replace("ε = ", "ε\u00a0=\u00a0") for lang in LANGUAGES)
        )  # on one line

    def texts(table: Mapping[str, Any], key: str) -> tuple[Text, ...]:
        return tuple(text({key: entry}, key) for entry in table.get(key, ()))

    def option(table: Mapping[str, Any]) -> Option:
        why = text(table, "why") if "why" in table else None
        return Option(text(table, "text"), bool(table.get("right", False)), why)

    def until(table: Mapping[str, Any]) -> Until:
        if strange := set(table) - {*SLOTS, "knobs", "run", "head", "page", "dot"}:
            raise ValueError(f"{path.name}: a step waits for {strange}")
        picks = tuple((slot, table[slot]) for slot in SLOTS if slot in table)
        return Until(
            picks=picks,
            knobs=tuple(table.get("knobs", {}).items()),
            run=table.get("run", ""),
            head=table.get("head", ""),
            page=table.get("page", ""),
            dot=tuple(table.get("dot", {}).items()),
        )

    def step(table: Mapping[str, Any]) -> LessonStep:
        if table["kind"] not in get_args(Kind):
            raise ValueError(f"{path.name}: there is no kind of step {table['kind']}")
        return LessonStep(
            kind=table["kind"],
            title=text(table, "title"),
            text=text(table, "text"),
            id=table.get("id", ""),
            target=table.get("target", ""),
            recall=table.get("recall", ""),
            options=tuple(map(option, table.get("options", ()))),
            points=texts(table, "points"),
            hidden=tuple(table.get("hidden", ())),
            until=until(table.get("until", {})),
            page=table.get("page", "stage"),
        )

    teacher = raw["teacher"]
    return Lesson(
        id=path.stem.split("-", 1)[1],
        number=int(path.stem.split("-", 1)[0]),
        minutes=raw["minutes"],
        title=text(raw, "title"),
        goal=text(raw, "goal"),
        scene=raw["scene"],
        steps=tuple(map(step, raw["steps"])),
        teacher=Teacher(
            text(teacher, "goal"),
            text(teacher, "prepare"),
            tuple((part["minutes"], text(part, "text")) for part in teacher["timing"]),
            texts(teacher, "expected"),
            texts(teacher, "misunderstandings"),
        ),
        facts=facts,
    )


@cache
def lessons() -> tuple[Lesson, ...]:
    """Return all lessons in their order."""
    found = (read(path) for path in (paths.assets() / "lessons").glob("[0-9]*-*.toml"))
    return tuple(sorted(found, key=lambda lesson: lesson.number))
