"""Client statements: they add up to the books, periods follow on each other, and trades are told with value dates."""

from __future__ import annotations

import argparse
import asyncio
import json
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from tests.unit.ledger.journals import SESSIONS, played
from tests.unit.ledger.test_points import named

from isthmus.app import account_history, client_paper
from isthmus.app.client_paper import Asked, drawn
from isthmus.app.settings import read_defaults, settings_of
from isthmus.app.settlement_settings import SettlementSettings
from isthmus.engine.engine import Engine
from isthmus.engine.postings import end_of
from isthmus.kernel import messages as m
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.ledger.client_statement import ClientStatement, paper
from isthmus.ledger.projection import Projection
from isthmus.ledger.sqlite import SqliteStore, path_in
from isthmus.ledger.store import NotRecorded


@pytest.fixture(scope="module")
def settlement() -> SettlementSettings:
    return settings_of(read_defaults(), {}).settlement


def booked(data: Path) -> Path:
    """The folder, with books of its journal."""

    async def carry() -> None:
        store = SqliteStore(path_in(data))
        await (await Projection.begin(data, store)).run()
        await store.close()

    asyncio.run(carry())
    return data


def of(data: Path, account: str, after: str | None = None, upto: str | None = None) -> Asked:
    return Asked(data=str(data), url=None, account=account, after=after, upto=upto)


def adds_up(told: ClientStatement) -> bool:
    """Opening and entries are closing, entry by entry."""
    for one in told.assets:
        balance = Decimal(one.opening)
        for entry in one.entries:
            balance += Decimal(entry.amount)
            if balance != Decimal(entry.balance):
                return False
        if balance != Decimal(one.closing):
            return False
    return True


def paid_for_trades(told: ClientStatement) -> dict[str, Decimal]:
    """By asset, what the confirmations of trades say that was got for what is delivered, less what was paid."""
    sums: dict[str, Decimal] = {}
    for trade in told.trades:
        if trade.settles:
            got = Decimal(trade.value) * (1 if trade.side == "sell" else -1)
            sums[trade.asset] = sums.get(trade.asset, Decimal()) + got
    return {asset: amount for asset, amount in sums.items() if amount}


def booked_for_trades(told: ClientStatement) -> dict[str, Decimal]:
    """By asset, what the entries say of it."""
    sums: dict[str, Decimal] = {}
    for one in told.assets:
        paid = [Decimal(entry.amount) for entry in one.entries if entry.what.startswith(("payment", "rounding"))]
        sums[one.asset] = sum(paid, Decimal())
    return {asset: amount for asset, amount in sums.items() if amount}


@settings(deadline=None, max_examples=20)
@given(kind=st.sampled_from(sorted(SESSIONS)), seed=st.integers(0, 10**6), cut=st.integers(30, 190))
def test_two_periods_in_a_row_tell_what_one_over_both_tells(
    tmp_path_factory: pytest.TempPathFactory, settlement: SettlementSettings, kind: str, seed: int, cut: int
) -> None:
    data = tmp_path_factory.mktemp("session") / "data"
    played(data, seed, 200, kind=kind).close()
    booked(data)
    middle = str(min(cut, end_of(data)))
    first, second, whole = (
        drawn(of(data, "16", *span), settlement) for span in ((None, middle), (middle, None), (None, None))
    )
    assert adds_up(first) and adds_up(second) and adds_up(whole)
    before = {one.asset: one for one in first.assets}
    opened = {one.asset: Decimal(one.opening) for one in second.assets if Decimal(one.opening)}
    assert opened == {asset: Decimal(one.closing) for asset, one in before.items() if Decimal(one.closing)}
    for one in second.assets:
        earlier = before[one.asset].entries if one.asset in before else []
        assert earlier + one.entries == next(w.entries for w in whole.assets if w.asset == one.asset)
    assert [t.trade for t in first.trades + second.trades] == [t.trade for t in whole.trades]
    assert (second.holdings, second.head) == (whole.holdings, whole.head)
    assert paid_for_trades(whole) == booked_for_trades(whole)


def test_a_trade_of_currencies_is_confirmed_with_its_value_date(tmp_path: Path, settlement: SettlementSettings) -> None:
    named(tmp_path / "data").close()
    told = drawn(of(booked(tmp_path / "data"), "client:ann"), settlement)
    (trade,) = told.trades
    assert (trade.trade, trade.order, trade.side, trade.quantity) == ("trd-10-1", "ord-9", "sell", "100")
    assert (trade.price, trade.value, trade.asset, trade.fee) == ("1.1000", "110.00", "USD", "0.00")
    assert trade.time[:10] == "2023-11-16" and trade.settles == "2023-11-20"  # Thursday, spot: two days, Monday
    assert told.name == "ann" and told.fees == {}
    dollars = next(one for one in told.assets if one.asset == "USD")
    assert (dollars.opening, dollars.closing) == ("0.00", "110.00")
    assert [entry.what for entry in dollars.entries] == ["payment against -100.00 EUR"]
    assert "ben" not in json.dumps([entry.what for one in told.assets for entry in one.entries])


