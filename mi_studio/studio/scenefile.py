"""A teacher's scene file: what stands on the stage when it is opened, and what a learner may not touch.

It is TOML, so that a teacher can write it by hand; see docs/teaching.md for every key.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from mi_studio.core import atomic
from mi_studio.core.cards import Library
from mi_studio.core.config import MAX_SEED, OWN_PICTURE
from mi_studio.core.errors import BadFileError, StudioError, UsageError, reason
from mi_studio.core.knobs import Value, from_json, jsonable, plain
from mi_studio.core.text import LANGUAGES, Text, names
from mi_studio.studio.intent import Intent, Wish
from mi_studio.studio.lessons import lessons

FORMAT = 1
SUFFIX = ".miscene"
MOST_BYTES = 64_000
LONGEST = 200
"""No text in a file is longer."""

THEMES = ("light", "dark", "contrast")
CHOICES = ("scene", "model", "attack", "target", "defense", "seed", "knobs")
"""What can be locked in the choice, besides single knobs as ``knob.ID``."""
PARTS = ("lessons", "open", "save", "pages", "language", "colors")
"""Parts of the window that can be locked or hidden."""
PLACES = ("curve", "side")
"""Places of the stage that can be hidden."""

NOT_READ = Text(
    "{name} cannot be read ({reason}); choose another file.",
    "{name} を読み込めません（{reason}）。別のファイルを選んでください。",
)
NOT_TOML = Text(
    "{name} is not a scene file: {why}.", "{name} は教材ファイルとして読み込めません（{why_ja}）。"
)
WRONG = Text("{name} cannot be used: {what}.", "{name} は使えません（{what}）。")
UNKNOWN = Text(
    "There is no key '{key}'; valid: {choices}.",
    "「{key}」という項目はありません。使える項目は、{choices}です。",
)
MISSING = Text("The key '{key}' is missing.", "「{key}」という項目がありません。")
TYPE = Text("'{key}' must be {kind}.", "{key} には{kind}を書いてください。")
NOT_ONE = Text(
    "'{key}' cannot be '{value}'; valid: {choices}.",
    "{key} に「{value}」は指定できません。指定できるのは、{choices}です。",
)
NEWER = Text(
    "It was made by a newer MI Studio; install that.",
    "新しいバージョンのMI Studioで作られています。MI Studioを更新してください。",
)
AWAY = Text(
    "The recording must lie beside the file or below it, given as a relative path.",
    "記録は、教材ファイルと同じフォルダーかその下に置き、相対パスで指定してください。",
)
OTHERS = Text("These choices do not belong together: {parts}.", "同時には選べない指定があります（{parts}）。")
OWN = Text(
    "A scene file cannot hold a picture of your own; choose another target first.",
    "自分の画像は教材ファイルに保存できません。先に別の標的を選んでください。",
)
WORD, WHOLE, SWITCH = (
    Text("a short text", "短い文字列"),
    Text("a whole number", "整数"),
    Text("true or false", "true か false"),
)
LIST, TABLE = Text("a list of texts", "文字列のリスト"), Text("a table", "表")
NUMBER = Text("a number or a word", "数値か語")


@dataclass(frozen=True)
class SceneFile:
    """Everything that a scene file says.

    Attributes
    ----------
    model, attack, target, seed
        Empty or ``None`` for the scene's own.
    knobs
        Values by knob; a defence is on where its knob is not at its off position.
    language, theme, lesson
        Empty where the learner's own stays.
    recording
        A recording to play, as a path relative to the file's folder; empty for none.
    hide, lock
        Names out of `PARTS` and `PLACES`, and out of `CHOICES` and `PARTS`, or ``knob.ID``.
    leave
        Whether a learner may put the file away again.
    """

    scene: str
    title: str = ""
    model: str = ""
    attack: str = ""
    target: str = ""
    seed: int | None = None
    knobs: Mapping[str, Value] = field(default_factory=dict)
    language: str = ""
    theme: str = ""
    lesson: str = ""
    recording: str = ""
    hide: tuple[str, ...] = ()
    lock: tuple[str, ...] = ()
    leave: bool = True

    @classmethod
    def of(cls, wish: Wish, **said: Any) -> SceneFile:
        """Return the file that leads to a choice.

        Raises
        ------
        UsageError
            If it is of the user's own picture, which no file holds.
        """
        if wish.target == OWN_PICTURE:
            raise UsageError(OWN)
        return cls(
            wish.scene, model=wish.model, attack=wish.attack, target=wish.target, seed=wish.seed,
            knobs=wish.values, **said,
        )  # fmt: skip

    def wish(self, among: Library | None = None) -> Wish:
        """Return the choice of the file.

        Raises
        ------
        UsageError
            If it names what is not here or does not belong together.
        """
        intent = Intent(None, among)
        intent.pick("scene", self.scene)
        for slot in ("model", "attack"):
            if wanted := getattr(self, slot):
                intent.pick(slot, wanted)
        # what is on comes last, for it switches its rivals off
        off = {d.knob.id: d.knob.off for d in intent.defenses}
        for knob, value in sorted(self.knobs.items(), key=lambda k: off.get(k[0]) != k[1]):
            intent.turn(knob, value)
        if self.target:
            intent.pick("target", self.target)
        if self.seed is not None:
            intent.reseed(self.seed)
        wish = intent.wish
        wanted = {k: v for k in ("model", "attack", "target") if (v := getattr(self, k))}
        astray = [k for k, v in wanted.items() if getattr(wish, k) != v]
        astray += [k for k, v in self.knobs.items() if wish.values[k] != intent.knobs[k].parse(v)]
        if astray:
            raise UsageError(OTHERS, parts=names(astray))
        wish.config(intent.cards)
        return wish

    def text(self) -> str:
        """Write the file; `read` gives the same back."""

        def word(text: str) -> str:
            # JSON's escapes are TOML's too, but for DEL, which TOML wants escaped
            return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

        lines = [f"format = {FORMAT}", f"scene = {word(self.scene)}"]
        for key in ("title", "model", "attack", "target", "language", "theme", "lesson", "recording"):
            if said := getattr(self, key):
                lines.append(f"{key} = {word(said)}")
        if self.seed is not None:
            lines.append(f"seed = {self.seed}")
        for key in ("hide", "lock"):
            if listed := getattr(self, key):
                lines.append(f"{key} = [{', '.join(map(word, listed))}]")
        lines.append(f"leave = {str(self.leave).lower()}")
        if self.knobs:
            lines += ["", "[knobs]"]
            for knob, value in self.knobs.items():
                raw = jsonable(value)
                lines.append(f"{word(knob)} = {word(raw) if isinstance(raw, str) else repr(float(raw))}")
        return "\n".join(lines) + "\n"

    def save(self, path: Path) -> None:
        """Write the file in one go."""
        atomic.write_text(path, self.text())


KEYS = ("format", *SceneFile.__dataclass_fields__)


def load(path: Path) -> SceneFile:
    """Read a scene file and check all of it.

    Raises
    ------
    BadFileError
        If it is none, or says something that cannot be; nothing has been changed then.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise BadFileError(NOT_TOML, name=path.name, why="it is too large", why_ja="大きすぎます")
    except (OSError, ValueError) as error:
        raise BadFileError(NOT_READ, name=path.name, reason=reason(error)) from error
    try:
        said = read(data)
        said.wish()
    except StudioError as error:
        what = Text(error.text.en.rstrip("."), error.text.ja.rstrip("。"))
        raise BadFileError(WRONG, name=path.name, what=what) from error
    except (ValueError, RecursionError) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise BadFileError(
            NOT_TOML, name=path.name, why=why, why_ja="TOMLの書き方に誤りがあります"
        ) from error
    return said


