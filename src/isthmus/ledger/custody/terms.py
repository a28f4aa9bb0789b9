"""What an operator may set of client money, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from isthmus.ledger.custody.policy import Held
from isthmus.ledger.custody.values import BankAccount
from isthmus.ledger.custody.withdrawals import Limits
from isthmus.ledger.custody.words import Figures


class Bank(Struct, frozen=True, kw_only=True):
    """A custodian bank. `weight`: its share of client money beside the other banks'. `bic`: as payments name it."""

    name: str
    bic: str
    weight: int
    accounts: tuple[BankAccount, ...]


class Terms(Struct, frozen=True, kw_only=True):
    """`limits_s`: of breaks by cause. `silent_s`: how long a bank may say nothing before that is a break. `failover_s`:
    how long an instruction waits for a bank before another pays. `statement_s`: between two statements at most.
    """

    banks: tuple[Bank, ...]
    house: str
    """Our name on payments."""
    decimals: Mapping[str, int]
    limits_s: Mapping[str, int]
    window_days: int
    silent_s: int
    failover_s: int
    statement_s: int
    tolerance_bps: int
    limits: Mapping[str, Limits]

    @property
    def currencies(self) -> tuple[str, ...]:
        """All that are kept at a bank."""
        return tuple(sorted({account.currency for bank in self.banks for account in bank.accounts}))

    @property
    def accounts(self) -> Sequence[BankAccount]:
        """Of all banks."""
        return [account for bank in self.banks for account in bank.accounts]

    def figures(self, currency: str) -> Figures:
        """How amounts of a currency are written; one that is none of ours as whole numbers."""
        return Figures(currency, self.decimals.get(currency, 0))

    def bank(self, name: str) -> Bank | None:
        """By name."""
        return next((bank for bank in self.banks if bank.name == name), None)

    def account(self, bank: str, number: str) -> BankAccount | None:
        """An account of ours by the bank's number."""
        return next((one for one in self.accounts if (one.bank, one.number) == (bank, number)), None)

    def at(self, bank: str, currency: str, side: str = "client") -> BankAccount | None:
        """Our account at a bank in a currency."""
        wanted = (bank, currency, side)
        return next((one for one in self.accounts if (one.bank, one.currency, one.side) == wanted), None)

    def of_path(self, path: str, currency: str) -> BankAccount | None:
        """The account of a path of the books."""
        return next((one for one in self.accounts if (one.path, one.currency) == (path, currency)), None)

    def most(self, currency: str) -> Limits:
        """Limits of withdrawals of a currency."""
        return self.limits.get(currency, Limits(0, 0))


def held_at(
    terms: Terms, currency: str, balances: Mapping[str, int], promised: Mapping[str, int], up: Mapping[str, bool]
) -> list[Held]:
    """Client money by bank. `balances` by path, money at the bank above zero; `promised` by bank: on its way out."""
    found = []
    for bank in terms.banks:
        account = terms.at(bank.name, currency)
        if account is not None:
            amount = balances.get(account.path, 0)
            free = amount - promised.get(bank.name, 0)
            found.append(Held(bank.name, bank.weight, amount, free, up.get(bank.name, True)))
    return found
