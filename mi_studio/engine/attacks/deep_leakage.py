"""What DLG and iDLG share: L-BFGS moves a picture until its gradient equals the one that was sent."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from mi_studio.engine.access import GradientLeak, Progress, Setup

HISTORY = 100
SCALE = 1e3
"""L-BFGS drops a curvature below 1e-10; at this scale of the distance none of ours is that small."""

PATIENCE = 50
"""Steps of an attempt after which it is looked at."""

ENOUGH = 0.9
"""An attempt whose distance has not fallen below this share in `PATIENCE` steps has run aground."""

SOLVED = 1e-6
"""Below this distance there is nothing left to look for."""

ReadLabel = Callable[[list[Tensor]], Tensor]
"""Reads the label (1,) off a message."""


def leak(access: GradientLeak, setup: Setup, read_label: ReadLabel | None = None) -> Iterator[Progress]:
    """Yield the picture after each iteration of L-BFGS, starting with noise.

    The objective is the squared distance between the gradient of the guess and the one that was sent, as
    a share of the latter's squared length. An attempt that diverges or runs aground is given up for
    another one with a start of its own, as long as that has time to get anywhere.

    Parameters
    ----------
    access
        One client's message about one record.
    read_label
        How to read the label off the message; without it a soft label is looked for as well.
    """
    draws = setup.draws()
    seen = access.version
    attempt = _Attempt(access, setup, draws, read_label)
    for index in range(setup.steps + 1):
        if access.version != seen:
            seen = access.version
            attempt.begin()  # from the present guess: the client sent again
        elif attempt.aground and setup.steps - index >= PATIENCE:
            attempt = _Attempt(access, setup, draws, read_label)
        picture, objective = attempt.step()
        if not math.isfinite(objective):
            attempt = _Attempt(access, setup, draws, read_label)
            picture, objective = attempt.step()
        yield Progress(picture.clamp(0, 1), objective)


class _Attempt:
    """One start and what L-BFGS makes of it."""

    def __init__(
        self, access: GradientLeak, setup: Setup, draws: torch.Generator, read_label: ReadLabel | None
    ) -> None:
        self._access = access
        self._parameters = list(access.model.parameters())
        self._read_label = read_label
        start = torch.randn((1, *setup.shape), generator=draws) * 0.2 + 0.5
        self._guess = start.to(setup.device).requires_grad_(True)
        self._free = [self._guess]
        if read_label is None:
            classes = len(access.message[-1])
            self._logits = torch.randn((1, classes), generator=draws).to(setup.device).requires_grad_(True)
            self._free.append(self._logits)
        self.begin()

    def begin(self) -> None:
        """Match the message as it is now, from the present guess: what was learnt of the old one is void."""
        self._past: list[float] = []
        self._length = torch.stack([part.square().sum() for part in self._access.message]).sum()
        self._label = self._read_label(self._access.message) if self._read_label else None
        self._optimiser = torch.optim.LBFGS(
            self._free, lr=1, max_iter=1, history_size=HISTORY, tolerance_grad=0, tolerance_change=0
        )

    @property
    def aground(self) -> bool:
        """Whether it has got hardly any further for a while, far from the goal."""
        if len(self._past) <= PATIENCE:
            return False
        return self._past[-1] > max(SOLVED, ENOUGH * self._past[-1 - PATIENCE])

    def step(self) -> tuple[Tensor, float]:
        """Return the present guess and its distance, and move on."""
        guess = self._guess.detach().clone()
        found = self._optimiser.step(self._distance)  # type: ignore[no-untyped-call]
        objective = float(found) / SCALE
        self._past.append(objective)
        return guess, objective

    def _distance(self) -> Tensor:
        label = self._logits.softmax(1) if self._label is None else self._label
        loss = cross_entropy(self._access.model(self._guess), label)
        gradients = torch.autograd.grad(loss, self._parameters, create_graph=True)
        pairs = zip(gradients, self._access.message, strict=True)
        off = torch.stack([(mine - sent).square().sum() for mine, sent in pairs]).sum()
        distance = SCALE * off / self._length.clamp_min(1e-30)
        for free, slope in zip(self._free, torch.autograd.grad(distance, self._free), strict=True):
            free.grad = slope
        return distance.detach()
