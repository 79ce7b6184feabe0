"""The drawings: repeatable, each part its own, no public family private; and what was trained on them."""

import numpy as np
import pytest
import torch

from mi_studio.core import paths
from mi_studio.core.cards import library
from mi_studio.core.weights import find_weights, weights_cards
from mi_studio.engine import models
from mi_studio.engine.scenes.drawings import FAMILIES, KNOWN, NUMBERS, SIDE
from mi_studio.engine.sheets import read_sheets
from mi_studio.training import zoo
from mi_studio.training.drawings import data
from mi_studio.training.drawings.families import PRIVATE, PUBLIC, numbered, part, picture, scans
from mi_studio.training.drawings.recipes import SHOWN
from mi_studio.training.drawings.sheet import LARGE, SMALL, Scan, Sheet

ALL = (*PRIVATE, *PUBLIC)


def ink(drawn) -> np.ndarray:
    return 1 - picture(drawn) / 255.0


@pytest.mark.parametrize("family", ALL)
def test_a_seed_gives_one_part_and_one_scan(family):
    one, again, other = (scans(part(family, n), [(1, 2)]) for n in (5, 5, 6))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert one.shape == (1, SIDE, SIDE)


@pytest.mark.parametrize("family", ALL)
def test_every_part_stays_within_the_frame_and_off_the_title_block(family):
    empty = 1 - Sheet(SMALL).picture() / 255.0
    edge = np.ones((SIDE, SIDE), dtype=bool)
    edge[3:-3, 3:-3] = False
    edge[-10:, -27:] = True
    for number in range(40):
        drawn = ink(part(family, number))
        # words of the title block are the same for the same scan, so nothing may differ there
        assert np.abs(drawn - empty)[edge].max() < 0.1, number


def test_a_scan_moves_turns_and_fades_the_same_part():
    drawn = part("flange", 0)
    seen = [picture(drawn, Scan.draw(np.random.default_rng(n))) for n in range(8)]
    assert len({s.tobytes() for s in seen}) == 8
    assert set(np.unique(seen)) <= set(range(0, 256, 17))


def test_no_family_is_private_and_public():
    assert tuple(PRIVATE) == FAMILIES
    assert not set(PRIVATE) & set(PUBLIC)
    assert not set(PRIVATE.values()) & set(PUBLIC.values())


def test_no_scan_is_learnt_from_and_tested_on():
    for knows in KNOWN:
        learnt = {x.tobytes() for x in data.of(knows, 0, "train")}
        tested = {x.tobytes() for x in data.of(knows, 0, "test")}
        assert not learnt & tested


def test_parts_with_a_number_differ_more_than_scans_of_one():
    parts = [ink(part(*which)) for which in numbered()]
    assert len(set(numbered())) == len(NUMBERS) == len(parts)
    apart = [np.square(a - b).mean() for i, a in enumerate(parts) for b in parts[:i]]
    assert min(apart) > 0.01


def test_thick_lines_are_twice_as_wide_as_thin_ones():
    for pens in (SMALL, LARGE):
        assert pens.thick / pens.thin == pytest.approx(2, abs=0.25)


def test_what_is_shipped_is_what_the_recipe_draws():
    for knows, names in KNOWN.items():
        for use, count in (("reference", SHOWN[knows]), ("test", None)):
            shown, labels, found = read_sheets(paths.assets() / "drawings" / use / knows, SIDE)
            assert found == names
            drawn = data.of(knows, 3, "train" if use == "reference" else "test")[:count]
            assert np.array_equal(shown[labels == 3], drawn)


def test_every_target_has_a_portrait_and_the_card_names_them_in_order():
    targets = library().scene("drawings").targets
    for knows, names in KNOWN.items():
        assert tuple(t.id for t in targets[knows]) == names
        assert [t.labels for t in targets[knows]] == [(n,) for n in range(len(names))]
        for name in names:
            assert (paths.assets() / "drawings" / "portraits" / f"{name}.png").exists()


@pytest.mark.parametrize("card", list(weights_cards("drawings")), ids=lambda c: f"{c.model}/{c.path.stem}")
def test_card_measures_again(card):
    found = zoo.measure(card)
    if card.model == "prior":
        assert found is None
    else:
        assert found == pytest.approx(card.utility.value, abs=zoo.TOLERANCE)
        assert found >= 0.9


def test_everything_is_shipped_and_small():
    cards = {f"{c.model}/{c.path.stem}" for c in weights_cards("drawings")}
    assert cards == {"prior/all", *(f"{m}/{knows}" for m in ("evaluator", "drawing-net") for knows in KNOWN)}
    folders = (paths.assets() / "drawings", paths.pretrained() / "drawings")
    assert sum(p.stat().st_size for f in folders for p in f.rglob("*.*")) < 3e6


def test_the_prior_draws_varied_drawings_and_learnt_only_public_families():
    card = find_weights("drawings", "prior", {})
    assert card.details["public_families"] == list(PUBLIC)
    prior = models.load(card)
    pictures = prior(torch.randn(64, prior.latent, generator=torch.Generator().manual_seed(0)))
    assert pictures.shape == (64, 1, SIDE, SIDE)
    assert float(pictures.std(0).mean()) > 0.08
