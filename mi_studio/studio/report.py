"""One page to take away: what a run showed, in one language, for somebody who was not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mi_studio.core.cards import AttackCard
from mi_studio.core.metrics import METRICS
from mi_studio.core.recording import Recording
from mi_studio.core.step import Pictures
from mi_studio.core.text import Text
from mi_studio.studio import words
from mi_studio.studio.lanes import Lane, Message, Role
from mi_studio.studio.mailbox import Mailbox
from mi_studio.studio.presenter import Presenter
from mi_studio.studio.session import Session
from mi_studio.studio.verdict import can_act, verdict
from mi_studio.studio.views import Bracket, CostView, SentenceView, StageView, VerdictView

TITLE = Text("What a model gave away", "モデルからの情報漏えいに関する報告")
BEFORE = Text("The secret", "守るべき秘密")
AFTER = Text("What the attacker ended up with", "攻撃者が手に入れたもの")
AFTER_PROTECTED = Text("… with protection", "防御ありの場合")
AFTER_BARE = Text("… without protection", "防御なしの場合")
SETTINGS = Text("What was tried", "実験の条件")
SCORES = Text("Scores", "評価指標")
POINTS = Text("Three points for the meeting", "会議で伝える3つの要点")
CAVEATS = Text("Read this with care", "読むときの注意")
SCENE = Text("Scene", "場面")
MODEL = Text("Model", "モデル")
ATTACK = Text("Attack", "攻撃")
HAS = Text("The attacker has", "攻撃者が持つもの")
TARGET = Text("Target", "標的")
DEFENSE = Text("Protection", "防御")
NOTED = Text("{title} ({note})", "{title}（{note}）")
EFFORT = Text("Effort", "計算量")
STEPS = Text("{steps} steps, {seconds} s, seed {seed}", "{steps}ステップ、{seconds}秒、シード{seed}")
STEPS_ASKED = Text(
    "{steps} steps, {queries} queries, {seconds} s, seed {seed}",
    "{steps}ステップ、問い合わせ{queries}回、{seconds}秒、シード{seed}",
)
SCORE, VALUE, MEANING = Text("Score", "指標"), Text("Value", "値"), Text("What it means", "意味")
BASE = {
    "pictures": Text("Unrelated picture", "無関係な画像"),
    "records": Text("Base rate", "基準値"),
}
"""What a score is compared with, by what a scene's data are."""
POINT_LEAK = Text("{sentence} All it took: {needs}.", "{sentence}必要だったのは、{needs}だけです。")
POINT_BARE = Text(
    "Nothing protected the model. What helps: {stops}", "防御はありませんでした。有効な対策：{stops}"
)
POINT_IDLE = Text(
    "{defense} cannot act against this attacker. What helps: {stops}",
    "{defense}は、この攻撃者には効きません。有効な対策：{stops}",
)
POINT_COST = Text(
    "{defense} was on. Its price: {cost}.", "防御として{defense}を使いました。その代償：{cost}。"
)
POINT_DECIDE = Text(
    "To decide first: which of our data would be fatal if it leaked, who can get at a model trained on it, "
    "and how finely that model answers.",
    "まず決めるべきこと：漏れたら致命的なデータはどれか、そのデータで学習したモデルに誰が触れられるか、"
    "モデルにどこまで細かく答えさせるか。",
)
ONE_RUN = Text(
    "One run with one seed. Another seed can end differently.",
    "1つのシードによる1回の結果です。シードが変われば結果も変わり得ます。",
)
ADAPTED = Text("The attack as built here: {changed}", "この攻撃の実装について：{changed}")


@dataclass(frozen=True, slots=True)
class Shown:
    """Pictures of the report under their caption, uint8 (n, h, w, c)."""

    caption: str
    pictures: Pictures


