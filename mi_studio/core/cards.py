"""Cards: what is known about a scene, an attack or a defence without loading its code.

A card is the file ``card.toml`` in the folder that also holds the code. Cards are found by looking
at the folders, so that a new attack or defence is one new folder and nothing else.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from mi_studio.core import paths
from mi_studio.core.errors import BadFileError, UsageError
from mi_studio.core.knobs import Knob, Value
from mi_studio.core.text import Text, names

ACCESS_LEVELS = ("white-box", "scores", "labels", "gradient", "malicious-server")
"""What an attacker can hold: the model file, an API's scores, its labels only, a client's gradient.

A malicious server also gets the gradients, and it chooses the model that they are computed on.
"""

SCENE = Text("scene", "場面")
ATTACK = Text("attack", "攻撃")
DEFENSE = Text("defense", "防御")

CORRECT_IT = Text(
    "Correct it, or install again what it belongs to.",
    "内容を直すか、MI Studioまたは追加部品をインストールし直してください。",
)


@dataclass(frozen=True, slots=True)
class Model:
    """A sample model of a scene; ``provides`` is what it gives beyond the scene, if it is chosen."""

    id: str
    title: Text
    summary: Text
    provides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A class, person or picture that an attack can be aimed at, or several of them together.

    ``labels`` are the model's labels of those it stands for.
    """

    id: str
    title: Text
    labels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Preset:
    """The choice with which a scene opens; ``recording`` is a shipped ``.mireplay`` of it."""

    model: str
    attack: str
    defenses: tuple[str, ...]
    target: str
    seed: int
    recording: str


@dataclass(frozen=True, slots=True)
class SceneCard:
    """A story with its sample models, its targets and its preset.

    Attributes
    ----------
    access
        The access levels an attacker can have in this scene.
    provides
        What the scene can give beyond access: ``prior`` (a generator of public pictures),
        ``dp-grid`` (really trained DP models), ``own-picture`` (takes the user's picture). What only
        some of its models give stands with them.
    targets
        By the value of the knob named ``targets_by``, or under ``""`` where no knob decides.
    one_record
        Whether a target is a true record, or a batch of them (else it is a class or a person).
    targets_are
        What a target is, for the verdict's words: ``class``, ``garment`` or ``person``.
    caveat
        What about the data helps or hinders the attacker, said beside every verdict; often nothing.
    data
        What is reconstructed: ``pictures``, or the hidden field of ``records``.
    slow
        Whether its pictures take a CPU so long that an attack takes up few targets in a step.
    """

    id: str
    folder: Path
    module: str
    order: int
    title: Text
    story: Text
    secret: Text
    access: tuple[str, ...]
    provides: tuple[str, ...]
    one_record: bool
    utility: Text
    models: tuple[Model, ...]
    targets_by: str
    targets: Mapping[str, tuple[Target, ...]]
    knobs: tuple[Knob, ...]
    preset: Preset
    targets_are: str = "class"
    caveat: Text | None = None
    data: str = "pictures"
    slow: bool = False

    def targets_for(self, knobs: Mapping[str, Value]) -> tuple[Target, ...]:
        """Return the targets that exist under these knob values."""
        return self.targets[str(knobs[self.targets_by]) if self.targets_by else ""]

    def models_for(self, part: AttackCard | DefenseCard) -> list[Model]:
        """Return the models with which a part can work: the scene and the model give what it requires."""
        return [m for m in self.models if set(part.requires) <= {*self.provides, *m.provides}]


@dataclass(frozen=True, slots=True)
class AttackCard:
    """Who can mount an attack, how strong it is, and where it comes from.

    ``strength`` is 1 (historic) to 3 (strong) in our scenes; ``requires`` names what a scene or the model
    must provide; ``data`` is what it reconstructs, as in a scene. In a scene that is ``slow`` a step takes up
    at most ``at_once`` targets, where that is not 0; the others have their turn in the next steps.
    """

    id: str
    folder: Path
    module: str
    order: int
    title: Text
    summary: Text
    needs: Text
    changed: Text
    stops: Text
    cites: str
    access: str
    requires: tuple[str, ...]
    strength: int
    steps: int
    typical_seconds: float
    step_name: Text
    data: str = "pictures"
    at_once: int = 0


