"""What stops whom: every defence against every kind of attacker, read off finished runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mi_studio.core.cards import ACCESS_LEVELS, DefenseCard, Library, library
from mi_studio.core.config import why_out_of_reach
from mi_studio.core.knobs import Value
from mi_studio.core.metrics import METRICS
from mi_studio.core.outcome import Outcome
from mi_studio.core.text import Text
from mi_studio.studio import tradeoff

Effect = Literal["stops", "weakens", "none"]

ACTS = ("trained", "output", "gateway", "gradient", "aggregation")
"""Families of defences by where they act, in the order of display."""

STOPPED = 0.2
"""An attack is stopped where no more than this share of its lead over unrelated pictures is left,"""

SPARED = 0.9
"""and not touched where at least this share is."""

MEASURES = ("attribute_accuracy", "psnr_db", "distance_same")
"""What tells how much leaks, the first that a run has."""

NO_SUCH_MODEL = Text(
    "Not measured: a model trained in this way is attacked through its file or its API. No scene has one "
    "that sends gradients.",
    "測定していません。この方法で学習したモデルが勾配を送る場面はなく、狙われるのはモデルのファイルかAPIです。",
)
NOT_YET = Text("Not measured yet.", "まだ測定していません。")


@dataclass(frozen=True, slots=True)
class Trial:
    """One attack in one scene, with the defence and without it, the same seeds.

    Attributes
    ----------
    leak, bare, base
        By ``metric``: with the defence (lowest, mean, highest), without it, and of unrelated pictures.
    kept
        The share of the attack's lead over unrelated pictures that the defence leaves it; not below 0.
    same
        Whether every run handed in the same pictures as without the defence, bit for bit.
    cut
        Whether the runs were shorter than the attack's usual length.
    """

    runs: tuple[Outcome, ...]
    metric: str
    leak: tuple[float, float, float]
    bare: float
    base: float
    kept: float
    same: bool
    cut: bool

    @property
    def effect(self) -> Effect:
        """What the defence does to this attack."""
        if self.same or self.kept >= SPARED:
            return "none"
        return "stops" if self.kept <= STOPPED else "weakens"


@dataclass(frozen=True, slots=True)
class Cell:
    """One defence against one kind of attacker.

    Attributes
    ----------
    why
        Why the defence cannot reach this attacker, or why there is no trial; ``None`` otherwise.
    """

    trials: tuple[Trial, ...] = ()
    why: Text | None = None

    @property
    def effect(self) -> Effect | None:
        """What all trials have in common; where they differ the defence weakens. ``None`` without a trial."""
        found = {t.effect for t in self.trials}
        return "weakens" if len(found) > 1 else next(iter(found), None)

    @property
    def same(self) -> bool:
        """Whether nothing changed at all, bit for bit."""
        return bool(self.trials) and all(t.same for t in self.trials)

    @property
    def kept(self) -> tuple[float, float] | None:
        """The smallest and largest share that is left; ``None`` where nothing changed or was tried."""
        shares = [t.kept for t in self.trials]
        return None if not shares or self.same else (min(shares), max(shares))


@dataclass(frozen=True, slots=True)
class Row:
    """One defence at one strength: a cell for each of `ACCESS_LEVELS`."""

    defense: DefenseCard
    value: Value
    cells: tuple[Cell, ...]

    @property
    def only(self) -> bool:
        """Whether the defence has no strengths: it is off or on."""
        return len(self.defense.knob.stops) <= 2

    @property
    def name(self) -> Text:
        """The defence and its strength, which is left out where there is only one."""
        title, knob = self.defense.title, self.defense.knob
        if self.only:
            return title
        return Text(
            f"{title.en}: {knob.label(self.value, 'en')}", f"{title.ja}：{knob.label(self.value, 'ja')}"
        )


def shipped() -> list[Outcome]:
    """Return the runs that come with the program; none where they are missing or damaged."""
    return tradeoff.behind_effects()


def strengths(defense: DefenseCard) -> tuple[Value, ...]:
    """Return the strengths at which a defence is tried: its usual one and its strongest."""
    return tuple(dict.fromkeys((defense.knob.default, defense.knob.stops[-1].value)))


def table(outcomes: Iterable[Outcome], among: Library | None = None) -> tuple[Row, ...]:
    """Return a row for every defence and strength, in the order of display."""
    cards = among or library()
    series: dict[tuple[object, ...], list[Outcome]] = {}
    for found in outcomes:
        c = found.config
        series.setdefault((c.scene, c.model, c.attack, c.target, c.steps), []).append(found)
    return tuple(
        Row(
            defense,
            value,
            tuple(_cell(defense, value, access, series.values(), cards) for access in ACCESS_LEVELS),
        )
        for defense in sorted(cards.defenses, key=lambda d: ACTS.index(d.acts))
        for value in strengths(defense)
    )


def _cell(
    defense: DefenseCard, value: Value, access: str, series: Iterable[Sequence[Outcome]], cards: Library
) -> Cell:
    mine = [s for s in series if cards.attack(s[0].config.attack).access == access]
    trials = tuple(t for s in mine if (t := _trial(defense, value, s, cards)) is not None)
    attacks = [cards.attack(t.runs[0].config.attack) for t in trials]
    if trials:
        return Cell(trials, next(filter(None, (why_out_of_reach(defense, a) for a in attacks)), None))
    return Cell(why=NOT_YET if access in defense.reaches else NO_SUCH_MODEL)


def _trial(defense: DefenseCard, value: Value, series: Sequence[Outcome], cards: Library) -> Trial | None:
    """Compare what a series has with the defence alone to what it has without any, seed by seed."""
    bare = {o.config.seed: o for o in series if not o.config.defenses}
    runs = [
        o
        for o in series
        if o.config.defenses == (defense.id,)
        and o.config.values[defense.knob.id] == value
        and o.config.seed in bare
    ]
    if not runs:
        return None
    runs.sort(key=lambda o: o.config.seed)
    pairs = [(o, bare[o.config.seed]) for o in runs]
    metric = next(m for m in MEASURES if m in runs[0].scores)
    leaks = [o.scores[metric] for o in runs]
    leak, without = sum(leaks) / len(leaks), sum(b.scores[metric] for _, b in pairs) / len(pairs)
    base = sum(b.base[metric] for _, b in pairs) / len(pairs)
    same = all(o.loot and o.loot == b.loot for o, b in pairs)
    sign = -1 if METRICS[metric].direction == "lower" else 1
    lead = sign * (without - base)
    if lead <= 0 and not same:  # an attack that fails anyway tells nothing
        return None
    kept = 1.0 if same else max(0.0, sign * (leak - base) / lead)
    config = runs[0].config
    return Trial(
        runs=tuple(runs),
        metric=metric,
        leak=(min(leaks), leak, max(leaks)),
        bare=without,
        base=base,
        kept=kept,
        same=same,
        cut=config.steps < cards.attack(config.attack).steps,
    )
