"""Evolution of a prior's latents by an API's answers, after MIRROR (An et al. 2022), from coarse to fine.

First many drawings are shown for all targets together, and the best of each are its first population, as
C2FMI (Ye et al. 2023) puts a coarse stage before a fine one. Then a genetic algorithm: tournaments choose the
parents, children take each gene from one of the two and mutate less and less, every gene is clipped to what
the prior knows, and the elite lives on. Each is seen in a random view; the elite again and again, so that
what is handed in is the one that was recognised most often, not the one that was lucky once.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mi_studio.engine.access import Progress, ScoreApi, Setup
from mi_studio.engine.attacks import common

LOOK = 100
"""Drawings that a coarse step shows."""
COARSE = 0.25
"""Share of the steps that are coarse."""
POPULATION, CHILDREN, ELITE = 50, 40, 10
TOURNAMENT = 3
MUTATED = 0.15
"""Share of a child's genes that mutate."""
MUTATION = (0.8, 0.15)
"""Standard deviation of a mutation, in the first fine step and in the last."""
CLIP = 2.0
"""Farthest a gene may be from the prior's mean, in standard deviations, as MIRROR clips in its space P."""
SURE = 9.0
"""Log-odds beyond which an answer counts no further, either way: it may be rounded or withheld."""
LATENT_PENALTY = 0.5
"""Of equal answers, the likelier drawing breeds."""
VIEW_SPREAD = 0.5


def attack(access: ScoreApi, setup: Setup) -> Iterator[Progress]:
    """Yield for each target the drawing, in the plain view, that the API has been surest of over its views.

    A coarse step costs `LOOK` queries for all targets together, a fine one `CHILDREN` + `ELITE`, or
    `POPULATION`, for each target whose turn it is. The objective is minus the mean log-odds of what is handed
    in, with one failure added to what was answered: a single good answer proves little.
    """
    draws = setup.draws()
    lives = [_Life(access, setup, draws, group) for group in common.groups(setup)]
    candidates = common.Candidates(setup, LOOK, draws)
    coarse = max(1, round(COARSE * setup.steps / setup.turns))
    seen = access.version
    for index in range(setup.steps + 1):
        if access.version != seen:  # another model, or other answers: what was said before is void
            seen = access.version
            for life in lives:
                life.doubted = True
        void = any(life.doubted for life in lives)
        life = lives[(index - coarse - 1) % len(lives)]
        if index > coarse:
            life.live((index - coarse) / max(1, setup.steps - coarse))
        else:
            if life.doubted:
                life.ask_again()
            latents, pictures = candidates()
            parts = common.parts(len(pictures), setup.shape, setup.device)
            answers = torch.cat([access.query(pictures[part]) for part in parts])
            for each in (each for each in lives if not each.doubted):
                each.consider(latents, answers)
        yield Progress(
            torch.cat([each.picture for each in lives]),
            -float(torch.cat([each.merit for each in lives]).mean()),
            choice=void,  # what was said before does not count against what is said now
        )


