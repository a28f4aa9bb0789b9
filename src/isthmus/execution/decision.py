"""The decision tree: which path an order takes when its owner names none, and why, in sentences with figures.

The branches are asked in the order of `BRANCHES`; the first that knows answers. Their thresholds are the constants
below, chosen by us: what is small, near or urgent is a convention (docs/reference/route.md).

1. Several legs: BASKET_IS.                2. A call is near: AUCTION, or TARGET_CLOSE when the order's time ends with
it. 3. No venue shows a price: dark pools, else TWAP with a time and SNIPER without.
4. The limit does not reach the other side: SNIPER far away, MID_PEG inside the spread, ICEBERG when it is large, else
   QUEUE_POST.                             5. At once: SWEEP.
6. All of it is shown: BEST_ROUTE at one venue, SWEEP, COST_SPLIT, PEG, QUEUE_POST or MID_PEG by urgency and spread.
7. More than is shown, and dark pools: BLOCK_COND, LIQ_SEEK, DARK_KM, DARK_SA.
8. A time is given: OW_RESIL, IS_ADAPT, IS_AC, VWAP_DYN, VWAP_STATIC, GLFT_PASSIVE, TWAP by urgency and what is known.
9. Else: POV, or ICEBERG when nobody is in a hurry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from isthmus.execution.paths.posting import touch
from isthmus.execution.paths.taking import other_side, reaches
from isthmus.execution.policy import DARK, Market, Parent
from isthmus.kernel.messages import HOUSE_BOOK

NS_PER_S = 1_000_000_000
DAY_S = 86_400
AT_ONCE, URGENT, CALM, PATIENT = 0.9, 0.7, 0.5, 0.3
"""Urgency from which an order is taken at once, is worked by risk, is not passive; below PATIENT it only rests."""
SOON_S = 2.0
CALL_NEAR_S = 600.0
FAR_SPREADS = 10.0
WIDE_TICKS = 4
LARGE_LEVELS = 5.0
BLOCK_OF_DAY = 0.05
BLOCK_LEVELS = 20.0
LEARNT = 200
"""Past dark orders from which shares learnt by stochastic approximation have settled."""
RESILIENT_S = 300.0
NOISY_SPREADS = 5.0
WHY_MAX = 400


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the tree looks at. Prices in steps (0: none shown), quantities in lots, times in seconds (0: none).

    `facing`: best price of the other side, `own`: of its own side. `level`: lots at `facing` over all venues;
    `shown`: lots of the other side within the limit, `shown_at_one`: of the venue that shows most; `own_level`: lots at
    `own`. `day`: expected lots of a day (0: not known), `moving`: lots a second of late. `past`: past dark orders.
    """

    buys: bool
    quantity: int
    limit: int
    tick: int = 1
    facing: int = 0
    own: int = 0
    level: int = 0
    own_level: int = 0
    shown: int = 0
    shown_at_one: int = 0
    shown_by: int = 0
    dark: int = 0
    house_dark: bool = False
    past: int = 0
    day: int = 0
    moving: float = 0.0
    volatility: float = 0.0
    urgency: float = 0.5
    left_s: float = 0.0
    call_s: float = 0.0
    closing: bool = False
    legs: int = 1

    @property
    def spread(self) -> int:
        """Price steps between the sides; 0 when one is missing or they cross."""
        sign = 1 if self.buys else -1
        return max(0, (self.facing - self.own) * sign) if self.facing and self.own else 0

    @property
    def spread_ticks(self) -> float:
        """The spread in ticks."""
        return self.spread / self.tick

    @property
    def levels(self) -> float:
        """The order in sizes of the other side's best level."""
        return self.quantity / self.level if self.level else float("inf")

    @property
    def of_day(self) -> float:
        """The order as a share of a day's volume; 0 when that is not known."""
        return self.quantity / self.day if self.day else 0.0

    @property
    def marketable(self) -> bool:
        """Whether the limit reaches the other side."""
        return bool(self.facing) and (self.facing <= self.limit if self.buys else self.facing >= self.limit)


class Choice(msgspec.Struct, frozen=True):
    """A path by name, parameters that differ from its defaults, and why."""

    path: str
    parameters: dict[str, Any]
    why: list[str]


def choose_path(facts: Facts) -> Choice:
    """The path of the first branch that knows one; `why` begins with the figures that the branches looked at."""
    for branch in BRANCHES:
        found = branch(facts)
        if found is not None:
            path, reason = found
            return Choice(path, {}, [_figures(facts), reason])
    raise AssertionError("the last branch always answers")


