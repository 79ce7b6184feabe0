"""Measure and write the tables in the documentation: ``make tables``.

Each table stands between ``<!-- table:NAME -->`` and ``<!-- end -->`` in a Markdown file under docs/
or in the README, below a line that names the command and the day it was made.

    python docs/make_tables.py                       all tables
    python docs/make_tables.py epsilon granularity   some
    python docs/make_tables.py federated --pictures DIR   with pictures of your own
    python docs/make_tables.py faces --device cuda        on a GPU; the searches then face everybody
    python docs/make_tables.py faces --thorough          with the thorough search on a processor too
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import re
import statistics
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from loot import SEEDS, Loot, loot, pooled
from numpy.typing import NDArray
from PIL import Image
from torch.nn.functional import avg_pool2d, cross_entropy

from mi_studio.core import atomic, paths
from mi_studio.core.cards import ACCESS_LEVELS, library
from mi_studio.core.config import Device, RunConfig, resolve, why_not_attack
from mi_studio.core.knobs import Value, plain
from mi_studio.core.metrics import METRICS
from mi_studio.core.weights import WeightsCard, find_weights, weights_cards
from mi_studio.engine import Run, employees, models
from mi_studio.engine.attacks import inverting_gradients
from mi_studio.engine.beforehand import read_bank
from mi_studio.engine.case import open_case
from mi_studio.engine.defenses import precode as precode_defense
from mi_studio.engine.judge import ClassJudge, as_images
from mi_studio.engine.sheets import read_sheets
from mi_studio.studio import effects as effects_of
from mi_studio.training import scans
from mi_studio.training.audit import audit_head
from mi_studio.training.catalogue import to_batch
from mi_studio.training.classifier import accuracy
from mi_studio.training.faces.private import LADDER, private_features
from mi_studio.training.recipe import Context
from mi_studio.training.sources import Sources

ROOT = Path(__file__).resolve().parent.parent
LINES = ("kin", "odd")
RECORDS = (30_000, 2_000)
CLASS_SCORES = ("evaluator_top1", "distance_same", "distance_other")
CLASS_SCORES_IN_WORDS = ("evaluator top-1", "distance same", "distance other")
MANY_SEEDS = tuple(range(101, 111))
"""Seeds of the reported runs; none of them was used while settings were chosen."""


def finished(config: RunConfig) -> Run:
    """Run to the end."""
    run = Run(config)
    for _ in run:
        pass
    return run


def result(config: RunConfig) -> dict[str, Any]:
    """Run to the end and return the result document."""
    return finished(config).result()


class Pool:
    """The final scores of several runs, (runs, targets)."""

    def __init__(self, runs: list[Run]) -> None:
        self.runs = runs
        scores = [run.final_scores() for run in runs]
        self._values = {name: np.stack([s[name] for s in scores]) for name in scores[0]}

    def mean(self, score: str, place: int | None = None) -> str:
        """Average a score over runs and targets, or over runs for the target in one place."""
        return f"{self._of(score, place).mean():.2f}"

    def closer(self, place: int | None = None) -> str:
        """Count the pictures that are nearer to their class's private photos than to any other's."""
        closer = self._of("distance_same", place) < self._of("distance_other", place)
        return f"{closer.sum()} of {closer.size}"

    def random(self, score: str) -> str:
        """Return what random pictures of the public prior score, averaged over the targets."""
        return f"{self.runs[0].base_rates[score]:.2f}"

    def _of(self, score: str, place: int | None) -> NDArray[np.float64]:
        values = self._values[score]
        return values if place is None else values[:, place]


def catalogue(attack: str, seeds: Iterable[int], target: str = "all", **settings: Value) -> Pool:
    """Attack the catalogue once for each seed."""
    named = {name.replace("_", "-"): value for name, value in settings.items()}
    return Pool(
        [finished(resolve("catalogue", attack=attack, target=target, seed=s, settings=named)) for s in seeds]
    )


def epsilon(options: argparse.Namespace) -> Iterator[list[str]]:  # noqa: ARG001
    """ε × size of the private set: what it costs and what latent search still gets (5 classes, 3 seeds)."""
    head = "private line|private records|ε|test accuracy|evaluator top-1|distance same|distance other"
    yield [*head.split("|"), "same < other"]
    grid = [s.value for s in library().defense("dp-training").knob.stops]
    for line in LINES:
        for records in RECORDS:
            for value in grid:
                found = catalogue(
                    "latent-search", SEEDS, private_line=line, private_records=records, epsilon=value
                )
                utility = found.runs[0].utility
                yield [
                    line,
                    f"{records:,}",
                    plain(value).replace("inf", "∞"),
                    f"{utility.value:.3f}" if utility else "",
                    *map(found.mean, CLASS_SCORES),
                    found.closer(),
                ]
        yield [line, "", "random prior picture", "", *map(found.random, CLASS_SCORES), ""]


def accounts(options: argparse.Namespace) -> Iterator[list[str]]:  # noqa: ARG001
    """ε of every private training, counted again by another library and in another way."""
    import dp_accounting as dp
    from dp_accounting.pld import PLDAccountant
    from dp_accounting.rdp import RdpAccountant

    yield [
        "trainings",
        "sampling",
        "noise",
        "steps",
        "ε on the card",
        "Opacus RDP",
        "dp-accounting RDP",
        "PLD",
    ]
    cards = [c for scene in library().scenes for c in weights_cards(scene.id) if c.privacy]
    grouped: dict[tuple[float, float, int], list[WeightsCard]] = {}
    for card in cards:
        how = card.details
        grouped.setdefault((how["sampling_rate"], how["noise_multiplier"], how["steps"]), []).append(card)
    for (rate, noise, steps), same in grouped.items():
        privacy = same[0].privacy
        assert privacy
        event = dp.SelfComposedDpEvent(dp.PoissonSampledDpEvent(rate, dp.GaussianDpEvent(noise)), steps)
        again = [a().compose(event).get_epsilon(privacy.delta) for a in (RdpAccountant, PLDAccountant)]
        yield [
            f"{len(same)} of {same[0].model}",
            *(f"{rate:.4g}", f"{noise:.4g}", str(steps), plain(privacy.epsilon)),
            *(f"{value:.3f}" for value in (same[0].details["epsilon_spent"], *again)),
        ]


def audit(options: argparse.Namespace) -> Iterator[list[str]]:  # noqa: ARG001
    """What an audit with planted records proves about heads trained like the face login's ladder."""
    yield ["ε by the accountant", "seed", "right guesses", "ε is at least (95%)"]
    work = paths.cache_dir() / "training"
    context = Context(Sources(), paths.pretrained(), paths.assets(), work, "cpu", lambda *_: None)
    features = private_features(context)
    for epsilon in (float("inf"), 16.0, 8.0, 2.0):
        for seed in SEEDS:
            found = audit_head(features.records, features.labels, employees.PEOPLE, LADDER, epsilon, seed)
            yield [
                plain(epsilon).replace("inf", "∞"),
                str(seed),
                f"{found.right} of {found.guesses}",
                f"{found.shown:.2f}",
            ]


