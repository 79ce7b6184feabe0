"""The science of the hospital consortium: what a batch hides, what an altered model opens, what stops it."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from mi_studio.core import paths
from mi_studio.core.cards import library
from mi_studio.core.config import resolve, why_not_attack
from mi_studio.core.errors import UsageError
from mi_studio.engine import Run
from mi_studio.engine.access import MaliciousServer
from mi_studio.engine.assignment import assign
from mi_studio.engine.attacks.updates import cosine_distance, dealt, labels_of
from mi_studio.engine.case import open_case
from mi_studio.engine.judge import RecordJudge
from mi_studio.engine.rounds import Message, update
from mi_studio.engine.scenes import hospital
from mi_studio.training import hospital as training
from mi_studio.training.recipe import Context
from mi_studio.training.scans import KINDS
from mi_studio.training.sources import Sources

CPU = torch.device("cpu")


def run(**choice: Any) -> Run:
    started = Run(resolve("hospital", device="cpu", **choice))
    for _ in started:
        pass
    return started


def score(finished: Run, metric: str) -> float:
    return float(finished.result()["scores"][metric]["value"])


def above_chance(finished: Run) -> float:
    found = finished.result()["scores"]["psnr_db"]
    return float(found["value"] - found["base_rate"])


def case(**choice: Any) -> Any:
    return open_case(resolve("hospital", **choice), CPU, None)


def flat(message: Message) -> Tensor:
    return torch.cat([part.flatten() for part in message])


# what is sent


def test_every_hospital_has_its_own_pictures_of_known_kinds() -> None:
    archive = [hospital.read(name) for name in hospital.HOSPITALS]
    pictures = np.concatenate([p for p, _ in archive])
    assert pictures.shape == (128, 32, 32, 3)
    assert len({p.tobytes() for p in pictures}) == 128
    assert set(np.concatenate([k for _, k in archive])) == set(range(len(KINDS)))


def test_the_shipped_pictures_are_those_that_the_recipe_draws(tmp_path: Path) -> None:
    training.write_pictures(Context(Sources(), tmp_path, tmp_path, tmp_path, "cpu", lambda *_: None))
    for name in (*(f"{h}.png" for h in hospital.HOSPITALS), "kinds.toml"):
        shipped = paths.assets() / "hospital" / name
        if shipped.suffix == ".toml":
            assert (tmp_path / "hospital" / name).read_text() == shipped.read_text()
            continue
        drawn, kept = (np.asarray(Image.open(p), dtype=int) for p in (tmp_path / "hospital" / name, shipped))
        assert np.abs(drawn - kept).max() <= 2  # another machine's rounding


def test_aggregation_is_the_mean_of_the_hospitals_updates_and_no_hospitals_own() -> None:
    settings = {"batch": 4}
    attack = {"attack": "grad-inversion", "settings": settings}
    own = [flat(case(target=name, **attack).access.message) for name in hospital.HOSPITALS]
    together = flat(case(target="together", **attack).access.message)
    torch.testing.assert_close(together, torch.stack(own).mean(0))
    assert all(float((together - one).norm() / together.norm()) > 0.5 for one in own)


def test_after_several_local_steps_the_weights_difference_is_sent() -> None:
    made = case(attack="grad-inversion", target="north", settings={"batch": 4, "local-steps": 4})
    (images, labels), agreed = made._held[0], made.access.round
    model = copy.deepcopy(made.access.model)
    before = [p.detach().clone() for p in model.parameters()]
    optimiser = torch.optim.SGD(model.parameters(), lr=agreed.rate)
    for _ in range(4):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimiser.step()
    moved = [(b - a.detach()) / agreed.rate for b, a in zip(before, model.parameters(), strict=True)]
    torch.testing.assert_close(flat(made.access.message), flat(moved), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("steps", [1, 4])
def test_the_attackers_simulation_of_a_round_is_the_round(steps: int) -> None:
    made = case(attack="grad-inversion", target="together", settings={"batch": 2, "local-steps": steps})
    images, labels = (torch.cat(parts) for parts in zip(*made._held, strict=True))
    mine = update(made.access.model, images.requires_grad_(True), labels, made.access.round)
    torch.testing.assert_close(flat(mine), flat(made.access.message), rtol=1e-4, atol=1e-6)
    assert mine[0].requires_grad


@pytest.mark.parametrize(("target", "batch"), [("north", 1), ("north", 8), ("together", 8)])
def test_the_labels_of_a_batch_are_read_off_its_update(target: str, batch: int) -> None:
    made = case(attack="grad-inversion", target=target, settings={"batch": batch})
    found = labels_of(made.access, made.setup.draws(), made.setup.shape)
    true = torch.cat([labels for _, labels in made._held]).sort().values
    assert torch.equal(found, true)


@pytest.mark.parametrize(("shares", "held"), [
    ((6,), [0, 0, 1, 1, 2, 3]),
    ((2, 2, 2), [0, 1, 0, 2, 1, 3]),
    ((1, 5), [1, 0, 0, 1, 2, 3]),
])  # fmt: skip
def test_labels_are_dealt_out_evenly(shares: tuple[int, ...], held: list[int]) -> None:
    assert dealt(torch.tensor([0, 0, 1, 1, 2, 3]), shares).tolist() == held


def test_after_several_local_steps_an_even_mix_is_the_better_guess_of_who_held_what() -> None:
    choice = {"batch": 8, "local-steps": 4}
    made = case(attack="grad-inversion", target="together", settings=choice)
    images, true = (torch.cat(parts) for parts in zip(*made._held, strict=True))
    found = labels_of(made.access, made.setup.draws(), made.setup.shape)
    assert torch.equal(found.sort().values, true.sort().values)

    def off(labels: Tensor) -> float:
        """Return how far the update of the true pictures is if each is held where its label is."""
        by_label = images[true.argsort(stable=True)][labels.argsort(stable=True).argsort()]
        mine = update(made.access.model, by_label, labels, made.access.round)
        return float(cosine_distance(mine, made.access.message).detach())

    assert off(found) < off(true.sort().values) / 10


# who may do what


def test_a_model_that_remembers_comes_back_with_nothing() -> None:
    class Spy(nn.Module):
        def __init__(self, model: nn.Module) -> None:
            super().__init__()
            self.model = model
            self.seen: list[Tensor] = []

        def forward(self, x: Tensor) -> Tensor:
            self.seen.append(x)
            answer: Tensor = self.model(x)
            return answer

    access = case(attack="imprint").access
    assert isinstance(access, MaliciousServer)
    spy = Spy(access.model)
    message = access.ask(spy)
    assert spy.seen == []
    assert access.queries == 1
    assert all(not part.requires_grad for part in message)
    assert [p.shape for p in message] == [p.shape for p in spy.parameters()]


def test_defences_act_on_what_a_malicious_server_gets() -> None:
    made = case(attack="imprint", settings={"gradient-prune": 0.9, "gradient-noise": 0.5})
    kept: dict[str, Any] = {"gradient-prune": 0.0, "gradient-noise": 0.0}
    made.turn(kept)
    true = flat(made.access.ask(made.access.model))
    made.turn(kept | {"gradient-noise": 1.0})
    noisy = flat(made.access.ask(made.access.model))
    assert torch.equal(noisy, flat(made.access.ask(made.access.model)))  # one draw, which asking again keeps
    assert float((noisy - true).norm() / true.norm()) > 0.3
    made.turn(kept | {"gradient-prune": 0.9})
    assert float((flat(made.access.ask(made.access.model)) == 0).float().mean()) > 0.5


def test_attacks_for_a_single_record_are_refused_with_a_reason() -> None:
    scene, alone = library().scene("hospital"), library().scene("federated")
    needy = [a for a in library().attacks if "single-record" in a.requires]
    assert {a.id for a in needy} == {"dlg", "idlg", "r-gap"}
    for attack in needy:
        reason = why_not_attack(scene, attack)
        assert reason is not None
        assert "a batch is sent" in reason.en
        assert why_not_attack(alone, attack) is None
        with pytest.raises(UsageError, match="a batch is sent"):
            resolve("hospital", attack=attack.id)


# what comes out


def test_imprint_recovers_nine_tenths_of_an_aggregated_batch_of_32() -> None:
    finished = run(attack="imprint", seed=101, steps=8)
    assert len(finished.secret) == 32
    assert score(finished, "recovered") >= 0.9
    assert finished.result()["queries"] == 4


def test_imprint_gets_through_local_steps_as_well() -> None:
    assert score(run(attack="imprint", steps=4, settings={"local-steps": 4}), "recovered") >= 0.9


def test_noise_stops_imprint() -> None:
    """A tenth of the update's own size is enough: pictures are read as small differences of large sums."""
    stopped = run(attack="imprint", steps=4, settings={"gradient-noise": 0.1})
    assert score(stopped, "recovered") == 0
    assert score(stopped, "identifiability") <= 0.25


