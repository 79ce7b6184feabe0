"""Records instead of pictures: what an attacker after one field may touch, and the judge of his guesses.

In place of pictures such an attacker has beliefs: how likely he thinks each value of the hidden field, one
row for each record, kept as pictures of one line, (targets, 1, 1, values).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mi_studio.core.cards import library
from mi_studio.core.config import RunConfig, labels_of
from mi_studio.core.knobs import Value
from mi_studio.core.records import Table, read_table
from mi_studio.core.step import Pictures, View, ViewKind
from mi_studio.core.weights import find_weights
from mi_studio.engine.access import Access, Setup, score_bars
from mi_studio.engine.answering import EXAMPLES, Answering, AnswersPrice
from mi_studio.engine.case import Worth
from mi_studio.engine.judge import Scores, as_pictures
from mi_studio.engine.models import load

UNKNOWN = -1
"""Stands in a record for what the attacker does not know."""


@dataclass(frozen=True, kw_only=True)
class RecordSetup(Setup):
    """What an attacker on records knows: most of each victim's fields, and what is public.

    Attributes
    ----------
    known
        The victims' records as far as he knows them, int64 (targets, fields); the rest is `UNKNOWN`.
    hidden
        The place of the field he is after.
    marginals
        For each field, how frequent each value is in public statistics.
    """

    known: Tensor
    hidden: int
    marginals: tuple[Tensor, ...]


class RecordApi(Access):
    """A remote model that answers with scores, and what it has answered about each victim.

    Parameters
    ----------
    answer
        Maps records int64 (n, fields) to what the API lets out, (n, classes).
    truth
        The victims' true records. They stay here: what leaves is the answer to them.
    """

    def __init__(
        self,
        answer: Callable[[Tensor], Tensor],
        truth: Tensor,
        names: tuple[str, ...],
        kind: Callable[[], ViewKind],
    ) -> None:
        super().__init__()
        self.__answer = answer
        self.__truth = truth
        self._names = names
        self._kind = kind

    @torch.no_grad()
    def query(self, records: Tensor) -> Tensor:
        """Ask the API about records (n, fields); returns scores (n, classes) as it lets them out."""
        self.queries += len(records)
        return self.__answer(records)

    @torch.no_grad()
    def answered(self) -> Tensor:
        """Return the answers about the victims (targets, classes), as they are given out at present."""
        return self.__answer(self.__truth)

    def view(self, images: Tensor) -> View:  # noqa: ARG002  # the answer is there whatever he believes
        """Return what the API has answered about the first victim."""
        return View(self._kind(), score_bars(self.answered()[0], self._names))


class RecordFile(Access):
    """The model file, and what was decided about each victim.

    ``model`` maps records int64 (n, fields) to logits (n, classes).

    Attributes
    ----------
    outcomes
        The class that each victim really got, int64 (targets,).
    """

    def __init__(self, model: nn.Module, outcomes: Tensor, names: tuple[str, ...]) -> None:
        super().__init__()
        self.model = model
        self.outcomes = outcomes
        self._names = names

    def view(self, images: Tensor) -> View:  # noqa: ARG002  # the decision is there whatever he believes
        """Return the decision about the first victim, as he has learnt of it."""
        told = torch.eye(len(self._names))[int(self.outcomes[0])]
        return View("labels", score_bars(told, self._names))


class BeliefJudge:
    """Judges beliefs about a hidden field.

    Parameters
    ----------
    truth
        (targets, 1, 1, values), 1 at the true value.
    base
        How often the most frequent value is right, among people whom nobody attacks.
    without_model
        The values that somebody guesses who knows the same fields and no model, (targets,).
    """

    def __init__(self, truth: Tensor, base: float, without_model: Tensor) -> None:
        self._truth = truth
        self._base = base
        self._without_model = without_model

    def quick(self, images: Tensor) -> Scores:
        """Return ``attribute_accuracy`` and ``attribute_confidence``."""
        right = images.flatten(1).argmax(1) == self._values()
        sure = (images * self._truth).flatten(1).sum(1)
        return {
            "attribute_accuracy": right.cpu().double().numpy(),
            "attribute_confidence": sure.clamp(0, 1).cpu().double().numpy(),
        }

    def full(self, images: Tensor) -> Scores:
        """Return the quick scores and ``attribute_without_model``."""
        guessed: NDArray[np.float64] = (self._without_model == self._values()).cpu().double().numpy()
        return self.quick(images) | {"attribute_without_model": guessed}

    def base_rates(self) -> Mapping[str, float]:
        """Return how often the most frequent value is right."""
        return dict.fromkeys(("attribute_accuracy", "attribute_without_model"), self._base)

    def original(self, images: Tensor) -> Pictures:  # noqa: ARG002  # the truth is the truth
        """Return the truth."""
        return as_pictures(self._truth)

    def _values(self) -> Tensor:
        return self._truth.flatten(1).argmax(1)


class RecordCase:
    """A model that reads records, its owner's defences, and an attacker after one field of them."""

    def __init__(self, config: RunConfig, device: torch.device) -> None:
        card, attack = library().scene(config.scene), library().attack(config.attack)
        table = read_table(config.scene, str(config.values[card.targets_by]))
        values = config.values
        labels = labels_of(card.targets_for(values), config.target)
        self._values = dict(values)
        defenses = [library().defense(d) for d in config.defenses]
        outputs = [d for d in defenses if d.acts == "output"]
        self._rows, self._outcomes = (
            torch.from_numpy(column.copy()).to(device) for column in (table.rows, table.outcomes)
        )
        reaching = [d for d in outputs if attack.access in d.reaches]
        self._answering = Answering(reaching, self._reference)
        # customers get changed answers whoever the attacker is
        self._price = AnswersPrice(Answering(outputs, self._reference)) if outputs else None
        self._card = find_weights(card.id, config.model, values)
        self._model = load(self._card, device)

        truth = torch.from_numpy(table.rows[list(labels)].copy()).to(device)
        known = torch.full_like(truth, UNKNOWN)
        known[:, list(table.known())] = truth[:, list(table.known())]
        names = tuple(value.en for value in table.outcome.values)
        self.access: Access
        if attack.access == "white-box":
            outcomes = torch.from_numpy(table.outcomes[list(labels)].copy()).to(device)
            self.access = RecordFile(self._model, outcomes, names)
        else:
            self.access = RecordApi(self._answer, truth, names, lambda: self._answering.kind(self._values))
        count = len(table.secret.values)
        self.setup = RecordSetup(
            targets=labels,
            shape=(1, 1, count),
            seed=config.seed,
            steps=config.steps,
            device=device,
            known=known,
            hidden=table.hidden,
            marginals=tuple(
                torch.tensor(table.shares(i), dtype=torch.float32, device=device)
                for i in range(len(table.fields))
            ),
        )
        one_hot = torch.eye(count, device=device)[truth[:, table.hidden]][:, None, None]
        guessed = torch.from_numpy(imputed(table, known.cpu().numpy())).to(device)
        self.judge = BeliefJudge(one_hot, base_rate(table), guessed)
        self.secret = as_pictures(one_hot)

    def turn(self, values: Mapping[str, Value]) -> None:
        """The API answers in the new way from now on."""
        self._values = dict(values)

    def desk(self) -> None:
        """Return ``None``: there is no gateway."""

    def worth(self) -> Worth:
        """Return the accuracy of what is let out: that on the card, unless the answers are changed.

        It is measured on the shipped records, none of which the model has learnt from.
        """
        utility = self._price.utility(self._tested, self._values) if self._price else None
        return Worth(utility or self._card.utility, self._card.privacy)

    def _reference(self) -> Tensor:
        return self._scores(self._rows[:EXAMPLES])

    @torch.no_grad()
    def _tested(self) -> tuple[Tensor, Tensor]:
        return self._scores(self._rows), self._outcomes

    def _scores(self, records: Tensor) -> Tensor:
        scores: Tensor = self._model(records).softmax(1)
        return scores

    def _answer(self, records: Tensor) -> Tensor:
        return self._answering(self._scores(records), self._values)


def base_rate(table: Table) -> float:
    """Return how often the most frequent value of the hidden field is right, among those nobody attacks."""
    others = table.rows[table.attacked :, table.hidden]
    return float(np.bincount(others).max() / len(others))


def imputed(table: Table, known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Guess the hidden field of records (n, fields) without a model: naive Bayes on those nobody attacks."""
    others = table.rows[table.attacked :]
    count = len(table.secret.values)
    score = np.log(np.tile(table.shares(table.hidden), (len(known), 1)))
    for field in table.known():
        together = np.ones((len(table.fields[field].values), count))
        np.add.at(together, (others[:, field], others[:, table.hidden]), 1)
        score += np.log(together / together.sum(0))[known[:, field]]
    guessed: NDArray[np.int64] = score.argmax(1)
    return guessed
