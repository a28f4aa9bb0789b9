"""Sessions of one or two instruments that go through trading states: calls, auctions, bands, limit states, expiry, tick
tables, with every kind of order that may rest or wait, on all instrument kinds.

A session begins with the common opening, then tick rows and rules, then steps. Steps are drawn by Hypothesis or by a
seeded chance; both are written by [`written`], so that a failure shrinks to few steps.
"""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import strategies as st
from tests.oracle.messages import RULES, STATES
from tests.oracle.pair import command_of
from tests.oracle.values import (
    ALL_OR_NONE,
    AMOUNT_MAX,
    AT_CLOSE,
    AT_OPEN,
    BUY,
    CALL,
    DAY,
    FOK,
    GOOD_FOR_AUCTION,
    GTC,
    GTD,
    HIDDEN,
    IOC,
    LIMIT,
    LIT,
    MARKET,
    MARKET_TO_LIMIT,
    MIXED,
    POST_ONLY,
    PRO_RATA,
    REDUCE_ONLY,
    SELL,
    STOP,
    STOP_LIMIT,
    TRAILING_STOP,
)

from .strategies import BTC, EUR, INSTRUMENTS, LOT, MID, START, TICK, TRADERS, USD, XYZ, Session, opening

Step = tuple[str, tuple[Any, ...]]

MOMENT = 1_000
"""ns from command to command; the timers below are a few of these."""
CHOICES: dict[str, tuple[int, ...]] = {
    "book": (LIT, LIT, LIT, PRO_RATA, MIXED, CALL),
    "auction_tie": (1, 2, 3, 4),
    "static_band_bps": (0, 100, 300, 2_000),
    "dynamic_band_bps": (0, 50, 150, 1_000),
    "band_action": (1, 2, 3),
    "limit_state_ns": (0, 3 * MOMENT, 8 * MOMENT),
    "pause_ns": (0, 3 * MOMENT, 6 * MOMENT),
    "min_notional": (0, 500, 20_000),
    "hidden_after_visible": (0, 1),
    "self_trade": (0, 1, 2, 3, 4),
    "all_or_none": (1, 2),
    "min_quantity": (1, 2),
    "replace_keeps_priority": (1, 2),
}
KINDS = (LIMIT, LIMIT, LIMIT, LIMIT, LIMIT, MARKET, MARKET, MARKET_TO_LIMIT)
TIFS = (GTC, GTC, GTC, GTC, GTC, IOC, FOK, DAY, GTD, AT_OPEN, AT_CLOSE, GOOD_FOR_AUCTION)
FLAGS = (0, 0, 0, 0, 0, HIDDEN, HIDDEN, ALL_OR_NONE, REDUCE_ONLY, POST_ONLY)
TERMS = ("none",) * 5 + ("iceberg", "random iceberg", "minimum", "stop", "stop limit", "trailing", "pair", "child")
STOPS = {"stop": STOP, "stop limit": STOP_LIMIT, "trailing": TRAILING_STOP}
PATH = ("pre_open", "opening_auction", "continuous", "volatility_auction", "halted", "closing_auction", "closed")

