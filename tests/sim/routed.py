"""A whole broker whose router works random parents on a market that reacts and fails, and a witness of what it does.

Everything is drawn from one seed: parents of all paths, what clients and operators do to them, faults of the lines. The
witness hears every record when the router does and holds it to the laws; `end` says what must be true afterwards.
"""

from __future__ import annotations

from pathlib import Path as Folder
from random import Random
from typing import Any

import msgspec

from isthmus.app.playing import Playing
from isthmus.engine.archive import records
from isthmus.engine.engine import Record, content_id
from isthmus.execution.notes import ParentNote, note_of
from isthmus.execution.policy import PPM, Decision, Market, Path, Ticket, Wake, Work
from isthmus.execution.taxonomy import PATHS
from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    BUY,
    GTC,
    IOC,
    LIMIT,
    RESPONSE,
    SELL,
    CancelOrder,
    Deposit,
    Halt,
    Kill,
    OpenAccount,
    PlaceOrder,
    PlaceParent,
    Rearm,
    ReduceOrder,
    ReplaceOrder,
    Resume,
)
from isthmus.kernel.values import NS_PER_S
from isthmus.venues import reacting
from isthmus.venues.reacting.faults import FaultTerms

DAY_S = 120
FIRST_DAY = 1_700_000_400 * NS_PER_S
VENUES = ("aurora", "borealis", "cygnus", "nocturne", "umbra", "meridian", "harbour")
SYMBOLS = ("NOVA", "XBT-USD")
MIDDLES = {"NOVA": 57_000, "XBT-USD": 6_170_000}
SIZES = {"NOVA": (1, 10, 100, 700, 3_000), "XBT-USD": (1, 100, 5_000, 40_000)}
SCOPE_INSTRUMENT, SCOPE_VENUE, SCOPE_ACCOUNT = 5, 6, 1
ENDING_S = 40
"""After everything was cancelled and every line is up, all children are over by then."""


SAFEGUARDS = frozenset(("parent_ending", "beyond_parent", "beyond_limit", "bad_ordinal", "off_lot"))
"""Refusals of children that only a router that does not look can get."""


class NoTerms(msgspec.Struct, frozen=True):
    """Parameters of the path below."""