def undefended(options: argparse.Namespace) -> Iterator[list[str]]:  # noqa: ARG001
    """Three attacks on the undefended model by class: 10 seeds of latent search, 3 of the others."""
    head = "attack|private line|class|same < other|evaluator top-1|distance same|distance other"
    yield [
        *head.split("|"),
        "random: top-1",
        "random: same",
        "random: other",
        "queries",
        "seconds for all five",
    ]
    for attack, seeds in (("latent-search", MANY_SEEDS), ("score-search", SEEDS), ("mi-face", SEEDS)):
        for line in LINES:
            found = catalogue(attack, seeds, private_line=line)
            last = [run.history.last for run in found.runs]
            for place, target in enumerate(library().scene("catalogue").targets[line]):
                alone = Run(resolve("catalogue", target=target.id, settings={"private-line": line}))
                yield [
                    attack,
                    line,
                    target.id,
                    found.closer(place),
                    *(found.mean(score, place) for score in CLASS_SCORES),
                    *(f"{alone.base_rates[score]:.2f}" for score in CLASS_SCORES),
                    f"{last[0].queries // len(last[0].images):,}",
                    f"{statistics.median(step.seconds for step in last):.1f}",
                ]


def evaluator(options: argparse.Namespace) -> Iterator[list[str]]:  # noqa: ARG001
    """How sturdy the judge of the catalogue is: every tenth test photo, disturbed in several ways."""
    net = models.load(find_weights("catalogue", "evaluator", {}))
    pictures, names, _ = read_sheets(paths.assets() / "catalogue" / "test")
    photos, labels = to_batch(pictures[::10]), torch.from_numpy(names[::10])
    draws = torch.Generator().manual_seed(0)
    blurred = avg_pool2d(photos, 3, 1, 1)
    ways = {
        "as they are": photos,
        "noise of 0.1": (photos + 0.1 * torch.randn(photos.shape, generator=draws)).clamp(0, 1),
        "noise of 0.2": (photos + 0.2 * torch.randn(photos.shape, generator=draws)).clamp(0, 1),
        "blurred once": blurred,
        "blurred twice": avg_pool2d(blurred, 3, 1, 1),
        "changed against it by 0.02": changed_against(net, photos, labels, 0.02, draws),
        "changed against it by 0.05": changed_against(net, photos, labels, 0.05, draws),
        "changed against it by 0.1": changed_against(net, photos, labels, 0.1, draws),
    }
    yield ["test photos", "photos", "right class"]
    for way, images in ways.items():
        yield [way, f"{len(images):,}", f"{accuracy(net, images, labels).value:.3f}"]


