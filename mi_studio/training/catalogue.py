"""Catalogue scene: contact sheets, the independent evaluator, and what the victims' recipes share."""

from __future__ import annotations

import io

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.core.atomic import write_bytes
from mi_studio.core.weights import Utility
from mi_studio.engine import models
from mi_studio.engine.splits import private_labels, subset
from mi_studio.training import checkpoint
from mi_studio.training.recipe import Clock, Context
from mi_studio.training.sources import FASHION_NAMES
from mi_studio.training.writing import write_weights

PER_CLASS_SMALL = 400
EVALUATOR_SEED = 7
EVALUATOR_EPOCHS = 8
EVALUATOR_BATCH = 128
EVALUATOR_RATE = 3e-3
REACH = 1.0
"""Pixels by which a training photo is moved at most, either way."""
NOISE = 0.1
"""Greatest standard deviation of the noise on it, of a range of 1."""
ATTACK_SIZE = 8 / 255
"""By how much an adversarial training photo differs at most in each pixel, of a range of 1.

Three times as much cost the judge seven of a hundred test photos.
"""


def to_batch(images: NDArray[np.uint8]) -> Tensor:
    """Return ``float32 (n, 1, h, w)`` in ``[0, 1]`` for photos ``uint8 (n, h, w)``."""
    return torch.from_numpy(images.astype(np.float32) / 255)[:, None]


def private_set(
    images: NDArray[np.uint8], labels: NDArray[np.int64], line: str, per_class: int
) -> tuple[Tensor, Tensor]:
    """Return the private photos ``(n, 1, 28, 28)`` and their class indices ``(n,)``."""
    parts, classes = [], []
    for index, label in enumerate(private_labels(line)):
        of_class = images[labels == label]
        parts.append(of_class[subset(label, len(of_class), min(per_class, len(of_class)))])
        classes.append(np.full(len(parts[-1]), index))
    return to_batch(np.concatenate(parts)), torch.from_numpy(np.concatenate(classes))


@torch.no_grad()
def accuracy(net: nn.Module, images: Tensor, classes: Tensor) -> Utility:
    """Return the share of images ``(n, c, h, w)`` whose highest logit is their class ``(n,)``."""
    was = net.training
    net.eval()
    right = sum(
        int(torch.sum(net(x).argmax(1) == y))
        for x, y in zip(torch.split(images, 500), torch.split(classes, 500), strict=True)
    )
    net.train(was)
    return Utility("test_accuracy", right / len(images), len(images))


def write_sheets(context: Context) -> None:
    """Write the contact sheets: all test photos, and the photos of the smaller private set."""
    train, train_labels = context.sources.fashion_mnist("train")
    test, test_labels = context.sources.fashion_mnist("t10k")
    for label, name in enumerate(FASHION_NAMES):
        of_class = train[train_labels == label]
        reference = of_class[subset(label, len(of_class), PER_CLASS_SMALL)]
        for folder, tiles, columns in (
            ("test", test[test_labels == label], 40),
            ("reference", reference, 20),
        ):
            rows = tiles.reshape(-1, columns, 28, 28).swapaxes(1, 2).reshape(-1, columns * 28)
            buffer = io.BytesIO()
            Image.fromarray(rows).save(buffer, "PNG", optimize=True)
            write_bytes(context.assets / "catalogue" / folder / f"{label}-{name}.png", buffer.getvalue())
        context.report(f"Contact sheets of {name}", (label + 1) / len(FASHION_NAMES))


