"""What the bridge and the broker say to each other, and the bank; decimals are text, volumes are in MT4 lots."""

from __future__ import annotations

from typing import Literal

import msgspec


class Logon(msgspec.Struct, frozen=True):
    """The first document of a connection."""

    key: str
    secret: str


class BridgeOrder(msgspec.Struct, frozen=True):
    """An order of an MT4 login. Its ticket names it: sent twice it is one order."""

    login: str
    ticket: str
    symbol: str
    side: Literal["BUY", "SELL"]
    volume: str
    type: Literal["MARKET", "LIMIT", "STOP", "STOP_LIMIT"] = "MARKET"
    price: str | None = None
    stop_price: str | None = None
    time_in_force: Literal["DAY", "GTC", "IOC", "FOK"] | None = None
    comment: str = ""


class Cancel(msgspec.Struct, frozen=True):
    """Takes back what is open of a ticket's order."""

    login: str
    ticket: str


class Query(msgspec.Struct, frozen=True):
    """Asks how a ticket's order stands."""

    login: str
    ticket: str


Request = Logon | BridgeOrder | Cancel | Query


class BridgeAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a request. `reason` is for programs, `detail` for people; `rule` and `place` are the filter's."""

    ticket: str
    status: Literal["LOGGED_ON", "OPEN", "PENDING", "FILLED", "CANCELLED", "REJECTED"]
    order: str | None = None
    volume: str | None = None
    filled: str | None = None
    average_price: str | None = None
    reason: str | None = None
    detail: str | None = None
    rule: str | None = None
    place: str | None = None


class Payment(msgspec.Struct, frozen=True):
    """A payment that the bank is asked for: `reference` names it for good. `amount` is decimal text."""

    reference: str
    debtor: str
    debtor_iban: str
    debtor_bic: str
    creditor: str
    creditor_iban: str
    currency: str
    amount: str
    text: str
    execution_date: str


class StatusNotice(msgspec.Struct, frozen=True):
    """How an order of the bridge stands, as the bank is told."""

    login: str
    ticket: str
    order: str
    status: str
    volume: str
    filled: str
    average_price: str | None


class BankAnswer(msgspec.Struct, frozen=True):
    """What the bank says of a payment or a notice."""

    id: str
    status: Literal["ACCEPTED", "PENDING", "SETTLED", "REJECTED"]
    reference: str | None = None
    reason: str | None = None
