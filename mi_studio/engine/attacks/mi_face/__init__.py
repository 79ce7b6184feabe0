"""MI-Face (Fredrikson et al. 2015, doi 10.1145/2810103.2813677): inversion in pixel space."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from mi_studio.engine.access import Progress, Setup, WhiteBox
from mi_studio.engine.attacks import common
from mi_studio.engine.stepper import Stepper

LEARNING_RATE = 0.05
TOTAL_VARIATION = 3.0
COPIES = 4


def attack(access: WhiteBox, setup: Setup) -> Iterator[Progress]:
    """Yield the pictures of all targets after each step, starting from grey.

    The cost is the paper's, one minus the confidence in the target class, here as its margin so that
    a confident model still gives a gradient, plus a total variation.
    """
    labels = torch.tensor(setup.targets, device=setup.device)
    count = len(labels)
    draws = setup.draws()
    images = torch.full((count, *setup.shape), 0.5).to(setup.device).requires_grad_(True)
    shifts = torch.zeros((COPIES, 2), device=setup.device)
    objective = torch.zeros((), device=setup.device)
    optimiser, _ = common.adam([images], LEARNING_RATE, setup.device)

    def look() -> None:
        copies = common.shifted(images, shifts)
        cost = common.margin(access.model(copies), labels.repeat(COPIES)).mean()
        cost = cost + TOTAL_VARIATION * common.total_variation(images)
        optimiser.zero_grad(set_to_none=False)
        cost.backward()  # type: ignore[no-untyped-call]
        objective.copy_(cost.detach())

    def step() -> None:
        optimiser.step()
        with torch.no_grad():
            images.clamp_(0, 1)
        look()  # last, so that the objective is that of the pictures which are handed out

    stepper = Stepper(step, setup.device)
    look()
    yield Progress(images.detach(), float(objective))
    seen = access.version
    for _ in range(setup.steps):
        if access.version != seen:  # another model: its gradient is not the one that was taken
            seen = access.version
            stepper.renew()
            look()
        shifts.copy_(common.random_shifts(COPIES, setup.shape, draws))
        stepper()
        yield Progress(images.detach(), float(objective))
