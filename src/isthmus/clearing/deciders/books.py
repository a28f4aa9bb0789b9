"""SQL over books of record: the postings as rows, and the rule as one query in SQLite's integers.

Tables of the books: accounts, postings, balances, progress (as the books of record name them); beside them what margin
needs: contracts, positions, tiers. A sum that leaves 64 bits is no integer in SQLite any more: then this decider
abstains from the account and the other two decide.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

from isthmus.clearing.margining import Close, Finding, Key, Rules
from isthmus.kernel.messages import ACCOUNT_CLIENT, LINEAR_PERPETUAL

INT_MAX = (1 << 63) - 1

TABLES = """
create table accounts (number integer primary key, kind integer not null);
create table postings (sequence integer, place integer, source integer, target integer, asset integer,
    template integer, amount integer not null, primary key (sequence, place)) without rowid;
create table balances (account integer, asset integer, amount integer not null, primary key (account, asset))
    without rowid;
create table credits (account integer, asset integer, amount integer not null, primary key (account, asset))
    without rowid;
create table progress (sequence integer not null);
create table contracts (instrument integer primary key, quote integer not null, lot integer not null,
    num integer not null, mark integer not null, settled integer not null);
create table positions (account integer, instrument integer, quantity integer not null,
    primary key (account, instrument)) without rowid;
create table tiers (instrument integer, from_value integer, initial integer not null, maintenance integer not null,
    primary key (instrument, from_value)) without rowid;
create table restore (bps integer not null);
create table overdue (account integer, asset integer, primary key (account, asset)) without rowid;
insert into progress values (0);
"""
ADD = "insert into balances values (?, ?, ?) on conflict do update set amount = amount + excluded.amount"
HOLD = "insert into positions values (?, ?, ?) on conflict do update set quantity = quantity + excluded.quantity"

QUERY = """
with valued as (
    select p.account, c.quote as asset, p.instrument, p.quantity, c.lot, c.mark * c.num as unit,
        abs(p.quantity) * c.mark * c.num as value, p.quantity * (c.mark - c.settled) * c.num as gain
    from positions p join contracts c using (instrument) join accounts a on a.number = p.account
    where p.quantity != 0 and a.kind = :client
), tiered as (
    select v.*, t.initial, t.maintenance, o.account is not null as late,
        case when o.account is null then t.maintenance else t.initial end as rate
    from valued v join tiers t on t.instrument = v.instrument
    and t.from_value = (select max(from_value) from tiers where instrument = v.instrument and from_value <= v.value)
    left join overdue o on o.account = v.account and o.asset = v.asset
), needed as (
    select *,
        value / 10000 * maintenance + (value % 10000 * maintenance + 9999) / 10000 as needs,
        value / 10000 * initial + (value % 10000 * initial + 9999) / 10000 as wants,
        value / 10000 * rate + (value % 10000 * rate + 9999) / 10000 as burden,
        max(1, lot * unit / 10000 * rate + lot * unit % 10000 * rate / 10000) as frees
    from tiered
), ranked as (
    select *, sum(gain) over w as gains, sum(needs) over w as kept, sum(wants) over w as asked,
        sum(burden) over w as bears,
        row_number() over (partition by account, asset order by burden desc, instrument) as place
    from needed window w as (partition by account, asset)
), standing as (
    select r.*, coalesce(b.amount, 0) + coalesce(c.amount, 0) + r.gains as equity,
        case when r.late then 10000 else (select bps from restore) end as restore
    from ranked r left join balances b using (account, asset) left join credits c using (account, asset)
    where place = 1 and coalesce(c.amount, 0) < 9223372036854775807
), judged as (
    select *, equity / restore * 10000 + equity % restore * 10000 / restore as covers from standing
)
select account, asset, equity, kept, asked, instrument, quantity,
    case when equity >= bears then 0
         when equity <= 0 then abs(quantity)
         else min(abs(quantity), (bears - covers + frees - 1) / frees * lot) end as closes
