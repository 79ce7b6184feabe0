"""What this program is, and whose work it stands on."""

from __future__ import annotations

import platform
import sys
from importlib import metadata

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

import mi_studio
from mi_studio.app.theme import scaled
from mi_studio.app.widgets.common import Button, Label
from mi_studio.app.words import ABOUT, ABOUT_TEXT, APP, CLOSE, COPY, KEYS, LICENCES, SHORTCUTS, say

PARTS = (
    ("PySide6-Essentials", "LGPL-3.0"),
    ("pyqtgraph", "MIT"),
    ("numpy", "BSD-3-Clause"),
    ("pillow", "MIT-CMU"),
    ("torch", "BSD-3-Clause"),
    ("torchvision", "BSD-3-Clause"),
    ("torchmetrics", "Apache-2.0"),
    ("safetensors", "Apache-2.0"),
    ("platformdirs", "MIT"),
    ("psygnal", "BSD-3-Clause"),
    ("rich", "MIT"),
)


def versions() -> str:
    """Return what runs here and under which licences, one part a line."""
    lines = [
        f"MI Studio {mi_studio.__version__} · Apache-2.0",
        f"Python {sys.version.split()[0]} · PSF-2.0 · {platform.platform()}",
    ]
    for name, licence in PARTS:
        try:
            lines.append(f"{name} {metadata.version(name)} · {licence}")
        except metadata.PackageNotFoundError:
            continue
    lines.append("BIZ UDPGothic 1.05 · SIL OFL 1.1 · © 2022 The BIZ UDGothic Project Authors")
    return "\n".join(lines)


class About(QDialog):
    """Name, purpose, versions and licences."""

    def __init__(self, parent: QWidget, language: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(say(ABOUT, language))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        scaled(self.setMinimumWidth, 520)
        name = Label("name", f"{say(APP, language)} {mi_studio.__version__}")
        parts = QPlainTextEdit(versions())
        parts.setReadOnly(True)
        scaled(parts.setMinimumHeight, 230)
        parts.setTabChangesFocus(True)
        parts.setAccessibleName(say(LICENCES, language))
        copy, close = Button("copy"), Button()
        copy.setText(say(COPY, language))
        close.setText(say(CLOSE, language))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(versions()))
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(copy)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        scaled(column.setContentsMargins, 20, 18, 20, 16)
        scaled(column.setSpacing, 10)
        column.addWidget(name)
        column.addWidget(Label("body", say(ABOUT_TEXT, language), wrap=True))
        column.addWidget(Label("title", say(LICENCES, language)))
        column.addWidget(parts)
        column.addLayout(buttons)


class Shortcuts(QDialog):
    """The keys, one a line."""

    def __init__(self, parent: QWidget, language: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(say(SHORTCUTS, language))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        close = Button()
        close.setText(say(CLOSE, language))
        close.clicked.connect(self.close)
        grid = QGridLayout()
        scaled(grid.setHorizontalSpacing, 24)
        scaled(grid.setVerticalSpacing, 9)
        for i, (key, words) in enumerate(KEYS):
            grid.addWidget(Label("title", key), i, 0)
            grid.addWidget(Label("body", say(words, language)), i, 1)
        column = QVBoxLayout(self)
        scaled(column.setContentsMargins, 22, 18, 22, 16)
        scaled(column.setSpacing, 16)
        column.addLayout(grid)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
