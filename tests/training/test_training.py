"""Training with and without a guarantee, checkpoints, and the shipped cards."""

import dataclasses
import itertools
import math

import pytest
import torch

from mi_studio.core.errors import RunError, UsageError
from mi_studio.core.weights import weights_cards
from mi_studio.engine import models
from mi_studio.training import checkpoint, private, zoo
from mi_studio.training.writing import write_weights

TINY = private.Settings(batch=20, epochs=2, learning_rate=1e-3)
CARDS = {f"{c.model}/{c.path.stem}": c for s in ("catalogue", "federated") for c in weights_cards(s)}


@pytest.fixture(scope="module")
def records():
    generator = torch.Generator().manual_seed(0)
    return torch.rand(100, 1, 28, 28, generator=generator), torch.arange(5).repeat(20)


def victim(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    return models.build("small-cnn")


def same(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))


@pytest.fixture
def opacus():
    # its import warns about other people's modules
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import opacus.optimizers  # noqa: F401

        yield


@pytest.mark.parametrize("epsilon", [pytest.param(math.inf, marks=pytest.mark.stress), 4.0])
def test_same_seed_same_weights(opacus, records, epsilon):
    one, two, other = (private.train_victim(victim(s), *records, TINY, epsilon, seed=s) for s in (1, 1, 2))
    assert same(one.net, two.net)
    assert not same(one.net, other.net)


def test_private_training_keeps_its_budget(opacus, records):
    trained = private.train_victim(victim(0), *records, TINY, 2.0)
    assert all(bool(torch.isfinite(p).all()) for p in trained.net.parameters())
    assert 1.8 < trained.epsilon <= 2.0
    assert trained.noise_multiplier > 0
    # nothing of Opacus is left on the network
    assert not any(m._forward_hooks or m._backward_hooks for m in trained.net.modules())


def test_clipping_bounds_the_influence_of_one_record(opacus):
    """With noise all but off, one step of plain SGD moves the weights by at most rate * clip / batch."""
    settings = private.Settings(batch=1, epochs=1, learning_rate=1.0, clip=0.01)
    torch.manual_seed(0)
    net = models.build("small-cnn")
    before = [p.detach().clone() for p in net.parameters()]
    optimiser = torch.optim.SGD(net.parameters(), lr=1.0)
    step = private._private_step(net, optimiser, settings, 1e-9, torch.Generator().manual_seed(0))
    step(torch.rand(1, 1, 28, 28), torch.tensor([0]))
    moved = sum(float((p - b).detach().square().sum()) for p, b in zip(net.parameters(), before, strict=True))
    assert math.sqrt(moved) == pytest.approx(0.01, rel=0.01)


def test_chunks_do_not_change_the_gradient(opacus, monkeypatch):
    x, y = torch.rand(10, 1, 28, 28), torch.arange(10) % 5
    nets = []
    for chunk in (4, 10):
        monkeypatch.setattr(private, "_CHUNK", chunk)
        torch.manual_seed(0)
        net = models.build("small-cnn")
        optimiser = torch.optim.SGD(net.parameters(), lr=1.0)
        settings = private.Settings(batch=10, epochs=1, learning_rate=1.0)
        private._private_step(net, optimiser, settings, 0.5, torch.Generator().manual_seed(0))(x, y)
        nets.append(net)
    for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_checkpoint_restores_everything(tmp_path):
    def fresh(seed):
        torch.manual_seed(seed)
        net = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3))
        return net, torch.optim.Adam(net.parameters(), lr=0.1)

    def steps(net, optimiser, seeds):
        for seed in seeds:
            optimiser.zero_grad()
            net(torch.rand(8, 3, generator=torch.Generator().manual_seed(seed))).square().sum().backward()
            optimiser.step()

    whole, whole_opt = fresh(0)
    steps(whole, whole_opt, range(6))
    first, first_opt = fresh(0)
    steps(first, first_opt, range(3))
    path = tmp_path / "check.safetensors"
    checkpoint.save(path, {"epoch": 3}, {"net": first}, {"opt": first_opt})
    second, second_opt = fresh(1)
    assert checkpoint.restore(path, {"net": second}, {"opt": second_opt}) == {"epoch": 3}
    steps(second, second_opt, range(3, 6))
    assert same(whole, second)


