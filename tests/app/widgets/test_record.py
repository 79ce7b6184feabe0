from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mi_studio.app import theme
from mi_studio.app.widgets.panes import PicturePane
from mi_studio.app.widgets.record import Records
from mi_studio.app.window import MainWindow
from mi_studio.studio.views import PaneView, RecordView

AMONG = ("none", "under ¥1m", "¥1–3m", "over ¥3m")
LINES = (("Age", "30s"), ("Work", "employee"), ("Yearly income", ""), ("Late payments", ""))
TRUTH = RecordView("Jun Mori", (("Age", "30s"), ("Work", "employee")), "Loans elsewhere", "¥1–3m", AMONG)


def believed(*shares: float, name: str = "Jun Mori") -> RecordView:
    bars = tuple(zip(AMONG, shares, (0.43, 0.2, 0.21, 0.16), strict=True))
    value = AMONG[max(range(4), key=lambda i: shares[i])]
    return RecordView(name, LINES, "Loans elsewhere", value, AMONG, bars, value == "¥1–3m")


@pytest.fixture
def widget(qtbot: QtBot) -> Records:
    made = Records()
    qtbot.addWidget(made)
    made.resize(430, 300)
    return made


def drawn(widget: Records) -> QImage:
    return widget.grab().toImage()


def coloured(image: QImage, token: str, rows: range) -> int:
    """Count the pixels of a theme colour in some rows."""
    wanted = theme.current().color(token).rgb()
    return sum(image.pixel(x, y) == wanted for y in rows for x in range(image.width()))


def test_the_bars_grow_with_the_belief(widget: Records) -> None:
    counts = []
    for share in (0.25, 0.6, 1.0):
        rest = (1 - share) / 3
        widget.show_records((believed(rest, rest, share, rest),), True)
        image = drawn(widget)
        counts.append(coloured(image, "leak", range(image.height())))
    assert counts[0] < counts[1] < counts[2]


def test_a_wrong_guess_on_a_small_card_has_not_the_colour_of_a_leak(widget: Records) -> None:
    right = tuple(believed(0, 0, 0.9, 0.1, name=f"P{i}") for i in range(4))
    wrong = tuple(replace(r, right=False) for r in right)
    widget.show_records(right, False)
    image = drawn(widget)
    assert coloured(image, "leak", range(image.height())) > 100
    widget.show_records(wrong, False)
    assert coloured(drawn(widget), "leak", range(image.height())) == 0


@pytest.mark.parametrize("count", [1, 2, 8, 9, 200])
@pytest.mark.parametrize("size", [(96, 96), (280, 200), (430, 300), (900, 700)])
@pytest.mark.parametrize("name", ["light", "dark", "contrast"])
def test_every_number_of_records_is_drawn_at_every_size(
    widget: Records, qapp: QApplication, count: int, size: tuple[int, int], name: str
) -> None:
    theme.apply(qapp, name)
    widget.resize(*size)
    empty = drawn(widget)
    widget.show_records(tuple(believed(0.1, 0.2, 0.6, 0.1) for _ in range(count)), True)
    belief = drawn(widget)
    widget.show_records((TRUTH,) * count, False)
    assert len({bytes(i.constBits()) for i in (empty, belief, drawn(widget))}) == 3


def test_a_value_has_the_same_colour_in_the_truth_and_in_the_belief(widget: Records) -> None:
    def of(record: RecordView) -> set[str]:
        widget.show_records((record,) * 20, False)
        image = drawn(widget)
        cells = range(10, image.height() // 2)
        return {t for t in ("accent", "unsure", "safe", "leak") if coloured(image, t, cells) > 200}

    sure = believed(0, 0, 1, 0)
    assert of(TRUTH) == of(sure) == {"safe"}
    assert of(believed(0, 1, 0, 0)) == {"unsure"}


def test_what_is_drawn_is_told(widget: Records) -> None:
    widget.show_records((believed(0.1, 0.2, 0.6, 0.1),), True)
    assert widget.accessibleDescription() == (
        "Jun Mori. Loans elsewhere: none 10%; under ¥1m 20%; ¥1–3m 60%; over ¥3m 10%"
    )
    widget.show_records((TRUTH,), False)
    assert widget.accessibleDescription() == "Jun Mori. Loans elsewhere: ¥1–3m"


def test_equal_records_are_not_drawn_again(widget: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    updates: list[int] = []
    widget.show_records((believed(0.1, 0.2, 0.6, 0.1),), True)
    monkeypatch.setattr(widget, "update", lambda: updates.append(1))
    widget.show_records((believed(0.1, 0.2, 0.6, 0.1),), True)
    assert updates == []
    widget.show_records((believed(0.1, 0.2, 0.5, 0.2),), True)
    assert updates == [1]


def pane_view(*records: RecordView) -> PaneView:
    return PaneView("The secret", "", "", None, None, "The secret.", records=records)


def test_a_pane_has_records_or_pictures_and_its_badge_on_what_is_there(qtbot: QtBot) -> None:
    pane = PicturePane()
    qtbot.addWidget(pane)
    pane.resize(400, 500)
    pane.show()
    pane.set_badge("mixed run")
    pane.show_view(pane_view(TRUTH))
    assert pane.records.isVisible()
    assert not pane.view.isVisible()
    assert pane.badge.isVisible()
    assert pane.badge.parentWidget() is pane.records
    pane.show_view(pane_view())
    assert pane.view.isVisible()
    assert not pane.records.isVisible()
    assert pane.badge.isVisible()
    assert pane.badge.parentWidget() is pane.view


@pytest.mark.parametrize("size", [(1000, 640), (1280, 800), (1920, 1080)])
def test_cards_of_one_row_have_one_height_within_the_window(
    open_window: Callable[..., MainWindow], size: tuple[int, int]
) -> None:
    from gallery import stage

    window = open_window("en", size)
    view = stage("en")
    panes = tuple(replace(p, records=(believed(0.1, 0.2, 0.6, 0.1),), names=()) for p in view.panes)
    window.show_view(replace(view, panes=panes))
    for _ in range(4):
        QApplication.processEvents()
    shown = [p.records for p in window.panes if p.records.isVisible()]
    assert len(shown) == len(panes)
    assert len({r.height() for r in shown}) == 1
    widths = [r.width() for r in shown]
    assert max(widths) - min(widths) <= 1
    assert min(r.height() for r in shown) >= 120


def test_where_type_would_be_too_small_the_hidden_field_has_the_room_to_itself(widget: Records) -> None:
    card = believed(0.1, 0.2, 0.6, 0.1)
    bare = replace(card, lines=())

    def same(height: int) -> bool:
        widget.resize(260, height)
        images = []
        for record in (card, bare):
            widget.show_records((record,), True)
            images.append(bytes(drawn(widget).constBits()))
        return images[0] == images[1]

    assert same(130)
    assert not same(300)
