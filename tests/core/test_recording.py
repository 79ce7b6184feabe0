"""Recordings: what is saved comes back; what is hostile is refused with one sentence."""

import contextlib
import io
import json
import math
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from test_history import step

from mi_studio.core import recording
from mi_studio.core.config import resolve
from mi_studio.core.errors import BadFileError
from mi_studio.core.history import History, KnobMove
from mi_studio.core.recording import Recording


def sample(steps=30):
    history = History(capacity=10)
    for i in range(steps):
        history.append(step(i, best=i == 12, objective=math.inf if i == 0 else None))
    history.moves.append(KnobMove(5, 1, "epsilon", math.inf))
    secret = np.random.default_rng(0).integers(0, 255, (1, 8, 8, 3), dtype=np.uint8)
    config = resolve("catalogue", settings={"epsilon": "inf"}, seed=3)
    return Recording(config, secret, history, {"mixed": True}, twin=history)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "録画.mireplay"
    recording.save(sample(), path)
    return path


def test_what_is_saved_comes_back(saved):
    before, after = sample(), recording.load(saved)
    assert after.config == before.config
    assert np.array_equal(after.secret, before.secret)
    assert after.result == before.result
    assert after.history.moves == before.history.moves
    assert after.history.kept == before.history.kept
    assert after.history.best_index == 12
    assert after.twin is not None
    for a, b in zip(after.history.steps, before.history.steps, strict=True):
        assert (a.index, a.scores, a.view, a.queries, a.total) == (
            b.index,
            b.scores,
            b.view,
            b.queries,
            b.total,
        )
    for index in before.history.kept:
        assert np.array_equal(after.history.at(index).images, before.history.at(index).images)


def rewritten(path, change):
    """Return the bytes of a recording whose manifest was changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "manifest.json":
                manifest = json.loads(data)
                change(manifest)
                data = json.dumps(manifest).encode()
            new.writestr(name, data)
    return buffer.getvalue()


def png(width, height):
    buffer = io.BytesIO()
    Image.new("L", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


HOSTILE = {
    "of a newer version": lambda m: m.update(format=99),
    "without frames": lambda m: m["main"].update(frames={}),
    "with a frame that is not there": lambda m: m["secret"].update(file="../../etc/passwd"),
    "with a huge count": lambda m: m["secret"].update(n=10**9),
    "with a negative count": lambda m: m["secret"].update(n=-1),
    "with missing steps": lambda m: m["main"].update(index=[0, 5]),
    "with a best step outside": lambda m: m["main"].update(best_index=10**6),
    "with a config of the wrong type": lambda m: m.update(config=[]),
    "with numbers that are words": lambda m: m["main"].update(seconds=["x"] * 30),
    "with a word as long as a book": lambda m: m["config"].update(scene="x" * 10**5),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_a_hostile_manifest_is_refused(saved, how):
    saved.write_bytes(rewritten(saved, HOSTILE[how]))
    with pytest.raises(BadFileError) as caught:
        recording.load(saved)
    assert "\n" not in str(caught.value)


def test_a_member_that_unpacks_to_gigabytes_is_refused(tmp_path):
    path = tmp_path / "bomb.mireplay"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"0" * (recording.MAX_MEMBER_BYTES + 1))
    with pytest.raises(BadFileError):
        recording.load(path)


def test_a_picture_of_many_pixels_is_refused(saved):
    data = rewritten(saved, lambda m: m["secret"].update(file="big.png"))
    saved.write_bytes(data)
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("big.png", png(6000, 6000))
    with pytest.raises(BadFileError):
        recording.load(saved)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip", bytes(1000)])
def test_other_files_are_refused(tmp_path, data):
    path = tmp_path / "x.mireplay"
    path.write_bytes(data)
    with pytest.raises(BadFileError):
        recording.load(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(BadFileError, match="cannot be read"):
        recording.load(tmp_path / "none.mireplay")


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=8))
def test_damage_anywhere_is_refused_or_harmless(saved, place, noise):
    data = bytearray(saved.read_bytes())
    place %= len(data)
    data[place : place + len(noise)] = noise
    broken = saved.with_name("broken.mireplay")
    broken.write_bytes(bytes(data))
    with contextlib.suppress(BadFileError):
        recording.load(broken)


def test_a_full_disk_leaves_the_old_file(saved, monkeypatch):
    before = saved.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        recording.save(sample(), saved)
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]