Found = tuple[str, str] | None


def _figures(facts: Facts) -> str:
    size = f"{facts.quantity} lots"
    if facts.level:
        size += f", {facts.levels:.1f} x the best level"
    if facts.day:
        size += f", {facts.of_day:.2%} of a day's volume"
    time = f", {facts.left_s:.0f} s left" if facts.left_s else ""
    spread = f", spread {facts.spread_ticks:.4g} ticks" if facts.spread else ""
    return f"{size}{spread}, urgency {facts.urgency:.2g}{time}."


def _basket(facts: Facts) -> Found:
    if facts.legs < 2:
        return None
    return "BASKET_IS", f"It is one of {facts.legs} legs of a basket, whose risks offset: they are worked together."


def _call(facts: Facts) -> Found:
    if not facts.call_s or facts.urgency >= AT_ONCE or (facts.left_s and facts.left_s < facts.call_s):
        return None
    if facts.closing and facts.left_s and facts.call_s > CALL_NEAR_S and facts.left_s <= facts.call_s * 1.05:
        return "TARGET_CLOSE", f"Its time ends with the closing call in {facts.call_s:.0f} s: it aims at that price."
    if facts.call_s <= CALL_NEAR_S:
        return "AUCTION", f"A call is {facts.call_s:.0f} s away (under {CALL_NEAR_S:.0f}): one price for everybody."
    return None


def _unseen(facts: Facts) -> Found:
    if facts.facing or facts.own:
        return None
    if facts.dark:
        return _pools(facts, "No venue shows a price")
    if facts.left_s:
        return "TWAP", "No venue shows a price, and a time is given: even slices as soon as one does."
    return "SNIPER", "No venue shows a price: it hides until one does."


def _passive(facts: Facts) -> Found:
    if facts.marketable:
        return None
    sign = 1 if facts.buys else -1
    behind = (facts.own - facts.limit) * sign
    if facts.own and behind > FAR_SPREADS * max(facts.spread, facts.tick):
        return "SNIPER", f"Its limit is {behind} price steps behind its own side: it hides until the price comes."
    if facts.spread_ticks >= WIDE_TICKS and (2 * facts.limit - facts.facing - facts.own) * sign >= 0:
        return "MID_PEG", f"Its limit lies in a spread of {facts.spread_ticks:.4g} ticks: it rests at the middle."
    if facts.own_level and facts.quantity > LARGE_LEVELS * facts.own_level:
        size = facts.quantity / facts.own_level
        return "ICEBERG", f"Its limit does not reach the other side and it is {size:.1f} x its own side's best level."
    return "QUEUE_POST", "Its limit does not reach the other side: it queues where a place is worth most."


def _at_once(facts: Facts) -> Found:
    if facts.urgency >= AT_ONCE:
        return "SWEEP", f"Urgency of {AT_ONCE} or more: everything within the limit at once."
    if facts.left_s and facts.left_s <= SOON_S:
        return "SWEEP", f"Only {facts.left_s:.1f} s are left: everything within the limit at once."
    return None


def _shown(facts: Facts) -> Found:
    if facts.quantity > facts.shown:
        return None
    if facts.urgency < CALM and facts.spread_ticks >= WIDE_TICKS:
        return "MID_PEG", f"All of it is shown, but the spread is {facts.spread_ticks:.4g} ticks: it tries the middle."
    if facts.urgency < PATIENT:
        rest = "PEG" if facts.left_s else "QUEUE_POST"
        return rest, f"Urgency under {PATIENT}: it rests {'and follows the best price' if facts.left_s else 'in line'}."
    if facts.quantity <= facts.shown_at_one and facts.levels <= 1:
        return "BEST_ROUTE", f"The best level has it ({facts.level} lots): one venue, the best price with fees."
    if facts.urgency >= URGENT:
        return "SWEEP", f"{facts.shown_by} venues show {facts.shown} lots within the limit, and it is urgent."
    if facts.levels > LARGE_LEVELS:
        return None
    return "COST_SPLIT", f"{facts.shown_by} venues show {facts.shown} lots: part at once, part in queues, by cost."


def _dark(facts: Facts) -> Found:
    if not facts.dark or facts.urgency >= URGENT:
        return None
    return _pools(facts, f"More than {LARGE_LEVELS:.0f} best levels or than is shown")