def read(data: bytes) -> SceneFile:
    """Read the text of a scene file.

    Raises
    ------
    UsageError
        If a key or a value cannot be.
    ValueError
        If it is no TOML.
    """
    raw = tomllib.loads(data.decode("utf-8"))
    for key in raw:
        if key not in KEYS:
            raise UsageError(UNKNOWN, key=key[:LONGEST], choices=names(KEYS))
    if "scene" not in raw:
        raise UsageError(MISSING, key="scene")
    version = _whole(raw, "format", FORMAT)
    if version is not None and version > FORMAT:
        raise UsageError(NEWER)
    words = {
        key: _word(raw, key)
        for key in ("scene", "title", "model", "attack", "target", "language", "theme", "lesson", "recording")
    }
    _one_of("language", words["language"], LANGUAGES)
    _one_of("theme", words["theme"], THEMES)
    _one_of("lesson", words["lesson"], tuple(lesson.id for lesson in lessons()))
    _beside(words["recording"])
    leave = raw.get("leave", True)
    if not isinstance(leave, bool):
        raise UsageError(TYPE, key="leave", kind=SWITCH)
    knobs = raw.get("knobs", {})
    if not isinstance(knobs, dict):
        raise UsageError(TYPE, key="knobs", kind=TABLE)
    values: dict[str, Value] = {}
    for knob, value in knobs.items():
        try:
            if isinstance(value, bool):
                raise TypeError
            values[knob] = from_json(value)
        except TypeError as error:
            raise UsageError(TYPE, key=f"knobs.{knob}"[:LONGEST], kind=NUMBER) from error
    return SceneFile(
        **words,
        seed=_whole(raw, "seed", None),
        knobs=values,
        hide=_listed(raw, "hide", (*PARTS, *PLACES)),
        lock=_listed(raw, "lock", (*CHOICES, *PARTS), knobs=True),
        leave=leave,
    )


def _word(raw: Mapping[str, Any], key: str) -> str:
    said = raw.get(key, "")
    if not isinstance(said, str) or len(said) > LONGEST:
        raise UsageError(TYPE, key=key, kind=WORD)
    return said


def _whole(raw: Mapping[str, Any], key: str, otherwise: int | None) -> int | None:
    said = raw.get(key, otherwise)
    if said is not None and (
        isinstance(said, bool) or not isinstance(said, int) or not 0 <= said <= MAX_SEED
    ):
        raise UsageError(TYPE, key=key, kind=WHOLE)
    return said


def _listed(raw: Mapping[str, Any], key: str, valid: tuple[str, ...], knobs: bool = False) -> tuple[str, ...]:
    said = raw.get(key, [])
    if not isinstance(said, list) or not all(isinstance(entry, str) for entry in said):
        raise UsageError(TYPE, key=key, kind=LIST)
    for entry in said:
        if not (knobs and entry.startswith("knob.")):
            _one_of(key, entry, valid)
    return tuple(dict.fromkeys(said))


def _one_of(key: str, said: str, valid: tuple[str, ...]) -> None:
    if said and said not in valid:
        raise UsageError(NOT_ONE, key=key, value=plain(said)[:LONGEST], choices=names(valid))


def _beside(place: str) -> None:
    """Refuse a recording anywhere but beside the file: a file from elsewhere must not reach around."""
    for kind in (PurePosixPath, PureWindowsPath):
        path = kind(place)
        if path.is_absolute() or path.drive or path.root or ".." in path.parts:
            raise UsageError(AWAY)
