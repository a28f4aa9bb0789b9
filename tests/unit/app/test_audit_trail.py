"""The audit trail follows the journal: heads over everything, the same log whatever killed it, never rewritten."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.oracle.adapter import to_core
from tests.sim.strategies import session

from isthmus import _core
from isthmus.app.audit_process import AuditProcess
from isthmus.app.audit_reads import AuditLogReads
from isthmus.app.audit_trail import KEEP_S, Trail
from isthmus.app.compact import old_segments
from isthmus.app.settings import read_defaults, settings_of
from isthmus.audit import heads
from isthmus.audit.client_keys import client_key, seed_of
from isthmus.audit.jurisdictions import FIELDS
from isthmus.audit.orders_log import OrderEntries, OrderEntry
from isthmus.audit.orders_trail import ACCOUNT
from isthmus.audit.parts import FOLDER, parts_in, read_part
from isthmus.audit.places import JOURNAL, ORDERS, keys_folder, log_folder
from isthmus.audit.resuming import STATE
from isthmus.audit.rows import Rows
from isthmus.audit.signed_log import Disagrees
from isthmus.audit.status import read_status
from isthmus.audit.trail_keys import open_keys
from isthmus.engine import archive
from isthmus.engine.engine import Engine
from isthmus.engine.proofs import LogReader, VerifierKey, fingerprints, journal_entry, note_signed
from isthmus.kernel.errors import BadInput

SEGMENT_BYTES = 16_384
NS = 1_000_000_000


class Clocks:
    """A day's clock and a steady one that move when told to."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def now(self) -> int:
        return int(self.seconds * NS)

    def steady(self) -> float:
        return self.seconds


def run_engine(data: Path, count: int, seed: int = 11) -> None:
    engine = Engine(str(data), "os", SEGMENT_BYTES)
    for command, at in session(seed, count):
        engine.submit(to_core(_core, command), at)
    engine.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    run_engine(folder, 400)
    return folder


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def trail_of(data: Path, clocks: Clocks, most_behind: int = 262_144) -> Trail:
    return Trail(data, "test", (1.0, most_behind), (clocks.now, clocks.steady))


def followed(data: Path, clocks: Clocks) -> Trail:
    """The trail at the journal's end, signed."""
    trail = trail_of(data, clocks)
    while trail.step():
        pass
    trail.finish()
    trail.tell(None)
    trail.close()
    return trail


def tiles(data: Path) -> dict[str, bytes]:
    """The files that never change again: whole tiles and bundles."""
    folder = log_folder(data, JOURNAL)
    whole = (path for path in folder.glob("tile/**/*") if path.is_file() and ".p" not in str(path))
    return {str(path.relative_to(folder)): path.read_bytes() for path in whole}


