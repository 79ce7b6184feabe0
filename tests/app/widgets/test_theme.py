from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from gallery import stage
from PySide6.QtGui import QFontDatabase, QFontMetrics, QFontMetricsF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mi_studio.app import icons, theme, words
from mi_studio.app.window import MainWindow
from mi_studio.core.paths import assets
from mi_studio.core.text import LONGER, WORDY, Text


def test_every_text_stands_out_from_its_ground() -> None:
    for colors in theme.THEMES.values():
        for front, back in theme.TEXT_PAIRS:
            assert theme.contrast(getattr(colors, front), getattr(colors, back)) >= 4.5, (
                colors.name,
                front,
                back,
            )


def test_contrast_agrees_with_the_standard() -> None:
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert theme.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_leak_and_safe_differ_in_lightness_too() -> None:
    for colors in theme.THEMES.values():
        assert abs(theme.luminance(colors.leak) - theme.luminance(colors.safe)) > 0.03, colors.name


def test_no_token_is_left_in_the_sheet(qapp: QApplication) -> None:
    for name in theme.THEMES:
        theme.apply(qapp, name)
        assert "@" not in qapp.styleSheet()
        assert qapp.palette().window().color() == theme.current().color("window")


def test_system_follows_the_desktop(qapp: QApplication) -> None:
    theme.apply(qapp, "system")
    assert theme.current() in (theme.LIGHT, theme.DARK)


def test_the_bundled_type_is_used_and_its_figures_stand_still(qapp: QApplication) -> None:
    assert theme.FAMILY in QFontDatabase.families()
    for bold in (False, True):
        metrics = QFontMetricsF(theme.font(24, bold))
        assert len({metrics.horizontalAdvance(figure) for figure in "0123456789"}) == 1


def test_the_tails_of_letters_have_room_in_their_line(qapp: QApplication) -> None:
    """They are short in this typeface, as it gives Latin letters the box of Japanese ones; none is cut."""
    for zoom in theme.ZOOMS:
        theme.set_scale(qapp, zoom=zoom)
        for size in (11, 12, theme.SMALL, theme.BODY, 16, 17, theme.LEAD, theme.BIG):
            for bold in (False, True):
                metrics = QFontMetrics(theme.font(size, bold))
                ink = metrics.tightBoundingRect("pgyjqQ（）、")
                assert ink.bottom() + 1 <= metrics.descent(), (zoom, size)
                assert -ink.top() <= metrics.ascent(), (zoom, size)


def test_every_icon_draws_something(qapp: QApplication) -> None:
    folder = assets() / "icons"
    for path in folder.rglob("*.svg"):
        name = path.relative_to(folder).with_suffix("").as_posix()
        image = icons.pixmap(name, "accent", 18).toImage()
        assert any(image.pixelColor(x, y).alpha() > 128 for x in range(18) for y in range(18)), path.stem


def test_the_theme_changes_live(
    open_window: Callable[..., MainWindow], qapp: QApplication, qtbot: QtBot
) -> None:
    window = open_window()
    window.show_view(stage("en"))
    light = window.grab().toImage().pixelColor(4, 400)
    theme.apply(qapp, "dark")
    assert window.grab().toImage().pixelColor(4, 400) == theme.DARK.color("window") != light
    with qtbot.waitSignal(window.theme_chosen) as chosen:
        window._themes["contrast"].trigger()
    assert chosen.args == ["contrast"]


def test_large_windows_have_larger_type(open_window: Callable[..., MainWindow], qtbot: QtBot) -> None:
    window = open_window(size=(1920, 1080))
    qtbot.waitUntil(lambda: theme.scale() == 1.25)
    window.resize(1280, 800)
    qtbot.waitUntil(lambda: theme.scale() == 1.0)


def all_words() -> list[Text]:
    found: list[Text] = []
    for value in vars(words).values():
        for item in value.values() if isinstance(value, dict) else [value]:
            if isinstance(item, Text):
                found.append(item)
    return found + [text for _, text in words.KEYS]


def test_words_are_there_in_both_languages_with_the_same_values() -> None:
    assert len(all_words()) > 50
    for text in all_words():
        assert text.en
        assert text.ja
        assert set(re.findall(r"{(\w+)}", text.en)) == set(re.findall(r"{(\w+)}", text.ja)), text


def test_the_long_language_is_longer() -> None:
    said = words.say(words.PLAY, WORDY)
    assert said == "[Pläÿ]"
    for text in (*all_words(), Text("a sky with no {place} in it", "-")):
        wordy = text.get(WORDY)
        assert re.findall(r"{(\w+)}", wordy) == re.findall(r"{(\w+)}", text.en)
        plain, long = (re.sub(r"{\w+}", "", t) for t in (text.en, wordy))
        assert len(long) >= LONGER * len(plain) or not re.search("[A-Za-z]", plain), text.en


def test_lines_break_where_it_reads_well() -> None:
    held = words.breakable("same seed · its own choice: step 375").replace(words.FIRM, "_")
    assert held == "same seed · its own choice: step_375"
    assert words.breakable("Somebody would recognise it.").replace(words.FIRM, "_").endswith("recognise_it.")
    listed = words.together("Likeness 0.62 · one picture, one seed").replace(words.FIRM, "_")
    assert listed == "Likeness_0.62_· one_picture,_one_seed"  # no line begins with the sign
    long = "a part that is longer than any line could ever be"
    assert words.together(long) == long
    japanese = words.together("一致度 0.62・シード1個の結果")
    assert japanese.replace(words.JOINER, "") == "一致度 0.62・シード1個の結果"
    assert f"の{words.JOINER}結{words.JOINER}果" in japanese
    assert f"・{words.JOINER}" not in japanese


def test_japanese_breaks_between_phrases_only() -> None:
    pieces = words.breakable("この攻撃者には効きません。見ているのは回答ではなく勾配だからです。").split(
        words.JOINER
    )
    breaks = {a[-1] + b[0] for a, b in pairwise(pieces)}
    assert "者に" in breaks  # joined: no line begins with a particle
    assert "送り直" in words.breakable("で送り直し").replace(words.JOINER, "")
    assert f"送{words.JOINER}り{words.JOINER}直" in words.breakable("送り直し")
    assert "のため評" in words.breakable("混在のため評価").replace(
        f"の{words.JOINER}た{words.JOINER}め", "のため"
    )
    assert words.JOINER not in words.breakable("Nothing to join here.")
