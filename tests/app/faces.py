"""A stage full of faces: the face login's people and photos behind a stand-in for its attack.

python tests/app/faces.py FOLDER writes what it looks like as PNG, in languages, themes and sizes.
"""

from __future__ import annotations

import math
import os
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fakes import Clock, FakeEngine, FakeRun
from PIL import Image, ImageFilter

from mi_studio.core import paths
from mi_studio.core.cards import Library, Model, Target, library
from mi_studio.core.config import RunConfig
from mi_studio.core.knobs import Knob, Stop
from mi_studio.core.step import Pictures, Step, View
from mi_studio.core.text import Text
from mi_studio.core.weights import Utility
from mi_studio.studio.presenter import Presenter
from mi_studio.studio.session import Session
from mi_studio.studio.targets import members
from mi_studio.training.faces.names import read_names

EIGHT = (0, 7, 13, 20, 27, 33, 38, 57)
SIZES = ((1280, 800), (1920, 1080), (1000, 640))


@cache
def cards() -> Library:
    """All cards, and a scene with sixty people and models that are trained in different ways."""
    known = library()
    catalogue = known.scene("catalogue")
    people = [
        Target(n.en.lower().replace(" ", "-"), n, (i,)) for i, n in enumerate(read_names(paths.assets()))
    ]
    eight = Target("eight", Text("Eight people", "8人"), EIGHT)
    scene = replace(
        catalogue,
        id="face-login",
        order=1,
        title=Text("Face login", "顔ログイン"),
        provides=("prior",),
        models=(
            Model(
                "face-net",
                Text("small face net", "小型の顔モデル"),
                Text("Small.", "小型です。"),
                ("mid", "bido", "neg-ls", "tl-dmi"),
            ),
            Model("resnet-18", Text("ResNet-18", "ResNet-18"), Text("Deep.", "深層です。")),
            Model(
                "face-net-pretrained",
                Text("pre-trained face net", "事前学習済みの顔モデル"),
                Text("Ready.", "既製です。"),
                ("dp-grid",),
            ),
        ),
        targets_by="",
        targets={"": (*people, eight)},
        targets_are="person",
        caveat=Text(
            "private and public faces come from one renderer, which helps the attacker",
            "非公開と公開の顔は同じ描画プログラムによるもので、攻撃者に有利な条件",
        ),
        knobs=(
            Knob(
                "effort",
                Text("Attacker's effort", "攻撃の規模"),
                Text("How much computing the attacker spends.", "攻撃者が費やす計算の量です。"),
                (
                    Stop("quick", Text("quick", "簡易")),
                    Stop("thorough", Text("thorough", "徹底")),
                ),
                "quick",
                None,
                False,
                False,
            ),
        ),
        preset=replace(catalogue.preset, model="face-net", target="eight", recording=""),
    )
    return replace(known, scenes=(scene, *known.scenes))


@cache
def photos(label: int) -> Pictures:
    """All photos (48, 64, 64, 3) of a person."""
    with Image.open(paths.assets() / "face-login" / "private" / f"{label:02}.webp") as sheet:
        grid = np.asarray(sheet.convert("RGB")).reshape(6, 64, 8, 64, 3)
    return grid.swapaxes(1, 2).reshape(48, 64, 64, 3)


