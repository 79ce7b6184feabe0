"""From a choice to a frozen configuration, and every wrong choice to one clear line."""

import math
import tomllib
from dataclasses import replace

import pytest
from fakes import logins
from hypothesis import given
from hypothesis import strategies as st

from mi_studio.core import cards
from mi_studio.core.cards import AttackCard, Library, library
from mi_studio.core.config import (
    MAX_SEED,
    OWN_PICTURE,
    resolve,
    why_no_effect,
    why_not_attack,
    why_not_defense,
    why_out_of_reach,
)
from mi_studio.core.errors import BadFileError, UsageError
from mi_studio.core.knobs import plain
from mi_studio.core.weights import find_weights


def test_a_scene_alone_is_enough():
    for scene in library().scenes:
        config = resolve(scene.id)
        assert (config.model, config.attack) == (scene.preset.model, scene.preset.attack)
        assert {k.id for k in scene.knobs} <= set(config.values)


@pytest.mark.parametrize(
    ("choice", "named"),
    [
        ({"scene": "nowhere"}, "face-login federated"),
        ({"scene": "federated", "model": "x"}, "strided-cnn pooled-cnn"),
        ({"scene": "federated", "attack": "x"}, "inverting-gradients"),
        ({"scene": "federated", "attack": "latent-search"}, "Choose one of inverting-gradients"),
        ({"scene": "catalogue", "attack": "inverting-gradients"}, "latent-search"),
        ({"scene": "federated", "defenses": ["dp-training"]}, "gradient-noise"),
        ({"scene": "catalogue", "defenses": ["gradient-noise"]}, "dp-training output-restriction"),
        ({"scene": "catalogue", "settings": {"epsilon": "3"}}, "inf 16 8 4 2 1 0.5"),
        ({"scene": "catalogue", "settings": {"granularity": "fine"}}, "round3"),
        ({"scene": "federated", "settings": {"gradient-noise": "-1"}}, "from 0 to 4"),
        ({"scene": "federated", "settings": {"gradient-noise": "nan"}}, "from 0 to 4"),
        ({"scene": "federated", "settings": {"colour": "1"}}, "picture-size"),
        ({"scene": "federated", "target": "dog"}, "cat cat-eyes"),
        ({"scene": "catalogue", "target": "sandal"}, "pullover"),
        ({"scene": "catalogue", "image": "x.png"}, "federated"),
        ({"scene": "federated", "device": "tpu"}, "auto cpu cuda mps"),
        ({"scene": "federated", "steps": 0}, "1 to 100000"),
        ({"scene": "federated", "image": "x.png", "target": "nonsense"}, "nonsense"),
        ({"scene": "federated", "image": "x.png", "target": "cat"}, "leave one of them out"),
        ({"scene": "federated", "seed": 10**20}, "0 to 9223372036854775807"),
        ({"scene": "federated", "seed": 2**63}, "0 to 9223372036854775807"),
        ({"scene": "federated", "seed": -1}, "0 to 9223372036854775807"),
    ],
)
def test_wrong_choices_name_the_valid_ones(choice, named):
    with pytest.raises(UsageError, match=named.replace(".", r"\.")) as caught:
        resolve(**choice)
    assert "\n" not in str(caught.value)


def test_an_own_picture_may_be_named_as_the_target():
    alone, named = (
        resolve("federated", image="x.png"),
        resolve("federated", image="x.png", target=OWN_PICTURE),
    )
    assert alone == named
    assert alone.target == OWN_PICTURE


def test_the_largest_seed_can_run():
    assert resolve("federated", seed=MAX_SEED).seed == MAX_SEED


def test_a_setting_switches_its_defence_on():
    config = resolve("catalogue", settings={"epsilon": "0.5"})
    assert config.defenses == ("dp-training",)
    assert config.values["epsilon"] == 0.5


def test_a_defence_alone_takes_its_default():
    assert resolve("catalogue", defenses=["dp-training"]).values["epsilon"] == 4


