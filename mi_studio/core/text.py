"""Words in both languages."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

LANGUAGES = ("en", "ja")

WORDY = "xx"
"""English made longer, as a wordy language would have it, to see where a layout has no room."""

LONGER = 1.4
_FIELD = re.compile(r"(\{[^}]*\})")
_ACCENTED = str.maketrans("aeiouAEIOUcny", "äéîöûÄÉÎÖÛçñÿ")
_VOWELS = frozenset("äéîöûÄÉÎÖÛ")


def stretched(text: str) -> str:
    """Return a text with accents, in brackets, and `LONGER` times as long; its {places} stay.

    What has no letters is no word and stays as it is.
    """
    pieces = _FIELD.split(text)
    if not any(c.isalpha() for piece in pieces[::2] for c in piece):
        return text
    missing = math.ceil((LONGER - 1) * sum(map(len, pieces[::2]))) - 2
    for i, piece in enumerate(pieces):
        if i % 2:
            continue
        said = ""
        for letter in piece.translate(_ACCENTED):
            twice = letter in _VOWELS and missing > 0
            said += letter * (1 + twice)
            missing -= twice
        pieces[i] = said
    words = " ~~~~" * math.ceil(missing / 5)  # what vowels cannot fill
    return f"[{''.join(pieces)}{words[: max(0, missing)]}]"


@dataclass(frozen=True, slots=True)
class Text:
    """One text in English and Japanese."""

    en: str
    ja: str

    def get(self, language: str) -> str:
        """Return the text in ``language`` (``"en"``, ``"ja"`` or `WORDY`)."""
        if language == WORDY:
            return stretched(self.en)
        return self.ja if language == "ja" else self.en

    def filled(self, **values: object) -> Text:
        """Return the text with values in its {places}; a value that is a `Text` goes in by language."""

        def said(language: str) -> str:
            spoken = {k: v.get(language) if isinstance(v, Text) else v for k, v in values.items()}
            return self.get(language).format(**spoken)

        return Text(*map(said, LANGUAGES))

    @classmethod
    def read(cls, table: Mapping[str, Any], where: str) -> Text:
        """Build from ``{en = "...", ja = "..."}``.

        Raises
        ------
        ValueError
            If a language is missing or empty.
        """
        for language in LANGUAGES:
            if not isinstance(table, Mapping) or not str(table.get(language, "")).strip():
                raise ValueError(f"{where}: the text has no '{language}'")
        return cls(str(table["en"]), str(table["ja"]))


class Named(Protocol):
    """What has an id to type and a title to read."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def title(self) -> Text: ...  # noqa: D102


def names(things: Iterable[Named | str]) -> Text:
    """Name things in a sentence: by the ids that one types in English, by their titles in Japanese."""
    listed = list(things)
    ids = (thing if isinstance(thing, str) else thing.id for thing in listed)
    titles = (thing if isinstance(thing, str) else thing.title.ja for thing in listed)
    return Text(" ".join(ids), "".join(f"「{title}」" for title in titles))
