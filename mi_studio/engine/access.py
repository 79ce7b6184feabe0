"""What an attacker may touch. An attack receives one of these objects and a `Setup`, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from mi_studio.core.step import Pictures, View, ViewKind
from mi_studio.engine.rounds import Message, Round


class Prior(Protocol):
    """A generator of public pictures.

    A latent says what is on a picture; a view, where the generator has one, how it was taken. Both are
    standard normal, and a view of zeros is a plain one.

    Attributes
    ----------
    latent, view
        Their lengths; ``view`` is 0 where there is none.
    """

    latent: int
    view: int

    def __call__(self, z: Tensor, view: Tensor | None = None) -> Tensor:
        """Draw pictures (n, c, h, w) in 0–1: latents (n, latent) in views (n, view), or in the plain one."""
        ...


@dataclass(frozen=True)
class Bank:
    """Random pictures of a prior, drawn beforehand, since they are the same for every attack.

    Attributes
    ----------
    latents
        (n, latent), float32.
    pictures
        What the prior draws of them in the plain view, as a compressed sheet kept it: uint8 (n, h, w, c).
    """

    latents: Tensor
    pictures: Pictures

    def __len__(self) -> int:
        return len(self.latents)

    def take(self, which: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
        """Return the latents (n, latent) and pictures (n, c, h, w) in 0–1 of these places (n,)."""
        pictures = torch.from_numpy(self.pictures[which.numpy()]).to(device)
        return self.latents[which].to(device), pictures.permute(0, 3, 1, 2).contiguous().float() / 255


@dataclass(frozen=True)
class Setup:
    """What everybody may know about a run: no private data, no truth.

    Attributes
    ----------
    targets
        Class labels the attacker is after, one picture each. Unused under gradient access.
    shape
        (channels, height, width) of a picture.
    prior
        A generator trained on public pictures only, where the attack's card requires it.
    effort
        ``quick`` or ``thorough``, where the scene lets the user choose.
    bank
        Pictures that the prior drew beforehand, where the scene ships some.
    turns
        In how many turns an attack with ``at_once`` on its card takes up the targets, one turn a step.
    """

    targets: tuple[int, ...]
    shape: tuple[int, int, int]
    seed: int
    steps: int
    device: torch.device
    prior: Prior | None = None
    effort: str = "quick"
    bank: Bank | None = None
    turns: int = 1

    def draws(self) -> torch.Generator:
        """Return a fresh CPU generator for this seed: the same starts on every device."""
        return torch.Generator().manual_seed(self.seed)

    def need_prior(self) -> Prior:
        """Return the prior, which the card's ``requires`` has promised."""
        assert self.prior is not None, "the attack's card must require 'prior'"
        return self.prior


@dataclass(frozen=True)
class Progress:
    """What an attack yields after each step.

    Attributes
    ----------
    images
        (targets, c, h, w), in 0–1; what the attacker would hand in now.
    objective
        The attack's own loss, lower is better.
    choice
        Whether the attack would hand in this one whatever came before: from here on it measures in another
        way, and earlier objectives count no more.
    """

    images: Tensor
    objective: float
    choice: bool = False


class Access:
    """Base of all access objects.

    ``version`` counts the changes of what the attacker holds, so that an attack can notice one.
    """

    def __init__(self) -> None:
        self.version = 0
        self.queries = 0

    def view(self, images: Tensor) -> View:
        """Return what the attacker sees for its present pictures (n, c, h, w)."""
        raise NotImplementedError


