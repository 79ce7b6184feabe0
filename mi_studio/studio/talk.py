"""A talk on the stage: what the clicker does next, and what to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mi_studio.core.cards import DefenseCard
from mi_studio.core.knobs import Value
from mi_studio.core.text import Text
from mi_studio.studio.intent import Intent, Wish
from mi_studio.studio.session import Session
from mi_studio.studio.views import StageView

BEGIN = Text("The scene, before the attack", "攻撃前の場面")
ATTACK = Text("Start the attack", "攻撃を始める")
OUTCOME = Text("Stop, and look at what came out", "止めて結果を見る")
TURN = Text("{knob}: {value}", "{knob}：{value}")
OVER = Text(
    "That was the last step; Home leads back to the first", "最後のステップです（Homeで最初に戻ります）"
)
SCENE_SAID = Text("The scene", "場面")
ATTACK_SAID = Text("The attack", "攻撃")
NEEDS = Text("The attacker has", "攻撃者が持つもの")
STOPS = Text("What stops it", "防ぐ手段")
DEFENCE_SAID = Text("The defence: {name}", "防御：{name}")
IDLE = Text("No effect here", "ここでは効果なし")
VERDICT = Text("Verdict and base rate", "判定と基準値")


@dataclass(frozen=True, slots=True)
class Beat:
    """One step of the story.

    ``begin``: everything rests at the start · ``play``: the attack runs from its first step, under
    ``value`` of ``knob`` where there is one · ``outcome``: it is stopped at the newest step.
    """

    kind: Literal["begin", "play", "outcome"]
    knob: str = ""
    value: Value = 0.0

    def title(self, intent: Intent) -> Text:
        """Say what happens."""
        if self.kind != "play":
            return BEGIN if self.kind == "begin" else OUTCOME
        knob = intent.knobs.get(self.knob)
        if knob is None:
            return ATTACK
        value = Text(knob.label(self.value, "en"), knob.label(self.value, "ja"))
        return TURN.filled(knob=knob.title, value=value)


def leading(intent: Intent) -> DefenseCard | None:
    """Return the defence that the story is about: one that is on and acts, else the finest that would act.

    It is never one that a teacher's file keeps as it is.
    """
    able = [
        d
        for d in intent.defenses
        if intent.why_idle(d) is None and d.knob.live and not intent.is_held(d.knob.id)
    ]
    finest = sorted(able, key=lambda d: (d not in intent.on, -len(intent.knobs[d.knob.id].stops)))
    return next(iter(finest), None)


def beats(intent: Intent) -> tuple[Beat, ...]:
    """Tell the story of a choice: the attack, then the leading defence stop by stop, each to its outcome."""
    told = [Beat("begin"), Beat("play"), Beat("outcome")]
    defence = leading(intent)
    if defence is not None:
        knob, now = defence.knob, intent.wish.values[defence.knob.id]
        values = [s.value for s in intent.knobs[knob.id].stops]
        for value in values[values.index(now) + 1 :] if now in values else values:
            told += [Beat("play", knob.id, value), Beat("outcome", knob.id, value)]
    return tuple(told)


class Story:
    """Walks through the beats of the choice with which the talk began.

    Where somebody chooses another scene, attack or target meanwhile, the story begins again with that.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._home = self._base = session.intent.wish
        self.beats = beats(session.intent)
        self.at = 0

    @property
    def following(self) -> Text:
        """What the next step will be."""
        self._listen()
        at = self.at + 1
        return self.beats[at].title(self._session.intent) if at < len(self.beats) else OVER

    @property
    def beat(self) -> Beat:
        """The present step."""
        return self.beats[self.at]

    def home(self) -> None:
        """Go back to the choice with which the talk began, before its attack."""
        self._base = self._home
        self._begin()

    def next(self) -> None:
        """Go one step on."""
        self._listen()
        if self.at + 1 < len(self.beats):
            self._go(self.at + 1)

    def previous(self) -> None:
        """Go back to what was played before, and play it again; before the first of that is the start."""
        self._listen()
        plays = [i for i, beat in enumerate(self.beats[: self.at]) if beat.kind == "play"]
        if plays:
            self._go(plays[-1])
        elif self.at:
            self._begin()

    def _listen(self) -> None:
        """Begin again where another subject has been chosen."""
        wish = self._session.intent.wish
        if _subject(wish) != _subject(self._base):
            self._base, self.at = wish, 0
            self.beats = beats(self._session.intent)

    def _begin(self) -> None:
        base = self._base
        self._session.set_up(lambda intent: intent.take(base))
        self.beats, self.at = beats(self._session.intent), 0

    def _go(self, at: int) -> None:
        session, beat = self._session, self.beats[at]
        if beat.kind == "outcome":
            if session.playing:
                session.toggle_play()
            if session.main is not None:
                session.scrub(session.main.reached)
        elif beat.knob:
            session.intent.turn(beat.knob, beat.value)
            session.restart(same_seed=True)
        elif self.at:
            session.intent.take(self._base)
            session.restart(same_seed=True)
        elif not session.playing:
            session.toggle_play()  # what comes with the scene is played, and waits for nothing
        self.at = at


def _subject(wish: Wish) -> tuple[str, str, str, str]:
    return wish.scene, wish.model, wish.attack, wish.target


@dataclass(frozen=True, slots=True)
class NotesView:
    """What a speaker reads: where the story is, what comes next, and (heading, text) about what is shown."""

    now: str
    following: str
    parts: tuple[tuple[str, str], ...]


def notes(session: Session, stage: StageView, now: Text, following: Text, language: str) -> NotesView:
    """Write the speaker's notes about what is on the stage, from the cards and the verdict."""
    intent = session.intent
    scene, attack = intent.scene, intent.cards.attack(intent.wish.attack)

    def said(*texts: Text) -> str:
        return ("" if language == "ja" else " ").join(text.get(language) for text in texts)

    parts = [
        (said(SCENE_SAID), said(scene.title) + ("：" if language == "ja" else ": ") + said(scene.story)),
        (said(ATTACK_SAID), said(attack.title) + ("：" if language == "ja" else ": ") + said(attack.summary)),
        (said(NEEDS), said(attack.needs)),
        (said(STOPS), said(attack.stops)),
    ]
    for defence in intent.on:
        idle = intent.why_idle(defence)
        text = said(defence.summary) + (f"\n{said(IDLE)}: {said(idle)}" if idle is not None else "")
        parts.append((DEFENCE_SAID.filled(name=defence.title).get(language), text))
    verdict = "\n".join(t for t in (stage.verdict.sentence, stage.verdict.evidence) if t)
    parts.append((said(VERDICT), verdict))
    return NotesView(said(now), said(following), tuple((head, text) for head, text in parts if text))
