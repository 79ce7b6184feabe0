"""The page of the security desk: drawn from a run, and reached by keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics, QPixmap
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mi_studio.app import theme
from mi_studio.app.controller import Controller
from mi_studio.app.widgets.common import Card
from mi_studio.app.widgets.desk import PICTURE, THUMB, DeskPage, Log
from mi_studio.core.desk import MARK
from mi_studio.studio.desk import DeskView, Entry, Gauge

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def filled(count: int = 3) -> DeskView:
    entries = tuple(
        Entry((f"day 1, 00:00:{i:02}", "attacker", "Ann 50%", "▲ alarm"), bytes(MARK**2), False, "leak")
        for i in range(count)
    )
    gauges = tuple(Gauge(n, (0.2, 1.3), f"{n}: 130%") for n in "abcd")
    figures = (("300", "queries"), ("5 min", "time"), ("1", "accounts"), ("0", "false"))
    return DeskView("Desk", "", "state", "leak", figures, gauges, "", tuple("12345"), "log", "note", entries)


def test_the_page_is_reached_by_keyboard_and_says_how_to_fill_it(
    program: Callable[..., Controller], qtbot: QtBot
) -> None:
    window = program().window
    qtbot.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert window.page == "desk"
    assert window.timeline.isVisible()
    assert window.desk.empty.isVisible()
    assert window.desk.empty.said
    window.show_page("tradeoff")
    assert not window.timeline.isVisible()


def test_lines_are_read_aloud_and_walked_through(
    program: Callable[..., Controller], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mi_studio.studio.desk.view", lambda _: filled())
    window = program().window
    window.show_page("desk")
    page = window.desk
    log, model = page.log, page.log.lines
    assert (model.rowCount(), model.columnCount()) == (3, 5)
    first = model.index(0, 0)
    assert first.data(Qt.ItemDataRole.AccessibleTextRole) == "day 1, 00:00:00, attacker, Ann 50%, ▲ alarm"
    assert isinstance(model.index(0, PICTURE).data(Qt.ItemDataRole.DecorationRole), QPixmap)
    assert first.data(Qt.ItemDataRole.ForegroundRole).color() == theme.current().color("leak")
    assert log.accessibleName() == "log"
    log.setFocus()
    log.setCurrentIndex(first)
    qtbot.keyClick(log, Qt.Key.Key_Down)
    assert log.currentIndex().row() == 1
    assert [spark.accessibleName() for _, _, spark in page.gauges] == [f"{n}: 130%" for n in "abcd"]
    assert not page.grab().isNull()


@pytest.mark.parametrize("view", [None, filled()])
def test_space_plays_and_pauses_on_the_desk_as_on_the_stage(
    program: Callable[..., Controller], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, view: DeskView | None
) -> None:
    if view is not None:
        monkeypatch.setattr("mi_studio.studio.desk.view", lambda _: view)
    window = program().window
    window.show_page("desk")
    assert (window.desk if view is None else window.desk.log).hasFocus()
    told: list[bool] = []
    window.timeline.play_toggled.connect(lambda: told.append(True))
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert told == [True]


def test_the_log_keeps_up_with_the_zoom(qtbot: QtBot, qapp: QApplication) -> None:
    theme.load_fonts(qapp)
    theme.apply(qapp, "light")
    page = DeskPage()
    qtbot.addWidget(page)
    page.resize(1200, 700)
    page.show_view(filled())
    page.show()
    log = page.log
    try:
        for zoom in (2.0, 0.8, 1.25, 1.0):
            theme.set_scale(qapp, zoom=zoom)
            for _ in range(4):
                qapp.processEvents()
            needed = QFontMetrics(theme.font(theme.SMALL, bold=True)).height()
            assert needed + 4 <= log.horizontalHeader().height() <= 2 * needed
            assert max(needed, theme.px(THUMB)) <= log.rowHeight(0) <= theme.px(THUMB) + needed
            assert log.horizontalHeader().length() == log.viewport().width()
    finally:
        theme.set_scale(qapp, zoom=1.0)


def test_the_line_that_is_chosen_in_the_log_is_seen_and_read(qtbot: QtBot, qapp: QApplication) -> None:
    theme.load_fonts(qapp)
    for colors in theme.THEMES:
        theme.apply(qapp, colors)
        log, card = Log(), Card()
        card.column.addWidget(log)
        qtbot.addWidget(card)
        log.lines.show_lines(tuple("12345"), filled(2).entries)
        card.resize(700, 200)
        card.show()
        log.setFocus()
        before = card.grab().toImage()
        log.setCurrentIndex(log.lines.index(1, 0))
        after = card.grab().toImage()
        line = log.visualRect(log.lines.index(1, 3)).translated(log.viewport().mapTo(card, QPoint(0, 0)))
        seen = [
            theme.contrast(*(image.pixelColor(x, y).name() for image in (before, after)))
            for x in range(line.left(), line.right()) for y in (line.top(), line.bottom())
        ]  # fmt: skip
        assert sum(ratio >= 3 for ratio in seen) > line.width() / 2, colors
        words = after.copy(line.adjusted(4, 4, -4, -4))
        shades = {words.pixelColor(x, y).name() for x in range(words.width()) for y in range(words.height())}
        ground = words.pixelColor(words.width() - 1, 0).name()
        assert max(theme.contrast(shade, ground) for shade in shades) >= 4.5, colors
    theme.apply(qapp, "light")


def test_a_full_desk_is_told_again_only_where_something_has_changed(qtbot: QtBot) -> None:
    page = DeskPage()
    qtbot.addWidget(page)
    page.show_view(filled())
    resets: list[bool] = []
    page.log.lines.modelReset.connect(lambda: resets.append(True))
    page.show_view(filled())
    assert resets == []
    page.show_view(filled(4))
    assert resets == [True]