def changed_against(
    net: torch.nn.Module, photos: torch.Tensor, labels: torch.Tensor, size: float, draws: torch.Generator
) -> torch.Tensor:
    """Change each pixel by at most ``size`` so that ``net`` errs: ten steps of projected gradient ascent."""
    change = size * (2 * torch.rand(photos.shape, generator=draws) - 1)
    for _ in range(10):
        tried = (photos + change).clamp(0, 1).requires_grad_(True)
        (slope,) = torch.autograd.grad(cross_entropy(net(tried), labels), tried)
        change = (change + size / 4 * slope.sign()).clamp(-size, size)
    return (photos + change).clamp(0, 1).detach()


def granularity(options: argparse.Namespace) -> Iterator[list[str]]:  # noqa: ARG001
    """How finely the API answers: what score search still gets (5 classes, 3 seeds)."""
    yield [
        "private line",
        "granularity",
        *CLASS_SCORES_IN_WORDS,
        "same < other",
    ]
    for line in LINES:
        for stop in library().defense("output-restriction").knob.stops:
            found = catalogue("score-search", SEEDS, private_line=line, granularity=stop.value)
            yield [line, str(stop.value), *map(found.mean, CLASS_SCORES), found.closer()]


def purifier(options: argparse.Namespace) -> Iterator[list[str]]:  # noqa: ARG001
    """Confidence cleaning: what two ways of reading scores still get (5 classes, 3 seeds)."""
    yield ["attack", "numbers that pass", *CLASS_SCORES_IN_WORDS, "same < other"]
    for attack in ("score-search", "inversion-decoder"):
        for stop in library().defense("purifier").knob.stops:
            found = catalogue(attack, SEEDS, purifier=stop.value)
            yield [attack, stop.label.en, *map(found.mean, CLASS_SCORES), found.closer()]


def gateway(options: argparse.Namespace) -> Iterator[list[str]]:  # noqa: ARG001
    """Score search before a gateway: what accounts, pace and the answer to an alarm change (3 seeds)."""
    head = "target|gateway|accounts|pace|runs with an alarm|first alarm at query|queries answered"
    yield [*head.split("|"), "accounts lost or slowed", "simulated time", "evaluator top-1", "distance same"]
    watched: dict[str, Value] = {"log-monitor": 0.01}
    rows: list[tuple[str, str, dict[str, Value]]] = [
        ("catalogue", "sneaker", {**watched, "accounts": accounts, "pace": pace})
        for pace in ("full", "slow")
        for accounts in (1.0, 10.0, 100.0, 1000.0)
    ]
    rows += [("catalogue", "sneaker", {**watched, "alarm-response": "throttle"})]
    rows += [("catalogue", "sneaker", {"rate-limit": 1.0, "accounts": n}) for n in (1.0, 100.0)]
    rows += [("face-login", "naoki-shirakawa", {**watched, "accounts": n}) for n in (1.0, 10.0)]
    for scene, target, values in rows:
        runs = [
            finished(resolve(scene, attack="score-search", target=target, seed=seed, settings=values))
            for seed in SEEDS
        ]
        desks = [desk for run in runs if (desk := run.history.last.desk)]
        pool = Pool(runs)
        caught = [desk.caught for desk in desks if desk.caught is not None]
        kept = {name: runs[0].values[name] for name in ("accounts", "pace")}
        yield [
            "face login, one person" if scene == "face-login" else f"{scene}, {target}",
            _gate(values),
            plain(kept["accounts"]),
            str(kept["pace"]),
            f"{len(caught)} of {len(desks)}",
            _range([f"{n:,}" for n in sorted(caught)]),
            _range([f"{n:,}" for n in sorted(desk.asked for desk in desks)]),
            _range([f"{n:,}" for n in sorted(desk.lost + desk.slowed for desk in desks)]),
            _range([_lasted(n) for n in sorted(desk.minutes for desk in desks)]),
            pool.mean("evaluator_top1"),
            pool.mean("distance_same"),
        ]


