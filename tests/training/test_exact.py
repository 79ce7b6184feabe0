"""One ε, trained for the user: what comes of it, where it lies, and that nothing else is left."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from mi_studio.core import own, paths
from mi_studio.core.config import resolve
from mi_studio.core.errors import BadFileError, UsageError
from mi_studio.core.weights import WeightsCard, find_weights, forget_own, own_cards, own_folder
from mi_studio.engine import Run
from mi_studio.training import exact
from mi_studio.training.catalogue import private_set
from mi_studio.training.private import Settings, epsilon_of
from mi_studio.training.sources import Sources

SHORT = Settings(batch=64, epochs=0.16, learning_rate=2e-3)  # five honest steps
HERE: dict[str, str | float] = {"private-line": "kin", "private-records": 2000.0}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(paths, "data_dir", lambda: tmp_path)
    forget_own()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing Opacus warns about other people's modules
        yield own_folder()
    forget_own()


def trained(epsilon: float = 3.0, **wanted: str | float) -> WeightsCard:
    return exact.train_exactly("catalogue", epsilon, HERE | wanted, settings=SHORT)


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_what_was_asked_for_is_what_the_accountant_counts(folder: Path) -> None:
    shares: list[float] = []
    card = exact.train_exactly("catalogue", 3.0, HERE, shares.append, SHORT)
    assert shares == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert card.privacy is not None
    assert (card.privacy.epsilon, card.privacy.accountant) == (3.0, "Opacus RDP")
    assert 2.9 < epsilon_of(card.path) <= 3.0
    assert card.details["epsilon_spent"] == pytest.approx(epsilon_of(card.path))
    assert card.utility is not None
    assert card.utility.n == 5000
    name = "catalogue/small-cnn/kin-2000-3"
    assert files(folder) == [f"{name}.json", f"{name}.safetensors"]


def test_the_same_again_is_the_same_model(folder: Path) -> None:
    first = trained().sha256
    own.delete(own_cards("catalogue")[0])
    assert files(folder) == []
    assert trained().sha256 == first


def test_it_joins_the_stops_of_its_scene_where_it_was_trained_and_can_be_attacked() -> None:
    with pytest.raises(UsageError, match="cannot be '3'"):
        resolve("catalogue", settings=HERE | {"epsilon": 3})
    card = trained()
    config = resolve("catalogue", steps=1, settings=HERE | {"epsilon": 3})
    assert config.values["epsilon"] == 3
    with pytest.raises(UsageError, match="cannot be '3'"):
        resolve("catalogue", settings={"private-line": "odd", "private-records": 2000, "epsilon": 3})
    run = Run(config)
    list(run)
    assert run.privacy == card.privacy
    assert run.utility == card.utility


def test_it_is_there_after_a_restart_and_a_damaged_one_is_none(folder: Path) -> None:
    card = trained()
    forget_own()  # a new start reads the folder again
    assert [c.sha256 for c in own_cards("catalogue")] == [card.sha256]
    card.path.write_text("{")
    forget_own()
    assert own_cards("catalogue") == ()
    own.tidy()
    card.weights.unlink()
    trained()
    own_cards("catalogue")[0].weights.unlink()
    forget_own()
    assert own_cards("catalogue") == ()
    with pytest.raises(BadFileError):
        find_weights("catalogue", "small-cnn", HERE | {"epsilon": 3.0}, needed=["epsilon"])
    assert [p for p in files(folder) if p.endswith(".safetensors")] == []


def test_what_is_shipped_comes_first_and_is_not_trained_again() -> None:
    with pytest.raises(UsageError, match="already"):
        trained(4.0)
    trained()
    with pytest.raises(UsageError, match="already"):
        trained()


@pytest.mark.parametrize("epsilon", [0.0, -1.0, 0.01, 65.0, math.inf, math.nan])
def test_an_epsilon_that_says_nothing_is_refused(epsilon: float, folder: Path) -> None:
    with pytest.raises(UsageError, match=r"from 0\.25 to 64"):
        trained(epsilon)
    assert files(folder) == []


def test_the_smallest_and_the_largest_can_be_trained() -> None:
    for epsilon in (own.LEAST, own.MOST):
        card = trained(epsilon)
        assert epsilon_of(card.path) == pytest.approx(epsilon, rel=0.03)


def test_what_it_does_not_depend_on_is_refused() -> None:
    with pytest.raises(UsageError, match="does not depend on 'granularity'"):
        trained(granularity="top1")


def test_without_the_photos_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MI_STUDIO_FASHION", str(tmp_path))
    with pytest.raises(BadFileError, match="dataset-fashion-mnist"):
        exact.train_exactly("catalogue", 3.0, {"private-records": 30000})


def test_the_photos_are_those_of_the_recipe_in_its_order() -> None:
    try:
        train, labels = Sources().fashion_mnist("train")
    except BadFileError:
        pytest.skip("Fashion-MNIST is not on this computer")
    for line in ("kin", "odd"):
        mine, theirs = exact._photos(line, 2000), private_set(train, labels, line, 400)
        assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))


FACES = Settings(batch=800, epochs=10, learning_rate=0.02)  # a tenth of the ladder's steps


def test_the_face_login_gets_a_head_of_its_own_on_the_shipped_body(folder: Path) -> None:
    card = exact.train_exactly("face-login", 3.0, {}, settings=FACES)
    assert files(folder) == [f"face-login/face-net-pretrained/3.{kind}" for kind in ("json", "safetensors")]
    assert card.weights.stat().st_size < 50_000  # the body is not in it
    assert card.details["base"] == "public-body"
    assert card.privacy is not None
    assert (card.privacy.epsilon, card.privacy.unit) == (3.0, "one photo")
    assert 2.9 < epsilon_of(card.path) <= 3.0
    assert "at least 120" in card.details["notes"]["en"]
    assert card.utility is not None
    assert card.utility.value > 0.5  # of sixty people, unseen photos
    config = resolve("face-login", model="face-net-pretrained", steps=1, settings={"epsilon": 3})
    run = Run(config)
    list(run)
    assert (run.privacy, run.utility) == (card.privacy, card.utility)
    with pytest.raises(UsageError, match="already"):
        exact.train_exactly("face-login", 3.0, {}, settings=FACES)
    with pytest.raises(UsageError, match="already"):
        exact.train_exactly("face-login", 2.0, {}, settings=FACES)


@pytest.mark.stress
def test_a_head_of_the_ladder_comes_out_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the shipped one of ε = 2 in the way, training here gives its like: within a few photos."""
    shipped = find_weights("face-login", "face-net-pretrained", {"epsilon": 2.0}, needed=["epsilon"])
    monkeypatch.setattr(exact, "weights_cards", lambda scene: ())
    card = exact.train_exactly("face-login", 2.0, {})
    assert shipped.utility is not None
    assert card.utility is not None
    assert card.utility.value == pytest.approx(shipped.utility.value, abs=0.01)
    assert card.details["noise_multiplier"] == shipped.details["noise_multiplier"]


