"""The case of a scene whose secret is classes, people among them: a model, its owner's defences, a judge."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mi_studio.core.cards import DefenseCard, library
from mi_studio.core.config import RunConfig, labels_of, turns
from mi_studio.core.desk import Desk
from mi_studio.core.knobs import Value
from mi_studio.core.step import Pictures, ViewKind
from mi_studio.core.weights import WeightsCard, find_weights
from mi_studio.engine.access import Access, Bank, LabelApi, Prior, ScoreApi, Setup, WhiteBox
from mi_studio.engine.answering import COARSER, EXAMPLES, Answering, AnswersPrice
from mi_studio.engine.beforehand import read_bank, read_features
from mi_studio.engine.case import Worth
from mi_studio.engine.gateway import Gateway, Owner
from mi_studio.engine.judge import ClassJudge, as_images, features_of
from mi_studio.engine.models import load
from mi_studio.engine.models.common import tensor
from mi_studio.engine.models.faces import FacePrior
from mi_studio.engine.models.garments import Prior as GarmentPrior
from mi_studio.engine.models.judge import Evaluator

ReadPhotos = Callable[[], tuple[Pictures, NDArray[np.int64]]]
"""Reads all private photos (m, h, w, c) and the evaluator's label of each (m,)."""

BATCH = 250
"""So many of the owner's photos are asked at once."""


