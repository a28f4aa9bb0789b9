"""The native API's objects of the ledger: moves by purpose, pending transfers, exchanges (see shapes.py)."""

from __future__ import annotations

import msgspec


class MoneyMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `source` to `target`; which purposes join which accounts: docs/reference/ledger.md."""

    source: str
    target: str
    asset: str
    amount: str
    purpose: str
    client_id: str | None = None


class PendingMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As a move; it waits to be posted or voided, until `expires_at` at most."""

    source: str
    target: str
    asset: str
    amount: str
    purpose: str
    client_id: str | None = None
    expires_at: str | None = None


class PendingPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`transfer` is the record that made it, like rec-4711; without `amount` all of it is posted."""

    transfer: str
    amount: str | None = None
    client_id: str | None = None


class PendingVoid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`transfer` is the record that made it, like rec-4711."""

    transfer: str
    client_id: str | None = None


class MoneyExchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Gives one asset of the account and takes another, both amounts being given."""

    account: str
    sell_asset: str
    sell_amount: str
    buy_asset: str
    buy_amount: str
    client_id: str | None = None


class PendingTransfer(msgspec.Struct, frozen=True):
    """A transfer that waits to be posted or voided."""

    transfer: str
    source: str
    target: str
    asset: str
    amount: str
    expires_at: str | None


class LedgerAccount(msgspec.Struct, frozen=True):
    """An account by number and path; `side` is that of the wall: client, firm or outside."""

    account: str
    path: str
    kind: str
    side: str


class AllocationPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an account is to get of a block."""

    account: str
    quantity: str


class NewAllocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The filled `orders` of a block account to others at their average price. `name`: your own id of it; the same one
    with the same content is answered again. `account`: the block's, yours by default.
    """

    name: str
    orders: list[str]
    allocations: list[AllocationPart]
    account: str | None = None


class AllocatedAccount(msgspec.Struct, frozen=True):
    """`value` at the average price, `fee` its part of the block's."""

    account: str
    quantity: str
    value: str
    fee: str


class Allocation(msgspec.Struct, frozen=True):
    """What was allocated; `records` are those of the postings (empty where it was done before)."""

    name: str
    instrument: str
    side: str
    average_price: str
    allocations: list[AllocatedAccount]
    records: list[str]
