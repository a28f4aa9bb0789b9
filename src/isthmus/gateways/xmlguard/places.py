"""Where in a document something stands: a path of local names; a name without a number is the first of its kind."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree


def local_name(element: etree._Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def path_of(element: etree._Element) -> str:
    """ "/Document/CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf[2]/Cdtr/Nm"."""
    steps: list[tuple[str, int]] = []
    at: etree._Element | None = element
    while at is not None:
        number = 1 + sum(1 for _ in at.itersiblings(at.tag, preceding=True))
        steps.append((local_name(at), number))
        at = at.getparent()
    return path_from(steps[::-1])


def path_from(steps: Iterable[tuple[str, int]]) -> str:
    """The same of local names, each with its number among those of its name."""
    return "".join(f"/{name}[{number}]" if number > 1 else f"/{name}" for name, number in steps)
