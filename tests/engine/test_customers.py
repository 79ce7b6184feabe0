"""Attribute inference: what an answer gives away about a hidden field, and what is known without it."""

import gzip
import itertools

import numpy as np
import pytest
import torch

from mi_studio.core import paths
from mi_studio.core.config import resolve
from mi_studio.core.errors import BadFileError
from mi_studio.core.records import charts, read_table
from mi_studio.core.weights import find_weights
from mi_studio.engine import Run
from mi_studio.engine.attacks.attribute_map import ERROR, attack
from mi_studio.engine.models import load
from mi_studio.engine.records import UNKNOWN, RecordApi, RecordSetup, base_rate, imputed
from mi_studio.training.customers import TABLES

MARGIN = 0.3
"""By so much the attack with full scores must beat the base rate on 200 records."""

LABEL_MARGIN = 0.1
"""So much it must still have where the API only names the grade, and the one that holds the file."""


def config(target="sample", table="customers", granularity="full", **more):
    settings = {"table": table, "granularity": granularity}
    return resolve("customers", target=target, settings=settings, device="cpu", **more)


def outcome(**more):
    """Return the accuracy, the base rate and what a guesser without the model gets."""
    run = Run(config(seed=101, steps=more.pop("steps", 4), **more))
    list(run)
    scores = run.final_scores()
    assert len(scores["attribute_accuracy"]) == 200
    found = (scores[f"attribute_{name}"].mean() for name in ("accuracy", "without_model"))
    return next(found), run.base_rates["attribute_accuracy"], next(found)


def test_full_scores_tell_the_hidden_field_of_most_people():
    for table in TABLES:
        for model in ("small-net", "logistic"):
            right, base, without_model = outcome(table=table, model=model)
            assert right >= max(base, without_model) + MARGIN


def test_a_mere_grade_tells_far_less_but_not_nothing():
    full, base, without_model = outcome()
    coarse, _, _ = outcome(granularity="round1")
    label, _, _ = outcome(granularity="label")
    assert full >= coarse >= label + 0.1
    assert label >= max(base, without_model) + LABEL_MARGIN


def test_on_real_people_a_mere_label_says_no_more_than_their_other_fields():
    """The known failure: where the field and the answer hardly hang together, the model adds nothing."""
    label, _, without_model = outcome(table="health-insurance", granularity="label")
    decision, _, _ = outcome(table="health-insurance", attack="attribute-map-white-box")
    assert label <= without_model + 0.05
    assert decision <= without_model + 0.05


def test_whoever_holds_the_file_learns_from_the_decision_alone():
    right, base, without_model = outcome(attack="attribute-map-white-box")
    assert right >= max(base, without_model) + LABEL_MARGIN
    same, _, _ = outcome(attack="attribute-map-white-box", granularity="label")
    assert same == right


def test_the_order_of_the_tries_is_drawn_and_the_end_is_the_sum_over_all_of_them():
    first, again, other = (list(Run(config(target="jun-mori", seed=s, steps=12))) for s in (5, 5, 6))
    assert all(np.array_equal(a.images, b.images) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a.images, b.images) for a, b in zip(first, other, strict=True))
    assert np.abs(first[-1].images.astype(int) - other[-1].images).max() <= 1
    assert np.abs(first[-1].images[0, 0, :, 0] / 255 - by_hand(7)).max() < 0.01


def by_hand(row):
    """The posterior of the paper's algorithm 1, written down without the attack's code."""
    table = read_table("customers", "customers")
    net = load(find_weights("customers", "small-net", {"table": "customers"}))
    missing = [*table.unknown, table.hidden]
    mass = np.zeros(len(table.secret.values))
    with torch.no_grad():
        victim = net(torch.tensor(table.rows[row : row + 1])).softmax(1)
        for values in itertools.product(*(range(len(table.fields[i].values)) for i in missing)):
            record = table.rows[row : row + 1].copy()
            record[0, missing] = values
            apart = float((net(torch.tensor(record)).softmax(1) - victim).square().sum())
            weight = np.prod([table.shares(i)[v] for i, v in zip(missing, values, strict=True)])
            mass[values[-1]] += weight * np.exp(-apart / (2 * ERROR**2))
    return mass / mass.sum()


def test_confidence_starts_at_the_base_rate_and_grows():
    run = Run(config(target="jun-mori"))
    steps = list(run)
    shares = read_table("customers", "customers").shares(6)
    assert np.abs(steps[0].images[0, 0, :, 0] / 255 - shares).max() < 0.01
    assert [s.queries for s in steps] == list(range(49))
    objectives = [s.objective for s in steps]
    assert objectives == sorted(objectives, reverse=True)
    assert objectives[-1] == 0
    assert run.history.best_index == 48
    assert steps[-1].scores["attribute_confidence"] > 0.9 > 3 * steps[0].scores["attribute_confidence"]


@pytest.mark.parametrize(("before", "after"), [("label", "full"), ("full", "label")])
def test_a_moved_knob_acts_on_what_is_asked_next_and_takes_nothing_back(before, after):
    run = Run(config(target="all", granularity=before, steps=20))
    for step in run:
        if step.index == 10:
            run.turn({"granularity": after})
    steady = list(Run(config(target="all", granularity=before, steps=20)))
    ends = {g: list(Run(config(target="all", granularity=g, steps=20)))[-1] for g in ("label", "full")}
    last = run.history.last
    assert run.history.mixed
    assert last.queries > ends[after].queries  # they were all asked again
    assert np.array_equal(run.history.at(10).images, steady[10].images)
    sure = {name: step.scores["attribute_confidence"] for name, step in ends.items()}
    if after == "full":
        assert last.scores["attribute_confidence"] == pytest.approx(sure["full"], abs=0.01)
    else:  # what finer answers have ruled out stays ruled out
        assert sure["label"] < last.scores["attribute_confidence"] < sure["full"]


