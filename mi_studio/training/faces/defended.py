"""Face logins trained so that less of a person's looks stays in them; each after its paper.

All learn from the same private photos as the undefended login. What each costs is on its card, and what each
is worth against an attack is in the table of the documentation, whatever its paper says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.engine import models
from mi_studio.engine.models.common import tensor
from mi_studio.engine.models.faces import FaceNet
from mi_studio.training.classifier import Lesson, Loss, Schedule, cross_entropy, fit, logits
from mi_studio.training.faces.classifiers import (
    TARGET,
    labels_of,
    public_body,
    to_pixels,
    varied,
    write_login,
)
from mi_studio.training.faces.dataset import read_private
from mi_studio.training.recipe import Context
from mi_studio.training.writing import file_name

MID_LENGTH, MID_WEIGHT = 64, 0.01
"""Length of the bottleneck, and the weight of its information in nats."""

BIDO_INPUT, BIDO_LABEL, BIDO_WIDTH = 0.05, 0.5, 5.0
"""Weights of the dependence on the picture and on the person, and the kernels' width."""

NEG_LS_SHARE, NEG_LS_FROM, NEG_LS_UNTIL = -0.05, 0.45, 0.70
"""How much the labels are smoothed at the end; from when to when in the training that is reached."""

TL_DMI_FROZEN = 2
"""Blocks of the body that keep what they learnt from public people."""


@dataclass(frozen=True)
class Variant:
    """A way of training the small face login.

    Attributes
    ----------
    id
        That of the defence.
    begin
        Returns what is taught; its ``login``, or itself, is what is written.
    build
        How the written network differs from the undefended one.
    details
        Settings that the card names.
    """

    id: str
    schedule: Schedule
    begin: Callable[[Context], nn.Module]
    loss: Loss
    en: str
    ja: str
    build: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def recipe(self) -> str:
        """The name of its recipe."""
        return f"face-login-{self.id}"

    @property
    def knobs(self) -> dict[str, float | str]:
        """The knob values under which a run uses it."""
        return {self.id: "on"}

    @property
    def file(self) -> str:
        """The name of its weight file."""
        return file_name(self.knobs)


def train_variant(context: Context, variant: Variant) -> None:
    """Train and write one variant of the small face login."""
    train, _ = read_private(context.assets)
    torch.manual_seed(variant.schedule.seed)
    taught = variant.begin(context)
    seconds = fit(
        taught, to_pixels(train), labels_of(train), variant.schedule, context, variant.recipe,
        vary=varied, loss=variant.loss,
    )  # fmt: skip
    login = taught.login if isinstance(taught, _Noisy) else taught
    write_login(
        context, login, "face-net", variant.recipe, variant.schedule, seconds,
        {"en": variant.en, "ja": variant.ja},
        knobs=variant.knobs, build=variant.build, **variant.details,
    )  # fmt: skip


class _Noisy(nn.Module):
    """A face login with the spread of its bottleneck, which only the training needs."""

    def __init__(self) -> None:
        super().__init__()
        login = models.build("face-net", bottleneck=MID_LENGTH)
        assert isinstance(login, FaceNet)
        self.login = login
        self.spread = nn.Linear(login.body.widths[-1], MID_LENGTH)
        nn.init.zeros_(self.spread.weight)
        nn.init.constant_(self.spread.bias, -2.0)


def mid_loss(net: nn.Module, lesson: Lesson) -> Tensor:
    """Return the cross-entropy through a noisy bottleneck, and the price of what goes through it.

    Mutual-information regularisation (Wang et al., AAAI 2021, arXiv 2009.05241): the price is the
    Kullback-Leibler divergence to a standard normal, in nats. In use, the noise is left out.
    """
    assert isinstance(net, _Noisy)
    with torch.autocast(lesson.images.device.type, dtype=torch.bfloat16):
        features = net.login.body(lesson.images)
    mean, log_variance = tensor(net.login.neck(features.float())), tensor(net.spread(features.float()))
    noise = torch.randn(mean.shape, generator=lesson.draws, device=mean.device)
    said = tensor(net.login.head(mean + (0.5 * log_variance).exp() * noise))
    nats = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
    return F.cross_entropy(said, lesson.labels) + MID_WEIGHT * nats


