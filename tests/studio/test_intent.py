from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import logins
from hypothesis import given, settings
from hypothesis import strategies as st

from mi_studio.core.cards import library
from mi_studio.core.config import OWN_PICTURE, lean, resolve, why_not_attack, why_not_defense
from mi_studio.core.errors import UsageError
from mi_studio.studio.intent import Intent, Wish


def test_a_scene_opens_with_its_preset() -> None:
    intent = Intent()
    for scene in library().scenes:
        intent.pick("scene", scene.id)
        assert lean(intent.wish.config(), library()) == lean(resolve(scene.id), library())


def test_every_defence_is_there_and_off() -> None:
    intent = Intent("federated")
    assert list(intent.defenses) == [d for d in library().defenses if d.acts == "gradient"]
    assert intent.on == []
    assert set(intent.wish.config().defenses) == {d.id for d in intent.defenses}


def test_moving_a_knob_switches_its_defence_on_and_off() -> None:
    intent = Intent("federated")
    intent.turn("gradient-noise", 0.3)
    assert [d.id for d in intent.on] == ["gradient-noise"]
    intent.turn("gradient-noise", 0)
    assert intent.on == []
    intent.toggle("gradient-prune", True)
    assert intent.wish.values["gradient-prune"] == 0.9
    intent.toggle("gradient-prune", True)
    assert intent.wish.values["gradient-prune"] == 0.9
    intent.pick("defense", "gradient-prune")
    assert intent.on == []


def test_what_cannot_work_is_replaced_or_refused() -> None:
    intent = Intent("catalogue")
    before = intent.wish
    with pytest.raises(UsageError, match="cannot attack"):
        intent.pick("attack", "inverting-gradients")
    with pytest.raises(UsageError):
        intent.pick("target", "trouser")  # the other side of the private line
    with pytest.raises(UsageError):
        intent.turn("epsilon", 3)
    assert intent.wish == before
    intent.turn("private-line", "odd")
    assert intent.wish.target in {t.id for t in library().scene("catalogue").targets["odd"]}


def test_undo_and_redo() -> None:
    intent = Intent("federated")
    start = intent.wish
    for value in (0.1, 0.2, 0.3):
        intent.turn("gradient-noise", value)
    turned = intent.wish
    intent.pick("target", "rocket")
    assert intent.undo()
    assert intent.wish == turned
    assert intent.undo()  # three moves of one knob are one
    assert intent.wish == start
    assert not intent.undo()
    assert intent.redo()
    assert intent.redo()
    assert intent.wish.target == "rocket"
    assert not intent.redo()


def test_own_picture() -> None:
    intent = Intent("federated")
    picture = np.zeros((1, 50, 40, 3), np.uint8)
    intent.bring("me.png", picture)
    assert intent.wish.config().target == OWN_PICTURE
    assert intent.wish.config().image == "me.png"
    intent.pick("target", "cat")
    assert intent.wish.config().image is None
    intent.pick("target", OWN_PICTURE)
    assert intent.wish.picture is picture
    intent.pick("scene", "catalogue")
    with pytest.raises(UsageError, match="federated"):
        intent.bring("me.png", picture)


def test_a_recording_of_unknown_parts_is_refused() -> None:
    from dataclasses import replace

    intent = Intent("federated")
    config = intent.wish.config()
    for change in ({"scene": "moon"}, {"model": "giant"}, {"attack": "mi-face"}, {"target": "nobody"}):
        with pytest.raises(UsageError):
            intent.adopt(replace(config, **change))
    intent.adopt(replace(config, target="rocket", seed=3))
    assert (intent.wish.target, intent.wish.seed) == ("rocket", 3)


def test_equal_runs_have_equal_keys() -> None:
    intent = Intent("federated")
    bare = resolve("federated")
    assert lean(intent.wish.config(), library()).key == bare.key
    assert intent.wish.config().undefended().key == bare.key
    intent.turn("gradient-noise", 0.5)
    one = resolve("federated", settings={"gradient-noise": 0.5})
    assert lean(intent.wish.config(), library()).key == one.key


def test_defences_act_in_the_order_of_the_window_whatever_the_order_of_asking() -> None:
    """A sweep sorted them by name, so that the dot and the run on the stage were not the same run."""
    intent = Intent("catalogue")
    intent.pick("attack", "score-search")
    asked = {knob: intent.knobs[knob].stops[-1].value for knob in ("purifier", "granularity", "temperature")}
    for knob, value in asked.items():
        intent.turn(knob, value)
    runs = [resolve("catalogue", attack="score-search", settings=dict(order))
            for order in (asked.items(), reversed(asked.items()))]  # fmt: skip
    one, other, window = (lean(c, library()) for c in (*runs, intent.wish.config()))
    assert one == other == window
    cards = [d.id for d in library().defenses]
    assert list(window.defenses) == sorted(window.defenses, key=cards.index)
    assert len(window.defenses) == 3


