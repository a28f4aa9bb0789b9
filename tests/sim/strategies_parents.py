"""Sessions of parents and children: steps of small numbers, for Hypothesis to shrink, made commands in their state."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import strategies as st
from tests.oracle.books import Order
from tests.oracle.families import children
from tests.oracle.messages import LIMITS, RULES
from tests.oracle.pair import command_of
from tests.oracle.state import State
from tests.oracle.values import (
    ALL_OR_NONE,
    AT_OPEN,
    BUY,
    DAY,
    FOK,
    GTC,
    GTD,
    HIDDEN,
    IOC,
    LIMIT,
    MARKET,
    PEG,
    POST_ONLY,
    REDUCE_ONLY,
    REQUEST,
    RESPONSE,
    SELL,
    SLIDE,
)

from .strategies import (
    ALICE,
    BOB,
    CAROL,
    CRYPTO,
    EQUITY,
    LOT,
    MID,
    OTHER_VENUE,
    PERP,
    POOR,
    START,
    TICK,
    VENUE,
    opening,
)

ENDLESS = 2**63 - 1
PLACES = (EQUITY, EQUITY, PERP, PERP, CRYPTO)
OWNERS = (ALICE, ALICE, BOB, POOR)
VENUES = (VENUE, OTHER_VENUE)

Numbers = tuple[int, int, int, int]
Step = tuple[str, Numbers]


def pick(among: Any, number: int) -> Any:
    return among[number % len(among)]


def price_near(instrument: int, number: int) -> int:
    """Up to four ticks from the middle."""
    return MID[instrument] + TICK[instrument] * (number % 9 - 4)


def lots(instrument: int, number: int) -> int:
    return LOT[instrument] * (1 + number % 12)


def _families(state: State) -> list[Order]:
    return [state.orders[number] for number in sorted(state.families)]


def _parent(state: State, numbers: Numbers) -> Any:
    who, where, price, size = numbers
    instrument = pick(PLACES, where)
    expire = state.stamp + pick((0, 0, 0, 5_000, 10**6), size)
    words = {"account": pick(OWNERS, who), "instrument": instrument, "side": pick((BUY, SELL), who // 4)}
    words |= {"session": where // 8 % 3, "expire": 0 if expire == state.stamp else expire, "path": 1 + price % 255}
    limit = 0 if price % 7 == 0 else price_near(instrument, price)
    return command_of("PlaceParent", price=limit, quantity=3 * lots(instrument, size), **words)


TERMS: tuple[dict[str, int], ...] = (
    {},
    {},
    {},
    {"tif": IOC},
    {"tif": FOK},
    {"tif": DAY},
    {"tif": AT_OPEN},
    {"tif": GTD, "expire": 20_000},
    {"flags": HIDDEN},
    {"flags": POST_ONLY},
    {"flags": POST_ONLY | SLIDE},
    {"flags": ALL_OR_NONE},
    {"flags": REDUCE_ONLY},
    {"display": 1},
    {"display": 1, "display_high": 3, "seed": 7},
    {"min_quantity": 2},
    {"kind": PEG, "peg": 1},
    {"kind": PEG, "peg": 2},
    {"kind": PEG, "peg": 3},
    {"kind": REQUEST},
    {"kind": RESPONSE},
)


def _child(state: State, numbers: Numbers) -> Any:
    """The next of a parent; now and then one that was sent before, or too early."""
    which, price, size, terms = numbers
    parents = _families(state)
    if not parents:
        return _parent(state, numbers)
    parent = pick(parents, which)
    instrument = parent.instrument
    ordinal = state.families[parent.id].placed + pick((1,) * 14 + (0, 2), size)
    words = {"kind": LIMIT, "tif": GTC} | pick(TERMS, terms)
    for name in ("display", "display_high", "min_quantity"):
        if words.get(name):
            words[name] *= LOT[instrument]
    if words.get("expire"):
        words["expire"] += state.stamp
    if words["kind"] == RESPONSE:
        asked = [o.id for o in state.orders.values() if o.kind == REQUEST and o.account == parent.account]
        words["request"] = pick(asked, size) if asked else 0
    limit = pick((parent.price, price_near(instrument, price)), terms // 3)
    quantity = lots(instrument, size) if size % 5 else max(LOT[instrument], parent.left)
    return command_of("PlaceChild", parent=parent.id, ordinal=ordinal, price=limit, quantity=quantity, tape=9, **words)


def _routed_child(state: State, numbers: Numbers) -> Any:
    command = _child(state, (*numbers[:3], 0))
    return command._replace(venue=pick(VENUES, numbers[3])) if hasattr(command, "ordinal") else command


def _order(state: State, numbers: Numbers) -> Any:
    """Of somebody who meets the children, or of their own account."""
    who, where, price, size = numbers
    instrument = pick(PLACES, where)
    kind, tif, flags = pick(
        ((LIMIT, GTC, 0), (LIMIT, GTC, 0), (LIMIT, IOC, 0), (MARKET, IOC, 0), (LIMIT, GTC, HIDDEN)), who
    )
    words = {
        "account": pick((CAROL, CAROL, CAROL, ALICE), who // 5),
        "instrument": instrument,
        "side": 1 + who // 20 % 2,
    }
    limit = 0 if kind == MARKET else price_near(instrument, price)
    quantity = 2 * lots(instrument, size)
    return command_of("PlaceOrder", kind=kind, tif=tif, flags=flags, price=limit, quantity=quantity, **words)


def _at_venues(state: State) -> list[Order]:
    return [order for _, order in sorted(state.orders.items()) if order.venue and order.child_of]


def _fill(state: State, numbers: Numbers) -> Any:
    """What the child asked for; by the last number now and then more, dearer, or of one that has ended."""
    which, size, price, way = numbers
    found = _at_venues(state)
    late = [
        (child, venue, state.orders[n]) for n, f in sorted(state.families.items()) for child, venue in f.late.items()
    ]
    if late and way % 8 == 7:
        child, venue, parent = pick(late, which)
        about = {"order": child, "venue": venue, "price": parent.price}
        return _filled(parent, numbers, about | {"quantity": lots(parent.instrument, size)})
    if not found:
        return command_of("TimePassed")
    order = pick(found, which)
    more = lots(order.instrument, price) if way % 8 == 6 else 0
    dearer = TICK[order.instrument] * (1 if order.side == BUY else -1) if way % 8 == 5 else 0
    quantity = min(order.left, lots(order.instrument, size)) + more
    about = {"order": order.id, "venue": order.venue, "price": order.price + dearer, "quantity": quantity}
    return _filled(order, numbers, about)


def _filled(order: Order, numbers: Numbers, about: dict[str, int]) -> Any:
    said = {
        "account": order.account,
        "instrument": order.instrument,
        "side": order.side,
        "liquidity": 1 + numbers[3] % 2,
    }
    number = 1 + sum(value << 16 * at for at, value in enumerate(numbers))
    return command_of("VenueFilled", fill_id=number.to_bytes(16, "big"), **said, **about)


def _answer(state: State, numbers: Numbers) -> Any:
    which, way, price, size = numbers
    found = _at_venues(state)
    if not found:
        return command_of("TimePassed")
    order = pick(found, which)
    about = {"order": order.id, "venue": order.venue}
    if way % 4 == 0:
        return command_of("VenueAccepted", **about)
    if way % 4 == 1:
        terms = {"price": price_near(order.instrument, price), "quantity": lots(order.instrument, size)}
        return command_of("VenueReplaced", **about, **terms)
    return command_of("VenueCancelled", reason=pick((0, 10), price), **about)


def _cancel(state: State, numbers: Numbers) -> Any:
    """A parent, by its owner or an operator; or a child, which only an operator may."""
    which, way, who, _ = numbers
    orders = [order for _, order in sorted(state.orders.items()) if order.child_of or order.id in state.families]
    orders = [order for order in orders if bool(order.child_of) == (way % 3 == 0)]
    if not orders:
        return command_of("TimePassed")
    order = pick(orders, which)
    return command_of("CancelOrder", order=order.id, account=order.account if who % 2 else 0)


def _cancel_all(state: State, numbers: Numbers) -> Any:
    who, where, way, _ = numbers
    scope = pick(
        ({"account": pick(OWNERS, who)}, {"instrument": pick(PLACES, where)}, {"session": 1}, {"side": 1 + who % 2}),
        way,
    )
    return command_of("CancelAll", **scope)


def _replace(state: State, numbers: Numbers) -> Any:
    which, price, size, way = numbers
    parents = _families(state)
    if not parents:
        return _parent(state, numbers)
    parent = pick(parents, which)
    limit = pick((0, price_near(parent.instrument, price)), way)
    totals = (
        parent.quantity,
        parent.filled,
        parent.filled + lots(parent.instrument, size),
        3 * lots(parent.instrument, size),
    )
    words = {"order": parent.id, "account": parent.account}
    if way % 5 == 0:
        return command_of("ReduceOrder", quantity=lots(parent.instrument, size), **words)
    if way % 5 == 1:
        given = 1 + price % 127 if price % 6 == 0 else pick((1, 2, 3, 64, 67), price)
        expire = state.stamp + pick((0, 5_000, 10**6), size)
        terms = {"price": limit, "quantity": pick(totals, size), "expire": 0 if size % 3 == 0 else expire}
        return command_of("ReplaceSpecial", given=given, **words, **terms)
    return command_of("ReplaceOrder", price=limit, quantity=pick(totals, price), **words)


def _bracket(state: State, numbers: Numbers) -> Any:
    """An order that waits for a parent, or is paired with one: which is refused."""
    which, price, size, way = numbers
    parents = _families(state)
    if not parents:
        return _parent(state, numbers)
    parent = pick(parents + children(state, parents[0].id), which)
    linked = {"parent": parent.id} if way % 4 else {"one_cancels": parent.id}
    words = {
        "account": parent.account,
        "instrument": parent.instrument,
        "side": 3 - parent.side,
        "kind": LIMIT,
        "tif": GTC,
    }
    limit = price_near(parent.instrument, price)
    return command_of("PlaceSpecial", price=limit, quantity=lots(parent.instrument, size), **words, **linked)


def _market(state: State, numbers: Numbers) -> Any:
    """Marks, states, halts, rules, fees of venues."""
    way, where, value, other = numbers
    instrument = pick(PLACES, where)
    if way % 6 == 0:
        settles = int(instrument == PERP and other % 2)
        return command_of("Mark", instrument=instrument, settlement=settles, price=price_near(instrument, value))
    if way % 6 == 1:
        return command_of("SetSession", instrument=instrument, state=pick((2, 3, 3, 3, 6, 7), value))
    if way % 6 == 2:
        return command_of(pick(("Halt", "Resume", "Resume"), value), instrument=instrument)
    if way % 6 == 3:
        fees = {"maker_fee_ppm": pick((-50, 0, 7), value), "taker_fee_ppm": pick((0, 7, 75, 10**5), other)}
        return command_of("SetVenueFees", venue=pick(VENUES, where // 5), instrument=instrument, **fees)
    if way % 6 == 4:
        return command_of("Uncross", instrument=instrument)
    name, values = pick(tuple(RULE_VALUES.items()), value)
    return command_of("SetRule", instrument=instrument, rule=RULES[name], value=pick(values, other))


RULE_VALUES = {
    "book": (1, 1, 2, 4),
    "self_trade": (1, 0, 2, 3, 4),
    "min_quantity": (1, 2),
    "hidden_remainder_below_minimum": (1, 2),
    "static_band_bps": (0, 300),
    "min_notional": (0, 500),
    "firm_up_ns": (10**6,),
}


def _gate(state: State, numbers: Numbers) -> Any:
    """Kills, limits, credit, dead men, money taken out."""
    way, who, value, where = numbers
    account = pick(OWNERS, who)
    scope, of = pick(((1, account), (5, pick(PLACES, where)), (6, VENUE), (4, 1), (0, 0)), value)
    if way % 7 == 0:
        return command_of("Kill", scope=scope, of=of, user=1)
    if way % 7 in (1, 2) and state.kills:
        scope, of = pick(sorted(state.kills), value)
        return command_of("Rearm", scope=scope, of=of, user=1 + where % 2)
    if way % 7 == 3:
        limit = pick(("open_orders", "order_rate", "position_net", "open_notional", "instructions"), value)
        return command_of("SetLimit", scope=1, of=account, limit=LIMITS[limit], value=pick((-1, 2, 40, 2**20), where))
    if way % 7 == 4:
        amount = pick((0, ENDLESS, 1_000), where)
        return command_of("SetCredit", account=account, asset=1 + value % 4, amount=amount)
    if way % 7 == 5:
        return command_of("SetDeadMan", account=account, session=where % 2, timeout_ns=pick((0, 10**6), value))
    return command_of("TimePassed")


WRITERS: dict[str, Callable[[State, Numbers], Any]] = {
    "parent": _parent,
    "child": _child,
    "routed": _routed_child,
    "order": _order,
    "fill": _fill,
    "answer": _answer,
    "cancel": _cancel,
    "cancel_all": _cancel_all,
    "replace": _replace,
    "bracket": _bracket,
    "market": _market,
    "gate": _gate,
}
OFTEN = ("parent",) * 2 + ("child",) * 4 + ("routed",) * 3 + ("order",) * 4 + ("fill",) * 3 + ("replace",) * 2
SELDOM = ("answer", "cancel", "cancel_all", "bracket", "market", "gate")
QUIET = ("answer", "cancel", "replace")

_number = st.integers(0, 2**12)
_numbers = st.tuples(_number, _number, _number, _number)


def steps(names: tuple[str, ...] = OFTEN + SELDOM, least: int = 5, most: int = 60) -> st.SearchStrategy[list[Step]]:
    return st.lists(st.tuples(st.sampled_from(names), _numbers), min_size=least, max_size=most)


def written(state: State, step: Step) -> Any:
    """The command that a step is in this state."""
    name, numbers = step
    return WRITERS[name](state, numbers)


def play(pair: Any, seed: int, length: int) -> None:
    """An opening and a session without Hypothesis: the same for the same seed."""
    chance = Random(seed)
    for command, at in opening(seed):
        pair.apply(command, at)
    for at in range(length):
        step = (chance.choice(OFTEN + SELDOM), tuple(chance.randrange(2**12) for _ in range(4)))
        pair.apply(written(pair.twin.state, step), START + 10**6 + 1_000 * at)
