"""With a lesson beside them, pictures and verdict have little room: words are whole, or not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF
from pytestqt.qtbot import QtBot

from mi_studio.app import theme
from mi_studio.app.widgets.common import height_for
from mi_studio.app.widgets.panes import PaneRow
from mi_studio.app.widgets.picture import TINY, room_for
from mi_studio.app.window import MainWindow
from mi_studio.app.words import TWIN_HERE, breakable
from mi_studio.studio.views import VerdictView
from mi_studio.studio.words import HAS_NOW, ONLY_NETWORKS

BOTH = pytest.mark.parametrize("language", ["en", "ja"])


@BOTH
def test_the_words_of_an_empty_pane_have_room_or_are_smaller(qtbot: QtBot, language: str) -> None:
    text = TWIN_HERE.get(language)
    for side in range(40, 300, 5):
        frame = QRectF(10, 10, side, side)
        for size in (theme.BODY, theme.SMALL, TINY):
            room = room_for(text, frame, size)
            if room is not None:
                words = breakable(text).split()
                widest = max(QFontMetricsF(theme.font(size)).horizontalAdvance(w) for w in words)
                assert frame.contains(room)
                assert language == "ja" or widest <= room.width()
    assert room_for(text, QRectF(0, 0, 150, 150), TINY) is not None
    assert room_for(text, QRectF(0, 0, 60, 60), TINY) is None


def test_an_empty_pane_gives_way_to_the_pictures(qtbot: QtBot) -> None:
    row = PaneRow(2)
    qtbot.addWidget(row)
    row.set_count(2)
    row.resize(600, 300)
    row.show()
    assert [pane.isVisible() for pane in row.panes] == [True, True, True]
    row.resize(360, 300)
    assert [pane.isVisible() for pane in row.panes] == [True, True, False]
    row.set_count(3)  # the twin has come: it is never left out
    assert [pane.isVisible() for pane in row.panes] == [True, True, True]


@BOTH
@pytest.mark.parametrize("size", [(1000, 640), (1280, 720)])
def test_a_long_verdict_is_whole_in_a_low_window(
    qtbot: QtBot, open_window: Callable[..., MainWindow], language: str, size: tuple[int, int]
) -> None:
    window = open_window(language, size)
    window.lesson.show()
    evidence = " · ".join(f"{name} 0.18" for name in ("judge", "distance to its own", "to the others", "n"))
    for text in (ONLY_NETWORKS, HAS_NOW):
        window.verdict.show_view(VerdictView("unsure", text.get(language), evidence))
        for label in (window.verdict.sentence, window.verdict.evidence):
            if not label.isHidden():
                qtbot.waitUntil(lambda label=label: label.height() >= height_for(label, label.width()))
        assert evidence in window.verdict.accessibleDescription()
    assert window.verdict.evidence.isVisible()
    if size == (1280, 720):
        assert window.verdict.evidence.said.replace("\u00a0", " ") == evidence
