"""Every sentence that the stage itself says, in both languages; values go in by ``str.format``."""

from __future__ import annotations

from mi_studio.core.text import Text

# the sentence: words and {brackets} in reading order
SENTENCE = Text(
    "{scene} · {model} attacked by {attack} for {target} · protected by {defense}",
    "{scene} の {model} を {attack} で攻撃し、 {target} を狙います。防御は {defense} です。",
)
NOTHING = Text("nothing", "なし")
AND = Text(" + ", "＋")
OWN_PICTURE = Text("Your own picture", "自分の画像")
OWN_PICTURE_LINE = Text(
    "Choose, drop or paste one. It never leaves this computer.",
    "選択、ドロップ、貼り付けで取り込めます。このコンピューターの外には出ません。",
)
ACCESS = {
    "white-box": Text("holds the model file", "モデルのファイルを入手"),
    "scores": Text("gets an API's scores", "APIの確信度を入手"),
    "labels": Text("gets an API's labels", "APIの答えだけを入手"),
    "gradient": Text("sees one gradient", "勾配1回分を入手"),
    "malicious-server": Text("runs the server and alters the model", "サーバーを操り、モデルを改造"),
}

# the pictures
SECRET = Text("The secret", "守るべき秘密")
HAS_NOW = Text("What the attacker has now", "攻撃者が\u200bいま手にしているもの")
HANDED_IN = Text("What the attacker ends up with", "攻撃者が手に入れたもの")
NO_PROTECTION = Text("The same attack, no protection", "同じ攻撃、防御なし")
FROM_THE_START = Text("From the start, this setting", "最初からこの設定の場合")
PRESS_PLAY = Text("Press play to let the attack begin", "再生を押すと攻撃が始まります")
LOADING = Text("Getting ready…", "準備中…")
AT_STEP = Text("step {step}", "ステップ{step}")
BEST_STEP = Text("its own choice: step {step}", "攻撃者自身の選択：ステップ{step}")
SAME_SEED = Text("same seed · {where}", "同じシード・{where}")
PROTECTED = Text("protected · {where}", "防御あり・{where}")
MIXED_AT = Text("mixed run · {where}", "設定混在・{where}")
MATCHED = Text("{target} · in the attacker's order", "{target}・攻撃者の画像と対応する順")
NEVER_LEAVES = Text(
    "Your own picture · never leaves this computer", "自分の画像・このコンピューターの外には出ません"
)
LIKENESS = Text("Likeness", "一致度")
CLOSENESS = Text("Close", "近さ")
DISTANCE = Text("distance {value}", "距離 {value}")
RECOGNISED = Text("Recognised", "判別")
GUESSED = Text("Guessed right", "的中")
BELIEF = Text("Belief in the truth", "真の値への確信")
NOT_MEASURED = Text("not measured: mixed run", "設定混在のため評価対象外")
DESCRIBED = Text("{title}. {subtitle}. {value}", "{title}。{subtitle}。{value}")

# the curve
CURVE = {
    "psnr_db": Text("Likeness (dB, higher: more leaks)", "一致度（dB、高いほど漏えい大）"),
    "distance_same": Text("Distance (lower: more leaks)", "距離（小さいほど漏えい大）"),
    "attribute_confidence": Text(
        "Belief in the truth (higher: more leaks)", "真の値への確信（高いほど漏えい大）"
    ),
}
CURVE_MEAN = Text("Mean distance (lower: more leaks)", "平均距離（小さいほど漏えい大）")
LINE_NOW = Text("now", "現在")
LINE_PROTECTED = Text("protected", "防御あり")
LINE_UNPROTECTED = Text("no protection", "防御なし")
LINE_FROM_START = Text("this setting from the start", "最初からこの設定")
LINE_BEFORE = Text("before the change", "変更前")
LINE_EARLIER = Text("earlier setting", "前の設定")
LINE_SEED = Text("seed {seed}", "シード{seed}")

# notes
TOOK_EFFECT = Text("Took effect at step {step}.", "ステップ{step}から反映しました。")
TAKES_EFFECT = Text("Takes effect with the next step.", "次のステップから反映します。")
RESTARTED = Text("Run again from step 0 with this value.", "この値でステップ0からやり直しています。")
CHANGED_AT = Text("changed at step {step}", "ステップ{step}で変更")
FIXED = Text("Changing it starts the attack again.", "変更すると、攻撃を最初からやり直します。")
RECORDING = Text("recording · restart runs it live", "記録を再生中・「最初から」で実際に実行")
REPLAYED = Text("watching it again", "もう一度見ています")
TRAINED_HERE = Text("{value} · trained here", "{value}（ここで学習）")
SECONDS_LEFT = Text("about {n} s left", "残り約{n}秒")
MINUTES_LEFT = Text("about {n} min left", "残り約{n}分")
STOPPED_SHORT = Text("stopped before its end", "途中で終了")
MIXED = Text(
    "Mixed run: a setting changed at step {step}, and the attacker keeps what it already had. "
    "Its score counts for nothing; the same attack from the start under this setting decides.",
    "設定混在：ステップ{step}で設定が変わりました。攻撃者はそれまでに得たものを持ち続けるため、この結果は評価に使いません。"
    "同じ攻撃を、最初からこの設定で実行して判定します。",
)

