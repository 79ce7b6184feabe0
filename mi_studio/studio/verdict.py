"""From scores to a verdict in plain words, tied to its numbers and to how little one run proves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mi_studio.core.cards import Library, SceneCard, library
from mi_studio.core.config import RunConfig, why_no_effect
from mi_studio.core.metrics import PLAIN_DB, UNLIKELY, at_least_by_chance, wilson
from mi_studio.core.step import Step
from mi_studio.core.text import Text
from mi_studio.studio import records, words
from mi_studio.studio.kinds import KINDS, Kind, kind_of
from mi_studio.studio.lanes import Lane
from mi_studio.studio.session import Missing
from mi_studio.studio.views import Tone, VerdictView

KNOWN_DB = 14.0
"""From here on somebody who knows the picture does."""

FAINT_DB = 11.0
"""Below, a picture is about as far away as an unrelated one."""

GAINED_DB = 2.0
"""So much more than the attacker's first picture it must be: noise can lie this near to a pale one."""

BLURRED_DB = 3.0
"""A likeness lower by this much, twice the squared error, is a protection that did something."""

FARTHER = 0.2
"""So is a distance larger by this much; 1 is the distance between one class and another."""

FEW = 0.2
"""Up to this share of several targets, hardly anything came out, unless chance is ruled out."""

MEASURED = {"psnr_db", "attribute_accuracy", "evaluator_top1", "distance_same"}
"""Scores of which each alone says how close something is."""

MOST = 1000
"""No score is of more targets than this; what says so is damaged."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of one picture that was handed in, with intervals and base rates where known.

    ``start`` is the PSNR of the attack's first picture, which knows nothing yet, while the run is looked at.
    """

    values: Mapping[str, float]
    n: int = 1
    intervals: Mapping[str, tuple[float, float]] = ()  # type: ignore[assignment]
    base: Mapping[str, float] = ()  # type: ignore[assignment]
    start: float | None = None

    @classmethod
    def of(cls, lane: Lane, head: int | None = None) -> Scores | None:
        """Return the final scores of a lane, those of its best step so far, or those of step ``head``."""
        if head is not None and lane.history.steps:
            step = lane.history.at(head)
            return cls(
                step.scores, max(1, len(step.images)), {}, {}, lane.history.at(0).scores.get("psnr_db")
            )
        if lane.result is not None and lane.result.get("scores"):
            return cls.read(lane.result["scores"])
        if not lane.history.steps:
            return None
        final = lane.history.final
        start = lane.history.at(0).scores.get("psnr_db")
        return cls(final.scores, max(1, len(final.images)), {}, {}, start)

    @property
    def right(self) -> int:
        """How many targets the judge model names, pictures are plain, or hidden fields were guessed."""
        counted = ("evaluator_top1", "plain", "recovered", "attribute_accuracy")
        share = next((self.values[k] for k in counted if k in self.values), 0.0)
        return min(self.n, max(0, round(share * self.n)))

    @property
    def spread(self) -> tuple[float, float]:
        """The interval of their share; a run whose result was not kept has it from its count."""
        known = dict(self.intervals or {}).get("evaluator_top1")
        return known or wilson(self.right / self.n, self.n)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Scores | None:
        """Read the scores of a result document; ``None`` if they are not what they should be."""
        try:
            n = max(int(v.get("n", 1)) for v in document.values())
            if not 1 <= n <= MOST:
                return None
            return cls(
                {k: float(v["value"]) for k, v in document.items()},
                n,
                {k: (float(v["ci95"][0]), float(v["ci95"][1])) for k, v in document.items() if "ci95" in v},
                {k: float(v["base_rate"]) for k, v in document.items() if "base_rate" in v},
            )
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            return None


def judge(scores: Scores, kind: Kind = KINDS["class"]) -> tuple[Tone, Text]:
    """Say in one sentence, with places ``{k}`` of ``{n}``, what the scores mean."""
    if "attribute_accuracy" in scores.values:
        return records.judge(scores.values, scores.right, scores.n, dict(scores.base or {}))
    if "psnr_db" not in scores.values:
        return _judge_classes(scores, kind)
    return _judge_record(scores) if scores.n == 1 else _judge_batch(scores)


