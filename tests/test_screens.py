from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "screenshots"
MOST_BYTES = 9_000_000
"""What a clone pays for the pictures, at most."""


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that takes them."""
    spec = importlib.util.spec_from_file_location("make_screenshots", ROOT / "docs" / "make_screenshots.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "make_screenshots", module)  # its dataclasses look there
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_script_writes(maker: ModuleType) -> None:
    assert (ROOT / "docs" / "screens.md").read_text("utf-8") == maker.page(), "run: make screenshots"


def test_every_picture_is_there_in_its_size_and_shown(maker: ModuleType) -> None:
    shown = set(re.findall(r"\(screenshots/([^)]+)\)", maker.page()))
    there = {path.name for path in FOLDER.glob("*.png")}
    assert shown == there
    for path in FOLDER.glob("*.png"):
        with Image.open(path) as image:
            assert path.stem.endswith("{}x{}".format(*image.size))


def test_the_pictures_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < MOST_BYTES
