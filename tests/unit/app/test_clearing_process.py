"""Clearing as a process: who may act when, what it does alone, and that nothing counts twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.app.clearing_folder import FIRST, PERPETUAL, SECOND, USD, Folder

from isthmus.app import clearing_fence
from isthmus.app.clearing_charge import apply, charges, owed
from isthmus.app.clearing_door import ClearingDoor
from isthmus.app.clearing_process import ClearingProcess
from isthmus.app.desk import Desk
from isthmus.app.settings import read_defaults, settings_of
from isthmus.clearing.margining import Finding, Key, Rules
from isthmus.engine.archive import records
from isthmus.engine.driver import Driver
from isthmus.engine.engine import Engine, FolderLocked, epoch_of
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.kernel.messages import COMMANDS, Deposit, Mark, PlaceOrder, VenueFilled
from isthmus.refdata.directory import Directory

FALLEN = 46_000
"""At this price the poorest client must be closed in part."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path)
    yield made
    made.close()


def in_charge(folder: Folder, price: int = FALLEN, **changes: Any) -> ClearingProcess:
    """Trading was killed, the price fell, and clearing took charge."""
    process = folder.clearing(**changes)
    folder.kill()
    folder.price(price)
    folder.pass_time(process, 2.5)
    assert process.standing()["mode"] == "in_charge"
    return process


def door_opens(folder: Folder, past: Path | None = None) -> None:
    """The trading side's door takes in what is there, as after a start of trading."""
    driver = Driver(folder.engine, lambda: folder.now)
    desk = Desk(driver, Directory(), None, lambda: folder.now)  # type: ignore[arg-type]
    desk.folder = past
    door = ClearingDoor(desk, folder.data)
    door.step(folder.now)
    door.close()
    driver.hand_over()
    driver.settle(driver.flush(), 1_000)


def long_of(engine: Engine, account: int = FIRST) -> int:
    return engine.position(account, PERPETUAL)[0]


def test_while_trading_lives_clearing_never_takes_the_folder(folder: Folder) -> None:
    process = folder.clearing()
    folder.price(FALLEN)
    folder.pass_time(process, 60)
    assert (process.standing()["mode"], epoch_of(str(folder.data))) == ("following", 0)
    assert not charges(folder.data)
    assert folder.kinds() == [], "its own price alone closes nobody while trading marks"


def test_a_short_silence_is_no_death(folder: Folder) -> None:
    process = folder.clearing()
    folder.kill()
    folder.pass_time(process, 1.8)
    folder.trade()
    folder.pass_time(process, 10)
    folder.mark(490_000)
    folder.pass_time(process, 0.1)
    assert (process.standing()["mode"], epoch_of(str(folder.data))) == ("following", 0)


def test_a_forced_close_goes_through_tradings_inbox_once(folder: Folder) -> None:
    process = folder.clearing()
    folder.mark(460_000)
    folder.pass_time(process, 1)
    (close,) = folder.rows("close")
    assert (close["by"], close["account"], close["side"], close["votes"]) == ("trading", FIRST, 2, 3)
    for _ in range(3):
        door_opens(folder)
    placed = [one for one in records(folder.data) if type(one.command) is PlaceOrder and one.command.account == FIRST]
    assert [one.effects[0].__class__.__name__ for one in placed] == ["Accepted", "Repeated", "Repeated"]
    folder.pass_time(process, 0.1)
    assert [row["close"] for row in folder.rows("closed")] == [close["n"]]


def test_a_decision_that_a_former_run_carried_out_is_not_read_again(folder: Folder) -> None:
    process = folder.clearing()
    folder.mark(460_000)
    folder.pass_time(process, 1)
    for _ in range(2):
        door_opens(folder, past=folder.data)
    assert len([one for one in records(folder.data) if type(one.command) is PlaceOrder]) == 1


def test_a_close_that_trading_reads_too_late_is_left(folder: Folder) -> None:
    process = folder.clearing()
    folder.mark(460_000)
    folder.pass_time(process, 0.1)
    folder.now += 6 * SECOND
    door_opens(folder)
    assert not [one for one in records(folder.data) if type(one.command) is PlaceOrder]
    process.step(folder.now)
    assert [row["close"] for row in folder.rows("void")] == [folder.rows("close")[0]["n"]]


