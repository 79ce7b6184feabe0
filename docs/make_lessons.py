"""Write docs/lessons, a teacher's page per lesson and language, from assets/lessons. Takes a second.

python docs/make_lessons.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mi_studio.core import atomic
from mi_studio.core.text import LANGUAGES, Text
from mi_studio.studio.course import LABELS
from mi_studio.studio.lessons import Lesson, LessonStep, lessons

FOLDER = Path(__file__).resolve().parent / "lessons"
NOTICE = "<!-- Written by docs/make_lessons.py from assets/lessons; edit those. -->"
WORDS = {
    "lessons": Text("Lessons", "レッスン"),
    "teacher": Text("For the teacher", "講師用"),
    "goal": Text("Goal", "ねらい"),
    "prepare": Text("Before the class", "準備"),
    "timing": Text("Timing", "時間配分"),
    "minutes": Text("{n} min", "{n}分"),
    "course": Text("What happens", "流れ"),
    "expected": Text("What to expect", "想定される反応"),
    "wrong": Text("Common misunderstandings", "よくある誤解"),
    "right": Text("right", "正解"),
    "points": Text("The three sentences should say", "3文に含めたい点"),
    "list": Text(
        "Every lesson drives the real program; open it with the button *Lessons* or F2. Numbers come from "
        "the tables, recordings and cards that are shipped, and tests look them up there.",
        "どのレッスンも、実際の画面を操作しながら進めます。「レッスン」ボタンかF2キーで開きます。本文の数値は、"
        "付属の表・記録・モデルのカードに基づき、テストで照合しています。",
    ),
}


def name(lesson: Lesson, language: str) -> str:
    """Return the file name of a lesson's page."""
    return f"{lesson.number}-{lesson.id}.{language}.md"


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    made = {f"index.{language}.md": _index(language) for language in LANGUAGES}
    return made | {name(lesson, lang): page(lesson, lang) for lesson in lessons() for lang in LANGUAGES}


def page(lesson: Lesson, language: str) -> str:
    """Return the teacher's page of a lesson."""

    def say(key: str, **values: object) -> str:
        return WORDS[key].filled(**values).get(language)

    teacher = lesson.teacher
    parts = [
        f"# {_title(lesson, language)}",
        NOTICE,
        lesson.goal.get(language),
        f"## {say('teacher')}",
        f"**{say('goal')}** {teacher.goal.get(language)}",
        f"**{say('prepare')}** {teacher.prepare.get(language)}",
        f"**{say('timing')}**{_bracketed(say('minutes', n=lesson.minutes), language)}",
        "\n".join(f"- {say('minutes', n=n)}: {text.get(language)}" for n, text in teacher.timing),
        f"## {say('expected')}",
        _listed(text.get(language) for text in teacher.expected),
        f"## {say('wrong')}",
        _listed(text.get(language) for text in teacher.misunderstandings),
        f"## {say('course')}",
        *(part for i, step in enumerate(lesson.steps, 1) for part in _step(i, step, language)),
    ]
    return "\n\n".join(parts) + "\n"


def _step(number: int, step: LessonStep, language: str) -> Iterator[str]:
    yield f"### {number}. {step.title.get(language)}{_bracketed(LABELS[step.kind].get(language), language)}"
    yield step.text.get(language).replace("• ", "- ").replace("\n・", "\n- ")
    if step.options:
        right = WORDS["right"].get(language)
        yield "\n".join(
            f"- {option.text.get(language)}"
            + (f" **{_bracketed(right, language).strip()}**" if option.right else "")
            + (f"  \n  {option.why.get(language)}" if option.why is not None else "")
            for option in step.options
        )
    if step.points:
        yield WORDS["points"].get(language) + ("：" if language == "ja" else ":")
        yield _listed(point.get(language) for point in step.points)


def _index(language: str) -> str:
    rows = [
        f"- [{_title(lesson, language)}]({name(lesson, language)})"
        f"{_bracketed(WORDS['minutes'].filled(n=lesson.minutes).get(language), language)}  \n"
        f"  {lesson.goal.get(language)}"
        for lesson in lessons()
    ]
    title = WORDS["lessons"].get(language)
    return "\n\n".join([f"# {title}", NOTICE, WORDS["list"].get(language), "\n".join(rows)]) + "\n"


def _title(lesson: Lesson, language: str) -> str:
    return lesson.named(language).replace("  ", " ")


def _bracketed(words: str, language: str) -> str:
    return f"（{words}）" if language == "ja" else f" ({words})"


def _listed(lines: Iterator[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, text in pages().items():
        atomic.write_text(FOLDER / file, text)
