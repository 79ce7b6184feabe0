"""What is looked at before Qt or torch is loaded, whose own texts would help nobody."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from collections.abc import Iterable
from contextlib import suppress

from mi_studio.core.errors import UsageError
from mi_studio.core.text import Text

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

TORCH_FIRST = sys.platform == "win32"
"""Whether torch must come before Qt: there, 2.9 and later cannot load their DLLs after Qt's."""

TORCH_AGAIN = Text(
    "Recordings still play; to run attacks, install it again with: "
    "pip install --force-reinstall torch torchvision",
    "記録の再生はできます。攻撃を実行するには、"
    "pip install --force-reinstall torch torchvision で入れ直してください。",
)


def check_window() -> None:
    """Look whether a window can be opened here.

    Raises
    ------
    UsageError
        If it cannot; the text says what to do.
    """
    if importlib.util.find_spec("PySide6") is None:
        raise UsageError(
            Text("PySide6 is not installed.", "PySide6がインストールされていません。"),
            remedy=Text(
                "Install it with: pip install PySide6-Essentials",
                "pip install PySide6-Essentials でインストールしてください。",
            ),
        )
    if not sys.platform.startswith("linux"):
        return
    wanted = os.environ.get("QT_QPA_PLATFORM", "")
    x11, wayland = os.environ.get("DISPLAY"), os.environ.get("WAYLAND_DISPLAY")
    if not (wanted or x11 or wayland):
        raise UsageError(
            Text(
                "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set).",
                "画面が見つかりません（DISPLAYもWAYLAND_DISPLAYも設定されていません）。",
            ),
            remedy=Text(
                "Start it from a desktop session, or use: mi-studio run",
                "デスクトップにログインして起動するか、mi-studio run を使ってください。",
            ),
        )
    needed = dict(ALWAYS)
    on_x11 = wanted.startswith("xcb") if wanted else not wayland
    if on_x11:
        needed |= FOR_X11
    if missing := missing_libraries(needed):
        raise UsageError(
            Text(
                "Qt needs system libraries that are missing.",
                "画面の表示に必要なシステムライブラリーがありません。",
            ),
            remedy=Text(
                "Install them with: sudo apt-get install {packages}",
                "sudo apt-get install {packages} でインストールしてください。",
            ),
            packages=" ".join(sorted(needed[name] for name in missing)),
        )
    if on_x11 and not _answers():
        raise UsageError(
            Text(
                "The display '{display}' does not answer.",
                "画面「{display}」から応答がありません。",
            ),
            remedy=Text(
                "Check DISPLAY, or use: mi-studio run",
                "DISPLAYの設定を確認するか、mi-studio run を使ってください。",
            ),
            display=x11,
        )


def load_torch() -> None:
    """Load torch, which takes seconds.

    Raises
    ------
    UsageError
        If it is missing or cannot be loaded; the text says what to do.
    """
    if importlib.util.find_spec("torch") is None:
        raise UsageError(
            Text("PyTorch is not installed.", "PyTorchがインストールされていません。"),
            remedy=Text(
                "Recordings still play; to run attacks, install it with: pip install torch torchvision",
                "記録の再生はできます。攻撃を実行するには、"
                "pip install torch torchvision でインストールしてください。",
            ),
        )
    try:
        import torch  # noqa: F401
    except (ImportError, OSError) as error:
        raise UsageError(
            Text("PyTorch is installed but cannot be loaded.", "PyTorchを読み込めません。"),
            remedy=TORCH_AGAIN,
        ) from error


def load_torch_first() -> None:
    """Load torch before Qt where it must be so and can be; a run that misses it says so later."""
    if TORCH_FIRST:
        with suppress(UsageError):
            load_torch()


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