def test_imprint_asks_again_when_a_knob_moves() -> None:
    started = Run(
        resolve("hospital", attack="imprint", steps=8, settings={"gradient-noise": 0.1}, device="cpu")
    )
    for step in started:
        if step.index == 4:
            started.turn({"gradient-noise": 0.0})
    assert started.history.last.queries == 5
    assert started.history.mixed


def test_grad_inversion_beats_unrelated_pictures_by_4_db_at_a_batch_of_4() -> None:
    finished = run(attack="grad-inversion", target="north", steps=60, seed=101, settings={"batch": 4})
    assert above_chance(finished) >= 4
    assert score(finished, "identifiability") >= 0.75


def test_known_failure_a_larger_batch_hides_its_pictures_from_grad_inversion() -> None:
    few = run(attack="grad-inversion", target="north", steps=20, seed=101, settings={"batch": 1})
    many = run(attack="grad-inversion", target="together", steps=20, seed=101, settings={"batch": 4})
    assert above_chance(many) <= above_chance(few) - 4
    assert score(many, "recovered") == 0


def test_inverting_gradients_takes_one_picture_and_a_batch() -> None:
    one = run(attack="inverting-gradients", target="north", steps=60, seed=101, settings={"batch": 1})
    two = run(attack="inverting-gradients", target="north", steps=60, seed=101, settings={"batch": 2})
    assert above_chance(one) >= 8
    assert above_chance(two) >= 4


