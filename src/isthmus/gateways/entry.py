"""Order entry: place, replace, cancel. Every gateway uses these; the answer is made from the durable record."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

import msgspec

from isthmus.engine.engine import Record, content_id
from isthmus.engine.market import Choose, ChooseProduct, ProductChoice
from isthmus.gateways.algorithms import Algorithms
from isthmus.gateways.amounts import instrument_of, own_account, price_of, quantity_of
from isthmus.gateways.instructions import changing, is_special, placing, session_of, working
from isthmus.gateways.keys import Identity
from isthmus.gateways.problems import Refusal
from isthmus.gateways.refusals import reason_of, refusal_of, repeated
from isthmus.gateways.shapes import Acceptance, DeadMan, MassQuote, NewOrder, OrderChange, QuoteAnswer
from isthmus.gateways.submission import Asker, Submission, client_text
from isthmus.kernel.ids import order_id
from isthmus.kernel.messages import (
    CANCEL_REASONS,
    FRESH,
    GTC,
    LIMIT,
    QUOTE,
    SIDES,
    AcceptQuote,
    CancelAll,
    CancelOrder,
    PlaceOrder,
    SetDeadMan,
)
from isthmus.refdata.directory import HOUSE, Directory
from isthmus.refdata.instruments import Instrument
from isthmus.views.orders import OrderRow
from isthmus.views.views import Views

IDEMPOTENCY_KEYS_MAX = 100_000
"""Keys remembered that came beside a client_order_id; alone, a key is the client id and the engine remembers it."""
QUOTES_MAX = 100
"""Quotes in one mass quote."""
DEAD_MAN_MS_MAX = 86_400_000
NS_PER_MS = 1_000_000
SESSION_ENDED = next(number for number, name in CANCEL_REASONS.items() if name == "session")


class Which(msgspec.Struct, frozen=True):
    """Orders of an account that a mass cancel is for: of one instrument, side or session, where it names them."""

    account: int
    instrument: Instrument | None = None
    side: int = 0
    session: int = 0


class OrderEntry:
    """Commands of people who trade. Raises Refusal for everything that was not done."""

    def __init__(
        self, submission: Submission, directory: Directory, views: Views, choose: Choose, algorithms: Algorithms
    ) -> None:
        self._algorithms = algorithms
        self._submission = submission
        self._directory = directory
        self._views = views
        self._choose = choose
        self._keys: OrderedDict[tuple[int, str], bytes] = OrderedDict()
        self.products: ChooseProduct = _no_product

    async def place(self, wanted: NewOrder, asker: Asker) -> OrderRow:
        """The order that stands now; for a repeated command the first one's."""
        _may_trade(asker.identity)
        account = own_account(self._directory, asker.identity, wanted.account)
        text = client_text(asker, wanted.client_order_id)
        self._require_same_key(wanted, asker, account)
        instrument = instrument_of(self._directory, wanted.instrument)
        if wanted.path is not None:
            _require_route(self.products(instrument.number, account))
            command, note = working(wanted, account, instrument, text, self._algorithms)
            _, durable = self._submission.stage(command, asker, text, note)
            return self._placed(await durable, command, instrument)
        venue, why = self._venue(wanted, instrument, account, text)
        command = placing(wanted, account, instrument, venue, text)
        staged, durable = self._submission.stage(command, asker, text)
        if why is not None:
            self._views.orders.note_routing(staged.sequence, why)
        return self._placed(await durable, command, instrument)

    async def replace(self, row: OrderRow, change: OrderChange, asker: Asker) -> OrderRow:
        """The order as it is after the change; at an outside venue it is still pending."""
        _may_trade(asker.identity)
        instrument = self._directory.instruments[row.instrument]
        text = client_text(asker, change.client_order_id)
        command = changing(row, change, instrument, text)
        record = await self._submission.submit(command, asker, text)
        self._require_done(record, command, instrument)
        return row

    async def quote(self, wanted: MassQuote, asker: Asker) -> list[QuoteAnswer]:
        """What became of each quote, in their order; a refused one stops none of the others."""
        _may_trade(asker.identity)
        account = own_account(self._directory, asker.identity, wanted.account)
        instrument = instrument_of(self._directory, wanted.instrument)
        if not 1 <= len(wanted.quotes) <= QUOTES_MAX:
            limit = f"1..{QUOTES_MAX}"
            raise Refusal(400, "malformed_request", f"quotes are {limit}", field="quotes", limit=limit)
        session = session_of(wanted.session)
        sides = [
            (SIDES[quote.side], price_of(quote.price, instrument), quantity_of(quote.quantity, instrument))
            for quote in wanted.quotes
        ]
        answers: list[QuoteAnswer] = []
        waiting: list[asyncio.Future[Record]] = []
        fresh = FRESH
        for side, price, quantity in sides:
            command = PlaceOrder(
                account=account,
                instrument=instrument.number,
                side=side,
                kind=LIMIT,
                tif=GTC,
                flags=QUOTE | fresh,
                price=price,
                quantity=quantity,
                session=session,
            )
            staged, durable = self._submission.stage(command, asker)
            waiting.append(durable)
            fresh = fresh if staged.reason else 0
            answers.append(QuoteAnswer(None if staged.reason else order_id(staged.sequence), staged.reason))
        await asyncio.gather(*waiting)
        return answers

    async def accept_quote(self, response: int, wanted: Acceptance, account: int, asker: Asker) -> Record:
        """The asker for quotes takes a response; its record."""
        _may_trade(asker.identity)
        order = self._submission.live_order(response)
        instrument = self._directory.instruments.get(order["instrument"]) if order else None
        if instrument is None:
            raise Refusal(404, "unknown_request", "there is no such response", field="id", value=order_id(response))
        quantity = quantity_of(wanted.quantity, instrument) if wanted.quantity is not None else 0
        command = AcceptQuote(response=response, account=account, quantity=quantity)
        record = await self._submission.submit(command, asker)
        self._require_done(record, command, instrument)
        return record

    async def dead_man(self, wanted: DeadMan, asker: Asker) -> Record:
        """The timer's record."""
        _may_trade(asker.identity)
        account = own_account(self._directory, asker.identity, wanted.account)
        session = session_of(wanted.session)
        if not 0 <= wanted.timeout_ms <= DEAD_MAN_MS_MAX:
            limit = f"0..{DEAD_MAN_MS_MAX}"
            raise Refusal(422, "bad_timeout", f"timeout_ms is {limit}", field="timeout_ms", limit=limit)
        command = SetDeadMan(account=account, session=session, timeout_ns=wanted.timeout_ms * NS_PER_MS)
        record = await self._submission.submit(command, asker)
        self._require_done(record, command, None)
        return record

    async def cancel(self, row: OrderRow, asker: Asker, text: str = "") -> OrderRow:
        """The order as it is after the cancel; at an outside venue it is still pending. `text`: the client's own id of
        the cancel.
        """
        _may_trade(asker.identity)
        client_id = content_id(text) if text else bytes(16)
        command = CancelOrder(order=row.number, account=row.account, reason=0, client_id=client_id)
        record = await self._submission.submit(command, asker, text)
        self._require_done(record, command, self._directory.instruments[row.instrument])
        return row

    async def cancel_all(self, which: Which, asker: Asker) -> list[int]:
        """The orders that went, or whose venue was asked."""
        _may_trade(asker.identity)
        number = which.instrument.number if which.instrument is not None else 0
        command = CancelAll(account=which.account, instrument=number, side=which.side, session=which.session)
        record = await self._submission.submit(command, asker)
        self._require_done(record, command, which.instrument)
        return [effect.order for effect in record.effects if type(effect).__name__ in ("Cancelled", "CancelRequested")]

    def end_session(self, account: int, session: int, asker: Asker) -> None:
        """Cancels what the account's session placed; its record becomes durable later. Raises Refusal 503."""
        self._submission.stage(CancelAll(account=account, session=session, reason=SESSION_ENDED), asker)

    def visible(self, order: int | None, identity: Identity) -> OrderRow:
        """The order, if this asker may see it. Raises Refusal 404, the same for what is hidden and what is not
        there.
        """
        row = self._views.orders.order(order) if order is not None else None
        if row is None or not (identity.sees_all or row.account == identity.account):
            raise Refusal(404, "unknown_order", "there is no such order", field="id")
        return row

    def _placed(self, record: Record, command: Any, instrument: Instrument) -> OrderRow:
        before = repeated(record)
        row = self._views.orders.order(before.first if before is not None else record.sequence)
        if row is None or (before is not None and before.reason) or record.reason is not None:
            raise self._refusal(record, command, instrument)
        return row

    def _require_done(self, record: Record, command: Any, instrument: Instrument | None) -> None:
        if reason_of(record) is not None:
            raise self._refusal(record, command, instrument)

    def _refusal(self, record: Record, command: Any, instrument: Instrument | None) -> Refusal:
        return refusal_of(record, command, instrument, self._views)

    def _require_same_key(self, wanted: NewOrder, asker: Asker, account: int) -> None:
        """A key beside a client id of its own is watched here: the engine sees the client id only."""
        if asker.idempotency_key is None or wanted.client_order_id in (None, asker.idempotency_key):
            return
        said = asker.instruction_hash
        if self._keys.setdefault((account, asker.idempotency_key), said) != said:
            raise Refusal(
                409,
                "duplicate_client_id",
                "this idempotency key was used with another body",
                field="Idempotency-Key",
                value=asker.idempotency_key,
            )
        if len(self._keys) > IDEMPOTENCY_KEYS_MAX:
            self._keys.popitem(last=False)

    def _venue(self, wanted: NewOrder, instrument: Instrument, account: int, text: str) -> tuple[int, str | None]:
        """The venue named, the first answer's for a repeated command, else the best price's and why."""
        route = self.products(instrument.number, account)
        if route is not None:
            before = self._views.orders.by_client_id(account, text) if text else None
            return (before.venue, None) if before is not None else self._by_product(wanted, route)
        outside = self._directory.venues_of(instrument.number)
        if wanted.venue is not None:
            number = self._directory.venue_number(wanted.venue)
            if number is None or (number != 0 and number not in outside):
                names = ", ".join([HOUSE, *(self._directory.venue_name(venue) for venue in outside)])
                raise Refusal(
                    422, "unknown_venue", f"it trades at: {names}", field="venue", value=wanted.venue, limit=names
                )
            return number, None
        if not outside or is_special(wanted):
            return 0, None
        before = self._views.orders.by_client_id(account, text) if text else None
        if before is not None:
            return before.venue, None
        return self._best_price(wanted, instrument)

    def _by_product(self, wanted: NewOrder, route: ProductChoice) -> tuple[int, str]:
        """The venue that the product goes to."""
        _require_route(route)
        name = self._directory.venue_name(route.venue)
        if wanted.venue is not None and wanted.venue != name:
            raise Refusal(422, "unknown_venue", f"it goes to {name}: {route.why}", field="venue", value=wanted.venue)
        if is_special(wanted):
            raise Refusal(422, "bad_terms", f"{name} takes plain limit and market orders", field="type")
        return route.venue, route.why

    def _best_price(self, wanted: NewOrder, instrument: Instrument) -> tuple[int, str]:
        limit = price_of(wanted.price, instrument) if wanted.price is not None else None
        quantity = quantity_of(wanted.quantity, instrument)
        choice = self._choose(instrument=instrument.number, side=SIDES[wanted.side], quantity=quantity, limit=limit)
        return choice.venue, choice.why


def _require_route(route: ProductChoice | None) -> None:
    if route is not None and route.refused:
        raise Refusal(422, route.refused, route.why, field="instrument")


def _no_product(_: int, __: int) -> ProductChoice | None:
    return None


def _may_trade(identity: Identity) -> None:
    if identity.role == "auditor":
        raise Refusal(403, "forbidden", "an auditor changes nothing")
