"""Search in a prior's latent space with an API's answers only: the cross-entropy method (Rubinstein 1999).

An adaptation of MIRROR (An et al. 2022): a population of drawings is shown to the API; those it
scores highest for the target are the parents of the next.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mi_studio.engine.access import Prior, Progress, ScoreApi, Setup

POPULATION = 100
ELITE = 15
MEMORY = 0.3
LEAST_SPREAD = 0.2
LATENT_PENALTY = 0.02


def attack(access: ScoreApi, setup: Setup) -> Iterator[Progress]:
    """Yield for each target the drawing at the centre of its population.

    Each step is one generation: 100 queries a target, and one for the centre. The objective is minus
    the answer for the centre's target class plus a small penalty on unlikely latents.
    """
    prior = setup.need_prior()
    labels = torch.tensor(setup.targets, device=setup.device)
    count = len(labels)
    draws = setup.draws()
    centre = torch.zeros((count, prior.latent), device=setup.device)
    spread = torch.ones_like(centre)

    images, objective = _ask(access, prior, centre, labels)
    yield Progress(images, objective)
    for _ in range(setup.steps):
        noise = torch.randn((count, POPULATION, prior.latent), generator=draws).to(setup.device)
        population = centre[:, None] + spread[:, None] * noise
        drawn = prior(population.reshape(-1, prior.latent))
        answers = access.query(drawn).gather(1, labels.repeat_interleave(POPULATION)[:, None])
        fitness = answers.reshape(count, POPULATION) - LATENT_PENALTY * population.square().mean(2)
        best = fitness.topk(ELITE, dim=1).indices
        parents = population.gather(1, best[:, :, None].expand(-1, -1, prior.latent))
        centre = MEMORY * centre + (1 - MEMORY) * parents.mean(1)
        spread = (MEMORY * spread + (1 - MEMORY) * parents.std(1)).clamp_min(LEAST_SPREAD)
        images, objective = _ask(access, prior, centre, labels)
        yield Progress(images, objective)


def _ask(access: ScoreApi, prior: Prior, centre: Tensor, labels: Tensor) -> tuple[Tensor, float]:
    images = prior(centre)
    answers = access.query(images).gather(1, labels[:, None])[:, 0]
    return images, float((-answers + LATENT_PENALTY * centre.square().mean(1)).mean())
