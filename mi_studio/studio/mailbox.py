"""How steps travel from the worker to the screen: nothing is lost, and nothing piles up."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """A bounded box that one thread fills and another empties whenever it likes.

    There is no signal per item: the screen's timer takes all that has come. When the screen does not
    come for it, the filling thread waits, so memory stays bounded and no score is ever lost.
    """

    def __init__(self, capacity: int = 256) -> None:
        self._capacity = capacity
        self._items: list[T] = []
        self._changed = threading.Condition()
        self._closed = False

    def put(self, item: T) -> bool:
        """Add an item, waiting while the box is full; ``False`` once it is closed."""
        with self._changed:
            while len(self._items) >= self._capacity and not self._closed:
                self._changed.wait()
            if not self._closed:
                self._items.append(item)
            return not self._closed

    def take(self) -> list[T]:
        """Return everything that has come, oldest first; never waits."""
        with self._changed:
            items, self._items = self._items, []
            self._changed.notify_all()
        return items

    def close(self) -> None:
        """Wake a waiting ``put`` and refuse what comes later."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()
