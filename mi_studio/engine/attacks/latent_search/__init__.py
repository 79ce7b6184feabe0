"""Latent search with the model in hand, after Plug & Play Attacks (Struppek et al. 2022, arXiv 2201.12179).

Candidates first, then gradient descent on the latents of the best, then choice by mean confidence
over shifted views.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mi_studio.engine.access import Prior, Progress, Setup, WhiteBox
from mi_studio.engine.attacks import common
from mi_studio.engine.stepper import Stepper

CANDIDATES = 2_000
CHUNK = 100
STARTS = 4
VIEWS = 3
LEARNING_RATE = 0.06
ENOUGH = 20.0
"""Margin in logits beyond which a picture gains nothing; pushing further only adds artefacts."""
LATENT_PENALTY = 1.0


def attack(access: WhiteBox, setup: Setup) -> Iterator[Progress]:
    """Yield for each target the picture that the model is surest of so far.

    The first steps, at most a third, look at random candidates; the rest improve the best of them.
    """
    prior = setup.need_prior()
    labels = torch.tensor(setup.targets, device=setup.device)
    draws = setup.draws()
    looks = min(CANDIDATES // CHUNK, max(1, setup.steps // 3))

    latents = torch.randn((CHUNK, prior.latent), generator=draws).to(setup.device)
    best_costs, best = _costs(access, prior, latents, labels, None)
    best = best[:, :STARTS]
    best_costs = best_costs[:, :STARTS]
    yield Progress(_draw(prior, best[:, 0]), float(best_costs[:, 0].mean()))
    seen = access.version
    for _ in range(looks):
        if access.version != seen:  # another model: the kept ones must prove themselves again
            seen = access.version
            best_costs = _costs_of(access, prior, best, labels)
        latents = torch.randn((CHUNK, prior.latent), generator=draws).to(setup.device)
        best_costs, best = _costs(access, prior, latents, labels, (best_costs, best))
        yield Progress(_draw(prior, best[:, 0]), float(best_costs[:, 0].mean()))

    # (targets, starts, latent) -> rows; the label of each row beside it
    rows = best.reshape(-1, prior.latent).clone().requires_grad_(True)
    row_labels = labels.repeat_interleave(STARTS)
    shifts = torch.zeros((VIEWS, 2), device=setup.device)
    costs = torch.zeros(len(rows), device=setup.device)
    pictures = torch.zeros((len(rows), *setup.shape), device=setup.device)
    optimiser = torch.optim.Adam([rows], lr=LEARNING_RATE, capturable=setup.device.type == "cuda")

    def step() -> None:
        drawn = prior(rows)
        views = common.shifted(drawn, shifts)
        cost = _shortfall(access.model(views), row_labels.repeat(VIEWS)).reshape(VIEWS, -1).mean(0)
        cost = cost + LATENT_PENALTY * rows.square().mean(1)
        optimiser.zero_grad(set_to_none=False)
        cost.sum().backward()  # type: ignore[no-untyped-call]
        costs.copy_(cost.detach())
        pictures.copy_(drawn.detach())
        optimiser.step()

    stepper = Stepper(step, setup.device)
    for _ in range(setup.steps - looks):
        shifts.copy_(common.random_shifts(VIEWS, setup.shape, draws))
        stepper()
        by_target = costs.reshape(len(labels), STARTS)
        chosen = by_target.argmin(1) + torch.arange(len(labels), device=setup.device) * STARTS
        yield Progress(pictures[chosen], float(by_target.amin(1).mean()))


def _shortfall(logits: Tensor, labels: Tensor) -> Tensor:
    """Return how much each row's margin lacks of `ENOUGH`, (n,), at least 0."""
    return (common.margin(logits, labels) + ENOUGH).clamp_min(0)


@torch.no_grad()
def _costs(
    access: WhiteBox, prior: Prior, latents: Tensor, labels: Tensor, kept: tuple[Tensor, Tensor] | None
) -> tuple[Tensor, Tensor]:
    """Merge new candidates into the best ones: costs (targets, starts) and latents (targets, starts, d)."""
    logits = access.model(prior(latents))
    unlikely = LATENT_PENALTY * latents.square().mean(1)
    costs = torch.stack([_shortfall(logits, label.expand(len(logits))) + unlikely for label in labels])
    pool = latents.expand(len(labels), *latents.shape)
    if kept is not None:
        costs = torch.cat([kept[0], costs], dim=1)
        pool = torch.cat([kept[1], pool], dim=1)
    order = costs.argsort(dim=1)[:, :STARTS]
    return costs.gather(1, order), pool.gather(1, order[:, :, None].expand(-1, -1, pool.shape[2]))


@torch.no_grad()
def _costs_of(access: WhiteBox, prior: Prior, latents: Tensor, labels: Tensor) -> Tensor:
    """Return the cost (targets, starts) of latents (targets, starts, d), each for its own target."""
    rows = latents.flatten(0, 1)
    shortfall = _shortfall(access.model(prior(rows)), labels.repeat_interleave(latents.shape[1]))
    return (shortfall + LATENT_PENALTY * rows.square().mean(1)).reshape(latents.shape[:2])


@torch.no_grad()
def _draw(prior: Prior, latents: Tensor) -> Tensor:
    return prior(latents)
