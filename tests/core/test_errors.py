"""Every error that a user can meet speaks both languages; none can be written that does not."""

import ast
import errno
import re
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

import mi_studio
from mi_studio.core import errors
from mi_studio.core.errors import REBUILD, BadFileError, RunError, StudioError, UsageError, reason
from mi_studio.core.text import Text, names

PACKAGE = Path(mi_studio.__file__).parent
FAMILY = {c.__name__ for c in vars(errors).values() if isinstance(c, type) and issubclass(c, StudioError)}
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
WORD = re.compile(r"[A-Za-z][\w.=-]+", re.ASCII)
COMMANDS = re.compile(
    r"(mi-studio|sudo|apt-get|pip|mkdir|npm) [ -~]*|--(set|size|out)\b|epsilon=4|1280x800|\bx高さ|\.png"
)
"""What is typed as it stands: a program's name and all up to the next Japanese character."""

NAMES = {"MI", "Studio", "MB", "SHA-256", "Fashion-MNIST", "wheel", "numba", "PySide6", "PyTorch", "DISPLAY",
         "WAYLAND_DISPLAY", "MI_STUDIO_FASHION", "MI_STUDIO_TARBALLS", "MI_STUDIO_WHEELS", "R-GAP",
         "Dask", "Opacus"}  # fmt: skip
"""Names that Japanese writes in Latin letters; a new one is added here, an English word is translated."""

HANDED_ON = ("problem", "sentence", "missing")
"""Names of texts that come from elsewhere: an error that was told before, what is not installed."""


@cache
def tree(module):
    place = PACKAGE.parent.joinpath(*module.split("."))
    source = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    return ast.parse(source.read_text("utf-8"))


MODULES = [
    ".".join(source.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for source in sorted(PACKAGE.rglob("*.py"))
]


@cache
def constants(module):
    """Return the texts that a module has a name for; nothing is imported, torch and Qt stay away."""
    found = {}
    for node in tree(module).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mi_studio."):
            wanted = {alias.name for alias in node.names if alias.name.isupper()}
            found |= {k: v for k, v in constants(node.module).items() if k in wanted} if wanted else {}
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and is_text(node.value):
            found[node.targets[0].id] = text_of(node.value, module)
    return found


def is_text(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text"


def text_of(node, module):
    """Return what a raise says; only constants count, so that nothing is baked into one language."""
    if isinstance(node, ast.Name):
        return constants(module)[node.id]
    assert is_text(node)
    return Text(*map(ast.literal_eval, node.args))


def calls():
    for module in MODULES:
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FAMILY:
                yield module, node


CALLS = list(calls())


def test_the_walk_finds_the_errors():
    assert {"StudioError", "UsageError", "BadFileError", "RunError"} == FAMILY
    assert len(CALLS) > 45
    assert {"core", "engine", "studio", "app", "training", "cli"} <= {m.split(".")[1] for m, _ in CALLS}


def test_the_family_is_closed_and_nobody_renames_it():
    for module in MODULES:
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.ClassDef) and module != errors.__name__:
                assert not {b.id for b in node.bases if isinstance(b, ast.Name)} & FAMILY, (module, node.name)
            if isinstance(node, ast.ImportFrom) and node.module == errors.__name__:
                assert all(alias.asname is None for alias in node.names), module
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name):
                assert node.exc.id not in FAMILY, (module, node.lineno)


def places(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize(("module", "call"), CALLS, ids=[f"{m}:{c.lineno}" for m, c in CALLS])
def test_every_error_is_there_in_both_languages(module, call):
    (said,) = call.args
    given = {word.arg: word.value for word in call.keywords}
    remedy = text_of(given.pop("remedy"), module) if "remedy" in given else None
    name = said.attr if isinstance(said, ast.Attribute) else getattr(said, "id", "")
    if isinstance(said, ast.Attribute) or name in HANDED_ON:
        assert name in HANDED_ON
        assert not given
        return
    problem = text_of(said, module)
    texts = [problem] if remedy is None else [problem, remedy]
    assert set(given) == set().union(*(places(t.en) | places(t.ja) for t in texts))
    for text in texts:
        assert text.en.strip() == text.en != ""
        assert "\n" not in text.en + text.ja
        assert not JAPANESE.search(text.en)
        assert JAPANESE.search(text.ja)
        assert text.ja.endswith("。")
        bare = COMMANDS.sub("", re.sub(r"\{[^}]*\}", "", text.ja))
        assert set(WORD.findall(bare)) <= NAMES
        for place in places(text.ja):  # what Python or the system says is English
            value = given[place]
            assert not any(isinstance(n, ast.Name) and n.id == "error" for n in ast.walk(value)) or (
                isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "reason"
            )


def test_an_error_says_what_is_wrong_and_what_to_do():
    problem = Text("No {what} in {folder}.", "{folder} に{what}がありません。")
    error = BadFileError(problem, remedy=REBUILD, what=Text("weights", "重み"), folder="models")
    assert str(error) == f"No weights in models. {REBUILD.en}" == error.text.en
    assert error.text.ja == f"models に重みがありません。{REBUILD.ja}"
    assert error.problem.ja == "models に重みがありません。"
    assert (error.remedy, UsageError(problem).remedy) == (REBUILD, None)


def test_a_text_that_is_handed_on_keeps_its_braces():
    first = BadFileError(Text("{name} is empty.", "{name} は空です。"), name="{a}.png")
    again = RunError(first.problem, remedy=REBUILD)
    assert again.problem == first.problem == Text("{a}.png is empty.", "{a}.png は空です。")


def test_one_language_is_no_text():
    with pytest.raises(AttributeError):
        UsageError("English only.")


@pytest.mark.parametrize("number", [*errno.errorcode, 9999])
def test_reasons_of_the_system_are_japanese(number):
    text = reason(OSError(number, "It said no"))
    assert text.en == "It said no"
    assert JAPANESE.search(text.ja)
    assert not WORD.search(text.ja)


def test_a_name_that_the_system_cannot_take_has_a_reason():
    assert reason(ValueError("embedded null byte")).en == "embedded null byte"
    assert not WORD.search(reason(ValueError("embedded null byte")).ja)


def test_names_are_typed_in_english_and_read_in_japanese():
    from mi_studio.core.cards import library

    named = names(library().scenes)
    assert named.en == " ".join(s.id for s in library().scenes)
    assert JAPANESE.search(named.ja)
    assert not WORD.search(named.ja)
    assert names(["auto", "cpu"]) == Text("auto cpu", "「auto」「cpu」")
