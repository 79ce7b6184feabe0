"""The tables of the customer records are what their recipe makes, and the models are what their cards say."""

import itertools
import zipfile

import numpy as np
import pytest

from mi_studio.core.errors import BadFileError
from mi_studio.core.records import read_table
from mi_studio.core.weights import weights_cards
from mi_studio.training import zoo
from mi_studio.training.customers import RANDHIE, SCENE, insured, rows
from mi_studio.training.sources import Sources


def test_the_shipped_customers_are_drawn_anew_in_the_same_way():
    _, shipped = rows("customers", Sources())
    table = read_table(SCENE, "customers")
    assert np.array_equal(shipped[:, :-1], table.rows)
    assert np.array_equal(shipped[:, -1], table.outcomes)


def test_the_secret_of_the_customers_is_planted():
    """The grade falls with the loans, and the fields that the attacker knows say little about them."""
    table = read_table(SCENE, "customers")
    by_loans = [table.outcomes[table.rows[:, table.hidden] == v].mean() for v in range(4)]
    assert all(b - a > 0.2 for a, b in itertools.pairwise(by_loans))
    known = table.rows[:, list(table.known())]
    correlations = [abs(np.corrcoef(column, table.rows[:, table.hidden])[0, 1]) for column in known.T]
    assert max(correlations) < 0.2


@pytest.mark.parametrize("card", list(weights_cards(SCENE)), ids=lambda c: f"{c.model}-{c.knobs['table']}")
def test_a_model_is_as_accurate_as_its_card_says_and_beats_guessing(card):
    assert card.utility is not None
    assert zoo.measure(card) == pytest.approx(card.utility.value, abs=1e-3)
    outcomes = read_table(SCENE, str(card.knobs["table"])).outcomes
    assert card.utility.value > np.bincount(outcomes).max() / len(outcomes) + 0.03


def columns(people):
    """Rows of the original file: (person, year) with every column that is read."""
    lines = ["zper,xage,female,num,coins,physlm,income,disea,hlthg,hlthf,hlthp,mdvis"]
    for person in range(people):
        for year in range(3):
            lines.append(
                f"{person},{20 + person % 40 + year},{person % 2},4,25,0,{person},{person},0,1,0,{year * 3}"
            )
    return "\n".join(lines)


def test_a_person_of_the_insurance_is_in_one_part_only_and_shipped_once(tmp_path):
    with zipfile.ZipFile(tmp_path / "statsmodels-0.15.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(RANDHIE, columns(2600))
    learnt, shipped = insured(Sources(wheels=tmp_path))
    assert (len(learnt), len(shipped)) == (600 * 3, 2000)
    assert set(shipped[:, -1]) == {0}  # of each person the first year, without a visit
    assert set(learnt[:, 7]) == {2}  # fair health is told by the second column of three
    assert set(learnt[:, -1]) == {0, 2, 3}  # 0, 3 and 6 visits


def test_a_missing_wheel_is_named_with_the_command_that_fetches_it(tmp_path):
    with pytest.raises(BadFileError, match=r"pip download --no-deps statsmodels==0\.15\.0"):
        insured(Sources(wheels=tmp_path))
    with zipfile.ZipFile(tmp_path / "statsmodels-0.15.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("other", "")
    with pytest.raises(BadFileError, match="randhie"):
        insured(Sources(wheels=tmp_path))
