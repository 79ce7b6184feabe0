"""PRECODE: before its last layer the clients' model gets a variational bottleneck that draws anew each time.

After Scheliga, Mäder and Seeland 2021 (arXiv 2108.04725). The features become a mean and a spread for each
entry of a shorter code; what the last layer reads comes from a drawing of it. Whoever looks for the picture
that gives the same gradient meets other drawings at every guess. What the paper adds to the loss, a
thousandth of the code's divergence from the normal distribution, is left out.
"""

from __future__ import annotations

from collections import OrderedDict
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, softplus

from mi_studio.core.knobs import Value
from mi_studio.engine.defenses.soteria import reader
from mi_studio.engine.rounds import Message, keyed_draws

DRAWINGS = 4096
"""So many drawings are made beforehand and used one after the other: a CUDA graph can draw none itself."""


class Bottleneck(nn.Module):
    """Hands on features (n, d) as they come back from a drawing of their code.

    It is one layer, so that whoever takes a model apart layer by layer meets it whole.

    Parameters
    ----------
    features
        d, how many there are.
    code
        How many entries the code has.
    draws
        Where the weights come from.
    """

    drawings: Tensor
    place: Tensor

    def __init__(self, features: int, code: int, draws: torch.Generator) -> None:
        super().__init__()

        def weights(size: int, *shape: int) -> nn.Parameter:  # those of a fully connected layer
            return nn.Parameter((2 * torch.rand(shape, generator=draws) - 1) * size**-0.5)

        self.encoder_weight = weights(features, 2 * code, features)
        self.encoder_bias = weights(features, 2 * code)
        self.decoder_weight = weights(code, features, code)
        self.decoder_bias = weights(code, features)
        self.register_buffer("drawings", torch.zeros(1, code), persistent=False)
        self.register_buffer("place", torch.zeros((), dtype=torch.int64), persistent=False)

    def draw_from(self, key: str) -> None:
        """Draw what follows from ``key``; from an empty one no drawing but the mean itself."""
        shape = (DRAWINGS if key else 1, self.decoder_weight.shape[1])
        made = torch.randn(shape, generator=keyed_draws(f"precode {key}")) if key else torch.zeros(shape)
        self.drawings = made.to(self.decoder_weight)
        self.place = torch.zeros_like(self.place)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, d) features."""
        mean, spread = linear(x, self.encoder_weight, self.encoder_bias).chunk(2, 1)
        rows = (self.place + torch.arange(len(x), device=x.device)) % len(self.drawings)
        with torch.no_grad():
            self.place.add_(len(x))
        code = mean + softplus(spread) * self.drawings[rows]
        return linear(code, self.decoder_weight, self.decoder_bias)


def protect(message: Message, value: Value, draw: Message) -> Message:  # noqa: ARG001
    """Return the message as it is: the model that it was computed on is what protects."""
    return message


def extended(model: nn.Module, value: Value, seed: int) -> nn.Module:
    """Return the model that all agree on, with freshly initialised weights in the bottleneck.

    Parameters
    ----------
    model
        It stays as it is. Where it has no fully connected layer it is returned.
    value
        Entries of the code; 0 leaves the model as it is.
    seed
        Of the bottleneck's weights, which are public, and of the drawings that the server computes with.
    """
    name = reader(model)
    if value == 0 or name is None:
        return model
    wider = deepcopy(model)
    last = wider.get_submodule(name)
    assert isinstance(last, nn.Linear)
    bottleneck = Bottleneck(last.in_features, int(float(value)), keyed_draws(f"precode weights {seed}"))
    bottleneck.to(last.weight).draw_from(f"server {seed}")
    wider.set_submodule(name, nn.Sequential(OrderedDict(bottleneck=bottleneck, last=last)))
    return wider


def drawing(model: nn.Module, key: str) -> nn.Module:
    """Return a copy of a model whose bottlenecks, if any, draw what follows from ``key``.

    From an empty key they draw nothing: the code's mean is handed on.
    """
    if not any(isinstance(module, Bottleneck) for module in model.modules()):
        return model
    own = deepcopy(model)
    for module in own.modules():
        if isinstance(module, Bottleneck):
            module.draw_from(key)
    return own
