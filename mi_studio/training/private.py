"""Training with differential privacy, and the victims of the catalogue scene, with and without it.

DP-SGD after Abadi et al. (CCS 2016, arXiv 1607.00133): each record's gradient is clipped, the sum gets
Gaussian noise, and a batch holds each record with a fixed probability (Poisson sampling). Opacus
(Yousefpour et al. 2021, arXiv 2109.12298) clips, adds the noise and keeps the account. The settings of a
size are the same for every epsilon, and the training without a guarantee differs only in that nothing is
clipped and no noise is added.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F  # noqa: N812

from mi_studio.core.weights import Privacy, Utility, WeightsCard, read_card
from mi_studio.engine import models
from mi_studio.engine.splits import LINES
from mi_studio.training.catalogue import private_set
from mi_studio.training.classifier import accuracy
from mi_studio.training.recipe import Clock, Context
from mi_studio.training.writing import file_name, write_weights

EPSILONS = (math.inf, 16.0, 8.0, 4.0, 2.0, 1.0, 0.5)
DELTA = 1e-5
SEED = 1
ACCOUNTANT = "rdp"
CLASSES = 5

#: photos whose own gradients are held in memory at once; fastest on a CPU
_CHUNK = 128


@dataclass(frozen=True)
class Settings:
    """How a private set of one size is trained, at every epsilon.

    Attributes
    ----------
    batch
        Expected size of a Poisson-sampled batch.
    clip
        Greatest Euclidean norm of one record's gradient.
    """

    batch: int
    epochs: int
    learning_rate: float
    clip: float = 1.0


SETTINGS = {
    2000: Settings(batch=256, epochs=40, learning_rate=2e-3),
    30000: Settings(batch=512, epochs=4, learning_rate=2e-3),
}


@dataclass(frozen=True)
class Trained:
    """A trained victim and what its training spent."""

    net: nn.Module
    noise_multiplier: float
    sampling_rate: float
    steps: int
    epsilon: float
    seconds: float


def train_victim(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    settings: Settings,
    epsilon: float,
    *,
    seed: int = SEED,
    device: str = "cpu",
    done: Callable[[float], None] = lambda _: None,
) -> Trained:
    """Train one victim.

    Parameters
    ----------
    net
        Freshly initialised; without layers that mix the records of a batch.
    x
        Private records ``(n, ...)``; where one record is several pictures, ``(n, pictures, ...)``, and the
        guarantee is about all of them together.
    y
        Class indices ``(n,)``, or ``(n, pictures)``.
    epsilon
        The guarantee to be met at `DELTA`, or infinity for none.
    done
        Is told after each step which share of the training is over.

    Returns
    -------
    Trained
        Its ``epsilon`` is what the accountant says was spent: at most the one asked for.
    """
    clock = Clock()
    x, y = x.to(device), y.to(device)
    net.to(device)
    rate = settings.batch / len(x)
    steps = round(settings.epochs / rate)
    optimiser = torch.optim.Adam(net.parameters(), lr=settings.learning_rate)
    generator = torch.Generator().manual_seed(seed)
    private = math.isfinite(epsilon)
    noise, spent = 0.0, math.inf
    step_on = _plain_step(net, optimiser)
    if private:
        # Opacus takes seconds to import, so only a training with a guarantee does
        from opacus.accountants import create_accountant
        from opacus.accountants.utils import get_noise_multiplier

        noise = get_noise_multiplier(
            target_epsilon=epsilon,
            target_delta=DELTA,
            sample_rate=rate,
            steps=steps,
            accountant=ACCOUNTANT,
        )
        step_on = _private_step(
            net, optimiser, settings, noise, torch.Generator(device).manual_seed(seed + 1)
        )
        accountant = create_accountant(ACCOUNTANT)
        accountant.history = [(noise, rate, steps)]
        spent = float(accountant.get_epsilon(DELTA))
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * min(1.0, 2 * (1 - step / steps))
        chosen = torch.rand(len(x), generator=generator) < rate
        step_on(x[chosen], y[chosen])
        done((step + 1) / steps)
    return Trained(net.cpu().eval(), noise, rate, steps, spent, clock.seconds())


def _plain_step(net: nn.Module, optimiser: torch.optim.Optimizer) -> Any:
    def step(x: Tensor, y: Tensor) -> None:
        optimiser.zero_grad()
        torch.autograd.backward(_loss(net(x), y))
        optimiser.step()

    return step


def _private_step(
    net: nn.Module,
    optimiser: torch.optim.Optimizer,
    settings: Settings,
    noise: float,
    generator: torch.Generator,
) -> Any:
    from opacus.optimizers import DPOptimizer

    protected = DPOptimizer(
        optimiser,
        noise_multiplier=noise,
        max_grad_norm=settings.clip,
        expected_batch_size=settings.batch,
        generator=generator,
    )
    parameters = dict(net.named_parameters())

    def loss(weights: dict[str, Tensor], image: Tensor, target: Tensor) -> Tensor:
        return _loss(functional_call(net, weights, (image[None],)), target[None])

    gradients_of_each = vmap(grad(loss), in_dims=(None, 0, 0))

    def step(x: Tensor, y: Tensor) -> None:
        parts = list(zip(torch.split(x, _CHUNK), torch.split(y, _CHUNK), strict=True))
        for index, (images, targets) in enumerate(parts):
            weights = {name: p.detach() for name, p in parameters.items()}
            for name, each in gradients_of_each(weights, images, targets).items():
                parameters[name].grad_sample = each  # type: ignore[attr-defined]
            # all chunks but the last only add their clipped gradients; noise is added once
            protected.signal_skip_step(do_skip=index < len(parts) - 1)
            protected.step()
            protected.zero_grad()

    return step


def _loss(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten())


def train_grid(context: Context, records: int) -> None:
    """Train and write the victims of both lines at every epsilon, for one size of the private set."""
    train, train_labels = context.sources.fashion_mnist("train")
    test, test_labels = context.sources.fashion_mnist("t10k")
    settings = SETTINGS[records]
    recipe = f"catalogue-victims-{records}"
    todo = [(line, epsilon) for epsilon in EPSILONS for line in LINES]
    stamps = context.work / recipe
    stamps.mkdir(parents=True, exist_ok=True)
    for done, (line, epsilon) in enumerate(todo):
        knobs: dict[str, float | str] = {"private-line": line, "private-records": records, "epsilon": epsilon}
        stamp = stamps / file_name(knobs)
        if stamp.exists():  # a training that was killed goes on with the next victim
            continue
        x, y = private_set(train, train_labels, line, records // CLASSES)
        torch.manual_seed(SEED)
        net = models.build("small-cnn", classes=CLASSES)
        trained = train_victim(net, x, y, settings, epsilon, device=context.device)
        utility = accuracy(trained.net, *private_set(test, test_labels, line, len(test)))
        write_victim(context.pretrained, trained, settings, knobs, utility, recipe, context.device)
        stamp.touch()
        context.report(f"{file_name(knobs)}: accuracy {utility.value:.3f}", (done + 1) / len(todo))
    for stamp in stamps.iterdir():
        stamp.unlink()


def write_victim(
    folder: Path,
    trained: Trained,
    settings: Settings,
    knobs: dict[str, float | str],
    utility: Utility,
    recipe: str,
    device: str,
) -> WeightsCard:
    """Write a victim of the catalogue and its card, on which its ε is the one in ``knobs``."""
    epsilon = float(knobs["epsilon"])
    return write_weights(
        folder, "catalogue", "small-cnn", trained.net,
        architecture="small-cnn", build={}, knobs=knobs, recipe=recipe, seed=SEED, utility=utility,
        privacy=Privacy(epsilon, DELTA, "one picture", f"Opacus {ACCOUNTANT.upper()}")
        if math.isfinite(epsilon)
        else None,
        details=training_details(trained, settings, device),
    )  # fmt: skip


def training_details(trained: Trained, settings: Settings, device: str) -> dict[str, Any]:
    """Return what the card of a victim says about its training."""
    details: dict[str, Any] = {
        "sampling_rate": trained.sampling_rate,
        "steps": trained.steps,
        "batch": settings.batch,
        "learning_rate": settings.learning_rate,
        "epochs": settings.epochs,
        "training_seconds": round(trained.seconds, 1),
        "device": device,
    }
    if math.isinf(trained.epsilon):
        return details | {
            "notes": {
                "en": "No guarantee: nothing was clipped and no noise was added.",
                "ja": "保証なし。クリッピングもノイズの付加も行っていません。",
            }
        }
    return details | {
        "clip": settings.clip,
        "noise_multiplier": trained.noise_multiplier,
        "epsilon_spent": trained.epsilon,
        "versions": {"opacus": version("opacus")},
        "notes": {
            "en": "The search for the settings is not counted in ε. The noise came from a published seed so "
            "that the file can be rebuilt; a real deployment must keep its noise secret.",
            "ja": "学習設定の探索は ε に含まれません。再現できるようノイズの乱数の種を公開しています。"
            "実際の運用ではノイズを秘密にする必要があります。",
        },
    }


def epsilon_of(card_path: Any) -> float:
    """Recompute the ε of a card from its noise multiplier, sampling rate and steps."""
    from opacus.accountants import create_accountant

    details = read_card(card_path).details
    accountant = create_accountant(ACCOUNTANT)
    accountant.history = [(details["noise_multiplier"], details["sampling_rate"], details["steps"])]
    return float(accountant.get_epsilon(DELTA))
