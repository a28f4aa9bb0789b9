"""The fields of a FIN message as the tables ask for them. What nobody asked for is what a translation loses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from isthmus.gateways.swift.fin import Fin, Row
from isthmus.kernel.errors import BadInput

_AMOUNT = re.compile(r"[0-9]{1,15},[0-9]{0,15}")
_DATE = re.compile(r"[0-9]{6}")
_CENTURY_TURN = 80
"""SWIFT FIN: years from 80 to 99 are of the last century, the others of this one."""


class Field(msgspec.Struct, frozen=True):
    """One field: number of two digits, letter of the option ("" without one), its lines."""

    number: str
    option: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class Money(msgspec.Struct, frozen=True):
    """`value` is a plain decimal without zeros at its end."""

    currency: str
    value: str
    date: str | None = None
    """YYYY-MM-DD, where the field has one."""


class Fields:
    """Fields in message order; each may be asked for by its tag or by its number, and is then not lost."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = [Field(tag[:2], tag[2:], tuple(value.split("\n"))) for tag, value in rows]
        self._used: set[int] = set()

    def find(self, number: str, options: str | None = None) -> Field | None:
        """The first field of that number (and of one of the options), marked as used."""
        for place, field in enumerate(self._rows):
            if field.number == number and (options is None or field.option in options.split("|")):
                self._used.add(place)
                return field
        return None

    def text(self, tag: str) -> str | None:
        """The text of the first field of exactly that tag, spaces as written; None where there is none."""
        field = self.find(tag[:2], tag[2:])
        return None if field is None or not field.text.strip() else field.text

    def text_of(self, tag: str) -> str | None:
        """The same, without using the field."""
        return next((field.text for field in self._rows if field.number + field.option == tag), None)

    def settle(self, tag: str) -> None:
        """Marks a field as used that says nothing which the other form needs."""
        self.find(tag[:2], tag[2:])

    def need(self, tag: str) -> str:
        """Raises BadInput where the field is missing."""
        found = self.text(tag)
        if found is None:
            raise BadInput(tag, "the field is missing")
        return found

    def every(self, number: str) -> Iterator[Field]:
        """All fields of that number."""
        for place, field in enumerate(self._rows):
            if field.number == number:
                self._used.add(place)
                yield field

    def each(self, tag: str, beginnings: tuple[str, ...]) -> Iterator[Field]:
        """All fields of exactly that tag whose text begins so; the others are not used."""
        for place, field in enumerate(self._rows):
            if field.number + field.option == tag and field.text.startswith(beginnings):
                self._used.add(place)
                yield field

    def split(self, starts: str) -> tuple[Fields, Fields]:
        """Before the first field of number `starts`, and from it on; the second is empty where there is none."""
        cut = next((place for place, field in enumerate(self._rows) if field.number == starts), len(self._rows))
        return self.part(0, cut), self.part(cut, len(self._rows))

    def groups(self, tag: str) -> list[Fields]:
        """Sequences that each begin with a field of exactly that tag; what stands before the first is left out."""
        starts = [place for place, field in enumerate(self._rows) if field.number + field.option == tag]
        ends = [*starts[1:], len(self._rows)]
        return [self.part(start, end) for start, end in zip(starts, ends, strict=False)]

    def part(self, start: int, end: int) -> Fields:
        part = _Part(self, start)
        part._rows = self._rows[start:end]
        return part

    def keep(self, place: int) -> None:
        self._used.add(place)

    @property
    def rows(self) -> list[Field]:
        return list(self._rows)

    @property
    def lost(self) -> list[str]:
        """Tags of the fields that nobody used, in message order."""
        return [field.number + field.option for place, field in enumerate(self._rows) if place not in self._used]


class _Used(set[int]):
    """Places of a part, told to the whole."""

    def __init__(self, whole: Fields, start: int) -> None:
        super().__init__()
        self._whole, self._start = whole, start

    def add(self, place: int) -> None:
        super().add(place)
        self._whole.keep(place + self._start)


class _Part(Fields):
    """A stretch of fields; what is used in it is used in the whole."""

    def __init__(self, whole: Fields, start: int) -> None:
        super().__init__(())
        self._used = _Used(whole, start)


def fields_of(fin: Fin) -> Fields:
    return Fields(fin.fields)


def decimal_of(text: str, tag: str) -> str:
    """ "7138,40" is "7138.4". Raises BadInput for what is no amount."""
    if _AMOUNT.fullmatch(text) is None:
        raise BadInput(tag, f"{text!r} is no amount")
    whole, _, fraction = text.partition(",")
    fraction = fraction.rstrip("0")
    return (whole.lstrip("0") or "0") + ("." + fraction if fraction else "")


def date_of(text: str, tag: str) -> str:
    """ "210511" is "2021-05-11". Raises BadInput for what is no date of six digits."""
    if _DATE.fullmatch(text) is None:
        raise BadInput(tag, f"{text!r} is no date")
    century = "19" if int(text[:2]) >= _CENTURY_TURN else "20"
    return f"{century}{text[:2]}-{text[2:4]}-{text[4:]}"


def money_of(field: Field | None) -> Money | None:
    """Options A, C and D begin with a date; B does not. Raises BadInput."""
    if field is None:
        return None
    tag, text = field.number + field.option, field.text.strip()
    date = None
    if text[:1].isdigit():
        date, text = date_of(text[:6], tag), text[6:]
    if re.match("[A-Z]{3}", text) is None:
        raise BadInput(tag, "no currency")
    return Money(text[:3], decimal_of(text[3:], tag), date)
