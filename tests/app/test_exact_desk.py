"""Training at one ε from the window: the line, the dialog, the process behind them, and the new stop."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from mi_studio.app.controller import Controller
from mi_studio.app.exact import command
from mi_studio.app.widgets.common import Button
from mi_studio.core import paths
from mi_studio.core.weights import find_weights, forget_own, own_cards, own_folder

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

# stands in for the training: it tells how far it is, waits to be let on, and copies a shipped model
TRAINS = """
import json, os, sys
place, epsilon, card, weights, more = sys.argv[1:]
tell = lambda line: print(json.dumps(line), flush=True)
print("a library's own word", flush=True)
tell({"share": 0.0})
tell({"share": 0.5})
if more == "waits":
    sys.stdin.read()
if more == "fails":
    tell({"error": {"en": "The photos are not here.", "ja": "写真がありません。"}})
    sys.exit(3)
if more == "dies":
    os.abort()
os.makedirs(os.path.dirname(place), exist_ok=True)
open(place + ".safetensors", "wb").write(open(weights, "rb").read())
text = json.load(open(card))
text["knobs"]["epsilon"] = text["privacy"]["epsilon"] = float(epsilon)
json.dump(text, open(place + ".json", "w"))
tell({"share": 1.0})
tell({"card": place + ".json"})
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(paths, "data_dir", lambda: tmp_path)
    forget_own()
    yield own_folder() / "catalogue" / "small-cnn"
    forget_own()


Opened = Callable[..., Controller]


@pytest.fixture
def opened(program: Callable[..., Controller]) -> Opened:
    def open_it(more: str = "", scene: str = "catalogue", **options: object) -> Controller:
        controller = program(scene=scene, **options)
        shipped = find_weights("catalogue", "small-cnn", {
            "private-line": "kin", "private-records": 2000.0, "epsilon": 4.0})  # fmt: skip

        def stand_in(scene: str, epsilon: float, values: object) -> list[str]:
            place = own_folder() / "catalogue" / "small-cnn" / f"kin-2000-{epsilon:g}"
            return [sys.executable, "-c", TRAINS, str(place), str(epsilon), str(shipped.path),
                    str(shipped.weights), more]  # fmt: skip

        controller.exact._command = stand_in
        if scene == "catalogue":
            controller.session.intent.turn("private-records", 2000.0)
            controller.draw()
        return controller

    return open_it


def ask(controller: Controller, qtbot: QtBot, epsilon: str) -> None:
    """Do it all with the keyboard."""
    line = controller.window.exact
    line.open.setFocus()
    qtbot.keyClick(line.open, Qt.Key.Key_Space)
    dialog = controller.exact.dialog
    assert dialog is not None
    assert dialog.field.isEnabled()
    dialog.field.selectAll()
    qtbot.keyClicks(dialog.field, epsilon)
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)


def stops(controller: Controller) -> list[object]:
    return [s.value for s in controller.session.intent.knobs["epsilon"].stops]


def test_what_was_trained_joins_the_slider_and_is_there_after_a_restart(opened: Opened, qtbot: QtBot) -> None:
    controller = opened()
    assert controller.window.exact.isVisible()
    ask(controller, qtbot, "3")
    assert controller.exact.dialog is None
    assert controller.window.exact.cancel.isVisible()
    qtbot.waitUntil(lambda: not controller.exact.training)
    assert 3.0 in stops(controller)
    said = controller.window.banner.text.said
    assert "ε = 3 is ready" in said
    assert "Opacus RDP counts ε = 3.999" in said  # the stand-in's card is that of ε = 4
    controller.session.intent.turn("epsilon", 3)
    controller.draw()
    row = next(r for r in controller.window.protection.rows if r.knob == "epsilon")
    assert row.value.said == "3 · trained here"
    assert "3*" in [label for _, label in row._view.stops]
    assert controller.window.cost.isVisible()
    controller.close()
    forget_own()
    again = opened()
    assert 3.0 in stops(again)


def test_how_far_it_is_can_be_read_and_cancelling_leaves_nothing(
    opened: Opened, qtbot: QtBot, folder: Path
) -> None:
    controller = opened("waits")
    ask(controller, qtbot, "3.5")
    line = controller.window.exact
    assert line.going.said == "ε = 3.5: loading"
    qtbot.waitUntil(lambda: line.going.said == "ε = 3.5: 50% trained")
    folder.mkdir(parents=True)
    (folder / ".kin-2000-3.5-x.safetensors").write_bytes(b"half")
    (folder / "kin-2000-3.5.safetensors").write_bytes(b"half")
    line.cancel.setFocus()
    qtbot.keyClick(line.cancel, Qt.Key.Key_Space)
    assert not controller.exact.training
    assert line.open.isVisible()
    assert list(folder.iterdir()) == []
    assert 3.5 not in stops(controller)


def test_closing_the_program_ends_the_training(opened: Opened, qtbot: QtBot, folder: Path) -> None:
    controller = opened("waits")
    ask(controller, qtbot, "3")
    process = controller.exact._process
    assert process is not None
    qtbot.waitUntil(lambda: "50%" in controller.window.exact.going.said)
    before = process.processId()
    assert before > 0
    controller.close()
    assert not controller.exact.training
    assert process.state() is process.ProcessState.NotRunning
    assert not folder.exists()


@pytest.mark.parametrize(
    ("more", "said"), [("fails", "The photos are not here."), ("dies", "Nothing was kept.")]
)
def test_what_goes_wrong_is_told(opened: Opened, qtbot: QtBot, more: str, said: str) -> None:
    controller = opened(more)
    ask(controller, qtbot, "3")
    qtbot.waitUntil(lambda: not controller.exact.training)
    assert controller.window.banner.isVisible()
    assert said in controller.window.banner.text.said
    assert controller.window.exact.open.isVisible()