def _pools(facts: Facts, because: str) -> tuple[str, str]:
    pools = f"{because}, and {facts.dark} dark pool{'s' if facts.dark > 1 else ''}"
    block = facts.of_day >= BLOCK_OF_DAY or (not facts.day and BLOCK_LEVELS <= facts.levels < float("inf"))
    if block and (facts.urgency < CALM or facts.house_dark):
        return "BLOCK_COND", f"{pools}; it is a block (over {BLOCK_OF_DAY:.0%} of a day or 20 levels): conditional."
    if facts.facing and (facts.left_s or facts.urgency >= CALM):
        return "LIQ_SEEK", f"{pools}: dark first, lit at the pace that the wait justifies."
    if facts.past >= LEARNT:
        return "DARK_SA", f"{pools}, with {facts.past} past orders to learn shares from."
    return "DARK_KM", f"{pools}, with {facts.past} past orders: tails are learnt with optimism for sizes not tried."


def _timed(facts: Facts) -> Found:
    if not facts.left_s:
        return None
    drift = facts.volatility * facts.left_s**0.5
    if facts.urgency >= URGENT:
        if facts.left_s <= RESILIENT_S:
            return "OW_RESIL", f"Urgent, with {facts.left_s:.0f} s in which the book refills: block, trickle, block."
        if facts.spread and drift > NOISY_SPREADS * facts.spread:
            return "IS_ADAPT", f"Urgent; the price may move {drift / facts.spread:.0f} spreads meanwhile: adapts to it."
        return "IS_AC", f"Urgent: front-loaded against a price risk of {drift:.1f} steps until its time."
    if facts.urgency < PATIENT:
        return "GLFT_PASSIVE", f"Urgency under {PATIENT} and {facts.left_s:.0f} s: limit orders, nearer as time goes."
    if facts.day and facts.moving:
        return "VWAP_DYN", f"A day's curve is known and {facts.moving:.3g} lots a second trade now: follows volume."
    if facts.day:
        return "VWAP_STATIC", "A day's curve is known: follows it."
    return "TWAP", "No volume curve is known: even slices until its time."


def _open_ended(facts: Facts) -> Found:
    if facts.urgency < PATIENT:
        return "ICEBERG", f"No time is given and urgency is under {PATIENT}: it rests and shows little of itself."
    return "POV", "No time is given and more is wanted than is shown: a share of what trades."


BRANCHES: tuple[Callable[[Facts], Found], ...] = (
    _basket,
    _call,
    _unseen,
    _passive,
    _at_once,
    _shown,
    _dark,
    _timed,
    _open_ended,
)


def facts_of(parent: Parent, market: Market, urgency: float, now: int) -> Facts:
    """What the market says about a parent that arrives now."""
    facing, own = touch(market, other_side(parent.side)), touch(market, parent.side)
    levels = [
        level
        for level in market.levels(other_side(parent.side), 1_000)
        if reaches(level.price, parent.limit, parent.side)
    ]
    by_venue: dict[int, int] = {}
    for level in levels:
        by_venue[level.venue] = by_venue.get(level.venue, 0) + level.quantity
    venues = market.venues()
    dark = [venue for venue in venues if venue.kind == DARK]
    call = market.auction()
    return Facts(
        buys=parent.buys,
        quantity=parent.quantity,
        limit=parent.limit,
        tick=min((venue.tick for venue in venues), default=1),
        facing=facing or 0,
        own=own or 0,
        level=_at(market, other_side(parent.side), facing),
        own_level=_at(market, parent.side, own),
        shown=sum(by_venue.values()),
        shown_at_one=max(by_venue.values(), default=0),
        shown_by=len(by_venue),
        dark=len(dark),
        house_dark=any(venue.number == HOUSE_BOOK for venue in dark),
        past=len(market.pools()),
        day=market.volume(now, now + DAY_S * NS_PER_S),
        moving=sum(market.rate(venue.number, side) for venue in venues for side in (1, 2)) / 1_000_000,
        volatility=market.volatility(),
        urgency=urgency,
        left_s=max(0.0, (parent.until - now) / NS_PER_S) if parent.until else 0.0,
        call_s=max(0.0, (call.at - now) / NS_PER_S) if call is not None else 0.0,
        closing=call is not None and call.closing,
        legs=max(1, len(market.basket())),
    )


def _at(market: Market, side: int, price: int | None) -> int:
    """Lots at a price over all venues."""
    tops = [market.best(venue.number, side) for venue in market.venues()]
    return sum(best[1] for best in tops if best is not None and best[0] == price)
