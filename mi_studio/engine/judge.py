"""The judge sees the truth and the attacker's pictures, and scores them. Attacks never see the judge."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mi_studio.core.metrics import METRICS, NO_OTHER, PLAIN_DB, RECOVERED_DB, wilson
from mi_studio.core.step import Pictures
from mi_studio.engine.assignment import assign
from mi_studio.engine.models.judge import Evaluator

Scores = dict[str, NDArray[np.float64]]
"""Metric id to one value per target."""


class Judge(Protocol):
    """Scores what an attacker has."""

    def quick(self, images: Tensor) -> Scores:
        """Score (targets, c, h, w) in 0–1; cheap enough for every step."""
        ...

    def full(self, images: Tensor) -> Scores:
        """Score with every metric that applies."""
        ...

    def base_rates(self) -> Mapping[str, float]:
        """Return what unrelated pictures score, by metric id."""
        ...

    def original(self, images: Tensor) -> Pictures:
        """Return the true pictures to show beside the attacker's."""
        ...


def as_pictures(images: Tensor) -> Pictures:
    """Quantise (n, c, h, w) in 0–1 to uint8 (n, h, w, c), on the device, then bring it to the CPU."""
    quantised = images.detach().clamp(0, 1).mul(255).round().to(torch.uint8)
    return np.ascontiguousarray(quantised.permute(0, 2, 3, 1).cpu().numpy())


def as_images(pictures: Pictures, device: torch.device) -> Tensor:
    """Turn uint8 (n, h, w, c) into float (n, c, h, w) in 0–1."""
    return torch.tensor(pictures, device=device).permute(0, 3, 1, 2).contiguous().float() / 255


class RecordJudge:
    """Judges the reconstruction of true records: one, or a batch whose order nobody outside knows.

    The attacker's pictures are given to the records one by one, so that all together fit best.

    Parameters
    ----------
    truth
        (n, c, h, w), in 0–1.
    line_up
        Other pictures (m, c, h, w) of the same kind: the base rate, and the line-up from which the
        true record must be picked. At least n.
    """

    _BASE_DRAWS = 16

    def __init__(self, truth: Tensor, line_up: Tensor) -> None:
        self._truth = truth
        self._line_up = line_up

    def quick(self, images: Tensor) -> Scores:
        """Return ``mse`` and ``psnr_db`` of each picture; of a batch, also ``plain`` and ``recovered``."""
        return self._near(images, self._matched(images))

    def full(self, images: Tensor) -> Scores:
        """Return the quick scores, ``ssim`` and ``identifiability``."""
        match = self._matched(images)
        near = self._near(images, match)
        return near | {
            "ssim": _ssim(images, self._truth[match]),
            "identifiability": (near["mse"] < self._to_others(images, match)).astype(float),
        }

    def base_rates(self) -> Mapping[str, float]:
        """Return the mean scores of unrelated pictures of the line-up, and what chance picks out of it.

        As many as there are records are given to these as the attacker's are, in several draws.
        """
        n, m = len(self._truth), len(self._line_up)
        draws = torch.Generator().manual_seed(0)
        some = (torch.randperm(m, generator=draws)[:n] for _ in range(self._BASE_DRAWS))
        found: dict[str, list[float]] = {}
        for which in torch.arange(m)[:, None] if n == 1 else some:
            which = which.to(self._line_up.device)
            others = self._line_up[which]
            scores = self._near(others, match := self._matched(others), which)
            scores["ssim"] = _ssim(others, self._truth[match])
            for name, values in scores.items():
                found.setdefault(name, []).append(float(values.mean()))
        # a picture has a place in the line-up by chance, and any of the n would be called the right one
        return {name: float(np.mean(v)) for name, v in found.items()} | {"identifiability": n / (m + n)}

    def original(self, images: Tensor) -> Pictures:
        """Return the true records, each where the attacker has its picture."""
        return as_pictures(self._truth[self._matched(images)])

    def _matched(self, images: Tensor) -> Tensor:
        """Return which record each picture is given to."""
        if len(self._truth) == 1:
            return torch.zeros(len(images), dtype=torch.int64, device=images.device)
        best = assign(_squared(images, self._truth).cpu().double().numpy())
        return torch.from_numpy(best).to(images.device)

    def _near(self, images: Tensor, match: Tensor, itself: Tensor | None = None) -> Scores:
        """Return the scores that need no look at the line-up but where a picture may be plain.

        Parameters
        ----------
        itself
            Where each picture stands in the line-up, if it is from there.
        """
        mse = (images - self._truth[match]).square().mean((1, 2, 3)).cpu().double().numpy()
        psnr = np.asarray([_psnr(float(m)) for m in mse])
        if len(self._truth) == 1:
            return {"mse": mse, "psnr_db": psnr}
        recovered, plain = psnr >= RECOVERED_DB, psnr >= PLAIN_DB
        if plain.any():
            which = torch.from_numpy(plain).to(images.device)
            others = self._to_others(images[which], match[which], None if itself is None else itself[which])
            plain[plain] = NO_OTHER * mse[plain] <= others
        counted = {"plain": plain | recovered, "recovered": recovered}
        return {"mse": mse, "psnr_db": psnr} | {name: those.astype(float) for name, those in counted.items()}

    def _to_others(self, images: Tensor, match: Tensor, itself: Tensor | None = None) -> NDArray[np.float64]:
        """Return the squared difference of each picture to the nearest other than the one it is given to."""
        rows = torch.arange(len(images), device=images.device)
        line_up, truth = _squared(images, self._line_up), _squared(images, self._truth)
        truth[rows, match] = math.inf
        if itself is not None:
            line_up[rows, itself] = math.inf
        found: NDArray[np.float64] = line_up.amin(1).minimum(truth.amin(1)).cpu().double().numpy()
        return found


