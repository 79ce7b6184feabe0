"""What score search makes of an API that only names a class."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mi_studio.core.config import resolve
from mi_studio.engine import Run
from mi_studio.engine.access import Progress, ScoreApi, Setup
from mi_studio.engine.attacks.score_search import attack


class Plane:
    """A prior whose pictures are its latents: one row of two pixels."""

    latent, view = 2, 0

    def __call__(self, z: Tensor, view: Tensor | None = None) -> Tensor:
        return z[:, None, None]


def search(says_yes: Callable[[Tensor], Tensor], steps: int) -> tuple[list[Progress], ScoreApi]:
    def answer(images: Tensor) -> Tensor:
        yes = says_yes(images[:, 0, 0]).float()
        return torch.stack([yes, 1 - yes], dim=1)

    api = ScoreApi(answer, ("yes", "no"))
    setup = Setup((0,), (1, 1, 2), 0, steps, torch.device("cpu"), Plane())
    return list(attack(api, setup)), api


def place(progress: Progress) -> Tensor:
    return progress.images[0, 0, 0]


def test_a_start_that_is_answered_yes_is_not_the_best_there_is():
    found, _ = search(lambda z: z[:, 0] > -0.5, 8)
    assert min(p.objective for p in found[1:]) < found[0].objective


def test_what_it_hands_in_lies_inside_the_class():
    found, _ = search(lambda z: z[:, 0] > 1, 30)
    handed_in = min(found, key=lambda p: p.objective)
    assert handed_in.objective < -0.7
    assert float(place(handed_in)[0]) > 1


def test_of_equal_answers_the_likelier_drawings_are_parents():
    found, _ = search(lambda z: z[:, 0] > -1, 10)
    assert float(place(found[-1]).norm()) < 0.3


def test_one_yes_among_noes_shows_the_way():
    found, _ = search(lambda z: (z - torch.tensor([2.5, 0.0])).norm(dim=1) < 0.5, 40)
    assert float((place(found[-1]) - torch.tensor([2.5, 0.0])).norm()) < 0.5


@pytest.mark.parametrize("always", [True, False])
def test_answers_that_are_all_alike_teach_nothing(always):
    found, _ = search(lambda z: torch.full((len(z),), always), 5)
    assert torch.equal(place(found[-1]), torch.zeros(2))
    assert {p.objective for p in found} == {-1.0 if always else 0.0}


def test_a_generation_costs_its_population():
    found, api = search(lambda z: z[:, 0] > 0, 3)
    assert len(found) == 4
    assert api.queries == 4 * 100


def test_a_label_only_search_does_not_hand_in_its_start():
    run = Run(resolve("catalogue", attack="score-search", target="sneaker", seed=5, steps=6,
                      settings={"granularity": "label"}))  # fmt: skip
    for _ in run:
        pass
    assert run.history.best_index > 0
