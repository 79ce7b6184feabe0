"""R-GAP (Zhu & Blaschko 2021, arXiv 2010.07733): one record in closed form, layer by layer from the last.

Of a fully connected layer the gradient is the outer product of what came back and what went in, and its
bias' gradient is what came back: what went in is their quotient. From there the recursion goes towards the
picture. What went into a convolution obeys two sets of linear equations: its gradient is what came back,
correlated with what went in, and its output, known already, is what went in, convolved with the weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, cross_entropy, interpolate
from torch.nn.grad import conv2d_weight

from mi_studio.core.errors import UsageError
from mi_studio.core.text import Text
from mi_studio.engine.access import GradientLeak, Progress, Setup
from mi_studio.engine.attacks.updates import cosine_distance, infer_label
from mi_studio.engine.models.common import Normalise

ITERATIONS = 400
"""Of conjugate gradients for each convolution."""

EDGE = 1e-6
"""How close to 0 and 1 the output of a sigmoid is believed."""

Shape = tuple[int, int, int]


def attack(access: GradientLeak, setup: Setup) -> Iterator[Progress]:
    """Yield what is known so far after each step, starting with grey.

    Until the recursion has reached the picture that is the mean over the channels of the present layer's
    input. The objective is the cosine distance of the gradients, but the last picture always counts.

    Parameters
    ----------
    access
        One client's message about one record.
    setup
        ``targets`` are not used. Nothing is drawn: every seed gives the same picture.

    Raises
    ------
    UsageError
        If the model is not a chain of layers that the recursion knows.
    """
    # in float64 and with a sum in each iteration, which a GPU would have to be waited for
    net = deepcopy(access.model).cpu().double().requires_grad_(False)
    chain = _chain(net, setup.shape)
    work: Iterator[Tensor] = iter(())
    left = 0
    seen = access.version - 1
    picture = torch.full((1, *setup.shape), 0.5)
    yield Progress(picture.to(setup.device), _distance(access, picture.to(setup.device)))
    for index in range(1, setup.steps + 1):
        if access.version != seen:
            seen = access.version
            message = [part.cpu().double() for part in access.message]
            work, left = _recursion(chain, _by_layer(net, message), setup.shape), _units(chain)
        share = math.ceil(left / (setup.steps - index + 1))
        for found in islice(work, share):
            picture = found.float()
        left -= share
        shown = picture.to(setup.device)
        yield Progress(shown, _distance(access, shown), choice=True)


@dataclass
class _Known:
    """What is known at one place of the network.

    Attributes
    ----------
    value
        What passes there.
    slope
        The gradient of the loss by it.
    sure
        1 where the value is known, 0 where it is not.
    """

    value: Tensor
    slope: Tensor
    sure: Tensor


def _recursion(
    chain: list[nn.Module], message: dict[nn.Module, list[Tensor]], shape: Shape
) -> Iterator[Tensor]:
    """Yield what can be shown of the record, `_units` times: the last one is the record."""
    shapes = _shapes(chain, shape)
    last = _first_linear(chain)
    known = _quotient(chain[last], *message[chain[last]])
    for place in reversed(range(last)):
        layer = chain[place]
        if isinstance(layer, nn.Conv2d):
            for value in _solve(layer, known, message[layer][0], shapes[place]):
                yield _shown(chain[:place], value, shape)
            slope = _back(layer, known.slope, layer.weight, shapes[place])
            known = _Known(value, slope, torch.ones_like(value))
        else:
            known = _undone(layer, known, shapes[place])
    yield known.value.clamp(0, 1)


def _units(chain: list[nn.Module]) -> int:
    before = chain[: _first_linear(chain)]
    return 1 + ITERATIONS * sum(isinstance(layer, nn.Conv2d) for layer in before)


def _quotient(layer: nn.Module, weight: Tensor, bias: Tensor) -> _Known:
    """Return what is known in front of a fully connected layer, from its gradient: all of it."""
    value = (bias @ weight / bias.square().sum().clamp_min(1e-300))[None]
    assert isinstance(layer, nn.Linear)
    return _Known(value, (bias @ layer.weight)[None], torch.ones_like(value))


def _undone(layer: nn.Module, behind: _Known, shape: torch.Size) -> _Known:
    """Return what is known in front of a layer without weights to be solved for."""
    value, slope, sure = behind.value, behind.slope, behind.sure
    match layer:
        case nn.Flatten():
            return _Known(value.reshape(shape), slope.reshape(shape), sure.reshape(shape))
        case Normalise():
            return _Known((value + 1) / 2, slope * 2, sure)
        case nn.Sigmoid():
            value = value.clamp(EDGE, 1 - EDGE)
            return _Known(value.logit(), slope * value * (1 - value), sure)
        case nn.ReLU():
            # nothing behind a ReLU is negative: how far below zero a value lies says how far off all are
            open_ = (value > -1.5 * value.min().clamp_max(0)).double()
            return _Known(value.clamp_min(0), slope * open_, sure * open_)
        case nn.AvgPool2d():
            # least squares: every pixel of a window is its mean
            whole = _Known(*(interpolate(part, shape[2:]) for part in (value, slope, sure)))
            whole.slope /= shape[2] * shape[3] / (value.shape[2] * value.shape[3])
            return whole
        case nn.GroupNorm():
            # mean and spread are lost; they are taken for 0 and 1
            front = (value - layer.bias[:, None, None]) / layer.weight[:, None, None]
            given = front.clone().requires_grad_(True)
            (through,) = torch.autograd.grad(layer(given), given, slope)
            return _Known(front, through, sure)
    raise _unsolvable(layer)


def _solve(layer: nn.Conv2d, behind: _Known, gradient: Tensor, shape: torch.Size) -> Iterator[Tensor]:
    """Yield what went into a convolution after each of `ITERATIONS` iterations of conjugate gradients.

    They find the least squares solution of both sets of equations, each weighted so that it says equally
    much about an entry on average. What the equations leave open stays 0.
    """
    weight, slope, sure = layer.weight, behind.slope, behind.sure
    stride, padding = _pair(layer.stride), _pair(layer.padding)
    entries = shape[2] * shape[3]
    says_gradient = float(slope.square().sum()) * weight[0, 0].numel() / entries
    says_output = float(sure.sum() * weight.square().sum()) / weight.shape[0] / (entries * shape[1])
    by_gradient = says_gradient**-0.5 if says_gradient > 0 else 0.0
    by_output = says_output**-0.5 * sure if says_output > 0 else sure

    def forth(x: Tensor) -> tuple[Tensor, Tensor]:
        correlated: Tensor = conv2d_weight(x, weight.shape, slope, stride, padding)  # type: ignore[no-untyped-call]
        return by_gradient * correlated, by_output * conv2d(x, weight, None, stride, padding)

    def back(gradients: Tensor, outputs: Tensor) -> Tensor:
        correlated = _back(layer, slope, gradients, shape)
        return by_gradient * correlated + _back(layer, by_output * outputs, weight, shape)

    bias = 0 if layer.bias is None else layer.bias[:, None, None]
    off = by_gradient * gradient, by_output * (behind.value - bias)
    x = torch.zeros(shape, dtype=weight.dtype)
    downhill = way = back(*off)
    steepness = start = float(downhill.square().sum())
    for _ in range(ITERATIONS):
        if steepness > 1e-24 * start:
            seen = forth(way)
            length = steepness / max(sum(float(part.square().sum()) for part in seen), 1e-300)
            x = x + length * way
            off = off[0] - length * seen[0], off[1] - length * seen[1]
            downhill = back(*off)
            before, steepness = steepness, float(downhill.square().sum())
            way = downhill + steepness / before * way
        yield x


def _back(layer: nn.Conv2d, values: Tensor, weight: Tensor, shape: torch.Size) -> Tensor:
    """Return the transposed convolution of ``values``, in the shape of what went into the layer."""
    stride, padding = _pair(layer.stride), _pair(layer.padding)
    left = [
        (side + 2 * p - k) % s
        for side, p, k, s in zip(shape[2:], padding, layer.kernel_size, stride, strict=True)
    ]
    return conv_transpose2d(values, weight, None, stride, padding, left)


def _shown(before: list[nn.Module], value: Tensor, shape: Shape) -> Tensor:
    """Return what goes into a layer as a picture: itself at the front, else the mean over its channels."""
    if all(isinstance(layer, Normalise) for layer in before):
        for _ in before:
            value = (value + 1) / 2
        return value.clamp(0, 1)
    mean = value.mean(1, keepdim=True)
    low, high = mean.min(), mean.max()
    grey = (mean - low) / (high - low).clamp_min(1e-12)
    return interpolate(grey, shape[1:]).expand(-1, shape[0], -1, -1)


def _distance(access: GradientLeak, picture: Tensor) -> float:
    """Return the cosine distance between the picture's gradient and the one that was sent."""
    loss = cross_entropy(access.model(picture), infer_label(access.message))
    mine = torch.autograd.grad(loss, list(access.model.parameters()))
    return float(cosine_distance(list(mine), access.message))


