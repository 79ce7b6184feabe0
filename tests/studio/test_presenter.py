from __future__ import annotations

import string
from dataclasses import replace

import numpy as np
import pytest
from fakes import Clock, FakeEngine, FakeRun, logins

from mi_studio.core import config, paths
from mi_studio.core.cards import Library, library
from mi_studio.core.config import ALL_TARGETS, OWN_PICTURE, why_not_installed
from mi_studio.core.desk import BLOCK_REASONS, Desk
from mi_studio.core.step import View
from mi_studio.core.text import Text
from mi_studio.core.weights import Traffic, Utility, weights_cards
from mi_studio.studio import presenter, targets, words
from mi_studio.studio.presenter import CURVE_POINTS, Presenter
from mi_studio.studio.session import SETTLE_SECONDS, Session
from mi_studio.studio.views import Bracket, StageView


class Show:
    """A session on a fake engine, and what both languages show of it."""

    def __init__(self, scene: str = "federated", among: Library | None = None) -> None:
        cards = among or library()
        self.engine, self.clock = FakeEngine(type("Run", (FakeRun,), {"CARDS": cards})), Clock()
        self.session = Session(self.engine, self.clock, scene=scene, among=cards, shipped=lambda _: None)
        self.presenter = Presenter(self.session, "en")
        self.japanese = Presenter(self.session, "ja")

    def work(self, rounds: int = 1, seconds: float = 0.0) -> None:
        for _ in range(rounds):
            self.engine.work()
            self.clock.pass_(seconds / rounds)
            self.session.tick()

    def view(self) -> StageView:
        self.japanese.view()
        return self.presenter.view()

    def bracket(self, slot: str) -> Bracket:
        return next(p for p in self.view().sentence.parts if isinstance(p, Bracket) and p.slot == slot)


@pytest.fixture
def show() -> Show:
    return Show()


def test_both_languages_hold_the_same_places() -> None:
    texts = {k: v for k, v in vars(words).items() if isinstance(v, Text)}
    for table in (words.ACCESS, words.CURVE, words.SEES_KIND, words.UNITS, words.BLOCKED_FOR):
        texts |= {f"{k}": v for k, v in table.items()}
    assert len(texts) > 80
    for name, text in texts.items():
        fields = [sorted(f for _, f, _, _ in string.Formatter().parse(t) if f) for t in (text.en, text.ja)]
        assert fields[0] == fields[1], name
        assert text.en.strip(), name
        assert text.ja.strip(), name


@pytest.mark.parametrize("scene", [s.id for s in library().scenes])
def test_every_choice_of_every_scene_can_be_shown(scene: str) -> None:
    show = Show(scene)
    slots = {p.slot for p in show.view().sentence.parts if isinstance(p, Bracket)}
    assert slots == {"scene", "model", "attack", "target", "defense"}
    for attack in show.bracket("attack").choices:
        if not attack.reason:
            show.session.intent.pick("attack", attack.id)
            view = show.view()
            assert all(k.title and k.label and k.help for k in view.knobs)
            assert [k for k in view.knobs if k.reason] == [
                k
                for k in view.knobs
                for d in show.session.intent.defenses
                if d.knob.id == k.id
                and (
                    why_not_installed(d) is not None
                    or library().attack(attack.id).access not in d.reaches
                    or attack.id in d.without_effect
                    or show.session.intent.wish.model
                    not in {m.id for m in show.session.intent.scene.models_for(d)}
                )
            ]


def test_what_cannot_be_chosen_says_why(show: Show) -> None:
    reasons = {c.id: c.reason for c in show.bracket("attack").choices}
    assert reasons["inverting-gradients"] == ""
    assert reasons["mi-face"].endswith(".")
    assert {c.id: bool(c.reason) for c in show.bracket("defense").choices} == {
        "dp-training": True,
        "output-restriction": True,
        "output-noise": True,
        "output-perturbation": True,
        "purifier": True,
        "temperature": True,
        "access-roles": True,
        "rate-limit": True,
        "query-budget": True,
        "log-monitor": True,
        "mid": True,
        "bido": True,
        "neg-ls": True,
        "tl-dmi": True,
        "gradient-noise": False,
        "gradient-prune": False,
        "gradient-clip": False,
        "gradient-quantise": False,
        "gradient-dp": False,
        "soteria": False,
        "precode": False,
        "secure-aggregation": True,
        "homomorphic": True,
    }


