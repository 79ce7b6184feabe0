from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from faces import EIGHT, session
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from mi_studio.app.widgets.picture import PictureView
from mi_studio.app.widgets.wall import Grid, in_lines, lines_needed
from mi_studio.app.window import MainWindow
from mi_studio.studio.presenter import Presenter

Open = Callable[..., MainWindow]


@pytest.mark.parametrize(
    ("count", "width", "height", "columns", "rows"),
    [
        (8, 440, 300, 4, 2),
        (8, 300, 620, 2, 4),
        (60, 440, 280, 10, 6),
        (60, 300, 480, 6, 10),
        (1, 440, 280, 1, 1),
        (7, 300, 300, 3, 3),  # nothing calm has room for seven
    ],
)
def test_a_wall_takes_the_shape_of_its_place(
    count: int, width: float, height: float, columns: int, rows: int
) -> None:
    grid = Grid.fitting(count, width, height)
    assert (grid.columns, grid.rows) == (columns, rows)
    assert grid.width <= width
    assert grid.height <= height


def test_every_place_of_a_wall_is_found_again() -> None:
    grid = Grid.fitting(60, 440, 300, caption=12)
    assert [grid.at(grid.cell(i).center(), 60) for i in range(60)] == list(range(60))
    assert [grid.at(grid.below(i).center(), 60) for i in range(60)] == list(range(60))
    assert grid.at(QPointF(-1, -1), 60) == -1
    assert grid.at(grid.cell(60).center(), 60) == -1


def test_a_wall_is_walked_within_its_bounds() -> None:
    grid = Grid(4, 2, 10, 2, 0)
    assert [grid.walked(0, *by, count=7) for by in ((1, 0), (0, 1), (-1, 0), (0, -1))] == [1, 4, 0, 0]
    assert grid.walked(3, 0, 1, count=7) == 3  # below it is no picture


def test_a_name_takes_two_lines_where_it_must() -> None:
    def fits(text: str) -> bool:
        return len(text) <= 10

    assert in_lines("Ana Lima", fits) == ["Ana Lima"]
    assert in_lines("Naoki Shirakawa", fits) == ["Naoki", "Shirakawa"]
    assert in_lines("マルギット・ハルヴォルセン", fits) == ["マルギット・", "ハルヴォルセン"]
    assert lines_needed(["Ana Lima", "Naoki Shirakawa"], fits) == 2
    assert lines_needed(["Ana Lima", "Maximiliane Weidner"], fits) == 0


def shown(open_window: Open, target: str, size: tuple[int, int] = (1280, 800), **settings: str) -> MainWindow:
    window = open_window("en", size)
    window.panes[0].set_accepts_files(False)
    made = session(target, **settings)
    window.show_view(Presenter(made, "en").view())
    for _ in range(4):
        QApplication.processEvents()
    return window


def views(window: MainWindow) -> list[PictureView]:
    return [p.view for p in window.panes if p.isVisible()]


def centre(view: PictureView, i: int) -> QPoint:
    return view.cells()[i].center().toPoint()


def moved(view: PictureView, to: QPoint) -> None:
    """Move the mouse; the event itself, for the cursor of a real screen takes its time."""
    none = Qt.MouseButton.NoButton
    at, there = QPointF(to), QPointF(view.mapToGlobal(to))
    event = QMouseEvent(QMouseEvent.Type.MouseMove, at, there, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view, event)


@pytest.mark.parametrize(("target", "count"), [("eight", 8), ("all", 60)])
@pytest.mark.parametrize("settings", [{}, {"mid": "on"}])
def test_the_walls_of_all_panes_are_alike(
    open_window: Open, target: str, count: int, settings: dict[str, str]
) -> None:
    window = shown(open_window, target, **settings)
    walls = views(window)
    assert len(walls) == (3 if settings else 2)  # no place stands empty beside a wall
    cells = [[(c.x(), c.y(), c.width()) for c in wall.cells()] for wall in walls]
    assert all(c == cells[0] for c in cells)
    assert len(cells[0]) == count
    assert all(wall.rect().toRectF().contains(c) for wall in walls for c in wall.cells())


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080), (1000, 640)])
@pytest.mark.parametrize("target", ["eight", "all"])
def test_a_wall_takes_no_height_that_it_cannot_use(
    open_window: Open, target: str, size: tuple[int, int], qapp: QApplication
) -> None:
    window = shown(open_window, target, size=size)
    for wanted in (size, (size[0] + 90, size[1] + 60), size):
        window.resize(*wanted)
        for _ in range(8):
            qapp.processEvents()
        secret = views(window)[0]
        assert secret.height() - secret.frame().bottom() <= 16, wanted
        best = Grid.fitting(len(secret.cells()), secret.width() - 12, secret.height() - 12)
        assert secret.cells()[0].width() >= 0.75 * best.side


def test_names_stand_below_few_pictures_and_not_below_many(open_window: Open) -> None:
    assert views(shown(open_window, "eight"))[0]._place().caption > 0
    assert views(shown(open_window, "all"))[0]._place().caption == 0


