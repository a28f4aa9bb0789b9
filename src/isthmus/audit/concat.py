"""How RTS 22 (Delegated Regulation (EU) 2017/590) names a natural person: Article 6 and Annex II.

Nationality, then the national identifier of the highest priority that the person has; where that is CONCAT: the birth
date and five characters each of first name and surname, without titles and prefixes, in A to Z, filled up with '#'.
Lists of titles and prefixes and the table of letters are those of ESMA's guidelines on transaction reporting
(ESMA/2016/1452, part on CONCAT), as published implementations that pass the guidelines' examples have them. A letter
that is not in that table is taken without its marks (Unicode, NFKD); what is no letter of A to Z even so is left out.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

import msgspec

from isthmus.kernel.errors import BadInput

PART = 5
FILLING = "#"
OTHERS = "others"
TITLES = frozenset(
    (
        "atty", "coach", "dame", "dr", "fr", "gov", "honorable", "madam", "madame", "maid", "master", "miss",
        "monsieur", "mr", "mrs", "ms", "mx", "ofc", "phd", "pres", "prof", "rev", "sir",
    )
)  # fmt: skip
PREFIXES = frozenset(
    tuple(prefix.split())
    for prefix in (
        "am", "auf", "auf dem", "aus der", "d", "da", "de", "de l'", "del", "de la", "de le", "di", "do", "dos", "du",
        "im", "la", "le", "mac", "mc", "mhac", "mhíc", "mhic giolla", "mic", "ni", "ní", "níc", "o", "ó", "ua", "ui",
        "uí", "van", "van de", "van den", "van der", "vom", "von", "von dem", "von den", "von der",
    )
)  # fmt: skip
"""By words; only these are taken away, once, the longest that fits, and never one that is grown to the name."""
WORDS_MOST = 2
LETTERS = {
    letter: plain
    for plain, letters in {
        "A": "ÄäÀàÁáÂâÃãÅåǍǎĄąĂăÆæ", "C": "ÇçĆćĈĉČč", "D": "ĎđĐďð", "E": "ÈèÉéÊêËëĚěĘę", "G": "ĜĝĢģĞğ", "H": "Ĥĥ",
        "I": "ÌìÍíÎîÏïı", "J": "Ĵĵ", "K": "Ķķ", "L": "ĹĺĻļŁłĽľ", "N": "ÑñŃńŇň", "O": "ÖöÒòÓóÔôÕõŐőØøŒœ", "R": "ŔŕŘř",
        "S": "ẞßŚśŜŝŞşŠšȘș", "T": "ŤťŢţÞþȚț", "U": "ÜüÙùÚúÛûŰűŨũŲųŮů", "W": "Ŵŵ", "Y": "ÝýŸÿŶŷ", "Z": "ŹźŽžŻż",
    }.items()
    for letter in letters
}  # fmt: skip


class National(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of Annex II: kinds of identifiers, the first that a person has; whether the country is of the EEA."""

    kinds: list[str]
    eea: bool


@lru_cache
def annex() -> dict[str, National]:
    """Annex II by country, `others` for those without a row."""
    text = resources.files("isthmus.audit").joinpath("national_identifiers.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, National])


def kinds_of(country: str) -> list[str]:
    """What may identify its nationals, the first choice first."""
    return annex().get(country, annex()[OTHERS]).kinds


def nationality_of(countries: Sequence[str]) -> str:
    """The one that counts (Article 6(3)): of the EEA before others, then by the alphabet."""
    rows = annex()
    return min(countries, key=lambda country: (not rows.get(country, rows[OTHERS]).eea, country))


def concat(birth_date: str, given_names: Sequence[str], family_names: Sequence[str]) -> str:
    """18 characters behind the country's code, of a date YYYY-MM-DD. Raises BadInput where a name has no letter."""
    first = _without_prefix(_without_titles(_words(given_names)))[:1]
    last = _without_prefix(_without_titles(_words(family_names)))
    return f"{birth_date.replace('-', '')}{_part('given_names', first)}{_part('family_names', last)}"


def plain(text: str) -> str:
    """A to Z alone."""
    return "".join(_plain(character) for character in unicodedata.normalize("NFC", text))


def _words(names: Sequence[str]) -> list[str]:
    return " ".join(names).replace("’", "'").split()


def _without_titles(words: list[str]) -> list[str]:
    while len(words) > 1 and words[0].replace(".", "").lower() in TITLES:
        words = words[1:]
    return words


def _without_prefix(words: list[str]) -> list[str]:
    for length in range(min(WORDS_MOST, len(words) - 1), 0, -1):
        if tuple(unicodedata.normalize("NFC", word.lower()) for word in words[:length]) in PREFIXES:
            return words[length:]
    return words


def _part(field: str, words: list[str]) -> str:
    letters = plain("".join(words))[:PART]
    if not letters:
        raise BadInput(
            field, "has no letter that CONCAT can be made of: write it in Latin letters, as a passport has it"
        )
    return letters.ljust(PART, FILLING)


def _plain(character: str) -> str:
    if (known := LETTERS.get(character)) is not None:
        return known
    base = unicodedata.normalize("NFKD", character)[:1].upper()
    return base if "A" <= base <= "Z" and len(base) == 1 else ""
