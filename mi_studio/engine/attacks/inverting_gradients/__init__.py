"""Inverting Gradients (Geiping et al. 2020, arXiv 2003.14053) for one record or a batch.

The guess is moved so that its gradient points in the same direction as the one that was sent
(cosine), with a small total variation; Adam on the sign of the gradient. The labels are read off the
last bias' gradient (Zhao et al. 2020, arXiv 2001.02610), and several local steps are simulated.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from mi_studio.engine.access import GradientLeak, Progress, Setup
from mi_studio.engine.attacks import common
from mi_studio.engine.attacks.updates import cosine_distance, labels_of
from mi_studio.engine.rounds import update
from mi_studio.engine.stepper import Stepper

LEARNING_RATE = 0.1
TOTAL_VARIATION = 1e-2


def attack(access: GradientLeak, setup: Setup) -> Iterator[Progress]:
    """Yield the guess after each step, starting with noise.

    Parameters
    ----------
    access
        A round's update.
    setup
        ``targets`` are not used: the labels are read off the update.
    """
    draws = setup.draws()
    shape = (access.round.records, *setup.shape)
    guess = torch.randn(shape, generator=draws).mul_(0.2).add_(0.5).clamp_(0, 1)
    labels = labels_of(access, draws, setup.shape)
    guess = guess.to(setup.device).requires_grad_(True)
    guess.grad = torch.zeros_like(guess)
    objective = torch.zeros((), device=setup.device)
    optimiser, set_rate = common.adam([guess], LEARNING_RATE, setup.device)

    def compare() -> None:
        assert guess.grad is not None
        own = update(access.model, guess, labels, access.round)
        matched = cosine_distance(own, access.message) + TOTAL_VARIATION * common.total_variation(guess)
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
        if access.version != seen:  # the clients sent again: read the labels once more
            seen = access.version
            labels.copy_(labels_of(access, draws, setup.shape))
            compare()
        set_rate(LEARNING_RATE * common.cooling(index, setup.steps))
        stepper()
        yield Progress(guess.detach(), float(objective))
