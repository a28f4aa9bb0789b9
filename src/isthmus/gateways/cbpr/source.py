"""The elements of a message as the tables ask for them. What nobody asked for is what a translation loses."""

from __future__ import annotations

from collections.abc import Iterable

from isthmus.gateways.iso20022.elements import Element, local, place
from isthmus.kernel.errors import BadInput

_ONE_LINE = str.maketrans("\r\n\t", "   ")


class Source:
    """An element with all below it, by local names whatever the namespace."""

    def __init__(self, element: Element, used: set[Element] | None = None) -> None:
        self.element = element
        self._used = set() if used is None else used

    @property
    def name(self) -> str:
        return local(self.element)

    def at(self, path: str) -> Source | None:
        """The first element at `A/B/C`."""
        found = self.element.find("{*}" + path.replace("/", "/{*}"))
        return None if found is None else Source(found, self._used)

    def need(self, path: str) -> Source:
        """Raises BadInput where it is missing."""
        found = self.at(path)
        if found is None:
            raise BadInput(f"{place(self.element)}/{path}", "the element is missing")
        return found

    def every(self, path: str) -> list[Source]:
        return [Source(found, self._used) for found in self.element.findall("{*}" + path.replace("/", "/{*}"))]

    def text(self, path: str = "") -> str | None:
        """The text at `A/B/C`, marked as used; None where there is none.

        Spaces stay as written, line ends become spaces, since a line of FIN may begin a field.
        """
        found = self.at(path) if path else self
        if found is None or not (found.element.text or "").strip() or len(found.element):
            return None
        self._used.add(found.element)
        return str(found.element.text).translate(_ONE_LINE)

    def peek(self, path: str = "") -> str | None:
        """The same, trimmed, without using it."""
        found = self.at(path) if path else self
        return None if found is None else (found.element.text or "").strip() or None

    def first(self, *paths: str) -> str | None:
        """The text at the first path that has one."""
        return next((found for path in paths if (found := self.text(path)) is not None), None)

    def attribute(self, name: str) -> str | None:
        found = self.element.get(name)
        return None if found is None else str(found)

    def settle(self, *paths: str) -> None:
        """Marks as used what the other form says in another way, or needs not say."""
        for path in paths:
            for found in self.every(path):
                self._used.update(element for element in found.element.iter() if isinstance(element.tag, str))

    def forget(self, path: str) -> None:
        """Marks as lost what was used but not carried over whole."""
        for found in self.every(path):
            self._used.discard(found.element)

    def lost(self) -> list[str]:
        """Places of the elements with text that nobody used, in document order."""
        return [place(element) for element in _leaves(self.element) if element not in self._used]


def _leaves(element: Element) -> Iterable[Element]:
    for below in element.iter():
        if isinstance(below.tag, str) and not len(below) and (below.text or "").strip():
            yield below
