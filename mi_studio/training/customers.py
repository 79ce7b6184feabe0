"""Customer records: two tables and the models that read them.

The customers are drawn here and fictional. The people of the health insurance are those of the RAND Health
Insurance Experiment, which statsmodels brings along; numbers become bands, and a person is in one part only.
"""

from __future__ import annotations

import csv
import io
import time
import tomllib

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from mi_studio.core.atomic import write_text
from mi_studio.core.errors import BadFileError
from mi_studio.core.records import Codes, Table, read_table
from mi_studio.core.text import Text
from mi_studio.engine import models
from mi_studio.training.classifier import accuracy
from mi_studio.training.recipe import Context
from mi_studio.training.sources import Sources
from mi_studio.training.writing import write_weights

SCENE = "customers"
TABLES = ("customers", "health-insurance")
WIDTHS = {"small-net": 48, "logistic": 0}
"""The models and the width of their hidden layers."""

SEED, SPLIT_SEED = 7, 11
LEARNT, SHIPPED = 8000, 2000
"""Customers that the model learns from, and others that are shipped; none of these was learnt from."""

EPOCHS, BATCH, RATE, DECAY = 30, 128, 3e-3, 1e-3
RANDHIE = "statsmodels/datasets/randhie/src/randhie.csv"
STATSMODELS = "statsmodels==0.15.0"


def write_tables(context: Context) -> None:
    """Write the shipped rows of both tables, those that are attacked first."""
    for number, name in enumerate(TABLES, 1):
        _, shipped = rows(name, context.sources)
        about = tomllib.loads((context.assets / SCENE / f"{name}.toml").read_text("utf-8"))
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow([f["id"] for f in (*about["fields"], about["outcome"])])
        writer.writerows(shipped.tolist())
        write_text(context.assets / SCENE / f"{name}.csv", buffer.getvalue())
        context.report(f"Records of {name}", number / len(TABLES))


def train_models(context: Context) -> None:
    """Teach every model on every table, and write it."""
    for number, name in enumerate(TABLES):
        learnt, _ = rows(name, context.sources)
        table = read_table(SCENE, name)
        x, y = torch.from_numpy(learnt[:, :-1].copy()), torch.from_numpy(learnt[:, -1].copy())
        for model, width in WIDTHS.items():
            torch.manual_seed(SEED)
            build = {"sizes": [len(f.values) for f in table.fields], "classes": len(table.outcome.values)}
            build |= {"width": width}
            net = models.build("record-net", **build)
            began = time.monotonic()
            fit(net, x, y)
            write_weights(
                context.pretrained, SCENE, model, net,
                architecture="record-net", build=build, knobs={"table": name},
                recipe="customers-models", seed=SEED, utility=accuracy(net, *shipped_test(table)),
                details={
                    "records": len(x),
                    "batch": BATCH,
                    "learning_rate": RATE,
                    "epochs": EPOCHS,
                    "training_seconds": round(time.monotonic() - began, 1),
                    "device": "cpu",
                    "notes": {
                        "en": "Learnt from other records than those that are shipped and attacked.",
                        "ja": "同梱の名簿（攻撃の対象）とは別の記録だけで学習しました。",
                    },
                },
            )  # fmt: skip
            context.report(f"{model} of {name}", (number + 1) / len(TABLES))