def test_a_close_for_a_trading_process_that_died_is_void_before_clearing_closes_itself(folder: Folder) -> None:
    process = folder.clearing()
    folder.mark(460_000)
    folder.pass_time(process, 0.1)
    folder.kill()
    folder.price(FALLEN)
    folder.pass_time(process, 2.5)
    (first, second) = folder.rows("close")[:2]
    assert (first["by"], second["by"]) == ("trading", "clearing")
    assert folder.rows("void")[0]["close"] == first["n"]
    process.stop(folder.now)
    folder.trade()
    door_opens(folder)
    own = [one for one in records(folder.data) if type(one.command) is PlaceOrder]
    assert len(own) == len(folder.rows("closed"))


def test_alone_it_marks_calls_and_closes_and_the_books_balance(folder: Folder) -> None:
    process = in_charge(folder)
    assert epoch_of(str(folder.data)) == 1
    assert {row["account"] for row in folder.rows("call")} == {FIRST, FIRST + 1, FIRST + 2}
    folder.price(43_000)
    folder.pass_time(process, 2)
    process.stop(folder.now)
    done = folder.trade()
    assert {"Mark", "PlaceOrder", "VenueFilled"} <= {type(one.command).__name__ for one in done}
    assert long_of(folder.engine) < 1_000
    assert all(total == 0 for _, total in folder.engine.totals())
    closed = sum(row["quantity"] for row in folder.rows("closed"))
    assert closed == 3_000 - sum(long_of(folder.engine, FIRST + number) for number in range(3))


def test_trading_cannot_start_while_clearing_is_in_charge_and_gets_the_folder_when_it_asks(folder: Folder) -> None:
    process = in_charge(folder)
    with pytest.raises(FolderLocked):
        folder.trade()
    (folder.data / "clearing" / "return.request").touch()
    process.step(folder.now)
    assert process.standing()["mode"] == "following"
    assert folder.rows("handed_back")[0]["left_at_venues"] == 0
    before = folder.rows("handed_back")[0]
    done = folder.trade()
    assert (folder.engine.sequence, folder.engine.head.hex()) == (before["sequence"], before["head"])
    assert len(done) == before["sequence"] - folder.rows("took_over")[0]["sequence"]
    folder.pass_time(process, 0.3)
    assert folder.kinds()[-1] == "applied"
    assert not charges(folder.data)


