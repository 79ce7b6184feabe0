"""How large everything is: keys, wheel and menu in, the theme's scale out, remembered."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut, QWheelEvent
from PySide6.QtWidgets import QApplication

from mi_studio.app import theme
from mi_studio.app.settings import Settings
from mi_studio.app.window import MainWindow

NOTCH = 120
"""What a wheel reports for one notch; a touch pad reports less at a time."""

KEYS = ((("Ctrl++", "Ctrl+="), 1), (("Ctrl+-",), -1), (("Ctrl+0",), 0))


class Zoom(QObject):
    """Makes the window larger and smaller in the steps of `theme.ZOOMS`."""

    def __init__(self, window: MainWindow, settings: Settings) -> None:
        super().__init__(window)
        self.window, self.settings = window, settings
        self._turned = 0
        for keys, by in KEYS:
            shortcut = QShortcut(window)
            shortcut.setKeys([QKeySequence(key) for key in keys])
            shortcut.activated.connect(lambda by=by: self.go(by))
        window.zoom_requested.connect(self.go)
        window.winId()  # the wheel is listened to where it comes in: a scroll area would keep it
        handle = window.windowHandle()
        if handle is not None:
            handle.installEventFilter(self)
        self.put(settings.zoom)

    def go(self, by: int) -> None:
        """Go one step up (1) or down (-1), or back to nominal size (0)."""
        at = theme.ZOOMS.index(theme.zoom())
        to = min(len(theme.ZOOMS) - 1, max(0, at + by)) if by else theme.ZOOMS.index(1.0)
        self.put(theme.ZOOMS[to])
        self.settings.zoom = theme.zoom()

    def put(self, zoom: float) -> None:
        """Have everything at a zoom."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.set_scale(app, zoom=zoom)
        self.window.show_zoom(zoom)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go a step for each notch of the wheel while Ctrl is held."""
        if isinstance(event, QWheelEvent) and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self._turned += event.angleDelta().y()
            while abs(self._turned) >= NOTCH:
                by = 1 if self._turned > 0 else -1
                self._turned -= by * NOTCH
                self.go(by)
            return True
        return super().eventFilter(watched, event)
