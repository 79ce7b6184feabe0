"""Realistic stages in both languages, and their screenshots.

python tests/app/widgets/gallery.py FOLDER writes every language, theme and size as PNG.
"""

from __future__ import annotations

import math
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mi_studio.core.paths import assets
from mi_studio.core.step import Pictures, View
from mi_studio.core.text import Text
from mi_studio.studio.views import (
    Bracket,
    Choice,
    CostView,
    CurveView,
    KnobView,
    PaneView,
    SeenView,
    SentenceView,
    StageView,
    TimelineView,
    VerdictView,
)

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

TOTAL = 160
SIZES = ((1280, 800), (1920, 1080), (1100, 700))


@cache
def picture(name: str, side: int) -> Pictures:
    """A shipped picture as (1, side, side, c), or a made one."""
    path = assets() / name
    if path.exists():
        image = Image.open(path)
        if name.startswith("catalogue"):  # a sheet of 28-pixel pictures
            image = image.crop((0, 0, 28, 28))
        kept = np.asarray(image.resize((side, side), Image.Resampling.BOX))
        return np.ascontiguousarray(kept.reshape(1, side, side, -1))
    ramp = np.linspace(40, 220, side, dtype=np.uint8)
    return np.stack([np.tile(ramp, (side, 1))] * 3, axis=-1)[None]


def reached(secret: Pictures, clear: float, seed: int = 0) -> Pictures:
    """The secret as an attacker has it: 0 is noise, 1 is the secret."""
    noise = np.random.default_rng(seed).normal(118, 46, secret.shape)
    return (clear * secret + (1 - clear) * noise).clip(0, 255).astype(np.uint8)


def likeness(step: int, top: float) -> float:
    return top / (1 + math.exp(-(step - 34) / 15))


@cache
def choices(ja: bool) -> dict[str, tuple[Choice, ...]]:
    def thumb(name: str) -> Pictures:
        return picture(name, 48)[0]

    return {
        "scene": (
            Choice(
                "federated",
                "連合学習からの漏えい" if ja else "Federated leak",
                "端末から送った勾配だけで、元の写真が復元されます。"
                if ja
                else "One gradient leaves the device. The picture it came from does not, and yet…",
                0,
                "",
                True,
                thumb("federated/pictures/cat.png"),
            ),
            Choice(
                "catalogue",
                "発売前カタログ" if ja else "Unreleased catalogue",
                "まだ公開していない商品の分類モデルです。"
                if ja
                else "A classifier of products that nobody may see yet.",
                0,
                "",
                False,
                thumb("catalogue/reference/8-bag.png"),
            ),
        ),
        "model": (
            Choice(
                "small-cnn",
                "小型CNN" if ja else "small CNN",
                "4層の小さなモデルです。" if ja else "Four layers.",
                0,
                "",
                True,
            ),
        ),
        "attack": (
            Choice(
                "gradients",
                "勾配の反転" if ja else "Gradient inversion",
                "送られた勾配と同じ勾配になる画像を探します。"
                if ja
                else "Looks for the picture whose gradient is the one that was sent.",
                3,
                "",
                True,
            ),
            Choice(
                "latent",
                "潜在空間の探索" if ja else "Latent search",
                "生成モデルの中から、モデルが確信する画像を探します。"
                if ja
                else "Searches a generator for pictures that the model is sure about.",
                3,
                "この場面には、攻撃者が使える生成モデルがありません。"
                if ja
                else "This scene gives the attacker no generator.",
                False,
            ),
            Choice(
                "scores",
                "確信度からの探索" if ja else "Score search",
                "APIの回答だけを頼りに、少しずつ近づきます。"
                if ja
                else "Uses nothing but the API’s answers, step by step.",
                1,
                "この場面のモデルは、外からの問い合わせを受け付けません。"
                if ja
                else "Nobody can query the model in this scene.",
                False,
            ),
        ),
        "target": (
            Choice("cat", "ネコ" if ja else "Cat", "", 0, "", True, thumb("federated/pictures/cat.png")),
            Choice(
                "coffee",
                "コーヒー" if ja else "Coffee cup",
                "",
                0,
                "",
                False,
                thumb("federated/pictures/coffee.png"),
            ),
            Choice(
                "retina",
                "眼底写真" if ja else "Retina scan",
                "",
                0,
                "",
                False,
                thumb("federated/pictures/retina.png"),
            ),
        ),
        "defense": (
            Choice(
                "noise",
                "勾配へのノイズ付加" if ja else "Gradient noise",
                "更新を送る前に、乱数のノイズを加えてぼかします。"
                if ja
                else "The client blurs its update with random noise before sending it.",
                2,
                "",
                True,
            ),
            Choice(
                "prune",
                "勾配の間引き" if ja else "Gradient pruning",
                "更新のうち、大きい値だけを送ります。"
                if ja
                else "The client sends only the largest entries of its update.",
                2,
                "",
                False,
            ),
            Choice(
                "dp",
                "差分プライバシー学習" if ja else "DP training",
                "1件のデータの影響が小さくなるように学習します。"
                if ja
                else "The model was trained so that no single record can matter much.",
                3,
                "この勾配は学習の途中のもので、学習後の防御は関係しません。"
                if ja
                else "This gradient is computed before any training ends.",
                False,
            ),
        ),
    }


