"""How smooth the window stays while an attack runs, and what the window costs the attack.

    python benchmarks/gui_smoothness.py [--seconds 60] [--scene federated] [--set KNOB=VALUE ...]

Prints a table, row by row: start-up, gaps between two ticks of the screen's timer, memory growth, how
long a moved slider takes to show its effect, and steps a second beside the same run without a window.
That run goes to its end twice, so a slow scene takes longer than ``--seconds`` says.
"""

from __future__ import annotations

import time

BEGAN = time.perf_counter()

import argparse  # noqa: E402
import math  # noqa: E402
import os  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Callable  # noqa: E402
from dataclasses import replace  # noqa: E402
from pathlib import Path  # noqa: E402

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="mi-studio-benchmark-")

from PySide6.QtCore import QEventLoop, Qt, QTimer  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from mi_studio.app.main import open_program  # noqa: E402
from mi_studio.cli import settings  # noqa: E402
from mi_studio.core.config import RunConfig, resolve  # noqa: E402
from mi_studio.studio.lanes import Role  # noqa: E402
from mi_studio.studio.runstate import RunState  # noqa: E402

LOOK_MS = 4
"""How often the benchmark looks whether what it waits for is there."""


def main() -> int:
    options = _parser().parse_args()
    config = resolve(options.scene, attack=options.attack, settings=settings(options.set))
    if options.headless:
        print(headless(config, options.headless))
        return 0
    app = QApplication(sys.argv[:1])
    controller = open_program(app, language="en", theme="light", scene=options.scene, size=(1280, 800))
    session = controller.session
    print(f"{options.scene} · {config.attack} · {os.cpu_count()} cores · {options.seconds:.0f} s", flush=True)

    def wait(until: Callable[[], bool], seconds: float = 120.0) -> None:
        """Let the window live; looking every few ms sleeps in between, as ``processEvents`` would not."""
        limit = time.perf_counter() + seconds
        loop, look = QEventLoop(), QTimer(interval=LOOK_MS)
        look.setTimerType(Qt.TimerType.PreciseTimer)
        look.timeout.connect(lambda: loop.quit() if until() or time.perf_counter() > limit else None)
        look.start()
        loop.exec()
        look.stop()

    gaps: list[float] = []
    works: list[float] = []
    last = [0.0, 0.0]

    def ticked() -> None:
        now = time.perf_counter()
        if last[0]:
            gaps.append(1000 * (now - last[0]))
            works.append(1000 * (time.thread_time() - last[1]))
        last[:] = now, time.thread_time()

    app.processEvents()
    row("first picture on screen", f"{time.perf_counter() - BEGAN:.1f} s", "≤ 5 s")
    controller.timer.timeout.connect(ticked)

    wait(lambda: hasattr(sys.modules.get("mi_studio.engine.run"), "Run"))
    row("engine loaded", f"{time.perf_counter() - BEGAN:.1f} s")
    if gaps:
        row("longest gap while it loads", f"{max(gaps):.0f} ms")

    bare = [beside(options.seconds / 8)]

    session.intent.adopt(config)
    session.set_speed(math.inf)
    session.start()
    wait(lambda: session.main is not None and len(session.main.history) > 5)
    gaps.clear()
    works.clear()
    last[0] = 0.0
    began, memory, done, used = time.perf_counter(), [resident()], 0, time.thread_time()

    def over() -> bool:
        return session.state is RunState.FINISHED or time.perf_counter() - began > options.seconds

    while time.perf_counter() - began < options.seconds:
        shown_lane = session.main
        wait(over)
        done += len(shown_lane.history)
        memory.append(resident())
        if session.state is RunState.FINISHED:
            session.restart(same_seed=True)
    spent = time.perf_counter() - began
    shown, used = done / spent, (time.thread_time() - used) / spent
    ordered, busy = sorted(gaps), sorted(works)
    row("ticks", f"{len(gaps)}")
    row("gap between ticks, median", f"{statistics.median(gaps):.1f} ms")
    row("gap between ticks, p99", f"{ordered[int(0.99 * len(ordered))]:.1f} ms", "≤ 33 ms")
    row("gap between ticks, longest", f"{ordered[-1]:.1f} ms", "≤ 150 ms")
    row("own work between ticks, p99", f"{busy[int(0.99 * len(busy))]:.1f} ms", "CPU time")
    row("own work between ticks, most", f"{busy[-1]:.1f} ms", "CPU time")
    row("of one core, the screen takes", f"{used:.0%}")
    row("memory growth", f"{memory[-1] - memory[min(1, len(memory) - 1)]:+.1f} MB", "± 20 MB")
    session.toggle_play() if session.playing else None
    wait(lambda: not controller.timer.isActive(), 5)

    bare.append(beside(options.seconds / 8))
    alone = statistics.mean(bare)
    if session.lanes[Role.TWIN] is None:
        share = shown / alone
        row("steps/s with window", f"{shown:.1f}")
        row("steps/s without", f"{alone:.1f}")
        row("share that is left", f"{share:.0%}", "≥ 85 %")
    if moves := slider(controller, wait, options.seconds):
        row("slider to screen, median", f"{statistics.median(moves):.0f} ms", "1 step + 2 ticks")
        row("slider to screen, longest", f"{max(moves):.0f} ms")
    controller.close()
    app.processEvents()
    return 0


def row(name: str, value: str, bar: str = "") -> None:
    """Print one row at once: on a slow machine the last one may be minutes away."""
    print(f"{name:30} {value:>12}   {bar}".rstrip(), flush=True)


def beside(seconds: float) -> float:
    """Run `headless` in a process of its own: OpenMP counts its threads by thread, and ours are set."""
    said = subprocess.check_output([sys.executable, *sys.argv, "--headless", str(seconds)], text=True)
    return float(said)


def headless(config: RunConfig, seconds: float) -> float:
    """Return steps a second of whole runs without a window, with their loading and scoring."""
    from mi_studio.engine import Run

    first = Run(replace(config, steps=5))  # what the first run and its scoring load is not counted
    list(first)
    first.result()
    steps, began = 0, time.perf_counter()
    while not steps or time.perf_counter() - began < seconds:
        run = Run(config)
        steps += sum(1 for _ in run)
        run.result()
        run.original()
    return steps / (time.perf_counter() - began)


def slider(controller: object, wait: Callable[..., None], seconds: float) -> list[float]:
    """Move the first live protection and return the milliseconds until the screen shows it.

    Ten times, or as often as begins within ``seconds``.
    """
    session, window = controller.session, controller.window  # type: ignore[attr-defined]
    intent = session.intent
    knobs = [d.knob for d in intent.defenses if d.knob.live and intent.why_idle(d) is None]
    if not knobs:
        return []
    knob, times, limit = knobs[0], [], time.perf_counter() + seconds
    for i in range(10):
        if times and time.perf_counter() > limit:
            break
        session.restart(same_seed=True)
        wait(lambda: session.main is not None and len(session.main.history) > 20)
        value = knob.stops[1 + i % (len(knob.stops) - 1)].value
        if value == session.intent.wish.values[knob.id]:
            continue
        began = time.perf_counter()
        window.protection.moved.emit(knob.id, value)
        wait(lambda: session.main.mixed and not controller._stale)  # type: ignore[attr-defined]
        times.append(1000 * (time.perf_counter() - began))
        session.intent.turn(knob.id, knob.off)
    return times


def resident() -> float:
    """Return this process's memory in MB, 0 where that is not known."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--scene", default="federated")
    parser.add_argument("--attack")
    parser.add_argument("--set", nargs="*", default=[], metavar="KNOB=VALUE")
    parser.add_argument("--headless", type=float, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
