"""Every word that the window itself says, in both languages."""

from __future__ import annotations

import re

from mi_studio.core.text import Text

JOINER = "\u2060"
FIRM = "\u00a0"
"""A space at which no line breaks."""


def say(text: Text, language: str, **values: object) -> str:
    """Return a text in a language, with values in its {places}."""
    return text.get(language).format(**values)


_INSIDE = re.compile(
    r"(?<=[\u3041-\u309f])(?=[\u3041-\u309f])"  # hiragana, hiragana
    r"|(?<=[\u3041-\u309f])(?<![はがをにでとものへやてたるらばなく])(?<!ため)(?=[\u4e00-\u9fff])"  # 送り直す
    r"|(?<=[\u30a0-\u30fa\u30fc-\u30ff])(?=[\u30a0-\u30ff\u3041-\u309f])"  # katakana, then kana or ・
    r"|(?<=[\u4e00-\u9fff々])(?=[\u4e00-\u9fff々\u3041-\u309f])"  # kanji, then kanji or hiragana
    r"|(?<=[0-9A-Za-zε%°])(?=[\u3041-\u30ff\u4e00-\u9fff])"  # a number or name, then its unit or particle
    r"|(?<=[\u4e00-\u9fff])(?=[0-9A-Za-zε])"
    r"|(?<=[ε＝])(?=[＝0-9∞])"  # ε＝0.5
)


_BEFORE_NUMBER = re.compile(r"(?<=\S) (?=\d)")
_LAST_WORD = re.compile(r"(?<=\S) (?=\S{1,5}$)")


def breakable(text: str) -> str:
    """Let lines break where it reads well.

    Japanese breaks between phrases, never inside a word or before a particle; elsewhere a number stays with
    the word before it, and a short last word does not stand alone.
    """
    return _INSIDE.sub(JOINER, _LAST_WORD.sub(FIRM, _BEFORE_NUMBER.sub(FIRM, text)))


def tooltip(text: str) -> str:
    """Return a text as rich text, so that its tooltip breaks into lines."""
    plain = breakable(text).replace("&", "&amp;").replace("<", "&lt;")
    return f"<qt>{plain}</qt>" if plain else ""


