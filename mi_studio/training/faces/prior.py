"""The prior of faces: a generator trained on public people only, with who somebody is apart from the view.

A cross-view variational autoencoder with an adversary. Of two photos of one public person, the first
says who it is and the second how it was taken, and the second is rebuilt from both: so the latent
learns the person and the view learns the rest. The critic also sees drawings of latents that nobody
has, and of one person's latent with another's view. The generator is that of StyleGAN2 (Karras et al.,
CVPR 2020, arXiv 1912.04958) made small. No private photo is used.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from mi_studio.engine import models
from mi_studio.engine.models.faces import FaceBody, FacePrior
from mi_studio.engine.stepper import Stepper
from mi_studio.training import checkpoint
from mi_studio.training.faces.classifiers import SCENE, public_body, to_pixels
from mi_studio.training.faces.critics import Critic, Encoder, equalise
from mi_studio.training.faces.dataset import read_public
from mi_studio.training.recipe import Clock, Context
from mi_studio.training.writing import halved, write_weights

SEED = 9
STEPS = 18_000
BATCH = 96
RATE = 2e-3
FULL_RATE = 0.5
"""Share of the training at the full rate; then it falls in a line to 0."""
AVERAGE = 0.001
"""Share of the present weights in the running average that is written, after each step."""

ADVERSARY, REBUILT, PERCEIVED, IDENTITY = 1.0, 25.0, 5.0, 2.0
"""Weights of the losses: fooling the critic, pixels, features, and staying the same person."""
LATENT_NATS, VIEW_NATS = 75.0, 42.0
"""What a photo may say about latent and view; the weights of the two prices are steered towards it."""
PENALTY, PENALTY_EVERY = 1.0, 8

SAVE_EVERY = 100
"""Steps that share a seed, and after which a checkpoint may be written."""
SAVE_SECONDS = 60.0


class Lessons:
    """One step of the training, on tensors that stay where they are, so that it can be captured.

    Parameters
    ----------
    pixels
        Public photos ``uint8 (people, photos, 3, 64, 64)`` on the device of the networks.
    body
        A face net's body that tells public people apart: the eye for likeness.
    batch
        People in a step, a multiple of 4.
    """

    def __init__(
        self,
        generator: FacePrior,
        encoder: Encoder,
        critic: Critic,
        body: FaceBody,
        pixels: Tensor,
        batch: int,
    ) -> None:
        self.nets: dict[str, nn.Module] = {"generator": generator, "encoder": encoder, "critic": critic}
        self._latent, self._view = generator.latent, generator.view
        self._generator, self._critic = generator, critic
        self._pixels, self._batch = pixels, batch
        device = pixels.device
        groups = {
            "maker": [*equalise(generator, RATE, list(generator.mapping)), *equalise(encoder, RATE)],
            "critic": [*equalise(critic, RATE)],
        }
        for net in self.nets.values():
            net.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(generator).requires_grad_(False)
        self.nets["average"] = self.average
        cuda = device.type == "cuda"
        for group in (group for part in groups.values() for group in part):
            group["lr"] = group["lr"].to(device) if cuda else float(group["lr"])  # type: ignore[attr-defined,arg-type]
        self.optimisers = {
            name: torch.optim.Adam(part, betas=(0.0, 0.99), fused=cuda, capturable=cuda)
            for name, part in groups.items()
        }
        # the weights of the two prices, as logarithms
        self.prices = torch.full((2,), math.log(1e-2), device=device)
        self.keep = torch.tensor(0.01, device=device)
        self.seen = torch.zeros(7, device=device)
        wrap: Callable[..., Any] = partial(torch.compile, dynamic=False) if cuda else lambda called: called
        self._draw = wrap(generator.raw)
        self._encode = wrap(encoder)
        self._criticise = wrap(critic)
        self._look = wrap(body.maps)

    def set_rate(self, share: float) -> None:
        """Let everything learn at this share of its full rate."""
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(group["whole"] * share)
                else:
                    group["lr"] = group["whole"] * share

    def step(self) -> None:
        """Teach critic, generator and encoder from two photos each of the batch's people."""
        device, batch = self._pixels.device, self._batch
        photos = self._pick()
        rebuilt_from = photos[batch:]
        latents, views, nats = self._codes(photos)
        half, quarter = batch // 2, batch // 4
        strangers = torch.randn(quarter, self._latent, device=device).repeat(2, 1)
        others = torch.where(
            torch.rand(half, 1, device=device) < 0.5,
            views.roll(1, 0)[:half],
            torch.randn(half, self._view, device=device),
        )
        # rebuilt photos, then strangers in two views each, then known people in other views
        who = torch.cat([latents, strangers, latents[:half]])
        how = torch.cat([views, torch.randn(half, self._view, device=device), others])
        with torch.autocast(device.type, dtype=torch.bfloat16):
            drawn = self._draw(who, how)
        self._teach_critic(rebuilt_from, drawn.detach())

        self._critic.requires_grad_(False)
        with torch.autocast(device.type, dtype=torch.bfloat16):
            fooled = F.softplus(-self._criticise(disguised(drawn)))
            with torch.no_grad():
                true = self._look(photos / 2 + 0.5)
            found = self._look(drawn / 2 + 0.5)
        adversary = 0.4 * fooled[:batch].mean() + 0.6 * fooled[batch:].mean()
        pixels = (drawn[:batch].float() - rebuilt_from).abs().mean()
        perceived = torch.stack(
            [
                (_unit(f[:batch]) - _unit(t[batch:])).square().sum(1).mean()
                for t, f in zip(true[:4], found[:4], strict=True)
            ]
        ).sum()
        true_who, found_who = true[4].float().mean((2, 3)), found[4].float().mean((2, 3))
        identity = (
            0.5 * _apart(found_who[:batch], true_who[batch:])
            + _apart(found_who[batch : batch + quarter], found_who[batch + quarter : batch + half])
            + _apart(found_who[batch + half :], true_who[:half])
        )
        loss = ADVERSARY * adversary + REBUILT * pixels + PERCEIVED * perceived + IDENTITY * identity
        loss = loss + (self.prices.exp() * nats).sum()
        self.optimisers["maker"].zero_grad()
        torch.autograd.backward(loss)
        self.optimisers["maker"].step()
        self._critic.requires_grad_(True)
        with torch.no_grad():
            allowed = torch.stack([torch.full_like(nats[0], n) for n in (LATENT_NATS, VIEW_NATS)])
            self.prices.add_(0.003 * (nats.detach() / allowed - 1).clamp(-1, 1)).clamp_(-12, 1)
            for slow, fast in zip(self.average.parameters(), self._generator.parameters(), strict=True):
                slow.lerp_(fast, self.keep)
            self.seen.copy_(
                torch.stack([adversary, pixels, perceived, identity, nats[0], nats[1], loss]).detach()
            )

    def penalise(self) -> None:
        """Keep the critic's slope at photos small (R1, Mescheder et al., ICML 2018, arXiv 1801.04406)."""
        photos = disguised(self._pick()[self._batch :]).detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(self._critic(photos).sum(), photos, create_graph=True)
        loss = PENALTY / 2 * PENALTY_EVERY * slope.square().sum((1, 2, 3)).mean()
        self.optimisers["critic"].zero_grad()
        torch.autograd.backward(loss)
        self.optimisers["critic"].step()

    def _pick(self) -> Tensor:
        """Return two photos each of the batch's people, ``(2 * batch, 3, 64, 64)`` in ``[-1, 1]``."""
        batch = self._batch
        people, each = self._pixels.shape[:2]
        device = self._pixels.device
        who = torch.randint(people, (batch,), device=device)
        one = torch.randint(each, (batch,), device=device)
        other = (one + 1 + torch.randint(each - 1, (batch,), device=device)) % each
        photos = torch.cat([self._pixels[who, one], self._pixels[who, other]]).float() / 127.5 - 1
        flip = (torch.rand(batch, device=device) < 0.5).repeat(2)[:, None, None, None]
        picked = torch.where(flip, photos.flip(3), photos)
        return picked.contiguous(memory_format=torch.channels_last)

    def _codes(self, photos: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return latents of the first photos, views of the second, and what both say, in nats ``(2,)``."""
        batch = self._batch
        with torch.autocast(photos.device.type, dtype=torch.bfloat16):
            mean, log_variance = self._encode(photos)
        codes = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        nats = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
        who, how = nats[:batch, : self._latent], nats[batch:, self._latent :]
        both = torch.stack([who.sum(1).mean(), how.sum(1).mean()])
        return codes[:batch, : self._latent], codes[batch:, self._latent :], both

    def _teach_critic(self, photos: Tensor, drawn: Tensor) -> None:
        batch = self._batch
        with torch.autocast(photos.device.type, dtype=torch.bfloat16):
            said = self._criticise(torch.cat([disguised(photos), disguised(drawn)]))
        loss = (
            F.softplus(-said[:batch]).mean()
            + 0.4 * F.softplus(said[batch : 2 * batch]).mean()
            + 0.6 * F.softplus(said[2 * batch :]).mean()
        )
        self.optimisers["critic"].zero_grad()
        torch.autograd.backward(loss)
        self.optimisers["critic"].step()


def disguised(images: Tensor) -> Tensor:
    """Return images lightened, recoloured, zoomed and moved a little: the critic cannot learn them by heart.

    Differentiable augmentation (Zhao et al., NeurIPS 2020, arXiv 2006.10738).
    """
    images = images.float()
    count, device = len(images), images.device

    def draw() -> Tensor:
        return torch.rand(count, 1, 1, 1, device=device)

    mean = images.mean((1, 2, 3), keepdim=True)
    images = (images - mean) * (0.8 + 0.4 * draw()) + mean + 0.3 * (draw() - 0.5)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * (0.7 + 0.6 * draw())
    place = torch.zeros(count, 2, 3, device=device)
    place[:, 0, 0] = place[:, 1, 1] = 0.95 + 0.1 * torch.rand(count, device=device)
    place[:, :, 2] = 0.2 * (torch.rand(count, 2, device=device) - 0.5)
    grid = F.affine_grid(place, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def _unit(maps: Tensor) -> Tensor:
    return F.normalize(maps.float(), dim=1, eps=1e-4)


def _apart(one: Tensor, other: Tensor) -> Tensor:
    return (1 - F.cosine_similarity(one, other, dim=1)).mean()


def first_lessons(context: Context, photos: NDArray[np.uint8], batch: int) -> Lessons:
    """Return the training before its first step, for public photos (people, photos, 64, 64, 3)."""
    device = torch.device(context.device)
    pixels = to_pixels(photos).view(*photos.shape[:2], 3, *photos.shape[2:4]).to(device)
    torch.manual_seed(SEED)
    body = public_body(context, context.device)
    generator = models.build("face-prior").to(device)
    assert isinstance(generator, FacePrior)
    encoder = Encoder(generator.latent + generator.view).to(device)
    return Lessons(generator, encoder, Critic().to(device), body, pixels, batch)


def train_prior(context: Context) -> None:
    """Train and write the prior from 25,000 photos of 5,000 public people. It needs a GPU."""
    device = torch.device(context.device)
    photos = read_public(context.work)
    lessons = first_lessons(context, photos, BATCH)
    path = context.work / "face-login-prior.safetensors"
    made_for = f"{STEPS} steps of {BATCH} at {RATE}, {len(photos)} people"
    note = checkpoint.restore(path, lessons.nets, lessons.optimisers, made_for)
    note = note or {"step": 0, "seconds": 0.0, "prices": lessons.prices.tolist()}
    lessons.prices.copy_(torch.tensor(note["prices"]))
    clock = Clock(note["seconds"])
    saved = clock.seconds()
    step, penalise = Stepper(lessons.step, device), Stepper(lessons.penalise, device)
    for done in range(note["step"], STEPS):
        if done % SAVE_EVERY == 0:
            # a seed of its own for each part: a resumed training draws the same numbers
            torch.manual_seed(SEED * 100_000 + done)
            lessons.keep.fill_(0.01 if done < 1000 else AVERAGE)
            lessons.set_rate(min(1.0, (1 - done / STEPS) / (1 - FULL_RATE)))
            if clock.seconds() - saved > SAVE_SECONDS:
                saved = clock.seconds()
                prices = lessons.prices.tolist()
                kept = {"step": done, "seconds": saved, "prices": prices, "made_for": made_for}
                checkpoint.save(path, kept, lessons.nets, lessons.optimisers)
            names = ("adversary", "pixels", "features", "identity", "nats", "view nats", "all")
            said = " ".join(f"{n} {v:.3f}" for n, v in zip(names, lessons.seen.tolist(), strict=True))
            context.report(f"face-login prior: {said}", done / STEPS)
        step()
        if done % PENALTY_EVERY == 0:
            penalise()
    checkpoint.save(
        context.work / "face-login-encoder.safetensors", {}, {"encoder": lessons.nets["encoder"]}, {}
    )
    write_weights(
        context.pretrained, SCENE, "prior", halved(lessons.average),
        architecture="face-prior", build={}, knobs={}, recipe="face-login-prior", seed=SEED, utility=None,
        half=True,
        details={
            "records": photos.shape[0] * photos.shape[1],
            "batch": BATCH,
            "learning_rate": RATE,
            "steps": STEPS,
            "training_seconds": round(clock.seconds(), 1),
            "device": context.device,
            "notes": {
                "en": "Draws faces of people who do not exist, learnt from 5,000 public people; it never saw "
                "a private photo. Public and private people come from one renderer: that helps the attacker.",
                "ja": "公開された5,000人から学習し、実在しない人の顔を描く生成器です。非公開の写真は一度も"
                "見ていません。公開・非公開の人物は同じ描画プログラムで作られており、攻撃者に有利です。",
            },
        },
    )  # fmt: skip
    path.unlink(missing_ok=True)
