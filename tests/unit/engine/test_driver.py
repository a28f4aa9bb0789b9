"""The driver: durable first, then seen, in order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from isthmus.engine.driver import Driver
from isthmus.engine.engine import Engine, Origin, Record
from isthmus.kernel.messages import AddAsset

CODES = ("USD", "EUR", "GBP")


def driver(tmp_path: Path, inbox_max: int = 100) -> Driver:
    return Driver(Engine(str(tmp_path), "os"), lambda: 1_000, inbox_max)


def test_nobody_hears_of_a_record_before_it_is_durable_and_then_in_order(tmp_path: Path) -> None:
    made = driver(tmp_path)
    heard: list[tuple[str, int]] = []
    made.subscribe(lambda record: heard.append(("view", record.sequence)))
    made.observe(lambda record: heard.append(("staged", record.sequence)))

    def then(record: Record) -> None:
        heard.append(("asker", record.sequence))

    for code in CODES:
        assert made.submit(AddAsset(code=code, decimals=2), Origin(), then) is not None
    assert heard == [("staged", 1), ("staged", 2), ("staged", 3)]
    heard.clear()
    assert made.settle(0, 10) is False
    assert heard == []
    made.hand_over()
    durable = made.flush()
    assert durable == 3
    assert made.settle(durable, 2) is True
    assert heard == [("view", 1), ("asker", 1), ("view", 2), ("asker", 2)]
    assert made.settle(durable, 2) is False
    assert made.work_waiting is False


def test_a_full_inbox_refuses_without_staging(tmp_path: Path) -> None:
    made = driver(tmp_path, inbox_max=2)
    for code in CODES[:2]:
        assert made.submit(AddAsset(code=code, decimals=2), Origin()) is not None
    assert made.submit(AddAsset(code=CODES[2], decimals=2), Origin()) is None
    assert (made.refusal, made.engine.sequence) == ("busy", 2)


def test_a_faulty_journal_refuses_without_staging(tmp_path: Path) -> None:
    made = driver(tmp_path)
    made.fault = "No space left on device"
    assert made.submit(AddAsset(code="USD", decimals=2), Origin()) is None
    assert (made.refusal, made.engine.sequence) == ("journal_unavailable", 0)


def test_a_flush_and_a_snapshot_at_once_do_not_meet(tmp_path: Path) -> None:
    made = driver(tmp_path)
    with ThreadPoolExecutor(1) as flushing:
        for at in range(40):
            made.submit(AddAsset(code=f"A{at}", decimals=2), Origin())
            made.hand_over()
            flushed = flushing.submit(lambda: [made.flush() for _ in range(50)][-1])
            made.engine.snapshot()
            assert flushed.result() == at + 1
