"""The table of what stops whom: how cells come from runs, and that what is shipped is whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mi_studio.core.cards import ACCESS_LEVELS, library
from mi_studio.core.config import RunConfig, resolve
from mi_studio.core.outcome import Outcome
from mi_studio.studio.effects import NO_SUCH_MODEL, Cell, Row, shipped, table
from mi_studio.sweep.effects import SEEDS, wanted

NOISE = ("gradient-noise", 0.5)


def leaked(config: RunConfig, psnr: float, loot: str) -> Outcome:
    return Outcome(config, {"psnr_db": psnr}, {"psnr_db": 10.0}, None, None, 0, 0.1, "test", loot=loot)


def pair(seed: int, bare: float, defended: float, *, same: bool = False) -> list[Outcome]:
    config = resolve("federated", attack="inverting-gradients", seed=seed)
    on = replace(config, defenses=NOISE[:1], knobs=(*config.knobs, NOISE))
    return [leaked(config, bare, f"bare{seed}"), leaked(on, defended, f"bare{seed}" if same else f"on{seed}")]


def cell(outcomes: list[Outcome], access: str = "gradient") -> Cell:
    rows = table(outcomes)
    row = next(r for r in rows if r.defense.id == NOISE[0] and r.value == NOISE[1])
    return row.cells[ACCESS_LEVELS.index(access)]


@pytest.mark.parametrize(
    ("defended", "effect", "kept"),
    [
        (30.0, "none", 1.0),
        (28.5, "none", 0.925),
        (20.0, "weakens", 0.5),
        (13.0, "stops", 0.15),
        (5.0, "stops", 0),
    ],
)
def test_the_share_of_the_lead_that_is_left_decides(defended: float, effect: str, kept: float) -> None:
    found = cell([o for seed in (1, 2, 3) for o in pair(seed, 30.0, defended)])
    assert found.effect == effect
    assert found.kept == pytest.approx((kept, kept))
    assert not found.same


def test_only_the_same_pictures_for_every_seed_are_no_effect_bit_for_bit() -> None:
    outcomes = [o for seed in (1, 2, 3) for o in pair(seed, 30.0, 30.0, same=True)]
    assert cell(outcomes).same
    assert cell(outcomes).kept is None
    changed = [*outcomes[:-1], replace(outcomes[-1], loot="one bit")]
    assert not cell(changed).same
    without = [replace(o, loot="") for o in outcomes]
    assert not cell(without).same


def test_runs_are_compared_with_the_same_seed_only() -> None:
    bare, on = pair(1, 30.0, 20.0)
    other = replace(bare, config=replace(bare.config, seed=2))
    assert cell([other, on]).effect is None
    assert cell([bare, on]).effect == "weakens"


def test_an_attack_that_fails_without_a_defence_tells_nothing() -> None:
    assert cell(pair(1, 9.0, 9.0)).effect is None
    assert cell(pair(1, 9.0, 9.0, same=True)).effect == "none"


def test_scenes_that_differ_make_it_weaken() -> None:
    config = resolve("hospital", attack="inverting-gradients", seed=1)
    on = replace(config, defenses=NOISE[:1], knobs=(*config.knobs, NOISE))
    other = [leaked(config, 30.0, "a"), leaked(on, 29.9, "b")]
    found = cell([*pair(1, 30.0, 10.0), *other])
    assert [t.effect for t in found.trials] == ["stops", "none"]
    assert found.effect == "weakens"


def test_what_was_not_tried_says_why() -> None:
    rows = {r.defense.id: r for r in table([])}
    assert set(rows) == {d.id for d in library().defenses}
    for row in rows.values():
        for found in row.cells:
            assert found.effect is None
            assert found.why is not None
    trained: Row = rows["dp-training"]
    whys = dict(zip(ACCESS_LEVELS, trained.cells, strict=True))
    assert whys["gradient"].why != whys["scores"].why


def test_every_cell_of_the_shipped_table_is_measured_with_three_seeds() -> None:
    found = shipped()
    assert {o.key for o in found} == {config.key for config in wanted().runs}, "make effects"
    for row in table(found):
        for access, cell in zip(ACCESS_LEVELS, row.cells, strict=True):
            assert cell.trials or (cell.why == NO_SUCH_MODEL and access not in row.defense.reaches), (
                row.name.en,
                access,
            )
            for trial in cell.trials:
                assert {o.config.seed for o in trial.runs} >= set(SEEDS)


def test_output_defences_change_not_one_bit_for_who_holds_the_file_or_sees_the_gradient() -> None:
    rows = [r for r in table(shipped()) if r.defense.acts == "output"]
    assert rows
    for row in rows:
        cells = dict(zip(ACCESS_LEVELS, row.cells, strict=True))
        assert cells["white-box"].same
        assert cells["gradient"].same
        assert cells["malicious-server"].same
