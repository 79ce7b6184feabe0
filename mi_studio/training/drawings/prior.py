"""The prior of the factory drawings: a variational autoencoder of public drawings.

Kingma and Welling, ICLR 2014, arXiv 1312.6114. It has the generator of the other priors without views;
thin lines at 64 pixels are learnt much sooner from pictures to be redrawn than from an adversary.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.engine.models.common import tensor
from mi_studio.engine.models.garments import Prior
from mi_studio.training import checkpoint
from mi_studio.training.classifier import Schedule
from mi_studio.training.recipe import Clock, Context


def fit_autoencoder(
    context: Context, name: str, pictures: Tensor, generator: Prior, encoder: nn.Module, schedule: Schedule
) -> float:
    """Teach a generator to redraw pictures from latents, and return the seconds it took.

    A training that was killed goes on where it was; the checkpoint stays until
    `mi_studio.training.classifier.finished` is told that what came out of it is written.

    Parameters
    ----------
    pictures
        Public ones, ``uint8 (n, 1, h, w)``.
    encoder
        From pictures to mean and logarithm of the variance of their latents ``(n, 2 * latent)``.
    """
    nets: Mapping[str, nn.Module] = {"generator": generator, "encoder": encoder}
    for net in nets.values():
        net.to(context.device).to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.Adam([p for net in nets.values() for p in net.parameters()], lr=schedule.rate)
    path = context.work / f"{name}.safetensors"
    note = checkpoint.restore(path, nets, {"opt": optimiser}, repr(schedule))
    note = note or {"epoch": 0, "seconds": 0.0}
    clock = Clock(note["seconds"])
    steps = len(pictures) // schedule.batch
    for epoch in range(note["epoch"], schedule.epochs):
        # a seed of its own for each epoch: a resumed training draws the same numbers
        torch.manual_seed(schedule.seed * 1000 + epoch)
        order = torch.randperm(len(pictures))
        for step, part in enumerate(order[: steps * schedule.batch].view(steps, -1)):
            for group in optimiser.param_groups:
                group["lr"] = schedule.rate_at((epoch + step / steps) / schedule.epochs)
            x = pictures[part].to(context.device).float() / 255
            optimiser.zero_grad()
            torch.autograd.backward(
                _cost(x.contiguous(memory_format=torch.channels_last), generator, encoder)
            )
            optimiser.step()
        note = {"epoch": epoch + 1, "seconds": clock.seconds(), "made_for": repr(schedule)}
        checkpoint.save(path, note, nets, {"opt": optimiser})
        context.report(name, (epoch + 1) / schedule.epochs)
    for net in nets.values():
        net.cpu().to(memory_format=torch.contiguous_format).eval()
    return clock.seconds()


def _cost(x: Tensor, generator: Prior, encoder: nn.Module) -> Tensor:
    """Return the bound on how unlikely the pictures are, in nats a picture."""
    # bfloat16 makes the convolutions about three times as fast where the CPU has it
    with torch.autocast(x.device.type, dtype=torch.bfloat16):
        mean, spread = tensor(encoder(x)).float().chunk(2, 1)
        drawn = generator(mean + torch.randn_like(mean) * (spread / 2).exp())
    redrawn = F.binary_cross_entropy(drawn.float().clamp(1e-4, 1 - 1e-4), x, reduction="sum") / len(x)
    told = (mean.square() + spread.exp() - 1 - spread).sum(1).mean() / 2
    return redrawn + told
