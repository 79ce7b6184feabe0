"""Priors of the catalogue scene: generators trained on the five public classes only.

A VAE-GAN (Larsen et al., ICML 2016, arXiv 1512.09300): an encoder keeps the generator varied, a
discriminator keeps it crisp, and reconstructions are compared in the discriminator's features as well
as in pixels. The discriminator is spectrally normalised with a hinge loss (Miyato et al., ICLR 2018,
arXiv 1802.05957), and the running average of the generator's weights is what is written.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.utils.parametrizations import spectral_norm

from mi_studio.engine import models
from mi_studio.engine.splits import LINES, public_labels
from mi_studio.training import checkpoint
from mi_studio.training.catalogue import to_batch
from mi_studio.training.recipe import Clock, Context
from mi_studio.training.writing import write_weights

SEED = 11
EPOCHS = 16
BATCH = 128
RATE = 5e-4
LATENT = 64
PIXEL_WEIGHT, FEATURE_WEIGHT, KL_WEIGHT, ADVERSARIAL_WEIGHT = 3.0, 10.0, 1.0, 8.0
AVERAGE_DECAY = 0.998


class Encoder(nn.Module):
    """Half of the VAE: from images to the distribution of their latents."""

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 32, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(32, 64, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(64),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(64 * 7 * 7, 2 * latent),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance, each ``(n, latent)``, of images ``(n, 1, 28, 28)`` in ``[0, 1]``."""
        mean, log_variance = self.body(x * 2 - 1).float().chunk(2, dim=1)
        return mean, log_variance.clamp(-8, 4)


class Discriminator(nn.Module):
    """Tells drawn garments from photographs."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            spectral_norm(nn.Conv2d(1, 32, 4, stride=2, padding=1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(32, 64, 4, stride=2, padding=1)),
            nn.LeakyReLU(0.2),
        )
        self.rest = nn.Sequential(
            spectral_norm(nn.Conv2d(64, 128, 3, stride=2, padding=1)),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            spectral_norm(nn.Linear(128 * 4 * 4, 1)),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return realness ``(n,)`` and features ``(n, 3136)`` of images ``(n, 1, 28, 28)`` in ``[0, 1]``."""
        inner = self.features(x * 2 - 1)
        return self.rest(inner).float().flatten(), inner.float().flatten(1)


def train_priors(context: Context) -> None:
    """Train and write the prior of each private line."""
    for done, line in enumerate(LINES):
        train_prior(context, line, done / len(LINES), 1 / len(LINES))


def train_prior(context: Context, line: str, before: float = 0.0, share: float = 1.0) -> None:
    """Train and write the prior of one private line from its 30,000 public photos."""
    images, labels = context.sources.fashion_mnist("train")
    x = to_batch(images[np.isin(labels, public_labels(line))])
    torch.manual_seed(SEED)
    generator = models.build("prior", latent=LATENT).to(context.device)
    nets = {
        "generator": generator,
        "average": copy.deepcopy(generator).requires_grad_(False),
        "encoder": Encoder(LATENT).to(context.device),
        "discriminator": Discriminator().to(context.device),
    }
    for net in nets.values():
        net.to(memory_format=torch.channels_last)
    optimisers = {
        "makers": torch.optim.Adam(
            [*generator.parameters(), *nets["encoder"].parameters()], lr=RATE, betas=(0.5, 0.99)
        ),
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
        checkpoint.save(path, {"epoch": epoch + 1, "seconds": clock.seconds()}, nets, optimisers)
        context.report(f"Prior {line}", before + share * (epoch + 1) / EPOCHS)
    write_weights(
        context.pretrained, "catalogue", "prior", nets["average"].to(memory_format=torch.contiguous_format),
        architecture="prior", build={"latent": LATENT}, knobs={"private-line": line},
        recipe="catalogue-priors", seed=SEED, utility=None,
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
    z = torch.randn(len(x), LATENT, device=x.device)
    # bfloat16 makes the generator's convolutions about three times as fast where the CPU has it
    with torch.autocast(device, dtype=torch.bfloat16):
        mean, log_variance = nets["encoder"](x)
        latent = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        made = generator(torch.cat([latent, z])).float()
        real_score, _ = discriminator(x)
        fake_score, _ = discriminator(made.detach())
        loss = F.relu(1 - real_score).mean() + F.relu(1 + fake_score).mean()
    optimisers["discriminator"].zero_grad()
    torch.autograd.backward(loss)
    optimisers["discriminator"].step()

    discriminator.requires_grad_(False)
    with torch.autocast(device, dtype=torch.bfloat16):
        fake_score, fake_features = discriminator(made)
        with torch.no_grad():
            _, real_features = discriminator(x)
    pixels = (made[: len(x)] - x).square().sum((1, 2, 3)).mean()
    features = (fake_features[: len(x)] - real_features).square().sum(1).mean()
    divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
    loss = (
        PIXEL_WEIGHT * pixels
        + FEATURE_WEIGHT * features
        + KL_WEIGHT * divergence
        - ADVERSARIAL_WEIGHT * fake_score.mean()
    )
    optimisers["makers"].zero_grad()
    torch.autograd.backward(loss)
    optimisers["makers"].step()
    discriminator.requires_grad_(True)
    with torch.no_grad():
        for slow, fast in zip(
            nets["average"].state_dict().values(), generator.state_dict().values(), strict=True
        ):
            if slow.is_floating_point():
                slow.lerp_(fast, 1 - AVERAGE_DECAY)
            else:
                slow.copy_(fast)