def test_a_scene_without_such_a_training_is_refused() -> None:
    with pytest.raises(UsageError, match="choose among catalogue, face-login"):
        exact.train_exactly("handwriting", 3.0, {})


SERVE = """
import sys, warnings
warnings.simplefilter("ignore")
from pathlib import Path
from mi_studio.core import paths
paths.data_dir = lambda: Path(sys.argv[1])
from mi_studio.training.for_window import serve
from mi_studio.training.private import Settings
sys.exit(serve("catalogue", float(sys.argv[2]), {"private-records": 2000},
               settings=Settings(64, float(sys.argv[3]), 2e-3)))
"""


Serving = Callable[[float, float], subprocess.Popen[bytes]]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    begun: list[subprocess.Popen[bytes]] = []

    def begin(epsilon: float, epochs: float) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(tmp_path), str(epsilon), str(epochs)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        with process:
            process.kill()


@pytest.mark.stress
def test_as_a_process_it_tells_how_far_it_is_and_what_came_of_it(serving: Serving) -> None:
    process = serving(3.0, 0.16)
    assert process.stdout is not None
    lines = [json.loads(line) for line in process.stdout]
    assert process.wait() == 0
    assert lines[-2] == {"share": 1.0}
    assert Path(lines[-1]["card"]) == own_cards("catalogue")[0].path


