"""A grid of settings becomes a list of runs. Nothing here knows torch."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

from mi_studio.core.cards import DefenseCard, Library, SceneCard, library
from mi_studio.core.config import (
    ALL_TARGETS,
    RunConfig,
    lean,
    resolve,
    why_no_effect,
    why_not_attack,
    why_not_defense,
    why_not_installed,
)
from mi_studio.core.errors import UsageError, reason
from mi_studio.core.knobs import Value, plain
from mi_studio.core.text import Text, names

MOST_RUNS = 100_000
ENTRIES = ("scene", "model", "attack", "target", "seed", "steps", "device", "knobs", "defenses", "together")

LOOK = Text("docs/sweep.md shows what one looks like.", "書き方は説明書の例をご覧ください。")

Setting = tuple[tuple[str, Value], ...]
"""Knobs of defences with their values; empty is the undefended reference."""


@dataclass(frozen=True, slots=True)
class Grid:
    """What shall be run: every model x attack x target x seed x setting.

    Attributes
    ----------
    knobs
        The scene's own knobs, the same for every run.
    settings
        Knobs of defences that act together in a run. The undefended reference is always run as well.
    """

    scene: str
    models: tuple[str | None, ...] = (None,)
    attacks: tuple[str | None, ...] = (None,)
    targets: tuple[str | None, ...] = (None,)
    seeds: tuple[int | None, ...] = (None,)
    settings: tuple[Setting, ...] = ()
    knobs: Setting = ()
    steps: int | None = None
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A cell of a grid that cannot be run: what it is, and why not."""

    what: str
    why: Text


@dataclass(frozen=True, slots=True)
class Plan:
    """The runs of a grid, each once, and the cells that were left out."""

    runs: tuple[RunConfig, ...]
    skipped: tuple[Skipped, ...] = field(default=())


def plan(grid: Grid, among: Library | None = None) -> Plan:
    """Turn a grid into runs, seed by seed, so that a chart of a sweep under way is complete soon.

    Parts that are there but cannot work together are left out with the reason. A part or a value that does
    not exist is an error.

    Raises
    ------
    UsageError
        If something does not exist, or nothing can be run; the text names what is valid.
    """
    cards = among or library()
    scene = cards.scene(grid.scene)
    _check(grid, scene, cards)
    runs: dict[str, RunConfig] = {}
    skipped: dict[str, Text] = {}
    settings = ((), *grid.settings)
    count = len(grid.seeds) * len(grid.models) * len(grid.attacks) * len(grid.targets) * len(settings)
    if count > MOST_RUNS:
        raise UsageError(
            Text(
                "The grid has {count} runs; at most {most} are possible. Leave some of it out.",
                "グリッドの実行数は{count}件で、上限の{most}件を超えています。項目を減らしてください。",
            ),
            count=count,
            most=MOST_RUNS,
        )
    cells = product(grid.seeds, grid.attacks, grid.models, grid.targets, settings)
    for seed, attack, model, target, setting in cells:
        try:
            config = resolve(
                grid.scene,
                attack=attack,
                model=model,
                settings=dict((*grid.knobs, *setting)),
                target=target,
                seed=seed,
                steps=grid.steps,
                device=grid.device,
                among=cards,
            )
        except UsageError as error:
            parts = [*(p for p in (attack, model, target) if p), *(f"{k}={plain(v)}" for k, v in setting)]
            skipped.setdefault(" · ".join(parts) or grid.scene, error.text)
            continue
        config = lean(config, cards)
        runs.setdefault(config.key, config)
    if not runs:
        raise UsageError(
            Text(
                "Nothing in this grid can be run: {reason}",
                "{reason}このグリッドには、ほかに実行できるものがありません。",
            ),
            reason=next(iter(skipped.values())),
        )
    return Plan(tuple(runs.values()), tuple(Skipped(what, why) for what, why in skipped.items()))


