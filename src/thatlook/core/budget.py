"""So much at a time: what many threads take together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """Lets holders in, in the order they come, as long as they fit together.

    A holder must not ask for more while it holds: it might wait for itself.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._changed = threading.Condition()
        self._taken = 0

    @contextmanager
    def hold(self, amount: int, limit: int) -> Iterator[None]:
        """Holds `amount` during the block; waits for others first where it goes beyond `limit`.

        One that alone is more than the limit is let in when nobody else holds anything.
        """
        with self._turn, self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + amount <= limit)
            self._taken += amount
        try:
            yield
        finally:
            with self._changed:
                self._taken -= amount
                self._changed.notify_all()
