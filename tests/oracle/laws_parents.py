"""What must hold of parents and their children after every pass."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from .books import Order
from .engine import Twin
from .families import children, is_beyond
from .messages import name_of
from .values import BEYOND_HOLD, PEG


class Watcher:
    """Sees every pass. `strict`: nothing was filled beyond what was asked, so that the lots of a family add up."""

    def __init__(self, strict: bool = False) -> None:
        self.strict = strict
        self.parent_of: dict[int, int] = {}
        self.filled: dict[int, int] = defaultdict(int)
        self.beyond: set[int] = set()

    def check(self, twin: Twin, command: Any, effects: list[Any]) -> None:
        state = twin.state
        if name_of(command) == "PlaceChild" and "Accepted" in map(name_of, effects):
            self.parent_of[state.sequence] = command.parent  # it may have ended in this pass
        self.parent_of |= {order.id: order.child_of for order in state.orders.values() if order.child_of}
        for effect in effects:
            if name_of(effect) == "Traded":
                self._trade(effect)
        for number, family in state.families.items():
            self._check_family(state.orders[number], family, children(state, number))

    def _trade(self, effect: Any) -> None:
        for number in (effect.maker_order, effect.taker_order):
            parent = self.parent_of.get(number)
            if parent:
                self.filled[parent] += effect.quantity
            if parent and effect.flags & BEYOND_HOLD:
                self.beyond.add(parent)

    def _check_family(self, parent: Order, family: Any, live: list[Order]) -> None:
        assert parent.filled == self.filled[parent.id], "the children's fills are not the parent's"
        assert family.placed >= len(live)
        assert not any(child.hold for child in live), "a child holds something"
        same = {(child.account, child.instrument, child.side) for child in live}
        assert same <= {(parent.account, parent.instrument, parent.side)}, "a child of somebody else"
        house = [child for child in live if not child.venue]
        caps = [child.limit if child.kind == PEG else child.price for child in house]
        assert not any(is_beyond(parent, cap, family.limit) for cap in caps), "a house child beyond the limit"
        free = family.total - parent.filled - sum(child.left for child in house)
        assert free >= 0 or not house, "house children could over-fill their parent"
        assert parent.id not in self.beyond or not self.strict
        if parent.id not in self.beyond:
            assert sum(child.left for child in live) <= parent.left, "more lots in children than are held for"
            if not family.pending:
                assert (parent.price, parent.quantity) == (family.limit, family.total), "held for other terms"
