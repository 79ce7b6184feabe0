"""What the screen shows, as frozen data in one language. Widgets draw these and decide nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mi_studio.core.knobs import Value
from mi_studio.core.step import Pictures, View

Slot = Literal["scene", "model", "attack", "defense", "target"]
"""The brackets of the sentence."""

Tone = Literal["leak", "safe", "unsure", "plain"]
"""leak: the secret is out (▲) · safe: the defence holds (●) · unsure: scores disagree · plain: none yet."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a picker. ``reason`` is why it cannot be chosen, empty where it can.

    ``strength`` is 0 where the entry has none, else 1–3. ``thumbnail`` is one picture or ``None``.
    ``checked`` matters for defences, of which several can be on. ``also`` is what else it is found by
    where there are many to search; ``together`` marks one that stands for several of the others.
    """

    id: str
    title: str
    line: str
    strength: int
    reason: str
    checked: bool
    thumbnail: Pictures | None = None
    also: str = ""
    together: bool = False


@dataclass(frozen=True, slots=True)
class Bracket:
    """A picker in the sentence: what it shows now, quietly what that means, and its entries."""

    slot: Slot
    title: str
    note: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class SentenceView:
    """The sentence as words and brackets in reading order."""

    parts: tuple[str | Bracket, ...]


@dataclass(frozen=True, slots=True)
class RecordView:
    """One person's record.

    ``lines`` are (field, value), the value empty where it is not known. ``hidden`` names the field that the
    attacker is after, ``value`` is what it is, or is believed to be, and ``among`` all that it could be.
    ``bars`` are (value, belief 0–1, base rate 0–1); the truth has none. ``right`` is whether the
    value is true.
    """

    name: str
    lines: tuple[tuple[str, str], ...]
    hidden: str
    value: str
    among: tuple[str, ...]
    bars: tuple[tuple[str, float, float], ...] = ()
    right: bool = True

    @property
    def belief(self) -> float:
        """How sure it is that the hidden field has this value."""
        return max((share for _, share, _ in self.bars), default=1.0)


@dataclass(frozen=True, slots=True)
class PaneView:
    """One picture of the stage.

    ``meter`` is a bar below the picture: (label, fraction 0–1, number as text), or ``None``.
    ``described`` is the accessible text. ``ring`` marks the attacker's own picture. ``names`` says who or
    what each picture shows where there are several, in their order. ``records`` are drawn in place of
    pictures.
    """

    title: str
    subtitle: str
    footer: str
    pictures: Pictures | None
    meter: tuple[str, float, str] | None
    described: str
    ring: bool = False
    names: tuple[str, ...] = ()
    records: tuple[RecordView, ...] = ()


@dataclass(frozen=True, slots=True)
class KnobView:
    """A slider with named stops. ``stops`` are (value, label); ``reason`` dims it and says why.

    ``note`` says at which step the last move took effect, and what it meant; ``situation`` that it is no
    protection but belongs to what is given.
    """

    id: str
    title: str
    help: str
    stops: tuple[tuple[Value, str], ...]
    value: Value
    label: str
    continuous: bool
    reason: str
    note: str
    situation: bool = False


@dataclass(frozen=True, slots=True)
class CostView:
    """The price of the protection: key figures as (number, caption), and a sentence below."""

    title: str
    n: str
    figures: tuple[tuple[str, str], ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class SeenView:
    """What the attacker sees, live; ``desk`` is what a gateway sees of him in turn."""

    title: str
    corner: str
    view: View | None
    sentence: str
    desk: str = ""


@dataclass(frozen=True, slots=True)
class VerdictView:
    """The verdict in plain words, tied to numbers and their uncertainty."""

    tone: Tone
    sentence: str
    evidence: str


@dataclass(frozen=True, slots=True)
class CurveView:
    """Score over steps. Series are ((step, value), ...); ``marks`` are (step, label) of moved knobs."""

    label: str
    total: int
    main: tuple[tuple[float, float], ...]
    main_name: str
    ghost: tuple[tuple[float, float], ...]
    ghost_name: str
    marks: tuple[tuple[int, str], ...]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class TimelineView:
    """The film of the attack.

    ``film`` are (step, one picture (h, w, c) that stands for all); ``reached`` is the newest step.

    ``told`` is the position in words; while pictures run it lags behind, so that it can be read.
    """

    position: int
    told: int
    reached: int
    total: int
    playing: bool
    busy: str
    seed: int
    speed: float
    note: str
    film: tuple[tuple[int, Pictures], ...]
    marks: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class StageView:
    """The whole stage."""

    sentence: SentenceView
    panes: tuple[PaneView, ...]
    knobs: tuple[KnobView, ...]
    seen: SeenView
    cost: CostView
    verdict: VerdictView
    curve: CurveView
    timeline: TimelineView
    mixed: str


@dataclass(frozen=True, slots=True)
class OptionView:
    """An answer: ``mark`` is ``""``, ``"chosen"``, ``"right"`` or ``"wrong"``; ``why`` explains it."""

    text: str
    mark: str
    why: str


@dataclass(frozen=True, slots=True)
class LessonView:
    """One step of a lesson.

    ``target`` names the part of the window that wears the ring, ``hidden`` those that are covered.
    ``recall`` repeats the learner's prediction.
    ``task`` is how it stands with what the learner is to do: ``""`` where there is nothing, else ``"open"``,
    ``"astray"`` (the stage is not set for it) or ``"done"``. ``points`` are (text, ticked), shown once all
    ``sentences`` are written.
    """

    lesson: str
    title: str
    at: int
    count: int
    kind: str
    label: str
    heading: str
    text: str
    target: str
    recall: str
    options: tuple[OptionView, ...]
    task: str
    told: str
    sentences: tuple[str, ...]
    points: tuple[tuple[str, bool], ...]
    can_go_on: bool
    help: str
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContentsView:
    """All lessons: (id, title, what it is about, minutes, how far one is, whether it was finished).

    ``following`` is the place of the one to go on with; -1 once all are finished.
    """

    lessons: tuple[tuple[str, str, str, str, str, bool], ...]
    following: int = -1
