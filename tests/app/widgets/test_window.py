from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from gallery import cut, likeness, picture, reached, stage
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QFontMetrics, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QApplication, QWidget
from pytestqt.qtbot import QtBot

from mi_studio.app import theme
from mi_studio.app.widgets.panes import PicturePane
from mi_studio.app.widgets.picture import to_images
from mi_studio.app.window import MainWindow
from mi_studio.app.words import FIRM
from mi_studio.core.step import View
from mi_studio.core.text import Text
from mi_studio.studio.views import SentenceView

Open = Callable[..., MainWindow]
FAILED = Text("It failed.", "失敗しました。")


def controls(window: MainWindow) -> list[QWidget]:
    kinds = (QAbstractButton, QAbstractSlider)
    return [
        w
        for w in window.findChildren(QWidget)
        if isinstance(w, kinds) and w.isVisible() and type(w).__name__ != "QScrollBar"
    ]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_control_has_a_name_and_is_reached_by_tab(open_window: Open, language: str) -> None:
    window = open_window(language)
    window.show_view(stage(language))
    reached_by_tab = {window.focusWidget()}
    for _ in range(200):
        window.focusNextChild()
        reached_by_tab.add(window.focusWidget())
    found = controls(window)
    assert len(found) >= 15
    for control in found:
        assert control.accessibleName(), control
        assert control in reached_by_tab or not control.isEnabled(), control.accessibleName()


@pytest.mark.parametrize("size", [(1100, 700), (1280, 800), (1920, 1080)])
@pytest.mark.parametrize("language", ["en", "ja", "xx"])
def test_no_text_is_cut(
    open_window: Open, language: str, size: tuple[int, int], qtbot: QtBot, qapp: QApplication
) -> None:
    window = open_window(language, size)
    window.show_view(stage(language))
    qtbot.waitUntil(lambda: theme.scale() == (1.25 if size[0] == 1920 else 1.0))
    qapp.processEvents()
    assert cut(window) == []


@pytest.mark.parametrize("size", [(1100, 700), (1280, 800), (1920, 1080)])
def test_pictures_have_one_size_and_one_line(
    open_window: Open, size: tuple[int, int], qapp: QApplication
) -> None:
    window = open_window("en", size)
    for panes in (2, 3, 4):
        window.show_view(stage("en", panes=panes))
        for _ in range(3):
            qapp.processEvents()
        shown = window.panes[: max(3, panes)]
        assert all(p.isVisible() for p in shown)
        tops = {p.view.mapTo(window, p.view.frame().topLeft().toPoint()).y() for p in shown}
        sides = [p.view.frame().width() for p in shown if p.view._images]
        assert len(tops) == 1
        assert max(sides) - min(sides) <= 2
        assert min(sides) >= (150 if panes == 4 or size == (1100, 700) else 240)


def test_the_third_place_waits_for_the_twin(open_window: Open, qapp: QApplication) -> None:
    window = open_window()
    window.show_view(stage("en", panes=2))
    qapp.processEvents()
    before = [p.view.mapTo(window, p.view.frame().topLeft().toPoint()) for p in window.panes[:2]]
    assert "protection" in window.panes[2].view.accessibleName()
    window.show_view(stage("en"))
    qapp.processEvents()
    assert [p.view.mapTo(window, p.view.frame().topLeft().toPoint()) for p in window.panes[:2]] == before
    assert window.panes[2].view.accessibleName() == "The same attack, no protection"