def test_a_click_enlarges_a_picture_in_all_panes_and_a_second_shows_all_again(open_window: Open) -> None:
    window = shown(open_window, "eight", mid="on")
    secret, mine, bare = views(window)
    small = mine.cells()[5].width()
    QTest.mouseClick(mine, Qt.MouseButton.LeftButton, pos=centre(mine, 5))
    assert [len(v.cells()) for v in (secret, mine, bare)] == [1, 1, 1]
    assert secret._visible() == mine._visible() == bare._visible() == [5]
    for _ in range(4):
        QApplication.processEvents()
    assert mine.cells()[0].width() > 2 * small
    assert mine.accessibleName().endswith(mine._names[5])
    assert window.panes[0].back.isVisible()
    QTest.mouseClick(mine, Qt.MouseButton.LeftButton, pos=centre(mine, 0))
    assert len(mine.cells()) == 8
    assert not window.panes[0].back.isVisible()


def test_the_button_leads_back_to_all(open_window: Open) -> None:
    window = shown(open_window, "eight")
    view = views(window)[1]
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=centre(view, 2))
    back = window.panes[0].back
    assert window.panes[0].view.rect().contains(back.geometry())
    assert back.accessibleName()
    QTest.mouseClick(back, Qt.MouseButton.LeftButton)
    assert len(view.cells()) == 8


def test_the_button_stays_in_its_corner_when_the_window_changes(
    open_window: Open, qapp: QApplication
) -> None:
    window = shown(open_window, "eight")
    view = views(window)[0]
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=centre(view, 2))
    back = window.panes[0].back
    for size in ((1920, 1080), (1000, 640)):
        window.resize(*size)
        for _ in range(8):
            qapp.processEvents()
        assert back.geometry().right() == pytest.approx(view.frame().right() - 6, abs=1.5), size


def test_a_pane_that_comes_later_shows_the_same_picture(open_window: Open) -> None:
    window = shown(open_window, "eight")
    view = views(window)[1]
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=centre(view, 2))
    made = Presenter(session("eight", mid="on"), "en").view()
    assert len(made.panes) == 3
    window.show_view(replace(made, panes=(*made.panes, made.panes[2])))  # more than ever before
    assert [v._visible() for v in views(window)] == [[2]] * 4
    policies = [v.focusPolicy() for v in views(window)]
    assert policies == [Qt.FocusPolicy.StrongFocus, *[Qt.FocusPolicy.ClickFocus] * 3]


def test_a_wall_is_walked_by_keys(open_window: Open, qtbot: QtBot) -> None:
    window = shown(open_window, "eight")
    secret = views(window)[0]
    for _ in range(60):
        window.focusNextChild()
        if secret.hasFocus():
            break
    assert secret.hasFocus()
    assert secret.accessibleName() == f"The secret: {secret._names[0]}"
    with qtbot.assertNotEmitted(window.timeline.stepped), qtbot.assertNotEmitted(window.timeline.restarted):
        for key in (Qt.Key.Key_Right, Qt.Key.Key_Down):
            QTest.keyClick(secret, key)
        assert secret._at == 5
        QTest.keyClick(secret, Qt.Key.Key_Return)
        assert secret._visible() == [5]
        QTest.keyClick(secret, Qt.Key.Key_Right)
        assert secret._visible() == [6]
        QTest.keyClick(secret, Qt.Key.Key_Down)
        assert secret._visible() == [7]
        QTest.keyClick(secret, Qt.Key.Key_Home)
        assert secret._visible() == [0]
    QTest.keyClick(secret, Qt.Key.Key_Escape)
    assert len(secret._visible()) == 8
    assert not secret.hasFocus()
    with qtbot.waitSignal(window.timeline.stepped):  # the keys are the timeline's again
        QTest.keyClick(window, Qt.Key.Key_Right)
    with qtbot.waitSignal(window.timeline.play_toggled):
        QTest.keyClick(window, Qt.Key.Key_Space)


def test_the_mouse_marks_a_face_in_all_panes_and_names_it(open_window: Open) -> None:
    window = shown(open_window, "all")
    secret, mine = views(window)
    moved(mine, centre(mine, 33))
    assert (secret._at, mine._at) == (33, 33)
    asked = QHelpEvent(QHelpEvent.Type.ToolTip, centre(mine, 33), mine.mapToGlobal(centre(mine, 33)))
    QApplication.sendEvent(mine, asked)
    assert QToolTip.text() == mine._names[33]
    QToolTip.hideText()
    moved(mine, QPoint(mine.width() - 1, mine.height() - 1))
    assert secret._at == -1


def test_another_target_is_shown_whole(open_window: Open) -> None:
    window = shown(open_window, "eight")
    view = views(window)[1]
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=centre(view, 2))
    window.show_view(Presenter(session("all", 3), "en").view())
    assert len(views(window)[1].cells()) == 60
    window.show_view(Presenter(session("naoki-shirakawa", 3), "en").view())
    assert len(views(window)[1].cells()) == 1
    assert not views(window)[1].several
    assert len(views(window)) == 3  # the place of the twin


def test_the_wall_stands_in_the_order_of_the_labels() -> None:
    made = Presenter(session("eight", 2), "en").view()
    assert len(made.panes[0].names) == len(EIGHT)
    assert made.panes[0].names == made.panes[1].names
    before = Presenter(session("eight", 0), "en").view().panes[0]
    assert before.names == made.panes[0].names
    assert before.pictures is not None
    assert len(before.pictures) == len(EIGHT)
