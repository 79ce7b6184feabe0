"""The security desk: what the owner of an API sees of an attack and, meanwhile, of his customers."""

from __future__ import annotations

from dataclasses import dataclass

from mi_studio.core.desk import CUSTOMERS, DAY, WATCHED, BlockReason, Desk, LogLine
from mi_studio.core.step import Step
from mi_studio.core.text import Text
from mi_studio.studio.presenter import Presenter
from mi_studio.studio.views import Tone
from mi_studio.studio.words import BLOCKED_FOR

MOST_LINES = 200
"""So many lines can be scrolled back."""
MOST_POINTS = 120

TITLE = Text("Security desk", "セキュリティ監視")
OFF = Text(
    "No gateway is on. Choose an attacker that asks an API, and roles and keys, a rate limit, a query budget "
    "or the log monitor as its protection; what it asks is listed here then.",
    "APIの入口で働く防御は使われていません。APIに問い合わせる攻撃と、「鍵と権限」「レート制限」"
    "「問い合わせ回数の上限」「ログ監視」のどれかを選ぶと、問い合わせの記録がここに並びます。",
)
WAITING = Text(
    "Press play; the log fills while the attack runs.", "再生すると、攻撃とともに記録が増えていきます。"
)
GOES_ON = Text("No alarm so far. The API answers.", "まだ警報は出ていません。APIは回答を続けています。")
ALARM = Text("Alarm at query {n}", "{n}回目の問い合わせで警報")
SOME_LOST = Text(
    "{alarm}. {lost} of {accounts} accounts are lost to the attacker; the others go on.",
    "{alarm}。攻撃者のアカウント{accounts}件のうち{lost}件は使えなくなり、残りで攻撃が続いています。",
)
SOME_SLOWED = Text(
    "{alarm}. {slowed} of {accounts} accounts are slowed, and the attack goes on.",
    "{alarm}。攻撃者のアカウント{accounts}件のうち{slowed}件を遅くしましたが、攻撃は続いています。",
)
USED_UP = Text(
    "{lost} of {accounts} accounts have used their budget up; the others go on.",
    "アカウント{accounts}件のうち{lost}件が上限に達し、残りで攻撃が続いています。",
)
BLOCKED = Text(
    "The API has answered no more since query {n}: {reason}.",
    "{n}回の問い合わせの後、回答を停止（{reason}）。",
)
QUERIES = Text("queries answered", "回答した問い合わせ")
TIME = Text("simulated time", "かかった時間（模擬）")
ACCOUNTS = Text("attacker's accounts", "攻撃者のアカウント")
FALSE = Text("false alarms, of {n} customers", "誤検知（利用者{n}人中）")
WHEN = Text("day {day}, {time}", "{day}日目 {time}")
ATTACKER = Text("attacker, account {n}", "攻撃者・アカウント{n}")
CUSTOMER = Text("customer {n}", "利用者{n}")
ANSWER = Text("{name} {share}", "{name} {share}")
REFUSED = Text("no answer", "回答なし")
OF_ALARM = Text("{figure} {share}", "{figure} {share}")
ALARMED = Text("▲ alarm: {reason}", "▲ 警報：{reason}")
FALSELY = Text("▲ false alarm: {reason}", "▲ 誤検知：{reason}")
TURNED_AWAY = Text("■ refused: {reason}", "■ 拒否：{reason}")
COLUMNS = (
    Text("Time (simulated)", "時刻（模擬）"),
    Text("Who", "送信者"),
    Text("Picture", "画像"),
    Text("Answer", "回答"),
    Text("Monitor: share of the alarm", "監視：警報値に対する割合"),
)
FIGURES = {
    "volume": Text("Volume", "回数"),
    "duplicates": Text("Duplicates", "類似画像"),
    "unnatural": Text("Distance", "既知との違い"),
    "unsure": Text("Entropy", "迷い"),
}
SHORT = {**FIGURES, "key": Text("no key", "鍵なし"), "budget": Text("budget used up", "上限に到達")}
GAUGE = Text("{name}: {share} of the alarm", "{name}：警報値の{share}")
NO_GAUGE = Text("{name}: no full window of 50 yet", "{name}：50回分がまだそろっていません")
NO_MONITOR = Text("The log monitor is off.", "ログ監視は使われていません。")
LOG = Text("Query log", "問い合わせの記録")
SAMPLED = Text(
    "Newest first; of each step only a few lines are listed. Customers are simulated: {n} a day.",
    "新しい順です。ステップごとに一部だけを示します。一般利用者は、1日{n}人を模擬したものです。",
)
SAMPLED_ALONE = Text(
    "Newest first; of each step only a few lines are listed.",
    "新しい順です。ステップごとに一部だけを示します。",
)


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure of the monitor over the steps, as a share of the alarm, which is at 1."""

    name: str
    points: tuple[float, ...]
    said: str

    @property
    def alarmed(self) -> bool:
        """Whether it is at the alarm now."""
        return bool(self.points) and self.points[-1] > 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the log; ``mark`` is a small grey picture as bytes, ``tone`` what kind of line it is."""

    cells: tuple[str, str, str, str]
    mark: bytes
    customer: bool
    tone: Tone

    @property
    def said(self) -> str:
        """The line in words."""
        return ", ".join(cell for cell in self.cells if cell)