def test_every_record_has_its_entry_under_a_head_signed_by_the_published_key(data: Path, clocks: Clocks) -> None:
    followed(data, clocks)
    records = list(archive.records(data))
    reader, salts = LogReader(log_folder(data, JOURNAL)), open_keys(data, "test").salts
    head = heads.newest(log_folder(data, JOURNAL))
    assert head is not None and (head.size, head.sequence) == (len(records), len(records))
    for record in records[:: len(records) // 7]:
        entry = journal_entry(record.sequence, salts.salt(record.sequence), record.hash)
        assert reader.entry(record.sequence - 1) == entry
    vkey = VerifierKey.parse((keys_folder(data) / "log.vkey").read_text())
    assert note_signed(head.note.encode(), vkey) is None
    assert reader.note() == head.note
    assert head.note.splitlines()[0] == "isthmus.local/test/journal"


def order_entries(data: Path) -> list[OrderEntry]:
    entries = OrderEntries(data)
    return [entries.entry(index) for index in range(entries.size)]


def stored(data: Path) -> list[tuple[int, int, int, bytes, bytes, tuple[str | None, ...]]]:
    """Rows of the store with their marks."""
    columns = ("sequence", "place", "order_id", "fingerprint", "previous", *FIELDS)
    found = []
    for part in parts_in(data / FOLDER)[0]:
        for row in read_part(part).to_pylist():
            sequence, place, order, mark, previous, *values = (row[name] for name in columns)
            found.append((sequence, place, order, mark, previous, tuple(values)))
    return found


def test_every_event_of_an_order_is_an_entry_whose_fingerprint_is_that_of_the_stored_row(
    data: Path, clocks: Clocks
) -> None:
    followed(data, clocks)
    entries, rows = order_entries(data), stored(data)
    assert [(one.sequence, one.place, one.order, one.fingerprint, one.previous) for one in entries] == [
        row[:5] for row in rows
    ]
    for sequence, place, _, mark, _, values in rows[::23]:
        seed = seed_of(client_key(data, values[ACCOUNT]), sequence, place)
        assert fingerprints([seed], [values]) == [mark]
    head = heads.newest(log_folder(data, ORDERS))
    assert head is not None and head.size == len(entries) > 100
    assert head.note.splitlines()[0] == "isthmus.local/test/orders"


def test_each_fingerprint_names_the_one_before_of_the_same_order_across_restarts(data: Path, clocks: Clocks) -> None:
    last = 0
    while True:
        trail = trail_of(data, clocks, most_behind=60)
        trail.step()
        trail.finish()
        trail.close()
        head = heads.newest(log_folder(data, ORDERS))
        assert head is not None
        if head.size == last:
            break
        last = head.size
    before: dict[int, bytes] = {}
    for entry in order_entries(data):
        assert entry.previous == before.get(entry.order, bytes(32))
        if entry.order == entry.sequence or entry.order in before:
            before[entry.order] = entry.fingerprint
    assert len(before) < last, "some order has more than one event"


def test_a_restart_goes_on_behind_the_last_head_and_makes_the_log_of_an_undisturbed_run(
    data: Path, clocks: Clocks, tmp_path: Path
) -> None:
    shutil.copytree(data, tmp_path / "whole")
    trail = trail_of(data, clocks, most_behind=100)
    trail.step()
    trail.close()
    assert followed(data, clocks) is not None
    shutil.copytree(keys_folder(data), keys_folder(tmp_path / "whole"))
    followed(tmp_path / "whole", clocks)
    assert tiles(data) == tiles(tmp_path / "whole") != {}
    ours, theirs = (heads.newest(log_folder(at, JOURNAL)) for at in (data, tmp_path / "whole"))
    assert ours is not None and theirs is not None
    assert (ours.size, ours.root) == (theirs.size, theirs.root)


def test_kill_9_in_the_middle_leaves_the_log_that_an_undisturbed_run_makes(
    data: Path, clocks: Clocks, tmp_path: Path
) -> None:
    shutil.copytree(data, tmp_path / "whole")
    followed(tmp_path / "whole", clocks)
    shutil.copytree(keys_folder(tmp_path / "whole"), keys_folder(data))
    words = [sys.executable, "-m", "isthmus.app.audit_follower", str(data), "test", "0.05", "16"]
    for least in (30, 150):
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            while (head := heads.newest(log_folder(data, JOURNAL))) is None or head.size < least:
                assert process.poll() is None
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
    head = heads.newest(log_folder(data, JOURNAL))
    records = sum(1 for _ in archive.records(data))
    assert head is not None and 150 <= head.size < records, "it was killed in the middle"
    last = subprocess.run(words, input=b"", check=True, stdout=subprocess.PIPE)
    assert b'"fault":"' not in last.stdout
    ours, theirs = (heads.newest(log_folder(at, JOURNAL)) for at in (data, tmp_path / "whole"))
    assert ours is not None and theirs is not None
    assert (ours.size, ours.root) == (theirs.size, theirs.root) == (records, theirs.root)
    assert tiles(data) == tiles(tmp_path / "whole")
    assert order_entries(data) == order_entries(tmp_path / "whole") != []
    assert stored(data) == stored(tmp_path / "whole")
    sizes = [one.size for one in heads.oldest_first(log_folder(data, JOURNAL))]
    assert sizes == sorted(set(sizes)), "every head is told once, and none is smaller than one before"


def test_a_head_that_a_kill_left_untold_is_told_at_the_next_start(data: Path, clocks: Clocks) -> None:
    followed(data, clocks)
    path = log_folder(data, JOURNAL) / "heads"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    followed(data, clocks)
    head = heads.newest(log_folder(data, JOURNAL))
    assert head is not None and head.note == LogReader(log_folder(data, JOURNAL)).note()


def replaced(data: Path, count: int, seed: int) -> None:
    """Another journal in the place of the one that the log was made of."""
    shutil.rmtree(data / "journal")
    other = data.parent / "other"
    run_engine(other, count, seed)
    (other / "journal").rename(data / "journal")


@pytest.mark.parametrize(("count", "seed", "name"), [(30, 11, "journal_shorter"), (900, 12, "journal_forked")])
def test_a_journal_that_disagrees_with_the_log_stops_it_by_name_and_the_log_stays(
    data: Path, clocks: Clocks, count: int, seed: int, name: str
) -> None:
    followed(data, clocks)
    before = {path: path.read_bytes() for path in log_folder(data, JOURNAL).rglob("*") if path.is_file()}
    replaced(data, count, seed)
    words = [sys.executable, "-m", "isthmus.app.audit_follower", str(data), "test", "0.01", "1024"]
    ended = subprocess.run(words, input=b"", check=False, stdout=subprocess.PIPE)
    assert ended.returncode == 1
    assert f'"fault":"{name}: '.encode() in ended.stdout
    status = read_status(data)
    assert status is not None and status.state == "stopped" and status.fault is not None
    assert status.fault.startswith(f"{name}: ")
    assert {path: path.read_bytes() for path in log_folder(data, JOURNAL).rglob("*") if path.is_file()} == before


def test_a_checkpoint_that_is_older_than_a_head_that_was_signed_is_refused(data: Path, clocks: Clocks) -> None:
    trail = trail_of(data, clocks, most_behind=100)
    trail.step()
    old = (log_folder(data, JOURNAL) / "checkpoint").read_bytes()
    trail.close()
    followed(data, clocks)
    (log_folder(data, JOURNAL) / "checkpoint").write_bytes(old)
    again = trail_of(data, clocks)
    with pytest.raises(Disagrees, match="rolled_back"):
        again.step()


def test_the_reader_of_the_journal_waits_for_a_head_and_the_lag_is_told(data: Path, clocks: Clocks) -> None:
    records = sum(1 for _ in archive.records(data))
    trail = trail_of(data, clocks, most_behind=50)
    journal = log_folder(data, JOURNAL)
    assert trail.step(), "there is more than may be without a head"
    trail.tell(None)
    status, head = read_status(data), heads.newest(journal)
    assert status is not None and head is not None
    assert (head.size, status.journal_sequence, status.lag_records) == (50, records, records - 50)
    assert (status.bounded_at, status.state) == (50, "behind")
    clocks.seconds += 7
    trail.tell("disk full")
    told = read_status(data)
    assert told is not None and (told.lag_s, told.state, told.fault) == (7.0, "stopped", "disk full")
    while trail.step():
        assert trail._journal is not None and trail._journal.signed.unsigned <= 50
    trail.finish()
    trail.tell(None)
    status = read_status(data)
    assert status is not None and (status.lag_records, status.lag_s, status.state) == (0, 0.0, "current")
    trail.close()


def test_the_log_of_orders_tells_its_own_lag_and_waits_for_its_own_head(data: Path, clocks: Clocks) -> None:
    records = sum(1 for _ in archive.records(data))
    trail = trail_of(data, clocks, most_behind=50)
    trail.step()
    trail.tell(None)
    told = read_status(data)
    assert told is not None and told.orders_sequence + told.orders_lag_records == records
    clocks.seconds += 3
    trail._step_orders = lambda _: False  # type: ignore[method-assign]  # as if rows took for ever
    while trail.step():
        pass
    trail.finish()
    trail.tell(None)
    told = read_status(data)
    assert told is not None and (told.lag_records, told.lag_s) == (0, 0.0)
    assert told.orders_lag_records == records - 50 and told.orders_lag_s == 3.0
    assert told.state == "behind", "a log that is farther behind than its bound is not current"
    del trail._step_orders
    while trail.step():
        assert trail._orders is not None and trail._orders.waiting <= 50
    trail.finish()
    trail.tell(None)
    told = read_status(data)
    assert told is not None and told.orders_sequence == records
    assert (told.orders_lag_records, told.orders_lag_s, told.state) == (0, 0.0, "current")
    trail.close()


def test_the_state_of_orders_rows_is_kept_now_and_then_so_that_a_start_after_a_kill_reads_little_again(
    data: Path, clocks: Clocks
) -> None:
    trail = trail_of(data, clocks)
    trail.step()
    state = data / FOLDER / STATE
    assert not state.exists()
    run_engine(data, 40)
    clocks.seconds += KEEP_S
    trail.step()
    head = heads.newest(log_folder(data, ORDERS))
    assert head is not None and head.sequence > 400
    assert Rows.from_state(state.read_bytes()).sequence == head.sequence
    trail.close()
    whole = followed(data, clocks)
    assert whole is not None and len(order_entries(data)) == len(stored(data))


def test_nothing_is_signed_before_its_time_and_nothing_where_nothing_is_new(data: Path, clocks: Clocks) -> None:
    trail = trail_of(data, clocks)
    trail.step()
    run_engine(data, 40)
    trail.step()
    journal = log_folder(data, JOURNAL)
    assert len(list(heads.oldest_first(journal))) == 1, "the second head is due a second after the first"
    clocks.seconds += 1
    trail.step()
    clocks.seconds += 5
    trail.step()
    assert len(list(heads.oldest_first(journal))) == 2
    trail.close()


@pytest.mark.parametrize("key", ["log.key", "orders.key", "salts.key"])
def test_a_key_file_that_others_may_read_is_refused_by_name(data: Path, key: str) -> None:
    open_keys(data, "test")
    path = keys_folder(data) / key
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(BadInput, match=rf"{key}: loose_permissions: .*0640"):
        open_keys(data, "test")


def test_a_log_is_not_gone_on_with_by_another_key_or_name(data: Path, clocks: Clocks) -> None:
    followed(data, clocks)
    with pytest.raises(BadInput, match="other_name"):
        open_keys(data, "other")
    (keys_folder(data) / "salts.key").unlink()
    with pytest.raises(BadInput, match="no_key"):
        open_keys(data, "test")


def test_no_key_shows_its_secret(data: Path) -> None:
    keys = open_keys(data, "test")
    secret = (keys_folder(data) / "log.key").read_text().strip().split("+", 4)[4]
    assert secret not in repr(keys) and secret not in str(keys.signers[JOURNAL])


def test_records_of_the_archive_are_in_the_log_as_those_of_segments(data: Path, clocks: Clocks, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "whole")
    open_keys(data, "test")
    shutil.copytree(keys_folder(data), keys_folder(tmp_path / "whole"))
    followed(tmp_path / "whole", clocks)
    first = min((data / "journal").glob("*.seg"))
    archive.write(data, int(first.stem))
    first.unlink()
    followed(data, clocks)
    assert tiles(data) == tiles(tmp_path / "whole")


def test_segments_that_no_head_covers_yet_are_not_compacted(tmp_path: Path, clocks: Clocks) -> None:
    data = tmp_path / "data"
    engine = Engine(str(data), "os", SEGMENT_BYTES)
    for number, (command, at) in enumerate(session(11, 400)):
        engine.submit(to_core(_core, command), at)
        if number in (300, 350):
            engine.snapshot()
    engine.close()
    free = old_segments(data)
    trail = trail_of(data, clocks, most_behind=4)
    trail.step()
    trail.close()
    assert len(free) > 1 and old_segments(data) == []
    followed(data, clocks)
    assert old_segments(data) == free


def test_a_process_that_found_another_journal_is_not_started_again_and_its_fault_stays(
    data: Path, clocks: Clocks
) -> None:
    followed(data, clocks)
    replaced(data, 30, 11)

    async def kept() -> str | None:
        process = AuditProcess((str(data), "test", "0.01", "1024"))
        process.start()
        assert process._task is not None
        await asyncio.wait_for(process._task, 30)
        await process.close()
        return process.fault

    fault = asyncio.run(kept())
    assert fault is not None and fault.startswith("journal_shorter: ")
    reads = AuditLogReads(data, settings_of(read_defaults(), {}).audit, lambda: fault)
    told = asyncio.run(reads.status())
    assert (told.state, told.fault) == ("stopped", fault)
    assert [row.log for row in told.logs] == ["journal", "orders"]


@pytest.mark.parametrize(
    ("key", "value"), [("name", "Not a Name"), ("name", ""), ("every_s", 0.0), ("most_behind", 10), ("more", 1)]
)
def test_settings_that_cannot_be_are_refused_by_their_key(key: str, value: object) -> None:
    with pytest.raises(BadInput, match=rf"audit.*{key}" if key != "more" else "audit"):
        settings_of(read_defaults(), {"audit": {key: value}})
