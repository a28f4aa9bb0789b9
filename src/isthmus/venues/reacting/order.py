"""An order of ours at a venue of a reacting market."""

from __future__ import annotations

from random import Random

from isthmus.kernel.messages import BUY, HIDDEN
from isthmus.venues.answering import NewOrder

BEHIND_ALL = 1 << 60
"""`ahead` of an order that is not displayed: all that is displayed at its price goes first."""


class Order:
    """`ahead`: lots of others that stand before it at its price. `price` is where it stands, `limit` its worst."""

    __slots__ = (
        "account",
        "ahead",
        "ahead_at",
        "filled",
        "fills",
        "limit",
        "number",
        "price",
        "quantity",
        "sequence",
        "shown",
        "side",
        "terms",
    )

    def __init__(self, terms: NewOrder) -> None:
        self.terms = terms
        self.number = terms.order
        self.account = terms.account
        self.side = terms.side
        self.quantity = terms.quantity
        self.limit = self.price = terms.price
        self.filled = self.fills = 0
        self.ahead = self.ahead_at = 0
        self.sequence = 0
        self.shown = terms.quantity

    @property
    def left(self) -> int:
        """Lots still to fill."""
        return self.quantity - self.filled

    @property
    def buys(self) -> bool:
        """Whether it buys."""
        return self.side == BUY

    @property
    def sign(self) -> int:
        """1 for a buyer, -1 for a seller."""
        return 1 if self.side == BUY else -1

    @property
    def hidden(self) -> bool:
        """Whether nobody sees it."""
        return bool(self.terms.flags & HIDDEN)

    @property
    def kind(self) -> int:
        """As placed."""
        return self.terms.kind

    def peak(self, lot: int) -> int:
        """What an iceberg shows next: `display`, or between it and `display_high` by its seed; others show all."""
        terms = self.terms
        if not terms.display:
            return self.left
        steps = max(0, terms.display_high - terms.display) // lot
        more = Random(f"{terms.seed} {self.fills}").randint(0, steps) * lot if steps else 0  # noqa: S311
        return min(self.left, terms.display + more)

    def within(self, price: int) -> bool:
        """Whether it may trade at this price."""
        return price <= self.limit if self.side == BUY else price >= self.limit

    def within_price(self, price: int) -> bool:
        """Whether a price of the other side reaches where it stands."""
        return price <= self.price if self.side == BUY else price >= self.price

    def rank(self) -> tuple[int, bool, int]:
        """Better price first, displayed before hidden, then time."""
        return (-self.price if self.side == BUY else self.price, self.hidden, self.sequence)