def score_bars(scores: Tensor, names: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Return scores (classes,) with the names of their classes, as a `View` shows them."""
    return tuple((name, float(value)) for name, value in zip(names, scores.tolist(), strict=True))


class WhiteBox(Access):
    """The model file itself: weights, architecture, gradients.

    ``model`` maps (n, c, h, w) in 0–1 to logits (n, classes). It stays the same object, but what it
    holds is another network when a trained-in defence moves.
    """

    def __init__(self, model: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.model = model
        self._names = tuple(names)

    def view(self, images: Tensor) -> View:
        """Return the model's own scores for the first picture."""
        with torch.no_grad():
            scores = self.model(images[:1]).softmax(1)[0]
        return View("scores", score_bars(scores, self._names))


class ScoreApi(Access):
    """A remote model that answers with scores. The attacker never holds the model.

    Parameters
    ----------
    answer
        Maps pictures (n, c, h, w) to what the API lets out, (n, classes).
    kind
        Says what that is at present.
    asked
        Maps queried pictures to the same, where a gateway must let them through first.
    """

    def __init__(
        self,
        answer: Callable[[Tensor], Tensor],
        names: Sequence[str],
        kind: Callable[[], ViewKind] = lambda: "scores",
        asked: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.__answer, self.__asked = answer, asked or answer
        self._names = tuple(names)
        self._kind = kind

    @torch.no_grad()
    def query(self, images: Tensor) -> Tensor:
        """Ask the API about pictures (n, c, h, w); returns scores (n, classes) as it lets them out."""
        self.queries += len(images)
        return self.__asked(images)

    @torch.no_grad()
    def view(self, images: Tensor) -> View:
        """Return the API's answer to the first picture (for the screen; not counted as a query)."""
        scores = self.__answer(images[:1])[0]
        return View(self._kind(), score_bars(scores, self._names))


class LabelApi(Access):
    """A remote model that answers with the name of a class only. The attacker never holds the model.

    Parameters
    ----------
    answer
        Maps pictures (n, c, h, w) to scores (n, classes), of which only the place of the highest goes out.
    asked
        Maps queried pictures to the same, where a gateway must let them through first.
    """

    def __init__(
        self,
        answer: Callable[[Tensor], Tensor],
        names: Sequence[str],
        asked: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.__answer, self.__asked = answer, asked or answer
        self._names = tuple(names)

    @property
    def classes(self) -> int:
        """How many classes the API knows; their names are public."""
        return len(self._names)

    @torch.no_grad()
    def query(self, images: Tensor) -> Tensor:
        """Ask the API about pictures (n, c, h, w); returns the label of each, int64 (n,)."""
        self.queries += len(images)
        return self.__asked(images).argmax(1)

    @torch.no_grad()
    def view(self, images: Tensor) -> View:
        """Return the API's answer to the first picture (for the screen; not counted as a query)."""
        label = int(self.__answer(images[:1])[0].argmax())
        return View("labels", tuple((name, float(i == label)) for i, name in enumerate(self._names)))


class GradientLeak(Access):
    """One update that clients sent, and the model it was computed on.

    Attributes
    ----------
    model
        The model as the server sent it to the clients; logits (n, classes).
    message
        One tensor per parameter, as it arrived. Changed in place when the clients send again.
    round
        What is agreed about the round: how many pictures, how many local steps.
    """

    def __init__(self, model: nn.Module, message: Message, agreed: Round | None = None) -> None:
        super().__init__()
        self.model = model
        self.message = message
        self.round = agreed or Round()

    def view(self, images: Tensor) -> View:  # noqa: ARG002  # a gradient does not depend on the guess
        """Return the size (rms) of each weight layer's gradient, relative to the largest."""
        return _layer_bars(self.model, self.message)


class MaliciousServer(Access):
    """The server of a round that may send another model than the one agreed on. It never sees a picture.

    Parameters
    ----------
    answer
        Maps a model to the update that arrives when the clients have computed theirs on it.

    Attributes
    ----------
    model
        The model that was agreed on; logits (n, classes).
    round
        What is agreed about the round: how many pictures, how many local steps.
    """

    def __init__(self, model: nn.Module, answer: Callable[[nn.Module], Message], agreed: Round) -> None:
        super().__init__()
        self.model = model
        self.round = agreed
        self.__answer = answer
        self.__seen = View("gradient", ())

    def ask(self, model: nn.Module) -> Message:
        """Send the clients a model and return the update that arrives, one tensor per parameter.

        Parameters
        ----------
        model
            Maps pictures (n, c, h, w) in 0–1 to logits (n, classes). The clients get a copy without hooks:
            weights and structure travel, code that reports home does not.
        """
        self.queries += 1
        sent = deepcopy(model)
        for module in sent.modules():
            for name, value in vars(module).items():
                if "_hooks" in name and hasattr(value, "clear"):
                    value.clear()
        message = self.__answer(sent)
        self.__seen = _layer_bars(model, message)
        return message

    def view(self, images: Tensor) -> View:  # noqa: ARG002  # a gradient does not depend on the guess
        """Return the size of each weight layer's gradient in the last update, as `GradientLeak.view` does."""
        return self.__seen


def _layer_bars(model: nn.Module, message: Message) -> View:
    sizes = {
        name.removesuffix(".weight"): float(part.square().mean().sqrt())
        for (name, _), part in zip(model.named_parameters(), message, strict=True)
        if part.ndim > 1
    }
    top = max(sizes.values(), default=0.0) or 1.0
    return View("gradient", tuple((name, size / top) for name, size in sizes.items()))
