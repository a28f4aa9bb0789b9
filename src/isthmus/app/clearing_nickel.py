"""`isthmus clearing nickel`: LME nickel, March 2022, through concentration, voided trades and the default waterfall.

Prices are public, positions are generated and every answer says so.
"""

from __future__ import annotations

import argparse
from typing import Any

from isthmus.app.clearing_nickel_replay import NickelDay
from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, print_json, say
from isthmus.clearing.concentration import concentrations, open_interest
from isthmus.clearing.nickel import (
    HIGHEST,
    OFFICIAL,
    OWNER,
    RULE,
    Account,
    Outcome,
    calls,
    default_at,
    generate,
    replay,
    trades_of_the_day,
)
from isthmus.clearing.waterfall import STEPS
from isthmus.kernel.files import open_input
from isthmus.venues.formats.metals import DECIMALS, read_lme

LABEL = "positions and trades are generated (seed {seed}); prices are public"


def run(arguments: argparse.Namespace) -> int:
    """Exit 1 when voiding the trades of 8 March does not give back what was before, or a waterfall does not add up."""
    official = _official(arguments.prices) if arguments.prices is not None else list(OFFICIAL)
    found = shown(arguments.seed, official)
    if arguments.json:
        print_json(found)
    else:
        _print(found)
    sound = found["voided"]["equal"] and all(row["adds_up"] for row in found["defaults"])
    return EXIT_OK if sound else EXIT_FOUND


def shown(seed: int, official: list[tuple[str, int]]) -> dict[str, Any]:
    """Everything that is printed."""
    positions = generate(seed)
    owners = concentrations(positions, official[0][1], RULE)
    short = next(one for one in owners if one.owner == OWNER)
    return {
        "label": LABEL.format(seed=seed),
        "prices": [{"day": day, "price": str(price)} for day, price in (*official, HIGHEST)],
        "open_interest": {
            "exchange": open_interest(one for one in positions if one.place == "exchange"),
            "of_owners": sum(max(0, one.lots) for one in owners),
        },
        "holder": {
            "owner": short.owner,
            "lots": short.lots,
            "exchange_lots": short.exchange_lots,
            "share_bps": short.share_bps,
            "exchange_share_bps": short.exchange_share_bps,
            "special": short.special,
            "margin": str(short.margin),
            "usual_margin": str(abs(short.lots) * official[0][1] * RULE.value_per_lot * RULE.usual_bps // 10_000),
        },
        "special_owners": [one.owner for one in owners if one.special],
        "calls": [
            {"day": one.day, "price": str(one.price), "call": str(one.call)}
            for one in calls(positions, OWNER, [*official, HIGHEST])
        ],
        "voided": _voided(seed, official),
        "defaults": [
            _outcome(default_at(positions, price, special=special), special)
            for price in (official[1][1], HIGHEST[1])
            for special in (False, True)
        ],
    }


def _voided(seed: int, official: list[tuple[str, int]]) -> dict[str, Any]:
    """The trades of 8 March happen in an engine, are marked and are voided: `equal` when positions and money are those
    of an engine, and of a replay in plain Python, that never had them.
    """
    positions = generate(seed)
    trades = trades_of_the_day(seed, positions)
    played, without = NickelDay(positions, official), NickelDay(positions, official)
    played.trade(trades)
    after, never = played.accounts(), without.accounts()
    stood = zip(played.while_they_stood, never, strict=True)
    return {
        "trades": len(trades),
        "lots": sum(trade.lots for trade in trades),
        "positions_moved": sum(one.lots != other.lots for one, other in stood),
        "variation_had_they_stood": str(_paid_in(replay(positions, trades, [*official, HIGHEST]))),
        "variation_after": str(_paid_in(after)),
        "books_balance": played.balances(),
        "equal": after == never == replay(positions, [], official),
    }


def _paid_in(accounts: list[Account]) -> int:
    """What those who lost have paid."""
    return -sum(one.variation for one in accounts if one.variation < 0)


def _outcome(one: Outcome, rule: bool) -> dict[str, Any]:
    fall = one.waterfall
    return {
        "price": str(one.price),
        "rule": rule,
        "margin": str(one.margin),
        "loss": str(one.loss),
        "steps": {step: str(fall.paid(step)) for step in STEPS},
        "uncovered": str(fall.uncovered),
        "adds_up": sum(fall.paid(step) for step in STEPS) + fall.uncovered == one.loss,
        "moves": len(fall.steps),
    }


def _official(path: str) -> list[tuple[str, int]]:
    """The official cash prices of the days in question from a file of daily prices."""
    with open_input(path) as stream:
        days = {row.day.isoformat(): row.cash for _, row in read_lme(stream)}
    found = []
    for day, _ in OFFICIAL:
        price = days.get(day)
        if price is None:
            fail("prices", f"{path} has no price of {day}")
        dollars, rest = divmod(price, 10**DECIMALS)
        if rest:
            fail("prices", f"the price of {day} is no whole number of dollars")
        found.append((day, dollars))
    return found


def _print(found: dict[str, Any]) -> None:
    holder, voided = found["holder"], found["voided"]
    say(found["label"])
    shares = (holder["share_bps"] / 100, holder["exchange_share_bps"] / 100)
    say(f"holder {holder['owner']}: {shares[0]:g} % of all, {shares[1]:g} % of what the exchange alone sees")
    say(f"margin on 4 March: {holder['margin']} USD special, {holder['usual_margin']} usual")
    for row in found["calls"]:
        say(f"call of {row['day']} at {row['price']}: {row['call']} USD")
    say(f"trades of 8 March voided: {voided['trades']}; as if they never were: {voided['equal']}")
    for row in found["defaults"]:
        parts = ", ".join(f"{step} {amount}" for step, amount in row["steps"].items())
        say(f"default at {row['price']}, {'with' if row['rule'] else 'without'} the rule: loss {row['loss']} = {parts}")
        say(f"  uncovered {row['uncovered']}")
