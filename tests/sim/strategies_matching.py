"""Sessions in which every way of matching meets every other: special orders among plain ones, on all instrument kinds.

A session begins with the common opening, then rules of some instruments, then commands. Steps are drawn by Hypothesis
or by a seeded chance; both are written by [`written`], so that a failure shrinks to few steps.
"""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import strategies as st
from tests.oracle.messages import RULES
from tests.oracle.pair import command_of
from tests.oracle.values import (
    ALL_OR_NONE,
    BUY,
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
    POST_ONLY,
    PRO_RATA,
    QUOTE,
    REDUCE_ONLY,
    SELL,
    SLIDE,
)

from .strategies import (
    INSTRUMENTS,
    LOT,
    MID,
    START,
    TICK,
    TRADERS,
    WEIGHTS,
    WRITERS,
    Author,
    Session,
    opening,
)

Step = tuple[str, tuple[Any, ...]]

CHOICES: dict[str, tuple[int, ...]] = {
    "book": (LIT, LIT, PRO_RATA, MIXED),
    "self_trade": (0, 1, 2, 3, 4),
    "hidden_after_visible": (0, 1),
    "min_quantity": (1, 2),
    "hidden_remainder_below_minimum": (1, 2),
    "all_or_none": (1, 2),
    "replace_keeps_priority": (1, 2),
    "fifo_share_bps": (0, 3_333, 10_000),
    "pro_rata_minimum": (0, 2),
    "top_order": (0, 1),
    "maker_share_bps": (0, 5_000),
    "maker_priority": (0, 1),
}
FLAGS = (0, 0, 0, 0, HIDDEN, ALL_OR_NONE, REDUCE_ONLY, POST_ONLY, POST_ONLY | SLIDE, QUOTE, HIDDEN | REDUCE_ONLY)
MIXTURES = (HIDDEN | ALL_OR_NONE, ALL_OR_NONE | REDUCE_ONLY, POST_ONLY | SLIDE | HIDDEN, QUOTE | HIDDEN)
KINDS = (LIMIT, LIMIT, LIMIT, LIMIT, LIMIT, MARKET, MARKET_TO_LIMIT)
TIFS = (GTC, GTC, GTC, GTC, IOC, FOK, GTD)
TERMS = ("none", "none", "iceberg", "random iceberg", "minimum")

_back = st.integers(0, 6)
_lots = st.integers(1, 8)
_place = st.tuples(
    st.sampled_from(TRADERS[:3]),
    st.sampled_from((BUY, SELL)),
    st.sampled_from(KINDS),
    st.sampled_from(TIFS),
    st.sampled_from(FLAGS + MIXTURES),
    st.sampled_from(TERMS),
    st.integers(-2, 2),
    _lots,
    st.integers(1, 3),
)
_steps: st.SearchStrategy[Step] = st.one_of(
    *(3 * [st.tuples(st.just("place"), _place)]),
    st.tuples(st.just("cancel"), st.tuples(_back)),
    st.tuples(st.just("replace"), st.tuples(_back, st.integers(-2, 2), _lots)),
    st.tuples(st.just("sweep"), st.tuples(st.sampled_from(TRADERS[:3]))),
)
_rules = st.lists(
    st.sampled_from(sorted(CHOICES)).flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(CHOICES[name]))),
    max_size=6,
)
sessions = st.builds(
    lambda seed, instrument, rules, steps: written(seed, [instrument], rules, [(instrument, step) for step in steps]),
    st.integers(0, 20),
    st.sampled_from(INSTRUMENTS),
    _rules,
    st.lists(_steps, min_size=4, max_size=30),
)


def session(seed: int, length: int) -> Session:
    """One or two instruments with rules of their own and `length` commands, a quarter of them plain flow.

    The same for the same seed.
    """
    chance = Random(seed)
    instruments = chance.sample(INSTRUMENTS, k=chance.choice((1, 1, 2)))
    rules = [(name, chance.choice(values)) for name, values in CHOICES.items() if chance.random() < 0.6]
    author = Author(chance, written(seed % 997, instruments, rules, []), favourites=tuple(instruments))
    for _ in range(length):
        if chance.random() < 0.25:
            author.write(chance.choices(WRITERS, WEIGHTS)[0](author))
            continue
        name, words = step(chance)
        command = COMMANDS[name](chance.choice(instruments), author.placed, *words)
        if name == "place" and command.tif == GTD:
            command = command._replace(expire=max(author.now, START) + chance.choice((10**6, 10**15)))
        author.write(command)
        if type(command).__name__ == "PlaceSpecial":
            author.placed.append((len(author.written), command))
    return author.written


