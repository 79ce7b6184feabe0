"""The case of a scene in which clients send updates: their pictures, their defences, what arrives."""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mi_studio.core.cards import library
from mi_studio.core.config import RunConfig
from mi_studio.core.knobs import Value
from mi_studio.core.weights import Traffic, Utility
from mi_studio.engine.access import GradientLeak, MaliciousServer, Setup
from mi_studio.engine.case import Worth
from mi_studio.engine.judge import RecordJudge, as_pictures
from mi_studio.engine.rounds import (
    BYTES,
    Client,
    Message,
    Protect,
    Round,
    Total,
    aggregated,
    client_update,
    keyed_draws,
    numbers,
    weighted,
)


class GradientCase:
    """Clients with their pictures, and a server that looks at what they send.

    The true updates of the agreed model are computed once. Each client's defences act on its own update in
    the order in which they were chosen; noise is one draw per client and seed, which a knob rescales. One
    that needs to know the model and the pictures has ``prepared(client)`` in place of ``protect``. What acts
    on the updates together comes after all of those. One that changes the agreed model has
    ``extended(model, value, seed)``, and ``drawing(model, key)``, since the clients' drawings are a secret.

    Parameters
    ----------
    model
        The agreed model.
    images, labels
        What the clients hold, client after client: (n, c, h, w) in 0–1, and (n,).
    line_up
        Other pictures (m, c, h, w), for the judge.
    agreed
        How the n pictures are shared among the clients, and what these compute.
    """

    def __init__(
        self,
        config: RunConfig,
        model: nn.Module,
        images: Tensor,
        labels: Tensor,
        line_up: Tensor,
        agreed: Round,
    ) -> None:
        self._seed = config.seed
        self._held = list(zip(agreed.split(images), agreed.split(labels), strict=True))
        self._round = agreed
        chosen = [library().defense(d) for d in config.defenses]
        self._defenses = [d for d in chosen if d.acts == "gradient"]
        self._together = [d for d in chosen if d.acts == "aggregation"]
        self._values: Mapping[str, Value] = config.values
        self._rounds = 0
        bare = numbers(model.parameters())
        model = self._extended(model).requires_grad_(True)
        self._added = numbers(model.parameters()) - bare
        self._traffic: Traffic | None = None
        own = self._drawing(model, self._secret())
        self._true = self._updates(own)
        # what nobody drew anything for; the same where no defence draws
        self._plain = self._true if own is model else self._updates(self._drawing(model, ""))
        self._draws = self._drawn(self._true)
        self._ways = self._prepared(own)
        self._cosine = 1.0

        message = [part.clone() for part in aggregated(self._true, agreed)]
        self.access = (
            MaliciousServer(model, self._answer, agreed)
            if library().attack(config.attack).access == "malicious-server"
            else GradientLeak(model, message, agreed)
        )
        shape = (images.shape[1], images.shape[2], images.shape[3])
        self.setup = Setup((), shape, config.seed, config.steps, images.device)
        self.judge = RecordJudge(images, line_up)
        self.secret = as_pictures(images)

    def turn(self, values: Mapping[str, Value]) -> None:
        """Let the clients send their message again under these knobs."""
        self._values = dict(values)
        sent = self._protected(self._true, self._draws, self._ways)
        if isinstance(self.access, GradientLeak):
            for part, new in zip(self.access.message, self._combined(sent), strict=True):
                part.copy_(new)
        # masks and encryption leave all of it: they are gone from the sum of everybody
        self._cosine = _cosine(aggregated(sent, self._round), aggregated(self._plain, self._round))

    def desk(self) -> None:
        """Return ``None``: there is no gateway."""

    def worth(self) -> Worth:
        """Return the cosine between the sent and the true update, what sending took, and what is guaranteed.

        The guarantee is that of the first mechanism that has one.
        """
        privacy = None
        for defense in self._defenses:
            promise = getattr(importlib.import_module(defense.module), "guarantee", None)
            privacy = privacy or (promise and promise(self._values[defense.knob.id]))
        return Worth(Utility("update_cosine", self._cosine, 1, traffic=self._traffic), privacy)

    def _answer(self, model: nn.Module) -> Message:
        """Return what arrives when the server sends this model in place of the agreed one."""
        own = self._drawing(model.requires_grad_(True), self._secret())
        true = self._updates(own)
        draws = self._drawn(true) if self._defenses else []
        return self._combined(self._protected(true, draws, self._prepared(own)))

    def _extended(self, model: nn.Module) -> nn.Module:
        """Return the agreed model with what defences put into it."""
        for defense in self._defenses:
            if extend := getattr(importlib.import_module(defense.module), "extended", None):
                model = extend(model, self._values[defense.knob.id], self._seed)
        return model

    def _drawing(self, model: nn.Module, key: str) -> nn.Module:
        """Return a model as whoever has this key computes on it."""
        for defense in self._defenses:
            if draw := getattr(importlib.import_module(defense.module), "drawing", None):
                model = draw(model, key)
        return model

    def _secret(self) -> str:
        """Return what the clients' drawings follow from, another thing each time that they are asked."""
        self._rounds += 1
        return f"clients {self._seed} {self._rounds}"

    def _updates(self, model: nn.Module) -> list[Message]:
        return [client_update(model, images, labels, self._round) for images, labels in self._held]

    def _drawn(self, updates: list[Message]) -> list[Message]:
        # not the numbers that the attacker draws from the same seed, or he could take the noise off again
        draws = keyed_draws(f"clients {self._seed}")
        return [[torch.randn(p.shape, generator=draws).to(p.device) for p in parts] for parts in updates]

    def _prepared(self, model: nn.Module) -> list[list[Protect]]:
        """Return, defence by defence, how each client protects what it computes on this model."""
        clients = [Client(model, images, labels) for images, labels in self._held]
        modules = [importlib.import_module(defense.module) for defense in self._defenses]
        return [
            [m.prepared(client) if hasattr(m, "prepared") else m.protect for client in clients]
            for m in modules
        ]

    def _protected(
        self, true: list[Message], draws: list[Message], ways: list[list[Protect]]
    ) -> list[Message]:
        """Return what each client sends."""
        sent = list(true)
        for defense, of_clients in zip(self._defenses, ways, strict=True):
            value = self._values[defense.knob.id]
            steps = zip(of_clients, sent, draws, strict=True)
            sent = [protect(update, value, draw) for protect, update, draw in steps]
        return sent

    def _combined(self, sent: list[Message]) -> Message:
        """Return what the server reads off these messages."""
        began = time.perf_counter()
        plain = BYTES * (numbers(sent[0]) - self._added)
        hiding = next((d for d in reversed(self._together) if d.is_on(self._values)), None)
        if hiding is None:
            total = Total.plain(aggregated(sent, self._round))
        else:
            combine = importlib.import_module(hiding.module).combine
            value, clients = self._values[hiding.knob.id], self._round.clients or len(sent)
            total = combine(weighted(sent, self._round), value, clients, self._seed)
        self._traffic = Traffic(total.size, plain, time.perf_counter() - began)
        return total.message


def _cosine(a: Message, b: Message) -> float:
    dot = sum(float((x * y).sum()) for x, y in zip(a, b, strict=True))
    norms = [sum(float(x.square().sum()) for x in parts) ** 0.5 for parts in (a, b)]
    return dot / (norms[0] * norms[1]) if min(norms) > 0 else 0.0
