"""Small networks in place of the face login's, so that what must hold of any weights is tested in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from mi_studio.core import paths
from mi_studio.engine import models
from mi_studio.training.writing import write_weights

SCENE = "face-login"
NARROW: dict[str, Any] = {"classes": 60, "width": 8}
WEIGHTS: tuple[tuple[str, str, dict[str, Any], dict[str, float | str]], ...] = (
    ("face-net", "face-net", NARROW, {}),
    ("face-net", "face-net", NARROW | {"bottleneck": 4}, {"mid": "on"}),
    ("face-net", "face-net", NARROW, {"bido": "on"}),
    ("resnet-18", "evaluator", {"classes": 60, "channels": 3, "width": 4, "stages": [[2, 2], [4, 2]]}, {}),
    ("face-net-pretrained", "face-net", NARROW, {"epsilon": float("inf")}),
    ("face-net-pretrained", "face-net", NARROW, {"epsilon": 1.0}),
    ("prior", "face-prior", {"latent": 6, "view": 3, "widths": [8, 8, 8, 8, 8], "style": 8}, {}),
    ("evaluator", "evaluator", {"classes": 60, "channels": 3, "width": 4, "stages": [[2, 2], [4, 2]]}, {}),
)


@pytest.fixture(scope="session")
def small_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as ``pretrained``, with small random networks for the face login."""
    folder = tmp_path_factory.mktemp("pretrained")
    for scene in paths.pretrained().iterdir():
        if scene.name != SCENE:
            (folder / scene.name).symlink_to(scene)
    for seed, (model, architecture, build, knobs) in enumerate(WEIGHTS):
        torch.manual_seed(seed)
        write_weights(
            folder, SCENE, model, models.build(architecture, **build), architecture=architecture,
            build=build, knobs=knobs, recipe="x", seed=seed, utility=None, details={},
        )  # fmt: skip
    return folder


@pytest.fixture
def small_faces(small_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the face login run on small random networks; the other scenes run on their own."""
    monkeypatch.setattr(paths, "pretrained", lambda: small_weights)
    return small_weights
