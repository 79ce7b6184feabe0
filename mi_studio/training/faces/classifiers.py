"""Who is on the photo: the face login, and the independent judge of what is stolen from it."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.engine import models
from mi_studio.training import checkpoint
from mi_studio.training.catalogue import accuracy, flipped
from mi_studio.training.faces.dataset import Photos, read_private
from mi_studio.training.recipe import Clock, Context
from mi_studio.training.writing import write_weights

SEED = 5
BATCH = 96
WARM_UP = 0.1
"""Share of the training in which the learning rate rises; then it falls as a cosine."""
EPOCHS = 48
RATE = 2e-3
WEIGHT_DECAY = 0.01

SCALE, MOVE, COLOUR = 0.08, 0.05, 0.12
"""Standard deviations by which a training photo is zoomed, moved (of its half side) and coloured."""


def to_batch(photos: Photos) -> Tensor:
    """Return ``float32 (n, 3, 64, 64)`` in ``[0, 1]`` for photos ``uint8 (..., 64, 64, 3)``."""
    flat = torch.from_numpy(photos.reshape(-1, *photos.shape[-3:]))
    return flat.permute(0, 3, 1, 2).contiguous().float() / 255


def varied(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return images ``(n, 3, h, w)`` mirrored, zoomed, moved and coloured a little, each in its own way."""
    count = len(images)

    def draw(*shape: int) -> Tensor:
        return torch.randn((count, *shape), generator=generator)

    zoom = 1 + SCALE * draw().clamp(-2, 2)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = zoom
    theta[:, :, 2] = MOVE * draw(2)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    seen = F.grid_sample(
        flipped(images, generator), grid.to(images.device), padding_mode="reflection", align_corners=False
    )
    light, shade, tint = draw(1, 1, 1), draw(1, 1, 1), draw(3, 1, 1)
    return ((1 + COLOUR * light) * (seen - 0.5) + 0.5 + COLOUR / 2 * (shade + 0.4 * tint)).clamp(0, 1)


def fit(net: nn.Module, photos: Photos, context: Context, name: str, epochs: int = EPOCHS) -> float:
    """Teach ``net`` whose photos they are, ``(people, each, 64, 64, 3)``; return the seconds it took.

    A training that was killed goes on after its last whole epoch.
    """
    images = to_batch(photos)
    people = torch.arange(len(photos)).repeat_interleave(photos.shape[1])
    net.to(context.device).to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
    path = context.work / f"{name}.safetensors"
    note = checkpoint.restore(path, {"net": net}, {"opt": optimiser}) or {"epoch": 0, "seconds": 0.0}
    clock = Clock(note["seconds"])
    batch_size = min(BATCH, len(images))
    steps = len(images) // batch_size
    for epoch in range(note["epoch"], epochs):
        # a generator of its own for each epoch: a resumed training draws the same numbers
        generator = torch.Generator().manual_seed(SEED * 1000 + epoch)
        order = torch.randperm(len(images), generator=generator)[: steps * batch_size]
        for step, part in enumerate(order.view(steps, batch_size)):
            done = (epoch + step / steps) / epochs
            for group in optimiser.param_groups:
                group["lr"] = RATE * min(1.0, done / WARM_UP + 0.02) * (0.5 + 0.5 * math.cos(math.pi * done))
            batch = varied(images[part], generator).to(context.device, memory_format=torch.channels_last)
            # bfloat16 makes convolutions about three times as fast where the processor has it
            with torch.autocast(context.device, dtype=torch.bfloat16):
                logits = net(batch)
            optimiser.zero_grad()
            torch.autograd.backward(F.cross_entropy(logits.float(), people[part].to(context.device)))
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
        note = {"epoch": epoch + 1, "seconds": clock.seconds()}
        checkpoint.save(path, note, {"net": net}, {"opt": optimiser})
        context.report(name, (epoch + 1) / epochs)
    net.cpu().to(memory_format=torch.contiguous_format).eval()
    path.unlink(missing_ok=True)
    return float(note["seconds"])


def train_target(context: Context) -> None:
    """Train and write the face login of 60 people from 40 photos of each."""
    train, test = read_private(context.assets)
    torch.manual_seed(SEED)
    net = models.build("face-net", classes=len(train))
    seconds = fit(net, train, context, "face-login-target")
    people = torch.arange(len(test)).repeat_interleave(test.shape[1])
    write_weights(
        context.pretrained, "face-login", "face-net", net,
        architecture="face-net", build={"classes": len(train)}, knobs={}, recipe="face-login-target",
        seed=SEED, utility=accuracy(net, to_batch(test), people),
        details={
            "records": train.shape[0] * train.shape[1],
            "batch": BATCH,
            "learning_rate": RATE,
            "epochs": EPOCHS,
            "training_seconds": round(seconds, 1),
            "device": context.device,
            "notes": {
                "en": "Knows 60 fictional people from 40 photos of each.",
                "ja": "架空の60人を、1人40枚の写真から学習しました。",
            },
        },
    )  # fmt: skip
