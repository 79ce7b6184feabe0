"""Latent search with the model in hand, after Plug & Play Attacks (Struppek et al. 2022, arXiv 2201.12179).

Candidates first, then gradient descent on the latents of the best, under random views, then choice by
mean confidence over many views. Where the prior tells what is on a picture from how it was taken, only
the former is searched: the attack is to find a face, not a photo.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from mi_studio.engine.access import Prior, Progress, Setup, WhiteBox
from mi_studio.engine.attacks import common
from mi_studio.engine.stepper import Stepper

LEARNING_RATE = 0.06
ENOUGH = 20.0
"""Margin in logits beyond which a picture gains nothing; pushing further only adds artefacts."""
VIEW_SPREAD = 0.7
"""Standard deviation of the random views: calmer than those that the prior learnt from."""
UNSURE = -12.0
"""Log-confidence below which a view counts no further: one bad view must not decide."""


@dataclass(frozen=True)
class Plan:
    """How much the attack looks at.

    Attributes
    ----------
    looks, chunk
        Steps that look at candidates, after a first one, and how many candidates each looks at.
    kept
        Candidates of each target that get a second look, under random views.
    starts
        Candidates of each target that are improved.
    views
        Random views that a cost is averaged over.
    penalty
        Weight of a latent's mean square.
    betas
        Of Adam.
    settles
        Whether the learning rate falls to nothing over the last half.
    memory
        Share of the past in the running mean that tells which start is the best.
    choices
        Views that decide in the end; 0 leaves it to the last costs.
    drops
        When only the best starts of each target go on: share of the improvements, and how many.
    """

    looks: int
    chunk: int
    kept: int
    starts: int
    views: int
    penalty: float
    betas: tuple[float, float]
    settles: bool
    memory: float
    choices: int
    drops: tuple[tuple[float, int], ...] = ()


FLAT = Plan(20, 100, 4, 4, 3, 1.0, (0.9, 0.999), False, 0.0, 0)
"""For a prior without views; they are replaced by shifts of a few pixels."""
QUICK = Plan(19, 100, 8, 2, 2, 2.0, (0.5, 0.95), True, 0.9, 12)
THOROUGH = Plan(19, 500, 30, 10, 3, 2.0, (0.5, 0.95), True, 0.9, 12, ((1 / 7, 5), (3 / 7, 3)))


def plan_for(setup: Setup) -> Plan:
    """Return what the attack does under this effort."""
    if not setup.need_prior().view:
        return FLAT
    return THOROUGH if setup.effort == "thorough" else QUICK


def attack(access: WhiteBox, setup: Setup) -> Iterator[Progress]:
    """Yield for each target the picture, in the plain view, that the model is surest of so far.

    The first steps, at most a third, look at random candidates; the rest improve the best of them.
    """
    prior, plan, draws = setup.need_prior(), plan_for(setup), setup.draws()
    looks = min(plan.looks, max(1, setup.steps // 3))
    labels = torch.tensor(setup.targets, device=setup.device)
    search = _Search(access, setup, plan)
    candidates = common.Candidates(setup, plan.chunk, draws)

    seen = access.version
    search.consider(*candidates())
    yield Progress(_draw(prior, search.best[:, 0]), float(search.costs[:, 0].mean()))
    for _ in range(looks):
        if access.version != seen:  # another model: the kept ones must prove themselves again
            seen = access.version
            search.consider_again()
        search.consider(*candidates())
        yield Progress(_draw(prior, search.best[:, 0]), float(search.costs[:, 0].mean()))
    if access.version != seen:
        seen = access.version
        search.consider_again()
    if plan.kept > plan.starts:
        search.look_again(draws)

    descent = _Descent(search, setup, plan, search.best)
    mean, memory = search.costs.flatten(), plan.memory
    improvements = setup.steps - looks
    drops = {round(share * improvements): starts for share, starts in plan.drops}
    for index in range(improvements):
        if access.version != seen:  # another model: what the old one said of the starts is void
            seen = access.version
            descent.stepper.renew()
            memory = 0.0
        if index in drops and memory:  # what has just become void does not tell who is the worst
            kept = (-mean).reshape(len(labels), -1).topk(drops[index]).indices
            descent, mean = descent.only(kept), mean.reshape(len(labels), -1).gather(1, kept).flatten()
        if plan.settles:
            descent.set_rate(LEARNING_RATE * common.settling(index, improvements))
        descent.look.draw(draws)
        descent.stepper()
        mean = memory * mean + (1 - memory) * descent.now
        memory = plan.memory
        last = plan.choices > 0 and index == improvements - 1
        # a cost under random views is another measure than a candidate's in the plain view
        first = plan.kept > plan.starts and index == 0
        rows = descent.rows.detach()
        merit = search.confidence(descent.look, rows, draws) if last else -mean
        by_target = merit.reshape(len(labels), -1)
        chosen = torch.arange(len(labels), device=setup.device) * by_target.shape[1] + by_target.argmax(1)
        latents = rows if last else descent.pictured
        yield Progress(_draw(prior, latents[chosen]), float(mean[chosen].mean()), choice=first or last)


class _Search:
    """What has been found so far, and how it is measured.

    Attributes
    ----------
    best, costs
        Kept latents (targets, n, latent), the best of each target first, and what they cost (targets, n).
    """

    def __init__(self, access: WhiteBox, setup: Setup, plan: Plan) -> None:
        self._access, self._setup, self._plan = access, setup, plan
        self._prior = setup.need_prior()
        self._labels = torch.tensor(setup.targets, device=setup.device)
        count = len(self._labels)
        self.best = torch.zeros((count, 0, self._prior.latent), device=setup.device)
        self.costs = torch.zeros((count, 0), device=setup.device)
        # the label of each row when the kept latents stand one below the other
        self._row_labels = self._labels[:0]

    def narrow(self, starts: int) -> None:
        """Go on with so many rows of each target, whose latents are the caller's."""
        self._row_labels = self._labels.repeat_interleave(starts)

    def parts(self, rows: int, views: int) -> list[slice]:
        """Cut rows into what goes through the networks at once."""
        return common.parts(rows, self._setup.shape, self._setup.device, views)

    def eyes(self, rows: int) -> Eyes:
        """Return random ways to look at so many rows of latents."""
        make = _Viewed if self._prior.view else _Moved
        return make(self._prior, self._setup, self._plan.views, rows)

    def answer(self, pictures: Tensor) -> Tensor:
        """Return the model's logits (n, classes) for pictures (n, c, h, w)."""
        with common.lean(self._setup.device, self._prior.view > 0):
            logits: Tensor = self._access.model(pictures)
        return logits.float()

    def cost(self, pictures: Tensor, latents: Tensor, rows: slice) -> Tensor:
        """Return what these rows of the kept latents cost, (n,), seen as pictures (views · n, c, h, w).

        It is how much the mean margin lacks of `ENOUGH`, and a penalty for unlikely latents.
        """
        views = len(pictures) // len(latents)
        labels = self._row_labels[rows].repeat(views)
        shortfall = _shortfall(self.answer(pictures), labels).reshape(views, -1).mean(0)
        return shortfall + self._unlikely(latents)

    @torch.no_grad()
    def consider(self, latents: Tensor, pictures: Tensor) -> None:
        """Keep those candidates (n, latent), seen as pictures (n, c, h, w), that are better than the kept."""
        logits, unlikely = self.answer(pictures), self._unlikely(latents)
        costs = [_shortfall(logits, label.expand(len(logits))) + unlikely for label in self._labels]
        pool = latents.expand(len(self._labels), *latents.shape)
        self._keep(
            torch.cat([self.costs, torch.stack(costs)], 1), torch.cat([self.best, pool], 1), self._plan.kept
        )

    @torch.no_grad()
    def consider_again(self) -> None:
        """Measure what is kept by the model of now; its order is the old one until the next `consider`."""
        rows = self.best.flatten(0, 1)
        costs = [self.cost(self._prior(rows[p]), rows[p], p) for p in self.parts(len(rows), 1)]
        self.costs = torch.cat(costs).reshape(self.costs.shape)

    @torch.no_grad()
    def look_again(self, draws: torch.Generator) -> None:
        """Keep only the starts: the best by the mean of their plain view and some random ones."""
        rows, views = self.best.flatten(0, 1), self._plan.views
        look = self.eyes(len(rows))
        look.draw(draws)
        seen = [self.cost(look(rows[p], p), rows[p], p) for p in self.parts(len(rows), views)]
        total = self.costs + views * torch.cat(seen).reshape(self.costs.shape)
        self._keep(total / (1 + views), self.best, self._plan.starts)

    @torch.no_grad()
    def confidence(self, look: Eyes, latents: Tensor, draws: torch.Generator) -> Tensor:
        """Return the mean log-confidence (n,) over `Plan.choices` views, a little less for the unlikely."""
        merit = -self._unlikely(latents) / 24
        views, times = self._plan.views, math.ceil(self._plan.choices / self._plan.views)
        for _ in range(times):
            look.draw(draws)
            for part in self.parts(len(latents), views):
                wanted = self._row_labels[part].repeat(views)[:, None]
                sure = self.answer(look(latents[part], part)).log_softmax(1).gather(1, wanted)
                merit[part] += sure.clamp_min(UNSURE).reshape(views, -1).mean(0) / times
        return merit

    def _unlikely(self, latents: Tensor) -> Tensor:
        return self._plan.penalty * latents.square().mean(1)

    def _keep(self, costs: Tensor, pool: Tensor, count: int) -> None:
        order = costs.argsort(dim=1)[:, :count]
        self._row_labels = self._labels.repeat_interleave(order.shape[1])
        self.costs = costs.gather(1, order)
        self.best = pool.gather(1, order[:, :, None].expand(-1, -1, pool.shape[2]))


