"""Unreleased catalogue: Fashion-MNIST, of which five classes are private."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from mi_studio.core import paths
from mi_studio.core.cards import library
from mi_studio.core.config import ALL_TARGETS, RunConfig
from mi_studio.core.knobs import Value
from mi_studio.core.step import Pictures, ViewKind
from mi_studio.core.weights import WeightsCard, find_weights
from mi_studio.engine.access import Access, Prior, ScoreApi, Setup, WhiteBox
from mi_studio.engine.case import Worth
from mi_studio.engine.judge import ClassJudge
from mi_studio.engine.models import load
from mi_studio.engine.models.judge import Evaluator
from mi_studio.engine.models.garments import Prior as PriorNet
from mi_studio.engine.sheets import read_sheets
from mi_studio.engine.splits import private_labels

SHAPE = (1, 28, 28)


class CatalogueCase:
    """A classifier of five private garments, its owner's defences, and an attacker before it.

    A trained-in defence moves by copying the weights of the model trained under it into the one
    that the attacker holds or asks, so a running attack goes on with its optimiser's state.
    """

    def __init__(self, config: RunConfig, device: torch.device) -> None:
        values = config.values
        card = library().scene(config.scene)
        attack = library().attack(config.attack)
        chosen = [t for t in card.targets_for(values) if config.target in (t.id, ALL_TARGETS)]
        targets = sorted({label for t in chosen for label in t.labels})
        private = private_labels(str(values["private-line"]))
        prior = load(find_weights(card.id, "prior", values), device)
        assert isinstance(prior, PriorNet)

        self._config = config
        self._card = self._find(values)
        self._model = load(self._card, device)
        self._cache: dict[str, nn.Module] = {}
        self._defenses = [
            library().defense(d) for d in config.defenses if library().defense(d).acts == "output"
        ]
        self._values = dict(values)

        names = [t.title.en for t in card.targets_for(values)]
        self.access: Access = (
            WhiteBox(self._model, names)
            if attack.access == "white-box"
            else ScoreApi(self._answer, names, self._kind)
        )
        self.setup = Setup(
            tuple(targets),
            SHAPE,
            config.seed,
            config.steps,
            device,
            prior if "prior" in attack.requires else None,
        )
        evaluator = find_weights(card.id, "evaluator", values)
        self.judge = _judge(evaluator, private, prior, device).facing(
            tuple(private[label] for label in targets)
        )
        self.secret: Pictures = self.judge.typical()

    def turn(self, values: Mapping[str, Value]) -> None:
        """Swap the weights in place and let the API answer in the new way from the next query on."""
        self._values = dict(values)
        wanted = self._find(values)
        if wanted.sha256 != self._card.sha256:
            source = self._cache.get(wanted.sha256) or load(wanted, next(self._model.parameters()).device)
            self._cache[wanted.sha256] = source
            with torch.no_grad():
                for mine, theirs in zip(self._model.parameters(), source.parameters(), strict=True):
                    mine.copy_(theirs)
            self._card = wanted

    def worth(self) -> Worth:
        """Return the test accuracy and the guarantee on the card of the present weights."""
        return Worth(self._card.utility, self._card.privacy)

    def _find(self, values: Mapping[str, Value]) -> WeightsCard:
        return find_weights(self._config.scene, self._config.model, {"epsilon": math.inf, **values})

    def _answer(self, images: Tensor) -> Tensor:
        scores: Tensor = self._model(images).softmax(1)
        for defense in self._defenses:
            answer = importlib.import_module(defense.module).answer
            scores = answer(scores, self._values[defense.knob.id])
        return scores

    def _kind(self) -> ViewKind:
        kind: ViewKind = "scores"
        for defense in self._defenses:
            kind = importlib.import_module(defense.module).kind(self._values[defense.knob.id])
        return kind


def open_case(config: RunConfig, device: torch.device, picture: Pictures | None) -> CatalogueCase:  # noqa: ARG001
    """Make the scene ready for a run; see `mi_studio.engine.case.open_case`."""
    return CatalogueCase(config, device)


_JUDGES: dict[tuple[str, tuple[int, ...], torch.device], ClassJudge] = {}
"""A judge for each split: looking at all its photos takes most of the second in which a run opens."""


def _judge(card: WeightsCard, private: tuple[int, ...], prior: PriorNet, device: torch.device) -> ClassJudge:
    key = card.sha256, private, device
    if key not in _JUDGES:
        evaluator = load(card, device)
        assert isinstance(evaluator, Evaluator)
        photos, labels, _ = read_sheets(paths.assets() / "catalogue" / "reference")
        mine = np.isin(labels, private)
        draw = _drawer(prior, device)
        _JUDGES[key] = ClassJudge(evaluator, photos[mine][..., None], labels[mine], (), draw, device)
    return _JUDGES[key]


def _drawer(prior: Prior, device: torch.device) -> Callable[[int], Tensor]:
    def draw(count: int) -> Tensor:
        latents = torch.randn((count, prior.latent), generator=torch.Generator().manual_seed(0))
        return prior(latents.to(device))

    return draw
