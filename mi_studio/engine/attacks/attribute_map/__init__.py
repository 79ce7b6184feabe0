"""The most likely value of a hidden field, given the model's answer (Fredrikson et al. 2014, algorithm 1).

Whatever the attacker does not know of a record, he fills in: every combination of values that the victim
could have is tried on the model, weighed by how frequent its values are, and kept by how well the answer fits
the one that is known of the victim.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from mi_studio.engine.access import Access, Progress
from mi_studio.engine.records import UNKNOWN, RecordApi, RecordSetup

ERROR = 0.01
"""How far two answers to the same record may lie apart, as a standard deviation."""

Likelihood = Callable[[Tensor], Tensor]
"""Maps records (targets, tries, fields) to how well each fits its victim, (targets, tries)."""


def attack(access: RecordApi, setup: RecordSetup) -> Iterator[Progress]:
    """Yield what the attacker believes of each victim; each step asks about some more combinations."""

    def likelihood(records: Tensor) -> Tensor:
        victim = access.answered()[:, None]
        answers = access.query(records.flatten(0, 1)).reshape(*records.shape[:2], -1)
        return (-(answers - victim).square().sum(2) / (2 * ERROR**2)).exp()

    return search(access, setup, likelihood)


def search(access: Access, setup: RecordSetup, likelihood: Likelihood) -> Iterator[Progress]:
    """Try every combination of what is not known, in an order drawn from the seed.

    One that was not tried yet remains possible. When a knob has moved they are all tried anew, and what an
    earlier answer has ruled out stays so. The objective is the share that is left to try.
    """
    missing = [i for i in range(setup.known.shape[1]) if int(setup.known[0, i]) == UNKNOWN]
    sizes = [len(setup.marginals[i]) for i in missing]
    tries = torch.tensor(list(itertools.product(*map(range, sizes))), device=setup.device)
    weight = torch.stack([setup.marginals[field][tries[:, n]] for n, field in enumerate(missing)]).prod(0)
    order = torch.randperm(len(tries), generator=setup.draws()).to(setup.device)
    member = torch.nn.functional.one_hot(
        tries[:, missing.index(setup.hidden)], len(setup.marginals[setup.hidden])
    ).to(weight.dtype)

    fits = torch.ones((len(setup.known), len(tries)), device=setup.device)
    done, version = 0, access.version
    for step in range(setup.steps + 1):
        mass = (fits * weight) @ member
        belief = mass / mass.sum(1, keepdim=True)
        yield Progress(belief[:, None, None], 1 - done / len(tries))
        if access.version != version:
            done, version = 0, access.version
        # what is left to try is dealt out over the steps that are left
        until = done + math.ceil((len(tries) - done) / max(1, setup.steps - step))
        part = order[done:until]
        if len(part):
            records = setup.known[:, None].repeat(1, len(part), 1)
            records[:, :, missing] = tries[part]
            fits[:, part] = torch.minimum(fits[:, part], likelihood(records))
            done = min(until, len(tries))
