"""The rules of the house that no single part can keep alone."""

from __future__ import annotations

import ast
import gzip
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from every_text import walk

from mi_studio import doctor
from mi_studio.core import metrics, paths, recording
from mi_studio.core.cards import library
from mi_studio.core.config import resolve, why_not_attack, why_not_defense, why_out_of_reach
from mi_studio.core.text import Text

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mi_studio"
SOURCES = sorted(PACKAGE.rglob("*.py"))
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def python(code: str, *arguments: str) -> str:
    """Run code in a fresh interpreter and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# what may load what

LOAD = """
import importlib, pkgutil, sys
name, *unwanted = sys.argv[1:]
module = importlib.import_module(name)
for found in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
    importlib.import_module(found.name)
print(*(u for u in unwanted if u in sys.modules))
"""

LIGHT = ("torch", "torchvision", "PySide6", "pyqtgraph")


@pytest.mark.parametrize(
    ("name", "unwanted"),
    [
        ("mi_studio.core", LIGHT),
        ("mi_studio.export", LIGHT),
        ("mi_studio.studio", LIGHT),
        ("mi_studio.sweep", (*LIGHT, "pyarrow", "distributed", "mi_studio.engine")),
        ("mi_studio.cli", LIGHT),
        ("mi_studio.doctor", LIGHT),
        ("mi_studio.app", ("torch", "torchvision", "mi_studio.engine")),
        ("mi_studio.engine", ("PySide6", "pyqtgraph", "psygnal", "opacus")),
        ("mi_studio.training", ("PySide6", "pyqtgraph", "psygnal", "opacus")),
    ],
)
def test_every_module_of_a_room_loads_without(name: str, unwanted: tuple[str, ...]) -> None:
    assert python(LOAD, name, *unwanted) == ""


def test_import_contracts_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from importlinter.cli import lint_imports

    monkeypatch.chdir(ROOT)
    assert lint_imports(cache_dir=str(tmp_path)) == 0


# nothing from or to the network, nothing that runs when it is opened


def imported(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


NETWORK = ("ssl", "urllib.request", "http", "ftplib", "smtplib", "requests", "httpx", "aiohttp",
           "PySide6.QtNetwork", "PySide6.QtWebEngineCore", "torch.hub", "torch.utils.model_zoo")  # fmt: skip
PICKLES = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_source_imports_network_or_pickle(source: Path) -> None:
    for name in imported(source):
        for banned in (*NETWORK, *PICKLES):
            assert name != banned
            assert not name.startswith(f"{banned}.")


def test_sockets_are_only_ever_a_pair_within_the_process() -> None:
    uses = re.compile(r"\bsocket\.(?!socketpair\()\w+|\bfrom socket import")
    found = [str(s) for s in SOURCES if uses.search(s.read_text("utf-8"))]
    assert found == []


def test_no_source_reads_a_pickle_through_a_library() -> None:
    calls = re.compile(r"\b(?:torch|np|numpy|pd|pandas)\.(?:load|read_pickle)\(")
    found = [str(s) for s in SOURCES if calls.search(s.read_text("utf-8"))]
    assert found == []


def test_no_shipped_file_is_a_pickle() -> None:
    suffixes = {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin", ".npy", ".npz", ".joblib"}
    shipped = [p for folder in ("assets", "pretrained", "mi_studio") for p in (ROOT / folder).rglob("*")]
    assert [str(p) for p in shipped if p.suffix.lower() in suffixes] == []
    for path in shipped:
        if path.is_file() and "__pycache__" not in path.parts:  # what Python and numba keep for themselves
            with path.open("rb") as file:
                head = file.read(2)
            assert head not in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"), path


RUN_WATCHED = """
import sys
reached = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        reached.append((event, str(arguments)))
sys.addaudithook(watch)
from mi_studio.cli import main
code = main(sys.argv[1:])
print("code", code, "reached", reached)
"""


WITH_SCORES = ["--scene", "catalogue", "--attack", "score-search"]


@pytest.mark.parametrize(
    "choice",
    [
        ["--scene", "federated", "--steps", "2"],
        pytest.param(
            [*WITH_SCORES, "--steps", "1", "--set", "granularity=round1"],
            marks=pytest.mark.stress,
        ),
    ],
    ids=["federated", "catalogue"],
)
def test_a_run_reaches_for_nothing(choice: list[str], tmp_path: Path) -> None:
    said = python(RUN_WATCHED, "run", *choice, "--out", str(tmp_path / "out"))
    assert said.splitlines()[-1] == "code 0 reached []"
    assert (tmp_path / "out" / "result.json").stat().st_size > 0


# what is shipped


def test_shipped_files_stay_under_100_mb() -> None:
    sizes = [p.stat().st_size for f in ("assets", "pretrained") for p in (ROOT / f).rglob("*") if p.is_file()]
    assert 0 < sum(sizes) <= 100 * 10**6


def tracked() -> list[Path]:
    git = shutil.which("git")
    listed = subprocess.run(
        [git or "git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ) if git else None  # fmt: skip
    if listed is None or listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_tracked_file_knows_a_machine() -> None:
    homes = re.compile(
        rb"/(?:home/(?!user\b)[\w.-]+|Users/[\w.-]+|work/[a-z]+|tmp/[\w-]+)/|/root/[\w.]|[A-Z]:\\Users\\"
    )
    for path in tracked():
        if path != Path(__file__).resolve():
            found = homes.search(path.read_bytes())
            assert found is None, f"{path.relative_to(ROOT)}: {found[0]!r}"


@cache
def texts() -> tuple[tuple[str, Text], ...]:
    """Every text of every card and metric, with where it stands."""

    return (*walk(library(), "library"), *walk(metrics.METRICS, "metrics"))


@pytest.mark.parametrize(("where", "text"), texts(), ids=[where for where, _ in texts()])
def test_every_text_is_there_in_both_languages(where: str, text: Text) -> None:
    assert text.en.strip() == text.en != ""
    assert text.ja.strip() == text.ja != ""
    assert not JAPANESE.search(text.en)
    if re.search("[A-Za-z]{2}", text.en):  # numbers and signs need no translation
        assert JAPANESE.search(text.ja)


def test_the_bundled_font_has_every_character(qapp: object) -> None:
    from PySide6.QtGui import QFont, QRawFont

    used: dict[str, str] = {}
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                used |= dict.fromkeys(node.value, str(source.relative_to(ROOT)))
    for where, text in texts():
        used |= dict.fromkeys(text.en + text.ja, where)
    for file in sorted((paths.assets() / "fonts").glob("*.ttf.gz")):
        font = QRawFont()
        data = gzip.decompress(file.read_bytes())
        font.loadFromData(data, 14, QFont.HintingPreference.PreferDefaultHinting)
        assert font.isValid()
        drawn = {c for c in used if any(font.glyphIndexesForString(c)) or not c.isprintable()}
        drawn |= {"\u309f", "\u30ff"}  # ends of blocks, in comparisons only
        assert not {c: where for c, where in used.items() if c not in drawn}, file.name


def test_cards_agree_with_their_folders_and_each_other() -> None:
    cards = library()
    for card in (*cards.scenes, *cards.attacks, *cards.defenses):
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", card.id)
        assert card.folder.name == card.id.replace("-", "_")
        assert (card.folder / "__init__.py").is_file()
    for scene in cards.scenes:
        config = resolve(scene.id)  # the preset can run
        assert (config.attack, config.target) == (scene.preset.attack, scene.preset.target)
        shipped = recording.load(paths.assets() / "recordings" / scene.preset.recording)
        assert shipped.config.scene == scene.id
        for defense in cards.defenses:
            for attack in cards.attacks:
                meet = not why_not_attack(scene, attack) and not why_not_defense(scene, defense)
                if meet and attack.access not in defense.reaches:
                    reason = why_out_of_reach(defense, attack)
                    assert reason in defense.without_effect.values(), (defense.id, attack.id)
    for card in (*cards.attacks, *cards.defenses):
        assert re.search(r"arXiv \d{4}\.\d{5}|doi 10\.", card.cites)


# the doctor


def test_the_doctor_looks_at_everything() -> None:
    findings = {finding.name: finding for finding in doctor.examine()}
    assert list(findings) == [
        *("python", "libraries", "window", "cards", "weights", "assets", "fonts", "cache", "torch")
    ]
    for name in ("python", "libraries", "cards", "weights", "assets", "fonts", "torch"):
        assert findings[name].ok, findings[name].line("en")
    for finding in findings.values():
        assert finding.ok or finding.remedy
        assert JAPANESE.search(finding.sentence.ja) or finding.name == "libraries"
        assert set(finding.as_json()) >= {"name", "ok", "sentence"}
    said = findings["torch"].sentence.en
    assert re.match(r"torch \d[\w.+]* computes on .*the processor with \d+ thread", said)


@pytest.mark.parametrize(("kind", "names"), [("pretrained", ["weights"]), ("assets", ["assets", "fonts"])])
def test_the_doctor_names_what_is_missing(
    kind: str, names: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(paths, kind, lambda: tmp_path)
    looked = doctor.examine(deep=False)
    broken = [finding for finding in looked if not finding.ok and finding.name != "window"]
    assert [finding.name for finding in broken] == names
    assert all("Install MI Studio again" in finding.line("en") for finding in broken)


def test_the_doctor_notices_a_changed_weight_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = shutil.copytree(paths.pretrained(), tmp_path / "pretrained")
    victim = next(folder.rglob("*.safetensors"))
    victim.write_bytes(victim.read_bytes()[:-1])
    monkeypatch.setattr(paths, "pretrained", lambda: folder)
    finding = next(f for f in doctor.examine(deep=False) if f.name == "weights")
    assert not finding.ok
    assert victim.name in finding.line("en")


def test_the_doctor_asks_for_the_weights_of_every_trained_in_defence() -> None:
    from fakes import logins

    scene = logins().scene("logins")
    asked = {m.id: list(doctor._choices(scene, m)) for m in scene.models}
    given = math.prod(len(knob.stops) for knob in scene.knobs)
    assert [len(asked[m]) for m in ("small", "deep", "ready")] == [given * 4, given, given * 8]
    knobs = ({"mid", "bido", "tl-dmi"}, {"epsilon", "tl-dmi"})
    for model, trained in zip(("small", "ready"), knobs, strict=True):
        assert {k for _, needed in asked[model] for k in needed} == trained
        for values, needed in asked[model]:
            assert {k for k in trained if values[k] not in ("off", math.inf)} == needed


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"version": "2.9", "threads": 4, "cuda": [], "mps": false}', "the processor with 4 threads."),
        ('{"version": "2.9", "threads": 1, "cuda": [], "mps": false}', "the processor with 1 thread."),
        ('{"version": "2.9", "threads": 4, "cuda": ["A", "B"], "mps": false}', "cuda (A, B)"),
        ('{"version": "2.9", "threads": 4, "cuda": [], "mps": true}', "--device mps"),
    ],
)
def test_the_doctor_names_every_device(answer: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_ASK_TORCH", f"print({answer!r})")
    (found,) = doctor._torch(doctor._asked_torch())
    assert found.ok
    assert said in found.sentence.en
    assert JAPANESE.search(found.sentence.ja)


@pytest.mark.parametrize("how", ["missing", "broken"])
def test_the_doctor_notices_that_torch_cannot_be_used(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if how == "missing":
        monkeypatch.setitem(sys.modules, "torch", None)
    else:
        monkeypatch.setattr(doctor, "_ASK_TORCH", "raise OSError('a library is missing')")
    found = next(f for f in doctor.examine() if f.name == "torch")
    assert not found.ok
    assert found.remedy is not None
    assert ("not installed" if how == "missing" else "a library is missing") in found.sentence.en
    assert "Recordings still play" in found.line("en")


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("6.11.3", ">=6.11,<6.12", True),
        ("6.12.0", ">=6.11,<6.12", False),
        ("2.14.1+cu130", ">=2.9,<2.15", True),
        ("2.9", ">=2.9", True),
        ("1.26.4", ">=2.0", False),
        ("1", "", True),
    ],
)
def test_the_doctor_compares_versions(version: str, wanted: str, fits: bool) -> None:
    assert doctor._fits(version, wanted) is fits
