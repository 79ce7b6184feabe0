"""Everything kept of a run: every score, and a thinned film of its frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mi_studio.core.desk import MARK
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

    Scores and objectives of every step are kept. Frames are kept at every ``stride``-th step; the stride
    is the smallest power of two that leaves at most ``capacity`` of them. The first, the latest and the
    best by the attack's own objective are always there. The lines of a gateway's log go with the frames.
    """

    capacity: int = 240
    steps: list[Step] = field(default_factory=list)
    moves: list[KnobMove] = field(default_factory=list)
    stride: int = 1
    best_index: int = 0
    _frames: dict[int, Pictures] = field(default_factory=dict)
    """Ascending, as steps come in order."""

    def append(self, step: Step) -> None:
        """Add the next step of the run."""
        passed = {self.best_index} if step.best else set()
        if self.steps:
            passed.add(self.steps[-1].index)
        if step.best:
            self.best_index = step.index
        self._frames[step.index] = step.images
        # a slice of its own pictures would keep all of them alive
        self.steps.append(replace(step, images=self._frames[0][:0]))
        if step.index // self.stride >= self.capacity:
            self.stride *= 2
            passed.update(self._frames)
        for index in passed:
            if index % self.stride and index not in (self.best_index, step.index):
                self._frames.pop(index, None)
                gone = self.steps[index]
                if gone.desk is not None and gone.desk.lines:
                    self.steps[index] = replace(gone, desk=replace(gone.desk, lines=()))

    def restore(self, frames: dict[int, Pictures], best_index: int) -> None:
        """Put back the frames of a run that was read from a file; ``frames`` holds step 0."""
        self._frames = dict(sorted(frames.items()))
        self.best_index = best_index

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def bytes(self) -> int:
        """About how much memory it takes; a step's numbers take what Python takes for them."""
        if not self.steps:
            return 0
        step = self.steps[-1]
        numbers = 600 + 80 * (len(step.scores) + len(step.view.bars))
        logged = sum(len(s.desk.lines) for s in self.steps if s.desk is not None)
        frames = sum(frame.nbytes for frame in self._frames.values())
        return len(self.steps) * numbers + logged * (MARK**2 + 400) + frames

    @property
    def mixed(self) -> bool:
        """Whether a knob moved while the run was going."""
        return bool(self.moves)

    @property
    def kept(self) -> list[int]:
        """The indices of the steps whose pictures are kept, ascending."""
        return list(self._frames)

    def at(self, index: int) -> Step:
        """Return step ``index`` with the newest kept pictures that are not later than it."""
        step = self.steps[max(0, min(index, len(self.steps) - 1))]
        newest = next(k for k in reversed(self._frames) if k <= step.index)
        return replace(step, images=self._frames[newest])

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
