"""What the Japanese window says when something is wrong: a Japanese sentence, and no English in it."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeRun
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from mi_studio.app.controller import Controller
from mi_studio.core import paths, recording
from mi_studio.core.config import OWN_PICTURE, RunConfig
from mi_studio.core.step import Pictures
from mi_studio.core.weights import find_weights
from mi_studio.studio.runstate import RunState

Open = Callable[..., Controller]
ENGLISH = re.compile(r"[A-Za-z]{2,}")
PROPER = re.compile(
    r"MI Studio|MI-Face|SSD|Purifier|Soteria|BREP-MI|LOKT|DeepInversion|GradInversion|R-GAP|iDLG|DLG|"
    r"Robbing the Fed|CNN|API|"
    r"mi-studio train|SHA-256|PNG JPEG WEBP BMP GIF TIFF|\d MB"
)


def said(controller: Controller, *things: object) -> str:
    """Return what the banner says, once it is clear that but for the names of ``things`` it is Japanese."""
    banner = controller.window.banner
    assert not banner.isHidden()
    sentence = banner.text.said
    assert sentence.endswith("。")
    bare = sentence
    for thing in things:
        assert str(thing) in sentence
        bare = bare.replace(str(thing), "")
    assert not ENGLISH.search(PROPER.sub("", bare)), sentence
    assert "\n" not in sentence
    banner.hide()
    return sentence


@pytest.fixture
def controller(program: Open) -> Controller:
    return program(language="ja")


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + bytes(18)], ids=["empty", "text", "zip"])
def test_a_broken_recording(controller: Controller, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "記録.mireplay"
    path.write_bytes(content)
    controller.open_recording(path)
    assert "壊れています" in said(controller, path.name)


def test_other_recordings_that_cannot_be_played(controller: Controller, tmp_path: Path) -> None:
    missing = tmp_path / "ない.mireplay"
    controller.open_recording(missing)
    assert "見つかりません" in said(controller, missing)
    later = tmp_path / "新しい.mireplay"
    with zipfile.ZipFile(later, "w") as archive:
        archive.writestr("manifest.json", '{"format": 99}')
    controller.open_recording(later)
    assert "99" in said(controller, later.name)


def test_a_recording_of_parts_that_are_not_here(controller: Controller, tmp_path: Path) -> None:
    shipped = next((paths.assets() / "recordings").glob("*.mireplay"))
    whole = recording.load(shipped)
    whole = replace(whole, config=replace(whole.config, scene="moon"))
    recording.save(whole, tmp_path / "月.mireplay")
    controller.open_recording(tmp_path / "月.mireplay")
    details = controller.window.banner.details.toPlainText()
    assert "インストール" in said(controller)
    assert "moon" in details


@pytest.fixture
def weighed(fake: type[FakeRun], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run look for its weights as the engine does."""

    def begin(run: FakeRun, config: RunConfig, picture: Pictures | None = None) -> None:
        find_weights(config.scene, config.model, config.values).verified_bytes()
        FakeRun.__init__(run, config, picture)

    monkeypatch.setattr(fake, "__init__", begin)


def play(qtbot: QtBot, controller: Controller) -> None:
    controller.window.timeline.play_toggled.emit()
    qtbot.waitUntil(lambda: controller.session.state is RunState.FAILED)


def test_missing_weights(
    qtbot: QtBot, weighed: None, controller: Controller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "pretrained", lambda: tmp_path)
    play(qtbot, controller)
    assert "インストールし直す" in said(controller, tmp_path / "federated" / "strided-cnn")


@pytest.mark.parametrize("how", ["changed", "gone"])
def test_a_broken_weights_file(
    qtbot: QtBot,
    weighed: None,
    controller: Controller,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    folder = shutil.copytree(paths.pretrained() / "federated", tmp_path / "federated")
    for file in folder.rglob("*.safetensors"):
        file.write_bytes(b"half") if how == "changed" else file.unlink()
    monkeypatch.setattr(paths, "pretrained", lambda: tmp_path)
    wanted = find_weights("federated", "strided-cnn", controller.session.intent.wish.values).weights
    play(qtbot, controller)
    assert ("SHA-256" if how == "changed" else "見つかりません") in said(controller, wanted)


def test_impossible_choices(controller: Controller) -> None:
    sentence, protection = controller.window.sentence, controller.window.protection
    sentence.picked.emit("scene", "catalogue")
    sentence.picked.emit("attack", "inverting-gradients")
    assert "から選んでください" in said(controller)
    sentence.picked.emit("target", "trouser")
    assert "ズボン" in said(controller)
    sentence.toggled.emit("defense", "gradient-noise", True)
    assert "使えません" in said(controller)
    protection.moved.emit("epsilon", 3.0)
    assert "「16」" in said(controller)
    sentence.picked.emit("scene", "moon")
    said(controller, "moon")
    for slot in ("model", "attack", "target", "defense"):
        sentence.picked.emit(slot, "moon")
        said(controller, "moon")
    protection.moved.emit("moon", 3.0)
    said(controller, "moon")
    controller._try(lambda: controller.session.intent.pick("target", OWN_PICTURE))
    assert "自分の画像" in said(controller)


def drop(qtbot: QtBot, controller: Controller, place: object) -> None:
    controller.window.panes[0].file_dropped.emit(str(place))
    qtbot.waitUntil(lambda: controller._reading is None)


@pytest.mark.parametrize(
    "content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"GIF89a"], ids=["empty", "text", "png", "gif"]
)
def test_a_broken_picture(qtbot: QtBot, controller: Controller, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "猫.png"
    path.write_bytes(content)
    drop(qtbot, controller, path)
    said(controller, "猫.png")


def test_other_pictures_that_cannot_be_used(qtbot: QtBot, controller: Controller, tmp_path: Path) -> None:
    drop(qtbot, controller, tmp_path / "ない.png")
    assert "見つかりません" in said(controller, tmp_path / "ない.png")
    drop(qtbot, controller, tmp_path)
    said(controller, tmp_path.name)
    drop(qtbot, controller, "https://example.org/cat.png")
    said(controller)
    QGuiApplication.clipboard().clear()
    controller.window.panes[0].paste_requested.emit()
    said(controller)


def test_what_cannot_be_saved(
    qtbot: QtBot, controller: Controller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller.window.save_requested.emit()
    assert "先に再生してください" in said(controller)
    controller.session.set_speed(float("inf"))
    controller.window.timeline.play_toggled.emit()
    qtbot.waitUntil(lambda: controller.session.state is RunState.FINISHED)
    (tmp_path / "ファイル").write_text("")
    place = tmp_path / "ファイル" / "絵.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(place), ""))
    controller.window.save_picture_requested.emit()
    assert "書き込めません" in said(controller, place.name)


def test_what_nobody_expected(qtbot: QtBot, controller: Controller, fake: type[FakeRun]) -> None:
    fake.fail_at = 2
    play(qtbot, controller)
    assert "RuntimeError: the engine broke" in controller.window.banner.details.toPlainText()
    assert "予期しないエラー" in said(controller)
