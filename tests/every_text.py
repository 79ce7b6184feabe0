"""Finds the texts within cards, metrics and whatever else holds some."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from mi_studio.core.text import Text


def walk(value: object, where: str) -> Iterator[tuple[str, Text]]:
    """Yield every text within a value, with where it stands."""
    if isinstance(value, Text):
        yield where, value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from walk(getattr(value, field.name), f"{where}.{field.name}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from walk(item, f"{where}.{key}")
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from walk(item, f"{where}.{getattr(item, 'id', index)}")
