"""Homomorphic encryption: the server adds updates up that it cannot read.

CKKS (Cheon et al. 2017), computed by Microsoft SEAL through TenSEAL. The clients share a key that the server
does not have. Each encrypts its update and sends it; the server adds the ciphertexts; a client decrypts the
sum and hands it to the server, who keeps the model. CKKS blurs what it carries a little, in another way each
time. So that equal runs stay equal, clients send whole units, and the blur, far below half a unit, is rounded
away. Not to show it also keeps the key safe from whoever is told the sum (Li and Micciancio 2021).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mi_studio.core.cards import library
from mi_studio.core.config import why_not_installed
from mi_studio.core.errors import RunError, UsageError
from mi_studio.core.knobs import Value
from mi_studio.core.text import Text
from mi_studio.engine.rounds import Message, Total, keyed_draws, summed

DEGREE = 4096
"""Of the polynomials that a ciphertext is made of; it carries half as many numbers."""

MODULI = (36, 36, 37)
"""Bits of the primes of their coefficients, the last for keys alone; 109 in all are as safe as AES-128."""

UNIT = 2.0**-40
"""Numbers are sent in whole units."""

SCALE = 2.0**20
"""By what a unit is multiplied in a ciphertext; the blur there is some ten thousand."""

GREATEST = 2**46
"""Units up to here are carried exactly, 64 in real numbers: floating point tells them apart all the way."""

BLURRED = 0.25
"""Farther from a whole unit nothing may be that was decrypted; half a unit would be rounded the wrong way."""


def combine(messages: Sequence[Message], value: Value, clients: int, seed: int) -> Total:
    """Return the sum that the server reads off the messages it has.

    Parameters
    ----------
    messages
        Those of the first clients, one tensor per parameter, already weighted.
    value
        ``off`` adds them as they are.
    clients
        How many take part in the round. Where the server has fewer messages nobody decrypts their sum for it,
        and without the key a ciphertext cannot be told from uniform numbers: such numbers stand in for it,
        since the ciphertexts themselves follow no seed.
    seed
        Of the numbers that stand in.

    Raises
    ------
    UsageError
        If TenSEAL is not installed.
    RunError
        If a number is too large to be carried, or the sum is not what was encrypted.
    """
    if value == "off":
        return Total.plain(summed(messages))
    ts = _tenseal()
    updates = [_units(message) for message in messages]
    holders, server = Holders(ts), Server(ts)
    read, size, blocks = [], 0, range(0, len(updates[0]), DEGREE // 2)
    for start in blocks:
        sent = [holders.encrypted(units[start : start + DEGREE // 2]) for units in updates]
        size = size or len(blocks) * len(sent[0].serialize())  # all are equally long
        total = server.added(sent)
        if len(messages) == clients:
            read.append(holders.decrypted(total, clients))
    units = torch.cat(read) if read else _unreadable(len(updates[0]), seed)
    parts = torch.split(units * UNIT, [part.numel() for part in messages[0]])
    found = [u.reshape(p.shape).to(p) for u, p in zip(parts, messages[0], strict=True)]
    return Total(found, size)


class Holders:
    """The clients, who have the key."""

    def __init__(self, ts: Any) -> None:
        self._ts, self._keys = ts, _context(ts)

    def encrypted(self, units: Tensor) -> Any:
        """Return the ciphertext of whole units (n,), at most half of `DEGREE`."""
        return self._ts.ckks_vector(self._keys, units.tolist(), SCALE)

    def decrypted(self, ciphertext: Any, summed: int) -> Tensor:
        """Return the whole units (n,) in a ciphertext, the sum of so many."""
        ciphertext.link_context(self._keys)
        found = torch.tensor(ciphertext.decrypt(), dtype=torch.float64)
        units = found.round()
        blurred, largest = float((found - units).abs().max()), float(units.abs().max())
        if not (blurred <= BLURRED and largest <= summed * GREATEST):
            raise RunError(UNREADABLE)
        return units


class Server:
    """Whoever adds ciphertexts up; its context has the parameters and no key."""

    def __init__(self, ts: Any) -> None:
        self._keyless = ts.context_from(_context(ts).serialize(save_secret_key=False), n_threads=1)

    def added(self, ciphertexts: Sequence[Any]) -> Any:
        """Return the ciphertext of the sum."""
        for ciphertext in ciphertexts:
            ciphertext.link_context(self._keyless)  # on its way it loses the key
        return functools.reduce(operator.iadd, ciphertexts)


def _context(ts: Any) -> Any:
    return ts.context(
        ts.SCHEME_TYPE.CKKS,
        DEGREE,
        coeff_mod_bit_sizes=list(MODULI),
        encryption_type=ts.ENCRYPTION_TYPE.SYMMETRIC,
        n_threads=1,
    )


def _tenseal() -> Any:
    if missing := why_not_installed(library().defense("homomorphic")):
        raise UsageError(missing)
    import tenseal

    return tenseal


def _units(message: Message) -> Tensor:
    """Return a message in whole units, (numbers,) in float64."""
    units = (torch.cat([part.flatten() for part in message]).cpu().double() / UNIT).round()
    if not float(units.abs().max()) <= GREATEST:
        raise RunError(TOO_LARGE)
    return units


def _unreadable(count: int, seed: int) -> Tensor:
    draws = keyed_draws(f"ciphertexts {seed}")
    return (2 * torch.rand(count, generator=draws, dtype=torch.float64) - 1) * GREATEST


TOO_LARGE = Text(
    "The update holds numbers too large to be encrypted; choose less noise, or leave the encryption out.",
    "更新の値が大きすぎて、暗号化できません。ノイズを弱めるか、暗号化を外してください。",
)
UNREADABLE = Text(
    "The sum of the updates could not be decrypted: another key, or damage on the way.",
    "更新の合計を復号できませんでした。鍵が違うか、途中で壊れています。",
)
