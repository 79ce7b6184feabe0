"""The names of the private people, in both languages."""

from __future__ import annotations

import tomllib
from pathlib import Path

from mi_studio.core.text import Text

FILE = Path("face-login", "people.toml")


def read_names(assets: Path) -> tuple[Text, ...]:
    """Return the name of each private person, by number.

    Raises
    ------
    ValueError
        If a name lacks a language.
    """
    table = tomllib.loads((assets / FILE).read_text("utf-8"))
    return tuple(Text.read(name, f"{FILE.name}, name {i}") for i, name in enumerate(table["names"]))
