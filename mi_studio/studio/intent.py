"""What the user wants: always a choice that can run, with undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from psygnal import Signal

from mi_studio.core.cards import DefenseCard, Library, SceneCard, library
from mi_studio.core.config import (
    ALL_TARGETS,
    MAX_SEED,
    NO_KNOB,
    NO_OWN_PICTURE,
    OWN_PICTURE,
    RunConfig,
    knobs_beside,
    resolve,
    rivals,
    scene_knobs,
    why_no_effect,
    why_not_attack,
    why_not_defense,
    why_not_installed,
)
from mi_studio.core.errors import UsageError
from mi_studio.core.knobs import Knob, Value, plain
from mi_studio.core.own import nearest, with_own
from mi_studio.core.step import Pictures
from mi_studio.core.text import Text, names


@dataclass(frozen=True, slots=True)
class Wish:
    """One complete choice.

    Attributes
    ----------
    knobs
        Every knob of the scene, of *all* defences that exist in it, and beside them. A defence is on when
        its knob is not at its ``off`` value, so any of them can be moved while the attack runs.
    image
        The name of the user's own picture, ``None`` while there is none.
    picture
        That picture, uint8 (1, h, w, 3).
    """

    scene: str
    model: str
    attack: str
    target: str
    seed: int
    knobs: tuple[tuple[str, Value], ...]
    image: str | None = None
    picture: Pictures | None = field(default=None, compare=False, repr=False)

    @property
    def values(self) -> dict[str, Value]:
        """The knobs as a dictionary."""
        return dict(self.knobs)

    def config(self, among: Library | None = None) -> RunConfig:
        """Return the frozen configuration that runs this choice; every defence is in it, on or off."""
        own = self.target == OWN_PICTURE
        return resolve(
            self.scene,
            model=self.model,
            attack=self.attack,
            settings=self.values,
            target=None if own else self.target,
            seed=self.seed,
            image=self.image if own else None,
            among=among,
        )


class Intent:
    """The user's present choice. Every way of changing it ends in another choice that can run."""

    changed = Signal(Wish, Wish)
    """(old, new)"""

    def __init__(self, scene: str | None = None, among: Library | None = None) -> None:
        self.cards = among or library()
        self.wish = self._preset(self.cards.scene(scene) if scene else self.cards.scenes[0])
        self.locked: frozenset[str] = frozenset()
        """What may not be changed: slots, ``seed``, ``knobs`` for all of them, or a knob's id."""
        self._past: list[Wish] = []
        self._future: list[Wish] = []
        self._turning: str | None = None

    @property
    def scene(self) -> SceneCard:
        """The card of the chosen scene."""
        return self.cards.scene(self.wish.scene)

    @property
    def defenses(self) -> list[DefenseCard]:
        """The defences that exist in the chosen scene."""
        return there(self.scene, self.cards)

    @property
    def knobs(self) -> dict[str, Knob]:
        """Every knob there is, scene first, then the defences'."""
        return _knobs_of(self.scene, self.cards, self.wish.model, self.wish.values)

    @property
    def on(self) -> list[DefenseCard]:
        """The defences that are on."""
        values = self.wish.values
        return [d for d in self.defenses if d.is_on(values)]

    def why_idle(self, defense: DefenseCard) -> Text | None:
        """Say why a defence of this scene changes nothing under the present choice, or return ``None``."""
        attack = self.cards.attack(self.wish.attack)
        return why_not_installed(defense) or why_no_effect(defense, attack, self.scene, self.wish.model)

    def pick(self, slot: str, wanted: str) -> None:
        """Choose a scene (with its preset), model, attack or target.

        Raises
        ------
        UsageError
            If there is none with this id, or it cannot work here; the text says why.
        """
        if slot == "scene":
            self._become(self._preset(self.cards.scene(wanted)))
            return
        if slot == "defense":
            self.toggle(wanted, wanted not in {d.id for d in self.on})
            return
        if slot not in ("model", "attack", "target"):
            raise UsageError(
                Text(
                    "There is nothing called '{slot}' to choose; choose one of {choices}.",
                    "「{slot}」という選択項目はありません。{choices}から選んでください。",
                ),
                slot=slot,
                choices=names(("scene", "model", "attack", "defense", "target")),
            )
        if wanted == OWN_PICTURE and slot == "target" and self.wish.image is None:
            raise UsageError(
                Text(
                    "There is no picture of your own yet; choose, drop or paste one first.",
                    "自分の画像がまだありません。先に選択、ドロップ、貼り付けのいずれかで取り込んでください。",
                )
            )
        wish = self._together(replace(self.wish, **{slot: wanted}), slot)  # type: ignore[arg-type]
        wish.config(self.cards)  # says what is wrong
        self._become(self._fit(wish))

    def _together(self, wish: Wish, slot: str) -> Wish:
        """Let the model follow the attack that was chosen, or the attack the model, where they must."""
        scene = self.scene
        fitting = [a for a in self.cards.attacks if not why_not_attack(scene, a)]
        able = {a.id: [m.id for m in scene.models_for(a)] for a in fitting}
        if slot == "attack" and wish.model not in able.get(wish.attack, [wish.model]):
            return replace(wish, model=able[wish.attack][0])
        if slot == "model" and wish.model not in able[wish.attack]:
            others = [a for a in (scene.preset.attack, *able) if wish.model in able[a]]
            return replace(wish, attack=others[0]) if others else wish
        return wish

    def toggle(self, defense: str, on: bool) -> None:
        """Switch a defence on at its default, or off. Its rivals, if any are on, go off with the same move.

        Raises
        ------
        UsageError
            If it does not exist in this scene.
        """
        knob = next((d.knob for d in self.defenses if d.id == defense), None)
        if knob is None:
            raise UsageError(
                Text(
                    "There is no defence '{defense}' in {scene}; choose one of {choices}.",
                    "{scene}では{defense}を使えません。{choices}から選んでください。",
                ),
                defense=Text(defense, names(d for d in self.cards.defenses if d.id == defense).ja or defense),
                scene=names([self.scene]),
                choices=names(self.defenses),
            )
        if on and self.wish.values[knob.id] != knob.off:
            return
        self._set(knob.id, knob.default if on else _at_rest(knob))

    def turn(self, knob: str, value: str | float) -> None:
        """Move a knob; several moves of one knob in a row are undone together.

        A defence's knob that leaves its off position switches the defence's rivals off.

        Raises
        ------
        UsageError
            If there is no such knob or it cannot take this value.
        """
        if knob not in self.knobs:
            choices = names(self.knobs.values())
            raise UsageError(NO_KNOB, scene=names([self.scene]), knob=knob, choices=choices)
        self._set(knob, self.knobs[knob].parse(value), turning=knob)

    def reseed(self, seed: int) -> None:
        """Choose another seed; after the largest comes 0."""
        self._become(replace(self.wish, seed=seed % (MAX_SEED + 1)))

    def bring(self, name: str, picture: Pictures) -> None:
        """Take the user's own picture, uint8 (1, h, w, 3), as the target.

        Raises
        ------
        UsageError
            If the scene does not take one.
        """
        if "own-picture" not in self.scene.provides:
            takers = names(s for s in self.cards.scenes if "own-picture" in s.provides)
            raise UsageError(NO_OWN_PICTURE, scene=names([self.scene]), choices=takers)
        self._become(replace(self.wish, target=OWN_PICTURE, image=name, picture=picture))

    def adopt(self, config: RunConfig) -> None:
        """Take over the choice of a recording.

        Raises
        ------
        UsageError
            If it speaks of parts or settings that are not here, or that do not belong together.
        """
        for scene in (s for s in self.cards.scenes if s.id == config.scene):
            for knob in _knobs_of(scene, self.cards, config.model, config.values).values():
                _check_recorded(knob, config.values.get(knob.id, knob.default))
        try:
            valid = resolve(
                config.scene,
                model=config.model,
                attack=config.attack,
                defenses=config.defenses,
                settings=config.values,
                target=config.target,
                seed=config.seed,
                steps=config.steps,
                image=OWN_PICTURE if config.target == OWN_PICTURE else None,
                among=self.cards,
            )
        except UsageError as error:
            raise UsageError(
                Text(
                    "This recording was made with parts that are not installed here; install them first.",
                    "この記録の再生には、インストールされていない部品が必要です。"
                    "先に部品をインストールしてください。",
                )
            ) from error
        scene = self.cards.scene(valid.scene)
        # a knob that is younger than the recording stands at its default
        younger = [*scene.knobs, *knobs_beside(map(self.cards.defense, valid.defenses))]
        recorded = {k.id: k.default for k in younger} | config.values
        as_recorded = replace(valid, knobs=config.knobs, device=config.device, image=config.image)
        if as_recorded != config or valid.values != recorded:
            raise UsageError(
                Text(
                    "The parts of this recording and their settings do not match; choose another recording.",
                    "この記録は、部品とその設定が一致していません。別の記録を選んでください。",
                )
            )
        knobs = self._off(scene) | valid.values
        self._become(replace(
            self._preset(scene), model=valid.model, attack=valid.attack, target=valid.target,
            seed=valid.seed, knobs=tuple(knobs.items()),
        ))  # fmt: skip

    def take(self, wish: Wish) -> None:
        """Choose what was chosen once before."""
        self._become(self._fit(wish))

    def forget(self) -> None:
        """Let nothing before the present choice be undone."""
        self._past.clear()
        self._future.clear()
        self._turning = None

    def refit(self) -> None:
        """Make do with what there is: a model that was trained on this computer is gone."""
        self._become(self._fit(self.wish))

    def undo(self) -> bool:
        """Take back the last change; ``False`` if there is none."""
        return self._travel(self._past, self._future)

    def redo(self) -> bool:
        """Make the last change taken back again; ``False`` if there is none."""
        return self._travel(self._future, self._past)

    def _travel(self, source: list[Wish], target: list[Wish]) -> bool:
        if not source:
            return False
        old, self.wish = self.wish, self._fit(source.pop())  # a model that was trained here may be gone
        target.append(old)
        self._turning = None
        self.changed.emit(old, self.wish)
        return True

    def _set(self, knob: str, value: Value, turning: str | None = None) -> None:
        values = self.wish.values | {knob: value}
        for owner in (d for d in self.defenses if d.knob.id == knob and d.knob.off != value):
            values |= {d.knob.id: _at_rest(d.knob) for d in rivals(owner, self.defenses)}
        self._become(self._fit(replace(self.wish, knobs=tuple(values.items()))), turning)

    def _become(self, wish: Wish, turning: str | None = None) -> None:
        if wish == self.wish and wish.picture is self.wish.picture:
            return
        self._check_locks(wish)
        old, self.wish = self.wish, wish
        if turning is None or turning != self._turning:
            self._past.append(old)
            del self._past[:-100]
        self._turning = turning
        self._future.clear()
        self.changed.emit(old, wish)

    def is_held(self, knob: str) -> bool:
        """Whether a teacher's file keeps a knob as it is."""
        owned = any(d.knob.id == knob for d in self.defenses)
        return bool({knob, "knobs", *(("defense",) if owned else ())} & self.locked)

    def _check_locks(self, wish: Wish) -> None:
        """Refuse a choice that differs in what is locked."""
        now, new = self.wish.values, wish.values
        moved = {k for k in {*now, *new} if now.get(k) != new.get(k)}
        owned = {d.knob.id for d in self.defenses}
        changed = {s for s in ("scene", "model", "attack", "target", "seed")
                   if getattr(wish, s) != getattr(self.wish, s)}  # fmt: skip
        changed |= moved | ({"knobs"} if moved else set()) | ({"defense"} if moved & owned else set())
        if changed & self.locked:
            raise UsageError(
                Text(
                    "The teacher's file keeps this as it is ({parts}).",
                    "教材により固定されています（{parts}）。",
                ),
                parts=names(sorted(changed & self.locked)),
            )

    def _off(self, scene: SceneCard) -> dict[str, Value]:
        """Return every knob of a scene: the defences' at off, all others at their defaults."""
        defenses = there(scene, self.cards)
        off = {d.knob.id: _at_rest(d.knob) for d in defenses}
        return {k.id: off.get(k.id, k.default) for k in scene_knobs(scene, defenses)}

    def _preset(self, scene: SceneCard) -> Wish:
        preset = scene.preset
        knobs = self._off(scene)
        for card in there(scene, self.cards):
            if card.id in preset.defenses:
                knobs[card.knob.id] = card.knob.default
        return self._fit(
            Wish(scene.id, preset.model, preset.attack, preset.target, preset.seed, tuple(knobs.items()))
        )

    def _fit(self, wish: Wish) -> Wish:
        """Replace what cannot work by the nearest valid choice."""
        scene = self.cards.scene(wish.scene)
        attacks = {a.id for a in self.cards.attacks if why_not_attack(scene, a) is None}
        knobs = _knobs_of(scene, self.cards, wish.model, wish.values)
        values = _valid(wish.values, self._off(scene), knobs.values())
        targets = [t.id for t in scene.targets_for(values)]
        targets += [] if scene.one_record else [ALL_TARGETS]
        # a recording of somebody's own picture has it as the target and has no picture
        own = "own-picture" in scene.provides and (wish.target == OWN_PICTURE or wish.image is not None)
        targets += [OWN_PICTURE] if own else []
        preferred = scene.preset.target if scene.preset.target in targets else targets[0]
        return replace(
            wish,
            model=wish.model if wish.model in {m.id for m in scene.models} else scene.preset.model,
            attack=wish.attack if wish.attack in attacks else scene.preset.attack,
            target=wish.target if wish.target in targets else preferred,
            knobs=tuple(values.items()),
        )


