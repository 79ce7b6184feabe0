"""Every size keeps up with the zoom, and nothing is cut by it."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest
from gallery import cut, stage
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from mi_studio.app import theme
from mi_studio.app.window import MainWindow

Open = Callable[..., MainWindow]


def settle(qapp: QApplication) -> None:
    for _ in range(6):
        qapp.processEvents()


@pytest.mark.parametrize("zoom", [0.8, 1.25, 2.0])
@pytest.mark.parametrize("language", ["en", "ja", "xx"])
def test_no_text_is_cut_at_any_zoom(
    open_window: Open, language: str, zoom: float, qapp: QApplication
) -> None:
    window = open_window(language, (1280, 720))
    window.show_view(stage(language))
    theme.set_scale(qapp, zoom=zoom)
    settle(qapp)
    assert cut(window) == []
    ground, inside = window.ground, window.ground.widget()
    assert inside.width() <= ground.viewport().width()  # it scrolls one way only
    assert ground.verticalScrollBar().isVisible() == (zoom > 1)
    assert inside.height() >= window.sentence.height() + window.row.height() + window.verdict.height()
    if zoom > 1:  # and the last of it can be reached
        ground.verticalScrollBar().setValue(ground.verticalScrollBar().maximum())
        below = window.cost.mapTo(ground.viewport(), window.cost.rect().bottomLeft()).y()
        assert below <= ground.viewport().height()


def test_everything_keeps_its_proportions(open_window: Open, qapp: QApplication) -> None:
    window = open_window()
    window.show_view(stage("en"))
    label = next(w for w in window.findChildren(QLabel) if w.property("role") == "title")

    def sizes() -> list[int]:
        return [
            label.fontInfo().pixelSize(),
            window.top.height(),
            window.top.open.iconSize().width(),
            window.timeline.play.width(),
            window.timeline.film.height(),
            window.timeline.layout().contentsMargins().left(),
            window.timeline.layout().spacing(),
        ]

    nominal = sizes()
    gc.collect()  # whoever has a size must not be forgotten while it is there
    for zoom in (2.0, 0.8, 1.0):
        theme.set_scale(qapp, zoom=zoom)
        settle(qapp)
        for size, was in zip(sizes(), nominal, strict=True):
            assert size == pytest.approx(was * zoom, abs=2)
    assert sizes() == nominal


@pytest.mark.parametrize("name", list(theme.THEMES))
def test_the_theme_keeps_the_zoom(qapp: QApplication, name: str, qtbot: QtBot) -> None:
    theme.set_scale(qapp, zoom=1.25)
    theme.apply(qapp, name)
    assert f"font-size: {theme.px(theme.LEAD)}px" in qapp.styleSheet()
    assert "1px solid" in qapp.styleSheet()  # a hairline stays one at every zoom below 150 %
    label = QLabel("x")
    qtbot.addWidget(label)
    label.show()
    assert label.fontInfo().pixelSize() == theme.px(theme.BODY)


def test_a_size_is_the_last_that_was_given(qapp: QApplication, qtbot: QtBot) -> None:
    label = QLabel()
    qtbot.addWidget(label)
    theme.scaled(label.setFixedSize, 10, 20)
    theme.scaled(label.setFixedSize, 30, 40)
    theme.set_scale(qapp, zoom=2.0)
    assert label.size().toTuple() == (60, 80)
    label.deleteLater()
