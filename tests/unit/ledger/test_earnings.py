"""What the firm earned: by source and by client it is the same, and all that its balances changed by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.ledger.journals import SESSIONS, Ask, played

from isthmus.engine.engine import Engine, Origin, content_id
from isthmus.engine.postings import end_of
from isthmus.kernel import messages as m
from isthmus.kernel.errors import BadInput
from isthmus.ledger.chart import FIRM
from isthmus.ledger.earnings import MOVES, SOURCE_OF, Earnings, earnings
from isthmus.ledger.points import at_record, balances_at, newest, read_chart
from isthmus.ledger.projection import Projection
from isthmus.ledger.sqlite import SqliteStore
from isthmus.ledger.store import Rows, Store

Question = Callable[[Rows], Coroutine[Any, Any, Any]]


async def told(data: Path, store: Store, question: Question) -> Any:
    await (await Projection.begin(data, store)).run()
    async with store.reading() as rows:
        return await question(rows)


def added(amounts: Any) -> Decimal:
    return sum((Decimal(amount) for amount in amounts), Decimal())


async def both_cuts_add_up(rows: Rows, after: int, upto: int) -> int:
    """Checks a period; how many assets had something."""
    chart, span = await read_chart(rows), (await at_record(rows, after), await at_record(rows, upto))
    found = await earnings(rows, chart, span)
    firm: dict[str, Decimal] = {}
    for sign, point in ((-1, span[0]), (1, span[1])):
        for (account, asset), amount in (await balances_at(rows, point)).items():
            row = chart.assets[asset]
            if chart.accounts[account].side == FIRM:
                firm[row.code] = firm.get(row.code, Decimal()) + sign * Decimal(amount).scaleb(-row.decimals)
    for one in found.assets:
        assert added(one.sources.values()) == added(row.total for row in one.clients) == Decimal(one.total)
        assert all(added(row.sources.values()) == Decimal(row.total) for row in one.clients)
        assert Decimal(one.total) + Decimal(one.moved) == Decimal(one.change) == firm.pop(one.asset)
    assert not any(firm.values()), "an asset of the firm changed that nobody told"
    return len(found.assets)


@settings(deadline=None, max_examples=25)
@given(kind=st.sampled_from(sorted(SESSIONS)), seed=st.integers(0, 10**6), cut=st.integers(0, 200))
def test_earned_and_moved_are_the_change_of_the_firm_s_balances(kind: str, seed: int, cut: int) -> None:
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        played(data, seed, 200, kind=kind).close()
        store, end = SqliteStore(Path(folder) / "books.sqlite", fast=True), end_of(data)
        middle = min(cut, end)

        async def law(rows: Rows) -> int:
            return await both_cuts_add_up(rows, 0, middle) + await both_cuts_add_up(rows, middle, end)

        async def run() -> int:
            try:
                return int(await told(data, store, law))
            finally:
                await store.close()

        assert asyncio.run(run()) > 0


def test_every_store_answers_the_same(data: Path, store: Store, ask: Ask) -> None:
    assert ask(told(data, store, lambda rows: both_cuts_add_up(rows, 50, end_of(data)))) > 0


def paid(folder: Path) -> None:
    """Ann pays a fee and interest, gets an exchange done and a dollar of fees back; Ben's fee is in euros."""
    engine = Engine(str(folder), "os")
    for code in ("EUR", "USD"):
        engine.submit(m.AddAsset(code=code, decimals=2), 1)
    for name in ("ann", "ben"):
        engine.submit(m.OpenAccount(kind=1, client_id=content_id(name)), 1, Origin(text=f"client:{name}"))
    for account, asset in ((16, 1), (16, 2), (17, 1)):
        engine.submit(m.Deposit(account=account, asset=asset, amount=500_00, client_id=bytes(16)), 2)

    def move(source: int, target: int, asset: int, amount: int, purpose: str) -> None:
        terms = {"source": source, "target": target, "asset": asset, "amount": amount}
        made = m.Move(**terms, purpose=m.PURPOSE_NUMBERS[purpose], client_id=bytes(16))
        assert engine.submit(made, 3).reason is None

    move(16, 2, 2, 5_00, "fee")
    move(2, 16, 2, 1_00, "fee")
    move(16, 2, 2, 70, "interest")
    move(17, 2, 1, 3_00, "fee")
    amounts = {"sell_asset": 1, "sell_amount": 50_00, "buy_asset": 2, "buy_amount": 55_00}
    assert engine.submit(m.Exchange(account=16, client_id=content_id("fx"), **amounts), 4).reason is None
    engine.close()


def test_what_each_client_brought_is_told_by_source(tmp_path: Path, store: Store, ask: Ask) -> None:
    paid(tmp_path / "data")

    async def all_of_it(rows: Rows) -> Earnings:
        return await earnings(rows, await read_chart(rows), (await at_record(rows, 0), await newest(rows)))

    euros, dollars = ask(told(tmp_path / "data", store, all_of_it)).assets
    assert (euros.asset, euros.sources, euros.total) == ("EUR", {"fees": "3.00", "fx": "50.00"}, "53.00")
    assert {row.account: row.sources for row in euros.clients} == {
        "client:ann": {"fx": "50.00"}, "client:ben": {"fees": "3.00"},
    }  # fmt: skip
    assert {row.account: row.sources for row in dollars.clients} == {
        "client:ann": {"fees": "4.00", "fx": "-55.00", "interest": "0.70"}
    }
    assert (dollars.total, dollars.moved, dollars.change) == ("-50.30", "0.00", "-50.30")


def test_a_period_that_ends_before_it_begins_is_refused(data: Path, store: Store, ask: Ask) -> None:
    async def backwards(rows: Rows) -> None:
        with pytest.raises(BadInput, match="behind the end"):
            await earnings(rows, await read_chart(rows), (await at_record(rows, 9), await at_record(rows, 8)))

    ask(told(data, store, backwards))


def test_every_purpose_is_earned_or_moved_and_none_is_both() -> None:
    known = set(SOURCE_OF) | MOVES
    assert set(SOURCE_OF) & MOVES == set()
    assert set(m.PURPOSE_NUMBERS) <= known