class _Life:
    """The population of each target of a group, best first, and what the API has said of it.

    Attributes
    ----------
    genes
        Latents (targets, n, latent).
    said, times
        The sum of log-odds that each got, and from how many answers, (targets, n).
    doubted
        Whether that was said by another model, or in another way.
    picture, merit
        The best drawing of each target (targets, c, h, w), and how sure of it the API was, (targets,).
    """

    def __init__(self, access: ScoreApi, setup: Setup, draws: torch.Generator, group: Tensor) -> None:
        self._access, self._setup, self._draws = access, setup, draws
        self._prior = setup.need_prior()
        self._labels = torch.tensor(setup.targets, device=setup.device)[group]
        count = len(self._labels)
        self.genes = torch.zeros((count, 0, self._prior.latent), device=setup.device)
        self.said = torch.zeros((count, 0), device=setup.device)
        self.times = torch.zeros_like(self.said)
        self.doubted = self._clipped = False
        self.picture = torch.zeros(0)
        self.merit = torch.zeros(0)

    @torch.no_grad()
    def consider(self, latents: Tensor, answers: Tensor) -> None:
        """Take drawings (n, latent) that got those answers (n, classes), if better than what is there."""
        said = _log_odds(answers[:, self._labels].T)
        self._join(latents.expand(len(self._labels), *latents.shape), said, torch.ones_like(said))
        self._keep(self._fitness(), POPULATION)
        self._choose()

    def live(self, when: float) -> None:
        """Bring up one generation, ``when`` of the way from the first to the last.

        Before the first, and where what was said is void, the population has to prove itself instead, its
        genes clipped.
        """
        if self._clipped and not self.doubted:
            self.breed(when)
        else:
            self._clipped = True
            self.genes = self.genes.clamp(-CLIP, CLIP)
            self.ask_again()

    @torch.no_grad()
    def breed(self, when: float) -> None:
        """Put children of the population among it; of the old only the elite lives on."""
        elite = min(ELITE, self.genes.shape[1])
        self._keep(self._fitness(), self.genes.shape[1])
        children = self._children(MUTATION[0] * (MUTATION[1] / MUTATION[0]) ** when)
        said = self._ask(torch.cat([self.genes[:, :elite], children], 1))
        self.said[:, :elite] += said[:, :elite]
        self.times[:, :elite] += 1
        born = said[:, elite:]
        self._keep(self._fitness(), elite)
        self._join(children, born, torch.ones_like(born))
        self._keep(self._fitness(), POPULATION)
        self._choose()

    @torch.no_grad()
    def ask_again(self) -> None:
        """Forget what was said of the population and ask anew."""
        self.said, self.times = self._ask(self.genes), torch.ones_like(self.times)
        self.doubted = False
        self._choose()

    def _choose(self) -> None:
        proven = (self.said - SURE) / (self.times + 1) - self._unlikely()
        self.merit, best = proven.max(1)
        self.picture = self._prior(self.genes[torch.arange(len(best), device=best.device), best])

    def _children(self, deviation: float) -> Tensor:
        """Return (targets, children, latent): of two parents each, with mutations of this deviation."""
        targets, size, latent = self.genes.shape
        # the population stands best first: the lowest place wins a tournament
        rivals = torch.randint(size, (targets, CHILDREN, 2, TOURNAMENT), generator=self._draws)
        winners = rivals.amin(3).flatten(1).to(self._setup.device)[:, :, None].expand(-1, -1, latent)
        pairs = self.genes.gather(1, winners).view(targets, CHILDREN, 2, latent)
        mask = torch.rand((targets, CHILDREN, latent), generator=self._draws)
        mutates = torch.rand((targets, CHILDREN, latent), generator=self._draws) < MUTATED
        change = deviation * mutates * torch.randn((targets, CHILDREN, latent), generator=self._draws)
        first = (mask < 0.5).to(self._setup.device)
        children = torch.where(first, pairs[:, :, 0], pairs[:, :, 1]) + change.to(self._setup.device)
        return children.clamp(-CLIP, CLIP)

    def _ask(self, genes: Tensor) -> Tensor:
        """Return what the API says of latents (targets, n, latent), each in a random view: (targets, n)."""
        rows = genes.flatten(0, 1)
        views = VIEW_SPREAD * torch.randn((len(rows), self._prior.view), generator=self._draws)
        views = views.to(rows.device)
        shift = common.random_shifts(1, self._setup.shape, self._draws).to(rows.device)
        asked = self._labels.repeat_interleave(genes.shape[1])[:, None]
        said = []
        for part in common.parts(len(rows), self._setup.shape, self._setup.device):
            with common.lean(rows.device, self._prior.view > 0):
                drawn = self._prior(rows[part], views[part]) if self._prior.view else self._prior(rows[part])
            pictures = drawn.float() if self._prior.view else common.shifted(drawn, shift)
            said.append(self._access.query(pictures).gather(1, asked[part]))
        return _log_odds(torch.cat(said).reshape(genes.shape[:2]))

    def _fitness(self) -> Tensor:
        return self.said / self.times - self._unlikely()

    def _unlikely(self) -> Tensor:
        return LATENT_PENALTY * self.genes.square().mean(2)

    def _join(self, genes: Tensor, said: Tensor, times: Tensor) -> None:
        self.genes = torch.cat([self.genes, genes], 1)
        self.said = torch.cat([self.said, said], 1)
        self.times = torch.cat([self.times, times], 1)

    def _keep(self, fitness: Tensor, count: int) -> None:
        order = fitness.argsort(dim=1, descending=True, stable=True)[:, :count]
        self.genes = self.genes.gather(1, order[:, :, None].expand(-1, -1, self.genes.shape[2]))
        self.said, self.times = self.said.gather(1, order), self.times.gather(1, order)


def _log_odds(answers: Tensor) -> Tensor:
    """Return log-odds: unlike probabilities they tell a sure answer from a very sure one."""
    return answers.logit(1e-7).clamp(-SURE, SURE)
