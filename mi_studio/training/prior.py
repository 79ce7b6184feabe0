"""Priors of the catalogue scene: generators trained on the five public classes only.

A generative adversarial network in the manner of DCGAN (Radford et al., ICLR 2016, arXiv 1511.06434)
with one-sided label smoothing. The running average of the generator's weights is what is written.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.engine import models
from mi_studio.engine.splits import public_labels
from mi_studio.training import checkpoint
from mi_studio.training.catalogue import to_batch
from mi_studio.training.recipe import Clock, Context
from mi_studio.training.writing import write_weights

SEED = 11
EPOCHS = 8
BATCH = 64
RATE = 4e-4
LATENT = 64
REAL_TARGET = 0.9
AVERAGE_DECAY = 0.998


def discriminator_net() -> nn.Module:
    """Return the judge of images ``(n, 1, 28, 28)`` in ``[0, 1]``: a logit ``(n, 1)``, high for a photo."""
    return nn.Sequential(
        nn.Conv2d(1, 48, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(48, 96, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(96),
        nn.LeakyReLU(0.2),
        nn.Conv2d(96, 128, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(128 * 4 * 4, 1),
    )


def train_prior(context: Context, line: str) -> None:
    """Train and write the prior of one private line from its 30,000 public photos."""
    images, labels = context.sources.fashion_mnist("train")
    x = to_batch(images[np.isin(labels, public_labels(line))])
    torch.manual_seed(SEED)
    generator = models.build("prior", latent=LATENT).to(context.device)
    nets = {
        "generator": generator,
        "average": copy.deepcopy(generator).requires_grad_(False),
        "discriminator": discriminator_net().to(context.device),
    }
    for net in nets.values():
        net.to(memory_format=torch.channels_last)
    optimisers = {
        "generator": torch.optim.Adam(generator.parameters(), lr=RATE, betas=(0.5, 0.99)),
        "discriminator": torch.optim.Adam(nets["discriminator"].parameters(), lr=RATE, betas=(0.5, 0.99)),
    }
    path = context.work / f"prior-{line}.safetensors"
    note = checkpoint.restore(path, nets, optimisers) or {"epoch": 0, "seconds": 0.0}
    clock = Clock(note["seconds"])
    for epoch in range(note["epoch"], EPOCHS):
        # a seed of its own for each epoch: a resumed training draws the same numbers
        torch.manual_seed(SEED * 1000 + epoch)
        for optimiser in optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = RATE * min(1.0, 2 * (1 - epoch / EPOCHS))
        order = torch.randperm(len(x))
        for part in order[: len(x) // BATCH * BATCH].view(-1, BATCH):
            _step(x[part].to(context.device).to(memory_format=torch.channels_last), nets, optimisers)
            # the first epoch's weights are too far from the last's to be averaged in
            _follow(nets["average"], generator, AVERAGE_DECAY if epoch else 0.0)
        checkpoint.save(path, {"epoch": epoch + 1, "seconds": clock.seconds()}, nets, optimisers)
        context.report(f"Prior {line}", (epoch + 1) / EPOCHS)
    write_weights(
        context.pretrained, "catalogue", "prior", nets["average"].to(memory_format=torch.contiguous_format),
        architecture="prior", build={"latent": LATENT}, knobs={"private-line": line},
        recipe=f"catalogue-prior-{line}", seed=SEED, utility=None,
        details={
            "records": len(x),
            "classes": list(public_labels(line)),
            "batch": BATCH,
            "learning_rate": RATE,
            "epochs": EPOCHS,
            "training_seconds": round(clock.seconds(), 1),
            "device": context.device,
            "notes": {
                "en": "Draws garments of the five public classes; it never saw a private photo.",
                "ja": "公開5クラスの衣類を描く生成器。非公開の写真は一度も見ていません。",
            },
        },
    )  # fmt: skip
    path.unlink(missing_ok=True)


def _step(x: Tensor, nets: dict[str, nn.Module], optimisers: Mapping[str, torch.optim.Optimizer]) -> None:
    generator, discriminator = nets["generator"], nets["discriminator"]
    device = x.device.type
    # bfloat16 makes the convolutions about three times as fast where the CPU has it
    with torch.autocast(device, dtype=torch.bfloat16):
        drawn = generator(torch.randn(len(x), LATENT, device=x.device)).float()
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