@dataclass(frozen=True, slots=True)
class DefenseCard:
    """Where a defence acts, whom it can reach, and its knob.

    ``reaches`` are the access levels it acts on; ``without_effect`` gives the reason for the others,
    by access level or by the id of an attack. ``beside`` are knobs that are there as soon as it is chosen
    and that are no protection by themselves; several defences can share one. ``library`` is what it needs
    beyond what is always installed, and ``extra`` the extra that installs it; mostly both are empty.
    """

    id: str
    folder: Path
    module: str
    order: int
    title: Text
    summary: Text
    cites: str
    acts: str
    requires: tuple[str, ...]
    reaches: tuple[str, ...]
    without_effect: Mapping[str, Text]
    moved: Text
    knob: Knob
    beside: tuple[Knob, ...] = ()
    library: str = ""
    extra: str = ""

    def is_on(self, values: Mapping[str, Value]) -> bool:
        """Return whether the defence is on under these knob values."""
        return values[self.knob.id] != self.knob.off


Card = TypeVar("Card", SceneCard, AttackCard, DefenseCard)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadFileError(
            Text(
                "{path} is not a card ({reason}).", "{path} は場面・攻撃・防御のカードとして読み込めません。"
            ),
            remedy=CORRECT_IT,
            path=path,
            reason=error,
        ) from error


def _texts(raw: Mapping[str, Any], where: str, *names: str) -> dict[str, Text]:
    return {name: Text.read(raw.get(name, {}), f"{where}: {name}") for name in names}


def _scene(raw: dict[str, Any], folder: Path, module: str) -> SceneCard:
    where = str(folder)
    preset = raw["preset"]

    def target(t: Mapping[str, Any]) -> Target:
        labels = t["labels"] if "labels" in t else [t["label"]]
        return Target(t["id"], Text.read(t["title"], where), tuple(map(int, labels)))

    groups: dict[str, list[Target]] = {}
    for entry in raw["targets"]:
        groups.setdefault(str(entry.get("when", "")), []).append(target(entry))
    return SceneCard(
        id=raw["id"],
        folder=folder,
        module=module,
        order=int(raw["order"]),
        access=tuple(raw["access"]),
        provides=tuple(raw["provides"]),
        one_record=bool(raw["one_record"]),
        models=tuple(
            Model(
                id=m["id"],
                provides=tuple(m.get("provides", [])),
                **_texts(m, f"{where}: model {m['id']}", "title", "summary"),
            )
            for m in raw["models"]
        ),
        targets_by=str(raw.get("targets_by", "")),
        targets={when: tuple(entries) for when, entries in groups.items()},
        knobs=tuple(Knob.read(k, where) for k in raw.get("knobs", [])),
        preset=Preset(
            model=preset["model"],
            attack=preset["attack"],
            defenses=tuple(preset["defenses"]),
            target=preset["target"],
            seed=int(preset["seed"]),
            recording=preset["recording"],
        ),
        targets_are=str(raw.get("targets_are", "class")),
        caveat=Text.read(raw["caveat"], where) if "caveat" in raw else None,
        data=str(raw.get("data", "pictures")),
        slow=bool(raw.get("slow", False)),
        **_texts(raw, where, "title", "story", "secret", "utility"),
    )


def _attack(raw: dict[str, Any], folder: Path, module: str) -> AttackCard:
    return AttackCard(
        id=raw["id"],
        folder=folder,
        module=module,
        order=int(raw["order"]),
        cites=raw["cites"],
        access=raw["access"],
        requires=tuple(raw["requires"]),
        strength=int(raw["strength"]),
        steps=int(raw["steps"]),
        typical_seconds=float(raw["typical_seconds"]),
        data=str(raw.get("data", "pictures")),
        at_once=int(raw.get("at_once", 0)),
        **_texts(raw, str(folder), "title", "summary", "needs", "changed", "stops", "step_name"),
    )


