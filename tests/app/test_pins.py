from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal


class Talker(QObject):
    said = Signal()


def test_emitting_keeps_the_references_of_true_and_none() -> None:
    """PySide6 6.12.0 on Python 3.11 loses one per emit, and the interpreter aborts in the end."""
    talker = Talker()
    talker.said.emit()
    before = sys.getrefcount(True), sys.getrefcount(None)
    for _ in range(100):
        talker.said.emit()
    after = sys.getrefcount(True), sys.getrefcount(None)
    assert abs(after[0] - before[0]) < 50
    assert abs(after[1] - before[1]) < 50
