"""Scene files: what is written is read again, and what cannot be is told in both languages."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from mi_studio.core.cards import library
from mi_studio.core.errors import BadFileError, UsageError
from mi_studio.core.text import LANGUAGES
from mi_studio.studio.intent import Intent
from mi_studio.studio.lessons import lessons
from mi_studio.studio.scenefile import CHOICES, PARTS, PLACES, THEMES, SceneFile, load, read

LETTERS = "aZ9 \"'\\\n\t\x7f\x01–教材é😀#=[]{}"


def anything(dice: random.Random) -> SceneFile:
    """A random file that can be used: a random walk through what can be chosen."""
    intent = Intent(dice.choice(library().scenes).id)
    for _ in range(dice.randrange(4)):
        slot = dice.choice(("model", "attack", "target", "defense", "knob"))
        try:
            if slot == "knob":
                knob = dice.choice(list(intent.knobs.values()))
                intent.turn(knob.id, dice.choice(knob.stops).value)
            else:
                ids = {
                    "model": [m.id for m in intent.scene.models],
                    "attack": [a.id for a in intent.cards.attacks],
                    "target": [t.id for t in intent.scene.targets_for(intent.wish.values)],
                    "defense": [d.id for d in intent.defenses],
                }[slot]
                intent.pick(slot, dice.choice(ids))
        except UsageError:
            continue  # that cannot be here
    intent.reseed(dice.randrange(10**6))
    word = "".join(dice.choice(LETTERS) for _ in range(dice.randrange(12)))
    return SceneFile.of(
        intent.wish,
        title=word,
        language=dice.choice(("", *LANGUAGES)),
        theme=dice.choice(("", *THEMES)),
        lesson=dice.choice(("", *(lesson.id for lesson in lessons()))),
        recording=dice.choice(("", "films/a b.mireplay", "記録.mireplay")),
        hide=tuple(dice.sample((*PARTS, *PLACES), dice.randrange(4))),
        lock=tuple(dice.sample((*CHOICES, *PARTS, "knob.granularity"), dice.randrange(5))),
        leave=dice.random() < 0.5,
    )


def test_random_files_come_back_as_they_were(tmp_path: Path) -> None:
    dice = random.Random(6)
    scenes = set()
    for i in range(150):
        made = anything(dice)
        path = tmp_path / f"{i}.miscene"
        made.save(path)
        back = load(path)
        assert back == made
        assert back.wish() == made.wish()
        assert read(back.text().encode()) == made  # and once more
        scenes.add(made.scene)
    assert len(scenes) == len(library().scenes)


def test_a_hand_written_file_may_be_short() -> None:
    said = read(b'scene = "federated"\n[knobs]\ngradient-noise = 1\n')
    wish = said.wish()
    assert wish.values["gradient-noise"] == 1.0
    assert wish.target == library().scene("federated").preset.target
    assert said.leave


BAD = {
    "no toml": b"scene = ",
    "not utf-8": b"\xff\xfe\x00",
    "a pickle": b"\x80\x04\x95\x00\x00\x00.",
    "deep": b"x = " + b"[" * 5000,
    "too large": b"# " + b"x" * 70_000,
    "empty": b"",
    "unknown key": b'scene = "federated"\nscence = 1',
    "no such scene": b'scene = "nowhere"',
    "no such attack": b'scene = "federated"\nattack = "nothing"',
    "attack of another scene": b'scene = "federated"\nattack = "latent-search"',
    "no such knob": b'scene = "federated"\n[knobs]\nnothing = 1',
    "value off the knob": b'scene = "federated"\n[knobs]\ngradient-noise = -3',
    "value is a list": b'scene = "federated"\n[knobs]\ngradient-noise = [1]',
    "seed is a word": b'scene = "federated"\nseed = "7"',
    "seed is negative": b'scene = "federated"\nseed = -1',
    "leave is a word": b'scene = "federated"\nleave = "no"',
    "language": b'scene = "federated"\nlanguage = "fr"',
    "theme": b'scene = "federated"\ntheme = "pink"',
    "lesson": b'scene = "federated"\nlesson = "nothing"',
    "hide what cannot be": b'scene = "federated"\nhide = ["verdict"]',
    "lock what is none": b'scene = "federated"\nlock = ["door"]',
    "hide is a word": b'scene = "federated"\nhide = "save"',
    "recording above": b'scene = "federated"\nrecording = "../x.mireplay"',
    "recording elsewhere": b'scene = "federated"\nrecording = "/etc/passwd"',
    "recording on a drive": b'scene = "federated"\nrecording = "C:\\\\x.mireplay"',
    "newer": b'format = 2\nscene = "federated"',
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_told_in_both_languages(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.miscene"
    path.write_bytes(BAD[kind])
    with pytest.raises(BadFileError) as told:
        load(path)
    text = told.value.text
    assert "bad.miscene" in text.en
    assert re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", text.ja)
    assert "\n" not in text.en


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=r"no\.miscene cannot be read"):
        load(tmp_path / "no.miscene")


def test_what_is_locked_cannot_be_changed_nor_undone() -> None:
    intent = Intent("federated")
    intent.pick("target", next(t.id for t in intent.scene.targets_for(intent.wish.values)[1:]))
    intent.forget()
    assert not intent.undo()
    intent.locked = frozenset({"scene", "attack", "seed", "gradient-noise"})
    before = intent.wish
    for act in (
        lambda: intent.pick("scene", "catalogue"),
        lambda: intent.reseed(before.seed + 1),
        lambda: intent.turn("gradient-noise", 1.0),
        lambda: intent.toggle("gradient-noise", True),
    ):
        with pytest.raises(UsageError, match="teacher's file"):
            act()
        assert intent.wish == before
    intent.turn("gradient-prune", 0.9)  # what is not locked moves
    assert intent.wish != before


def test_the_file_in_the_documentation_can_be_used() -> None:
    page = Path(__file__).parents[2] / "docs" / "teaching.md"
    shown = re.search(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert shown is not None
    said = read(shown[1].encode())
    assert said.wish().values["granularity"] == "round1"
    text = page.read_text("utf-8")
    assert all(f"`{name}`" in text for name in (*CHOICES, *PARTS, *PLACES))
