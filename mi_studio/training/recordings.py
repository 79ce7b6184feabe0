"""The recording that each scene opens with: its preset, run by the engine like any other run."""

from __future__ import annotations

from mi_studio.core import recording
from mi_studio.core.cards import library
from mi_studio.core.config import resolve
from mi_studio.engine import Run
from mi_studio.training.recipe import Context


def record_presets(context: Context) -> None:
    """Write ``assets/recordings/*.mireplay``, one for every scene."""
    scenes = library().scenes
    for number, scene in enumerate(scenes):
        preset = scene.preset
        run = Run(resolve(scene.id, defenses=preset.defenses, target=preset.target, device="cpu"))
        for step in run:
            share = (number + step.index / step.total) / len(scenes)
            context.report(f"{scene.id}: step {step.index} of {step.total}", share)
        recording.save(run.recording(), context.assets / "recordings" / preset.recording)
