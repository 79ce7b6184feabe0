"""What works on this machine, and what to do about what does not.

Imports neither torch nor Qt: libraries are looked up, not loaded, and whatever must be loaded to be
known is loaded in another process.
"""

from __future__ import annotations

import gzip
import importlib
import json
import locale
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from itertools import product
from typing import Any

from mi_studio.core import paths, recording
from mi_studio.core.cards import Model, SceneCard, library
from mi_studio.core.errors import REINSTALL, BadFileError, StudioError, reason
from mi_studio.core.knobs import Value
from mi_studio.core.text import Text
from mi_studio.core.weights import find_weights, weights_cards

OLDEST_PYTHON = (3, 11)
FREE_MB = 500
"""Space that recordings and results of an afternoon may take."""

_MODULES = {"pyside6-essentials": "PySide6", "pillow": "PIL"}
"""Distributions whose module is not called like them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    name
        A short word that never changes, for scripts.
    remedy
        What to do, where ``ok`` is false.
    """

    name: str
    ok: bool
    sentence: Text
    remedy: Text | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the finding as JSON's types."""
        found: dict[str, Any] = {
            "name": self.name,
            "ok": self.ok,
            "sentence": {"en": self.sentence.en, "ja": self.sentence.ja},
        }
        if self.remedy is not None:
            found["remedy"] = {"en": self.remedy.en, "ja": self.remedy.ja}
        return found

    def line(self, language: str | None = None) -> str:
        """Return one line for a terminal, in the machine's language if none is given."""
        spoken = language or _language()
        said = f"{'ok' if self.ok else '--':3} {self.name:10} {self.sentence.get(spoken)}"
        return said if self.remedy is None else f"{said}\n{'':14} -> {self.remedy.get(spoken)}"


def examine(deep: bool = True) -> list[Finding]:
    """Look at everything MI Studio needs; never raises.

    Parameters
    ----------
    deep
        Also load torch, in another process, to see which devices it can use; takes seconds.
    """
    if not deep:
        return _examine([])
    with ThreadPoolExecutor(1) as beside:  # the rest is looked at meanwhile
        asked = beside.submit(_asked_torch)
        return _examine([("torch", lambda: _torch(asked.result()))])


_Look = tuple[str, Callable[[], Iterator[Finding]]]


def _examine(more: Sequence[_Look]) -> list[Finding]:
    looks: list[_Look] = [
        ("python", _python),
        ("libraries", _libraries),
        ("window", _window),
        ("cards", _cards),
        ("weights", _weights),
        ("assets", _assets),
        ("fonts", _fonts),
        ("cache", _cache),
        *more,
    ]
    findings: list[Finding] = []
    for name, look in looks:
        try:
            findings += look()
        except StudioError as error:
            findings.append(Finding(name, False, error.problem, error.remedy or REINSTALL))
        except Exception as error:  # noqa: BLE001  # a doctor who faints helps nobody
            said = f"{type(error).__name__}: {error}"
            sentence = Text(f"Could not be examined ({said}).", f"調べられませんでした（{said}）。")
            findings.append(Finding(name, False, sentence, REINSTALL))
    return findings


def _language() -> str:
    spoken = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "ja" if spoken.lower().startswith(("ja", "japanese")) else "en"


def _python() -> Iterator[Finding]:
    said = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
    cores = os.cpu_count() or 1
    yield Finding(
        "python",
        sys.version_info >= OLDEST_PYTHON,
        Text(said + f"{cores} processor cores.", said + f"プロセッサー{cores}コア。"),
        None
        if sys.version_info >= OLDEST_PYTHON
        else Text("Install Python 3.11 or newer.", "Python 3.11以上をインストールしてください。"),
    )


def _libraries() -> Iterator[Finding]:
    if getattr(sys, "frozen", False):
        yield Finding(
            "libraries",
            True,
            Text("All libraries are in the package.", "ライブラリはすべてパッケージに入っています。"),
        )
        return
    there, wrong = [], []
    for name, wanted in _requirements():
        module = _MODULES.get(name.lower(), name.replace("-", "_"))
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = ""
        if find_spec(module) is None or not version:
            wrong.append(name)
        elif not _fits(version, wanted):
            wrong.append(f"{name} {version} ({wanted})")
        else:
            there.append(f"{name} {version}")
    if wrong:
        yield Finding(
            "libraries",
            False,
            Text(
                f"Missing or of the wrong version: {', '.join(wrong)}.",
                f"見つからないか、バージョンが合いません：{', '.join(wrong)}。",
            ),
            Text(
                f'In the source folder, run: make setup, or "{sys.executable}" -m pip install --editable .',
                "ソースのフォルダーで make setup を実行してください"
                f'（または "{sys.executable}" -m pip install --editable . ）。',
            ),
        )
    else:
        yield Finding("libraries", True, Text(", ".join(there) + ".", "、".join(there) + "。"))