def test_undefended_is_the_same_run_without_defences():
    config = resolve("catalogue", settings={"epsilon": 1, "granularity": "top1", "private-records": 2000})
    assert config.undefended() == resolve("catalogue", settings={"private-records": 2000})


def test_targets_follow_the_private_line():
    assert resolve("catalogue", settings={"private-line": "odd"}, target="sandal").target == "sandal"
    every = {t.id for group in library().scene("catalogue").targets.values() for t in group}
    assert "sandal" in every


def test_effect_reasons():
    cards = library()
    restriction, clip = cards.defense("output-restriction"), cards.defense("gradient-clip")
    assert why_out_of_reach(restriction, cards.attack("latent-search"))
    assert why_out_of_reach(restriction, cards.attack("score-search")) is None
    assert why_out_of_reach(clip, cards.attack("inverting-gradients"))
    assert why_out_of_reach(cards.defense("dp-training"), cards.attack("mi-face")) is None


def test_a_trained_defence_is_there_where_any_model_was_trained_so():
    cards = logins()
    scene = cards.scene("logins")
    there = {d.id for d in cards.defenses if why_not_defense(scene, d) is None}
    trained = {d for d in there if cards.defense(d).acts == "trained"}
    assert trained == {"dp-training", "mid", "bido", "tl-dmi"}
    for known in library().scenes:
        assert why_not_defense(known, cards.defense("mid")) is None or not any(
            "mid" in m.provides for m in known.models
        )


def test_what_a_model_provides_is_read_from_its_scenes_card():
    catalogue = library().scene("catalogue")
    raw = tomllib.loads((catalogue.folder / "card.toml").read_text("utf-8"))
    raw["models"][0]["provides"] = ["mid"]
    scene = cards._scene(raw, catalogue.folder, catalogue.module)
    assert why_not_defense(catalogue, library().defense("mid"))
    assert why_not_defense(scene, library().defense("mid")) is None
    assert scene.models_for(library().defense("dp-training")) == list(scene.models)


def test_models_provide_nothing_that_nobody_asks_for():
    asked = {name for part in (*library().defenses, *library().attacks) for name in part.requires}
    for scene in library().scenes:
        for model in scene.models:
            assert set(model.provides) <= asked, (scene.id, model.id)


def test_a_model_that_was_not_trained_so_is_named_with_those_that_were():
    cards = logins()
    scene, attack = cards.scene("logins"), cards.attack("latent-search")
    mid, frozen = cards.defense("mid"), cards.defense("tl-dmi")
    assert why_no_effect(mid, attack, scene, "small") is None
    assert why_no_effect(frozen, attack, scene, "ready") is None
    reason = why_no_effect(mid, attack, scene, "deep")
    assert reason.en == "Only the small net was trained in this way."
    assert reason.ja == "この方法で学習したのは「小型モデル」だけです。"
    assert why_no_effect(frozen, attack, scene, "deep").en.startswith("Only the small net and the ready net ")
    # what does not reach the attacker does so on no model
    restriction = cards.defense("output-restriction")
    assert why_no_effect(restriction, attack, scene, "deep") == why_out_of_reach(restriction, attack)
    catalogue = cards.scene("catalogue")
    assert why_no_effect(cards.defense("dp-training"), attack, catalogue, "small-cnn") is None


@pytest.mark.parametrize(
    "choice",
    [
        {"defenses": ["mid", "bido"]},
        {"defenses": ["output-restriction", "mid"], "settings": {"bido": "on", "tl-dmi": "off"}},
    ],
)
def test_a_model_is_trained_in_one_way_at_most(choice):
    with pytest.raises(UsageError) as caught:
        resolve("logins", among=logins(), **choice)
    said = caught.value.text
    assert said.en.startswith("mid and bido are both trained into the model")
    assert "mid=off or bido=off" in said.en
    for title in ("情報量の制限（MID）", "依存度の調整（BiDO）"):
        assert title in said.ja


