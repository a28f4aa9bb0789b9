"""The bar for every engine that is called from Python: a price-time book in pure Python, written to be fast.

A sorted list of prices, the best last; at each price a dictionary of orders, which keeps the order of their coming; and
an index from order to where it stands.
"""

from __future__ import annotations

from bisect import bisect_left, insort


class Book:
    """Places, matches and cancels; every trade is appended to `trades` as (maker, taker, price, quantity)."""

    def __init__(self, trades: list[tuple[int, int, int, int]]) -> None:
        self.levels: tuple[dict[int, dict[int, int]], ...] = ({}, {})
        self.keys: tuple[list[int], ...] = ([], [])
        self.places: dict[int, tuple[int, int]] = {}
        self.trades = trades

    def limit(self, side: int, order: int, quantity: int, price: int) -> None:
        """An order that rests where it does not cross. `side` 0 buys; the key of a sell is its price negated."""
        key = -price if side else price
        other = self.keys[1 - side]
        if other and other[-1] >= -key:
            quantity = self.take(side, order, quantity, -key)
            if not quantity:
                return
        level = self.levels[side].get(key)
        if level is None:
            self.levels[side][key] = {order: quantity}
            insort(self.keys[side], key)
        else:
            level[order] = quantity
        self.places[order] = (side, key)

    def market(self, side: int, order: int, quantity: int) -> None:
        """An order at any price, whose rest goes."""
        self.take(side, order, quantity, -(1 << 62))

    def cancel(self, order: int) -> None:
        """Takes a resting order out; one that is gone is left alone."""
        place = self.places.pop(order, None)
        if place is not None:
            side, key = place
            level = self.levels[side][key]
            del level[order]
            if not level:
                self.drop(side, key)

    def take(self, side: int, order: int, quantity: int, worst: int) -> int:
        """Trades with the other side down to the key `worst`; returns what is left."""
        keys, trades, places = self.keys[1 - side], self.trades, self.places
        while quantity and keys and keys[-1] >= worst:
            key = keys[-1]
            level = self.levels[1 - side][key]
            price = key if side else -key
            while quantity and level:
                maker = next(iter(level))
                rest = level[maker]
                if quantity < rest:
                    level[maker] = rest - quantity
                    trades.append((maker, order, price, quantity))
                    return 0
                trades.append((maker, order, price, rest))
                quantity -= rest
                del level[maker]
                del places[maker]
            if not level:
                self.drop(1 - side, key)
        return quantity

    def drop(self, side: int, key: int) -> None:
        """Forgets an empty level."""
        del self.levels[side][key]
        keys = self.keys[side]
        del keys[bisect_left(keys, key)]