def test_switching_a_trained_defence_on_switches_its_rivals_off_in_one_move() -> None:
    intent = Intent("logins", logins())
    intent.toggle("output-restriction", True)
    intent.toggle("mid", True)
    before = intent.wish
    seen: list[Wish] = []
    intent.changed.connect(lambda _, new: seen.append(new))
    intent.pick("defense", "bido")
    assert [d.id for d in intent.on] == ["output-restriction", "bido"]
    assert len(seen) == 1
    intent.undo()
    assert intent.wish == before
    intent.redo()
    assert [d.id for d in intent.on] == ["output-restriction", "bido"]
    intent.toggle("bido", False)
    assert [d.id for d in intent.on] == ["output-restriction"]  # mid does not come back by itself


def test_moving_epsilon_counts_as_switching_on() -> None:
    intent = Intent("logins", logins())
    intent.turn("mid", "on")
    before = intent.wish
    intent.turn("epsilon", "inf")
    assert intent.wish == before
    for value in (16, 8, 4):
        intent.turn("epsilon", value)
    assert [d.id for d in intent.on] == ["dp-training"]
    intent.undo()
    assert intent.wish == before


def test_another_model_leaves_the_protection_as_it_is() -> None:
    intent = Intent("logins", logins())
    intent.toggle("mid", True)
    intent.pick("model", "deep")
    mid = intent.cards.defense("mid")
    assert intent.on == [mid]
    assert intent.why_idle(mid)
    intent.pick("model", "small")
    assert intent.why_idle(mid) is None


CARDS = logins()
"""Read once: cards do not change."""


@st.composite
def moves(draw: st.DrawFn) -> list[tuple[str, str, str | float | bool]]:
    scene = CARDS.scene("logins")
    there = [d for d in CARDS.defenses if why_not_defense(scene, d) is None]
    knobs = [*scene.knobs, *(d.knob for d in there)]
    turns = [("turn", knob.id, stop.value) for knob in knobs for stop in knob.stops]
    toggles = [("toggle", d.id, on) for d in there for on in (True, False)]
    picks = [("defense", d.id, "") for d in there]
    picks += [("model", m.id, "") for m in scene.models]
    picks += [("attack", a.id, "") for a in CARDS.attacks if why_not_attack(scene, a) is None]
    picks += [("target", t.id, "") for group in scene.targets.values() for t in group]
    return draw(st.lists(st.sampled_from([*turns, *toggles, *picks, ("undo", "", ""), ("redo", "", "")])))


def do(intent: Intent, what: str, which: str, value: str | float | bool) -> None:
    match what:
        case "turn":
            assert not isinstance(value, bool)
            intent.turn(which, value)
        case "toggle":
            intent.toggle(which, bool(value))
        case "undo":
            intent.undo()
        case "redo":
            intent.redo()
        case "target" if which not in {t.id for t in intent.scene.targets_for(intent.wish.values)}:
            with pytest.raises(UsageError):
                intent.pick(what, which)
        case _:
            intent.pick(what, which)


@settings(deadline=None)
@given(moves())
def test_no_sequence_of_moves_ends_in_a_wish_that_cannot_run(
    sequence: list[tuple[str, str, str | float | bool]],
) -> None:
    intent = Intent("logins", CARDS)
    for move in sequence:
        before = intent.wish
        do(intent, *move)
        intent.wish.config(CARDS)
        assert sum(d.acts == "trained" for d in intent.on) <= 1
        if move[0] not in ("turn", "undo", "redo") and intent.wish != before:  # turns are undone together
            after = intent.wish
            assert intent.undo()
            assert intent.wish == before
            assert intent.redo()
            assert intent.wish == after
    while intent.undo():
        intent.wish.config(CARDS)
    assert len(sequence) > 100 or intent.wish == Intent("logins", CARDS).wish


def test_the_model_follows_the_attack_and_the_attack_the_model() -> None:
    """An attack that only one model allows is chosen together with that model, and left with it."""
    needy = replace(CARDS.attack("mi-face"), id="needy", requires=("mid",))
    intent = Intent("face-login", replace(CARDS, attacks=(*CARDS.attacks, needy)))
    intent.pick("model", "resnet-18")
    intent.pick("attack", "needy")
    assert intent.wish.model == "face-net"
    intent.pick("model", "resnet-18")
    assert intent.wish.attack == intent.scene.preset.attack
    intent.undo()
    assert (intent.wish.model, intent.wish.attack) == ("face-net", "needy")
