from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeRun
from PIL import Image
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from mi_studio.app import splash
from mi_studio.app.screenshot import screenshot
from mi_studio.app.worker import Worker
from mi_studio.cli import main
from mi_studio.core import paths, recording
from mi_studio.core.config import resolve
from mi_studio.core.errors import RunError, UsageError
from mi_studio.core.text import Text


def loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(*(m.partition('.')[0] for m in sys.modules))"
    return set(subprocess.check_output([sys.executable, "-c", code], text=True).split())


def test_starting_loads_no_torch() -> None:
    loaded = loaded_by("mi_studio.app.controller")
    assert "PySide6" in loaded
    assert "torch" not in loaded


@pytest.mark.parametrize(
    "module", ["mi_studio.app.main", "mi_studio.app.worker", "mi_studio.studio.presenter"]
)
def test_what_needs_no_window_loads_no_qt(module: str) -> None:
    assert not {"PySide6", "torch", "pyqtgraph"} & loaded_by(module)


def test_no_display_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_display() -> None:
        raise UsageError(Text("There is no display.", "画面が見つかりません。"))

    monkeypatch.setattr("mi_studio.app.preflight.check_window", lambda: None)
    monkeypatch.setattr("mi_studio.app.main.check_window", no_display)
    assert main([]) == 2
    assert capsys.readouterr().err == "mi-studio: There is no display.\n"


@pytest.fixture
def quick(fake: type[FakeRun], monkeypatch: pytest.MonkeyPatch, own_settings: Path) -> type[FakeRun]:
    monkeypatch.setattr(Worker.__init__, "__defaults__", (fake,))
    monkeypatch.setattr("mi_studio.studio.session.shipped_recording", lambda scene: None)
    return fake


@pytest.mark.parametrize(("steps", "language"), [(5, "ja"), (None, "en")])
def test_screenshot(
    qapp: QApplication,
    no_leftover_qt: None,
    quick: type[FakeRun],
    tmp_path: Path,
    steps: int | None,
    language: str,
) -> None:
    out = tmp_path / "new" / "shot.png"
    config = resolve("federated", settings={"gradient-noise": 0.5})
    assert screenshot(config, steps=steps, language=language, size=(1280, 800), out=out) == 0
    with Image.open(out) as picture:
        assert picture.size == (1280, 800)
        assert len(picture.convert("RGB").getcolors(10**6) or []) > 50


def test_screenshots_that_cannot_be_taken(
    qapp: QApplication, no_leftover_qt: None, quick: type[FakeRun], tmp_path: Path
) -> None:
    config = resolve("federated")
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file" / "shot.png", tmp_path / "shot.unknown"):
        with pytest.raises(UsageError, match="cannot be written"):
            screenshot(config, out=out)
    for size in ((800, 600), (0, 0), (1280, 639)):
        with pytest.raises(UsageError, match="at least 1000x640"):
            screenshot(config, size=size, out=tmp_path / "shot.png")
    assert not (tmp_path / "shot.png").exists()
    with pytest.raises(UsageError, match="no page"):
        screenshot(config, page="moon", out=tmp_path / "shot.png")
    quick.fail_at = 2
    with pytest.raises(RunError, match="RuntimeError"):
        screenshot(config, out=tmp_path / "shot.png")


def test_a_screenshot_without_qt_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "PySide6", None)
    assert main(["screenshot", "--scene", "federated", "--out", str(tmp_path / "shot.png")]) == 2
    said = capsys.readouterr().err
    assert "PySide6 is not installed" in said
    assert said.count("\n") == 1


def test_the_splash_is_a_process_that_ends_with_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def popen(command: list[str], **more: Any) -> subprocess.Popen[bytes]:
        started.append(real([*command[:1], "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE))
        assert command[1:] == ["-m", "mi_studio", "--lang", "ja", "--splash"]
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    with splash.splash("ja"):
        assert started[0].poll() is None
    assert started[0].returncode is not None
    assert started[0].stdin is not None
    started[0].stdin.close()


def test_a_program_without_a_splash_starts_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with splash.splash(None):
        pass


@pytest.mark.parametrize(("language", "said"), [("en", "is starting"), ("ja", "起動しています")])
def test_what_the_splash_shows(
    qtbot: QtBot, no_leftover_qt: None, own_settings: Path, language: str, said: str
) -> None:
    seen: list[str] = []

    def look() -> None:
        seen.extend(
            w.text() for w in QApplication.topLevelWidgets() if isinstance(w, QLabel) and w.isVisible()
        )

    QTimer.singleShot(50, look)
    assert splash.show(language, 200) == 0
    assert [said in text for text in seen] == [True]


def test_the_splash_is_no_command_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "splash" not in capsys.readouterr().out


AS_ON_WINDOWS = """
import contextlib, sys
sys.modules["torch"] = None
from mi_studio.app import main, preflight

def load_torch():
    print("torch wanted", "before Qt" if "PySide6.QtCore" not in sys.modules else "after Qt", flush=True)
    real_load()

@contextlib.contextmanager
def splash(language):
    print("splash", language)
    yield
    print("splash gone")

def open_program(app, **more):
    from PySide6.QtCore import QTimer
    controller = real_open(app, **more)
    print("window", controller.window.isVisible(), len(controller.session.main.history))
    QTimer.singleShot(0, app, controller.window.close)
    return controller

real_load, preflight.load_torch = preflight.load_torch, load_torch
real_open, main.open_program = main.open_program, open_program
main.TORCH_FIRST = preflight.TORCH_FIRST = True
main.splash = splash
from mi_studio.cli import main
sys.exit(main(["--lang", "en", "play", sys.argv[1]]))
"""


def test_torch_comes_before_qt_where_it_must_and_a_recording_plays_without(tmp_path: Path) -> None:
    recorded = paths.assets() / "recordings" / "federated.mireplay"
    done = subprocess.run(
        [sys.executable, "-c", AS_ON_WINDOWS, str(recorded)],
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    steps = len(recording.load(recorded).history)
    assert done.stdout.splitlines() == [
        "splash en", "torch wanted before Qt", f"window True {steps}", "splash gone"
    ]  # fmt: skip