def test_shortcuts(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    window.show_view(stage("en"))
    none, ctrl = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
    timeline = window.timeline
    for key, modifier, signal, args in (
        (Qt.Key.Key_Space, none, timeline.play_toggled, []),
        (Qt.Key.Key_Left, none, timeline.stepped, [-1]),
        (Qt.Key.Key_Right, none, timeline.stepped, [1]),
        (Qt.Key.Key_Home, none, timeline.restarted, [False]),
        (Qt.Key.Key_O, ctrl, window.open_recording_requested, []),
        (Qt.Key.Key_S, ctrl, window.save_requested, []),
        (Qt.Key.Key_V, ctrl, window.panes[0].paste_requested, []),
        (Qt.Key.Key_Q, ctrl, window.quit_requested, []),
    ):
        with qtbot.waitSignal(signal) as sent:
            QTest.keyClick(window, key, modifier)
        assert sent.args == args
    QTest.keyClick(window, Qt.Key.Key_F11)
    assert window.isFullScreen()
    QTest.keyClick(window, Qt.Key.Key_F11)
    assert not window.isFullScreen()


def test_arrow_keys_stay_with_a_focused_slider(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    window.show_view(stage("en"))
    slider = window.protection.rows[0].slider
    slider.setFocus()
    steps: list[int] = []
    window.timeline.stepped.connect(steps.append)
    with qtbot.waitSignal(window.protection.moved):
        QTest.keyClick(slider, Qt.Key.Key_Right)
    assert steps == []
    qtbot.waitUntil(lambda: not slider._timer.isActive())


def test_space_presses_the_button_that_tab_reached(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    window.show_view(stage("en"))
    window.timeline.forward.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.assertNotEmitted(window.timeline.play_toggled), qtbot.waitSignal(window.timeline.stepped):
        QTest.keyClick(window.timeline.forward, Qt.Key.Key_Space)
    QTest.mouseClick(window.timeline.back, Qt.MouseButton.LeftButton)
    assert not window.timeline.back.hasFocus()  # a click leaves Space to the play button


def test_language_and_files(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    with qtbot.waitSignal(window.language_chosen) as chosen:
        QTest.mouseClick(window.top.languages["ja"], Qt.MouseButton.LeftButton)
    assert chosen.args == ["ja"]
    window.retranslate("ja")
    assert window.top.languages["ja"].isChecked()
    assert window.top.open.text() == "開く…"
    with qtbot.waitSignal(window.open_recording_requested):
        window.top.open.click()
    with qtbot.waitSignal(window.save_requested):
        window._save_run.trigger()
    with qtbot.waitSignal(window.save_page_requested):
        window._save_page.trigger()
    with qtbot.waitSignal(window.save_picture_requested):
        window._save_picture.trigger()


def test_a_message_waits_with_its_details(open_window: Open) -> None:
    window = open_window()
    window.show_message("error", FAILED, "line 1\nline 2")
    assert window.banner.isVisible()
    window.banner.more.click()
    assert window.banner.details.isVisible()
    window.banner.copy.click()
    assert QGuiApplication.clipboard().text() == "It failed.\n\nline 1\nline 2"
    QTest.mouseClick(window.banner.close_button, Qt.MouseButton.LeftButton)
    assert not window.banner.isVisible()
    window.show_message("info", FAILED)
    assert not window.banner.copy.isVisible()
    window.retranslate("ja")
    assert window.banner.text.said == window.banner.accessibleName() == "失敗しました。"


def test_dialogs_open_and_close(open_window: Open, qapp: QApplication) -> None:
    window = open_window("ja")
    for action in (window._about, window._keys):
        action.trigger()
        dialog = qapp.activeModalWidget()
        assert dialog is not None
        assert dialog.isVisible()
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        assert not qapp.activeModalWidget()


def test_a_mixed_run_wears_a_badge_that_explains_itself(open_window: Open) -> None:
    window = open_window()
    window.show_view(replace(stage("en"), mixed="A setting changed at step 41."))
    assert window.panes[1].badge.isVisible()
    assert window.panes[1].badge.said == "mixed run"
    assert window.panes[1].badge.toolTip() == "A setting changed at step 41."
    window.retranslate("ja")
    assert window.panes[1].badge.said == "設定混在"
    window.show_view(stage("en"))
    assert not window.panes[1].badge.isVisible()


def test_the_verdict_is_said_not_only_coloured(open_window: Open) -> None:
    window = open_window()
    names = {"leak": "Leak", "safe": "Nothing came out", "unsure": "Unclear", "plain": "No verdict yet"}
    for tone, name in names.items():
        window.show_view(stage("en", tone=tone))
        assert window.verdict.accessibleName() == f"Verdict: {name}"
        window.verdict.grab()


def test_pixels_arrive_unchanged(qtbot: QtBot) -> None:
    pane = PicturePane()
    qtbot.addWidget(pane)
    colors = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [10, 20, 30]]], dtype=np.uint8)
    view = replace(stage("en").panes[1], pictures=np.ascontiguousarray(colors[None]))
    pane.resize(240, 330)
    pane.show_view(view)
    shot = pane.view.grab().toImage()
    cell, ratio = pane.view.cells()[0], pane.view.devicePixelRatioF()
    for row in (0, 1):
        for column in (0, 1):
            x = (cell.x() + cell.width() * (0.27 + 0.46 * column)) * ratio
            y = (cell.y() + cell.height() * (0.27 + 0.46 * row)) * ratio
            assert shot.pixelColor(int(x), int(y)).getRgb()[:3] == tuple(colors[row, column])


def test_grey_pictures_of_any_width_keep_their_lines() -> None:
    grey = np.arange(3 * 5, dtype=np.uint8).reshape(1, 3, 5, 1) * 16
    image = to_images(grey)[0]
    assert [image.pixelColor(x, 2).red() for x in range(5)] == [int(v) for v in grey[0, 2, :, 0]]


def test_a_wall_lies_within_its_frame(qtbot: QtBot) -> None:
    pane = PicturePane()
    qtbot.addWidget(pane)
    pane.resize(300, 380)
    for count in (1, 2, 3, 8, 10, 16):
        pane.show_view(replace(stage("en").panes[0], pictures=np.zeros((count, 28, 28, 1), np.uint8)))
        cells, frame = pane.view.cells(), pane.view.frame()
        assert len(cells) == count
        assert all(frame.adjusted(-1, -1, 1, 1).contains(c) for c in cells)
        assert not any(a.intersects(b) for i, a in enumerate(cells) for b in cells[:i])


def test_a_dropped_file_is_reported(open_window: Open, qtbot: QtBot) -> None:
    window = open_window()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/somewhere/cat.png")])
    none = Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(50, 80), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none)
    with qtbot.waitSignal(window.panes[0].file_dropped) as dropped:
        window.panes[0].dropEvent(event)
    assert dropped.args == ["/somewhere/cat.png"]
    with qtbot.waitSignal(window.panes[0].open_requested):
        QTest.mouseClick(window.panes[0].own, Qt.MouseButton.LeftButton)
    assert window.panes[0].acceptDrops()
    assert not window.panes[1].acceptDrops()


