"""A surrogate of an API that only names a class, after LOKT (Nguyen et al. 2023, arXiv 2310.19342).

The attacker shows the API public drawings, and a network of his own learns to name them as it does. That
network he holds: it has scores and gradients, so he searches it as if he had the model, and asks the API
about what he finds there, which teaches the surrogate most where it matters.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.engine.access import LabelApi, Progress, Setup
from mi_studio.engine.attacks import common
from mi_studio.engine.models.common import tensor

ASKED = 100
"""Public drawings that a step shows to the API, while it still looks around."""
LOOKING = 0.3
"""Share of the steps that do."""
LESSONS, BATCH = 6, 48
"""Minibatches of a step, and drawings in one."""
LEARNING_RATE = 2e-3
STARTS = 4
"""Latents of each target that are searched."""
SEARCH_RATE = 0.05
MOVES = 2
"""Gradient steps on the surrogate within a step."""
VIEW_SPREAD = 0.5
"""Standard deviation of the random views in which a prior that has some is searched and asked about."""
PENALTY = 1.0
"""Weight of a latent's mean square."""
ENOUGH = 12.0
"""Margin in logits beyond which the surrogate is not pushed."""
SPOKEN = 0.8
"""Share of the past in the running share of a latent's drawings that the API calls the target."""


def attack(access: LabelApi, setup: Setup) -> Iterator[Progress]:
    """Yield for each target the drawing of which both the API and the surrogate are surest.

    A step costs `ASKED` queries while it looks around, then `STARTS` for each target whose turn it is. The
    objective is the surrogate's mean cost of what would be handed in; the surrogate changes with each step,
    so what comes later always counts. Where another model answers, earlier drawings are asked about again,
    `ASKED` a step.
    """
    prior, draws = setup.need_prior(), setup.draws()
    labels = torch.tensor(setup.targets, device=setup.device)
    surrogate = _Surrogate(access, setup, draws)
    candidates = common.Candidates(setup, ASKED, draws)
    looks = max(1, round(LOOKING * setup.steps / setup.turns))
    groups = common.groups(setup)
    rows: list[_Rows] = []
    seen = access.version
    for index in range(setup.steps + 1):
        if access.version != seen:  # another model names them: what is written down must be asked again
            seen = access.version
            surrogate.doubt()
            for each in rows:
                each.forget()
        surrogate.ask_again()
        turn = (index - looks) % len(groups)
        if index < looks or not rows:
            surrogate.ask(*candidates())
        else:
            rows[turn].speak(surrogate.ask(rows[turn].latents, rows[turn].drawn(draws)))
        surrogate.learn(draws)
        if not rows:
            best = surrogate.best(labels)
            latents = best[:, 0]
            with torch.no_grad():
                costs = surrogate.cost(prior(latents), labels)
            if index >= looks - 1:
                rows = [_Rows(setup, best[group], labels[group]) for group in groups]
        if rows:
            rows[turn].search(surrogate, draws)
            latents[groups[turn]], costs[groups[turn]] = rows[turn].chosen(surrogate)
        with torch.no_grad():
            yield Progress(prior(latents), float(costs.mean()), choice=True)


class _Surrogate:
    """The attacker's own network, and what the API said of each drawing that it was shown."""

    def __init__(self, access: LabelApi, setup: Setup, draws: torch.Generator) -> None:
        self._access, self._setup = access, setup
        self.net = _network(access.classes, setup, draws)
        self._optimiser, _ = common.adam(list(self.net.parameters()), LEARNING_RATE, setup.device)
        self._pictures = torch.zeros((0, *setup.shape), device=setup.device)
        self._latents = torch.zeros((0, setup.need_prior().latent), device=setup.device)
        self._labels = torch.zeros(0, dtype=torch.int64, device=setup.device)
        self._doubted = (self._latents, self._pictures)

    def ask(self, latents: Tensor, pictures: Tensor) -> Tensor:
        """Show pictures (n, c, h, w) of latents (n, latent) to the API; write down and return its labels."""
        labels = self._access.query(pictures)
        self._pictures = torch.cat([self._pictures, pictures])
        self._latents = torch.cat([self._latents, latents.detach()])
        self._labels = torch.cat([self._labels, labels])
        return labels

    def doubt(self) -> None:
        """Put aside everything that was written down; `ask_again` brings it back."""
        self._doubted = (
            torch.cat([self._doubted[0], self._latents]),
            torch.cat([self._doubted[1], self._pictures]),
        )
        self._latents, self._pictures = self._latents[:0], self._pictures[:0]
        self._labels = self._labels[:0]

    def ask_again(self) -> None:
        """Ask about some of what was put aside, if anything was."""
        latents, pictures = self._doubted
        if len(latents):
            self.ask(latents[:ASKED], pictures[:ASKED])
            self._doubted = latents[ASKED:], pictures[ASKED:]

    def learn(self, draws: torch.Generator) -> None:
        """Take some minibatches in which each class that was met is as likely as any other."""
        met = torch.bincount(self._labels.cpu(), minlength=self._access.classes).clamp_min(1).double()
        weight = 1 / met[self._labels.cpu()]
        for _ in range(LESSONS):
            chosen = torch.multinomial(weight, BATCH, replacement=True, generator=draws)
            shifts = common.random_shifts(1, self._setup.shape, draws).to(self._setup.device)
            chosen = chosen.to(self._labels.device)
            seen = common.shifted(self._pictures[chosen], shifts)
            self._optimiser.zero_grad(set_to_none=False)
            F.cross_entropy(tensor(self.net(seen)), self._labels[chosen]).backward()  # type: ignore[no-untyped-call]
            self._optimiser.step()

    def cost(self, pictures: Tensor, labels: Tensor) -> Tensor:
        """Return how much the margin of each picture's label lacks of `ENOUGH`, (n,)."""
        return (common.margin(tensor(self.net(pictures)), labels) + ENOUGH).clamp_min(0)

    @torch.no_grad()
    def best(self, labels: Tensor) -> Tensor:
        """Return for each target the latents (targets, STARTS, latent) that it takes for it most surely.

        Those that the API called the target come first.
        """
        room = common.parts(len(self._pictures), self._setup.shape, self._setup.device)
        logits = torch.cat([tensor(self.net(self._pictures[part])) for part in room])
        merit = torch.stack([-common.margin(logits, label.expand(len(logits))) for label in labels])
        called = self._labels == labels[:, None]
        order = torch.where(called, merit + 1e4, merit).topk(min(STARTS, merit.shape[1]), dim=1).indices
        return self._latents[order]