def reckless(work: Work, market: Market, _: NoTerms, now: int) -> Decision:
    """Asks for anything anywhere, and looks at neither limit, cap, lots nor what is left."""
    draw = Random(f"{work.parent.seed} {work.placed} {now}")
    middle = (market.middle_x2() or 2 * work.parent.limit) // 2
    tickets = tuple(
        Ticket(
            venue=draw.choice(market.venues()).number if draw.random() < 0.9 else 4_711,
            price=max(1, (middle + draw.randrange(-60, 61)) // 5 * 5),
            quantity=draw.randrange(1, 2 * work.parent.quantity + 2),
            tif=draw.choice((GTC, IOC)),
            why="why not",
        )
        for _ in range(draw.randrange(4))
    )
    taken_back = tuple(child.order for child in work.children if draw.random() < 0.2)
    return Decision(place=tickets, cancel=taken_back, wake=Wake(at=now + draw.randrange(1, 2 * NS_PER_S), book=True))


RECKLESS = Path(
    number=200, name="RECKLESS", title="for tests", source="none", parameters=NoTerms, decide=reckless,
    measured_on="simulator",
)  # fmt: skip


class Followed(msgspec.Struct):
    """A parent as its records alone say."""

    side: int
    quantity: int
    limit: int
    cap_ppm: int
    instrument: int
    most: int
    """Its quantity, or what it had asked of venues when that was lowered: what is on its way may fill."""
    filled: int = 0
    traded: int = 0
    ordinals: int = 0
    ended: bool = False
    asked: bool = False


class Offspring(msgspec.Struct):
    """A child as its records alone say."""

    parent: int
    venue: int
    quantity: int
    price: int
    filled: int = 0
    over: bool = False


class Witness:
    """Holds every record to the laws. `lots`: by instrument and venue."""

    def __init__(self) -> None:
        self.parents: dict[int, Followed] = {}
        self.children: dict[int, Offspring] = {}
        self.lots: dict[tuple[int, int], int] = {}
        self.last = 0

    def on_record(self, record: Record) -> None:
        """One after the other."""
        assert record.sequence > self.last
        self.last = record.sequence
        kind, command = type(record.command).__name__, record.command
        assert kind != "PlaceChild" or record.reason not in SAFEGUARDS, f"{record.reason}: it looks before it asks"
        if record.reason is None and kind == "PlaceParent":
            self._parent(record, command)
        elif record.reason is None and kind == "PlaceChild":
            self._child(record, command)
        for effect in record.effects:
            if (take := getattr(self, f"_{type(effect).__name__.lower()}", None)) is not None:
                take(effect)

    def _parent(self, record: Record, command: Any) -> None:
        accepted = next(effect for effect in record.effects if type(effect).__name__ == "Accepted")
        note = msgspec.json.decode(record.origin.note, type=ParentNote)
        self.parents[record.sequence] = Followed(
            command.side, command.quantity, accepted.price, note.cap_ppm, command.instrument, command.quantity
        )

    def _child(self, record: Record, command: Any) -> None:
        parent = self.parents[command.parent]
        assert not parent.ended and not parent.asked, "a parent that ends gets no more children"
        assert command.ordinal == parent.ordinals + 1, "an ordinal is used once, in order"
        parent.ordinals += 1
        beyond = (command.price - parent.limit) * (1 if parent.side == BUY else -1)
        assert beyond <= 0, "a child is never beyond the limit"
        lot = self.lots.get((parent.instrument, command.venue), 1)
        assert command.quantity > 0 and command.quantity % lot == 0, "a child is lot-exact"
        self.children[record.sequence] = Offspring(command.parent, command.venue, command.quantity, command.price)
        if command.kind != RESPONSE:
            assert parent.filled + self._live_lots(command.parent) <= parent.quantity, "no more is sent than is left"
        self._capped(command.parent)

    def _capped(self, number: int) -> None:
        """Whatever fills next, the parent keeps to its share: so the cap holds at every moment, and for every fill."""
        parent = self.parents[number]
        if not parent.cap_ppm:
            return
        most = parent.filled + self._live_lots(number)
        traded = parent.traded + most - parent.filled
        assert PPM * most <= parent.cap_ppm * traded, f"{most} lots of {traded} at most, cap {parent.cap_ppm} ppm"

    def _live_lots(self, parent: int) -> int:
        own = [child for child in self.children.values() if child.parent == parent and not child.over]
        return sum(child.quantity - child.filled for child in own)

    def traded_by_others(self, instrument: int, quantity: int) -> None:
        """Volume counts for everybody who works there."""
        for parent in self.parents.values():
            if parent.instrument == instrument and not parent.ended:
                parent.traded += quantity

    def _traded(self, effect: Any) -> None:
        self.traded_by_others(effect.instrument, effect.quantity)
        for order in {effect.maker_order, effect.taker_order} & set(self.children):
            child = self.children[order]
            parent = self.parents[child.parent]
            child.filled += effect.quantity
            parent.filled += effect.quantity
            assert not child.over, "a child that is over is not filled"
            assert child.filled <= child.quantity, "a child is never over-filled"
            assert parent.filled <= parent.most, "a parent is never over-filled"
            beyond = (effect.price - child.price) * (1 if parent.side == BUY else -1)
            assert beyond <= 0, "no fill is beyond the child's limit"
            if parent.cap_ppm:
                assert PPM * parent.filled <= parent.cap_ppm * parent.traded, "the cap holds at every fill"
            child.over = child.filled == child.quantity

    def _reheld(self, effect: Any) -> None:
        parent = self.parents.get(effect.order)
        if parent is not None and parent.filled >= parent.quantity and not self._live_lots(effect.order):
            parent.ended = True

    def _cancelled(self, effect: Any) -> None:
        if effect.order in self.children:
            assert not self.children[effect.order].over, "a child ends once"
            self.children[effect.order].over = True
        elif effect.order in self.parents:
            self.parents[effect.order].ended = True

    def _cancelrequested(self, effect: Any) -> None:
        if effect.order in self.parents:
            self.parents[effect.order].asked = True

    def _purged(self, _: Any) -> None:
        """A kill names no orders: who is left is asked of the engine, by `reconcile`."""

    def _reduced(self, effect: Any) -> None:
        if effect.order in self.children:
            child = self.children[effect.order]
            child.quantity -= effect.quantity
            child.over = child.quantity == child.filled
        elif effect.order in self.parents:
            self._change(effect.order, self.parents[effect.order].quantity - effect.quantity)

    def _change(self, number: int, quantity: int) -> None:
        parent = self.parents[number]
        parent.quantity, parent.most = quantity, max(quantity, parent.filled + self._live_lots(number))

    def _replaced(self, effect: Any) -> None:
        if effect.order in self.parents:
            parent = self.parents[effect.order]
            self._change(effect.order, effect.quantity)
            parent.limit = effect.price

    def reconcile(self, engine: Any) -> None:
        """What a kill took out is over."""
        for order, child in self.children.items():
            child.over |= engine.order(order) is None
        for order, parent in self.parents.items():
            parent.ended |= engine.order(order) is None


class Session:
    """Plays a plan drawn from `seed`. `data`: a folder, which allows a restart in the middle."""

    def __init__(self, seed: int, data: str | None = None, *, paths: tuple[Path, ...] = PATHS) -> None:
        self._random = Random(f"router laws {seed}")
        self._seed, self._data, self._paths = seed, data, paths
        self._symbols = SYMBOLS if seed % 3 == 0 else SYMBOLS[:1]
        self._faults = {name: self._fault() for name in VENUES if self._random.random() < 0.4}
        self.witness = Witness()
        self._sent = 0
        self._killed: list[tuple[int, int]] = []
        self._halted: set[int] = set()
        self._down: set[str] = set()
        self._start(FIRST_DAY)
        self.clients = [self._client(number) for number in range(2)]
        self._house_orders()

    def _fault(self) -> FaultTerms:
        draw = self._random
        shares = {name: draw.choice((0.0, 0.0, 0.3)) for name in ("twice", "late", "never", "rest_refused")}
        return FaultTerms(late_ms=draw.choice((200, 3_000, 9_000)), **shares)

    def _start(self, at: int) -> None:
        options = reacting.Options(seed=self._seed, day_s=DAY_S, skip=False, faults=self._faults)
        self.market = reacting.make(options, self._symbols)
        self.playing = Playing([self.market], at, self._data)
        self.core = self.playing.core
        self.core.router.paths[RECKLESS.number] = RECKLESS
        self.core.driver.observe(self.witness.on_record)
        self._hear_others()
        self.instruments = {row.symbol: row.number for row in self.core.directory.instruments.values()}
        for instrument in self.instruments.values():
            for facts in self.core.directory.venue_facts(instrument):
                self.witness.lots[instrument, facts.number] = facts.lot

    def _hear_others(self) -> None:
        """The witness counts others' trades as the router hears of them."""
        outside, trade = self.core.outside, self.core.outside.trade

        def heard(venue: int, instrument: int, price: int, quantity: int, taker_side: int, at: int) -> None:
            self.witness.traded_by_others(instrument, quantity)
            trade(venue, instrument, price, quantity, taker_side, at)

        outside.trade = heard  # type: ignore[method-assign]

    def _client(self, number: int) -> int:
        made = self.playing.submit(OpenAccount(kind=ACCOUNT_CLIENT, client_id=content_id(f"c{number}")), f"c{number}")
        account: int = made.effects[0].account
        for asset in self.core.directory.assets.values():
            self.playing.submit(Deposit(account=account, asset=asset.number, amount=10**17))
        return account

    def _house_orders(self) -> None:
        """Somebody rests in the house book, so that it is a venue like the others."""
        maker = self._client(9)
        for name, instrument in self.instruments.items():
            for side, sign in ((BUY, -1), (SELL, 1)):
                for step in range(1, 4):
                    price = MIDDLES[name] + sign * step * MIDDLES[name] // 2_000
                    self.playing.submit(
                        PlaceOrder(
                            account=maker, instrument=instrument, venue=0, side=side, kind=LIMIT, tif=GTC, flags=0,
                            price=price, quantity=40,
                        )
                    )  # fmt: skip

    def play(self, steps: int) -> None:
        """So many things happen, each after a while."""
        for _ in range(steps):
            self.playing.run(self.playing.now + int(self._random.choice((0.01, 0.3, 1, 4, 9)) * NS_PER_S))
            self._random.choices(
                (self._parent, self._basket, self._cancel, self._change, self._halt, self._kill, self._line),
                (40, 3, 10, 14, 20 if self._halted else 3, 20 if self._killed else 3, 8),
            )[0]()
            self.check()

    def restart(self) -> None:
        """The process dies and another one goes on; lines that were down are up again."""
        now = self.playing.now
        self.core.outside.close()
        self.playing.engine.close()
        self._down.clear()
        self._start(now)
        assert self._data is not None, "only a data folder outlives the process"
        for record in records(Folder(self._data)):
            if record.sequence > self.witness.last:
                self.witness.on_record(record)
        self.check()

    def end(self) -> None:
        """Everything is up and allowed again, everybody cancels, and time passes."""
        for name in sorted(self._down):
            self._reconnect(name)
        for instrument in sorted(self._halted):
            self._operate(Resume(instrument=instrument))
        for scope, of in self._killed:
            self._rearm(scope, of)
        for number, parent in list(self.witness.parents.items()):
            if not parent.ended:
                self._send(CancelOrder(order=number, account=self._account(number)))
        for _ in range(4):
            self.playing.run(self.playing.now + ENDING_S * NS_PER_S // 4)
            for name in VENUES:
                self._reconnect(name)
        self.playing.run(self.playing.now + NS_PER_S)
        self.check()

    def check(self) -> None:
        """What the router knows is what the engine knows."""
        engine, works = self.core.engine, self.core.router.works
        self.witness.reconcile(engine)
        live = {number for number, parent in self.witness.parents.items() if not parent.ended}
        assert set(works.parents) == live, "the router works the parents that live, and no other"
        for order, child in self.witness.children.items():
            known = works.child(order)
            if child.over:
                assert known is None or not known.lives, "a child that is over is known to be"
            else:
                assert known is not None and known.left == child.quantity - child.filled, "no child is lost"
        for number in live:
            work, followed = works.parents[number].work, self.witness.parents[number]
            assert (work.filled, work.parent.quantity) == (followed.filled, followed.quantity)
            assert work.working == sum(child.left for child in work.children)
            assert work.live == [child for child in work.children if child.lives]

    def _parent(self, basket: str = "", path: Path | None = None) -> None:
        draw = self._random
        name = draw.choice(self._symbols)
        side = draw.choice((BUY, SELL))
        path = path or draw.choice(self._paths)
        way = int(MIDDLES[name] * draw.choice((-0.001, 0.0005, 0.003, 0.02)))
        price = draw.choice((0, MIDDLES[name] + (way if side == BUY else -way)))
        note = ParentNote(
            path=path.name,
            until=draw.choice((0, self.playing.now + draw.randrange(1, 90) * NS_PER_S)),
            cap_ppm=draw.choice((0, 0, 50_000, 300_000, PPM)),
            seed=draw.randrange(1, 1_000),
            basket=basket,
        )
        command = PlaceParent(
            account=draw.choice(self.clients), instrument=self.instruments[name], side=side, path=path.number,
            price=price, quantity=draw.choice(SIZES[name]) * draw.randrange(1, 4), client_id=self._id(),
        )  # fmt: skip
        self._send(command, note_of(note))

    def _basket(self) -> None:
        path = next((path for path in self._paths if path.name == "BASKET_IS"), None)
        for _ in range(self._random.randrange(2, 4)):
            self._parent(f"basket {self._sent // 8}", path)

    def _cancel(self) -> None:
        if (number := self._pick()) is not None:
            self._send(CancelOrder(order=number, account=self._account(number)))

    def _change(self) -> None:
        """Other terms, or only fewer lots."""
        if (number := self._pick()) is not None:
            parent, draw = self.witness.parents[number], self._random
            if draw.random() < 0.3:
                account, less = self._account(number), max(1, parent.quantity // 4)
                self._send(ReduceOrder(order=number, account=account, quantity=less, client_id=self._id()))
                return
            price = max(1, parent.limit + int(parent.limit * draw.choice((-0.002, -0.0003, 0, 0.0003, 0.002))))
            quantity = max(1, int(parent.quantity * draw.choice((0.3, 0.8, 1, 1.5))))
            account = self._account(number)
            self._send(
                ReplaceOrder(order=number, account=account, price=price, quantity=quantity, client_id=self._id())
            )

    def _halt(self) -> None:
        instrument = self._random.choice(sorted(self.instruments.values()))
        if instrument in self._halted:
            self._operate(Resume(instrument=instrument))
        else:
            self._operate(Halt(instrument=instrument, reason=1))
        self._halted ^= {instrument}

    def _kill(self) -> None:
        """Stop somebody or something; the next time it is allowed again."""
        if self._killed:
            self._rearm(*self._killed.pop())
            return
        venue = self.core.directory.venue_number(self._random.choice(VENUES)) or 0
        targets = (
            (SCOPE_INSTRUMENT, self.instruments["NOVA"]),
            (SCOPE_VENUE, venue),
            (SCOPE_ACCOUNT, self.clients[0]),
        )
        self._killed.append(self._random.choice(targets))
        self._operate(Kill(scope=self._killed[-1][0], of=self._killed[-1][1]))

    def _rearm(self, scope: int, of: int) -> None:
        """It takes two."""
        for user in (1, 2):
            self._operate(Rearm(scope=scope, of=of, user=user))

    def _line(self) -> None:
        name = self._random.choice(VENUES)
        if name in self._down:
            self._reconnect(name)
        else:
            self.market.disconnect(name)
            self._down.add(name)

    def _reconnect(self, name: str) -> None:
        self.market.reconnect(name)
        self._down.discard(name)

    def _account(self, number: int) -> int:
        known = self.core.engine.order(number)
        assert known is not None
        return known["account"]

    def _pick(self) -> int | None:
        live = [number for number, parent in self.witness.parents.items() if not parent.ended]
        return self._random.choice(live) if live else None

    def _id(self) -> bytes:
        self._sent += 1
        return content_id(f"s{self._sent}")

    def _send(self, command: Any, note: str = "") -> Record:
        return self.playing.submit(command, note=note)

    def _operate(self, command: Any) -> None:
        record = self.playing.submit(command, role="operator")
        assert record.reason is None, record.reason
