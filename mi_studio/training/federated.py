"""Federated scene: the sample pictures and the client's models.

The client learns to tell from which of eight photographs a random crop comes. The same eight
photographs give the training and the test crops; only the crops differ, so a test accuracy says that
the model learned its task, not that it knows cats from rockets.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageEnhance
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from mi_studio.core.atomic import write_bytes, write_text
from mi_studio.engine import models
from mi_studio.training.classifier import accuracy
from mi_studio.training.recipe import Clock, Context
from mi_studio.training.sheets import exact_webp, grid, png
from mi_studio.training.sources import PHOTOGRAPHS
from mi_studio.training.writing import file_name, halved, write_weights

SIDE = 64
SIZES = (32, 64)
ARCHITECTURES = ("strided-cnn", "pooled-cnn", "sigmoid-net")
HALVED = ("sigmoid-net",)
"""Written as float16."""

SEED = 3
TEST_SEED = 4
TRAIN_CROPS = 300
TEST_ROWS, TEST_COLUMNS = 4, 8
BATCH = 32
LEARNING_RATE = 1e-3

#: steps of Adam after which a model is written
PROGRESS = {"fresh": 0, "early": 10, "converged": 1500}

#: picture -> photograph and its square crop (left, top, side)
PICTURES = {
    "cat": ("cat", 50, 0, 300),
    "cat-eyes": ("cat", 110, 50, 200),
    "coffee": ("coffee", 80, 0, 400),
    "coffee-cup": ("coffee", 175, 5, 240),
    "rocket": ("rocket", 150, 60, 360),
    "retina": ("retina", 0, 0, 1411),
    "tissue": ("tissue", 215, 300, 210),
    "galaxies": ("galaxies", 600, 380, 220),
    "temple": ("temple", 10, 20, 380),
    "temple-roof": ("temple", 95, 20, 220),
    "flower": ("flower", 150, 70, 310),
    "flower-heart": ("flower", 228, 140, 160),
}


@dataclass(frozen=True)
class Origin:
    """Author, licence and first source of a photograph, as its wheel states them."""

    title: str
    author: str
    licence: str
    url: str


_CC0 = "CC0-1.0"
_BY = "CC-BY-2.0"
ORIGINS = {
    "cat": Origin(
        "Chelsea the cat", "Stefan van der Walt", _CC0, "https://github.com/scikit-image/scikit-image"
    ),
    "coffee": Origin(
        "Coffee cup, courtesy of Pikolo Espresso Bar",
        "Rachel Michetti",
        _CC0,
        "https://github.com/scikit-image/scikit-image",
    ),
    "rocket": Origin(
        "Launch of DSCOVR on Falcon 9",
        "SpaceX",
        "public domain",
        "https://www.flickr.com/photos/spacexphotos/16511594820/",
    ),
    "retina": Origin(
        "Fundus photograph of a normal left eye",
        "Mikael Häggström",
        _CC0,
        "https://commons.wikimedia.org/wiki/File:Fundus_photograph_of_normal_left_eye.jpg",
    ),
    "tissue": Origin(
        "Colonic glands, immunohistochemical staining",
        "Center for Microscopy And Molecular Imaging (CMMI)",
        "no known copyright restrictions",
        "https://github.com/scikit-image/scikit-image",
    ),
    "galaxies": Origin(
        "Hubble eXtreme Deep Field",
        "NASA",
        "public domain",
        "http://hubblesite.org/newscenter/archive/releases/2012/37/image/a/",
    ),
    "temple": Origin(
        "Temple in China (china.jpg)",
        "danielbuechele",
        _BY,
        "https://www.flickr.com/photos/danielbuechele/6061409035/",
    ),
    "flower": Origin(
        "Flower (flower.jpg)",
        # the wheel's README names danielbuechele by a slip and links to vultilion's page
        "vultilion",
        _BY,
        "https://www.flickr.com/photos/vultilion/6056698931/",
    ),
}


def crops(photographs: dict[str, NDArray[np.uint8]], each: int, seed: int) -> NDArray[np.uint8]:
    """Return random crops of 25 to 100 % of each photograph's short side, flipped and recoloured a little.

    Returns
    -------
    numpy.ndarray
        ``uint8 (8 * each, 64, 64, 3)``, photograph after photograph.
    """
    generator = np.random.default_rng(seed)
    result = np.empty((len(photographs), each, SIDE, SIDE, 3), np.uint8)
    for index, pixels in enumerate(photographs.values()):
        whole = Image.fromarray(pixels)
        for number in range(each):
            side = int(min(whole.size) * generator.uniform(0.25, 1.0))
            left = int(generator.integers(whole.width - side + 1))
            top = int(generator.integers(whole.height - side + 1))
            # reducing_gap: first shrink by whole pixels, which is much faster for large photographs
            crop = whole.resize(
                (SIDE, SIDE), Image.Resampling.BICUBIC, (left, top, left + side, top + side), reducing_gap=2.0
            )
            if generator.random() < 0.5:
                crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
                crop = change(crop).enhance(float(generator.uniform(0.85, 1.15)))
            result[index, number] = np.asarray(crop)
    return result.reshape(-1, SIDE, SIDE, 3)


def to_batch(pictures: NDArray[np.uint8], size: int) -> Tensor:
    """Return ``float32 (n, 3, size, size)`` in ``[0, 1]`` for pictures ``uint8 (n, 64, 64, 3)``."""
    x = torch.from_numpy(pictures.astype(np.float32) / 255).permute(0, 3, 1, 2).contiguous()
    return F.avg_pool2d(x, SIDE // size) if size < SIDE else x


def write_pictures(context: Context) -> None:
    """Write the sample pictures, their origins, and one sheet of test crops per class."""
    photographs = context.sources.photographs()
    folder = context.assets / "federated"
    for name, (source, left, top, side) in PICTURES.items():
        picture = Image.fromarray(photographs[source]).resize(
            (SIDE, SIDE), Image.Resampling.LANCZOS, (left, top, left + side, top + side)
        )
        write_bytes(folder / "pictures" / f"{name}.png", png(np.asarray(picture)))
    write_text(folder / "pictures" / "SOURCES.toml", _sources())
    test = crops(photographs, TEST_ROWS * TEST_COLUMNS, TEST_SEED)
    for name, tiles in zip(photographs, np.split(test, len(photographs)), strict=True):
        write_bytes(folder / "test" / f"{name}.webp", exact_webp(grid(tiles, TEST_COLUMNS)))
    context.report("Federated pictures", 1.0)


def read_test(assets: Path) -> tuple[NDArray[np.uint8], Tensor]:
    """Return the shipped test crops ``uint8 (n, 64, 64, 3)`` and their classes ``(n,)``."""
    parts = []
    for name in PHOTOGRAPHS:
        with Image.open(assets / "federated" / "test" / f"{name}.webp") as picture:
            sheet = np.asarray(picture.convert("RGB"))
        tiles = sheet.reshape(TEST_ROWS, SIDE, TEST_COLUMNS, SIDE, 3).swapaxes(1, 2)
        parts.append(tiles.reshape(-1, SIDE, SIDE, 3))
    return np.concatenate(parts), torch.arange(len(parts)).repeat_interleave(TEST_ROWS * TEST_COLUMNS)


def train_clients(context: Context) -> None:
    """Train each architecture at both picture sizes; write it fresh, after a few steps, and converged."""
    pictures = crops(context.sources.photographs(), TRAIN_CROPS, SEED)
    classes = torch.arange(len(PHOTOGRAPHS)).repeat_interleave(TRAIN_CROPS)
    test, test_classes = read_test(context.assets)
    pairs = [(architecture, size) for architecture in ARCHITECTURES for size in SIZES]
    for done, (architecture, size) in enumerate(pairs):
        x, test_x = to_batch(pictures, size), to_batch(test, size)
        build = {"size": size, "classes": len(PHOTOGRAPHS)}
        torch.manual_seed(SEED)
        net = models.build(architecture, **build).to(context.device)
        optimiser = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE)
        generator = torch.Generator().manual_seed(SEED)
        clock = Clock()
        for step in range(PROGRESS["converged"] + 1):
            for progress in (p for p, at in PROGRESS.items() if at == step):
                knobs: dict[str, float | str] = {"picture-size": size, "training-progress": progress}
                half = architecture in HALVED
                shipped = halved(deepcopy(net)).to(context.device) if half else net
                utility = accuracy(shipped, test_x.to(context.device), test_classes.to(context.device))
                write_weights(
                    context.pretrained, "federated", architecture, shipped,
                    architecture=architecture, build=build, knobs=knobs,
                    recipe="federated-clients", seed=SEED, utility=utility, half=half,
                    details={
                        "records": len(x),
                        "batch": BATCH,
                        "learning_rate": LEARNING_RATE,
                        "steps": step,
                        "training_seconds": round(clock.seconds(), 1),
                        "device": context.device,
                        "notes": NOTES,
                    },
                )  # fmt: skip
                said = f"{architecture} {file_name(knobs)}: accuracy {utility.value:.3f}"
                context.report(said, (done + step / PROGRESS["converged"]) / len(pairs))
            part = torch.randint(len(x), (BATCH,), generator=generator)
            loss = F.cross_entropy(net(x[part].to(context.device)), classes[part].to(context.device))
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()


NOTES = {
    "en": "Tells from which of eight photographs a crop comes; the test crops are other crops of the same "
    "photographs.",
    "ja": "切り抜きが8枚の写真のどれかを当てるモデル。テストには同じ写真の別の切り抜きを使います。",
}


def _sources() -> str:
    blocks = ["# Where each picture comes from. All are square crops, scaled to 64x64 pixels.\n"]
    for name, (source, left, top, side) in PICTURES.items():
        origin, (wheel, path) = ORIGINS[source], PHOTOGRAPHS[source]
        blocks.append(
            f'[{name}]\ntitle = "{origin.title}"\nauthor = "{origin.author}"\n'
            f'licence = "{origin.licence}"\nurl = "{origin.url}"\n'
            f'package = "{wheel.replace("_", "-")}"\nfile = "{path}"\n'
            f"crop = [{left}, {top}, {left + side}, {top + side}]\n"
            f"class = {list(PHOTOGRAPHS).index(source)}\n"
        )
    return "\n".join(blocks)
