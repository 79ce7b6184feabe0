from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mi_studio.core import paths
from mi_studio.core.pictures import PORTRAIT_COLUMNS, PORTRAITS
from mi_studio.training.faces import people, portraits
from mi_studio.training.faces.photo import PORTRAIT_SIDE

SHIPPED = paths.assets() / portraits.SCENE / PORTRAITS


def test_every_private_person_has_a_portrait() -> None:
    with Image.open(SHIPPED) as sheet:
        assert sheet.size == (PORTRAIT_COLUMNS * PORTRAIT_SIDE, people.PRIVATE // 10 * PORTRAIT_SIDE)
    assert SHIPPED.stat().st_size < 200_000


@pytest.mark.parametrize("number", [0, 37])
def test_the_shipped_portraits_are_what_the_recipe_draws(number: int) -> None:
    row, column = divmod(number, PORTRAIT_COLUMNS)
    left, top = column * PORTRAIT_SIDE, row * PORTRAIT_SIDE
    with Image.open(SHIPPED) as sheet:
        shipped = sheet.convert("RGB").crop((left, top, left + PORTRAIT_SIDE, top + PORTRAIT_SIDE))
    drawn = portraits.portrait(number)
    assert np.abs(np.asarray(shipped, dtype=float) - drawn).mean() < 3.0
    assert drawn.std() > 20
