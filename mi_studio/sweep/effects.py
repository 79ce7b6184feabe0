"""The runs behind the table of what stops whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mi_studio.core.cards import DefenseCard, Library, library
from mi_studio.core.config import ALL_TARGETS, RunConfig, resolve, why_not_defense, why_out_of_reach
from mi_studio.core.knobs import Value
from mi_studio.studio.effects import strengths
from mi_studio.sweep.grid import Plan

SEEDS = (1, 2, 3)

ATTACKERS: dict[str, tuple[tuple[tuple[str, str], ...], ...]] = {
    "white-box": (
        (("catalogue", "latent-search"), ("face-login", "latent-search")),
        (("customers", "attribute-map-white-box"),),
    ),
    "scores": (
        (("catalogue", "evolutionary-search"), ("face-login", "evolutionary-search")),
        (("customers", "attribute-map"),),
    ),
    "labels": ((("catalogue", "lokt"), ("face-login", "brep-mi")),),
    "gradient": ((("federated", "inverting-gradients"), ("hospital", "inverting-gradients")),),
    "malicious-server": ((("hospital", "imprint"),),),
}
"""Who stands for a kind of attacker: trials, each in the first of its scenes that has the defence."""

TARGETS = {("hospital", "inverting-gradients"): "north"}
"""Whom an attacker goes for where it is not the usual target: in a sum of 32 this one finds nothing."""

SHORT = 4
"""Steps of a run that the defence cannot reach: it is only to be shown that not one bit changes."""


def wanted(among: Library | None = None) -> Plan:
    """Return every run that the table is read off, each once; the undefended ones first."""
    cards = among or library()
    runs = {config.key: config for config in _wanted(cards)}
    return Plan(tuple(sorted(runs.values(), key=lambda c: (c.seed, len(c.defenses)))))


def _wanted(cards: Library) -> Iterator[RunConfig]:
    for access, trials in ATTACKERS.items():
        for places in trials:
            for defense in cards.defenses:
                there = [p for p in places if why_not_defense(cards.scene(p[0]), defense) is None]
                if not there and (defense.acts == "trained" or access in defense.reaches):
                    continue  # it is a model that these scenes do not have
                for value in strengths(defense):
                    for seed in SEEDS:
                        yield from _pair(*(there or places)[0], defense, value, seed, cards)


def _pair(
    scene: str, attack: str, defense: DefenseCard, value: Value, seed: int, cards: Library
) -> Iterator[RunConfig]:
    """Yield a run with a defence and the one without it.

    A defence that the scene does not offer, since nobody would meet it there, is put in all the same.
    """
    card = cards.scene(scene)
    steps = SHORT if why_out_of_reach(defense, cards.attack(attack)) else None
    able = [m.id for m in card.models_for(defense)]
    own = card.preset.model
    usual = card.preset.target if card.one_record or card.slow else ALL_TARGETS
    bare = resolve(
        scene,
        attack=attack,
        model=own if own in able or not able else able[0],
        target=TARGETS.get((scene, attack), usual),
        seed=seed,
        steps=steps,
        among=cards,
    )
    yield bare
    beside = ((knob.id, knob.default) for knob in defense.beside)
    knobs = (*bare.knobs, (defense.knob.id, value), *beside)
    yield replace(bare, defenses=(defense.id,), knobs=knobs)
