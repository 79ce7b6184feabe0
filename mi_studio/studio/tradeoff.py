"""Leak against cost: outcomes of unmixed runs become charts with one dot for each setting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mi_studio.core import outcome, paths
from mi_studio.core.cards import Library, SceneCard, library
from mi_studio.core.config import ALL_TARGETS, RunConfig, knobs_beside
from mi_studio.core.errors import BadFileError
from mi_studio.core.metrics import METRICS
from mi_studio.core.outcome import Outcome
from mi_studio.core.text import Text

Cost = Literal["utility", "distortion"]

BARE = Text("No defence", "防御なし")
CHANGED = Text("Share of each answer that is left as it was", "回答が元のまま保たれる割合")
PERCENT = ("test_accuracy", "evaluator_top1", "attribute_accuracy", "recovered")


@dataclass(frozen=True, slots=True)
class Dot:
    """One setting: the mean over its runs, and from the lowest to the highest of them.

    Attributes
    ----------
    name
        The setting in words.
    family
        The defences that are on; equal families are drawn with one sign. Empty is the undefended reference.
    cost
        How much use is left, the more the better, by what it is measured in.
    front
        Whether no other setting of the chart leaks less and keeps as much use.
    shown
        The run in the middle: it stands for the others where one picture is shown.
    """

    name: Text
    family: tuple[str, ...]
    runs: tuple[Outcome, ...]
    leak: tuple[float, float, float]
    cost: float
    shown: Outcome
    front: bool = False

    @property
    def bare(self) -> bool:
        """Whether it is the undefended reference."""
        return not self.family


@dataclass(frozen=True, slots=True)
class Chart:
    """All settings of one attack on one model.

    Attributes
    ----------
    leak, cost
        What the axes say.
    falling
        Whether a smaller number is the larger leak; the axis is then turned around, so that up leaks more.
    base
        What unrelated pictures score, or a guess without the model.
    """

    key: str
    title: Text
    metric: str
    leak: Text
    cost: Text
    measure: Cost
    falling: bool
    base: float | None
    dots: tuple[Dot, ...]

    @property
    def families(self) -> tuple[tuple[str, ...], ...]:
        """The combinations of defences, in the order of display."""
        return tuple(dict.fromkeys(dot.family for dot in self.dots if not dot.bare))

    @property
    def cost_short(self) -> Text:
        """What the cost axis says where there is little room: without how it is measured."""
        return Text(self.cost.en.partition(": ")[0], self.cost.ja.partition("（")[0])

    def leak_words(self, value: float) -> str:
        """Write a leak with its unit."""
        return leak_words(self.metric, value)

    def cost_words(self, value: float) -> str:
        """Write how much use is left."""
        known = next((d.shown.utility for d in self.dots if d.shown.utility), None)
        share = self.measure == "distortion" or (known is not None and known.metric in PERCENT)
        return f"{value:.1%}" if share else f"{value:.3f}"


def leak_words(metric: str, value: float) -> str:
    """Write a leak with the unit of its metric."""
    if metric in PERCENT:
        return f"{value:.0%}"
    unit = METRICS[metric].unit
    return f"{value:.1f} {unit}" if unit else f"{value:.2f}"


def behind_effects() -> list[Outcome]:
    """Return the shipped runs behind the table of what stops whom; none where they are missing or damaged."""
    return read(paths.assets() / "effects.json.gz")


def shipped(scene: str) -> list[Outcome]:
    """Return the results that come with a scene; none where they are missing or damaged.

    Runs behind the table of what stops whom serve here as well, where they have their usual length.
    """
    usual = {attack.id: attack.steps for attack in library().attacks}
    whole = [
        o for o in behind_effects() if o.config.scene == scene and o.config.steps >= usual[o.config.attack]
    ]
    return merged(whole, read(paths.assets() / "tradeoff" / f"{scene}.json.gz"))


def read(path: Path) -> list[Outcome]:
    """Return the outcomes in a file; none where it is missing or damaged."""
    try:
        return outcome.load(path)
    except BadFileError:
        return []


def measures(outcomes: Iterable[Outcome]) -> tuple[Cost, ...]:
    """Return the ways in which the cost of these can be measured, the most telling first."""
    known = [o.utility for o in outcomes if o.utility is not None]
    changed = any(u.distortion for u in known)
    spread = len({round(u.value, 4) for u in known}) > 1
    if changed:
        return ("utility", "distortion") if spread else ("distortion", "utility")
    return ("utility",)


def charts(
    scene: SceneCard, outcomes: Iterable[Outcome], measure: Cost = "utility", among: Library | None = None
) -> tuple[Chart, ...]:
    """Return a chart for each attack, model, target and choice of the scene's own knobs."""
    cards = among or library()
    series: dict[tuple[object, ...], list[Outcome]] = {}
    for found in outcomes:
        config = found.config
        if config.scene == scene.id and found.utility is not None:
            own = tuple((k.id, config.values.get(k.id)) for k in scene.knobs)
            series.setdefault((config.attack, config.model, config.target, config.steps, own), []).append(
                found
            )
    made = [_chart(scene, members, measure, cards) for members in series.values()]
    titles = [chart.title for chart in made]
    order = {a.id: i for i, a in enumerate(cards.attacks)}
    made = [c if titles.count(c.title) == 1 else replace(c, title=_longer(c, scene)) for c in made]
    return tuple(sorted(made, key=lambda c: (order.get(c.dots[0].shown.config.attack, 99), c.key)))


