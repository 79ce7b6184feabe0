"""Lessons are whole, possible, and true: every number in them is looked up where it comes from."""

from __future__ import annotations

import importlib
import json
import math
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mi_studio.core import paths, recording
from mi_studio.core.cards import library
from mi_studio.core.text import Text
from mi_studio.studio import tradeoff
from mi_studio.studio.lessons import SENTENCES, Fact, Lesson, LessonStep, lessons, read

ROOT = Path(__file__).resolve().parents[2]
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
LESSONS = pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.id)
TAUGHT = pytest.mark.parametrize("lesson", lessons()[1:], ids=lambda lesson: lesson.id)
"""All but the tour, which teaches nothing but the window."""


def texts(lesson: Lesson) -> Iterator[tuple[str, Text]]:
    yield "title", lesson.title
    yield "goal", lesson.goal
    for i, step in enumerate(lesson.steps, 1):
        yield f"{i} title", step.title
        yield f"{i} text", step.text
        for option in step.options:
            yield f"{i} option", option.text
            if option.why is not None:
                yield f"{i} why", option.why
        for point in step.points:
            yield f"{i} point", point
    teacher = lesson.teacher
    yield "teacher goal", teacher.goal
    yield "teacher prepare", teacher.prepare
    for text in (*(t for _, t in teacher.timing), *teacher.expected, *teacher.misunderstandings):
        yield "teacher", text


def test_seven_lessons_come_after_the_tour() -> None:
    assert [lesson.number for lesson in lessons()] == list(range(8))
    assert len({lesson.id for lesson in lessons()}) == 8
    for language in ("en", "ja"):
        assert lessons()[0].named(language) == lessons()[0].title.get(language)
        assert lessons()[1].named(language).startswith("1 ")


@LESSONS
def test_both_languages_are_whole(lesson: Lesson) -> None:
    for where, text in texts(lesson):
        assert not JAPANESE.search(text.en), (where, text.en)
        assert JAPANESE.search(text.ja), (where, text.ja)
        assert "{" not in text.en + text.ja, where
        if where.endswith((" text", " why", "goal", "prepare")):
            assert text.en.rstrip()[-1] in ".?!”)", (where, text.en)
            assert text.ja.rstrip()[-1] in "。？」）", (where, text.ja)
    for step in lesson.steps:
        assert re.search(r"(です|ます|ました|ません|ください|でしょう(か)?)。", step.text.ja), step.text.ja
        assert step.text.en.count("\n\n") == step.text.ja.count("\n\n"), step.title.en


@TAUGHT
def test_it_teaches_as_a_lesson_should(lesson: Lesson) -> None:
    """A prediction before the first experiment, a question after the last, and the learner's own words."""
    kinds = [step.kind for step in lesson.steps]
    runs = [i for i, step in enumerate(lesson.steps) if step.until.run]
    assert 5 <= lesson.minutes <= 10
    assert sum(minutes for minutes, _ in lesson.teacher.timing) == lesson.minutes
    assert runs
    assert "predict" in kinds[: runs[0]]
    assert "check" in kinds[runs[-1] :]
    assert kinds.count("words") == 1
    assert lesson.teacher.expected
    assert len(lesson.teacher.misunderstandings) >= 2


@LESSONS
def test_every_step_has_what_its_kind_needs(lesson: Lesson) -> None:
    asked = [step.id for step in lesson.steps if step.id]
    assert len(set(asked)) == len(asked)
    for i, step in enumerate(lesson.steps):
        until = step.until
        waits = bool(until.picks or until.knobs or until.run or until.head or until.page or until.dot)
        assert waits == (step.kind == "do"), step.title.en
        assert bool(step.points) == (step.kind == "words")
        assert bool(step.options) == bool(step.id) == (step.kind in ("predict", "check"))
        assert bool(step.target) >= (step.kind == "do"), step.title.en
        if step.kind == "check":
            assert sum(option.right for option in step.options) == 1
            assert all(option.why is not None for option in step.options)
        if step.recall:
            predicted = [s.id for s in lesson.steps[:i] if s.kind == "predict"]
            assert step.recall in predicted
    recalled = {step.recall for step in lesson.steps if step.recall}
    predictions = [step.id for step in lesson.steps if step.kind == "predict"]
    assert not predictions or predictions[0] in recalled
    assert SENTENCES == 3


@LESSONS
def test_every_step_asks_for_what_is_possible(lesson: Lesson) -> None:
    for i, step in enumerate(lesson.steps):
        wish = lesson.wanted(i, library())
        config = wish.config(library())  # raises where it cannot run
        for slot, wanted in step.until.picks:
            assert getattr(config, slot) == wanted
        for knob, value in step.until.knobs:
            assert config.values[knob] == (math.inf if value == "inf" else value)


# numbers


HARMLESS = re.compile(
    r"\{[^}]*\}"  # a fact, or what something is called
    r"|Ctrl\+\d|ε(?: = |＝)(?:0\.5|1|2|4|8|16)(?!\.?\d)|[Ll]esson \d|レッスン\d"
    r"|(?<!\d)(?:\d(?:つ|文|回|種類|枚|人|段階|通り|点|商品|件|本|台|桁|〜))"
)
"""What a figure may be without a fact behind it: a stop of ε, a lesson, or a small count of what is named."""