def _check(grid: Grid, scene: SceneCard, cards: Library) -> None:
    """Refuse names and values that do not exist, before anything is called a cell that cannot work."""
    for attack in filter(None, grid.attacks):
        cards.attack(attack)
    targets = {t.id: t for group in scene.targets.values() for t in group}
    for kind, wanted, known in (
        (Text("model", "モデル"), grid.models, [m.id for m in scene.models]),
        (Text("target", "標的"), grid.targets, [*targets, *([] if scene.one_record else [ALL_TARGETS])]),
    ):
        for unknown in (w for w in wanted if w is not None and w not in known):
            raise UsageError(
                Text(
                    "{scene} has no {kind} '{unknown}'; choose from {choices}.",
                    "{scene}に「{unknown}」という{kind}はありません。{choices}から選んでください。",
                ),
                scene=names([scene]),
                kind=kind,
                unknown=unknown,
                choices=names(known),
            )
    own = {k.id for k in scene.knobs}
    for knob, _ in grid.knobs:
        if knob not in own:
            raise UsageError(
                Text(
                    "{table} of the grid is for the scene's own knobs, and '{knob}' is none of {scene}; "
                    "choose from {choices}. Settings of defences go into {other}.",
                    "グリッドの{table}には場面の設定項目だけを書きます。{scene}に「{knob}」はありません"
                    "（指定できる項目：{choices}）。防御の設定は{other}に書いてください。",
                ),
                table="[knobs]",
                other="[defenses]",
                knob=knob,
                scene=names([scene]),
                choices=names(scene.knobs) if scene.knobs else Text("none", "なし"),
            )
    # the scene's own attack without a defence says what else is wrong: steps, seed, device, a knob's value
    for seed in grid.seeds:
        resolve(grid.scene, settings=dict(grid.knobs), seed=seed, steps=grid.steps, device=grid.device,
                among=cards)  # fmt: skip


def read(path: Path, among: Library | None = None) -> Grid:
    """Read a grid file.

    Raises
    ------
    UsageError
        If it cannot be read or has something in it that does not exist; the text names what is valid.
    """
    cards = among or library()
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            Text(
                "The grid {path} cannot be read ({reason}).",
                "グリッド {path} は、書式に誤りがあって読み込めません。",
            ),
            remedy=LOOK,
            path=path,
            reason=error,
        ) from error
    except (OSError, ValueError) as error:
        raise UsageError(
            Text(
                "The grid {path} cannot be read ({reason}).",
                "グリッド {path} を読み込めません（{reason}）。",
            ),
            path=path,
            reason=reason(error),
        ) from error
    for entry in raw:
        if entry not in ENTRIES:
            _refuse(Text(f"'{entry}'", f"「{entry}」"), names(ENTRIES))
    if not isinstance(raw.get("scene"), str):
        _refuse(Text("no scene", "sceneのない指定"), names(cards.scenes))
    scene = cards.scene(raw["scene"])
    return Grid(
        scene=scene.id,
        models=_words(raw, "model"),
        attacks=_words(raw, "attack"),
        targets=_words(raw, "target"),
        seeds=_seeds(raw),
        settings=tuple(_settings(raw, scene, cards)),
        knobs=tuple((k, _value(k, v)) for k, v in _table(raw, "knobs").items()),
        steps=None if "steps" not in raw else _whole("steps", raw["steps"]),
        device=str(raw.get("device", "auto")),
    )


def _settings(raw: Mapping[str, Any], scene: SceneCard, cards: Library) -> Iterator[Setting]:
    """Yield every wanted strength of every defence alone, then those that act together."""
    for name, wanted in _table(raw, "defenses").items():
        defense = _defense(name, scene, cards)
        for value in wanted if isinstance(wanted, list) else [wanted]:
            yield ((defense.knob.id, defense.knob.parse(_value(name, value))),)
    together = raw.get("together", [])
    if not isinstance(together, list) or not all(isinstance(t, dict) for t in together):
        _refuse(Text("this 'together'", "このtogether"), Text("[[together]] tables", "[[together]]の表"))
    for several in together:
        pairs = ((_defense(name, scene, cards), name, value) for name, value in several.items())
        yield tuple((d.knob.id, d.knob.parse(_value(name, value))) for d, name, value in pairs)


