"""From what somebody chose to one frozen, valid configuration of a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from typing import Literal, get_args

from mi_studio.core.cards import AttackCard, DefenseCard, Library, SceneCard, Target, library
from mi_studio.core.errors import UsageError
from mi_studio.core.knobs import Knob, Value, plain
from mi_studio.core.own import with_own
from mi_studio.core.text import Text, names

OWN_PICTURE = "own-picture"
"""The target id of a picture that the user brought."""

ALL_TARGETS = "all"
"""The target id that means every target of the scene at once."""

MAX_STEPS = 100_000

MAX_SEED = 2**63 - 1
"""Every generator that a seed goes into takes it up to here."""

Device = Literal["auto", "cpu", "cuda", "mps"]
DEVICES: tuple[Device, ...] = get_args(Device)

NO_KNOB = Text(
    "{scene} has no knob '{knob}'; choose one of {choices}.",
    "{scene}に「{knob}」という設定項目はありません。{choices}から選んでください。",
)
ONLY_BESIDE = Text(
    "The knob '{knob}' exists only with the defence that it belongs to; choose one of {choices}.",
    "設定項目「{knob}」は、関係する防御を選んだときだけ使えます。{choices}から選んでください。",
)
NO_OWN_PICTURE = Text(
    "{scene} does not take a picture of your own; scenes that do: {choices}.",
    "{scene}では自分の画像を使えません。自分の画像を使える場面は{choices}です。",
)

LACKS = {
    "prior": Text(
        "It needs a generator trained on similar public pictures, and this scene has none.",
        "よく似た公開画像で学習した生成器が必要ですが、この場面にはありません。",
    ),
    "batch-norm": Text(
        "It compares the statistics that batch normalisation keeps, and no model of this scene has any.",
        "バッチ正規化が持つ統計量を手がかりにする攻撃ですが、この場面のモデルにはありません。",
    ),
    "single-record": Text(
        "It can only take apart the gradient of a single record, and here a batch is sent.",
        "1件分の勾配しか解けない攻撃ですが、この場面ではバッチ（複数件）の勾配が送られます。",
    ),
}
"""Why an attack cannot be mounted where nothing gives what it requires, by requirement."""

NOT_INSTALLED = Text(
    "It needs {library}, which is not installed; install it with: pip install 'mi-studio[{extra}]'",
    "{library}がインストールされていません。pip install 'mi-studio[{extra}]' でインストールしてください。",
)

MISFIT = {
    "pictures": Text(
        "It looks for the hidden field of a record, and here the secret is a picture.",
        "名簿の隠れた項目を当てる攻撃で、画像は扱えません。",
    ),
    "records": Text(
        "It draws pictures, and here the secret is a field of a record.",
        "画像を復元する攻撃で、名簿の項目は扱えません。",
    ),
}
"""Why an attack on the other kind of data cannot be mounted, by what a scene's data are."""