_back = st.integers(0, 6)
_lots = st.integers(1, 8)
_places = st.tuples(
    st.sampled_from(TRADERS[:3]),
    st.sampled_from((BUY, SELL)),
    st.sampled_from(KINDS),
    st.sampled_from(TIFS),
    st.sampled_from(FLAGS),
    st.sampled_from(TERMS),
    st.integers(-4, 4),
    _lots,
    st.integers(1, 3),
)
_rule = st.sampled_from(sorted(CHOICES)).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(CHOICES[name])))
_steps: st.SearchStrategy[Step] = st.one_of(
    *(5 * [st.tuples(st.just("place"), _places)]),
    st.tuples(st.just("cancel"), st.tuples(_back)),
    st.tuples(st.just("replace"), st.tuples(_back, st.integers(-3, 3), _lots)),
    st.tuples(st.just("state"), st.tuples(st.sampled_from(PATH))),
    st.tuples(st.just("uncross"), st.just(())),
    st.tuples(st.just("mark"), st.tuples(st.integers(-4, 4))),
    st.tuples(st.just("time"), st.tuples(st.integers(1, 10))),
    st.tuples(st.just("rule"), _rule),
    st.tuples(st.just("halt"), st.tuples(st.booleans())),
    st.tuples(st.just("expire"), st.tuples(st.integers(-1, 8))),
)
_rows = st.lists(st.tuples(st.integers(-2, 3), st.sampled_from((1, 2, 3))), max_size=2)
sessions = st.builds(
    lambda seed, instrument, rows, rules, steps: written(
        seed, [instrument], rows, rules, [(instrument, step) for step in steps]
    ),
    st.integers(0, 20),
    st.sampled_from(INSTRUMENTS),
    _rows,
    st.lists(_rule, max_size=6),
    st.lists(_steps, min_size=4, max_size=30),
)


def session(seed: int, length: int) -> Session:
    """One or two instruments with rules drawn for them, and `length` steps; the same for the same seed."""
    chance = Random(seed)
    instruments = chance.sample(INSTRUMENTS, k=chance.choice((1, 1, 2)))
    rules = [(name, chance.choice(values)) for name, values in CHOICES.items() if chance.random() < 0.5]
    rows = [(chance.randint(-2, 3), chance.choice((1, 2, 3))) for _ in range(chance.choice((0, 0, 1, 2)))]
    steps = [(chance.choice(instruments), _step(chance)) for _ in range(length)]
    return written(seed % 997, instruments, rows, rules, steps)


def _step(chance: Random) -> Step:
    drawn = chance.random()
    if drawn < 0.66:
        words = (chance.choice(KINDS), chance.choice(TIFS), chance.choice(FLAGS), chance.choice(TERMS))
        numbers = (chance.randint(-4, 4), chance.randint(1, 8), chance.randint(1, 3))
        return "place", (chance.choice(TRADERS[:4]), chance.choice((BUY, SELL)), *words, *numbers)
    if drawn < 0.70:
        return "cancel", (chance.randint(0, 8),)
    if drawn < 0.75:
        return "replace", (chance.randint(0, 8), chance.randint(-3, 3), chance.randint(1, 8))
    if drawn < 0.83:
        return "state", (chance.choice(PATH),)
    if drawn < 0.88:
        return "uncross", ()
    if drawn < 0.91:
        return "mark", (chance.randint(-4, 4),)
    if drawn < 0.95:
        return "time", (chance.randint(1, 10),)
    if drawn < 0.98:
        name = chance.choice(sorted(CHOICES))
        return "rule", (name, chance.choice(CHOICES[name]))
    return ("halt", (chance.random() < 0.5,)) if drawn < 0.995 else ("expire", (chance.randint(-1, 30),))


def written(
    seed: int,
    instruments: list[int],
    rows: list[tuple[int, int]],
    rules: list[tuple[str, int]],
    steps: list[tuple[int, Step]],
) -> Session:
    """The steps as commands; `back` counts the orders placed so far from the last one."""
    commands = opening(seed)
    now = START + len(commands)
    endless = [command_of("SetCredit", account=TRADERS[2], asset=a, amount=AMOUNT_MAX) for a in (USD, EUR, BTC, XYZ)]
    setup = endless if seed % 3 == 0 else []
    for instrument in instruments:
        for away, times in rows:
            tick = TICK[instrument] * times
            lowest = (MID[instrument] + away * TICK[instrument]) // tick * tick
            setup.append(command_of("SetTick", instrument=instrument, lowest=lowest, tick=tick))
        for name, value in rules:
            setup.append(command_of("SetRule", instrument=instrument, rule=RULES[name], value=value))
    commands.extend((command, now) for command in setup)
    placed: list[tuple[int, Any]] = []
    for instrument, (kind, words) in steps:
        now += MOMENT
        if kind == "time":
            now += words[0] * MOMENT
        command = _WRITERS[kind](placed, instrument, now, *words)
        commands.append((command, now))
        if kind == "place":
            placed.append((len(commands), command))
    return commands