def test_what_can_be_chosen_stands_before_what_cannot(show: Show) -> None:
    for slot in ("attack", "defense"):
        impossible = [bool(c.reason) for c in show.bracket(slot).choices]
        assert impossible == sorted(impossible)
        assert set(impossible) == {False, True}
    assert [c.id for c in show.bracket("defense").choices][:8] == [
        *("gradient-noise", "gradient-prune", "gradient-clip", "gradient-quantise", "gradient-dp"),
        *("soteria", "precode", "dp-training"),
    ]


def test_the_sentence_names_what_is_on(show: Show) -> None:
    assert show.bracket("defense").title == "nothing"
    show.session.intent.turn("gradient-noise", 0.5)
    show.session.intent.turn("gradient-prune", 0.9)
    assert show.bracket("defense").title == "Gradient noise + Gradient pruning"
    assert show.bracket("defense").note == "0.5 + 90%"


def test_a_knob_without_effect_on_the_chosen_model_says_which_models_have_it() -> None:
    show = Show("logins", logins())
    intent = show.session.intent
    outputs = {d.knob.id for d in intent.defenses if d.acts in ("output", "gateway")}
    assert {k.id for k in show.view().knobs if k.reason} == {*outputs, "epsilon"}
    assert next(k.reason for k in show.view().knobs if k.id == "epsilon") == (
        "Only the ready net was trained in this way."
    )
    intent.pick("model", "deep")
    reasons = {k.id: k.reason for k in show.japanese.view().knobs if k.reason}
    assert set(reasons) == {*outputs, "epsilon", "mid", "bido", "tl-dmi"}
    assert reasons["tl-dmi"] == ("この方法で学習したのは「小型モデル」「既製モデル」だけです。")


def test_a_defence_without_effect_protects_nobody() -> None:
    show = Show("logins", logins())
    show.session.intent.toggle("mid", True)
    show.session.toggle_play()
    show.work(3)
    assert show.view().panes[1].subtitle == "protected · step 2"
    assert show.view().curve.main_name == "protected"
    show.session.intent.pick("model", "deep")  # runs anew
    show.work(3)
    assert show.view().panes[1].subtitle == "step 2"
    assert show.view().curve.main_name == "now"


def test_which_knobs_protect_and_which_are_given() -> None:
    knobs = Show("logins", logins()).view().knobs
    assert {k.id for k in knobs if k.situation} == {"private-line", "private-records"}


def test_the_sentence_shows_one_trained_defence_at_a_time() -> None:
    show = Show("logins", logins())
    show.session.intent.toggle("mid", True)
    show.session.intent.turn("epsilon", 4)
    assert (show.bracket("defense").title, show.bracket("defense").note) == ("DP training", "ε = 4")
    show.session.intent.toggle("tl-dmi", True)
    assert show.bracket("defense").title == "Frozen layers (TL-DMI)"
    assert show.bracket("defense").note == ""  # that it is on, its name says
    assert [c.id for c in show.bracket("defense").choices if c.checked] == ["tl-dmi"]


def test_before_the_first_step_the_secret_is_there(show: Show) -> None:
    view = show.view()
    assert view.panes[0].pictures is not None
    assert view.panes[1].pictures is None
    assert view.panes[1].ring
    assert view.timeline.film == ()
    assert view.verdict.tone == "plain"


def test_panes_by_lane(show: Show) -> None:
    session = show.session
    session.toggle_play()
    show.work(4)
    assert [p.ring for p in show.view().panes] == [False, True]
    session.intent.turn("gradient-noise", 0.5)
    show.work(1)
    show.work(1, SETTLE_SECONDS + 0.1)
    show.work(2)
    view = show.view()
    assert [p.title for p in view.panes] == [
        "The secret",
        "What the attacker has now",
        "The same attack, no protection",
        "From the start, this setting",
    ]
    mixed = view.panes[1]
    assert mixed.meter is None
    assert "mixed run" in mixed.subtitle
    assert mixed.footer.startswith("not measured")
    assert view.mixed
    assert view.panes[3].meter is not None
    assert view.timeline.marks == ((4, "Noise on the update → 0.5"),)