def _gate(values: dict[str, Value]) -> str:
    if "rate-limit" in values:
        return f"rate limit, {plain(values['rate-limit'])} a minute"
    return f"log monitor, {'slow down' if values.get('alarm-response') == 'throttle' else 'block'}"


def _lasted(minutes: float) -> str:
    return f"{minutes:,.0f} min" if minutes < 24 * 60 else f"{minutes / 24 / 60:,.1f} days"


def _range(said: list[str]) -> str:
    """Write the lowest and the highest of sorted figures."""
    if not said:
        return "–"
    return said[0] if said[0] == said[-1] else f"{said[0]} to {said[-1]}"


def faces(options: argparse.Namespace) -> Iterator[list[str]]:
    """Attacks on the undefended face logins, beside what real photos and random faces score."""
    yield ["what", "people × seeds", *FACE_SCORES, "same < other", "queries each", "seconds"]
    judge = open_case(resolve("face-login", target="all"), torch.device("cpu"), None).judge
    assert isinstance(judge, ClassJudge)
    _, test = employees.read_photos(paths.assets())
    photos = [judge.full(as_images(test[:, n], torch.device("cpu"))) for n in range(test.shape[1])]
    real = {name: np.stack([scores[name] for scores in photos]) for name in photos[0]}
    yield ["real test photos", f"{len(test)} × {len(photos)} photos", *_face_scores(real), "", ""]
    bank = read_bank(paths.assets() / "face-login", find_weights("face-login", "prior", {}).sha256)
    assert bank is not None
    _, drawn = bank.take(torch.arange(RANDOM_FACES), torch.device("cpu"))
    each = [judge.facing((person,) * RANDOM_FACES).full(drawn) for person in range(len(test))]
    random = {name: np.stack([scores[name] for scores in each], 1) for name in each[0]}
    yield ["random faces of the prior", f"{len(test)} × {RANDOM_FACES} faces", *_face_scores(random), "", ""]
    thorough: dict[str, Value] = {"effort": "thorough"}
    gpu = options.device != "cpu"
    many = ("all", SEEDS) if gpu else ("eight", SEEDS[:1])
    rows = [
        ("latent search", "face-net", "latent-search", None, ("all", many[1])),
        ("the same", "face-net", "latent-search", None, ("eight", SEEDS)),
        ("latent search on ResNet-18", "resnet-18", "latent-search", None, many),
        ("MI-Face", "face-net", "mi-face", None, many),
    ]
    if _thorough(options):
        rows.append(("latent search, thorough", "face-net", "latent-search", thorough, ("all", SEEDS)))
    if gpu:
        rows.append(("score search", "face-net", "score-search", None, many))
    for name, model, attack, settings, (target, seeds) in rows:
        found = [
            loot(
                model=model, attack=attack, target=target, seed=seed, settings=settings, device=options.device
            )
            for seed in seeds
        ]
        yield [name, *_face_row(found)]


