"""Handlers of what clearing keeps: obligations, fails, nets of a day, corporate actions with two pairs of eyes.

What an operator decides goes into the journal as a command of time with a note; `ClearingReads` makes the notes and
refuses what cannot be, since only clearing knows. It is None where the settings run no clearing.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Literal, Protocol

import msgspec

from isthmus.gateways import shapes
from isthmus.gateways.amounts import account_number
from isthmus.gateways.limits import Limits
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import body_as, one_of, whole_number
from isthmus.gateways.rest.http import Answer, Request
from isthmus.gateways.submission import Submission
from isthmus.kernel.errors import BadInput
from isthmus.kernel.ids import number_of, record_id
from isthmus.kernel.messages import TimePassed

PAGE_ROWS = 100
OPEN, ALL = "open", "all"
STATES = (OPEN, ALL, "pending", "partial", "failing", "settled", "busted", "bought_in", "converted")


class ClearedTrade(msgspec.Struct, frozen=True):
    """A trade that was novated: what both sides owe the house and are owed by it. Figures are decimal text; `how`
    is dvp or pvp; `failing` and `reason` (LACK, MONY, ...) are null while nothing fails. The house is "house".
    """

    trade: str
    instrument: str
    traded_on: str
    due: str
    how: str
    buyer: str
    seller: str
    quantity: str
    buyer_pays: str
    seller_gets: str
    settled: str
    state: str
    failing: str | None
    reason: str | None


class FailRow(msgspec.Struct, frozen=True):
    """What was due and did not settle. `age_days`: open days since; `buy_in_on`: when it is bought in, if ever."""

    trade: str
    instrument: str
    failing: str
    reason: str
    words: str
    since: str
    age_days: int
    bucket: str
    open_quantity: str
    open_cash: str
    buy_in_on: str | None


class NetRow(msgspec.Struct, frozen=True):
    """Positive: the participant is owed it. `gross`: what was owed either way before netting."""

    due: str
    participant: str
    asset: str
    net: str
    gross: str
    legs: int


class Nets(msgspec.Struct, frozen=True):
    """One day's cycle. `holds`: netting kept every participant's sum and every asset's is zero."""

    day: str
    due: int
    settled: int
    legs: int
    holds: bool
    rows: list[NetRow]


class ActionRow(msgspec.Struct, frozen=True):
    """A corporate action. `state`: proposed, approved, halted, entitled, done."""

    action: str
    kind: str
    instrument: str
    state: str
    ex: str
    record: str | None
    pay: str | None
    terms: str
    entered_by: str
    approved_by: str | None
    entitled: int


class NewCorporateAction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One instrument's. A dividend has `amount` a share and its four dates; a split `new` and `old` shares and
    `cash_in_lieu` for a new share; a rename or a merger also the asset `target` (a merger with `cash` a share). Dates
    are YYYY-MM-DD; what is paid is of the instrument's quote asset unless `currency` says otherwise.
    """

    kind: Literal["dividend", "split", "rename", "merger"]
    instrument: str
    ex: str
    currency: str | None = None
    amount: str | None = None
    declared: str | None = None
    record: str | None = None
    pay: str | None = None
    due_bill: bool = False
    withheld_ppm: int = 0
    new: int | None = None
    old: int | None = None
    cash_in_lieu: str | None = None
    target: str | None = None
    cash: str | None = None


class ActionChosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The corporate action, "rec-4711"."""

    action: str


class FailReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A depository says that a trade does not settle; `reason` is its code, as LACK or BLOC."""

    trade: str
    reason: str


class TradeChosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The trade, "trd-4711-1"."""

    trade: str


class BreakRow(msgspec.Struct, frozen=True):
    """Something of a contract that cannot go on by itself. `what`: settlement_price, final_price, final_settlement (it
    was refused), premium (of funding) or index; `words` says what would help.
    """

    instrument: str
    what: str
    since: str | None
    words: str


class WaitingPrice(msgspec.Struct, frozen=True):
    """A settlement price that one operator entered and nobody approved yet."""

    price: str
    instrument: str
    value: str
    entered_by: str


class Breaks(msgspec.Struct, frozen=True):
    """What waits for somebody."""

    breaks: list[BreakRow]
    prices: list[WaitingPrice]


class NewSettlementPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of a future or an option that is not settled for the last time, as it is quoted (below zero perhaps): final where
    it has expired, the day's mark before.
    """

    instrument: str
    price: str


class PriceChosen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was entered, "rec-4711"."""

    price: str