class ClassCase:
    """A classifier of private classes, its owner's defences, and an attacker before it.

    A trained-in defence moves by putting the model trained under it in the place of the one that the
    attacker holds or asks, so a running attack goes on with its optimiser's state.

    Parameters
    ----------
    shape
        (channels, height, width) of a picture.
    private
        The evaluator's label of each of the model's classes.
    photos
        Reads the private photos; asked only by the first case of their judge.
    assets
        Where the scene's files of `mi_studio.engine.beforehand` lie, if it has any.
    tests
        Reads the shipped photos that no model has learnt from, on which the price of a change of the answers
        is measured; asked only where there is one.
    """

    def __init__(
        self,
        config: RunConfig,
        device: torch.device,
        shape: tuple[int, int, int],
        private: tuple[int, ...],
        photos: ReadPhotos,
        assets: Path | None = None,
        tests: ReadPhotos | None = None,
    ) -> None:
        values = config.values
        card = library().scene(config.scene)
        attack = library().attack(config.attack)
        there = card.targets_for(values)
        labels = labels_of(there, config.target)
        names = {t.labels[0]: t.title.en for t in there if len(t.labels) == 1}

        # colour pictures are two times as fast this way round on a CPU
        colour = shape[0] > 1 and device.type == "cpu"
        self._order = torch.channels_last if colour else torch.contiguous_format
        self._device = device
        self._config = config
        defenses = [library().defense(d) for d in config.defenses]

        def able(defense: DefenseCard) -> bool:
            return config.model in {m.id for m in card.models_for(defense)}

        outputs = [d for d in defenses if d.acts == "output"]
        unseen = self._unseen if tests else None
        reached = [d for d in outputs if attack.access in d.reaches]
        self._answering = Answering(reached, self._reference, unseen)
        self._private, self._photos, self._tests = private, photos, tests
        # customers get changed answers whoever the attacker is
        self._price = AnswersPrice(Answering(outputs, self._reference, unseen)) if outputs and tests else None
        self._trained = [d for d in defenses if d.acts == "trained" and able(d)]
        self._values = dict(values)
        self._card = self._find(values)
        self._cache: dict[str, nn.Module] = {}
        self._held = _Held(self._load(self._card))

        gates = [d for d in defenses if d.acts == "gateway" and attack.access in d.reaches]
        titles = [names[label] for label in sorted(names)]
        self._gateway = self._at_the_gate(gates, titles) if gates else None
        self._by_name = attack.access == "labels"
        self.access = self._grant(attack.access, titles)
        prior_card = find_weights(card.id, "prior", values)
        prior = self._load(prior_card)
        assert isinstance(prior, GarmentPrior | FacePrior)
        effort = str(values.get("effort", "quick"))
        needs_prior = "prior" in attack.requires
        bank = read_bank(assets, prior_card.sha256) if assets else None
        self.setup = Setup(
            labels,
            shape,
            config.seed,
            config.steps,
            device,
            prior if needs_prior else None,
            effort,
            bank if needs_prior and effort == "quick" else None,
            turns(card, attack, len(labels)),
        )
        evaluator = find_weights(card.id, "evaluator", values)
        judge = self._judge(evaluator, private, photos, assets, _drawer(prior, bank, device))
        self.judge = judge.facing(tuple(private[label] for label in labels))
        self.secret: Pictures = self.judge.typical()

    def turn(self, values: Mapping[str, Value]) -> None:
        """Put the other model in the present one's place; the API answers in the new way from now on."""
        self._values = dict(values)
        wanted = self._find(values)
        if wanted.sha256 != self._card.sha256:
            self._cache[self._card.sha256] = self._held.net
            self._held.net = self._cache.get(wanted.sha256) or self._load(wanted)
            self._card = wanted
            self._answering.forget()
            if self._price:
                self._price.forget()
            if self._gateway:
                self._gateway.forget(self._name())

    def desk(self) -> Desk | None:
        """Return what the gateway knows of the attacker, where one is on."""
        return self._gateway.desk(self._values) if self._gateway else None

    def worth(self) -> Worth:
        """Return the guarantee on the card of the present weights, and the accuracy of what is let out.

        That is the accuracy on the card, unless the answers are changed: then the test photos are asked anew.
        """
        utility = self._price.utility(self._tested, self._values) if self._price else None
        return Worth(utility or self._card.utility, self._card.privacy)

    def _grant(self, level: str, titles: list[str]) -> Access:
        if level == "white-box":
            return WhiteBox(self._held, titles)
        asked = self._asked_for if self._gateway else None
        return (
            LabelApi(self._answer, titles, asked)
            if level == "labels"
            else ScoreApi(self._answer, titles, self._kind, asked)
        )

    def _at_the_gate(self, defenses: list[DefenseCard], titles: list[str]) -> Gateway:
        def known() -> Tensor:
            return as_images(self._photos()[0], self._device)

        def unseen() -> tuple[Tensor, Tensor]:
            assert self._tests is not None
            pictures, labels = self._tests()
            return as_images(pictures, self._device), torch.from_numpy(labels)

        return Gateway(defenses, Owner(known, unseen, self._scores, titles), self._name())

    def _name(self) -> str:
        return f"{self._card.sha256} {self._private} {self._device}"

    def _find(self, values: Mapping[str, Value]) -> WeightsCard:
        on = [d.knob.id for d in self._trained if d.is_on(values)]
        knobs = {"epsilon": math.inf, **values}
        return find_weights(self._config.scene, self._config.model, knobs, needed=on)

    def _load(self, card: WeightsCard) -> nn.Module:
        return load(card, self._device).to(memory_format=self._order)

    def _scores(self, images: Tensor) -> Tensor:
        return tensor(self._held(images)).softmax(1)

    def _answer(self, images: Tensor) -> Tensor:
        answers = self._answering(self._scores(images), self._values)
        return self._gateway.let_out(answers, self._values) if self._gateway else answers

    def _kind(self) -> ViewKind:
        kinds = [self._answering.kind(self._values)]
        kinds += [self._gateway.kind(self._values)] if self._gateway else []
        return max(kinds, key=COARSER.index)

    def _asked_for(self, images: Tensor) -> Tensor:
        assert self._gateway is not None
        scores = self._scores(images)
        answers = self._answering(scores, self._values)
        shown = "labels" if self._by_name else self._answering.kind(self._values)
        return self._gateway.admit(images, scores, answers, self._values, shown)

    def _reference(self) -> Tensor:
        return self._examples(self._photos()[0])

    def _unseen(self) -> Tensor:
        assert self._tests is not None
        return self._examples(self._tests()[0])

    def _examples(self, pictures: Pictures) -> Tensor:
        return self._asked(pictures[:: max(1, len(pictures) // EXAMPLES)][:EXAMPLES])

    def _tested(self) -> tuple[Tensor, Tensor]:
        assert self._tests is not None
        pictures, labels = self._tests()
        classes = [self._private.index(label) for label in labels.tolist()]
        return self._asked(pictures), torch.tensor(classes, device=self._device)

    @torch.no_grad()
    def _asked(self, pictures: Pictures) -> Tensor:
        parts = (pictures[i : i + BATCH] for i in range(0, len(pictures), BATCH))
        return torch.cat([self._scores(as_images(part, self._device)) for part in parts])

    def _judge(
        self,
        card: WeightsCard,
        private: tuple[int, ...],
        photos: ReadPhotos,
        assets: Path | None,
        draw: Callable[[int], Tensor],
    ) -> ClassJudge:
        key = card.sha256, private, self._device
        if key not in _JUDGES:
            evaluator = self._load(card)
            assert isinstance(evaluator, Evaluator)
            pictures, labels = photos()
            features = read_features(assets, card.sha256, pictures) if assets else None
            if features is None:
                features = features_of(evaluator, pictures, self._device)
            _JUDGES[key] = ClassJudge(evaluator, pictures, labels, features.to(self._device), draw)
        return _JUDGES[key]


class _Held(nn.Module):
    """What the attacker holds or asks; another network can take the place of the one within."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        return tensor(self.net(x))


_JUDGES: dict[tuple[str, tuple[int, ...], torch.device], ClassJudge] = {}
"""A judge for each set of private classes: looking at all the photos takes most of the time to open a run."""


def _drawer(prior: Prior, bank: Bank | None, device: torch.device) -> Callable[[int], Tensor]:
    """Return what draws random pictures: those in the bank, as far as it goes."""

    def draw(count: int) -> Tensor:
        if bank and len(bank) >= count:
            return bank.take(torch.arange(count), device)[1]
        latents = torch.randn((count, prior.latent), generator=torch.Generator().manual_seed(0))
        return prior(latents.to(device))

    return draw
