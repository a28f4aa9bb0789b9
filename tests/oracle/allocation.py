"""How an incoming order is shared among the orders at a price: pro rata and mixed books."""

from __future__ import annotations

from dataclasses import dataclass

from .values import BPS, MIXED


@dataclass(slots=True)
class Share:
    """One order's part: what it has to give, what it gets, and what the rules know about it."""

    size: int
    top: bool = False
    maker: bool = False
    given: int = 0

    @property
    def left(self) -> int:
        return self.size - self.given

    def give(self, lots: int) -> int:
        """Gives it as much of `lots` as it can take; returns what is over."""
        part = min(lots, self.left)
        self.given += part
        return lots - part


def share_out(shares: list[Share], taken: int, lot: int, rules: dict[str, int]) -> None:
    """Divides `taken` lots, at most what all have, among the shares, which stand in time order."""
    if taken == sum(share.size for share in shares):
        for share in shares:
            share.given = share.size
        return
    rest = taken
    if rules["book"] == MIXED:
        rest = _first(shares, rest, lot, rules)
    rest = _pro_rata(shares, rest, lot, rules["pro_rata_minimum"])
    _in_time(shares, rest)


def _first(shares: list[Share], rest: int, lot: int, rules: dict[str, int]) -> int:
    """What mixed books do before pro rata: top order, makers' share, the share of the oldest; returns what is over."""
    if rules["top_order"]:
        rest = _in_time([share for share in shares if share.top], rest)
    makers = [share for share in shares if share.maker]
    part = min(_portion(rest, rules["maker_share_bps"], lot), sum(share.left for share in makers))
    rest -= part - _in_time(makers, _pro_rata(makers, part, lot, 0))
    part = _portion(rest, rules["fifo_share_bps"], lot)
    return rest - part + _in_time(shares, part)


def _portion(lots: int, bps: int, lot: int) -> int:
    return lots * bps // BPS // lot * lot


def _in_time(shares: list[Share], rest: int) -> int:
    for share in shares:
        rest = share.give(rest)
    return rest


def _pro_rata(shares: list[Share], rest: int, lot: int, least: int) -> int:
    """Each gets its part of `rest` by what it has left, rounded down to lots; parts below `least` are not given."""
    total = sum(share.left for share in shares)
    parts = [rest * share.left // total // lot * lot if total else 0 for share in shares]
    for share, part in zip(shares, parts, strict=True):
        if part >= least:
            rest = rest - part + share.give(part)
    return rest