def test_rivals_may_be_there_while_they_are_off():
    settings = {"mid": "off", "epsilon": "4", "bido": "off"}
    both = ["output-restriction", "tl-dmi"]
    config = resolve("logins", defenses=both, settings=settings | {"tl-dmi": "off"}, among=logins())
    assert config.values["epsilon"] == 4
    with pytest.raises(UsageError, match=r"tl-dmi=off or epsilon=inf"):
        resolve("logins", defenses=["tl-dmi"], settings=settings, among=logins())


def test_every_pair_is_either_possible_or_explained():
    cards = library()
    for scene in cards.scenes:
        assert any(why_not_attack(scene, a) is None for a in cards.attacks)
        for attack in cards.attacks:
            reason = why_not_attack(scene, attack)
            if reason is None:
                resolve(scene.id, attack=attack.id)
        for defense in cards.defenses:
            reason = why_not_defense(scene, defense)
            if reason is None:
                resolve(scene.id, defenses=[defense.id])


def test_weights_without_a_needed_defence_do_not_stand_in_for_ones_with_it():
    knobs = {"picture-size": 32.0, "training-progress": "fresh"}
    assert find_weights("federated", "strided-cnn", knobs).model == "strided-cnn"
    with pytest.raises(BadFileError, match="no weights"):
        find_weights("federated", "strided-cnn", {**knobs, "mid": "on"}, needed=["mid"])


KNOBS = [k for s in library().scenes for k in s.knobs] + [d.knob for d in library().defenses]


@pytest.mark.parametrize("knob", KNOBS, ids=lambda k: k.id)
def test_every_stop_reads_back_what_it_writes(knob):
    for stop in knob.stops:
        assert knob.parse(plain(stop.value)) == stop.value
        assert knob.label(stop.value, "ja")
    assert knob.parse(plain(knob.default)) == knob.default
    if knob.off is not None:
        assert knob.stops[0].value == knob.off


@given(st.one_of(st.floats(), st.text(max_size=12)))
def test_any_input_is_a_valid_value_or_a_usage_error(raw):
    for knob in KNOBS:
        try:
            value = knob.parse(raw)
        except UsageError:
            continue
        assert not (isinstance(value, float) and math.isnan(value))
        in_stops = value in [s.value for s in knob.stops]
        numbers = [s.value for s in knob.stops if isinstance(s.value, float)]
        assert in_stops or (knob.continuous and min(numbers) <= value <= max(numbers))


def needing(what: str) -> AttackCard:
    return replace(library().attack("mi-face"), id="needing", requires=(what,))


def with_attack(card: AttackCard) -> Library:
    cards = library()
    return replace(cards, attacks=(*cards.attacks, card))


def test_an_attack_brings_the_model_that_gives_what_it_requires():
    cards = with_attack(needing("mid"))
    assert resolve("face-login", attack="needing", among=cards).model == "face-net"
    with pytest.raises(UsageError, match="cannot work with the model 'resnet-18'; choose one of face-net"):
        resolve("face-login", attack="needing", model="resnet-18", among=cards)
    assert why_not_attack(cards.scene("catalogue"), cards.attack("needing"))


def test_attacks_on_pictures_and_on_records_do_not_mix():
    attack = replace(library().attack("mi-face"), data="records")
    scene = library().scene("face-login")
    assert why_not_attack(scene, attack)
    assert why_not_attack(replace(scene, data="records"), attack) is None
    assert why_not_attack(replace(scene, data="records"), library().attack("mi-face"))


def test_of_many_slow_pictures_each_gets_as_many_steps_as_one_would() -> None:
    def steps(scene: str, target: str, attack: str, **given: int) -> int:
        return resolve(scene, target=target, attack=attack, **given).steps

    assert steps("face-login", "naoki-shirakawa", "brep-mi") == steps("face-login", "eight", "brep-mi") == 60
    assert steps("face-login", "all", "brep-mi") == steps("face-login", "all", "evolutionary-search") == 480
    assert steps("face-login", "all", "lokt") == 400
    assert steps("face-login", "all", "lokt", steps=7) == 7
    assert steps("face-login", "all", "mi-face") == steps("face-login", "eight", "mi-face")
    assert steps("drawings", "all", "brep-mi") == 60