def together(text: str, most: int = 40) -> str:
    """Let an enumeration break after its signs only, unless a part is so long that it must break inside."""
    latin, japanese = " · ", "・"
    if latin in text:
        return f"{FIRM}· ".join(p.replace(" ", FIRM) if len(p) <= most else p for p in text.split(latin))
    parts = text.split(japanese)
    if len(parts) == 1:
        return text
    return japanese.join(JOINER.join(p) if len(p) <= most // 2 else p for p in parts)


# The window
APP = Text("MI Studio", "MI Studio")
TAGLINE = Text("Watch a model give away what it learnt", "モデルから情報が漏れる瞬間を見る")
STAGE = Text("Stage", "ステージ")
LANGUAGE = Text("Language", "言語")
THEME = Text("Colours and size", "配色と表示倍率")
THEMES = {
    "light": Text("Light", "ライト"),
    "dark": Text("Dark", "ダーク"),
    "contrast": Text("High contrast", "ハイコントラスト"),
}
STILL = Text("Reduce motion", "動きを減らす")
LARGER = Text("Larger", "拡大")
SMALLER = Text("Smaller", "縮小")
ZOOM = Text("Size: {percent}%", "表示倍率：{percent}%")
ZOOMED_HOME = Text("Back to 100%", "100%に戻す")
OPEN = Text("Open…", "開く…")
OPEN_HELP = Text("Open a recording", "記録を開く")
SAVE = Text("Save…", "保存…")
SAVE_HELP = Text("Save this run, a page about it or its picture", "実行の記録・報告書・画像を保存")
SAVE_RUN = Text("Save this run…", "この実行を保存…")
SAVE_PAGE = Text("Save one page (PDF)…", "1ページの報告書（PDF）を保存…")
SAVE_SCENE = Text("Save as scene file…", "教材ファイルとして保存…")
SAVE_PICTURE = Text("Save the picture…", "画像を保存…")
HELP = Text("Help", "ヘルプ")
GLOSSARY = Text("Glossary", "用語集")
LOOK_UP = Text("Look up a word", "用語を検索")
NOT_FOUND = Text("There is nothing about “{wanted}”.", "「{wanted}」に該当する用語はありません。")
SHORTCUTS = Text("Keyboard shortcuts", "キーボード操作")
ABOUT = Text("About MI Studio", "MI Studioについて")
TALK = Text("Present", "発表を始める")
TALK_NEXT = Text("Next step", "次のステップ")
TALK_PREVIOUS = Text("Previous step", "前のステップ")
TALK_LEAVE = Text("Stop presenting", "発表を終える")
TALK_NOTES = Text("Speaker notes", "発表者用メモ")
TALK_NOW = Text("Now: {step}", "現在：{step}")
MAGNIFY = Text("Magnifier", "拡大鏡")
FULL_SCREEN = Text("Full screen", "全画面表示")
QUIT = Text("Quit", "終了")
CLOSE = Text("Close", "閉じる")
COPY = Text("Copy", "コピー")
DETAILS = Text("Details", "詳細")
MIXED = Text("mixed run", "設定混在")
KEYS = (
    ("Space", Text("Play or pause", "再生・一時停止")),
    ("← →", Text("One step back or forward", "1ステップ戻る・進む")),
    ("Home", Text("Restart with the same seed", "同じシードで最初から")),
    ("Ctrl+1 … Ctrl+4", Text("The four pages", "4つのページを切り替える")),
    ("Ctrl+O", Text("Open a recording", "記録を開く")),
    ("Ctrl+S", Text("Save this run", "実行を保存")),
    ("Ctrl+V", Text("Paste a picture as the secret", "画像を貼り付けて秘密にする")),
    ("Ctrl+Z", Text("Undo the last choice", "直前の選択を元に戻す")),
    ("F1", Text("Glossary; hover over a word for its meaning", "用語集（言葉にマウスを重ねると意味を表示）")),
    ("Tab", Text("Go to the next control", "次の項目へ移る")),
    ("Enter · Esc", Text("Enlarge one picture of many, and back", "一覧の1枚を拡大・元に戻す")),
    ("F2", Text("Lessons", "レッスン")),
    (
        "Ctrl++ · Ctrl+− · Ctrl+0",
        Text("Larger, smaller, 100% (also Ctrl+wheel)", "拡大・縮小・100%（Ctrl＋ホイールでも可）"),
    ),
    ("F5 · Esc", Text("Start presenting, stop", "発表を始める・終える")),
    ("Page Down · Page Up", Text("Presenting: next or previous step", "発表中：次・前のステップ")),
    (". · M · N", Text("Presenting: black screen, magnifier, notes", "発表中：画面を黒くする・拡大鏡・メモ")),
    ("Home", Text("Presenting: back to the start", "発表中：最初に戻る")),
    ("F11", Text("Full screen", "全画面表示")),
    ("Ctrl+Q", Text("Quit", "終了")),
)
ABOUT_TEXT = Text(
    "Watch a model inversion attack happen, and see what a defence does to it. "
    "Everything runs on this computer; nothing is sent over the network.",
    "モデル反転攻撃が進む様子と、防御の効果を目で確かめるためのプログラムです。"
    "計算はすべてこのコンピューターで行い、ネットワークには何も送信しません。",
)
LICENCES = Text("Licences and versions", "ライセンスとバージョン")

# Lessons
LESSONS = Text("Lessons", "レッスン")
TOUR = Text("Tour of the window", "画面のご案内")
OFFER_TOUR = Text(
    "New here? A tour shows you around the window. It takes about two minutes; you will find it under "
    "Lessons later, too.",
    "はじめての方へ：画面の見方を2分ほどでご案内します。あとから「レッスン」でもご覧いただけます。",
)
START_TOUR = Text("Take the tour", "案内を見る")
LESSONS_HELP = Text("Guided lessons on this very stage", "この画面を使って学ぶレッスン")
CHOOSE_LESSON = Text(
    "Each lesson drives the real program and takes a few minutes. You can leave at any time and go on later.",
    "実際の画面を操作しながら、数分で学べます。途中で閉じても、続きから再開できます。",
)
LESSON_STEP = Text("{at} of {count}", "{at}／{count}")
NEXT = Text("Next", "次へ")
FINISH = Text("Finish", "修了する")
LESSON_BACK = Text("Back", "戻る")
LESSON_RESTART = Text("Begin this lesson again", "このレッスンを最初から")
LESSON_LEAVE = Text("Leave the lesson; where you are is kept", "レッスンを閉じる（続きから再開できます）")
LESSONS_CLOSE = Text("Close the lessons", "レッスンを閉じる")
NOT_YET = Text("Covered until you have watched the attack", "攻撃を見終えると表示します")
HERE = Text("Here", "ここ")
RIGHT = Text("Right", "正解")
WRONG = Text("Not quite", "不正解")
SENTENCE_N = Text("Sentence {n}", "{n}文目")
TICK_THEM = Text(
    "Which of these points are in your sentences? Tick them yourself.",
    "次の点は書けましたか。ご自身で確かめて、印を付けてください。",
)
WRITE_THEM = Text(
    "Once all three are written, a check-list appears.", "3文とも書くと、確認リストが表示されます。"
)

# The sentence and its pickers
PICK = {
    "scene": Text("Choose a scene", "場面を選ぶ"),
    "model": Text("Choose a model", "モデルを選ぶ"),
    "attack": Text("Choose an attack", "攻撃を選ぶ"),
    "defense": Text("Choose the defences", "防御を選ぶ"),
    "target": Text("Choose the target", "標的を選ぶ"),
}
SEARCH = Text("Search by name", "名前で探す")
FOUND_NONE = Text("Nothing has that name.", "その名前では見つかりません。")
SEVERAL = Text("Several, at most one trained in.", "複数選べます（学習時の防御は1つだけです）。")
STRENGTH = Text("Strength {n} of 3", "強さ{n}／3")
CANNOT = Text("Not possible here: {reason}", "ここでは選べません。{reason}")

# The pictures
NOTHING_YET = Text("Nothing yet", "まだ何もありません")
TWIN_HERE = Text(
    "Once a protection is on, the same attack without it runs here beside it.",
    "防御を使うと、防御なしの同じ攻撃がここに並びます。",
)
OWN_PICTURE = Text("Use your own picture…", "自分の画像を使う…")
PASTE_HELP = Text("Paste a picture from the clipboard", "クリップボードの画像を貼り付け")
WALL_HELP = Text(
    "Click a picture to enlarge it, or go there with the arrow keys and press Return.",
    "画像をクリックすると拡大します。矢印キーで選び、Enterキーでも拡大できます。",
)
NOT_KNOWN = Text("not known", "不明")
BASE_LINE = Text("The line: how frequent it is among everybody", "縦線：全体に占める割合（基準値）")
BASE_LINE_SHORT = Text("Line: base rate", "縦線：基準値")
PEOPLE_EACH = Text("people", "人数")
BACK_TO_ALL = Text("Back to all of them", "一覧に戻る")
DROP = Text("Drop the picture here", "ここに画像をドロップ")

# The timeline
PLAY = Text("Play", "再生")
PAUSE = Text("Pause", "一時停止")
BACK = Text("One step back", "1ステップ戻る")
FORWARD = Text("One step forward", "1ステップ進む")
RESTART = Text("Restart", "最初から")
RESTART_SAME = Text("Restart, same seed", "同じシードで最初から")
RESTART_NEW = Text("Restart, new seed", "新しいシードで最初から")
SPEED = Text("Speed", "速さ")
SPEED_MAX = Text("max", "最速")
STEP = Text("Step {position} / {total}", "ステップ{position}／{total}")
SEED = Text("seed {seed}", "シード{seed}")
FILM = Text("Film of the attack: {step}", "攻撃の経過：{step}")

# The right column
PROTECTION = Text("Protection", "防御")
LIVE = Text("acts live", "すぐに反映")
NO_PROTECTION = Text(
    "No protection is on. Choose one in the sentence above.",
    "防御はありません。上の文から選べます。",
)
SITUATION = Text("The situation", "前提")
MORE_KNOBS = Text("More below ↓", "ほかの項目 ↓")
FIRST_KNOBS = Text("Back up ↑", "最初の項目 ↑")
WHAT_IS = Text("What is “{title}”?", "「{title}」とは")
SEEN_NOTHING = Text("Nothing yet", "まだ何もありません")
CURVE = Text("Score by step", "ステップごとの値")
CURVE_SAID = Text("{name}: {value} at step {step} of {total}", "{name}：ステップ{step}（全{total}）で{value}")
VERDICT = Text("Verdict", "判定")
TONES = {
    "leak": Text("Leak", "漏えい"),
    "safe": Text("Nothing came out", "漏えいは見られず"),
    "unsure": Text("Unclear", "判断できず"),
    "plain": Text("No verdict yet", "判定前"),
}

# The Trade-off page
PAGES = {
    "stage": STAGE,
    "tradeoff": Text("Trade-off", "トレードオフ"),
    "effects": Text("What stops whom", "防御の効果"),
    "desk": Text("Security desk", "セキュリティ監視"),
}
TRADEOFF_TITLE = Text("Leak against cost: {scene}", "漏えいと代償：{scene}")
TRADEOFF_LEAK = Text("{name} – higher leaks more", "{name}（上ほど漏えい大）")
TRADEOFF_LEAK_FALLING = Text("{name} – higher up leaks more", "{name}（上ほど漏えい大）")
TRADEOFF_COST = Text("{name} – further right costs less", "{name}（右ほど代償が小さい）")
TRADEOFF_FIGURES = Text("{leak} · {cost}", "{leak}／{cost}")
TRADEOFF_BASE = Text("without the attack: {value}", "攻撃なしの水準：{value}")
TRADEOFF_BEST = Text("best: little leak, little cost", "理想：漏えいも代償も小さい")
TRADEOFF_FRONT = Text(
    "Filled and in bold: no other setting leaks less at the same cost (dashed line). "
    "Bars reach from the lowest to the highest seed.",
    "塗りつぶしと太字は、同じ代償なら漏えいが最も小さい設定です（破線で結びました）。"
    "縦棒は、シードによる最小値から最大値までを示します。",
)
TRADEOFF_FLAT = Text(
    "By this measure every setting costs the same, so only the leak tells them apart.",
    "この尺度ではどの設定も代償が同じで、違いは漏えいだけに現れます。",
)
TRADEOFF_EMPTY = Text(
    "There are no results for this scene yet. Start a sweep: it runs every setting of every defence three "
    "times in the background and fills this page in.",
    "この場面の結果はまだありません。一括実行を始めると、すべての防御を強さごとに3回ずつバックグラウンドで試し、"
    "結果を順にここへ表示します。",
)
TRADEOFF_START = Text("Run a sweep", "一括実行")
TRADEOFF_CANCEL = Text("Cancel the sweep", "一括実行を中止")
TRADEOFF_GOING = Text("{done} of {total} runs", "{total}件中{done}件")
TRADEOFF_LEFT = Text(" · {left}", "・{left}")
TRADEOFF_DONE = Text("All {total} runs are done", "{total}件すべて完了")
TRADEOFF_STOPPED = Text(
    "Stopped at {done} of {total}; what is done is kept", "{total}件中{done}件で中止（結果は保存済み）"
)
TRADEOFF_FAILED = Text(" · {n} failed", "・{n}件失敗")
TRADEOFF_LOOT = Text("What the attacker got (seed {seed})", "攻撃者が得たもの（シード{seed}）")
TRADEOFF_SAID = Text(
    "{leak}: {mean} ({low}–{high})\n{cost}: {use}", "{leak}：{mean}（{low}〜{high}）\n{cost}：{use}"
)
TRADEOFF_RUNS = Text("Mean of {n} runs with different seeds.", "シードを変えた{n}回の平均です。")
TRADEOFF_STEPS = Text(
    " These took {steps} steps; the stage plays all {usual}.",
    "一括実行は{steps}ステップまでの結果です。ステージでは{usual}ステップまで実行します。",
)
TRADEOFF_OPEN = Text("Run it on the stage", "ステージで実行")

# The page of what stops whom
EFFECTS_TITLE = Text("Which defence stops which attacker", "どの防御が、どの攻撃者に効くか")
EFFECTS_DEFENSE = Text("Defence", "防御")
EFFECTS_ACTS = {
    "trained": Text("In the model's training", "モデルの学習に組み込む防御"),
    "output": Text("On the answers", "回答に手を加える防御"),
    "gateway": Text("At the entrance to the API", "APIの入口で働く防御"),
    "gradient": Text("On the gradients", "勾配に手を加える防御"),
    "aggregation": Text("On the sum of all clients", "全クライアントの合計だけを見せる防御"),
}
EFFECTS = {
    "stops": Text("■ stops", "■ 防ぐ"),
    "weakens": Text("▲ weakens", "▲ 弱める"),
    "none": Text("○ no effect", "○ 効かない"),
}
EFFECTS_SENTENCE = {
    "stops": Text("It stops this attacker.", "この攻撃者からの攻撃を防ぎます。"),
    "weakens": Text(
        "It weakens this attacker, no more.", "この攻撃者からの攻撃を弱めますが、防ぎきれません。"
    ),
    "none": Text("It has no effect on this attacker.", "この攻撃者には効きません。"),
}
EFFECTS_LEFT = Text("{effect} {share}", "{effect} {share}")
EFFECTS_SAME = Text("＝ no effect", "＝ 効かない")
EFFECTS_SETTING = Text("{knob}: {value}", "{knob}：{value}")
EFFECTS_AGAINST = Text("against whoever {who}", "攻撃者：{who}")
EFFECTS_TRIAL = Text(
    "{scene} · {attack}: {metric} {bare} without it, {leak} with it ({low} to {high}); unrelated pictures or "
    "a guess reach {base}. {n} seeds.",
    "{scene}・{attack}：{metric}は、防御なしで{bare}、防御ありで{leak}（{low}〜{high}）です。無関係な画像や当て推量では"
    "{base}になります。シード{n}個の平均です。",
)
EFFECTS_TRIAL_SAME = Text(
    "{scene} · {attack}: what the attacker hands in is the same as without it, bit for bit, for each of {n} "
    "seeds.",
    "{scene}・{attack}：シード{n}個のすべてで、攻撃者の手に入るものは防御なしの場合と1ビットも変わりません。",
)
EFFECTS_CUT = Text(" Compared over the first {steps} steps.", "最初の{steps}ステップで比べました。")
EFFECTS_RULE = Text(
    "The share is what is left of the attack's lead over unrelated pictures; ＝: not one bit changed. "
    "Stops: at most {stopped} is left. No effect: at least {spared}. Where scenes differ, it weakens. "
    "Measured with these attacks only: another one may do better.",
    "数値は、攻撃の成果（無関係な画像を上回る分）のうち、防御をしても残った割合です。「＝」は1ビットも変わらないことを表します。"
    "{stopped}以下なら「防ぐ」、{spared}以上なら「効かない」、場面によって結果が違うときは「弱める」とします。"
    "ここで試した攻撃での結果であり、別の攻撃なら破られることもあります。",
)
EFFECTS_EMPTY = Text(
    "The results of these runs are missing or damaged. Install MI Studio again to get them back.",
    "実行結果のファイルがないか、壊れています。MI Studioをインストールし直してください。",
)
# Training at one ε
CANCEL = Text("Cancel", "中止")
EXACT = Text("Train another ε…", "別のεで学習する…")
EXACT_TITLE = Text("A model of exactly this ε", "指定したεのモデルを作る")
EXACT_HELP = Text(
    "The model is trained anew on this computer, in the background and with the settings of the shipped "
    "ones; the noise is chosen so that the accountant (Opacus) arrives at your ε. What runs on the stage "
    "goes on, more slowly.",
    "付属のモデルと同じ設定で、このコンピューターで新しく学習します（バックグラウンドで進みます）。ノイズの大きさは、"
    "Opacusで計算したεが指定の値になるように決めます。その間もステージの実行は続きますが、遅くなります。",
)
EXACT_WANTED = Text("ε =", "ε＝")
EXACT_TRAIN = Text("Train", "学習を始める")
EXACT_HERE = Text("Trained on this computer", "このコンピューターで学習したモデル")
EXACT_NONE = Text(
    "None yet. What is trained here stays here, also after a restart.",
    "まだありません。学習したモデルは、再起動後もこのコンピューターに残ります。",
)
EXACT_DELETE = Text("Delete", "削除")
EXACT_ON = Text("Trained on: {what}.", "学習データ：{what}。")
EXACT_TOOK = Text(
    " Where the shipped models were made, this took about {seconds} s.",
    "付属のモデルを作ったときは、約{seconds}秒かかりました。",
)
EXACT_NUMBER = Text(
    "ε must be a number from {low} to {high}.", "εには{low}から{high}までの数値を入力してください。"
)
EXACT_ON_SLIDER = Text("ε = {epsilon} is on the slider already.", "ε＝{epsilon}は、すでに目盛りにあります。")
EXACT_LOADING = Text("ε = {epsilon}: loading", "ε＝{epsilon}：準備中")
EXACT_GOING = Text("ε = {epsilon}: {share} trained", "ε＝{epsilon}：{share}まで学習")
EXACT_DONE = Text(
    "The model of ε = {epsilon} is ready and has a stop on the slider. It is right on {accuracy} of the test "
    "photos; {accountant} counts ε = {spent} for what was done.",
    "ε＝{epsilon}のモデルができ、目盛りに加わりました。テスト写真での正答率は{accuracy}です。"
    "実際の学習から{accountant}で計算した値は、ε＝{spent}です。",
)
EXACT_DIED = Text(
    "The training broke off; there may not be enough memory. Nothing was kept.",
    "学習が途中で終了しました。メモリー不足の可能性があります。モデルは保存されていません。",
)
EXACT_KNOWN = Text("ε = {epsilon} · {what} · {accuracy} right", "ε＝{epsilon}・{what}・正答率{accuracy}")
