"""Search in a prior's latent space with an API's answers only: the cross-entropy method (Rubinstein 1999).

A population of drawings is shown to the API; mean and spread of those that it scores highest for the target
are where the next ones are drawn. Unlike `evolutionary_search` no drawing lives on and none is crossed.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mi_studio.engine.access import Progress, ScoreApi, Setup
from mi_studio.engine.attacks import common

POPULATION = 100
ELITE = 15
MEMORY = 0.3
LEAST_SPREAD = 0.2
LATENT_PENALTY = 0.02
VIEW_SPREAD = 0.3
"""Where the prior has views, each drawing is seen in one of its own, so that no single view decides."""


def attack(access: ScoreApi, setup: Setup) -> Iterator[Progress]:
    """Yield for each target the drawing at the centre of its population.

    Each step is one generation: 100 queries a target. The objective is minus the mean answer for the
    target over the population, not the answer for its centre: an API that only names a class says the
    same of every centre inside the class, while the share of its neighbours tells how far inside it is.
    """
    prior = setup.need_prior()
    labels = torch.tensor(setup.targets, device=setup.device)
    draws = setup.draws()
    centre = torch.zeros((len(labels), prior.latent), device=setup.device)
    spread = torch.ones_like(centre)
    for _ in range(setup.steps + 1):
        noise = torch.randn((len(labels), POPULATION, prior.latent), generator=draws).to(setup.device)
        population = centre[:, None] + spread[:, None] * noise
        answers = _ask(access, setup, draws, population, labels)
        yield Progress(prior(centre), -float(answers.mean()))
        centre, spread = _breed(population, answers, centre, spread)


def _ask(
    access: ScoreApi, setup: Setup, draws: torch.Generator, population: Tensor, labels: Tensor
) -> Tensor:
    """Return the answers for each drawing's target, (targets, population)."""
    prior, rows = setup.need_prior(), population.flatten(0, 1)
    asked = labels.repeat_interleave(population.shape[1])[:, None]
    views = None
    if prior.view:
        views = VIEW_SPREAD * torch.randn((len(rows), prior.view), generator=draws).to(setup.device)
    answers = [
        access.query(prior(rows[part], None if views is None else views[part])).gather(1, asked[part])
        for part in common.parts(len(rows), setup.shape, setup.device)
    ]
    return torch.cat(answers).reshape(population.shape[:2])


def _breed(population: Tensor, answers: Tensor, centre: Tensor, spread: Tensor) -> tuple[Tensor, Tensor]:
    """Return the next centre and spread, (targets, latent) each.

    Parents are the fittest, except those answered like the worst: a generation of equals teaches
    nothing and changes nothing.
    """
    fitness = answers - LATENT_PENALTY * population.square().mean(2)
    best = fitness.topk(ELITE, dim=1).indices
    better = answers.gather(1, best) > answers.amin(1, keepdim=True)
    parents = population.gather(1, best[:, :, None].expand(-1, -1, population.shape[2]))
    weight = better.to(parents.dtype)[:, :, None]
    count = weight.sum(1)
    mean = (weight * parents).sum(1) / count.clamp_min(1)
    variance = (weight * (parents - mean[:, None]).square()).sum(1) / (count - 1).clamp_min(1)
    # one parent has a place, but no spread
    mean = torch.where(count > 0, mean, centre)
    deviation = torch.where(count > 1, variance.sqrt(), spread)
    return (
        MEMORY * centre + (1 - MEMORY) * mean,
        (MEMORY * spread + (1 - MEMORY) * deviation).clamp_min(LEAST_SPREAD),
    )
