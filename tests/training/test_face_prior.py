"""The training of the prior of faces: every weight learns at its own rate, and the drawings come closer."""

from pathlib import Path

import pytest
import torch
from torch import nn

from mi_studio.engine import models
from mi_studio.engine.models.faces import FaceBody, FacePrior
from mi_studio.training import checkpoint
from mi_studio.training.faces import prior
from mi_studio.training.faces.critics import Critic, Encoder, equalise

SMALL = (16, 16, 16, 8, 8)


@pytest.fixture
def lessons() -> prior.Lessons:
    """A small training on three people in plain colours."""
    torch.manual_seed(0)
    pixels = torch.zeros((3, 4, 3, 64, 64), dtype=torch.uint8)
    for person in range(3):
        pixels[person, :, person] = 220
    generator = models.build("face-prior", widths=SMALL, style=32)
    assert isinstance(generator, FacePrior)
    return prior.Lessons(
        generator,
        Encoder(generator.latent + generator.view, SMALL),
        Critic(SMALL),
        FaceBody(8).eval(),
        pixels,
        batch=8,
    )


def test_every_weight_learns_once_and_in_proportion_to_its_size() -> None:
    net = nn.Sequential(nn.Linear(100, 7), nn.Conv2d(4, 5, 3, bias=False))
    groups = list(equalise(net, 0.1, [net[0]]))
    learnt = [p for group in groups for p in group["params"]]  # type: ignore[attr-defined]
    assert sorted(map(id, learnt)) == sorted(map(id, net.parameters()))
    rates = {id(group["params"][0]): float(group["lr"]) for group in groups}  # type: ignore[index,arg-type]
    assert rates[id(net[0].weight)] == pytest.approx(0.1 * 0.3 / 10)
    assert rates[id(net[0].bias)] == pytest.approx(0.1 * 0.3)
    assert rates[id(net[1].weight)] == pytest.approx(0.1 / 6)
    assert float(net[0].weight.detach().std()) == pytest.approx(0.1, rel=0.1)


@pytest.mark.stress
def test_drawings_come_closer_to_photos(lessons: prior.Lessons) -> None:
    lessons.set_rate(1.0)
    off = []
    for _ in range(30):
        lessons.step()
        off.append(float(lessons.seen[1]))
    assert sum(off[-5:]) < 0.6 * sum(off[:5])
    # the average follows, and what guides the training learns nothing
    drawn = lessons.average(torch.zeros(1, 96))
    assert drawn.shape == (1, 3, 64, 64)
    assert bool(torch.isfinite(drawn).all())


def test_the_penalty_teaches_the_critic_alone(lessons: prior.Lessons) -> None:
    before = {name: [p.clone() for p in net.parameters()] for name, net in lessons.nets.items()}
    lessons.penalise()
    changed = {
        name: any(not torch.equal(a, b) for a, b in zip(before[name], net.parameters(), strict=True))
        for name, net in lessons.nets.items()
    }
    assert changed == {"generator": False, "encoder": False, "critic": True, "average": False}


def test_a_training_goes_on_from_its_checkpoint(lessons: prior.Lessons, tmp_path: Path) -> None:
    lessons.set_rate(1.0)
    lessons.step()
    path = tmp_path / "prior.safetensors"
    checkpoint.save(path, {}, lessons.nets, lessons.optimisers)

    def go_on() -> list[torch.Tensor]:
        assert checkpoint.restore(path, lessons.nets, lessons.optimisers) is not None
        lessons.prices.fill_(-4.0)
        torch.manual_seed(1)
        lessons.set_rate(0.5)
        lessons.step()
        return [p.clone() for p in lessons.nets["generator"].parameters()]

    assert all(torch.equal(a, b) for a, b in zip(go_on(), go_on(), strict=True))
