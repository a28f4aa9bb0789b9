"""Carries the postings of a journal into books, stretch by stretch, each with its progress in one transaction.

Whatever ends it, the books are what the journal is up to the place that they name, and it goes on from there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from isthmus.engine.engine import JournalReader, Record
from isthmus.engine.postings import GENESIS, Batch, JournalPostings, OtherJournal, end_of
from isthmus.ledger.chart import LedgerAccount, opened_account
from isthmus.ledger.store import BooksDiffer, Kept, Key, LedgerAsset, Progress, Store, Stretch

STRETCH_POSTINGS = 65_536
"""A transaction's postings, or records: what a reader of a point in time adds up at most."""
ASSET_BITS = 16
"""An engine lists at most 65,535 assets."""
LOW_BITS = 32
SEQUENCE_MAX = (1 << 63) - 1


class Projection:
    """Made by `begin`; `step` until nothing new comes. Raises BooksMoved, BooksDiffer, and as JournalPostings."""

    def __init__(self, data: Path, store: Store, kept: Kept, upto: int) -> None:
        self.progress = kept.progress
        self._store = store
        self._balances = dict(kept.balances)
        self._paths = {account.path for account in kept.accounts}
        self._reader = JournalPostings(data, kept.progress.place, kept.noted, upto)

    @classmethod
    async def begin(cls, data: Path, store: Store, upto: int = SEQUENCE_MAX) -> Projection:
        """Goes on with what the store holds, or begins anew where it holds nothing. Raises BooksDiffer."""
        kept = await store.kept()
        if kept is None:
            await store.begin_anew()
            kept = await store.kept()
            assert kept is not None, "books that were begun are there"
        check_same_journal(data, kept.progress)
        return cls(data, store, kept, upto)

    async def step(self) -> int:
        """Carries the next stretch over; how many records it had, 0 when the journal's end is reached."""
        try:
            batch = self._reader.read(STRETCH_POSTINGS)
        except OtherJournal as error:
            raise BooksDiffer(f"{error}: the books are of another journal, make them anew") from error
        if batch.records == 0:
            return 0
        self.progress = await self._store.write(self._stretch(batch), self.progress)
        return batch.records

    async def run(self) -> Progress:
        """To the journal's end."""
        while await self.step():
            pass
        return self.progress

    def _stretch(self, batch: Batch) -> Stretch:
        accounts: list[LedgerAccount] = []
        assets: list[LedgerAsset] = []
        for _, body in batch.noted:
            self._list(Record.from_body(body, GENESIS.head), accounts, assets)
        touched = changes(batch.columns)
        for key, change in touched.items():
            self._balances[key] = self._balances.get(key, 0) + change
        return Stretch(batch, accounts, assets, {key: self._balances[key] for key in touched})

    def _list(self, record: Record, accounts: list[LedgerAccount], assets: list[LedgerAsset]) -> None:
        command = record.command
        for effect in record.effects:
            name = type(effect).__name__
            if name == "AccountOpened":
                said = (record.origin.text, getattr(command, "side", 0))
                made = opened_account(effect.account, command.kind, said, record.sequence, self._paths)
                self._paths.add(made.path)
                accounts.append(made)
            elif name == "AssetAdded":
                assets.append(LedgerAsset(effect.asset, command.code, command.decimals, record.sequence))


def check_same_journal(data: Path, progress: Progress) -> None:
    """Raises BooksDiffer where the journal ends before the books do, or its record there is another."""
    sequence = progress.place.sequence
    if sequence == 0:
        return
    end = end_of(data)
    if end < sequence:
        raise BooksDiffer(f"the books reach to record {sequence}, the journal to record {end}: make them anew")
    if sequence == end:
        record = next(JournalReader(str(data), sequence), None)
        if record is not None and record.sequence == sequence and record.hash != progress.place.head:
            raise BooksDiffer(f"record {sequence} of the journal is not the one that is in the books: make them anew")


def changes(columns: dict[str, Any]) -> dict[Key, int]:
    """What the postings change of each balance that they touch, exactly: an array's sum may not fit 64 bits."""
    accounts = np.concatenate((columns["source"], columns["target"])).astype(np.int64)
    assets = np.concatenate((columns["asset"], columns["asset"])).astype(np.int64)
    amounts = np.concatenate((-columns["amount"], columns["amount"]))
    if len(amounts) == 0:
        return {}
    keys = (accounts << ASSET_BITS) | assets
    order = np.argsort(keys, kind="stable")
    keys, amounts = keys[order], amounts[order]
    starts = np.concatenate(([0], np.flatnonzero(np.diff(keys)) + 1))
    high = np.add.reduceat(amounts >> LOW_BITS, starts).tolist()
    low = np.add.reduceat(amounts & ((1 << LOW_BITS) - 1), starts).tolist()
    found = zip(keys[starts].tolist(), high, low, strict=True)
    mask = (1 << ASSET_BITS) - 1
    return {(key >> ASSET_BITS, key & mask): (top << LOW_BITS) + rest for key, top, rest in found}
