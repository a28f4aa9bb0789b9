"""The engine behind the door: instruments, accounts and the time, as the rows set them up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isthmus.engine.engine import Engine, Record
from isthmus.gateways.match.events import Events, Row
from isthmus.gateways.match.fields import INTEGER_MAX, NUMBER_MAX, BadRow
from isthmus.gateways.match.listing import Listing
from isthmus.gateways.match.names import Name, Names
from isthmus.gateways.match.words import SCOPES
from isthmus.kernel import messages as m

START_NS = 1
WITHOUT_END = INTEGER_MAX
"""A credit line without end."""
MAKER_SPREAD = 10**15
_CASH = m.AddAsset(code="CASH", decimals=0)


class Market:
    """One engine in memory: a cash asset for everybody, a base asset an instrument, no fees.

    An account is without end in everything, until `account` gives it funds: then in everything but cash.
    """

    def __init__(self) -> None:
        self.engine = Engine()
        self.names = Names()
        self.now = START_NS
        self._events = Events(self.names)
        self._cash = self._make(_CASH).asset
        self._bases: dict[int, int] = {}
        self._endless: set[tuple[int, int]] = set()
        self._makers: set[tuple[int, int]] = set()

    def send(self, command: Any) -> Record:
        return self.engine.submit(command, self.now)

    def rows(self, record: Record) -> Iterator[Row]:
        return self._events.of(record)

    def _make(self, command: Any) -> Any:
        """The last effect of a command that cannot be refused but by a limit of the engine."""
        record = self.send(command)
        if record.reason:
            raise BadRow("do", record.reason)
        return record.effects[-1]

    def add_instrument(self, name: Name, row: Row) -> None:
        """Lists the instrument with its rules. Raises BadRow; nothing is changed then, since it was tried elsewhere."""
        if name in self.names.instruments:
            raise BadRow("instrument", "is there already")
        trial = Engine()
        trial.submit(_CASH, self.now)
        listing = Listing(row, len(self.names.instruments) + 1, self._cash)
        listing.by(lambda command: trial.submit(command, self.now))
        number, base = listing.by(self.send)
        self._bases[number] = base
        self.names.list_instrument(name, number, row.get("book", "lit"))

    def instrument(self, name: Name) -> int | None:
        """The number of an instrument; None if there is none."""
        return self.names.instruments.get(name)

    def known_instrument(self, name: Name, field: str = "instrument") -> int:
        """As `instrument`, for rows that cannot be refused. Raises BadRow."""
        number = self.instrument(name)
        if number is None:
            raise BadRow(field, "is not there")
        return number

    def account(self, name: Name | None) -> int:
        """The number of an account, opened when first named; a new one where none is named."""
        if name is not None and name in self.names.accounts:
            return self.names.accounts[name]
        number: int = self._make(m.OpenAccount(kind=m.ACCOUNT_CLIENT)).account
        if name is not None:
            self.names.open_account(name, number)
        self._lend(number, self._cash)
        return number

    def trader(self, name: Name | None, instrument: int) -> int:
        """As `account`, with the instrument's base asset to sell."""
        number = self.account(name)
        if (number, instrument) not in self._endless:
            self._endless.add((number, instrument))
            self._lend(number, self._bases[instrument])
        return number

    def _lend(self, account: int, asset: int, amount: int = WITHOUT_END) -> None:
        self._make(m.SetCredit(account=account, asset=asset, amount=amount))

    def fund(self, name: Name, funds: int) -> None:
        """Gives the account so much cash more, and no credit in it any more."""
        account = self.account(name)
        self._lend(account, self._cash, 0)
        if funds:
            self._make(m.Deposit(account=account, asset=self._cash, amount=funds))

    def maker(self, account: int, instrument: int) -> None:
        """A quote makes its account a market maker with the loosest obligations."""
        if (account, instrument) not in self._makers:
            self._makers.add((account, instrument))
            self._make(m.RegisterMaker(account=account, instrument=instrument, spread=MAKER_SPREAD, quantity=1))

    def scope_of(self, scope: int, of: Name | None) -> int:
        """The engine's number of what a kill is for. Raises BadRow."""
        if scope == SCOPES["account"] and of is not None:
            return self.account(of)
        if scope == SCOPES["instrument"] and of is not None:
            return self.known_instrument(of, "of")
        if of is None:
            return 0
        if not isinstance(of, int) or not 0 <= of <= NUMBER_MAX:
            raise BadRow("of", "must be a number here")
        return of
