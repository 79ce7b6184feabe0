"""Inverting Gradients (Geiping et al. 2020, arXiv 2003.14053) for one record.

The guess is moved so that its gradient points in the same direction as the one that was sent
(cosine), with a small total variation; Adam on the sign of the gradient. The label is the entry of
the last bias whose gradient is most negative (Zhao et al. 2020, arXiv 2001.02610).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from mi_studio.engine.access import GradientLeak, Progress, Setup
from mi_studio.engine.attacks import common
from mi_studio.engine.stepper import Stepper

LEARNING_RATE = 0.1
TOTAL_VARIATION = 1e-2


def attack(access: GradientLeak, setup: Setup) -> Iterator[Progress]:
    """Yield the guess after each step, starting with noise.

    Parameters
    ----------
    access
        One client's message.
    setup
        ``targets`` are not used: the label is read off the message.
    """
    parameters = list(access.model.parameters())
    label = infer_label(access.message)
    guess = torch.randn((1, *setup.shape), generator=setup.draws()).mul_(0.2).add_(0.5).clamp_(0, 1)
    guess = guess.to(setup.device).requires_grad_(True)
    guess.grad = torch.zeros_like(guess)
    objective = torch.zeros((), device=setup.device)
    optimiser, set_rate = common.adam([guess], LEARNING_RATE, setup.device)

    def compare() -> None:
        assert guess.grad is not None
        loss = cross_entropy(access.model(guess), label)
        gradients = torch.autograd.grad(loss, parameters, create_graph=True)
        matched = _cosine_distance(gradients, access.message) + TOTAL_VARIATION * common.total_variation(
            guess
        )
        guess.grad.copy_(torch.autograd.grad(matched, guess)[0].sign())
        objective.copy_(matched.detach())

    def step() -> None:
        optimiser.step()
        with torch.no_grad():
            guess.clamp_(0, 1)
        compare()  # last, so that the objective is that of the picture which is handed out

    stepper = Stepper(step, setup.device)
    seen = access.version
    compare()
    yield Progress(guess.detach(), float(objective))
    for index in range(1, setup.steps + 1):
        if access.version != seen:  # the client sent again: read the label once more
            seen = access.version
            label.copy_(infer_label(access.message))
            compare()
        set_rate(LEARNING_RATE * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * index / setup.steps))))
        stepper()
        yield Progress(guess.detach(), float(objective))


def infer_label(message: list[Tensor]) -> Tensor:
    """Return the label (1,) of a single record: the most negative entry of the last bias' gradient."""
    return message[-1].argmin().reshape(1)


def _cosine_distance(gradients: tuple[Tensor, ...], message: list[Tensor]) -> Tensor:
    dot = torch.stack([(a * b).sum() for a, b in zip(gradients, message, strict=True)]).sum()
    own = torch.stack([a.square().sum() for a in gradients]).sum()
    sent = torch.stack([b.square().sum() for b in message]).sum()
    return 1 - dot / (own.sqrt() * sent.sqrt()).clamp_min(1e-12)
