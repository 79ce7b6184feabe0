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
from mi_studio.studio.scenefile import SceneFile, load
from mi_studio.studio.talk import Story, leading

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

PLAIN = TEXT.format(leave="false").replace('"ja"', '"en"').replace('"dark"', '"light"')


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


def saved(controller: Controller, path: Path, monkeypatch: pytest.MonkeyPatch) -> SceneFile:
    """Save the stage as a scene file and read it again."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(path), ""))
    controller.window._save_scene.trigger()
    return load(path)


def test_a_file_saved_from_an_open_one_holds_and_hides_as_much(
    program: Program, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(PLAIN)
    controller = program(opened=file)
    intent = controller.session.intent
    targets = [t.id for t in intent.scene.targets_for(intent.wish.values)]
    controller.session.intent.pick("target", targets[-1])
    was, said = load(file), saved(controller, tmp_path / "b.miscene", monkeypatch)
    assert (said.title, said.hide, said.lock, said.leave) == ("Lesson A", was.hide, was.lock, False)
    assert said.wish() == controller.session.intent.wish
    assert said.target == targets[-1]


def test_a_recording_is_saved_along_where_it_still_is_of_what_is_chosen(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(paths.assets() / "recordings" / "federated.mireplay", tmp_path / "class.mireplay")
    path, elsewhere = tmp_path / "a.miscene", tmp_path / "elsewhere"
    path.write_text('scene = "federated"\nrecording = "class.mireplay"\nlock = ["seed"]\n')
    elsewhere.mkdir()
    controller = program(scene="catalogue")
    controller._file_dropped(str(path))
    assert saved(controller, tmp_path / "b.miscene", monkeypatch).recording == "class.mireplay"
    assert saved(controller, elsewhere / "b.miscene", monkeypatch).recording == ""
    controller.session.intent.turn("gradient-noise", 0.5)
    said = saved(controller, tmp_path / "b.miscene", monkeypatch)
    assert (said.recording, said.lock) == ("", ("seed",))


def test_what_is_saved_after_a_file_was_left_holds_nothing(
    program: Program, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(PLAIN)
    controller = program()
    controller._file_dropped(str(file))
    controller.teacher.leave()
    said = saved(controller, tmp_path / "b.miscene", monkeypatch)
    assert (said.title, said.hide, said.lock) == ("", (), ())


def test_what_a_file_holds_is_held_in_a_talk_as_beside_the_pictures(program: Program, tmp_path: Path) -> None:
    controller = program(scene="federated")
    window, session = controller.window, controller.session
    intent, path = session.intent, tmp_path / "a.miscene"
    looks = []
    for lock, held in (
        ("knob.gradient-noise", {"gradient-noise"}),
        ("knobs", set(intent.knobs)),
        ("defense", {d.knob.id for d in intent.defenses}),
        ("seed", set()),
    ):
        path.write_text(f'scene = "federated"\nlock = ["{lock}"]\n')
        controller._file_dropped(str(path))
        view, first = controller.presenter.view(), leading(intent)
        window.show_view(view)
        window.talk_row.show_view(view, first.knob.id if first is not None else "")
        for rows in (window.protection.rows, window.talk_row.knobs):
            shown = {row.knob: row for row in rows if not row.isHidden()}
            assert shown
            for knob, row in shown.items():
                idle = row._view is not None and row._view.reason
                assert row.isEnabled() is (knob not in held), (lock, knob)
                assert bool(row.title.property("dimmed")) is bool(knob in held or idle), (lock, knob)
        looks.append(window.talk_row.knobs[1].slider.grab().toImage())
        story = Story(session)
        assert not held & {beat.knob for beat in story.beats}
        for _ in range(6):  # no step of the story is refused
            story.next()
    assert looks[1] == looks[2] != looks[3]  # it looks like what it is


def test_a_bad_file_is_told_before_a_window_opens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.miscene"
    path.write_text("scene = 3")
    assert main(["--scene-file", str(path)]) == 2
    assert "bad.miscene" in capsys.readouterr().err