def bido_loss(net: nn.Module, lesson: Lesson) -> Tensor:
    """Return the cross-entropy with the hidden maps' dependences on the picture and on the person.

    Bilateral dependency optimisation (Peng et al., KDD 2022, arXiv 2206.05483): every map is to depend
    less on the picture and more on the person, by the Hilbert-Schmidt independence criterion.
    """
    assert isinstance(net, FaceNet)
    with torch.autocast(lesson.images.device.type, dtype=torch.bfloat16):
        maps = net.body.maps(lesson.images)
    said = net.head(maps[-1].float().mean((2, 3)))
    picture = _kernel(lesson.images)
    person = _kernel(F.one_hot(lesson.labels, said.shape[1]).float())
    total = F.cross_entropy(said, lesson.labels)
    for hidden in maps[1:]:
        kernel = _kernel(hidden.float())
        total = total + BIDO_INPUT * _dependence(kernel, picture) - BIDO_LABEL * _dependence(kernel, person)
    return total


def _kernel(values: Tensor) -> Tensor:
    """Return the Gaussian kernel ``(n, n)`` of rows ``(n, ...)``, centred; wider for longer rows."""
    rows = values.flatten(1)
    sizes = rows.square().sum(1)
    apart = (sizes[:, None] + sizes[None] - 2 * rows @ rows.T).clamp_min(0)
    kernel = (-apart / (2 * BIDO_WIDTH**2 * rows.shape[1])).exp()
    return kernel - kernel.mean(0) - kernel.mean(1, keepdim=True) + kernel.mean()


def _dependence(one: Tensor, other: Tensor) -> Tensor:
    """Return the Hilbert-Schmidt criterion of two centred kernels, in 0..1.

    It is divided by what each has with itself, so that its weight means the same for every map.
    """
    return (one * other).sum() / (one.square().sum() * other.square().sum()).sqrt().clamp_min(1e-12)


def neg_ls_loss(net: nn.Module, lesson: Lesson) -> Tensor:
    """Return the cross-entropy with labels that are smoothed by a negative share, later in the training.

    Negative label smoothing (Struppek et al., ICLR 2024, arXiv 2310.06549).
    """
    grown = min(1.0, max(0.0, (lesson.done - NEG_LS_FROM) / (NEG_LS_UNTIL - NEG_LS_FROM)))
    share = NEG_LS_SHARE * grown
    likely = logits(net, lesson.images).log_softmax(1)
    return (1 - share) * F.nll_loss(likely, lesson.labels) - share * likely.mean()


def _from_public(context: Context) -> nn.Module:
    """Return a face login whose first layers have learnt from public people and are frozen.

    Transfer learning against inversion (Ho et al., CVPR 2024, arXiv 2405.05588): only the last layers see
    private photos.
    """
    net = models.build("face-net")
    assert isinstance(net, FaceNet)
    net.body.load_state_dict(public_body(context).state_dict())
    for part in (net.body.stem, *net.body.blocks[:TL_DMI_FROZEN]):
        part.requires_grad_(False)
    return net


VARIANTS = (
    Variant(
        "mid", TARGET, lambda _: _Noisy(), mid_loss,
        "Trained so that little about the picture passes its last but one layer.",
        "最後から2番目の層を通る画像の情報を抑えて学習しました。",
        build={"bottleneck": MID_LENGTH}, details={"information_weight": MID_WEIGHT},
    ),
    Variant(
        "bido", TARGET, lambda _: models.build("face-net"), bido_loss,
        "Trained so that its inner maps depend less on the picture and more on who it is.",
        "内部の特徴が画像そのものよりも人物に依存するように学習しました。",
        details={"dependence_weights": [BIDO_INPUT, BIDO_LABEL]},
    ),
    Variant(
        "neg-ls", replace(TARGET, epochs=40, weight_decay=0.02), lambda _: models.build("face-net"),
        neg_ls_loss,
        "Trained to rule the other people out by more than certainty.",
        "ほかの人ではないことを、通常の学習よりも強く答えるように学習しました。",
        details={"label_smoothing": NEG_LS_SHARE},
    ),
    Variant(
        "tl-dmi", replace(TARGET, epochs=24, rate=1e-3), _from_public, cross_entropy,
        "Its first layers learnt from public people only; the last ones saw private photos.",
        "前半の層は公開された人物だけで学習し、後半の層だけが非公開の写真を見ました。",
        details={"frozen_blocks": TL_DMI_FROZEN},
    ),
)  # fmt: skip
"""Every variant, in the order of the defences."""