class _Descent:
    """Adam on the latents of the starts of all targets at once.

    Attributes
    ----------
    rows
        The latents, (targets · starts, latent).
    now, pictured
        What the rows cost in the last step, (rows,), and the latents that it was the cost of.
    """

    def __init__(self, search: _Search, setup: Setup, plan: Plan, starts: Tensor) -> None:
        self._search, self._setup, self._plan = search, setup, plan
        self.rows = starts.flatten(0, 1).clone().requires_grad_(True)
        self.look = search.eyes(len(self.rows))
        self.now = torch.zeros(len(self.rows), device=setup.device)
        self.pictured = self.rows.detach().clone()
        self._parts = search.parts(len(self.rows), plan.views)
        self._optimiser, self.set_rate = common.adam([self.rows], LEARNING_RATE, setup.device, plan.betas)
        self.stepper = Stepper(self._step, setup.device)

    def _step(self) -> None:
        self._optimiser.zero_grad(set_to_none=False)
        for part in self._parts:
            cost = self._search.cost(self.look(self.rows[part], part), self.rows[part], part)
            cost.sum().backward()  # type: ignore[no-untyped-call]
            self.now[part] = cost.detach()
        self.pictured.copy_(self.rows.detach())
        self._optimiser.step()

    def only(self, kept: Tensor) -> _Descent:
        """Return how it goes on with these starts of each target alone, (targets, n), the best first."""
        each = len(self.rows) // len(kept)
        places = (torch.arange(len(kept), device=kept.device)[:, None] * each + kept).flatten()
        self._search.narrow(kept.shape[1])
        latents = self.rows.detach()[places].reshape(*kept.shape, -1)
        fewer = _Descent(self._search, self._setup, self._plan, latents)
        # the optimiser remembers how it came here
        fewer._optimiser.state[fewer.rows] = {
            name: held[places] if held.ndim else held.clone()
            for name, held in self._optimiser.state[self.rows].items()
        }
        return fewer


