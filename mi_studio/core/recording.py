"""The ``.mireplay`` file: a run that can be played without torch.

A zip of ``manifest.json`` (what was run, every score of every step, knob moves) and one PNG per kept
frame, plus the secret. Everything is bounded when it is read, because such files travel by mail; what is
written is thinned to these bounds, so that it can always be read again.
"""

from __future__ import annotations

import base64
import io
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from PIL import Image

from mi_studio.core import atomic
from mi_studio.core.config import DEVICES, MAX_SEED, MAX_STEPS, RunConfig
from mi_studio.core.desk import BLOCK_REASONS, LINES, MARK, QUERIES_A_MINUTE, WATCHED, Desk, LogLine
from mi_studio.core.errors import BadFileError, RunError, reason
from mi_studio.core.history import History, KnobMove
from mi_studio.core.knobs import from_json, jsonable
from mi_studio.core.step import VIEW_KINDS, Pictures, Step, View
from mi_studio.core.text import Text

FORMAT = 2
READABLE = (1, 2)
"""Format 1 has one kind of view for the whole run."""

MAX_FILE_BYTES = 64 * 2**20
MAX_MEMBER_BYTES = 8 * 2**20
MAX_MANIFEST_BYTES = 24 * 2**20
MAX_MANIFEST_PARTS = 2_000_000
"""Lists, objects and words; each takes many times its length in memory."""

MAX_MEMBERS = 2_000
MAX_FRAMES = 900
MAX_VIEWS = 2_000
MAX_FILM_BYTES = 20 * 2**20
"""Pixels of one film; two films, the secret and the manifest fit the file even where nothing packs."""

MAX_SIDE = 512
MAX_PICTURES = 256

MANIFEST = "manifest.json"

W = TypeVar("W", bound=str)
N = TypeVar("N", int, float)

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
    """Write a recording atomically. Of a very long run fewer frames and views are kept, never fewer scores.

    Raises
    ------
    RunError
        If it is so large that it could not be opened again; nothing is written.
    """
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
        archive.writestr(MANIFEST, text, zipfile.ZIP_DEFLATED)
    try:
        _check_size(buffer.getbuffer().nbytes, path.name)
        _read(buffer, path.name)
    except (BadFileError, *_DAMAGE) as error:
        raise RunError(
            Text(
                "{name} was not written: this run holds more than a recording can.",
                "この実行は記録に収まらない大きさのため、{name} は保存されませんでした。",
            ),
            remedy=Text(
                "Run it with fewer targets or steps.", "標的かステップ数を減らして実行してください。"
            ),
            name=path.name,
        ) from error
    atomic.write_bytes(path, buffer.getvalue())


def load(path: Path) -> Recording:
    """Read a recording.

    Raises
    ------
    BadFileError
        If the file is missing, is not a recording, is larger than the bounds or comes from a newer version.
    """
    try:
        _check_size(path.stat().st_size, path.name)
        with path.open("rb") as file:
            return _read(file, path.name)
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


def _check_size(size: int, name: str) -> None:
    if size > MAX_FILE_BYTES:
        raise BadFileError(
            Text(
                "{name} is larger than {limit} MB and was not opened.",
                "{name} は{limit} MBを超えているため、開きませんでした。",
            ),
            remedy=ANOTHER,
            name=name,
            limit=MAX_FILE_BYTES >> 20,
        )


def _read(file: IO[bytes], name: str) -> Recording:
    """Read a recording; raises BadFileError, or of `_DAMAGE` whatever the libraries do."""
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        large = any(m.file_size > MAX_MEMBER_BYTES for m in members if m.filename != MANIFEST)
        if len(members) > MAX_MEMBERS or large:
            raise BadFileError(
                Text(
                    "{name} holds more than a recording may and was not opened.",
                    "{name} は記録として認められる量を超えているため、開きませんでした。",
                ),
                remedy=ANOTHER,
                name=name,
            )
        text = _member(archive, MANIFEST, MAX_MANIFEST_BYTES)
        if sum(map(text.count, (b"[", b"{", b'"'))) > MAX_MANIFEST_PARTS:
            raise ValueError("the manifest has too many parts")
        manifest = json.loads(text)
        if (found := int(manifest["format"])) not in READABLE:
            raise BadFileError(
                Text(
                    "{name} was made by another version of MI Studio (format {found}, this program "
                    "reads {known}).",
                    "{name} は別のバージョンのMI Studioで作成されています（形式 {found}、"
                    "このバージョンで開けるのは形式 {known}）。",
                ),
                remedy=Text("Open it with that version.", "作成したときと同じバージョンで開いてください。"),
                name=name,
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
        seed=_whole(raw["seed"], 0, MAX_SEED),
        steps=_whole(raw["steps"], 1, MAX_STEPS),
        device=_one_of(DEVICES, raw["device"]),
    )


