"""What the clearing desk writes into the journal: acts that change no balance, in the notes of commands of time.

An act is a `TimePassed` whose origin's text is `clearing` and whose note is the act as JSON; a command that clearing
sends has the text `clearing KEY`, by which it is known again. So the journal alone says what clearing did, and the book
is rebuilt from it.
"""

from __future__ import annotations

from datetime import date

import msgspec

from isthmus.clearing.corporate_actions import Action
from isthmus.engine.engine import Record
from isthmus.kernel.messages import NOTE_MAX, ROLES, TimePassed

TEXT = "clearing"
TRUSTED = frozenset({ROLES["house"], ROLES["operator"]})
ROWS_MAX = 30
"""Entitlements in one act: a note has room for so many."""


class Settle(msgspec.Struct, frozen=True, tag_field="act", tag="settle"):
    """The cycle of a day runs."""

    day: date


class Report(msgspec.Struct, frozen=True, tag_field="act", tag="report"):
    """A depository or an operator says that a delivery fails."""

    trade: str
    reason: str


class Lift(msgspec.Struct, frozen=True, tag_field="act", tag="lift"):
    """It may settle again."""

    trade: str


class BuyIn(msgspec.Struct, frozen=True, tag_field="act", tag="buy_in"):
    """What an outside venue did not deliver was bought elsewhere for `cost` minor units."""

    trade: str
    cost: int


class Propose(msgspec.Struct, frozen=True, tag_field="act", tag="propose"):
    """A corporate action as one operator entered it; its number is the record's."""

    instrument: int
    action: Action


class Approve(msgspec.Struct, frozen=True, tag_field="act", tag="approve"):
    """Another operator agrees."""

    number: int


class Begin(msgspec.Struct, frozen=True, tag_field="act", tag="begin"):
    """The ex-day came: its market is halted and its orders go."""

    number: int


class Entitle(msgspec.Struct, frozen=True, tag_field="act", tag="entitle"):
    """(account, amount) of a dividend, as the ex-day began; the last act of several says `last`."""

    number: int
    rows: tuple[tuple[int, int], ...]
    last: bool


class Apply(msgspec.Struct, frozen=True, tag_field="act", tag="apply"):
    """The postings of a split or an exchange were sent; what is open of trades is converted."""

    number: int


class Pay(msgspec.Struct, frozen=True, tag_field="act", tag="pay"):
    """The pay date of a dividend came."""

    number: int


class Interest(msgspec.Struct, frozen=True, tag_field="act", tag="interest"):
    """Interest of a day."""

    day: date


class Unfunded(msgspec.Struct, frozen=True, tag_field="act", tag="unfunded"):
    """No price says what the funding of the period that ended then (ns) would be: nobody pays."""

    instrument: int
    end: int


class Unpriced(msgspec.Struct, frozen=True, tag_field="act", tag="unpriced"):
    """The settlement price of an instrument on a day is asked for: `final` where it has expired."""

    instrument: int
    day: date
    final: bool


class Enter(msgspec.Struct, frozen=True, tag_field="act", tag="enter"):
    """A settlement price as one operator entered it, in price steps as it is quoted; its number is the record's."""

    instrument: int
    price: int


class Agree(msgspec.Struct, frozen=True, tag_field="act", tag="agree"):
    """Another operator agrees to a price."""

    number: int


class Told(msgspec.Struct, frozen=True, tag_field="act", tag="told"):
    """Holders of a contract that is delivered, (account, quantity), are told to close by a day; `last` of several."""

    instrument: int
    day: date
    by: date
    rows: tuple[tuple[int, int], ...]
    last: bool


OfContracts = Unfunded | Unpriced | Enter | Agree | Told
Act = Settle | Report | Lift | BuyIn | Propose | Approve | Begin | Entitle | Apply | Pay | Interest | OfContracts

_DECODER: msgspec.json.Decoder[Act] = msgspec.json.Decoder(Act)


def note_of(act: Act) -> str:
    """The act as a note."""
    note = msgspec.json.encode(act).decode()
    assert len(note) <= NOTE_MAX, "an act fits a note"
    return note


def act_of(record: Record) -> Act | None:
    """The act that a record carries; None of any other record. Who may not act is not heard."""
    if type(record.command) is not TimePassed or record.origin.text != TEXT or record.origin.role not in TRUSTED:
        return None
    try:
        return _DECODER.decode(record.origin.note)
    except msgspec.MsgspecError:
        return None


def key_of(record: Record) -> str | None:
    """The key of a command that clearing sent."""
    origin = record.origin
    if origin.role != ROLES["house"] or not origin.text.startswith(f"{TEXT} "):
        return None
    return str(origin.text[len(TEXT) + 1 :])