def written(table: Any) -> Iterator[str]:
    """Yield every text of a lesson's file as it is written there."""
    if isinstance(table, dict):
        if {"en", "ja"} <= set(table):
            yield from (table["en"], table["ja"])
        else:
            yield from (text for key in table for text in written(table[key]) if key != "facts")
    elif isinstance(table, list):
        yield from (text for entry in table for text in written(entry))


@LESSONS
def test_every_number_is_a_fact(lesson: Lesson) -> None:
    path = paths.assets() / "lessons" / f"{lesson.number}-{lesson.id}.toml"
    texts = list(written(tomllib.loads(path.read_text("utf-8"))))
    assert len(texts) > 30
    for text in texts:
        assert not re.search(r"\d", HARMLESS.sub("", text)), text


@LESSONS
def test_every_fact_stands_where_it_is_said_to_come_from(lesson: Lesson) -> None:
    for name, fact in lesson.facts.items():
        found = looked_up(fact)
        if fact.form == "cell":
            assert str(found) == fact.value, (lesson.id, name)
        else:
            digits = len(str(fact.value).partition(".")[2])
            assert round(float(found), digits) == fact.value, (lesson.id, name, found)


def looked_up(fact: Fact) -> Any:
    source = fact.source
    if "card" in source:
        return within(json.loads((paths.pretrained() / f"{source['card']}.json").read_text()), source["path"])
    if "recording" in source:
        film = recording.load(paths.assets() / "recordings" / f"{source['recording']}.mireplay")
        return within(film.result, source["path"])
    if "chart" in source:
        scene = library().scene(source["chart"])
        (dot,) = (
            d
            for d in tradeoff.charts(scene, tradeoff.shipped(scene.id))[0].dots  # the one that is open
            if {k: v for k, v in d.shown.config.values.items() if k not in {o.id for o in scene.knobs}}
            == source["knobs"]
        )
        return dot.leak[1] if source["of"] == "leak" else dot.cost
    if "defence" in source:
        part = importlib.import_module(f"mi_studio.engine.defenses.{source['defence']}")
        return part.guarantee(source["at"]).epsilon if "at" in source else getattr(part, source["name"])
    if "page" in source:
        page = " ".join((ROOT / source["page"]).read_text("utf-8").split())
        (found,) = re.findall(source["find"], page)
        return found.replace(",", "")
    rows = [row for row in table(source["table"]) if source["row"].items() <= row.items()]
    assert len(rows) == 1, (source, len(rows))
    cell = rows[0][source["column"]]
    if "find" in source:
        (cell,) = re.findall(source["find"], cell)
    return cell.replace(",", "") if fact.form != "cell" else cell


def within(document: Any, path: str) -> Any:
    for key in path.split("."):
        document = document[key]
    return document


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of the documentation by its columns."""
    for page in sorted((ROOT / "docs").glob("*.md")):
        found = re.search(rf"<!-- table:{name} -->(.*?)<!-- end -->", page.read_text("utf-8"), re.DOTALL)
        if found:
            lines = [line for line in found[1].splitlines() if line.startswith("|")]
            cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
            return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]
    raise AssertionError(f"there is no table {name}")


def test_what_is_wrong_with_a_lesson_is_said(tmp_path: Path) -> None:
    good = (paths.assets() / "lessons" / "1-recipe-book.toml").read_text("utf-8")
    for before, after, wrong in (
        ('kind = "predict"', 'kind = "guess"', "guess"),
        ("{people}", "{peopel}", "peopel"),
        ('run = "finished"', 'done = "finished"', "done"),
        ('ja = "守るべき秘密"', "", "ja"),
    ):
        path = tmp_path / "1-broken.toml"
        assert before in good
        path.write_text(good.replace(before, after), "utf-8")
        with pytest.raises(ValueError, match=wrong):
            read(path)


WORDS_A_MINUTE = 200
SIGNS_A_MINUTE = 500
"""At what pace instructions are read with care; a quick reader needs two thirds of the time."""

ACT_SECONDS, ANSWER_SECONDS, WRITE_SECONDS, PRESS_SECONDS = 8, 10, 80, 2


def seconds(lesson: Lesson, language: str) -> float:
    """Estimate how long a learner takes: reading, acting, answering, writing, and watching the attacks."""
    return sum(
        reading(step, language) + doing(step, lesson.wanted(at, library()).attack)
        for at, step in enumerate(lesson.steps)
    )


def reading(step: LessonStep, language: str) -> float:
    said = [step.title, step.text, *(o.text for o in step.options), *step.points]
    said += [o.why for o in step.options if o.right and o.why is not None]
    if language == "ja":
        return sum(len(text.ja) for text in said) * 60 / SIGNS_A_MINUTE
    return sum(len(text.en.split()) for text in said) * 60 / WORDS_A_MINUTE


def doing(step: LessonStep, attack: str) -> float:
    until = step.until
    acts = [*until.picks, *until.knobs, *until.dot, *filter(None, (until.head, until.page))]
    answers = {"check": ANSWER_SECONDS, "predict": ANSWER_SECONDS, "words": WRITE_SECONDS}
    runs = PRESS_SECONDS + library().attack(attack).typical_seconds if until.run else 0
    return ACT_SECONDS * len(acts) + answers.get(step.kind, PRESS_SECONDS) + runs


@LESSONS
@pytest.mark.parametrize("language", ["en", "ja"])
def test_it_takes_as_long_as_it_says(lesson: Lesson, language: str) -> None:
    assert 0.65 * lesson.minutes < seconds(lesson, language) / 60 <= lesson.minutes
