"""One round of federated training: what the clients compute, and what of it arrives at the server."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from mi_studio.core.knobs import Value

Message = list[Tensor]
"""One tensor per parameter of the model."""

Protect = Callable[[Message, Value, Message], Message]
"""Maps a client's update, a knob's value and standard normal draws, shaped like it, to what is sent."""


@dataclass(frozen=True)
class Client:
    """What a client knows when it protects its update.

    Attributes
    ----------
    model
        The model that it was sent; logits (n, classes).
    images, labels
        Its own pictures, (n, c, h, w) in 0–1, and the class of each, (n,).
    """

    model: nn.Module
    images: Tensor
    labels: Tensor


BYTES = 4
"""A number of an update takes as many, as long as nothing hides it."""


@dataclass(frozen=True)
class Total:
    """What a server reads off the messages of a round, and how many bytes each client sent."""

    message: Message
    size: int

    @classmethod
    def plain(cls, message: Message) -> Total:
        """Return what was sent as it is."""
        return cls(message, BYTES * numbers(message))


@dataclass(frozen=True)
class Round:
    """What everybody knows about a round.

    Attributes
    ----------
    shares
        How many pictures each client takes part with. The server looks at the sum of the clients' updates,
        each weighted by its share.
    local_steps
        How many steps of gradient descent each client takes, all its pictures in every step.
    rate
        Learning rate of those steps; it matters from the second on.
    clients
        How many clients take part in the round, those included whose updates the server does not look at;
        0 stands for as many as have shares.
    """

    shares: tuple[int, ...] = (1,)
    local_steps: int = 1
    rate: float = 0.01
    clients: int = 0

    @property
    def records(self) -> int:
        """How many pictures went into the update that arrives."""
        return sum(self.shares)

    def split(self, rows: Tensor) -> tuple[Tensor, ...]:
        """Cut what stands for every picture, client after client, into the clients' parts."""
        return torch.split(rows, list(self.shares))


def client_update(
    model: nn.Module, images: Tensor, labels: Tensor, agreed: Round, *, differentiable: bool = False
) -> Message:
    """Return a client's update: the sum of its gradients over its local steps.

    After one step that is the gradient of the cross-entropy itself. After several it is the difference
    between the weights that it was sent and those that it ends with, divided by the public learning rate.

    Parameters
    ----------
    model
        Its parameters require gradients.
    differentiable
        Whether the update can be differentiated by the pictures.
    """
    names = [name for name, _ in model.named_parameters()]
    own: Message = list(model.parameters())

    def gradient_at(weights: Message) -> Message:
        logits = (
            model(images)
            if weights is own
            else functional_call(model, dict(zip(names, weights, strict=True)), (images,))
        )
        loss = cross_entropy(logits, labels)
        return list(torch.autograd.grad(loss, weights, create_graph=differentiable))

    weights = own
    gradient = sent = gradient_at(own)
    for _ in range(1, agreed.local_steps):
        weights = [w - agreed.rate * g for w, g in zip(weights, gradient, strict=True)]
        if not differentiable:
            weights = [w.detach().requires_grad_(True) for w in weights]
        gradient = gradient_at(weights)
        sent = [s + g for s, g in zip(sent, gradient, strict=True)]
    return sent if differentiable else [part.detach() for part in sent]


def numbers(message: Iterable[Tensor]) -> int:
    """Return how many numbers a message has."""
    return sum(part.numel() for part in message)


def summed(messages: Sequence[Message]) -> Message:
    """Return the sum of messages, tensor by tensor."""
    return [torch.stack(parts).sum(0) for parts in zip(*messages, strict=True)]


def keyed_draws(key: str) -> torch.Generator:
    """Return random draws that follow from a key, and tell whoever has another nothing."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:7], "big")
    return torch.Generator().manual_seed(number)


def weighted(messages: Sequence[Message], agreed: Round) -> list[Message]:
    """Return the clients' messages, each times the client's share of the pictures, so that they add up."""
    if len(messages) == 1:
        return list(messages)
    shares = [share / agreed.records for share in agreed.shares]
    return [[share * part for part in message] for share, message in zip(shares, messages, strict=True)]


def aggregated(messages: Sequence[Message], agreed: Round) -> Message:
    """Return the mean of the clients' messages, each weighted by its pictures."""
    if len(messages) == 1:
        return messages[0]
    return summed(weighted(messages, agreed))


def update(model: nn.Module, images: Tensor, labels: Tensor, agreed: Round) -> Message:
    """Return the update that would arrive if these were the pictures, differentiable by them.

    Parameters
    ----------
    images, labels
        Of all clients, one after the other.
    """
    parts = zip(agreed.split(images), agreed.split(labels), strict=True)
    return aggregated([client_update(model, i, t, agreed, differentiable=True) for i, t in parts], agreed)