def there(scene: SceneCard, cards: Library) -> list[DefenseCard]:
    """Return the defences that exist in a scene."""
    return [d for d in cards.defenses if why_not_defense(scene, d) is None]


def _knobs_of(scene: SceneCard, cards: Library, model: str, values: Mapping[str, Value]) -> dict[str, Knob]:
    """Return every knob there is, with the stops of what was trained on this computer."""
    knobs = scene_knobs(scene, there(scene, cards))
    return {k.id: with_own(k, scene.id, model, values) for k in knobs}


def _at_rest(knob: Knob) -> Value:
    return knob.default if knob.off is None else knob.off


def _valid(wanted: Mapping[str, Value], off: Mapping[str, Value], knobs: Iterable[Knob]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for knob in knobs:
        try:
            found[knob.id] = knob.parse(wanted[knob.id])
        except (KeyError, UsageError):
            # where the model that was trained here does not fit, the one that comes next to it
            close = nearest(knob, wanted[knob.id]) if knob.id in wanted else None
            found[knob.id] = off[knob.id] if close is None else close
    return found


def _check_recorded(knob: Knob, value: Value) -> None:
    try:
        fits = knob.parse(value) == value
    except UsageError:
        fits = False
    if not fits:
        raise UsageError(
            Text(
                "This recording was made with {knob} at {value}, which cannot be set here; valid: {choices}.",
                "この記録の{knob}は{value}ですが、ここでは使えません。指定できるのは、{choices}です。",
            ),
            knob=names([knob]),
            value=plain(value),
            choices=knob.choices(),
        )