def _defense(name: str, scene: SceneCard, cards: Library) -> DefenseCard:
    """Find a defence of a scene by its own name or its knob's."""
    there = [d for d in cards.defenses if why_not_defense(scene, d) is None]
    for defense in there:
        if name in (defense.id, defense.knob.id):
            return defense
    known = next((d for d in cards.defenses if name in (d.id, d.knob.id)), None)
    why = why_not_defense(scene, known) if known is not None else None
    raise UsageError(
        Text(
            "The grid asks for '{name}', a defence that {scene} does not have. {why}Choose from {choices}.",
            "グリッドの「{name}」という防御は、{scene}では使えません。{why}{choices}から選んでください。",
        ),
        name=name,
        scene=names([scene]),
        why=Text(f"{why.en} ", why.ja) if why else Text("", ""),
        choices=names(there),
    )


def _words(raw: Mapping[str, Any], entry: str) -> tuple[str | None, ...]:
    wanted = raw.get(entry)
    if wanted is None:
        return (None,)
    listed = wanted if isinstance(wanted, list) else [wanted]
    if not listed or not all(isinstance(w, str) for w in listed):
        _refuse(
            Text(f"this '{entry}'", f"この{entry}"),
            Text(
                f'{entry} = "ID" or {entry} = ["ID", "ID"]', f'{entry} = "ID" または {entry} = ["ID", "ID"]'
            ),
        )
    return tuple(dict.fromkeys(listed))


def _seeds(raw: Mapping[str, Any]) -> tuple[int | None, ...]:
    if "seed" not in raw:
        return (None,)
    wanted = raw["seed"]
    listed = wanted if isinstance(wanted, list) else [wanted]
    return tuple(dict.fromkeys(_whole("seed", w) for w in listed)) or (None,)


def _whole(entry: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(
            Text(f"{entry} = {value!r}", f"{entry} = {value!r}"),
            Text("whole numbers", "整数"),
        )
    return int(value)


def _value(name: str, value: Any) -> Value:
    if isinstance(value, bool):  # TOML's true and false are how one writes on and off
        return "on" if value else "off"
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str):
        _refuse(Text(f"{name} = {value!r}", f"{name} = {value!r}"), Text("a number or a word", "数値か語"))
    return str(value)


def _table(raw: Mapping[str, Any], entry: str) -> Mapping[str, Any]:
    table = raw.get(entry, {})
    if not isinstance(table, dict):
        _refuse(Text(f"this '{entry}'", f"この{entry}"), Text(f"a table [{entry}]", f"[{entry}]の表"))
    return dict(table)


def _refuse(what: Text, valid: Text) -> NoReturn:
    raise UsageError(
        Text(
            "The grid has {what}, which cannot be read; valid: {valid}.",
            "グリッドの{what}は使えません。指定できるのは、{valid}です。",
        ),
        what=what,
        valid=valid,
    )


def usual(scene: str, seeds: Iterable[int] = (1, 2, 3), among: Library | None = None) -> Grid:
    """Return the grid that the Trade-off page runs: one attack against every strength of what can reach it.

    It is the scene's own attack, or where nothing reaches that one the first that something does.
    """
    cards = among or library()
    card = cards.scene(scene)
    own = cards.attack(card.preset.attack)
    attacks = [own, *(a for a in cards.attacks if a is not own and why_not_attack(card, a) is None)]
    for attack in attacks:
        able = [m.id for m in card.models_for(attack)]
        model = card.preset.model if card.preset.model in able else able[0]
        settings = tuple(
            ((d.knob.id, stop.value),)
            for d in cards.defenses
            if why_not_defense(card, d) is None
            and why_not_installed(d) is None
            and why_no_effect(d, attack, card, model) is None
            for stop in d.knob.stops
            if stop.value != d.knob.off
        )
        if settings:
            break
    return Grid(scene, (model,), (attack.id,), seeds=tuple(seeds), settings=settings)