def _word(raw: Any) -> str:
    if not isinstance(raw, str) or len(raw) > 80:
        raise TypeError("not a word")
    return raw


def _whole(raw: Any, low: int, high: int) -> int:
    if not low <= (number := int(raw)) <= high:
        raise ValueError("a number is out of bounds")
    return number


def _one_of(words: tuple[W, ...], raw: Any) -> W:
    return words[words.index(raw)]


def _history_to_json(archive: zipfile.ZipFile, name: str, history: History) -> dict[str, Any]:
    steps = history.steps
    always = {history.best_index, history.kept[-1]}
    shown = _spread(history.kept, min(MAX_FRAMES, MAX_FILM_BYTES // history.at(0).images.nbytes), always)
    seen = _spread(range(len(steps)), MAX_VIEWS, {history.best_index, len(steps) - 1})
    frames = {str(k): _store(archive, f"{name}/{k:06}", history.at(k).images) for k in sorted(shown)}
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
        "views": {str(i): _view_to_json(steps[i].view) for i in sorted(seen)},
        "desks": {str(i): _desk_to_json(desk) for i in sorted(seen) if (desk := steps[i].desk)},
        "scores": {name: [_rounded(s.scores.get(name)) for s in steps] for name in scores},
    }


def _rounded(value: float | None, digits: int = 5) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, digits)


