"""From the session's state to what the screen shows, in one language."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar, cast

from mi_studio.core.cards import DefenseCard, SceneCard, Target
from mi_studio.core.config import (
    ALL_TARGETS,
    OWN_PICTURE,
    knobs_beside,
    why_not_attack,
    why_not_defense,
    why_not_installed,
)
from mi_studio.core.desk import DAY, Desk
from mi_studio.core.errors import BadFileError
from mi_studio.core.knobs import Knob, Value, plain
from mi_studio.core.own import is_own
from mi_studio.core.records import charts
from mi_studio.core.step import Pictures, Step, View
from mi_studio.core.text import Text
from mi_studio.core.weights import Privacy, Utility, WeightsCard, find_weights, own_cards
from mi_studio.studio import records, targets, words
from mi_studio.studio.kinds import kind_of
from mi_studio.studio.lanes import Lane, Role
from mi_studio.studio.pace import left_in_words
from mi_studio.studio.runstate import RunState
from mi_studio.studio.session import Session
from mi_studio.studio.verdict import can_act, closeness, verdict
from mi_studio.studio.views import (
    Bracket,
    Choice,
    CostView,
    CurveView,
    KnobView,
    PaneView,
    RecordView,
    SeenView,
    SentenceView,
    Slot,
    StageView,
    TimelineView,
    VerdictView,
)

FILM_FRAMES = 24
MOST_BARS, BARS = 8, 5
"""Of an answer with more bars than this, so many are shown."""
CURVE_POINTS = 400
SOON = 5.0
"""Seconds left of which nothing is said."""
SLOW = 0.05
"""Seconds from which on it is worth telling how long updates took to be hidden."""
PANES = (Role.MAIN, Role.TWIN, Role.FRESH)
"""The lanes from left to right, beside the secret."""
T = TypeVar("T")


class Presenter:
    """Describes a session in one language. Parts that have not changed are the same objects again."""

    def __init__(self, session: Session, language: str = "en") -> None:
        self.session = session
        self.language = language
        self._kept: dict[str, tuple[Any, Any]] = {}
        self._last: StageView | None = None

    def view(self, full: bool = True) -> StageView:
        """Return the whole stage as it is now.

        While pictures run, ``full=False`` renews only what must keep up with them; the words and the
        curve stay those of the last full view, so that people can read them.
        """
        if not full and self._last is not None:
            timeline = replace(self._timeline(), told=self._last.timeline.told)
            return replace(self._last, panes=self._running(self._last.panes), timeline=timeline)
        self._last = self._full()
        return self._last

    def _full(self) -> StageView:
        session, wish = self.session, self.session.intent.wish
        choice = (self.language, wish, id(wish.picture))
        notes = tuple(session.notes.items())
        return StageView(
            sentence=self._once("sentence", choice, self._sentence),
            panes=self._panes(),
            knobs=self._once("knobs", (*choice, notes, own_cards(wish.scene)), self._knobs),
            seen=self._seen(),
            cost=self._cost(),
            verdict=self._verdict(),
            curve=self._curve(),
            timeline=self._timeline(),
            mixed=self._mixed(),
        )

    def say(self, text: Text, **values: object) -> str:
        """Return a text in the present language."""
        said = text.get(self.language)
        return said.format(**values) if values else said

    def _once(self, name: str, key: object, make: Callable[[], T]) -> T:
        if name not in self._kept or self._kept[name][0] != key:
            self._kept[name] = (key, make())
        return cast(T, self._kept[name][1])

    # the sentence

    def _sentence(self) -> SentenceView:
        brackets = {
            "scene": self._scene_bracket,
            "model": self._model_bracket,
            "attack": self._attack_bracket,
            "target": self._target_bracket,
            "defense": self._defense_bracket,
        }
        parts: list[str | Bracket] = []
        for piece in words.SENTENCE.get(self.language).replace("{", "}").split("}"):
            if piece in brackets:
                parts.append(brackets[piece]())
            elif piece.strip():
                parts.append(piece.strip())
        return SentenceView(tuple(parts))

    def _bracket(self, slot: Slot, note: str, choices: Iterator[Choice]) -> Bracket:
        entries = tuple(sorted(choices, key=lambda c: bool(c.reason)))  # what can be chosen comes first
        title = self.say(words.AND).join(c.title for c in entries if c.checked)
        return Bracket(slot, title or self.say(words.NOTHING), note, entries)

    def _scene_bracket(self) -> Bracket:
        intent = self.session.intent
        return self._bracket("scene", "", (
            Choice(s.id, self.say(s.title), _first_sentence(self.say(s.story)), 0, "",
                   s.id == intent.wish.scene, _emblem(s))
            for s in intent.cards.scenes
        ))  # fmt: skip

    def _model_bracket(self) -> Bracket:
        intent = self.session.intent
        return self._bracket("model", "", (
            Choice(m.id, self.say(m.title), self.say(m.summary), 0, "", m.id == intent.wish.model)
            for m in intent.scene.models
        ))  # fmt: skip

    def _attack_bracket(self) -> Bracket:
        intent = self.session.intent
        access = intent.cards.attack(intent.wish.attack).access
        return self._bracket("attack", self.say(words.ACCESS[access]), (
            Choice(a.id, self.say(a.title), self.say(a.needs), a.strength,
                   self._reason(why_not_attack(intent.scene, a)), a.id == intent.wish.attack)
            for a in intent.cards.attacks
        ))  # fmt: skip

    def _target_bracket(self) -> Bracket:
        intent, wish = self.session.intent, self.session.intent.wish
        scene, group = intent.scene, intent.scene.targets_for(wish.values)
        other = "en" if self.language == "ja" else "ja"

        def choices() -> Iterator[Choice]:
            if not scene.one_record:
                yield Choice(ALL_TARGETS, self._everyone(), "", 0, "", wish.target == ALL_TARGETS,
                             targets.thumbnail(scene.id, targets.members(group, ALL_TARGETS)),
                             together=True)  # fmt: skip
            for t in sorted(group, key=lambda t: len(t.labels) == 1):  # walls first
                yield Choice(t.id, self.say(t.title), "", 0, "", t.id == wish.target,
                             targets.thumbnail(scene.id, targets.members(group, t.id)),
                             t.title.get(other), len(t.labels) > 1)  # fmt: skip
            if "own-picture" in intent.scene.provides:
                title, line = self.say(words.OWN_PICTURE), self.say(words.OWN_PICTURE_LINE)
                yield Choice(OWN_PICTURE, title, line, 0, "", wish.target == OWN_PICTURE, wish.picture)

        return self._bracket("target", "", choices())

    def _defense_bracket(self) -> Bracket:
        intent = self.session.intent
        on = {d.id: d for d in intent.on}
        # of a mere switch the setting says nothing that its name in the sentence does not
        note = self.say(words.AND).join(self._setting(d) for d in on.values() if len(d.knob.stops) > 2)
        return self._bracket("defense", note, (
            Choice(d.id, self.say(d.title), self.say(d.summary), 0,
                   self._reason(why_not_defense(intent.scene, d) or why_not_installed(d)), d.id in on)
            for d in intent.cards.defenses
        ))  # fmt: skip

    def _setting(self, defense: DefenseCard) -> str:
        value = defense.knob.label(self.session.intent.wish.values[defense.knob.id], self.language)
        return f"ε = {value}" if defense.knob.id == "epsilon" else value

    def _reason(self, reason: Text | None) -> str:
        return "" if reason is None else self.say(reason)

    # knobs

    def _knobs(self) -> tuple[KnobView, ...]:
        intent = self.session.intent
        owners = {d.knob.id: d for d in intent.defenses}
        views = []
        known = intent.knobs
        gates = [d for d in intent.on if d.beside and intent.why_idle(d) is None]
        for name in [*owners, *(k.id for k in (*intent.scene.knobs, *knobs_beside(gates)))]:
            knob, owner, value = known[name], owners.get(name), intent.wish.values[name]
            views.append(
                KnobView(
                    id=knob.id,
                    title=self.say(knob.title),
                    help=self._help(knob),
                    stops=tuple((s.value, s.label.get(self.language)) for s in knob.stops),
                    value=value,
                    label=self.say(words.TRAINED_HERE, value=plain(value))
                    if is_own(knob, value)
                    else knob.label(value, self.language),
                    continuous=knob.continuous,
                    reason=self._reason(intent.why_idle(owner)) if owner else "",
                    note=self._note(knob, owner),
                    situation=owner is None,
                )
            )
        return tuple(views)

    def _note(self, knob: Knob, owner: DefenseCard | None) -> str:
        note = self.session.notes.get(knob.id)
        match note.kind if note else "":
            case "pending":
                return self.say(words.TAKES_EFFECT)
            case "acts":
                assert note is not None
                parts = [self.say(words.TOOK_EFFECT, step=note.step)]
                parts += [self.say(owner.moved)] if owner else []
                return ("" if self.language == "ja" else " ").join(parts)
            case "restarted":
                return self.say(words.RESTARTED)
            case _:
                return ""

    def _help(self, knob: Knob) -> str:
        parts = [self.say(knob.help)] + ([] if knob.live else [self.say(words.FIXED)])
        return ("" if self.language == "ja" else " ").join(parts)

    # pictures

    def _panes(self) -> tuple[PaneView, ...]:
        session, main = self.session, self.session.main
        panes = [self._secret()]
        if main is None:
            waiting = words.LOADING if session.playing else words.PRESS_PLAY
            title, subtitle = self.say(words.HAS_NOW), self.say(waiting)
            panes.append(PaneView(title, subtitle, "", None, None, f"{title}. {subtitle}", ring=True))
        for role in PANES:
            lane = session.lanes[role]
            if lane is not None:
                panes.append(self._pane(role, lane))
        return tuple(panes)

    def _running(self, panes: tuple[PaneView, ...]) -> tuple[PaneView, ...]:
        """Return the same panes with the pictures of now, or all anew where one has come or gone."""
        lanes = [lane for role in PANES if (lane := self.session.lanes[role]) is not None]
        steps = [self.session.shown(lane)[0] for lane in lanes]
        if len(panes) != 1 + len(lanes) or any(
            step is None or pane.pictures is None for pane, step in zip(panes[1:], steps, strict=True)
        ):
            return self._panes()
        running = (
            replace(p, pictures=s.images, records=self._believed(lane, s) if p.records else ())
            for p, lane, s in zip(panes[1:], lanes, steps, strict=True)
            if s
        )
        return (panes[0], *running)

    def _recorded(self) -> tuple[RecordView, ...]:
        """Return the true records, where the secret is one of their fields."""
        wish, scene = self.session.intent.wish, self.session.intent.scene
        table = records.table_of(scene, wish.values)
        if table is None:
            return ()
        rows = records.rows_of(scene, wish.values, wish.target)
        key = (self.language, wish.scene, wish.target, wish.knobs)
        return self._once("records", key, lambda: records.truths(table, rows, self._people(), self.language))

    def _believed(self, lane: Lane, step: Step) -> tuple[RecordView, ...]:
        """Return the same records as the attacker of a lane knows them."""
        config, scene = lane.config, self.session.intent.cards.scene(lane.config.scene)
        table = records.table_of(scene, config.values)
        if table is None:
            return ()
        rows = records.rows_of(scene, config.values, config.target)
        return records.beliefs(table, rows, self._people(), step.images, self.language)

    def _people(self) -> tuple[str, ...]:
        return tuple(self.say(t.title) for t in self._members())

    def _secret(self) -> PaneView:
        session, wish, main = self.session, self.session.intent.wish, self.session.main
        scene = session.intent.scene
        own = wish.target == OWN_PICTURE
        pictures = main.secret if main is not None else None
        if pictures is None:
            pictures = (
                wish.picture
                if own
                else targets.secret(scene.id, self._members(), int(float(wish.values.get("batch", 1))))
            )
        footer = self.say(words.NEVER_LEAVES) if own else self._target_title()
        found = main.result if main is not None and scene.data == "pictures" else None
        if found is not None and not scene.one_record:
            footer = self.say(kind_of(scene).nearest, target=footer)
        elif found is not None and pictures is not None and len(pictures) > 1:
            footer = self.say(words.MATCHED, target=footer)
        title, subtitle = self.say(words.SECRET), self.say(scene.secret)
        described = self._described(title, subtitle, footer)
        return PaneView(
            title,
            subtitle,
            footer,
            pictures,
            None,
            described,
            names=self._names(pictures),
            records=self._recorded(),
        )

    def _members(self) -> tuple[Target, ...]:
        intent = self.session.intent
        return targets.members(intent.scene.targets_for(intent.wish.values), intent.wish.target)

    def _names(self, pictures: Pictures | None) -> tuple[str, ...]:
        """Say who is on each of several pictures."""
        wish, count = self.session.intent.wish, 0 if pictures is None else len(pictures)
        if count < 2 or self.session.intent.scene.one_record:  # nobody outside knows a record's place
            return ()
        key = (self.language, wish.scene, wish.target, wish.knobs)
        names = self._once("names", key, lambda: tuple(self.say(t.title) for t in self._members()))
        return names if len(names) == count else ()

    def _everyone(self) -> str:
        intent = self.session.intent
        kind = kind_of(intent.scene)
        group = intent.scene.targets_for(intent.wish.values)
        return self.say(kind.everyone, n=len(targets.members(group, ALL_TARGETS)))

    def _target_title(self) -> str:
        wish, scene = self.session.intent.wish, self.session.intent.scene
        if wish.target == ALL_TARGETS:
            return self._everyone()
        found = next((t for t in scene.targets_for(wish.values) if t.id == wish.target), None)
        return self.say(found.title) if found else ""

    def _pane(self, role: Role, lane: Lane) -> PaneView:
        shown, final = self.session.shown(lane)
        title = {
            Role.MAIN: words.HANDED_IN if final else words.HAS_NOW,
            Role.TWIN: words.NO_PROTECTION,
            Role.FRESH: words.FROM_THE_START,
        }[role]
        if shown is None:
            waiting = self.say(words.LOADING if not lane.opened else words.PRESS_PLAY)
            said = self.say(title)
            return PaneView(said, waiting, "", None, None, f"{said}. {waiting}", ring=role is Role.MAIN)
        where = self.say(words.BEST_STEP if final else words.AT_STEP, step=shown.index)
        if role is not Role.MAIN:
            where = self.say(words.SAME_SEED, where=where)
        elif lane.mixed and shown.knob_version > 0:
            where = self.say(words.MIXED_AT, where=where)
        elif self._is_protected(lane):
            where = self.say(words.PROTECTED, where=where)
        mixed = lane.mixed and shown.knob_version > 0
        meter = None if mixed else self._meter(shown)
        footer = self.say(words.NOT_MEASURED) if mixed else ""
        said = self.say(title)
        described = self._told(lane, shown, said, where, f"{meter[0]} {meter[2]}" if meter else footer)
        names = self._names(shown.images)
        known = self._believed(lane, shown)
        return PaneView(said, where, footer, shown.images, meter, described, role is Role.MAIN, names, known)

    def _is_protected(self, lane: Lane) -> bool:
        return can_act(lane.config, self.session.intent.cards)

    def _meter(self, step: Step) -> tuple[str, float, str] | None:
        if "psnr_db" in step.scores:
            value = step.scores["psnr_db"]
            return self.say(words.LIKENESS), _share(value / 40), f"{value:.1f} dB"
        if len(step.images) > 1 and "evaluator_top1" in step.scores:
            share, n = step.scores["evaluator_top1"], len(step.images)
            return self.say(words.RECOGNISED), _share(share), f"{round(share * n)} / {n}"
        if len(step.images) > 1 and "attribute_accuracy" in step.scores:
            share, n = step.scores["attribute_accuracy"], len(step.images)
            return self.say(words.GUESSED), _share(share), f"{round(share * n)} / {n}"
        if "attribute_confidence" in step.scores:
            value = step.scores["attribute_confidence"]
            return self.say(words.BELIEF), _share(value), f"{value:.0%}"
        if "distance_same" in step.scores:
            value = step.scores["distance_same"]
            said = self.say(words.DISTANCE, value=f"{value:.2f}")
            return self.say(words.CLOSENESS), _share(1 - value / 1.5), said
        return None

    def _told(self, lane: Lane, step: Step, title: str, where: str, value: str) -> str:
        """Say in words what a picture of the attacker's is: whose, of which step, and how close it came."""
        mixed = lane.mixed and step.knob_version > 0
        close = "" if mixed else closeness(lane, step, self.language, self.session.intent.cards)
        own = self.session.intent.wish.target == OWN_PICTURE
        who = self.say(words.OWN_PICTURE) if own else self._target_title()
        end, gap = ("。", "") if self.language == "ja" else (".", " ")
        head = f"{title}{'：' if self.language == 'ja' else ': '}{who}" if who else title
        parts = (head.replace("\u200b", ""), where, close, value)
        return gap.join(p if p.endswith(end) else p + end for p in parts if p)

    def _described(self, title: str, subtitle: str, value: str) -> str:
        return self.say(words.DESCRIBED, title=title, subtitle=subtitle.rstrip("。."), value=value).strip()

    # the curve

    def _curve(self) -> CurveView:
        session = self.session
        lanes = {role: session.lanes[role] for role in Role}
        key = (
            self.language,
            session.intent.wish.scene,
            session.earlier.serial if session.earlier else None,
            session.head if session.filming else None,
            tuple((lane.serial, len(lane.history)) if lane else None for lane in lanes.values()),
        )
        return self._once("curve", key, self._make_curve)

    def _make_curve(self) -> CurveView:
        session, main = self.session, self.session.main
        score = "psnr_db" if session.intent.scene.one_record else "distance_same"
        if session.intent.scene.data == "records":
            score = "attribute_confidence"
        several = score == "distance_same" and len(self._members()) > 1
        twin, fresh, earlier = session.lanes[Role.TWIN], session.lanes[Role.FRESH], session.earlier
        total = self._total()
        now, now_name = main, words.LINE_NOW
        ghost: Lane | None = None
        ghost_name = self.say(words.LINE_UNPROTECTED)
        before_change = math.inf
        if main is not None and main.mixed:
            # a mixed run is never charted: only its part before the change is a run of one setting
            now, now_name = fresh, words.LINE_FROM_START
            ghost, ghost_name = main, self.say(words.LINE_BEFORE)
            before_change = main.history.moves[0].step
        elif twin is not None and main is not None and self._is_protected(main):
            now_name = words.LINE_PROTECTED
        if twin is not None:
            ghost, ghost_name, before_change = twin, self.say(words.LINE_UNPROTECTED), math.inf
        elif ghost is None and earlier is not None:
            ghost = earlier
            same = main is None or earlier.config.seed == main.config.seed
            seed = earlier.config.seed
            ghost_name = self.say(words.LINE_EARLIER) if same else self.say(words.LINE_SEED, seed=seed)
        # a film shows its curve growing, as it was
        line = _series(now, score, session.position + 1 if session.filming else math.inf)
        shade = _series(ghost, score, before_change)
        top = max((y for _, y in (*line, *shade) if math.isfinite(y)), default=0.0)
        low, high = (0.0, max(35.0, 5 * math.ceil(top / 5))) if score == "psnr_db" else (
            0.0, max(1.5, 0.5 * math.ceil(top / 0.5)))  # fmt: skip
        if score == "attribute_confidence":
            low, high = 0.0, 1.0
        marks = () if now is not main else self._marks()
        return CurveView(
            label=self.say(words.CURVE_MEAN if several else words.CURVE[score]),
            total=total,
            main=line,
            main_name=self.say(now_name),
            ghost=shade,
            ghost_name=ghost_name if shade else "",
            marks=marks,
            low=low,
            high=high,
        )

    def _marks(self) -> tuple[tuple[int, str], ...]:
        main = self.session.main
        if main is None or not main.history.moves:
            return ()
        knobs = self.session.intent.knobs
        said = []
        for move in main.history.moves:
            knob = knobs.get(move.knob)
            name = "ε" if move.knob == "epsilon" else self.say(knob.title) if knob else move.knob
            value = knob.label(move.value, self.language) if knob else plain(move.value)
            said.append((move.step, f"{name} → {value}"))
        return tuple(said)

    def _total(self) -> int:
        main = self.session.main
        if main is not None and main.history.steps:
            return main.history.steps[-1].total
        return self.session.intent.wish.config(self.session.intent.cards).steps

    # the right column

    def _seen(self) -> SeenView:
        main = self.session.main
        step, final = self.session.shown(main) if main is not None else (None, False)
        title = self.say(words.SEES)
        if main is None or step is None:
            return SeenView(title, "", None, self.say(words.SEES_SOON))
        first = _first_bars(step.view)
        seen = View(first.kind, tuple(self._bars(first)))
        sentence = self.say(words.SEES_KIND[first.kind] if first is step.view else words.SEES_FIRST, n=BARS)
        if self.session.intent.scene.data == "records" and first.kind in words.SEES_OF_RECORD:
            sentence = self.say(words.SEES_OF_RECORD[first.kind])
        queries = self.say(words.QUERIES, n=f"{step.queries:,}") if step.queries else ""
        corner = queries or self.say(words.AT_STEP, step=step.index)
        if names := self._names(step.images):  # of a wall, the answer to its first picture is shown
            corner = names[0]
            sentence = self.say(words.JOIN).join(t for t in (queries, sentence) if t)
        if step.desk is not None and step.desk.blocked:
            sentence = self.say(words.SEES_BLOCKED)
        # beside what is handed in stands how it ended
        return SeenView(
            title, corner, seen, sentence, self._desk((main.history.steps[-1] if final else step).desk)
        )

    def _desk(self, desk: Desk | None) -> str:
        """Say what a gateway sees of the attacker, or nothing where none is on."""
        if desk is None:
            return ""
        if desk.blocked:
            reason = self.say(words.BLOCKED_FOR[desk.blocked])
            return self.say(
                words.DESK, parts=self.say(words.DESK_BLOCKED, n=f"{desk.asked:,}", reason=reason)
            )
        parts = []
        if desk.budget is not None:
            budget = desk.budget * desk.accounts
            parts.append(self.say(words.DESK_BUDGET, n=f"{desk.asked:,}", budget=f"{budget:,}"))
        if desk.suspicion is not None:
            parts.append(self.say(words.DESK_SUSPICION, share=f"{desk.suspicion:.0%}"))
        parts.append(self.say(words.DESK_CLOCK, time=self.lasted(desk.minutes)))
        return self.say(words.DESK, parts=self.say(words.JOIN).join(parts))

    def lasted(self, minutes: float) -> str:
        """Say how long something took by the simulated clock."""
        if minutes < 120:
            return self.say(words.DESK_MINUTES, n=f"{minutes:.0f}")
        if minutes < 2 * DAY:
            return self.say(words.DESK_HOURS, n=f"{minutes / 60:.1f}")
        return self.say(words.DESK_DAYS, n=f"{minutes / DAY:,.1f}")

    def _bars(self, view: View) -> Iterator[tuple[str, float]]:
        """Name an API's classes in the present language, and a gradient's layers by their order.

        What an API withholds has no bar.
        """
        for i, (name, value) in enumerate(view.bars, start=1):
            if view.kind in ("top", "labels") and not value:
                continue
            if view.kind != "gradient":
                yield self.class_name(name), value
            elif i == len(view.bars):
                yield self.say(words.LAST_LAYER), value
            else:
                yield self.say(words.LAYER, n=i), value

    def class_name(self, name: str) -> str:
        """Return the name of one of the model's classes, which steps have in English."""
        scene = self.session.intent.scene
        titles = {t.title.en: t.title for group in scene.targets.values() for t in group}
        if (table := records.table_of(scene, self.session.intent.wish.values)) is not None:
            titles = {value.en: value for value in table.outcome.values}
        return self.say(titles[name]) if name in titles else name

    def _cost(self) -> CostView:
        session = self.session
        main = session.main
        wish = session.intent.wish
        utility: Utility | None = None
        privacy: Privacy | None = None
        # where protection is trained in, its price stands on the card of the weights, before anything runs
        trained = any(d.acts == "trained" for d in session.intent.defenses)
        shipped = weights_card(wish.scene, wish.model, wish.knobs) if trained else None
        answers_changed = main and main.utility and main.utility.distortion is not None
        if shipped is not None and not answers_changed:
            utility, privacy = shipped.utility, shipped.privacy
        elif main is not None:
            utility, privacy = main.utility, main.privacy
        key = (self.language, wish, utility, utility and utility.traffic, privacy)
        return self._once("cost", key, lambda: self._make_cost(utility, privacy))

    def _make_cost(self, utility: Utility | None, privacy: Privacy | None) -> CostView:
        intent = self.session.intent
        title = self.say(words.COST)
        if utility is None:
            return CostView(title, "", (), self.say(words.COST_UNKNOWN if intent.on else words.NO_COST))
        if utility.metric == "update_cosine":
            kept = [(f"{utility.value:.0%}", self.say(words.KEPT)), *self._traffic(utility)]
            if privacy is None:
                sentence = self.say(intent.scene.utility if intent.on else words.NO_COST)
            else:
                kept.append((self.say(words.EPSILON, value=plain(privacy.epsilon)), self._unit(privacy)))
                sentence = self._guarantee(privacy)
            return CostView(title, "", tuple(kept), sentence)
        changed = utility.distortion
        figures = [(f"{utility.value:.1%}", self.say(words.CORRECT))]
        bare = weights_card(intent.wish.scene, intent.wish.model, self._without_training_defence())
        if bare is not None and bare.utility is not None and bare.utility != utility:
            points = 100 * (utility.value - bare.utility.value)
            if changed is None or abs(points) >= 0.05:
                said = self.say(words.POINTS, value=f"{points:+.1f}".replace("-", "−"))
                figures.append((said, self.say(words.AGAINST)))
        sentence = self.say(intent.scene.utility) if intent.on else self.say(words.NO_COST)
        if changed is not None:
            sentence = self.say(words.ANSWERS_CHANGED, share=f"{changed:.1%}")
            if len(figures) == 1:  # the answers are as right as before, and yet others
                figures.append((f"{changed:.1%}", self.say(words.CHANGED)))
        if privacy is not None:
            sentence = self._guarantee(privacy)
        tested = kind_of(intent.scene).tested
        return CostView(title, self.say(tested, n=f"{utility.n:,}"), tuple(figures), sentence)

    def _traffic(self, utility: Utility) -> Iterator[tuple[str, str]]:
        """Say what sending the update took, where it took more than sending it as it is."""
        sent = utility.traffic
        if sent is None or sent.size == sent.plain:
            return
        caption = words.SENT if sent.seconds < SLOW else words.SENT_SLOWLY
        said = self.say(caption, times=f"{sent.size / sent.plain:.0f}", n=f"{sent.seconds:.1f}")
        yield f"{sent.size / 1e6:.1f} MB", said

    def _unit(self, privacy: Privacy) -> str:
        unit = words.UNITS.get(privacy.unit)
        return self.say(unit) if unit else privacy.unit

    def _guarantee(self, privacy: Privacy) -> str:
        return self.say(
            words.GUARANTEE,
            epsilon=plain(privacy.epsilon),
            delta=f"{privacy.delta:.9f}".rstrip("0"),
            unit=self._unit(privacy),
            accountant=privacy.accountant,
        )

    def _without_training_defence(self) -> tuple[tuple[str, Value], ...]:
        intent = self.session.intent
        off = {d.knob.id: d.knob.off for d in intent.defenses if d.acts == "trained"}
        return tuple((k, v if off.get(k) is None else cast(Value, off[k])) for k, v in intent.wish.knobs)

    def _verdict(self) -> VerdictView:
        session = self.session
        twin = session.lanes[Role.TWIN]
        judged, cards = session.lanes.judged, session.intent.cards
        return verdict(session.main, judged, twin, self.language, session.head, session.missing, cards)

    # the timeline

    def _timeline(self) -> TimelineView:
        session, main = self.session, self.session.main
        total = self._total()
        reached = main.reached if main else 0
        return TimelineView(
            position=session.position,
            told=session.position,
            reached=reached,
            total=total,
            playing=session.playing,
            busy=self.say(words.LOADING) if main is not None and not main.opened else "",
            seed=session.intent.wish.seed,
            speed=session.speed,
            note=self._timeline_note(),
            film=self._film(main, total),
            marks=self._marks(),
        )

    def _timeline_note(self) -> str:
        session, main = self.session, self.session.main
        if session.replay:
            return self.say(words.RECORDING)
        if session.filming:
            return self.say(words.REPLAYED)
        if session.state is RunState.FAILED:
            return self.say(words.STOPPED_SHORT)
        if main is not None and main.mixed:
            return self.say(words.CHANGED_AT, step=main.history.moves[-1].step)
        return self._time_left()

    def _time_left(self) -> str:
        """Say roughly how long it will take, where that is long enough to be worth saying."""
        left = self.session.seconds_left
        if left is None or left < SOON:
            return ""
        return self.say(left_in_words(left))

    def _film(self, main: Lane | None, total: int) -> tuple[tuple[int, Pictures], ...]:
        if main is None or not main.history.steps:
            return ()
        places = (round(i * total / (FILM_FRAMES - 1)) for i in range(FILM_FRAMES))
        history, kept = main.history, main.history.kept
        frames = tuple(sorted({kept[bisect_right(kept, p) - 1] for p in places if p <= main.reached}))
        return self._once(
            "film",
            (main.serial, frames),
            lambda: tuple(
                (i, targets.cover(charts(history.at(i).images))) for i in frames if len(history.at(i).images)
            ),
        )

    def _mixed(self) -> str:
        main = self.session.main
        if main is None or not main.mixed:
            return ""
        return self.say(words.MIXED, step=main.history.moves[0].step)


