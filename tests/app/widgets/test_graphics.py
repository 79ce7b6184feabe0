"""What is drawn rather than written: seen on its ground in every theme, and told apart without its colour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mi_studio.app import theme
from mi_studio.app.widgets.bar import Bar
from mi_studio.app.widgets.common import Card
from mi_studio.app.widgets.curve import Curve
from mi_studio.app.widgets.knobs import KnobSlider, Segments
from mi_studio.app.widgets.lesson import Progress, Row
from mi_studio.app.widgets.picker import Strength
from mi_studio.app.widgets.record import PATTERNS, TOKENS, Records
from mi_studio.app.widgets.switch import Switch
from mi_studio.app.widgets.timeline import FilmBar
from mi_studio.app.widgets.tradeoff import BARE_SIGN
from mi_studio.app.widgets.tradeoff import SIGNS as FAMILIES
from mi_studio.app.widgets.verdict import Verdict
from mi_studio.studio.views import CurveView, KnobView, RecordView, TimelineView, VerdictView

Bare = Callable[..., QWidget]
Linear = NDArray[np.float64]
SERIES = ("accent", "leak", "safe", "unsure", "quiet")
STOPS = ((0.0, ""), (1.0, ""), (2.0, ""), (3.0, ""))
KNOB = KnobView("k", "", "", STOPS, 0.0, "", False, "", "")
NOTHING = TimelineView(0, 0, 0, 10, False, "", 0, 1.0, "", (), ())

# seen by people who lack one kind of cone: Machado, Oliveira and Fernandes 2009, severity 1.0, linear RGB
BLIND = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)
    ),
}  # fmt: skip

MARK = 1 / 3
"""How many degrees wide the smallest marks are whose colour says something, the squares of a legend: 13
pixels, 3.5 mm on a usual screen, at 60 cm."""

NOTICED = tuple(0.8 * (a + b / MARK) for a, b in ((10.16, 1.50), (10.68, 3.08), (10.70, 5.74)))
"""How far apart two colours must lie in L*, a* or b* so that four of five people tell marks of that size
apart (Stone, Szafir and Setlur 2014, who measured from a third of a degree on)."""


def linear(color: str) -> Linear:
    parts = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(color: Linear) -> Linear:
    """CIE L*a*b* under D65."""
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = np.array(to_xyz) @ color.clip(0, 1) / (0.9505, 1.0, 1.089)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(one: str, other: str, seen: str) -> float:
    """Return how far apart two colours are, in steps that everybody notices."""
    matrix = np.array(BLIND.get(seen, np.eye(3)))
    difference = lab(matrix @ linear(one)) - lab(matrix @ linear(other))
    return float(np.linalg.norm(difference / NOTICED))


def brightness(part: QWidget) -> Linear:
    place = QRect(part.mapTo(part.window(), QPoint(0, 0)), part.size())
    image = part.window().grab(place).toImage().convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    rgb = lines[:, : 3 * image.width()].reshape(image.height(), image.width(), 3) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)


def standing_out(part: QWidget) -> NDArray[np.bool_]:
    """Return which pixels of a widget have a contrast of at least 3 to the panel that it stands on."""
    drawn, ground = brightness(part), theme.luminance(theme.current().panel)
    return (np.maximum(drawn, ground) + 0.05) / (np.minimum(drawn, ground) + 0.05) >= 3


@pytest.fixture
def bare(qtbot: QtBot) -> Bare:
    """Show a widget alone on a panel."""
    cards = []

    def show(part: QWidget, wide: int = 200, high: int = 0) -> QWidget:
        cards.append(Card(margin=12))
        cards[-1].column.addWidget(part)
        qtbot.addWidget(cards[-1])
        part.setFixedSize(wide, high or part.sizeHint().height())
        cards[-1].show()
        return part

    return show


def slider() -> KnobSlider:
    made = KnobSlider()
    made.set_knob(KNOB)
    return made


def segments() -> Segments:
    made = Segments()
    made.set_knob(replace(KNOB, stops=STOPS[:3]))
    return made


def film() -> FilmBar:
    made = FilmBar()
    made.show_film(NOTHING)
    return made


def steps() -> Progress:
    made = Progress()
    made.show_at(-1, 4)
    return made


EMPTY: dict[str, Callable[[], QWidget]] = {
    "field": QLineEdit,
    "text": QPlainTextEdit,
    "button": QPushButton,
    "answer": Row,
    "slider": slider,
    "segments": segments,
    "film": film,
    "bar": lambda: Bar("leak"),
    "switch": Switch,
    "progress": steps,
    "strength": lambda: Strength(0),
}
"""Controls and figures with nothing in them: what is left is what says that they are there, and how large."""

SIZES = {"strength": (24, 16), "switch": (44,), "progress": (200, 8)}


@pytest.mark.parametrize("colors", theme.THEMES)
def test_what_is_empty_still_shows_how_far_it_reaches(bare: Bare, qapp: QApplication, colors: str) -> None:
    theme.apply(qapp, colors)
    faint = []
    for name, make in EMPTY.items():
        part = bare(make(), *SIZES.get(name, ()))
        columns = standing_out(part).any(axis=0)
        if columns.mean() < (0.3 if name == "strength" else 0.75):  # three marks and their gaps
            faint.append((name, float(columns.mean())))
    assert not faint


@pytest.mark.parametrize("colors", theme.THEMES)
def test_the_handle_of_a_scroll_bar_is_seen(bare: Bare, qapp: QApplication, colors: str) -> None:
    theme.apply(qapp, colors)
    area, inside = QScrollArea(), QWidget()
    inside.setFixedSize(50, 400)
    QVBoxLayout(inside)
    area.setWidget(inside)
    bare(area, 120, 100)
    qapp.processEvents()
    bar = area.verticalScrollBar()
    assert bar.isVisible()
    seen = standing_out(bar).any(axis=1)
    assert 20 <= seen.sum() < 60  # as long as what of it can be seen


def test_every_graphic_stands_out_from_its_ground() -> None:
    for colors in theme.THEMES.values():
        for front, back in theme.GRAPHIC_PAIRS:
            ratio = theme.contrast(getattr(colors, front), getattr(colors, back))
            assert ratio >= 3, (colors.name, front, back, round(ratio, 2))


@pytest.mark.parametrize("colors", theme.THEMES)
def test_played_computed_and_still_to_come_differ_in_height(
    bare: Bare, qapp: QApplication, colors: str
) -> None:
    theme.apply(qapp, colors)
    bar = FilmBar()
    bar.show_film(replace(NOTHING, position=4, reached=14, total=20))
    bare(bar, 420)
    middle = theme.px(FilmBar.BAR_Y)
    filled = np.isclose(brightness(bar), theme.luminance(theme.current().accent), atol=0.02)
    played, computed, to_come = (
        int(filled[middle - 8 : middle + 8, round(bar.x_of(step))].sum()) for step in (2, 9, 18)
    )
    assert played - computed >= 2 <= computed
    assert to_come == 0


def test_leak_and_safe_are_told_apart_without_one_kind_of_cone() -> None:
    for colors in theme.THEMES.values():
        for seen in ("usual", *BLIND):
            assert apart(colors.leak, colors.safe, seen) >= 1, (colors.name, seen)
            assert apart(colors.leak, colors.accent, seen) >= 1, (colors.name, seen)


@pytest.fixture
def grey(monkeypatch: pytest.MonkeyPatch) -> None:
    """A theme in which nothing has a colour of its own: what still differs, differs in shape."""
    one = dict.fromkeys(SERIES, theme.LIGHT.text)
    grounds = {f"{tone}_ground": theme.LIGHT.panel for tone in ("accent", "leak", "safe", "unsure")}
    monkeypatch.setattr(theme, "_chosen", [replace(theme.LIGHT, **one, **grounds)])


def differ(parts: list[QWidget]) -> bool:
    """Whether no two widgets look the same."""
    drawn = [part.grab().toImage() for part in parts]
    return all(one != other for one, other in combinations(drawn, 2))


@pytest.mark.usefixtures("grey")
def test_everything_is_told_apart_without_any_colour(bare: Bare) -> None:
    verdicts = []
    for tone in ("leak", "safe", "unsure", "plain"):
        verdicts.append(Verdict())
        verdicts[-1].show_view(VerdictView(tone, "", ""))  # type: ignore[arg-type]
    assert differ([bare(v, 300, 60) for v in verdicts])

    for marks in (("", "right", "wrong"), ("", "chosen")):
        answers = [Row() for _ in marks]
        for answer, mark in zip(answers, marks, strict=True):
            answer.mark(mark)
        assert differ([bare(a, 200, 50) for a in answers])

    switches = [Switch(), Switch()]
    switches[1].setChecked(True)
    assert differ([bare(s, 44) for s in switches])

    line = ((0.0, 0.2), (10.0, 0.9))
    curves = []
    for main, ghost in ((line, ()), ((), line)):
        curves.append(Curve())
        curves[-1].show_view(CurveView("", 10, main, "", ghost, "", (), 0.0, 1.0))
    assert differ([bare(c, 300, 120) for c in curves])


@pytest.mark.usefixtures("grey")
def test_every_value_of_a_field_of_marks_has_a_texture_of_its_own(bare: Bare) -> None:
    assert len(set(PATTERNS)) == len(PATTERNS) >= len(TOKENS)
    among = tuple("abcde")
    fields = []
    for value in among:
        fields.append(Records())
        fields[-1].show_records(tuple(RecordView(str(i), (), "", value, among) for i in range(9)), False)
        bare(fields[-1], 260, 260)
    marks = [part.grab().copy(20, 20, 40, 40).toImage() for part in fields]
    assert all(one != other for one, other in combinations(marks, 2))


def test_families_of_defences_have_signs() -> None:
    signs = [drawn for drawn, _ in (*FAMILIES, BARE_SIGN)]
    written = [sign for _, sign in (*FAMILIES, BARE_SIGN)]
    assert len(set(signs)) == len(signs) == len(set(written))
