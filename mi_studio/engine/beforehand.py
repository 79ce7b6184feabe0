"""What is worked out once and shipped, because every run on every machine would find the same.

In a scene's folder of assets: ``bank.webp``, random pictures of the prior, 64 in a row, with their latents
in ``bank.safetensors``; and ``features.safetensors``, what the judge's network sees in the private photos.
Each file names the weights and photos it came from and is not used with others: the run then works it out
itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError, safe_open
from torch import Tensor

from mi_studio.core.errors import REBUILD, BadFileError
from mi_studio.core.step import Pictures
from mi_studio.core.text import Text
from mi_studio.engine.access import Bank

PICTURES, LATENTS, FEATURES = "bank.webp", "bank.safetensors", "features.safetensors"
COLUMNS = 64


@lru_cache(maxsize=1)  # unpacking thousands of pictures takes most of a second
def read_bank(folder: Path, prior: str) -> Bank | None:
    """Return the bank in ``folder``, or ``None`` if there is none of the prior with this SHA-256.

    Raises
    ------
    BadFileError
        If it is damaged.
    """
    latents = read_tensor(folder / LATENTS, "latents", {"prior": prior})
    if latents is None:
        return None
    path = folder / PICTURES
    try:
        with Image.open(path, formats=["WEBP"]) as picture:
            sheet = np.asarray(picture.convert("RGB"))
        side = sheet.shape[1] // COLUMNS
        tiles = sheet.reshape(-1, side, COLUMNS, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
        if len(tiles) != len(latents):
            raise ValueError(f"{len(tiles)} pictures, {len(latents)} latents")
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from error
    return Bank(latents, tiles)


def fingerprint(photos: Pictures) -> str:
    """Return the SHA-256 of photos as they were read."""
    return hashlib.sha256(np.ascontiguousarray(photos).tobytes()).hexdigest()


def read_features(folder: Path, evaluator: str, photos: Pictures) -> Tensor | None:
    """Return features (n, d) of photos (n, h, w, c), or ``None`` if there are none of just these photos.

    ``evaluator`` is the SHA-256 of the network that must have seen them.

    Raises
    ------
    BadFileError
        If they are damaged.
    """
    features = read_tensor(
        folder / FEATURES, "features", {"evaluator": evaluator, "photos": fingerprint(photos)}
    )
    if features is not None and len(features) != len(photos):
        raise _damaged(folder / FEATURES, ValueError(f"{len(features)} photos, not {len(photos)}"))
    return features


def read_tensor(path: Path, name: str, made_from: Mapping[str, str]) -> Tensor | None:
    """Return the table (n, d) of a file, or ``None`` if there is none that was made from just these.

    Raises
    ------
    BadFileError
        If it is damaged.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, "pt") as file:
            noted = file.metadata() or {}
            if any(noted.get(source) != sha256 for source, sha256 in made_from.items()):
                return None
            found: Tensor = file.get_tensor(name).float()
    except (OSError, SafetensorError) as error:
        raise _damaged(path, error) from error
    if found.ndim != 2 or not bool(torch.isfinite(found).all()):
        raise _damaged(path, ValueError(f"{name} {tuple(found.shape)}"))
    return found


def _damaged(path: Path, reason: Exception) -> BadFileError:
    return BadFileError(
        Text("{path} cannot be read ({reason}).", "{path} を読み込めません。"),
        remedy=REBUILD,
        path=path,
        reason=reason,
    )