from judged order by account, asset
"""
"""ceil(x * r / 10^4) is written x / 10^4 * r + (x % 10^4 * r + 9,999) / 10^4, so that no product leaves 64 bits before
x does; only equity above zero is divided, where SQLite's division rounds down.
"""


class BooksDecider:
    """`postings`: the double entries of a record (the engine's; they come from the record alone). `path`: of the
    database, memory by default.
    """

    name = "books"

    def __init__(self, postings: Callable[[Any], Iterable[Any]], path: str = ":memory:") -> None:
        self.postings = postings
        self._base = sqlite3.connect(path, isolation_level=None)
        self._base.executescript(TABLES)
        self._perpetuals: set[int] = set()
        self._decimals: dict[int, int] = {}

    def on_record(self, record: Any) -> None:
        """The record's postings, and what it changed of contracts and positions, in one transaction."""
        if record.reason is not None or not record.effects:
            return
        base, command = self._base, record.command
        base.execute("begin")
        for place, entry in enumerate(self.postings(record)):
            row = (entry.source, entry.target, entry.asset, entry.template, entry.amount)
            base.execute("insert into postings values (?, ?, ?, ?, ?, ?, ?)", (record.sequence, place, *row))
            base.execute(ADD, (entry.source, entry.asset, -entry.amount))
            base.execute(ADD, (entry.target, entry.asset, entry.amount))
        for effect in record.effects:
            take = _TAKES.get(type(effect).__name__)
            if take is not None:
                take(self, command, effect)
        base.execute("update progress set sequence = ?", (record.sequence,))
        base.execute("commit")

    def _opened(self, command: Any, effect: Any) -> None:
        self._base.execute("insert into accounts values (?, ?)", (effect.account, command.kind))

    def _asset(self, command: Any, effect: Any) -> None:
        self._decimals[effect.asset] = command.decimals

    def _listed(self, command: Any, effect: Any) -> None:
        if command.kind != LINEAR_PERPETUAL:
            return
        self._perpetuals.add(effect.instrument)
        exponent = self._decimals[command.quote] - command.price_decimals - command.quantity_decimals
        row = (command.quote, command.lot, command.multiplier * 10**exponent, command.mark, command.mark)
        self._base.execute("insert into contracts values (?, ?, ?, ?, ?, ?)", (effect.instrument, *row))

    def _credited(self, _: Any, effect: Any) -> None:
        row = (effect.account, effect.asset, effect.amount)
        self._base.execute("insert or replace into credits values (?, ?, ?)", row)

    def _marked(self, _: Any, effect: Any) -> None:
        self._base.execute("update contracts set mark = ?1 where instrument = ?2", (effect.price, effect.instrument))
        if effect.settlement:
            self._base.execute("update contracts set settled = mark where instrument = ?", (effect.instrument,))

    def _traded(self, _: Any, effect: Any) -> None:
        if effect.instrument in self._perpetuals:
            lots = effect.quantity if effect.taker_side == 1 else -effect.quantity
            self._base.execute(HOLD, (effect.taker, effect.instrument, lots))
            self._base.execute(HOLD, (effect.maker, effect.instrument, -lots))

    def _corrected(self, command: Any, effect: Any) -> None:
        if effect.price == 0 and command.instrument in self._perpetuals:
            lots = command.quantity if command.taker_side == 1 else -command.quantity
            self._base.execute(HOLD, (command.taker, command.instrument, -lots))
            self._base.execute(HOLD, (command.maker, command.instrument, lots))

    def findings(self, rules: Rules) -> dict[Key, Finding]:
        """Of every client that has a position, but for those whose sums leave 64 bits."""
        self._lay(rules)
        found = {}
        for row in self._base.execute(QUERY, {"client": ACCOUNT_CLIENT}):
            if not all(isinstance(value, int) for value in row):
                continue
            account, asset, equity, kept, asked, instrument, quantity, closes = row
            close = Close(instrument, 2 if quantity > 0 else 1, closes) if closes else None
            found[account, asset] = Finding(account, asset, equity, kept, asked, close)
        return found

    def _lay(self, rules: Rules) -> None:
        base = self._base
        base.execute("begin")
        base.execute("delete from tiers")
        base.execute("delete from restore")
        base.execute("delete from overdue")
        base.execute("insert into restore values (?)", (rules.restore_bps,))
        base.executemany("insert into overdue values (?, ?)", rules.overdue)
        for instrument in self._perpetuals:
            for tier in rules.of(instrument):
                row = (instrument, min(tier.from_value, INT_MAX), tier.initial_bps, tier.maintenance_bps)
                base.execute("insert into tiers values (?, ?, ?, ?)", row)
        base.execute("commit")

    def close(self) -> None:
        """Let the database go."""
        self._base.close()


_TAKES: dict[str, Callable[[BooksDecider, Any, Any], None]] = {
    "AccountOpened": BooksDecider._opened,
    "AssetAdded": BooksDecider._asset,
    "InstrumentAdded": BooksDecider._listed,
    "CreditSet": BooksDecider._credited,
    "Marked": BooksDecider._marked,
    "Traded": BooksDecider._traded,
    "TradeCorrected": BooksDecider._corrected,
}
