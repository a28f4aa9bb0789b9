"""Field 72 and its like: lines that begin with a code word between slashes, and continue with //."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from isthmus.gateways.cbpr.codes import is_reason

_CODED = re.compile(r"/([A-Z0-9]{1,8})/(.*)")
LINE_MAX = 35


class Word(msgspec.Struct, frozen=True):
    """A code word and what it says, continuation lines joined."""

    code: str
    text: str

    @property
    def whole(self) -> str:
        return f"/{self.code}/{self.text}"


def words_of(lines: Iterable[str]) -> list[Word]:
    """In order; lines without a code word belong to the word before them, or to the code "" where there is none."""
    words: list[Word] = []
    for line in lines:
        found = _CODED.fullmatch(line)
        if found is not None:
            words.append(Word(found[1], found[2]))
        elif words:
            joined = words[-1].text + (line[2:] if line.startswith("//") else " " + line)
            words[-1] = Word(words[-1].code, joined)
        else:
            words.append(Word("", line))
    return words


class Refusal(msgspec.Struct, frozen=True):
    """A rejection or return as usage rules write it in field 72 or 79: /RETN/ or /REJT/, a reason, the references
    of the original.
    """

    kind: str
    reason: str | None
    text: str | None
    message: str | None
    """MREF: reference of the original message."""
    transaction: str | None
    """TREF: reference of the original transaction."""
    uetr: str | None


def refusal_of(lines: Iterable[str]) -> Refusal | None:
    """None where the lines are no refusal. The reason is the line after the first; what is no code of the lists
    is told in words (NARR).
    """
    words = words_of(lines)
    if not words or words[0].code not in ("RETN", "REJT"):
        return None
    rest = words[1:]
    known = {word.code: word.text for word in rest}
    reason = text = None
    if rest and rest[0].code not in ("MREF", "TREF", "TEXT"):
        head = rest[0]
        reason, text = (head.code, head.text) if is_reason(head.code) else ("NARR", head.whole)
    found = re.search(r"/UETR/(\S+)", known.get("TEXT", ""))
    return Refusal(
        words[0].code, reason, text or None, known.get("MREF"), known.get("TREF"), found[1] if found else None
    )


def cut(text: str, width: int = LINE_MAX, follow: str = "//") -> list[str]:
    """Lines of at most `width` characters, each after the first begins with `follow`."""
    lines = [text[:width]]
    rest, step = text[width:], width - len(follow)
    while rest:
        lines.append(follow + rest[:step])
        rest = rest[step:]
    return lines
