"""What to do when the legs of an intent do not all fill: a pure state machine, state and answer in, orders out.

All legs are sent at once, immediate or cancel. When every order is answered, what one leg has and another lacks is open
risk: the lacking legs are completed at the market if that costs at most the rule's loss limit and no more than going
back, else what was taken is sold again (bought back). From the deadline on it is closed whichever way costs least,
without a limit on price or loss, on every call until nothing is open; an order whose answer is lost is asked to cancel,
and what it fills late is closed as well. A fill counts once, by its number within its order, however often it is told.

Quantities are the venue's units, money 10^-9 of the asset that the intent's profit is in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from isthmus.execution.arbitrage import BASIS, NANO, PPM, Intent, Shown, Terms, base_of, value_of
from isthmus.kernel.messages import BUY, SELL

SENT, COMPLETING, UNWINDING, DONE = "sent", "completing", "unwinding", "done"
AT_MARKET = 0
"""The price of an order without a limit."""


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """`loss_limit` in 10^-9 of the profit's asset: what completing may cost at most. `within_ns`: from sending the legs
    to the deadline, after which no leg is left open for want of a price.
    """

    loss_limit: int = 0
    within_ns: int = NANO


class Send(NamedTuple):
    """An order to send now: immediate or cancel. `order` counts the orders of a trip from 0; it makes the client id."""

    order: int
    leg: int
    market: int
    side: int
    price: int
    quantity: int
    why: str


class Cancel(NamedTuple):
    """An order whose answer never came, to be taken back."""

    order: int
    leg: int


class Cost(NamedTuple):
    """What orders would cost against the intent's prices, fees paid, and the worst price of each leg's."""

    cost: int
    limits: list[int]


class Sent(msgspec.Struct, frozen=True):
    """An order and what was heard of it. `fills`: numbers of the fills that were counted."""

    send: Send
    filled: int = 0
    fills: frozenset[int] = frozenset()
    ended: bool = False
    cancelled: bool = False


class Trip(msgspec.Struct, frozen=True, kw_only=True):
    """An intent on its way. `filled`: net quantity of each leg in its own direction; `flows`: what came in of each
    asset, in 10^-9, by the legs themselves, `repairs` by completing and unwinding; `overdue`: open after the deadline.
    """

    intent: Intent
    terms: tuple[Terms, ...]
    risk: Risk
    deadline: int
    phase: str = SENT
    orders: tuple[Sent, ...] = ()
    filled: tuple[int, ...] = ()
    flows: tuple[tuple[str, int], ...] = ()
    repairs: tuple[tuple[str, int], ...] = ()
    overdue: bool = False

    @property
    def waiting(self) -> bool:
        """Whether an order has not been answered to its end."""
        return any(not sent.ended for sent in self.orders)

    @property
    def profit(self) -> int:
        """What it brought so far, every asset at the intent's prices, fees paid: the gap of a basis counts as closed,
        its fees of closing too.
        """
        return worth(self.flows, self.intent) + worth(self.repairs, self.intent)

    @property
    def lost(self) -> int:
        """What completing and unwinding cost against the intent's prices; 0 when nothing had to be repaired."""
        return max(0, -worth(self.repairs, self.intent))


def begin(intent: Intent, terms: Mapping[int, Terms], risk: Risk, now: int) -> tuple[Trip, tuple[Send, ...]]:
    """The trip and its first orders, all legs at once."""
    of = tuple(terms[leg.market] for leg in intent.legs)
    sends = tuple(
        Send(place, place, leg.market, leg.side, leg.price, leg.quantity, intent.why)
        for place, leg in enumerate(intent.legs)
    )
    trip = Trip(
        intent=intent,
        terms=of,
        risk=risk,
        deadline=now + risk.within_ns,
        orders=tuple(map(Sent, sends)),
        filled=(0,) * len(sends),
    )
    return trip, sends