def test_looking_back_before_the_change_the_picture_is_not_called_mixed(show: Show) -> None:
    show.session.toggle_play()
    show.work(4)
    show.session.intent.turn("gradient-noise", 0.5)
    show.work(3)
    show.session.scrub(2)
    pane = show.view().panes[1]
    assert pane.meter is not None
    assert "mixed" not in pane.subtitle


def test_a_mixed_run_is_never_charted(show: Show) -> None:
    show.session.toggle_play()
    show.work(6)
    show.session.intent.turn("gradient-noise", 0.5)
    show.work(3)
    curve = show.view().curve
    assert curve.main == ()
    assert [x for x, _ in curve.ghost] == [0, 1, 2, 3, 4, 5]
    assert curve.ghost_name == "before the change"
    show.work(1, SETTLE_SECONDS + 0.1)
    show.work(2)
    curve = show.view().curve
    assert curve.main_name == "this setting from the start"
    assert curve.ghost_name == "no protection"


def test_notes(show: Show) -> None:
    show.session.toggle_play()
    show.work(4)
    show.session.intent.turn("gradient-noise", 0.5)

    def note(knob: str = "gradient-noise") -> str:
        return next(k.note for k in show.view().knobs if k.id == knob)

    assert "next step" in note()
    show.work(1)
    assert note().startswith("Took effect at step 4. The client sent its message again")
    show.session.intent.turn("picture-size", 64)
    assert "step 0" in note("picture-size")


def test_the_end_shows_what_is_handed_in(show: Show) -> None:
    show.session.toggle_play()
    show.work(FakeRun.LIMIT + 1)
    view = show.view()
    assert view.panes[1].title == "What the attacker ends up with"
    assert view.verdict.tone == "leak"
    assert view.timeline.position == view.timeline.total == FakeRun.LIMIT
    show.session.scrub(3)
    view = show.view()
    assert view.panes[1].title == "What the attacker has now"
    assert view.verdict.sentence.startswith("At step 3:")
    assert view.curve.main[-1][0] == FakeRun.LIMIT
    show.session.toggle_play()
    show.clock.pass_(0.1)
    show.session.tick()
    view = show.view()
    assert show.session.filming
    assert view.curve.main[-1][0] == view.timeline.position < FakeRun.LIMIT


def test_in_words_a_pane_says_whose_which_step_and_how_close(show: Show) -> None:
    show.session.start()
    show.work(1)
    heard: list[tuple[str, str]] = []
    for _ in range(30):
        show.work(1)
        view = show.view()
        heard.append((view.panes[1].described, show.japanese.view().panes[1].described))
    (first, first_ja), (last, last_ja) = heard[0], heard[-1]
    who = show.session.intent.scene.targets_for(show.session.intent.wish.values)
    target = next(t.title for t in who if t.id == show.session.intent.wish.target)
    assert first.startswith(f"{words.HAS_NOW.en}: {target.en}. step ")
    assert first_ja.startswith(f"攻撃者がいま手にしているもの：{target.ja}。ステップ")
    assert words.NOTHING_SEEN.en in first
    assert words.NOTHING_SEEN.ja in first_ja
    assert last.startswith(f"{words.HANDED_IN.en}: {target.en}. its own choice: step 20.")
    assert words.SAME_PICTURE.en in last
    assert words.SAME_PICTURE.ja in last_ja
    assert last.endswith("Likeness 28.0 dB.")
    assert last_ja.endswith("一致度 28.0 dB。")
    assert len(set(heard)) > 3
    show.session.scrub(0)
    assert ". step 0. " in show.view().panes[1].described


