"""The engine behind the door: instruments, accounts and the time, as the rows set them up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isthmus.engine.engine import Engine, Record
from isthmus.gateways.match.events import Events, Row
from isthmus.gateways.match.fields import INTEGER_MAX, BadRow
from isthmus.gateways.match.names import Name, Names
from isthmus.gateways.match.rules import read_rules
from isthmus.gateways.match.words import BOOKS, RULE_NUMBERS, SCOPES
from isthmus.kernel import messages as m

START_NS = 1
WITHOUT_END = INTEGER_MAX
"""A credit line without end."""
MAKER_SPREAD = 10**15
COLLAR = next(number for number, name in m.LIMITS.items() if name == "collar_bps")
CRYPTO_SPOT = 3


class Market:
    """One engine in memory: a cash asset for everybody, a base asset an instrument, no fees.

    An account is without end in everything, until `account` gives it funds: then in everything but cash.
    """

    def __init__(self) -> None:
        self.engine = Engine()
        self.names = Names()
        self.now = START_NS
        self._events = Events(self.names)
        self._cash = self._make(m.AddAsset(code="CASH", decimals=0)).asset
        self._bases: dict[int, int] = {}
        self._endless: set[tuple[int, int]] = set()
        self._makers: set[tuple[int, int]] = set()

    def send(self, command: Any) -> Record:
        return self.engine.submit(command, self.now)

    def tell(self, command: Any) -> Iterator[Row]:
        """Sends a command and says in rows what it did; the reason of a refusal is left to the caller."""
        return self.rows(self.send(command))

    def rows(self, record: Record) -> Iterator[Row]:
        return self._events.of(record)

    def _make(self, command: Any) -> Any:
        """The last effect of a command that cannot be refused but by a limit of the engine."""
        record = self.send(command)
        if record.reason:
            raise BadRow("do", record.reason)
        return record.effects[-1]

    def add_instrument(self, name: Name, row: Row) -> None:
        """Lists the instrument with its rules. Raises BadRow."""
        if name in self.names.instruments:
            raise BadRow("instrument", "is there already")
        book, rules = row.get("book", "lit"), row.get("rules", {})
        chosen = {RULE_NUMBERS["self_trade"]: 0, RULE_NUMBERS["book"]: BOOKS[book]} | dict(read_rules(rules))
        number = self._list(row)
        self.names.list_instrument(name, number, book)
        for rule, value in chosen.items():
            self._refusing("rules", m.SetRule(instrument=number, rule=rule, value=value))
        for step in row.get("ticks", []):
            self._add_tick(number, step)
        if rules.get("collar") is not None:
            self._collar(number, rules["collar"])

    def _list(self, row: Row) -> int:
        serial = len(self.names.instruments) + 1
        base = self._make(m.AddAsset(code=f"BASE{serial}", decimals=0)).asset
        listing = m.AddInstrument(
            symbol=f"I{serial}",
            kind=CRYPTO_SPOT,
            base=base,
            quote=self._cash,
            tick=row.get("tick", 1),
            lot=row.get("lot", 1),
            multiplier=1,
        )
        record = self.send(listing)
        if record.reason:
            raise BadRow({"bad_tick": "tick", "bad_lot": "lot"}.get(record.reason, "instrument"), record.reason)
        number: int = record.effects[0].instrument
        self._bases[number] = base
        return number

    def _add_tick(self, number: int, step: Any) -> None:
        if not (isinstance(step, list) and len(step) == 2 and all(type(value) is int for value in step)):
            raise BadRow("ticks", "must be a list of [from price, tick]")
        self._refusing("ticks", m.SetTick(instrument=number, lowest=step[0], tick=step[1]))

    def _collar(self, number: int, value: Any) -> None:
        if type(value) is not int:
            raise BadRow("rules.collar", "must be a whole number of basis points")
        everybody = SCOPES["everything"]
        command = m.SetLimit(scope=everybody, of=0, instrument=number, limit=COLLAR, value=value)
        self._refusing("rules.collar", command)

    def _refusing(self, field: str, command: Any) -> None:
        reason = self.send(command).reason
        if reason:
            raise BadRow(field, reason)

    def instrument(self, name: Name | None) -> int | None:
        """The number of an instrument; the only one there is where none is named; None if there is none."""
        if name is None and len(self.names.instruments) == 1:
            return next(iter(self.names.instruments.values()))
        return None if name is None else self.names.instruments.get(name)

    def known_instrument(self, name: Name) -> int:
        """As `instrument`, for rows that cannot be refused. Raises BadRow."""
        number = self.instrument(name)
        if number is None:
            raise BadRow("instrument", "is not there")
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
        """Gives the account so much cash, and no more credit in it. Raises BadRow."""
        if funds < 0:
            raise BadRow("funds", "must not be below zero")
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
            return self.known_instrument(of)
        if of is None:
            return 0
        if not isinstance(of, int) or not 0 <= of < 2**32:
            raise BadRow("of", "must be a number here")
        return of
