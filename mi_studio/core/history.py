"""Everything kept of a run: every score, and a thinned film of its frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mi_studio.core.knobs import Value
from mi_studio.core.step import Pictures, Step


@dataclass(frozen=True, slots=True)
class KnobMove:
    """A knob that moved while the attack ran; ``step`` is the first step under the new value."""

    step: int
    version: int
    knob: str
    value: Value


@dataclass
class History:
    """The past of one run.

    Scores and objectives of every step are kept. Frames are kept every ``stride``-th step; when
    ``capacity`` frames are there, the stride doubles and every second one goes. The first, the latest
    and the best by the attack's own objective are always there.
    """

    capacity: int = 240
    steps: list[Step] = field(default_factory=list)
    moves: list[KnobMove] = field(default_factory=list)
    stride: int = 1
    best_index: int = 0
    _frames: dict[int, Pictures] = field(default_factory=dict)

    def append(self, step: Step) -> None:
        """Add the next step of the run."""
        if self.steps:
            self._thin(self.steps[-1].index)
        if step.best or not self.steps:
            old, self.best_index = self.best_index, step.index
            self._thin(old)
        self._frames[step.index] = step.images
        self.steps.append(replace(step, images=step.images[:0]))
        if len(self._frames) > self.capacity:
            self.stride *= 2
            for index in list(self._frames):
                self._thin(index)

    def _thin(self, index: int) -> None:
        last = self.steps[-1].index if self.steps else 0
        if index % self.stride and index not in (0, self.best_index, last):
            self._frames.pop(index, None)

    def restore(self, frames: dict[int, Pictures], best_index: int) -> None:
        """Put back the frames of a run that was read from a file; ``frames`` holds step 0."""
        self._frames = dict(frames)
        self.best_index = best_index

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def mixed(self) -> bool:
        """Whether a knob moved while the run was going."""
        return bool(self.moves)

    @property
    def kept(self) -> list[int]:
        """The indices of the steps whose pictures are kept, ascending."""
        return sorted(self._frames)

    def at(self, index: int) -> Step:
        """Return step ``index`` with the newest kept pictures that are not later than it."""
        step = self.steps[max(0, min(index, len(self.steps) - 1))]
        frame = next((k for k in range(step.index, 0, -1) if k in self._frames), 0)
        return replace(step, images=self._frames[frame])

    @property
    def last(self) -> Step:
        """The latest step with its pictures."""
        return self.at(len(self.steps) - 1)

    @property
    def final(self) -> Step:
        """The step the attacker would hand in: the best by the attack's own objective."""
        return self.at(self.best_index)

    def series(self, score: str) -> Iterator[tuple[int, float]]:
        """Yield (step, value) of one score."""
        for step in self.steps:
            if score in step.scores:
                yield step.index, step.scores[score]
