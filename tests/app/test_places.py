"""On every page, in every list and dialog: nothing is cut, everything has a name and is reached by keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

import numpy as np
import pytest
from clipped import clipped
from explained import unexplained
from numpy.typing import NDArray
from places import PLACES, settle
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTextEdit,
    QWidget,
)

from mi_studio.app import theme
from mi_studio.app.controller import Controller
from mi_studio.app.widgets.knobs import Segment
from mi_studio.app.widgets.picture import PictureView
from mi_studio.core.cards import library
from mi_studio.core.recording import Recording
from mi_studio.core.text import WORDY
from mi_studio.studio import session

Open = Callable[..., Controller]
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

SIZES = ((1000, 640), (1280, 720))
KINDS = (
    QAbstractButton,
    QAbstractSlider,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QAbstractItemView,
    PictureView,
)
RING = 60
"""Pixels of focus that can be seen: half a ring around a small icon, or all of it around a slider's knob."""

SAME_EVERYWHERE = {"English", "Space", "Home", "Enter", "Esc", "Tab", "Page", "Down"}
"""What stays as it is in every language: its own name, and what is written on keys."""

SHORT_WALK = ("hospital", "customers", "picker defense", "banner", "tradeoff", "glossary", "lesson: words")
"""Where every kind of control is; the other themes are walked through here alone."""

SHIPPED = session.shipped_recording


@cache
def film(scene: str) -> Recording | None:
    """Return the recording of a scene, read once."""
    return SHIPPED(library().scene(scene))


@pytest.fixture
def house(program: Open, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Controller]:
    """Open the program with the shipped recordings."""
    monkeypatch.setattr(session, "shipped_recording", lambda scene: film(scene.id))

    def open_it(language: str, colors: str = "light") -> Controller:
        controller = program(language="en", theme=colors, size=SIZES[0])
        controller.window.language_chosen.emit(language)
        settle()
        return controller

    return open_it


def named(part: QWidget) -> str:
    """Return the name as those who cannot see it are told it."""
    return QAccessible.queryAccessibleInterface(part).text(QAccessible.Text.Name)


def controls(top: QWidget) -> list[QWidget]:
    """Return everything that can be worked with."""
    found = []
    for part in top.findChildren(QWidget):
        inner = isinstance(part, QScrollBar) or isinstance(part.parentWidget(), QLineEdit)
        inner |= isinstance(part, QHeaderView) and not part.sectionsClickable()  # it only says what is below
        if not isinstance(part, KINDS) or inner or not part.isVisible() or not part.isEnabled():
            continue
        if not isinstance(part, PictureView) or part.several:
            found.append(part)
    return found


@pytest.mark.parametrize("language", ["en", "ja", WORDY])
def test_nothing_is_cut_or_without_a_name(house: Open, language: str) -> None:
    controller = house(language)
    wrong: list[str] = []
    for size in SIZES if language == WORDY else SIZES[:1]:
        controller.window.resize(*size)
        settle()
        for place in PLACES if size == SIZES[0] else (p for p in PLACES if not p.apart):
            with place.entered(controller) as top:
                where = f"{place.name} {size[0]}: "
                wrong += [where + said for said in clipped(top)]
                wrong += [f"{where}{type(c).__name__} has no name" for c in controls(top) if not named(c)]
                if language != WORDY:
                    wrong += [f"{where}{said}" for said in unexplained(top)]
                if language == WORDY:
                    wrong += [f"{where}{said!r} is not translated" for said in foreign(top)]
    assert not wrong, "\n".join(dict.fromkeys(wrong)).replace("\u2060", "")


def foreign(top: QWidget) -> Iterator[str]:
    """Yield what is shown and does not come from a text in several languages: its vowels have no accents."""
    for part in top.findChildren(QWidget):
        shown = part.text() if isinstance(part, QLabel | QAbstractButton) else ""
        told = (shown, part.accessibleName(), part.accessibleDescription(), part.toolTip())
        for said in told if part.isVisible() else ():
            words = re.findall(r"\w*[aeiou]\w*", re.sub("<[^>]*>", "", said))
            if not set(words) <= SAME_EVERYWHERE:
                yield said


def pixels(part: QWidget) -> NDArray[np.uint8]:
    image = part.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return lines[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def brightness(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    parts = picture / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def changed(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    """Return how many pixels differ by a contrast of 3 between two pictures of a widget."""
    if one.shape != other.shape:
        return 0
    dark, light = np.sort([brightness(one), brightness(other)], axis=0)
    return int(((light + 0.05) / (dark + 0.05) >= 3).sum())


def walked(top: QWidget) -> dict[QWidget, int]:
    """Press Tab until it comes round; return what was reached, and how much its look changed."""
    found: dict[QWidget, int] = {}
    QTest.keyClick(QApplication.focusWidget() or top, Qt.Key.Key_Tab)
    for _ in range(200):
        here = QApplication.focusWidget()
        if here is None or here in found:
            break
        lit = pixels(here)
        QTest.keyClick(here, Qt.Key.Key_Tab)
        if here.hasFocus():  # where there is nothing else
            here.clearFocus()
        found[here] = changed(lit, pixels(here))
    return found


def led_to(part: QWidget) -> Iterable[QWidget]:
    """Return the other parts of a composite, from which the arrow keys lead here."""
    if isinstance(part, Segment):
        return (p for p in part.parentWidget().children() if isinstance(p, Segment))
    if isinstance(part, PictureView):  # all walls are walked at once, from the first
        return part.window().findChildren(PictureView)
    return ()


@pytest.mark.parametrize(
    "colors", [pytest.param(name, marks=[pytest.mark.stress] * (name == "dark")) for name in theme.THEMES]
)
def test_everything_is_reached_by_tab_and_shows_it(house: Open, colors: str) -> None:
    controller = house("en", colors)
    wrong: list[str] = []
    for place in PLACES if colors == "light" else (p for p in PLACES if p.name in SHORT_WALK):
        with place.entered(controller) as top:
            top.activateWindow()
            QTest.qWaitForWindowActive(top)
            reached = walked(top)
            where = f"{place.name}: {{}} {{!r}} {{}}"
            for part in controls(top):
                words = type(part).__name__, named(part)
                if not any(p in reached for p in (part, *led_to(part))):
                    wrong.append(where.format(*words, "is not reached"))
                elif part in reached and reached[part] < RING:
                    wrong.append(where.format(*words, f"shows {reached[part]} pixels of focus"))
    assert not wrong, "\n".join(dict.fromkeys(wrong))