class Eyes(Protocol):
    """Random ways to look at what rows of latents show."""

    def draw(self, draws: torch.Generator) -> None:
        """Look in new ways from now on."""
        ...

    def __call__(self, latents: Tensor, rows: slice) -> Tensor:
        """Return the pictures (views · n, c, h, w) of latents, which are these rows; the first view first."""
        ...


class _Moved:
    """A prior without views: each drawing is moved by a few pixels."""

    def __init__(self, prior: Prior, setup: Setup, views: int, rows: int) -> None:  # noqa: ARG002  # as `_Viewed`
        self._prior, self._shape = prior, setup.shape
        self._shifts = torch.zeros((views, 2), device=setup.device)

    def draw(self, draws: torch.Generator) -> None:
        self._shifts.copy_(common.random_shifts(len(self._shifts), self._shape, draws))

    def __call__(self, latents: Tensor, rows: slice) -> Tensor:  # noqa: ARG002  # all rows are moved alike
        return common.shifted(self._prior(latents), self._shifts)


class _Viewed:
    """A prior with views: each latent is drawn in random ones, and each drawing is changed a little."""

    def __init__(self, prior: Prior, setup: Setup, views: int, rows: int) -> None:
        self._prior = prior
        self._views = torch.zeros((views, rows, prior.view), device=setup.device)
        self._variations = torch.zeros((views, rows, 9), device=setup.device)

    def draw(self, draws: torch.Generator) -> None:
        self._views.copy_(VIEW_SPREAD * torch.randn(self._views.shape, generator=draws))
        count = self._variations.shape[0] * self._variations.shape[1]
        self._variations.copy_(common.random_variations(count, draws).reshape(self._variations.shape))

    def __call__(self, latents: Tensor, rows: slice) -> Tensor:
        views = self._views[:, rows]
        with common.lean(latents.device):
            drawn = self._prior(latents.repeat(len(views), 1), views.flatten(0, 1)).float()
        return common.varied(drawn, self._variations[:, rows].flatten(0, 1))


def _shortfall(logits: Tensor, labels: Tensor) -> Tensor:
    """Return how much each row's margin lacks of `ENOUGH`, (n,), at least 0."""
    return (common.margin(logits, labels) + ENOUGH).clamp_min(0)


@torch.no_grad()
def _draw(prior: Prior, latents: Tensor) -> Tensor:
    return prior(latents)
