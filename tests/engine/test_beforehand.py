"""What is worked out beforehand is used with the weights it came from, and with no others."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from mi_studio.core.errors import BadFileError
from mi_studio.core.step import Pictures
from mi_studio.core.weights import read_card
from mi_studio.engine import beforehand, models
from mi_studio.engine.beforehand import read_bank, read_features
from mi_studio.training.faces import beforehand as recipe
from mi_studio.training.recipe import Context
from mi_studio.training.sources import Sources
from mi_studio.training.writing import write_weights


@pytest.fixture(autouse=True)
def forget() -> None:
    read_bank.cache_clear()


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A small prior and evaluator, and what the recipes write of them."""
    monkeypatch.setattr(recipe, "DRAWINGS", 2 * beforehand.COLUMNS)
    photos = np.random.default_rng(0).integers(0, 255, (3, 4, 64, 64, 3), dtype=np.uint8)
    monkeypatch.setattr(recipe, "read_private", lambda _: (photos, photos[:, :1]))
    torch.manual_seed(0)
    for model, architecture, build in (
        ("prior", "face-prior", {"latent": 6, "view": 3, "widths": [8, 8, 8, 8, 8], "style": 8}),
        ("evaluator", "evaluator", {"classes": 3, "channels": 3, "width": 8}),
    ):
        write_weights(
            tmp_path, "face-login", model, models.build(architecture, **build), architecture=architecture,
            build=build, knobs={}, recipe="x", seed=0, utility=None, details={},
        )  # fmt: skip
    context = Context(
        sources=Sources(), pretrained=tmp_path, assets=tmp_path, work=tmp_path, device="cpu",
        report=lambda *_: None,
    )  # fmt: skip
    recipe.write_bank(context)
    recipe.write_features(context)
    return context


def sha256(context: Context, model: str) -> str:
    return read_card(context.pretrained / "face-login" / model / "all.json").sha256


def folder(context: Context) -> Path:
    return context.assets / "face-login"


def photos(context: Context) -> Pictures:
    train, _ = recipe.read_private(context.assets)
    return train.reshape(-1, *train.shape[2:])


def test_a_bank_holds_what_the_prior_draws_of_its_latents(context: Context) -> None:
    bank = read_bank(folder(context), sha256(context, "prior"))
    assert bank is not None
    assert len(bank) == 2 * beforehand.COLUMNS
    latents, pictures = bank.take(torch.tensor([70, 3]), torch.device("cpu"))
    prior = models.load(read_card(context.pretrained / "face-login" / "prior" / "all.json"))
    drawn = prior(latents)
    assert float((drawn - pictures).abs().mean()) < 0.1  # WebP is not exact, least of all about noise
    other = prior(bank.latents[torch.tensor([3, 70])])
    assert float((drawn - pictures).abs().mean()) < 0.5 * float((other - pictures).abs().mean())


def test_features_are_what_the_evaluator_sees(context: Context) -> None:
    features = read_features(folder(context), sha256(context, "evaluator"), photos(context))
    assert features is not None
    evaluator = models.load(read_card(context.pretrained / "face-login" / "evaluator" / "all.json"))
    seen = evaluator.features(torch.from_numpy(photos(context)[6]).permute(2, 0, 1)[None].float() / 255)
    assert torch.allclose(features[6], seen[0], atol=1e-3)


def test_they_are_not_used_with_other_weights(context: Context) -> None:
    assert read_bank(folder(context), "of another prior") is None
    assert read_features(folder(context), "of another evaluator", photos(context)) is None


def test_features_are_not_used_with_other_photos(context: Context) -> None:
    changed = photos(context).copy()
    changed[3, 20, 20] ^= 1
    assert read_features(folder(context), sha256(context, "evaluator"), changed) is None
    assert read_features(folder(context), sha256(context, "evaluator"), changed[:5]) is None


def test_without_files_there_is_nothing(tmp_path: Path) -> None:
    assert read_bank(tmp_path, "") is None
    assert read_features(tmp_path, "", np.zeros((1, 64, 64, 3), np.uint8)) is None


def test_features_of_fewer_photos_than_they_say_are_refused(context: Context) -> None:
    evaluator = sha256(context, "evaluator")
    made_from = {"evaluator": evaluator, "photos": beforehand.fingerprint(photos(context))}
    save_file({"features": torch.zeros(11, 6)}, folder(context) / beforehand.FEATURES, made_from)
    with pytest.raises(BadFileError, match="11 photos, not 12"):
        read_features(folder(context), evaluator, photos(context))


@pytest.mark.parametrize("name", [beforehand.PICTURES, beforehand.LATENTS])
def test_a_damaged_bank_is_refused(context: Context, name: str) -> None:
    path = folder(context) / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(BadFileError, match=name):
        read_bank(folder(context), sha256(context, "prior"))


def test_a_bank_whose_halves_do_not_fit_is_refused(context: Context) -> None:
    prior = sha256(context, "prior")
    save_file({"latents": torch.zeros(5, 6)}, folder(context) / beforehand.LATENTS, {"prior": prior})
    with pytest.raises(BadFileError, match="5 latents"):
        read_bank(folder(context), prior)
    save_file(
        {"latents": torch.full((128, 6), torch.nan)}, folder(context) / beforehand.LATENTS, {"prior": prior}
    )
    with pytest.raises(BadFileError):
        read_bank(folder(context), prior)
