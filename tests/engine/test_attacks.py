"""What the attacks share, and what each one owes to its own objective."""

import math

import pytest
import torch
from torch import Tensor, nn

from mi_studio.core.config import resolve
from mi_studio.core.errors import RunError
from mi_studio.engine import Run
from mi_studio.engine.access import GradientLeak, Progress, ScoreApi, Setup, WhiteBox
from mi_studio.engine.attacks import common, inverting_gradients, latent_search, mi_face, updates
from mi_studio.engine.defenses import output_restriction

CPU = torch.device("cpu")


class Line(nn.Module):
    """Two classes of tiny pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x.flatten(1))


class Row:
    """A prior whose pictures are its latents."""

    latent, view = 8, 0

    def __call__(self, z: Tensor, view: Tensor | None = None) -> Tensor:
        return z.reshape(-1, 1, 2, 4)


def setup(steps: int, prior: Row | None = None) -> Setup:
    return Setup((0,), (1, 2, 4), 0, steps, CPU, prior)


def net(seed: int = 0) -> Line:
    torch.manual_seed(seed)
    return Line().requires_grad_(False)


class TestShifts:
    def test_whole_pixels(self) -> None:
        images = torch.rand(2, 1, 4, 6)
        right, down = torch.tensor([[2 / 6, 0.0], [0.0, 2 / 4]])  # one pixel each
        moved = common.shifted(images, torch.stack([right, down])).unflatten(0, (2, 2))
        assert torch.allclose(moved[0][..., :-1], images[..., 1:], atol=1e-5)
        assert torch.allclose(moved[0][..., -1], images[..., -1], atol=1e-5)
        assert torch.allclose(moved[1][:, :, :-1], images[:, :, 1:], atol=1e-5)

    def test_half_a_pixel_is_the_mean_of_two(self) -> None:
        images = torch.rand(1, 3, 5, 5)
        moved = common.shifted(images, torch.tensor([[1 / 5, 0.0]]))
        assert torch.allclose(moved[..., :-1], (images[..., :-1] + images[..., 1:]) / 2, atol=1e-5)


class TestAnObjectiveIsThatOfItsPicture:
    def test_inverting_gradients(self) -> None:
        model = net().requires_grad_(True)
        loss = nn.functional.cross_entropy(model(torch.rand(1, 1, 2, 4)), torch.tensor([1]))
        message = [g.detach() for g in torch.autograd.grad(loss, list(model.parameters()))]
        for progress in inverting_gradients.attack(GradientLeak(model, message), setup(5)):
            guess = progress.images.clone()
            loss = nn.functional.cross_entropy(model(guess), updates.infer_label(message))
            mine = torch.autograd.grad(loss, list(model.parameters()))
            cost = updates.cosine_distance(mine, message)
            cost = cost + inverting_gradients.TOTAL_VARIATION * common.total_variation(guess)
            assert progress.objective == pytest.approx(float(cost), abs=1e-5)

    def test_mi_face(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(common, "shifted", lambda images, shifts: images.repeat(len(shifts), 1, 1, 1))
        model = net()
        for progress in mi_face.attack(WhiteBox(model, ("a", "b")), setup(5)):
            cost = common.margin(model(progress.images), torch.tensor([0])).mean()
            cost = cost + mi_face.TOTAL_VARIATION * common.total_variation(progress.images)
            assert progress.objective == pytest.approx(float(cost), abs=1e-5)


class TestMiFaceInColour:
    """Layers, muted colours and a cost that has an end."""

    shape = (3, 16, 16)

    def model(self) -> nn.Module:
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 2)).requires_grad_(False)

    def found(self, steps: int, model: nn.Module | None = None) -> list[Progress]:
        known = Setup((0, 1), self.shape, 0, steps, CPU)
        attack = mi_face.attack(WhiteBox(model or self.model(), ("a", "b")), known)
        return [Progress(p.images.clone(), p.objective) for p in attack]

    def test_it_starts_grey_and_convinces_the_model(self) -> None:
        model = self.model()
        found = self.found(60, model)
        assert torch.allclose(found[0].images, torch.tensor(0.5))
        assert torch.equal(model(found[-1].images).argmax(1), torch.tensor([0, 1]))
        assert found[-1].objective < found[0].objective
        assert 0 <= float(found[-1].images.min()) <= float(found[-1].images.max()) <= 1

    def test_its_objective_is_that_of_its_picture(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(common, "varied", lambda images, _: images)
        model = self.model()
        for progress in self.found(5, model):
            cost = (
                common.margin(model(progress.images), torch.tensor([0, 1])).clamp_min(-mi_face.ENOUGH).mean()
            )
            cost = cost + mi_face.COLOUR_TOTAL_VARIATION * common.total_variation(progress.images)
            cost = cost + mi_face.CONTRAST * (progress.images - 0.5).square().mean()
            assert progress.objective == pytest.approx(float(cost), abs=1e-5)

    def test_colours_are_muted(self) -> None:
        def colourful(images: Tensor) -> float:
            return float((images - images.mean(1, keepdim=True)).std() / images.mean(1).std())

        muted = colourful(self.found(3)[-1].images)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(mi_face, "CHROMA", 1.0)
            loud = colourful(self.found(3)[-1].images)
        assert muted < 0.7 * loud

    def test_a_margin_beyond_enough_moves_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Sure(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                far = 100 + x.sum((1, 2, 3))
                return torch.stack([far, -far], 1)[:, [0, 1]]

        monkeypatch.setattr(mi_face, "CONTRAST", 0.0)
        known = Setup((0,), self.shape, 0, 3, CPU)
        found = [p.images.clone() for p in mi_face.attack(WhiteBox(Sure(), ("a", "b")), known)]
        assert torch.equal(found[0], found[-1])


@pytest.mark.parametrize("at", [0, 1, 8, 10])
def test_latent_search_measures_what_it_has_kept_by_the_model_of_now(at: int) -> None:
    """Candidates that a model of yesterday liked must not keep their place by yesterday's cost."""

    def worst(moved: bool) -> float:
        model = net()
        access = WhiteBox(model, ("a", "b"))
        for index, progress in enumerate(latent_search.attack(access, setup(30, Row()))):
            if index == at + 1:
                return progress.objective
            if index == at and moved:  # a model that takes everything for the other class
                model.head.weight.zero_()
                model.head.bias.copy_(torch.tensor([0.0, 1000.0]))
                access.version += 1
        raise AssertionError

    assert worst(moved=True) > worst(moved=False) + 500