def test_in_words_a_mixed_pane_says_that_it_is_not_measured(show: Show) -> None:
    show.session.start()
    show.work(5)
    show.session.intent.turn("gradient-noise", 0.5)
    show.work(3)
    described = show.view().panes[1].described
    assert words.NOT_MEASURED.en in described
    assert words.NOTHING_SEEN.en not in described


def test_in_words_a_class_is_close_or_not() -> None:
    show = Show("catalogue")
    show.session.start()
    show.work(3)
    assert "distance" in show.view().panes[1].described
    before = show.view().panes[1].described
    show.work(30)
    after = show.view().panes[1].described
    nothing, out = "Nothing of", "see what the private item looks like"
    assert nothing in before
    assert out in after


def test_the_own_picture_says_that_it_stays(show: Show) -> None:
    assert next(c for c in show.bracket("target").choices if c.id == OWN_PICTURE).line
    show.session.bring("me.png", np.zeros((40, 40, 3), np.uint8))
    assert "never leaves this computer" in show.view().panes[0].footer


def test_all_targets_of_a_class_scene() -> None:
    show = Show("catalogue")
    show.session.intent.pick("target", ALL_TARGETS)
    assert show.bracket("target").title == "All 5 of them"
    assert show.view().panes[0].footer == "All 5 of them"


def test_parts_that_did_not_change_are_the_same_objects(show: Show) -> None:
    show.session.toggle_play()
    show.work(3)
    one = show.view()
    show.work(1)
    two = show.view()
    assert one.sentence is two.sentence
    assert one.knobs is two.knobs
    assert one.curve is not two.curve
    quick = show.presenter.view(full=False)
    show.work(1)
    later = show.presenter.view(full=False)
    assert quick.curve is later.curve is two.curve
    assert later.panes[1].pictures is not quick.panes[1].pictures
    assert later.panes[1].subtitle == two.panes[1].subtitle == "step 3"  # words wait to be read
    assert (later.timeline.position, later.timeline.told) == (4, 3)
    whole = show.presenter.view()
    assert whole.panes[1].subtitle == "step 4"
    assert whole.timeline.told == 4


