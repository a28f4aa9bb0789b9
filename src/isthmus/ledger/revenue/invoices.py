"""Invoices: lines with tax, numbered without gaps, and what is still open of them.

Tax is rounded once for each rate over the invoice (half up), not for each line, as EN 16931 (BT-117) has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from isthmus.kernel.errors import BadInput
from isthmus.ledger.revenue.accrual import PPM


class Line(Struct, frozen=True, kw_only=True):
    """`amount` in minor units without tax; negative for a credit. `source`: what it is for ("fees", "data", ...)."""

    source: str
    text: str
    amount: int
    tax_ppm: int = 0
    key: str = ""


class Invoice(Struct, frozen=True, kw_only=True):
    """`taxes`: (rate in ppm, tax in minor units). `day`, `due`: counted from 1970. `paid`: so far."""

    number: int
    account: str
    asset: str
    day: int
    due: int
    lines: tuple[Line, ...]
    taxes: tuple[tuple[int, int], ...]
    paid: int = 0

    @property
    def net(self) -> int:
        """Without tax."""
        return sum(line.amount for line in self.lines)

    @property
    def total(self) -> int:
        """With tax."""
        return self.net + sum(tax for _, tax in self.taxes)

    @property
    def open(self) -> int:
        """What is not paid yet."""
        return self.total - self.paid


class Register(Struct, frozen=True):
    """Every invoice, by number from 1; and the keys of what was charged on one."""

    invoices: tuple[Invoice, ...] = ()

    def keys(self) -> set[str]:
        """Keys of all lines; a charge whose key is here was invoiced."""
        return {line.key for invoice in self.invoices for line in invoice.lines if line.key}


def bill(register: Register, account: str, asset: str, lines: Iterable[Line], days: tuple[int, int]) -> Register:
    """The register with one more invoice over the lines that are on none yet; the same register if there is nothing.

    `days`: of the invoice and when it is due. Raises BadInput for a due day before the day, or a tax out of 0 to 100 %.
    """
    if days[1] < days[0]:
        raise BadInput("due", "lies before the day of the invoice")
    before, fresh = register.keys(), []
    for line in lines:
        if not 0 <= line.tax_ppm <= PPM:
            raise BadInput("tax_ppm", f"{line.tax_ppm} is not within 0 to {PPM}")
        if not line.key or line.key not in before:
            fresh.append(line)
            before |= {line.key} if line.key else set()
    if not fresh:
        return register
    invoice = Invoice(
        number=len(register.invoices) + 1,
        account=account,
        asset=asset,
        day=days[0],
        due=days[1],
        lines=tuple(fresh),
        taxes=_taxes(fresh),
    )
    return Register((*register.invoices, invoice))


def pay(register: Register, number: int, amount: int) -> Register:
    """A payment, never above what is open. Raises BadInput."""
    if not 1 <= number <= len(register.invoices):
        raise BadInput("number", f"{number} is no invoice")
    invoice = register.invoices[number - 1]
    if not 0 < amount <= invoice.open:
        raise BadInput("amount", f"must be 1 to {invoice.open}, what is open of invoice {number}")
    paid = replace(invoice, paid=invoice.paid + amount)
    return Register((*register.invoices[: number - 1], paid, *register.invoices[number:]))


def _taxes(lines: list[Line]) -> tuple[tuple[int, int], ...]:
    bases: dict[int, int] = defaultdict(int)
    for line in lines:
        bases[line.tax_ppm] += line.amount
    return tuple((rate, _half_up(base * rate)) for rate, base in sorted(bases.items()) if rate)


def _half_up(exact: int) -> int:
    sign = -1 if exact < 0 else 1
    return sign * ((2 * abs(exact) + PPM) // (2 * PPM))
