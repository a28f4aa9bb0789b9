"""Instruments, accounts and rules as the records so far say them: what all rows of an instrument have in common."""

from __future__ import annotations

from typing import Any

from tests.oracle.order_rows.live import FIELDS, Values, listed, moment

from isthmus.engine.engine import Record
from isthmus.kernel.messages import BUY, FUTURE, OPTION, PERPETUALS, SESSION_STATES
from isthmus.kernel.values import text
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Asset, Instrument

KEPT = frozenset(("OpenAccount", "AddAsset", "AddInstrument", "SetAccount", "SetContract"))
"""Commands whose records are read again from a state."""
SELF_TRADE = 2
SELF_TRADES = {0: "none", 1: "newest", 2: "oldest", 3: "both", 4: "decrement"}
"""Values of the rule; 1 where none was set."""
DELIVERIES = {1: "CASH", 2: "PHYS"}
RIGHTS = {1: "call", 2: "put"}


class Terms:
    """Feed it every record in order, before anything else of the record."""

    def __init__(self, directory: Directory) -> None:
        self.records: list[tuple[bytes, bytes]] = []
        """Body and hash before it of every record in KEPT that did something."""
        self.sessions: dict[int, str] = {}
        self.self_trade: dict[int, int] = {}
        self._directory = directory
        self._contracts: dict[int, Any] = {}
        self._templates: dict[int, Values] = {}

    def on_record(self, record: Record) -> None:
        """Take in what the record says of instruments and accounts."""
        kind = type(record.command).__name__
        if kind in KEPT and record.reason is None:
            self.records.append((record.body, record.prev))
            self._directory.on_record(record)
        for effect in record.effects:
            told = type(effect).__name__
            if told == "SessionChanged":
                self.sessions[effect.instrument] = SESSION_STATES[effect.state]
            elif told == "RuleSet" and effect.rule == SELF_TRADE:
                self.self_trade[effect.instrument] = effect.value
            elif told == "ContractSet":
                self._contracts[effect.instrument] = effect
            elif told != "InstrumentAdded":
                continue
            self._templates.pop(effect.instrument, None)

    def template(self, number: int) -> Values:
        """A fresh row with what the instrument says; of an unknown one nothing."""
        found = self._templates.get(number)
        if found is None:
            found = [None] * FIELDS
            instrument = self._directory.instruments.get(number)
            if instrument is not None:
                of_instrument(self._directory, instrument, self._contracts.get(number), found)
                self.phase(number, found)
            for at in NOTHING:
                found[at - 1] = ""
            self._templates[number] = found
        return found.copy()

    def phase(self, number: int, values: Values) -> None:
        """O62 and O68, which change while orders live."""
        if number in self._directory.instruments:
            values[61] = SELF_TRADES.get(self.self_trade.get(number, 1))
            values[67] = self.sessions.get(number, "continuous")


NOTHING = (31, 32, 33, 46, 49, 51, 55, 67, 69)
"""What an event that is no trade and no refusal has not; no order here has a second limit (O46) or leg (O51), or a rank
by size (O67).
"""


def of_instrument(directory: Directory, instrument: Instrument, contract: Any, values: Values) -> None:
    """O22 (no trade yet), O35, O39 to O44, O50."""
    values[21] = ""
    values[34] = instrument.symbol
    for at in (39, 40, 41, 44):
        values[at - 1] = ""
    values[41] = str(instrument.multiplier)
    values[42] = instrument.quote.code
    values[49] = listed({"currency": instrument.quote.code, "notation": "MONE"})
    if instrument.kind in PERPETUALS:
        values[38], values[43] = instrument.base.code, "CASH"
    elif instrument.kind in (FUTURE, OPTION):
        for at in (39, 40, 41, 44):
            values[at - 1] = None
        if contract is not None:
            _of_contract(directory, instrument, contract, values)


def _of_contract(directory: Directory, instrument: Instrument, contract: Any, values: Values) -> None:
    under = directory.instruments.get(contract.underlying)
    values[38] = under.symbol if under is not None else instrument.base.code
    values[39] = moment(contract.expire)
    strike = text(contract.strike, instrument.price_decimals)
    values[40] = listed({"right": RIGHTS.get(contract.right), "strike": strike}) if contract.right else ""
    values[43] = DELIVERIES.get(contract.delivery)


def hold_asset(instrument: Instrument, side: int) -> Asset:
    """What an order of this side holds."""
    if instrument.perpetual:
        return instrument.value_asset
    return instrument.quote if side == BUY else instrument.base
