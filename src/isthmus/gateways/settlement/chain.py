"""Which party and which asset is which on a chain, and a settlement as the contract's delivery."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from isthmus.gateways.evm.contract import NOBODY, Delivery, Event, Place
from isthmus.gateways.evm.keccak import WORD_BYTES, checksummed
from isthmus.gateways.evm.types import Refused
from isthmus.gateways.evm.words import address
from isthmus.gateways.iso20022.settlements import Settlement
from isthmus.kernel.config import read_toml, shaped
from isthmus.kernel.errors import BadInput

Bic = Annotated[str, Meta(pattern="^[A-Z0-9]{8}([A-Z0-9]{3})?$")]
Isin = Annotated[str, Meta(pattern="^[A-Z]{2}[A-Z0-9]{9}[0-9]$")]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
DECIMALS_MAX = 36
UNITS_MAX = 2**256
UNITS_DIGITS_MAX = 78
EPOCH = 1970


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token's contract; a unit of it is 10^-decimals."""

    token: str
    decimals: Annotated[int, Meta(ge=0, le=DECIMALS_MAX)]


class Contract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settlement contract."""

    chain_id: Annotated[int, Meta(ge=1)]
    address: str


class Chain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A TOML file: `parties` are addresses by BIC, `assets` tokens by ISIN, `cash` tokens by currency."""

    contract: Contract
    parties: dict[Bic, str]
    assets: dict[Isin, Token]
    cash: dict[Currency, Token]

    @property
    def place(self) -> Place:
        """Of the contract."""
        return Place(self.contract.chain_id, self.contract.address)


def read_chain(path: Path) -> Chain:
    """Of a file. Raises BadInput that names file or key."""
    return chain_of(read_toml(path))


def chain_of(tables: Mapping[str, Any]) -> Chain:
    """Addresses with ERC-55 checksums. Raises BadInput that names the key."""
    found = shaped(tables, Chain)
    contract = msgspec.structs.replace(found.contract, address=_address(found.contract.address, "contract.address"))
    parties = {bic: _address(written, f"parties.{bic}") for bic, written in found.parties.items()}
    tables = {"assets": found.assets, "cash": found.cash}
    tokens = {
        table: {
            name: Token(_address(token.token, f"{table}.{name}.token"), token.decimals) for name, token in rows.items()
        }
        for table, rows in tables.items()
    }
    _require_once("parties", list(parties.values()))
    for table, rows in tokens.items():
        _require_once(table, [token.token for token in rows.values()])
    return Chain(contract, parties, tokens["assets"], tokens["cash"])


def _address(written: str, field: str) -> str:
    try:
        found = address(written, field)
    except Refused as refused:
        raise BadInput(refused.field, refused.reason) from None
    if not any(found):
        raise BadInput(field, "is the address of nobody")
    return checksummed(found)


def _require_once(field: str, addresses: list[str]) -> None:
    """What comes back from the chain must mean one thing."""
    for one in addresses:
        if addresses.count(one) > 1:
            raise BadInput(field, f"{one} is there twice")


def delivery_of(settlement: Settlement, chain: Chain) -> Delivery:
    """Between the outermost parties of both sides. Raises BadInput that names the field."""
    asset = chain.assets.get(settlement.isin)
    if asset is None:
        raise BadInput("isin", f"{settlement.isin} has no token in the file of the chain")
    cash, amount = _cash(settlement, chain)
    return Delivery(
        reference=_reference(settlement.reference),
        deliverer=_party(settlement.delivering, "delivering", chain),
        receiver=_party(settlement.receiving, "receiving", chain),
        asset=asset.token,
        quantity=units(settlement.quantity, asset, "quantity"),
        cash=cash,
        amount=amount,
        settle_on=_seconds(settlement.settlement_date),
    )


def _cash(settlement: Settlement, chain: Chain) -> tuple[str, int]:
    if settlement.amount is None:
        return NOBODY, 0
    token = chain.cash.get(settlement.currency or "")
    if token is None:
        raise BadInput("currency", f"{settlement.currency} has no token in the file of the chain")
    return token.token, units(settlement.amount, token, "amount")


def units(value: Decimal, token: Token, field: str) -> int:
    """Whole units of the token. Raises BadInput for what is finer, not above 0, or too much."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or sign or not any(digits):
        raise BadInput(field, f"{value} is not above 0")
    text = "".join(map(str, digits))
    shift = exponent + len(text) - len(text.rstrip("0")) + token.decimals
    if shift < 0:
        raise BadInput(field, f"{value} is finer than the {token.decimals} decimals of its token")
    found = int(text.rstrip("0")) * 10**shift if shift <= UNITS_DIGITS_MAX else UNITS_MAX
    if found >= UNITS_MAX:
        raise BadInput(field, f"{value} is more than a contract can count")
    return found


def _reference(written: str) -> bytes:
    if not written or not written.isascii() or not written.isprintable() or len(written) > WORD_BYTES:
        raise BadInput("reference", f"{written[:40]!r} is not 1 to {WORD_BYTES} printable ASCII characters")
    return written.encode().ljust(WORD_BYTES, b"\0")


def _party(bics: tuple[str, ...], field: str, chain: Chain) -> str:
    if not bics:
        raise BadInput(field, "names nobody")
    found = chain.parties.get(bics[-1])
    if found is None:
        raise BadInput(field, f"{bics[-1]} has no address in the file of the chain")
    return found


def _seconds(written: str) -> int:
    found = day("settlement_date", written)
    if found.year < EPOCH:
        raise BadInput("settlement_date", f"{written} is before chains' time began")
    return int(datetime(found.year, found.month, found.day, tzinfo=UTC).timestamp())


def day(field: str, written: str) -> date:
    """Raises BadInput."""
    try:
        if len(written) == len("2026-11-30"):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise BadInput(field, f"{written[:40]!r} is no date like 2026-11-30") from None


def reference_of(event: Event) -> str:
    """The text of an event's reference. Raises BadInput where it is none of ours."""
    found: bytes = event.values["reference"]
    text = found.rstrip(b"\0")
    if not text or not text.isascii() or not text.decode().isprintable():
        raise BadInput("reference", f"0x{found.hex()} is no text")
    return text.decode()
