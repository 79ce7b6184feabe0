"""Boundary repulsion with an API that only names a class: BREP-MI (Kahla et al. 2022, arXiv 2203.01573).

It starts from a drawing that the API calls the target and asks about others on a sphere around it. Those
that leave the class repel it from the boundary; when none leaves, the sphere grows, and when all do, it
shrinks. The larger the sphere that stays inside, the more typical of the class its middle is.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mi_studio.engine.access import LabelApi, Progress, Setup
from mi_studio.engine.attacks import common

LOOK = 100
"""Drawings shown in a step in which a target still lacks a start."""
SAMPLES = 32
"""Drawings on a sphere."""
RADIUS, GROWTH = 2.0, 1.3
"""The first radius, and by how much it grows when all drawings on the sphere stay in the class, or shrinks
when none does."""
STRIDE, LONGEST_STRIDE = 1 / 3, 3.0
"""How far one goes from the boundary, in radii, and at most."""
CAP = 1.0
"""The longest latent, in units of the mean length of random ones: drawings beyond are seldom plausible. No
radius is larger either: a wider sphere would be cut off to the same drawings, and count as deeper."""
VIEW_SPREAD = 0.3
"""Where the prior has views, each drawing is seen in one of its own, so that no single view decides."""


def attack(access: LabelApi, setup: Setup) -> Iterator[Progress]:
    """Yield for each target the drawing that was deepest inside the class.

    A step costs `SAMPLES` + 1 queries for each target that has a start and its turn, and the first one of a
    round of turns `LOOK` for all that have no start yet. The objective is minus the mean depth: a sphere's
    radius times the share of its drawings inside the class.
    """
    prior, draws = setup.need_prior(), setup.draws()
    search = _Search(access, setup, draws)
    candidates = common.Candidates(setup, LOOK, draws)
    groups = common.groups(setup)
    seen = access.version
    for index in range(setup.steps + 1):
        if access.version != seen:  # another model: what the old one said of the places is void
            seen = access.version
            search.ask_again()
        search.repel(groups[(index - 1) % len(groups)])
        if index % len(groups) == 0 and not bool(search.inside.all()):
            search.consider(*candidates())
        with torch.no_grad():
            yield Progress(prior(search.best), -float(search.depth.mean()))


class _Search:
    """Where each target's search stands.

    Attributes
    ----------
    best, depth
        The deepest place so far, (targets, latent), and how deep it is, (targets,).
    inside
        Which targets have a place inside their class, (targets,).
    """

    def __init__(self, access: LabelApi, setup: Setup, draws: torch.Generator) -> None:
        self._access, self._setup, self._draws = access, setup, draws
        self._prior = setup.need_prior()
        self._labels = torch.tensor(setup.targets, device=setup.device)
        count = len(self._labels)
        self._cap = CAP * self._prior.latent**0.5
        self._place = torch.zeros((count, self._prior.latent), device=setup.device)
        self._first = min(RADIUS, self._cap)
        self._radius = torch.full((count,), self._first, device=setup.device)
        self.inside = torch.zeros(count, dtype=torch.bool, device=setup.device)
        self.best, self.depth = self._place.clone(), torch.zeros_like(self._radius)

    @torch.no_grad()
    def consider(self, latents: Tensor, pictures: Tensor) -> None:
        """Start those without a place from the first latent (n, latent) that is called their target."""
        parts = common.parts(len(pictures), self._setup.shape, self._setup.device)
        labels = torch.cat([self._access.query(pictures[part]) for part in parts])
        hits = labels == self._labels[:, None]
        fresh = hits.any(1) & ~self.inside
        start = self._capped(latents)[hits.int().argmax(1)]
        self._place = torch.where(fresh[:, None], start, self._place)
        self.best = torch.where(fresh[:, None], start, self.best)
        self.inside = self.inside | fresh

    @torch.no_grad()
    def repel(self, group: Tensor) -> None:
        """Move the places of a group that are inside away from the boundary, or widen their spheres."""
        rows = group[self.inside[group]]
        if not len(rows):
            return
        place, radius = self._place[rows], self._radius[rows]
        noise = torch.randn((len(rows), SAMPLES, self._prior.latent), generator=self._draws)
        ways = torch.nn.functional.normalize(noise, dim=2).to(place.device)
        stays = self._called(rows, self._capped(place[:, None] + radius[:, None, None] * ways)).float()
        share = stays.mean(1)

        depth = radius * share
        deeper = depth >= self.depth[rows]
        self.best[rows] = torch.where(deeper[:, None], place, self.best[rows])
        self.depth[rows] = torch.where(deeper, depth, self.depth[rows])

        # from the mean of those that leave to that of those that stay; nothing where all do alike
        away = torch.nn.functional.normalize(((stays - share[:, None])[:, :, None] * ways).mean(1), dim=1)
        stride = (STRIDE * radius).clamp_max(LONGEST_STRIDE)
        moved = self._capped(place + stride[:, None] * away)
        allowed = self._called(rows, moved[:, None], plain=True)
        self._place[rows] = torch.where(allowed, moved, place)
        factor = torch.where(share == 1, GROWTH, torch.where(share == 0, 1 / GROWTH, 1.0))
        self._radius[rows] = (radius * factor).clamp_max(self._cap)

    @torch.no_grad()
    def ask_again(self) -> None:
        """Begin anew where the search stands; places that are called otherwise now wait for a new start."""
        rows = torch.arange(len(self._labels), device=self._labels.device)
        self.inside &= self._called(rows, self._place[:, None], plain=True)[:, 0]
        self._radius.fill_(self._first)
        self.best, self.depth = self._place.clone(), torch.zeros_like(self.depth)

    def _called(self, rows: Tensor, latents: Tensor, plain: bool = False) -> Tensor:
        """Return which latents (rows, n, latent) the API calls their row's target, (rows, n)."""
        flat, views = latents.flatten(0, 1), None
        if self._prior.view and not plain:
            views = VIEW_SPREAD * torch.randn((len(flat), self._prior.view), generator=self._draws)
            views = views.to(flat.device)
        said: list[Tensor] = []
        for part in common.parts(len(flat), self._setup.shape, self._setup.device):
            with common.lean(flat.device, self._prior.view > 0):
                drawn = self._prior(flat[part], None if views is None else views[part])
            said.append(self._access.query(drawn.float()))
        inside: Tensor = torch.cat(said).reshape(latents.shape[:2]) == self._labels[rows][:, None]
        return inside

    def _capped(self, latents: Tensor) -> Tensor:
        shrink: Tensor = (self._cap / latents.norm(dim=-1, keepdim=True).clamp_min(1e-9)).clamp_max(1)
        return latents * shrink
