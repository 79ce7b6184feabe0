"""Guarantees hold up: a second library counts the same ε, and no audit proves more than that."""

import math
import warnings

import pytest
import torch

from mi_studio.core.weights import weights_cards
from mi_studio.training import audit
from mi_studio.training.private import DELTA, Settings

GUARANTEED = [c for s in ("catalogue", "face-login") for c in weights_cards(s) if c.privacy]
CLASSES = 10


@pytest.fixture(autouse=True)
def quiet_imports():
    # importing either library warns about other people's modules
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import dp_accounting.rdp  # noqa: F401
        import opacus.optimizers  # noqa: F401

        yield


@pytest.mark.parametrize("card", GUARANTEED, ids=lambda card: f"{card.model}/{card.path.stem}")
def test_a_second_library_counts_the_same_epsilon(card):
    import dp_accounting as dp
    from dp_accounting.rdp import RdpAccountant

    how = card.details
    batch = dp.PoissonSampledDpEvent(how["sampling_rate"], dp.GaussianDpEvent(how["noise_multiplier"]))
    event = dp.SelfComposedDpEvent(batch, how["steps"])
    again = RdpAccountant().compose(event).get_epsilon(card.privacy.delta)
    assert again == pytest.approx(card.privacy.epsilon, rel=0.05)


@pytest.fixture(scope="module")
def people():
    draws = torch.Generator().manual_seed(0)
    middles = torch.randn((CLASSES, 48), generator=draws)
    records = middles.repeat_interleave(20, 0) + 0.3 * torch.randn((200, 48), generator=draws)
    return records / 48**0.5, torch.arange(CLASSES).repeat_interleave(20)


@pytest.mark.parametrize(("epsilon", "at_least", "at_most"), [(math.inf, 1.0, 20.0), (1.0, 0.0, 1.0)])
def test_an_audit_finds_what_is_not_private_and_clears_what_is(people, epsilon, at_least, at_most):
    settings = Settings(batch=200, epochs=40, learning_rate=0.05)
    found = audit.audit_head(*people, CLASSES, settings, epsilon, seed=1)
    assert at_least <= found.shown <= at_most


def test_guessing_proves_nothing_and_certainty_much():
    assert audit.lower_bound(50, 100, 1000) == 0
    # by hand: with δ = 0, all right of a hundred has the chance of one right guess to the hundredth power
    sure = audit.lower_bound(100, 100, 1000, delta=0.0)
    assert (1 / (1 + math.exp(-sure))) ** 100 == pytest.approx(0.05, rel=1e-3)
    assert audit.lower_bound(90, 100, 1000, DELTA) < audit.lower_bound(90, 100, 1000, delta=0.0)
    bounds = [audit.lower_bound(right, 100, 1000) for right in range(50, 101)]
    assert bounds == sorted(bounds)
