"""Teaching a network to tell classes apart: the one loop behind every recipe that does."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.core.weights import Utility
from mi_studio.training import checkpoint
from mi_studio.training.recipe import Clock, Context

SAVE_EVERY = 20.0
"""Seconds after which the end of an epoch is worth a checkpoint."""


@dataclass(frozen=True)
class Schedule:
    """How long a network is taught, and how fast.

    Attributes
    ----------
    rate
        Highest learning rate of AdamW. It rises over the share ``warm_up`` of the training and then
        falls in a line to 0.
    clip
        Greatest Euclidean norm of a step's gradient.
    """

    seed: int
    epochs: int
    batch: int
    rate: float
    weight_decay: float
    warm_up: float = 0.1
    clip: float = math.inf

    def rate_at(self, done: float) -> float:
        """Return the learning rate when the share ``done`` of the training is over."""
        return self.rate * min(1.0, done / self.warm_up + 0.02) * (1 - done)


@dataclass(frozen=True)
class Lesson:
    """What one step learns from.

    Attributes
    ----------
    images
        ``(n, c, h, w)`` in ``[0, 1]``, varied.
    labels
        ``(n,)``
    done
        Share of the training that is over, in 0..1.
    draws
        Generator on the images' device.
    """

    images: Tensor
    labels: Tensor
    done: float
    draws: torch.Generator


Vary = Callable[[Tensor, torch.Generator], Tensor]
Loss = Callable[[nn.Module, Lesson], Tensor]


def cross_entropy(net: nn.Module, lesson: Lesson) -> Tensor:
    """Return the usual loss."""
    return F.cross_entropy(logits(net, lesson.images), lesson.labels)


def logits(net: nn.Module, images: Tensor) -> Tensor:
    """Return ``net``'s answer ``(n, classes)``, with its convolutions in bfloat16."""
    # two to three times as fast on processors made for it, and the same weights come out everywhere
    with torch.autocast(images.device.type, dtype=torch.bfloat16):
        answer: Tensor = net(images)
    return answer.float()


def fit(
    net: nn.Module,
    images: Tensor,
    labels: Tensor,
    schedule: Schedule,
    context: Context,
    name: str,
    *,
    vary: Vary,
    loss: Loss = cross_entropy,
) -> float:
    """Teach ``net``, and return the seconds it took. A training that was killed goes on where it was.

    The checkpoint stays until `finished` is told that what came out of it is written.

    Parameters
    ----------
    net
        Is moved to the context's device; parameters that need no gradient stay as they are.
    images, labels
        ``uint8 (n, c, h, w)`` and ``(n,)``.
    name
        Of the checkpoint, and of the training in reports.
    vary
        Makes other pictures of the same things; once for each step.
    loss
        What is to become small.
    """
    device = torch.device(context.device)
    images, labels = images.to(device), labels.to(device)
    net.to(device).to(memory_format=torch.channels_last)
    learnt = [p for p in net.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learnt, lr=schedule.rate, weight_decay=schedule.weight_decay)
    path = context.work / f"{name}.safetensors"
    made_for = _fingerprint(images, labels, schedule)
    note = checkpoint.restore(path, {"net": net}, {"opt": optimiser}, made_for)
    note = note or {"epoch": 0, "seconds": 0.0}
    clock = Clock(note["seconds"])
    saved = clock.seconds()
    batch = min(schedule.batch, len(images))
    steps = len(images) // batch
    for epoch in range(note["epoch"], schedule.epochs):
        # a generator of its own for each epoch: a resumed training draws the same numbers
        draws = torch.Generator(device).manual_seed(schedule.seed * 1000 + epoch)
        net.train()
        order = torch.randperm(len(images), generator=draws, device=device)
        for step in range(steps):
            part = order[step * batch : (step + 1) * batch]
            done = (epoch + step / steps) / schedule.epochs
            for group in optimiser.param_groups:
                group["lr"] = schedule.rate_at(done)
            varied = vary(images[part].float() / 255, draws).contiguous(memory_format=torch.channels_last)
            cost = loss(net, Lesson(varied, labels[part], done, draws))
            optimiser.zero_grad()
            torch.autograd.backward(cost)
            if math.isfinite(schedule.clip):
                nn.utils.clip_grad_norm_(learnt, schedule.clip)
            optimiser.step()
        if clock.seconds() - saved >= SAVE_EVERY and epoch + 1 < schedule.epochs:
            saved = clock.seconds()
            note = {"epoch": epoch + 1, "seconds": saved, "made_for": made_for}
            checkpoint.save(path, note, {"net": net}, {"opt": optimiser})
        context.report(name, (epoch + 1) / schedule.epochs)
    net.cpu().to(memory_format=torch.contiguous_format).eval()
    return clock.seconds()


