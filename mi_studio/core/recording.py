"""The ``.mireplay`` file: a run that can be played without torch.

A zip of ``manifest.json`` (what was run, every score of every step, knob moves) and one PNG per kept
frame, plus the secret. Everything is bounded when it is read, because such files travel by mail.
"""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mi_studio.core import atomic
from mi_studio.core.config import RunConfig
from mi_studio.core.errors import BadFileError, reason
from mi_studio.core.history import History, KnobMove
from mi_studio.core.knobs import from_json, jsonable
from mi_studio.core.step import Pictures, Step, View
from mi_studio.core.text import Text

FORMAT = 1
MAX_FILE_BYTES = 64 * 2**20
MAX_MEMBER_BYTES = 8 * 2**20
MAX_MEMBERS = 2_000
MAX_STEPS = 100_000
MAX_SIDE = 512

ANOTHER = Text("Choose another recording.", "別の記録を選んでください。")

_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, Image.DecompressionBombError),
    *(LookupError, ValueError, TypeError, AttributeError, ArithmeticError),
    *(SyntaxError, EOFError, RuntimeError, MemoryError),
)
"""All that zipfile, json and Pillow raise on a damaged or hostile file."""


@dataclass(frozen=True)
class Recording:
    """A finished or interrupted run with its film.

    ``twin`` is the same attack with the same seed and no defence, where one was run beside it.
    ``result`` is what ``result.json`` holds.
    """

    config: RunConfig
    secret: Pictures
    history: History
    result: Mapping[str, Any] = field(default_factory=dict)
    twin: History | None = None


def save(recording: Recording, path: Path) -> None:
    """Write a recording atomically."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "config": config_to_json(recording.config),
            "result": recording.result,
            "secret": _store(archive, "secret", recording.secret),
            "main": _history_to_json(archive, "main", recording.history),
        }
        if recording.twin is not None:
            manifest["twin"] = _history_to_json(archive, "twin", recording.twin)
        text = json.dumps(manifest, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        archive.writestr("manifest.json", text, zipfile.ZIP_DEFLATED)
    atomic.write_bytes(path, buffer.getvalue())


def load(path: Path) -> Recording:
    """Read a recording.

    Raises
    ------
    BadFileError
        If the file is missing, is not a recording, is larger than the bounds or comes from a newer version.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadFileError(
                Text(
                    "{name} is larger than {limit} MB and was not opened.",
                    "{name} は{limit} MBを超えているため、開きませんでした。",
                ),
                remedy=ANOTHER,
                name=path.name,
                limit=MAX_FILE_BYTES >> 20,
            )
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or any(m.file_size > MAX_MEMBER_BYTES for m in members):
                raise BadFileError(
                    Text(
                        "{name} holds more than a recording may and was not opened.",
                        "{name} は記録として認められる量を超えているため、開きませんでした。",
                    ),
                    remedy=ANOTHER,
                    name=path.name,
                )
            manifest = json.loads(_member(archive, "manifest.json"))
            if (found := int(manifest["format"])) != FORMAT:
                raise BadFileError(
                    Text(
                        "{name} was made by another version of MI Studio (format {found}, this program "
                        "reads {known}).",
                        "{name} は別のバージョンのMI Studioで作成されています（形式 {found}、"
                        "このバージョンで開けるのは形式 {known}）。",
                    ),
                    remedy=Text(
                        "Open it with that version.", "作成したときと同じバージョンで開いてください。"
                    ),
                    name=path.name,
                    found=found,
                    known=FORMAT,
                )
            twin = manifest.get("twin")
            return Recording(
                config=config_from_json(manifest["config"]),
                secret=_fetch(archive, manifest["secret"]),
                history=_history_from_json(archive, manifest["main"]),
                result=dict(manifest["result"]),
                twin=None if twin is None else _history_from_json(archive, twin),
            )
    except BadFileError:
        raise
    except OSError as error:
        raise BadFileError(
            Text("{path} cannot be read ({reason}).", "{path} を読み込めません（{reason}）。"),
            remedy=ANOTHER,
            path=path,
            reason=reason(error),
        ) from error
    except _DAMAGE as error:
        raise BadFileError(
            Text(
                "{name} is not a recording of MI Studio, or it is damaged.",
                "{name} はMI Studioの記録ではないか、壊れています。",
            ),
            remedy=ANOTHER,
            name=path.name,
        ) from error


def config_to_json(config: RunConfig) -> dict[str, Any]:
    """Turn a configuration into JSON's types; the user's picture stays out, only its being one is kept."""
    raw = asdict(config)
    raw["knobs"] = {k: jsonable(v) for k, v in config.knobs}
    raw["defenses"] = list(config.defenses)
    raw["image"] = None
    return raw