@dataclass(frozen=True, slots=True)
class DeskView:
    """The whole desk. ``empty`` stands in place of all else; ``figures`` are (number, caption)."""

    title: str
    empty: str
    state: str = ""
    tone: Tone = "plain"
    figures: tuple[tuple[str, str], ...] = ()
    gauges: tuple[Gauge, ...] = ()
    no_gauges: str = ""
    columns: tuple[str, ...] = ()
    log: str = ""
    note: str = ""
    entries: tuple[Entry, ...] = ()


def view(presenter: Presenter) -> DeskView:
    """Return the desk as it was at the step that the stage shows."""
    session, say = presenter.session, presenter.say
    main = session.main
    step, final = session.shown(main) if main is not None else (None, False)
    title = say(TITLE)
    if main is None or step is None:
        on = any(d.acts == "gateway" and session.intent.why_idle(d) is None for d in session.intent.on)
        return DeskView(title, say(WAITING if on else OFF))
    steps = main.history.steps if final else main.history.steps[: step.index + 1]
    desk = steps[-1].desk
    if desk is None:
        return DeskView(title, say(OFF))
    state, tone = _state(presenter, desk)
    figures = [(f"{desk.asked:,}", say(QUERIES)), (presenter.lasted(desk.minutes), say(TIME))]
    figures.append((f"{desk.accounts:,}", say(ACCOUNTS)))
    if desk.customers is not None:
        figures.append((f"{desk.false_alarms:,}", say(FALSE, n=f"{desk.customers:,}")))
    watched = desk.customers is not None
    return DeskView(
        title,
        "",
        state,
        tone,
        tuple(figures),
        _gauges(presenter, steps) if watched else (),
        "" if watched else say(NO_MONITOR),
        tuple(map(say, COLUMNS)),
        say(LOG),
        say(SAMPLED, n=f"{CUSTOMERS:,}") if watched else say(SAMPLED_ALONE),
        tuple(_entry(presenter, line) for line in _lines(steps)),
    )


def _state(presenter: Presenter, desk: Desk) -> tuple[str, Tone]:
    say = presenter.say
    counts = {"lost": f"{desk.lost:,}", "slowed": f"{desk.slowed:,}", "accounts": f"{desk.accounts:,}"}
    alarm = say(ALARM, n=f"{desk.caught:,}") if desk.caught is not None else ""
    if desk.blocked:
        return say(BLOCKED, n=f"{desk.asked:,}", reason=say(BLOCKED_FOR[desk.blocked])), "safe"
    if alarm and desk.slowed:
        return say(SOME_SLOWED, alarm=alarm, **counts), "unsure"
    if alarm:
        return say(SOME_LOST, alarm=alarm, **counts), "unsure"
    if desk.lost:
        return say(USED_UP, **counts), "unsure"
    return say(GOES_ON), "leak"


def _gauges(presenter: Presenter, steps: list[Step]) -> tuple[Gauge, ...]:
    every = [s.desk.figures for s in steps if s.desk is not None and s.desk.figures]
    stride = -(-len(every) // MOST_POINTS) or 1
    rows = every[::-stride][::-1]
    gauges = []
    for place, figure in enumerate(WATCHED):
        name = presenter.say(FIGURES[figure])
        points = tuple(max(0.0, row[place]) for row in rows)
        said = GAUGE if points else NO_GAUGE
        gauges.append(
            Gauge(name, points, presenter.say(said, name=name, share=f"{points[-1]:.0%}" if points else ""))
        )
    return tuple(gauges)


def _lines(steps: list[Step]) -> list[LogLine]:
    """Return the newest lines of the log, newest first, each once."""
    found: dict[LogLine, None] = {}
    for step in reversed(steps):
        if step.desk is not None:
            found |= dict.fromkeys(reversed(step.desk.lines))
        if len(found) >= MOST_LINES:
            break
    return sorted(found, key=lambda line: (-line.minute, -line.number))[:MOST_LINES]


def _entry(presenter: Presenter, line: LogLine) -> Entry:
    say = presenter.say
    seconds = round(60 * (line.minute % DAY))
    time = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    when = say(WHEN, day=int(line.minute // DAY) + 1, time=time)
    who = say(CUSTOMER if line.customer else ATTACKER, n=f"{line.sender:,}")
    name = presenter.class_name(line.answer)
    if not line.answer:
        answer = say(REFUSED)
    else:
        answer = name if line.share is None else say(ANSWER, name=name, share=f"{line.share:.0%}")
    tone: Tone = "plain"
    detector = ""
    if line.alarm:
        refused = not line.answer
        words = TURNED_AWAY if refused else FALSELY if line.customer else ALARMED
        detector = say(words, reason=_short(presenter, line.alarm))
        tone = "unsure" if line.customer or refused else "leak"
    elif line.figures:
        most = max(range(len(WATCHED)), key=line.figures.__getitem__)
        share = f"{max(0.0, line.figures[most]):.0%}"
        detector = say(OF_ALARM, figure=say(FIGURES[WATCHED[most]]), share=share)
    return Entry((when, who, answer, detector), line.mark, line.customer, tone)


def _short(presenter: Presenter, reason: BlockReason) -> str:
    return presenter.say(SHORT[reason])
