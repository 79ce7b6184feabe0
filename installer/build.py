"""Build dist/MI-Studio, start it, and say how large it is: ``make installer``.

python installer/build.py            build, then smoke.py
python installer/build.py --cuda     allow a CUDA build of torch (more than 4 GB)
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import smoke

ROOT = Path(__file__).resolve().parent.parent


def torch_build() -> str:
    """Return torch's version with its build, without loading it here."""
    asked = subprocess.run(
        [sys.executable, "-c", "import torch; print(torch.version.cuda or 'cpu', torch.__version__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return asked.stdout.strip()


def megabytes(folder: Path) -> float:
    """Return the size of all files in a folder, links not followed."""
    return sum(p.lstat().st_size for p in folder.rglob("*") if not p.is_dir()) / 1e6


def main() -> None:
    """Build and try."""
    parser = argparse.ArgumentParser(description="Build dist/MI-Studio.")
    parser.add_argument("--cuda", action="store_true", help="allow a CUDA build of torch")
    options = parser.parse_args()
    kind, version = torch_build().split()
    if kind != "cpu" and not options.cuda:
        sys.exit(
            f"torch {version} here is a CUDA build, and the bundle would pass 4 GB. "
            "Install a CPU build (see installer/README.md), or add --cuda."
        )
    began = time.monotonic()
    subprocess.run(
        [
            *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"),
            *("--distpath", str(ROOT / "dist"), "--workpath", str(ROOT / "build" / "pyinstaller")),
            str(ROOT / "installer" / "mi_studio.spec"),
        ],
        cwd=ROOT,
        check=True,
    )
    folder = ROOT / "dist" / "MI-Studio"
    print(f"{folder.relative_to(ROOT)}: {megabytes(folder):.0f} MB with torch {version}, "
          f"built in {time.monotonic() - began:.0f} s")  # fmt: skip
    smoke.main([str(folder)])


if __name__ == "__main__":
    main()