@cache
def sentence(ja: bool) -> SentenceView:
    entries = choices(ja)

    def bracket(slot: str, note: str) -> Bracket:
        title = next(c.title for c in entries[slot] if c.checked)
        return Bracket(slot, title, note, entries[slot])  # type: ignore[arg-type]

    gets = "勾配を受け取る" if ja else "sees the gradient"
    noise = "強さ 0.05" if ja else "strength 0.05"
    if ja:
        return SentenceView(
            (
                bracket("scene", ""),
                "の",
                bracket("model", ""),
                "から",
                bracket("target", ""),
                "を",
                bracket("attack", gets),
                "で狙い、",
                bracket("defense", noise),
                "で守ります",
            )
        )
    return SentenceView(
        (
            bracket("scene", ""),
            "with a",
            bracket("model", ""),
            "hides the",
            bracket("target", ""),
            "from",
            bracket("attack", gets),
            "by",
            bracket("defense", noise),
        )
    )


def knobs(ja: bool, noise: float = 0.05) -> tuple[KnobView, ...]:
    return (
        KnobView(
            "gradient-noise",
            "更新に加えるノイズ" if ja else "Noise on the update",
            "ノイズの標準偏差を、勾配自身の大きさを1として表します。"
            if ja
            else "Standard deviation of the noise, in units of the gradient’s own size.",
            (
                (0.0, "なし" if ja else "none"),
                *((v, f"{v:g}") for v in (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)),
            ),
            noise,
            f"{noise:g}",
            True,
            "",
            "ステップ41から反映。同じ勾配を新しい強さで送り直しました。"
            if ja
            else "Since step 41: the client sent its message again at the new strength.",
        ),
        KnobView(
            "granularity",
            "出力の細かさ" if ja else "Detail of the answers",
            "APIが返す内容です。" if ja else "What the API lets out.",
            (
                ("full", "すべての確信度" if ja else "all scores"),
                ("round3", "小数3桁" if ja else "3 decimals"),
                ("round2", "小数2桁" if ja else "2 decimals"),
                ("top3", "上位3件" if ja else "top 3"),
                ("label", "答えのみ" if ja else "label only"),
            ),
            "full",
            "すべての確信度" if ja else "all scores",
            False,
            "この攻撃者には効きません。見ているのは回答ではなく勾配だからです。"
            if ja
            else "No effect on this attacker: it reads the gradient, not the answers.",
            "",
        ),
    )


