"""Latent search and score search with a prior that tells who is on a picture from how it was taken."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from mi_studio.engine.access import Bank, Progress, ScoreApi, Setup, WhiteBox
from mi_studio.engine.attacks import common, latent_search, score_search
from mi_studio.engine.attacks.latent_search import QUICK, THOROUGH, plan_for

CPU = torch.device("cpu")
SHAPE = (3, 2, 4)


class Faces:
    """A prior whose pictures are its latents, with a view laid over them; it remembers what it was asked."""

    latent, view = 24, 5

    def __init__(self, blur: float = 0.1) -> None:
        self.blur = blur
        self.drawn = 0
        self.seen: list[Tensor] = []

    def __call__(self, z: Tensor, view: Tensor | None = None) -> Tensor:
        self.drawn += len(z)
        pictures = z.reshape(-1, *SHAPE)
        if view is None:
            return pictures
        self.seen.append(view.detach().clone())
        return pictures + self.blur * view.sum(1)[:, None, None, None]


class Likes(nn.Module):
    """Two people; a picture is the more like the first, the nearer it is to what he looks like."""

    def __init__(self, face: Tensor, sharp: float = 1.0) -> None:
        super().__init__()
        self.face, self.sharp = face, sharp

    def forward(self, x: Tensor) -> Tensor:
        far = (x - self.face).square().flatten(1).mean(1)
        return torch.stack([-far * self.sharp, torch.zeros_like(far)], 1)


def face(seed: int = 5) -> Tensor:
    """Return a face, as symmetric as faces are: the search looks at it in a mirror half of the time."""
    half = torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))
    return (half + half.flip(2)) / 2**0.5


def setup(steps: int, prior: Faces, targets: tuple[int, ...] = (0,), **more: object) -> Setup:
    return Setup(targets, SHAPE, 0, steps, CPU, prior, **more)


def search(steps: int, model: nn.Module, blur: float = 0.1, **more: object) -> tuple[list[Progress], Faces]:
    prior = Faces(blur)
    found = [
        Progress(p.images.clone(), p.objective, p.choice)
        for p in latent_search.attack(WhiteBox(model, ("a", "b")), setup(steps, prior, **more))
    ]
    return found, prior


def bank(count: int = 4000) -> Bank:
    latents = torch.randn((count, 24), generator=torch.Generator().manual_seed(3))
    pictures = (latents.reshape(-1, *SHAPE) * 40 + 128).clamp(0, 255).to(torch.uint8)
    return Bank(latents, pictures.permute(0, 2, 3, 1).contiguous().numpy())


def test_it_finds_the_face_and_hands_in_the_plain_view() -> None:
    found, prior = search(160, Likes(face(), sharp=10.0))
    assert len(found) == 161
    far = [float((p.images[0] - face()).square().mean()) for p in found]
    assert far[-1] < 0.25 * far[0]
    assert far[-1] < 0.5 * min(far[:20])  # the improvement finds more than the candidates did
    assert [i for i, p in enumerate(found) if p.choice] == [20, 160]
    most = latent_search.ENOUGH  # what a face costs that the model is just undecided about
    assert found[-1].objective - most < 0.5 * (found[20].objective - most)
    views = torch.cat([v.flatten() for v in prior.seen])
    assert float(views.std()) == pytest.approx(latent_search.VIEW_SPREAD, rel=0.05)


def test_the_effort_is_the_number_of_drawings() -> None:
    assert plan_for(setup(1, Faces())) == QUICK
    assert plan_for(setup(1, Faces(), effort="thorough")) == THOROUGH
    for plan, candidates in ((QUICK, 2_000), (THOROUGH, 10_000)):
        assert (plan.looks + 1) * plan.chunk == candidates
    assert (QUICK.starts, QUICK.views) == (2, 2)
    assert (THOROUGH.starts, THOROUGH.views) == (10, 3)


def test_candidates_come_from_the_bank_without_being_drawn_again() -> None:
    _, without = search(57, Likes(face()))
    _, taken = search(57, Likes(face()), bank=bank())
    assert without.drawn - taken.drawn == 2_000


def test_the_seed_chooses_from_the_bank() -> None:
    class Watch(Bank):
        def take(self, which: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
            asked.append(which)
            return super().take(which, device)

    def taken(seed: int) -> Tensor:
        asked.clear()
        known = bank()
        run = Setup((0,), SHAPE, seed, 57, CPU, Faces(), bank=Watch(known.latents, known.pictures))
        list(latent_search.attack(WhiteBox(Likes(face()), ("a", "b")), run))
        return torch.cat(asked)

    asked: list[Tensor] = []
    first, again, other = taken(1), taken(1), taken(2)
    assert len(first) == len(first.unique()) == 2_000
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_bank_that_is_too_small_is_followed_by_drawings() -> None:
    found, prior = search(60, Likes(face()), bank=bank(300))
    assert len(found) == 61
    assert prior.drawn > 1_700


@pytest.mark.parametrize("at", [3, 40])
def test_another_model_takes_over_where_the_old_one_was(at: int) -> None:
    """What the old model liked must prove itself to the new one, and the search goes on from there."""
    prior = Faces()

    class Held(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = Likes(face())

        def forward(self, x: Tensor) -> Tensor:
            return self.net(x)

    held = Held()
    access = WhiteBox(held, ("a", "b"))
    far: list[float] = []
    for index, progress in enumerate(latent_search.attack(access, setup(120, prior))):
        far.append(float((progress.images[0] - face(8)).square().mean()))
        if index == at:
            held.net = Likes(face(8))
            access.version += 1
    assert far[-1] < 0.5 * far[at]


def test_one_good_step_does_not_make_a_start_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs under random views jump; the picture that is shown must not jump with them."""
    shown: dict[float, list[int]] = {}
    for memory in (0.0, QUICK.memory):
        plan = replace(QUICK, memory=memory, starts=8)
        monkeypatch.setattr(latent_search, "plan_for", lambda _, plan=plan: plan)
        found, _ = search(120, Likes(face(), sharp=0.5), blur=1.0)
        jumps = [float((a.images - b.images).square().mean()) for a, b in pairwise(found[30:-1])]
        shown[memory] = [int(j > 0.05) for j in jumps]
    assert sum(shown[QUICK.memory]) < sum(shown[0.0])


