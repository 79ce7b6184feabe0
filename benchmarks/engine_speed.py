"""How fast the engine steps: every attack with one torch thread and with one per core, side by side.

On a machine with CUDA also eager against captured steps. Ratios hold across machines, times do not.

    python benchmarks/engine_speed.py [--steps N]
    python benchmarks/engine_speed.py --bfloat16      the attacks on faces, in float32 and in bfloat16
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import time
from unittest import mock

import torch

from mi_studio.core.cards import library
from mi_studio.core.config import resolve, why_not_attack
from mi_studio.engine import Run, stepper
from mi_studio.engine.attacks import common

ROUNDS = 3
PATIENCE = 6.0
"""Seconds after which a run is cut short; slow attacks then have fewer steps to take the median of."""


def median_step(scene: str, attack: str, steps: int, device: str, threads: int = 1) -> float:
    """Return the median seconds of one step, without the first few."""
    run = Run(resolve(scene, attack=attack, steps=steps, device=device))
    torch.set_num_threads(threads)  # a run settles them when it is made
    ends = []
    for _ in run:
        ends.append(time.perf_counter())
        if len(ends) > 6 and ends[-1] - ends[0] > PATIENCE:
            break
    return statistics.median(b - a for a, b in itertools.pairwise(ends[4:]))


def in_bfloat16(steps: int) -> None:
    """Print what the attacks that compute faces in bfloat16 gain by it, with one thread."""
    print(f"{'attack':20} {'float32':>10} {'bfloat16':>10} {'ratio':>6}")
    for attack in ("latent-search", "deep-inversion", "evolutionary-search", "brep-mi", "lokt"):
        times: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(ROUNDS):
            for lean, found in times.items():
                with mock.patch.object(common, "_computes_bfloat16", lambda lean=lean: lean):
                    found.append(median_step("face-login", attack, steps, "cpu"))
        plain, lean_ = (statistics.median(times[k]) for k in (False, True))
        print(f"{attack:20} {plain * 1e3:7.2f} ms {lean_ * 1e3:7.2f} ms {plain / lean_:6.2f}", flush=True)


def main() -> None:
    """Print one row for each scene and attack."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--steps", type=int, default=14)
    parser.add_argument("--scenes", nargs="*", metavar="SCENE", help="some of them")
    parser.add_argument("--cuda", action="store_true", help="CUDA alone, eager against captured")
    parser.add_argument("--bfloat16", action="store_true", help="float32 against bfloat16, on faces")
    options = parser.parse_args()
    if options.bfloat16:
        in_bfloat16(options.steps)
        return
    cores = os.cpu_count() or 1
    print(f"{'scene':11} {'attack':20} {'1 thread':>10} {f'{cores} threads':>10} {'ratio':>6}")
    scenes = [s for s in library().scenes if s.id in (options.scenes or {s.id})]
    for scene, attack in itertools.product(scenes, library().attacks):
        if why_not_attack(scene, attack):
            continue
        if not options.cuda:
            times: dict[int, list[float]] = {1: [], cores: []}
            for _ in range(ROUNDS):
                for threads, found in times.items():  # in turn, so that both see the same machine
                    found.append(median_step(scene.id, attack.id, options.steps, "cpu", threads))
            one, all_cores = (statistics.median(times[k]) for k in (1, cores))
            both = f"{one * 1e3:7.2f} ms {all_cores * 1e3:7.2f} ms"
            print(f"{scene.id:11} {attack.id:20} {both} {one / all_cores:6.2f}", flush=True)
        if torch.cuda.is_available():
            captured = median_step(scene.id, attack.id, options.steps, "cuda")
            warm_up, stepper.Stepper._WARM_UP = stepper.Stepper._WARM_UP, 10**9
            eager = median_step(scene.id, attack.id, options.steps, "cuda")
            stepper.Stepper._WARM_UP = warm_up
            print(f"{scene.id:11} {attack.id:20} cuda: eager {eager * 1e3:.2f} ms, "
                  f"captured {captured * 1e3:.2f} ms, ratio {eager / captured:.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