# what the attacker sees
SEES = Text("The attacker sees", "攻撃者に見えているもの")
SEES_KIND = {
    "scores": Text("How sure the model is of each answer.", "答えの候補ごとの、モデルの確信度です。"),
    "top": Text(
        "How sure the model is of its first choices; the rest is withheld.",
        "上位の候補の確信度だけです。残りは伏せられています。",
    ),
    "labels": Text("Only the name that the model answers.", "モデルが答えた名前だけです。"),
    "gradient": Text(
        "How large the gradient is in each layer: all that was sent.",
        "送られた勾配の大きさを、層ごとに示しています。",
    ),
}
SEES_OF_RECORD = {
    "scores": Text("What the model answered about this person.", "本人についてのモデルの回答です。"),
    "top": Text(
        "The model's first choices for this person; the rest is withheld.",
        "本人についての回答のうち、上位の候補だけです。",
    ),
    "labels": Text(
        "The decision about this person, without scores.", "本人に下された判断だけです（確信度なし）。"
    ),
}
SEES_FIRST = Text("How sure the model is of its first {n} choices.", "モデルの確信度が高い{n}件です。")
LAYER = Text("layer {n}", "第{n}層")
LAST_LAYER = Text("last layer", "最終層")
SEES_SOON = Text("Nothing yet.", "まだ何もありません。")
SEES_BLOCKED = Text("The API no longer answers the attacker.", "APIは、攻撃者への回答を停止しました。")
QUERIES = Text("queries: {n}", "問い合わせ {n}回")

# the security desk
DESK = Text("Security desk: {parts}", "セキュリティ監視：{parts}")
DESK_BUDGET = Text("{n} of {budget} queries", "問い合わせ {n}／{budget}回")
DESK_SUSPICION = Text("{share} of the alarm", "警報値の{share}")
DESK_CLOCK = Text("{time} (simulated)", "模擬時間 {time}")
DESK_MINUTES = Text("{n} min", "{n}分")
DESK_HOURS = Text("{n} h", "{n}時間")
DESK_DAYS = Text("{n} days", "{n}日")
DESK_BLOCKED = Text("blocked at query {n}: {reason}", "{n}回目の問い合わせで遮断（{reason}）")
BLOCKED_FOR = {
    "key": Text("there is no key", "鍵がない"),
    "budget": Text("the budget is used up", "上限に到達"),
    "volume": Text("far more queries than customers make", "一般利用者を大きく超える回数"),
    "duplicates": Text("too many near-duplicates", "よく似た画像が多い"),
    "unnatural": Text("pictures unlike the known photos", "既知の写真と大きく違う"),
    "unsure": Text("the model is unsure unusually often", "モデルが迷う画像が多い"),
}

# the price
COST = Text("What it costs", "防御の代償")
CORRECT = Text("correct answers", "正答率")
AGAINST = Text("against no protection", "防御なしとの差")
POINTS = Text("{value} pt", "{value} pt")
CHANGED = Text("of an answer changed", "回答の変化率")
ANSWERS_CHANGED = Text(
    "On average, {share} of an answer's scores go to other classes or are withheld.",
    "回答の確信度のうち、平均{share}が別の答えに移るか、伏せられます。",
)
KEPT = Text("of the update's direction kept", "更新の向きの保持率")
SENT = Text("sent by each client, {times}× as much", "各クライアントの送信量（{times}倍）")
SENT_SLOWLY = Text(
    "sent by each client, {times}× as much, and {n} s of work",
    "各クライアントの送信量（{times}倍、計算に{n}秒）",
)
NO_COST = Text("No protection is on, so it costs nothing.", "防御がないため、代償もありません。")
COST_UNKNOWN = Text("Measured as soon as the attack runs.", "攻撃を始めると測定します。")
EPSILON = Text("ε = {value}", "ε＝{value}")
GUARANTEE = Text(
    "ε = {epsilon}, δ = {delta}, for {unit}; counted by {accountant}.",
    "ε＝{epsilon}、δ＝{delta}（単位：{unit}、計算方法：{accountant}）。",
)
UNITS = {
    "one picture": Text("one picture", "写真1枚"),
    "one photo": Text("one photo, not one person", "人物ではなく写真1枚"),
    "one person": Text("one person", "1人"),
    "one client, 100 rounds": Text("one client, 100 rounds", "クライアント1つ、100ラウンド"),
}

