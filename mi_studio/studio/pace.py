"""How long something will still take, from how fast it has been going lately."""

from __future__ import annotations

from collections import deque

from mi_studio.core.text import Text
from mi_studio.studio.words import MINUTES_LEFT, SECONDS_LEFT

WINDOW = 8.0
"""Seconds that count; what was earlier may have gone at another speed."""

SHORTEST = 1.0
"""Seconds that must have been seen before anything is said."""


MINUTES_FROM = 90.0
"""Seconds from which on minutes are told."""


def left_in_words(seconds: float) -> Text:
    """Say roughly how long something will still take."""
    if seconds < MINUTES_FROM:
        return SECONDS_LEFT.filled(n=5 * max(1, round(seconds / 5)))
    return MINUTES_LEFT.filled(n=round(seconds / 60))


class Pace:
    """Watches how far something has come; of the past, ``window`` seconds count."""

    def __init__(self, window: float = WINDOW) -> None:
        self._window = window
        self._seen: deque[tuple[float, int]] = deque()

    def forget(self) -> None:
        """Begin anew: what comes now has nothing to do with what was."""
        self._seen.clear()

    def note(self, now: float, reached: int) -> None:
        """Take note that ``reached`` steps were done at ``now``, in seconds that only grow."""
        if self._seen and reached < self._seen[-1][1]:
            self.forget()
        if not self._seen or reached > self._seen[-1][1]:
            self._seen.append((now, reached))
        while len(self._seen) > 2 and self._seen[1][0] <= now - self._window:
            self._seen.popleft()

    def left(self, total: int) -> float | None:
        """Return the seconds until ``total`` steps are done, or ``None`` while nobody can know."""
        if len(self._seen) < 2:
            return None
        (began, first), (last, reached) = self._seen[0], self._seen[-1]
        if last - began < SHORTEST:
            return None
        return (total - reached) * (last - began) / (reached - first)
