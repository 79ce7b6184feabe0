"""What the stage shows and says where the secret is a field of records instead of a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mi_studio.core.cards import SceneCard
from mi_studio.core.config import labels_of
from mi_studio.core.errors import BadFileError
from mi_studio.core.knobs import Value
from mi_studio.core.metrics import UNLIKELY, at_least_by_chance, at_most_by_chance
from mi_studio.core.records import Table, read_table
from mi_studio.core.step import Pictures
from mi_studio.core.text import Text
from mi_studio.studio import words
from mi_studio.studio.views import RecordView, Tone

SURE = 0.8
"""From this belief in the truth on the attacker knows it, if that is far more than the base rate."""

CHANCE = 0.2
"""So much more than the base rate is far more."""

GAIN = 0.1
"""A model that lets so large a share of many people be guessed in addition told something about them."""

FEW = 8
"""Of more records than this only the hidden field is shown."""


def table_of(scene: SceneCard, knobs: Mapping[str, Value]) -> Table | None:
    """Return the table whose records a scene is about; ``None`` if it is about pictures, or has none."""
    if scene.data != "records":
        return None
    try:
        return read_table(scene.id, str(knobs[scene.targets_by]))
    except BadFileError:
        return None


def rows_of(scene: SceneCard, knobs: Mapping[str, Value], target: str) -> list[int]:
    """Return which rows of the table a target stands for."""
    return list(labels_of(scene.targets_for(knobs), target))


def truths(table: Table, rows: Sequence[int], names: Sequence[str], language: str) -> tuple[RecordView, ...]:
    """Return records as they are."""
    few, secret = len(rows) <= FEW, table.secret
    among = tuple(value.get(language) for value in secret.values)
    return tuple(
        RecordView(
            name=name,
            lines=_lines(table, row, range(len(table.fields)), language) if few else (),
            hidden=secret.title.get(language),
            value=among[table.rows[row, table.hidden]],
            among=among,
        )
        for row, name in zip(rows, _filled(names, rows), strict=True)
    )


def beliefs(
    table: Table, rows: Sequence[int], names: Sequence[str], images: Pictures, language: str
) -> tuple[RecordView, ...]:
    """Return records as an attacker knows them, from his beliefs; none if these are not about them."""
    secret, known, few = table.secret, table.known(), len(rows) <= FEW
    if images.shape != (len(rows), 1, len(secret.values), 1):
        return ()
    among = tuple(value.get(language) for value in secret.values)
    base = table.shares(table.hidden).tolist()
    made = []
    for row, name, belief in zip(rows, _filled(names, rows), images[:, 0, :, 0] / 255, strict=True):
        bars = tuple(zip(among, belief.tolist(), base, strict=True))
        lines = _lines(table, row, known, language) if few else ()
        guess = int(belief.argmax())
        right = guess == int(table.rows[row, table.hidden])
        made.append(RecordView(name, lines, secret.title.get(language), among[guess], among, bars, right))
    return tuple(made)


def _filled(names: Sequence[str], rows: Sequence[int]) -> Sequence[str]:
    return names if len(names) == len(rows) else ("",) * len(rows)


def _lines(table: Table, row: int, told: Sequence[int], language: str) -> tuple[tuple[str, str], ...]:
    """Return every field but the hidden one, with its value if it is told."""
    return tuple(
        (field.title.get(language), field.values[table.rows[row, i]].get(language) if i in told else "")
        for i, field in enumerate(table.fields)
        if i != table.hidden
    )


def judge(values: Mapping[str, float], k: int, n: int, base: Mapping[str, float]) -> tuple[Tone, Text]:
    """Say in one sentence, with places ``{k}`` of ``{n}`` guessed, what the scores mean."""
    if n == 1:
        if values["attribute_accuracy"] < 1:
            return "safe", words.RECORD_WRONG
        sure = values.get("attribute_confidence", 0.0)
        if sure >= max(SURE, base.get("attribute_accuracy", 0.0) + CHANCE):
            return "leak", words.RECORD_KNOWN
        return "unsure", words.RECORD_GUESSED
    chance = max(base.get("attribute_accuracy", 0.0), values.get("attribute_without_model", 0.0))
    if not chance:
        return "unsure", words.RECORDS_UNSURE
    # a guesser without the model brings it about as rarely as this
    if at_least_by_chance(k, n, chance) < UNLIKELY:
        return "leak", words.RECORDS_KNOWN
    # not to be told from chance is not yet to be chance: somebody who gains must as rarely look like this
    if at_most_by_chance(k, n, min(1.0, chance + GAIN)) < UNLIKELY:
        return "safe", words.RECORDS_CHANCE
    return "unsure", words.RECORDS_TOO_FEW


def helped(now: Mapping[str, float], bare: Mapping[str, float]) -> bool:
    """Whether a protection made the attacker on one record clearly less sure."""
    return bare.get("attribute_confidence", 0.0) - now.get("attribute_confidence", 0.0) >= CHANCE


def evidence(
    values: Mapping[str, float],
    n: int,
    base: Mapping[str, float],
    interval: tuple[float, float],
    twin: Mapping[str, float] | None,
    language: str,
) -> list[str]:
    """Return what the verdict rests on."""

    def say(text: Text, **filled: object) -> str:
        return text.get(language).format(**filled)

    parts = []
    if n == 1:
        parts.append(say(words.E_BELIEF, value=f"{values.get('attribute_confidence', 0.0):.0%}"))
    else:
        said = say(words.E_GUESSED, share=f"{values['attribute_accuracy']:.0%}")
        low, high = interval
        parts.append(said + say(words.E_INTERVAL, low=f"{max(0.0, low):.0%}", high=f"{min(1.0, high):.0%}"))
    if "attribute_accuracy" in base:
        parts.append(say(words.E_GUESS_BASE, share=f"{base['attribute_accuracy']:.0%}"))
    if n > 1 and "attribute_without_model" in values:
        parts.append(say(words.E_WITHOUT_MODEL, share=f"{values['attribute_without_model']:.0%}"))
    name = "attribute_confidence" if n == 1 else "attribute_accuracy"
    if twin is not None and name in twin:
        text = words.E_TWIN_BELIEF if n == 1 else words.E_TWIN_GUESSED
        parts.append(say(text, value=f"{twin[name]:.0%}"))
    return parts
