from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from mi_studio.app.controller import Controller
from mi_studio.core import outcome, paths
from mi_studio.core.cards import library
from mi_studio.core.config import RunConfig
from mi_studio.core.errors import RunError
from mi_studio.core.outcome import Outcome
from mi_studio.core.text import Text
from mi_studio.core.weights import Utility
from mi_studio.studio.runstate import RunState
from mi_studio.sweep.work import Failed, thumbnail


def made(config: RunConfig) -> Outcome:
    import numpy as np

    leak = 20.0 - 3 * len(config.defenses) + 0.1 * config.seed
    picture = thumbnail(np.full((1, 32, 32, 3), 90, np.uint8))
    return Outcome(config, {"psnr_db": leak}, {"psnr_db": 9.0}, Utility("update_cosine", 0.9, 1), None,
                   0, 0.1, "test", picture)  # fmt: skip


class Hand:
    """Carries runs out at once, until somebody holds it."""

    def __init__(self, most: int = 10**6) -> None:
        self.most, self.closed, self.error = most, False, None

    error: Exception | None

    def carry_out(self, configs: Iterable[RunConfig]) -> Iterator[Outcome | Failed | None]:
        try:
            for i, config in enumerate(configs):
                if self.error:
                    raise self.error
                while i >= self.most:
                    yield None
                yield made(config)
        finally:
            self.closed = True


@pytest.fixture
def opened(
    program: Callable[..., Controller], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., tuple[Controller, Hand]]:
    monkeypatch.setattr(paths, "data_dir", lambda: tmp_path / "data")
    monkeypatch.setattr("mi_studio.studio.tradeoff.shipped", lambda scene: [])

    def open_it(hand: Hand | None = None, **options: object) -> tuple[Controller, Hand]:
        hand = hand or Hand()
        controller = program(**options)
        controller.tradeoff._hands = lambda: hand
        controller.window.show_page("tradeoff")
        return controller, hand

    return open_it


def test_without_results_the_page_says_how_to_get_some(
    opened: Callable[..., tuple[Controller, Hand]],
) -> None:
    controller, _ = opened()
    page = controller.window.tradeoff
    assert page.isVisible()
    assert page.empty.isVisible()
    assert "Start a sweep" in page.empty.said
    assert not page.plot.isVisible()


def test_a_sweep_fills_the_page_and_is_there_at_the_next_start(
    opened: Callable[..., tuple[Controller, Hand]], qtbot: QtBot
) -> None:
    controller, hand = opened()
    page = controller.window.tradeoff
    page.act.click()
    assert page.act.text() == "Cancel the sweep"
    qtbot.waitUntil(lambda: not controller.tradeoff.sweeping)
    assert hand.closed
    assert page.plot.isVisible()
    assert page.going.said.startswith("All ")
    settings = page.list.count()
    assert settings > 10
    again, _ = opened()
    assert again.window.tradeoff.list.count() == settings
    again.tradeoff._hands = lambda: pytest.fail("nothing is left to run")
    found = outcome.load(paths.data_dir() / "tradeoff" / "federated.json.gz")
    assert {o.config.seed for o in found} == {1, 2, 3}


def test_a_sweep_that_is_cancelled_keeps_what_is_done(
    opened: Callable[..., tuple[Controller, Hand]], qtbot: QtBot
) -> None:
    controller, hand = opened(Hand(most=5))
    page = controller.window.tradeoff
    page.act.click()
    qtbot.waitUntil(lambda: page.list.count() == 5)
    assert "5 of" in page.going.said
    page.act.click()
    qtbot.waitUntil(lambda: not controller.tradeoff.sweeping)
    assert hand.closed
    assert page.going.said.startswith("Stopped at 5 of")
    assert page.list.count() == 5


def test_closing_the_program_ends_a_sweep(
    opened: Callable[..., tuple[Controller, Hand]], qtbot: QtBot
) -> None:
    controller, hand = opened(Hand(most=1))
    page = controller.window.tradeoff
    page.act.click()
    qtbot.waitUntil(lambda: page.list.count() == 1)
    controller.close()
    assert hand.closed
    assert not controller.tradeoff.sweeping


def test_what_goes_wrong_in_a_sweep_is_told(
    opened: Callable[..., tuple[Controller, Hand]], qtbot: QtBot
) -> None:
    hand = Hand()
    hand.error = RunError(Text("The disk is full.", "ディスクがいっぱいです。"))
    controller, _ = opened(hand)
    controller.window.tradeoff.act.click()
    qtbot.waitUntil(lambda: not controller.tradeoff.sweeping)
    assert controller.window.banner.isVisible()
    assert "The disk is full." in controller.window.banner.text.said


def test_enter_on_a_setting_runs_it_on_the_stage(
    opened: Callable[..., tuple[Controller, Hand]], qtbot: QtBot
) -> None:
    controller, _ = opened()
    window, page = controller.window, controller.window.tradeoff
    page.act.click()
    qtbot.waitUntil(lambda: not controller.tradeoff.sweeping)
    page.list.setFocus()
    qtbot.keyClick(page.list, Qt.Key.Key_Down)
    qtbot.keyClick(page.list, Qt.Key.Key_Down)
    assert page.list.currentRow() == 2
    chart = page._view.chart
    assert chart is not None
    config = chart.dots[2].shown.config
    assert f"seed {config.seed}" in page.loot.said
    assert not page.picture.pixmap().isNull()
    page.list.itemActivated.emit(page.list.currentItem())
    assert window.page == "stage"
    assert controller.session.state in (RunState.STARTING, RunState.RUNNING, RunState.FINISHED)
    wish = controller.session.intent.wish
    assert (wish.seed, wish.attack) == (config.seed, config.attack)
    assert all(wish.values[k] == v for k, v in config.knobs)


def test_pages_change_by_key_and_keep_the_stages_keys_to_the_stage(
    opened: Callable[..., tuple[Controller, Hand]], qtbot: QtBot
) -> None:
    controller, _ = opened()
    window = controller.window
    window.show_page("stage")
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.page == "tradeoff"
    assert window.top.pages["tradeoff"].isChecked()
    with qtbot.assertNotEmitted(window.timeline.play_toggled):
        qtbot.keyClick(window, Qt.Key.Key_Space)
    with qtbot.assertNotEmitted(window.timeline.stepped):
        qtbot.keyClick(window, Qt.Key.Key_Right)
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.page == "stage"
    with qtbot.waitSignal(window.timeline.stepped):
        qtbot.keyClick(window, Qt.Key.Key_Right)


def test_the_page_speaks_both_languages(opened: Callable[..., tuple[Controller, Hand]], qtbot: QtBot) -> None:
    controller, _ = opened()
    page = controller.window.tradeoff
    page.act.click()
    qtbot.waitUntil(lambda: not controller.tradeoff.sweeping)
    controller.window.language_chosen.emit("ja")
    assert page.title.said == "漏えいと代償：連合学習からの漏えい"
    assert "防御なし" in page.list.item(0).text()
    assert page.open.text() == "ステージで実行"
    left, bottom = (axis.labelText for axis in page.plot._axes)
    assert "上ほど漏えい大" in left
    assert library().scene("federated").utility.ja.partition("（")[0] in bottom


def test_what_is_shipped_is_shown_at_once(program: Callable[..., Controller]) -> None:
    controller = program(scene="customers")
    controller.window.show_page("tradeoff")
    assert controller.window.tradeoff.list.count() > 5
