"""Take all pictures in docs/screenshots and write docs/screens.md around them: ``make screenshots``.

python docs/make_screenshots.py              every scenario x language x theme x size
python docs/make_screenshots.py NAME...      some scenarios
python docs/make_screenshots.py --all DIR    the same into DIR, with the smallest window too; nothing in docs
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from mi_studio.app.screenshot import Move, Shot, screenshots
from mi_studio.core.config import resolve
from mi_studio.core.knobs import Value

PAGE = Path(__file__).resolve().parent / "screens.md"
FOLDER = PAGE.parent / "screenshots"
LANGUAGES = {"en": "English", "ja": "Japanese"}
THEMES = {"light": "light", "dark": "dark", "contrast": "high contrast"}
SIZES = ((1280, 800), (1920, 1080))
SMALLEST = (1000, 640)
COLOURS = 256
"""A screenshot has few colours; a palette makes the file a third as large."""


@dataclass(frozen=True)
class Scenario:
    """What a picture shows: a choice, what is done to it on the way, and what of the window is open."""

    name: str
    title: str
    scene: str
    attack: str | None = None
    model: str | None = None
    target: str | None = None
    settings: dict[str, Value] = field(default_factory=dict)
    move: Move | None = None
    picker: str = ""
    page: str = "stage"
    lesson: str = ""
    talk: bool = False
    themes: tuple[str, ...] = ("light", "dark")
    sizes: tuple[tuple[int, int], ...] = SIZES[:1]


SCENARIOS = (
    Scenario("faces-eight", "Face login, eight people at once", "face-login", target="eight"),
    Scenario(
        "faces-defended",
        "Face login, eight people against a model trained with negative smoothing",
        "face-login",
        target="eight",
        settings={"neg-ls": "on"},
    ),
    Scenario(
        "faces-dp",
        "Face login, one person, head trained with differential privacy",
        "face-login",
        model="face-net-pretrained",
        target="naoki-shirakawa",
        settings={"epsilon": 1.0},
    ),
    Scenario("people", "Choosing whose face to attack", "face-login", picker="target"),
    Scenario(
        "federated-noise",
        "Federated leak, noise on the gradient",
        "federated",
        settings={"gradient-noise": 0.5},
    ),
    Scenario(
        "federated-mixed",
        "Federated leak, more noise from the middle of the run on",
        "federated",
        settings={"gradient-noise": 0.1},
        move=Move(60, "gradient-noise", 1.0),
    ),
    Scenario(
        "catalogue-dp",
        "Unreleased catalogue, trained with differential privacy on few records",
        "catalogue",
        settings={"epsilon": 1.0, "private-records": 2000},
        themes=tuple(THEMES),
        sizes=SIZES,
    ),
    Scenario(
        "catalogue-api",
        "Unreleased catalogue, coarser answers of an API",
        "catalogue",
        attack="score-search",
        settings={"granularity": "top1"},
    ),
    Scenario("hospital", "Hospital consortium, a malicious server and the sum of 32", "hospital"),
    Scenario("drawings", "Factory drawings, one confidential part", "drawings"),
    Scenario("marks", "Secret price code, one mark", "handwriting"),
    Scenario("customers", "Customer records, one hidden field", "customers"),
    Scenario("picker", "Choosing an attack", "catalogue", picker="attack"),
    Scenario("tradeoff", "Leak against cost, customer records", "customers", page="tradeoff"),
    Scenario("effects", "What stops whom", "federated", page="effects"),
    Scenario(
        "desk",
        "The security desk while an attacker asks",
        "catalogue",
        attack="score-search",
        settings={"log-monitor": 0.01},
        page="desk",
    ),
    Scenario("lesson", "A lesson beside the stage", "federated", lesson="recipe-book"),
    Scenario("talk", "Presenter mode, for the back row", "face-login", target="eight", talk=True),
)

HEAD = """# Screens

