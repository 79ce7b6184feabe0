"""What the verdict calls the targets of a scene, in both languages: classes, garments, parts and so on."""

from __future__ import annotations

from dataclasses import dataclass

from mi_studio.core.cards import SceneCard
from mi_studio.core.text import Text
from mi_studio.studio import words


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence about one target, and the same about several, where ``{k}`` of ``{n}`` came out."""

    one: Text
    many: Text

    def of(self, n: int) -> Text:
        """Return the one that speaks of ``n`` targets."""
        return self.one if n == 1 else self.many


@dataclass(frozen=True, slots=True)
class Kind:
    """What the verdict calls the targets of a scene, by `SceneCard.targets_are`.

    Attributes
    ----------
    nearest
        Which of the private ones is shown beside what came out.
    everyone
        All ``{n}`` of them.
    out, some, nothing
        What came out, from much to little; ``some`` is only said of several.
    judge_only, close_only
        The judge model and the distance disagree.
    judge_yes, judge_fifth, judge_no
        Whom the judge model names: the target, the target among its first five, neither.
    tested
        What the accuracy of a model of them was measured on.
    counted
        How little one run proves.
    """

    nearest: Text
    everyone: Text
    out: Said
    some: Text
    nothing: Said
    judge_only: Said
    close_only: Said
    judge_yes: Text
    judge_fifth: Text
    judge_no: Text
    distance: Text
    tested: Text
    counted: Said


_JUDGE_FIFTH = Text(
    "Judge model: another one, but the right one among its first five",
    "判定用モデル：別の種類（ただし上位5件に正解あり）",
)
KINDS = {
    "class": Kind(
        nearest=Text("{target} · nearest private picture", "{target}（最も近い非公開画像）"),
        everyone=Text("All of them ({n})", "すべて（{n}件）"),
        out=Said(
            Text("The attacker can see what the secret is like.", "秘密の姿が、攻撃者に知られています。"),
            Text("The attacker can see {k} of {n} secrets.", "{n}件のうち{k}件が、攻撃者に知られています。"),
        ),
        some=Text("{k} of {n} secrets came out.", "{n}件のうち{k}件が取り出されました。"),
        nothing=Said(
            Text("Nothing of the secret came out.", "秘密の姿は現れませんでした。"),
            Text(
                "Hardly more came out than chance would have it: {k} of {n}.",
                "取り出されたのは{n}件中{k}件で、偶然とほとんど変わりません。",
            ),
        ),
        judge_only=Said(
            Text(
                "The scores disagree: a judge model names the right class, "
                "but the picture is not close to the private data.",
                "指標によって判定が分かれています。判定用モデルは正しい種類だと答えますが、非公開データに近いとは言えません。",
            ),
            Text(
                "The scores disagree: a judge model names {k} of {n} rightly, "
                "but on average the pictures are not close to the private data.",
                "指標によって判定が分かれています。判定用モデルは{n}件中{k}件を正しく答えますが、"
                "平均すると非公開データに近いとは言えません。",
            ),
        ),
        close_only=Said(
            Text(
                "The scores disagree: the picture is close to the private data, "
                "but a judge model takes it for something else.",
                "指標によって判定が分かれています。非公開データに近いものの、判定用モデルは別の種類だと答えます。",
            ),
            Text(
                "The scores disagree: on average the pictures are close to the private data, "
                "but a judge model names only {k} of {n} rightly.",
                "指標によって判定が分かれています。平均すると非公開データに近いものの、"
                "判定用モデルが正しく答えたのは{n}件中{k}件だけです。",
            ),
        ),
        judge_yes=Text("Judge model: right class", "判定用モデル：正しい種類"),
        judge_fifth=_JUDGE_FIFTH,
        judge_no=Text("Judge model: another class", "判定用モデル：別の種類"),
        distance=Text(
            "distance {same} to its own data, {other} to others",
            "同じ種類との距離 {same}、ほかの種類との距離 {other}",
        ),
        tested=Text("{n} test pictures", "テスト画像 {n}枚"),
        counted=Said(
            Text("one class, one seed", "1種類・シード1個の結果"),
            Text("{n} of the classes, one seed", "{n}種類・シード1個の結果"),
        ),
    ),
    "garment": Kind(
        nearest=Text("{target} · nearest private photo", "{target}（最も近い非公開写真）"),
        everyone=Text("All {n} of them", "すべて（{n}種類）"),
        out=Said(
            Text(
                "The attacker can see what the private item looks like.",
                "非公開の商品の姿が、攻撃者に知られています。",
            ),
            Text(
                "The attacker can see {k} of {n} private items.",
                "非公開の商品{n}点のうち{k}点の姿が、攻撃者に知られています。",
            ),
        ),
        some=Text(
            "{k} of {n} private items came out, the others did not.",
            "非公開の商品{n}点のうち、姿が現れたのは{k}点です。",
        ),
        nothing=Said(
            Text("Nothing of the private item came out.", "非公開の商品の姿は現れませんでした。"),
            Text(
                "Hardly more came out than chance would have it: {k} of {n} private items.",
                "姿が現れたのは非公開の商品{n}点のうち{k}点で、偶然とほとんど変わりません。",
            ),
        ),
        judge_only=Said(
            Text(
                "The scores disagree: a judge model names the right class, "
                "but the picture is not close to the private photos.",
                "指標によって判定が分かれています。判定用モデルは正しい種類だと答えますが、非公開の写真に近いとは言えません。",
            ),
            Text(
                "The scores disagree: a judge model names {k} of {n} items rightly, "
                "but on average the pictures are not close to the private photos.",
                "指標によって判定が分かれています。判定用モデルは{n}点中{k}点を正しく答えますが、"
                "平均すると非公開の写真に近いとは言えません。",
            ),
        ),
        close_only=Said(
            Text(
                "The scores disagree: the picture is close to the private photos, "
                "but a judge model takes it for something else.",
                "指標によって判定が分かれています。非公開の写真に近いものの、判定用モデルは別の種類だと答えます。",
            ),
            Text(
                "The scores disagree: on average the pictures are close to the private photos, "
                "but a judge model names only {k} of {n} items rightly.",
                "指標によって判定が分かれています。平均すると非公開の写真に近いものの、"
                "判定用モデルが正しく答えたのは{n}点中{k}点だけです。",
            ),
        ),
        judge_yes=Text("Judge model: right class", "判定用モデル：正しい種類"),
        judge_fifth=_JUDGE_FIFTH,
        judge_no=Text("Judge model: another class", "判定用モデル：別の種類"),
        distance=Text(
            "distance {same} to its own photos, {other} to others",
            "同じ種類との距離 {same}、ほかの種類との距離 {other}",
        ),
        tested=Text("{n} test photos", "テスト写真 {n}枚"),
        counted=Said(
            Text("one class, one seed", "1種類・シード1個の結果"),
            Text("{n} of the classes, one seed", "{n}種類・シード1個の結果"),
        ),
    ),
    "letter": Kind(
        nearest=Text("{target} · nearest private mark", "{target}（最も近い非公開の文字）"),
        everyone=Text("All {n} of them", "すべて（{n}文字）"),
        out=Said(
            Text("The attacker can read the secret character.", "秘密の文字が、攻撃者に読み取られています。"),
            Text(
                "The attacker can read {k} of {n} secret characters.",
                "秘密の{n}文字のうち{k}文字が、攻撃者に読み取られています。",
            ),
        ),
        some=Text(
            "{k} of {n} secret characters can be read, the others cannot.",
            "秘密の{n}文字のうち、読み取れるのは{k}文字です。",
        ),
        nothing=Said(
            Text("The secret character cannot be read.", "秘密の文字は読み取れません。"),
            Text(
                "Hardly more can be read than chance would have it: {k} of {n} secret characters.",
                "読み取れるのは秘密の{n}文字のうち{k}文字で、偶然とほとんど変わりません。",
            ),
        ),
        judge_only=Said(
            Text(
                "The scores disagree: a judge model reads the right character, "
                "but the picture is not close to how it is written.",
                "指標によって判定が分かれています。判定用モデルは正しい文字と読みますが、実際の字形に近いとは言えません。",
            ),
            Text(
                "The scores disagree: a judge model reads {k} of {n} characters rightly, "
                "but on average the pictures are not close to how they are written.",
                "指標によって判定が分かれています。判定用モデルは{n}文字中{k}文字を正しく読みますが、"
                "平均すると実際の字形に近いとは言えません。",
            ),
        ),
        close_only=Said(
            Text(
                "The scores disagree: the picture is close to how the character is written, "
                "but a judge model reads another one.",
                "指標によって判定が分かれています。実際の字形に近いものの、判定用モデルは別の文字と読みます。",
            ),
            Text(
                "The scores disagree: on average the pictures are close to how the characters are written, "
                "but a judge model reads only {k} of {n} rightly.",
                "指標によって判定が分かれています。平均すると実際の字形に近いものの、"
                "判定用モデルが正しく読んだのは{n}文字中{k}文字だけです。",
            ),
        ),
        judge_yes=Text("Judge model: the right character", "判定用モデル：正しい文字"),
        judge_fifth=Text(
            "Judge model: another character, but the right one among its first five",
            "判定用モデル：別の文字（ただし上位5件に正解あり）",
        ),
        judge_no=Text("Judge model: another character", "判定用モデル：別の文字"),
        distance=Text(
            "distance {same} to the character's own pictures, {other} to the others'",
            "同じ文字の画像との距離 {same}、ほかの文字との距離 {other}",
        ),
        tested=Text("{n} test pictures", "テスト画像 {n}枚"),
        counted=Said(
            Text("one character, one seed", "1文字・シード1個の結果"),
            Text("{n} characters, one seed", "{n}文字・シード1個の結果"),
        ),
    ),
    "part": Kind(
        nearest=Text("{target} · nearest confidential drawing", "{target}（最も近い社外秘の図面）"),
        everyone=Text("All {n} of them", "すべて（{n}件）"),
        out=Said(
            Text(
                "The attacker can see what the confidential drawing shows.",
                "社外秘の図面の形が、攻撃者に知られています。",
            ),
            Text(
                "The attacker can see what {k} of {n} confidential drawings show.",
                "社外秘の図面{n}件のうち{k}件の形が、攻撃者に知られています。",
            ),
        ),
        some=Text(
            "{k} of {n} confidential parts came out, the others did not.",
            "社外秘の部品{n}件のうち、形が現れたのは{k}件です。",
        ),
        nothing=Said(
            Text("Nothing of the confidential part came out.", "社外秘の部品の形は現れませんでした。"),
            Text(
                "Hardly more came out than chance would have it: {k} of {n} confidential parts.",
                "形が現れたのは社外秘の部品{n}件のうち{k}件で、偶然とほとんど変わりません。",
            ),
        ),
        judge_only=Said(
            Text(
                "The scores disagree: a judge model names the right part, "
                "but the picture is not close to its drawings.",
                "指標によって判定が分かれています。判定用モデルは正しい部品だと答えますが、実際の図面に近いとは言えません。",
            ),
            Text(
                "The scores disagree: a judge model names {k} of {n} parts rightly, "
                "but on average the pictures are not close to their drawings.",
                "指標によって判定が分かれています。判定用モデルは部品{n}件中{k}件を正しく答えますが、"
                "平均すると実際の図面に近いとは言えません。",
            ),
        ),
        close_only=Said(
            Text(
                "The scores disagree: the picture is close to the part's drawings, "
                "but a judge model takes it for another part.",
                "指標によって判定が分かれています。実際の図面に近いものの、判定用モデルは別の部品だと答えます。",
            ),
            Text(
                "The scores disagree: on average the pictures are close to the parts' drawings, "
                "but a judge model names only {k} of {n} rightly.",
                "指標によって判定が分かれています。平均すると実際の図面に近いものの、"
                "判定用モデルが正しく答えた部品は{n}件中{k}件だけです。",
            ),
        ),
        judge_yes=Text("Judge model: the right part", "判定用モデル：正しい部品"),
        judge_fifth=Text(
            "Judge model: another part, but the right one among its first five",
            "判定用モデル：別の部品（ただし上位5件に正解あり）",
        ),
        judge_no=Text("Judge model: another part", "判定用モデル：別の部品"),
        distance=Text(
            "distance {same} to the part's own drawings, {other} to other parts'",
            "同じ部品の図面との距離 {same}、ほかの部品との距離 {other}",
        ),
        tested=Text("{n} test scans", "テスト用スキャン {n}枚"),
        counted=Said(
            Text("one drawing, one seed", "図面1件・シード1個の結果"),
            Text("{n} drawings, one seed", "図面{n}件・シード1個の結果"),
        ),
    ),
    "customer": Kind(  # what came out of records, `records` says
        nearest=Text("{target} · nearest record", "{target}（最も近い記録）"),
        everyone=Text("All {n} with a name", "名前のある{n}人"),
        out=Said(words.RECORD_KNOWN, words.RECORDS_KNOWN),
        some=words.RECORDS_KNOWN,
        nothing=Said(words.RECORD_WRONG, words.RECORDS_CHANCE),
        judge_only=Said(words.RECORD_GUESSED, words.RECORDS_UNSURE),
        close_only=Said(words.RECORD_GUESSED, words.RECORDS_UNSURE),
        judge_yes=words.GUESSED,
        judge_fifth=words.GUESSED,
        judge_no=words.GUESSED,
        distance=words.BELIEF,
        tested=Text("{n} test records", "テスト用の記録 {n}件"),
        counted=Said(
            Text("one person, one seed", "1人・シード1個の結果"),
            Text("{n} people, one seed", "{n}人・シード1個の結果"),
        ),
    ),
    "person": Kind(
        nearest=Text("{target} · nearest private photo", "{target}（最も近い非公開写真）"),
        everyone=Text("All {n} people", "{n}人全員"),
        out=Said(
            Text(
                "A colleague would probably recognise this face.",
                "同僚が見れば、おそらく誰の顔か分かります。",
            ),
            Text(
                "Recognisable faces of {k} of {n} people came out.",
                "{n}人のうち{k}人について、本人と判別できる顔が復元されました。",
            ),
        ),
        some=Text(
            "Recognisable faces of {k} of {n} people came out.",
            "{n}人のうち{k}人について、本人と判別できる顔が復元されました。",
        ),
        nothing=Said(
            Text(
                "This face does not lead to the right person.",
                "この顔からは、本人を特定できません。",
            ),
            Text(
                "Hardly anybody can be recognised: {k} of {n} recognised, about what chance gives.",
                "ほとんど判別できません。判別できたのは{n}人中{k}人で、偶然と同程度です。",
            ),
        ),
        judge_only=Said(
            Text(
                "The scores disagree: a judge model names the right person, "
                "but the face is no closer to that person's photos than to somebody else's.",
                "指標によって判定が分かれています。判定用モデルは本人だと答えますが、"
                "他人の写真より本人の写真に近いとは言えません。",
            ),
            Text(
                "The scores disagree: a judge model names {k} of {n} people rightly, "
                "but on average the faces are no closer to their photos than to somebody else's.",
                "指標によって判定が分かれています。判定用モデルは{n}人中{k}人を正しく答えますが、"
                "平均すると、他人の写真より本人の写真に近いとは言えません。",
            ),
        ),
        close_only=Said(
            Text(
                "The scores disagree: the face is closest to this person's photos, "
                "but a judge model takes it for somebody else.",
                "指標によって判定が分かれています。本人の写真に最も近いものの、判定用モデルは別人だと答えます。",
            ),
            Text(
                "The scores disagree: on average the faces are closest to these people's photos, "
                "but a judge model names only {k} of {n} rightly.",
                "指標によって判定が分かれています。平均すると本人の写真に最も近いものの、"
                "判定用モデルが正しく答えたのは{n}人中{k}人だけです。",
            ),
        ),
        judge_yes=Text("Judge model: the right person", "判定用モデル：本人"),
        judge_fifth=Text(
            "Judge model: somebody else, but the right person among its first five",
            "判定用モデル：別人（ただし上位5人に本人あり）",
        ),
        judge_no=Text("Judge model: somebody else", "判定用モデル：別人"),
        distance=Text(
            "distance {same} to own photos, {other} to anybody else's",
            "本人の写真との距離 {same}、他人の写真との距離 {other}",
        ),
        tested=Text("{n} test photos", "テスト写真 {n}枚"),
        counted=Said(
            Text("one person, one seed", "1人・シード1個の結果"),
            Text("{n} people, one seed", "{n}人・シード1個の結果"),
        ),
    ),
}
"""By `SceneCard.targets_are`; what is not here is a class."""


def kind_of(scene: SceneCard) -> Kind:
    """Return what the targets of a scene are called."""
    return KINDS.get(scene.targets_are, KINDS["class"])
