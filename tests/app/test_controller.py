from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shiboken6
from fakes import FakeRun
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, Qt, QTranslator, QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from mi_studio.app.controller import Controller
from mi_studio.core import paths, recording
from mi_studio.core.cards import library
from mi_studio.core.config import OWN_PICTURE
from mi_studio.core.errors import BadFileError
from mi_studio.core.step import Pictures
from mi_studio.studio.lanes import Role
from mi_studio.studio.runstate import RunState

Open = Callable[..., Controller]


def click(qtbot: QtBot, widget: Any, at: QPoint | None = None) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at or widget.rect().center())


def finish(qtbot: QtBot, controller: Controller) -> None:
    """Run the present choice to its end, as fast as it goes."""
    controller.session.set_speed(math.inf)
    if not controller.session.playing:
        click(qtbot, controller.window.timeline.play)
    qtbot.waitUntil(lambda: controller.session.state is RunState.FINISHED, timeout=5000)
    qtbot.waitUntil(lambda: not controller.timer.isActive(), timeout=5000)


def test_play_to_the_verdict_by_one_click(qtbot: QtBot, program: Open) -> None:
    controller = program()
    qtbot.waitUntil(lambda: not controller.timer.isActive())
    finish(qtbot, controller)
    window = controller.window
    assert "Anyone would recognise" in controller.presenter.view().verdict.sentence
    assert window.timeline.step.said.startswith(f"Step {FakeRun.LIMIT}")


def test_keys(qtbot: QtBot, program: Open) -> None:
    controller = program()
    window, session = controller.window, controller.session
    qtbot.keyClick(window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: session.main is not None and len(session.main.history) == 1)
    qtbot.keyClick(window, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: session.position == 1)
    qtbot.waitUntil(lambda: not controller.timer.isActive())
    qtbot.keyClick(window, Qt.Key.Key_Left)
    assert session.position == 0
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert session.playing
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert session.state is RunState.PAUSED
    qtbot.keyClick(window, Qt.Key.Key_Home)
    assert session.state is RunState.STARTING
    assert session.intent.wish.seed == 7


