"""What can be asked of the audit store, as SQL that DuckDB and PostgreSQL both take, and what its rows say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import msgspec

from isthmus.audit.dropping import Drop, DroppedDay, dropped_days
from isthmus.audit.events import CODES, FILLS
from isthmus.audit.jurisdictions import FIELDS
from isthmus.audit.parts import day_of
from isthmus.kernel.errors import BadInput
from isthmus.kernel.ids import order_id
from isthmus.kernel.values import time_text

LIMIT = 100
LIMIT_MAX = 10_000
SHOWN = ("O03", "O35", "O57", "O52", "O45", "O65", "O66", "O69", "O75")
TEXT_IN = ("O03", "O25", "O26", "O27", "O31", "O32", "O35", "O37", "O65", "O66", "O69", "O74", "O75", "O76")
"""Where a text is looked for."""
HEAD = ("sequence", "place", "order_id", "time")


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """`account` as "acc-16", `before`: events before "SEQUENCE-PLACE"; `since` and `until`: ns, the second not
    included. Empty and None: any.
    """

    text: str = ""
    account: str = ""
    instrument: str = ""
    event: str = ""
    reason: str = ""
    since: int | None = None
    until: int | None = None
    limit: int = LIMIT
    before: str = ""

    def touches(self, day: dt.date) -> bool:
        """Whether a day can have such rows."""
        early = self.since is not None and day < day_of(self.since)
        return not early and (self.until is None or day <= day_of(self.until))


class FoundOrder(msgspec.Struct, frozen=True):
    """An event of an order; None where it is unknown, empty where there is none. `by`: role and user."""

    order: str
    sequence: int
    place: int
    time: str
    account: str | None
    instrument: str | None
    side: str | None
    quantity: str | None
    price: str | None
    event: str
    status: str | None
    reason: str | None
    by: str | None


class Found(msgspec.Struct, frozen=True):
    """Newest first; `next`: `before` of the next page, None on the last. `rows_scanned`: of all files read. `dropped`,
    of the last page: days that were asked for and have no rows any more.
    """

    orders: list[FoundOrder]
    next: str | None
    seconds: float
    rows_scanned: int
    dropped: list[DroppedDay] = []


class OrderEvent(msgspec.Struct, frozen=True):
    """`fields`: O01 to O78. `fingerprint`: hexadecimal, None where none was made."""

    sequence: int
    place: int
    time: str
    event: str
    fields: dict[str, str | None]
    fingerprint: str | None


class Life(msgspec.Struct, frozen=True):
    """Of an order; `unknown`: nulls over all its rows. `dropped`: the day of its first event, where that has gone."""

    order: str
    events: list[OrderEvent]
    unknown: int
    dropped: list[DroppedDay] = []


def question(query: Query, source: str) -> tuple[str, list[Any]]:
    """SQL and values. Raises BadInput."""
    if not 1 <= query.limit <= LIMIT_MAX:
        raise BadInput("limit", f"must be from 1 to {LIMIT_MAX}")
    if query.event and query.event not in CODES:
        raise BadInput("event", f"must be one of {', '.join(CODES)}")
    values: list[Any] = []
    terms: list[str] = []

    def met(term: str, *given: Any) -> None:
        places = [f"${len(values) + at + 1}" for at in range(len(given))]
        values.extend(given)
        terms.append(term.format(*places))

    for name, field in (("account", "O03"), ("instrument", "O35"), ("event", "O65"), ("reason", "O69")):
        if wanted := getattr(query, name):
            met(f"{field} = {{}}", wanted)
    if query.text:
        met(f"concat_ws(' ', {', '.join(TEXT_IN)}) ILIKE {{}} ESCAPE '!'", f"%{_escaped(query.text)}%")
    if query.since is not None:
        met("time >= {}", query.since)
    if query.until is not None:
        met("time < {}", query.until)
    if query.before:
        sequence, place = _cursor(query.before)
        met("(sequence < {} OR (sequence = {} AND place < {}))", sequence, sequence, place)
    where = f" WHERE {' AND '.join(terms)}" if terms else ""
    chosen = ", ".join((*HEAD, *SHOWN))
    tail = f"ORDER BY sequence DESC, place DESC LIMIT {query.limit + 1}"
    return f"SELECT {chosen} FROM {source} AS events{where} {tail}", values  # noqa: S608 (values apart)


def life_question(order: int, source: str) -> tuple[str, list[Any]]:
    """SQL and values: the order's rows, and corrections of its trades, which name the trade and the account."""
    own = f"SELECT O31, O03 FROM {source} AS own WHERE order_id = $1 AND O65 IN ({_listed(FILLS)})"  # noqa: S608 (own words only)
    where = f"order_id = $1 OR (order_id = 0 AND O65 IN ('bust', 'correct') AND (O31, O03) IN ({own}))"
    chosen = ", ".join((*HEAD, *FIELDS, "fingerprint"))
    return f"SELECT {chosen} FROM {source} AS events WHERE {where} ORDER BY sequence, place", [order]  # noqa: S608 (own words only)