class TestDrops:
    """Of many starts only the best go on: nearly as good, for half the work."""

    PLAN = replace(QUICK, starts=8, kept=8)

    def found(
        self, monkeypatch: pytest.MonkeyPatch, drops: tuple[tuple[float, int], ...]
    ) -> tuple[list[Progress], Faces]:
        monkeypatch.setattr(latent_search, "plan_for", lambda _: replace(self.PLAN, drops=drops))
        return search(160, Likes(face(), sharp=3.0))

    def test_as_good_for_half_the_work(self, monkeypatch: pytest.MonkeyPatch) -> None:
        every, all_of_them = self.found(monkeypatch, ())
        fewer, some = self.found(monkeypatch, ((1 / 7, 4), (3 / 7, 2)))
        assert len(fewer) == len(every) == 161
        drawn = [p.drawn - 2_000 for p in (some, all_of_them)]
        assert drawn[0] < 0.6 * drawn[1]
        far = [float((f[-1].images[0] - face()).square().mean()) for f in (fewer, every)]
        assert far[0] < 1.2 * far[1]

    def test_what_goes_on_does_so_as_if_the_others_were_still_there(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where the views are all alike, the best start's way is the same with and without the others."""
        monkeypatch.setattr(latent_search, "VIEW_SPREAD", 0.0)
        monkeypatch.setattr(common, "random_variations", lambda count, _: torch.zeros((count, 9)))
        every, _ = self.found(monkeypatch, ())
        fewer, _ = self.found(monkeypatch, ((1 / 7, 1),))
        assert torch.allclose(fewer[-1].images, every[-1].images, atol=1e-4)

    def test_targets_keep_their_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Two(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                far = [(x - face(seed)).square().flatten(1).mean(1) for seed in (5, 8)]
                return -3 * torch.stack(far, 1)

        monkeypatch.setattr(latent_search, "plan_for", lambda _: replace(self.PLAN, drops=((1 / 7, 3),)))
        run = setup(160, Faces(), targets=(0, 1))
        *_, last = latent_search.attack(WhiteBox(Two(), ("a", "b")), run)
        for place, seed, other in ((0, 5, 8), (1, 8, 5)):
            mine, theirs = ((last.images[place] - face(s)).square().mean() for s in (seed, other))
            assert mine < theirs / 2

    def test_a_model_that_has_just_changed_drops_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What the old model said of the starts is no reason to drop them."""
        asked: list[int] = []
        only = latent_search._Descent.only

        def counted(descent: latent_search._Descent, kept: Tensor) -> latent_search._Descent:
            asked.append(kept.shape[1])
            return only(descent, kept)

        monkeypatch.setattr(latent_search._Descent, "only", counted)
        drops = ((1 / 7, 4), (3 / 7, 2))
        monkeypatch.setattr(latent_search, "plan_for", lambda _: replace(self.PLAN, drops=drops))
        access = WhiteBox(Likes(face()), ("a", "b"))
        for index, _ in enumerate(latent_search.attack(access, setup(160, Faces()))):
            if index == 39:  # one look at the first picture, 19 more and 20 improvements are over
                access.version += 1
        assert asked == [2]


class TestVariations:
    def none(self, count: int) -> Tensor:
        return torch.zeros((count, 9))

    def test_nothing_changes_nothing(self) -> None:
        images = torch.rand(3, 3, 6, 8)
        assert torch.allclose(common.varied(images, self.none(3)), images, atol=1e-5)

    def test_each_picture_is_changed_in_its_own_way(self) -> None:
        images = torch.rand(1, 3, 6, 8).expand(3, -1, -1, -1)
        variations = self.none(3)
        variations[0, 0] = 1.0
        variations[1, 2] = 2 / 8 / common.MOVE  # one pixel of eight
        moved = common.varied(images, variations)
        assert torch.allclose(moved[0], images[0].flip(2), atol=1e-5)
        assert torch.allclose(moved[1, ..., :-1], images[1, ..., 1:], atol=1e-5)
        assert torch.allclose(moved[2], images[2], atol=1e-5)

    def test_colours_change_and_middle_grey_keeps_its_light(self) -> None:
        grey = torch.full((1, 3, 4, 4), 0.5)
        variations = self.none(1)
        variations[0, 4] = 2.0
        assert torch.allclose(common.varied(grey, variations), grey, atol=1e-6)
        variations[0, 6] = 1.0
        seen = common.varied(grey, variations)
        assert torch.allclose(seen[:, 1:], grey[:, 1:], atol=1e-6)
        assert float((seen[:, 0] - 0.5).mean()) == pytest.approx(0.2 * common.COLOUR, rel=1e-4)

    def test_half_are_mirrored_and_sizes_are_as_said(self) -> None:
        drawn = common.random_variations(20_000, torch.Generator().manual_seed(1))
        assert float(drawn[:, 0].round().mean()) == pytest.approx(0.5, abs=0.02)
        assert torch.allclose(drawn[:, 1:].std(0), torch.ones(8), atol=0.02)

    def test_a_gradient_is_the_same_every_time(self) -> None:
        variations = common.random_variations(4, torch.Generator().manual_seed(1))
        images = torch.rand(4, 3, 16, 16, requires_grad=True)
        first, second = (
            torch.autograd.grad(common.varied(images, variations).square().sum(), images)[0] for _ in "ab"
        )
        assert torch.equal(first, second)
        assert bool((first != 0).any())


def test_parts_cover_all_rows_once() -> None:
    cut = common.parts(100, (3, 64, 64), CPU, views=2)
    assert len(cut) > 1
    assert [i for part in cut for i in range(100)[part]] == list(range(100))
    assert common.parts(500, (1, 28, 28), CPU) == [slice(0, 500)]
    assert len(common.parts(3, (3, 1024, 1024), CPU)) == 3


def test_parts_change_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = search(40, Likes(face()), targets=(0, 1))
    monkeypatch.setattr(common, "PART", 24 * 5)
    cut, _ = search(40, Likes(face()), targets=(0, 1))
    for a, b in zip(whole, cut, strict=True):
        assert torch.allclose(a.images, b.images, atol=1e-4)
        assert a.objective == pytest.approx(b.objective, abs=1e-3)


def test_score_search_asks_about_faces_in_views_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "PART", 24 * 30)
    prior, model = Faces(), Likes(face())
    api = ScoreApi(lambda x: model(x).softmax(1), ("a", "b"))
    found = list(score_search.attack(api, setup(30, prior)))
    assert api.queries == 31 * 100
    views = torch.cat(prior.seen)
    assert len(views) == api.queries
    assert float(views.std()) == pytest.approx(score_search.VIEW_SPREAD, rel=0.05)
    far = [float((p.images[0] - face()).square().mean()) for p in found]
    assert far[-1] < 0.5 * far[0]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
