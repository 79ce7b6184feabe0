"""What is looked at before Qt starts, because Qt itself would abort with a text that helps nobody."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from collections.abc import Iterable

ALWAYS = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
}
"""Shared libraries that Qt's widgets need anywhere on Linux, and the Debian package of each."""

FOR_X11 = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
"""Further ones for a window under X11."""


def why_no_window() -> str | None:
    """Say in one sentence why no window can be opened here and what to do, or return ``None``."""
    if importlib.util.find_spec("PySide6") is None:
        return "PySide6 is not installed; install it with: pip install PySide6-Essentials"
    if not sys.platform.startswith("linux"):
        return None
    wanted = os.environ.get("QT_QPA_PLATFORM", "")
    x11, wayland = os.environ.get("DISPLAY"), os.environ.get("WAYLAND_DISPLAY")
    if not (wanted or x11 or wayland):
        return (
            "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); "
            "start it from a desktop session, or use: mi-studio run"
        )
    needed = dict(ALWAYS)
    on_x11 = wanted.startswith("xcb") if wanted else not wayland
    if on_x11:
        needed |= FOR_X11
    if missing := missing_libraries(needed):
        packages = " ".join(sorted(needed[name] for name in missing))
        return (
            f"Qt needs system libraries that are missing; install them with: sudo apt-get install {packages}"
        )
    if on_x11 and not _answers():
        return f"The display '{x11}' does not answer; check DISPLAY, or use: mi-studio run"
    return None


def missing_libraries(names: Iterable[str]) -> list[str]:
    """Return those of the shared libraries that cannot be loaded."""
    missing = []
    for name in names:
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return missing


def _answers() -> bool:
    """Try to reach the X server as Qt would."""
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    answers = bool(xcb.xcb_connection_has_error(connection) == 0)
    xcb.xcb_disconnect(connection)
    return answers