def face_misses(options: argparse.Namespace) -> Iterator[list[str]]:
    """Who was missed by the latent searches of everybody in the table above, seed by seed."""
    yield ["effort", "seed", "not recognised by the judge", "nearer to somebody else's photos"]
    people = {
        t.labels[0]: t.title.en for t in library().scene("face-login").targets[""] if len(t.labels) == 1
    }
    runs = [("quick", seed) for seed in (SEEDS if options.device != "cpu" else SEEDS[:1])]
    runs += [("thorough", seed) for seed in (SEEDS if _thorough(options) else ())]
    for effort, seed in runs:
        scores = loot(seed=seed, settings={"effort": effort}, device=options.device).scores
        missed = np.flatnonzero(scores["evaluator_top1"] == 0)
        farther = np.flatnonzero(scores["distance_same"] >= scores["distance_other"])
        yield [
            effort,
            str(seed),
            *(", ".join(people[int(p)] for p in found) or "nobody" for found in (missed, farther)),
        ]


def face_defenses(options: argparse.Namespace) -> Iterator[list[str]]:
    """Latent search against every face login that was trained to leak less (one seed)."""
    yield ["model", "defence", "test accuracy", "people × seeds", *FACE_SCORES, "same < other"]
    target = "eight" if options.device == "cpu" else "all"
    for model, defence, settings in FACE_MODELS:
        found = loot(model=model, settings=settings, target=target, device=options.device)
        yield [model, defence, f"{found.utility:.3f}", *_face_row([found])[:-2]]


def _thorough(options: argparse.Namespace) -> bool:
    """Say whether the long runs are wanted: without a GPU they take hours."""
    return bool(options.thorough) or options.device != "cpu"


RANDOM_FACES = 64

_SCORES = ("evaluator_top1", "evaluator_top5", "distance_same", "distance_other")
FACE_SCORES = ("top-1", "top-5", "distance same", "distance other")
FACE_MODELS: tuple[tuple[str, str, dict[str, Value]], ...] = (
    ("face-net", "none", {}),
    ("face-net", "MID", {"mid": "on"}),
    ("face-net", "BiDO", {"bido": "on"}),
    ("face-net", "negative label smoothing", {"neg-ls": "on"}),
    ("face-net", "TL-DMI", {"tl-dmi": "on"}),
    ("face-net-pretrained", "ε = ∞", {"epsilon": "inf"}),
    ("face-net-pretrained", "ε = 8", {"epsilon": 8.0}),
    ("face-net-pretrained", "ε = 2", {"epsilon": 2.0}),
    ("face-net-pretrained", "ε = 1", {"epsilon": 1.0}),
    ("face-net-pretrained", "ε = 0.5", {"epsilon": 0.5}),
    ("face-net-dp", "ε = 8, from scratch", {}),
    ("face-net-person", "ε = 8, per person", {}),
)


def _face_row(found: list[Loot]) -> list[str]:
    scores = {name: pooled(found, name) for name in _SCORES}
    people = scores["evaluator_top1"].shape[1]
    seconds = f"{statistics.median(f.seconds for f in found):.0f}"
    return [f"{people} × {len(found)}", *_face_scores(scores), f"{found[0].queries // people:,}", seconds]


def _face_scores(scores: dict[str, NDArray[np.float64]]) -> list[str]:
    """Return shares, medians of distances, and how many are nearer to themselves than to anybody else."""
    closer = scores["distance_same"] < scores["distance_other"]
    shares = [f"{scores[name].mean():.3f}" for name in _SCORES[:2]]
    medians = [f"{np.median(scores[name]):.2f}" for name in _SCORES[2:]]
    return [*shares, *medians, f"{closer.sum()} of {closer.size}"]


def effects(options: argparse.Namespace) -> Iterator[list[str]]:  # noqa: ARG001
    """What stops whom, from the runs that ``make effects`` keeps."""
    yield ["defence", *ACCESS_LEVELS]
    for row in effects_of.table(effects_of.shipped()):
        yield [row.name.en, *(_effect(cell) for cell in row.cells)]


def _effect(cell: effects_of.Cell) -> str:
    if cell.effect is None:
        return "–"
    said = {"stops": "stops", "weakens": "weakens", "none": "no effect"}[cell.effect]
    if cell.same:
        return f"{said}, bit for bit"
    trials = (f"{t.runs[0].config.scene} {min(t.kept, 1):.0%}" for t in cell.trials)
    return f"{said}: {', '.join(trials)} left"


