"""Whether things on the screen may move by themselves: the program's own setting, else the desktop's."""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

_still = [False]
_flash: list[int] = []
_effects: dict[Qt.UIEffect, bool] = {}


def still() -> bool:
    """Return whether nothing may move without being asked to."""
    return _still[0]


def desktop_is_still(app: QApplication) -> bool:
    """Return whether the desktop asks programs for stillness, as far as Qt passes that on.

    Qt knows it from Windows ("animation effects" off); elsewhere it reports every effect as off, which
    says nothing.
    """
    return sys.platform == "win32" and not app.isEffectEnabled(Qt.UIEffect.UI_General)


def apply(app: QApplication, wanted: bool) -> None:
    """Hold everything still, or let it move again."""
    _still[0] = wanted
    if not _flash:
        _flash.append(app.cursorFlashTime())
    app.setCursorFlashTime(0 if wanted else _flash[0])
    if wanted and not _effects:
        _effects.update({effect: app.isEffectEnabled(effect) for effect in Qt.UIEffect})
    for effect, usual in _effects.items():
        app.setEffectEnabled(effect, usual and not wanted)
