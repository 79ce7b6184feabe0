"""Answers that have passed through a narrow autoencoder, so that only what they have in common is left.

After Purifier (Yang et al. 2023): a small network learns to draw an answer anew from its label and a few
numbers. What does not fit through these is cleaned off. It is taught when the first answer is wanted, on the
present model's answers to photos that the model has not learnt from, and anew for another model.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from mi_studio.core.knobs import Value
from mi_studio.engine.answering import Answer, Reference, as_little_shown, with_its_label
from mi_studio.engine.models.common import tensor

HELD_OUT = True
"""The examples are photos that the model has not learnt from, where the scene has some."""

NUMBERS = {"four": 4, "two": 2, "one": 1}

WIDTH, STEPS, RATE = 32, 300, 1e-2

LABEL_WEIGHT = 0.05
"""Of the cross-entropy to the label beside the squared error; as in the paper both are learnt."""


class Autoencoder(nn.Module):
    """Draws answers (n, classes) anew from their label and ``numbers`` numbers."""

    def __init__(self, classes: int, numbers: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(classes, WIDTH), nn.ReLU(), nn.Linear(WIDTH, numbers))
        self.decoder = nn.Sequential(
            nn.Linear(numbers + classes, WIDTH), nn.ReLU(), nn.Linear(WIDTH, classes)
        )

    def forward(self, scores: Tensor) -> Tensor:
        """Return log-odds, whose softmax is the cleaned answer."""
        label = one_hot(scores.argmax(1), scores.shape[1]).to(scores)
        return tensor(self.decoder(torch.cat([self.encoder(scores), label], 1)))


def prepared(reference: Reference) -> Answer:
    """Return the defence for one model, which learns from its answers to these examples."""
    taught: dict[str, Autoencoder] = {}

    def answer(scores: Tensor, value: Value) -> Tensor:
        name = str(value)
        if name not in taught:
            taught[name] = teach(reference(), NUMBERS[name])
        cleaned = tensor(taught[name](scores)).softmax(1)
        return with_its_label(as_little_shown(cleaned, scores), scores)

    return answer


def teach(examples: Tensor, numbers: int) -> Autoencoder:
    """Return an autoencoder that has learnt from answers (m, classes); always the same from the same."""
    examples = examples.detach()
    # neither the draws of the attack nor those of anybody else are touched
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(0)
        net = Autoencoder(examples.shape[1], numbers).to(examples)
        optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
        for step in range(STEPS):
            for group in optimiser.param_groups:
                group["lr"] = RATE * (1 - step / STEPS)
            drawn = tensor(net(examples))
            off = (drawn.softmax(1) - examples).square().sum(1).mean()
            loss = off + LABEL_WEIGHT * cross_entropy(drawn, examples.argmax(1))
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
    return net.requires_grad_(False).eval()