# how a batch is judged


def test_assignment_is_the_best_there_is() -> None:
    rng = np.random.default_rng(3)
    for trial in range(60):
        n = int(rng.integers(1, 7))
        costs = rng.normal(size=(n, n)) if trial % 2 else rng.integers(0, 3, (n, n)).astype(float)
        found = assign(costs)
        assert sorted(found) == list(range(n))
        best = min(costs[np.arange(n), list(p)].sum() for p in itertools.permutations(range(n)))
        assert costs[np.arange(n), found].sum() == pytest.approx(best)


def test_a_batch_is_judged_whatever_its_order_and_the_truth_shown_in_the_attackers() -> None:
    draws = torch.Generator().manual_seed(1)
    truth, others = torch.rand((4, 3, 16, 16), generator=draws), torch.rand((12, 3, 16, 16), generator=draws)
    judge, order = RecordJudge(truth, others), torch.tensor([2, 0, 3, 1])
    scores = judge.full(truth[order])
    assert (scores["psnr_db"] == 60).all()
    assert (scores["recovered"] == 1).all()
    assert (scores["identifiability"] == 1).all()
    assert np.array_equal(judge.original(truth[order]), judge.original(truth)[order.numpy()])


def test_a_picture_handed_in_twice_counts_once() -> None:
    draws = torch.Generator().manual_seed(1)
    truth, others = torch.rand((2, 3, 16, 16), generator=draws), torch.rand((6, 3, 16, 16), generator=draws)
    scores = RecordJudge(truth, others).full(truth[[0, 0]])
    assert scores["recovered"].sum() == 1
    assert scores["identifiability"].sum() == 1