def test_only_the_answer_about_a_victim_reaches_the_attack():
    """Two victims with equal known fields and an equal answer are the same to it, whatever they hide."""

    def believed(hidden: int) -> torch.Tensor:
        def answer(records: torch.Tensor) -> torch.Tensor:
            return torch.eye(2)[(records.sum(1) >= 3).long()]

        api = RecordApi(answer, torch.tensor([[1, hidden, 0]]), ("no", "yes"), lambda: "labels")
        setup = RecordSetup(
            (0,), (1, 1, 4), 1, 9, torch.device("cpu"),
            known=torch.tensor([[1, UNKNOWN, UNKNOWN]]), hidden=1,
            marginals=(torch.ones(2) / 2, torch.ones(4) / 4, torch.ones(2) / 2),
        )  # fmt: skip
        return torch.stack([p.images for p in attack(api, setup)])

    assert torch.equal(believed(2), believed(3))
    assert not torch.equal(believed(1), believed(2))


@pytest.mark.parametrize("table", TABLES)
def test_the_attacker_is_told_neither_the_hidden_field_nor_the_unknown_ones(table):
    case = Run(config(table=table))._case
    read = read_table("customers", table)
    known = case.setup.known.numpy()
    told = [i for i in range(known.shape[1]) if (known[:, i] != UNKNOWN).any()]
    assert tuple(told) == read.known()
    assert read.hidden not in told
    assert np.array_equal(known[:, told], read.rows[8:208][:, told])
    public = {name for name in vars(case.access) if not name.startswith("_")}
    assert public == {"version", "queries"}


@pytest.mark.parametrize("table", TABLES)
def test_what_is_public_comes_from_people_whom_nobody_attacks(table):
    read = read_table("customers", table)
    others = read.rows[read.attacked :]
    assert len(others) >= 1000
    for i in range(len(read.fields)):
        assert read.shares(i).sum() == pytest.approx(1)
        assert read.shares(i).min() > 0
    counts = np.bincount(others[:, read.hidden])
    assert base_rate(read) == counts.max() / len(others)
    guessed = imputed(read, read.rows[: read.attacked])
    right = (guessed == read.rows[: read.attacked, read.hidden]).mean()
    assert base_rate(read) - 0.05 <= right < base_rate(read) + 0.1


def test_a_table_that_does_not_fit_its_meaning_is_refused(monkeypatch, tmp_path):
    folder = tmp_path / "customers"
    folder.mkdir()
    shipped = paths.assets() / "customers"
    (folder / "customers.toml").write_text((shipped / "customers.toml").read_text("utf-8"), "utf-8")
    text = (shipped / "customers.csv").read_text("utf-8")
    monkeypatch.setattr(paths, "assets", lambda: tmp_path)
    for damaged in (None, text.replace("loans", "debts", 1), text + "9,9,9,9,9,9,9,9\n", text + "1,2\n", ""):
        if damaged is not None:
            (folder / "customers.csv").write_text(damaged, "utf-8")
        read_table.cache_clear()
        with pytest.raises(BadFileError, match="customers"):
            read_table("customers", "customers")
    read_table.cache_clear()


def test_beliefs_are_drawn_as_bars_and_pictures_stay_pictures():
    belief = np.array([0, 255, 128, 0], np.uint8).reshape(1, 1, 4, 1)
    (chart,) = charts(belief)
    columns = np.array_split((chart == chart[-4, 4]).all(-1).sum(0), 4)
    heights = [column.max() for column in columns]
    assert heights[1] > heights[2] > heights[0] == heights[3] > 0
    picture = np.zeros((2, 28, 28, 1), np.uint8)
    assert charts(picture) is picture


@pytest.mark.parametrize("table", TABLES)
def test_the_bundled_font_has_every_character_of_a_table(qapp, table):
    from PySide6.QtGui import QFont, QRawFont

    read = read_table("customers", table)
    texts = [t for f in (*read.fields, read.outcome) for t in (f.title, *f.values)]
    used = {c for t in texts for c in t.en + t.ja}
    for file in sorted((paths.assets() / "fonts").glob("*.ttf.gz")):
        font = QRawFont()
        font.loadFromData(
            gzip.decompress(file.read_bytes()), 14, QFont.HintingPreference.PreferDefaultHinting
        )
        assert not [c for c in used if not any(font.glyphIndexesForString(c))], file.name


@pytest.mark.parametrize("attack", ["attribute-map", "attribute-map-white-box"])
def test_changed_answers_cost_the_customers_whoever_attacks(attack):
    run = Run(config(attack=attack, steps=2))
    plain = run.utility
    assert plain.distortion is None  # nothing is changed: the card speaks
    changed = Run(
        resolve("customers", attack=attack, target="sample", device="cpu", steps=2,
                settings={"granularity": "label", "temperature": 5.0})
    )  # fmt: skip
    priced = changed.utility
    assert priced.n == plain.n
    assert priced.value == pytest.approx(plain.value, abs=0.002)  # a label is still the right label
    assert priced.distortion > 0.05
    changed.turn({"granularity": "full", "temperature": 1.0})
    list(changed)
    assert changed.utility == plain
