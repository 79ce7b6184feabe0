"""Priors of pictures without views: generators trained on public pictures only.

A generative adversarial network in the manner of DCGAN (Radford et al., ICLR 2016, arXiv 1511.06434)
with one-sided label smoothing. The running average of the generator's weights is what is written.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.engine import models
from mi_studio.engine.models.garments import Prior
from mi_studio.engine.splits import public_labels
from mi_studio.training import checkpoint
from mi_studio.training.classifier import finished
from mi_studio.training.recipe import Clock, Context
from mi_studio.training.writing import course, write_weights

REAL_TARGET = 0.9
AVERAGE_DECAY = 0.998


@dataclass(frozen=True)
class Duel:
    """How long generator and discriminator are taught, and how fast.

    Attributes
    ----------
    rate
        Learning rate of both for the first half; then it falls in a line to 0.
    """

    seed: int
    epochs: int
    batch: int = 64
    rate: float = 4e-4


CATALOGUE = Duel(seed=11, epochs=8)


def discriminator_net(side: int = 28, widths: Sequence[int] = (48, 96, 128), outputs: int = 1) -> nn.Module:
    """Return the judge of images ``(n, 1, side, side)`` in ``[0, 1]``: a logit ``(n, 1)``, high for a photo.

    With more ``outputs`` it is what an autoencoder reads pictures with.

    Parameters
    ----------
    widths
        Channels after each halving of the side.
    """
    layers: list[nn.Module] = []
    channels = 1
    for width in widths:
        normed = bool(layers)
        kernel = 3 if side % 2 else 4
        layers.append(nn.Conv2d(channels, width, kernel, stride=2, padding=1, bias=not normed))
        layers += [nn.BatchNorm2d(width)] * normed
        layers.append(nn.LeakyReLU(0.2))
        channels, side = width, (side + 1) // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * side * side, outputs))


def fit_prior(
    context: Context, name: str, pictures: Tensor, generator: Prior, discriminator: nn.Module, duel: Duel
) -> tuple[nn.Module, float]:
    """Teach a generator to draw such pictures; a training that was killed goes on where it was.

    The checkpoint stays until `mi_studio.training.classifier.finished` is told that what came out of it
    is written.

    Parameters
    ----------
    name
        Of the checkpoint, and of the training in reports.
    pictures
        Public ones, ``uint8 (n, c, h, w)``.
    generator, discriminator
        Freshly initialised.

    Returns
    -------
    average
        The generator with the running average of its weights, on the CPU.
    seconds
        How long it took.
    """
    nets = {
        "generator": generator.to(context.device),
        "average": copy.deepcopy(generator).requires_grad_(False),
        "discriminator": discriminator.to(context.device),
    }
    for net in nets.values():
        net.to(memory_format=torch.channels_last)
    optimisers = {
        "generator": torch.optim.Adam(generator.parameters(), lr=duel.rate, betas=(0.5, 0.99)),
        "discriminator": torch.optim.Adam(discriminator.parameters(), lr=duel.rate, betas=(0.5, 0.99)),
    }
    path = context.work / f"{name}.safetensors"
    note = checkpoint.restore(path, nets, optimisers) or {"epoch": 0, "seconds": 0.0}
    clock = Clock(note["seconds"])
    for epoch in range(note["epoch"], duel.epochs):
        # a seed of its own for each epoch: a resumed training draws the same numbers
        torch.manual_seed(duel.seed * 1000 + epoch)
        for optimiser in optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = duel.rate * min(1.0, 2 * (1 - epoch / duel.epochs))
        order = torch.randperm(len(pictures))
        for part in order[: len(pictures) // duel.batch * duel.batch].view(-1, duel.batch):
            x = pictures[part].to(context.device).float() / 255
            _step(x.contiguous(memory_format=torch.channels_last), nets, optimisers, generator.latent)
            # the first epoch's weights are too far from the last's to be averaged in
            _follow(nets["average"], generator, AVERAGE_DECAY if epoch else 0.0)
        checkpoint.save(path, {"epoch": epoch + 1, "seconds": clock.seconds()}, nets, optimisers)
        context.report(name, (epoch + 1) / duel.epochs)
    return nets["average"].cpu().to(memory_format=torch.contiguous_format).eval(), clock.seconds()


def train_prior(context: Context, line: str) -> None:
    """Train and write the prior of one private line of the catalogue from its 30,000 public photos."""
    images, labels = context.sources.fashion_mnist("train")
    pictures = torch.from_numpy(images[np.isin(labels, public_labels(line))])[:, None]
    torch.manual_seed(CATALOGUE.seed)
    generator = models.build("prior")
    assert isinstance(generator, Prior)
    name = f"catalogue-prior-{line}"
    average, seconds = fit_prior(context, name, pictures, generator, discriminator_net(), CATALOGUE)
    write_weights(
        context.pretrained, "catalogue", "prior", average,
        architecture="prior", build={"latent": generator.latent}, knobs={"private-line": line},
        recipe=name, seed=CATALOGUE.seed, utility=None,
        details={
            **course(len(pictures), CATALOGUE, seconds, context.device),
            "classes": list(public_labels(line)),
            "notes": {
                "en": "Draws garments of the five public classes; it never saw a private photo.",
                "ja": "公開5クラスの衣類を描く生成器。非公開の写真は一度も見ていません。",
            },
        },
    )  # fmt: skip
    finished(context, name)


def _step(
    x: Tensor, nets: dict[str, nn.Module], optimisers: Mapping[str, torch.optim.Optimizer], latent: int
) -> None:
    generator, discriminator = nets["generator"], nets["discriminator"]
    device = x.device.type
    # bfloat16 makes the convolutions about three times as fast where the CPU has it
    with torch.autocast(device, dtype=torch.bfloat16):
        drawn = generator(torch.randn(len(x), latent, device=x.device)).float()
        # apart, so that batch normalisation sees photographs and drawings apart
        real, fake = discriminator(x).float(), discriminator(drawn.detach()).float()
    target = torch.full_like(real, REAL_TARGET)
    optimisers["discriminator"].zero_grad()
    torch.autograd.backward(F.binary_cross_entropy_with_logits(real, target) + F.softplus(fake).mean())
    optimisers["discriminator"].step()

    discriminator.requires_grad_(False)
    with torch.autocast(device, dtype=torch.bfloat16):
        verdict = discriminator(drawn).float()
    optimisers["generator"].zero_grad()
    torch.autograd.backward(F.softplus(-verdict).mean())
    optimisers["generator"].step()
    discriminator.requires_grad_(True)


@torch.no_grad()
def _follow(average: nn.Module, net: nn.Module, decay: float) -> None:
    for slow, fast in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if slow.is_floating_point():
            slow.lerp_(fast, 1 - decay)
        else:
            slow.copy_(fast)
