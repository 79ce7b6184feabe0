"""The photos that networks learn from and are tested on, as contact sheets in WebP.

Those of private people lie where `mi_studio.engine.employees` reads them. ``public/00120.webp`` in the
folder of work holds public people 120 to 159, a row of five photos each. Names and places number
everything; there is no other index.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mi_studio.core.atomic import write_bytes
from mi_studio.engine import employees
from mi_studio.engine.employees import COLUMNS, TEST, TRAIN
from mi_studio.training.faces import people
from mi_studio.training.faces.person import Person
from mi_studio.training.faces.photo import SIDE, photograph
from mi_studio.training.faces.sitter import prepare
from mi_studio.training.faces.view import sample
from mi_studio.training.recipe import Context
from mi_studio.training.sheets import grid, webp

#: the number goes up when the pictures change: a set half drawn by an older renderer is not gone on with
PUBLIC_FOLDER = Path("face-login", "public-2")

PUBLIC_PEOPLE, PUBLIC_PHOTOS, PEOPLE_ON_SHEET = 5000, 5, 40

#: WebP's quality
QUALITY = 92

Photos = NDArray[np.uint8]


def write_private(context: Context) -> None:
    """Write 40 training and 8 test photos of each private person below ``assets/face-login/private``."""
    for index in range(people.PRIVATE):
        context.report(f"face-login: private person {index}", index / people.PRIVATE)
        photos = photos_of(people.private(index), TRAIN + TEST)
        write_bytes(context.assets / employees.FOLDER / f"{index:02}.webp", sheet(photos, COLUMNS))


def write_public(context: Context) -> None:
    """Write five photos of each public person into the folder of work; sheets that are there are kept."""
    for first in range(0, PUBLIC_PEOPLE, PEOPLE_ON_SHEET):
        context.report(f"face-login: public people from {first}", first / PUBLIC_PEOPLE)
        path = context.work / PUBLIC_FOLDER / f"{first:05}.webp"
        if not path.exists():
            everybody = range(first, min(first + PEOPLE_ON_SHEET, PUBLIC_PEOPLE))
            photos = [photos_of(people.public(index), PUBLIC_PHOTOS) for index in everybody]
            write_bytes(path, sheet(np.concatenate(photos), PUBLIC_PHOTOS))


def photos_of(person: Person, count: int) -> Photos:
    """Return the first photos ``(count, 64, 64, 3)`` of a person."""
    sitter = prepare(person)
    return np.stack([photograph(sitter, sample(person.number, n)) for n in range(count)])


def sheet(photos: Photos, columns: int) -> bytes:
    """Return photos ``(n, 64, 64, 3)`` as one WebP, row by row; ``n`` must fill its rows."""
    return webp(grid(photos, columns), QUALITY, method=5)


def read_private(assets: Path) -> tuple[Photos, Photos]:
    """Return the private people's photos to train on and to test on; see `employees.read_photos`."""
    return employees.read_photos(assets, people.PRIVATE)


def read_public(work: Path) -> Photos:
    """Return the public people's photos ``(5000, 5, 64, 64, 3)`` from the folder of work.

    Raises
    ------
    BadFileError
        If a sheet is missing or damaged; the text names the command that draws it.
    """
    sheets = []
    for first in range(0, PUBLIC_PEOPLE, PEOPLE_ON_SHEET):
        rows = min(PEOPLE_ON_SHEET, PUBLIC_PEOPLE - first)
        path = work / PUBLIC_FOLDER / f"{first:05}.webp"
        sheets.append(employees.read_sheet(path, rows, PUBLIC_PHOTOS, "face-login-public"))
    return np.concatenate(sheets).reshape(PUBLIC_PEOPLE, PUBLIC_PHOTOS, SIDE, SIDE, 3)
