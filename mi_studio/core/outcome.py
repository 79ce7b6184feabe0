"""What is kept of one unmixed run of a sweep, and the file that holds many of them.

The file is gzipped JSON, because the program must open shipped results and its own without any further
library. Outcomes are told apart by the key of their configuration, of which a file never has two.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mi_studio.core import atomic
from mi_studio.core.cards import library
from mi_studio.core.config import RunConfig
from mi_studio.core.errors import BadFileError
from mi_studio.core.recording import config_from_json, config_to_json
from mi_studio.core.text import Text
from mi_studio.core.weights import Privacy, Utility

FORMAT = 1
MAX_BYTES = 64 * 2**20
MAX_THUMBNAIL = 64 * 2**10
MAX_SCORES = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """One finished run: what leaked, what the protection cost, and a small picture of the loot.

    Attributes
    ----------
    config
        Without the defences that are switched off, see `mi_studio.core.config.lean`.
    scores
        Of the final picture, each the mean over its targets.
    base
        What unrelated pictures score.
    thumbnail
        WebP of what the attacker hands in, of all targets side by side; empty where it was left out.
    loot
        A digest of what the attacker hands in: equal digests mean equal pictures, bit for bit. Empty where it
        was not kept.
    """

    config: RunConfig
    scores: Mapping[str, float]
    base: Mapping[str, float]
    utility: Utility | None
    privacy: Privacy | None
    queries: int
    seconds: float
    version: str
    thumbnail: bytes = field(default=b"", repr=False)
    loot: str = ""

    @property
    def key(self) -> str:
        """The key of the configuration, by which outcomes are told apart."""
        return self.config.key


def to_json(outcome: Outcome) -> dict[str, Any]:
    """Turn an outcome into JSON's types; numbers are rounded to six digits."""
    raw: dict[str, Any] = {
        "config": config_to_json(outcome.config),
        "scores": {k: _rounded(v) for k, v in outcome.scores.items()},
        "base": {k: _rounded(v) for k, v in outcome.base.items()},
        "queries": outcome.queries,
        "seconds": round(outcome.seconds, 2),
        "version": outcome.version,
    }
    if (u := outcome.utility) is not None:
        raw["utility"] = [u.metric, _rounded(u.value), u.n, _rounded(u.distortion)]
    if (p := outcome.privacy) is not None:
        raw["privacy"] = [p.epsilon, p.delta, p.unit, p.accountant]
    if outcome.loot:
        raw["loot"] = outcome.loot
    if outcome.thumbnail:
        raw["thumbnail"] = base64.b64encode(outcome.thumbnail).decode("ascii")
    return raw


def from_json(raw: Mapping[str, Any]) -> Outcome:
    """Read what `to_json` wrote; raises KeyError, TypeError or ValueError on anything else."""
    utility, privacy = raw.get("utility"), raw.get("privacy")
    picture = base64.b64decode(raw.get("thumbnail", ""), validate=True)
    if len(picture) > MAX_THUMBNAIL:
        raise ValueError("a thumbnail is too large")
    return Outcome(
        config=config_from_json(raw["config"]),
        scores=_scores(raw["scores"]),
        base=_scores(raw["base"]),
        utility=None if utility is None else _utility(*utility),
        privacy=None if privacy is None else _privacy(*privacy),
        queries=int(raw["queries"]),
        seconds=_finite(raw["seconds"]),
        version=str(raw["version"])[:40],
        thumbnail=picture,
        loot=str(raw.get("loot", ""))[:64],
    )


def save(outcomes: Iterable[Outcome], path: Path) -> None:
    """Write outcomes atomically as gzipped JSON, one a line, in the order of their keys."""
    lines = (
        json.dumps(to_json(o), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        for o in sorted(outcomes, key=lambda o: o.key)
    )
    body = ",\n".join(lines)
    text = f'{{"format":{FORMAT},"outcomes":[\n{body}\n]}}\n'
    atomic.write_bytes(path, gzip.compress(text.encode("utf-8"), mtime=0))  # equal outcomes, equal files


def load(path: Path) -> list[Outcome]:
    """Read a file of outcomes; those whose parts are not installed here are left out.

    Raises
    ------
    BadFileError
        If it is missing, damaged, too large or from another version.
    """
    try:
        with gzip.open(path) as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise ValueError("the file is too large")
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise ValueError("another format")
        found = {o.key: o for o in map(from_json, document["outcomes"])}
    except (OSError, EOFError, zlib.error, ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadFileError(
            Text(
                "{path} does not hold results of a sweep ({reason}).",
                "{path} は一括実行の結果として読み込めません。",
            ),
            remedy=Text("Make it anew with: mi-studio sweep", "mi-studio sweep で作り直してください。"),
            path=path,
            reason=error,
        ) from error
    return [o for o in found.values() if _known(o.config)]


def _known(config: RunConfig) -> bool:
    cards = library()
    return (
        config.scene in {s.id for s in cards.scenes}
        and config.attack in {a.id for a in cards.attacks}
        and set(config.defenses) <= {d.id for d in cards.defenses}
    )


def _scores(raw: Mapping[str, Any]) -> dict[str, float]:
    if len(raw) > MAX_SCORES:
        raise ValueError("too many scores")
    return {str(k)[:40]: _finite(v) for k, v in raw.items()}


def _utility(metric: str, value: Any, n: Any, distortion: Any) -> Utility:
    return Utility(
        str(metric)[:40], _finite(value), int(n), None if distortion is None else _finite(distortion)
    )


def _privacy(epsilon: Any, delta: Any, unit: str, accountant: str) -> Privacy:
    return Privacy(_finite(epsilon), _finite(delta), str(unit)[:40], str(accountant)[:80])


def _finite(raw: Any) -> float:
    if not math.isfinite(number := float(raw)):
        raise ValueError("a number is not finite")
    return number


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
