from __future__ import annotations

import numpy as np
import pytest

from mi_studio.core.cards import library
from mi_studio.core.config import OWN_PICTURE, resolve
from mi_studio.core.errors import UsageError
from mi_studio.studio.intent import Intent, lean


def test_a_scene_opens_with_its_preset() -> None:
    intent = Intent()
    for scene in library().scenes:
        intent.pick("scene", scene.id)
        assert lean(intent.wish.config(), library()) == resolve(
            scene.id, defenses=sorted(scene.preset.defenses)
        )


def test_every_defence_is_there_and_off() -> None:
    intent = Intent("federated")
    assert {d.id for d in intent.defenses} == {"gradient-noise", "gradient-prune", "gradient-clip"}
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
