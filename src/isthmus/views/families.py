"""Which orders work which parent. A parent is done when it is filled and its last child has ended."""

from __future__ import annotations


class Families:
    """Children by parent; those that ended are known until their parent is forgotten: a venue may fill them late."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}
        self._all: dict[int, list[int]] = {}
        self._live: dict[int, set[int]] = {}

    def add(self, parent: int, child: int) -> None:
        """A child was accepted."""
        self._parents[child] = parent
        self._all.setdefault(parent, []).append(child)
        self._live.setdefault(parent, set()).add(child)

    def parent(self, child: int) -> int:
        """0 for an order that is nobody's child."""
        return self._parents.get(child, 0)

    def children(self, parent: int) -> list[int]:
        """All of them, oldest first."""
        return self._all.get(parent, [])

    def is_worked(self, parent: int) -> bool:
        """Does a child live?"""
        return bool(self._live.get(parent))

    def end(self, child: int) -> None:
        """The child is no more."""
        if parent := self._parents.get(child):
            self._live[parent].discard(child)

    def forget(self, parent: int) -> None:
        """The parent is no more."""
        self._live.pop(parent, None)
        for child in self._all.pop(parent, ()):
            del self._parents[child]
