"""Whether an identifier can be right: check digits, structure, country. Each function answers None, or why not."""

from __future__ import annotations

import re

from isthmus.gateways.iso20022.code_lists import COUNTRIES, IBAN_STRUCTURES, ISIN_PREFIXES, MINOR_UNITS

_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
_UETR = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_PURPOSE = re.compile(r"[A-Z0-9]{4}")


def iban_fault(value: str) -> str | None:
    """ISO 13616: country, length and structure of its registry entry, and ISO 7064 mod 97-10 over the whole."""
    structure = IBAN_STRUCTURES.get(value[:2])
    if structure is None:
        return f"no country with IBAN starts with {value[:2]!r}"
    if structure.fullmatch(value, 2) is None:
        return f"length or structure is not that of {value[:2]}"
    return None if _mod_97(value[4:] + value[:4]) == 1 else "check digits are wrong"


def bic_fault(value: str) -> str | None:
    """ISO 9362: four characters, a country, two, and perhaps three of a branch."""
    if _BIC.fullmatch(value) is None:
        return "not of the form of ISO 9362"
    return None if value[4:6] in COUNTRIES else f"no country {value[4:6]!r}"


def lei_fault(value: str) -> str | None:
    """ISO 17442: 18 characters and two check digits, mod 97-10."""
    if _LEI.fullmatch(value) is None:
        return "not of the form of ISO 17442"
    return None if _mod_97(value) == 1 else "check digits are wrong"


def isin_fault(value: str) -> str | None:
    """ISO 6166: the check digit by Luhn over the number that the characters spell (A = 10 ... Z = 35)."""
    if _ISIN.fullmatch(value) is None:
        return "not of the form of ISO 6166"
    if value[:2] not in ISIN_PREFIXES:
        return f"no numbering agency {value[:2]!r}"
    digits = "".join(str(int(character, 36)) for character in value)
    total = sum(sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return None if total % 10 == 0 else "check digit is wrong"


def uetr_fault(value: str) -> str | None:
    """RFC 4122 version 4, lower case, as UETR is defined by SWIFT."""
    return None if _UETR.fullmatch(value) else "not a version 4 UUID in lower case"


def country_fault(value: str) -> str | None:
    return None if value in COUNTRIES else f"no country {value!r} in ISO 3166-1"


def currency_fault(value: str) -> str | None:
    return None if value in MINOR_UNITS else f"no currency {value!r} in ISO 4217"


def purpose_fault(value: str) -> str | None:
    """Codes of the external code sets have four capitals or digits."""
    return None if _PURPOSE.fullmatch(value) else "not four capitals or digits"


def amount_fault(value: str, currency: str) -> str | None:
    """ISO 4217 states how many decimals a currency has; zeros beyond them say nothing and are let pass."""
    if currency not in MINOR_UNITS:
        return f"no currency {currency!r} in ISO 4217"
    decimals = MINOR_UNITS[currency]
    _, point, fraction = value.strip().partition(".")
    if decimals is not None and point and len(fraction.rstrip("0")) > decimals:
        return f"{currency} has {decimals} decimals, not {len(fraction)}"
    return None


def _mod_97(characters: str) -> int:
    return int("".join(str(int(character, 36)) for character in characters)) % 97
