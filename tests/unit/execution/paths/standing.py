"""A market that stands still as a test lays it out, and children in any state."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from tests.unit.execution.paths.floor import SECOND, START, Floor, parent_of

from isthmus.execution.policy import Child, Decision, Path, Ticket, Venue, Work, parameters_of
from isthmus.kernel.messages import BUY, GTC, IOC, SELL

NORTH = Venue(number=1, name="north")
SOUTH = Venue(number=2, name="south")
HOUSE = Venue(number=0, name="house", kind="house")
POOL = Venue(number=3, name="pool", kind="dark")
CELLAR = Venue(number=4, name="cellar", kind="dark")
HOUSE_POOL = Venue(number=0, name="house", kind="dark")

Book = dict[int, int]


class Still(Floor):
    """Books as given: {venue number: (bids, asks)}. `flow`: lots a second against each side of every venue."""

    def __init__(self, venues: Sequence[Venue], books: dict[int, tuple[Book, Book]], *, flow: float = 0.0) -> None:
        super().__init__(venues=venues, depth=0, moves=0.0)
        self.now = START
        self.per_second = flow
        self.sigma = 0.0
        self.books = {}
        for number, (bids, asks) in books.items():
            self.books[number, BUY], self.books[number, SELL] = dict(bids), dict(asks)

    def rate(self, venue: int, side: int) -> int:
        return int(self.per_second * 1_000_000)

    def volatility(self) -> float:
        return self.sigma


def work_of(quantity: int = 100, *children: Child, side: int = BUY, seconds: int = 0, **given: int) -> Work:
    """A parent with children; what they filled is filled."""
    parent = parent_of(quantity, side=side, seconds=seconds, **given)
    work = Work(parent=parent, children=list(children), filled=sum(child.filled for child in children))
    for ordinal, child in enumerate(work.children):
        child.ordinal = ordinal
    return work


def child(order: int, venue: int, price: int, quantity: int, **given: object) -> Child:
    """A child that rests (GTC), or, with `ended`, one that is done since then."""
    fields: dict[str, object] = {"tif": GTC, "status": "working", "placed_at": START, **given}
    ended = fields.pop("ended", None)
    if ended is not None:
        fields |= {"status": "done", "ended_at": ended}
    return Child(order=order, ordinal=0, venue=venue, price=price, quantity=quantity, **fields)  # type: ignore[arg-type]


def taken(order: int, venue: int, price: int, quantity: int, **given: object) -> Child:
    """An immediate child that is done, a second ago unless `ended` says when."""
    return child(order, venue, price, quantity, **{"tif": IOC, "ended": START - SECOND, **given})


def decided(path: Path, work: Work, market: Floor, now: int = START, **parameters: object) -> Decision:
    """What the path decides, with these parameters."""
    return path.decide(work, market, parameters_of(path, parameters), now)


def rows(decision: Decision) -> list[tuple[int, int, int]]:
    """Venue, price and quantity of every child that it places."""
    return [(ticket.venue, ticket.price, ticket.quantity) for ticket in decision.place]


def only(decision: Decision) -> Ticket:
    """The one child that it places."""
    (ticket,) = decision.place
    return ticket


def answered(work: Work, decision: Decision, **given: object) -> Work:
    """The work once the venues took what was placed."""
    work = msgspec.convert(msgspec.to_builtins(work), Work)
    for ticket in decision.place:
        made = Child(
            order=500 + work.placed,
            ordinal=work.placed,
            venue=ticket.venue,
            price=ticket.price,
            quantity=ticket.quantity,
            kind=ticket.kind,
            tif=ticket.tif,
            flags=ticket.flags,
            status="working",
            placed_at=START,
        )
        work.children.append(msgspec.structs.replace(made, **given))
    return work
