from __future__ import annotations

import contextlib
import sys

import pytest

from mi_studio.app import preflight
from mi_studio.core.errors import UsageError

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at Linux only")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@linux
def test_no_display(bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no display") as caught:
        preflight.check_window()
    assert "\n" not in str(caught.value)


@linux
def test_offscreen_is_fine(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("QT_QPA_PLATFORM", "offscreen")
    preflight.check_window()


@linux
@pytest.mark.parametrize(
    ("environment", "missing", "named"),
    [
        ({"DISPLAY": ":0"}, ["libxcb-cursor.so.0", "libxcb-icccm.so.4"], "libxcb-cursor0 libxcb-icccm4"),
        ({"QT_QPA_PLATFORM": "offscreen"}, ["libEGL.so.1"], "apt-get install libegl1"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, ["libxcb-cursor.so.0"], None),
    ],
)
def test_missing_libraries_are_named(
    bare: pytest.MonkeyPatch, environment: dict[str, str], missing: list[str], named: str | None
) -> None:
    for name, value in environment.items():
        bare.setenv(name, value)
    real = preflight.missing_libraries
    bare.setattr(preflight, "missing_libraries", lambda names: [n for n in names if n in missing] or real([]))
    with pytest.raises(UsageError, match=named) if named else contextlib.nullcontext():
        preflight.check_window()


@linux
def test_a_display_that_does_not_answer(bare: pytest.MonkeyPatch) -> None:
    if preflight.missing_libraries(preflight.FOR_X11):
        pytest.skip("no X11 libraries here")
    bare.setenv("DISPLAY", ":987")
    with pytest.raises(UsageError, match="':987' does not answer"):
        preflight.check_window()


def test_a_library_that_is_not_there() -> None:
    assert preflight.missing_libraries(["libnothing-of-this-name.so.0"]) == ["libnothing-of-this-name.so.0"]


def test_other_systems_are_trusted(bare: pytest.MonkeyPatch) -> None:
    bare.setattr(sys, "platform", "darwin")
    preflight.check_window()