def test_undo_by_key(qtbot: QtBot, program: Open) -> None:
    controller = program()
    controller.window.protection.moved.emit("gradient-noise", 0.5)
    assert controller.session.intent.on
    qtbot.keyClick(controller.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not controller.session.intent.on


def test_a_slider_moved_by_hand_while_the_attack_runs(qtbot: QtBot, program: Open) -> None:
    controller = program()
    window, session = controller.window, controller.session
    session.set_speed(0.5)
    click(qtbot, window.timeline.play)
    qtbot.waitUntil(lambda: session.position >= 2)
    slider = window.protection.rows[0].slider
    qtbot.keyClick(slider, Qt.Key.Key_PageUp)
    qtbot.waitUntil(lambda: session.main.mixed)
    qtbot.waitUntil(lambda: session.lanes[Role.FRESH] is not None)
    qtbot.waitUntil(lambda: bool(window.protection.rows[0].note.said))
    assert "Took effect at step" in window.protection.rows[0].note.said
    qtbot.waitUntil(lambda: len([p for p in window.panes if not p.isHidden()]) == 4)
    finish(qtbot, controller)
    assert session.lanes.judged is session.lanes[Role.FRESH]


def test_pickers(qtbot: QtBot, program: Open) -> None:
    controller = program()
    sentence = controller.window.sentence
    sentence.picked.emit("scene", "catalogue")
    assert controller.session.intent.wish.scene == "catalogue"
    sentence.picked.emit("attack", "inverting-gradients")
    assert not controller.window.banner.isHidden()
    assert controller.session.intent.wish.attack != "inverting-gradients"
    sentence.toggled.emit("defense", "dp-training", True)
    assert [d.id for d in controller.session.intent.on] == ["dp-training"]


def test_languages_are_switched_while_it_runs(qtbot: QtBot, program: Open, own_settings: Path) -> None:
    controller = program()
    click(qtbot, controller.window.timeline.play)
    click(qtbot, controller.window.top.languages["ja"])
    assert controller.window.panes[0].title.said == "守るべき秘密"
    qtbot.waitUntil(lambda: controller.session.position > 2)
    click(qtbot, controller.window.top.languages["en"])
    assert controller.window.panes[0].title.said == "The secret"
    assert controller.settings.language == "en"


def words_of_a_file_dialog() -> set[str]:
    """What Qt's own file dialog has to say, without the signs of its keys."""
    dialog = QFileDialog()
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    parts = [*dialog.findChildren(QPushButton), *dialog.findChildren(QLabel)]
    words = {part.text().replace("&", "") for part in parts}
    shiboken6.delete(dialog)
    return words


def test_dialogs_of_qt_speak_the_language_of_the_window(program: Open, qapp: QApplication) -> None:
    english = {"Open", "Cancel", "Look in:", "File name:", "Files of type:"}
    japanese = {"開く(O)", "キャンセル", "場所(I):", "ファイル名(N):", "ファイルの種類(T):"}
    controller = program(language="ja")
    assert words_of_a_file_dialog() == japanese
    for language, words in (("en", english), ("ja", japanese), ("en", english)):
        controller.window.language_chosen.emit(language)
        assert words_of_a_file_dialog() == words
        qapp.processEvents()
    assert len(qapp.findChildren(QTranslator)) == 1


def test_themes(program: Open) -> None:
    controller = program()
    for name in ("dark", "contrast", "light"):
        controller.window.theme_chosen.emit(name)
        assert controller.settings.theme == name


def test_a_failure_is_told_and_the_program_lives_on(qtbot: QtBot, program: Open, fake: type[FakeRun]) -> None:
    fake.fail_at = 2
    controller = program()
    click(qtbot, controller.window.timeline.play)
    qtbot.waitUntil(lambda: controller.session.state is RunState.FAILED)
    banner = controller.window.banner
    assert not banner.isHidden()
    assert "RuntimeError" in banner.text.said
    assert "the engine broke" in banner.details.toPlainText()
    fake.fail_at = None
    finish(qtbot, controller)


def a_picture(folder: Path) -> Path:
    path = folder / "私の写真.png"
    Image.fromarray(np.full((40, 60, 3), 77, np.uint8)).save(path)
    return path


def read(qtbot: QtBot, controller: Controller) -> None:
    """Wait until the picture that was brought is read."""
    qtbot.waitUntil(lambda: controller._reading is None)


def test_a_dropped_picture_becomes_the_secret(qtbot: QtBot, program: Open, tmp_path: Path) -> None:
    controller = program()
    controller.window.panes[0].file_dropped.emit(str(a_picture(tmp_path)))
    read(qtbot, controller)
    assert "stays on this computer" in controller.window.banner.text.said
    finish(qtbot, controller)
    assert controller.session.main.config.target == OWN_PICTURE
    assert controller.session.main.secret.max() == 77


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_a_bad_file_is_told_and_the_program_lives_on(
    qtbot: QtBot, program: Open, tmp_path: Path, content: bytes
) -> None:
    controller = program()
    for name in ("bad.png", "bad.mireplay"):
        (tmp_path / name).write_bytes(content)
        controller.window.banner.hide()
        controller.window.panes[0].file_dropped.emit(str(tmp_path / name))
        read(qtbot, controller)
        assert name in controller.window.banner.text.said
    controller.window.panes[0].file_dropped.emit("https://example.org/cat.png")
    read(qtbot, controller)
    assert "not on this computer" in controller.window.banner.text.said
    click(qtbot, controller.window.top.languages["ja"])
    for name in ("bad.png", "bad.mireplay"):
        controller.window.panes[0].file_dropped.emit(str(tmp_path / name))
        read(qtbot, controller)
        assert controller.window.banner.text.said.endswith("。")
    finish(qtbot, controller)


def test_paste(qtbot: QtBot, program: Open, tmp_path: Path) -> None:
    controller = program()
    clipboard = QGuiApplication.clipboard()
    clipboard.clear()
    controller.window.panes[0].paste_requested.emit()
    assert "no picture in the clipboard" in controller.window.banner.text.said
    image = QImage(33, 21, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    clipboard.setImage(image)
    controller.window.panes[0].paste_requested.emit()
    read(qtbot, controller)
    assert controller.session.intent.wish.picture.shape == (1, 21, 21, 3)
    assert controller.session.intent.wish.picture.min() == 255
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(a_picture(tmp_path)))])
    clipboard.setMimeData(data)
    controller.window.panes[0].paste_requested.emit()
    read(qtbot, controller)
    assert controller.session.intent.wish.picture.shape == (1, 40, 40, 3)
    clipboard.clear()