def test_mi_face_takes_its_first_step_on_the_model_of_now() -> None:
    def second(model: Line, flip: bool) -> Tensor:
        access = WhiteBox(model, ("a", "b"))
        steps = mi_face.attack(access, setup(3))
        next(steps)
        if flip:
            model.head.weight.neg_()
            access.version += 1
        return next(steps).images.clone()

    other = net()
    other.head.weight.neg_()
    assert torch.equal(second(net(), flip=True), second(other, flip=False))


def test_inverting_gradients_takes_its_first_step_on_the_message_of_now() -> None:
    def second(message: list[Tensor], later: list[Tensor] | None) -> Tensor:
        access = GradientLeak(net().requires_grad_(True), message)
        steps = inverting_gradients.attack(access, setup(3))
        next(steps)
        if later is not None:
            for part, new in zip(message, later, strict=True):
                part.copy_(new)
            access.version += 1
        return next(steps).images.clone()

    first = [torch.tensor([[1.0] * 8, [-1.0] * 8]), torch.tensor([1.0, -1.0])]
    later = [part.roll(1, -1) * torch.linspace(0.2, 1, part.shape[-1]) for part in first]
    fresh = second([part.clone() for part in later], None)
    assert torch.equal(second([part.clone() for part in first], later), fresh)


@pytest.mark.parametrize(
    ("granularity", "kind"),
    [("full", "scores"), ("round1", "scores"), ("top3", "top"), ("top1", "top"), ("label", "labels")],
)
def test_a_view_says_what_the_api_lets_out(granularity: str, kind: str) -> None:
    config = resolve("catalogue", attack="score-search", settings={"granularity": granularity}, steps=1)
    views = [step.view for step in Run(config)]
    assert {view.kind for view in views} == {kind}
    if kind == "labels":
        assert sorted(value for _, value in views[-1].bars) == [0, 0, 0, 0, 1]


def test_the_kind_follows_the_knob() -> None:
    api = ScoreApi(lambda x: x, ("a",), lambda: output_restriction.kind("label"))
    assert api.view(torch.ones(1, 1)).kind == "labels"


def test_pictures_that_are_no_numbers_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(access: object, setup: Setup) -> "object":
        yield Progress(torch.full((1, *setup.shape), math.nan), 0.0)

    monkeypatch.setattr(inverting_gradients, "attack", broken)
    with pytest.raises(RunError, match="step 0"):
        list(Run(resolve("federated", steps=2)))