def finished(context: Context, name: str) -> None:
    """Forget the checkpoint of a training whose network is written."""
    (context.work / f"{name}.safetensors").unlink(missing_ok=True)


def _fingerprint(images: Tensor, labels: Tensor, schedule: Schedule) -> str:
    """Return what a checkpoint must have been made for: other photos or settings begin anew."""
    parts = (images.cpu().numpy().tobytes(), labels.cpu().numpy().tobytes(), repr(schedule).encode())
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]


@torch.no_grad()
def accuracy(net: nn.Module, images: Tensor, classes: Tensor) -> Utility:
    """Return the share of images ``(n, c, h, w)`` in ``[0, 1]`` whose highest logit is their class."""
    was = net.training
    net.eval()
    right = sum(
        int(torch.sum(net(x).argmax(1) == y))
        for x, y in zip(torch.split(images, 500), torch.split(classes, 500), strict=True)
    )
    net.train(was)
    return Utility("test_accuracy", right / len(images), len(images))


def mirrored(images: Tensor, draws: torch.Generator) -> Tensor:
    """Return images ``(n, c, h, w)``, each mirrored with probability one half."""
    flip = torch.rand(len(images), generator=draws, device=draws.device) < 0.5
    return torch.where(flip[:, None, None, None], images.flip(-1), images)


def disturbed(images: Tensor, draws: torch.Generator, reach: float = 1.0, noise: float = 0.1) -> Tensor:
    """Return images ``(n, c, h, w)`` in ``[0, 1]``, all moved, one in four blurred, one in two noisy.

    They move by up to ``reach`` pixels either way, blurring takes boxes of 3x3 pixels, and the noise has a
    standard deviation of up to ``noise``.
    """
    count, _, height, width = images.shape
    device = draws.device
    place = torch.eye(2, 3, device=device).repeat(count, 1, 1)
    shift = 2 * torch.rand((count, 2), generator=draws, device=device) - 1
    place[:, :, 2] = shift * reach * 2 / torch.tensor([width, height], device=device)
    grid = F.affine_grid(place, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="zeros", align_corners=False)
    blur, noisy, amount = torch.rand((3, count, 1, 1, 1), generator=draws, device=device)
    moved = torch.where(blur < 0.25, F.avg_pool2d(moved, 3, 1, 1), moved)
    grain = torch.randn(moved.shape, generator=draws, device=device) * amount * noise
    return torch.where(noisy < 0.5, moved + grain, moved).clamp(0, 1)


def sturdy(size: float) -> Loss:
    """Return the loss of a judge: half of the photos are changed to mislead it, by ``size`` at most.

    A network trained on photos alone takes textures for things. One that must also name photos that were
    changed to mislead it (Madry et al., ICLR 2018, arXiv 1706.06083) has to look at shapes: its features
    follow what people see more closely (Engstrom et al. 2019, arXiv 1906.00945).
    """

    def loss(net: nn.Module, lesson: Lesson) -> Tensor:
        images, labels = lesson.images, lesson.labels
        half = len(images) // 2
        start = torch.rand((half, *images.shape[1:]), generator=lesson.draws, device=images.device)
        fooling = misleading(net, images[:half], labels[:half], size * (2 * start - 1), size)
        return F.cross_entropy(logits(net, torch.cat([fooling, images[half:]])), labels)

    return loss


def misleading(net: nn.Module, images: Tensor, labels: Tensor, start: Tensor, size: float) -> Tensor:
    """Return images that differ by at most ``size`` in each pixel and mislead ``net``.

    One signed step up the loss from a random start (Wong et al., ICLR 2020, arXiv 2001.03994).

    Parameters
    ----------
    net
        Is looked at in evaluation mode, that is as it will judge, and put back as it was.
    start
        The first change to ``images`` ``(n, c, h, w)``, within ``size``.
    """
    was = net.training
    net.eval()
    begun = (images + start).clamp(0, 1).detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(F.cross_entropy(logits(net, begun), labels), begun)
    net.train(was)
    change = (start + 1.25 * size * slope.sign()).clamp(-size, size)
    return (images + change).clamp(0, 1).detach()
