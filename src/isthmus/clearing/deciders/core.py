"""The engine's own integers: balances, positions and marks from the state that the Rust core keeps, and the sums of
`crates/margin`.
"""

from __future__ import annotations

from typing import Any

from isthmus.clearing.margining import BPS, ENDLESS, Close, Finding, Key, Rules
from isthmus.engine.engine import Engine
from isthmus.engine.perpetuals import PositionRow, perpetual_standing
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    BUY,
    LINEAR_PERPETUAL,
    SELL,
    AddInstrument,
    CreditSet,
    OpenAccount,
    SetCredit,
    Traded,
)


class CoreDecider:
    """Asks the engine that follows the journal. `engine` may be replaced when another one goes on from its state."""

    name = "core"

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._clients: set[int] = set()
        self._traded: set[tuple[int, int]] = set()
        """Accounts and instruments in which they may have a position."""
        self._perpetuals: set[int] = set()
        self._credit: dict[Key, int] = {}

    def on_record(self, record: Any) -> None:
        """Which accounts and instruments there are and who traded; everything else is asked when it is needed."""
        for effect in record.effects:
            if type(effect) is Traded and effect.instrument in self._perpetuals:
                pairs = {(effect.maker, effect.instrument), (effect.taker, effect.instrument)}
                self._traded |= {pair for pair in pairs if pair[0] in self._clients}
        made = type(record.command)
        if record.reason is None and made is OpenAccount and record.command.kind == ACCOUNT_CLIENT:
            self._clients |= {effect.account for effect in record.effects if type(effect).__name__ == "AccountOpened"}
        elif record.reason is None and made is SetCredit:
            self._credit |= {(one.account, one.asset): one.amount for one in record.effects if type(one) is CreditSet}
        elif record.reason is None and made is AddInstrument and record.command.kind == LINEAR_PERPETUAL:
            self._perpetuals |= {
                effect.instrument for effect in record.effects if type(effect).__name__ == "InstrumentAdded"
            }

    def findings(self, rules: Rules) -> dict[Key, Finding]:
        """Of every client that has a position."""
        terms = {row["instrument"]: row for row in self.engine.instruments() if row["instrument"] in self._perpetuals}
        found: dict[Key, Finding] = {}
        held: dict[Key, list[tuple[dict[str, Any], int]]] = {}
        for account, instrument in sorted(self._traded):
            if quantity := self.engine.position(account, instrument)[0]:
                row = terms[instrument]
                held.setdefault((account, row["quote"]), []).append((row, quantity))
            else:
                self._traded.discard((account, instrument))
        for key, positions in held.items():
            if self._credit.get(key) != ENDLESS:
                found[key] = self._finding(key, positions, rules)
        return found

    def _finding(self, key: Key, positions: list[tuple[dict[str, Any], int]], rules: Rules) -> Finding:
        rows = [self._row(terms, quantity, rules) for terms, quantity in positions]
        (equity, asked, kept), each = perpetual_standing(self.engine.balance(*key)[0] + self._credit.get(key, 0), rows)
        overdue, close = key in rules.overdue, None
        if equity < (asked if overdue else kept):
            pairs = zip(each, positions, strict=True)
            bears = [(row[1] if overdue else row[2], -terms["instrument"]) for row, (terms, _) in pairs]
            place = bears.index(max(bears))
            close = self._close(positions[place], abs(each[place][0]), (equity, kept, asked), (rules, overdue))
        return Finding(*key, equity, kept, asked, close)

    def _row(self, terms: dict[str, Any], quantity: int, rules: Rules) -> PositionRow:
        instrument = terms["instrument"]
        tiers = [(one.from_value, one.initial_bps, one.maintenance_bps) for one in rules.of(instrument)]
        return quantity, self.engine.reference(instrument), terms["settlement_mark"], terms["num"], tiers

    def _close(
        self,
        position: tuple[dict[str, Any], int],
        value: int,
        account: tuple[int, int, int],
        how: tuple[Rules, bool],
    ) -> Close:
        (terms, quantity), (equity, kept, asked), (rules, overdue) = position, account, how
        side, all_of_it = SELL if quantity > 0 else BUY, abs(quantity)
        if equity <= 0:
            return Close(terms["instrument"], side, all_of_it)
        tier = max(one for one in rules.of(terms["instrument"]) if one.from_value <= value)
        rate, bears, covers = tier.maintenance_bps, kept, equity * BPS // rules.restore_bps
        if overdue:
            rate, bears, covers = tier.initial_bps, asked, equity
        frees = max(1, value // all_of_it * terms["lot"] * rate // BPS)
        lots = -(-(bears - covers) // frees)
        return Close(terms["instrument"], side, min(all_of_it, lots * terms["lot"]))