def step(chance: Random) -> Step:
    drawn = chance.random()
    if drawn < 0.8:
        flags = chance.choice(FLAGS if chance.random() < 0.9 else MIXTURES)
        words = (chance.choice(KINDS), chance.choice(TIFS), flags, chance.choice(TERMS))
        numbers = (chance.randint(-2, 2), chance.randint(1, 8), chance.randint(1, 3))
        return "place", (
            chance.choice(TRADERS[:3] + TRADERS[:3] + TRADERS),
            chance.choice((BUY, SELL)),
            *words,
            *numbers,
        )
    if drawn < 0.86:
        return "cancel", (chance.randint(0, 8),)
    if drawn < 0.96:
        return "replace", (chance.randint(0, 8), chance.randint(-2, 2), chance.randint(1, 8))
    if drawn < 0.99:
        return "rule", (chance.choice(sorted(CHOICES)), chance.random())
    return "sweep", (chance.choice(TRADERS),)


def written(seed: int, instruments: list[int], rules: list[tuple[str, int]], steps: list[tuple[int, Step]]) -> Session:
    """The steps as commands; `back` counts the orders placed so far from the last one."""
    commands = opening(seed)
    placed: list[tuple[int, Any]] = []
    for instrument in instruments:
        for name, value in rules:
            commands.append((_rule(instrument, name, value), START + len(commands)))
    for instrument, (name, words) in steps:
        command = COMMANDS[name](instrument, placed, *words)
        commands.append((command, START + len(commands)))
        if name == "place":
            placed.append((len(commands), command))
    return commands


def _rule(instrument: int, name: str, value: int) -> Any:
    return command_of("SetRule", instrument=instrument, rule=RULES[name], value=value)


def _place_command(
    instrument: int,
    placed: list[tuple[int, Any]],
    account: int,
    side: int,
    kind: int,
    tif: int,
    flags: int,
    terms: str,
    ticks: int,
    lots: int,
    part: int,
) -> Any:
    lot = LOT[instrument]
    kind, tif, terms = _suited(kind, tif, flags, terms)
    fields = {"account": account, "instrument": instrument, "side": side, "kind": kind, "tif": tif, "flags": flags}
    fields |= {"quantity": lots * lot, "price": 0 if kind != LIMIT else MID[instrument] + ticks * TICK[instrument]}
    if tif == GTD:
        fields["expire"] = START + 10**12
    if terms in ("iceberg", "random iceberg"):
        fields["display"] = min(part, lots) * lot
    if terms == "random iceberg":
        fields |= {"display_high": min(part + 2, lots) * lot, "seed": lots * 7}
    if terms == "minimum":
        fields["min_quantity"] = min(part, lots) * lot
    plain = terms == "none" and tif != GTD
    return command_of("PlaceOrder" if plain else "PlaceSpecial", **fields)


def _suited(kind: int, tif: int, flags: int, terms: str) -> tuple[int, int, str]:
    """Words that go together; those that do not are refused before matching, which other tests show."""
    if flags & (POST_ONLY | QUOTE):
        kind, tif = LIMIT, tif if tif in (GTC, GTD) else GTC
    if flags & (ALL_OR_NONE | POST_ONLY) and terms == "minimum":
        terms = "none"
    if "iceberg" in terms and (kind != LIMIT or tif in (IOC, FOK) or flags & (HIDDEN | ALL_OR_NONE)):
        terms = "none"
    return kind, tif, terms


def _target(placed: list[tuple[int, Any]], back: int) -> tuple[int, Any]:
    return placed[-1 - back % len(placed)] if placed else (1, None)


def _cancel_command(instrument: int, placed: list[tuple[int, Any]], back: int) -> Any:
    return command_of("CancelOrder", order=_target(placed, back)[0])


def _replace_command(instrument: int, placed: list[tuple[int, Any]], back: int, ticks: int, lots: int) -> Any:
    order, command = _target(placed, back)
    where = command.instrument if command and command.instrument in MID else instrument
    price = MID[where] + ticks * TICK[where]
    if command and ticks == 0 and command.price:
        price = command.price
    return command_of("ReplaceOrder", order=order, price=price, quantity=lots * LOT[where])


def _rule_command(instrument: int, placed: list[tuple[int, Any]], name: str, drawn: float) -> Any:
    values = CHOICES[name]
    return _rule(instrument, name, values[int(drawn * len(values))])


def _sweep_command(instrument: int, placed: list[tuple[int, Any]], account: int) -> Any:
    return command_of("CancelAll", account=account, instrument=instrument)


COMMANDS = {
    "place": _place_command,
    "cancel": _cancel_command,
    "replace": _replace_command,
    "rule": _rule_command,
    "sweep": _sweep_command,
}