def on_fill(trip: Trip, order: int, number: int, price: int, quantity: int) -> Trip:
    """A fill of an order, `number` its own within the order. Told again it changes nothing."""
    sent = trip.orders[order]
    if number in sent.fills:
        return trip
    changed = msgspec.structs.replace(sent, filled=sent.filled + quantity, fills=sent.fills | {number})
    leg, terms = trip.intent.legs[sent.send.leg], trip.terms[sent.send.leg]
    onward = sent.send.side == leg.side
    sign = 1 if onward else -1
    filled = tuple(
        before + sign * quantity if place == sent.send.leg else before for place, before in enumerate(trip.filled)
    )
    moved = _moved(terms, sent.send.side, price, quantity, _fees(trip.intent, onward))
    original = order < len(trip.intent.legs)
    return msgspec.structs.replace(
        trip,
        orders=_placed(trip.orders, order, changed),
        filled=filled,
        flows=_added(trip.flows, moved) if original else trip.flows,
        repairs=trip.repairs if original else _added(trip.repairs, moved),
        phase=trip.phase if trip.phase != DONE else SENT,
    )


def on_end(trip: Trip, order: int) -> Trip:
    """An order is over: filled, cancelled, expired or refused. Told again it changes nothing."""
    sent = msgspec.structs.replace(trip.orders[order], ended=True)
    return msgspec.structs.replace(trip, orders=_placed(trip.orders, order, sent))


def decide(trip: Trip, books: Mapping[int, Shown], now: int) -> tuple[Trip, tuple[Send | Cancel, ...]]:
    """What to do after answers, at the deadline, and while it is overdue at each change of a book."""
    late = now >= trip.deadline
    if trip.waiting and not late:
        return trip, ()
    if trip.waiting:
        return _without_answer(trip)
    back, forth = excess(trip), lacking(trip)
    if not any(back) and not any(forth):
        return msgspec.structs.replace(trip, phase=DONE), ()
    return _repair(trip, books, late)