def _share(value: float) -> float:
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0


def _first_sentence(text: str) -> str:
    for mark in ("。", ". "):
        head, found, _ = text.partition(mark)
        if found:
            return head + mark.strip()
    return text


def _series(lane: Lane | None, score: str, before: float) -> tuple[tuple[float, float], ...]:
    """Return a lane's scores as points, no more than can be seen; the last is always there."""
    if lane is None:
        return ()
    steps = lane.history.steps
    stride = max(1, len(steps) // CURVE_POINTS)
    chosen = steps[::stride] + (steps[-1:] if (len(steps) - 1) % stride else [])
    points = ((float(s.index), s.scores[score]) for s in chosen if score in s.scores and s.index < before)
    return tuple((x, y) for x, y in points if math.isfinite(y))


def _first_bars(view: View) -> View:
    """Return an answer with more bars than fit as its highest ones in their order."""
    given = [bar for bar in view.bars if bar[1] or view.kind == "scores"]
    if view.kind == "gradient" or len(given) <= MOST_BARS:
        return view
    ordered = sorted(view.bars, key=lambda bar: -bar[1])
    return View(view.kind, tuple(ordered[:BARS]))


def _emblem(scene: SceneCard) -> Pictures | None:
    """Return the picture of the target with which a scene opens."""
    every = (targets.members(group, scene.preset.target) for group in scene.targets.values())
    return next((targets.thumbnail(scene.id, found) for found in every if found), None)


@cache
def weights_card(scene: str, model: str, knobs: tuple[tuple[str, Value], ...]) -> WeightsCard | None:
    """Return the card of the shipped weights under these knobs; ``None`` if there are none."""
    try:
        return find_weights(scene, model, dict(knobs))
    except BadFileError:
        return None