def test_damaged_checkpoint_is_no_checkpoint(tmp_path):
    path = tmp_path / "check.safetensors"
    path.write_bytes(b"half a file")
    assert checkpoint.restore(path, {}, {}) is None
    assert checkpoint.restore(tmp_path / "none", {}, {}) is None


def test_diverged_weights_are_not_written(tmp_path):
    net = models.build("small-cnn")
    with torch.no_grad():
        net.head.bias[0] = float("nan")
    with pytest.raises(RunError, match="diverged"):
        write_weights(
            tmp_path, "catalogue", "small-cnn", net, architecture="small-cnn", build={}, knobs={},
            recipe="test", seed=0, utility=None, details={},
        )  # fmt: skip
    assert not list(tmp_path.rglob("*.*"))


def test_unknown_recipe_names_the_known_ones():
    with pytest.raises(UsageError, match="catalogue-sheets"):
        zoo.train(["no-such-recipe"], "cpu", lambda message, fraction: None)


def test_the_whole_grid_is_shipped():
    wanted = {
        f"small-cnn/{line}-{records}-{epsilon:g}"
        for line, records, epsilon in itertools.product(("kin", "odd"), (2000, 30000), private.EPSILONS)
    }
    wanted |= {
        f"{model}/{size}-{progress}"
        for model, size, progress in itertools.product(
            ("strided-cnn", "pooled-cnn", "sigmoid-net"), (32, 64), ("fresh", "early", "converged")
        )
    }
    assert set(CARDS) == wanted | {"evaluator/all", "prior/kin", "prior/odd"}


SAMPLE = [
    "small-cnn/kin-2000-inf", "small-cnn/odd-2000-0.5", "small-cnn/kin-30000-2", "small-cnn/odd-30000-8",
    "strided-cnn/32-early", "pooled-cnn/32-converged", "sigmoid-net/64-converged",
]  # fmt: skip


@pytest.mark.parametrize("name", SAMPLE)
def test_card_measures_again(name):
    found = zoo.measure(CARDS[name])
    assert found == pytest.approx(CARDS[name].utility.value, abs=zoo.TOLERANCE)


@pytest.mark.stress
def test_every_card_measures_again():
    assert zoo.check(lambda message, fraction: None) == []


def test_check_names_a_card_that_claims_too_much(monkeypatch):
    true = CARDS["pooled-cnn/32-converged"]
    boast = dataclasses.replace(true, utility=dataclasses.replace(true.utility, value=0.5))
    monkeypatch.setattr(zoo, "weights_cards", lambda scene: [boast] if scene == "federated" else [])
    (difference,) = zoo.check(lambda message, fraction: None)
    assert difference.claimed == 0.5
    assert "card says 0.5000" in str(difference)


def test_every_guarantee_is_what_the_accountant_says(opacus):
    for card in CARDS.values():
        assert (card.privacy is None) == (
            card.model != "small-cnn" or math.isinf(float(card.knobs["epsilon"]))
        )
        if card.privacy is not None:
            spent = private.epsilon_of(card.path)
            assert spent == pytest.approx(card.details["epsilon_spent"], abs=1e-6)
            assert 0.97 * card.privacy.epsilon < spent <= card.privacy.epsilon


@pytest.mark.parametrize("line", ["kin", "odd"])
def test_priors_draw_varied_pictures(line):
    prior = models.load(CARDS[f"prior/{line}"])
    with torch.no_grad():
        pictures = prior(torch.randn(64, prior.latent, generator=torch.Generator().manual_seed(0)))
    assert pictures.shape == (64, 1, 28, 28)
    assert float(pictures.min()) >= 0.0
    assert float(pictures.max()) <= 1.0
    assert float(pictures.std(0).mean()) > 0.15


def test_models_with_no_guarantee_are_useful():
    assert CARDS["evaluator/all"].utility.value >= 0.88
    for line, records in itertools.product(("kin", "odd"), (2000, 30000)):
        assert CARDS[f"small-cnn/{line}-{records}-inf"].utility.value >= 0.90