def _chart(scene: SceneCard, members: Sequence[Outcome], measure: Cost, cards: Library) -> Chart:
    first = members[0].config
    metric = _metric(members)
    falling = METRICS[metric].direction == "lower"
    settings: dict[tuple[tuple[str, object], ...], list[Outcome]] = {}
    own = {k.id for k in scene.knobs}
    for found in members:
        setting = tuple((k, v) for k, v in sorted(found.config.knobs) if k not in own)
        settings.setdefault(setting, []).append(found)
    dots = [_dot(runs, metric, measure, cards) for runs in settings.values()]
    dots.sort(key=lambda d: _strength(d.shown.config, cards))
    bases = [m.base[metric] for m in members if metric in m.base]
    return Chart(
        key="|".join((first.attack, first.model, first.target, str(first.steps))),
        title=cards.attack(first.attack).title,
        metric=metric,
        leak=METRICS[metric].title,
        cost=scene.utility if measure == "utility" else CHANGED,
        measure=measure,
        falling=falling,
        base=sum(bases) / len(bases) if bases else None,
        dots=_with_front(dots, falling),
    )


def _longer(chart: Chart, scene: SceneCard) -> Text:
    """Say which model, target and length as well, where the attack alone does not tell charts apart."""
    config = chart.dots[0].shown.config
    model = next(m.title for m in scene.models if m.id == config.model)
    known = {t.id: t.title for group in scene.targets.values() for t in group}
    target = known.get(config.target, Text("all", "すべて"))
    return Text(
        f"{chart.title.en} · {model.en} · {target.en} · {config.steps} steps",
        f"{chart.title.ja}・{model.ja}・{target.ja}・{config.steps}ステップ",
    )


def _metric(members: Sequence[Outcome]) -> str:
    scores = members[0].scores
    many = members[0].config.target == ALL_TARGETS
    order = ("attribute_accuracy", "psnr_db", *(("evaluator_top1",) if many else ()), "distance_same")
    return next(str(m) for m in (*order, *scores) if m in scores and m in METRICS)


def _dot(runs: list[Outcome], metric: str, measure: Cost, cards: Library) -> Dot:
    runs = sorted(runs, key=lambda o: (o.scores[metric], o.config.seed))
    leaks = [o.scores[metric] for o in runs]
    costs = [_use(o, measure) for o in runs]
    config = runs[0].config
    return Dot(
        name=_name(config, cards),
        family=config.defenses,
        runs=tuple(runs),
        leak=(leaks[0], sum(leaks) / len(leaks), leaks[-1]),
        cost=sum(costs) / len(costs),
        shown=runs[len(runs) // 2],
    )


def _use(found: Outcome, measure: Cost) -> float:
    assert found.utility is not None
    return found.utility.value if measure == "utility" else 1 - (found.utility.distortion or 0.0)


def _name(config: RunConfig, cards: Library) -> Text:
    defenses = [cards.defense(d) for d in config.defenses]
    if not defenses:
        return BARE
    values = config.values
    knobs = [d.knob for d in defenses]
    knobs += [k for k in knobs_beside(defenses) if values.get(k.id, k.default) != k.default]
    english = (f"{k.title.en}: {k.label(values[k.id], 'en')}" for k in knobs)
    japanese = (f"{k.title.ja}：{k.label(values[k.id], 'ja')}" for k in knobs)
    return Text(" + ".join(english), "＋".join(japanese))


def _strength(config: RunConfig, cards: Library) -> list[tuple[int, float]]:
    """Return what puts settings in order: as the defences are listed, and of each the weakest first."""
    found = []
    for place, defense in enumerate(cards.defenses):
        if defense.id in config.defenses:
            value, stops = config.values[defense.knob.id], [s.value for s in defense.knob.stops]
            if isinstance(value, str):
                found.append((place, float(stops.index(value))))
            else:
                numbers = [s for s in stops if isinstance(s, float)]
                found.append((place, value if numbers[-1] > numbers[0] else -value))
    return found


def _with_front(dots: Sequence[Dot], falling: bool) -> tuple[Dot, ...]:
    """Mark the settings that no other one beats in leak and cost at once, as far as three digits tell."""
    sign = -1 if falling else 1

    def place(dot: Dot) -> tuple[float, float]:
        return sign * float(f"{dot.leak[1]:.3g}"), -round(dot.cost, 3)

    def beats(one: Dot, other: Dot) -> bool:
        (leak, loss), (its_leak, its_loss) = place(one), place(other)
        return leak <= its_leak and loss <= its_loss and (leak, loss) != (its_leak, its_loss)

    return tuple(replace(dot, front=not any(beats(other, dot) for other in dots)) for dot in dots)


def merged(*several: Iterable[Outcome]) -> list[Outcome]:
    """Put outcomes together, each once; later ones take the place of earlier ones."""
    found: Mapping[str, Outcome] = {o.key: o for outcomes in several for o in outcomes}
    return list(found.values())
