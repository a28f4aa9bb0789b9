"""Limits, rounding, and instruments: the only place where price and quantity become money."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .messages import RULES

QUANTITY_MAX = 10**12
PRICE_MAX = 10**15
AMOUNT_MAX = 2**63 - 1
EXPOSURE_MAX = 2**60
LIST_MAX = 65_535
ACCOUNTS_MAX = 2**31
REMEMBER_COMMANDS = 1_000_000
REMEMBER_NS = 86_400 * 10**9
PPM = 10**6
BPS = 10**4

BUY, SELL = 1, 2
LIMIT, MARKET, MARKET_TO_LIMIT, STOP, STOP_LIMIT, TRAILING_STOP, PEG, REQUEST, RESPONSE, WORKED, LIQUIDATION = range(
    1, 12
)
GTC, IOC, FOK, DAY, GTD, AT_OPEN, AT_CLOSE, GOOD_FOR_AUCTION = range(1, 9)
POST_ONLY, HIDDEN, ALL_OR_NONE, REDUCE_ONLY, SHORT, SLIDE, QUOTE, FRESH = (1 << bit for bit in range(8))
FOR_AUCTION = (AT_OPEN, AT_CLOSE, GOOD_FOR_AUCTION)
MAKER, TAKER = 1, 2
PERPETUAL, INVERSE, FUTURE, OPTION = 4, 5, 6, 7
CALL_RIGHT, PUT_RIGHT = 1, 2
BEYOND_HOLD, OUTSIDE = 2, 1
DARK_TRADE, NEGOTIATED_TRADE, DELEVERAGED = 4, 8, 16

LIT, PRO_RATA, MIXED, DARK, CALL, RFQ, NEGOTIATED, SEALED = range(1, 9)
SELF_TRADE_ALLOWED, CANCEL_NEWEST, CANCEL_OLDEST, CANCEL_BOTH, DECREMENT = range(5)

CALLS = ("pre_open", "opening_auction", "volatility_auction", "closing_auction")

RULE_DEFAULTS = dict.fromkeys(RULES, 0) | {
    "book": LIT,
    "self_trade": CANCEL_NEWEST,
    "hidden_after_visible": 1,
    "min_quantity": 1,
    "hidden_remainder_below_minimum": 1,
    "auction_tie": 1,
    "stop_order": 1,
    "stop_trigger": 3,
    "replace_keeps_priority": 1,
    "band_action": 1,
    "dark_priority": 1,
    "sealed_price": 1,
    "all_or_none": 1,
}


def ceil_div(value: int, divisor: int) -> int:
    """Quotient rounded up; `divisor` is positive."""
    return -(-value // divisor)


def factors(quote_decimals: int, price_decimals: int, quantity_decimals: int, multiplier: int) -> tuple[int, int]:
    """num and den: price x quantity x num / den is the value in quote minor units."""
    exponent = quote_decimals - price_decimals - quantity_decimals
    return (multiplier * 10**exponent, 1) if exponent >= 0 else (multiplier, 10**-exponent)


@dataclass(slots=True)
class Carry:
    """What rounding left over on an order so far: `value` of den, `fee` of 10^6."""

    value: int = 0
    fee: int = 0


@dataclass(slots=True)
class Instrument:
    """An instrument's terms (the AddInstrument command) and its prices; `mark` 0 while there is none.

    `latest` is the newer of the mark and the last trade; `ticks`: rows (lowest price, tick) after the first;
    Of a perpetual: `tiers` (from notional, initial and maintenance bps), `leverage` (initial bps chosen) and `entries`
    (what positions cost) by account.
    `auction_price`: of the last auction since the last mark; `edge`: side and price of a limit state; `timer`: when the
    state ends by itself (0: never); `contract`: the terms of one that expires, once they are set.
    """

    number: int
    terms: Any
    num: int
    den: int
    base_units: int
    mark: int
    settlement_mark: int
    last_trade: int = 0
    latest: int = 0
    halted: bool = False
    state: str = "continuous"
    rules: dict[str, int] = field(default_factory=lambda: dict(RULE_DEFAULTS))
    ticks: list[tuple[int, int]] = field(default_factory=list)
    auction_price: int = 0
    edge: tuple[int, int] | None = None
    timer: int = 0
    contract: Any = None
    tiers: list[tuple[int, int, int]] = field(default_factory=list)
    leverage: dict[int, int] = field(default_factory=dict)
    entries: dict[int, int] = field(default_factory=dict)

    @property
    def has_auctions(self) -> bool:
        """Is it a book of orders that can meet in an auction?"""
        return self.rules["book"] in (LIT, PRO_RATA, MIXED, CALL)

    @property
    def matches(self) -> bool:
        """Do orders trade as they come?"""
        return self.state == "continuous" and self.rules["book"] != CALL

    @property
    def in_call(self) -> bool:
        """Do orders gather for one price?"""
        always = self.state == "continuous" and self.rules["book"] == CALL
        return self.has_auctions and (always or self.state in CALLS)

    def tick_at(self, price: int) -> int:
        """The tick of the last row of the table that begins at or under the price."""
        return int([self.terms.tick, *(tick for lowest, tick in self.ticks if lowest <= price)][-1])

    def floor_tick(self, price: int) -> int:
        """The highest price of the grid that is not above `price`."""
        return price - price % self.tick_at(price)

    def ceil_tick(self, price: int) -> int:
        """The lowest price of the grid that is not below `price`."""
        whole = ceil_div(price, self.tick_at(price)) * self.tick_at(price)
        return min([whole, *(lowest for lowest, _ in self.ticks if lowest >= price)])

    def nearest_tick(self, price: int) -> int:
        """The price of the grid nearest to `price`, the lower one of two."""
        return min((self.floor_tick(price), self.ceil_tick(price)), key=lambda found: (abs(found - price), found))

    def __post_init__(self) -> None:
        self.latest = self.mark

    @property
    def perpetual(self) -> bool:
        """Is it held as a position and not as an asset? Perpetuals are, and contracts that expire."""
        return bool(self.terms.kind >= PERPETUAL)

    @property
    def is_option(self) -> bool:
        return bool(self.terms.kind == OPTION)

    @property
    def settled_at(self) -> int:
        """The price that a trade is settled against at once; an option's premium is paid whole."""
        return 0 if self.is_option else self.settlement_mark

    @property
    def strike(self) -> int:
        """Its size; 0 of what is no option."""
        return abs(self.contract.terms.strike) if self.contract else 0

    @property
    def inverse(self) -> bool:
        return bool(self.terms.kind == INVERSE)

    @property
    def margin_asset(self) -> int:
        """What a perpetual is margined and settled in."""
        return int(self.terms.base if self.inverse else self.terms.quote)

    @property
    def reference(self) -> int:
        """The last mark, while there is none the last trade of the house book; 0 for none."""
        return self.mark or self.last_trade

    @property
    def worst_fee_ppm(self) -> int:
        return int(max(self.terms.maker_fee_ppm, self.terms.taker_fee_ppm, 0))

    def value_up(self, value: int, carry: int = 0) -> int:
        """Quote minor units of a sum of price x quantity, rounded up, not below 0."""
        return max(0, ceil_div(value * self.num - carry, self.den))

    def fee_up(self, value: int, carry: int = 0) -> int:
        """The worst fee on `value` quote minor units, rounded up, not below 0."""
        return max(0, ceil_div(value * self.worst_fee_ppm - carry, PPM))

    def pays(self, price: int, quantity: int, carry: Carry) -> int:
        """What a buyer pays for a fill; rounded up once an order."""
        exact = price * quantity * self.num - carry.value
        pays = ceil_div(exact, self.den)
        carry.value = pays * self.den - exact
        return pays

    def gets(self, price: int, quantity: int, carry: Carry) -> int:
        """What a seller gets for a fill; rounded down once an order."""
        exact = price * quantity * self.num + carry.value
        gets = exact // self.den
        carry.value = exact - gets * self.den
        return gets


def fee_of(value: int, rate_ppm: int, carry: Carry) -> int:
    """The fee on a fill's value; rounded up once an order, negative for a rebate."""
    exact = value * rate_ppm - carry.fee
    fee = ceil_div(exact, PPM)
    carry.fee = fee * PPM - exact
    return fee