class FaceRun(FakeRun):
    """An attack in which faces sharpen."""

    LIMIT = 40
    CARDS = cards()
    PER_CENT = 93

    def __init__(self, config: RunConfig, picture: Pictures | None = None) -> None:
        super().__init__(config, picture)
        group = self.CARDS.scene(config.scene).targets_for(self.values)
        self.people = members(group, config.target)
        self.secret = np.stack([photos(t.labels[0])[0] for t in self.people])
        self.utility = Utility("accuracy", 0.996, 480)

    def _step(self, index: int) -> Step:
        done = 1 - math.exp(-3 * index / self.total)
        images = []
        for target in self.people:
            mine, other = photos(target.labels[0])[5], photos((target.labels[0] + 17) % 60)[3]
            mixed = Image.fromarray((done * mine + (1 - done) * other).astype(np.uint8))
            images.append(np.asarray(mixed.filter(ImageFilter.GaussianBlur(3 * (1 - done) + 0.4))))
        named = [(t.title.en, 0.9 - 0.2 * i if i < 4 else 0.0) for i, t in enumerate(self.people[:5])]
        return replace(super()._step(index), images=np.stack(images), view=View("scores", tuple(named)))

    def _scores(self, index: int) -> dict[str, float]:
        done = 1 - math.exp(-3 * index / self.total)
        top = self.PER_CENT / 100 * done if len(self.secret) > 1 else float(done > 0.5)
        return {"evaluator_top1": top, "distance_same": 1.3 - done, "distance_other": 0.9}

    def result(self) -> dict[str, Any]:
        document, n = super().result(), len(self.secret)
        base = {"evaluator_top1": 0.02, "distance_same": 1.26, "distance_other": 0.65}
        for name, score in document["scores"].items():
            score |= {"n": n, "base_rate": base[name]}
        share = document["scores"]["evaluator_top1"]
        if n > 1:
            spread = 2 * math.sqrt(share["value"] * (1 - share["value"]) / n) + 0.02
            share["ci95"] = [share["value"] - spread, share["value"] + spread / 2]
            document["scores"]["evaluator_top5"] = {"value": 0.98, "n": n}
        return document

    def original(self) -> Pictures:
        return np.stack([photos(t.labels[0])[8] for t in self.people])


def session(target: str = "eight", steps: int = 40, **settings: str) -> Session:
    """A session in which faces were attacked for some steps, with a twin where a setting protects."""
    engine, clock = FakeEngine(FaceRun), Clock()
    made = Session(engine, clock, scene="face-login", among=cards(), shipped=lambda _: None)
    made.intent.pick("target", target)
    if "model" in settings:
        made.intent.pick("model", settings.pop("model"))
    for knob, value in settings.items():
        made.intent.turn(knob.replace("_", "-"), value)
    if steps:
        made.start()
    for _ in range(steps + 2 if steps >= 40 else steps):
        engine.work()
        clock.pass_(0.1)
        made.tick()
    return made


def main(folder: Path) -> None:
    """Write the pictures."""
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    from mi_studio.app import theme
    from mi_studio.app.screenshot import _taken
    from mi_studio.app.window import MainWindow

    app = QApplication(sys.argv[:1])
    theme.load_fonts(app)
    shown = {
        "start": lambda: session(steps=0),
        "eight": lambda: session(steps=24),
        "eight-end": session,
        "eight-mid": lambda: session(mid="on"),
        "all": lambda: session("all", 24),
        "all-end": lambda: session("all"),
        "all-mid": lambda: session("all", mid="on"),
        "one": lambda: session("naoki-shirakawa"),
        "resnet": lambda: session(model="resnet-18"),
    }
    only = sys.argv[2:]
    for name, made in shown.items():
        if only and name not in only:
            continue
        made = made()
        for language, look in (("en", "light"), ("ja", "dark")):
            for size in SIZES:
                theme.apply(app, look)
                window = MainWindow(language, look)
                window.resize(*size)
                window.show()
                window.show_view(Presenter(made, language).view())
                for _ in range(8):
                    app.processEvents()
                window.show_view(Presenter(made, language).view())
                for _ in range(8):
                    app.processEvents()
                kept = folder / f"{name}-{language}-{size[0]}.png"
                window.grab().save(str(kept))
                if name == "eight-end":
                    window.row._enlarge(3)
                    for _ in range(4):
                        app.processEvents()
                    window.grab().save(str(kept.with_stem(f"{kept.stem}-large")))
                if name == "start":
                    _taken(window, "target").save(str(kept.with_stem(f"{kept.stem}-picker")))
                window.close()
                window.deleteLater()
                QCoreApplication.sendPostedEvents(window, QEvent.Type.DeferredDelete)


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    main(Path(sys.argv[1]))
