"""GradInversion (Yin et al. 2021, arXiv 2104.07586): a batch from the update that was computed on it.

Several guesses of the whole batch begin from different noise. Each is moved so that its update points in the
same direction as the one that was sent (cosine), with a small total variation and norm, and is held near what
the guesses agree on; Adam on the sign of the gradient.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mi_studio.engine.access import GradientLeak, Progress, Setup
from mi_studio.engine.assignment import assign
from mi_studio.engine.attacks import common
from mi_studio.engine.attacks.updates import cosine_distance, labels_of
from mi_studio.engine.rounds import update
from mi_studio.engine.stepper import Stepper

GUESSES = 2
LEARNING_RATE = 0.1
TOTAL_VARIATION = 3e-2
NORM = 1e-4
AGREEMENT = 0.1
"""Weight of the squared distance to what the guesses agree on, once half of the steps are done."""

AGREE_EVERY = 25
"""Steps after which the guesses are compared anew."""


def attack(access: GradientLeak, setup: Setup) -> Iterator[Progress]:
    """Yield the guess that fits best after each step, starting with noise.

    Parameters
    ----------
    access
        A round's update.
    setup
        ``targets`` are not used: the labels are read off the update.
    """
    draws = setup.draws()
    shape = (access.round.records, *setup.shape)
    guesses = torch.randn((GUESSES, *shape), generator=draws).mul_(0.2).add_(0.5).clamp_(0, 1)
    guesses = guesses.to(setup.device).requires_grad_(True)
    guesses.grad = torch.zeros_like(guesses)
    agreed = torch.zeros_like(guesses)
    agreement = torch.zeros((), device=setup.device)
    distances = torch.zeros(GUESSES, device=setup.device)
    labels = labels_of(access, draws, setup.shape)
    optimiser, set_rate = common.adam([guesses], LEARNING_RATE, setup.device)

    def compare() -> None:
        assert guesses.grad is not None
        for i in range(GUESSES):
            guess = guesses[i].detach().requires_grad_(True)
            distance = cosine_distance(update(access.model, guess, labels, access.round), access.message)
            plain = TOTAL_VARIATION * common.total_variation(guess) + NORM * guess.square().mean()
            apart = agreement * (guess - agreed[i]).square().mean()
            guesses.grad[i].copy_(torch.autograd.grad(distance + plain + apart, guess)[0].sign())
            distances[i].copy_(distance.detach())

    def step() -> None:
        optimiser.step()
        with torch.no_grad():
            guesses.clamp_(0, 1)
        compare()  # last, so that the distances are those of the pictures that are handed out

    stepper = Stepper(step, setup.device)
    seen = access.version
    compare()
    yield _best(guesses, distances)
    for index in range(1, setup.steps + 1):
        if access.version != seen:  # the clients sent again: read the labels once more
            seen = access.version
            labels.copy_(labels_of(access, draws, setup.shape))
            compare()
        if index > setup.steps // 2 and index % AGREE_EVERY == 0:
            agreement.fill_(AGREEMENT)
            agreed.copy_(_agreed(guesses.detach(), labels))
        set_rate(LEARNING_RATE * common.cooling(index, setup.steps))
        stepper()
        yield _best(guesses, distances)


def _best(guesses: Tensor, distances: Tensor) -> Progress:
    best = int(distances.argmin())
    return Progress(guesses[best].detach(), float(distances[best]))


def _agreed(guesses: Tensor, labels: Tensor) -> Tensor:
    """Return what the guesses (g, n, c, h, w) agree on, each picture where its guess has it.

    Within a label no order is given, so first each guess' pictures are given to those of the first.
    """
    first = guesses[0]
    order = torch.zeros(guesses.shape[:2], dtype=torch.int64, device=guesses.device)
    for i, guess in enumerate(guesses):
        for label in torch.unique(labels):
            mine = (labels == label).nonzero()[:, 0]
            apart = (first[mine, None] - guess[None, mine]).square().mean((2, 3, 4))
            order[i, mine] = mine[torch.from_numpy(assign(apart.cpu().double().numpy())).to(mine.device)]
    mean = torch.stack([guess[o] for guess, o in zip(guesses, order, strict=True)]).mean(0)
    back = order.argsort(1)
    return torch.stack([mean[b] for b in back])
