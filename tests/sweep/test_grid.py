from __future__ import annotations

from pathlib import Path

import pytest

from mi_studio.core.cards import library
from mi_studio.core.config import resolve
from mi_studio.core.errors import UsageError
from mi_studio.sweep.grid import Grid, plan, read, usual

GRID = """
scene = "catalogue"
attack = ["latent-search", "score-search"]
seed = [1, 2]
steps = 5

[defenses]
epsilon = [8, 1]
output-restriction = "round1"

[[together]]
granularity = "round1"
temperature = 5
"""


def grid(tmp_path: Path, text: str) -> Grid:
    path = tmp_path / "grid.toml"
    path.write_text(text, "utf-8")
    return read(path)


def test_a_grid_is_every_attack_seed_and_setting_and_the_undefended_run(tmp_path: Path) -> None:
    found = plan(grid(tmp_path, GRID))
    assert len(found.runs) == 2 * 2 * (1 + 2 + 1 + 1)
    assert not found.skipped
    assert len({config.key for config in found.runs}) == len(found.runs)
    bare = resolve("catalogue", attack="score-search", seed=2, steps=5)
    both = resolve("catalogue", attack="score-search", seed=2, steps=5,
                   defenses=["output-restriction", "temperature"],
                   settings={"granularity": "round1", "temperature": 5})  # fmt: skip
    assert {bare.key, both.key} <= {config.key for config in found.runs}


def test_what_is_switched_off_is_the_undefended_run_and_nothing_is_run_twice(tmp_path: Path) -> None:
    found = plan(grid(tmp_path, 'scene = "catalogue"\n[defenses]\nepsilon = ["inf", 4, 4]'))
    assert [config.defenses for config in found.runs] == [(), ("dp-training",)]


def test_parts_that_cannot_work_together_are_left_out_with_the_reason(tmp_path: Path) -> None:
    text = 'scene = "catalogue"\nattack = ["latent-search", "grad-inversion"]'
    found = plan(grid(tmp_path, text))
    assert [config.attack for config in found.runs] == ["latent-search"]
    assert [cell.what for cell in found.skipped] == ["grad-inversion"]
    assert "cannot attack" in found.skipped[0].why.en
    with pytest.raises(UsageError, match="Nothing in this grid"):
        plan(grid(tmp_path, 'scene = "catalogue"\nattack = "grad-inversion"'))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = 1", "no scene.*federated"),
        ('scene = "nowhere"', "no scene 'nowhere'.*federated"),
        ('scene = "catalogue"\nattack = "magic"', "no attack 'magic'.*latent-search"),
        ('scene = "catalogue"\nmodel = "magic"', "no model 'magic'.*small-cnn"),
        ('scene = "catalogue"\ntarget = "magic"', "no target 'magic'.*bag"),
        ('scene = "catalogue"\ncolour = 1', "'colour'.*scene"),
        ('scene = "catalogue"\nseed = "one"', "seed = 'one'.*whole numbers"),
        ('scene = "catalogue"\nseed = -1', "seed must be from 0"),
        ('scene = "catalogue"\nsteps = 0', "steps must be from 1"),
        ('scene = "catalogue"\ndevice = "tpu"', "no device 'tpu'"),
        ('scene = "catalogue"\nattack = []', "'attack'"),
        ('scene = "catalogue"\n[knobs]\nepsilon = 4', r"\[knobs\].*private-line"),
        ('scene = "catalogue"\n[knobs]\nprivate-line = "x"', "private-line cannot be 'x'"),
        ('scene = "catalogue"\n[defenses]\nepsilon = 3', "epsilon cannot be '3'.*0.5"),
        ('scene = "catalogue"\n[defenses]\nmagic = 3', "'magic'.*dp-training"),
        ('scene = "catalogue"\n[defenses]\ngradient-noise = 1', "no gradient leaves.*dp-training"),
        ('scene = "catalogue"\n[together]\nepsilon = 4', "'together'"),
        ("scene = ", "cannot be read"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_is_valid(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        plan(grid(tmp_path, text))
    assert caught.value.text.ja


def test_a_grid_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path / "missing.toml")


def test_a_grid_has_a_bound() -> None:
    with pytest.raises(UsageError, match="at most"):
        plan(Grid("catalogue", seeds=tuple(range(100_001))))


def test_the_usual_grid_of_every_scene_can_be_run() -> None:
    for scene in library().scenes:
        found = plan(usual(scene.id, seeds=(1,)))
        assert found.runs[0].defenses == ()
        assert len(found.runs) > 1
        assert not found.skipped


def test_the_grids_of_the_shipped_results_can_be_run() -> None:
    from mi_studio.core import paths

    grids = sorted((paths.assets() / "tradeoff").glob("*.toml"))
    assert grids
    for path in grids:
        assert read(path).scene == path.stem
        assert plan(read(path)).runs