_EVERY_TARGET = Target(ALL_TARGETS, Text("All of them", "すべて"), labels=())


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything that decides a run. Equal configs on equal machines give equal runs, on a CPU bit for bit.

    Attributes
    ----------
    knobs
        Every knob of the scene and of the chosen defences with its value, in a fixed order.
    image
        Path of the user's own picture where ``target`` is ``own-picture``, else ``None``.
    """

    scene: str
    model: str
    attack: str
    defenses: tuple[str, ...]
    knobs: tuple[tuple[str, Value], ...]
    target: str
    seed: int
    steps: int
    device: Device = "auto"
    image: str | None = None

    @property
    def values(self) -> dict[str, Value]:
        """The knobs as a dictionary."""
        return dict(self.knobs)

    @property
    def key(self) -> str:
        """A short name of this configuration, the same wherever it is computed."""
        parts = [self.scene, self.model, self.attack, self.defenses, self.target, self.seed, self.steps]
        parts += [self.image, [(k, plain(v)) for k, v in self.knobs]]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]

    def turned(self, knobs: Mapping[str, Value]) -> RunConfig:
        """Return the same run with some knob values replaced (no check)."""
        turned = tuple((k, knobs.get(k, v)) for k, v in self.knobs)
        return self if turned == self.knobs else replace(self, knobs=turned)

    def undefended(self) -> RunConfig:
        """Return the same run without any defence: same scene, model, attack, target and seed."""
        own = {k.id for d in library().defenses for k in (d.knob, *d.beside)}
        return replace(self, defenses=(), knobs=tuple((k, v) for k, v in self.knobs if k not in own))


def scene_knobs(scene: SceneCard, defenses: Iterable[DefenseCard]) -> list[Knob]:
    """Return the knobs of a scene, of some defences, and those beside them, in order of display."""
    defenses = list(defenses)
    return [*scene.knobs, *(d.knob for d in defenses), *knobs_beside(defenses)]


def knobs_beside(defenses: Iterable[DefenseCard]) -> list[Knob]:
    """Return the knobs that are there because of some defences, each once."""
    return list({knob.id: knob for d in defenses for knob in d.beside}.values())


def turns(scene: SceneCard, attack: AttackCard, targets: int) -> int:
    """Return in how many turns an attack takes up so many targets; each turn is a step."""
    return max(1, -(-targets // attack.at_once)) if scene.slow and attack.at_once else 1


def labels_of(group: Iterable[Target], wanted: str) -> tuple[int, ...]:
    """Return the model's labels, in rising order, of the wanted target of a group.

    All of them together are the single ones: those that stand for several hold no others that have a name.
    """
    return tuple(
        sorted(
            label
            for t in group
            if wanted == t.id or (wanted == ALL_TARGETS and len(t.labels) == 1)
            for label in t.labels
        )
    )


def why_not_attack(scene: SceneCard, attack: AttackCard) -> Text | None:
    """Say why this attack cannot be mounted in this scene, or return ``None`` if it can."""
    if attack.access not in scene.access:
        return Text(
            f"In this scene nobody hands the attacker what it needs: {_lower(attack.needs.en)}.",
            f"この場面では、この攻撃に必要なもの（{attack.needs.ja}）が攻撃者の手に渡りません。",
        )
    if attack.data != scene.data:
        return MISFIT[scene.data]
    if not scene.models_for(attack):
        given = {*scene.provides, *(p for m in scene.models for p in m.provides)}
        missing = [r for r in attack.requires if r not in given] or attack.requires
        return LACKS.get(missing[0]) or Text(
            f"It needs something that this scene does not give: {missing[0]}.",
            f"この場面にはないもの（{missing[0]}）が必要です。",
        )
    return None


def why_not_defense(scene: SceneCard, defense: DefenseCard) -> Text | None:
    """Say why this defence does not exist in this scene, or return ``None`` if it does."""
    if defense.acts == "aggregation" and not scene.models_for(defense):
        return Text(
            "It hides single updates in the sum of many, and in this scene no several clients send updates.",
            "複数のクライアントの更新を合計して隠す防御ですが、この場面にはそのようなクライアントがいません。",
        )
    if not scene.models_for(defense):
        return Text(
            "No model of this scene was trained in this way.",
            "この場面には、この方法で学習したモデルがありません。",
        )
    if defense.acts == "gradient" and "gradient" not in scene.access:
        return Text(
            "It changes gradients, and in this scene no gradient leaves the owner's machine.",
            "勾配に手を加える防御です。この場面では勾配が外に出ないため、使いどころがありません。",
        )
    if defense.acts == "output" and not {"scores", "labels"} & set(scene.access):
        return Text(
            "It changes the model's answers, and in this scene nobody asks the model anything.",
            "モデルの回答に手を加える防御です。この場面では誰もモデルに問い合わせません。",
        )
    if defense.acts == "gateway" and (
        not {"scores", "labels"} & set(scene.access) or scene.data != "pictures"
    ):
        return Text(
            "It guards an API that people send pictures to, and this scene has none.",
            "画像を受け付けるAPIの入口で働く防御ですが、この場面にはそのようなAPIがありません。",
        )
    return None


def why_not_installed(defense: DefenseCard) -> Text | None:
    """Say what must be installed before this defence can run, or return ``None`` if nothing is missing."""
    if not defense.library or _installed(defense.library.lower()):
        return None
    return NOT_INSTALLED.filled(library=defense.library, extra=defense.extra)


@cache  # asked for whenever something is drawn
def _installed(module: str) -> bool:
    return find_spec(module) is not None


def why_out_of_reach(defense: DefenseCard, attack: AttackCard) -> Text | None:
    """Say why this defence cannot affect this attacker whatever the model, or return ``None`` if it can."""
    if attack.id in defense.without_effect:
        return defense.without_effect[attack.id]
    if attack.access not in defense.reaches:
        return defense.without_effect.get(attack.access) or Text(
            "It acts where this attacker never looks.", "この攻撃者が触れない場所で働く防御です。"
        )
    return None


def why_no_effect(defense: DefenseCard, attack: AttackCard, scene: SceneCard, model: str) -> Text | None:
    """Say why this defence changes nothing for this attacker on this model, or return ``None`` if it can."""
    if reason := why_out_of_reach(defense, attack):
        return reason
    able = scene.models_for(defense)
    if model in {m.id for m in able}:
        return None
    trained = f"{' and '.join(f'the {m.title.en}' for m in able)} {'was' if len(able) == 1 else 'were'}"
    return Text(
        f"Only {trained} trained in this way.",
        f"この方法で学習したのは{names(able).ja}だけです。",
    )


def rivals(defense: DefenseCard, among: Iterable[DefenseCard]) -> list[DefenseCard]:
    """Return the defences that cannot be on beside this one.

    A model is trained in one way only, and updates are hidden in their sum in one way.
    """
    if defense.acts not in ("trained", "aggregation"):
        return []
    return [d for d in among if d.acts == defense.acts and d.id != defense.id]


def _lower(sentence: str) -> str:
    return (sentence[:1].lower() + sentence[1:]).rstrip(".")


TRAINED_TWICE = Text(
    "{one} and {other} are both trained into the model, and no model here was trained in two "
    "ways at once; leave one of them out or switch it off ({ways}).",
    "{one}と{other}は、どちらもモデルの学習時に施す防御で、両方を同時に施したモデルはありません。"
    "どちらか一方を外すか、オフにしてください（{ways}）。",
)
HIDDEN_TWICE = Text(
    "{one} and {other} both hide updates in their sum, and the clients here do it in one way; leave one "
    "of them out or switch it off ({ways}).",
    "{one}と{other}は、どちらも更新を合計の中に隠す防御で、同時には使えません。"
    "どちらか一方を外すか、オフにしてください（{ways}）。",
)


def _check_rivals(on: list[DefenseCard]) -> None:
    for defense in on:
        if others := rivals(defense, on):
            pair = [defense, others[0]]
            ways = [(d.knob, d.knob.off) for d in pair if d.knob.off is not None]
            one, other = names(pair[:1]), names(pair[1:])
            switches = Text(
                " or ".join(f"{knob.id}={plain(off)}" for knob, off in ways),
                "または".join(f"{names([knob]).ja}を「{knob.label(off, 'ja')}」" for knob, off in ways),
            )
            if defense.acts == "trained":
                raise UsageError(TRAINED_TWICE, one=one, other=other, ways=switches)
            raise UsageError(HIDDEN_TWICE, one=one, other=other, ways=switches)


def resolve(
    scene: str,
    *,
    attack: str | None = None,
    model: str | None = None,
    defenses: Iterable[str] = (),
    settings: Mapping[str, str | float] | None = None,
    target: str | None = None,
    seed: int | None = None,
    steps: int | None = None,
    device: str = "auto",
    image: str | None = None,
    among: Library | None = None,
) -> RunConfig:
    """Check a choice against the cards and return the frozen configuration.

    What is left out is taken from the scene's preset. A defence's knob in ``settings`` switches that
    defence on; a defence without a setting takes its default. Of the defences that are trained into a
    model, at most one can be on.

    Raises
    ------
    UsageError
        If the parts cannot work together; the text names the valid choices.
    """
    cards = among or library()
    settings = dict(settings or {})
    card = cards.scene(scene)
    chosen_model = model or card.preset.model
    if model and model not in {m.id for m in card.models}:
        raise UsageError(
            Text(
                "{scene} has no model '{model}'; choose one of {choices}.",
                "{scene}に「{model}」というモデルはありません。{choices}から選んでください。",
            ),
            scene=names([card]),
            model=model,
            choices=names(card.models),
        )

    chosen_attack = cards.attack(attack or card.preset.attack)
    if reason := why_not_attack(card, chosen_attack):
        raise UsageError(
            Text(
                "{attack} cannot attack {scene}: {reason} Choose one of {choices}.",
                "{scene}では{attack}を使えません。{reason}{choices}から選んでください。",
            ),
            attack=names([chosen_attack]),
            scene=names([card]),
            reason=reason,
            choices=names(a for a in cards.attacks if not why_not_attack(card, a)),
        )
    able = card.models_for(chosen_attack)
    if chosen_model not in {m.id for m in able}:
        if model:
            raise UsageError(
                Text(
                    "{attack} cannot work with the model '{model}'; choose one of {choices}.",
                    "{attack}は、モデル「{model}」には使えません。{choices}から選んでください。",
                ),
                attack=names([chosen_attack]),
                model=model,
                choices=names(able),
            )
        chosen_model = able[0].id

    chosen = list(dict.fromkeys(defenses))
    by_knob = {d.knob.id: d for d in cards.defenses}
    chosen += [by_knob[k].id for k in settings if k in by_knob and by_knob[k].id not in chosen]
    defense_cards = [cards.defense(d) for d in chosen]
    for defense in defense_cards:
        if reason := why_not_defense(card, defense):
            raise UsageError(
                Text(
                    "{defense} does not exist in {scene}: {reason} Choose one of {choices}.",
                    "{scene}では{defense}を使えません。{reason}{choices}から選んでください。",
                ),
                defense=names([defense]),
                scene=names([card]),
                reason=reason,
                choices=names(d for d in cards.defenses if not why_not_defense(card, d)),
            )

    knobs = scene_knobs(card, defense_cards)
    unknown = [k for k in settings if k not in {knob.id for knob in knobs}]
    if unknown:
        there = [d for d in cards.defenses if not why_not_defense(card, d)]
        if owners := [d for d in there if unknown[0] in {k.id for k in d.beside}]:
            raise UsageError(ONLY_BESIDE, knob=unknown[0], choices=names(owners))
        choices = names(scene_knobs(card, there))
        raise UsageError(NO_KNOB, scene=names([card]), knob=unknown[0], choices=choices)
    values: dict[str, Value] = {}
    for knob in knobs:  # the scene's first: they say which models trained here fit
        there_is = with_own(knob, card.id, chosen_model, values)
        values[knob.id] = there_is.parse(settings[knob.id]) if knob.id in settings else knob.default
    _check_rivals([d for d in defense_cards if d.is_on(values)])

    if image is not None and "own-picture" not in card.provides:
        takers = names(s for s in cards.scenes if "own-picture" in s.provides)
        raise UsageError(NO_OWN_PICTURE, scene=names([card]), choices=takers)
    if image is not None and target not in (None, OWN_PICTURE):
        raise UsageError(
            Text(
                "Your own picture is the target, and '{target}' is another; leave one of them out.",
                "自分の画像と標的「{target}」は同時に指定できません。どちらか一方にしてください。",
            ),
            target=target,
        )
    there_are = [*card.targets_for(values), *([] if card.one_record else [_EVERY_TARGET])]
    targets = [t.id for t in there_are]
    chosen_target = OWN_PICTURE if image is not None else (target or card.preset.target)
    if target is None and image is None and chosen_target not in targets:
        chosen_target = targets[0]
    if chosen_target not in targets and image is None:
        known = {t.id: t.title.ja for group in card.targets.values() for t in group}
        raise UsageError(
            Text(
                "{scene} has no target '{target}'; choose one of {choices}.",
                "いまの{scene}では「{target}」を標的にできません。{choices}から選んでください。",
            ),
            scene=names([card]),
            target=Text(chosen_target, known.get(chosen_target, chosen_target)),
            choices=names(there_are),
        )
    if device not in DEVICES:
        raise UsageError(
            Text(
                "There is no device '{device}'; choose one of {choices}.",
                "「{device}」というデバイスはありません。{choices}から選んでください。",
            ),
            device=device,
            choices=names(DEVICES),
        )
    aims = len(labels_of(card.targets_for(values), chosen_target))
    chosen_steps = chosen_attack.steps * turns(card, chosen_attack, aims) if steps is None else steps
    if not 1 <= chosen_steps <= MAX_STEPS:
        raise UsageError(
            Text(
                "The number of steps must be from 1 to {most}.",
                "ステップ数は1から{most}までの範囲で指定してください。",
            ),
            most=MAX_STEPS,
        )
    chosen_seed = card.preset.seed if seed is None else seed
    if not 0 <= chosen_seed <= MAX_SEED:
        raise UsageError(
            Text(
                "The seed must be from 0 to {most}.",
                "シードは0から{most}までの範囲で指定してください。",
            ),
            most=MAX_SEED,
        )
    return RunConfig(
        scene=scene,
        model=chosen_model,
        attack=chosen_attack.id,
        defenses=tuple(chosen),
        knobs=tuple((k.id, values[k.id]) for k in knobs),
        target=chosen_target,
        seed=chosen_seed,
        steps=chosen_steps,
        device=device,
        image=image,
    )


def lean(config: RunConfig, cards: Library) -> RunConfig:
    """Return the same run without the defences that are switched off, so that equal runs have equal keys.

    What is on acts in the order of the cards, as in the window.
    """
    values = config.values
    on = [d for d in cards.defenses if d.id in config.defenses and d.is_on(values)]
    return replace(
        config,
        defenses=tuple(d.id for d in on),
        knobs=tuple((k.id, values[k.id]) for k in scene_knobs(cards.scene(config.scene), on)),
    )
