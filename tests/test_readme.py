"""What the README and the docs promise is there."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from mi_studio import cli
from mi_studio.core.config import resolve
from mi_studio.core.weights import weights_cards

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "README.ja.md", "CONTRIBUTING.md", "installer/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@each_page
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = page.read_text("utf-8")
    code = "\n".join([*blocks(page), *re.findall(r"`([^`\n]+)`", text)])
    wanted = set(re.findall(r"(?:^|\s|=\S+ )make ((?!me )[a-z-]+)", code, re.MULTILINE))
    assert wanted <= targets


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", page.read_text("utf-8")):
        address = (link[0] or link[1]).partition("#")[0]
        if address and "://" not in address:
            assert (page.parent / address).exists(), address


@each_page
def test_commands_are_understood(page: Path) -> None:
    for block in blocks(page):
        for line in block.splitlines():
            words = shlex.split(line, comments=True) if line.startswith("mi-studio ") else []
            if words and not set("[|") & set(line):
                options = cli._parser().parse_args(words[1:])
                if words[1] == "run":
                    resolve(
                        options.scene,
                        attack=options.attack,
                        model=options.model,
                        defenses=options.defense,
                        settings=cli.settings(options.settings),
                        target=options.target,
                        image=None if options.image is None else str(options.image),
                    )


def test_both_readmes_show_the_same() -> None:
    pages = [ROOT / "README.md", ROOT / "README.ja.md"]
    assert blocks(pages[0]) == blocks(pages[1])
    parts = [re.findall(r"^#+", page.read_text("utf-8"), re.MULTILINE) for page in pages]
    assert parts[0] == parts[1]


def test_the_notebook_lines_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import mi_studio.engine

    (lines,) = [block for block in blocks(ROOT / "README.md") if block.startswith("from mi_studio")]
    assert len([line for line in lines.splitlines() if line]) == 5
    monkeypatch.setattr(mi_studio.engine, "resolve", partial(resolve, steps=2))
    exec(compile(lines, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("0 ")


def test_continuous_integration_runs_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert script.rstrip().endswith("\nmake test")
    assert "\nmake test\n" in (ROOT / "README.md").read_text("utf-8")


def test_the_reference_is_what_the_cards_say() -> None:
    page = (ROOT / "docs" / "reference.md").read_text("utf-8")
    assert page == script("make_reference").reference(), "run: make reference"


def test_the_teachers_pages_are_what_the_lessons_say() -> None:
    pages = script("make_lessons").pages()
    folder = ROOT / "docs" / "lessons"
    assert {path.name for path in folder.iterdir()} == set(pages)
    for name, text in pages.items():
        assert (folder / name).read_text("utf-8") == text, "run: make reference"


@each_page
def test_tables_have_a_maker(page: Path) -> None:
    known = script("make_tables").TABLES
    text = page.read_text("utf-8")
    opened = re.findall(r"^<!-- table:([a-z-]+) -->$", text, re.MULTILINE)
    assert set(opened) <= set(known)
    assert len(re.findall(r"^<!-- end -->$", text, re.MULTILINE)) == len(opened)


def script(name: str) -> ModuleType:
    """Load one of the scripts in docs/, which may load others that lie there."""
    if str(ROOT / "docs") not in sys.path:
        sys.path.append(str(ROOT / "docs"))
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_weights_of_any_scene_have_a_row() -> None:
    page = script("make_reference")
    card = next(c for c in weights_cards("catalogue") if c.privacy and c.knobs["epsilon"] == 8)
    laddered, alone = replace(card, knobs={"epsilon": 2.0}), replace(card, knobs={})
    assert page._victim(laddered, [])[:2] == ["`small-cnn`", "2"]
    assert page._victim(alone, ["private-line"])[:3] == ["`small-cnn`", "–", "8"]
    assert sorted([alone, laddered], key=lambda c: page._order(c, [])) == [alone, laddered]
