"""Defences together: any set of them in any order runs, again the same, and acts only where it acts."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mi_studio.core.cards import library
from mi_studio.core.config import resolve, rivals, why_not_defense, why_not_installed
from mi_studio.engine import Run

ATTACKS = (
    ("catalogue", "score-search"),
    ("catalogue", "latent-search"),
    ("federated", "inverting-gradients"),
    ("hospital", "inverting-gradients"),
)
SMALL: dict[str, dict[str, str | float]] = {"hospital": {"batch": 1}}
FEW = settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


Chosen = list[tuple[str, str | float]]


def chosen(draw, scene: str) -> Chosen:
    """Return some defences of a scene in some order, each with a value of its knob, off included."""
    card = library().scene(scene)
    there = {
        d.id: d
        for d in library().defenses
        if why_not_defense(card, d) is None and why_not_installed(d) is None
    }
    some: list[str] = []
    for name in draw(st.permutations(list(there)))[: draw(st.integers(1, 6))]:
        if not {r.id for r in rivals(there[name], there.values())} & set(some):
            some.append(name)
    return [(name, draw(st.sampled_from([s.value for s in there[name].knob.stops]))) for name in some]


def steps(scene: str, attack: str, defenses: Chosen):
    """Return what an attack does in a short run, bit by bit, and what the defences cost."""
    cards = library()
    settings = SMALL.get(scene, {}) | {cards.defense(name).knob.id: value for name, value in defenses}
    names = [name for name, _ in defenses]
    run = Run(resolve(scene, attack=attack, steps=1, defenses=names, settings=settings), threads=1)
    return [(s.images.tobytes(), s.objective, s.view, s.queries) for s in run], run.utility


def acts(name: str) -> str:
    return library().defense(name).acts


@pytest.mark.parametrize(("scene", "attack"), ATTACKS)
class TestTogether:
    @FEW
    @given(st.data())
    def test_the_same_again_is_the_same(self, scene, attack, data):
        some = chosen(data.draw, scene)
        assert steps(scene, attack, some) == steps(scene, attack, some)

    @FEW
    @given(st.data())
    def test_what_acts_in_different_places_can_be_chosen_in_any_order(self, scene, attack, data):
        some = chosen(data.draw, scene)
        places = data.draw(st.permutations(sorted({acts(name) for name, _ in some})))
        sorted_out = [pair for place in places for pair in some if acts(pair[0]) == place]
        assert steps(scene, attack, some) == steps(scene, attack, sorted_out)


@pytest.mark.parametrize("attack", [pytest.param("score-search", marks=pytest.mark.stress), "latent-search"])
@FEW
@given(st.data())
def test_what_acts_where_an_attacker_never_looks_changes_nothing_for_him(attack, data):
    """Bit by bit: answers and gateways for the holder of the file, trained-in ones aside, which reach all."""
    some = chosen(data.draw, "catalogue")
    level = library().attack(attack).access
    reaching = [pair for pair in some if level in library().defense(pair[0]).reaches]
    assert steps("catalogue", attack, some)[0] == steps("catalogue", attack, reaching)[0]
