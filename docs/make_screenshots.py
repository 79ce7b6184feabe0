"""Take the pictures in docs/screenshots with ``mi-studio screenshot``: ``make screenshots``.

python docs/make_screenshots.py               the few that README and docs show
python docs/make_screenshots.py --all DIR     every scene x language x theme x size, into DIR
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).resolve().parent / "screenshots"
LANGUAGES, THEMES, SIZES = ("en", "ja"), ("light", "dark", "contrast"), ("1280x800", "1920x1080")
COLOURS = 192
"""A screenshot has few colours; a palette makes the file a third as large."""


@dataclass(frozen=True)
class Scenario:
    """What a picture shows: a choice, and how far it has run."""

    name: str
    arguments: tuple[str, ...]


SCENARIOS = (
    Scenario("federated", ("--scene", "federated")),
    Scenario("federated-noise", ("--scene", "federated", "--set", "gradient-noise=0.5")),
    Scenario("catalogue", ("--scene", "catalogue")),
    Scenario("catalogue-dp", ("--scene", "catalogue", "--set", "epsilon=1", "private-records=2000")),
    Scenario(
        "catalogue-api", ("--scene", "catalogue", "--attack", "score-search", "--set", "granularity=top1")
    ),
)  # fmt: skip

SHOWN = (
    ("federated-noise", "en", "light", "1280x800"),
    ("federated-noise", "ja", "light", "1280x800"),
    ("catalogue-dp", "en", "dark", "1280x800"),
    ("catalogue-dp", "ja", "dark", "1280x800"),
    ("catalogue-api", "en", "contrast", "1280x800"),
    ("federated", "ja", "light", "1920x1080"),
)
"""What README and docs show."""


def take(scenario: Scenario, language: str, theme: str, size: str, folder: Path) -> Path:
    """Take one picture and make its file small."""
    path = folder / f"{scenario.name}-{language}-{theme}-{size}.png"
    subprocess.run(
        [
            *(sys.executable, "-m", "mi_studio", "screenshot", *scenario.arguments),
            *("--lang", language, "--theme", theme, "--size", size, "--out", str(path)),
        ],
        check=True,
    )
    with Image.open(path) as image:
        if "x".join(map(str, image.size)) != size:
            sys.exit(f"{path.name} is {image.size}, not {size}.")
        small = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    return path


def main() -> None:
    """Take what was asked for."""
    parser = argparse.ArgumentParser(description="Take the pictures in docs/screenshots.")
    parser.add_argument("--all", type=Path, metavar="DIR", help="every combination, into DIR")
    options = parser.parse_args()
    wanted = (
        list(itertools.product((s.name for s in SCENARIOS), LANGUAGES, THEMES, SIZES))
        if options.all
        else list(SHOWN)
    )
    folder = options.all or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    known = {s.name: s for s in SCENARIOS}
    for name, language, theme, size in wanted:
        path = take(known[name], language, theme, size, folder)
        print(f"{path.name}  {path.stat().st_size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
