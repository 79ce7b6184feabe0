"""Words in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mi_studio.core.errors import BadFileError

LANGUAGES = ("en", "ja")


@dataclass(frozen=True, slots=True)
class Text:
    """One text in English and Japanese."""

    en: str
    ja: str

    def get(self, language: str) -> str:
        """Return the text in ``language`` (``"en"`` or ``"ja"``)."""
        return self.ja if language == "ja" else self.en

    @classmethod
    def read(cls, table: Mapping[str, Any], where: str) -> Text:
        """Build from ``{en = "...", ja = "..."}``.

        Raises
        ------
        BadFileError
            If a language is missing or empty.
        """
        for language in LANGUAGES:
            if not isinstance(table, Mapping) or not str(table.get(language, "")).strip():
                raise BadFileError(f"{where}: the text has no '{language}'.")
        return cls(str(table["en"]), str(table["ja"]))
