"""Where outcomes are kept: a folder of Parquet parts, or one file that the program opens by itself.

Both are written so that a kill at any moment leaves only whole outcomes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mi_studio.core import atomic, outcome
from mi_studio.core.cards import library
from mi_studio.core.config import RunConfig
from mi_studio.core.errors import BadFileError, UsageError
from mi_studio.core.knobs import from_json, plain
from mi_studio.core.outcome import Outcome
from mi_studio.core.text import Text
from mi_studio.core.weights import Privacy, Utility

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIX = ".json.gz"
"""Of a `Book`."""

NEEDS_SWEEP = Text(
    "This needs {library}, which is not installed; install it with: pip install 'mi-studio[sweep]'",
    "{library}がインストールされていません。pip install 'mi-studio[sweep]' でインストールしてください。",
)


class Store(Protocol):
    """Keeps outcomes; what was kept once is there after any accident."""

    def keys(self) -> set[str]:
        """Return the keys of the outcomes that are there."""

    def keep(self, kept: Outcome) -> None:
        """Keep one more."""


class Book:
    """One file of outcomes, which needs no library and holds at most a few thousand."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._outcomes = {o.key: o for o in outcome.load(path)} if path.exists() else {}

    def keys(self) -> set[str]:
        """Return the keys of the outcomes that are there."""
        return set(self._outcomes)

    def keep(self, kept: Outcome) -> None:
        """Keep one more; the file is written anew."""
        self._outcomes[kept.key] = kept
        outcome.save(self._outcomes.values(), self._path)


class Parts:
    """A folder with one small Parquet file for each outcome, and its thumbnail.

    The part is written last, so that an outcome is there when its part is. ``DIR/parts`` can be read as one
    data set by whatever reads Parquet.

    Raises
    ------
    UsageError
        If pyarrow is not installed.
    """

    def __init__(self, folder: Path) -> None:
        _arrow()
        self._parts, self._thumbnails = folder / "parts", folder / "thumbnails"
        self._all = folder / "results.parquet"

    def keys(self) -> set[str]:
        """Return the keys of the outcomes that are there; half-written files have other names."""
        return {path.stem for path in self._parts.glob("[!.]*.parquet")}

    def keep(self, kept: Outcome) -> None:
        """Keep one more."""
        if kept.thumbnail:
            atomic.write_bytes(self._thumbnails / f"{kept.key}.webp", kept.thumbnail)
        pa, pq = _arrow()
        with atomic.replacing(self._parts / f"{kept.key}.parquet") as path:
            pq.write_table(pa.Table.from_pylist([_row(kept)], schema=_schema()), path)

    def combine(self) -> None:
        """Write all parts together as ``DIR/results.parquet``."""
        _, pq = _arrow()
        with atomic.replacing(self._all) as path:
            pq.write_table(self._table(), path)

    def read(self) -> list[Outcome]:
        """Return every outcome.

        Raises
        ------
        BadFileError
            If a part is damaged.
        """
        rows: Iterable[dict[str, Any]] = self._table().to_pylist()
        return [self._outcome(row) for row in rows]

    def _table(self) -> pa.Table:
        pa, pq = _arrow()
        tables = [_schema().empty_table()]
        for path in sorted(self._parts.glob("[!.]*.parquet")):
            try:
                tables.append(pq.read_table(path, schema=_schema()))
            except (OSError, pa.ArrowException) as error:
                raise BadFileError(
                    Text("{path} is damaged.", "{path} は壊れています。"),
                    remedy=Text("Delete it and sweep again.", "削除してから、もう一度実行してください。"),
                    path=path,
                ) from error
        return pa.concat_tables(tables)

    def _outcome(self, row: dict[str, Any]) -> Outcome:
        thumbnail = self._thumbnails / f"{row['key']}.webp"
        config = RunConfig(
            scene=row["scene"],
            model=row["model"],
            attack=row["attack"],
            defenses=tuple(row["defenses"]),
            knobs=tuple((k, _typed(k, v)) for k, v in row["knobs"]),
            target=row["target"],
            seed=row["seed"],
            steps=row["steps"],
            device=row["device"],
        )
        return Outcome(
            config=config,
            scores=dict(row["scores"]),
            base=dict(row["base_rates"]),
            utility=None
            if row["utility"] is None
            else Utility(row["utility_metric"], row["utility"], row["utility_n"], row["distortion"]),
            privacy=None
            if row["epsilon"] is None
            else Privacy(row["epsilon"], row["delta"], row["privacy_unit"], row["accountant"]),
            queries=row["queries"],
            seconds=row["seconds"],
            version=row["version"],
            thumbnail=thumbnail.read_bytes() if thumbnail.exists() else b"",
            loot=row["loot"] or "",
        )


def open_store(out: Path) -> Book | Parts:
    """Open what lies at ``out``, or begin it there: a `Book` where it is named so, else `Parts`."""
    return Book(out) if out.name.endswith(SUFFIX) else Parts(out)


def _row(kept: Outcome) -> dict[str, Any]:
    config, utility, privacy = kept.config, kept.utility, kept.privacy
    return {
        "key": kept.key,
        "scene": config.scene,
        "model": config.model,
        "attack": config.attack,
        "target": config.target,
        "seed": config.seed,
        "steps": config.steps,
        "device": config.device,
        "defenses": list(config.defenses),
        "knobs": [(k, plain(v)) for k, v in config.knobs],
        "scores": list(kept.scores.items()),
        "base_rates": list(kept.base.items()),
        "utility_metric": utility.metric if utility else None,
        "utility": utility.value if utility else None,
        "utility_n": utility.n if utility else None,
        "distortion": utility.distortion if utility else None,
        "epsilon": privacy.epsilon if privacy else None,
        "delta": privacy.delta if privacy else None,
        "privacy_unit": privacy.unit if privacy else None,
        "accountant": privacy.accountant if privacy else None,
        "queries": kept.queries,
        "seconds": kept.seconds,
        "version": kept.version,
        "loot": kept.loot,
    }


def _schema() -> pa.Schema:
    pa, _ = _arrow()
    text, number, whole = pa.string(), pa.float64(), pa.int64()
    kinds = {
        **dict.fromkeys(("key", "scene", "model", "attack", "target"), text),
        **dict.fromkeys(("seed", "steps"), whole),
        "device": text,
        "defenses": pa.list_(text),
        "knobs": pa.map_(text, text),
        "scores": pa.map_(text, number),
        "base_rates": pa.map_(text, number),
        "utility_metric": text,
        "utility": number,
        "utility_n": whole,
        "distortion": number,
        **dict.fromkeys(("epsilon", "delta"), number),
        **dict.fromkeys(("privacy_unit", "accountant"), text),
        "queries": whole,
        "seconds": number,
        **dict.fromkeys(("version", "loot"), text),
    }
    return pa.schema(list(kinds.items()))


def _typed(knob: str, written: str) -> Any:
    """Read a knob's value as it is typed: a number unless it is one of the knob's words."""
    cards = library()
    knobs = (*(k for s in cards.scenes for k in s.knobs), *(d.knob for d in cards.defenses))
    known = next((k for k in knobs if k.id == knob), None)
    if known is not None:
        return known.parse(written)
    return from_json(written)


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise UsageError(NEEDS_SWEEP, library="pyarrow") from error
    return pa, pq