class _Rows:
    """The latents that are searched, a few for each target, one below the other.

    Attributes
    ----------
    latents
        (targets · STARTS, latent).
    """

    def __init__(self, setup: Setup, starts: Tensor, labels: Tensor) -> None:
        self._setup, self._prior = setup, setup.need_prior()
        self._each = starts.shape[1]
        self.latents = starts.flatten(0, 1).clone().requires_grad_(True)
        self._labels = labels.repeat_interleave(self._each)
        self._optimiser, _ = common.adam([self.latents], SEARCH_RATE, setup.device)
        self._spoken = torch.zeros(len(self._labels), device=setup.device)
        self._parts = common.parts(len(self._labels), setup.shape, setup.device)

    @torch.no_grad()
    def drawn(self, draws: torch.Generator) -> Tensor:
        """Return a drawing of each (n, c, h, w), in a random view where the prior has some."""
        views = self._views(draws)
        return torch.cat([self._draw(part, views) for part in self._parts])

    def forget(self) -> None:
        """Forget what the API called them: another model answers now."""
        self._spoken.zero_()

    def speak(self, labels: Tensor) -> None:
        """Take in what the API called the last drawings, (n,)."""
        self._spoken = SPOKEN * self._spoken + (1 - SPOKEN) * (labels == self._labels)

    def search(self, surrogate: _Surrogate, draws: torch.Generator) -> None:
        """Move the latents to where the surrogate is surer of their targets."""
        surrogate.net.requires_grad_(False)
        for _ in range(MOVES):
            views = self._views(draws)
            self._optimiser.zero_grad(set_to_none=False)
            for part in self._parts:
                cost = surrogate.cost(self._draw(part, views), self._labels[part])
                cost = cost + PENALTY * self.latents[part].square().mean(1)
                cost.sum().backward()  # type: ignore[no-untyped-call]
            self._optimiser.step()
        surrogate.net.requires_grad_(True)

    @torch.no_grad()
    def chosen(self, surrogate: _Surrogate) -> tuple[Tensor, Tensor]:
        """Return the latent of each target (targets, latent) to hand in, and what they cost, (targets,)."""
        costs = torch.cat([surrogate.cost(self._draw(p, None), self._labels[p]) for p in self._parts])
        unlikely = PENALTY * self.latents.square().mean(1)
        merit = (ENOUGH * self._spoken - costs - unlikely).reshape(-1, self._each)
        places = torch.arange(len(merit), device=merit.device) * self._each + merit.argmax(1)
        return self.latents.detach()[places], (costs + unlikely)[places]

    def _views(self, draws: torch.Generator) -> Tensor | None:
        if not self._prior.view:
            return None
        views = torch.randn((len(self._labels), self._prior.view), generator=draws)
        return (VIEW_SPREAD * views).to(self._setup.device)

    def _draw(self, part: slice, views: Tensor | None) -> Tensor:
        with common.lean(self.latents.device, self._prior.view > 0):
            return self._prior(self.latents[part], None if views is None else views[part]).float()


def _network(classes: int, setup: Setup, draws: torch.Generator) -> nn.Sequential:
    """Return an untrained surrogate: pictures (n, c, h, w) in 0-1 -> logits (n, classes)."""
    channels, height, width = setup.shape
    widths = (32, 64, 96) if min(height, width) < 48 else (24, 48, 96, 128)
    layers: list[nn.Module] = []
    for wide in widths:
        layers += [
            nn.Conv2d(channels, wide, 3, stride=2, padding=1),
            nn.GroupNorm(8, wide),
            nn.LeakyReLU(0.1),
        ]
        channels, height, width = wide, (height + 1) // 2, (width + 1) // 2
    layers += [nn.Flatten(), nn.Linear(channels * height * width, classes)]
    net = common.fresh(nn.Sequential(*layers), draws, lambda inputs: (3 / inputs) ** 0.5)
    return net.to(setup.device)
