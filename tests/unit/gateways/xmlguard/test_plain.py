"""The short way lets in only what the long way lets in, and gives the same tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from isthmus.gateways.xmlguard import Stopped, plain_parse, safe_parse

DOCUMENT = '<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns="urn:x"><b Ccy="EUR">1 &amp; 2</b><c>Köln</c><d/></a>'
_PIECES = [
    "<!DOCTYPE a>",
    "<!-- -->",
    "<![CDATA[x]]>",
    "<?x y?>",
    "&#8203;",
    "&b;",
    "\u200b",
    "\x7f",
    "\x01",
    "<e>",
    "</e>",
    "<",
    'xml:base="x"',
    ' xmlns:x="http://www.w3.org/2001/XInclude"',
    "<e><f/></e>",
    "/>",
    "&",
    "]]>",
    "\ufeff",
    "\ud800",
]


def outcome(parse, data: str | bytes) -> str:  # type: ignore[no-untyped-def]
    try:
        return etree.tostring(parse(data), method="c14n").decode()
    except Stopped as stop:
        return stop.rule


def judged_alike(data: str) -> bool:
    """But for characters beside elements, which the short way leaves to the schema."""
    long = outcome(safe_parse, data)
    return long in ("mixed-content", outcome(plain_parse, data))


def test_a_plain_document_is_parsed_alike() -> None:
    assert outcome(plain_parse, DOCUMENT) == outcome(safe_parse, DOCUMENT)
    assert outcome(plain_parse, DOCUMENT.encode()) == outcome(safe_parse, DOCUMENT.encode())


@pytest.mark.parametrize("piece", _PIECES)
@pytest.mark.parametrize("at", ["<b Ccy", "1 &amp;", "</a>", "<d/>"])
def test_whatever_is_put_in_is_judged_alike(piece: str, at: str) -> None:
    assert judged_alike(DOCUMENT.replace(at, piece + at))


@given(st.lists(st.tuples(st.integers(0, len(DOCUMENT)), st.sampled_from(_PIECES)), max_size=3))
def test_any_places_are_judged_alike(edits: list[tuple[int, str]]) -> None:
    data = DOCUMENT
    for place, piece in edits:
        data = data[:place] + piece + data[place:]
    assert judged_alike(data)


@pytest.mark.parametrize("levels", [39, 40, 41, 300])
def test_depth_has_one_limit_on_both_ways(levels: int) -> None:
    data = "<a>" * levels + "</a>" * levels
    assert outcome(plain_parse, data) == outcome(safe_parse, data)
    assert (outcome(plain_parse, data) == "depth") is (levels > 40)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "latin-1"])
def test_another_encoding_takes_the_long_way(encoding: str) -> None:
    data = DOCUMENT.encode(encoding, "replace")
    assert outcome(plain_parse, data) == outcome(safe_parse, data)