def test_one_picture_that_is_plain_among_seven_bad_ones_is_counted() -> None:
    made = case(attack="grad-inversion", target="north", settings={"batch": 8})
    truth = made.judge._truth
    noise = torch.rand(truth.shape, generator=torch.Generator().manual_seed(1))
    seen = truth[2:3] + 0.05 * (noise[2:3] - 0.5)
    scores = made.judge.quick(torch.cat([noise[:7], seen.clamp(0, 1)]))
    assert scores["plain"].tolist() == [0, 0, 0, 0, 0, 0, 0, 1]
    assert scores["psnr_db"].mean() < 16
    blurred = nn.functional.avg_pool2d(truth, 5, 1, 2, count_include_pad=False)
    assert np.array_equal(made.judge.quick(blurred)["plain"], made.judge.full(blurred)["plain"])


def test_a_picture_that_could_as_well_be_another_one_is_not_plain() -> None:
    draws = torch.Generator().manual_seed(1)
    truth, others = torch.rand((2, 3, 16, 16), generator=draws), torch.rand((6, 3, 16, 16), generator=draws)
    others[3] = (truth[0] + 0.12).clamp(0, 1)  # hardly to be told from the true one
    between = (truth[0] + others[3]) / 2
    scores = RecordJudge(truth, others).full(torch.stack([between, truth[1]]))
    assert 20 < scores["psnr_db"][0] < 30
    assert scores["plain"].tolist() == [0, 1]
    only = RecordJudge(truth, others[4:]).full(torch.stack([between, truth[1]]))
    assert only["plain"].tolist() == [1, 1]


@pytest.mark.parametrize("target", ["south", "together"])
def test_unrelated_pictures_are_never_plain_though_some_come_as_near(target: str) -> None:
    judge = case(attack="grad-inversion", target=target, settings={"batch": 8}).judge
    assert judge.base_rates()["plain"] == 0
    line_up = judge._line_up[: len(judge._truth)]
    assert (judge.quick(line_up)["psnr_db"] >= 20).any()


def test_unrelated_pictures_may_choose_the_nearest_record_as_the_attackers_may() -> None:
    made = case(attack="imprint")
    base = made.judge.base_rates()
    alone = RecordJudge(made.judge._truth[:1], made.judge._line_up).base_rates()
    assert base["psnr_db"] > alone["psnr_db"] + 1
    assert base["identifiability"] == 32 / 128


def test_imprint_begins_anew_when_the_clients_send_again():
    run = Run(resolve("hospital", attack="imprint", steps=12, seed=101, settings={"gradient-noise": 0.1}))
    for step in run:
        if step.index == 6:
            run.turn({"gradient-noise": 0.0})
    assert all(step.objective >= -1e-6 for step in run.history.steps)
    assert run.final_scores()["recovered"].mean() >= 0.8


def test_imprint_survives_updates_of_which_hardly_anything_is_left():
    run = Run(resolve("hospital", attack="imprint", steps=6, settings={"gradient-prune": 0.999}))
    assert len(list(run)) == 7


def test_the_clients_noise_is_not_what_the_attacker_draws():
    case = open_case(
        resolve("hospital", attack="grad-inversion", settings={"gradient-noise": 1.0}),
        torch.device("cpu"),
        None,
    )
    first = case._draws[0][0]
    assert not torch.equal(first.cpu(), torch.randn(first.shape, generator=case.setup.draws()))
    assert case.setup.targets == ()


def test_a_model_that_reports_home_reports_nothing():
    case = open_case(resolve("hospital", attack="imprint"), torch.device("cpu"), None)
    seen = []
    case.access.model.register_forward_hook(lambda module, given, made: seen.append(given))
    case.access.ask(case.access.model)
    assert seen == []
