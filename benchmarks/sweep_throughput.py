"""Runs a second of a sweep with one worker and with two, one torch thread each: Dask, and plain processes.

The processes show what the machine gives two workers that share nothing. Ratios hold across machines.

    python benchmarks/sweep_throughput.py [--runs N]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mi_studio.core.config import RunConfig, resolve
from mi_studio.sweep.cluster import Cluster
from mi_studio.sweep.pool import Pool
from mi_studio.sweep.sweep import Hands
from mi_studio.sweep.work import Failed

ROUNDS = 3
STEPS = 120


def rate(hands: Hands, workers: int, runs: int) -> float:
    """Return runs a second once every worker has done a run, which loads torch and the model."""
    ends = [time.perf_counter() for _ in _answers(hands, runs + workers)]
    return (len(ends) - workers) / (ends[-1] - ends[workers - 1])


def _answers(hands: Hands, runs: int) -> Iterator[object]:
    for answer in hands.carry_out(_config(seed) for seed in range(runs)):
        if isinstance(answer, Failed):
            raise SystemExit(answer.why.en)
        if answer is not None:
            yield answer


def _config(seed: int) -> RunConfig:
    return resolve("federated", attack="inverting-gradients", seed=seed, steps=STEPS, device="cpu")


@contextmanager
def cluster(workers: int) -> Iterator[Hands]:
    """Start a cluster on this machine."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as local:
        hands = Cluster(local.scheduler_address)
        yield hands
        hands.close()


@contextmanager
def processes(workers: int) -> Iterator[Hands]:
    """Start processes when they are needed."""
    yield Pool(workers)


def main() -> None:
    """Print both rates and their ratio, for the cluster and for processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=12)
    options = parser.parse_args()
    print(f"{'':10} {'1 worker':>12} {'2 workers':>12} {'ratio':>6}")
    for name, start in (("processes", processes), ("Dask", cluster)):
        found: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(ROUNDS):
            for workers, rates in found.items():  # in turn, so that both see the same machine
                with start(workers) as hands:
                    rates.append(rate(hands, workers, options.runs))
        one, two = (statistics.median(rates) for rates in found.values())
        print(f"{name:10} {one:8.2f} /s {two:9.2f} /s {two / one:6.2f}", flush=True)


if __name__ == "__main__":
    main()
