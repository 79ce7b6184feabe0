"""Recordings: what is saved comes back; what is hostile is refused with one sentence."""

import contextlib
import io
import json
import math
import tracemalloc
import zipfile
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from test_history import step

from mi_studio.core import recording
from mi_studio.core.config import MAX_STEPS, resolve
from mi_studio.core.desk import LINES, Desk, LogLine
from mi_studio.core.errors import BadFileError, RunError
from mi_studio.core.history import History, KnobMove
from mi_studio.core.recording import Recording
from mi_studio.core.step import VIEW_KINDS, Step, View

PIXEL = np.zeros((1, 1, 1, 3), np.uint8)


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


def as_format_1(manifest):
    manifest["format"] = 1
    for film in (manifest["main"], manifest["twin"]):
        film["view_kind"] = film["views"]["0"]["kind"]
        film["views"] = [view["bars"] for view in film["views"].values()]


def test_format_1_is_read_as_well(saved):
    new = recording.load(saved)
    saved.write_bytes(rewritten(saved, as_format_1))
    old = recording.load(saved)
    assert [s.view for s in old.history.steps] == [s.view for s in new.history.steps]
    assert old.config == new.config


def test_what_the_attacker_sees_may_change_its_kind_in_the_middle(tmp_path):
    made = sample()
    for i, kind in enumerate(VIEW_KINDS):
        made.history.steps[i] = replace(made.history.steps[i], view=View(kind, (("cat", i / 10),)))
    recording.save(made, tmp_path / "x.mireplay")
    steps = recording.load(tmp_path / "x.mireplay").history.steps
    assert [s.view for s in steps] == [s.view for s in made.history.steps]
    assert [s.view.kind for s in steps[: len(VIEW_KINDS)]] == list(VIEW_KINDS)


def test_numbers_that_are_none_come_back_as_none(tmp_path):
    made = sample()
    nothing = {"psnr_db": math.nan, "mse": math.inf}
    view = View("scores", (("cat", math.nan), ("dog", 0.5)))
    made.history.steps[3] = replace(made.history.steps[3], scores=nothing, objective=math.nan, view=view)
    recording.save(made, tmp_path / "x.mireplay")
    back = recording.load(tmp_path / "x.mireplay").history.steps[3]
    assert back.scores == {}
    assert back.objective == math.inf
    assert math.isnan(back.view.bars[0][1])
    assert back.view.bars[1] == ("dog", 0.5)


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


def frame(manifest):
    return manifest["main"]["frames"]["0"]