def _spread(indices: Sequence[int], most: int, always: set[int]) -> set[int]:
    """Return at most ``most`` of ascending indices at even distances, the first and those of ``always``."""
    stride = -(-len(indices) // max(1, most - len(always)))
    return {*indices[::stride], *always}


def _view_to_json(view: View) -> dict[str, Any]:
    return {"kind": view.kind, "bars": [[n, _rounded(v, 4)] for n, v in view.bars]}


def _views_from_json(raw: Mapping[str, Any], count: int) -> dict[int, View]:
    views = raw["views"]
    if isinstance(views, list):  # format 1: one for every step, and all of one kind
        views = {i: {"kind": raw["view_kind"], "bars": bars} for i, bars in enumerate(views)}
    return {_whole(i, 0, count - 1): _view_from_json(view) for i, view in views.items()}


def _view_from_json(raw: Mapping[str, Any]) -> View:
    values = ((str(n)[:80], math.nan if v is None else float(v)) for n, v in raw["bars"])
    return View(_one_of(VIEW_KINDS, raw["kind"]), tuple(values))


def _desk_to_json(desk: Desk) -> dict[str, Any]:
    raw = asdict(desk)
    raw["suspicion"], raw["minutes"] = _rounded(desk.suspicion, 3), round(desk.minutes, 3)
    raw["figures"] = [_rounded(f, 3) for f in desk.figures]
    raw["lines"] = [_line_to_json(line) for line in desk.lines]
    return raw


def _desk_from_json(raw: Any) -> Desk:
    if isinstance(raw, list):  # written before there was a log
        asked, budget, suspicion, blocked = raw
        raw = {"asked": asked, "budget": budget, "suspicion": suspicion, "blocked": blocked}
        raw |= {"minutes": asked / QUERIES_A_MINUTE, "accounts": 1, "lost": 0, "slowed": 0, "false_alarms": 0}
        raw |= {"caught": None, "figures": [], "customers": None, "lines": []}
    if len(raw["lines"]) > LINES:
        raise ValueError("the log is too long")
    return Desk(
        asked=int(raw["asked"]),
        budget=_perhaps(int, raw["budget"]),
        suspicion=_perhaps(float, raw["suspicion"]),
        blocked=_one_of(BLOCK_REASONS, raw["blocked"]),
        minutes=float(raw["minutes"]),
        accounts=int(raw["accounts"]),
        lost=int(raw["lost"]),
        slowed=int(raw["slowed"]),
        caught=_perhaps(int, raw["caught"]),
        figures=_figures_from_json(raw["figures"]),
        customers=_perhaps(int, raw["customers"]),
        false_alarms=int(raw["false_alarms"]),
        lines=tuple(map(_line_from_json, raw["lines"])),
    )


def _line_to_json(line: LogLine) -> list[Any]:
    return [
        *(
            line.number,
            round(line.minute, 3),
            line.sender,
            line.customer,
            line.answer,
            _rounded(line.share, 4),
        ),
        *([_rounded(f, 3) for f in line.figures], line.alarm, base64.b64encode(line.mark).decode()),
    ]


def _line_from_json(raw: Any) -> LogLine:
    number, minute, sender, customer, answer, share, figures, alarm, mark = raw
    sign = base64.b64decode(mark, validate=True)
    if len(sign) not in (0, MARK**2):
        raise ValueError("a sign in the log has the wrong size")
    return LogLine(
        int(number),
        float(minute),
        int(sender),
        bool(customer),
        str(answer)[:80],
        _perhaps(float, share),
        _figures_from_json(figures),
        _one_of(BLOCK_REASONS, alarm),
        sign,
    )


def _figures_from_json(raw: Any) -> tuple[float, ...]:
    if len(raw) not in (0, len(WATCHED)):
        raise ValueError("the monitor's figures are not complete")
    return tuple(map(float, raw))


def _perhaps(read: Callable[[Any], N], raw: Any) -> N | None:
    return None if raw is None else read(raw)


def _history_from_json(archive: zipfile.ZipFile, raw: Mapping[str, Any]) -> History:
    count = len(raw["index"])
    if not 1 <= count <= MAX_STEPS + 1 or list(raw["index"]) != list(range(count)):
        raise ValueError("steps are missing")
    total = _whole(raw["total"], count - 1, MAX_STEPS)
    best_index = _whole(raw["best_index"], 0, count - 1)
    history = History(capacity=MAX_FRAMES)
    frames = _film(archive, raw["frames"], count)
    empty = frames[0][:0]
    views = _views_from_json(raw, count)
    desks = {_whole(i, 0, count - 1): _desk_from_json(desk) for i, desk in raw.get("desks", {}).items()}
    view, desk = views[0], desks.get(0)
    run_id = _word(raw["run_id"])
    scores = {_word(name): values for name, values in raw["scores"].items()}
    for i in range(count):
        # what was seen last stands for what is not kept, as with the frames
        view, desk = views.get(i, view), desks.get(i, None if i in views else desk)
        step = Step(
            run_id=run_id,
            index=i,
            total=total,
            knob_version=int(raw["knob_version"][i]),
            images=empty,
            objective=math.inf if raw["objective"][i] is None else float(raw["objective"][i]),
            scores={n: float(v[i]) for n, v in scores.items() if v[i] is not None},
            view=view,
            queries=int(raw["queries"][i]),
            seconds=float(raw["seconds"][i]),
            best=i == best_index,
            desk=desk,
        )
        history.steps.append(step)
    history.restore(frames, best_index)
    history.moves.extend(
        KnobMove(_whole(s, 0, count - 1), int(v), _word(k), from_json(x)) for s, v, k, x in raw["moves"]
    )
    return history


def _store(archive: zipfile.ZipFile, name: str, pictures: Pictures) -> dict[str, Any]:
    """Write n pictures as one PNG, side by side, and say how many they are."""
    strip = np.concatenate(list(pictures), axis=1)
    buffer = io.BytesIO()
    Image.fromarray(strip[..., 0] if strip.shape[-1] == 1 else strip).save(buffer, "PNG")
    archive.writestr(f"{name}.png", buffer.getvalue())
    return {"file": f"{name}.png", "n": len(pictures)}


def _film(archive: zipfile.ZipFile, raw: Mapping[str, Any], count: int) -> dict[int, Pictures]:
    """Read the frames of ``count`` steps: all of the shape of the first, and no more than fit the bounds."""
    stored = {_whole(index, 0, count - 1): frame for index, frame in raw.items()}
    if len(stored) != len(raw) or len(stored) > MAX_FRAMES:
        raise ValueError("frames are there twice, or too many")
    first = _fetch(archive, stored[0])
    if len(stored) * first.nbytes > MAX_FILM_BYTES:
        raise ValueError("the film is too large")
    return {index: _fetch(archive, frame, first.shape) for index, frame in stored.items()}


def _fetch(
    archive: zipfile.ZipFile, raw: Mapping[str, Any], shape: tuple[int, ...] | None = None
) -> Pictures:
    """Read pictures, of this shape if it is given; what is wrong with their size is seen before decoding."""
    count = _whole(raw["n"], 1, MAX_PICTURES)
    with Image.open(io.BytesIO(_member(archive, raw["file"])), formats=["PNG"]) as image:
        mode = "L" if image.mode == "L" else "RGB"
        found = (count, image.height, image.width // count, len(mode))
        if shape is not None and found != shape:
            raise ValueError("frames differ in shape")
        if max(found[1:3]) > MAX_SIDE or image.width % count or math.prod(found) > MAX_FILM_BYTES:
            raise ValueError("picture is too large")
        array = np.asarray(image.convert(mode), dtype=np.uint8)
    array = array.reshape(image.height, image.width, len(mode))
    return np.ascontiguousarray(np.stack(np.split(array, count, axis=1)))


def _member(archive: zipfile.ZipFile, name: str, limit: int = MAX_MEMBER_BYTES) -> bytes:
    # the sizes in the directory may lie: stop reading one byte after the bound
    with archive.open(name) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError("member is too large")
    return data
