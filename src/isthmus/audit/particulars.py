"""Who holds an account: a natural person or a legal one, by the table of particulars.toml. Shows itself in no text.

A refusal names the field and never says what was in it.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from functools import lru_cache
from importlib import resources
from typing import Literal

import msgspec

from isthmus.audit.concat import concat, kinds_of, nationality_of
from isthmus.kernel.errors import BadInput

NATURAL, LEGAL = "natural", "legal"
CONCAT = "CONCAT"
FORMS = {"name": r"[^\s,][^,]*", "text": ".+"}
"""Named forms, of printable characters: names are joined by commas in reports, so that there is none in them."""


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the table; see there."""

    of: list[Literal["natural", "legal"]]
    needed: bool
    form: str
    most: int
    source: str


class Particulars(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Dates as YYYY-MM-DD, countries by ISO 3166-1 alpha-2. Empty: not given, or not of this kind of holder."""

    kind: str
    given_names: tuple[str, ...] = ()
    family_names: tuple[str, ...] = ()
    birth_date: str = ""
    nationalities: tuple[str, ...] = ()
    identifier_kind: str = ""
    identifier: str = ""
    name: str = ""
    lei: str = ""
    branch_country: str = ""
    postal_address: str = ""
    email: str = ""
    phone: str = ""

    def __repr__(self) -> str:
        return "Particulars()"


@lru_cache
def table() -> dict[str, Field]:
    """The fields by name, as shipped."""
    text = resources.files("isthmus.audit").joinpath("particulars.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Field])


def parse(raw: bytes) -> Particulars:
    """Of JSON. Raises BadInput by the field."""
    try:
        found = msgspec.json.decode(raw, type=Particulars)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        place = re.search(r"`\$\.([a-z_]{1,32})", str(error))
        known = place is not None and place[1] in table()
        raise BadInput(place[1] if place is not None and known else "file", _shape(error)) from None
    return checked(found)


def checked(found: Particulars) -> Particulars:
    """The same. Raises BadInput by the first field of the table that is not as the table says."""
    for name, field in table().items():
        value = getattr(found, name)
        values = value if isinstance(value, tuple) else (value,) if value else ()
        _check(found.kind, name, field, values)
    if found.kind == NATURAL:
        _check_person(found)
    elif int("".join(str(int(character, 36)) for character in found.lei)) % 97 != 1:
        raise BadInput("lei", "its check digits are wrong (ISO 7064 MOD 97-10)")
    return found


def identifier_of(person: Particulars) -> str:
    """What stands behind the country's code in a report (RTS 22, Article 6). Raises BadInput as `concat`."""
    if person.identifier_kind == CONCAT:
        return concat(person.birth_date, person.given_names, person.family_names)
    return person.identifier


def _check(kind: str, name: str, field: Field, values: tuple[str, ...]) -> None:
    if name != "kind" and kind not in field.of:
        if values:
            raise BadInput(name, f"is not kept of a {kind} person")
        return
    if field.needed and not values:
        raise BadInput(name, "must be said")
    form = FORMS.get(field.form, field.form)
    if len(",".join(values)) > (field.most if name != "nationalities" else field.most * 3):
        raise BadInput(name, f"has more than {field.most} characters")
    if not all(re.fullmatch(form, value, re.ASCII) and value.isprintable() for value in values):
        raise BadInput(name, f"is not of the form {field.form}")


def _check_person(found: Particulars) -> None:
    try:
        dt.date.fromisoformat(found.birth_date)
    except ValueError:
        raise BadInput("birth_date", "is no day of the calendar") from None
    country = nationality_of(found.nationalities)
    if found.identifier_kind not in (kinds := kinds_of(country)):
        raise BadInput("identifier_kind", f"a national of {country} has {' or '.join(kinds)} (RTS 22, Annex II)")
    if bool(found.identifier) == (found.identifier_kind == CONCAT):
        made = found.identifier_kind == CONCAT
        raise BadInput("identifier", "is made of birth date and names for CONCAT" if made else "must be said")
    identifier_of(found)


def _shape(error: Exception) -> str:
    """What msgspec says of types and places; what it quotes of the input is left out."""
    told = str(error) if isinstance(error, msgspec.ValidationError) else "is no JSON"
    return "has a field that is none of the table" if "unknown field" in told else told