def train_evaluator(context: Context) -> None:
    """Train the judge on all 60,000 training photos, disturbed and half of them adversarial, and write it.

    A network trained on photos alone takes textures for garments. One that must also name photos
    that were changed to mislead it (Madry et al., ICLR 2018, arXiv 1706.06083) has to look at shapes:
    its features follow what people see more closely (Engstrom et al. 2019, arXiv 1906.00945).
    """
    train, train_labels = context.sources.fashion_mnist("train")
    test, test_labels = context.sources.fashion_mnist("t10k")
    x, y = to_batch(train), torch.from_numpy(train_labels)
    torch.manual_seed(EVALUATOR_SEED)
    net = models.build("evaluator").to(context.device).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=EVALUATOR_RATE, weight_decay=0.02)
    path = context.work / "evaluator.safetensors"
    note = checkpoint.restore(path, {"net": net}, {"opt": optimiser}) or {"epoch": 0, "seconds": 0.0}
    clock = Clock(note["seconds"])
    steps = len(x) // EVALUATOR_BATCH
    for epoch in range(note["epoch"], EVALUATOR_EPOCHS):
        # a generator of its own for each epoch: a resumed training draws the same numbers
        generator = torch.Generator().manual_seed(EVALUATOR_SEED * 1000 + epoch)
        net.train()
        order = torch.randperm(len(x), generator=generator)
        for step in range(steps):
            part = order[step * EVALUATOR_BATCH : (step + 1) * EVALUATOR_BATCH]
            done = (epoch + step / steps) / EVALUATOR_EPOCHS
            for group in optimiser.param_groups:
                group["lr"] = EVALUATOR_RATE * min(1.0, 10 * done + 0.02) * (1 - done)
            images = disturbed(flipped(x[part], generator), generator)
            start = ATTACK_SIZE * (2 * torch.rand((len(part) // 2, *x.shape[1:]), generator=generator) - 1)
            images = images.to(context.device, memory_format=torch.channels_last)
            labels, half = y[part].to(context.device), len(start)
            fooling = misleading(net, images[:half], labels[:half], start.to(images.device))
            loss = _loss(net, torch.cat([fooling, images[half:]]), labels)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
        checkpoint.save(
            path, {"epoch": epoch + 1, "seconds": clock.seconds()}, {"net": net}, {"opt": optimiser}
        )
        context.report("Catalogue evaluator", (epoch + 1) / EVALUATOR_EPOCHS)
    net = net.cpu().to(memory_format=torch.contiguous_format)
    utility = accuracy(net, to_batch(test), torch.from_numpy(test_labels))
    write_weights(
        context.pretrained, "catalogue", "evaluator", net,
        architecture="evaluator", build={}, knobs={}, recipe="catalogue-evaluator", seed=EVALUATOR_SEED,
        utility=utility,
        details={
            "records": len(x),
            "batch": EVALUATOR_BATCH,
            "learning_rate": EVALUATOR_RATE,
            "epochs": EVALUATOR_EPOCHS,
            "adversarial": {"share": 0.5, "size": round(ATTACK_SIZE, 4), "steps": 1},
            "training_seconds": round(clock.seconds(), 1),
            "device": context.device,
            "notes": {
                "en": "Judges reconstructions; no attack sees it. Trained on all ten classes, so also on "
                "the private photos; on moved, blurred and noisy ones, half of them changed to mislead it.",
                "ja": "再構成画像の判定用。どの攻撃からも見えません。全10クラスで学習したため、"
                "非公開の写真も学習に含まれます。位置のずれ、ぼかし、ノイズを加えた写真を使い、"
                "その半数は判定を誤らせるように変えて学習しました。",
            },
        },
    )  # fmt: skip
    path.unlink(missing_ok=True)


def flipped(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return images ``(n, c, h, w)``, each mirrored with probability one half."""
    flip = torch.rand(len(images), generator=generator) < 0.5
    return torch.where(flip[:, None, None, None], images.flip(-1), images)


def disturbed(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return images ``(n, c, h, w)`` in ``[0, 1]``, all moved, one in four blurred, one in two noisy.

    They move by up to `REACH`, blurring takes boxes of 3x3 pixels, and noise goes up to `NOISE`.
    """
    count, _, height, width = images.shape
    place = torch.eye(2, 3).repeat(count, 1, 1)
    shift = 2 * torch.rand((count, 2), generator=generator) - 1
    place[:, :, 2] = shift * REACH * 2 / torch.tensor([width, height])
    grid = F.affine_grid(place, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="zeros", align_corners=False)
    blur, noisy, amount = torch.rand((3, count, 1, 1, 1), generator=generator)
    moved = torch.where(blur < 0.25, F.avg_pool2d(moved, 3, 1, 1), moved)
    noise = torch.randn(moved.shape, generator=generator) * amount * NOISE
    return torch.where(noisy < 0.5, moved + noise, moved).clamp(0, 1)


def misleading(net: nn.Module, images: Tensor, labels: Tensor, start: Tensor) -> Tensor:
    """Return images that differ by at most `ATTACK_SIZE` in each pixel and mislead ``net``.

    One signed step up the loss from a random start (Wong et al., ICLR 2020, arXiv 2001.03994).

    Parameters
    ----------
    net
        Is looked at in evaluation mode, that is as it will judge, and put back as it was.
    start
        The first change to ``images`` ``(n, c, h, w)``, within `ATTACK_SIZE`.
    """
    was = net.training
    net.eval()
    begun = (images + start).clamp(0, 1).detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(_loss(net, begun, labels), begun)
    net.train(was)
    change = (start + 1.25 * ATTACK_SIZE * slope.sign()).clamp(-ATTACK_SIZE, ATTACK_SIZE)
    return (images + change).clamp(0, 1).detach()


def _loss(net: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    # bfloat16 makes the convolutions twice as fast where the CPU has it
    with torch.autocast(images.device.type, dtype=torch.bfloat16):
        logits = net(images)
    return F.cross_entropy(logits.float(), labels)