def test_what_clearing_did_is_applied_once_however_often_trading_dies_in_between(folder: Folder) -> None:
    process = in_charge(folder)
    process.stop(folder.now)
    folder.trading = Engine(str(folder.data), "os")
    waiting = list(owed(folder.engine, folder.data))
    half = waiting[: len(waiting) // 2]
    for record in half:
        assert folder.engine.submit(record.command, record.stamp, record.origin).hash == record.hash
    folder.kill()
    done = folder.trade()
    assert len(done) == len(waiting) - len(half) > 0
    assert folder.engine.head == waiting[-1].hash
    assert apply(folder.engine, folder.data) == []
    fills = [one.command.fill_id for one in records(folder.data) if type(one.command) is VenueFilled]
    assert len(fills) == len(set(fills))


def test_trading_that_went_another_way_is_not_started(folder: Folder, tmp_path: Path) -> None:
    process = in_charge(folder)
    process.stop(folder.now)
    folder.trading = Engine(str(folder.data), "os")
    folder.submit(Deposit(account=FIRST, asset=USD, amount=5))
    folder.engine.close()
    with pytest.raises(Damaged, match="another journal"):
        folder.trade()


def test_clearing_that_was_killed_in_charge_goes_on_where_it_was(folder: Folder) -> None:
    process = in_charge(folder)
    first = folder.rows("closed")
    assert first
    again = abandoned(folder, process)
    folder.price(43_000)
    folder.pass_time(again, 3)
    took = folder.rows("took_over")
    assert [row["resumed"] for row in took] == [False, True]
    assert took[0]["folder"] == took[1]["folder"]
    again.stop(folder.now)
    folder.trade()
    closed = sum(row["quantity"] for row in folder.rows("closed"))
    assert closed == 3_000 - sum(long_of(folder.engine, FIRST + number) for number in range(3))


def abandoned(folder: Folder, process: ClearingProcess) -> ClearingProcess:
    """As after kill -9 of clearing: its locks are free, its journal was not sealed; another one starts."""
    charge = charges(folder.data)[0]
    saved = folder.data.with_name("charge")
    shutil.copytree(charge, saved)
    governing, fence = process._governing, process._fence
    assert governing is not None and fence is not None
    governing.engine.close()
    process._governing = None
    shutil.rmtree(charge)
    saved.rename(charge)
    fence.release()
    process._book.decisions.close()
    return folder.clearing()


def test_a_stale_price_closes_nobody(folder: Folder) -> None:
    process = in_charge(folder, price=47_500)
    assert not folder.rows("close")
    (folder.prices).write_text("")
    folder.now += 11 * SECOND
    governing = process._governing
    assert governing is not None
    governing._desk.submit(Mark(instrument=PERPETUAL, settlement=0, source=9, price=400_000))
    folder.pass_time(process, 1)
    assert "no_price" in folder.kinds()
    assert not folder.rows("close")
    process.stop(folder.now)


def test_what_is_no_price_is_named_and_changes_nothing(folder: Folder) -> None:
    process = folder.clearing()
    with folder.prices.open("a") as file:
        file.write('{"symbol": "DRILL-PERP", "price": "-3"}\nnonsense\n{"symbol": 5, "price": 1}\n{"price": "NaN"}\n')
    folder.pass_time(process, 0.2)
    (row,) = folder.rows("bad_price")
    assert row["refused"] == 4


class Planted:
    """Finds a unit too much equity in everybody."""

    def __init__(self, inner: Any) -> None:
        self.name, self._inner = inner.name, inner

    def on_record(self, record: Any) -> None:
        self._inner.on_record(record)

    def findings(self, rules: Rules) -> dict[Key, Finding]:
        found = self._inner.findings(rules)
        return {key: msgspec.structs.replace(one, equity=one.equity + 1) for key, one in found.items()}


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_planted_bug_in_any_decider_is_outvoted_reported_and_positions_are_closed(folder: Folder, place: int) -> None:
    process = folder.clearing()
    process._book.deciders[place] = Planted(process._book.deciders[place])
    folder.mark(460_000)
    folder.pass_time(process, 1)
    name = process._book.deciders[place].name
    dissent = folder.rows("dissent")
    assert {row["account"] for row in dissent} == {FIRST, FIRST + 1, FIRST + 2}
    assert {ballot["decider"] for row in dissent for ballot in row["outvoted"]} == {name}
    assert [row["votes"] for row in folder.rows("close")] == [2]


def test_two_planted_bugs_that_differ_close_nobody(folder: Folder) -> None:
    process = folder.clearing()
    process._book.deciders[1] = Planted(process._book.deciders[1])
    process._book.deciders[2] = Planted(Planted(process._book.deciders[2]))
    folder.mark(460_000)
    folder.pass_time(process, 1)
    assert set(folder.kinds()) == {"no_majority"}


def test_a_call_is_met_when_money_comes_and_late_when_it_does_not(folder: Folder) -> None:
    process = folder.clearing(call_s=5.0)
    folder.mark(490_000)
    folder.pass_time(process, 0.2)
    (call,) = folder.rows("call")
    assert (call["account"], call["deadline"] - call["at"]) == (FIRST, 5 * SECOND)
    folder.pass_time(process, 6)
    assert folder.kinds()[:2] == ["call", "call_late"]
    folder.submit(Deposit(account=FIRST, asset=USD, amount=2_000 * 10**6))
    folder.pass_time(process, 0.2)
    assert folder.kinds()[-1] == "call_met"


def test_an_account_whose_call_is_overdue_is_closed_down_to_what_was_asked(folder: Folder) -> None:
    process = folder.clearing(call_s=5.0)
    folder.mark(490_000)
    folder.pass_time(process, 4.9)
    assert folder.kinds() == ["call"]
    folder.pass_time(process, 0.5)
    (close,) = folder.rows("close")
    equity, asked = int(close["equity"]), 490_000 * 1_000 * 100 // 10
    assert int(close["kept"]) < equity < asked
    left = (1_000 - close["quantity"]) * 490_000 * 100 // 10
    assert left <= equity < left + 490_000 * 100 // 10


def test_a_small_book_closes_what_it_finds_and_goes_on(folder: Folder) -> None:
    process = in_charge(folder, simulated={"play": True, "name": "closing", "half_spread_bps": 5, "depth": 40})
    folder.price(45_000)
    folder.pass_time(process, 5)
    closed = [row["quantity"] for row in folder.rows("closed") if row["account"] == FIRST]
    assert len(closed) >= 3
    assert set(closed[:2]) == {40}
    process.stop(folder.now)


def test_without_a_venue_it_says_so_and_closes_nothing(folder: Folder) -> None:
    process = in_charge(folder, simulated={"play": False, "name": "closing", "half_spread_bps": 5, "depth": 0})
    assert {row["reason"] for row in folder.rows("refused")} == {"no_venue"}
    assert not folder.rows("closed")
    process.stop(folder.now)


def test_an_account_that_may_not_open_is_closed_all_the_same(folder: Folder) -> None:
    folder.submit(Mark(instrument=PERPETUAL, settlement=1, source=1, price=470_000))
    assert folder.engine.balances(FIRST)[0][3], "frozen: the balance is below its hold"
    process = in_charge(folder)
    assert [row for row in folder.rows("closed") if row["account"] == FIRST and row["quantity"]]
    process.stop(folder.now)


def test_the_fence_is_that_of_a_standby(folder: Folder) -> None:
    assert clearing_fence.is_held(folder.data)
    assert clearing_fence.take(folder.data) is None
    folder.kill()
    fence = clearing_fence.take(folder.data)
    assert fence is not None and fence.epoch == 1 == epoch_of(str(folder.data))
    with pytest.raises(FolderLocked):
        Engine(str(folder.data), "os")
    fence.release()
    engine = Engine(str(folder.data), "os")
    assert engine.epoch == 1


def test_a_venue_session_of_tradings_name_is_refused(folder: Folder) -> None:
    venue = {"wire": "fix", "markets": {}}
    told = {"data": "x", "venues": {"a": venue}, "clearing": {"venues": {"a": venue}}}
    with pytest.raises(BadInput, match="clearing's is another one"):
        settings_of(read_defaults(), told)
    with pytest.raises(BadInput, match="above initial_bps"):
        folder.settings(maintenance_bps=2_000)


needs_liquidate = pytest.mark.skipif("Liquidate" not in COMMANDS, reason="the engine has no Liquidate yet")


def tiered(folder: Folder) -> None:
    """The journal has tiers, and the market fell below where the poorest client must keep more than it has."""
    rows = ((0, 1_000, 500), (30_000 * 10**6, 2_000, 800))
    for from_notional, initial_bps, maintenance_bps in rows:
        terms = {"from_notional": from_notional, "initial_bps": initial_bps, "maintenance_bps": maintenance_bps}
        folder.submit(COMMANDS["SetMarginTier"](instrument=PERPETUAL, **terms))
    folder.submit(Deposit(account=FIRST + 2, asset=USD, amount=900_000 * 10**6))
    folder.mark(465_000)


def rounds(folder: Folder, process: ClearingProcess, count: int) -> None:
    """Clearing decides, and trading's door takes it in."""
    for _ in range(count):
        folder.pass_time(process, 0.1)
        door_opens(folder, past=folder.data)


@needs_liquidate
def test_where_the_engine_knows_the_tiers_it_liquidates_itself_a_part_at_a_time(folder: Folder) -> None:
    tiered(folder)
    terms = {"side": 1, "kind": 1, "tif": 1, "flags": 0, "price": 464_000, "quantity": 5_000, "session": 0}
    places = {"account": FIRST + 2, "instrument": PERPETUAL, "venue": 0}
    folder.submit(PlaceOrder(**places, **terms, client_id=bytes(15) + b"1"))
    process = folder.clearing()
    rounds(folder, process, 3)
    close = next(row for row in folder.rows("close") if row["account"] == FIRST)
    assert (close["how"], close["votes"], close["quantity"]) == ("liquidate", 3, 355)
    done = next(row for row in folder.rows("closed") if row["account"] == FIRST)
    assert (done["close"], done["quantity"], done["price"]) == (close["n"], 355, 464_000)
    assert not folder.rows("refused")
    assert not folder.rows("dissent")


@needs_liquidate
def test_whoever_is_first_in_line_is_deleveraged_when_the_book_takes_nothing(folder: Folder) -> None:
    fill = {"side": 2, "liquidity": 2, "price": 500_000, "quantity": 5_000, "fill_id": bytes(15) + b"2"}
    places = {"order": 0, "venue": FIRST + 3, "account": FIRST + 2, "instrument": PERPETUAL}
    folder.submit(Deposit(account=FIRST + 2, asset=USD, amount=900_000 * 10**6))
    folder.submit(VenueFilled(**places, **fill))
    tiered(folder)
    process = folder.clearing()
    rounds(folder, process, 45)
    ours = [row for row in folder.rows("close") if row["account"] == FIRST]
    assert [row["how"] for row in ours[:4]] == ["liquidate", "liquidate", "liquidate", "deleverage"]
    assert ours[3]["against"] == FIRST + 2
    assert long_of(folder.engine) <= 1_000 - ours[3]["quantity"]
    assert not folder.rows("refused")
    assert not folder.rows("dissent")
