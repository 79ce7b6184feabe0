"""Quitting at any moment ends the program in order."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROGRAM = """
import faulthandler, random, sys, threading
faulthandler.dump_traceback_later(140, exit=True)
from PySide6.QtCore import QTimer, qInstallMessageHandler
from PySide6.QtWidgets import QApplication
from mi_studio.app.main import interrupts, open_program

qInstallMessageHandler(lambda kind, context, text: print(kind, text, file=sys.stderr))
choose = random.Random({seed})
app = QApplication([])
controller = open_program(app, language="en", theme="light", scene="federated", size=(1000, 700))
session = controller.session
acts = [
    session.start, session.toggle_play, lambda: session.step(1), lambda: session.scrub(3),
    lambda: session.intent.turn("gradient-noise", choose.choice([0, 0.1, 0.5, 2])),
    lambda: session.intent.pick("target", choose.choice(["cat", "rocket"])),
]
for i in range(6):
    QTimer.singleShot(choose.randrange(0, {milliseconds} + 1), app, choose.choice(acts))
QTimer.singleShot(100, app, session.start)
QTimer.singleShot({milliseconds}, app, controller.window.close)
with interrupts(app.quit):
    QTimer.singleShot(0, app, lambda: print("ready", flush=True))
    code = app.exec()
controller.close()
left = [t.name for t in threading.enumerate() if t is not threading.main_thread()]
print("left", left, flush=True)
sys.exit(code)
"""


def start(tmp_path: Path, seed: int, milliseconds: int) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_CONFIG_HOME": str(tmp_path),
        "OMP_NUM_THREADS": "1",
    }
    program = textwrap.dedent(PROGRAM).format(seed=seed, milliseconds=milliseconds)
    return subprocess.Popen(
        [sys.executable, "-W", "error::ResourceWarning", "-c", program],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ends_well(process: subprocess.Popen[str]) -> None:
    out, err = process.communicate(timeout=150)
    assert (process.returncode, err) == (0, ""), (process.returncode, out, err)
    assert "left []" in out


@pytest.mark.parametrize("milliseconds", [0, 700, 3500], ids=["at once", "while loading", "while running"])
def test_quitting(tmp_path: Path, milliseconds: int) -> None:
    ends_well(start(tmp_path, 0, milliseconds))


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another thing there")
def test_ctrl_c_closes_the_program_in_order(tmp_path: Path) -> None:
    process = start(tmp_path, 0, 30_000)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "ready"
    process.send_signal(signal.SIGINT)
    ends_well(process)


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(50))
def test_quitting_at_fifty_random_moments(tmp_path: Path, seed: int) -> None:
    ends_well(start(tmp_path, seed, random.Random(seed).randrange(0, 6000)))
