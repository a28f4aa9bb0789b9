"""Every child of a worked order is found again from journal and tape alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.app.worked import BUY, SECOND, SELL, START, STEADY, Worked, steady

from isthmus.app import rerun
from isthmus.app.backtest import Broker, open_account
from isthmus.app.cli import main
from isthmus.app.market_tape import HOUSE
from isthmus.app.path_desk import PathDesk
from isthmus.app.playing import Playing
from isthmus.app.rerun import Rerun
from isthmus.engine.archive import records
from isthmus.engine.tape import Tape
from isthmus.execution.policy import Decision, Market, Work
from isthmus.kernel.messages import PlaceChild
from isthmus.venues import reacting
from isthmus.venues.recorded.catalogue import survey
from isthmus.venues.recorded.venue import RecordedMarkets

SYMBOL = "NOVA"
MONEY = "1000000000"


class Reader:
    """Somebody who looks at the books all the time, as screens do."""

    def __init__(self, playing: Playing) -> None:
        core = playing.core
        self._desk = PathDesk(core.router, core.outside, core.directory, lambda: playing.now)
        self._playing = playing

    def step(self, at: int) -> int:
        core = self._playing.core
        for instrument in core.directory.instruments.values():
            self._desk.consolidated(instrument, 5)
            sight = core.outside.sight(instrument.number)
            assert sight.volatility.per_second(at) >= 0 and sight.rate_of_all(at) >= 0
        return at + SECOND // 7


def asked(capsys: pytest.CaptureFixture[str], data: Path, order: str) -> tuple[int, dict[str, Any]]:
    code = main(["route", "--explain", "--data", str(data), "--order", order, "--depth", "3", "--json"])
    return code, json.loads(capsys.readouterr().out)


def a_playing(data: Path, seed: int = 3) -> Playing:
    options = reacting.Options(seed=seed, day_s=23_400, skip=False)
    return Playing([reacting.make(options, (SYMBOL,))], START, str(data))


def all_found_again(capsys: pytest.CaptureFixture[str], data: Path, orders: list[str]) -> int:
    """The children of all."""
    children = 0
    for order in orders:
        code, answer = asked(capsys, data, order)
        assert code == 0 and answer["same"], (order, answer.get("different"), answer.get("error"))
        assert answer["children"] == answer["recorded"] and answer["not_on_tape"] == 0
        children += len(answer["recorded"])
    return children


PATHS = (
    "TWAP",
    "POV",
    "IS_ADAPT",
    "COST_SPLIT",
    "DARK_KM",
    "GLFT_PASSIVE",
    "MID_PEG",
    "LIQ_SEEK",
    "VWAP_STATIC",
    "VWAP_DYN",
)


def test_every_child_on_a_reacting_market_is_found_again_whoever_looked_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    playing = a_playing(tmp_path)
    broker = Broker(playing, open_account(playing, None, MONEY))
    playing.add(Reader(playing))
    playing.run(START + 120 * SECOND)
    rows = []
    for number, path in enumerate(PATHS):
        side = "sell" if number % 2 else "buy"
        rows.append(broker.order(SYMBOL, side, "4000", path=path, until_s=120.0, seed=number + 1))
        playing.run(playing.now + 5 * SECOND)
    playing.run(playing.now + 120 * SECOND)
    recorded = [record for record in records_of(tmp_path) if type(record.command) is PlaceChild]
    playing.close()
    children = all_found_again(capsys, tmp_path, [f"ord-{row.number}" for row in rows])
    assert children == len(recorded) > 100
    code, answer = asked(capsys, tmp_path, f"ord-{recorded[-1].sequence}")
    assert code == 0 and answer["decisions"] == 1 and answer["tape"] == recorded[-1].command.tape
    assert f"ord-{recorded[-1].sequence}" in [row["order"] for row in answer["recorded"]]
    assert answer["book"] and answer["path"] in PATHS and answer["why"]


def test_a_parent_that_goes_on_after_a_restart_is_found_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    playing = a_playing(tmp_path)
    broker = Broker(playing, open_account(playing, None, MONEY))
    playing.run(START + 60 * SECOND)
    numbers = [broker.order(SYMBOL, "buy", "4000", path=path, until_s=300.0).number for path in ("TWAP", "DARK_SA")]
    playing.run(START + 120 * SECOND)
    before = playing.engine.sequence
    playing.close()
    options = reacting.Options(seed=4, day_s=23_400, skip=False)
    again = Playing([reacting.make(options, (SYMBOL,))], START + 200 * SECOND, str(tmp_path))
    again.run(START + 320 * SECOND)
    assert any(type(row.command) is PlaceChild and row.sequence > before for row in records_of(tmp_path))
    again.close()
    assert all_found_again(capsys, tmp_path, [f"ord-{number}" for number in numbers]) > 10


def test_recorded_markets_are_found_again_too(
    test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [row for row in survey(test_data / "crypto_l2").recordings if row.takes_orders]
    recording = next((row for row in found if row.session.depth == "full"), found[0])
    playing = Playing([RecordedMarkets([recording], [], 1.0)], START, str(tmp_path))
    broker = Broker(playing, open_account(playing, None, MONEY))
    playing.run(START + 30 * SECOND)
    instrument = recording.market.instrument
    orders = [
        f"ord-{broker.order(instrument, side, '2', path=path, until_s=60.0).number}"
        for side, paths in (("buy", ("TWAP", "QUEUE_POST", "SWEEP")), ("sell", ("POV", "IS_ADAPT")))
        for path in paths
    ]
    playing.run(START + 100 * SECOND)
    playing.close()
    assert all_found_again(capsys, tmp_path, orders) > 10


# a small market whose answers the test gives


def a_market(data: Path) -> Worked:
    worked = Worked(str(data))
    worked.floor.quote(SELL, 10_010, 1_000)
    worked.floor.quote(BUY, 9_990, 1_000)
    worked.show_there([(9_995, 1_000)], [(10_005, 1_000)])
    return worked


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, int]:
    """A data folder with a parent whose venue fills, rejects and is taken out meanwhile."""
    worked = a_market(tmp_path)
    parent = worked.parent(BUY, 400, 10_100)
    worked.fill(worked.floor.asked[0][0], 10_005, 40)
    worked.end(worked.floor.asked[0][0])
    worked.run(11)
    venue, instrument = worked.floor.venue, worked.floor.instrument
    worked.core.outside.guard.hold(instrument, venue, "works on the line", worked.playing.now)
    worked.run(11)
    worked.core.outside.guard.release(instrument, venue, "done", worked.playing.now)
    worked.core.desk.data.trade(venue, instrument, 10_000, 900, 0, worked.playing.now)
    worked.run(20)
    worked.playing.close()
    return tmp_path, parent


def records_of(data: Path) -> list[Any]:
    return list(records(data))


def remade(data: Path, parent: int, path: Any) -> list[Any]:
    wanted: dict[int, list[Any]] = {}
    for record in records_of(data):
        if type(record.command) is PlaceChild and record.command.parent == parent:
            wanted.setdefault(record.command.tape, []).append(record)
    return list(Rerun(data, {path.number: path}).remake(wanted))


def test_answers_of_the_venue_and_routes_taken_out_are_part_of_it(small: tuple[Path, int]) -> None:
    data, parent = small
    found = remade(data, parent, STEADY)
    assert len(found) >= 4 and all(row.same for row in found)
    assert any(row.command.venue == 0 for decision in found for row in decision.made)
    assert [level.venue for level in found[0].book[SELL]][-1] == 0, "the house book is in it"


def measured(work: Work, market: Market, parameters: Any, now: int) -> Decision:
    """As the other, and its reasons tell every figure to the last digit."""
    made = steady(work, market, parameters, now)
    figures = f"{market.volatility()!r} {market.impact()!r} {market.traded(0)} {market.venues()}"
    return Decision(
        place=tuple(msgspec.structs.replace(ticket, why=figures[:400]) for ticket in made.place), wake=made.wake
    )


def test_a_desk_that_trades_between_a_book_and_the_look_at_its_middle_is_part_of_it(tmp_path: Path) -> None:
    path = msgspec.structs.replace(STEADY, decide=measured)
    worked = a_market(tmp_path)
    worked.core.router.paths[STEADY.number] = path

    def quoting(_: int, __: int, at: int) -> None:
        worked.floor.quote(BUY, 9_900 + at // SECOND % 90, 5)

    worked.core.outside.on_book = quoting
    parent = worked.parent(BUY, 400, 10_100)
    for second in range(45):
        worked.run(1)
        worked.show_there([(9_950 + second % 3, 1_000)], [(10_005 + second % 2, 1_000)])
        worked.core.desk.data.trade(
            worked.floor.venue, worked.floor.instrument, 10_000, 7 + second, SELL, worked.playing.now
        )
    worked.playing.close()
    found = remade(tmp_path, parent, path)
    assert len(found) >= 4 and all(row.same for row in found)
    assert len({child.why for row in found for child in row.made}) >= 4, "the figures moved"


def test_another_path_would_have_done_something_else(small: tuple[Path, int]) -> None:
    def shy(work: Work, market: Market, parameters: Any, now: int) -> Decision:
        made = steady(work, market, parameters, now)
        return Decision(place=made.place[:-1], wake=made.wake, why=made.why)

    data, parent = small
    changed = msgspec.structs.replace(STEADY, decide=shy)
    assert not any(row.same for row in remade(data, parent, changed))


def test_without_the_reads_of_the_house_book_it_is_something_else(
    small: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, parent = small
    taken = Rerun._take

    def forgetful(self: Rerun, frame: rerun.Frame) -> None:
        if frame[4] != "health" or frame[5][0] != HOUSE:
            taken(self, frame)

    monkeypatch.setattr(Rerun, "_take", forgetful)
    assert not all(row.same for row in remade(data, parent, STEADY))


def test_a_tape_that_is_gone_is_damaged_or_was_never_kept_is_said(
    small: tuple[Path, int], capsys: pytest.CaptureFixture[str]
) -> None:
    data, parent = small
    order = f"ord-{parent}"
    segment = max((data / "tape").iterdir(), key=lambda path: path.stat().st_size)
    whole = segment.read_bytes()
    segment.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    code, answer = asked(capsys, data, order)
    assert code == 2 and "damaged" in answer["error"]["reason"]
    segment.write_bytes(whole)
    shutil.rmtree(data / "tape")
    code, answer = asked(capsys, data, order)
    assert code == 4 and "tape" in answer["error"]["reason"]


def test_a_tape_whose_beginning_was_dropped_is_said(
    small: tuple[Path, int], capsys: pytest.CaptureFixture[str]
) -> None:
    data, parent = small
    tape = Tape(str(data / "tape"), segment_bytes=1 << 18, keep_bytes=1 << 19)
    for number in range(40_000):
        tape.trade(START, 1, 1, 100, number + 1, BUY)
    tape.close()
    code, answer = asked(capsys, data, f"ord-{parent}")
    assert code == 4 and "begins at offset" in answer["error"]["reason"]


@pytest.mark.parametrize(("order", "reason"), [("ord-1", "neither"), ("17", "no id"), ("ord-999999", "neither")])
def test_an_order_that_no_path_worked_is_refused(
    small: tuple[Path, int], capsys: pytest.CaptureFixture[str], order: str, reason: str
) -> None:
    code, answer = asked(capsys, small[0], order)
    assert code == 2 and answer["error"]["field"] == "order" and reason in answer["error"]["reason"]


def test_books_or_a_folder_and_not_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["route", "--explain", "--order", "ord-1", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "books"
    assert asked(capsys, tmp_path, "ord-1")[1]["error"]["field"] == "data"
