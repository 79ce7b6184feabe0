"""Write docs/reference.md from the cards: ``make reference``. Takes a second and needs no torch.

python docs/make_reference.py --check     exit 1 if the file is not what the cards say
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from mi_studio.core import atomic, paths
from mi_studio.core.cards import AttackCard, DefenseCard, library
from mi_studio.core.config import scene_knobs, why_not_attack, why_not_defense, why_out_of_reach
from mi_studio.core.knobs import Knob, plain
from mi_studio.core.metrics import METRICS
from mi_studio.core.weights import WeightsCard, weights_cards

DOCS = Path(__file__).resolve().parent
NOTICE = "<!-- Written by docs/make_reference.py from the cards; edit those. -->"


def reference() -> str:
    """Return the page of scenes, attacks, defences and scores."""
    parts = [
        "# Reference",
        NOTICE,
        *_scenes(),
        *_attacks(),
        *_defenses(),
        *_scores(),
    ]
    return "\n\n".join(parts) + "\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(words: Iterable[str]) -> str:
    """Return words as code, separated by blanks."""
    return " ".join(f"`{word}`" for word in words) or "–"


def _scenes() -> Iterator[str]:
    cards = library()
    yield "## Scenes"
    for scene in cards.scenes:
        yield f"### {scene.title.en} · `{scene.id}`"
        yield scene.story.en
        yield table(
            ["model", "", "what it is"], ([f"`{m.id}`", m.title.en, m.summary.en] for m in scene.models)
        )
        there = [d for d in cards.defenses if not why_not_defense(scene, d)]
        yield table(
            ["knob", "", "values", "default", "moves while running"],
            (
                [
                    f"`{k.id}`",
                    k.title.en,
                    _values(k),
                    f"`{plain(k.default)}`",
                    "yes" if k.live else "no",
                ]
                for k in scene_knobs(scene, there)
            ),
        )
        attacks = code(a.id for a in cards.attacks if not why_not_attack(scene, a))
        yield f"Attacks: {attacks}. Defences: {code(d.id for d in there)}. Usefulness: {scene.utility.en}."
        for when, targets in scene.targets.items():
            where = f" under `{scene.targets_by}={when}`" if when else ""
            yield f"Targets{where}: {code(t.id for t in targets)}."


def _values(knob: Knob) -> str:
    choices = knob.choices().en
    return choices if knob.continuous else code(choices.split())


def _attacks() -> Iterator[str]:
    yield "## Attacks"
    for attack in library().attacks:
        yield f"### {attack.title.en} · `{attack.id}`"
        yield attack.summary.en
        yield table(
            ["", ""],
            [
                ["access", f"`{attack.access}`"],
                ["needs", attack.needs.en],
                ["strength", f"{attack.strength} of 3"],
                ["steps", _steps(attack)],
                ["what stops it", attack.stops.en],
                ["from", attack.cites],
                ["changed here", attack.changed.en],
            ],
        )


def _steps(attack: AttackCard) -> str:
    slow = ", ".join(scene.title.en for scene in library().scenes if scene.slow)
    if not attack.at_once:
        return str(attack.steps)
    return f"{attack.steps}; in {slow} so many for each {attack.at_once} targets, which take turns"


def _defenses() -> Iterator[str]:
    cards = library()
    yield "## Defences"
    yield "Of those that are trained into a model, at most one can be on."
    for defense in cards.defenses:
        yield f"### {defense.title.en} · `{defense.id}`"
        yield defense.summary.en
        rows = [
            ["knob", f"`{defense.knob.id}`: {defense.knob.help.en}"],
            ["reaches", code(defense.reaches)],
            ["from", defense.cites],
        ]
        if defense.acts == "trained":
            rows.append(["trained into", _trained_into(defense)])
        for attack in cards.attacks:
            reason = why_out_of_reach(defense, attack)
            if reason and _meet(attack, defense):
                rows.append([f"no effect on `{attack.id}`", reason.en])
        yield table(["", ""], rows)


def _trained_into(defense: DefenseCard) -> str:
    models = {s.id: code(m.id for m in s.models_for(defense)) for s in library().scenes}
    return ", ".join(f"{ids} ({scene})" for scene, ids in models.items() if ids != "–") or "–"


def _meet(attack: AttackCard, defense: DefenseCard) -> bool:
    """Whether there is a scene in which this attack can meet this defence."""
    return any(
        not why_not_attack(scene, attack) and not why_not_defense(scene, defense)
        for scene in library().scenes
    )


def _scores() -> Iterator[str]:
    yield "## Scores"
    yield "Each is computed on the final 8-bit picture. *Leak* says which way means that more has leaked."
    yield table(
        ["score", "", "leak", "definition"],
        ([f"`{m.id}`", m.title.en, m.direction, m.definition.en] for m in METRICS.values()),
    )


def weights() -> str:
    """Return the page of shipped weights."""
    parts = [
        "# Weights",
        NOTICE,
        "Each file in `pretrained/` has a card beside it with everything that is said here, and its SHA-256. "
        "`mi-studio train --check` measures every accuracy again; `make zoo` trains every file again.",
    ]
    for scene in library().scenes:
        cards = list(weights_cards(scene.id))
        plain_ones = [c for c in cards if c.privacy is None and "epsilon" not in c.knobs]
        victims = [c for c in cards if c not in plain_ones]
        parts.append(f"## {scene.title.en}")
        parts.append(
            table(
                ["file", "parameters", "test accuracy", "n", "SHA-256"],
                (
                    [
                        f"`{c.weights.relative_to(paths.pretrained())}`",
                        f"{c.details['parameters']:,}",
                        f"{c.utility.value:.3f}" if c.utility else "–",
                        f"{c.utility.n:,}" if c.utility else "–",
                        f"`{c.sha256[:12]}…`",
                    ]
                    for c in plain_ones
                ),
            )
        )
        if victims:
            units = {f"{c.privacy.unit}, {c.privacy.accountant}" for c in victims if c.privacy}
            parts.append(f"Victims. Unit of privacy and accountant: {'; '.join(sorted(units))}.")
            knobs = sorted({k for c in victims for k in c.knobs if k != "epsilon"})
            rows = (_victim(c, knobs) for c in sorted(victims, key=lambda c: _order(c, knobs)))
            parts.append(table(["model", *(k.replace("-", " ") for k in knobs), *VICTIM], rows))
    return "\n\n".join(parts) + "\n"


VICTIM = ["ε", "δ", "noise multiplier", "clip", "sampling rate", "steps", "seed", "test accuracy",
          "SHA-256"]  # fmt: skip


def _epsilon(card: WeightsCard) -> float:
    """Return the ε of the knob under which the weights are used, or else of their guarantee."""
    return float(card.knobs.get("epsilon", card.privacy.epsilon if card.privacy else math.inf))


def _order(card: WeightsCard, knobs: list[str]) -> tuple[str, list[tuple[float, str]], float]:
    values = [card.knobs.get(k, "") for k in knobs]
    sizes = [(0.0, v) if isinstance(v, str) else (-v, "") for v in values]
    return card.model, sizes, -_epsilon(card)


def _victim(card: WeightsCard, knobs: list[str]) -> list[str]:
    details, private = card.details, card.privacy
    assert card.utility is not None
    return [
        f"`{card.model}`",
        *(plain(card.knobs[k]) if k in card.knobs else "–" for k in knobs),
        plain(_epsilon(card)).replace("inf", "∞"),
        f"{private.delta:g}" if private else "–",
        f"{details['noise_multiplier']:.2f}" if private else "–",
        f"{details['clip']:g}" if private else "–",
        f"{details['sampling_rate']:.4f}",
        str(details["steps"]),
        str(details["seed"]),
        f"{card.utility.value:.3f}",
        f"`{card.sha256[:12]}…`",
    ]


def main() -> None:
    """Write both pages."""
    atomic.write_text(DOCS / "reference.md", reference())
    atomic.write_text(DOCS / "weights.md", weights())


if __name__ == "__main__":
    main()