def test_a_period_by_times_says_those_times_and_one_by_records_the_records_times(
    tmp_path: Path, settlement: SettlementSettings
) -> None:
    named(tmp_path / "data").close()
    data = booked(tmp_path / "data")
    by_time = drawn(of(data, "client:ann", "2023-11-15T12:00:00Z", "2023-11-17T00:00:00Z"), settlement)
    assert (by_time.opened, by_time.closed) == ("2023-11-15T12:00:00.000000000Z", "2023-11-17T00:00:00.000000000Z")
    assert (by_time.after, by_time.upto) == (7, 10)
    by_record = drawn(of(data, "client:ann", "7", "10"), settlement)
    assert (by_record.opened, by_record.closed) == ("2023-11-15T02:00:00.000000000Z", "2023-11-16T03:00:00.000000000Z")
    assert (by_record.assets, by_record.trades) == (by_time.assets, by_time.trades)
    since = drawn(of(data, "client:ann", None, "10"), settlement)
    assert since.opened == "2023-11-15T01:00:00.000000000Z"  # when the account was opened


def test_the_paper_says_what_the_values_say_on_every_page(tmp_path: Path, settlement: SettlementSettings) -> None:
    played(tmp_path / "data", 3, 400).close()
    told = drawn(of(booked(tmp_path / "data"), "16"), settlement)
    pages = [page.extract_text() for page in PdfReader(BytesIO(paper(told))).pages]
    said = "\n".join(pages)
    assert len(pages) > 1 and told.trades and told.holdings
    assert all(f"Journal head at record {told.sequence}: {told.head}" in page for page in pages)
    for one in told.assets:
        assert f"Entries in {one.asset}" in said or not one.entries
        assert all(entry.amount in said and entry.balance in said for entry in one.entries)
    for trade in told.trades:
        assert trade.trade in said and trade.settles in said and f"{trade.value} {trade.asset}" in said
    assert all(held.instrument in said and held.quantity in said for held in told.holdings)


def test_a_busted_trade_says_so(tmp_path: Path, settlement: SettlementSettings) -> None:
    engine = named(tmp_path / "data")
    terms = {"instrument": 1, "maker": 16, "taker": 17, "taker_side": 1, "price": 11_000, "quantity": 100}
    made = engine.submit(
        m.CorrectTrade(
            sequence=10, index=0, **terms, buyer_pays=110_00, seller_gets=110_00, maker_fee=0, taker_fee=0, new_price=0
        ),
        1_700_006_400 * 10**9 + 50 * 3_600 * 10**9,
    )
    assert made.reason is None, made.reason
    engine.close()
    data = booked(tmp_path / "data")
    assert drawn(of(data, "client:ann", None, "11"), settlement).trades[0].corrected == ""
    (trade,) = drawn(of(data, "client:ann"), settlement).trades
    assert trade.corrected == f"busted (rec-{made.sequence})"
    assert trade.corrected in "".join(
        page.extract_text() for page in PdfReader(BytesIO(paper(drawn(of(data, "client:ann"), settlement)))).pages
    )


def test_what_is_not_recorded_or_not_there_is_refused_by_name(tmp_path: Path, settlement: SettlementSettings) -> None:
    with pytest.raises(BadInput, match="no books yet"):
        drawn(of(tmp_path, "client:ann"), settlement)
    named(tmp_path / "data").close()
    data = booked(tmp_path / "data")
    with pytest.raises(NotRecorded, match="record 12 is not recorded yet: the books reach to record 11"):
        drawn(of(data, "client:ann", None, "12"), settlement)
    with pytest.raises(NotRecorded, match="not recorded yet"):
        drawn(of(data, "client:ann", None, "2023-12-01T00:00:00Z"), settlement)
    with pytest.raises(BadInput, match="no account client:zoe"):
        drawn(of(data, "client:zoe"), settlement)
    with pytest.raises(BadInput, match="behind the end"):
        drawn(of(data, "client:ann", "9", "8"), settlement)


def test_too_many_trades_or_entries_are_refused(
    tmp_path: Path, settlement: SettlementSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    played(tmp_path / "data", 3, 400).close()
    data = booked(tmp_path / "data")
    with monkeypatch.context() as less, pytest.raises(BadInput, match="more than 1 trades: ask for a shorter one"):
        less.setattr(account_history, "TRADES_MAX", 1)
        drawn(of(data, "16"), settlement)
    with monkeypatch.context() as less, pytest.raises(BadInput, match="more than 2 entries: ask for a shorter one"):
        less.setattr(client_paper, "ENTRIES_MAX", 2)
        drawn(of(data, "16"), settlement)


def test_books_that_go_beyond_the_journal_draw_nothing(tmp_path: Path, settlement: SettlementSettings) -> None:
    named(tmp_path / "longer").close()
    data = booked(tmp_path / "longer")
    shorter = tmp_path / "shorter"
    engine = Engine(str(shorter), "os")
    engine.submit(m.AddAsset(code="EUR", decimals=2), 1)
    engine.close()
    (data / "books").rename(shorter / "books")
    with pytest.raises(Damaged, match="the journal ends at record 1"):
        drawn(of(shorter, "client:ann"), settlement)


def test_the_command_takes_the_server_s_terms_of_settlement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named(tmp_path / "data").close()
    booked(tmp_path / "data")
    config = tmp_path / "server.toml"
    config.write_text('[settlement.terms]\n"EUR/USD" = {days = 1, calendars = ["TARGET"]}\n')
    words = argparse.Namespace(
        data=str(tmp_path / "data"), url=None, account="client:ann", after=None, upto=None, json=True,
        pdf=str(tmp_path / "ann.pdf"), config=str(config),
    )  # fmt: skip
    assert client_paper.run(words) == 0
    assert json.loads(capsys.readouterr().out)["trades"][0]["settles"] == "2023-11-17"
    assert (tmp_path / "ann.pdf").read_bytes().startswith(b"%PDF")
    words.pdf = str(tmp_path / "nowhere" / "ann.pdf")
    with pytest.raises(BadInput, match="nowhere"):
        client_paper.run(words)
