"""Sessions in which stops, trailing stops, pairs and brackets meet plain flow, marks and halts, on every kind.

Steps are drawn by Hypothesis or by a seeded chance and become commands one by one, as the orders that then live allow:
`back` counts these from the last one. So most commands concern an order that lives, and a failure shrinks to few steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st
from tests.oracle.books import Order
from tests.oracle.messages import RULES
from tests.oracle.pair import Pair, command_of
from tests.oracle.state import State
from tests.oracle.values import (
    ALL_OR_NONE,
    BUY,
    DAY,
    FOK,
    GTC,
    GTD,
    HIDDEN,
    IOC,
    LIMIT,
    LIT,
    MARKET,
    MARKET_TO_LIMIT,
    MIXED,
    PRO_RATA,
    REDUCE_ONLY,
    SELL,
    STOP,
    STOP_LIMIT,
    TRAILING_STOP,
)

from .strategies import INSTRUMENTS, LOT, MID, START, TICK, TRADERS, VENUE, opening

Step = tuple[str, tuple[Any, ...]]
PERPETUALS = (4, 5)


class Plan(NamedTuple):
    """A seed for the opening, rules for the instruments that the steps are in, and the steps."""

    seed: int
    rules: list[tuple[str, int]]
    steps: list[tuple[int, Step]]


CHOICES: dict[str, tuple[int, ...]] = {
    "book": (LIT, LIT, LIT, PRO_RATA, MIXED),
    "all_or_none": (1, 2),
    "min_quantity": (1, 2),
    "hidden_remainder_below_minimum": (1, 2),
    "maker_priority": (0, 0, 1),
    "stop_order": (1, 2),
    "stop_trigger": (1, 2, 3),
    "self_trade": (0, 1, 2, 3, 4),
    "replace_keeps_priority": (1, 2),
}
KINDS = (LIMIT, LIMIT, LIMIT, MARKET, MARKET_TO_LIMIT, STOP, STOP, STOP_LIMIT, STOP_LIMIT, TRAILING_STOP, TRAILING_STOP)
STOPS = (STOP, STOP_LIMIT, TRAILING_STOP)
TIFS = (GTC, GTC, GTC, GTC, DAY, GTD, GTD, IOC, FOK)
FLAGS = (0, 0, 0, 0, 0, HIDDEN, ALL_OR_NONE, REDUCE_ONLY)
LINKS = ("none", "none", "pair", "pair", "child", "child pair")
GIVEN = (1, 2, 3, 4, 8, 12, 16, 32, 64, 7, 127, 0, 128, 256)

_accounts = st.sampled_from(TRADERS[:3])
_back = st.integers(0, 6)
_ticks = st.integers(-3, 3)
_lots = st.integers(1, 6)
_place = st.tuples(
    _accounts,
    st.sampled_from((BUY, SELL)),
    st.sampled_from(KINDS),
    st.sampled_from(TIFS),
    st.sampled_from(FLAGS),
    st.sampled_from(LINKS),
    st.integers(0, 3),
    _ticks,
    _ticks,
    _lots,
    st.integers(0, 3),
)
_steps: st.SearchStrategy[Step] = st.one_of(
    *(4 * [st.tuples(st.just("place"), _place)]),
    st.tuples(st.just("take"), st.tuples(_accounts, st.sampled_from((BUY, SELL)), _ticks, _lots)),
    st.tuples(st.just("mark"), st.tuples(st.integers(0, 1), _ticks)),
    st.tuples(st.just("cancel"), st.tuples(_back)),
    st.tuples(st.just("reduce"), st.tuples(_back, _lots)),
    st.tuples(st.just("replace"), st.tuples(_back, st.sampled_from(GIVEN), _ticks, _ticks, _lots, st.integers(0, 3))),
    st.tuples(st.just("halt"), st.tuples(st.booleans())),
    st.tuples(st.just("wait"), st.tuples(st.integers(1, 3))),
    st.tuples(st.just("sweep"), st.tuples(_accounts)),
    st.tuples(st.just("answer"), st.tuples(_back, _lots)),
)
_rules = st.lists(
    st.sampled_from(sorted(CHOICES)).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(CHOICES[name]))),
    max_size=4,
)
plans = st.builds(
    lambda seed, instrument, rules, steps: Plan(seed, rules, [(instrument, step) for step in steps]),
    st.integers(0, 20),
    st.sampled_from(INSTRUMENTS),
    _rules,
    st.lists(_steps, min_size=4, max_size=40),
)


def drawn(seed: int, length: int) -> Plan:
    """One or two instruments with rules drawn for them, and `length` steps; the same for the same seed."""
    chance = Random(seed)
    instruments = chance.sample(INSTRUMENTS, k=chance.choice((1, 1, 2)))
    rules = [(name, chance.choice(values)) for name, values in CHOICES.items() if chance.random() < 0.6]
    return Plan(seed % 997, rules, [(chance.choice(instruments), step(chance)) for _ in range(length)])


def step(chance: Random) -> Step:
    drawn, pick, number = chance.random(), chance.choice, chance.randint
    ticks, back, lots = (lambda: number(-3, 3)), number(0, 8), number(1, 6)
    if drawn < 0.55:
        words = (pick(TRADERS[:3]), pick((BUY, SELL)), pick(KINDS), pick(TIFS), pick(FLAGS), pick(LINKS))
        return "place", (*words, number(0, 3), ticks(), ticks(), lots, number(0, 3))
    if drawn < 0.72:
        return "take", (pick(TRADERS[:3]), pick((BUY, SELL)), ticks(), lots)
    if drawn < 0.77:
        return "mark", (number(0, 1), ticks())
    if drawn < 0.81:
        return "cancel", (back,)
    if drawn < 0.85:
        return "reduce", (back, lots)
    if drawn < 0.92:
        return "replace", (back, pick(GIVEN), ticks(), ticks(), lots, number(0, 3))
    if drawn < 0.95:
        return "halt", (number(0, 5) == 0,)
    if drawn < 0.97:
        return "wait", (number(1, 3),)
    if drawn < 0.98:
        return "sweep", (pick(TRADERS[:3]),)
    return "answer", (back, lots)


def play(pair: Pair, plan: Plan) -> Iterator[tuple[Any, list[Any]]]:
    """The opening, then command and effects of one step after the other, a microsecond apart unless they wait."""
    for command, at in opening(plan.seed):
        pair.apply(command, at)
    for instrument in {instrument for instrument, _ in plan.steps}:
        for name, value in plan.rules:
            pair.apply(command_of("SetRule", instrument=instrument, rule=RULES[name], value=value), START + 1_000)
    now = START + 1_000
    for instrument, (name, words) in plan.steps:
        now += words[0] * 10**6 if name == "wait" else 1_000
        command = COMMANDS[name](pair.twin.state, instrument, *words)
        yield command, pair.apply(command, now)


def _wait(state: State, instrument: int, time: int) -> Any:
    return command_of("TimePassed")


def _live(state: State, back: int, instrument: int = 0, account: int = 0) -> Order | None:
    """A live order of the instrument and the account (0: of any)."""
    wanted = [o for o in state.orders.values() if o.instrument in (instrument or o.instrument,)]
    wanted = sorted((o for o in wanted if o.account in (account or o.account,)), key=lambda o: o.id)
    return wanted[-1 - back % len(wanted)] if wanted else None


def _place(
    state: State,
    instrument: int,
    account: int,
    side: int,
    kind: int,
    tif: int,
    flags: int,
    link: str,
    back: int,
    ticks: int,
    away: int,
    lots: int,
    odd: int,
) -> Any:
    tick, lot, mid = TICK[instrument], LOT[instrument], MID[instrument]
    fields = {"account": account, "instrument": instrument, "side": side, "kind": kind, "tif": tif, "flags": flags}
    fields |= {"quantity": lots * lot, "price": mid + ticks * tick if kind in (LIMIT, STOP_LIMIT) else 0}
    if kind in (STOP, STOP_LIMIT):
        fields["stop"] = mid + away * tick
    if kind == TRAILING_STOP:
        fields |= {"offset": (abs(away) + 1) * tick, "stop": mid + ticks * tick if odd == 1 else 0}
        fields["price"] = mid + (ticks - away) * tick if odd == 2 else 0
    if kind in STOPS:
        fields["trigger"] = back
    if tif == GTD:
        fields["expire"] = state.stamp + (odd + 1) * 10**6
    if odd == 3 and kind in (LIMIT, STOP_LIMIT) and not flags and tif not in (IOC, FOK):
        fields["display"] = lot
    if odd == 2 and link == "none" and kind == LIMIT and tif == GTC and not flags:
        return command_of("PlaceOrder", **fields, venue=VENUE if back == 3 else 0)
    return command_of("PlaceSpecial", **fields | _links(state, fields, link, back))


def _links(state: State, fields: dict[str, int], link: str, back: int) -> dict[str, int]:
    """A live order of the same account as partner or parent; for a pair of children a child of the same parent."""
    other = _live(state, back, fields["instrument"], fields["account"])
    if other is None or link == "none":
        return {}
    if link != "child pair":
        return {"one_cancels" if link == "pair" else "parent": other.id}
    free = [o for o in state.orders.values() if o.aside and o.account == other.account and not o.one_cancels]
    return {"one_cancels": free[-1].id, "parent": free[-1].parent} if free else {"parent": other.id}


def _take(state: State, instrument: int, account: int, side: int, ticks: int, lots: int) -> Any:
    """Plain flow that moves the last trade."""
    words = {"account": account, "instrument": instrument, "side": side, "kind": LIMIT, "tif": GTC}
    price = MID[instrument] + ticks * TICK[instrument]
    return command_of("PlaceOrder", price=price, quantity=lots * LOT[instrument], **words)


def _mark(state: State, instrument: int, settlement: int, ticks: int) -> Any:
    settles = settlement if instrument in PERPETUALS else 0
    return command_of("Mark", instrument=instrument, settlement=settles, price=MID[instrument] + ticks)


def _cancel(state: State, instrument: int, back: int) -> Any:
    order = _live(state, back)
    return command_of("CancelOrder", order=order.id if order else 1)


def _reduce(state: State, instrument: int, back: int, lots: int) -> Any:
    order = _live(state, back)
    lot = LOT[order.instrument] if order else 1
    return command_of("ReduceOrder", order=order.id if order else 1, quantity=(lots - 1) * lot or 1)


def _replace(state: State, instrument: int, back: int, given: int, ticks: int, away: int, lots: int, odd: int) -> Any:
    """Mostly what suits the order: no price for one at the market, one's own price now and then."""
    order = _live(state, back)
    if order is None:
        return command_of("ReplaceSpecial", order=1, given=given)
    mid, tick, lot = MID[order.instrument], TICK[order.instrument], LOT[order.instrument]
    price = order.price if ticks == 0 else mid + ticks * tick
    price = 0 if order.kind in (MARKET, MARKET_TO_LIMIT, STOP) and odd else price
    quantity = order.filled + lots * lot
    if given == 3 and odd:
        return command_of("ReplaceOrder", order=order.id, price=price, quantity=quantity)
    fields = {"price": price, "quantity": quantity, "stop": mid + away * tick if odd < 3 else 0}
    fields |= {"offset": abs(away) * tick, "display": odd * lot, "min_quantity": odd // 2 * lot}
    expire = state.stamp + odd * 10**6
    return command_of("ReplaceSpecial", order=order.id, given=given, expire=expire, **fields)


def _halt(state: State, instrument: int, halts: bool) -> Any:
    return command_of("Halt" if halts and not state.instruments[instrument].halted else "Resume", instrument=instrument)


def _sweep(state: State, instrument: int, account: int) -> Any:
    return command_of("CancelAll", account=account, instrument=instrument)


def _answer(state: State, instrument: int, back: int, lots: int) -> Any:
    """The outside venue fills or cancels the last order there; without one nothing happens."""
    routed = [order for order in state.orders.values() if order.venue]
    if not routed:
        return command_of("TimePassed")
    order = routed[-1 - back % len(routed)]
    if lots == 6:
        return command_of("VenueCancelled", order=order.id, venue=VENUE)
    told = {"account": order.account, "instrument": order.instrument, "side": order.side, "liquidity": 1}
    fill_id = state.sequence.to_bytes(16, "big")
    return command_of(
        "VenueFilled", order=order.id, venue=VENUE, price=order.price, quantity=lots, fill_id=fill_id, **told
    )


COMMANDS: dict[str, Any] = {
    "place": _place,
    "take": _take,
    "mark": _mark,
    "cancel": _cancel,
    "reduce": _reduce,
    "replace": _replace,
    "halt": _halt,
    "wait": _wait,
    "sweep": _sweep,
    "answer": _answer,
}
