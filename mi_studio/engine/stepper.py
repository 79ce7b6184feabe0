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
        self._capturable = device.type == "cuda"
        self._warm_ups_left = 0
        self.renew()

    def renew(self) -> None:
        """Capture the step anew: another network stands where the step used one."""
        self._graph = None
        self._warm_ups_left = self._WARM_UP if self._capturable else 0

    def __call__(self) -> None:
        """Take one step."""
        if self._graph is not None:
            self._graph.replay()
            return
        if self._warm_ups_left:
            self._warm_ups_left -= 1
            self._warm_up()
        elif self._capturable and (graph := self._captured()):
            self._graph = graph
            graph.replay()
        else:
            self._step()

    def _warm_up(self) -> None:
        """Step beside the default stream: what autograd makes there could not be captured later."""
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            self._step()
        torch.cuda.current_stream().wait_stream(side)

    def _captured(self) -> torch.cuda.CUDAGraph | None:
        graph = torch.cuda.CUDAGraph()
        try:
            torch.cuda.synchronize()
            with torch.cuda.graph(graph):
                self._step()
        except RuntimeError as error:
            log.info("CUDA graph capture failed, running eagerly: %s", error)
            self._capturable = False
            return None
        return graph
