from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import small

from mi_studio.cli import main
from mi_studio.core import outcome
from mi_studio.core.errors import BadFileError, UsageError
from mi_studio.sweep.grid import plan, read
from mi_studio.sweep.pool import TRIES, Pool
from mi_studio.sweep.store import Book, Parts
from mi_studio.sweep.sweep import Progress, sweep

GRID = (
    'scene = "customers"\nattack = "attribute-map"\nseed = [1]\nsteps = 2\n[defenses]\ngranularity = "label"'
)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(small.LOG, str(tmp_path / "log"))
    return tmp_path / "log"


def swept(book: Path, pool: Pool, count: int) -> Progress:
    return list(sweep(plan(small.seeds(count)), Book(book), pool))[-1]


def test_a_real_sweep_leaves_whole_parts_and_goes_on_where_it_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid, out = tmp_path / "grid.toml", tmp_path / "out"
    grid.write_text(GRID)
    assert main(["sweep", str(grid), "--out", str(out), "--plan"]) == 0
    assert "2 runs, 2 of them still to do" in capsys.readouterr().out
    assert not out.exists()
    command = ["sweep", str(grid), "--out", str(out), "--workers", "1"]
    assert main(command) == 0
    runs = {config.key: config for config in plan(read(grid)).runs}
    parts = sorted((out / "parts").iterdir())
    assert {path.stem for path in parts} == set(runs) == {p.stem for p in (out / "thumbnails").iterdir()}
    for found in Parts(out).read():
        assert found.config == runs[found.key]
        assert 0 <= found.scores["attribute_accuracy"] <= 1
        assert found.thumbnail.startswith(b"RIFF")
    parts[0].unlink()
    (out / "parts" / f".{parts[0].stem}-x.parquet").write_bytes(b"half")  # of a write that was killed
    before = parts[1].stat().st_mtime_ns
    assert main(command) == 0
    assert parts[0].exists()
    assert parts[1].stat().st_mtime_ns == before
    capsys.readouterr()
    assert main(command) == 0
    assert "2 runs, 0 of them still to do" in capsys.readouterr().out
    parts[0].write_bytes(b"broken")
    with pytest.raises(BadFileError, match="damaged"):
        Parts(out).read()


def test_an_outcome_comes_back_from_a_book_as_it_was(tmp_path: Path) -> None:
    (config,) = plan(small.seeds(1)).runs
    path = tmp_path / "book.json.gz"
    Book(path).keep(small.outcome(config))
    assert outcome.load(path) == [small.outcome(config)]
    assert Book(path).keys() == {config.key}
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BadFileError, match="does not hold results"):
        outcome.load(path)


def test_every_run_is_carried_out_once(tmp_path: Path) -> None:
    last = swept(tmp_path / "b.json.gz", Pool(2, small.quick), 12)
    assert (last.done, last.total, last.failed, last.complete) == (12, 12, (), True)
    assert len(outcome.load(tmp_path / "b.json.gz")) == 12


def test_a_killed_worker_loses_only_its_run_which_is_tried_again(tmp_path: Path, log: Path) -> None:
    last = swept(tmp_path / "b.json.gz", Pool(2, small.dies_once), 5)
    assert log.exists()
    assert (last.done, last.failed) == (5, ())


def test_a_run_that_kills_every_worker_is_given_up_and_the_others_are_done(tmp_path: Path) -> None:
    last = swept(tmp_path / "b.json.gz", Pool(2, small.always_dies), 4)
    assert last.done == 3
    assert [failed.config.seed for failed in last.failed] == [2]
    assert f"died {TRIES} times" in last.failed[0].why.en
    assert last.complete


def test_what_nobody_waits_for_ends_at_its_next_step(tmp_path: Path, log: Path) -> None:
    store = Book(tmp_path / "b.json.gz")
    with closing(sweep(plan(small.seeds(2)), store, Pool(1, small.endless))) as going:
        while not (log.exists() and log.read_text()):
            next(going)
    with pytest.raises(ProcessLookupError):
        os.kill(int(log.read_text()), 0)
    assert store.keys() == set()


def test_a_killed_client_takes_its_workers_along_and_loses_no_outcome(tmp_path: Path, log: Path) -> None:
    book = tmp_path / "b.json.gz"
    command = [sys.executable, small.__file__, str(book), "1", "endless"]
    client = subprocess.Popen(command)
    try:
        while not (log.exists() and log.read_text()):
            assert client.poll() is None
    finally:
        client.kill()
        client.wait()
    worker = int(log.read_text())
    while _alive(worker):
        pass  # it ends at its next step, and the test's own time limit stands behind
    assert not book.exists()
    assert swept(book, Pool(1, small.quick), 3).done == 3


def _alive(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_wrong_use_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = tmp_path / "grid.toml"
    grid.write_text(GRID)
    assert main(["sweep", str(grid), "--out", str(tmp_path / "o"), "--workers", "0"]) == 2
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"mi-studio\[sweep\]"):
        Parts(tmp_path / "o")
    monkeypatch.setitem(sys.modules, "distributed", None)
    out = str(tmp_path / "o.json.gz")
    assert main(["sweep", str(grid), "--out", out, "--dask", "tcp://127.0.0.1:1"]) == 2


CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.mark.stress
def test_two_workers_of_a_dask_cluster_do_the_same(tmp_path: Path) -> None:
    script, grid, out = tmp_path / "cluster.py", tmp_path / "grid.toml", tmp_path / "out"
    script.write_text(CLUSTER)
    grid.write_text(GRID)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, script], stdin=pipe, stdout=pipe, text=True) as cluster:
        assert cluster.stdout is not None
        address = cluster.stdout.readline().strip()
        command = ["sweep", str(grid), "--out", str(out), "--dask", address]
        done = subprocess.run([sys.executable, "-m", "mi_studio", *command], capture_output=True, text=True)
        cluster.communicate()
    assert done.returncode == 0, done.stderr
    assert {found.key for found in Parts(out).read()} == {config.key for config in plan(read(grid)).runs}


@pytest.mark.stress
def test_two_hundred_runs_killed_twice_are_all_there_once(tmp_path: Path) -> None:
    import random
    import time

    grid, out = tmp_path / "grid.toml", tmp_path / "out"
    grid.write_text(
        f'scene = "customers"\nattack = "attribute-map-white-box"\nsteps = 1\nseed = {list(range(210))}'
    )
    command = [sys.executable, "-m", "mi_studio", "sweep", str(grid), "--out", str(out), "--workers", "2"]
    chance = random.Random(7)
    counts = [0]
    for _ in range(2):
        client = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        goal = counts[-1] + chance.randint(20, 60)
        while len(list((out / "parts").glob("[!.]*.parquet"))) < goal:
            assert client.poll() is None
            time.sleep(0.02)
        client.kill()
        client.wait()
        counts.append(len(Parts(out).keys()))
    written = {path: path.stat().st_mtime_ns for path in (out / "parts").glob("[!.]*.parquet")}
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert len(Parts(out).read()) == 210
    assert all(path.stat().st_mtime_ns == before for path, before in written.items())