def _requirements() -> Iterator[tuple[str, str]]:
    """Yield (distribution, version range) of what MI Studio always needs."""
    for line in metadata.requires("mi-studio") or ():
        requirement, _, condition = line.partition(";")
        if "extra" not in condition:
            found = re.match(r"\s*([\w.-]+)\s*(.*)", requirement)
            assert found is not None
            yield found[1], found[2].strip()


def _fits(version: str, wanted: str) -> bool:
    """Compare by the numbers alone; enough for ranges such as ``>=6.11,<6.12``."""

    def numbers(text: str) -> tuple[int, ...]:
        found = re.match(r"[\d.]+", text)
        return tuple(int(n) for n in found[0].strip(".").split(".")) if found else ()

    for part in filter(None, (p.strip() for p in wanted.split(","))):
        bound = numbers(part.lstrip("<>=~! "))
        mine = numbers(version)
        if (part.startswith(">=") and mine < bound) or (part.startswith("<") and mine >= bound):
            return False
    return True


_ASK_TORCH = """
import json, torch
from mi_studio.engine.devices import settle_threads
cuda = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
print(json.dumps({
    "version": torch.__version__,
    "threads": settle_threads(),
    "cuda": [torch.cuda.get_device_name(i) for i in cuda],
    "mps": torch.backends.mps.is_available(),
}))
"""


def _asked_torch() -> subprocess.CompletedProcess[str] | None:
    """Let another process load torch and tell what it can use; ``None`` where there is nobody to ask."""
    if getattr(sys, "frozen", False) or find_spec("torch") is None:
        return None
    return subprocess.run(
        [sys.executable, "-c", _ASK_TORCH], capture_output=True, text=True, timeout=300, check=False
    )