def attacks(options: argparse.Namespace) -> Iterator[list[str]]:  # noqa: ARG001
    """Every attack in every scene that allows it, undefended, by the scene's own scores."""
    yield ["scene", "attack", "the attacker has", *ATTACK_HEAD]
    cards = library()
    for scene in cards.scenes:
        for attack in (a for a in cards.attacks if not why_not_attack(scene, a)):
            for aims in AIMS.get(scene.id, EVERYTHING):
                name = scene.title.en + (f" ({aims[0]})" if len(AIMS.get(scene.id, EVERYTHING)) > 1 else "")
                row = _attack_row(_attacked(scene.id, attack.id, aims))
                yield [name, attack.title.en, attack.access, *row]


def failures(options: argparse.Namespace) -> Iterator[list[str]]:  # noqa: ARG001
    """What is known to fail, each beside the condition under which it does not."""
    yield ["scene", "attack", "condition", *ATTACK_HEAD]
    for scene, attack, condition, aims, choice in FAILURES:
        titles = library().scene(scene).title.en, library().attack(attack).title.en
        yield [*titles, condition, *_attack_row(_attacked(scene, attack, aims, **choice))]


ATTACK_HEAD = ("targets × seeds", "scores (unrelated)", "queries each", "seconds")
EVERYTHING = (("all",),)
AIMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "federated": (("cat", "coffee-cup", "temple"),),
    "hospital": (("north",), ("together",)),
    "face-login": (("naoki-shirakawa",),),
    "customers": (("sample",),),
}
"""Targets whose runs are pooled in one row; other scenes are attacked as a whole."""

FAILURES: tuple[tuple[str, str, str, tuple[str, ...], dict[str, Any]], ...] = (
    ("catalogue", "score-search", "all scores", ("all",), {}),
    ("catalogue", "score-search", "label only", ("all",), {"settings": {"granularity": "label"}}),
    ("federated", "r-gap", "a net without pooling", AIMS["federated"][0], {}),
    ("federated", "r-gap", "a net with pooling", AIMS["federated"][0], {"model": "pooled-cnn"}),
    ("federated", "idlg", "a fresh net", AIMS["federated"][0], {}),
    (
        *("federated", "idlg", "a trained net", AIMS["federated"][0]),
        {"settings": {"training-progress": "converged"}},
    ),
    ("hospital", "grad-inversion", "a batch of 1", ("north",), {"settings": {"batch": 1.0}}),
    ("hospital", "grad-inversion", "a sum of 32", ("together",), {"settings": {"batch": 8.0}}),
)


def _attacked(scene: str, attack: str, aims: Iterable[str], **choice: Any) -> list[Loot]:
    return [loot(scene, attack=attack, target=t, seed=seed, **choice) for t in aims for seed in SEEDS]


def _attack_row(found: list[Loot]) -> list[str]:
    """Return how many, every score (mean; in brackets what unrelated pictures score), queries and time."""
    targets = sum(len(f.pictures) for f in found) // len(SEEDS)
    said = []
    for name in found[0].scores:
        mean = np.concatenate([f.scores[name] for f in found]).mean()
        bases = [f.base[name] for f in found if name in f.base]
        base = f" ({statistics.fmean(bases):.2f})" if bases else ""
        said.append(f"{METRICS[name].title.en} {mean:.2f}{base}")
    each = statistics.fmean(f.queries / len(f.pictures) for f in found)
    seconds = statistics.median(f.seconds for f in found)
    return [f"{targets} × {len(SEEDS)}", ", ".join(said), f"{each:,.0f}", f"{seconds:.1f}"]


