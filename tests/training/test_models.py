"""Networks are built and loaded, and a weight file that is not its card's is refused."""

import dataclasses
import hashlib

import pytest
import torch
from safetensors.torch import save

from mi_studio.core.errors import BadFileError
from mi_studio.core.weights import Utility, WeightsCard
from mi_studio.engine import models
from mi_studio.training.writing import write_weights

SHAPES = {
    "strided-cnn": ({"size": 32}, (2, 3, 32, 32), (2, 8)),
    "pooled-cnn": ({"size": 64}, (2, 3, 64, 64), (2, 8)),
    "sigmoid-net": ({"size": 32}, (2, 3, 32, 32), (2, 8)),
    "small-cnn": ({}, (2, 1, 28, 28), (2, 5)),
    "evaluator": ({}, (2, 1, 28, 28), (2, 10)),
    "prior": ({"latent": 64}, (2, 64), (2, 1, 28, 28)),
    "drawing-net": ({}, (2, 1, 64, 64), (2, 16)),
    "face-body": ({}, (2, 3, 64, 64), (2, 256)),
    "face-net": ({}, (2, 3, 64, 64), (2, 60)),
    "resnet-18": ({}, (2, 3, 64, 64), (2, 60)),
    "face-prior": ({}, (2, 96), (2, 3, 64, 64)),
    "record-net": ({"sizes": (2, 3), "classes": 4, "width": 8}, (2, 2), (2, 4)),
}


@pytest.fixture
def card(tmp_path) -> WeightsCard:
    torch.manual_seed(0)
    return write_weights(
        tmp_path, "catalogue", "small-cnn", models.build("small-cnn"),
        architecture="small-cnn", build={}, knobs={"epsilon": float("inf")}, recipe="test", seed=0,
        utility=Utility("test_accuracy", 0.2, 10), details={},
    )  # fmt: skip


def rewritten(card: WeightsCard, tensors: dict[str, torch.Tensor]) -> WeightsCard:
    data = save(tensors)
    card.weights.write_bytes(data)
    return dataclasses.replace(card, sha256=hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("architecture", models.ARCHITECTURES)
def test_shapes(architecture):
    build, given, wanted = SHAPES[architecture]
    assert models.build(architecture, **build).eval()(torch.rand(given)).shape == wanted


@pytest.mark.parametrize("architecture", ["strided-cnn", "pooled-cnn"])
@pytest.mark.parametrize("size", [32, 64])
def test_client_has_a_head_with_bias_and_enough_parameters(architecture, size):
    net = models.build(architecture, size=size)
    assert isinstance(net.head, torch.nn.Linear)
    assert net.head.bias is not None
    assert sum(p.numel() for p in net.parameters()) >= 100_000


def test_features_have_length_one():
    features = models.build("evaluator").eval().features(torch.rand(3, 1, 28, 28))
    assert torch.allclose(features.norm(dim=1), torch.ones(3))


def test_a_body_may_lie_in_the_file_of_another_model(tmp_path):
    torch.manual_seed(0)
    net = models.build("face-net", classes=3, width=8)

    def write(model, part, **more):
        return write_weights(
            tmp_path, "face-login", model, part,
            knobs={}, recipe="test", seed=0, utility=None, half=True, **more,
        )  # fmt: skip

    body = write("public-body", net.body, architecture="face-body", build={"width": 8}, details={})
    card = write(
        "face-net-pretrained", net, architecture="face-net", build={"width": 8, "classes": 3},
        base=body, details={},
    )  # fmt: skip
    assert card.weights.stat().st_size < 1000
    loaded = models.load(card)
    images = torch.rand(2, 3, 64, 64)
    torch.testing.assert_close(loaded(images), net(images), atol=5e-3, rtol=1e-2)
    assert all(p.dtype == torch.float32 for p in loaded.parameters())

    torch.nn.init.zeros_(next(net.body.parameters()))  # the body is trained anew, the head is not
    write("public-body", net.body, architecture="face-body", build={"width": 8}, details={})
    with pytest.raises(BadFileError, match="was trained on another public-body"):
        models.load(card)


def test_no_view_of_a_face_is_the_plain_view():
    prior = models.build("face-prior").eval()
    latents, views = torch.randn(2, prior.latent), torch.zeros(2, prior.view)
    assert torch.equal(prior(latents), prior(latents, views))
    assert not torch.equal(prior(latents), prior(latents, views + 1))


def test_a_style_sets_no_size():
    """Brought back to unit size, a map does not depend on how strongly a style speaks."""
    prior = models.build("face-prior").eval()
    x, style = torch.randn(2, 256, 4, 4), torch.randn(2, 256)
    louder = torch.nn.Linear(256, 256)
    louder.weight.data = 3 * prior.first.style.weight.data
    louder.bias.data = 3 * prior.first.style.bias.data
    quiet = prior.first(x, style)
    prior.first.style = louder
    assert torch.allclose(prior.first(x, style), quiet, atol=1e-4)


def test_load_gives_a_frozen_network_in_evaluation_mode(card):
    net = models.load(card)
    assert not net.training
    assert not any(p.requires_grad for p in net.parameters())
    assert card.knobs == {"epsilon": float("inf")}


def test_unknown_architecture():
    with pytest.raises(BadFileError, match="strided-cnn"):
        models.build("no-such-net")


def test_unknown_build_argument():
    with pytest.raises(BadFileError, match="depth"):
        models.build("small-cnn", depth=9)


def test_wrong_hash(card):
    card.weights.write_bytes(card.weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(BadFileError, match="SHA-256"):
        models.load(card)


def test_wrong_shape(card):
    tensors = models.build("small-cnn").state_dict() | {"head.weight": torch.zeros(6, 64)}
    with pytest.raises(BadFileError, match=r"head\.weight"):
        models.load(rewritten(card, tensors))


def test_missing_tensor(card):
    tensors = dict(models.build("small-cnn").state_dict())
    del tensors["head.bias"]
    with pytest.raises(BadFileError, match=r"head\.bias"):
        models.load(rewritten(card, tensors))


def test_value_that_is_not_finite(card):
    tensors = dict(models.build("small-cnn").state_dict())
    tensors["head.bias"] = torch.tensor([0.0, 0.0, float("nan"), 0.0, 0.0])
    with pytest.raises(BadFileError, match="not finite"):
        models.load(rewritten(card, tensors))


def test_not_a_safetensors_file(card):
    card.weights.write_bytes(b"no weights")
    with pytest.raises(BadFileError, match="safetensors"):
        models.load(dataclasses.replace(card, sha256=hashlib.sha256(b"no weights").hexdigest()))
