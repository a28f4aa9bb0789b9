"""What the caller calls instruments, accounts, orders and trades, and the engine's numbers for them."""

from __future__ import annotations

from typing import Any

from isthmus.gateways.match.words import PHASES

Name = int | str


class Names:
    """Both directions. An order's name may be used again once that order is gone."""

    def __init__(self) -> None:
        self.instruments: dict[Name, int] = {}
        self.books: dict[int, str] = {}
        self.accounts: dict[Name, int] = {}
        self.orders: dict[int, int] = {}
        self.trades: list[tuple[int, int, Any]] = []
        self._instrument_of: dict[int, Name] = {}
        self._account_of: dict[int, Name] = {}
        self._order_of: dict[int, int] = {}
        self._trade_at: dict[tuple[int, int], int] = {}

    def list_instrument(self, name: Name, number: int, book: str) -> None:
        self.instruments[name] = number
        self.books[number] = book
        self._instrument_of[number] = name

    def open_account(self, name: Name, number: int) -> None:
        self.accounts[name] = number
        self._account_of[number] = name

    def call_order(self, name: int, number: int) -> None:
        """The order has this name from now on; a new name replaces its old one."""
        self.orders[name] = number
        self._order_of[number] = name

    def instrument(self, number: int) -> Name:
        return self._instrument_of[number]

    def account(self, number: int) -> Name | None:
        """None for an account that the caller never named."""
        return self._account_of.get(number)

    def order(self, number: int) -> int:
        return self._order_of[number]

    def phase(self, instrument: int) -> str:
        """What a trade outside the order book is called in this instrument."""
        return PHASES[self.books[instrument]]

    def new_trade(self, sequence: int, index: int, effect: Any) -> int:
        """Trades are numbered from 1 in the order in which they happen."""
        self.trades.append((sequence, index, effect))
        self._trade_at[sequence, index] = len(self.trades)
        return len(self.trades)

    def trade_at(self, sequence: int, index: int) -> int:
        return self._trade_at[sequence, index]
