"""Points in time, statements and balances by path: never an empty answer for what is not recorded yet."""

from __future__ import annotations

import io
from collections.abc import Callable, Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.ledger.journals import Ask, played

from isthmus.engine.engine import Engine, JournalReader, Origin, content_id
from isthmus.engine.postings import JournalPostings, end_of
from isthmus.kernel import messages as m
from isthmus.kernel.errors import BadInput
from isthmus.ledger import projection as projecting
from isthmus.ledger.balances import balance_rows
from isthmus.ledger.chart import opened_account
from isthmus.ledger.daily import end_of_day, write_client_balances
from isthmus.ledger.points import Point, at_record, at_time, balances_at, newest, read_chart
from isthmus.ledger.projection import Projection
from isthmus.ledger.statement import Statement, statement
from isthmus.ledger.store import NotRecorded, Rows, Store

Question = Callable[[Rows], Coroutine[Any, Any, Any]]
DAY = 24 * 3_600 * 10**9


@pytest.fixture(autouse=True, params=[1, 7, 65_536])
def stretches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Transactions of any size give the same answers."""
    monkeypatch.setattr(projecting, "STRETCH_POSTINGS", request.param)


async def told(data: Path, store: Store, question: Question) -> Any:
    await (await Projection.begin(data, store)).run()
    async with store.reading() as rows:
        return await question(rows)


def named(folder: Path) -> Engine:
    """Two clients by name who trade euros for dollars; a custodian's path is that of its origin."""
    engine = Engine(str(folder), "os")
    start = 1_700_006_400 * 10**9  # midnight of 2023-11-15

    def send(hours: float, command: Any, text: str = "") -> None:
        engine.submit(command, start + int(hours * 3_600 * 10**9), Origin(text=text))

    for code in ("EUR", "USD"):
        send(0, m.AddAsset(code=code, decimals=2))
    terms = {"symbol": "EUR/USD", "kind": 2, "base": 1, "quote": 2, "price_decimals": 4, "quantity_decimals": 0}
    rates = {"maker_fee_ppm": 0, "taker_fee_ppm": 0, "collar_bps": 0, "initial_margin_bps": 0, "mark": 0}
    send(0, m.AddInstrument(**terms, **rates, tick=1, lot=1, multiplier=1))
    for name in ("client:ann", "client:ben:savings", "ben"):
        send(1, m.OpenAccount(kind=1, client_id=content_id(name)), name)
    send(2, m.Deposit(account=16, asset=1, amount=500_00, client_id=bytes(16)))
    send(25, m.Deposit(account=17, asset=2, amount=900_00, client_id=bytes(16)))
    order = {"venue": 0, "kind": 1, "tif": 1, "flags": 0, "session": 0, "client_id": bytes(16)}
    send(26, m.PlaceOrder(account=16, instrument=1, side=2, price=11_000, quantity=100, **order))
    send(27, m.PlaceOrder(account=17, instrument=1, side=1, price=11_000, quantity=100, **order))
    send(49, m.Withdraw(account=17, asset=1, amount=40_00, client_id=bytes(16)))
    return engine


@pytest.fixture
def names(tmp_path: Path) -> Path:
    named(tmp_path / "names").close()
    return tmp_path / "names"


@pytest.mark.parametrize("sequence", [435, 10**9, -1])
def test_a_record_that_is_not_there_yet_is_refused_by_name(data: Path, store: Store, ask: Ask, sequence: int) -> None:
    with pytest.raises(NotRecorded, match="not recorded yet: the books reach to record 434"):
        ask(told(data, store, lambda rows: at_record(rows, sequence)))


def test_a_time_is_answered_once_a_later_record_is_there(data: Path, store: Store, ask: Ask) -> None:
    stamps = [record.stamp for record in JournalReader(str(data))]

    async def points(rows: Rows) -> None:
        for stamp in sorted({stamps[0], stamps[100], stamps[100] + 1, stamps[-1] - 1}):
            if stamp < stamps[-1]:
                upto = sum(known <= stamp for known in stamps)
                by_time, by_record = await at_time(rows, stamp), await at_record(rows, upto)
                assert await balances_at(rows, by_time) == await balances_at(rows, by_record), stamp
        for stamp in (stamps[-1], stamps[-1] + DAY, -1):
            with pytest.raises(NotRecorded):
                await at_time(rows, stamp)

    ask(told(data, store, points))