def _torch(asked: subprocess.CompletedProcess[str] | None) -> Iterator[Finding]:
    if asked is None and getattr(sys, "frozen", False):
        version = metadata.version("torch")
        yield Finding(
            "torch",
            True,
            Text(
                f"torch {version}; this package computes on the processor.",
                f"torch {version}。このパッケージはプロセッサーで計算します。",
            ),
        )
    elif asked is None:
        yield Finding(
            "torch",
            False,
            Text("torch is not installed.", "torchがインストールされていません。"),
            Text(
                "Recordings still play; to run attacks: pip install torch torchvision",
                "記録の再生はできます。攻撃を実行するには pip install torch torchvision を実行してください。",
            ),
        )
    elif asked.returncode:
        said = (asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"])[-1]
        yield Finding(
            "torch",
            False,
            Text(f"torch cannot be loaded ({said}).", f"torchを読み込めません（{said}）。"),
            Text(
                "Recordings still play. Install torch again: pip install --force-reinstall torch torchvision",
                "記録の再生はできます。pip install --force-reinstall torch torchvision で"
                "入れ直してください。",
            ),
        )
    else:
        yield Finding("torch", True, _computes(json.loads(asked.stdout.splitlines()[-1])))


def _computes(told: Mapping[str, Any]) -> Text:
    """Say what attacks can compute on, the device that is taken by itself first."""
    threads = told["threads"]
    en = f"the processor with {threads} thread{'s' if threads > 1 else ''}"
    ja = f"プロセッサー（{threads}スレッド）"
    if told["cuda"]:
        there = ", ".join(told["cuda"])
        en, ja = f"cuda ({there}) or {en}", f"cuda（{there}）または{ja}"
    if told["mps"]:
        en, ja = f"{en}, or with --device mps on Apple's GPU", f"{ja}、--device mps でAppleのGPU"
    version = told["version"]
    return Text(f"torch {version} computes on {en}.", f"torch {version}：{ja}で計算できます。")


def _window() -> Iterator[Finding]:
    # app sits above; asked for by name, so that looking at the rest never needs it
    importlib.import_module("mi_studio.app.preflight").check_window()
    yield Finding("window", True, Text("A window can be opened.", "ウィンドウを開けます。"))


def _cards() -> Iterator[Finding]:
    cards = library()
    counts = len(cards.scenes), len(cards.attacks), len(cards.defenses)
    yield Finding(
        "cards",
        all(counts),
        Text(
            f"{counts[0]} scenes, {counts[1]} attacks and {counts[2]} defences are installed.",
            f"場面{counts[0]}件、攻撃{counts[1]}件、防御{counts[2]}件がそろっています。",
        ),
        None if all(counts) else REINSTALL,
    )


def _weights() -> Iterator[Finding]:
    """Check every shipped weight file against its card, and that each choice of a scene finds one."""
    count, size = 0, 0
    for scene in library().scenes:
        for card in weights_cards(scene.id):
            size += len(card.verified_bytes())
            count += 1
    for scene in library().scenes:
        for model in scene.models:
            for values, needed in _choices(scene, model):
                find_weights(scene.id, model.id, values, needed)
    yield Finding(
        "weights",
        True,
        Text(
            f"{count} weight files ({size / 1e6:.1f} MB) are the ones on their cards.",
            f"重みファイル{count}件（{size / 1e6:.1f} MB）は、カードの記載どおりです。",
        ),
    )


def _choices(scene: SceneCard, model: Model) -> Iterator[tuple[dict[str, Value], set[str]]]:
    """Yield every setting under which a model was trained, with the knobs that its weights must speak of.

    These are the scene's own knobs and one after the other each defence that is trained into the model.
    """
    trained = [d.knob for d in library().defenses if d.acts == "trained" and model in scene.models_for(d)]
    for stops in product(*(knob.stops for knob in scene.knobs)):
        plain = {knob.id: stop.value for knob, stop in zip(scene.knobs, stops, strict=True)}
        plain |= {knob.id: knob.default if knob.off is None else knob.off for knob in trained}
        yield plain, set()
        for knob in trained:
            for stop in knob.stops:
                if stop.value != knob.off:
                    yield plain | {knob.id: stop.value}, {knob.id}


def _assets() -> Iterator[Finding]:
    folder = paths.assets()
    missing = [
        name
        for name in ("icons", "recordings", *(s.id for s in library().scenes))
        if not any((folder / name).glob("**/*.*"))
    ]
    if missing:
        names = ", ".join(missing)
        yield Finding(
            "assets",
            False,
            Text(f"Missing in {folder}: {names}.", f"{folder} に見つかりません：{names}。"),
            REINSTALL,
        )
        return
    for scene in library().scenes:
        try:
            recording.load(folder / "recordings" / scene.preset.recording)
        except BadFileError as error:  # ours: another one is no help
            raise BadFileError(error.problem, remedy=REINSTALL) from error
    yield Finding(
        "assets",
        True,
        Text("Pictures, icons and recordings are there.", "画像、アイコン、記録がそろっています。"),
    )


def _fonts() -> Iterator[Finding]:
    found = sorted((paths.assets() / "fonts").glob("*.ttf.gz"))
    for font in found:
        with gzip.open(font) as file:
            while file.read(1 << 20):
                pass  # a damaged file raises
    yield Finding(
        "fonts",
        bool(found),
        Text(
            "The font for Latin and Japanese is there." if found else "The Japanese font is missing.",
            "欧文と日本語のフォントがあります。" if found else "日本語フォントが見つかりません。",
        ),
        None if found else REINSTALL,
    )


def _cache() -> Iterator[Finding]:
    try:
        folder = paths.cache_dir()
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
        free = shutil.disk_usage(folder).free // 2**20
    except OSError as error:
        yield Finding(
            "cache",
            False,
            Text(
                "The cache folder cannot be written ({reason}).",
                "キャッシュフォルダーに書き込めません（{reason}）。",
            ).filled(reason=reason(error)),
            Text(
                "Give yourself the right to write there, or set XDG_CACHE_HOME to another folder.",
                "書き込み権限を付けるか、環境変数 XDG_CACHE_HOME で別のフォルダーを指定してください。",
            ),
        )
        return
    yield Finding(
        "cache",
        free >= FREE_MB,
        Text(
            f"{folder} can be written; {free / 1024:.1f} GB are free.",
            f"{folder} に書き込めます（空き {free / 1024:.1f} GB）。",
        ),
        None
        if free >= FREE_MB
        else Text(f"Free at least {FREE_MB} MB.", f"{FREE_MB} MB以上の空きを作ってください。"),
    )
