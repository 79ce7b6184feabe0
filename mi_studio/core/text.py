"""Words in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

LANGUAGES = ("en", "ja")


@dataclass(frozen=True, slots=True)
class Text:
    """One text in English and Japanese."""

    en: str
    ja: str

    def get(self, language: str) -> str:
        """Return the text in ``language`` (``"en"`` or ``"ja"``)."""
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