def test_balances_are_found_by_the_beginning_of_a_path(names: Path, store: Store, ask: Ask) -> None:
    async def found(rows: Rows) -> list[list[str]]:
        chart, sums = await read_chart(rows), await balances_at(rows, await newest(rows))
        paths = ("", "client", "client:ben", "client:be", "client:ann", "nobody")
        return [[f"{row.path} {row.balance} {row.asset}" for row in balance_rows(chart, sums, path)] for path in paths]

    everything, clients, bens, part, ann, nobody = ask(told(names, store, found))
    assert ann == ["client:ann 400.00 EUR", "client:ann 110.00 USD"]
    assert bens == ["client:ben:savings 60.00 EUR", "client:ben:savings 790.00 USD"]
    assert (clients, part, nobody) == (ann + bens, [], [])
    assert everything == ["world -460.00 EUR", "world -900.00 USD", *clients]


def test_a_statement_adds_up_and_shows_both_legs_of_an_exchange(names: Path, store: Store, ask: Ask) -> None:
    async def ann(rows: Rows) -> Statement:
        chart = await read_chart(rows)
        return await statement(rows, chart, chart.account("client:ann"), (Point(0, 0), await newest(rows)))

    answer = ask(told(names, store, ann))
    assert (answer.opening, answer.closing, answer.complete) == ({}, {"EUR": "400.00", "USD": "110.00"}, True)
    assert [
        (line.sequence, line.purpose, line.amount, line.asset, line.balance, line.counterparty) for line in answer.lines
    ] == [
        (7, "deposit", "500.00", "EUR", "500.00", "world"),
        (10, "payment", "110.00", "USD", "110.00", "client:ben:savings"),
        (10, "delivery", "-100.00", "EUR", "400.00", "client:ben:savings"),
    ]
    against = [(line.against.asset, line.against.amount) if line.against else None for line in answer.lines]
    assert against == [None, ("EUR", "-100.00"), ("USD", "110.00")]
    assert answer.lines[0].time == "2023-11-15T02:00:00.000000000Z"


def test_an_exchange_is_two_legs_through_the_house(tmp_path: Path, store: Store, ask: Ask) -> None:
    engine = Engine(str(tmp_path / "fx"), "os")
    for code in ("EUR", "USD"):
        engine.submit(m.AddAsset(code=code, decimals=2), 1)
    engine.submit(m.OpenAccount(kind=m.ACCOUNT_CLIENT, client_id=content_id("ann")), 2, Origin(text="client:ann"))
    engine.submit(m.Deposit(account=16, asset=1, amount=100_00, client_id=bytes(16)), 3)
    amounts = {"sell_asset": 1, "sell_amount": 50_00, "buy_asset": 2, "buy_amount": 55_00}
    engine.submit(m.Exchange(account=16, client_id=content_id("fx"), **amounts), 4)
    engine.close()

    async def of(rows: Rows) -> list[Statement]:
        chart, span = await read_chart(rows), (Point(4, 4), await newest(rows))
        return [await statement(rows, chart, chart.account(path), span) for path in ("client:ann", "house:fx")]

    ann, house = ask(told(tmp_path / "fx", store, of))
    legs = [(line.purpose, line.amount, line.asset, line.counterparty) for line in ann.lines]
    assert legs == [("exchange", "-50.00", "EUR", "house:fx"), ("exchange", "55.00", "USD", "house:fx")]
    assert [(line.against.amount, line.against.asset) for line in ann.lines if line.against] == [
        ("55.00", "USD"), ("-50.00", "EUR"),
    ]  # fmt: skip
    assert house.closing == {"EUR": "50.00", "USD": "-55.00"}


def test_what_an_account_pays_to_itself_changes_nothing(tmp_path: Path, store: Store, ask: Ask) -> None:
    """A dark trade of two orders of one account."""
    played(tmp_path / "data", 262141, 200, kind="dark").close()

    async def of(rows: Rows) -> Statement:
        chart = await read_chart(rows)
        return await statement(rows, chart, chart.account("16"), (Point(0, 0), await newest(rows)))

    answer = ask(told(tmp_path / "data", store, of))
    own = [line for line in answer.lines if line.counterparty == answer.path]
    assert own and {line.amount.strip("0.") for line in own} == {""}
    summed: dict[str, Decimal] = {}
    for line in answer.lines:
        summed[line.asset] = summed.get(line.asset, Decimal()) + Decimal(line.amount)
        assert summed[line.asset] == Decimal(line.balance)

    async def live(rows: Rows) -> dict[str, str]:
        chart, sums = await read_chart(rows), await balances_at(rows, await newest(rows), 16)
        return {row.asset: row.balance for row in balance_rows(chart, sums)}

    assert ask(told(tmp_path / "data", store, live)) == answer.closing


