"""Where shipped files lie and where the user's may be kept."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import platformdirs

PACKAGE = Path(__file__).resolve().parent.parent


@cache
def shipped(name: str) -> Path:
    """Return the folder ``assets`` or ``pretrained``.

    It lies in the frozen bundle, inside an installed package, or beside a source checkout's package.
    """
    bundle = getattr(sys, "_MEIPASS", None)
    candidates = [Path(bundle) / name] if bundle else []
    candidates += [PACKAGE / name, PACKAGE.parent / name]
    return next((c for c in candidates if c.is_dir()), candidates[-1])


def assets() -> Path:
    """Return the folder of pictures, fonts, texts and recordings."""
    return shipped("assets")


def pretrained() -> Path:
    """Return the folder of shipped weights and their cards."""
    return shipped("pretrained")


def cache_dir() -> Path:
    """Return the user's cache folder for MI Studio, made if missing."""
    path = Path(platformdirs.user_cache_dir("mi-studio", appauthor=False))
    path.mkdir(parents=True, exist_ok=True)
    return path


def data_dir() -> Path:
    """Return the user's own folder for MI Studio, where results are kept; made when it is written to."""
    return Path(platformdirs.user_data_dir("mi-studio", appauthor=False))
