"""Secure aggregation: every message is hidden under masks that cancel in the sum of all.

After Bonawitz et al., CCS 2017, doi 10.1145/3133956.3133982, without what it adds for clients that drop out.
Each pair of clients agrees on random numbers; one adds them to its message, the other takes them away. One
masked message is uniformly random, whatever it hides; the sum of all is the sum of what was hidden.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from mi_studio.core.knobs import Value
from mi_studio.engine.rounds import Message, Total, keyed_draws, numbers, summed

MODULUS = 2**62
"""Numbers are counted round this clock, so that a masked one can be any of them, equally likely."""

STEP = 2.0**-46
"""The fixed-point unit: sums up to ±32,768 fit. With 28 binary places the imprint attack fails on rounding
alone, which would be credited to the masks."""


MASKED = 8
"""Bytes that a masked number takes."""


def combine(messages: Sequence[Message], value: Value, clients: int, seed: int) -> Total:
    """Return the sum that the server reads off the messages it has.

    Parameters
    ----------
    messages
        Those of the first clients, one tensor per parameter, already weighted.
    value
        ``off`` adds them as they are.
    clients
        How many take part in the round. Where the server has fewer messages, masks stay and it reads noise.
    seed
        Of the pairs' agreements; a real client keeps them secret.
    """
    if value == "off":
        return Total.plain(summed(messages))
    sums = [torch.zeros_like(part, dtype=torch.int64) for part in messages[0]]
    for message in messages:
        for total, part in zip(sums, message, strict=True):
            total += (part.double() / STEP).round().long()
    for one, other in itertools.combinations(range(clients), 2):
        for sign, client in ((1, one), (-1, other)):
            if client < len(messages):
                for total, mask in zip(sums, _masks(messages[0], seed, one, other), strict=True):
                    total += sign * mask
    half = MODULUS // 2
    read = [
        (((total + half) % MODULUS - half).double() * STEP).to(part.dtype)
        for total, part in zip(sums, messages[0], strict=True)
    ]
    return Total(read, MASKED * numbers(read))


def _masks(like: list[Tensor], seed: int, one: int, other: int) -> list[Tensor]:
    draws = keyed_draws(f"masks {seed} {one} {other}")
    return [torch.randint(MODULUS, part.shape, generator=draws).to(part.device) for part in like]
