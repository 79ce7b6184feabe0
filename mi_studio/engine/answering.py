"""What the owner of an API does to the model's answers before they leave: his defences, one after another."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor

from mi_studio.core.cards import DefenseCard
from mi_studio.core.knobs import Value
from mi_studio.core.step import ViewKind
from mi_studio.core.weights import Utility

Answer = Callable[[Tensor, Value], Tensor]
"""Maps scores (n, classes) and a knob's value to what is let out, (n, classes)."""

COARSER: tuple[ViewKind, ...] = ("scores", "top", "labels")


Reference = Callable[[], Tensor]
"""Returns the model's answers (m, classes) for some of its owner's own data."""

EXAMPLES = 500
"""So many of an owner's examples suffice for a `Reference`."""


class Answering:
    """The output defences of a run, in the order in which they were chosen.

    One that needs to know its model has ``prepared(reference)`` in place of ``answer``; it is asked when the
    first answer is wanted, and again when another model has taken the place of the present one. Where its
    folder says ``HELD_OUT``, its examples are data that the model has not learnt from.

    Parameters
    ----------
    held_out
        Returns answers as ``reference`` does, for such data; left out where a scene has none.
    """

    def __init__(
        self, defenses: Iterable[DefenseCard], reference: Reference, held_out: Reference | None = None
    ) -> None:
        self._defenses = tuple(defenses)
        self._reference, self._held_out = reference, held_out or reference
        self._answers: dict[str, Answer] = {}

    def __call__(self, scores: Tensor, values: Mapping[str, Value]) -> Tensor:
        """Return what is let out of scores (n, classes) under these knobs."""
        for defense in self._on(values):
            scores = self._answer(defense)(scores, values[defense.knob.id])
        return scores

    def kind(self, values: Mapping[str, Value]) -> ViewKind:
        """Say what an answer is under these knobs: what one withheld, no later one gives back."""
        kinds: list[ViewKind] = ["scores"]
        for defense in self._on(values):
            module = importlib.import_module(defense.module)
            if hasattr(module, "kind"):
                kinds.append(module.kind(values[defense.knob.id]))
        return max(kinds, key=COARSER.index)

    def acts(self, values: Mapping[str, Value]) -> bool:
        """Return whether any of them is on under these knobs."""
        return bool(self._on(values))

    def forget(self) -> None:
        """Prepare anew at the next answer, since the model is another."""
        self._answers.clear()

    def _on(self, values: Mapping[str, Value]) -> list[DefenseCard]:
        return [d for d in self._defenses if d.is_on(values)]

    def _answer(self, defense: DefenseCard) -> Answer:
        if defense.id not in self._answers:
            module = importlib.import_module(defense.module)
            prepared = getattr(module, "prepared", None)
            examples = self._held_out if getattr(module, "HELD_OUT", False) else self._reference
            answer: Answer = prepared(examples) if prepared else module.answer
            self._answers[defense.id] = answer
        return self._answers[defense.id]


class AnswersPrice:
    """What the customers of an API lose by its output defences, measured on test data and kept.

    Parameters
    ----------
    answering
        All output defences of a run, also those that do not reach its attacker.
    """

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._tested: tuple[Tensor, Tensor] | None = None
        self._kept: tuple[dict[str, Value], Utility | None] | None = None

    def utility(
        self, tested: Callable[[], tuple[Tensor, Tensor]], values: Mapping[str, Value]
    ) -> Utility | None:
        """Return accuracy and distortion of the answers under these knobs, or ``None`` if none is changed.

        Parameters
        ----------
        tested
            Returns the present model's scores (n, classes) for test data, and the true classes (n,).
        """
        if self._kept is None or self._kept[0] != values:
            self._kept = dict(values), self._measured(tested, values)
        return self._kept[1]

    def forget(self) -> None:
        """Measure anew at the next question, since the model is another."""
        self._answering.forget()
        self._tested = self._kept = None

    @torch.no_grad()
    def _measured(
        self, tested: Callable[[], tuple[Tensor, Tensor]], values: Mapping[str, Value]
    ) -> Utility | None:
        if not self._answering.acts(values):
            return None
        scores, classes = self._tested = self._tested or tested()
        changed = self._answering(scores, values)
        right = (changed.argmax(1) == classes).double().mean()
        distortion = (changed - scores).abs().sum(1).double().mean() / 2
        return Utility("test_accuracy", float(right), len(classes), float(distortion))


def as_little_shown(changed: Tensor, scores: Tensor) -> Tensor:
    """Return changed answers that show no more than ``scores`` did.

    What was withheld (0) stays so, and each row adds up to what it did.

    Parameters
    ----------
    changed, scores
        (n, classes), ≥ 0.
    """
    changed = torch.where(scores > 0, changed, 0)
    total = changed.sum(1, keepdim=True)
    return torch.where(total > 0, changed * (scores.sum(1, keepdim=True) / total.clamp_min(1e-30)), scores)


def with_its_label(changed: Tensor, scores: Tensor) -> Tensor:
    """Return changed answers (n, classes) whose highest is strictly that of ``scores``.

    Where another had become as high, the two change places. Float32 cannot tell apart what was squeezed
    together, so the higher is one unit in the last place above.
    """
    label = scores.argmax(1, keepdim=True)
    top, place = changed.max(1, keepdim=True)
    kept = changed.gather(1, label)
    swapped = changed.scatter(1, place, kept).scatter(1, label, top)
    rivals = swapped.scatter(1, label, -1).amax(1, keepdim=True)
    raised = torch.nextafter(top, torch.full_like(top, torch.inf))
    return torch.where((rivals < top) | (top <= 0), swapped, swapped.scatter(1, label, raised))