def unknown_question(source: str) -> tuple[str, list[Any]]:
    """SQL: rows, then nulls of each field."""
    counts = ", ".join(f"count(*) - count({field})" for field in FIELDS)
    return f"SELECT count(*), {counts} FROM {source} AS events", []  # noqa: S608 (own words only)


def last_question(account: str, source: str) -> tuple[str, list[Any]]:
    """SQL and values: time and sequence of the account's last row."""
    tail = "WHERE O03 = $1 ORDER BY sequence DESC LIMIT 1"
    return f"SELECT time, sequence FROM {source} AS events {tail}", [account]  # noqa: S608 (own words only)


def days_question(account: str, source: str) -> tuple[str, list[Any]]:
    """SQL and values: the days on which the account has rows."""
    return f"SELECT DISTINCT day FROM {source} AS events WHERE O03 = $1", [account]  # noqa: S608 (own words only)


def found_of(rows: list[Any], query: Query, looked: tuple[float, int], dropped: Iterable[Drop]) -> Found:
    """The page; `looked`: seconds and rows."""
    shown = [_found(tuple(row)) for row in rows[: query.limit]]
    more = f"{shown[-1].sequence}-{shown[-1].place}" if len(rows) > query.limit else None
    gone = dropped_days([drop for drop in dropped if query.touches(drop.day)]) if more is None else []
    return Found(shown, more, *looked, gone)


def events_of(order: int, rows: list[Any], dropped: Iterable[Drop]) -> Life:
    """The order's life."""
    events, unknown = [], 0
    for sequence, place, _, at, *values in rows:
        fingerprint = values.pop()
        fields = dict(zip(FIELDS, values, strict=True))
        unknown += sum(value is None for value in values)
        mark = bytes(fingerprint).hex() if fingerprint else None
        events.append(OrderEvent(sequence, place, time_text(at), fields["O65"] or "", fields, mark))
    gone = dropped_days([drop for drop in dropped if drop.first <= order <= drop.last])
    return Life(order_id(order), events, unknown, gone)


def quantity_in(value: str | None) -> str | None:
    """The quantity of O52."""
    return msgspec.json.decode(value)["quantity"] if value else value


def by_of(value: str | None) -> str | None:
    """Role and user of O75."""
    if not value:
        return value
    evidence = msgspec.json.decode(value)
    return f"{evidence['role'] or 'unknown'}:{evidence['user']}"


def _found(row: tuple[Any, ...]) -> FoundOrder:
    sequence, place, order, at, account, symbol, side, quantity, price, event, status, reason, evidence = row
    return FoundOrder(
        order_id(order), sequence, place, time_text(at), account, symbol, side, quantity_in(quantity), price, event,
        status, reason, by_of(evidence),
    )  # fmt: skip


def _cursor(before: str) -> tuple[int, int]:
    sequence, _, place = before.partition("-")
    if not (sequence.isdecimal() and place.isdecimal() and len(sequence) < 19 and len(place) < 7):
        raise BadInput("before", "must be `next` of the page before")
    return int(sequence), int(place)


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)