def test_an_equal_view_changes_nothing_and_an_equal_picture_is_drawn_once(open_window: Open) -> None:
    window = open_window()
    view = stage("en")
    window.show_view(view)
    images = window.panes[1].view._images
    window.show_view(replace(view, mixed=""))
    assert window.panes[1].view._images is images


def test_views_flow_through(open_window: Open, qapp: QApplication) -> None:
    window = open_window()
    secret = picture("federated/pictures/cat.png", 32)
    for step in range(0, 160, 19):
        view = stage("en", step)
        panes = tuple(replace(p, pictures=reached(secret, likeness(step, 0.9))) for p in view.panes)
        window.show_view(replace(view, panes=panes))
        qapp.processEvents()
    assert window.timeline.step.said == "Step 152 / 160"
    assert "0.62 at step 152 of 160" in window.curve.accessibleDescription()


def test_what_is_seen_is_said(open_window: Open) -> None:
    window = open_window()
    window.show_view(stage("en", kind="scores"))
    assert window.seen.bars.accessibleName().startswith("Ankle boot 91.2%")
    window.show_view(stage("en", kind="labels"))
    assert window.seen.bars.accessibleName() == "Ankle boot"
    window.seen.grab()
    view = stage("en")
    window.show_view(replace(view, seen=replace(view.seen, view=View("gradient", ()))))
    assert window.seen.bars.accessibleName() == view.seen.sentence
    assert not window.seen.sentence.isVisible()  # it stands where the bars will be
    window.show_view(replace(view, seen=replace(view.seen, view=View("gradient", ()), sentence="")))
    assert window.seen.bars.accessibleName() == "Nothing yet"
    window.seen.grab()
    assert "96.7%" in window.cost.accessibleDescription()


def test_the_strength_of_a_defence_is_always_in_sight(open_window: Open) -> None:
    for size in ((1000, 640), (1280, 800), (1920, 1080)):
        window = open_window("en", size)
        view = stage("en")
        window.show_view(view)
        button = next(b for b in window.sentence.brackets if b.bracket and b.bracket.slot == "defense")
        assert button._note.isVisible()
        assert button._note.said == "strength 0.05"
        window.close()


def test_a_note_that_grows_shorter_moves_nothing(open_window: Open) -> None:
    window = open_window()
    view = stage("en")
    widths = []
    for note in ("0.25", "4", "0.5"):
        parts = tuple(
            replace(p, note=note) if not isinstance(p, str) and p.slot == "defense" else p
            for p in view.sentence.parts
        )
        window.show_view(replace(view, sentence=SentenceView(parts)))
        widths.append([b.sizeHint().width() for b in window.sentence.brackets])
    assert widths[1] == widths[2] == widths[0]
    window.sentence._forget()
    assert window.sentence.brackets[-1].sizeHint().width() < widths[0][-1]


