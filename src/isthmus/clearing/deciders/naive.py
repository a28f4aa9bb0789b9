"""The naive twin: every record added up in plain Python, the rule in fractions. It never asks the engine."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from math import ceil, floor
from typing import Any

import msgspec

from isthmus.clearing.margining import BPS, ENDLESS, Close, Finding, Key, Rules, Tier
from isthmus.kernel.messages import ACCOUNT_CLIENT, BUY, LINEAR_PERPETUAL, SELL, SYSTEM_ACCOUNTS

FEES = next(number for number, name in SYSTEM_ACCOUNTS.items() if name == "house:fees")
ROUNDING = next(number for number, name in SYSTEM_ACCOUNTS.items() if name == "house:rounding")


class Terms(msgspec.Struct):
    """A perpetual; `settled` is the mark that cash was settled at, `mark` the newest. `unit`: value of price 1 x
    quantity 1.
    """

    quote: int
    lot: int
    unit: Fraction
    mark: int
    settled: int


class NaiveDecider:
    """Balances and positions of everybody, from nothing but what the records say."""

    name = "naive"

    def __init__(self) -> None:
        self._decimals: dict[int, int] = {}
        self._terms: dict[int, Terms] = {}
        self._spot: dict[int, tuple[int, int, int]] = {}
        self._clients: set[int] = set()
        self._cash: dict[tuple[int, int], int] = defaultdict(int)
        self._credit: dict[tuple[int, int], int] = {}
        self._held: dict[tuple[int, int], int] = defaultdict(int)

    def on_record(self, record: Any) -> None:
        """Every effect that moves money or a position."""
        command = record.command
        for effect in record.effects:
            take = getattr(self, f"_{type(effect).__name__.lower()}", None)
            if take is not None:
                take(command, effect)

    def _accountopened(self, command: Any, effect: Any) -> None:
        if command.kind == ACCOUNT_CLIENT:
            self._clients.add(effect.account)

    def _assetadded(self, command: Any, effect: Any) -> None:
        self._decimals[effect.asset] = command.decimals

    def _instrumentadded(self, command: Any, effect: Any) -> None:
        exponent = self._decimals[command.quote] - command.price_decimals - command.quantity_decimals
        if command.kind == LINEAR_PERPETUAL:
            unit = command.multiplier * Fraction(10) ** exponent
            self._terms[effect.instrument] = Terms(command.quote, command.lot, unit, command.mark, command.mark)
        elif command.initial_margin_bps:  # an inverse one: its money is in the base asset, nothing is delivered
            self._spot[effect.instrument] = (command.base, command.base, 0)
        else:
            scale = 10 ** (self._decimals[command.base] - command.quantity_decimals)
            self._spot[effect.instrument] = (command.base, command.quote, scale)

    def _creditset(self, _: Any, effect: Any) -> None:
        self._credit[effect.account, effect.asset] = effect.amount

    def _posted(self, _: Any, effect: Any) -> None:
        self._pay(effect.source, effect.target, effect.asset, effect.amount)

    def _marked(self, _: Any, effect: Any) -> None:
        terms = self._terms.get(effect.instrument)
        if terms is not None:
            terms.mark = effect.price
            if effect.settlement:
                terms.settled = effect.price

    def _traded(self, _: Any, effect: Any) -> None:
        buys = effect.taker_side == BUY
        buyer, seller = (effect.taker, effect.maker) if buys else (effect.maker, effect.taker)
        terms = self._terms.get(effect.instrument)
        if terms is not None:
            asset = terms.quote
            self._pay(buyer, seller, asset, int((effect.price - terms.settled) * effect.quantity * terms.unit))
            self._held[buyer, effect.instrument] += effect.quantity
            self._held[seller, effect.instrument] -= effect.quantity
        else:
            base, asset, scale = self._spot[effect.instrument]
            self._pay(buyer, seller, asset, effect.seller_gets)
            self._pay(buyer, ROUNDING, asset, effect.buyer_pays - effect.seller_gets)
            self._pay(seller, buyer, base, effect.quantity * scale)
        self._pay(effect.maker, FEES, asset, effect.maker_fee)
        self._pay(effect.taker, FEES, asset, effect.taker_fee)

    def _tradecorrected(self, command: Any, effect: Any) -> None:
        """A busted trade of a perpetual takes its position back; the money comes as postings."""
        if effect.price == 0 and command.instrument in self._terms:
            sign = -1 if command.taker_side == BUY else 1
            self._held[command.taker, command.instrument] += sign * command.quantity
            self._held[command.maker, command.instrument] -= sign * command.quantity

    def _pay(self, source: int, target: int, asset: int, amount: int) -> None:
        self._cash[source, asset] -= amount
        self._cash[target, asset] += amount

    def findings(self, rules: Rules) -> dict[Key, Finding]:
        """Of every client that has a position."""
        held: dict[Key, dict[int, int]] = defaultdict(dict)
        for (account, instrument), quantity in self._held.items():
            if quantity and account in self._clients:
                held[account, self._terms[instrument].quote][instrument] = quantity
        judged = {key: positions for key, positions in held.items() if self._credit.get(key) != ENDLESS}
        return {key: self._finding(key, positions, rules) for key, positions in judged.items()}

    def _finding(self, key: Key, positions: dict[int, int], rules: Rules) -> Finding:
        values = {one: abs(lots) * self._terms[one].mark * self._terms[one].unit for one, lots in positions.items()}
        tiers = {one: _tier(rules.of(one), value) for one, value in values.items()}
        needs = {one: ceil(value * Fraction(tiers[one].maintenance_bps, BPS)) for one, value in values.items()}
        wants = {one: ceil(value * Fraction(tiers[one].initial_bps, BPS)) for one, value in values.items()}
        asked = sum(wants.values())
        gains = sum(lots * self._gain(one) for one, lots in positions.items())
        equity, kept = int(self._cash[key] + self._credit.get(key, 0) + gains), sum(needs.values())
        bears, level = needs, Fraction(BPS, rules.restore_bps)
        if key in rules.overdue:
            bears, level = wants, Fraction(1)
        if equity >= sum(bears.values()):
            return Finding(*key, equity, kept, asked, None)
        instrument = min(bears, key=lambda one: (-bears[one], one))
        terms, lots, tier = self._terms[instrument], positions[instrument], tiers[instrument]
        rate = tier.initial_bps if key in rules.overdue else tier.maintenance_bps
        frees = floor(terms.lot * terms.mark * terms.unit * Fraction(rate, BPS))
        quantity = abs(lots)
        if equity > 0:
            over = sum(bears.values()) - floor(equity * level)
            quantity = min(quantity, ceil(Fraction(over, max(1, frees))) * terms.lot)
        return Finding(*key, equity, kept, asked, Close(instrument, SELL if lots > 0 else BUY, quantity))

    def _gain(self, instrument: int) -> Fraction:
        """Of one unit held since the last settlement."""
        terms = self._terms[instrument]
        return (terms.mark - terms.settled) * terms.unit


def _tier(tiers: tuple[Tier, ...], value: Fraction) -> Tier:
    found = tiers[0]
    for tier in tiers:
        if tier.from_value <= value:
            found = tier
    return found
