"""Who and what has which number. Rebuilt from the journal, kept current by each record as it is staged."""

from __future__ import annotations

from typing import Any

from isthmus.engine.engine import Record
from isthmus.engine.market import VenueFacts
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    ACCOUNT_CUSTODIAN,
    ACCOUNT_HOUSE,
    ACCOUNT_OMNIBUS,
    ACCOUNT_SYSTEM,
    ACCOUNT_VENUE,
    HOUSE_BOOK,
    SYSTEM_ACCOUNTS,
    AddAsset,
    AddInstrument,
    Halt,
    OpenAccount,
    Resume,
    SetAccount,
)
from isthmus.refdata.instruments import Account, Asset, Instrument

HOUSE = "house"
"""The house book's name as a venue."""


class Directory:
    """Assets, instruments and accounts by number and by name. Feed it every record in order."""

    def __init__(self) -> None:
        self.assets: dict[int, Asset] = {}
        self.instruments: dict[int, Instrument] = {}
        self.accounts = {number: Account(number, ACCOUNT_SYSTEM, name) for number, name in SYSTEM_ACCOUNTS.items()}
        self.client_numbers: set[int] = set()
        """Accounts that hold and trade for clients."""
        self.ledger_numbers: set[int] = set()
        """Those, banks, and the accounts of tax, suspense, insurance and fees: whose balances are shown."""
        self.halted: set[int] = set()
        self._belongs: dict[int, tuple[int, int]] = {}
        self._asset_of_code: dict[str, Asset] = {}
        self._instrument_of_symbol: dict[str, Instrument] = {}
        self._account_of_name: dict[str, Account] = {}
        self.shown = 0
        """How often a venue was listed: whoever keeps what it knows of venues looks again when this grows."""
        self._venues: dict[int, dict[int, VenueFacts | None]] = {}

    def on_record(self, record: Record) -> None:
        """Take in what the record added; most records add nothing."""
        if type(record.command) in _ADDING:
            for effect in record.effects:
                if take := _TAKES.get(type(effect).__name__):
                    take(self, record, effect)

    def belongs(self, account: int, what: str) -> int:
        """The account's group or firm; 0 for none."""
        return self._belongs.get(account, (0, 0))[what == "firm"]

    def asset(self, code: str) -> Asset | None:
        """By code."""
        return self._asset_of_code.get(code)

    def instrument(self, symbol: str) -> Instrument | None:
        """By symbol."""
        return self._instrument_of_symbol.get(symbol)

    def account(self, name: str) -> Account | None:
        """By name ("venue:binance-spot")."""
        return self._account_of_name.get(name)

    def clients(self) -> list[Account]:
        """Accounts that clients own, oldest first."""
        return [account for account in self.accounts.values() if account.kind == ACCOUNT_CLIENT]

    def is_client(self, number: int) -> bool:
        """Whether this account holds and trades for clients: a client's own, or an omnibus account."""
        return number in self.client_numbers

    def is_bank(self, number: int) -> bool:
        """Whether this is what a custodian holds for clients or for the firm."""
        account = self.accounts.get(number)
        return account is not None and account.kind == ACCOUNT_CUSTODIAN

    def is_halted(self, instrument: int) -> bool:
        """Whether the instrument, or everything, is halted."""
        return instrument in self.halted or 0 in self.halted

    def show_at(self, instrument: int, venue: int, facts: VenueFacts | None = None) -> None:
        """The instrument can be traded at this outside venue as well; later facts replace earlier ones."""
        venues = self._venues.setdefault(instrument, {})
        venues[venue] = facts or venues.get(venue)
        self.shown += 1

    def venues_of(self, instrument: int) -> list[int]:
        """Outside venues of the instrument."""
        return list(self._venues.get(instrument, ()))

    def venue_facts(self, instrument: int) -> list[VenueFacts]:
        """The house book and every outside venue of an instrument, in the order in which they were shown."""
        row = self.instruments[instrument]
        outside = self._venues.get(instrument, {})
        told = [facts or self._plain_facts(row, venue, "lit") for venue, facts in outside.items()]
        return [self._plain_facts(row, HOUSE_BOOK, HOUSE), *told]

    def _plain_facts(self, row: Instrument, venue: int, kind: str) -> VenueFacts:
        """What the instrument's own terms say."""
        return VenueFacts(
            venue, self.venue_name(venue), kind, row.maker_fee_ppm, row.taker_fee_ppm, tick=row.tick, lot=row.lot
        )

    def venue_name(self, number: int) -> str:
        """ "house" or the outside venue's name."""
        account = self.accounts.get(number)
        return HOUSE if number == 0 or account is None else account.short_name

    def venue_number(self, name: str) -> int | None:
        """0 for "house", the account of an outside venue by its name, None if there is none."""
        if name == HOUSE:
            return 0
        account = self._account_of_name.get(f"venue:{name}")
        return account.number if account is not None and account.kind == ACCOUNT_VENUE else None

    def _add_account(self, record: Record, effect: Any) -> None:
        name = record.origin.text or f"account:{effect.account}"
        account = Account(effect.account, record.command.kind, name, record.command.side)
        self.accounts[account.number] = account
        self._account_of_name.setdefault(name, account)
        if account.kind in (ACCOUNT_CLIENT, ACCOUNT_OMNIBUS):
            self.client_numbers.add(account.number)
        if account.kind not in (ACCOUNT_HOUSE, ACCOUNT_VENUE):
            self.ledger_numbers.add(account.number)

    def _add_asset(self, record: Record, effect: Any) -> None:
        asset = Asset(effect.asset, record.command.code, record.command.decimals)
        self.assets[asset.number] = asset
        self._asset_of_code[asset.code] = asset

    def _add_instrument(self, record: Record, effect: Any) -> None:
        made = record.command
        instrument = Instrument(
            number=effect.instrument,
            base=self.assets[made.base],
            quote=self.assets[made.quote],
            **{name: getattr(made, name) for name in _COPIED},
        )
        self.instruments[instrument.number] = instrument
        self._instrument_of_symbol[instrument.symbol] = instrument

    def _set_account(self, _: Record, effect: Any) -> None:
        self._belongs[effect.account] = (effect.group, effect.firm)

    def _halt(self, _: Record, effect: Any) -> None:
        self.halted.add(effect.instrument)

    def _resume(self, _: Record, effect: Any) -> None:
        self.halted.discard(effect.instrument)


_COPIED = (
    "symbol",
    "kind",
    "price_decimals",
    "quantity_decimals",
    "tick",
    "lot",
    "multiplier",
    "maker_fee_ppm",
    "taker_fee_ppm",
    "collar_bps",
    "initial_margin_bps",
    "mark",
)

_ADDING = frozenset((OpenAccount, AddAsset, AddInstrument, Halt, Resume, SetAccount))
_TAKES = {
    "AccountOpened": Directory._add_account,
    "AssetAdded": Directory._add_asset,
    "InstrumentAdded": Directory._add_instrument,
    "Halted": Directory._halt,
    "Resumed": Directory._resume,
    "AccountSet": Directory._set_account,
}