def _judge_record(scores: Scores) -> tuple[Tone, Text]:
    psnr, picked = scores.values["psnr_db"], scores.values.get("identifiability")
    if psnr >= PLAIN_DB:
        return "leak", words.SAME_PICTURE
    if psnr >= KNOWN_DB:
        return ("leak", words.KNOWN_PICTURE) if picked != 0 else ("unsure", words.PARTLY)
    if picked:
        return "unsure", words.LINE_UP
    seen = psnr >= max(FAINT_DB, (scores.start or 0.0) + GAINED_DB)
    return ("unsure", words.PARTLY) if seen and picked is None else ("safe", words.NOTHING_SEEN)


def _judge_batch(scores: Scores) -> tuple[Tone, Text]:
    """Judge several records: any that is plain is out, whatever became of the rest.

    For the others their mean decides. Unrelated pictures come near them too, if each may choose the nearest.
    """
    psnr, picked = scores.values["psnr_db"], scores.values.get("identifiability")
    chance = dict(scores.base or {}).get("identifiability", 0.0)
    most = picked is not None and picked >= (1 + chance) / 2
    if scores.right:
        unchanged = round(scores.values.get("recovered", 0.0) * scores.n)
        return "leak", words.RECOVERED if unchanged == scores.right else words.PLAIN_TO_SEE
    if psnr >= KNOWN_DB:
        return ("leak", words.KNOWN_PICTURES) if most else ("unsure", words.PARTLY_MANY)
    return ("unsure", words.LINE_UP_MANY) if most else ("safe", words.NOTHING_SEEN)


def _judge_classes(scores: Scores, kind: Kind) -> tuple[Tone, Text]:
    right = scores.values.get("evaluator_top1", 0.0)
    closer = scores.values.get("distance_same", 1.0) < scores.values.get("distance_other", 0.0)
    if right >= 0.5:
        return ("leak", kind.out.of(scores.n)) if closer else ("unsure", kind.judge_only.of(scores.n))
    if _beyond_chance(scores):
        return "leak", kind.some
    several = right > FEW or (not scores.base and scores.right > 1)  # chance is known at the end only
    if scores.n > 1 and several:
        return "unsure", kind.some
    return ("unsure", kind.close_only.of(scores.n)) if closer else ("safe", kind.nothing.of(scores.n))


def _beyond_chance(scores: Scores) -> bool:
    """Whether more of several targets came out than chance explains: then they are out, however few."""
    chance = dict(scores.base or {}).get("evaluator_top1")
    if scores.n == 1 or not scores.right or chance is None:
        return False
    n, k = scores.n, scores.right
    return at_least_by_chance(k, n, chance) < UNLIKELY


def can_act(config: RunConfig, cards: Library) -> bool:
    """Whether a defence is on that can change something for this attacker on this model."""
    scene, attack = cards.scene(config.scene), cards.attack(config.attack)
    on = [d for d in map(cards.defense, config.defenses) if d.is_on(config.values)]
    return any(why_no_effect(d, attack, scene, config.model) is None for d in on)


