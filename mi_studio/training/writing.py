"""Write a weight file together with its card."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import save as to_bytes
from torch import nn

from mi_studio.core.atomic import write_bytes, write_text
from mi_studio.core.errors import RunError
from mi_studio.core.text import Text
from mi_studio.core.weights import Privacy, Utility, WeightsCard, read_card


def file_name(knobs: Mapping[str, float | str]) -> str:
    """Return the name of a weight file for its knob values, such as ``kin-2000-0.5`` or ``mid``."""
    parts = (
        name if value == "on" else f"{value:g}" if isinstance(value, int | float) else value
        for name, value in knobs.items()
    )
    return "-".join(parts) or "all"


class Taught(Protocol):
    """How a network is taught: what every plan of a training has."""

    @property
    def epochs(self) -> int: ...  # noqa: D102
    @property
    def batch(self) -> int: ...  # noqa: D102
    @property
    def rate(self) -> float: ...  # noqa: D102


def course(records: int, plan: Taught, seconds: float, device: str) -> dict[str, Any]:
    """Return the details of a card that tell how a training went."""
    return {
        "records": records,
        "batch": plan.batch,
        "learning_rate": plan.rate,
        "epochs": plan.epochs,
        "training_seconds": round(seconds, 1),
        "device": device,
    }


def write_weights(
    pretrained: Path,
    scene: str,
    model: str,
    net: nn.Module,
    *,
    architecture: str,
    build: Mapping[str, Any],
    knobs: Mapping[str, float | str],
    recipe: str,
    seed: int,
    utility: Utility | None,
    privacy: Privacy | None = None,
    half: bool = False,
    base: WeightsCard | None = None,
    details: Mapping[str, Any],
) -> WeightsCard:
    """Write ``NAME.safetensors`` and then its card ``NAME.json``, each atomically.

    Parameters
    ----------
    half
        Whether to write float16, half as large; measure ``utility`` after `halved`.
    base
        Of the file that holds the network's ``body``, which is then left out of this one.

    Raises
    ------
    RunError
        If a weight is not finite: the training diverged, and nothing is written.
    """
    tensors = {k: v.detach().cpu().contiguous() for k, v in net.state_dict().items()}
    if not all(bool(torch.isfinite(v).all()) for v in tensors.values()):
        raise RunError(
            Text(
                "The training of {scene}/{model} diverged; nothing was written.",
                "{scene}/{model} の学習が発散したため、何も書き込みませんでした。設定を見直してください。",
            ),
            scene=scene,
            model=model,
        )
    if base is not None:
        tensors = {k: v for k, v in tensors.items() if not k.startswith("body.")}
    if half:
        tensors = {k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}
    data = to_bytes(tensors)
    path = pretrained / scene / model / f"{file_name(knobs)}.json"
    write_bytes(path.with_suffix(".safetensors"), data)
    card: dict[str, Any] = {
        "scene": scene,
        "model": model,
        "architecture": architecture,
        "build": dict(build),
        "parameters": sum(p.numel() for p in net.parameters()),
        "sha256": hashlib.sha256(data).hexdigest(),
        "knobs": {k: "inf" if isinstance(v, float) and math.isinf(v) else v for k, v in knobs.items()},
        "recipe": recipe,
        "seed": seed,
        "utility": None
        if utility is None
        else {"metric": utility.metric, "value": round(utility.value, 4), "n": utility.n},
        "privacy": asdict(privacy) if privacy else None,
        **({"base": base.model, "base_sha256": base.sha256} if base else {}),
        **details,
        **({"gpu": torch.cuda.get_device_name()} if details.get("device") == "cuda" else {}),
        "threads": torch.get_num_threads(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            **details.get("versions", {}),
        },
    }
    write_text(path, json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    return read_card(path)


def halved(net: nn.Module) -> nn.Module:
    """Return ``net`` on the CPU, for use, with its weights rounded to what a float16 file holds."""
    return net.cpu().half().float().to(memory_format=torch.contiguous_format).eval().requires_grad_(False)