def federated(options: argparse.Namespace) -> Iterator[list[str]]:
    """Client model × training progress × picture size: what one gradient gives away."""
    yield ["model", "training progress", "picture size", "runs", "median PSNR (dB)", "runs ≥ 20 dB", "lowest",
           "median SSIM", "median seconds"]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        pictures = outside_pictures(options.pictures, Path(folder))
        for model in ("strided-cnn", "pooled-cnn"):
            for progress in ("fresh", "early", "converged"):
                for size in (32, 64):
                    results = [
                        result(
                            resolve(
                                "federated",
                                model=model,
                                image=str(picture),
                                seed=seed,
                                settings={"training-progress": progress, "picture-size": size},
                            )
                        )
                        for seed in (SEEDS[:2] if progress == "fresh" else SEEDS[:1])
                        for picture in pictures
                    ]
                    values = [r["scores"]["psnr_db"]["value"] for r in results]
                    yield [
                        model,
                        progress,
                        str(size),
                        str(len(values)),
                        f"{statistics.median(values):.1f}",
                        f"{sum(v >= 20 for v in values)}",
                        f"{min(values):.1f}",
                        f"{statistics.median(r['scores']['ssim']['value'] for r in results):.2f}",
                        f"{statistics.median(r['seconds'] for r in results):.1f}",
                    ]


def gradient(options: argparse.Namespace) -> Iterator[list[str]]:
    """Gradient defences × strength on the fresh strided model at 32 pixels."""
    yield ["defence", "strength", "runs", "median PSNR (dB)", "median SSIM", "cosine of the update"]
    with tempfile.TemporaryDirectory() as folder:
        pictures = outside_pictures(options.pictures, Path(folder))[:2]
        for name in ("gradient-noise", "gradient-prune", "gradient-clip"):
            for stop in library().defense(name).knob.stops:
                results = [
                    result(resolve("federated", image=str(p), seed=seed, settings={name: stop.value}))
                    for seed in SEEDS
                    for p in pictures
                ]
                yield [
                    name,
                    plain(stop.value),
                    str(len(results)),
                    f"{statistics.median(r['scores']['psnr_db']['value'] for r in results):.1f}",
                    f"{statistics.median(r['scores']['ssim']['value'] for r in results):.2f}",
                    f"{statistics.fmean(r['utility']['value'] for r in results):.2f}",
                ]


def precode(options: argparse.Namespace) -> Iterator[list[str]]:  # noqa: ARG001
    """PRECODE by its width: what is sent, what a model with it learns, who is stopped (3 seeds)."""
    head = "entries|numbers sent|test accuracy|cosine of the update|PSNR (dB)|the same, ignoring"
    yield head.split("|")
    trusting = inverting_gradients.cosine_distance

    def ignoring(own: list[torch.Tensor], sent: list[torch.Tensor]) -> torch.Tensor:
        """Compare the layers before the bottleneck, three convolutions with a weight and a bias each."""
        return trusting(own[:6], sent[:6])

    # 1,600 pictures to learn from and 480 to be tested on, drawn for the purpose
    drawn = [[_scans(each, seed + each) for each in (200, 60)] for seed in SEEDS]
    for code in (0.0, 16.0, 256.0):
        taught = [_taught(code, seed, *drawn[i]) for i, seed in enumerate(SEEDS)]
        rows = []
        for comparing in (trusting, ignoring):
            with patch.object(inverting_gradients, "cosine_distance", comparing):
                runs = [resolve("federated", seed=s, steps=200, settings={"precode": code}) for s in SEEDS]
                rows.append([result(run) for run in runs])
        yield [
            plain(code),
            f"{taught[0][0]:,}",
            f"{statistics.fmean(right for _, right in taught):.3f}",
            f"{statistics.fmean(r['utility']['value'] for r in rows[0]):.2f}",
            *(f"{statistics.fmean(r['scores']['psnr_db']['value'] for r in found):.1f}" for found in rows),
        ]


Labelled = tuple[torch.Tensor, torch.Tensor]


def _scans(each: int, seed: int) -> Labelled:
    """Draw so many pictures of each of the hospitals' eight kinds."""
    rng = np.random.default_rng(seed)
    pictures = np.stack([scans.draw(kind, rng) for kind in scans.KINDS for _ in range(each)])
    return as_images(pictures, torch.device("cpu")), torch.arange(8).repeat_interleave(each)


def _taught(code: float, seed: int, learnt: Labelled, tested: Labelled) -> tuple[int, float]:
    """Teach the hospitals' net its kinds of picture; return how large it is, and its accuracy on others.

    300 steps of Adam with 32 pictures each.
    """
    torch.manual_seed(seed)
    net = precode_defense.extended(models.build("strided-cnn", size=32, classes=8), code, seed)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(300):
        batch = torch.randint(len(learnt[0]), (32,))
        optimiser.zero_grad()
        cross_entropy(net(learnt[0][batch]), learnt[1][batch]).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        right = float((net(tested[0]).argmax(1) == tested[1]).float().mean())
    return sum(part.numel() for part in net.parameters()), right