@dataclass(frozen=True, slots=True)
class Score:
    """A score, its value and base rate as text, and what it means."""

    title: str
    value: str
    base: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything that the page says; ``headings`` are those of settings, scores, points and caveats."""

    title: str
    sentence: str
    story: str
    shown: tuple[Shown, ...]
    verdict: VerdictView
    headings: tuple[str, str, str, str]
    settings: tuple[tuple[str, str], ...]
    columns: tuple[str, str, str, str]
    scores: tuple[Score, ...]
    points: tuple[str, ...]
    caveats: tuple[str, ...]


class _Nobody:
    """An engine for a stage on which nothing will be run."""

    def __init__(self) -> None:
        self.mailbox: Mailbox[Message] = Mailbox()

    def open(self, ticket: int, config: object, picture: object) -> None: ...
    def close(self, ticket: int) -> None: ...
    def turn(self, ticket: int, knobs: object) -> None: ...
    def go(self) -> None: ...
    def halt(self) -> None: ...
    def step(self) -> None: ...
    def pace(self, steps_per_second: float) -> None: ...


def report_of(recorded: Recording, language: str) -> ReportView:
    """Return the report of a run that was recorded.

    Raises
    ------
    BadFileError
        If it was made with parts or settings that are not here.
    """
    session = Session(_Nobody(), lambda: 0.0, shipped=lambda _: None)
    session.open_recording(recorded)
    return report(session, language)


def report(session: Session, language: str) -> ReportView:
    """Return the report of what is on the stage, whatever step is looked at.

    Raises
    ------
    UsageError
        If nothing has been run yet.
    """
    session.save()  # says so
    main, twin = session.main, session.lanes[Role.TWIN]
    assert main is not None
    judged = session.lanes.judged
    lane = judged if judged is not None and judged.history.steps else main
    presenter = Presenter(session, language)
    say, view = presenter.say, presenter.view()
    said = verdict(main, judged, twin, language, None, session.missing, session.intent.cards)
    return ReportView(
        title=say(TITLE),
        sentence=_sentence(view.sentence, language),
        story=say(session.intent.scene.story),
        shown=tuple(_shown(session, lane, twin, presenter)),
        verdict=said,
        headings=(say(SETTINGS), say(SCORES), say(POINTS), say(CAVEATS)),
        settings=tuple(_settings(session, lane, presenter, _brackets(view.sentence))),
        columns=(say(SCORE), say(VALUE), say(BASE[session.intent.scene.data]), say(MEANING)),
        scores=tuple(_scores(lane, presenter)),
        points=tuple(_points(session, lane, presenter, view, said.sentence)),
        caveats=tuple(_caveats(session, lane, presenter, view.cost)),
    )


def _attack(session: Session) -> AttackCard:
    return session.intent.cards.attack(session.intent.wish.attack)


def _brackets(sentence: SentenceView) -> dict[str, Bracket]:
    return {part.slot: part for part in sentence.parts if isinstance(part, Bracket)}


def _sentence(sentence: SentenceView, language: str) -> str:
    japanese = language == "ja"

    def said(part: Bracket | str) -> str:
        if not isinstance(part, Bracket):
            return part
        return f"「{part.title}」" if japanese and part.slot != "defense" else part.title

    return ("" if japanese else " ").join(map(said, sentence.parts))


def _shown(session: Session, lane: Lane, twin: Lane | None, presenter: Presenter) -> Iterator[Shown]:
    if session.intent.scene.data != "pictures":
        return
    if lane.secret is not None:
        yield Shown(presenter.say(BEFORE), lane.secret)
    beside = twin if twin is not None and twin is not lane and twin.history.steps else None
    yield Shown(presenter.say(AFTER_PROTECTED if beside else AFTER), lane.history.final.images)
    if beside is not None:
        yield Shown(presenter.say(AFTER_BARE), beside.history.final.images)


def _settings(
    session: Session, lane: Lane, presenter: Presenter, brackets: Mapping[str, Bracket]
) -> Iterator[tuple[str, str]]:
    say = presenter.say
    for name, slot in ((SCENE, "scene"), (MODEL, "model"), (ATTACK, "attack")):
        yield say(name), brackets[slot].title
    yield say(HAS), say(_attack(session).needs)
    yield say(TARGET), brackets["target"].title
    note = brackets["defense"].note
    yield (
        say(DEFENSE),
        say(NOTED, title=brackets["defense"].title, note=note) if note else brackets["defense"].title,
    )
    last = lane.history.last
    text = STEPS_ASKED if last.queries else STEPS
    yield (
        say(EFFORT),
        say(
            text,
            steps=last.index,
            queries=f"{last.queries:,}",
            seconds=f"{last.seconds:.0f}",
            seed=lane.config.seed,
        ),
    )


def _scores(lane: Lane, presenter: Presenter) -> Iterator[Score]:
    found = dict((lane.result or {}).get("scores") or {})
    found = found or {name: {"value": value} for name, value in lane.history.final.scores.items()}
    for name, entry in found.items():
        if name in METRICS:
            metric = METRICS[name]
            base = _number(float(entry["base_rate"])) if "base_rate" in entry else ""
            value = f"{_number(float(entry['value']))} {metric.unit}".strip()
            meaning = presenter.say(metric.definition)
            yield Score(presenter.say(metric.title), value, base, meaning)


def _number(value: float) -> str:
    return f"{value:.1g}" if 0 < abs(value) < 0.01 else f"{value:.2f}"


def _points(
    session: Session, lane: Lane, presenter: Presenter, view: StageView, sentence: str
) -> Iterator[str]:
    say, attack = presenter.say, _attack(session)
    needs = say(attack.needs).rstrip(".。")
    needs = needs if presenter.language == "ja" else needs[:1].lower() + needs[1:]
    yield say(POINT_LEAK, sentence=sentence, needs=needs)
    defense, cost = _brackets(view.sentence)["defense"].title, view.cost
    if not session.intent.on:
        yield say(POINT_BARE, stops=say(attack.stops))
    elif not can_act(lane.config, session.intent.cards):
        yield say(POINT_IDLE, defense=defense, stops=say(attack.stops))
    else:
        figures = say(words.JOIN).join(f"{caption} {number}" for number, caption in cost.figures)
        yield say(POINT_COST, defense=defense, cost=figures or cost.sentence.rstrip(".。"))
    yield say(POINT_DECIDE)


def _caveats(session: Session, lane: Lane, presenter: Presenter, cost: CostView) -> Iterator[str]:
    say, scene = presenter.say, session.intent.scene
    yield say(ONE_RUN)
    if scene.caveat is not None:
        yield say(scene.caveat)
    yield say(ADAPTED, changed=say(_attack(session).changed))
    for reason in lane.effective.values():
        if reason is not None:
            yield say(reason)
    if lane.privacy is not None:
        yield cost.sentence
