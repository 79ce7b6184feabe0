"""What every score means: its definition, direction and where it applies. The values come from the judge."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from mi_studio.core.text import Text


@dataclass(frozen=True, slots=True)
class Metric:
    """A score's name and meaning; ``direction`` says which way means a larger leak."""

    id: str
    title: Text
    definition: Text
    direction: Literal["higher", "lower"]
    unit: str


PLAIN_DB = 20.0
"""From here on anybody sees that it is the same picture."""

RECOVERED_DB = 30.0
"""From here on a small picture can hardly be told from the original."""

NO_OTHER = 2.0
"""Of several, one is plain only where any other picture has this many times the squared error: similar
pictures come near one another, but never so near to just one."""

METRICS = {
    m.id: m
    for m in (
        Metric(
            "mse",
            Text("Squared error", "平均二乗誤差"),
            Text(
                "Mean squared difference to the true picture, over all pixels and channels scaled to 0–1.",
                "元の画像との差の二乗を、全画素・全色（0〜1に換算）で平均した値です。",
            ),
            "lower",
            "",
        ),
        Metric(
            "psnr_db",
            Text("Likeness (PSNR)", "一致度（PSNR）"),
            Text(
                "Peak signal-to-noise ratio to the true picture: −10·log10 of the squared error. "
                "Above about 20 dB the picture is plainly the same; 12 dB can already be identifiable.",
                "元の画像に対するピーク信号対雑音比です（平均二乗誤差の常用対数の−10倍）。"
                "およそ20 dBを超えると同じ画像だとはっきり分かり、12 dBでも特定できることがあります。",
            ),
            "higher",
            "dB",
        ),
        Metric(
            "ssim",
            Text("Structure (SSIM)", "構造の一致（SSIM）"),
            Text(
                "Structural similarity to the true picture (Wang et al. 2004), 1 is identical.",
                "元の画像との構造的な類似度です（Wangほか、2004年）。1で完全に一致します。",
            ),
            "higher",
            "",
        ),
        Metric(
            "identifiability",
            Text("Picked out of the line-up", "候補からの特定"),
            Text(
                "1 if the true picture is the nearest of all sample pictures by squared error, else 0.",
                "見本の画像をすべて並べたとき、最も近いものが本物であれば1、そうでなければ0です。",
            ),
            "higher",
            "",
        ),
        Metric(
            "plain",
            Text("Plain to see", "はっきり見えた画像"),
            Text(
                "Share of a batch's pictures that came out at 20 dB or better and are no other picture: the "
                "squared error to any other one is at least twice as large. What counts as recovered in full "
                "is counted here as well.",
                "バッチの画像のうち、20 dB以上で復元され、かつほかの画像とは取り違えようのないもの"
                "（ほかのどの画像に対する二乗誤差も2倍以上）の割合です。ほぼ完全に復元されたものも含みます。",
            ),
            "higher",
            "",
        ),
        Metric(
            "recovered",
            Text("Recovered in full", "ほぼ完全な復元"),
            Text(
                "Share of a batch's pictures that came out at 30 dB or better, hardly to be told from the "
                "original. Which picture is which is settled by the best assignment.",
                "バッチの画像のうち、30 dB以上（元の画像とほとんど見分けがつかない水準）で"
                "復元された割合です。どの画像がどれに当たるかは、全体の誤差が最小になるように対応させて決めます。",
            ),
            "higher",
            "",
        ),
        Metric(
            "evaluator_top1",
            Text("Recognised by a judge model", "判定用モデルによる識別"),
            Text(
                "Share of pictures that an independent model, unknown to attackers, puts in the right class.",
                "攻撃とは無関係の判定用モデルが、正しい種類だと答えた割合です。",
            ),
            "higher",
            "",
        ),
        Metric(
            "evaluator_top5",
            Text("Among the judge's first five", "判定用モデルの上位5件"),
            Text(
                "Share of pictures whose right class is among the independent model's first five answers.",
                "判定用モデルの上位5件の答えに、正しい種類が入っていた割合です。",
            ),
            "higher",
            "",
        ),
        Metric(
            "distance_same",
            Text("Distance to the private photos", "非公開の写真との距離"),
            Text(
                "Distance in the judge model's features to the nearest private photo of the same class.",
                "判定用モデルの特徴空間で、同じ種類の非公開写真のうち最も近いものまでの距離です。",
            ),
            "lower",
            "",
        ),
        Metric(
            "distance_other",
            Text("Distance to anything else", "ほかの種類との距離"),
            Text(
                "Distance in the judge model's features to the nearest private photo of any other class.",
                "判定用モデルの特徴空間で、ほかの種類の非公開写真のうち最も近いものまでの距離です。",
            ),
            "higher",
            "",
        ),
        Metric(
            "attribute_accuracy",
            Text("Hidden field guessed", "隠れた項目の的中"),
            Text(
                "Share of records whose hidden field really has the value that the attacker thinks most "
                "likely. Its base rate is that of always naming the most frequent value.",
                "隠れた項目について、攻撃者が最も有力と見た値が実際の値と一致した記録の割合です。"
                "基準値は、いつも最も多い値を答えた場合の割合です。",
            ),
            "higher",
            "",
        ),
        Metric(
            "attribute_confidence",
            Text("Belief in the truth", "真の値への確信"),
            Text(
                "The probability that the attacker gives to the true value of the hidden field.",
                "攻撃者が、隠れた項目の実際の値に与えている確率です。",
            ),
            "higher",
            "",
        ),
        Metric(
            "attribute_without_model",
            Text("Guessed without the model", "モデルなしでの的中"),
            Text(
                "The same share for somebody who knows the same fields but has no model and no answer: naive "
                "Bayes on other people's records.",
                "同じ項目は知っているものの、モデルもその回答も使えない人が当てた割合です"
                "（ほかの人の記録からナイーブベイズで推定）。",
            ),
            "higher",
            "",
        ),
    )
}
"""Every metric by id."""


UNLIKELY = 0.05
"""What chance brings about more rarely than this is ruled out to be chance."""


def exactly_by_chance(k: int, n: int, chance: float) -> float:
    """Return how likely just ``k`` of ``n`` come out by chance, if each does with this probability."""
    return math.comb(n, k) * chance**k * (1 - chance) ** (n - k)


def at_least_by_chance(k: int, n: int, chance: float) -> float:
    """Return how likely ``k`` or more of ``n`` come out by chance, if each does with this probability."""
    return 1 - sum(exactly_by_chance(i, n, chance) for i in range(k))


def at_most_by_chance(k: int, n: int, chance: float) -> float:
    """Return how likely ``k`` or fewer of ``n`` come out by chance, if each does with this probability."""
    return 1 - at_least_by_chance(k + 1, n, chance)


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share that was counted ``n`` times (Wilson 1927)."""
    z = 1.959964
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle - half, middle + half