Written by `make screenshots`, which takes every picture from the real window after a real run; what the
verdict says is what came out of that run. Every scenario stands here in both languages.
"""


def looks(scenario: Scenario, sizes: tuple[tuple[int, int], ...]) -> Iterator[tuple[str, str, str, str]]:
    """Yield language, theme, size and file name of every picture of a scenario."""
    for width, height in sizes:
        for language in LANGUAGES:
            for theme in scenario.themes:
                size = f"{width}x{height}"
                yield language, theme, size, f"{scenario.name}-{language}-{theme}-{size}.png"


def take(scenario: Scenario, folder: Path, smallest: bool) -> None:
    """Run a scenario once, take all its pictures, and make their files small."""
    sizes = (*scenario.sizes, SMALLEST) if smallest else scenario.sizes
    shots = []
    for language, theme, size, name in looks(scenario, sizes):
        width, height = size.split("x")
        shots.append(
            Shot(
                folder / name,
                language,
                theme,
                (int(width), int(height)),
                picker=scenario.picker,
                page=scenario.page,
                lesson=scenario.lesson,
                talk=scenario.talk,
            )
        )
    config = resolve(
        scenario.scene,
        model=scenario.model,
        attack=scenario.attack,
        target=scenario.target,
        settings=scenario.settings,
    )
    screenshots(config, shots, move=scenario.move)
    for shot in shots:
        with Image.open(shot.out) as image:
            if image.size != shot.size:
                sys.exit(f"{shot.out.name} is {image.size}, not {shot.size}.")
            small = image.convert("RGB").quantize(
                COLOURS,
                method=Image.Quantize.MAXCOVERAGE,  # keeps the few pixels of a badge in their colour
                kmeans=3,
                dither=Image.Dither.NONE,
            )
        small.save(shot.out, optimize=True)
        print(f"{shot.out.name}  {shot.out.stat().st_size / 1000:.0f} kB", flush=True)


def page() -> str:
    """Return docs/screens.md."""
    parts = [HEAD]
    for scenario in SCENARIOS:
        parts.append(f"## {scenario.title}\n")
        for width, height in scenario.sizes:
            parts.append(f"| {width} x {height} | {' | '.join(LANGUAGES.values())} |")
            parts.append("|---" * (1 + len(LANGUAGES)) + "|")
            for theme in scenario.themes:
                title = THEMES[theme]
                cells = [
                    f"![{scenario.title}, {spoken}, {title}](screenshots/"
                    f"{scenario.name}-{language}-{theme}-{width}x{height}.png)"
                    for language, spoken in LANGUAGES.items()
                ]
                parts.append(f"| {title} | {' | '.join(cells)} |")
            parts.append("")
    return "\n".join(parts)


def main() -> None:
    """Take what was asked for; every scenario in a process of its own."""
    parser = argparse.ArgumentParser(description="Take the pictures in docs/screenshots.")
    parser.add_argument("names", nargs="*", help="scenarios; all of them if left out")
    parser.add_argument("--all", type=Path, metavar="DIR", help="into DIR, with the smallest window too")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    known = {s.name: s for s in SCENARIOS}
    names = options.names or list(known)
    if unknown := [n for n in names if n not in known]:
        parser.error(f"no scenario {', '.join(unknown)}; there are {', '.join(known)}")
    folder = options.all or FOLDER
    if options.here:
        take(known[names[0]], folder, smallest=bool(options.all))
        return
    for name in names:
        into = ["--all", str(options.all)] if options.all else []
        subprocess.run([sys.executable, __file__, name, "--here", *into], check=True)
    if not options.all:
        wanted = {name for s in SCENARIOS for _, _, _, name in looks(s, s.sizes)}
        for old in FOLDER.glob("*.png"):
            if old.name not in wanted:
                old.unlink()
        PAGE.write_text(page(), encoding="utf-8")
    print(f"{sum(f.stat().st_size for f in folder.glob('*.png')) / 1e6:.1f} MB in {folder}")


if __name__ == "__main__":
    main()