def excess(trip: Trip) -> tuple[int, ...]:
    """What each leg has beyond the share that all legs have, in whole lots."""
    shares = [(filled, leg.quantity) for filled, leg in zip(trip.filled, trip.intent.legs, strict=True)]
    least = min(shares, key=lambda share: share[0] * NANO // share[1])
    return tuple(
        _lots(terms, filled - -(-leg.quantity * least[0] // least[1]))
        for filled, leg, terms in zip(trip.filled, trip.intent.legs, trip.terms, strict=True)
    )


def lacking(trip: Trip) -> tuple[int, ...]:
    """What each leg lacks of the share of the leg that has most, in whole lots."""
    shares = [(filled, leg.quantity) for filled, leg in zip(trip.filled, trip.intent.legs, strict=True)]
    most = max(shares, key=lambda share: share[0] * NANO // share[1])
    return tuple(
        _lots(terms, leg.quantity * most[0] // most[1] - filled)
        for filled, leg, terms in zip(trip.filled, trip.intent.legs, trip.terms, strict=True)
    )


def worth(flows: Sequence[tuple[str, int]], intent: Intent) -> int:
    """Amounts of assets at the intent's prices, rounded down."""
    rates = dict(intent.rates)
    return sum(amount * rates[asset] for asset, amount in flows) // NANO


def _without_answer(trip: Trip) -> tuple[Trip, tuple[Send | Cancel, ...]]:
    """The deadline came and an answer did not: take the order back, and close what is known to be open."""
    cancels = tuple(
        Cancel(number, sent.send.leg)
        for number, sent in enumerate(trip.orders)
        if not sent.ended and not sent.cancelled
    )
    for cancel in cancels:
        sent = msgspec.structs.replace(trip.orders[cancel.order], cancelled=True)
        trip = msgspec.structs.replace(trip, orders=_placed(trip.orders, cancel.order, sent))
    busy = {sent.send.leg for sent in trip.orders if not sent.ended and sent.send.order >= len(trip.intent.legs)}
    wanted = [0 if place in busy else lots for place, lots in enumerate(excess(trip))]
    if not any(wanted):
        return msgspec.structs.replace(trip, overdue=True), cancels
    changed, sends = _sending(trip, UNWINDING, wanted, [AT_MARKET] * len(wanted), "no answer by the deadline")
    return msgspec.structs.replace(changed, overdue=True), (*cancels, *sends)


def _repair(trip: Trip, books: Mapping[int, Shown], late: bool) -> tuple[Trip, tuple[Send, ...]]:
    """Complete or go back, whichever costs less and is allowed."""
    forth = _costs(trip, books, lacking(trip), onward=True)
    back = _costs(trip, books, excess(trip), onward=False)
    if late:
        return _close(trip, forth, back)
    if forth is not None and forth.cost <= trip.risk.loss_limit and (back is None or forth.cost <= back.cost):
        return _sending(trip, COMPLETING, lacking(trip), forth.limits, f"complete for {forth.cost} at most")
    if back is not None:
        return _sending(trip, UNWINDING, excess(trip), back.limits, "completing costs more than going back")
    return trip, ()


def _close(trip: Trip, forth: Cost | None, back: Cost | None) -> tuple[Trip, tuple[Send, ...]]:
    """Past the deadline: no limit. Where nothing shows a price the order goes at the market all the same."""
    trip = msgspec.structs.replace(trip, overdue=True)
    onward = forth is not None and (back is None or forth.cost < back.cost)
    phase, wanted = (COMPLETING, lacking(trip)) if onward else (UNWINDING, excess(trip))
    return _sending(trip, phase, wanted, [AT_MARKET] * len(wanted), "the deadline has come")


def _costs(trip: Trip, books: Mapping[int, Shown], wanted: Sequence[int], onward: bool) -> Cost | None:
    """Walk the books for what is wanted; None when they do not show enough of it, or nothing is wanted."""
    if not any(wanted):
        return None
    flows: tuple[tuple[str, int], ...] = ()
    limits = [AT_MARKET] * len(wanted)
    for place, quantity in enumerate(wanted):
        leg, terms = trip.intent.legs[place], trip.terms[place]
        side = leg.side if onward else _other(leg.side)
        levels = _levels(books.get(leg.market), side)
        for price, shown in levels:
            taken = min(shown, quantity)
            if taken <= 0:
                break
            flows = _added(flows, _moved(terms, side, price, taken, _fees(trip.intent, onward)))
            limits[place], quantity = price, quantity - taken
        if quantity > 0:
            return None
    return Cost(-worth(flows, trip.intent), limits)


def _sending(
    trip: Trip, phase: str, wanted: Sequence[int], limits: Sequence[int], why: str
) -> tuple[Trip, tuple[Send, ...]]:
    sends: list[Send] = []
    for place, quantity in enumerate(wanted):
        if quantity > 0:
            leg = trip.intent.legs[place]
            side = leg.side if phase == COMPLETING else _other(leg.side)
            number = len(trip.orders) + len(sends)
            sends.append(Send(number, place, leg.market, side, limits[place], quantity, f"{phase}: {why}"))
    orders = (*trip.orders, *map(Sent, sends))
    return msgspec.structs.replace(trip, phase=phase, orders=orders), tuple(sends)


def _fees(intent: Intent, onward: bool) -> int:
    """How many taker's fees a fill pays: a basis pays that of closing when it is opened, and gets it back by going
    back.
    """
    if intent.kind != BASIS:
        return 1
    return 2 if onward else 0


def _moved(terms: Terms, side: int, price: int, quantity: int, fees: int) -> tuple[tuple[str, int], ...]:
    """What a fill moves: base in and quote out for a buyer, fees out of the quote asset, rounded against us."""
    value, base = value_of(terms, price, quantity), base_of(terms, price, quantity)
    fee = -(-value * terms.fee_ppm * fees // PPM)
    sign = 1 if side == BUY else -1
    return ((terms.base, sign * base), (terms.quote, -sign * value - fee))


def _added(flows: Sequence[tuple[str, int]], more: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    sums = dict(flows)
    for asset, amount in more:
        sums[asset] = sums.get(asset, 0) + amount
    return tuple(sums.items())


def _placed(orders: Sequence[Sent], place: int, sent: Sent) -> tuple[Sent, ...]:
    return (*orders[:place], sent, *orders[place + 1 :])


def _lots(terms: Terms, quantity: int) -> int:
    return max(0, quantity - quantity % terms.lot)


def _levels(shown: Shown | None, side: int) -> Sequence[tuple[int, int]]:
    """What an order of this side meets."""
    if shown is None:
        return ()
    return shown.asks if side == BUY else shown.bids


def _other(side: int) -> int:
    return SELL if side == BUY else BUY
