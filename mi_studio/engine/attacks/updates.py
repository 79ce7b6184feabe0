"""What attacks on one update share: the labels that went into it, and how near another comes to it."""

from __future__ import annotations

import torch
from torch import Tensor

from mi_studio.engine.access import GradientLeak
from mi_studio.engine.rounds import Message

PROBES = 64


def infer_label(message: Message) -> Tensor:
    """Return the label (1,) of a single record: the most negative entry of the last bias' gradient.

    From Zhao et al. 2020 (arXiv 2001.02610).
    """
    return message[-1].argmin().reshape(1)


def labels_of(access: GradientLeak, draws: torch.Generator, shape: tuple[int, int, int]) -> Tensor:
    """Return the labels (n,) of the pictures behind an update, client after client, read off the last bias.

    Its gradient is the mean over the pictures of what the model answers minus the label. What the model
    answers to noise stands for its answers to several pictures; what is left is how often each label occurs.
    Who held which is not in a sum; after one local step nothing depends on it, and they are in rising order.
    After several it matters who computed with what, and each client is taken to hold an even mix.
    """
    count = access.round.records
    if count == 1:
        return infer_label(access.message)
    gradient = access.message[-1] / access.round.local_steps
    with torch.no_grad():
        noise = torch.rand((PROBES, *shape), generator=draws).to(gradient.device)
        often = count * (access.model(noise).softmax(1).mean(0) - gradient)
    found = []
    for _ in range(count):  # the label of which most is left, again and again
        found.append(int(often.argmax()))
        often[found[-1]] -= 1
    labels = torch.tensor(sorted(found), device=gradient.device)
    return labels if access.round.local_steps == 1 else dealt(labels, access.round.shares)


def dealt(labels: Tensor, shares: tuple[int, ...]) -> Tensor:
    """Return labels (n,) in rising order as clients hold them who have an even mix of all."""
    places = [((slot + 0.5) / share, client) for client, share in enumerate(shares) for slot in range(share)]
    order = sorted(range(len(places)), key=places.__getitem__)
    held = torch.empty_like(labels)
    held[order] = labels
    return held


def cosine_distance(own: Message, sent: Message) -> Tensor:
    """Return 1 minus the cosine of two updates (Geiping et al. 2020, arXiv 2003.14053)."""
    dot = torch.stack([(a * b).sum() for a, b in zip(own, sent, strict=True)]).sum()
    length = torch.stack([a.square().sum() for a in own]).sum()
    wanted = torch.stack([b.square().sum() for b in sent]).sum()
    return 1 - dot / (length.sqrt() * wanted.sqrt()).clamp_min(1e-12)
