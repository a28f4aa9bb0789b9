"""Margin of stocks and their options: Regulation T by strategy, and portfolio margin by stress.

Sources: Regulation T, 12 CFR 220.12 (initial: half of a long position, half above the proceeds of a short one); FINRA
Rule 4210(c) and (f) (maintenance, options, spreads, straddles, covered writing), 4210(g) with OCC's TIMS (portfolio
margin: the worst of ten points, at least 37.5 cents a share of each option).

Prices are integers of `PRICE_UNITS` to the currency unit, amounts of the same; requirements are rounded up. What is
bought is paid in full, so a long option requires nothing beyond its price and lends nothing (up to nine months).
Pairs are made greedily, the cheapest requirement first, which is not always the least of all pairings; never too low.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import short_text

DECIMALS = 4
PRICE_UNITS = 10**DECIMALS
FIVE = 5 * PRICE_UNITS
POINTS = 10
"""Equidistant valuation points, both ends included."""
RANGES_BPS = {"stock": (-1_500, 1_500), "index": (-800, 600), "small_index": (-1_000, 1_000)}
"""Moves of the underlying (FINRA 4210(g)(7)): stocks and narrow indices, broad ones, broad ones of small caps."""
LEAST_A_SHARE = PRICE_UNITS * 375 // 1_000
UNCOVERED_BPS = {"stock": 2_000, "index": 1_500, "small_index": 1_500}
UNCOVERED_LEAST_BPS = 1_000


class Option(Struct, frozen=True, kw_only=True):
    """Contracts held (written: negative) on `multiplier` shares. `expiry`: day counted from 1970. `price`: of a share's
    worth of it.
    """

    quantity: int
    call: bool
    strike: int
    expiry: int
    price: int
    multiplier: int = 100


class Holdings(Struct, frozen=True, kw_only=True):
    """Everything in one underlying. `kind`: one of RANGES_BPS; `price`: of the underlying."""

    underlying: str
    price: int
    kind: str = "stock"
    stock: int = 0
    options: tuple[Option, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in RANGES_BPS:
            raise BadInput("kind", f"{self.kind!r} is not one of {', '.join(RANGES_BPS)}")
        if self.price <= 0:
            raise BadInput("price", f"of {self.underlying} is not positive: there is no margin on it")
        for option in self.options:
            if option.strike <= 0 or option.price < 0 or option.multiplier <= 0:
                raise BadInput("options", f"of {self.underlying} have a strike, price or multiplier that cannot be")


class Requirement(Struct, frozen=True):
    """Of one underlying: to open (`initial`) and to keep (`maintenance`), and how it came about, a line a strategy."""

    underlying: str
    initial: int
    maintenance: int
    why: tuple[str, ...]


def regulation_t(holdings: Holdings) -> Requirement:
    """By strategy: covered writing, spreads, straddles, then what is left alone."""
    why: list[str] = []
    written = _left(option for option in holdings.options if option.quantity < 0)
    bought = _left(option for option in holdings.options if option.quantity > 0)
    _cover(holdings, written, why)
    options = _pairs(holdings, written, bought, why)
    options += _alone(holdings, written, why)
    initial, kept = _stock(holdings, why)
    return Requirement(holdings.underlying, initial + options, kept + options, tuple(why))


def portfolio(holdings: Holdings, revalue: Callable[[Option, int], int]) -> Requirement:
    """The greatest loss over the points; `revalue(option, price)` is a share's worth of the option at that price of the
    underlying. The requirement to open and to keep is the same.
    """
    low, high = RANGES_BPS[holdings.kind]
    losses = []
    for point in range(POINTS):
        move = low * (POINTS - 1 - point) + high * point  # in bps times POINTS - 1, exact
        then = holdings.price + holdings.price * move // ((POINTS - 1) * 10_000)
        gain = holdings.stock * (then - holdings.price)
        for option in holdings.options:
            gain += option.quantity * option.multiplier * (revalue(option, then) - option.price)
        losses.append((-gain, point, then))
    worst, point, then = max(losses)
    least = sum(abs(option.quantity) * option.multiplier for option in holdings.options) * LEAST_A_SHARE
    amount = max(worst, least, 0)
    reason = (
        f"{_told(worst)} lost at point {point + 1} of {POINTS}, underlying at {_told(then)}; for options {_told(least)}"
    )
    return Requirement(holdings.underlying, amount, amount, (reason,))


def _left(options: Iterable[Option]) -> list[Option]:
    """Positive quantities, dearest strikes last."""
    return sorted(
        (replace(one, quantity=abs(one.quantity)) for one in options), key=lambda one: (one.strike, one.expiry)
    )


def _cover(holdings: Holdings, written: list[Option], why: list[str]) -> None:
    """Written calls against shares held, puts against shares sold short."""
    free = holdings.stock
    for at, option in enumerate(written):
        if option.call != (free > 0) or free == 0:
            continue
        covered = min(option.quantity, abs(free) // option.multiplier)
        if covered:
            free -= (1 if free > 0 else -1) * covered * option.multiplier
            written[at] = replace(option, quantity=option.quantity - covered)
            why.append(f"{covered} written {_name(option)} covered by stock")


def _pairs(holdings: Holdings, written: list[Option], bought: list[Option], why: list[str]) -> int:
    """Written options against bought ones that do not expire before them, and straddles; the cheapest first."""
    total = 0
    while (best := _cheapest(holdings, written, bought)) is not None:
        each, short, long, is_spread = best
        others = bought if is_spread else written
        count = min(written[short].quantity, others[long].quantity)
        total += each * count
        kind = "spread" if is_spread else "straddle"
        why.append(f"{count} {kind} {_name(written[short])} / {_name(others[long])}: {_told(each)} each")
        written[short] = replace(written[short], quantity=written[short].quantity - count)
        others[long] = replace(others[long], quantity=others[long].quantity - count)
    return total


def _cheapest(
    holdings: Holdings, written: Sequence[Option], bought: Sequence[Option]
) -> tuple[int, int, int, bool] | None:
    found = []
    for at, short in enumerate(written):
        if not short.quantity:
            continue
        alone = _uncovered(holdings, short)
        for place, long in enumerate(bought):
            if long.quantity and _covers(short, long):
                each = min(_spread(short, long), alone)
                found.append((each - alone, each, at, place, True))
        for place, other in enumerate(written):
            if place != at and other.quantity and short.call and not other.call and _same_size(short, other):
                each = _straddle(holdings, short, other)
                found.append((each - alone - _uncovered(holdings, other), each, at, place, False))
    if not found:
        return None
    saved, each, at, place, is_spread = min(found)
    return (each, at, place, is_spread) if saved < 0 else None


def _same_size(first: Option, second: Option) -> bool:
    return first.multiplier == second.multiplier


def _covers(short: Option, long: Option) -> bool:
    return short.call == long.call and long.expiry >= short.expiry and _same_size(short, long)


def _spread(short: Option, long: Option) -> int:
    """The most that can be lost on it, premiums apart."""
    width = long.strike - short.strike if short.call else short.strike - long.strike
    return max(width, 0) * short.multiplier


def _straddle(holdings: Holdings, call: Option, put: Option) -> int:
    """The greater requirement, and the price of the other side."""
    sides = [(_uncovered(holdings, call), put.price * put.multiplier)]
    sides.append((_uncovered(holdings, put), call.price * call.multiplier))
    greater, other = max(sides)
    return greater + other


def _uncovered(holdings: Holdings, option: Option) -> int:
    """Price plus 20 % of the underlying (broad index 15 %), less what it is out of the money; at least plus 10 %."""
    out = option.strike - holdings.price if option.call else holdings.price - option.strike
    share = -(-holdings.price * UNCOVERED_BPS[holdings.kind] // 10_000) - max(out, 0)
    base = holdings.price if option.call else option.strike
    least = -(-base * UNCOVERED_LEAST_BPS // 10_000)
    return (option.price + max(share, least)) * option.multiplier


def _alone(holdings: Holdings, written: Sequence[Option], why: list[str]) -> int:
    total = 0
    for option in written:
        if option.quantity:
            each = _uncovered(holdings, option)
            total += each * option.quantity
            why.append(f"{option.quantity} uncovered {_name(option)}: {_told(each)} each")
    return total


def _stock(holdings: Holdings, why: list[str]) -> tuple[int, int]:
    """Half to open; to keep 25 % of a long, of a short one 30 % and at least 5 a share (under 5: all of it, at least
    2.50). A short position's proceeds stay in the account and are not counted here.
    """
    value = abs(holdings.stock) * holdings.price
    if not holdings.stock:
        return 0, 0
    initial = -(-value // 2)
    if holdings.stock > 0:
        kept = -(-value // 4)
    elif holdings.price < FIVE:
        kept = max(value, -holdings.stock * FIVE // 2)
    else:
        kept = max(-(-value * 3 // 10), -holdings.stock * FIVE)
    why.append(f"{holdings.stock} shares: {_told(initial)} to open, {_told(kept)} to keep")
    return max(initial, kept), kept


def _name(option: Option) -> str:
    return f"{'call' if option.call else 'put'} {_told(option.strike)}"


def _told(amount: int) -> str:
    return short_text(amount, DECIMALS)