HOSTILE = {
    "of a newer version": lambda m: m.update(format=99),
    "without frames": lambda m: m["main"].update(frames={}),
    "with a frame that is not there": lambda m: m["secret"].update(file="../../etc/passwd"),
    "with a huge count": lambda m: m["secret"].update(n=10**9),
    "with a negative count": lambda m: m["secret"].update(n=-1),
    "with missing steps": lambda m: m["main"].update(index=[0, 5]),
    "with a best step outside": lambda m: m["main"].update(best_index=10**6),
    "with frames before the first step": lambda m: m["main"]["frames"].update({"-5": frame(m)}),
    "with frames after the last step": lambda m: m["main"]["frames"].update({"30": frame(m)}),
    "with a frame twice": lambda m: m["main"]["frames"].update({"00": frame(m)}),
    "with a frame of another shape": lambda m: m["main"]["frames"].update({"1": m["secret"]}),
    "with fewer steps in all than there are": lambda m: m["twin"].update(total=28),
    "with steps without end": lambda m: m["main"].update(total=10**12),
    "with a move after the last step": lambda m: m["main"].update(moves=[[30, 1, "epsilon", 1]]),
    "with a move before the first step": lambda m: m["main"].update(moves=[[-1, 1, "epsilon", 1]]),
    "with a view of no known kind": lambda m: m["main"]["views"]["3"].update(kind="bogus"),
    "with a view of a kind that is no word": lambda m: m["main"]["views"]["3"].update(kind=["scores"]),
    "without the first view": lambda m: m["main"]["views"].pop("0"),
    "of a device that is none": lambda m: m["config"].update(device=["cpu"]),
    "of a seed that no generator takes": lambda m: m["config"].update(seed=10**30),
    "of a run without steps": lambda m: m["config"].update(steps=0),
    "with a list for every letter": lambda m: m["result"].update(x=[[]] * (recording.MAX_MANIFEST_PARTS)),
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
        archive.writestr("manifest.json", b"0" * (recording.MAX_MANIFEST_BYTES + 1))
    with pytest.raises(BadFileError):
        recording.load(path)


def test_a_picture_of_many_pixels_is_refused(saved):
    data = rewritten(saved, lambda m: m["secret"].update(file="big.png"))
    saved.write_bytes(data)
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("big.png", png(6000, 6000))
    with pytest.raises(BadFileError):
        recording.load(saved)


def test_one_small_picture_does_not_unpack_into_a_large_film(saved):
    """One PNG of 25 million pixels that packs to 70 KB, named by many frames."""

    def change(manifest):
        manifest["main"]["frames"] = {str(i): {"file": "bomb.png", "n": 96} for i in range(30)}

    saved.write_bytes(rewritten(saved, change))
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr("bomb.png", png(512 * 96, 512))
    assert saved.stat().st_size < 150_000
    tracemalloc.start()
    try:
        with pytest.raises(BadFileError):
            recording.load(saved)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * recording.MAX_FILM_BYTES


def long_run(steps, *, side=4, targets=1, bars=10, scores=4):
    history = History()
    images = np.zeros((targets, side, side, 3), np.uint8)
    names = [f"a class of things {n}" for n in range(bars)]
    for i in range(steps):
        value, best = 1000 * math.sin(i), i % 90 == 0
        history.append(Step(
            "0123456789ab", i, steps - 1, i % 7, images, value, {f"score_{n}": value for n in range(scores)},
            View("scores", tuple((n, abs(value) / 1000) for n in names)), 10 * i, i * 0.0123, best,
        ))  # fmt: skip
    return history


@pytest.mark.stress
def test_the_longest_run_can_be_saved_and_opened_again(tmp_path):
    history, path = long_run(MAX_STEPS + 1), tmp_path / "x.mireplay"
    recording.save(Recording(resolve("federated"), PIXEL, history), path)
    with zipfile.ZipFile(path) as archive:  # there is room for a twin of the same length
        assert 2 * archive.getinfo("manifest.json").file_size < recording.MAX_MANIFEST_BYTES
    back = recording.load(path)
    assert len(back.history) == MAX_STEPS + 1
    assert back.history.kept == history.kept
    assert list(back.history.series("score_1"))[-1] == (
        MAX_STEPS,
        pytest.approx(1000 * math.sin(MAX_STEPS), abs=1e-4),
    )
    for index in (0, history.best_index, MAX_STEPS):
        for a, b in zip(back.history.at(index).view.bars, history.at(index).view.bars, strict=True):
            assert a == (b[0], pytest.approx(b[1], abs=1e-4))


def test_a_film_of_many_targets_is_thinned_evenly(tmp_path):
    history, path = long_run(100, side=64, targets=40), tmp_path / "x.mireplay"
    recording.save(Recording(resolve("federated"), PIXEL, history), path)
    kept = recording.load(path).history.kept
    assert {0, history.best_index, 99} <= set(kept)
    assert len(kept) * 64 * 64 * 3 * 40 <= recording.MAX_FILM_BYTES
    assert max(b - a for a, b in pairwise(kept)) == 3


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    run=st.builds(
        long_run,
        st.integers(1, 60),
        side=st.integers(1, 12),
        targets=st.integers(1, 12),
        bars=st.integers(0, 12),
        scores=st.integers(0, 6),
    ),
    bounds=st.fixed_dictionaries({
        "MAX_FILE_BYTES": st.integers(2_000, 100_000),
        "MAX_MEMBER_BYTES": st.integers(100, 2_000),
        "MAX_MANIFEST_BYTES": st.integers(500, 40_000),
        "MAX_MANIFEST_PARTS": st.integers(100, 4_000),
        "MAX_MEMBERS": st.integers(1, 60),
        "MAX_FRAMES": st.integers(1, 30),
        "MAX_VIEWS": st.integers(1, 60),
        "MAX_FILM_BYTES": st.integers(100, 20_000),
        "MAX_SIDE": st.integers(4, 12),
        "MAX_PICTURES": st.integers(4, 12),
    }),
)  # fmt: skip
def test_what_is_saved_can_always_be_opened_again(tmp_path, run, bounds):
    path = tmp_path / "x.mireplay"
    path.unlink(missing_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in bounds.items():
            patch.setattr(recording, name, value)
        try:
            recording.save(Recording(resolve("federated"), PIXEL, run), path)
        except RunError:
            assert not path.exists()
        else:
            back = recording.load(path).history
            assert len(back) == len(run)
            assert {0, run.best_index, len(run) - 1} <= set(back.kept)


def test_a_run_that_no_recording_can_hold_is_refused(tmp_path):
    history = long_run(2, targets=recording.MAX_PICTURES + 1)
    with pytest.raises(RunError, match="fewer targets"):
        recording.save(Recording(resolve("federated"), PIXEL, history), tmp_path / "x.mireplay")
    assert list(tmp_path.iterdir()) == []


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


def test_what_a_gateway_saw_comes_back_with_the_step_it_was_seen_at(tmp_path):
    run = sample()
    desks = {3: Desk(300, 2000, None, ""), 29: Desk(2000, None, 1.25, "unnatural")}
    for i, desk in desks.items():
        run.history.steps[i] = replace(run.history.steps[i], desk=desk)
    recording.save(run, tmp_path / "a.mireplay")
    back = recording.load(tmp_path / "a.mireplay").history
    assert {s.index: s.desk for s in back.steps if s.desk} == desks


def test_the_log_of_a_gateway_comes_back(tmp_path):
    run = sample()
    lines = (
        LogLine(7, 0.125, 3, False, "Ann", 0.5, (0.25, 0.5, 0.0, -1.0), "", bytes(range(256))),
        LogLine(8, 0.25, 1, True, "", None, (), "key", b""),
    )
    desk = Desk(8, 500, 0.5, "", 1.5, 10, 2, 1, 6, (0.25, 0.5, 0.0, -1.0), 4, 1, lines)
    run.history.steps[4] = replace(run.history.steps[4], desk=desk)
    recording.save(run, tmp_path / "a.mireplay")
    assert recording.load(tmp_path / "a.mireplay").history.steps[4].desk == desk


def test_a_desk_written_before_there_was_a_log_is_read():
    assert recording._desk_from_json([300, 2000, None, ""]) == Desk(300, 2000, None, "", minutes=5.0)


@pytest.mark.parametrize(
    "damage",
    [{"lines": [[]] * (LINES + 1)}, {"figures": [1.0]}, {"lines": [[1, 1, 1, 0, "", None, [], "", "AA=="]]}],
)
def test_a_desk_that_nobody_wrote_is_refused(damage):
    written = recording._desk_to_json(Desk(300, 2000, None, ""))
    with pytest.raises(ValueError, match=r"log|figures"):
        recording._desk_from_json(written | damage)
