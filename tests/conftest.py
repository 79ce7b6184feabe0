"""What every test lives under: no network, settings of its own, and nothing left running."""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mi_studio.core import paths

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent / "studio"))  # fakes.py serves tests/app too


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program must never reach out; a local socket (Qt's own) may."""

    def refuse(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            raise AssertionError(f"a test tried to reach {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


@pytest.fixture(autouse=True)
def no_own_data(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the user has trained or swept on this computer is none of a test's business."""
    monkeypatch.setattr(paths, "data_dir", lambda: tmp_path_factory.getbasetemp() / "nobody")


@pytest.fixture(autouse=True)
def no_leftover_thread() -> Iterator[None]:
    """Fail the test that leaves a Python thread running."""
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and t.is_alive() and not t.daemon]
    assert not left, f"threads left running: {[t.name for t in left]}"


@pytest.fixture
def own_settings(tmp_path: Path) -> Iterator[Path]:
    """QSettings that live and die with the test."""
    from PySide6.QtCore import QCoreApplication, QSettings

    names = QCoreApplication.organizationName(), QCoreApplication.applicationName()
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    yield tmp_path
    QCoreApplication.setOrganizationName(names[0])
    QCoreApplication.setApplicationName(names[1])


@pytest.fixture(scope="module")
def settled_memory() -> None:
    """Take what is there out of the garbage collector's sight: half a second less for each window.

    With torch and Qt loaded there are hundreds of thousands of objects, and `no_leftover_qt` looks at all.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
def no_leftover_qt(qapp: object, settled_memory: None) -> Iterator[None]:
    """Fail the test that leaves a top-level widget or an active timer behind."""
    from PySide6.QtCore import QCoreApplication, QEvent, QTimer
    from PySide6.QtWidgets import QApplication

    before = set(map(id, QApplication.topLevelWidgets()))
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    widgets = [w for w in QApplication.topLevelWidgets() if id(w) not in before and not w.isHidden()]
    assert not widgets, f"widgets left open: {widgets}"
    timers = [o for o in gc.get_objects() if issubclass(type(o), QTimer) and _runs(o)]
    assert not timers, f"timers left running: {[(t, t.parent()) for t in timers]}"


def _runs(timer: object) -> bool:
    try:
        return bool(timer.isActive())  # type: ignore[attr-defined]
    except RuntimeError:  # the C++ side is gone
        return False
