"""What the market desk watches: trading states, auctions, limit states, market makers, kills."""

from __future__ import annotations

from typing import Any

from isthmus.gateways import market_shapes, operator_shapes
from isthmus.gateways.reads import Reads
from isthmus.gateways.render import Renderer
from isthmus.gateways.render_market import MarketRenderer
from isthmus.refdata.instruments import Instrument


class SessionsSampler:
    """Sends the markets that differ, and all makers or all standing kills when one of them does. `desk`: with kills
    and makers' protections, which are the house's to know.
    """

    every_sample = True

    def __init__(self, reads: Reads, renderer: Renderer, market: MarketRenderer, desk: bool) -> None:
        self._reads = reads
        self._render = renderer
        self._market = market
        self._desk = desk
        self._version = self._state()
        self._in_call: list[Instrument] = []
        self._markets = self._all_markets()
        self._makers = self._all_makers()
        self._kills = self._all_kills()

    def snapshot(self) -> dict[str, Any]:
        """Everything as last sent."""
        told: dict[str, Any] = {"markets": list(self._markets.values()), "makers": self._makers}
        return told | {"kills": self._kills} if self._desk else told

    def change(self) -> dict[str, Any] | None:
        """What differs; a market in a call is looked at every time, for its indicative price."""
        version = self._state()
        if version == self._version:
            markets = self._markets | self._calls()
            makers, kills = self._makers, self._kills
        else:
            self._version = version
            markets, makers, kills = self._all_markets(), self._all_makers(), self._all_kills()
        changed = [row for number, row in markets.items() if self._markets.get(number) != row]
        told: dict[str, Any] = {"markets": changed} if changed else {}
        if makers != self._makers:
            told["makers"] = makers
        if kills != self._kills:
            told["kills"] = kills
        self._markets, self._makers, self._kills = markets, makers, kills
        return told or None

    def _state(self) -> tuple[int, int, frozenset[int]]:
        directory = self._reads.directory
        return self._reads.views.sessions.version, len(directory.instruments), frozenset(directory.halted)

    def _all_markets(self) -> dict[int, market_shapes.MarketSession]:
        rows = list(self._reads.directory.instruments.values())
        self._in_call = [row for row in rows if self._market.in_call(row.number)]
        return {row.number: self._market.session(row) for row in rows}

    def _calls(self) -> dict[int, market_shapes.MarketSession]:
        return {row.number: self._market.session(row) for row in self._in_call}

    def _all_makers(self) -> list[operator_shapes.Maker]:
        rows = self._reads.views.sessions.makers.items()
        return [self._render.maker(account, number, row, whole=self._desk) for (account, number), row in rows]

    def _all_kills(self) -> list[operator_shapes.KillState]:
        kills = self._reads.views.sessions.kills.values() if self._desk else ()
        return [self._render.kill(row) for row in kills]
