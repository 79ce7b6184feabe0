"""What attacks brought out, kept so that tables and sheets share the runs.

Some runs take minutes. Each is kept in the cache folder under everything that decides it: its
configuration, the weights, and the code of the attack; a change of any of them runs it again.
"""

from __future__ import annotations

import ast
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mi_studio.core import paths
from mi_studio.core.atomic import write_bytes
from mi_studio.core.cards import library
from mi_studio.core.config import Device, RunConfig, resolve
from mi_studio.core.knobs import Value
from mi_studio.core.step import Pictures
from mi_studio.core.weights import WeightsCard, weights_cards
from mi_studio.engine import Run

ATTACKS = "mi_studio.engine.attacks"
SEEDS = (101, 102, 103)
"""Seeds of the reported runs; none of them was used while settings were chosen."""


@dataclass(frozen=True)
class Loot:
    """What one run handed in.

    Attributes
    ----------
    pictures
        uint8 (targets, h, w, c).
    scores
        Metric id to one value for each target.
    utility
        What the attacked model is worth, by its scene's own measure; not a number where nothing is measured.
    """

    config: RunConfig
    pictures: Pictures
    scores: dict[str, NDArray[np.float64]]
    base: dict[str, float]
    utility: float
    seconds: float
    queries: int


def loot(
    scene: str = "face-login", *, model: str | None = None, attack: str | None = None, target: str = "all",
    seed: int = SEEDS[0], settings: Mapping[str, Value] | None = None, device: Device = "cpu",
) -> Loot:  # fmt: skip
    """Return what an attack brings out, from the cache if it has been run before on such a device."""
    config = resolve(
        scene, model=model, attack=attack, target=target, seed=seed, settings=settings, device=device
    )
    path = paths.cache_dir() / "docs" / f"{_key(config)}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        run = Run(config)
        for step in run:
            if step.index % 20 == 0:
                print(f"  {config.scene} {config.attack} {target} {seed}: step {step.index}", flush=True)
        _keep(path, run)
    with np.load(path) as kept:
        return Loot(
            config,
            kept["pictures"],
            {k.removeprefix("score/"): kept[k] for k in kept if k.startswith("score/")},
            {k.removeprefix("base/"): float(kept[k]) for k in kept if k.startswith("base/")},
            float(kept["utility"]),
            float(kept["seconds"]),
            int(kept["queries"]),
        )


def _keep(path: Path, run: Run) -> None:
    numbers = {
        "utility": run.utility.value if run.utility else float("nan"),
        "seconds": run.history.last.seconds,
        "queries": run.history.last.queries,
    }
    arrays: dict[str, Any] = {k: np.asarray(v) for k, v in numbers.items()}
    arrays |= {f"score/{k}": v for k, v in run.final_scores().items()}
    arrays |= {f"base/{k}": np.asarray(v) for k, v in run.base_rates.items()}
    buffer = io.BytesIO()
    np.savez(buffer, pictures=run.history.final.images, **arrays)
    write_bytes(path, buffer.getvalue())


def _key(config: RunConfig) -> str:
    parts = [
        config.key,
        config.device.removeprefix("cpu"),
        *(card.sha256 for card in weights_cards(config.scene) if _decides(card, config)),
    ]
    code = sorted(_code(library().attack(config.attack).folder / "__init__.py"))
    parts += [hashlib.sha256(path.read_bytes()).hexdigest() for path in code]
    return hashlib.sha256("".join(parts).encode()).hexdigest()[:20]


def _code(path: Path) -> set[Path]:
    """Return a module of an attack and the other modules of attacks that it stands on."""
    found, attacks = {path}, paths.PACKAGE / "engine" / "attacks"
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(ATTACKS):
            continue
        within = attacks.joinpath(*(node.module or "").removeprefix(ATTACKS).split("."))
        for module in (within, *(within / alias.name for alias in node.names)):
            found |= {p for p in (module.with_suffix(".py"), module / "__init__.py") if p.exists()}
    return found.union(*(_code(p) for p in found - {path, attacks / "__init__.py"}))


def _decides(card: WeightsCard, config: RunConfig) -> bool:
    """Say whether a run uses these weights: its model's with its knobs, and what every run needs."""
    if card.model not in {m.id for m in library().scene(config.scene).models}:
        return True
    return card.model == config.model and all(config.values.get(k) == v for k, v in card.knobs.items())


def pooled(loots: Iterable[Loot], score: str) -> NDArray[np.float64]:
    """Return a score of several runs, one below the other: (runs, targets)."""
    return np.stack([loot.scores[score] for loot in loots])
