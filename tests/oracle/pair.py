"""The twin and the Rust engine side by side: the same commands, the same records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from .adapter import explain, origin_to_core, to_core
from .engine import Twin
from .messages import COMMANDS, PURPOSES, commands, effects, name_of
from .record import Origin, chained
from .values import BUY, SELL


class Pair:
    """Applies each command to both and compares the records. `engine` is one of the extension's (else a new one)."""

    def __init__(self, core: Any, engine: Any = None) -> None:
        self.core = core
        self.twin = Twin()
        self.engine = engine or core.Engine()
        self.posted: dict[tuple[int, int], int] = defaultdict(int)
        self.now = 1_000

    def apply(self, command: Any, at: int, origin: Origin | None = None) -> list[Any]:
        """The effects, which are the same on both sides."""
        previous = self.twin.head
        expected = self.twin.apply(command, at, origin)
        record = self.engine.submit(to_core(self.core, command), at, origin_to_core(self.core, origin))
        assert record.body == expected, difference(expected, record.body)
        assert (record.prev, record.hash) == (previous, chained(previous, expected)), "the hash chain differs"
        postings = [tuple(getattr(p, field) for field in effects.Posted._fields) for p in self.engine.postings(record)]
        assert postings == [tuple(p) for p in self.twin.postings], f"postings of {command}: {postings}"
        for source, target, asset, _, amount in postings:
            self.posted[source, asset] -= amount
            self.posted[target, asset] += amount
        return self.twin.effects

    def restore(self) -> None:
        """Goes on with an engine made of the canonical state of the present one."""
        before = self.engine.state_hash()
        self.engine = self.engine.restored()
        assert self.engine.state_hash() == before, "the state reads back as another"

    def check_state(self) -> None:
        """Everything that can be asked of the engine, against the twin and against the record's postings."""
        state, engine = self.twin.state, self.engine
        for account in state.ledger.kinds:
            for asset in state.assets:
                balance = engine.balance(account, asset)
                assert balance == self.twin.balance(account, asset), (account, asset)
                assert balance[0] == self.posted[account, asset], "the postings do not add up to the balance"
            live = sorted(order.id for order in state.orders.values() if order.account == account)
            assert sorted(engine.orders(account)) == live, account
        assert not any(amount for _, amount in engine.totals()), engine.totals()
        waiting = [(at, *w[:3], PURPOSES[w.purpose], *w[4:]) for at, w in sorted(state.pending.items())]
        assert engine.pending_transfers() == waiting
        for pair in state.positions:
            assert engine.position(*pair) == self.twin.position(*pair), pair
        for number in state.instruments:
            assert engine.reference(number) == self.twin.reference(number), number
            assert engine.indicative(number) == self.twin.indicative(number), number
            self._check_book(number)

    def _check_book(self, number: int) -> None:
        depth = self.engine.depth(number, 1_000)
        for side, levels in zip((BUY, SELL), depth, strict=True):
            resting = self.twin.resting(number, side)
            prices = list(dict.fromkeys(order.price for order in resting))
            expected = [[order for order in resting if order.price == price] for price in prices]
            seen = [[order for order in queue if order.displayed] for queue in expected]
            totals = [(q[0].price, sum(o.displayed for o in q), len(q)) for q in seen if q]
            assert [tuple(level) for level in levels] == totals, f"levels of {number}, side {side}"
            for price, queue in zip(prices, expected, strict=True):
                found = [row[0] for row in self.engine.queue(number, side, price)]
                assert found == [order.id for order in queue if not order.behind], f"queue of {number} at {price}"
        calls = self.twin.state.books[number].calls
        standing = [
            order
            for side, sign in ((BUY, -1), (SELL, 1))
            for order in sorted(calls[side] + self.twin.resting(number, side), key=lambda o: sign * o.price)
        ]
        rows = [(o.id, o.account, o.side, o.price, o.displayed, o.left, False) for o in standing]
        found = [row for row in self.engine.book_orders(number) if not row[-1]]
        assert found == rows, f"orders of {number}"

    def send(self, name: str, **fields: Any) -> list[Any]:
        """A command by name at the next moment; fields that are not given are zero."""
        self.now += 1
        return self.apply(command_of(name, **fields), self.now)


def command_of(name: str, **fields: Any) -> Any:
    """A command by name; fields that are not given are zero, texts are padded."""
    widths = {"ClientId": 16, "Code": 16, "Symbol": 32, "Hash": 32}
    types = dict(COMMANDS[name].fields)
    assert not fields.keys() - types.keys(), fields.keys() - types.keys()
    values: dict[str, Any] = {field: bytes(widths[type_]) if type_ in widths else 0 for field, type_ in types.items()}
    for field, value in fields.items():
        values[field] = value.encode().ljust(widths[types[field]], b"\0") if isinstance(value, str) else value
    return getattr(commands, name)(**values)


def through_snapshots(core: Any, folder: str, session: Iterable[tuple[Any, int]], every: int) -> Pair:
    """A session on a journal; every so many commands the engine is closed after a snapshot and opened again."""
    pair = Pair(core, core.Engine(folder, "os", 2**16))
    for place, (command, at) in enumerate(session, 1):
        pair.apply(command, at)
        if place % every == 0:
            pair.engine.snapshot()
            state = pair.engine.state()
            pair.engine = None  # gives the folder back
            pair.engine = core.Engine(folder, "os", 2**16)
            assert pair.engine.state() == state
    pair.check_state()
    return pair


def difference(expected: bytes, got: bytes) -> str:
    """Both records in words, one message a line."""
    texts = [f"{'twin' if raw is expected else 'rust'}: {line}" for raw in (expected, got) for line in explain(raw)]
    return "\n".join(["the records differ", *texts])


def names(found: list[Any]) -> list[str]:
    """The effects' names."""
    return [name_of(effect) for effect in found]