@cache
def stage(
    language: str,
    step: int = 84,
    playing: bool = True,
    mixed: bool = False,
    tone: str = "leak",
    wall: int = 1,
    busy: bool = False,
    panes: int = 3,
    kind: str = "gradient",
) -> StageView:
    """A stage in ``"en"`` or ``"ja"``."""
    ja = language == "ja"
    grey = kind != "gradient"
    secret = picture(
        "catalogue/test/9-boot.png" if grey else "federated/pictures/cat.png", 28 if grey else 64
    )
    if wall > 1:
        names = ("cat", "coffee", "retina", "temple", "flower", "rocket", "galaxies", "tissue")
        secret = np.concatenate([picture(f"federated/pictures/{n}.png", 32) for n in names[:wall]])
    mine, bare = likeness(step, 0.62), likeness(step, 0.93)
    at = f"ステップ {step}" if ja else f"step {step}"
    like = "似ている度" if ja else "Likeness"
    views = [
        PaneView(
            title="守るべき秘密" if ja else "The secret",
            subtitle="端末の中の写真です。送られたのは勾配だけです。"
            if ja
            else "On the client’s device; only its gradient was sent",
            footer="ネコ" if ja else "Cat",
            pictures=secret,
            meter=None,
            described="ネコの写真" if ja else "A photo of a cat.",
        ),
        PaneView(
            title="攻撃者がいま手にしているもの" if ja else "What the attacker has now",
            subtitle=f"防御あり・{at}" if ja else f"With protection · {at}",
            footer="",
            pictures=reached(secret, mine) if step or not busy else None,
            meter=(like, mine, f"{mine:.2f}"),
            described="ぼやけたネコの写真" if ja else "A blurred photo of a cat.",
            ring=True,
        ),
        PaneView(
            title="同じ攻撃、防御なし" if ja else "The same attack, no protection",
            subtitle=f"同じシード・{at}" if ja else f"Same seed · {at}",
            footer="",
            pictures=reached(secret, bare, 1) if not busy else None,
            meter=(like, bare, f"{bare:.2f}"),
            described="はっきりしたネコの写真" if ja else "A clear photo of a cat.",
        ),
    ]
    if panes == 4:
        views.append(
            PaneView(
                title="初めからこの設定なら" if ja else "Had it been so from the start",
                subtitle=f"同じシード・{at}" if ja else f"Same seed · {at}",
                footer="",
                pictures=reached(secret, mine * 0.8, 2),
                meter=(like, mine * 0.8, f"{mine * 0.8:.2f}"),
                described="",
            ),
        )
    views = views[:panes] if panes < 3 else views
    verdicts = {
        "leak": (
            "何の写真か、ひと目で分かります。" if ja else "Anybody can tell what this picture shows.",
            f"元の写真との類似度は {mine:.2f} です（偶然なら 0.11 程度）。画像1枚、シード1回の結果です。"
            if ja
            else f"Likeness to the secret {mine:.2f}; a random picture reaches 0.11. One picture, one seed.",
        ),
        "safe": (
            "この設定では、何の写真か分かりません。" if ja else "Nobody could tell what this picture shows.",
            "類似度は偶然と同じ程度です。" if ja else "Likeness 0.12; a random picture reaches 0.11.",
        ),
        "unsure": (
            "指標の判断が割れています。" if ja else "The scores disagree.",
            "見た目は似ていませんが、審査モデルは同じものだと答えました。"
            if ja
            else "It looks unlike the secret, yet the judge model names it.",
        ),
        "plain": (
            "再生すると判定が出ます。" if ja else "Press play: the verdict comes with the first steps.",
            "",
        ),
    }
    sentence_text, evidence = verdicts[tone]
    bars = {
        "gradient": (("conv1", 0.42), ("conv2", 0.71), ("conv3", 1.0), ("conv4", 0.64), ("fc", 0.88)),
        "scores": (
            ("アンクルブーツ" if ja else "Ankle boot", 0.912),
            ("スニーカー" if ja else "Sneaker", 0.048),
            ("サンダル" if ja else "Sandal", 0.019),
        ),
        "labels": (("アンクルブーツ" if ja else "Ankle boot", 1.0),),
    }[kind]
    return StageView(
        sentence=sentence(ja),
        panes=tuple(views),
        knobs=knobs(ja),
        seen=SeenView(
            "攻撃者に見えているもの" if ja else "What the attacker sees",
            at,
            View(kind, bars),  # type: ignore[arg-type]
            ("層ごとの勾配の大きさです。" if ja else "Size of the gradient, layer by layer.")
            if kind == "gradient"
            else "",
        ),
        cost=CostView(
            "防御の代償" if ja else "What it costs",
            "テスト画像 2,000枚" if ja else "2,000 test pictures",
            (
                ("96.7%", "正答率" if ja else "correct answers"),
                ("−2.9 pt", "防御なしとの差" if ja else "against no protection"),
            ),
            "勾配の向きは、ほぼ保たれています。" if ja else "The update still points almost the same way.",
        ),
        verdict=VerdictView(tone, sentence_text, evidence),  # type: ignore[arg-type]
        curve=CurveView(
            label=like,
            total=TOTAL,
            main=tuple((s, likeness(s, 0.62)) for s in range(step + 1)),
            main_name="防御あり" if ja else "protected",
            ghost=tuple((s, likeness(s, 0.93)) for s in range(TOTAL + 1)),
            ghost_name="防御なし" if ja else "no protection",
            marks=((41, "ノイズ → 0.05" if ja else "noise → 0.05"),) if step > 41 else (),
            low=0.0,
            high=1.0,
        ),
        timeline=TimelineView(
            position=step,
            told=step,
            reached=step,
            total=TOTAL,
            playing=playing,
            busy=("攻撃を準備しています" if ja else "Preparing the attack") if busy else "",
            seed=7,
            speed=1.0,
            note=("ステップ41で変更" if ja else "changed at step 41") if step > 41 else "",
            film=tuple((s, reached(secret, likeness(s, 0.62))[0]) for s in range(0, step + 1, 6)),
            marks=((41, "ノイズ → 0.05" if ja else "noise → 0.05"),) if step > 41 else (),
        ),
        mixed=("設定混在" if ja else "mixed run") if mixed else "",
    )


