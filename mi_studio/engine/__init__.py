"""Attacks, defences and what stands between them. Needs torch; never imports Qt.

From a notebook::

    from mi_studio.engine import Run, resolve
    run = Run(resolve("federated", settings={"gradient-noise": 0.1}))
    for step in run:
        print(step.index, step.scores["psnr_db"])
    run.result()
"""

from mi_studio.core.config import RunConfig, resolve
from mi_studio.core.step import Step
from mi_studio.engine.run import Run

__all__ = ["Run", "RunConfig", "Step", "resolve"]
