"""The trainer of the face login learns, repeats itself, and goes on after a kill."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mi_studio.engine import models
from mi_studio.training import classifier
from mi_studio.training.classifier import Schedule
from mi_studio.training.faces import classifiers
from mi_studio.training.recipe import Context
from mi_studio.training.sources import Sources


class KilledError(Exception):
    pass


def context(folder: Path, die_at: float = 2.0) -> Context:
    def report(_: str, done: float | None) -> None:
        if done is not None and done >= die_at:
            raise KilledError

    return Context(Sources(), folder, folder, folder, "cpu", report)


@pytest.fixture(scope="module")
def photos() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Two people of 6 photos, who differ in colour."""
    draws = np.random.default_rng(0)
    made = draws.integers(0, 60, (2, 6, 64, 64, 3))
    made[0, ..., 0] += 150
    made[1, ..., 2] += 150
    return made.astype(np.uint8)


SCHEDULE = Schedule(seed=1, epochs=24, batch=12, rate=2e-3, weight_decay=0.01, clip=1.0)


def fitted(folder: Path, photos: Any, die_at: float = 2.0) -> torch.nn.Module:
    torch.manual_seed(0)
    net = models.build("face-net", classes=2, width=8)
    pixels, labels = classifiers.to_pixels(photos), classifiers.labels_of(photos)
    classifier.fit(net, pixels, labels, SCHEDULE, context(folder, die_at), "test", vary=classifiers.varied)
    return net


def test_it_learns_and_repeats_itself(photos: Any, tmp_path: Path) -> None:
    net = fitted(tmp_path, photos)
    with torch.no_grad():
        said = net(classifiers.to_batch(photos)).argmax(1)
    assert said.tolist() == [0] * 6 + [1] * 6
    again = fitted(tmp_path, photos)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))


def test_a_killed_training_comes_to_the_same_end(
    photos: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier, "SAVE_EVERY", 0.0)
    whole = fitted(tmp_path, photos)
    with pytest.raises(KilledError):
        fitted(tmp_path, photos, die_at=0.5)
    assert (tmp_path / "test.safetensors").exists()
    resumed = fitted(tmp_path, photos)
    assert (tmp_path / "test.safetensors").exists()
    classifier.finished(context(tmp_path), "test")
    assert not (tmp_path / "test.safetensors").exists()
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), resumed.parameters(), strict=True))


def test_varied_photos_stay_pictures(photos: Any) -> None:
    batch = classifiers.to_batch(photos)
    varied = classifiers.varied(batch, torch.Generator().manual_seed(1))
    assert varied.shape == batch.shape
    assert 0 <= float(varied.min()) <= float(varied.max()) <= 1
    assert not torch.equal(varied, batch)


def test_a_checkpoint_of_other_settings_or_photos_is_not_gone_on_with(
    photos: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier, "SAVE_EVERY", 0.0)
    fresh = fitted(tmp_path / "fresh", photos[:, ::-1])
    with pytest.raises(KilledError):
        fitted(tmp_path, photos, die_at=0.5)
    assert all(
        torch.equal(a, b)
        for a, b in zip(fresh.parameters(), fitted(tmp_path, photos[:, ::-1]).parameters(), strict=True)
    )
