from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from mi_studio.core import paths
from mi_studio.core.pictures import FIRST_PHOTOS, PORTRAIT_COLUMNS, PORTRAITS
from mi_studio.engine.employees import read_photos
from mi_studio.training.faces import people, portraits
from mi_studio.training.faces.photo import PORTRAIT_SIDE

SHIPPED = paths.assets() / portraits.SCENE / PORTRAITS


def test_every_private_person_has_a_portrait() -> None:
    with Image.open(SHIPPED) as sheet:
        assert sheet.size == (PORTRAIT_COLUMNS * PORTRAIT_SIDE, people.PRIVATE // 10 * PORTRAIT_SIDE)
    assert SHIPPED.stat().st_size < 200_000


def test_the_first_photo_of_everybody_is_on_one_sheet() -> None:
    photos, _ = read_photos(paths.assets())
    with Image.open(SHIPPED.with_name(FIRST_PHOTOS)) as shipped:
        drawn = np.asarray(shipped.convert("RGB"), dtype=float)
    with Image.open(io.BytesIO(portraits.sheet(photos[:, 0]))) as again:
        assert np.abs(np.asarray(again.convert("RGB")) - drawn).mean() < 0.5
    assert np.abs(drawn[64:128, 128:192] - photos[12, 0]).mean() < 4.0


@pytest.mark.parametrize("number", [0, 37])
def test_the_shipped_portraits_are_what_the_recipe_draws(number: int) -> None:
    row, column = divmod(number, PORTRAIT_COLUMNS)
    left, top = column * PORTRAIT_SIDE, row * PORTRAIT_SIDE
    with Image.open(SHIPPED) as sheet:
        shipped = sheet.convert("RGB").crop((left, top, left + PORTRAIT_SIDE, top + PORTRAIT_SIDE))
    drawn = portraits.portrait(number)
    assert np.abs(np.asarray(shipped, dtype=float) - drawn).mean() < 3.0
    assert drawn.std() > 20