def _squared(images: Tensor, others: Tensor) -> Tensor:
    """Return the mean squared difference of each picture to each other one: (n, m)."""
    return (images[:, None] - others[None]).square().mean((2, 3, 4))


def _psnr(mse: float) -> float:
    # 8-bit pictures cannot differ by less than half a level and not be equal: 60 dB is "identical"
    return 60.0 if mse == 0 else min(60.0, -10 * math.log10(mse))


def _ssim(images: Tensor, truth: Tensor) -> NDArray[np.float64]:
    from torchmetrics.functional.image import structural_similarity_index_measure

    found = structural_similarity_index_measure(images, truth, reduction="none", data_range=1.0)
    assert isinstance(found, Tensor)
    return found.reshape(-1).cpu().double().numpy()


@torch.no_grad()
def features_of(evaluator: Evaluator, photos: Pictures, device: torch.device) -> Tensor:
    """Return what an evaluator sees in photos (m, h, w, c) uint8: (m, d)."""
    parts = [photos[first : first + 500] for first in range(0, len(photos), 500)]
    return torch.cat([evaluator.features(as_images(part, device)) for part in parts])


@dataclass(frozen=True)
class _Seen:
    """What the evaluator makes of pictures: their distance to every private photo, and its answers."""

    distances: Tensor
    logits: Tensor