def _price(instrument: int, ticks: int) -> int:
    return MID[instrument] + ticks * TICK[instrument]


def _place(placed: Any, instrument: int, now: int, account: int, side: int, *words: Any) -> Any:
    kind, tif, flags, terms, ticks, lots, size = words
    kind = STOPS.get(terms, kind)
    lot = LOT[instrument]
    fields = {
        "account": account,
        "instrument": instrument,
        "side": side,
        "kind": kind,
        "tif": tif,
        "flags": flags,
        "quantity": lots * lot,
        "price": _price(instrument, ticks) if kind in (LIMIT, STOP_LIMIT) else 0,
    }
    if tif == GTD:
        fields["expire"] = now + 12 * MOMENT
    if terms == "minimum":
        fields["min_quantity"] = min(size, lots) * lot
    elif terms in ("pair", "child") and placed:
        other, command = placed[-1 - min(size - 1, len(placed) - 1)]
        fields |= {"account": command.account, "one_cancels" if terms == "pair" else "parent": other}
    elif terms == "trailing":
        fields["offset"] = size * TICK[instrument] * 2
    elif terms in STOPS:
        fields["stop"] = _price(instrument, size if side == BUY else -size)
    elif terms.endswith("iceberg") and kind == LIMIT and not flags:
        fields["display"] = size * lot
        if terms == "random iceberg":
            fields |= {"display_high": (size + 2) * lot, "seed": ticks + 7}
    plain = terms == "none" and tif != GTD
    return command_of("PlaceOrder" if plain else "PlaceSpecial", **fields)


def _told(placed: list[tuple[int, Any]], back: int) -> tuple[int, int]:
    """Number and account of an order placed before; without any, of one that never was."""
    if not placed:
        return 1, TRADERS[0]
    number, command = placed[-1 - min(back, len(placed) - 1)]
    return number, command.account


def _cancel(placed: Any, _: int, __: int, back: int) -> Any:
    order, account = _told(placed, back)
    return command_of("CancelOrder", order=order, account=account)


def _replace(placed: Any, instrument: int, _: int, back: int, ticks: int, lots: int) -> Any:
    order, account = _told(placed, back)
    market = bool(placed) and placed[-1 - min(back, len(placed) - 1)][1].kind == MARKET and ticks
    price = 0 if market else _price(instrument, ticks)
    return command_of("ReplaceOrder", order=order, account=account, price=price, quantity=lots * LOT[instrument])


def _state(_: Any, instrument: int, __: int, name: str) -> Any:
    return command_of("SetSession", instrument=instrument, state=STATES[name])


def _uncross(_: Any, instrument: int, __: int) -> Any:
    return command_of("Uncross", instrument=instrument)


def _mark(_: Any, instrument: int, __: int, ticks: int) -> Any:
    return command_of("Mark", instrument=instrument, price=_price(instrument, ticks))


def _time(_: Any, __: int, ___: int, ____: int) -> Any:
    return command_of("TimePassed")


def _rule(_: Any, instrument: int, __: int, name: str, value: int) -> Any:
    return command_of("SetRule", instrument=instrument, rule=RULES[name], value=value)


def _halt(_: Any, instrument: int, __: int, halts: bool) -> Any:
    return command_of("Halt" if halts else "Resume", instrument=instrument)


def _expire(_: Any, instrument: int, now: int, moments: int) -> Any:
    value = 0 if moments == 0 else now + moments * MOMENT
    return command_of("SetRule", instrument=instrument, rule=RULES["expiry"], value=value)


_WRITERS: dict[str, Any] = {
    "place": _place,
    "cancel": _cancel,
    "replace": _replace,
    "state": _state,
    "uncross": _uncross,
    "mark": _mark,
    "time": _time,
    "rule": _rule,
    "halt": _halt,
    "expire": _expire,
}
