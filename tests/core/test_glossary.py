"""The glossary explains what the program says, in both languages."""

from __future__ import annotations

import re

import pytest

from mi_studio.core.glossary import GROUPS, explained, glossary

JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def ids(text: str) -> list[str]:
    return [term.id for term in explained(text)]


def test_there_is_enough_of_it_and_every_entry_is_whole() -> None:
    terms = glossary()
    assert len(terms) >= 60
    assert len({term.id for term in terms}) == len(terms)
    for term in terms:
        assert term.group in GROUPS
        assert not JAPANESE.search(term.title.en + term.text.en), term.id
        assert JAPANESE.search(term.text.ja), term.id
        assert term.text.en.endswith("."), term.id
        assert term.text.ja.endswith("。"), term.id
        assert re.search(r"(です|ます|ません|ください|でした)。", term.text.ja), term.id
        assert len(term.text.en) < 220, term.id


@pytest.mark.parametrize(
    ("id_", "japanese"),
    [
        ("model-inversion", "モデル反転攻撃"),
        ("differential-privacy", "差分プライバシー"),
        ("gradient-perturbation", "勾配摂動"),
        ("output-restriction", "出力制限"),
    ],
)
def test_the_agreed_terms(id_: str, japanese: str) -> None:
    (term,) = (t for t in glossary() if t.id == id_)
    assert term.title.ja.startswith(japanese)


def test_no_two_terms_share_a_name() -> None:
    for language in ("en", "ja"):
        names = [name.casefold() for term in glossary() for name in term.names(language)]
        twice = {name for name in names if names.count(name) > 1}
        assert not twice


def test_a_longer_name_is_not_mistaken_for_a_part_of_it() -> None:
    assert ids("Gradient leakage from one update") == ["gradient-leakage"]
    assert ids("勾配摂動で守ります") == ["gradient-perturbation"]
    assert ids("a classified advertisement") == []
    assert ids("two classifiers") == ["classifier"]


def test_both_languages_find_the_same() -> None:
    assert ids("The judge model asks for the PSNR") == ids("判定用モデルとPSNR") == ["evaluator", "psnr"]
    assert ids("") == []
