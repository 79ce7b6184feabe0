"""Run what is missing of the table of what stops whom; ``make effects`` does it.

The runs lie in assets/effects.json.gz, from which the program reads the table; ``docs/make_tables.py
effects`` writes it into docs/results.md.
"""

from __future__ import annotations

import os
from dataclasses import replace

from mi_studio.core import outcome, paths
from mi_studio.sweep.effects import wanted
from mi_studio.sweep.pool import Pool
from mi_studio.sweep.store import Book
from mi_studio.sweep.sweep import sweep


def main() -> None:
    """Carry out what is missing; drop what the table does not need, which shows no pictures."""
    path, plan = paths.assets() / "effects.json.gz", wanted()
    for now in sweep(plan, Book(path), Pool(os.cpu_count() or 1)):
        left = "" if now.left is None else f", {now.left / 60:.0f} min left"
        print(f"{now.done} of {now.total} runs{left}", end="\r", flush=True)
        for failed in now.failed if now.complete else ():
            print(f"\n{failed.config.scene} {failed.config.attack} {failed.config.defenses}: {failed.why.en}")
    print()
    needed = {config.key for config in plan.runs}
    outcome.save((replace(o, thumbnail=b"") for o in outcome.load(path) if o.key in needed), path)


if __name__ == "__main__":
    main()
