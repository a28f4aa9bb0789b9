"""Drop copies: sessions of settings `[fix] drop_copy` are told of every order and fill of the accounts they may see."""

from __future__ import annotations

from isthmus.gateways.fix.reports import Reports
from isthmus.gateways.fix.shapes import FIX42, Body, Outgoing, Peer
from isthmus.gateways.reads import Reads
from isthmus.views.orders import FillRow, OrderRow

FILLS_TOLD_AGAIN = 10_000
"""Fills, the newest, that a session is told after it was down."""
COPY: Body = [(797, "Y")]
"""CopyMsgIndicator, from 4.4 on."""


class DropCopy:
    """An outlet of orders and fills. A copy is an ExecutionReport of its own session."""

    def __init__(self, reads: Reads, out: Outgoing, keys: frozenset[str]) -> None:
        self._reads = reads
        self._out = out
        self._keys = keys
        self._reports = Reports(reads.directory)
        self._peers: dict[int, Peer] = {}
        self._told: dict[int, int] = {}

    def enter(self, peer: Peer, key: str, last_cause: int) -> None:
        """A drop copy session first hears of the fills that it was not told of."""
        if key not in self._keys:
            return
        self._peers[peer.place] = peer
        for row in self._missed(peer, max(last_cause, self._told.get(peer.place, 0))):
            self._copy(peer, row)

    def leave(self, place: int) -> None:
        """It hears of what it misses when it is back."""
        self._peers.pop(place, None)

    def order(self, row: OrderRow) -> None:
        """Every change that is no fill."""
        for peer in self._of(row.account):
            if row.record > self._told.get(peer.place, 0) and not row.of:
                kind = {"rejected": "8", "cancelled": "4", "pending_cancel": "6", "pending_replace": "E"}.get(
                    row.status
                )
                if kind is None:
                    if row.filled and row.status in ("filled", "open"):
                        continue  # told by its fill
                    kind = "0" if row.record == row.number else "5"
                named: Body = [(11, row.client_order_id)] if row.client_order_id else []
                body = self._reports.change(row, kind, peer.version, named)
                self._send(peer, body, row.record)

    def fill(self, row: FillRow) -> None:
        """Every fill."""
        for peer in self._of(row.account):
            self._copy(peer, row)

    def _copy(self, peer: Peer, row: FillRow) -> None:
        order = self._reads.views.orders.order(row.order)
        self._send(peer, self._reports.trade(row, order, peer.version), row.record)

    def _send(self, peer: Peer, body: Body, record: int) -> None:
        self._told[peer.place] = max(record, self._told.get(peer.place, 0))
        self._out.send(peer.place, "8", [*body, *(COPY if peer.version != FIX42 else [])], record)

    def _of(self, account: int) -> list[Peer]:
        return [peer for peer in self._peers.values() if peer.identity.sees_all or peer.identity.account == account]

    def _missed(self, peer: Peer, last: int) -> list[FillRow]:
        """Oldest first, over all accounts that the peer may see."""
        clients = self._reads.directory.clients() if peer.identity.sees_all else []
        accounts = [one.number for one in clients] or [peer.identity.account or 0]
        found: list[FillRow] = []
        for account in accounts:
            for row in self._reads.views.orders.fills_newest_first(account):
                if row.record <= last or len(found) >= FILLS_TOLD_AGAIN:
                    break
                found.append(row)
        return sorted(found, key=lambda row: (row.record, row.ordinal, row.liquidity))
