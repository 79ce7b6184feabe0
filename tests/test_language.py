"""Both languages say the same, nothing is left over, and the Japanese keeps to its typography and terms."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from every_text import walk

from mi_studio.core import metrics
from mi_studio.core.cards import library
from mi_studio.core.glossary import glossary
from mi_studio.core.text import Text
from mi_studio.studio.lessons import lessons

PACKAGE = Path(__file__).resolve().parent.parent / "mi_studio"
README = PACKAGE.parent / "README.ja.md"
SOURCES = {path: path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
KANA_OR_KANJI = "[\u3040-\u30ff\u3400-\u9fff々]"


@cache
def texts() -> tuple[tuple[str, Text], ...]:
    """Every text of cards, metrics, glossary and lessons, in the source and in the Japanese README."""
    found = [*walk(library(), "cards"), *walk(metrics.METRICS, "metrics"), *walk(glossary(), "glossary")]
    found += walk(lessons(), "lessons")
    found += [(README.name, Text("", line)) for line in README.read_text("utf-8").splitlines()]
    for path, source in SOURCES.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Text" and len(node.args) == 2:
                said = [str(a.value) for a in node.args if isinstance(a, ast.Constant)]
                if len(said) == 2:
                    found.append((f"{path.relative_to(PACKAGE)}:{node.lineno}", Text(*said)))
    return tuple(found)


def test_there_is_much_to_look_at() -> None:
    assert len(texts()) > 1500


def test_no_language_asks_for_a_value_that_the_other_has_not() -> None:
    """English may say more: what another program reports, in its own words, is left out of the Japanese."""
    for where, text in texts():
        english, japanese = (
            {name.removesuffix(f"_{lang}") for name in re.findall(r"{(\w+)", said)} - {lang}
            for lang, said in (("en", text.en), ("ja", text.ja))
        )
        assert japanese <= english, where


RULES = {
    "half-width punctuation beside Japanese": rf"{KANA_OR_KANJI}[,.!?;](?![0-9])|[,!?;]{KANA_OR_KANJI}",
    "half-width brackets around Japanese": rf"\({KANA_OR_KANJI}|{KANA_OR_KANJI}\)",
    "full-width figures or letters": "[０-９Ａ-Ｚａ-ｚ]",
    "English quotation marks": rf"[\"“”]{KANA_OR_KANJI}|{KANA_OR_KANJI}[\"“”]",
    "doubled punctuation": "。。|、、|、。|。、",
    "another dash than 〜": "[～∼]",
    "a percent sign of full width or set apart": "％|[0-9}] %",
    "a space between Japanese and a figure": (
        rf"{KANA_OR_KANJI} [0-9ε]|(?<![\w=.-])[0-9ε][0-9.,]*%? {KANA_OR_KANJI}"
    ),
    "a space between a word and the number it counts": r"(?:ステップ|シード|強さ|レッスン) \{",
    "half-width sign of equality": "ε ?= ?",
    "talking to 'you'": "あなた|貴方",
    "long-winded verbs": "ことができ(?:る|ます|ません)|ことが可能",
    "plain endings": r"である。|(?<!で)だ。|(?<!ま)(?<!で)した。|(?:する|いる|なる|ある)。",
}


@pytest.mark.parametrize("rule", RULES)
def test_japanese_typography_and_style(rule: str) -> None:
    for where, text in texts():
        said = text.ja
        if rule == "plain endings":  # what somebody says, or an answer to choose, may be plain
            if ".options." in where:
                continue
            said = re.sub("「[^」]*」|（[^）]*）", "", said)
        found = re.search(RULES[rule], said)
        assert found is None, f"{where}: {said[max(0, found.start() - 20) : found.end() + 10]}"


def test_percentages_are_written_in_one_way() -> None:
    for where, text in texts():
        found = re.search("[0-9}][ \u00a0]%(?![0-9A-Za-z(])", text.en)
        assert found is None, f"{where}: {text.en[max(0, found.start() - 20) : found.end() + 10]}"


AGREED = {
    "モデル反転攻撃": "モデルインバージョン|モデル逆転",
    "差分プライバシー": "差分プライバシ(?!ー)|差分秘匿",
    "勾配摂動": "勾配の?撹乱|勾配ノイズ付加",
    "出力制限": "アウトプット制限|出力の?規制",
    "サーバー・ユーザー・メモリー": "(?:サーバ|ユーザ|メモリ|フォルダ|コンピュータ)(?!ー)",
    "防御": "ディフェンス|デフェンス",
    "漏えい": "漏洩|ろうえい",
    "一致度": "(?<!コサイン)(?<!構造的)(?<!構造的な)類似度|鮮明さ",
    "シード": "乱数の種|シード[0-9}]*回",
    "基準値": "ベースライン",
    "バックグラウンドで": "裏で",
    "層正規化": "レイヤー正規化",
    "オートエンコーダー": "自己符号化器|オートエンコーダ(?!ー)",
    "インプリント層": "埋め込みブロック",
    "進化的探索": "進化による探索",
    "アパレル企業": "服飾",
    "無関係な画像": "無関係の画像",
    "付属": "同梱",
    "MI Studio": "この製品|本ソフト|本製品",
    "気付く・防ぎきる・ほか": "気づ[かきくけこ]|防ぎ切|(?<!その)他の",
}
"""Agreed terms, and what would be said in their place."""


@pytest.mark.parametrize("term", AGREED)
def test_one_thing_has_one_name(term: str) -> None:
    wrong = [f"{where}: {text.ja[:60]}" for where, text in texts() if re.search(AGREED[term], text.ja)]
    assert not wrong


@pytest.mark.parametrize("file", ["app/words.py", "studio/words.py"])
def test_no_text_is_left_over(file: str) -> None:
    tree = ast.parse(SOURCES[PACKAGE / file])
    targets = [node.targets[0] for node in tree.body if isinstance(node, ast.Assign)]
    named = [target.id for target in targets if isinstance(target, ast.Name)]
    uses = Counter(word for source in SOURCES.values() for word in re.findall(r"\w+", source))
    unused = [name for name in named if uses[name] < 2]
    assert named
    assert not unused


def test_no_name_stands_for_two_texts() -> None:
    """The second would stand for the first as well: a wall's bar once said "recognise {k} of the {n}"."""
    for path, source in SOURCES.items():
        assigned = [
            target.id
            for node in ast.parse(source).body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        ]
        assert len(assigned) == len(set(assigned)), path.name