def verdict(
    main: Lane | None,
    judged: Lane | None,
    twin: Lane | None,
    language: str,
    head: int | None = None,
    missing: Missing = "waits",
    among: Library | None = None,
) -> VerdictView:
    """Return what may be said now, or about the step ``head`` where somebody looks back.

    Parameters
    ----------
    main
        The run on the stage.
    judged
        The unmixed run that decides; ``None`` where there is none (yet).
    twin
        The undefended run beside it.
    missing
        Why there is no ``judged``.
    among
        The cards of all there is; left out, what is installed.
    """

    def say(text: Text, **values: object) -> str:
        return text.get(language).format(**values)

    def judged_of(scores: Scores, text: Text) -> str:
        return say(text, k=scores.right, n=scores.n)

    if main is None or not main.history.steps:
        return VerdictView("plain", say(words.NO_VERDICT), say(words.PRESS_PLAY_FOR_IT))
    if judged is None and missing != "waits":
        return VerdictView("plain", say(words.NO_JUDGED[missing]), "")
    scores = Scores.of(judged, head) if judged is not None else None
    if judged is None or scores is None or (judged is not main and not judged.ended):
        return VerdictView("plain", say(words.WAITS), say(words.WAITS_WHY))

    cards = among or library()
    scene = cards.scene(judged.config.scene)
    kind = kind_of(scene)
    tone, text = judge(scores, kind)
    if tone == "leak" and _only_networks_looked(scores, judged, cards):
        tone, text = "unsure", words.ONLY_NETWORKS
    sentence = judged_of(scores, text)
    whole = judged.ended and judged.result is not None and head is None
    if head is not None:
        sentence = say(words.AT_THIS_STEP, step=min(head, judged.reached), sentence=sentence)
    elif not whole:
        sentence = say(words.SO_FAR, sentence=sentence)
    if not whole and tone == "safe":
        tone = "plain"  # what has not come out yet may still come
    other = Scores.of(twin) if whole and twin is not None and twin.ended and twin is not judged else None
    if other is not None and not can_act(judged.config, cards):
        sentence = say(words.CANNOT_ACT, sentence=sentence)
    elif other is not None:
        # a recording keeps no result of the twin, but chance is the same for both
        against = judge(other if other.base else replace(other, base=scores.base), kind)[0]
        if tone == "leak" and against == "leak":
            sentence = say(_helped(scores, other), sentence=sentence)
        elif tone == "safe" and against == "safe":
            tone, sentence = "unsure", say(words.NOT_NEEDED, sentence=sentence)
    return VerdictView(tone, sentence, _evidence(scores, judged, other, scene, language, head))


def closeness(lane: Lane, step: Step, language: str, among: Library | None = None) -> str:
    """Say in one sentence how close the pictures of a step of a lane are to the secret.

    It is what the verdict says of them, without a word about protection; empty where nothing was measured.
    """
    cards = among or library()
    whole = lane.ended and lane.result is not None and step is lane.history.final
    scores = Scores.of(lane) if whole else Scores(step.scores, max(1, len(step.images)), {}, {})
    if scores is None or not MEASURED & scores.values.keys():
        return ""
    tone, text = judge(scores, kind_of(cards.scene(lane.config.scene)))
    if tone == "leak" and _only_networks_looked(scores, lane, cards):
        text = words.ONLY_NETWORKS
    return text.get(language).format(k=scores.right, n=scores.n)


def _only_networks_looked(scores: Scores, judged: Lane, cards: Library) -> bool:
    """Whether networks alone vouch for pixels that were moved, with no prior, to convince one."""
    by_networks = "evaluator_top1" in scores.values
    return by_networks and "prior" not in cards.attack(judged.config.attack).requires


def _helped(scores: Scores, undefended: Scores) -> Text:
    """Say how far a protection got that did not keep the secret."""
    now, bare = scores.values, undefended.values
    if "psnr_db" in now:
        blurred = bare.get("psnr_db", 0.0) - now["psnr_db"] >= BLURRED_DB
        return words.NOT_ENOUGH if blurred else words.DID_NOT_HELP
    if scores.n == 1 and "attribute_confidence" in now:
        return words.NOT_ENOUGH_CLASS if records.helped(now, bare) else words.DID_NOT_HELP
    if scores.n == 1:
        farther = now.get("distance_same", 0.0) - bare.get("distance_same", 0.0) >= FARTHER
        return words.NOT_ENOUGH_CLASS if farther else words.DID_NOT_HELP
    if scores.right / scores.n >= undefended.right / undefended.n:
        return words.DID_NOT_HELP
    return words.NOT_ENOUGH_CLASS if scores.spread[1] < undefended.spread[0] else words.NOT_CLEAR


