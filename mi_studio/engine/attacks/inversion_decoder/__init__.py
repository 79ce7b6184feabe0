"""Training-based inversion (Yang et al. 2019, arXiv 1902.08552): a decoder that turns answers into pictures.

The attacker shows the API public pictures and keeps its answers as they come: full, rounded, cut off or a
bare name. A small network learns to draw each picture from its answer, in logarithms, since that is where an
answer tells the most. Then it is asked what it has never seen: the picture behind the answer of a model that
is sure of the target.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.engine.access import Progress, ScoreApi, Setup
from mi_studio.engine.attacks import common
from mi_studio.engine.models.common import tensor
from mi_studio.engine.stepper import Stepper

ASKED = 100
"""Pictures that a step shows to the API, while it still asks."""
ASKING = 0.4
"""Share of the steps that ask."""
HELD = 200
"""Pictures, asked about first, that the decoder never learns from."""
LESSONS, BATCH = 10, 64
"""Minibatches of a step, and pictures in one."""
LEARNING_RATE = 2e-3
LEAST = 1e-8
"""Score below which answers are taken for equal."""
SUREST = 20
"""Public pictures whose mean answer is where a target's answer begins."""
BEYOND = 0.75
"""How far from there to a single 1 the answer lies that is decoded: farther on lies what nobody has seen."""
HIDDEN = 192


def attack(access: ScoreApi, setup: Setup) -> Iterator[Progress]:
    """Yield for each target what the decoder draws for it.

    A step is `LESSONS` minibatches, and `ASKED` queries while it asks. The objective is the decoder's mean
    squared error on pictures held back. When the API answers in another way, the held ones are asked
    about again at once, the others as many a step as at first; the decoder goes on from where it is.
    """
    draws = setup.draws()
    files = _Files(access, setup, draws)
    decoder = _decoder(files.classes, setup, draws)
    optimiser, set_rate = common.adam(list(decoder.parameters()), LEARNING_RATE, setup.device)
    answers = torch.zeros((BATCH, files.classes), device=setup.device)
    pictures = torch.zeros((BATCH, *setup.shape), device=setup.device)

    def step() -> None:
        optimiser.zero_grad(set_to_none=False)
        F.mse_loss(decoder(answers), pictures).backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    stepper = Stepper(step, setup.device)
    asking = max(1, round(ASKING * setup.steps))
    seen = access.version
    for index in range(setup.steps + 1):
        if access.version != seen:
            seen = access.version
            files.begin_again()
        if files.stale or index < asking:
            files.ask()
        if index:
            set_rate(LEARNING_RATE * common.settling(index, setup.steps))
            for _ in range(LESSONS):
                chosen = files.lesson(draws)
                answers.copy_(files.answers[chosen])
                pictures.copy_(files.pictures[chosen])
                stepper()
        with torch.no_grad():
            error = F.mse_loss(tensor(decoder(files.held_answers)), files.held)
            drawn = tensor(decoder(files.of_the_sure(setup.targets)))
        yield Progress(drawn, float(error))


class _Files:
    """What the attacker has written down: public pictures and what the API said of them.

    Attributes
    ----------
    pictures, answers
        (n, c, h, w) and (n, classes), the latter as the decoder reads them.
    held, held_answers
        The same of those that are held back.
    stale
        How many of the answers were given in another way than the API answers now.
    """

    def __init__(self, access: ScoreApi, setup: Setup, draws: torch.Generator) -> None:
        self._access = access
        self._next = common.Candidates(setup, ASKED, draws)
        self.held = torch.cat([self._next()[1] for _ in range(HELD // ASKED)])
        self.held_answers = self._asked(self.held)
        self.classes = self.held_answers.shape[1]
        self.pictures = self.held[:0]
        self.answers = self.held_answers[:0]
        self.stale = 0

    def begin_again(self) -> None:
        """Hold every answer for outdated, and ask about the held ones at once."""
        self.stale = len(self.answers)
        self.held_answers = self._asked(self.held)

    def ask(self) -> None:
        """Ask about outdated ones, the oldest first; where there are none, about new ones."""
        if self.stale:
            first = len(self.answers) - self.stale
            again = slice(first, min(first + ASKED, len(self.answers)))
            self.answers[again] = self._asked(self.pictures[again])
            self.stale = len(self.answers) - again.stop
        else:
            _, pictures = self._next()
            self.pictures = torch.cat([self.pictures, pictures])
            self.answers = torch.cat([self.answers, self._asked(pictures)])

    def lesson(self, draws: torch.Generator) -> Tensor:
        """Return the places (batch,) of some whose answers are as the API answers now."""
        fresh = len(self.answers) - self.stale
        return torch.randint(fresh, (BATCH,), generator=draws).to(self.answers.device)

    def of_the_sure(self, targets: tuple[int, ...]) -> Tensor:
        """Return for each target the answer (targets, classes) of a model that is sure of it.

        It lies beyond the answers to the public pictures that were most like the target, towards a single 1.
        """
        known = torch.cat([self.held_answers, self.answers[: len(self.answers) - self.stale]])
        sure = _read(torch.eye(self.classes, device=known.device))
        begin = [known[known[:, t].topk(SUREST).indices].mean(0) for t in targets]
        return torch.stack([b + BEYOND * (sure[t] - b) for b, t in zip(begin, targets, strict=True)])

    def _asked(self, pictures: Tensor) -> Tensor:
        return _read(self._access.query(pictures))


def _read(scores: Tensor) -> Tensor:
    """Return logarithms of scores (n, classes): 1 for a score of 1, -1 for `LEAST` and less.

    Scores that were withheld share what the others leave of 1.
    """
    withheld = scores == 0
    left = (1 - scores.sum(1, keepdim=True)).clamp_min(0) / withheld.sum(1, keepdim=True).clamp_min(1)
    known = torch.where(withheld, left, scores).clamp(LEAST, 1)
    return known.log() * (-2 / math.log(LEAST)) + 1


def _decoder(classes: int, setup: Setup, draws: torch.Generator) -> nn.Sequential:
    """Return an untrained decoder: answers (n, classes) -> pictures (n, c, h, w) in 0-1.

    Layer normalisation keeps it within bounds where an answer lies beyond those that it has learnt from.
    """
    net = nn.Sequential(
        nn.Linear(classes, HIDDEN),
        nn.LayerNorm(HIDDEN),
        nn.LeakyReLU(0.2),
        nn.Linear(HIDDEN, 2 * HIDDEN),
        nn.LayerNorm(2 * HIDDEN),
        nn.LeakyReLU(0.2),
        nn.Linear(2 * HIDDEN, math.prod(setup.shape)),
        nn.Sigmoid(),
        nn.Unflatten(1, setup.shape),
    )
    return common.fresh(net, draws, lambda inputs: inputs**-0.5).to(setup.device)
