"""Days that nobody wants any more go on record first, and are told as dropped ever after: never as lost or damaged."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.app.test_audit_trail import Clocks, followed
from tests.unit.audit import order_journals
from tests.unit.audit.order_journals import DAY_NS, Told

from isthmus.app.audit_reads import AuditLogReads
from isthmus.app.cli import main
from isthmus.app.settings import read_defaults, settings_of
from isthmus.audit.dropping import DROPS, DayKept, Drop, Wanted, cut_off, drops
from isthmus.audit.jurisdictions import shipped
from isthmus.audit.lines import Lines
from isthmus.audit.parts import FOLDER, parts_in
from isthmus.audit.retention import BEGUN, DONE
from isthmus.audit.store import StoreReader, StoreWriter
from isthmus.gateways.problems import Refusal
from isthmus.kernel import messages

Run = Callable[..., Any]
WHO = ("--by", "joe", "--reason", "nobody wants them")
LONG_AGO = 978_307_200_000_000_000
"""2001-01-01, midnight UTC."""
DAYS = [dt.date(2001, 1, number) for number in range(1, 5)]


def broker_in(folder: Path, days: int = 4) -> Told:
    """Ann trades on the first day, Bob on each of the following ones."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(order_journals, "START", LONG_AGO)
        broker = Told(folder)
    broker.place(broker.ann, messages.BUY, 10, 10_000, text="first")
    for _ in range(days - 1):
        broker.place(broker.bob, messages.SELL, 4, 20_000, later_ns=DAY_NS)
    broker.engine.close()
    return broker


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """Four days with rows, their log of orders, a seal of the first and a proof of its order."""
    data = tmp_path_factory.mktemp("drop") / "data"
    broker = broker_in(data)
    followed(data, Clocks())
    at = ("--data", str(data))
    assert main(["audit", "seal", "--day", str(DAYS[0]), *at]) == 0
    asked = ("--sequence", str(first_order(data)), "--fields", "O45,O55", "--to", str(data / "proof.json"))
    assert main(["audit", "disclose", *asked, *at]) == 0
    return data, broker