class ClearingReads(Protocol):
    """What the clearing desk shows, and the notes of what operators decide; these raise BadInput."""

    def obligations(self, state: str, account: int | None) -> Iterable[ClearedTrade]:
        """Newest first."""

    def fails(self) -> list[FailRow]:
        """Oldest first."""

    def nets(self, day: str) -> Nets | None:
        """Of a day; "" is the last one."""

    def actions(self) -> list[ActionRow]:
        """Newest first."""

    def breaks(self) -> Breaks:
        """By instrument."""

    def settlement_price(self, wanted: NewSettlementPrice) -> str:
        """The note."""

    def price_approval(self, number: int, user: int) -> str:
        """The note."""

    def proposal(self, wanted: NewCorporateAction) -> str:
        """The note."""

    def approval(self, number: int, user: int) -> str:
        """The note."""

    def report(self, trade: str, reason: str) -> str:
        """The note."""

    def lift(self, trade: str) -> str:
        """The note."""


class ClearingHandlers:
    """Reads for operators and auditors, decisions of operators."""

    def __init__(self, reads: ClearingReads | None, submission: Submission, limits: Limits, text: str) -> None:
        self._reads = reads
        self._submission = submission
        self._limits = limits
        self._text = text

    def _known(self) -> ClearingReads:
        if self._reads is None:
            raise Refusal(404, "no_clearing", "clearing.run is off: nothing is cleared here")
        return self._reads

    async def obligations(self, request: Request) -> Answer:
        """Newest first."""
        state = one_of(request.query, "state", OPEN, STATES)
        named = request.query.get("account")
        account = account_number(named) if named is not None else None
        return ok(list(islice(self._known().obligations(state, account), self._limit(request))))

    def _limit(self, request: Request) -> int:
        most = self._limits.page_rows
        return whole_number(request.query, "limit", min(PAGE_ROWS, most), 1, most)

    async def fails(self, request: Request) -> Answer:
        """Oldest first."""
        return ok(self._known().fails()[: self._limit(request)])

    async def nets(self, request: Request) -> Answer:
        """Of a day, or of the last cycle."""
        day = request.query.get("day", "")
        found = self._known().nets(day)
        if found is None:
            raise Refusal(404, "no_cycle", "no cycle ran on that day", field="day", value=day)
        return ok(found)

    async def actions(self, request: Request) -> Answer:
        """Newest first."""
        return ok(self._known().actions()[: self._limit(request)])

    async def breaks(self, request: Request) -> Answer:
        """What waits for somebody."""
        del request
        return ok(self._known().breaks())

    async def settlement_price(self, request: Request) -> Answer:
        """Enter a settlement price; another operator approves it."""
        wanted = body_as(request.body, NewSettlementPrice)
        return await self._decide(request, lambda reads: reads.settlement_price(wanted))

    async def approve_price(self, request: Request) -> Answer:
        """Approve the price that another operator entered."""
        wanted = body_as(request.body, PriceChosen)
        number = _chosen("price", wanted.price)
        return await self._decide(request, lambda reads: reads.price_approval(number, request.known.user))

    async def propose(self, request: Request) -> Answer:
        """Enter a corporate action; another operator approves it."""
        wanted = body_as(request.body, NewCorporateAction)
        return await self._decide(request, lambda reads: reads.proposal(wanted))

    async def approve(self, request: Request) -> Answer:
        """Approve what another operator entered."""
        wanted = body_as(request.body, ActionChosen)
        number = _chosen("action", wanted.action)
        return await self._decide(request, lambda reads: reads.approval(number, request.known.user))

    async def report(self, request: Request) -> Answer:
        """A trade does not settle."""
        wanted = body_as(request.body, FailReport)
        return await self._decide(request, lambda reads: reads.report(wanted.trade, wanted.reason))

    async def lift(self, request: Request) -> Answer:
        """It may settle again."""
        wanted = body_as(request.body, TradeChosen)
        return await self._decide(request, lambda reads: reads.lift(wanted.trade))

    async def _decide(self, request: Request, note: Noting) -> Answer:
        try:
            written = note(self._known())
        except BadInput as error:
            raise Refusal(422, "not_possible", str(error), field=error.field) from error
        _, durable = self._submission.stage(TimePassed(), request.asker, self._text, written)
        record = await durable
        return ok(shapes.Done(record_id(record.sequence), []))


class Noting(Protocol):
    """Makes the note of a decision."""

    def __call__(self, reads: ClearingReads, /) -> str:
        """Raises BadInput."""


def _chosen(what: str, named: str) -> int:
    """The record of what another operator entered, by its id. Raises Refusal."""
    number = number_of("rec", named)
    if number is None:
        raise Refusal(422, f"unknown_{what}", f"that is no {what}'s id", field=what, value=named)
    return number
