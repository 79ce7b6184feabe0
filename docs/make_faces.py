"""Draw the sheets of faces in the documentation.

python docs/make_faces.py people    everybody's portrait with the name
python docs/make_faces.py leaked    two private photos of eight people, and what each model gave away
python docs/make_faces.py learning  what the prior's recipe draws after its first steps (most of an hour)
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from loot import loot
from PIL import Image, ImageDraw
from sheets import INK, PAPER, font

from mi_studio.core import paths
from mi_studio.core.cards import library
from mi_studio.core.config import Device, labels_of
from mi_studio.core.knobs import Value
from mi_studio.core.pictures import PORTRAIT_COLUMNS, PORTRAITS
from mi_studio.engine import employees
from mi_studio.training.faces.names import read_names

FOLDER = Path(__file__).parent
CAPTION = 18

MODELS: dict[str, tuple[str, dict[str, Value]]] = {
    "undefended": ("face-net", {}),
    "MID": ("face-net", {"mid": "on"}),
    "BiDO": ("face-net", {"bido": "on"}),
    "neg. smoothing": ("face-net", {"neg-ls": "on"}),
    "TL-DMI": ("face-net", {"tl-dmi": "on"}),
    "ε = 8": ("face-net-pretrained", {"epsilon": 8.0}),
    "ε = 2": ("face-net-pretrained", {"epsilon": 2.0}),
    "ε = 0.5": ("face-net-pretrained", {"epsilon": 0.5}),
    "ε = 8, per person": ("face-net-person", {}),
}
TIMES = 2
BATCH, MARKS = 24, (0, 50, 100, 200, 300, 400)
LOSSES = ("adversary", "pixels", "features", "identity", "nats", "view nats", "all")


def people(device: Device) -> Image.Image:  # noqa: ARG001
    """Return everybody's portrait, ten in a row, each above its name."""
    with Image.open(paths.assets() / "face-login" / PORTRAITS) as portraits:
        portraits.load()
    side = portraits.width // PORTRAIT_COLUMNS
    names = read_names(paths.assets())
    step = side + CAPTION
    sheet = Image.new("RGB", (portraits.width, portraits.height // side * step), PAPER)
    pen = ImageDraw.Draw(sheet)
    for number, name in enumerate(names):
        row, column = divmod(number, PORTRAIT_COLUMNS)
        left, top = column * side, row * step
        box = (left, row * side, left + side, (row + 1) * side)
        sheet.paste(portraits.crop(box), (left, top))
        pen.text((left + side / 2, top + side + CAPTION / 2), name.get("en"), INK, font(11), anchor="mm")
    return sheet


def leaked(device: Device) -> Image.Image:
    """Return two private photos of eight people, and below them what each model gave away."""
    train, _ = employees.read_photos(paths.assets())
    who = list(labels_of(library().scene("face-login").targets[""], "eight"))
    rows = {"private photo": train[who, 1], "another": train[who, 6]}
    for name, (model, settings) in MODELS.items():
        rows[name] = loot(model=model, settings=settings, target="eight", device=device).pictures
    side, margin = employees.SIDE * TIMES, 195
    sheet = Image.new("RGB", (margin + len(who) * side, len(rows) * side), PAPER)
    pen = ImageDraw.Draw(sheet)
    for row, (name, pictures) in enumerate(rows.items()):
        pen.text((8, (row + 0.5) * side), name, INK, font(18), anchor="lm")
        strip = Image.fromarray(np.concatenate(list(pictures), 1))
        sheet.paste(strip.resize((len(who) * side, side), Image.Resampling.LANCZOS), (margin, row * side))
    return sheet


def learning(device: Device) -> Image.Image:  # noqa: ARG001
    """Return what the recipe of the prior draws after few steps, in small batches, and print its losses."""
    import torch

    from mi_studio.engine.models.faces import FacePrior
    from mi_studio.training.faces.dataset import read_public
    from mi_studio.training.faces.prior import first_lessons
    from mi_studio.training.recipe import Context
    from mi_studio.training.sources import Sources

    torch.set_num_threads(1)
    work = paths.cache_dir() / "training"
    context = Context(Sources(), paths.pretrained(), paths.assets(), work, "cpu", lambda *_: None)
    lessons = first_lessons(context, read_public(work), BATCH)
    lessons.keep.fill_(0.02)
    draws = torch.Generator().manual_seed(0)
    average = lessons.average
    assert isinstance(average, FacePrior)
    latents = torch.randn(12, average.latent, generator=draws)
    strips, losses = [], torch.zeros(len(lessons.seen))
    print("step  " + "  ".join(f"{name:>9}" for name in LOSSES))
    for done in range(MARKS[-1] + 1):
        if done in MARKS:
            with torch.no_grad():
                drawn = average.eval()(latents).clamp(0, 1).mul(255).byte().permute(0, 2, 3, 1).numpy()
            strips.append(np.concatenate(list(drawn), 1))
            if done:
                mean = losses / (done - MARKS[len(strips) - 2])
                print(f"{done:4}  " + "  ".join(f"{value:9.3f}" for value in mean.tolist()), flush=True)
            losses.zero_()
        lessons.step()
        if done % 8 == 0:
            lessons.penalise()
        losses += lessons.seen
    margin, side = 90, strips[0].shape[0]
    sheet = Image.new("RGB", (margin + strips[0].shape[1], len(strips) * side), PAPER)
    pen = ImageDraw.Draw(sheet)
    for row, (mark, strip) in enumerate(zip(MARKS, strips, strict=True)):
        pen.text((8, (row + 0.5) * side), f"step {mark}", INK, font(13), anchor="lm")
        sheet.paste(Image.fromarray(strip), (margin, row * side))
    return sheet


SHEETS = {
    "people": (people, "faces.webp"),
    "leaked": (leaked, "faces_leaked.webp"),
    "learning": (learning, "faces_learning.webp"),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw the sheets of faces.")
    parser.add_argument("sheets", nargs="*", default=["people", "leaked"], help=f"some of {' '.join(SHEETS)}")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="for what is leaked")
    options = parser.parse_args()
    for wanted in options.sheets:
        make, name = SHEETS[wanted]
        make(options.device).save(FOLDER / name, "WEBP", quality=88, method=6)
        print(f"{name}: {(FOLDER / name).stat().st_size / 1000:.0f} kB")
