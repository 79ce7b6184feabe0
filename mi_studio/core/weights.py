"""The card that lies beside every weight file, and how to find the right file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from mi_studio.core import paths
from mi_studio.core.errors import REBUILD, BadFileError, reason
from mi_studio.core.knobs import Value, from_json, plain
from mi_studio.core.text import Text


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one round of sending updates took.

    Attributes
    ----------
    size
        Bytes that each client sent.
    plain
        Bytes that it would have sent without any defence.
    seconds
        Spent on hiding the updates and adding them up, all clients together.
    """

    size: int
    plain: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Utility:
    """How useful the protected thing still is: a metric's name, its value, and over how many.

    ``distortion`` is by how much the answers were changed, where they were: the share of each that was moved
    to other classes or withheld, in 0-1 on average (total variation). ``traffic`` is what the last round of
    sending updates took, where there are any; two equal runs measure it differently.
    """

    metric: str
    value: float
    n: int
    distortion: float | None = None
    traffic: Traffic | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Privacy:
    """A differential-privacy guarantee: the word of an accountant about one training."""

    epsilon: float
    delta: float
    unit: str
    accountant: str

    @classmethod
    def read(cls, raw: Mapping[str, Any] | None) -> Privacy | None:
        """Return what a card or a result says, which is ``dataclasses.asdict`` of it or nothing.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is neither.
        """
        if not raw:
            return None
        return cls(float(raw["epsilon"]), float(raw["delta"]), str(raw["unit"]), str(raw["accountant"]))


@dataclass(frozen=True, slots=True)
class WeightsCard:
    """What is known about one weight file.

    The card ``NAME.json`` lies beside ``NAME.safetensors`` in ``pretrained/SCENE/MODEL/``, or in the same
    place below `own_folder`.

    Attributes
    ----------
    knobs
        The knob values under which a run uses this file, for example ``{"epsilon": 4.0}``.
    utility
        Measured on test data at the end of training; ``None`` where nothing is measured (a prior).
    privacy
        ``None`` for a training without a guarantee.
    details
        Everything else on the card: recipe, seed, clip, noise multiplier, seconds, versions, notes.
    """

    path: Path
    scene: str
    model: str
    architecture: str
    sha256: str
    knobs: Mapping[str, Value]
    utility: Utility | None
    privacy: Privacy | None
    details: Mapping[str, Any]

    @property
    def weights(self) -> Path:
        """The weight file beside this card."""
        return self.path.with_suffix(".safetensors")

    def verified_bytes(self) -> bytes:
        """Read the weight file and check it against the card.

        Raises
        ------
        BadFileError
            If the file is missing or is not the one that the card speaks of.
        """
        try:
            data = self.weights.read_bytes()
        except OSError as error:
            raise BadFileError(
                Text(
                    "The weights {path} cannot be read ({reason}).",
                    "重みファイル {path} を読み込めません（{reason}）。",
                ),
                remedy=REBUILD,
                path=self.weights,
                reason=reason(error),
            ) from error
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise BadFileError(
                Text(
                    "The weights {path} are not the ones on their card (wrong SHA-256).",
                    "重みファイル {path} は、壊れているか書き換えられています（SHA-256が一致しません）。",
                ),
                remedy=REBUILD,
                path=self.weights,
            )
        return data


def read_card(path: Path) -> WeightsCard:
    """Read one weights card.

    Raises
    ------
    BadFileError
        If it is not a complete card.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
        utility = raw.get("utility")
        named = {"scene", "model", "architecture", "sha256", "knobs", "utility", "privacy"}
        return WeightsCard(
            path=path,
            scene=raw["scene"],
            model=raw["model"],
            architecture=raw["architecture"],
            sha256=raw["sha256"],
            knobs={k: from_json(v) for k, v in raw["knobs"].items()},
            utility=Utility(utility["metric"], float(utility["value"]), int(utility["n"]))
            if utility
            else None,
            privacy=Privacy.read(raw.get("privacy")),
            details={k: v for k, v in raw.items() if k not in named},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadFileError(
            Text(
                "{path} is not a weights card ({reason}).",
                "{path} は重みの説明ファイルとして読み込めません。",
            ),
            remedy=REBUILD,
            path=path,
            reason=error,
        ) from error


def weights_cards(scene: str) -> Iterator[WeightsCard]:
    """Yield every shipped weights card of a scene, in the order of their names."""
    for path in sorted((paths.pretrained() / scene).glob("*/*.json")):
        yield read_card(path)


def own_folder() -> Path:
    """Return where lies what was trained on this computer, sorted as in ``pretrained``."""
    return paths.data_dir() / "trained"


def own_cards(scene: str) -> tuple[WeightsCard, ...]:
    """Return the card of every model of a scene that was trained on this computer; `forget_own` reads anew.

    A card that is damaged or has lost its weights is none: the program must start without them.
    """
    return _own_cards(own_folder() / scene)


def forget_own() -> None:
    """Read the user's own cards again at the next question: one has come or gone."""
    _own_cards.cache_clear()


@cache  # asked for at every move of a knob
def _own_cards(folder: Path) -> tuple[WeightsCard, ...]:
    found = []
    for path in sorted(folder.glob("*/*.json")):
        with suppress(BadFileError):
            card = read_card(path)
            if card.weights.is_file():
                found.append(card)
    return tuple(found)


def find_weights(
    scene: str, model: str, knobs: Mapping[str, Value], needed: Iterable[str] = ()
) -> WeightsCard:
    """Return the card whose knobs all agree with ``knobs``; the most specific one if several do.

    What is shipped comes before what was trained on this computer.

    A card that does not speak of every ``needed`` knob is none: plain weights never stand in for ones
    trained with a defence.

    Raises
    ------
    BadFileError
        If there is none: the weights are not shipped.
    """
    fitting = [
        card
        for card in (*weights_cards(scene), *own_cards(scene))
        if card.model == model
        and all(knobs.get(k) == v for k, v in card.knobs.items())
        and all(k in card.knobs for k in needed)
    ]
    if not fitting:
        raise BadFileError(
            Text(
                "There are no weights for {knobs} in {folder}.",
                "この設定で使う重みファイルが {folder} にありません。",
            ),
            remedy=REBUILD,
            knobs=" ".join(f"{k}={plain(v)}" for k, v in sorted(knobs.items())) or model,
            folder=paths.pretrained() / scene / model,
        )
    return max(fitting, key=lambda card: len(card.knobs))