def config_from_json(raw: Mapping[str, Any]) -> RunConfig:
    """Read what ``config_to_json`` wrote; raises KeyError, TypeError or ValueError on anything else."""
    return RunConfig(
        scene=_word(raw["scene"]),
        model=_word(raw["model"]),
        attack=_word(raw["attack"]),
        defenses=tuple(_word(d) for d in raw["defenses"]),
        knobs=tuple((_word(k), from_json(v)) for k, v in raw["knobs"].items()),
        target=_word(raw["target"]),
        seed=int(raw["seed"]),
        steps=int(raw["steps"]),
        device=raw["device"],
    )


def _word(raw: Any) -> str:
    if not isinstance(raw, str) or len(raw) > 80:
        raise TypeError("not a word")
    return raw


def _history_to_json(archive: zipfile.ZipFile, name: str, history: History) -> dict[str, Any]:
    frames = {str(k): _store(archive, f"{name}/{k:06}", history.at(k).images) for k in history.kept}
    steps = history.steps
    scores = sorted({score for step in steps for score in step.scores})
    return {
        "run_id": steps[0].run_id,
        "total": steps[0].total,
        "best_index": history.best_index,
        "frames": frames,
        "moves": [
            [
                m.step,
                m.version,
                m.knob,
                jsonable(m.value),
            ]
            for m in history.moves
        ],
        "index": [s.index for s in steps],
        "knob_version": [s.knob_version for s in steps],
        "objective": [round(s.objective, 6) if math.isfinite(s.objective) else None for s in steps],
        "queries": [s.queries for s in steps],
        "seconds": [round(s.seconds, 4) for s in steps],
        "view_kind": steps[0].view.kind,
        "views": [[[n, round(v, 4)] for n, v in s.view.bars] for s in steps],
        "scores": {name: [_rounded(s.scores.get(name)) for s in steps] for name in scores},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def _history_from_json(archive: zipfile.ZipFile, raw: Mapping[str, Any]) -> History:
    count = len(raw["index"])
    if not 1 <= count <= MAX_STEPS or list(raw["index"]) != list(range(count)):
        raise ValueError("steps are missing")
    best_index = int(raw["best_index"])
    if not 0 <= best_index < count:
        raise ValueError("best step is not there")
    history = History(capacity=MAX_MEMBERS)
    frames = {int(k): _fetch(archive, v) for k, v in raw["frames"].items()}
    if 0 not in frames:
        raise ValueError("the first frame is missing")
    empty = frames[0][:0]
    for i in range(count):
        bars = tuple((str(n)[:80], float(v)) for n, v in raw["views"][i])
        step = Step(
            run_id=_word(raw["run_id"]),
            index=i,
            total=int(raw["total"]),
            knob_version=int(raw["knob_version"][i]),
            images=frames.get(i, empty),
            objective=math.inf if raw["objective"][i] is None else float(raw["objective"][i]),
            scores={_word(n): float(v[i]) for n, v in raw["scores"].items() if v[i] is not None},
            view=View(raw["view_kind"], bars),
            queries=int(raw["queries"][i]),
            seconds=float(raw["seconds"][i]),
            best=i == best_index,
        )
        history.steps.append(step)
    history.restore(frames, best_index)
    history.moves.extend(KnobMove(int(s), int(v), _word(k), from_json(x)) for s, v, k, x in raw["moves"])
    return history


def _store(archive: zipfile.ZipFile, name: str, pictures: Pictures) -> dict[str, Any]:
    """Write n pictures as one PNG, side by side, and say how many they are."""
    strip = np.concatenate(list(pictures), axis=1)
    buffer = io.BytesIO()
    Image.fromarray(strip[..., 0] if strip.shape[-1] == 1 else strip).save(buffer, "PNG")
    archive.writestr(f"{name}.png", buffer.getvalue())
    return {"file": f"{name}.png", "n": len(pictures)}


def _fetch(archive: zipfile.ZipFile, raw: Mapping[str, Any]) -> Pictures:
    count = int(raw["n"])
    with Image.open(io.BytesIO(_member(archive, raw["file"])), formats=["PNG"]) as image:
        if not 1 <= count <= 256 or image.height > MAX_SIDE or image.width > MAX_SIDE * count:
            raise ValueError("picture is too large")
        array = np.asarray(image.convert("L" if image.mode == "L" else "RGB"), dtype=np.uint8)
    if array.ndim == 2:
        array = array[..., None]
    return np.ascontiguousarray(np.stack(np.split(array, count, axis=1)))


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    # the sizes in the directory may lie: stop reading one byte after the bound
    with archive.open(name) as file:
        data = file.read(MAX_MEMBER_BYTES + 1)
    if len(data) > MAX_MEMBER_BYTES:
        raise ValueError("member is too large")
    return data
