"""The reference a client pays under: a creditor reference (ISO 11649), whose check digits catch a mistyped one.

"RF", two check digits, then the body. The check digits make body + "RF" + digits, letters as 10 to 35, leave 1 when
divided by 97 (ISO 11649, ISO/IEC 7064 MOD 97-10).
"""

from __future__ import annotations

import re

BODY = "CL"
_FOUND = re.compile(r"RF\d\d[0-9A-Z]{1,21}", re.ASCII)


def reference_of(account: int) -> str:
    """Of the client's account of this number: "RF25CL16"."""
    body = f"{BODY}{account}"
    return f"RF{98 - _remainder(f'{body}RF00'):02d}{body}"


def account_of(reference: str) -> int | None:
    """The account of a reference; None where it is none of ours or its check digits are wrong."""
    written = reference.replace(" ", "").upper()
    if not re.fullmatch(rf"RF\d\d{BODY}[1-9]\d{{0,9}}", written, re.ASCII):
        return None
    return int(written[4 + len(BODY) :]) if _remainder(written[4:] + written[:4]) == 1 else None


def accounts_in(text: str) -> set[int]:
    """The accounts of all right references in a text, which may write them in groups of four."""
    upper = re.sub(r"[^0-9A-Z]", " ", text.upper())
    words = upper.split()
    found = [*_FOUND.findall(upper)]
    for at, word in enumerate(words):
        if word.startswith("RF"):
            found += ["".join(words[at : at + length]) for length in range(1, 8)]
    return {account for one in found if (account := account_of(one)) is not None}


def _remainder(text: str) -> int:
    digits = "".join(str(int(character, 36)) for character in text)
    return int(digits) % 97