def cut(window: QWidget) -> list[str]:
    """What is written somewhere in the window with too little room for it."""
    from PySide6.QtGui import QFontMetrics
    from PySide6.QtWidgets import QAbstractButton, QLabel

    found = []
    for label in window.findChildren(QLabel):
        if label.isVisible() and label.text():
            room = label.contentsRect()
            if label.wordWrap():
                fits = label.heightForWidth(label.width()) <= label.height() + 1
            else:
                text = QFontMetrics(label.font()).size(0, label.text())
                fits = text.width() <= room.width() + 1 and text.height() <= room.height() + 1
            found += [] if fits else [label.text()]
    for button in window.findChildren(QAbstractButton):
        if button.isVisible() and button.text():
            wanted = QFontMetrics(button.font()).horizontalAdvance(button.text())
            wanted += button.iconSize().width() if not button.icon().isNull() else 0
            found += [] if wanted <= button.width() - 4 else [button.text()]
    return found


def shoot(folder: Path) -> None:
    """Write the screenshots."""
    from PySide6.QtWidgets import QApplication

    from mi_studio.app import theme
    from mi_studio.app.window import MainWindow

    app = QApplication.instance() or QApplication([])
    theme.load_fonts(app)
    folder.mkdir(parents=True, exist_ok=True)
    variants: dict[str, dict[str, object]] = {
        "": {},
        "mixed4": {"mixed": True, "panes": 4, "tone": "unsure"},
        "wall": {"wall": 8, "tone": "safe"},
        "start": {"step": 0, "playing": False, "tone": "plain", "busy": True},
        "boot": {"kind": "scores", "step": 160, "playing": False},
        "label": {"kind": "labels", "step": 20},
    }
    for language in ("en", "ja"):
        for name in ("light", "dark", "contrast"):
            theme.apply(app, name)
            window = MainWindow(language, name)
            for variant, options in variants.items():
                if variant and (name == "contrast" or (language == "en") != (name == "dark")):
                    continue
                for width, height in SIZES if not variant else SIZES[:1]:
                    window.resize(width, height)
                    window.show_view(stage(language, **options))
                    window.show()
                    for _ in range(4):
                        app.processEvents()
                    window.grab().save(
                        str(folder / f"{language}_{name}{variant and '_' + variant}_{width}.png")
                    )
            window.resize(1280, 800)
            window.show_view(stage(language))
            window.show_message(
                "error",
                Text(
                    "This picture cannot be opened. Choose a PNG or JPEG.",
                    "この画像は開けません。PNGかJPEGを選んでください。",
                ),
                "BadFileError: cat.txt",
            )
            for slot in ("attack", "defense", "scene"):
                window.sentence.open_picker(slot)
                app.processEvents()
                window.sentence.picker.grab().save(str(folder / f"{language}_{name}_pick_{slot}.png"))
                window.sentence.picker.hide()
            app.processEvents()
            window.grab().save(str(folder / f"{language}_{name}_message.png"))
            window.close()
            window.deleteLater()
            app.processEvents()


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    shoot(Path(sys.argv[1]))
