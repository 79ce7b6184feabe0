"""Checkpoints without pickles: one safetensors file with a JSON note, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn, optim

from mi_studio.core.atomic import write_bytes


def save(
    path: Path,
    note: Mapping[str, Any],
    nets: Mapping[str, nn.Module],
    optimisers: Mapping[str, optim.Optimizer],
) -> None:
    """Write networks, optimisers and a JSON-able note to ``path``."""
    tensors: dict[str, Tensor] = {}
    for name, net in nets.items():
        tensors |= {f"net/{name}/{key}": value for key, value in net.state_dict().items()}
    for name, optimiser in optimisers.items():
        for index, state in optimiser.state_dict()["state"].items():
            tensors |= {f"opt/{name}/{index}/{key}": torch.as_tensor(value) for key, value in state.items()}
    tensors = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    write_bytes(path, to_bytes(tensors, metadata={"note": json.dumps(note)}))


def restore(
    path: Path,
    nets: Mapping[str, nn.Module],
    optimisers: Mapping[str, optim.Optimizer],
    made_for: str | None = None,
) -> dict[str, Any] | None:
    """Read ``path`` into the networks and optimisers and return its note.

    ``None``, with nothing changed, if there is no usable checkpoint: the training then starts anew. A
    checkpoint whose note was ``made_for`` something else, or whose networks are others, is none.
    """
    try:
        with safe_open(path, framework="pt") as file:
            note: dict[str, Any] = json.loads(file.metadata()["note"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  (no mapping)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None
    if made_for is not None and note.get("made_for") != made_for:
        return None
    for name, net in nets.items():
        shapes = {f"net/{name}/{key}": value.shape for key, value in net.state_dict().items()}
        if any(key not in tensors or tensors[key].shape != shape for key, shape in shapes.items()):
            return None
    for name, net in nets.items():
        prefix = f"net/{name}/"
        net.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
    for name, optimiser in optimisers.items():
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith(f"opt/{name}/"):
                _, _, index, part = key.split("/")
                state.setdefault(int(index), {})[part] = value
        optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
    return note
