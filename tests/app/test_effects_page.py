from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mi_studio.app import theme
from mi_studio.app.controller import Controller
from mi_studio.app.words import JOINER, PAGES, say
from mi_studio.core.config import resolve
from mi_studio.core.outcome import Outcome
from mi_studio.studio.runstate import RunState


def outcomes() -> list[Outcome]:
    found = []
    for seed in (1, 2, 3):
        config = resolve("federated", attack="inverting-gradients", seed=seed, device="cpu")
        for name, knob, value, psnr, loot in (
            ("", "", 0.0, 30.0, "same"),
            ("gradient-noise", "gradient-noise", 0.5, 20.0, "other"),
            ("output-restriction", "granularity", "label", 30.0, "same"),
        ):
            knobs = (*config.knobs, (knob, value)) if name else config.knobs
            run = replace(config, defenses=(name,) if name else (), knobs=knobs)
            found.append(Outcome(run, {"psnr_db": psnr}, {"psnr_db": 10.0}, None, None, 0, 1, "t", loot=loot))
    return found


@pytest.fixture
def page(program: Callable[..., Controller], monkeypatch: pytest.MonkeyPatch) -> Controller:
    monkeypatch.setattr("mi_studio.studio.effects.shipped", outcomes)
    return program()


def go_to(controller: Controller, qtbot: QtBot, words: str) -> None:
    """Walk to the first cell that says so, with the arrow keys."""
    grid = controller.window.effects.grid
    for row in range(grid.rowCount()):
        for column in range(1, grid.columnCount()):
            item = grid.item(row, column)
            if item is not None and item.text() == words:
                while grid.currentRow() != row:
                    down = grid.currentRow() < row
                    qtbot.keyClick(grid, Qt.Key.Key_Down if down else Qt.Key.Key_Up)
                while grid.currentColumn() != column:
                    right = grid.currentColumn() < column
                    qtbot.keyClick(grid, Qt.Key.Key_Right if right else Qt.Key.Key_Left)
                return
    raise AssertionError(words)


def test_the_page_says_what_a_cell_means(page: Controller, qtbot: QtBot) -> None:
    window = page.window
    qtbot.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert window.page == "effects"
    effects = window.effects
    assert effects.grid.hasFocus()
    go_to(page, qtbot, "▲ weakens 50%")
    assert effects.name.said == "Gradient noise"
    assert "30.0 dB without it, 20.0 dB with it" in effects.told.said
    assert effects.open.isVisible()
    go_to(page, qtbot, "＝ no effect")
    assert "bit for bit" in effects.told.said
    assert effects.why.said.startswith("No effect on this attacker")
    assert not effects.open.isVisible()  # the scene has no such defence
    assert [b.text() for b in window.top.pages.values()] == [say(words, "en") for words in PAGES.values()]
    window.top.languages["ja"].click()
    assert [b.text() for b in window.top.pages.values()] == [say(words, "ja") for words in PAGES.values()]
    assert "1ビットも変わりません" in effects.told.said
    assert f"入{JOINER}手" in effects.grid.horizontalHeaderItem(1).text()  # no line breaks inside a word


def test_enter_runs_a_cell_on_the_stage(page: Controller, qtbot: QtBot) -> None:
    window = page.window
    window.top.pages["effects"].click()
    go_to(page, qtbot, "▲ weakens 50%")
    qtbot.keyClick(window.effects.grid, Qt.Key.Key_Return)
    assert window.page == "stage"
    assert page.session.intent.wish.values["gradient-noise"] == 0.5
    qtbot.waitUntil(lambda: page.session.state is RunState.RUNNING)


def test_the_table_keeps_up_with_the_zoom(page: Controller, qapp: QApplication) -> None:
    page.window.show_page("effects")
    grid = page.window.effects.grid
    header, wrap = grid.horizontalHeader(), int(Qt.TextFlag.TextWordWrap)
    try:
        for zoom in (1.5, 1.0):
            theme.set_scale(qapp, zoom=zoom)
            for _ in range(4):
                qapp.processEvents()
            metrics = QFontMetrics(header.font())
            assert header.font().pixelSize() == theme.px(theme.SMALL)
            rooms = [
                QRect(0, 0, header.sectionSize(c) - theme.px(8), 9999) for c in range(grid.columnCount())
            ]
            said = [grid.horizontalHeaderItem(c).text() for c in range(grid.columnCount())]
            needed = max(metrics.boundingRect(r, wrap, s).height() for r, s in zip(rooms, said, strict=True))
            assert needed <= header.height() <= needed + 2 * metrics.height()
            assert grid.rowHeight(1) >= metrics.height()
            assert page.window.effects.detail.width() in (theme.px(320), theme.px(300))
    finally:
        theme.set_scale(qapp, zoom=1.0)


def test_without_results_it_says_what_to_do(
    program: Callable[..., Controller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mi_studio.studio.effects.shipped", list)
    window = program().window
    window.show_page("effects")
    assert window.effects.empty.isVisible()
    assert "Install MI Studio again" in window.effects.empty.said
    assert not window.effects.grid.isVisible()