def test_a_long_footer_wraps_and_has_a_tooltip(open_window: Open, qapp: QApplication) -> None:
    window = open_window()
    view = stage("en")
    said = "Sneaker · the private photo that is nearest to what the attacker has"
    window.show_view(replace(view, panes=(replace(view.panes[0], footer=said), *view.panes[1:])))
    for _ in range(4):
        qapp.processEvents()
    footer = window.panes[0].footer
    assert footer.toolTip() == said
    assert footer.height() >= footer.heightForWidth(footer.width())


def test_a_low_window_says_why_there_are_no_costs(open_window: Open) -> None:
    window = open_window()
    view = stage("en")
    window.show_view(replace(view, cost=replace(view.cost, figures=(), sentence="Nothing is on.")))
    assert window.cost.sentence.isVisible()
    window.show_view(view)
    assert not window.cost.sentence.isVisible()


def test_a_fresh_start_keeps_the_bars_place(open_window: Open) -> None:
    window = open_window()
    view = stage("en")
    window.show_view(view)
    before = window.seen.geometry()
    window.show_view(replace(view, seen=replace(view.seen, view=None)))
    assert window.seen.geometry() == before


@pytest.mark.parametrize("size", [(1100, 700), (1280, 800), (1920, 1080)])
def test_the_labels_of_the_curve_keep_clear_of_its_top(
    open_window: Open, size: tuple[int, int], qapp: QApplication
) -> None:
    window = open_window("en", size)
    view = stage("en")
    window.show_view(view)
    window.show_message("error", FAILED)
    for _ in range(4):
        qapp.processEvents()
    plot = window.curve.getPlotItem().vb
    top = plot.viewRange()[1][1]
    pixels = (top - view.curve.high) / plot.viewPixelSize()[1]
    assert pixels >= 0.95 * min(QFontMetrics(theme.font(12)).height(), plot.height() / 2)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_smallest_window_holds_a_mixed_run(
    open_window: Open, language: str, qtbot: QtBot, qapp: QApplication
) -> None:
    window = open_window(language, (1000, 640))
    window.show_view(stage(language, mixed=True, panes=4, tone="leak"))
    qapp.processEvents()
    edge = window.row.width()
    for pane in window.panes:
        place = pane.geometry()
        assert place.left() >= 0
        assert place.right() < edge
        assert pane.header.geometry().bottom() < pane.view.geometry().top()
        assert pane.view.geometry().bottom() < pane.foot.geometry().top()
        assert pane.title.heightForWidth(pane.title.width()) <= pane.title.height()
        for label in (pane.meter_name, pane.meter_number):
            if label.isVisible():
                assert label.fontMetrics().horizontalAdvance(label.said) <= label.width()
        if pane.meter.isVisible():
            assert pane.meter_bar.width() >= PicturePane.SHORTEST - 2
    for label in (window.verdict.sentence, window.verdict.evidence):
        assert label.heightForWidth(label.width()) <= label.height() + 1
    assert window.row.geometry().bottom() < window.curve.mapTo(window, window.curve.rect().topLeft()).y()


def test_a_low_window_keeps_the_rest_of_the_evidence_in_the_tooltip(
    open_window: Open, qapp: QApplication
) -> None:
    window = open_window("en", (1000, 640))
    view = stage("en", tone="leak")
    parts = (
        "Likeness 0.62",
        "structure 0.39",
        "picked out of the line-up",
        "without protection: 0.9",
        "one seed",
    )
    said = " · ".join(parts)
    window.show_view(replace(view, verdict=replace(view.verdict, evidence=said)))
    qapp.processEvents()
    evidence = window.verdict.evidence
    shown = evidence.said.replace(FIRM, " ")
    assert said.startswith(shown)
    assert len(shown) < len(said)
    assert evidence.toolTip() == said
    assert said in window.verdict.accessibleDescription()
    window.resize(1280, 800)
    qapp.processEvents()
    assert evidence.said.replace(FIRM, " ") == said
    assert not evidence.toolTip()


def test_the_column_spares_room_before_it_hides_a_knob(
    open_window: Open, qtbot: QtBot, qapp: QApplication
) -> None:
    window = open_window("en", (1600, 930))
    view = stage("en")
    window.show_view(view)
    qapp.processEvents()
    assert window.cost.sentence.isVisible()
    more = tuple(replace(view.knobs[0], id=f"knob-{i}") for i in range(5))
    window.show_view(replace(view, knobs=more))
    qtbot.waitUntil(lambda: not window.protection._area.more.isVisible())
    assert not window.cost.sentence.isVisible()
    window.show_view(view)
    qapp.processEvents()
    assert window.cost.sentence.isVisible()