def test_running_pictures_never_wait_for_the_disk(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    """Models trained here were looked for sixteen times a second for every knob, 40 % of the drawing."""
    show.session.toggle_play()
    show.work(2)
    show.view()
    show.session.intent.turn("gradient-noise", 0.1)
    show.work(2)
    monkeypatch.setattr(paths, "data_dir", lambda: pytest.fail("looked at the disk"))
    assert show.presenter.view(full=False).timeline.marks


def test_a_picture_that_is_new_on_the_stage_comes_with_its_words(show: Show) -> None:
    show.session.toggle_play()
    show.presenter.view()
    show.work(2)
    assert show.presenter.view(full=False).panes[1].subtitle == "step 1"


def test_long_runs_draw_no_more_points_than_can_be_seen(show: Show) -> None:
    show.engine.make.LIMIT = 500
    show.session.intent.turn("gradient-noise", 0)
    show.session.toggle_play()
    show.work(501)
    curve = show.view().curve
    assert len(curve.main) <= 2 * CURVE_POINTS
    assert curve.main[-1][0] == show.session.main.reached
    assert 2 <= len(show.view().timeline.film) <= 24


def test_cost(show: Show) -> None:
    assert "costs nothing" in show.view().cost.sentence
    show.session.intent.turn("gradient-noise", 0.5)
    assert "as soon as" in show.view().cost.sentence
    show.session.toggle_play()
    show.work(2)
    assert show.view().cost.figures == (("100%", "of the update's direction kept"),)


def test_what_sending_an_update_takes_is_told_where_it_takes_more_than_the_update() -> None:
    show = Show("hospital")
    show.session.intent.turn("homomorphic", "on")
    show.session.toggle_play()
    show.work(2)
    main = show.session.main
    assert main is not None
    main.utility = Utility("update_cosine", 1.0, 1, traffic=Traffic(4_700_000, 436_544, 0.42))
    assert show.view().cost.figures == (
        ("100%", "of the update's direction kept"),
        ("4.7 MB", "sent by each client, 11× as much, and 0.4 s of work"),
    )
    main.utility = Utility("update_cosine", 0.1, 1, traffic=Traffic(13_037_888, 436_544, 0.001))
    assert show.view().cost.figures[1] == ("13.0 MB", "sent by each client, 30× as much")
    main.utility = Utility("update_cosine", 0.1, 1, traffic=Traffic(436_544, 436_544, 0.1))
    assert [n for n, _ in show.view().cost.figures] == ["10%"]


def test_what_is_not_installed_can_be_neither_chosen_nor_moved_and_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(config, "_installed", lambda module: False)
    show = Show("hospital")
    reasons = {c.id: c.reason for c in show.bracket("defense").choices}
    assert "pip install 'mi-studio[crypto]'" in reasons["homomorphic"]
    assert reasons["secure-aggregation"] == ""
    assert "TenSEAL" in next(k.reason for k in show.view().knobs if k.id == "homomorphic")


def test_changed_answers_cost_something_even_where_they_are_as_right_as_before() -> None:
    show = Show("catalogue")
    show.session.intent.turn("temperature", 5.0)
    show.session.toggle_play()
    show.work(2)
    main = show.session.main
    assert main is not None
    main.utility = Utility("test_accuracy", 0.93, 5000, 0.386)
    assert show.view().cost.figures == (("93.0%", "correct answers"), ("38.6%", "of an answer changed"))
    main.utility = Utility("test_accuracy", 0.83, 5000, 0.386)
    figures = show.view().cost.figures
    assert [caption for _, caption in figures] == ["correct answers", "against no protection"]
    assert "38.6% of an answer's scores" in show.view().cost.sentence


@pytest.mark.parametrize(("scene", "en", "ja"), [
    ("catalogue", "5,000 test photos", "テスト写真 5,000枚"),
    ("drawings", "5,000 test scans", "テスト用スキャン 5,000枚"),
    ("handwriting", "5,000 test pictures", "テスト画像 5,000枚"),
    ("customers", "5,000 test records", "テスト用の記録 5,000件"),
])  # fmt: skip
def test_what_the_accuracy_was_measured_on_has_the_name_of_the_scene(scene: str, en: str, ja: str) -> None:
    show = Show(scene)
    show.session.toggle_play()
    show.work(2)
    assert show.session.main is not None
    show.session.main.utility = Utility("test_accuracy", 0.93, 5000)
    assert (show.view().cost.n, show.japanese.view().cost.n) == (en, ja)


def test_before_a_run_the_timeline_is_as_long_as_the_run_will_be() -> None:
    show = Show("face-login")
    show.session.intent.pick("attack", "brep-mi")
    assert show.view().timeline.total == 60
    show.session.intent.pick("target", "all")
    assert show.view().timeline.total == 480


def test_what_the_attacker_sees_is_named_in_the_language(show: Show) -> None:
    show.session.toggle_play()
    show.work(2)
    assert [name for name, _ in show.view().seen.view.bars] == ["layer 1", "last layer"]
    assert [name for name, _ in show.japanese.view().seen.view.bars] == ["第1層", "最終層"]


def test_of_a_wall_it_is_said_whose_answer_the_attacker_sees() -> None:
    show = Show("logins", logins())
    show.session.toggle_play()
    show.work(2)
    assert show.view().seen.corner == "step 1"
    show.session.intent.pick("target", "all")
    show.work(3)
    main = show.session.main
    assert main is not None
    last, people = main.history.steps[-1], show.presenter._members()
    wall = np.zeros((len(people), 2, 2, 1), np.uint8)
    main.history._frames[last.index] = wall
    main.history.steps[-1] = replace(last, images=wall)
    assert show.view().seen.corner == people[0].title.en
    assert show.japanese.view().seen.corner == people[0].title.ja
    sentence = show.view().seen.sentence
    main.history.steps[-1] = replace(last, images=wall, queries=1200)
    assert show.view().seen.corner == people[0].title.en  # there is no room for both
    assert show.view().seen.sentence == f"queries: 1,200 · {sentence}"


def test_the_security_desk_says_what_the_gateway_sees_and_why_it_blocks() -> None:
    show = Show("logins", logins())
    show.session.toggle_play()
    show.work(2)
    assert show.view().seen.desk == ""
    main = show.session.main
    assert main is not None
    last = main.history.steps[-1]

    def told(desk: Desk) -> tuple[str, str]:
        main.history.steps[-1] = replace(last, desk=desk)
        return show.view().seen.desk, show.japanese.view().seen.desk

    assert told(Desk(1200, 2000, 0.641, "", 20.0)) == (
        "Security desk: 1,200 of 2,000 queries · 64% of the alarm · 20 min (simulated)",
        "セキュリティ監視：問い合わせ 1,200／2,000回・警報値の64%・模擬時間 20分",
    )
    for reason in BLOCK_REASONS[1:]:
        english, japanese = told(Desk(1200, None, 2.0, reason))
        assert english == f"Security desk: blocked at query 1,200: {words.BLOCKED_FOR[reason].en}"
        assert words.BLOCKED_FOR[reason].ja in japanese
        assert show.view().seen.sentence == "The API no longer answers the attacker."


def test_beside_what_is_handed_in_stands_that_the_gateway_ended_it() -> None:
    show = Show("logins", logins())
    show.engine.make.best_at = 3
    show.session.toggle_play()
    show.work(FakeRun.LIMIT + 2)
    main = show.session.main
    assert main is not None
    main.history.steps[3] = replace(main.history.steps[3], desk=Desk(300, None, 0.5, ""))
    main.history.steps[-1] = replace(main.history.steps[-1], desk=Desk(900, None, 1.5, "volume"))
    assert show.view().panes[1].subtitle.endswith("step 3")
    assert "blocked at query 900" in show.view().seen.desk
    show.session.scrub(3)
    assert "blocked" not in show.view().seen.desk


def test_every_unit_on_a_card_has_words() -> None:
    scenes = [s.id for s in library().scenes]
    units = {c.privacy.unit for scene in scenes for c in weights_cards(scene) if c.privacy is not None}
    assert "one picture" in units
    assert units <= set(words.UNITS)


def test_of_many_classes_the_likeliest_are_shown_first() -> None:
    show = Show("catalogue")
    show.session.toggle_play()
    show.work(2)
    main = show.session.main
    assert main is not None
    every = tuple((f"person {i}", (i * 7 % 60) / 60) for i in range(60))
    last = main.history.steps[-1]
    for bars, seen in ((every, 5), (every[:8], 8)):
        main.history.steps[-1] = replace(last, view=View("scores", bars))
        shown = show.view().seen
        assert shown.view is not None
        assert len(shown.view.bars) == seen
    ordered = sorted(every, key=lambda bar: -bar[1])[:5]
    main.history.steps[-1] = replace(last, view=View("scores", every))
    seen_now = show.view().seen
    assert seen_now.view is not None
    assert seen_now.view.bars == tuple(ordered)
    assert seen_now.sentence == "How sure the model is of its first 5 choices."


def test_the_film_of_a_wall_shows_four_of_it() -> None:
    wall = np.arange(8, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), np.uint8)
    assert targets.cover(wall)[:, :, 0].tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    assert np.array_equal(targets.cover(wall[:3]), wall[0])


def test_a_long_run_says_how_long_it_will_take(show: Show) -> None:
    show.session.start()
    show.work(4, 240.0)  # a step a minute
    left = show.view().timeline
    minutes = left.total - left.reached
    assert minutes > 1
    assert left.note == f"about {minutes} min left"
    assert show.japanese.view().timeline.note == f"残り約{minutes}分"
    show.session.toggle_play()
    show.work(1, 1.0)
    assert show.view().timeline.note == ""


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_scene_is_told_in_a_whole_sentence(language: str) -> None:
    """The list of scenes showed a sentence that ended within a bracket."""
    for scene in library().scenes:
        said = presenter._first_sentence(scene.story.get(language))
        assert said.count("（") == said.count("）"), scene.id
        assert said.count("(") == said.count(")"), scene.id
        assert said.endswith(("。", ".")), scene.id
