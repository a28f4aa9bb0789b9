"""What each source of an evidence file says, read anew from its bytes: facts by path, and of which join each is."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from isthmus.audit.evidence import Fact, Source
from isthmus.clearing.instructions import reference_of
from isthmus.engine.engine import Record
from isthmus.engine.postings import posted_by
from isthmus.gateways.evm.contract import Log, read_log
from isthmus.gateways.evm.types import Refused
from isthmus.gateways.iso20022.settlements import Settlement
from isthmus.gateways.settlement.chain import Chain, chain_of
from isthmus.gateways.settlement.chain import reference_of as event_reference
from isthmus.gateways.settlement.rows import read_message
from isthmus.kernel.errors import BadInput
from isthmus.kernel.ids import account_id, order_id, trade_id, trade_of
from isthmus.kernel.messages import BUY, Traded
from isthmus.kernel.values import text, time_text
from isthmus.refdata.directory import Directory
from isthmus.refdata.instruments import Instrument

Said = tuple[str, str, str]
"""Path, value, join."""
ORDER_JOINS = {"O25": "order", "O31": "trade", "O35": "instrument", "O49": "price", "O55": "quantity"}
ORDER_FIELDS = (*ORDER_JOINS, "O22", "O57", "O65")
"""Which fields of the order an evidence file discloses: no client, no account, no decision maker."""


class Reader:
    """Of the sources of one file; `side` is whose obligation the message instructs ("buy" or "sell")."""

    def __init__(self, sources: Iterable[Source], trade: str, side: str) -> None:
        self._sources = list(sources)
        self._trade, self._side = trade, side
        found = trade_of(trade)
        if found is None:
            raise BadInput("trade", f"{trade[:40]!r} is no trade like trd-4711-1")
        self._sequence, self._ordinal = found

    def facts(self, source: Source) -> list[Fact]:
        """Raises BadInput by the source and the reason for which it cannot be read."""
        try:
            return [Fact(source.id, path, value, join, source.leaf) for path, value, join in self._said(source)]
        except Refused as refused:
            raise BadInput(source.id, f"unreadable: {refused.field}: {refused.reason}") from None
        except BadInput as error:
            raise BadInput(source.id, f"unreadable: {error}") from None

    def _said(self, source: Source) -> Iterator[Said]:
        if source.kind == "listing":
            return self._of_listing(_record(source))
        if source.kind == "record":
            return self._of_record(_record(source))
        if source.kind == "order":
            return _of_order(source)
        if source.kind == "message":
            return _of_message(read_settlement(source.bytes))
        if source.kind == "event":
            return self._of_event(source)
        return _of_chain(chain_in(source.bytes))

    def _of_listing(self, record: Record) -> Iterator[Said]:
        directory = Directory()
        for one in self._listings():
            directory.on_record(one)
            if one.sequence == record.sequence:
                break
        for asset in directory.assets.values():
            yield f"asset[{asset.number}]", f"{asset.code} of {asset.decimals} decimals", ""
        for instrument in directory.instruments.values():
            yield f"instrument[{instrument.number}]", instrument.symbol, ""

    def _of_record(self, record: Record) -> Iterator[Said]:
        directory = Directory()
        for one in self._listings():
            directory.on_record(one)
        trades = [effect for effect in record.effects if type(effect) is Traded]
        if record.sequence != self._sequence or not 1 <= self._ordinal <= len(trades):
            raise BadInput("trade", f"{self._trade} is not in record {record.sequence}")
        trade = trades[self._ordinal - 1]
        instrument = directory.instruments.get(trade.instrument)
        if instrument is None:
            raise BadInput("instrument", f"{trade.instrument} is listed by none of the sources")
        yield "trade", trade_id(record.sequence, self._ordinal), "trade"
        yield "time", time_text(record.stamp), ""
        yield from self._of_trade(trade, instrument)
        yield from self._of_postings(record, trades, trade, instrument)

    def _of_trade(self, trade: Any, instrument: Instrument) -> Iterator[Said]:
        taker = (self._side == "buy") == (trade.taker_side == BUY)
        order, account = (trade.taker_order, trade.taker) if taker else (trade.maker_order, trade.maker)
        letter = "B" if self._side == "buy" else "S"
        yield "reference", reference_of(f"{self._trade}-{letter}"), "reference"
        yield "order", order_id(order), "order"
        yield "account", account_id(account), ""
        yield "instrument", instrument.symbol, "instrument"
        yield "price", text(trade.price, instrument.price_decimals), "price"
        yield "quantity", text(trade.quantity, instrument.quantity_decimals), "quantity"
        yield "amount", text(self._cash(trade), instrument.quote.decimals), "amount"
        yield "currency", instrument.quote.code, "currency"

    def _cash(self, trade: Any) -> int:
        """What the side pays with its fee, or gets without it: minor units of the quote asset."""
        taker = (self._side == "buy") == (trade.taker_side == BUY)
        fee: int = trade.taker_fee if taker else trade.maker_fee
        paid: int = trade.buyer_pays + fee if self._side == "buy" else trade.seller_gets - fee
        return paid

    def _of_postings(self, record: Record, trades: list[Any], trade: Any, instrument: Instrument) -> Iterator[Said]:
        """Each posting of the record, and that those of the account sum up to what it pays or gets of its trades."""
        taker = (self._side == "buy") == (trade.taker_side == BUY)
        account = trade.taker if taker else trade.maker
        net = {instrument.quote.number: 0, instrument.base.number: 0}
        noted = [one.body for one in self._listings()]
        for number, (source, target, asset, amount) in enumerate(posted_by(record, noted)):
            if asset not in net:
                continue
            listed = instrument.quote if asset == instrument.quote.number else instrument.base
            told = f"{account_id(source)} to {account_id(target)}: {text(amount, listed.decimals)} {listed.code}"
            yield f"postings[{number}]", told, ""
            net[asset] += amount * ((target == account) - (source == account))
        if len(trades) == 1:
            cash = net[instrument.quote.number]
            yield "posted_amount", text(abs(cash), instrument.quote.decimals), "amount"
            moved = abs(net[instrument.base.number])
            yield "posted_quantity", text(moved, instrument.base.decimals), "quantity"

    def _of_event(self, source: Source) -> Iterator[Said]:
        files = [chain_in(one.bytes) for one in self._sources if one.kind == "chain"]
        if len(files) != 1:
            raise BadInput("chain", "an event is read by one file of its chain")
        (chain,) = files
        try:
            log = msgspec.json.decode(source.bytes, type=Log)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadInput("log", str(error)) from None
        event = read_log(log, chain.place)
        yield "event", event.name, ""
        yield "transaction", event.transaction, ""
        yield "block", str(event.block), ""
        yield "removed", str(event.removed).lower(), ""
        yield "reference", event_reference(event), "reference"
        if event.name == "Settled":
            yield from _of_settled(event.values, chain)

    def _listings(self) -> list[Record]:
        return sorted(
            (_record(one) for one in self._sources if one.kind == "listing"), key=lambda record: record.sequence
        )


def _record(source: Source) -> Record:
    try:
        return Record.from_body(source.bytes, bytes.fromhex(source.prev))
    except ValueError as error:
        raise BadInput("record", str(error)) from None


def _of_order(source: Source) -> Iterator[Said]:
    order = None if source.proof is None else source.proof.order
    if order is None:
        raise BadInput("order", "has no fields that its proof discloses")
    for field in order.fields:
        if field.value is not None:
            yield field.id, field.value, ORDER_JOINS.get(field.id, "")


def read_settlement(raw: bytes) -> Settlement:
    """FIN text or XML, told by its first character. Raises BadInput."""
    try:
        written = raw.decode().lstrip("\ufeff \r\n\t")
    except UnicodeDecodeError:
        raise BadInput("message", "is no UTF-8 text") from None
    return read_message("fin" if written.startswith("{") else "mx", written).settlement


def _of_message(settlement: Settlement) -> Iterator[Said]:
    yield "reference", settlement.reference, "reference"
    yield "movement", settlement.movement, ""
    yield "isin", settlement.isin, "security"
    yield "quantity", format(settlement.quantity, "f"), "quantity"
    yield "settlement_date", settlement.settlement_date, ""
    if settlement.amount is not None:
        yield "amount", format(settlement.amount, "f"), "amount"
        yield "currency", settlement.currency or "", "currency"


def chain_in(raw: bytes) -> Chain:
    """Of the bytes of a TOML file. Raises BadInput."""
    try:
        return chain_of(tomllib.loads(raw.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput("chain", str(error)) from None


def _of_chain(chain: Chain) -> Iterator[Said]:
    yield "contract", f"{chain.contract.address} of chain {chain.contract.chain_id}", ""
    for isin, token in chain.assets.items():
        yield f"assets.{isin}", token.token, ""
    for currency, token in chain.cash.items():
        yield f"cash.{currency}", token.token, ""


def _of_settled(values: dict[str, Any], chain: Chain) -> Iterator[Said]:
    for name, tokens, what, count in (
        ("asset", chain.assets, "security", "quantity"),
        ("cash", chain.cash, "currency", "amount"),
    ):
        if int(values[name], 16) == 0:
            continue
        known = next(((key, token) for key, token in tokens.items() if token.token == values[name]), None)
        if known is None:
            raise BadInput(name, f"{values[name]} is no token of the file of the chain")
        key, token = known
        yield name, key, what
        yield count, text(values[count], token.decimals), count