class SlowPictures:
    """Stands in for reading: a picture comes when it is let go, and is as grey as its name says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gates: dict[str, threading.Event] = {}
        self.begun: list[str] = []
        monkeypatch.setattr("mi_studio.app.pictures.from_place", self.read)

    def read(self, place: str) -> Pictures:
        self.begun.append(place)
        assert self.gates.setdefault(place, threading.Event()).wait(5)
        return np.full((40, 40, 3), int(place), np.uint8)

    def drop(self, controller: Controller, place: str) -> None:
        self.gates.setdefault(place, threading.Event())
        controller.window.panes[0].file_dropped.emit(place)


def test_a_picture_is_read_beside_the_screen(
    qtbot: QtBot, program: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller, slow = program(), SlowPictures(monkeypatch)
    qtbot.waitUntil(lambda: not controller.timer.isActive())
    slow.drop(controller, "10")
    assert "Reading" in controller.window.banner.text.said
    qtbot.waitUntil(lambda: slow.begun == ["10"])
    for place in ("20", "30"):
        slow.drop(controller, place)
    for gate in slow.gates.values():
        gate.set()
    read(qtbot, controller)
    assert slow.begun == ["10", "30"]
    assert controller.session.intent.wish.picture.max() == 30
    qtbot.waitUntil(lambda: controller.session.state is RunState.FINISHED)


@pytest.mark.parametrize("how", ["another target", "another scene", "a recording"])
def test_a_picture_that_comes_too_late_is_dropped(
    qtbot: QtBot, program: Open, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    controller, slow = program(), SlowPictures(monkeypatch)
    slow.drop(controller, "10")
    if how == "another target":
        controller.window.sentence.picked.emit("target", "rocket")
    elif how == "another scene":
        controller.window.sentence.picked.emit("scene", "catalogue")
    else:
        controller.open_recording(paths.assets() / "recordings" / "federated.mireplay")
    slow.gates["10"].set()
    read(qtbot, controller)
    assert controller.session.intent.wish.picture is None
    assert controller.session.intent.wish.target != OWN_PICTURE
    assert controller.window.banner.isHidden()


def test_closing_while_a_picture_is_read(program: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    controller, slow = program(), SlowPictures(monkeypatch)
    slow.drop(controller, "10")
    slow.drop(controller, "20")
    for gate in slow.gates.values():
        gate.set()
    controller.close()
    assert controller.session.intent.wish.picture is None
    assert not [t for t in threading.enumerate() if t.name.startswith("mi-studio-picture")]


def test_choosing_the_own_picture_asks_for_one(
    qtbot: QtBot, program: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = program()
    answers = iter(["", str(a_picture(tmp_path))])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (next(answers), ""))
    controller.window.sentence.picked.emit("target", OWN_PICTURE)
    assert controller.session.intent.wish.target == "cat"
    controller.window.panes[0].open_requested.emit()
    read(qtbot, controller)
    assert controller.session.intent.wish.target == OWN_PICTURE
    assert controller.settings.folder == str(tmp_path)


def test_save_and_open(qtbot: QtBot, program: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    controller = program()
    window = controller.window
    window.save_requested.emit()
    assert "nothing to save" in window.banner.text.said
    finish(qtbot, controller)

    path = tmp_path / "run.mireplay"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.save_requested.emit()
    assert "Saved as run.mireplay" in window.banner.text.said
    assert len(recording.load(path).history) == FakeRun.LIMIT + 1

    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "picture"), ""))
    window.save_picture_requested.emit()
    assert (tmp_path / "picture.png").exists()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path / "no" / "x.png"), ""))
    window.save_picture_requested.emit()
    assert "cannot be written" in window.banner.text.said

    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "page"), ""))
    window.save_page_requested.emit()
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF-")

    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    window.open_recording_requested.emit()
    assert controller.session.filming


def test_the_saved_picture_is_the_one_that_is_shown(
    qtbot: QtBot, program: Open, fake: type[FakeRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.best_at = 5
    controller = program()
    finish(qtbot, controller)
    path = tmp_path / "picture.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    controller.window.save_picture_requested.emit()
    with Image.open(path) as saved:
        assert saved.convert("RGB").getpixel((0, 0)) == (50, 50, 50)


def test_the_program_opens_with_a_recording(qtbot: QtBot, program: Open, tmp_path: Path) -> None:
    first = program()
    assert first._warming.isActive()
    finish(qtbot, first)
    path = tmp_path / "run.mireplay"
    first.save(path)
    second = program(opened=path)
    assert second.session.replay == "opened"  # on a slow machine its film may be over already
    assert len(second.session.main.history) == FakeRun.LIMIT + 1
    assert not second._warming.isActive()  # whoever came to watch may have no torch
    third = program(opened=tmp_path / "missing.mireplay")
    assert "missing.mireplay" in third.window.banner.text.said


def test_closing_in_the_middle_leaves_nothing(qtbot: QtBot, program: Open) -> None:
    controller = program()
    click(qtbot, controller.window.timeline.play)
    qtbot.waitUntil(lambda: controller.session.position > 1)
    controller.close()
    assert controller.session.state is RunState.IDLE
    assert not controller.timer.isActive()
    assert controller.worker.quit()


def test_settings_are_kept_and_nonsense_is_ignored(program: Open, own_settings: Path) -> None:
    from mi_studio.app.settings import Settings

    first = program()
    first.settings.language = "ja"
    first.settings.theme = "dark"
    first.window.sentence.picked.emit("scene", "catalogue")
    first.close()
    again = program(language=None, theme=None, scene=None, size=None)
    assert again.presenter.language == "ja"
    assert again.session.intent.wish.scene == "catalogue"
    kept = Settings()
    kept.language, kept.theme, kept.scene = "xx", "pink", "moon"
    assert Settings().language in ("en", "ja")
    assert Settings().theme == "system"
    assert program(language=None, theme=None, scene=None).session.intent.wish.scene == library().scenes[0].id


@pytest.mark.parametrize(("chosen", "again"), [(0.5, 0.5), (2.0, 2.0), (math.inf, 1.0)])
def test_the_speed_is_kept_unless_the_opening_film_would_be_over_at_once(
    program: Open, chosen: float, again: float
) -> None:
    first = program()
    assert first.session.speed == 1.0
    first.window.timeline.speed_chosen.emit(chosen)
    first.close()
    second = program()
    assert second.session.speed == again
    assert second.presenter.view().timeline.speed == again
    for nonsense in ("fast", "0", "-1", "nan", "3"):
        second.settings._store.setValue("speed", nonsense)
        assert second.settings.speed == 1.0


def test_from_a_too_large_clipboard(monkeypatch: pytest.MonkeyPatch) -> None:
    from mi_studio.app import pictures
    from mi_studio.core import pictures as core

    monkeypatch.setattr(core, "MAX_PIXELS", 100)
    with pytest.raises(BadFileError, match="pixels"):
        pictures.to_array(QImage(20, 20, QImage.Format.Format_RGB32))
