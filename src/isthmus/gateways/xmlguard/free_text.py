"""What free text may not carry: fragments that some later reader would take for his own language.

Each rule looks for the shape that makes a fragment work (a quote that ends a literal and goes on as a condition, a
statement after a semicolon, a formula at the start of a cell), not for words, since "Drop shipping", "Credit Union
Select" and O'Brien are what people write. A text is looked at as it is, in its compatibility form (Unicode NFKC), with
straight quotes, and with percent, HTML and backslash escapes undone, since a later reader may undo them.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

from isthmus.gateways.xmlguard.characters import CONTROLS, INVISIBLES
from isthmus.gateways.xmlguard.fragments import RULES, UNBALANCED
from isthmus.gateways.xmlguard.lettering import fault_of_letters

TEXTS_REMEMBERED = 4_096
"""Verdicts kept: a batch says the same names over and over."""
_SHOWN_CHARACTERS = 24
_BACKSLASHED = re.compile(r"\\(?:u\{?([0-9A-Fa-f]{4})\}?|x([0-9A-Fa-f]{2}))")
_REMARK = re.compile(r"/\*.*?\*/|/\*", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ,.?-]*")
_WORDS = re.compile(
    r"select|waitfor|schema|sqlite_|sleep|table|delete|insert|xmlhttp|powershell|cmd|--|having|\.\.", re.IGNORECASE
)
_STRAIGHT = str.maketrans("\u2018\u2019\u02bc\u2032\u201a\u201c\u201d\u2033\u201e", "'''''\"\"\"\"")


@lru_cache(maxsize=TEXTS_REMEMBERED)
def fault_of(text: str) -> tuple[str, str] | None:
    """(rule, reason) of the first fault of a free text; None when it says only what it says."""
    fault = fault_of_letters(text)
    if fault is not None:
        return fault
    if _PLAIN.fullmatch(text) and not _WORDS.search(text):
        return None
    for form in _forms(text):
        fault = _fragment_in(form)
        if fault is not None:
            return fault
        hidden = CONTROLS.search(form) or INVISIBLES.search(form)
        if hidden is not None:
            return "escaped-character", f"an escape hides U+{ord(hidden[0][0]):04X}"
    return None


def _fragment_in(form: str) -> tuple[str, str] | None:
    for rule, patterns in RULES:
        for pattern in patterns:
            if (found := pattern.search(form)) is not None:
                return rule, _reason(rule, found[0])
    if any(form.count(quote) % 2 for quote in "'\"`"):
        for pattern in UNBALANCED:
            if (found := pattern.search(form)) is not None:
                return "sql", _reason("sql", found[0])
    return None


def _reason(rule: str, fragment: str) -> str:
    return f"{fragment.strip()[:_SHOWN_CHARACTERS]!a} is read as {rule} elsewhere"


def _forms(text: str) -> list[str]:
    """The text, and what it becomes for a reader who normalises, unescapes or drops comments; each once."""
    straight = unicodedata.normalize("NFKC", text).translate(_STRAIGHT)
    unquoted = unquote(straight) if "%" in straight else straight
    twice = unquote(unquoted) if "%" in unquoted else unquoted
    unescaped = html.unescape(straight) if "&" in straight else straight
    again = html.unescape(unescaped) if "&" in unescaped else unescaped
    spaced = straight.replace("+", " ") if "+" in straight and "'" in straight else straight
    plain = _BACKSLASHED.sub(lambda found: chr(int(found[1] or found[2], 16)), straight)
    return list(
        dict.fromkeys((text, straight, unquoted, twice, unescaped, again, plain, _REMARK.sub(" ", straight), spaced))
    )
