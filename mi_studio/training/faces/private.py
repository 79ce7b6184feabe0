"""Face logins trained with differential privacy: heads on a public body, and one network from scratch.

The guarantee of the ladder speaks of one photo. A person has 40: what follows for a person by group
privacy, ε forty times as large with a δ that grows with it, promises nothing in practice. One more head is
trained with a guarantee for a whole person.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mi_studio.core.weights import Privacy, WeightsCard
from mi_studio.engine import models
from mi_studio.engine.employees import PEOPLE, TRAIN
from mi_studio.engine.models.faces import FaceBody, FaceNet
from mi_studio.training.classifier import accuracy
from mi_studio.training.faces.beforehand import body_features, read_scale
from mi_studio.training.faces.classifiers import (
    SCENE,
    body_card,
    labels_of,
    public_body,
    test_photos,
    to_batch,
    to_pixels,
)
from mi_studio.training.faces.dataset import read_private
from mi_studio.training.private import (
    ACCOUNTANT,
    DELTA,
    EPSILONS,
    SEED,
    Settings,
    Trained,
    train_victim,
    training_details,
)
from mi_studio.training.recipe import Context
from mi_studio.training.writing import halved, write_weights

LADDER = Settings(batch=800, epochs=100, learning_rate=0.02)
SCRATCH = Settings(batch=400, epochs=8, learning_rate=2e-3)
SCRATCH_EPSILON = 8.0
PERSON = Settings(batch=30, epochs=50, learning_rate=0.02)
PERSON_EPSILON = 8.0


@dataclass(frozen=True)
class Features:
    """What the body sees in the private photos, moved and scaled by what it sees in public ones.

    Attributes
    ----------
    body
        The one that sees, and its card.
    records, labels
        ``(photos, d)`` and ``(photos,)``, person after person.
    centre, spread
        Of public people's features, ``(d,)``; as they come from public photos, they cost no privacy.
    """

    body: FaceBody
    card: WeightsCard
    records: Tensor
    labels: Tensor
    centre: Tensor
    spread: Tensor

    def head(self) -> nn.Linear:
        """Return the head that knows nothing yet."""
        torch.manual_seed(SEED)
        head = nn.Linear(self.records.shape[1], PEOPLE)
        nn.init.zeros_(head.weight)
        nn.init.zeros_(head.bias)
        return head

    def login(self, head: nn.Module) -> FaceNet:
        """Return the face login of the body and a trained head."""
        assert isinstance(head, nn.Linear)
        net = models.build("face-net", classes=PEOPLE)
        assert isinstance(net, FaceNet)
        net.body.load_state_dict(self.body.state_dict())
        with torch.no_grad():  # the head takes the features as the body gives them
            weight = head.weight / (self.spread * math.sqrt(self.records.shape[1]))
            net.head.weight.copy_(weight)
            net.head.bias.copy_(head.bias - weight @ self.centre)
        return net


def private_features(context: Context) -> Features:
    """Return what heads learn from."""
    body = public_body(context, context.device)
    train, _ = read_private(context.assets)
    centre, spread = read_scale(context)
    records = (body_features(body, to_pixels(train), context.device) - centre) / spread
    records = records / math.sqrt(records.shape[1])
    return Features(body, body_card(context), records, labels_of(train), centre, spread)


PUBLIC_BODY = (
    "Only the head saw private photos; the body learnt from 5,000 public people, which ε does not count.",
    "非公開の写真を学習したのは最終層だけです。ほかの層は公開された5,000人で学習しており、"
    "その分は ε に含まれません。",
)


def train_ladder(context: Context) -> None:
    """Train and write a head for every epsilon, on a body that has learnt from public people only."""
    features = private_features(context)
    for done, epsilon in enumerate(EPSILONS):
        card = write_head(context, features, epsilon, "face-login-ladder", LADDER)
        context.report(f"face-login ladder, ε = {epsilon:g}: {_said(card)}", (done + 1) / len(EPSILONS))


def write_head(
    context: Context,
    features: Features,
    epsilon: float,
    recipe: str,
    settings: Settings,
    done: Callable[[float], None] = lambda _: None,
) -> WeightsCard:
    """Train a head at one ε for a photo, and write it as a login on the public body.

    ``recipe`` is named on the card; ``done`` is told after each step which share of the training is over.
    """
    trained = train_victim(features.head(), features.records, features.labels, settings, epsilon, done=done)
    return _write(
        context, features.login(trained.net), "face-net-pretrained", recipe, trained, settings, epsilon,
        {"epsilon": epsilon}, "one photo", PUBLIC_BODY, base=features.card,
    )  # fmt: skip


def train_person(context: Context) -> None:
    """Train and write a head whose guarantee is about a whole person: all 40 photos are one record.

    The card also tells what the same training reaches without clipping and noise.
    """
    features = private_features(context)
    records, labels = features.records.reshape(PEOPLE, TRAIN, -1), features.labels.view(PEOPLE, TRAIN)

    def taught(epsilon: float) -> Trained:
        return train_victim(features.head(), records, labels, PERSON, epsilon)

    plain = halved(features.login(taught(math.inf).net))
    reached = accuracy(plain, *test_photos(context.assets)).value
    context.report(f"face-login per person without DP: accuracy {reached:.3f}", 0.5)
    trained = taught(PERSON_EPSILON)
    card = _write(
        context, features.login(trained.net), "face-net-person", "face-login-person", trained, PERSON,
        PERSON_EPSILON, {}, "one person", PUBLIC_BODY, base=features.card,
        same_without_privacy=round(reached, 4),
    )  # fmt: skip
    context.report(f"face-login with DP per person: {_said(card)}", 1.0)


def train_scratch(context: Context) -> None:
    """Train and write a whole face login with differential privacy, from nothing.

    The card also tells what the same training reaches without clipping and noise.
    """
    train, _ = read_private(context.assets)
    images, labels = to_batch(train), labels_of(train)

    def taught(epsilon: float) -> Trained:
        torch.manual_seed(SEED)
        net = models.build("face-net", classes=len(train))
        return train_victim(net, images, labels, SCRATCH, epsilon, device=context.device)

    plain = accuracy(taught(math.inf).net, *test_photos(context.assets)).value
    context.report(f"face-login from scratch without DP: accuracy {plain:.3f}", 0.2)
    trained = taught(SCRATCH_EPSILON)
    card = _write(
        context, trained.net, "face-net-dp", "face-login-dp", trained, SCRATCH, SCRATCH_EPSILON, {},
        "one photo",
        ("All layers learnt from private photos alone.", "すべての層を、非公開の写真だけで学習しました。"),
        device=context.device, same_without_privacy=round(plain, 4),
    )  # fmt: skip
    context.report(f"face-login with DP from scratch: {_said(card)}", 1.0)


def _write(
    context: Context,
    net: nn.Module,
    model: str,
    recipe: str,
    trained: Trained,
    settings: Settings,
    epsilon: float,
    knobs: dict[str, float | str],
    unit: str,
    learnt: tuple[str, str],
    *,
    device: str = "cpu",
    base: WeightsCard | None = None,
    **more: Any,
) -> WeightsCard:
    net = halved(net)
    utility = accuracy(net, *test_photos(context.assets))
    details: dict[str, Any] = training_details(trained, settings, device)
    notes = details.pop("notes")
    en, ja = learnt
    if unit == "one person":
        en += f" ε is about a whole person with all {TRAIN} photos."
        ja += f"ε は、1人の写真{TRAIN}枚すべてについての値です。"
    elif math.isfinite(epsilon):
        en += f" ε is about one photo; a person has {TRAIN}, for whom it is at least {TRAIN * epsilon:g}, "
        en += "which promises nothing in practice."
        ja += f"ε は写真1枚についての値です。1人あたり{TRAIN}枚なので、"
        ja += f"人物については{TRAIN * epsilon:g}以上になり、実質的な保証にはなりません。"
    return write_weights(
        context.pretrained, SCENE, model, net,
        architecture="face-net", build={"classes": PEOPLE}, knobs=knobs, recipe=recipe, seed=SEED,
        utility=utility, half=True, base=base,
        privacy=Privacy(epsilon, DELTA, unit, f"Opacus {ACCOUNTANT.upper()}")
        if math.isfinite(epsilon)
        else None,
        details={"records": PEOPLE * TRAIN, **details, **more}
        | {"notes": {"en": f"{en} {notes['en']}", "ja": ja + notes["ja"]}},
    )  # fmt: skip


def _said(card: WeightsCard) -> str:
    assert card.utility is not None
    return f"accuracy {card.utility.value:.3f}"
