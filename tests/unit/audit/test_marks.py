"""Fingerprints in the store are the log's and are made of the row's values; an erased key says so, and no more."""

from __future__ import annotations

import hmac
import os
from pathlib import Path

import pytest
from tests.unit.audit.order_journals import Told

from isthmus.audit.client_keys import NOBODY
from isthmus.audit.comparing import Compared, compared
from isthmus.audit.jurisdictions import shipped
from isthmus.audit.marks import Prints, logged
from isthmus.audit.orders_log import OrderEntry
from isthmus.audit.places import ORDERS, log_folder
from isthmus.audit.retention import KEYS, Asked, erase
from isthmus.audit.rows import Row
from isthmus.audit.store import StoreReader, StoreWriter
from isthmus.engine.proofs import ED25519, Log, Signer, create_secret, fingerprints
from isthmus.kernel import messages


@pytest.fixture
def trail(tmp_path: Path) -> tuple[Path, list[Row], list[OrderEntry]]:
    """A store whose rows have fingerprints, and the entries of its log."""
    broker = Told()
    broker.place(broker.ann, messages.BUY, 10, 10_000)
    broker.place(broker.bob, messages.SELL, 4, 10_000)
    rows = broker.rows()
    keys = {account: os.urandom(32) for account in {row.values[2] or NOBODY for row in rows}}
    (tmp_path / KEYS).mkdir(parents=True)
    for account, key in keys.items():
        create_secret(str(tmp_path / KEYS / f"{account}.key"), key)
    seeds = [
        hmac.digest(
            keys[row.values[2] or NOBODY], row.sequence.to_bytes(8, "big") + row.place.to_bytes(2, "big"), "sha256"
        )
        for row in rows
    ]
    before: dict[int, bytes] = {}
    marks = []
    for row, mark in zip(rows, fingerprints(seeds, [row.values for row in rows]), strict=True):
        marks.append(OrderEntry(row.sequence, row.place, row.order, mark, before.get(row.order, bytes(32))))
        before[row.order] = mark
    writer = StoreWriter(tmp_path)
    writer.take(rows, [(mark.fingerprint, mark.previous) for mark in marks])
    writer.close()
    return tmp_path, rows, marks


def checked(data: Path, rows: list[Row], marks: list[OrderEntry]) -> Compared:
    return compared(StoreReader(data).parts(), rows, Prints(data), marks)


def test_fingerprints_are_made_again_of_the_rows_and_the_clients_keys(
    trail: tuple[Path, list[Row], list[OrderEntry]],
) -> None:
    data, rows, marks = trail
    found = checked(data, rows, marks)
    assert (found.ok, found.proven, found.erased, found.keyless) == (True, len(rows), 0, 0)
    life = StoreReader(data).life(rows[0].order)
    assert life.events[0].fingerprint == marks[0].fingerprint.hex()


def test_a_fingerprint_that_is_not_the_logs_is_located(trail: tuple[Path, list[Row], list[OrderEntry]]) -> None:
    data, rows, marks = trail
    other = OrderEntry(marks[1].sequence, marks[1].place, marks[1].order, marks[1].fingerprint, bytes([9] * 32))
    found = checked(data, rows, [marks[0], other, *marks[2:]]).difference
    assert found is not None and (found.row, found.field) == (1, "previous")


def test_rows_of_an_erased_client_are_told_as_erased_and_those_without_a_record_as_keyless(
    trail: tuple[Path, list[Row], list[OrderEntry]],
) -> None:
    data, rows, marks = trail
    account = rows[0].values[2]
    assert account is not None
    of_client = sum(row.values[2] == account for row in rows)
    last = StoreReader(data).last_of(account)
    erase(data, account, last, shipped(), Asked("ann", "asked", "2099-01-01T00:00:00Z"))
    found = checked(data, rows, marks)
    assert (found.ok, found.erased, found.proven) == (True, of_client, len(rows) - of_client)
    for path in (data / KEYS).glob("*.key"):
        path.unlink()
    assert checked(data, rows, marks).keyless == len(rows) - of_client


def test_another_key_makes_another_fingerprint(trail: tuple[Path, list[Row], list[OrderEntry]]) -> None:
    data, rows, marks = trail
    path = data / KEYS / f"{rows[0].values[2]}.key"
    path.write_bytes(bytes(32))
    found = checked(data, rows, marks).difference
    assert found is not None and (found.row, found.field, found.reason) == (0, "fingerprint", "differs")


def test_the_logs_entries_are_read_as_they_were_written(trail: tuple[Path, list[Row], list[OrderEntry]]) -> None:
    data, _, marks = trail
    assert list(logged(data)) == []
    folder = log_folder(data, ORDERS)
    folder.parent.mkdir(parents=True)
    signer = Signer.generate("isthmus.local/demo/orders", ED25519)
    log = Log(folder, signer.name, signer.vkey)
    log.append([
        b"\x02" + mark.sequence.to_bytes(8, "big") + mark.place.to_bytes(2, "big") + mark.order.to_bytes(8, "big")
        + mark.fingerprint + mark.previous
        for mark in marks
    ])  # fmt: skip
    log.publish(log.checkpoint(signer, 1_764_374_400))
    assert list(logged(data)) == marks
