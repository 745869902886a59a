"""What every index in this process remembers of itself."""

from __future__ import annotations


class Follower:
    """Knows the length of its vectors and the last change it followed."""

    def __init__(self, dim: int, sequence: int = 0) -> None:
        self._dim = dim
        self._sequence = sequence

    @property
    def dim(self) -> int:
        """The length of the vectors."""
        return self._dim

    @property
    def sequence(self) -> int:
        """The sequence number of the last change applied."""
        return self._sequence

    def _followed(self, sequence: int) -> None:
        """Notes a change; one that came before is no step back."""
        self._sequence = max(self._sequence, sequence)
