"""Splits follow their rule, sheets are read back, sources say how to get what is missing."""

import tomllib

import numpy as np
import pytest
from PIL import Image

from mi_studio.core import paths
from mi_studio.core.errors import BadFileError, StudioError
from mi_studio.engine.sheets import read_sheets
from mi_studio.engine.splits import LINES, private_labels, public_labels, subset
from mi_studio.training import federated
from mi_studio.training.catalogue import private_set
from mi_studio.training.sources import FASHION_NAMES, Sources


def test_lines_follow_the_rule():
    assert private_labels("kin") == (2, 3, 6, 7, 8)
    assert public_labels("kin") == (0, 1, 4, 5, 9)
    assert private_labels("odd") == (1, 3, 5, 7, 9)
    assert public_labels("odd") == (0, 2, 4, 6, 8)


@pytest.mark.parametrize("line", LINES)
def test_private_and_public_are_disjoint_and_complete(line):
    private, public = set(private_labels(line)), set(public_labels(line))
    assert not private & public
    assert private | public == set(range(10))


def test_a_smaller_private_set_is_part_of_a_larger_one():
    small, large = subset(3, 6000, 400), subset(3, 6000, 6000)
    assert len(set(small)) == 400
    assert set(small) <= set(large)
    assert not np.array_equal(subset(3, 6000, 400), subset(4, 6000, 400))


@pytest.mark.parametrize(("folder", "each"), [("test", 1000), ("reference", 400)])
def test_shipped_sheets(folder, each):
    images, labels, names = read_sheets(paths.assets() / "catalogue" / folder)
    assert images.shape == (10 * each, 28, 28)
    assert images.dtype == np.uint8
    assert np.array_equal(np.bincount(labels), [each] * 10)
    assert names == FASHION_NAMES
    assert images.std() > 50


def test_sheet_is_read_row_by_row(tmp_path):
    tiles = np.arange(4, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
    sheet = tiles.reshape(2, 2, 28, 28).swapaxes(1, 2).reshape(56, 56)
    Image.fromarray(sheet).save(tmp_path / "10-last.png")
    Image.fromarray(sheet).save(tmp_path / "2-first.png")
    images, labels, names = read_sheets(tmp_path)
    assert np.array_equal(images, np.concatenate([tiles, tiles]))
    assert list(labels) == [2] * 4 + [10] * 4
    assert names == ("first", "last")


def test_no_sheet(tmp_path):
    with pytest.raises(BadFileError, match="no contact sheet"):
        read_sheets(tmp_path)


def test_sheet_of_wrong_size(tmp_path):
    Image.new("L", (30, 28)).save(tmp_path / "0-x.png")
    with pytest.raises(BadFileError, match="28x28"):
        read_sheets(tmp_path)


def test_sheet_that_is_no_picture(tmp_path):
    (tmp_path / "0-x.png").write_bytes(b"no picture")
    with pytest.raises(BadFileError, match="cannot be read"):
        read_sheets(tmp_path)


def test_missing_sources_name_the_command(tmp_path):
    sources = Sources(fashion=tmp_path, wheels=tmp_path)
    with pytest.raises(StudioError, match="apt-get install dataset-fashion-mnist"):
        sources.fashion_mnist("train")
    with pytest.raises(StudioError, match="pip download"):
        sources.photographs()


def test_reference_sheets_are_the_private_records():
    try:
        train, train_labels = Sources().fashion_mnist("train")
    except StudioError as error:
        pytest.skip(str(error))
    shown, shown_labels, _ = read_sheets(paths.assets() / "catalogue" / "reference")
    x, y = private_set(train, train_labels, "odd", 400)
    for index, label in enumerate(private_labels("odd")):
        mine = (x[y == index, 0] * 255).round().byte().numpy()
        assert np.array_equal(mine, shown[shown_labels == label])


def test_every_federated_picture_has_a_source():
    folder = paths.assets() / "federated" / "pictures"
    sources = tomllib.loads((folder / "SOURCES.toml").read_text("utf-8"))
    assert set(sources) == {p.stem for p in folder.glob("*.png")} == set(federated.PICTURES)
    for name, source in sources.items():
        assert source["author"]
        assert source["licence"]
        with Image.open(folder / f"{name}.png") as picture:
            assert picture.size == (64, 64)
            assert picture.mode == "RGB"


def test_federated_test_crops():
    pictures, classes = federated.read_test(paths.assets())
    assert pictures.shape == (256, 64, 64, 3)
    assert np.array_equal(np.bincount(classes.numpy()), [32] * 8)
    assert federated.to_batch(pictures, 32).shape == (256, 3, 32, 32)