def test_a_program_that_cannot_be_started_is_told(opened: Opened, qtbot: QtBot) -> None:
    controller = opened()
    controller.exact._command = lambda _scene, _epsilon, _values: ["/nowhere/at/all"]
    ask(controller, qtbot, "3")
    qtbot.waitUntil(lambda: not controller.exact.training)
    assert "Nothing was kept." in controller.window.banner.text.said


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [("much", "a number from 0.25 to 64"), ("0.1", "a number from"), ("nan", "a number from"),
     ("4", "on the slider already"), ("", "a number from")],
)  # fmt: skip
def test_a_wish_that_cannot_be_says_why(opened: Opened, qtbot: QtBot, typed: str, wrong: str) -> None:
    controller = opened()
    ask(controller, qtbot, typed)
    assert not controller.exact.training
    dialog = controller.exact.dialog
    assert dialog is not None
    assert wrong in dialog.wrong.said
    assert dialog.wrong.isVisible()


def test_without_opacus_it_says_how_to_get_it(
    opened: Opened, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = opened()
    monkeypatch.setattr("mi_studio.app.exact.importlib.util.find_spec", lambda name: None)
    ask(controller, qtbot, "3")
    assert controller.exact.dialog is not None
    assert "pip install opacus" in controller.exact.dialog.wrong.said


def test_deleting_it_moves_the_knob_to_the_nearest_model_that_is_there(
    opened: Opened, qtbot: QtBot, folder: Path
) -> None:
    controller = opened()
    ask(controller, qtbot, "3")
    qtbot.waitUntil(lambda: not controller.exact.training)
    intent = controller.session.intent
    intent.turn("epsilon", 3)
    line = controller.window.exact
    qtbot.mouseClick(line.open, Qt.MouseButton.LeftButton)
    dialog = controller.exact.dialog
    assert dialog is not None
    (delete,) = [b for b in dialog.findChildren(Button) if b.text() == "Delete"]
    assert "ε = 3 · kin is public · 2,000 photos" in delete.accessibleName()
    delete.setFocus()
    qtbot.keyClick(delete, Qt.Key.Key_Space)
    assert own_cards("catalogue") == ()
    assert list(folder.iterdir()) == []
    assert 3.0 not in stops(controller)
    assert intent.wish.values["epsilon"] == 4.0
    assert intent.undo()  # the model of before is gone
    assert intent.wish.values["epsilon"] in stops(controller)


def test_where_it_was_not_trained_it_is_not_there(opened: Opened, qtbot: QtBot) -> None:
    controller = opened()
    ask(controller, qtbot, "3")
    qtbot.waitUntil(lambda: not controller.exact.training)
    intent = controller.session.intent
    intent.turn("epsilon", 3)
    intent.turn("private-records", 30000)
    assert intent.wish.values["epsilon"] == 4.0
    assert 3.0 not in stops(controller)
    intent.turn("private-records", 2000)
    assert 3.0 in stops(controller)


def test_where_nothing_can_be_trained_nothing_is_offered(opened: Opened) -> None:
    for scene in ("federated", "face-login", "handwriting"):
        controller = opened(scene=scene)
        assert not controller.window.exact.isVisible(), scene


def test_the_face_login_with_a_head_of_its_own_offers_it(opened: Opened, qtbot: QtBot) -> None:
    controller = opened(scene="face-login")
    line = controller.window.exact
    assert not line.isVisible()
    controller.session.intent.pick("model", "face-net-pretrained")
    controller.draw()
    assert line.isVisible()
    asked: list[tuple[object, ...]] = []

    def stand_in(*told: object) -> list[str]:
        asked.append(told)
        return [sys.executable, "-c", ""]

    controller.exact._command = stand_in
    qtbot.mouseClick(line.open, Qt.MouseButton.LeftButton)
    dialog = controller.exact.dialog
    assert dialog is not None
    assert dialog.trained_on.said.startswith("Trained on: 2,400 photos of the employees, last layer only.")
    controller.window.language_chosen.emit("ja")
    dialog = controller.exact.dialog
    assert dialog is not None
    assert dialog.trained_on.said.startswith("学習データ：社員の写真2,400枚（最後の層のみ）。")
    qtbot.keyClicks(dialog.field, "3")
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert asked == [("face-login", 3.0, {})]
    qtbot.waitUntil(lambda: not controller.exact.training)


def test_it_speaks_both_languages(opened: Opened, qtbot: QtBot) -> None:
    controller = opened("waits")
    ask(controller, qtbot, "3")
    qtbot.waitUntil(lambda: "50%" in controller.window.exact.going.said)
    controller.window.language_chosen.emit("ja")
    assert controller.window.exact.going.said == "ε＝3：50%まで学習"
    assert controller.window.exact.cancel.text() == "中止"
    controller.exact.cancel()
    controller.window.exact.opened.emit()
    controller.window.language_chosen.emit("en")
    dialog = controller.exact.dialog
    assert dialog is not None
    assert dialog.train.text() == "Train"
    assert dialog.trained_on.said.startswith("Trained on: kin is public · 2,000 photos.")


def test_the_program_calls_itself() -> None:
    values = {"private-line": "kin", "private-records": 2000.0}
    trains = ["-m", "mi_studio", "train", "--for-window", "--scene"]
    assert command("catalogue", 3.5, values)[1:] == [
        *(*trains, "catalogue", "--epsilon", "3.5"),
        *("--set", "private-line=kin", "private-records=2000"),
    ]
    assert command("face-login", 3.5, {})[1:] == [*trains, "face-login", "--epsilon", "3.5"]
