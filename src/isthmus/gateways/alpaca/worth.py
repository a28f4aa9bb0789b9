"""What an account is worth in one currency, from the views' balances and positions at the prices of now."""

from __future__ import annotations

import msgspec

from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.refdata.instruments import Asset, Instrument
from isthmus.views.holdings import PositionRow


class Worth(msgspec.Struct):
    """Minor units of `currency`. Holdings priced in another currency count for nothing."""

    currency: str
    decimals: int
    cash: int
    held: int
    frozen: bool
    long_value: int = 0
    short_value: int = 0
    unsettled: int = 0
    open_profit: int = 0
    realised: int = 0

    @property
    def equity(self) -> int:
        """Cash, what is owned at the price of now, and what perpetuals gained since they were last settled."""
        return self.cash + self.long_value + self.short_value + self.unsettled

    @property
    def profit(self) -> int:
        """Open and realised, fees apart."""
        return self.open_profit + self.realised

    @property
    def scale(self) -> int:
        """Minor units of one."""
        scale: int = 10**self.decimals
        return scale


def worth_of(account: int, reads: Reads) -> Worth:
    """The account's worth. Raises Refusal 503 before anything is listed."""
    asset = currency_of(reads)
    balance = reads.views.holdings.balance(account, asset.number)
    worth = Worth(asset.code, asset.decimals, balance.total, balance.held, balance.frozen)
    for row in reads.positions(account):
        instrument = reads.directory.instruments[row.instrument]
        if instrument.quote.number == asset.number:
            _add(worth, row, instrument, reads)
    return worth


def currency_of(reads: Reads) -> Asset:
    """The dollar where something is priced in it, else what the first instrument is priced in."""
    quotes = {row.quote.code: row.quote for row in reversed(reads.directory.instruments.values())}
    if not quotes:
        raise Refusal(503, "busy", "nothing is listed yet")
    first = next(iter(reads.directory.instruments.values())).quote
    return quotes.get("USD", first)


def price_of(instrument: int, reads: Reads) -> int:
    """The last mark, or the last trade where there is none; 0 without either."""
    last = reads.views.tape.last(instrument)
    return reads.views.holdings.reference(instrument) or (last.price if last else 0)


def _add(worth: Worth, row: PositionRow, instrument: Instrument, reads: Reads) -> None:
    if instrument.inverse:
        return  # it gains and loses coins, which the cash account is not counted in
    worth.realised += instrument.value(row.realised)
    price = price_of(row.instrument, reads)
    if not price or not row.quantity:
        return
    worth.open_profit += instrument.value(price * row.quantity - row.cost)
    if instrument.perpetual:
        settled = reads.views.holdings.settlement_mark(row.instrument)
        worth.unsettled += instrument.value((price - settled) * row.quantity)
    elif row.quantity > 0:
        worth.long_value += instrument.value(price * row.quantity)
    else:
        worth.short_value += instrument.value(price * row.quantity)
