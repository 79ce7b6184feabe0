"""Run one pure optimisation step over and over: eagerly, or as a CUDA graph where that works."""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch

log = logging.getLogger(__name__)


class Stepper:
    """Calls ``step`` once per call.

    On CUDA the whole step (forward, backward, optimiser) is captured into one graph and replayed,
    which removes the launch of hundreds of small kernels. ``step`` must work on static tensors only:
    it reads and writes the same storage each time, draws no host random numbers and never
    synchronises. Optimisers must be ``capturable``. Knobs act by changing those tensors in place.

    Where capture fails, the step runs eagerly and the log says so.

    Parameters
    ----------
    step
        The step. It has side effects only on tensors that live as long as the stepper.
    device
        Where those tensors live.
    """

    _WARM_UP = 3

    def __init__(self, step: Callable[[], None], device: torch.device) -> None:
        self._step = step
        self._graph: torch.cuda.CUDAGraph | None = None
        self._eager_calls_left = self._WARM_UP if device.type == "cuda" else -1

    def __call__(self) -> None:
        """Take one step."""
        if self._graph is not None:
            self._graph.replay()
            return
        if self._eager_calls_left == 0 and (graph := self._captured()):
            self._graph = graph
            graph.replay()
            return
        self._eager_calls_left -= 1
        self._step()

    def _captured(self) -> torch.cuda.CUDAGraph | None:
        graph = torch.cuda.CUDAGraph()
        try:
            torch.cuda.synchronize()
            with torch.cuda.graph(graph):
                self._step()
        except RuntimeError as error:
            log.info("CUDA graph capture failed, running eagerly: %s", error)
            return None
        return graph