# the verdict: record scenes
SAME_PICTURE = Text("Anyone would recognise this picture.", "誰が見ても、元の画像だと分かります。")
KNOWN_PICTURE = Text(
    "Somebody who knows the picture would recognise it.", "元の画像を知る人なら、それと気付きます。"
)
PARTLY = Text("Parts of the picture can be made out.", "画像の一部が見えています。")
LINE_UP = Text(
    "Hard to see, yet good enough to pick the right picture out of a line-up.",
    "見ただけでは分かりにくいものの、候補の中から本物を特定できる程度の情報が残っています。",
)
RECOVERED = Text(
    "{k} of {n} pictures came out practically unchanged.",
    "{n}枚のうち{k}枚が、元の画像とほとんど見分けがつかない状態で復元されました。",
)
PLAIN_TO_SEE = Text(
    "Anyone would recognise {k} of the {n} pictures.",
    "{n}枚のうち{k}枚は、誰が見ても元の画像だと分かります。",
)
KNOWN_PICTURES = Text(
    "Somebody who knows the pictures would recognise most of them.",
    "元の画像を知る人なら、多くの画像についてそれと気付きます。",
)
PARTLY_MANY = Text("Parts of some pictures can be made out.", "一部の画像が、部分的に見えています。")
LINE_UP_MANY = Text(
    "Hard to see, yet good enough to pick most of the right pictures out of a line-up.",
    "見ただけでは分かりにくいものの、多くは候補の中から本物を特定できる程度の情報が残っています。",
)
NOTHING_SEEN = Text("Nothing recognisable came out.", "見て分かるものは出てきませんでした。")
# scenes whose secret is a field of a record
RECORD_KNOWN = Text("The attacker now knows the hidden field.", "隠れた項目の値が、攻撃者に知られています。")
RECORD_GUESSED = Text(
    "The attacker's best guess is right, but he is far from sure.",
    "攻撃者の推測は当たっていますが、確信するほどではありません。",
)
RECORD_WRONG = Text("The attacker's best guess is wrong.", "攻撃者の推測は外れています。")
RECORDS_KNOWN = Text(
    "The attacker guesses the hidden field of {k} of {n} people: more than he could without the model.",
    "{n}人中{k}人について、隠れた項目を言い当てています。モデルがない場合より多く当てています。",
)
RECORDS_UNSURE = Text(
    "The attacker guesses the hidden field of {k} of {n} people. Whether that is more than without the model "
    "can only be told from the final result.",
    "{n}人中{k}人について、隠れた項目を言い当てています。モデルがない場合より多いかどうかは、最終結果で判定します。",
)
RECORDS_TOO_FEW = Text(
    "The attacker guesses the hidden field of {k} of {n} people. With so few people one cannot tell whether "
    "that is more than without the model.",
    "{n}人中{k}人について、隠れた項目を言い当てています。ただしこの人数では、モデルがない場合より多いとも、"
    "同程度だとも言えません。",
)
RECORDS_CHANCE = Text(
    "The model told the attacker hardly anything: {k} of {n} guessed, about as many as without it.",
    "モデルから得られたものはほとんどありません。当たったのは{n}人中{k}人で、モデルがない場合と同程度です。",
)
# scenes whose targets are classes or people; what they are called is in `kinds`
ONLY_NETWORKS = Text(
    "The scores say that it came out. But this attack changes the picture directly, which can convince "
    "networks, the judge too, and show a person nothing: look for yourself.",
    "指標の上では、復元に成功しています。ただし、この攻撃は画像を直接書き換えるため、人には何も見えない画像でも、"
    "判定用モデルを含むAIモデルが正解だと答えることがあります。ご自身の目で確かめてください。",
)