def test_a_statement_of_an_account_that_is_not_there_is_refused(names: Path, store: Store, ask: Ask) -> None:
    async def of(rows: Rows) -> None:
        chart, end = await read_chart(rows), await newest(rows)
        with pytest.raises(BadInput, match="there is no account client:zoe"):
            chart.account("client:zoe")
        with pytest.raises(NotRecorded, match="client:ann is not recorded yet: record 4 opened it"):
            await statement(rows, chart, chart.account("client:ann"), (Point(0, 0), await at_record(rows, 3)))
        with pytest.raises(BadInput, match="behind the end"):
            await statement(rows, chart, chart.account("16"), (end, await at_record(rows, 3)))

    ask(told(names, store, of))


def test_statements_of_any_account_add_up_from_point_to_point(data: Path, store: Store, ask: Ask) -> None:
    async def all_add_up(rows: Rows) -> int:
        chart, lines = await read_chart(rows), 0
        for account in chart.accounts.values():
            spans = [(0, 50), (50, 51), (51, 300), (300, end_of(data))]
            for after, upto in spans:
                points = (await at_record(rows, after), await at_record(rows, upto))
                if account.opened > upto:
                    continue
                found = await statement(rows, chart, account, points)
                summed = {asset: Decimal(amount) for asset, amount in found.opening.items()}
                for line in found.lines:
                    assert after < line.sequence <= upto
                    summed[line.asset] = summed.get(line.asset, Decimal()) + Decimal(line.amount)
                    assert summed[line.asset] == Decimal(line.balance)
                assert summed == {asset: Decimal(amount) for asset, amount in found.closing.items()}
                now = await balances_at(rows, points[1], account.number)
                assert {chart.assets[asset].code for _, asset in now} == set(found.closing)
                lines += len(found.lines)
        return lines

    assert ask(told(data, store, all_add_up)) == 2 * JournalPostings(data).read(1_000_000).rows


def test_a_long_statement_says_that_there_is_more(data: Path, store: Store, ask: Ask) -> None:
    async def short(rows: Rows) -> Statement:
        chart = await read_chart(rows)
        return await statement(rows, chart, chart.account("16"), (Point(0, 0), await newest(rows)), 5)

    answer = ask(told(data, store, short))
    assert (len(answer.lines), answer.complete) == (5, False)
    assert answer.closing == {line.asset: line.balance for line in answer.lines}


def test_a_day_of_client_balances_is_a_table_that_says_where_it_ends(names: Path, store: Store, ask: Ask) -> None:
    async def day(rows: Rows) -> list[str]:
        out, chart = io.StringIO(), await read_chart(rows)
        point = await at_time(rows, end_of_day("2023-11-15"))
        write_client_balances(out, "2023-11-15", chart, point, await balances_at(rows, point))
        with pytest.raises(NotRecorded):
            await at_time(rows, end_of_day("2023-11-17"))
        return out.getvalue().split("\r\n")

    assert ask(told(names, store, day)) == [
        "day,upto_record,account,path,class,asset,balance,side",
        "2023-11-15,7,16,client:ann,client,EUR,500.00,credit",
        "",
    ]


@pytest.mark.parametrize("day", ["2023-02-30", "yesterday", "", "9999-12-31"])
def test_a_day_that_is_none_is_refused(day: str) -> None:
    with pytest.raises(BadInput):
        end_of_day(day)


def test_paths_are_below_their_class_and_never_the_same() -> None:
    assert opened_account(16, 1, ("client:demo", 0), 4, set()).path == "client:demo"
    assert opened_account(17, 1, ("demo", 0), 5, {"client:demo"}).path == "client:demo#17"
    assert opened_account(18, 1, ("", 0), 6, set()).path == "client:account:18"
    bank = opened_account(19, 5, ("custodian:alpha:client", 1), 7, set())
    assert (bank.path, bank.side, bank.normal_side) == ("custodian:alpha:client", "client", "debit")
    assert opened_account(20, 5, ("custodian:alpha:firm", 2), 8, set()).side == "firm"


def test_a_wide_balance_is_the_same_in_every_store(tmp_path: Path, store: Store, ask: Ask) -> None:
    folder = tmp_path / "wide"
    engine = Engine(str(folder), "os")
    engine.submit(m.AddAsset(code="ETH", decimals=18), 1)
    for name in ("a", "b", "c"):
        engine.submit(m.OpenAccount(kind=1, client_id=content_id(name)), 2)
    for account in (16, 17, 18):
        engine.submit(m.Deposit(account=account, asset=1, amount=2**63 - 1, client_id=bytes(16)), 3)
    engine.close()

    async def world(rows: Rows) -> int:
        return (await balances_at(rows, await newest(rows)))[1, 1]

    assert ask(told(folder, store, world)) == -3 * (2**63 - 1)