class ClassJudge:
    """Judges pictures of classes with a model that no attack has seen.

    Parameters
    ----------
    evaluator
        A model that no attack has seen.
    photos, labels
        Private photos (m, h, w, c) uint8 and the evaluator's label of each.
    features
        What `features_of` says of the photos.
    draw
        Draws random pictures of the public prior for the base rate: n -> (n, c, h, w).
    """

    _BASE_DRAWS = 256

    def __init__(
        self,
        evaluator: Evaluator,
        photos: Pictures,
        labels: NDArray[np.int64],
        features: Tensor,
        draw: Callable[[int], Tensor],
    ) -> None:
        self._evaluator = evaluator
        self._photos = photos
        self._labels = torch.as_tensor(labels, device=features.device)
        self._targets: tuple[int, ...] = ()
        self._draw = draw
        self._features = features
        # distances are given in units of the mean distance between the centres of two classes
        centre = torch.stack([self._features[self._labels == k].mean(0) for k in torch.unique(self._labels)])
        self._unit = float(torch.pdist(centre).mean())
        self._random: list[_Seen] = []  # shared by all who face other targets

    def facing(self, targets: tuple[int, ...]) -> ClassJudge:
        """Return this judge for targets, the evaluator's label of each; it looks at no photo again."""
        judge = copy(self)
        judge._targets = targets
        return judge

    def quick(self, images: Tensor) -> Scores:
        """Return ``evaluator_top1``, ``distance_same`` and ``distance_other``."""
        return self._score(self._see(images), self._targets)

    def full(self, images: Tensor) -> Scores:
        """Return the quick scores and ``evaluator_top5``."""
        seen = self._see(images)
        return self._score(seen, self._targets) | self._among_five(seen, self._targets)

    def base_rates(self) -> Mapping[str, float]:
        """Return what random pictures of the public prior score, averaged over the targets."""
        if not self._random:
            with torch.no_grad():
                self._random.append(self._see(self._draw(self._BASE_DRAWS)))
        (seen,) = self._random
        found: dict[str, list[float]] = {}
        for target in self._targets:
            everywhere = (target,) * self._BASE_DRAWS
            scores = self._score(seen, everywhere) | self._among_five(seen, everywhere)
            for name, values in scores.items():
                found.setdefault(name, []).append(float(values.mean()))
        return {name: float(np.mean(values)) for name, values in found.items()}

    def original(self, images: Tensor) -> Pictures:
        """Return for each target its private photo nearest to the attacker's picture in features."""
        with torch.no_grad():
            distances = torch.cdist(self._evaluator.features(images), self._features)
        chosen = []
        for row, target in zip(distances, self._targets, strict=True):
            row = row.masked_fill(self._labels != target, math.inf)
            chosen.append(self._photos[int(row.argmin())])
        return np.stack(chosen)

    def typical(self) -> Pictures:
        """Return for each target the private photo nearest to the class's mean in features."""
        chosen = []
        for target in self._targets:
            mine = (self._labels == target).nonzero()[:, 0]
            features = self._features[mine]
            nearest = (features - features.mean(0)).norm(dim=1).argmin()
            chosen.append(self._photos[int(mine[nearest])])
        return np.stack(chosen)

    @torch.no_grad()
    def _see(self, images: Tensor) -> _Seen:
        features = self._evaluator.features(images)
        return _Seen(torch.cdist(features, self._features) / self._unit, self._evaluator(images))

    def _score(self, seen: _Seen, targets: tuple[int, ...]) -> Scores:
        wanted = torch.as_tensor(targets, device=seen.logits.device)
        same = self._labels[None] == wanted[:, None]
        return {
            "evaluator_top1": (seen.logits.argmax(1) == wanted).cpu().double().numpy(),
            "distance_same": seen.distances.masked_fill(~same, math.inf).amin(1).cpu().double().numpy(),
            "distance_other": seen.distances.masked_fill(same, math.inf).amin(1).cpu().double().numpy(),
        }

    def _among_five(self, seen: _Seen, targets: tuple[int, ...]) -> Scores:
        wanted = torch.as_tensor(targets, device=seen.logits.device)
        hits = (seen.logits.topk(5).indices == wanted[:, None]).any(1)
        return {"evaluator_top5": hits.cpu().double().numpy()}


def summary(values: NDArray[np.float64], metric: str, base_rate: float | None) -> dict[str, Any]:
    """Return one entry of ``result.json``'s scores: mean, 95 % interval where n > 1, base rate.

    Shares get Wilson's interval, other means Student's t.
    """
    n = len(values)
    mean = float(values.mean())
    entry: dict[str, Any] = {"value": mean, "direction": METRICS[metric].direction, "n": n}
    if base_rate is not None:
        entry["base_rate"] = base_rate
    if n > 1:
        if np.isin(values, (0.0, 1.0)).all():
            entry["ci95"] = list(wilson(mean, n))
        else:
            half = _t95(n - 1) * float(values.std(ddof=1)) / math.sqrt(n)
            entry["ci95"] = [mean - half, mean + half]
    return entry


def _t95(freedom: int) -> float:
    """Return Student's two-sided 95 % quantile (Cornish–Fisher expansion, within 1 % from 3 degrees on)."""
    exact = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776}
    z = 1.959964
    series = z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    return exact.get(freedom, series)
