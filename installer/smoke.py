"""Start the frozen program without a screen and see that it works.

python installer/smoke.py [dist/MI-Studio]
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 180
"""Seconds that one start may take."""


def call(program: Path, work: Path, *arguments: str) -> str:
    """Run the program once, from an empty folder, and return what it printed."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    began = time.monotonic()
    done = subprocess.run(
        [str(program), *arguments],
        cwd=work,
        env=clean | {"QT_QPA_PLATFORM": "offscreen", "XDG_CACHE_HOME": str(work / "cache")},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    seconds = time.monotonic() - began
    if done.returncode:
        sys.exit(f"MI-Studio {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    print(f"ok  {seconds:5.1f} s  MI-Studio {arguments[0]}")
    return done.stdout


def main(arguments: Sequence[str]) -> None:
    """List, examine, run and draw; exits with a message when one of them fails."""
    folder = Path(arguments[0] if arguments else ROOT / "dist" / "MI-Studio").resolve()
    program = folder / ("MI-Studio.exe" if os.name == "nt" else "MI-Studio")
    if not program.is_file():
        sys.exit(f"{program} is not there; build it with: make installer")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        scenes = json.loads(call(program, work, "list", "scenes", "--json"))
        call(program, work, "doctor")
        for scene in scenes:
            out = work / scene["id"]
            call(program, work, "run", "--scene", scene["id"], "--steps", "5", "--out", str(out))
            result = json.loads((out / "result.json").read_text("utf-8"))
            assert result["complete"], result
            assert result["steps"] == 5, result
        picture = work / "stage.png"
        call(
            program, work, "screenshot", "--scene", scenes[0]["id"], "--steps", "5", "--size", "1280x800",
            "--out", str(picture),
        )  # fmt: skip
        # a PNG says its size in bytes 16 to 24
        assert struct.unpack(">II", picture.read_bytes()[16:24]) == (1280, 800), (
            "the picture has another size"
        )
    print("MI-Studio starts and works")


if __name__ == "__main__":
    main(sys.argv[1:])