@pytest.fixture
def data(whole: tuple[Path, Told], tmp_path: Path) -> Path:
    shutil.copytree(whole[0], tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def run(data: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def ran(code: int, *words: str) -> Any:
        capsys.readouterr()
        assert main(["audit", *words, "--data", str(data), "--json"]) == code, capsys.readouterr().out
        return json.loads(capsys.readouterr().out)

    return ran


def first_order(data: Path) -> int:
    return StoreReader(data).parts()[0].first


def there(data: Path) -> list[dt.date]:
    return sorted({part.day for part in parts_in(data / FOLDER)[0]})


def test_without_apply_days_are_named_and_nothing_changes(data: Path, run: Run) -> None:
    told = run(0, "retention", "--drop")
    assert [row["day"] for row in told["days"]] == [str(day) for day in DAYS[:3]]
    assert (told["applied"], told["dropped"]) == (False, [])
    assert there(data) == DAYS and not (data / DROPS).exists()
    assert main(["audit", "retention", "--drop", "--data", str(data)]) == 0
    assert main(["audit", "retention", "--data", str(data)]) == 0


def test_days_go_on_record_first_and_the_newest_stays(data: Path, run: Run) -> None:
    told = run(0, "retention", "--drop", "--apply", *WHO)
    assert there(data) == DAYS[3:] and sorted(path.name for path in (data / FOLDER).glob("day=*")) == ["day=2001-01-04"]
    assert [(row["day"], row["by"]) for row in told["dropped"]] == [(str(day), "joe") for day in DAYS[:3]]
    assert [(row["day"], row["newest"], row["may_go"]) for row in told["days"]] == [(str(DAYS[3]), True, False)]
    lines = Lines(data / DROPS, Drop).read()
    assert [(line.day, line.state) for line in lines] == [(day, state) for day in DAYS[:3] for state in (BEGUN, DONE)]
    assert run(0, "retention", "--drop", "--apply", *WHO)["dropped"] == told["dropped"]
    assert len(Lines(data / DROPS, Drop).read()) == len(lines)


def test_who_looks_for_what_was_dropped_is_told_so(data: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    order = first_order(data)
    run(0, "retention", "--drop", "--apply", *WHO)
    life = run(1, "order", str(order))
    assert life["events"] == [] and life["dropped"][0]["day"] == str(DAYS[0])
    assert run(0, "order", str(parts_in(data / FOLDER)[0][0].first))["dropped"] == []
    found = run(0, "search")
    assert [row["day"] for row in found["dropped"]] == [str(day) for day in DAYS[:3]]
    assert len(found["orders"]) == 1
    narrow = run(0, "search", "--from", "2001-01-02T00:00:00Z", "--to", "2001-01-02T23:00:00Z")
    assert narrow["orders"] == [] and [row["day"] for row in narrow["dropped"]] == [str(DAYS[1])]
    assert run(0, "search", "--from", "2001-01-04T00:00:00Z")["dropped"] == []
    assert main(["audit", "order", str(order), "--data", str(data)]) == 1
    assert f"{DAYS[0]}, was dropped on " in capsys.readouterr().out
    assert main(["audit", "search", "--data", str(data)]) == 0
    assert "3 days from 2001-01-01 to 2001-01-03 were dropped" in capsys.readouterr().out


def test_a_hold_covers_the_days_of_its_account_and_one_of_all_covers_every_day(
    data: Path, run: Run, whole: tuple[Path, Told]
) -> None:
    number = run(0, "hold", "--account", f"acc-{whole[1].ann}", *WHO)["holds"][0]["hold"]
    days = run(0, "retention")["days"]
    assert [(row["holds"], row["may_go"]) for row in days] == [([number], False), ([], True), ([], True), ([], False)]
    everybody = run(0, "hold", "--account", "all", *WHO)["holds"][0]["hold"]
    assert run(0, "retention", "--drop", "--apply", *WHO)["dropped"] == []
    run(0, "hold", "--end", str(everybody), *WHO)
    run(0, "retention", "--drop", "--apply", *WHO)
    assert there(data) == [DAYS[0], DAYS[3]]
    run(0, "hold", "--end", str(number), *WHO)
    run(0, "retention", "--drop", "--apply", *WHO)
    assert there(data) == DAYS[3:]


def test_a_proof_that_was_given_away_still_verifies_and_a_new_one_is_refused_as_dropped(data: Path, run: Run) -> None:
    sequence = str(first_order(data))
    run(0, "retention", "--drop", "--apply", *WHO)
    key = (data / "audit/keys/orders.vkey").read_text().strip()
    assert main(["audit", "verify", "proof", str(data / "proof.json"), "--vkey", key]) == 0
    error = run(2, "disclose", "--sequence", sequence, "--fields", "O45")["error"]
    assert error["field"] == "sequence" and error["reason"].startswith(
        "dropped: the rows of 2001-01-01 were dropped on"
    )
    assert run(2, "export", "--day", str(DAYS[0]), "--as", "rts24")["error"]["field"] == "day"
    reads = AuditLogReads(data, settings_of(read_defaults(), {}).audit, lambda: None)
    with pytest.raises(Refusal) as refused:
        asyncio.run(reads.order_proof(int(sequence), None, None))
    assert (refused.value.status, refused.value.reason) == (410, "dropped")
    assert run(0, "rebuild", "--check")["ok"] is True


def test_a_rebuild_does_not_bring_days_back_and_a_check_does_not_miss_them(
    data: Path, run: Run, tmp_path: Path
) -> None:
    shutil.copytree(data / FOLDER / "day=2001-01-02", tmp_path / "kept")
    run(0, "retention", "--drop", "--apply", *WHO)
    found = run(0, "store", "rebuild", "--check")
    assert (found["ok"], found["rows"], found["dropped"], found["behind"], found["proven"]) == (True, 1, 3, 0, 1)
    made = run(0, "store", "rebuild")
    assert (made["rows"], made["dropped"]) == (1, [str(day) for day in DAYS[:3]])
    assert there(data) == DAYS[3:] and run(0, "store", "rebuild", "--check")["proven"] == 1
    assert main(["audit", "store", "rebuild", "--data", str(data)]) == 0
    assert main(["audit", "store", "rebuild", "--check", "--data", str(data)]) == 0
    shutil.copytree(tmp_path / "kept", data / FOLDER / "day=2001-01-02")
    difference = run(1, "store", "rebuild", "--check")["difference"]
    assert difference["reason"] == "extra" and "2001-01-02" in difference["file"]


def test_days_go_while_the_stores_writer_is_at_work(tmp_path: Path) -> None:
    rows = broker_in(tmp_path / "data").rows()
    data = tmp_path / "data"
    writer = StoreWriter(data)
    writer.take(rows[:3])
    assert main(["audit", "retention", "--drop", "--apply", *WHO, "--data", str(data)]) == 0
    assert there(data) == DAYS[2:3]
    writer.take(rows)
    writer.close()
    assert there(data) == DAYS[2:]
    assert main(["audit", "store", "rebuild", "--check", "--data", str(data)]) == 0


def test_the_trail_goes_on_behind_the_newest_day(data: Path, run: Run) -> None:
    run(0, "retention", "--drop", "--apply", *WHO)
    followed(data, Clocks())
    assert there(data) == DAYS[3:] and run(0, "store", "rebuild", "--check")["ok"] is True


def test_a_sealed_day_says_that_its_rows_were_dropped_and_what_is_not_on_record_is_missing(
    data: Path, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("verify", "day", "--day", str(DAYS[0]))
    assert run(0, *words)["dropped"] is None
    files = list((data / FOLDER / f"day={DAYS[0]}").iterdir())
    run(0, "retention", "--drop", "--apply", *WHO)
    told = run(0, *words)
    assert (told["ok"], told["faults"], told["dropped"]["by"]) == (True, [], "joe")
    assert main(["audit", *words, "--data", str(data)]) == 0
    assert "dropped on" in capsys.readouterr().out
    shutil.copytree(data, tmp_path / "again")
    assert main(["audit", "seal", "--day", str(DAYS[0]), "--data", str(tmp_path / "again")]) == 0
    assert main(["audit", *words, "--data", str(tmp_path / "again")]) == 0
    (data / DROPS).unlink()
    shutil.rmtree(data / "audit/log/drops")
    told = run(1, *words)
    assert {fault["where"] for fault in told["faults"] if fault["fault"] == "missing"} >= {
        str(path.relative_to(data)) for path in files
    }


def test_an_account_whose_rows_were_dropped_can_still_be_erased(data: Path, run: Run, whole: tuple[Path, Told]) -> None:
    run(0, "retention", "--drop", "--apply", *WHO)
    done = run(0, "erase", "--account", f"acc-{whole[1].ann}", *WHO)
    assert done["state"] == DONE and done["sequence"] >= first_order(data) - 1
    assert run(0, "rebuild", "--check")["ok"] is True


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--drop", "--apply", "--reason", "x"], "by"),
        (["--drop", "--apply", "--by", "x"], "reason"),
        (["--apply", *WHO], "apply"),
        (["--drop", "--jurisdiction", "mars"], "jurisdiction"),
    ],
)
def test_nobody_drops_without_saying_who_and_why(data: Path, run: Run, words: list[str], field: str) -> None:
    assert run(2, "retention", *words)["error"]["field"] == field
    assert there(data) == DAYS


@given(st.dates(dt.date(1990, 1, 1), dt.date(2080, 1, 1)), st.sets(st.integers(0, 20_000), min_size=1, max_size=12))
def test_only_a_day_that_nobody_wants_may_go_and_never_the_newest(today: dt.date, ages: set[int]) -> None:
    rows = shipped()
    days = {today - dt.timedelta(days=age): (1, None) for age in ages}
    held = {min(days)}
    for day in Wanted(rows, {7: held}, today).kept(days):
        years = max(row.retention_years for row in rows.values())
        if day.may_go:
            assert (today - day.day).days >= 365 * years and day.day not in held and day.day != max(days)
        assert day.holds == ([7] if day.day in held else [])
    assert not any(day.may_go for day in Wanted(rows, {7: None}, today).kept(days))


class Killed(BaseException):
    """Nothing that is caught."""


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 5))
def test_wherever_a_drop_was_cut_off_its_day_is_told_as_dropped_and_the_next_drop_finishes_it(
    whole: tuple[Path, Told], upto: int
) -> None:
    real, left = Path.unlink, [upto]

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.parent.name.startswith("day="):
            if not left[0]:
                raise Killed
            left[0] -= 1
        real(path, missing_ok)

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        data = Path(folder) / "data"
        shutil.copytree(whole[0], data)
        at = ("--data", str(data))
        patched.setattr(Path, "unlink", unlink)
        with pytest.raises(Killed):
            main(["audit", "retention", "--drop", "--apply", *WHO, *at])
        patched.undo()
        assert [drop.day for drop in cut_off(data)] == [DAYS[upto // 2]]
        assert main(["audit", "store", "rebuild", "--check", *at]) == 0
        assert main(["audit", "verify", "day", "--day", str(DAYS[0]), *at]) == 0
        assert main(["audit", "retention", "--drop", *at]) == 0
        assert len(cut_off(data)) == 1
        assert main(["audit", "retention", "--drop", "--apply", *WHO, *at]) == 0
        assert there(data) == DAYS[3:] and not cut_off(data)
        assert main(["audit", "store", "rebuild", "--check", *at]) == 0


def test_a_record_that_is_not_under_the_signed_log_hides_nothing(data: Path, run: Run, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "other")
    assert main(["audit", "retention", "--drop", "--apply", *WHO, "--data", str(tmp_path / "other")]) == 0
    shutil.copy(tmp_path / "other" / DROPS, data / DROPS)
    shutil.rmtree(data / FOLDER / f"day={DAYS[0]}")
    told = run(1, "verify", "day", "--day", str(DAYS[0]))
    assert told["dropped"] is None and "missing" in {fault["fault"] for fault in told["faults"]}
    assert run(1, "store", "rebuild", "--check")["difference"]["reason"] == "missing"


def test_a_record_that_was_changed_or_cut_is_named(data: Path, run: Run) -> None:
    run(0, "retention", "--drop", "--apply", *WHO)
    raw = (data / DROPS).read_bytes()
    for harmed, name in ((raw.replace(b"joe", b"jim", 1), "changed_record"), (raw[:-2], "cut_file")):
        (data / DROPS).write_bytes(harmed)
        assert run(1, "search")["error"]["reason"].startswith(name)
        told = run(1, "verify", "day", "--day", str(DAYS[0]))
        assert [part["ok"] for part in told["parts"] if part["part"] == "log drops"] == [False]
        assert any(fault["reason"].startswith(name) for fault in told["faults"])


KILLED_DAYS = 60
DEADLINE_S = 30.0


def test_after_kill_9_in_the_middle_nothing_is_damage_and_the_next_drop_goes_on(tmp_path: Path) -> None:
    data = tmp_path / "data"
    broker_in(data, KILLED_DAYS)
    at = ("--data", str(data))
    assert main(["audit", "store", "rebuild", *at]) == 0
    words = ["audit", "retention", "--drop", "--apply", *WHO, *at]
    program = f"import sys; from isthmus.app.cli import main; sys.exit(main({words!r}))"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL) as process:
        end = time.monotonic() + DEADLINE_S
        while len(there(data)) > KILLED_DAYS - 3 and time.monotonic() < end:
            time.sleep(0.0005)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL and 1 < len(there(data)) < KILLED_DAYS
    assert main(["audit", "store", "rebuild", "--check", *at]) == 0
    assert main(["audit", "search", *at]) == 0
    assert main(words) == 0
    assert len(there(data)) == 1 and not cut_off(data) and len(drops(data)) == KILLED_DAYS - 1
    assert main(["audit", "store", "rebuild", "--check", *at]) == 0


def test_a_second_who_drops_at_the_same_time_is_refused(data: Path, run: Run) -> None:
    from isthmus.audit.dropping import alone

    with alone(data):
        assert run(2, "retention", "--drop", "--apply", *WHO)["error"]["field"] == "data"
        assert run(2, "store", "rebuild")["error"]["field"] == "data"
    assert there(data) == DAYS


def test_days_of_a_database_go_in_one_transaction_with_their_record(
    database: str, data: Path, run: Run, whole: tuple[Path, Told]
) -> None:
    there_too = ("--url", database)
    assert run(0, "store", "rebuild", *there_too)["rows"] == 4
    run(0, "hold", "--account", f"acc-{whole[1].ann}", *WHO)
    days = run(0, "retention", *there_too)["days"]
    assert [(row["rows"], row["may_go"]) for row in days] == [(1, False), (1, True), (1, True), (1, False)]
    assert run(0, "retention", "--drop", *there_too)["applied"] is False
    told = run(0, "retention", "--drop", "--apply", *WHO, *there_too)
    assert [row["day"] for row in told["dropped"]] == [str(day) for day in DAYS[1:3]]
    assert [row["day"] for row in run(0, "search", *there_too)["dropped"]] == [str(day) for day in DAYS[1:3]]
    assert run(0, "store", "rebuild", "--check", *there_too)["rows"] == 2
    assert run(0, "store", "rebuild", *there_too)["rows"] == 0
    order = str(StoreReader(data).days()[DAYS[1]][0].first)
    assert run(1, "order", order, *there_too)["dropped"][0]["day"] == str(DAYS[1])
    assert there(data) == DAYS


def test_a_database_takes_no_row_of_a_day_that_it_dropped(database: str, whole: tuple[Path, Told]) -> None:
    from isthmus.audit.postgres import PostgresRows
    from isthmus.audit.retention import Asked

    rows, server = whole[1].rows(), PostgresRows(database)
    asyncio.run(server.take(rows[:2]))
    kept = DayKept(DAYS[0], None, 1, DAYS[3], "uk-fca", [], False, True)
    asyncio.run(server.drop(kept, ["uk-fca"], Asked("joe", "x", "2026-11-29T00:00:00Z")))
    assert asyncio.run(server.days()) == {DAYS[1]: 1}
    assert asyncio.run(server.take(rows)) == 2 and DAYS[0] not in asyncio.run(server.days())
