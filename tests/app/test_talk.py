"""A talk: its keys, its notes, that the back row can read it, and that nothing flashes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from clipped import clipped
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from mi_studio.app import theme
from mi_studio.app.controller import Controller
from mi_studio.app.talk import CALM_SECONDS, FLOOR
from mi_studio.app.widgets.panes import PaneRow
from mi_studio.core import paths, recording
from mi_studio.studio.runstate import RunState
from mi_studio.studio.views import PaneView, StageView

Program = Callable[..., Controller]
BOTH = pytest.mark.parametrize("language", ["en", "ja"])
KEY = Qt.Key
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture(autouse=True)
def nominal(qapp: QApplication) -> Iterator[None]:
    yield
    theme.set_scale(qapp, 1.0, zoom=1.0, floor=0)


def press(controller: Controller, key: Qt.Key) -> None:
    QTest.keyClick(controller.window, key)


def begin(controller: Controller, qapp: QApplication) -> None:
    """F5, on a projector: the screen of the tests is a small one."""
    press(controller, KEY.Key_F5)
    assert controller.window.isFullScreen()
    controller.window.setWindowState(Qt.WindowState.WindowNoState)
    controller.window.resize(1920, 1080)
    for _ in range(6):
        qapp.processEvents()


def texts(window: QWidget) -> list[tuple[str, int]]:
    """Everything that is written in a window, with the size of its type."""
    found = []
    for part in window.findChildren(QWidget):
        said = getattr(part, "text", None)
        if part.isVisible() and callable(said) and said():
            found.append((said(), part.fontInfo().pixelSize()))
    return found


@BOTH
def test_nothing_is_smaller_than_twenty_points(
    program: Program, language: str, qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = program(language=language)
    begin(controller, qapp)
    qtbot.waitUntil(lambda: theme.scale() == 1.5)
    press(controller, KEY.Key_PageDown)
    qtbot.waitUntil(lambda: controller.session.state is RunState.FINISHED)
    qtbot.waitUntil(lambda: not controller.window.talk_row.knobs[0].isHidden())
    assert FLOOR == 27  # 20 pt at 96 dpi, rounded up
    written = texts(controller.window)
    assert len(written) >= 12
    assert clipped(controller.window) == []  # a floor makes type larger than what stands around it
    assert [(said, size) for said, size in written if size < FLOOR] == []
    drawn: list[int] = []  # what widgets paint themselves goes through one function
    usual = theme.font
    monkeypatch.setattr(
        theme, "font", lambda *a, **k: drawn.append(usual(*a, **k).pixelSize()) or usual(*a, **k)
    )
    controller.window.grab()
    assert drawn
    assert min(drawn) >= FLOOR


def test_there_is_one_row_of_controls_and_the_stage_comes_back(program: Program, qapp: QApplication) -> None:
    controller = program()
    window = controller.window
    begin(controller, qapp)
    hidden = (window.top, window.side, window.curve, window.timeline)
    assert not any(part.isVisible() for part in hidden)
    assert window.talk_row.isVisible()
    assert window.sentence.isVisible()
    assert window.verdict.isVisible()
    press(controller, KEY.Key_Escape)
    assert all(part.isVisible() for part in hidden)
    assert not window.talk_row.isVisible()
    assert not window.isFullScreen()
    assert theme.font(9).pixelSize() < FLOOR
    before = controller.session.state
    press(controller, KEY.Key_PageDown)  # a key of the talk does nothing any more
    assert controller.session.state is before


def test_the_clicker_tells_the_story_and_home_begins_it_again(
    program: Program, qapp: QApplication, qtbot: QtBot
) -> None:
    controller = program()
    session = controller.session
    start = session.intent.wish
    begin(controller, qapp)
    story = controller.talk.story
    assert story is not None
    press(controller, KEY.Key_PageDown)
    assert session.playing
    qtbot.waitUntil(lambda: session.main is not None and session.main.reached > 1)
    press(controller, KEY.Key_PageDown)
    assert not session.playing
    assert session.main is not None
    assert session.position == session.main.reached
    press(controller, KEY.Key_PageDown)
    knob = story.beat.knob
    assert session.intent.wish.values[knob] == story.beat.value != start.values[knob]
    qtbot.waitUntil(lambda: session.main is not None and session.main.reached > 1)
    assert not session.main.mixed
    press(controller, KEY.Key_PageUp)  # back to the attack without it, which is played again
    assert session.intent.wish.values[knob] == start.values[knob]
    assert session.playing
    for _ in range(99):
        press(controller, KEY.Key_PageDown)
    assert story.at == len(story.beats) - 1
    press(controller, KEY.Key_Home)
    assert session.intent.wish == start
    assert not session.playing
    assert session.position == 0
    assert story.at == 0


def test_another_scene_begins_another_story(program: Program, qapp: QApplication) -> None:
    controller = program()
    begin(controller, qapp)
    press(controller, KEY.Key_PageDown)
    story = controller.talk.story
    assert story is not None
    assert story.at == 1
    controller.session.intent.pick("scene", "catalogue")
    press(controller, KEY.Key_PageDown)
    assert story.at == 1
    assert controller.session.intent.wish.scene == "catalogue"
    press(controller, KEY.Key_Home)
    assert controller.session.intent.wish.scene == "federated"


def test_with_a_lesson_open_the_clicker_turns_its_steps(program: Program, qapp: QApplication) -> None:
    controller = program()
    controller.lessons.start_tour()
    begin(controller, qapp)
    course = controller.lessons.course
    assert course.progress.at == 0
    press(controller, KEY.Key_PageDown)
    assert course.progress.at == 1
    press(controller, KEY.Key_PageUp)
    assert course.progress.at == 0


def test_the_screen_goes_black_and_comes_back(program: Program, qapp: QApplication) -> None:
    controller = program()
    begin(controller, qapp)
    press(controller, KEY.Key_Period)
    picture = controller.window.grab().toImage()
    places = [(5, 5), (960, 540), (1915, 1075)]
    assert {picture.pixelColor(*place).name() for place in places} == {"#000000"}
    press(controller, KEY.Key_Period)
    assert controller.window.grab().toImage().pixelColor(5, 5).name() != "#000000"


def test_the_magnifier_enlarges_what_is_under_the_pointer(program: Program, qapp: QApplication) -> None:
    controller = program()
    begin(controller, qapp)
    window, glass = controller.window, controller.talk.magnifier
    disc = window.talk_row.play
    QCursor.setPos(disc.mapToGlobal(QPoint(10, disc.height() // 2)))
    press(controller, KEY.Key_M)
    assert glass.isVisible()
    assert window.talk_row.magnify.isChecked()
    middle = glass.mapTo(window, glass.rect().center())
    under = disc.mapTo(window, QPoint(10, disc.height() // 2))
    assert (middle - under).manhattanLength() <= 2
    enlarged = glass.grab().toImage()
    accent = theme.current().color("accent").name()
    wide = [x for x in range(glass.width()) if enlarged.pixelColor(x, glass.height() // 2).name() == accent]
    assert max(wide) - min(wide) > 0.9 * glass.width() / 2  # the disc fills half of the glass
    QTest.mouseClick(window.talk_row.magnify, Qt.MouseButton.LeftButton)
    assert not glass.isVisible()


@BOTH
def test_the_notes_say_what_is_on_the_stage(
    program: Program, language: str, qapp: QApplication, qtbot: QtBot
) -> None:
    controller = program(language=language)
    begin(controller, qapp)
    intent = controller.session.intent
    press(controller, KEY.Key_PageDown)
    press(controller, KEY.Key_N)
    notes = controller.talk.notes
    assert notes.isVisible()
    assert notes.isWindow()
    attack = intent.cards.attack(intent.wish.attack)
    wanted = [attack.needs, attack.stops, attack.summary, intent.scene.story]
    qtbot.waitUntil(lambda: controller.session.state is RunState.FINISHED)

    def told() -> bool:
        said = "\n".join(notes.texts())
        verdict = controller.window.verdict.sentence.said
        return all(text.get(language) in said for text in wanted) and bool(verdict) and verdict in said

    qtbot.waitUntil(told)
    following = notes.following.said
    QTest.keyClick(notes, KEY.Key_PageDown)
    qtbot.waitUntil(lambda: notes.following.said != following)
    QTest.keyClick(notes, KEY.Key_N)  # the clicker reaches the talk from the notes as well
    assert not notes.isVisible()


def test_every_key_is_in_the_help(program: Program) -> None:
    from mi_studio.app.words import KEYS

    listed = " ".join(key for key, _ in KEYS)
    talk = program().talk
    assert len(talk._keys) == 7
    for shortcut in talk._keys:
        name = shortcut.key().toString()
        assert {"PgDown": "Page Down", "PgUp": "Page Up"}.get(name, name) in listed
    assert "F5" in listed


# nothing flashes


def flips(shown: list[tuple[float, float]]) -> int:
    """The most changes of a picture's mean luminance by a tenth or more within a second (WCAG 2.3.1)."""
    changes, level = [], shown[0][1]
    for at, value in shown:
        if abs(value - level) >= 0.1:
            changes.append(at)
            level = value
    return max((sum(at <= other < at + 1.0 for other in changes) for at in changes), default=0)


