"""The engine's own integers: balances, positions and marks from the state that the Rust core keeps."""

from __future__ import annotations

from typing import Any

from isthmus.clearing.margining import BPS, Close, Finding, Key, Rules, Tier
from isthmus.engine.engine import Engine
from isthmus.kernel.messages import ACCOUNT_CLIENT, BUY, SELL, AddInstrument, OpenAccount


class CoreDecider:
    """Asks the engine that follows the journal. `engine` may be replaced when another one goes on from its state."""

    name = "core"

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._clients: list[int] = []
        self._perpetuals: set[int] = set()

    def on_record(self, record: Any) -> None:
        """Which accounts and instruments there are; everything else is asked when it is needed."""
        made = type(record.command)
        if record.reason is None and made is OpenAccount and record.command.kind == ACCOUNT_CLIENT:
            self._clients += [effect.account for effect in record.effects if type(effect).__name__ == "AccountOpened"]
        elif record.reason is None and made is AddInstrument and record.command.initial_margin_bps:
            self._perpetuals |= {
                effect.instrument for effect in record.effects if type(effect).__name__ == "InstrumentAdded"
            }

    def findings(self, rules: Rules) -> dict[Key, Finding]:
        """Of every client that has a position."""
        terms = {row["instrument"]: row for row in self.engine.instruments() if row["instrument"] in self._perpetuals}
        found: dict[Key, Finding] = {}
        for account in self._clients:
            held: dict[int, list[tuple[dict[str, Any], int]]] = {}
            for instrument, row in terms.items():
                quantity = self.engine.position(account, instrument)[0]
                if quantity:
                    held.setdefault(row["quote"], []).append((row, quantity))
            for asset, positions in held.items():
                found[account, asset] = self._finding((account, asset), positions, rules)
        return found

    def _finding(self, key: Key, positions: list[tuple[dict[str, Any], int]], rules: Rules) -> Finding:
        equity = self.engine.balance(*key)[0]
        kept = asked = 0
        most: tuple[int, int, dict[str, Any], int, Tier] | None = None
        for row, quantity in positions:
            mark = self.engine.reference(row["instrument"])
            equity += quantity * (mark - row["settlement_mark"]) * row["num"]
            value = abs(quantity) * mark * row["num"]
            tier = max(one for one in rules.of(row["instrument"]) if one.from_value <= value)
            needs = -(-value * tier.maintenance_bps // BPS)
            kept += needs
            asked += -(-value * tier.initial_bps // BPS)
            if most is None or (needs, -row["instrument"]) > most[:2]:
                most = (needs, -row["instrument"], row, quantity, tier)
        close = None
        if equity < kept and most is not None:
            close = self._close(most[2:], (equity, kept), rules)
        return Finding(*key, equity, kept, asked, close)

    def _close(self, most: tuple[dict[str, Any], int, Tier], account: tuple[int, int], rules: Rules) -> Close:
        row, quantity, tier = most
        equity, kept = account
        side, all_of_it = SELL if quantity > 0 else BUY, abs(quantity)
        if equity <= 0:
            return Close(row["instrument"], side, all_of_it)
        frees = max(1, row["lot"] * self.engine.reference(row["instrument"]) * row["num"] * tier.maintenance_bps // BPS)
        lots = -(-(kept - equity * BPS // rules.restore_bps) // frees)
        return Close(row["instrument"], side, min(all_of_it, lots * row["lot"]))