def fit(net: nn.Module, x: Tensor, y: Tensor) -> None:
    """Teach ``net`` the outcomes (n,) of records (n, fields)."""
    draws = torch.Generator().manual_seed(SEED)
    steps = EPOCHS * (len(x) // BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(x), generator=draws)
        for step in range(len(x) // BATCH):
            part = order[step * BATCH : (step + 1) * BATCH]
            loss = cross_entropy(net(x[part]), y[part])
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
    net.eval()


def shipped_test(table: Table) -> tuple[Tensor, Tensor]:
    """Return the shipped records (n, fields) and what came of them (n,): no model learnt from them."""
    return torch.from_numpy(table.rows.copy()), torch.from_numpy(table.outcomes.copy())


def rows(name: str, sources: Sources) -> tuple[Codes, Codes]:
    """Return the rows that are learnt from and those that are shipped, the outcome in the last column.

    Raises
    ------
    BadFileError
        If the wheel with the real data is missing; the text names the command that fetches it.
    """
    if name == "customers":
        drawn = customers(LEARNT + SHIPPED, np.random.default_rng(SEED))
        return drawn[:LEARNT], drawn[LEARNT:]
    return insured(sources)


def customers(count: int, draws: np.random.Generator) -> Codes:
    """Draw fictional customers; the last column is the grade, on which the loans weigh more than all else."""

    def pick(weights: NDArray[np.float64]) -> Codes:
        shares = weights.clip(0.01) / weights.clip(0.01).sum(1, keepdims=True)
        picked: Codes = (draws.random((count, 1)) > shares.cumsum(1)[:, :-1]).sum(1)
        return picked

    age = pick(np.tile([0.22, 0.24, 0.22, 0.18, 0.14], (count, 1)))
    old = age / 4
    job = pick(np.stack([0.55 - 0.1 * old, 0.1 + 0 * old, 0.12 + 0.13 * old, 0.22 + 0 * old], 1))
    home = pick(np.stack([0.1 + 0.6 * old, 0.55 - 0.35 * old, 0.35 - 0.3 * old], 1))
    years = pick(np.stack([0.5 - 0.35 * old, 0.4 + 0 * old, 0.1 + 0.4 * old], 1))
    wage = 0.5 * (job < 2) - 0.45 * (job == 3) + 0.5 * old
    income = pick(np.stack([0.3 - 0.35 * wage, 0.35 + 0 * wage, 0.25 + 0.15 * wage, 0.1 + 0.2 * wage], 1))
    need = 0.25 * (home == 1) + 0.2 * (job == 2) + 0.1 * (2 - age / 2)
    loans = pick(np.stack([0.5 - 0.35 * need, 0.2 + 0 * need, 0.18 + 0.2 * need, 0.12 + 0.15 * need], 1))
    late = pick(np.stack([0.8 - 0.15 * loans, 0.15 + 0.08 * loans, 0.05 + 0.07 * loans], 1))
    score = (
        0.9 * income + 0.5 * (job < 2) - 0.4 * (job == 3) + 0.35 * years + 0.3 * (home == 0)
        - 1.25 * loans - 0.9 * late + draws.normal(0, 0.7, count)
    )  # fmt: skip
    grade = np.searchsorted(np.quantile(score, [0.25, 0.5, 0.75]), score)
    return np.stack([age, job, home, years, income, late, loans, 3 - grade], 1).astype(np.int64)


def insured(sources: Sources) -> tuple[Codes, Codes]:
    """Return the insured people in bands: every year of those that are learnt from, one of each other."""
    try:
        with sources.open_wheel("statsmodels", STATSMODELS) as archive:
            text = archive.read(RANDHIE).decode("ascii")
    except KeyError as error:
        raise BadFileError(
            Text("The wheel of {package} lacks {path}.", "{package} のwheelに {path} がありません。"),
            package=STATSMODELS,
            path=RANDHIE,
        ) from error
    read = list(csv.DictReader(io.StringIO(text)))

    def column(name: str) -> NDArray[np.float64]:
        return np.array([float(line[name]) for line in read])

    def banded(name: str, *edges: float) -> Codes:
        return np.searchsorted(np.array(edges), column(name), side="right")

    def thirds(name: str) -> Codes:
        return np.searchsorted(np.quantile(column(name), [1 / 3, 2 / 3]), column(name))

    health = np.where(column("hlthg") > 0, 1, 0) + 2 * ((column("hlthf") + column("hlthp")) > 0)
    every = np.stack(
        [
            banded("xage", 18, 30, 45),
            column("female") > 0,
            banded("num", 3, 5),
            banded("coins", 25, 50, 95),
            banded("physlm", 0.5),
            thirds("income"),
            thirds("disea"),
            health,
            banded("mdvis", 1, 3, 6),
        ],
        1,
    ).astype(np.int64)
    person = column("zper")
    people = np.random.default_rng(SPLIT_SEED).permutation(np.unique(person))
    aside = people[:SHIPPED]
    first = {who: place for place, who in reversed(list(enumerate(person)))}
    return every[~np.isin(person, aside)], every[[first[who] for who in aside]]