def outside_pictures(folder: Path | None, work: Path) -> list[Path]:
    """Return pictures that are not shipped: those of ``folder``, else ten crops of a photograph.

    The photograph lies in scikit-image's wheel; no model of ours has seen it.
    """
    if folder is not None:
        return [p for p in sorted(folder.iterdir()) if p.suffix.lower() in (".png", ".jpg", ".jpeg")][:10]
    wheels = sorted(Sources().wheels.glob("**/scikit_image-*.whl"))
    if not wheels:
        sys.exit(
            f"Give --pictures DIR, or: pip download --no-deps scikit-image==0.25.2 -d {Sources().wheels}"
        )
    crops: list[Path] = []
    with zipfile.ZipFile(wheels[-1]) as wheel, wheel.open("skimage/data/motorcycle_left.png") as file:
        photograph = Image.open(file).convert("RGB")
    for left, top, side in CROPS:
        crops.append(work / f"{len(crops)}.png")
        photograph.crop((left, top, left + side, top + side)).save(crops[-1])
    return crops


CROPS = [(0, 0, 220), (130, 120, 200), (240, 0, 260), (300, 230, 190), (340, 0, 200), (500, 20, 240),
         (490, 250, 240), (110, 220, 200), (380, 100, 220), (200, 0, 500)]  # fmt: skip
"""Where the outside photograph is cut: left, top, side."""

TABLES: dict[str, Callable[[argparse.Namespace], Iterator[list[str]]]] = {
    "attacks": attacks,
    "failures": failures,
    "federated": federated,
    "gradient": gradient,
    "precode": precode,
    "evaluator": evaluator,
    "undefended": undefended,
    "faces": faces,
    "face-misses": face_misses,
    "face-defenses": face_defenses,
    "accounts": accounts,
    "audit": audit,
    "epsilon": epsilon,
    "granularity": granularity,
    "purifier": purifier,
    "gateway": gateway,
    "effects": effects,
}


LONG = ("faces", "face-misses")
"""Tables that ``--thorough`` makes longer."""


def markdown(rows: list[list[str]], name: str, device: Device, thorough: bool = False) -> str:
    """Write rows as a Markdown table under the line that says where it comes from."""
    day = datetime.date.today().isoformat()
    gpu, asked = ("no GPU", "") if device == "cpu" else (torch.cuda.get_device_name(), f" --device {device}")
    asked += " --thorough" if thorough else ""
    machine = f"{os.cpu_count()} cores, {gpu}, Python {platform.python_version()}"
    head = f"`python docs/make_tables.py {name}{asked}`, {day}, {machine}"
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return f"{head}\n\n" + "\n".join(lines)


def insert(name: str, table: str) -> None:
    """Put a table between its markers, wherever they stand."""
    pattern = re.compile(rf"(<!-- table:{name} -->\n).*?(<!-- end -->)", re.DOTALL)
    for path in [ROOT / "README.md", ROOT / "README.ja.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = path.read_text("utf-8") if path.exists() else ""
        if pattern.search(text):
            atomic.write_text(path, pattern.sub(lambda m: f"{m[1]}{table}\n{m[2]}", text))


def main() -> None:
    """Measure the tables that were asked for."""
    parser = argparse.ArgumentParser(description="Measure and write the tables in the documentation.")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"some of {' '.join(TABLES)}")
    parser.add_argument("--pictures", type=Path, help="folder of pictures for the federated tables")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="for the tables of faces")
    parser.add_argument("--thorough", action="store_true", help="in the tables of faces; takes hours")
    options = parser.parse_args()
    if unknown := set(options.tables) - set(TABLES):
        sys.exit(f"There is no table '{unknown.pop()}'; choose among {' '.join(TABLES)}.")
    for name in options.tables or TABLES:
        rows = []
        for row in TABLES[name](options):
            rows.append(row)
            print("  ".join(row), flush=True)
        insert(name, markdown(rows, name, options.device, options.thorough and name in LONG))


if __name__ == "__main__":
    main()