def _evidence(
    scores: Scores, judged: Lane, twin: Scores | None, scene: SceneCard, language: str, head: int | None
) -> str:
    def say(text: Text, **values: object) -> str:
        return text.get(language).format(**values)

    v, base = scores.values, dict(scores.base or {})
    parts: list[str] = []
    if "psnr_db" in v:
        several, unrelated = scores.n > 1, f"{base['psnr_db']:.1f}" if "psnr_db" in base else ""
        one = words.E_PSNR_BASE if unrelated else words.E_PSNR
        many = words.E_PSNR_MANY_BASE if unrelated else words.E_PSNR_MANY
        parts.append(say(many if several else one, value=f"{v['psnr_db']:.1f}", base=unrelated))
        if "ssim" in v:
            parts.append(say(words.E_SSIM, value=f"{v['ssim']:.2f}"))
        if "identifiability" in v and several:
            parts.append(say(words.E_PICKED_MANY, k=round(v["identifiability"] * scores.n), n=scores.n))
        elif "identifiability" in v:
            parts.append(say(words.E_PICKED if v["identifiability"] >= 0.5 else words.E_NOT_PICKED))
        if twin is not None and "psnr_db" in twin.values:
            parts.append(say(words.E_TWIN, value=f"{twin.values['psnr_db']:.1f} dB"))
        parts.append(say(words.E_N_RECORDS if several else words.E_N_RECORD, n=scores.n))
    elif "attribute_accuracy" in v:
        against = twin.values if twin is not None else None
        parts += records.evidence(v, scores.n, base, scores.spread, against, language)
        kind = kind_of(scene)
        parts.append(say(kind.counted.of(scores.n), n=scores.n))
    else:
        kind = kind_of(scene)
        parts += _class_evidence(scores, base, kind, language)
        name = "distance_same" if scores.n == 1 else "evaluator_top1"
        if twin is not None and name in twin.values:
            text = words.E_TWIN_DISTANCE if scores.n == 1 else words.E_TWIN_SHARE
            value = twin.values[name]
            parts.append(say(text, value=f"{value:.2f}" if scores.n == 1 else f"{value:.0%}"))
        parts.append(say(kind.counted.of(scores.n), n=scores.n))
    total = judged.history.steps[-1].total
    if head is not None:
        parts.append(say(words.E_SO_FAR, step=min(head, judged.reached), total=total))
    elif not judged.ended:
        parts.append(say(words.E_SO_FAR, step=judged.reached, total=total))
    elif judged.reached < total:
        parts.append(say(words.E_STOPPED, step=judged.reached, total=total))
    if scene.caveat is not None:
        parts.append(say(scene.caveat))
    return words.JOIN.get(language).join(parts)


def _class_evidence(scores: Scores, base: Mapping[str, float], kind: Kind, language: str) -> list[str]:
    def say(text: Text, **values: object) -> str:
        return text.get(language).format(**values)

    def bracketed(said: str) -> str:
        return f"（{said}）" if language == "ja" else f" ({said})"

    v, parts = scores.values, []
    if "evaluator_top1" in v:
        right, fifth = v["evaluator_top1"], v.get("evaluator_top5")
        if scores.n == 1:
            said = say(
                kind.judge_yes if right >= 0.5 else kind.judge_fifth if fifth else kind.judge_no,
            )
        else:
            said = say(words.E_JUDGE_SHARE, share=f"{right:.0%}")
            if "evaluator_top1" in dict(scores.intervals or {}):
                low, high = scores.intervals["evaluator_top1"]
                said += say(words.E_INTERVAL, low=f"{max(0.0, low):.0%}", high=f"{min(1.0, high):.0%}")
        if "evaluator_top1" in base:
            said += bracketed(say(words.E_CHANCE, share=f"{base['evaluator_top1']:.0%}"))
        parts.append(said)
        if scores.n > 1 and fifth is not None:
            parts.append(say(words.E_JUDGE_FIVE, share=f"{fifth:.0%}"))
    if "distance_same" in v and "distance_other" in v:
        same, other = f"{v['distance_same']:.2f}", f"{v['distance_other']:.2f}"
        said = say(kind.distance, same=same, other=other)
        if "distance_same" in base:
            said += bracketed(say(words.E_DISTANCE_BASE, base=f"{base['distance_same']:.2f}"))
        parts.append(said)
    return parts