def watch(
    controller: Controller, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> dict[int, list[tuple[float, float]]]:
    """Tick for some seconds of a clock of our own; return when each pane showed how much light."""
    now = [0.0]
    clock = lambda: now[0]  # noqa: E731
    monkeypatch.setattr(controller, "_clock", clock)
    monkeypatch.setattr(controller.session, "_clock", clock)
    shown: dict[int, list[tuple[float, float]]] = {}
    usual = PaneRow.show_views

    def record(row: PaneRow, views: tuple[PaneView, ...]) -> None:
        for i, view in enumerate(views):
            if view.pictures is not None:
                linear = (view.pictures.astype(float) / 255) ** 2.2
                shown.setdefault(i, []).append((now[0], float(linear.mean())))
        usual(row, views)

    monkeypatch.setattr(PaneRow, "show_views", record)
    controller._drawn_at = controller._read_at = -1.0
    for _ in range(round(seconds / 0.02)):
        now[0] += 0.02
        controller._tick()
    return shown


@pytest.mark.parametrize("scene", ["face-login", "federated"])
def test_a_real_run_never_flashes(
    program: Program, scene: str, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = program(scene=scene)
    begin(controller, qapp)
    controller.timer.stop()
    film = recording.load(paths.assets() / "recordings" / controller.session.intent.scene.preset.recording)
    controller.session.open_recording(film)
    shown = watch(controller, monkeypatch, 3.0)
    assert len(shown[1]) >= 6  # it moves
    assert all(flips(frames) <= 3 for frames in shown.values())
    assert all(b[0] - a[0] >= CALM_SECONDS - 1e-9 for a, b in zip(shown[1][1:], shown[1][2:], strict=False))


@pytest.mark.parametrize("talking", [True, False])
def test_the_worst_film_flashes_on_the_stage_but_not_in_a_talk(
    program: Program, talking: bool, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = program()
    if talking:
        begin(controller, qapp)
    controller.timer.stop()
    film = recording.load(paths.assets() / "recordings" / controller.session.intent.scene.preset.recording)
    controller.session.open_recording(film)
    usual, light = controller.presenter.view, [False]

    def flashing(full: bool = True) -> StageView:
        light[0] = not light[0]
        view = usual(full)
        black = np.full((1, 8, 8, 3), 255 * light[0], np.uint8)
        return replace(view, panes=tuple(replace(p, pictures=black) for p in view.panes))

    monkeypatch.setattr(controller.presenter, "view", flashing)
    shown = watch(controller, monkeypatch, 2.0)
    assert (flips(shown[1]) <= 3) == talking
