"""The face login: its people, its models, and what moves while an attack runs."""

import re
import unicodedata

import numpy as np
import pytest
import torch

from mi_studio.core import paths
from mi_studio.core.cards import library
from mi_studio.core.config import resolve
from mi_studio.core.errors import BadFileError
from mi_studio.engine import Run, class_case, employees
from mi_studio.engine.access import Bank
from mi_studio.engine.case import open_case
from mi_studio.engine.class_case import ClassCase
from mi_studio.engine.models import load
from mi_studio.engine.models.judge import Evaluator
from mi_studio.training.faces.names import read_names

pytestmark = pytest.mark.usefixtures("small_faces")
CPU = torch.device("cpu")


def case(**choice: object) -> ClassCase:
    opened = open_case(resolve("face-login", **choice), CPU, None)
    assert isinstance(opened, ClassCase)
    return opened


def pictures() -> torch.Tensor:
    return torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]+", "-", plain.lower()).strip("-")


def test_the_card_names_the_people_of_the_list() -> None:
    names = read_names(paths.assets())
    targets = library().scene("face-login").targets[""]
    people = {t.labels[0]: t for t in targets if len(t.labels) == 1}
    assert sorted(people) == list(range(employees.PEOPLE)) == list(range(len(names)))
    for label, name in enumerate(names):
        assert people[label].title == name
        assert people[label].id == slug(name.en)
    (eight,) = (t for t in targets if len(t.labels) > 1)
    assert eight.id == "eight"
    assert len(set(eight.labels)) == 8
    assert set(eight.labels) <= set(people)


@pytest.mark.parametrize(("target", "count"), [("linh-dao", 1), ("eight", 8), ("all", 60)])
def test_a_target_is_one_person_or_a_wall(target: str, count: int) -> None:
    opened = case(target=target)
    assert len(opened.setup.targets) == len(opened.secret) == count
    assert list(opened.setup.targets) == sorted(set(opened.setup.targets))
    assert opened.secret.shape[1:] == (64, 64, 3)
    train, _ = employees.read_photos(paths.assets())
    for label, picture in zip(opened.setup.targets, opened.secret, strict=True):
        assert any(np.array_equal(picture, photo) for photo in train[label])


def test_a_wall_is_scored_person_by_person() -> None:
    run = Run(resolve("face-login", target="eight", steps=3))
    list(run)
    scores = run.result()["scores"]
    assert scores["evaluator_top1"]["n"] == 8
    alone = [
        run._case.judge.facing((label,)).full(run._final_images()[i : i + 1])
        for i, label in enumerate(run._case.setup.targets)
    ]
    for name, entry in scores.items():
        assert entry["value"] == pytest.approx(np.mean([a[name][0] for a in alone]), abs=1e-5)


def test_base_rates_look_once_at_random_people_however_many_targets_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(class_case, "_JUDGES", {})
    judge = case(target="all").judge
    looked: list[int] = []
    features = Evaluator.features
    monkeypatch.setattr(Evaluator, "features", lambda self, x: looked.append(len(x)) or features(self, x))
    rates = judge.base_rates()
    assert looked == [256]
    assert 0 <= rates["evaluator_top1"] <= rates["evaluator_top5"] <= 1
    assert rates["evaluator_top1"] == pytest.approx(1 / 60)  # somebody is always named
    judge.facing((3,)).base_rates()
    assert looked == [256]


@pytest.mark.parametrize("attack", ["latent-search", "score-search"])
@pytest.mark.parametrize("way", ["mid", "bido"])
def test_a_model_trained_in_another_way_takes_the_place_and_gives_it_back(attack: str, way: str) -> None:
    opened = case(attack=attack, defenses=[way], settings={way: "off"})
    values = resolve("face-login", defenses=[way], settings={way: "off"}).values

    def answers() -> torch.Tensor:
        model = getattr(opened.access, "model", None)
        return model(pictures()).softmax(1) if model else opened.access.query(pictures())

    plain = answers()
    opened.turn(values | {way: "on"})
    defended = answers()
    assert not torch.allclose(plain, defended)
    fresh = case(attack=attack, defenses=[way], settings={way: "on"})
    held = getattr(fresh.access, "model", None)
    again = held(pictures()).softmax(1) if held else fresh.access.query(pictures())
    assert torch.equal(defended, again)
    opened.turn(values)
    assert torch.equal(answers(), plain)


def test_a_search_goes_on_when_a_model_of_another_shape_takes_the_place() -> None:
    run = Run(resolve("face-login", defenses=["mid"], settings={"mid": "off"}, steps=30))
    for step in run:
        if step.index in (4, 20):
            run.turn({"mid": "on" if step.index == 4 else "off"})
    assert [m.step for m in run.history.moves] == [5, 21]
    assert run.history.last.index == 30
    assert run.history.best_index == 30
    assert run.result()["mixed"] is True


def test_plain_weights_never_stand_in_for_defended_ones() -> None:
    with pytest.raises(BadFileError):
        case(defenses=["tl-dmi"])  # the small zoo has none


def test_a_model_that_was_not_trained_so_keeps_its_weights_and_says_so() -> None:
    plain, other = case(model="resnet-18"), case(model="resnet-18", defenses=["mid"])
    assert torch.equal(plain.access.model(pictures()), other.access.model(pictures()))
    run = Run(resolve("face-login", model="resnet-18", defenses=["mid"], steps=1))
    list(run)
    (entry,) = run.result()["defenses"]
    assert entry["effective"] is False
    assert "standard face model" in entry["reason"]["en"]


def test_the_ladder_belongs_to_the_pretrained_model() -> None:
    free = case(model="face-net-pretrained")
    strict = case(model="face-net-pretrained", settings={"epsilon": 1.0})
    assert not torch.equal(free.access.model(pictures()), strict.access.model(pictures()))
    with pytest.raises(BadFileError):
        case(model="face-net-pretrained", settings={"epsilon": 4.0})  # not in the small zoo


def test_only_a_quick_latent_search_is_given_the_bank(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Bank(torch.zeros(1, 6), np.zeros((1, 64, 64, 3), np.uint8))
    asked = []
    monkeypatch.setattr(class_case, "read_bank", lambda folder, sha256: asked.append(sha256) or known)
    quick = case()
    assert quick.setup.bank is known
    assert quick.setup.effort == "quick"
    assert asked == [class_case.find_weights("face-login", "prior", {}).sha256]
    thorough = case(settings={"effort": "thorough"})
    assert thorough.setup.bank is None
    assert thorough.setup.effort == "thorough"
    assert case(attack="mi-face").setup.bank is None


def test_features_that_are_shipped_are_not_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_case, "_JUDGES", {})
    features = torch.nn.functional.normalize(
        torch.randn((2400, 16), generator=torch.Generator().manual_seed(0)), dim=1
    )
    monkeypatch.setattr(class_case, "read_features", lambda *_: features)
    monkeypatch.setattr(class_case, "features_of", lambda *_: pytest.fail("looked at the photos"))
    assert torch.equal(case().judge._features, features)


def test_colours_stay_in_order() -> None:
    """Networks lie in memory as colour pictures do; what they answer is the same."""
    opened = case()
    card = class_case.find_weights("face-login", "face-net", {})
    assert torch.allclose(opened.access.model(pictures()), load(card)(pictures()), atol=1e-4)
