from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from gallery import TOTAL, stage
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mi_studio.app import theme
from mi_studio.app.widgets.timeline import Timeline

VIEW = stage("en").timeline


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.resize(1280, 116)
    timeline.show_view(VIEW)
    with qtbot.waitExposed(timeline):
        timeline.show()
    return timeline


def test_buttons(timeline: Timeline, qtbot: QtBot) -> None:
    with qtbot.waitSignal(timeline.play_toggled):
        QTest.mouseClick(timeline.play, Qt.MouseButton.LeftButton)
    for part, by in ((timeline.back, -1), (timeline.forward, 1)):
        with qtbot.waitSignal(timeline.stepped) as stepped:
            QTest.mouseClick(part, Qt.MouseButton.LeftButton)
        assert stepped.args == [by]


def test_menus(timeline: Timeline, qtbot: QtBot) -> None:
    for action, new in ((timeline._same, False), (timeline._new, True)):
        with qtbot.waitSignal(timeline.restarted) as restarted:
            action.trigger()
        assert restarted.args == [new]
    for speed, action in timeline._speeds.items():
        with qtbot.waitSignal(timeline.speed_chosen) as chosen:
            action.trigger()
        assert chosen.args == [speed]
    assert set(timeline._speeds) == {0.25, 0.5, 1.0, 2.0, math.inf}


def test_scrubbing_with_the_mouse_stops_at_the_newest_step(timeline: Timeline, qtbot: QtBot) -> None:
    film, asked = timeline.film, []
    timeline.scrubbed.connect(asked.append)
    bar = film.BAR_Y
    QTest.mousePress(film, Qt.MouseButton.LeftButton, pos=QPoint(round(film.x_of(20)), bar))
    for step in (30, 60, 150):
        QTest.mouseMove(film, QPoint(round(film.x_of(step)), bar))
    QTest.mouseRelease(film, Qt.MouseButton.LeftButton, pos=QPoint(round(film.x_of(150)), bar))
    assert asked == [20, 30, 60, VIEW.reached]


def test_a_click_on_a_frame_goes_there(timeline: Timeline) -> None:
    """The first frame is the start, wherever on it one clicks, and however the hand trembles."""
    asked: list[int] = []
    timeline.scrubbed.connect(asked.append)
    film = timeline.film
    for at in (4, 0):
        rect, step = film.slots()[at]
        inside = rect.bottomRight().toPoint() - QPoint(3, 3)
        QTest.mousePress(film, Qt.MouseButton.LeftButton, pos=inside)
        QTest.mouseMove(film, inside - QPoint(2, 0))
        QTest.mouseRelease(film, Qt.MouseButton.LeftButton, pos=inside - QPoint(2, 0))
        assert asked == [step]
        asked.clear()


def test_keys_scrub(timeline: Timeline) -> None:
    asked: list[int] = []
    timeline.scrubbed.connect(asked.append)
    timeline.film.setFocus()
    for key in (Qt.Key.Key_Left, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End):
        QTest.keyClick(timeline.film, key)
    assert asked == [83, 67, 0, VIEW.reached]


def test_a_view_asks_for_nothing(timeline: Timeline) -> None:
    asked: list[object] = []
    timeline.scrubbed.connect(asked.append)
    timeline.play_toggled.connect(lambda: asked.append("play"))
    timeline.show_view(replace(VIEW, position=12, told=12, playing=False, speed=2.0))
    assert asked == []
    assert timeline.film.value() == 12
    assert timeline.step.said == "Step 12 / 160"
    assert timeline.play.accessibleName() == "Play"
    assert timeline.speed.text() == "2×"


def test_a_frame_is_drawn_once(timeline: Timeline) -> None:
    drawn = [frame for _, _, frame in timeline.film._film]
    again = tuple((step, frame[:]) for step, frame in VIEW.film)  # other objects, the same memory
    timeline.show_view(replace(VIEW, position=30, film=again))
    assert all(a is b for a, (_, _, b) in zip(drawn, timeline.film._film, strict=True))
    other = tuple((step, frame.copy()) for step, frame in VIEW.film)
    timeline.show_view(replace(VIEW, film=other))
    assert not any(a is b for a, (_, _, b) in zip(drawn, timeline.film._film, strict=True))


def test_busy_is_said_and_ends(timeline: Timeline) -> None:
    timeline.show_view(replace(VIEW, busy="Preparing"))
    assert timeline.busy.isVisible()
    assert timeline.dots.isVisible()
    timeline.show_view(replace(VIEW, busy=""))
    assert not timeline.busy.isVisible()
    assert not timeline.dots._timer.isActive()


def test_both_languages(timeline: Timeline) -> None:
    timeline.retranslate("ja")
    assert timeline.step.said == "ステップ84／160"
    assert timeline.play.accessibleName() == "一時停止"
    assert timeline.film.accessibleName() == "攻撃の経過：ステップ84／160"


def test_the_ends_of_the_film(timeline: Timeline) -> None:
    timeline.show_view(replace(VIEW, position=0, reached=0, film=()))
    assert not timeline.back.isEnabled()
    timeline.show_view(replace(VIEW, position=TOTAL, reached=TOTAL))
    assert not timeline.forward.isEnabled()
    timeline.grab()


def test_the_frame_in_hand_is_drawn_whole(timeline: Timeline) -> None:
    places = [rect for rect, _ in timeline.film.slots()]
    assert places[0].left() >= 2
    assert places[-1].right() <= timeline.film.width() - 2


def test_marks_that_a_drag_leaves_are_one_diamond(timeline: Timeline) -> None:
    marks = tuple((step, f"ε → {step}") for step in (41, 42, 43, 120))
    timeline.show_view(replace(stage("en", 150).timeline, marks=marks))
    film = timeline.film
    assert film.diamonds() == [film.x_of(43), film.x_of(120)]


def test_a_dark_frame_has_an_edge_in_high_contrast(timeline: Timeline, qapp: QApplication) -> None:
    black = tuple((step, np.zeros_like(frame)) for step, frame in VIEW.film)
    theme.apply(qapp, "contrast")
    timeline.show_view(replace(VIEW, film=black))
    place, _ = timeline.film.slots()[1]
    edge = timeline.film.grab().toImage().pixelColor(round(place.left()), round(place.center().y()))
    assert theme.contrast(edge.name(), theme.CONTRAST.panel) >= 2