def _defense(raw: dict[str, Any], folder: Path, module: str) -> DefenseCard:
    return DefenseCard(
        id=raw["id"],
        folder=folder,
        module=module,
        order=int(raw["order"]),
        cites=raw["cites"],
        acts=raw["acts"],
        requires=tuple(raw["requires"]),
        reaches=tuple(raw["reaches"]),
        without_effect={k: Text.read(v, str(folder)) for k, v in raw.get("without_effect", {}).items()},
        knob=Knob.read(raw["knob"], str(folder)),
        beside=(
            *(Knob.read(k, str(folder)) for k in raw.get("beside", [])),
            *(_before_a_gateway() if raw["acts"] == "gateway" else ()),
        ),
        library=str(raw.get("library", "")),
        extra=str(raw.get("extra", "")),
        **_texts(raw, str(folder), "title", "summary", "moved"),
    )


@cache
def _before_a_gateway() -> tuple[Knob, ...]:
    """Read the attacker's own settings, the same before every gateway defence."""
    path = paths.PACKAGE / "engine" / "gateway.toml"
    return tuple(Knob.read(k, path.name) for k in _read(path)["beside"])


_READERS = {"scenes": _scene, "attacks": _attack, "defenses": _defense}


def _folders(kind: str) -> Iterator[tuple[Path, str]]:
    """Yield (folder, module) of our own parts, then of plug-ins (entry points ``mi_studio.<kind>``)."""
    root = paths.PACKAGE / "engine" / kind
    for card in sorted(root.glob("*/card.toml")):
        yield card.parent, f"mi_studio.engine.{kind}.{card.parent.name}"
    for entry in metadata.entry_points(group=f"mi_studio.{kind}"):
        # find_spec on a top-level package does not run it; a plug-in's code loads only when it is used
        spec = find_spec(entry.value.partition(".")[0])
        if spec and spec.submodule_search_locations:
            base = Path(next(iter(spec.submodule_search_locations)))
            yield base.joinpath(*entry.value.split(".")[1:]), entry.value


def _all(kind: str) -> list[Any]:
    cards = []
    for folder, module in _folders(kind):
        raw = _read(folder / "card.toml")
        try:
            cards.append(_READERS[kind](raw, folder, module))
        except (KeyError, TypeError, ValueError) as error:
            raise BadFileError(
                Text("{path} is not complete ({reason}).", "{path} に必要な項目がそろっていません。"),
                remedy=CORRECT_IT,
                path=folder / "card.toml",
                reason=error,
            ) from error
    return sorted(cards, key=lambda card: (card.order, card.id))


@dataclass(frozen=True)
class Library:
    """Every scene, attack and defence that is installed, each in its order of display."""

    scenes: tuple[SceneCard, ...]
    attacks: tuple[AttackCard, ...]
    defenses: tuple[DefenseCard, ...]

    def scene(self, wanted: str) -> SceneCard:
        """Return a scene by id; ``UsageError`` names the valid ids."""
        return _find(SCENE, wanted, self.scenes)

    def attack(self, wanted: str) -> AttackCard:
        """Return an attack by id; ``UsageError`` names the valid ids."""
        return _find(ATTACK, wanted, self.attacks)

    def defense(self, wanted: str) -> DefenseCard:
        """Return a defence by id; ``UsageError`` names the valid ids."""
        return _find(DEFENSE, wanted, self.defenses)


def _find(kind: Text, wanted: str, cards: tuple[Card, ...]) -> Card:
    for card in cards:
        if card.id == wanted:
            return card
    raise UsageError(
        Text(
            "There is no {kind} '{wanted}'; choose one of {choices}.",
            "「{wanted}」という{kind}はありません。{choices}から選んでください。",
        ),
        kind=kind,
        wanted=wanted,
        choices=names(cards),
    )


@cache
def library() -> Library:
    """Read all installed cards (once).

    Raises
    ------
    BadFileError
        If a card cannot be read; the text names the file.
    """
    return Library(tuple(_all("scenes")), tuple(_all("attacks")), tuple(_all("defenses")))
