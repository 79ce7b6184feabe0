"""The glossary: every term that the program explains, in both languages, from one file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from mi_studio.core import paths
from mi_studio.core.text import Text

GROUPS = {
    "basics": Text("Basics", "基礎"),
    "access": Text("Who can get at what", "誰が何に触れられるか"),
    "attack": Text("Attacks", "攻撃"),
    "defense": Text("Protection", "防御"),
    "measure": Text("Measuring", "測り方"),
    "program": Text("In this program", "MI Studioの用語"),
}
"""Subjects in their order, with their headings."""

_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_BRACKET = re.compile(r"\s*[（(]([^）)]*)[）)]")


@dataclass(frozen=True, slots=True)
class Term:
    """A term, its subject (a key of `GROUPS`), what it means, and what else it is called."""

    id: str
    group: str
    title: Text
    text: Text
    also: tuple[str, ...]

    def names(self, language: str) -> Iterator[str]:
        """Yield what it is called in a text of this language, the title without its brackets first."""
        title = self.title.get(language)
        yield _BRACKET.sub("", title)
        yield from _BRACKET.findall(title)
        yield from (name for name in self.also if (language == "ja") == bool(_JAPANESE.search(name)))


@cache
def glossary() -> tuple[Term, ...]:
    """Return every term, by subject and then in the order of the file.

    Raises
    ------
    ValueError
        If an entry lacks a language or its subject is unknown.
    """
    path = paths.assets() / "glossary.toml"
    groups = list(GROUPS)
    terms = [
        Term(
            id=raw["id"],
            group=raw["group"],
            title=Text.read(raw["title"], f"{path}: {raw['id']}"),
            text=Text.read(raw["text"], f"{path}: {raw['id']}"),
            also=tuple(raw.get("also", ())),
        )
        for raw in tomllib.loads(path.read_text("utf-8"))["terms"]
    ]
    return tuple(sorted(terms, key=lambda term: groups.index(term.group)))


def written_in(text: str) -> str:
    """Return the language that a text of ours is written in."""
    return "ja" if _JAPANESE.search(text) else "en"


def explained(text: str, most: int = 6) -> list[Term]:
    """Return the terms that a text names, the longest names first; a part of a longer one is not meant."""
    language = written_in(text)
    found: list[tuple[int, int, Term]] = []
    for pattern, term in _patterns(language):
        for match in pattern.finditer(text):
            found.append((match.start(), match.end(), term))
    found.sort(key=lambda f: (f[0] - f[1], f[0]))
    taken: list[tuple[int, int, Term]] = []
    for start, end, term in found:
        apart = all(end <= s or e <= start for s, e, _ in taken)
        if apart and term not in [t for _, _, t in taken]:
            taken.append((start, end, term))
    return [term for _, _, term in taken[:most]]


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], Term], ...]:
    """Return what to look for: whole words, also in the plural, where a language has words."""
    patterns = []
    for term in glossary():
        for name in term.names(language):
            word = re.escape(name)
            whole = word if _JAPANESE.search(name) else rf"(?<![A-Za-z0-9-]){word}(?:s|es)?(?![A-Za-z0-9-])"
            patterns.append((re.compile(whole, re.IGNORECASE), term))
    return tuple(patterns)
