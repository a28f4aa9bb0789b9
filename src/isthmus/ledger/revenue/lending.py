"""Securities lending: locate, loan, daily mark of the collateral, fee and rebate, recall, revenue split.

Formulas: fee = value x rate x days / 360; rebate = cash collateral x (index - spread) x days / 360; collateral 102 % of
the value, 105 % across currencies (market practice). A share that is special costs more: the tiers by utilisation are
the firm's tariff (D'Avolio, "The Market for Borrowing Stock", 2002: most loans are general collateral, about a tenth
special above 1 %).
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from isthmus.kernel.errors import BadInput
from isthmus.ledger.revenue.accrual import PPM, accrue, split

SAME_CURRENCY_PPM = 1_020_000
CROSS_CURRENCY_PPM = 1_050_000


class Tariff(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rates`: (utilisation from, in ppm; rate a year, in ppm), rising. `shares`: lender, agent, house, in ppm."""

    rates: tuple[tuple[int, int], ...] = ((0, 2_500), (500_000, 10_000), (900_000, 43_000))
    shares: tuple[int, int, int] = (700_000, 100_000, 200_000)
    recall_days: int = 3

    def __post_init__(self) -> None:
        used = [row[0] for row in self.rates]
        if not used or used[0] != 0 or used != sorted(set(used)):
            raise BadInput("rates", "must begin at utilisation 0 and rise")
        if sum(self.shares) != PPM or min(self.shares) < 0:
            raise BadInput("shares", "must be parts of a million that add up to it")

    def rate_ppm(self, lent: int, lendable: int) -> int:
        """The rate of the next loan, by how much of what can be lent is lent with it."""
        used = lent * PPM // lendable if lendable else PPM
        return next(rate for start, rate in reversed(self.rates) if start <= used)


class Located(Struct, frozen=True):
    """Shares set aside for a client's short sales until the end of the day."""

    account: str
    instrument: str
    quantity: int
    rate_ppm: int
    day: int


class Loan(Struct, frozen=True, kw_only=True):
    """Open while `quantity` is positive. Amounts in minor units of the collateral's asset; days counted from 1970."""

    number: int
    lender: str
    borrower: str
    instrument: str
    quantity: int
    rate_ppm: int
    rebate_ppm: int
    cross_currency: bool
    collateral: int
    value: int
    marked: int
    fee_due: int = 0
    rebate_due: int = 0
    fee_carry: int = 0
    rebate_carry: int = 0
    recalled: int = 0

    @property
    def floor(self) -> int:
        """The least collateral that the value asks for, rounded up."""
        share = CROSS_CURRENCY_PPM if self.cross_currency else SAME_CURRENCY_PPM
        return -(-self.value * share // PPM)


class Pool(Struct, frozen=True):
    """Of one instrument: what clients agreed to lend, what is set aside, what is lent."""

    lendable: dict[str, int] = {}
    located: tuple[Located, ...] = ()
    lent: dict[str, int] = {}

    def free(self, day: int) -> int:
        """Shares that can still be located on that day."""
        aside = sum(one.quantity for one in self.located if one.day == day)
        return sum(self.lendable.values()) - sum(self.lent.values()) - aside


def locate(pool: Pool, tariff: Tariff, wanted: Located) -> tuple[Pool, Located | None]:
    """Sets shares aside, at the rate that their utilisation has; None where there are not enough."""
    if wanted.quantity <= 0:
        raise BadInput("quantity", "of a locate must be positive")
    free = pool.free(wanted.day)
    if wanted.quantity > free:
        return pool, None
    all_ = sum(pool.lendable.values())
    found = replace(wanted, rate_ppm=tariff.rate_ppm(all_ - free + wanted.quantity, all_))
    return replace(pool, located=(*pool.located, found)), found


def lenders(pool: Pool, quantity: int) -> dict[str, int]:
    """Who lends how much of `quantity`: pro rata to what each has left, so that nobody is always first."""
    left = {name: have - pool.lent.get(name, 0) for name, have in sorted(pool.lendable.items())}
    left = {name: have for name, have in left.items() if have > 0}
    if quantity <= 0 or quantity > sum(left.values()):
        raise BadInput("quantity", f"of a loan must be 1 to {sum(left.values())}")
    parts = split(quantity, tuple(left.values()))
    return {name: part for name, part in zip(left, parts, strict=True) if part}


def mark(loan: Loan, value: int, day: int) -> tuple[Loan, int]:
    """The loan at the day's value, and what the borrower pays in (positive) or gets back (negative).

    Fee and rebate accrue on the value and the collateral that stood since the last mark. After it the collateral is
    exactly the floor. Raises BadInput for a day before the last mark or a value below zero.
    """
    if day < loan.marked or value < 0:
        raise BadInput("day" if day < loan.marked else "value", "goes back" if day < loan.marked else "is negative")
    days = day - loan.marked
    fee = accrue(loan.value, loan.rate_ppm, days, carry=loan.fee_carry)
    rebate = accrue(loan.collateral, loan.rebate_ppm, days, carry=loan.rebate_carry)
    marked = replace(
        loan,
        value=value,
        marked=day,
        fee_due=loan.fee_due + fee.amount,
        fee_carry=fee.carry,
        rebate_due=loan.rebate_due + rebate.amount,
        rebate_carry=rebate.carry,
    )
    call = marked.floor - loan.collateral
    return replace(marked, collateral=marked.floor), call


def recall(loan: Loan, tariff: Tariff, day: int) -> Loan:
    """The lender wants it back: due so many days later. A second recall changes nothing."""
    return loan if loan.recalled else replace(loan, recalled=day + tariff.recall_days)


def give_back(loan: Loan, quantity: int) -> tuple[Loan, int]:
    """Shares come back (all or a part); the collateral of that part goes to the borrower."""
    if not 0 < quantity <= loan.quantity:
        raise BadInput("quantity", f"of a return must be 1 to {loan.quantity}")
    value = loan.value * (loan.quantity - quantity) // loan.quantity
    left = replace(loan, quantity=loan.quantity - quantity, value=value)
    released = loan.collateral - (left.floor if left.quantity else 0)
    return replace(left, collateral=loan.collateral - released), released


def manufactured(loan: Loan, dividend: int) -> int:
    """What the borrower owes the lender for a dividend of `dividend` minor units a share while the loan was open."""
    return loan.quantity * dividend


def revenue(loan: Loan, tariff: Tariff) -> tuple[int, int, int]:
    """The fee that is due, to lender, agent and house; the parts add up to it."""
    lender, agent, house = split(loan.fee_due, tariff.shares)
    return lender, agent, house