def test_as_a_process_it_tells_what_is_wrong_in_both_languages(serving: Serving) -> None:
    process = serving(99.0, 0.16)
    assert process.stdout is not None
    error = json.loads(process.stdout.readlines()[-1])["error"]
    assert process.wait() == 3
    assert error["en"] == "ε must be from 0.25 to 64."
    assert error["ja"].endswith("指定してください。")


@pytest.mark.stress
def test_it_ends_with_the_window_that_wanted_it_and_leaves_nothing(serving: Serving, folder: Path) -> None:
    process = serving(3.0, 1000)
    assert process.stdin is not None
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert 0 <= first["share"] < 0.1
    process.stdin.close()  # as when the window is killed
    assert process.wait() == 4
    assert files(folder) == []


def test_what_a_killed_training_may_leave_is_tidied_up(folder: Path) -> None:
    card = trained()
    for name in ("kin-2000-5.safetensors", ".kin-2000-5-abc.json", ".kin-2000-3-x.safetensors"):
        (card.path.parent / name).write_bytes(b"half")
    own.tidy()
    assert files(folder) == [str(p.relative_to(folder)) for p in (card.path, card.weights)]


def test_stops_keep_their_order_and_the_new_one_is_marked() -> None:
    from mi_studio.core.cards import library

    knob = library().defense("dp-training").knob
    for epsilon in (3.0, 0.25, 20.0):
        trained(epsilon)
    with_them = own.with_own(knob, "catalogue", "small-cnn", HERE)
    values = [s.value for s in with_them.stops]
    assert values == [math.inf, 20.0, 16.0, 8.0, 4.0, 3.0, 2.0, 1.0, 0.5, 0.25]
    assert [s.value for s in with_them.stops if own.is_own(with_them, s.value)] == [20.0, 3.0, 0.25]
    assert own.with_own(knob, "catalogue", "small-cnn", HERE | {"private-line": "odd"}) is knob
    assert own.with_own(knob, "face-login", "small-cnn", HERE) is knob
    assert own.nearest(knob, 3.0) == 4.0
    assert own.nearest(knob, 1000.0) == 16.0
    assert own.nearest(knob, math.inf) is None


def test_how_long_it_will_take_is_what_the_shipped_ones_took() -> None:
    recipe = own.recipe_for("catalogue", "small-cnn")
    assert recipe is not None
    seconds = own.seconds_once(recipe, HERE)
    assert seconds is not None
    assert 10 < seconds < 600
    assert own.recipe_for("handwriting", "small-cnn") is None
    assert own.recipe_for("face-login", "face-net") is None


def test_training_here_is_training_as_the_recipe_does(folder: Path) -> None:
    """Five steps of the recipe's own loop on the recipe's own photos are the same model, bit for bit."""
    from mi_studio.engine import models
    from mi_studio.training.private import CLASSES, SEED, train_victim

    card = trained()
    torch.manual_seed(SEED)
    net = models.build("small-cnn", classes=CLASSES)
    again = train_victim(net, *exact._photos("kin", 2000), SHORT, 3.0)
    there = models.load(card).state_dict()
    for name, weights in again.net.state_dict().items():
        np.testing.assert_allclose(there[name].numpy(), weights.numpy(), atol=1e-6)
