"""Rows about orders as commands."""

from __future__ import annotations

from typing import Any

from isthmus.gateways.match.fields import BadRow, Row
from isthmus.gateways.match.words import KINDS
from isthmus.kernel import messages as m

_SPECIAL = ("stop", "offset", "display", "display_high", "seed", "min_quantity", "expire", "peg", "trigger")


def placing(row: Row, account: int, instrument: int, links: dict[str, int]) -> Any:
    """PlaceOrder, or PlaceSpecial where a term needs it. `links` are engine numbers of one_cancels and parent."""
    terms = {key: row[key] for key in _SPECIAL if row.get(key)} | links
    if shown := display_of(row):
        terms["display"] = shown
    tif = m.GTD if row.get("expire") and "tif" not in row else row.get("tif", m.GTC)
    order = {
        "account": account,
        "instrument": instrument,
        "side": row["side"],
        "kind": KINDS[row.get("kind", "limit")],
        "tif": tif,
        "flags": _flags(row),
        "price": row.get("price", 0),
        "quantity": row["quantity"],
        "session": row.get("session", 0),
    }
    plain = not terms and order["kind"] <= m.MARKET_TO_LIMIT and tif != m.GTD
    return m.PlaceOrder(**order) if plain else m.PlaceSpecial(**order, **terms)


def display_of(row: Row) -> int:
    """What an order shows, or the least of it; 0: all. Raises BadRow where it says so twice."""
    if row.get("display") and row.get("display_low"):
        raise BadRow("display_low", "takes the place of display")
    return int(row.get("display") or row.get("display_low") or 0)


def _flags(row: Row) -> int:
    flags = int(row.get("post_only", 0))
    flags |= m.HIDDEN if row.get("kind") == "hidden" else 0
    flags |= m.ALL_OR_NONE if row.get("all_or_none") else 0
    return flags | (m.REDUCE_ONLY if row.get("reduce_only") else 0)


def replacing(row: Row, order: int) -> Any:
    """ReplaceSpecial with what the row gives."""
    given = {key: row[key] for key in m.GIVEN if key in row}
    return m.ReplaceSpecial(order=order, given=sum(m.GIVEN[key] for key in given), **given)


def quoting(entry: Row, account: int, instrument: int, first: bool) -> Any:
    """One side of a mass quote; the first that is taken takes the earlier quotes out."""
    return m.PlaceOrder(
        account=account,
        instrument=instrument,
        side=entry["side"],
        kind=m.LIMIT,
        tif=m.GTC,
        flags=m.QUOTE | (m.FRESH if first else 0),
        price=entry["price"],
        quantity=entry["quantity"],
    )


def asking(row: Row, kind: int, who: tuple[int, int], side: int, request: int = 0) -> Any:
    """A request for quotes, or a response to one. `who`: account and instrument."""
    terms = {key: row[key] for key in ("expire", "min_quantity") if row.get(key)}
    return m.PlaceSpecial(
        account=who[0],
        instrument=who[1],
        side=side,
        kind=kind,
        tif=m.GTD if "expire" in terms else m.GTC,
        price=row.get("price", 0),
        quantity=row["quantity"],
        request=request,
        **terms,
    )
