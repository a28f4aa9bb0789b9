"""Statements as banks hand them out as files: the text block alone, without the envelope of the network.

What such files do differently from the standard and is read all the same: no blocks 1 and 2, lines of a cover before
the first field, field 28 for 28C or neither, a message that ends where the next `:20:` begins, blank lines, amounts
without a comma. What cannot be counted is refused by field and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Row = tuple[str, str, int]
"""(tag, value, line of the file from 1)"""

_TAG = re.compile(r":(\d{2}[A-Z]?):(.*)", re.ASCII | re.DOTALL)
FIRST = "20"
"""The field that a statement begins with."""
ENDS = ("-", "-}")
FIELDS = frozenset(("13D", "20", "21", "25", "25P", "28", "28C", "34F", "60F", "60M", "61", "62F", "62M", "64", "65",
                    "86", "90C", "90D", "NS"))  # fmt: skip
"""Of MT940, MT942 and MT950; a line that looks like another field goes on with the text before it."""


def is_bare(text: str) -> bool:
    """Whether this is a text block without an envelope: no block 1, and some line begins with `:20:`."""
    return "{1:" not in text and "{4:" not in text and re.search(r"(?m)^:20:", text) is not None


def bare_messages(text: str) -> Iterator[list[Row]]:
    """The fields of each message. Lines of covers, outside of any message, are passed over."""
    rows: list[Row] = []
    inside = False
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        line = line.rstrip()
        match = _TAG.match(line)
        if match is not None and match[1] == FIRST:
            if rows:
                yield rows
            rows, inside = [], True
        if not inside or not line:
            continue
        if line in ENDS:
            inside = False
        elif match is not None and match[1] in FIELDS:
            rows.append((match[1], match[2], number))
        elif rows:
            tag, value, begun = rows[-1]
            rows[-1] = (tag, f"{value}\n{line}", begun)
    if rows:
        yield rows
