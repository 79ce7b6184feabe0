from __future__ import annotations

import pytest

from mi_studio.core import paths
from mi_studio.core.cards import library
from mi_studio.core.config import lean, resolve
from mi_studio.core.outcome import Outcome
from mi_studio.core.weights import Utility
from mi_studio.studio import tradeoff


def ran(seed: int, leak: float, use: float, changed: float | None = None, **settings: float) -> Outcome:
    config = lean(resolve("federated", seed=seed, settings=settings), library())
    utility = Utility("update_cosine", use, 1, changed)
    return Outcome(config, {"psnr_db": leak}, {"psnr_db": 9.0}, utility, None, 0, 1.0, "test")


RUNS = [
    *(ran(seed, 20 + seed, 1.0) for seed in (1, 2, 3)),
    ran(1, 10.0, 0.8, **{"gradient-noise": 0.5}),
    ran(1, 12.0, 0.7, **{"gradient-prune": 0.9}),
    ran(1, 9.0, 0.2, **{"gradient-noise": 2.0}),
]


def test_a_dot_is_one_setting_and_its_bar_goes_from_the_lowest_seed_to_the_highest() -> None:
    (chart,) = tradeoff.charts(library().scene("federated"), RUNS)
    bare, *others = chart.dots
    assert bare.bare
    assert bare.leak == (21, 22, 23)
    assert bare.shown.config.seed == 2
    assert len(others) == 3
    assert chart.base == 9.0
    assert not chart.falling


def test_the_front_is_what_nothing_beats_in_both() -> None:
    (chart,) = tradeoff.charts(library().scene("federated"), RUNS)
    assert {dot.name.en.split(": ")[-1] for dot in chart.dots if dot.front} == {"No defence", "0.5", "2"}


def test_where_a_small_number_is_a_large_leak_the_front_turns_around() -> None:
    config = resolve("catalogue")
    near, far = (
        Outcome(c, {"distance_same": d}, {}, Utility("test_accuracy", u, 9), None, 0, 1.0, "t")
        for c, d, u in (
            (config, 0.3, 0.9),
            (resolve("catalogue", settings={"epsilon": 1}), 0.9, 0.9),
        )
    )
    (chart,) = tradeoff.charts(library().scene("catalogue"), [near, far])
    assert chart.falling
    assert [dot.front for dot in chart.dots] == [False, True]


def test_changed_answers_are_a_cost_of_their_own() -> None:
    runs = [ran(1, 20, 1.0), ran(1, 10, 1.0, 0.25, **{"gradient-noise": 0.5})]
    assert tradeoff.measures(RUNS) == ("utility",)
    assert tradeoff.measures(runs) == ("distortion", "utility")
    (chart,) = tradeoff.charts(library().scene("federated"), runs, "distortion")
    assert [dot.cost for dot in chart.dots] == [1.0, 0.75]
    assert chart.cost_words(0.75) == "75.0%"


def test_outcomes_of_another_scene_are_not_charted() -> None:
    assert tradeoff.charts(library().scene("catalogue"), RUNS) == ()


@pytest.mark.parametrize(
    "path", sorted((paths.assets() / "tradeoff").glob("*.json.gz")), ids=lambda p: p.name
)
def test_shipped_results_are_small_and_each_chart_has_its_reference(path: object) -> None:
    from pathlib import Path

    found = Path(str(path))
    assert found.stat().st_size <= 150_000
    assert all(o.thumbnail for o in tradeoff.read(found))
    scene = library().scene(found.name.removesuffix(".json.gz"))
    charts = tradeoff.charts(scene, tradeoff.shipped(scene.id))
    assert charts
    for chart in charts:
        assert sum(dot.bare for dot in chart.dots) == 1
        assert all(len(dot.runs) >= 3 for dot in chart.dots)


def test_the_attackers_own_settings_before_a_gateway_are_named_where_they_are_not_the_usual_ones() -> None:
    def dots(**settings: float | str) -> list[str]:
        choice = {name.replace("_", "-"): value for name, value in settings.items()}
        config = lean(resolve("catalogue", attack="score-search", settings=choice), library())
        found = Outcome(
            config, {"distance_same": 0.5}, {}, Utility("test_accuracy", 0.9, 9), None, 0, 1.0, "t"
        )
        (chart,) = tradeoff.charts(library().scene("catalogue"), [found])
        return [dot.name.en for dot in chart.dots]

    assert dots(query_budget=500) == ["Query budget: 500 queries"]
    assert dots(query_budget=500, accounts=10) == ["Query budget: 500 queries + Attacker's accounts: 10"]
    # what is off leaves nothing behind
    off = lean(resolve("catalogue", attack="score-search", settings={"query-budget": "inf"}), library())
    assert off == lean(resolve("catalogue", attack="score-search"), library())
    assert off.knobs == resolve("catalogue", attack="score-search").undefended().knobs
