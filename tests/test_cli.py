"""The command line's contract, called as a user would: in a process of its own."""

import io
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

import mi_studio
from mi_studio import cli
from mi_studio.core import recording
from mi_studio.export.run_folder import png

SCHEMA = json.loads((Path(mi_studio.__file__).parent / "core" / "result.schema.json").read_text("utf-8"))
FILES = {"result.json", "original.png", "reconstruction.png", "steps.csv", "run.mireplay"}


def command(*words, **more):
    return subprocess.run(
        [sys.executable, "-m", "mi_studio", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **more,
    )


def test_a_run_leaves_its_five_files(tmp_path):
    out = tmp_path / "run"
    done = command(
        *("run", "--scene", "federated", "--attack", "inverting-gradients", "--steps", "20", "--seed", "5"),
        *("--set", "gradient-clip=1", "--target", "flower", "--device", "cpu", "--out", str(out)),
    )
    assert done.returncode == 0, done.stderr
    assert {p.name for p in out.iterdir()} == FILES
    result = json.loads((out / "result.json").read_text("utf-8"))
    jsonschema.validate(result, SCHEMA)
    assert (result["target"], result["seed"], result["steps"], result["complete"]) == ("flower", 5, 20, True)
    assert result["defenses"][0]["effective"] is False
    assert "gradient-clip has no effect" in done.stdout
    rows = (out / "steps.csv").read_text().splitlines()
    assert len(rows) == 22
    assert rows[0].startswith("step,knob_version,seconds,queries,objective,")
    assert len(recording.load(out / "run.mireplay").history) == 21
    for name in ("original.png", "reconstruction.png"):
        with Image.open(out / name) as picture:
            assert picture.size == (256, 256)


def test_an_own_picture_is_scored_against_itself(tmp_path):
    picture = tmp_path / "mine.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 50, 3), dtype=np.uint8)).save(picture)
    words = f"run --scene federated --image {picture} --set picture-size=64 --steps 3 --out {tmp_path / 'o'}"
    code = cli.main(words.split())
    assert code == 0
    result = json.loads((tmp_path / "o" / "result.json").read_text("utf-8"))
    assert result["target"] == "own-picture"
    jsonschema.validate(result, SCHEMA)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["run", "--scene", "x", "--out", "o"], "federated"),
        (["run", "--scene", "catalogue", "--attack", "inverting-gradients", "--out", "o"], "latent-search"),
        (["run", "--scene", "catalogue", "--set", "epsilon=3", "--out", "o"], "inf 16 8 4 2 1 0.5"),
        (["run", "--scene", "catalogue", "--set", "epsilon", "--out", "o"], "KNOB=VALUE"),
        (["run", "--scene", "catalogue", "--image", "x.png", "--out", "o"], "federated"),
        (["run", "--scene", "federated", "--image", "none.png", "--out", "o"], "none.png"),
        (["run", "--scene", "federated"], "--out"),
        (["list", "colours"], "scenes"),
        (["play", "none.mireplay"], "none.mireplay"),
        (["train", "none"], "choose among"),
        (["screenshot", "--scene", "federated", "--size", "big", "--out", "o.png"], "1280x800"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(words, named, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        code = cli.main(words)
    except SystemExit as stop:
        code = stop.code
    said = capsys.readouterr().err
    assert code == 2
    assert named in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_an_out_that_cannot_be_made_is_wrong_use(capsys, tmp_path):
    (tmp_path / "file").write_text("x")
    code = cli.main(["run", "--scene", "federated", "--out", str(tmp_path / "file" / "x")])
    assert code == 2
    assert "choose another --out" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [None, *cli.KINDS])
def test_lists_are_complete_json(kind, capsys):
    assert cli.main(["list", *([kind] if kind else []), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    entries = listed if kind else listed["attacks"]
    assert all(entry["id"] for entry in entries)
    assert cli.main(["list", *([kind] if kind else [])]) == 0
    assert "inverting-gradients" in capsys.readouterr().out or kind not in (None, "attacks", "scenes")


def test_models_are_listed_with_the_defences_trained_into_them(capsys):
    assert cli.main(["list", "models", "--json"]) == 0
    trained = {(m["scene"], m["id"]): m["trained_in"] for m in json.loads(capsys.readouterr().out)}
    assert trained["catalogue", "small-cnn"] == ["dp-training"]
    assert trained["handwriting", "small-cnn"] == []
    assert trained["federated", "strided-cnn"] == []


@pytest.mark.parametrize(
    "words", [["--help"], ["list"], ["list", "knobs", "--json"], ["play", "none.mireplay"]]
)
def test_quick_answers_load_neither_torch_nor_qt(words):
    script = (
        "import sys; from mi_studio.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "assert not {'torch', 'PySide6'} & set(sys.modules), 'heavy'"
    )
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_ctrl_c_leaves_what_was_computed(tmp_path, monkeypatch):
    from mi_studio.engine import Run

    steps = Run.__iter__

    def interrupted(run):
        for step in steps(run):
            yield step
            if step.index == 5:
                raise KeyboardInterrupt

    monkeypatch.setattr(Run, "__iter__", interrupted)
    assert cli.main(["run", "--scene", "federated", "--out", str(tmp_path / "o")]) == 130
    result = json.loads((tmp_path / "o" / "result.json").read_text("utf-8"))
    jsonschema.validate(result, SCHEMA)
    assert (result["complete"], result["steps"]) == (False, 5)


def test_a_run_that_breaks_is_exit_code_3_and_keeps_its_steps(tmp_path, monkeypatch, capsys):
    from mi_studio.engine import Run

    steps = Run.__iter__

    def broken(run):
        for step in steps(run):
            yield step
            if step.index == 5:
                raise RuntimeError("the device\nis gone")

    monkeypatch.setattr(Run, "__iter__", broken)
    assert cli.main(["run", "--scene", "federated", "--out", str(tmp_path / "o")]) == 3
    assert "the device is gone" in capsys.readouterr().err
    assert json.loads((tmp_path / "o" / "result.json").read_text("utf-8"))["steps"] == 5


def test_a_run_that_cannot_begin_is_one_line_and_exit_code_3(tmp_path, monkeypatch, capfd):
    from mi_studio.engine import Run

    def out_of_memory(run, config):
        raise MemoryError("no room\non the device")

    monkeypatch.setattr(Run, "__init__", out_of_memory)
    assert cli.main(["run", "--scene", "federated", "--out", str(tmp_path / "o")]) == 3
    (said,) = (line for line in capfd.readouterr().err.splitlines() if line.strip())
    assert said == "mi-studio: The run could not begin: no room on the device"


def test_a_run_without_torch_says_what_to_install(tmp_path, monkeypatch, capfd):
    for name in [n for n in sys.modules if n.startswith("mi_studio.engine")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert cli.main(["run", "--scene", "federated", "--out", str(tmp_path / "o")]) == 2
    (said,) = (line for line in capfd.readouterr().err.splitlines() if line.strip())
    assert "pip install" in said


def test_a_page_about_a_run_in_either_language(tmp_path):
    shipped = Path(mi_studio.__file__).parent.parent / "assets" / "recordings" / "federated.mireplay"
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.mireplay").write_bytes(shipped.read_bytes())
    for language in ("en", "ja"):
        out = tmp_path / f"{language}.pdf"
        done = command("report", str(tmp_path / "run"), "--lang", language, "--out", str(out))
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert out.read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "en.pdf").read_bytes() != (tmp_path / "ja.pdf").read_bytes()


def test_a_page_about_nothing_says_what_is_missing(tmp_path):
    done = command("report", str(tmp_path), "--out", str(tmp_path / "x.pdf"))
    assert done.returncode == 2
    assert "run.mireplay" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_run_says_what_came_out_in_words_and_names_every_score(tmp_path, capsys):
    out = tmp_path / "o"
    assert (
        cli.main(["run", "--scene", "customers", "--target", "all", "--steps", "4", "--out", str(out)]) == 0
    )
    said = capsys.readouterr().out
    assert "of 8 people" in said.splitlines()[0]
    assert "Means over 8 targets:" in said
    assert "Hidden field guessed   (always the most frequent value: 0.433)" in said
    assert "unrelated pictures" not in said
    assert str(out) in said.splitlines()[-1]


def test_every_target_that_can_be_named_is_listed():
    listed = {entry["id"]: entry["targets"] for entry in cli._entries("scenes")}
    assert "all" in listed["face-login"]
    assert "all" not in listed["hospital"]


def test_a_wall_of_pictures_is_saved_in_rows_of_eight():
    pictures = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 128, 128, 3), np.uint8)
    with Image.open(io.BytesIO(png(pictures))) as wall:
        assert wall.size == (8 * 256, 2 * 256)
        seen = np.asarray(wall)[::256, ::256, 0]
    assert seen.tolist() == [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 0, 0, 0, 0, 0, 0]]
    with Image.open(io.BytesIO(png(pictures[:3]))) as row:
        assert row.size == (3 * 256, 256)