def _chain(net: nn.Module, shape: Shape) -> list[nn.Module]:
    """Return the layers of a network in the order in which a picture passes them."""
    chain = [layer for layer in net.modules() if not list(layer.children())]
    _first_linear(chain)
    x = wanted = torch.full((1, *shape), 0.5, dtype=torch.float64)
    for layer in chain:
        if not isinstance(layer, _KNOWN):
            raise _unsolvable(layer)
        x = layer(x)
    if not torch.allclose(x, net(wanted)):
        raise _unsolvable(net)
    return chain


_KNOWN = (nn.Linear, nn.Conv2d, nn.Flatten, Normalise, nn.Sigmoid, nn.ReLU, nn.AvgPool2d, nn.GroupNorm)


def _first_linear(chain: list[nn.Module]) -> int:
    for place, layer in enumerate(chain):
        if isinstance(layer, nn.Linear) and layer.bias is not None:
            return place
    raise _unsolvable(chain[-1])


def _unsolvable(layer: nn.Module) -> UsageError:
    return UsageError(
        Text(
            "R-GAP can only take apart a plain chain of layers that ends in a fully connected one; it cannot "
            "go through {layer}. Choose another model or attack.",
            "R-GAPで解けるのは、全結合層で終わる単純な一列のモデルだけで、{layer}はたどれません。"
            "別のモデルか攻撃を選んでください。",
        ),
        layer=type(layer).__name__,
    )


def _shapes(chain: list[nn.Module], shape: Shape) -> list[torch.Size]:
    """Return the shape of what goes into each layer."""
    x = torch.zeros((1, *shape), dtype=torch.float64)
    shapes = []
    for layer in chain:
        shapes.append(x.shape)
        x = layer(x)
    return shapes


def _by_layer(net: nn.Module, message: list[Tensor]) -> dict[nn.Module, list[Tensor]]:
    """Return the parts of a message by the layer that they belong to, weight first."""
    parts = iter(message)
    return {layer: [next(parts) for _ in layer.parameters(recurse=False)] for layer in net.modules()}


def _pair(sides: object) -> tuple[int, int]:
    assert isinstance(sides, tuple)
    return sides
