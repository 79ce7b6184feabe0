"""A teacher's scene file in the window: opened, locked, left, written; a bad one changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from mi_studio.app import theme
from mi_studio.app.controller import Controller
from mi_studio.cli import main
from mi_studio.core import paths
from mi_studio.studio.scenefile import load

Program = Callable[..., Controller]
CTRL = Qt.KeyboardModifier.ControlModifier
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

TEXT = """
scene = "catalogue"
title = "Lesson A"
seed = 41
language = "ja"
theme = "dark"
hide = ["save", "curve"]
lock = ["scene", "attack", "seed", "pages", "open", "knob.granularity"]
leave = {leave}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.miscene"
    path.write_text(TEXT.format(leave="true"))
    return path


def slot(controller: Controller, name: str) -> object:
    return next(b for b in controller.window.sentence.brackets if b.bracket and b.bracket.slot == name)


def test_a_file_sets_the_stage_and_holds_it(program: Program, file: Path) -> None:
    controller = program(opened=file)
    window, wish = controller.window, controller.session.intent.wish
    assert (wish.scene, wish.seed) == ("catalogue", 41)
    assert controller.presenter.language == "ja"
    assert theme.current() is theme.DARK
    assert not slot(controller, "scene").isEnabled()
    assert slot(controller, "target").isEnabled()
    assert not window.top.save.isVisible()
    assert not window.curve.isVisible()
    assert not window.top.open.isEnabled()
    assert next(r for r in window.protection.rows if r.knob == "granularity").isEnabled() is False
    page = window.page
    QTest.keyClick(window, Qt.Key.Key_2, CTRL)
    assert window.page == page
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    window.timeline.restarted.emit(True)  # a new seed
    window.protection.moved.emit("granularity", "label")
    assert controller.session.intent.wish == wish
    assert window.banner.isVisible()


def test_a_file_can_be_left_and_everything_is_back(program: Program, file: Path) -> None:
    controller = program(language="en", theme="light")
    window, before = controller.window, controller.session.intent.wish
    controller.settings.language, controller.settings.theme = "en", "light"
    controller._file_dropped(str(file))
    assert window.top.teacher.isVisible()
    assert "Lesson A" in window.top.teacher.text()
    QTest.mouseClick(window.top.teacher, Qt.MouseButton.LeftButton)
    assert controller.session.intent.wish == before
    assert controller.presenter.language == "en"
    assert theme.current() is theme.LIGHT
    assert window.top.save.isVisible()
    assert window.curve.isVisible()
    assert slot(controller, "scene").isEnabled()
    assert not window.top.teacher.isVisible()
    assert controller.settings.language == "en"  # the teacher's was never remembered


@pytest.mark.parametrize(("language", "said"), [("en", "Teacher's file"), ("ja", "教材")])
def test_a_file_may_forbid_to_be_left(program: Program, file: Path, language: str, said: str) -> None:
    file.write_text(TEXT.format(leave="false").replace('language = "ja"', f'language = "{language}"'))
    controller = program(opened=file)
    sign = controller.window.top.teacher
    assert said in sign.text()
    assert not sign.isEnabled()
    assert controller.window.top.save.isHidden()
    QTest.mouseClick(sign, Qt.MouseButton.LeftButton)
    assert controller.teacher.file is not None


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_bad_file_loses_nothing(program: Program, tmp_path: Path, language: str) -> None:
    controller = program(language=language)
    controller.session.start()
    lane, before = controller.session.main, controller.session.intent.wish
    for bad in (b"scene = ", b'scene = "nowhere"', b'scene = "catalogue"\nrecording = "none.mireplay"'):
        path = tmp_path / "bad.miscene"
        path.write_bytes(bad)
        controller.window.banner.hide()
        controller._file_dropped(str(path))
        assert controller.window.banner.isVisible()
        assert controller.session.intent.wish == before
        assert controller.session.main is lane
        assert controller.teacher.file is None


def test_a_recording_beside_the_file_is_played(program: Program, tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    film = paths.assets() / "recordings" / "federated.mireplay"
    shutil.copy(film, tmp_path / "films" / "class.mireplay")
    path = tmp_path / "b.miscene"
    path.write_text('scene = "federated"\nrecording = "films/class.mireplay"\nlock = ["seed"]\n')
    controller = program(scene="catalogue")
    controller._file_dropped(str(path))
    assert controller.session.filming
    assert controller.session.replay == "opened"
    assert controller.session.intent.wish.scene == "federated"


def test_a_lesson_opens_with_the_file(program: Program, tmp_path: Path) -> None:
    from mi_studio.studio.lessons import lessons

    path = tmp_path / "c.miscene"
    path.write_text(f'scene = "federated"\nlesson = "{lessons()[0].id}"\n')
    controller = program(opened=path)
    assert controller.window.lesson.isVisible()
    assert controller.lessons.course.lesson is lessons()[0]


def test_the_stage_is_written_as_a_file(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = program()
    controller.session.intent.turn("gradient-noise", 0.5)
    path = tmp_path / "mine.miscene"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(path), ""))
    controller.window._save_scene.trigger()
    said = load(path)
    assert said.wish() == controller.session.intent.wish
    assert (said.language, said.theme) == ("en", "light")
    assert said.leave


def test_a_bad_file_is_told_before_a_window_opens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.miscene"
    path.write_text("scene = 3")
    assert main(["--scene-file", str(path)]) == 2
    assert "bad.miscene" in capsys.readouterr().err
