"""Looking a word up, and being told what it means."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from mi_studio.app.widgets.common import Label, explanation
from mi_studio.app.widgets.glossary import Glossary
from mi_studio.core.glossary import glossary


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.mark.parametrize(
    ("language", "word", "title"), [("en", "epsilon", "ε (epsilon)"), ("ja", "差分", "差分プライバシー")]
)
def test_a_word_is_found_as_it_is_typed(parent: QWidget, language: str, word: str, title: str) -> None:
    shown = Glossary(parent, language)
    everything = shown.terms.toPlainText()
    assert len(everything) > 5000
    shown.wanted.setText(word)
    found = shown.terms.toPlainText().replace("\u2060", "")
    assert title in found
    assert len(found) < len(everything) / 4
    assert shown.count.said.endswith(f"/ {len(glossary())}")
    shown.wanted.setText("xyzzy")
    assert "xyzzy" in shown.terms.toPlainText()
    shown.close()


def test_typing_goes_to_the_field_at_once(parent: QWidget, qtbot: QtBot) -> None:
    shown = Glossary(parent, "en")
    shown.open()
    qtbot.waitUntil(shown.wanted.hasFocus)
    QTest.keyClicks(shown.wanted, "PSNR")
    assert shown.count.said.startswith("1 /")
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    assert not shown.isVisible()


def hover(label: Label) -> str:
    QApplication.sendEvent(
        label, QHelpEvent(QEvent.Type.ToolTip, QPoint(2, 2), label.mapToGlobal(QPoint(2, 2)))
    )
    return QToolTip.text()


def test_a_label_explains_the_words_in_it(qtbot: QtBot) -> None:
    label = Label("body", "Judge model: right class")
    qtbot.addWidget(label)
    label.show()
    assert "independent network" in hover(label)
    QToolTip.hideText()
    assert explanation("Nothing of that kind") == ""


def test_what_is_explained_cannot_be_markup() -> None:
    assert explanation("<b>DP</b>").startswith("<qt><p><b>Differential privacy (DP)</b>")