# around the verdict
SO_FAR = Text("So far: {sentence}", "ここまでの結果：{sentence}")
AT_THIS_STEP = Text("At step {step}: {sentence}", "ステップ{step}の時点：{sentence}")
DID_NOT_HELP = Text("The protection did not help. {sentence}", "防御の効果は見られません。{sentence}")
NOT_ENOUGH = Text(
    "The protection blurred it, but not enough. {sentence}",
    "防御で少しぼやけましたが、十分ではありません。{sentence}",
)
NOT_ENOUGH_CLASS = Text(
    "The protection helped, but not enough. {sentence}",
    "防御の効果はありますが、十分ではありません。{sentence}",
)
NOT_CLEAR = Text("No clear effect of the protection. {sentence}", "防御の効果ははっきりしません。{sentence}")
NOT_NEEDED = Text(
    "{sentence} Without the protection it was no better, so this says nothing about the protection.",
    "{sentence}ただし防御なしでも同じ結果のため、防御の効果とは言えません。",
)
CANNOT_ACT = Text("The protection cannot act here. {sentence}", "この条件では防御が働きません。{sentence}")
NO_VERDICT = Text("No verdict yet.", "まだ判定していません。")
PRESS_PLAY_FOR_IT = Text(
    "Press play and watch what comes out of the model.",
    "再生を押すと、モデルから何が取り出されるかを確認できます。",
)
WAITS = Text("The verdict waits for the run from the start.", "最初からの実行が終わると判定します。")
WAITS_WHY = Text(
    "The picture on the stage was made under two settings, which nobody could compare.",
    "いま見えている画像は2つの設定が混ざったもので、比較に使えません。",
)
NO_JUDGED = {
    "recorded": Text(
        "A setting changed during this recording, so there is no verdict on it.",
        "この記録は途中で設定が変わったため、判定しません。",
    ),
    "stopped": Text(
        "A setting changed before this run stopped, so there is no verdict on it. Restart it for one.",
        "この実行は設定が変わったあとに止まったため、判定しません。最初からやり直すと判定できます。",
    ),
    "failed": Text(
        "The run from the start under this setting failed, so there is no verdict. Restart to try again.",
        "この設定での最初からの実行が失敗したため、判定できません。やり直すと判定できます。",
    ),
}
# evidence, joined by JOIN
JOIN = Text(" · ", "・")
E_PSNR = Text("Likeness {value} dB", "一致度 {value} dB")
E_PSNR_BASE = Text(
    "Likeness {value} dB (an unrelated picture: {base} dB)", "一致度 {value} dB（無関係な画像では {base} dB）"
)
E_PSNR_MANY = Text("Mean likeness {value} dB", "平均一致度 {value} dB")
E_PSNR_MANY_BASE = Text(
    "Mean likeness {value} dB (unrelated pictures: {base} dB)",
    "平均一致度 {value} dB（無関係な画像では {base} dB）",
)
E_SSIM = Text("structure {value}", "構造の一致 {value}")
E_PICKED = Text("picked out of the line-up", "候補から特定可能")
E_NOT_PICKED = Text("not picked out of the line-up", "候補からの特定は不可")
E_PICKED_MANY = Text("{k} of {n} picked out of the line-up", "{n}枚中{k}枚が候補から特定可能")
E_JUDGE_SHARE = Text("Judge model: {share} right", "判定用モデル：正答 {share}")
E_JUDGE_FIVE = Text("among its first five: {share}", "上位5件では {share}")
E_INTERVAL = Text(" (95%: {low}–{high})", "（95%区間 {low}〜{high}）")
E_CHANCE = Text("unrelated pictures: {share}", "無関係な画像では {share}")
E_DISTANCE_BASE = Text("unrelated pictures: {base}", "無関係な画像では {base}")
E_BELIEF = Text("Belief in the true value {value}", "真の値への確信 {value}")
E_GUESSED = Text("Guessed right: {share}", "的中 {share}")
E_GUESS_BASE = Text("always the most frequent value: {share}", "常に最多の値と答えた場合 {share}")
E_WITHOUT_MODEL = Text(
    "from the other fields, without the model: {share}", "モデルなしで、ほかの項目から推測した場合 {share}"
)
E_TWIN_BELIEF = Text("belief without protection: {value}", "防御なしの確信 {value}")
E_TWIN_GUESSED = Text("without protection: {value} right", "防御なしの的中 {value}")
E_TWIN = Text("without protection: {value}", "防御なしでは {value}")
E_TWIN_SHARE = Text("without protection: {value} right", "防御なしの正答 {value}")
E_TWIN_DISTANCE = Text("distance without protection: {value}", "防御なしの距離 {value}")
E_N_RECORD = Text("one picture, one seed", "画像1枚・シード1個の結果")
E_N_RECORDS = Text("{n} pictures, one seed", "画像{n}枚・シード1個の結果")
E_SO_FAR = Text("step {step} of {total}", "ステップ{step}／{total}")
E_STOPPED = Text("stopped at step {step} of {total}", "ステップ{step}／{total}で終了")
