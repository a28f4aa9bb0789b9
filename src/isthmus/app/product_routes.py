"""Which product goes to which venue: an explicit table, by symbol, account and the trading hours of the venue.

The rows count in order. Of those that name the product, the first that takes the account and is open is the one. A
product that a live venue trades and no row names is refused by name; what neither names is left to the best price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from isthmus.app.calendars import Calendar, CalendarSettings
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S, time_text
from isthmus.venues.live.terms import VenueTerms

OPEN, UNCROSS = "continuous", "uncross"
UNKNOWN_PRODUCT, ACCOUNT_NOT_ROUTED, VENUE_CLOSED = "unknown_product", "account_not_routed", "venue_closed"
LOOK_AHEAD = 64
"""Times of a calendar that are looked at for the next opening."""
RECHECK_NS = NS_PER_S

Text = Annotated[str, Meta(min_length=1)]


class ProductRoute(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One [[product_routes]]: `products` and `accounts` are names or patterns ("BTC*"), no accounts are all. Without
    `calendars` the venue is always open, with them while the last state of any is `continuous`: hours that differ by
    weekday are two calendars, one that opens and one that closes.
    """

    products: Annotated[list[Text], Meta(min_length=1)]
    venue: Text
    accounts: list[Text] = []
    calendars: list[Text] = []


class Routed(msgspec.Struct, frozen=True):
    """The venue by name and why; or `refused`."""

    venue: str
    why: str
    refused: str = ""


class _Row(msgspec.Struct, frozen=True):
    number: int
    route: ProductRoute
    hours: tuple[Calendar, ...]


class ProductRoutes:
    """The table."""

    def __init__(
        self,
        rows: Sequence[ProductRoute],
        calendars: Mapping[str, CalendarSettings],
        venues: Mapping[str, VenueTerms],
    ) -> None:
        """Raises BadInput for a calendar or a venue that there is not."""
        self._rows: list[_Row] = []
        for number, route in enumerate(rows):
            if unknown := [name for name in route.calendars if name not in calendars]:
                raise BadInput(f"product_routes[{number}].calendars", f"{unknown[0]!r} is none of [calendars]")
            live = venues.get(route.venue)
            if live is not None and not live.takes_orders:
                raise BadInput(f"product_routes[{number}].venue", f"{route.venue} takes no orders: it has no keys")
            hours = tuple(Calendar(name, calendars[name]) for name in route.calendars)
            self._rows.append(_Row(number + 1, route, hours))
        live_products = (terms.markets for terms in venues.values() if terms.takes_orders)
        self._products = frozenset(name for markets in live_products for name in markets) if rows else frozenset()

    def knows(self, product: str) -> bool:
        """Whether the table says anything of the product, if only that no row names it."""
        return product in self._products or any(_matches(product, row.route.products) for row in self._rows)

    def route(self, product: str, account: str, at: int) -> Routed | None:
        """Where an order goes now (ns UTC); None for what is no product of the table."""
        naming = [row for row in self._rows if _matches(product, row.route.products)]
        if not naming:
            if product in self._products:
                return Routed("", f"no row of product_routes names {product}", UNKNOWN_PRODUCT)
            return None
        taking = [row for row in naming if not row.route.accounts or _matches(account, row.route.accounts)]
        if not taking:
            return Routed("", f"no row of product_routes takes {account} for {product}", ACCOUNT_NOT_ROUTED)
        for row in taking:
            if _is_open(row.hours, at):
                return Routed(
                    row.route.venue, f"{row.route.venue}: row {row.number} of product_routes names {product}."
                )
        opens = min(_opens(row.hours, at) for row in taking)
        when = f"opens at {time_text(opens)}" if opens < NEVER else "does not open in the time that is looked at"
        return Routed("", f"{product} is closed at {taking[0].route.venue}: it {when}", VENUE_CLOSED)

    def closed(self, product: str, venue: str, at: int) -> str | None:
        """Why no order for the product may go to the venue now, whoever asks; None when one may, or when the table says
        nothing of the product.
        """
        naming = [row for row in self._rows if _matches(product, row.route.products)]
        if not naming:
            return f"no row of product_routes names {product}" if product in self._products else None
        here = [row for row in naming if row.route.venue == venue]
        if not here:
            return f"product_routes does not send {product} there"
        return None if any(_is_open(row.hours, at) for row in here) else "outside its trading hours"


NEVER = 2**63 - 1


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _is_open(hours: tuple[Calendar, ...], at: int) -> bool:
    if not hours:
        return True
    latest = max((found for one in hours if (found := one.last(at)) is not None), key=_when, default=None)
    return latest is not None and _state(latest[1]) == OPEN


def _when(moment: tuple[int, list[str]]) -> int:
    return moment[0]


def _state(steps: Sequence[str]) -> str:
    return next((step for step in reversed(steps) if step != UNCROSS), "")


def _opens(hours: tuple[Calendar, ...], at: int) -> int:
    for _ in range(LOOK_AHEAD):
        at = min(one.next(at) for one in hours)
        if _is_open(hours, at):
            return at
    return NEVER
