"""Recordings from elsewhere: what is not of this version is told, and the stage lives on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_session import Stage, a_recording

from mi_studio.core.config import MAX_SEED, OWN_PICTURE, RunConfig, resolve
from mi_studio.core.errors import BadFileError, UsageError
from mi_studio.core.recording import Recording
from mi_studio.studio.intent import Intent
from mi_studio.studio.presenter import Presenter
from mi_studio.studio.runstate import RunState


def made_with(**change: Any) -> Callable[[RunConfig], RunConfig]:
    return lambda config: replace(config, **change)


def set_to(knob: str, value: str | float) -> Callable[[RunConfig], RunConfig]:
    return lambda config: replace(config, knobs=tuple((config.values | {knob: value}).items()))


def without(knob: str) -> Callable[[RunConfig], RunConfig]:
    return lambda config: replace(config, knobs=tuple((k, v) for k, v in config.knobs if k != knob))


FOREIGN: dict[str, tuple[Callable[[RunConfig], RunConfig], str]] = {
    "an unknown scene": (made_with(scene="moon"), "not installed"),
    "an unknown model": (made_with(model="giant"), "not installed"),
    "no model": (made_with(model=""), "do not match"),
    "an attack of another scene": (made_with(attack="mi-face"), "not installed"),
    "no attack": (made_with(attack=""), "do not match"),
    "an unknown target": (made_with(target="nobody"), "not installed"),
    "an unknown defence": (made_with(defenses=("gradient-noise", "nope")), "not installed"),
    "a defence of another scene": (made_with(defenses=("dp-training",)), "not installed"),
    "a defence without its knob": (without("gradient-noise"), "do not match"),
    "a knob without its defence": (made_with(defenses=()), "do not match"),
    "an unknown knob": (set_to("colour", 1.0), "not installed"),
    "a knob out of its range": (set_to("gradient-noise", 77.0), "gradient-noise at 77.*from 0 to 4"),
    "a knob off its grid": (set_to("picture-size", 48.0), "picture-size at 48.*32 64"),
    "a word for a number": (set_to("gradient-noise", "0.5"), "gradient-noise at 0.5"),
    "not a number": (set_to("gradient-noise", math.nan), "gradient-noise at nan"),
    "a seed that cannot run": (made_with(seed=MAX_SEED + 1), "not installed"),
    "no steps": (made_with(steps=0), "not installed"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_recording_with_something_foreign_is_told_and_the_stage_lives_on(what: str) -> None:
    change, told = FOREIGN[what]
    recorded = a_recording(gradient_noise=0.5)
    stage = Stage()
    stage.run_to_end()
    wish = stage.session.intent.wish
    with pytest.raises(BadFileError, match=told) as caught:
        stage.session.open_recording(replace(recorded, config=change(recorded.config)))
    assert caught.value.text.ja.endswith("。")
    assert stage.session.intent.wish == wish
    assert stage.session.state is RunState.FINISHED
    Presenter(stage.session).view()
    stage.session.open_recording(recorded)
    assert stage.session.intent.wish.values["gradient-noise"] == 0.5


def test_an_epsilon_off_the_grid_is_never_shown_as_no_protection() -> None:
    config = resolve("catalogue", settings={"epsilon": 4})
    intent = Intent("catalogue")
    with pytest.raises(UsageError, match=r"epsilon at 3, .* inf 16 8 4 2 1 0\.5") as caught:
        intent.adopt(set_to("epsilon", 3.0)(config))
    assert "「学習のプライバシー予算」は3ですが" in caught.value.text.ja
    assert intent.wish.scene == "catalogue"
    intent.adopt(config)
    assert [d.id for d in intent.on] == ["dp-training"]


def test_a_knob_that_is_younger_than_the_recording_stands_at_its_default() -> None:
    intent = Intent("federated")
    intent.adopt(without("training-progress")(resolve("federated", target="rocket")))
    assert intent.wish.values["training-progress"] == "fresh"
    assert intent.wish.target == "rocket"


@pytest.fixture
def of_somebody() -> Recording:
    stage = Stage()
    stage.session.bring("me", np.zeros((40, 40, 3), np.uint8))
    stage.run_to_end()
    return stage.session.save()


def test_a_slider_leaves_the_recording_of_somebodys_own_picture_open(of_somebody: Recording) -> None:
    stage = Stage()
    session = stage.session
    session.open_recording(of_somebody)
    stage.watch(30)
    lane = session.main
    session.intent.turn("gradient-noise", 0.1)
    stage.rest()
    assert session.main is lane
    assert session.intent.wish.target == OWN_PICTURE
    assert not session.can_run
    assert [t.sentence.en for t in stage.told if "somebody's own picture" in t.sentence.en]


def test_any_other_choice_keeps_somebodys_own_picture_as_the_target(of_somebody: Recording) -> None:
    intent = Intent("federated")
    intent.adopt(of_somebody.config)
    intent.turn("picture-size", 64)
    intent.pick("model", "pooled-cnn")
    assert (intent.wish.target, intent.wish.image) == (OWN_PICTURE, None)
    intent.pick("target", "cat")
    with pytest.raises(UsageError, match="no picture of your own"):
        intent.pick("target", OWN_PICTURE)
    intent.adopt(of_somebody.config)
    intent.pick("scene", "catalogue")
    assert intent.wish.target != OWN_PICTURE
    with pytest.raises(UsageError):
        intent.adopt(replace(resolve("catalogue"), target=OWN_PICTURE))


def test_after_the_largest_seed_comes_the_first() -> None:
    intent = Intent("federated")
    intent.reseed(MAX_SEED)
    intent.reseed(intent.wish.seed + 1)
    assert intent.wish.config().seed == 0
