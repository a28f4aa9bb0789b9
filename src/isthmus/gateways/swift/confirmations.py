"""Confirmations of foreign exchange: what we sent, what came in, and whether the two say the same.

A pure state machine: texts in, texts out; files and times are the desk's. States of ours: `refused` (no message could
be made), `sent`, `matched`, `mismatched`, `cancelled`. What came in without a deal of ours is `alleged`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from isthmus.gateways.swift import mt300
from isthmus.gateways.swift.fin import full_bic
from isthmus.gateways.swift.matching import Mismatch, mismatches, partner, telling
from isthmus.gateways.swift.mt300 import Deal
from isthmus.gateways.swift.verdict import Mistake, validate

LIKE_MAX = 50
"""Deals that an answer is compared with, field by field."""
KEPT_MAX = 100_000
"""Confirmations that are remembered; the oldest go first."""
SENT, MATCHED, MISMATCHED, REFUSED, CANCELLED, ALLEGED = (
    "sent",
    "matched",
    "mismatched",
    "refused",
    "cancelled",
    "alleged",
)
STATES = (SENT, MATCHED, MISMATCHED, REFUSED, CANCELLED, ALLEGED)


class Confirmation(msgspec.Struct):
    """One deal with one counterparty. `source` names what it was made of (a trade, a report, a file)."""

    reference: str
    counterparty: str
    source: str
    state: str
    deal: Deal | None
    fin: str | None
    theirs: str | None = None
    """The counterparty's reference."""
    mismatches: list[Mismatch] = []
    errors: list[Mistake] = []


class Report(msgspec.Struct, frozen=True):
    """A FIX report to confirm. `turned`: its side is the counterparty's. `agents`: where we receive, by currency."""

    fix: str
    counterparty: str
    turned: bool
    source: str
    agents: Mapping[str, str] = {}


class Pool:
    """Confirmations that wait for their other side, found by what partners have in common (`matching.telling`)."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, ...], dict[str, Confirmation]] = {}
        self._added: dict[str, int] = {}
        self._count = 0

    def add(self, row: Confirmation) -> None:
        """Waits from now on."""
        assert row.deal is not None, "who waits tells a deal"
        self._count += 1
        self._added[row.reference] = self._count
        for key in telling(row.deal):
            self._by_key.setdefault(key, {})[row.reference] = row

    def remove(self, row: Confirmation) -> None:
        """Waits no longer, if it did."""
        if row.deal is None or self._added.pop(row.reference, None) is None:
            return
        for key in telling(row.deal):
            rows = self._by_key[key]
            rows.pop(row.reference, None)
            if not rows:
                del self._by_key[key]

    def like(self, deal: Deal) -> list[Confirmation]:
        """Those that may be of the deal, whoever's side it is told from, the earliest first: of more than LIKE_MAX
        those that share most with it.
        """
        shared: Counter[str] = Counter()
        rows: dict[str, Confirmation] = {}
        for key in telling(deal):
            found = self._by_key.get(key, {})
            shared.update(found.keys())
            rows.update(found)
        nearest = sorted(shared, key=lambda name: (-shared[name], self._added[name]))[:LIKE_MAX]
        return [rows[name] for name in sorted(nearest, key=self._added.__getitem__)]


class Confirmations:
    """All confirmations of one house, by reference."""

    def __init__(self, own_bic: str) -> None:
        self._own = full_bic(own_bic)
        self._all: dict[str, Confirmation] = {}
        self._open = Pool()
        """Ours without an answer."""
        self._alleged = Pool()
        self._answers: dict[str, Confirmation] = {}
        """What each message of a counterparty was compared with, or alleged."""

    def rows(self) -> Iterator[Confirmation]:
        """Newest first."""
        return reversed(self._all.values())

    def get(self, reference: str) -> Confirmation | None:
        """By our reference."""
        return self._all.get(reference)

    def confirm(self, report: Report) -> Confirmation | None:
        """The message of a report; None if its deal was confirmed before."""
        made = mt300.of_fix(report.fix, self._own, full_bic(report.counterparty), turned=report.turned)
        if made.deal is not None and made.deal.reference in self._all:
            return None
        if made.deal is not None and (agent := report.agents.get(made.deal.bought[0])):
            made = mt300.build(msgspec.structs.replace(made.deal, receiving=(agent, None)))
        deal = made.deal
        reference = deal.reference if deal is not None else f"? {report.source}"
        if reference in self._all:
            return None
        row = Confirmation(reference, full_bic(report.counterparty), report.source, SENT, deal, made.fin)
        if made.fin is None:
            row.state, row.errors = REFUSED, list(made.errors)
        self._keep(row)
        if deal is not None and made.fin is not None:
            self._sent(row, deal)
        return row

    def sent_before(self, text: str, source: str) -> None:
        """A message of ours that was sent by an earlier run. One that tells no deal is passed."""
        deal = mt300.read(text)
        if deal is None or deal.reference in self._all:
            return
        row = Confirmation(deal.reference, full_bic(deal.party_b), source, SENT, deal, text)
        self._keep(row)
        self._sent(row, deal)

    def receive(self, text: str, source: str) -> Confirmation:
        """A counterparty's MT300: matched with one of ours, or alleged; refused where it is none or not to us."""
        verdict = validate(text)
        deal = mt300.read(text) if verdict.valid else None
        if deal is None or verdict.message_type != mt300.MESSAGE_TYPE:
            errors = list(verdict.errors) or [Mistake(None, "deal", "", "2", 1, "is no MT300 that tells a deal")]
            return self._refused(verdict.first("20") or "", source, errors)
        if full_bic(deal.party_b) != self._own:
            reason = f"is addressed to {deal.party_b}, not to {self._own}"
            return self._refused(deal.reference, source, [Mistake(None, "deal", "", "87A", 1, reason)])
        party = full_bic(deal.party_a)
        row = self._earlier(deal) or self._candidate(deal)
        if row is not None:
            self._judge(row, deal)
        else:
            row = Confirmation(f"{party} {deal.reference}", party, source, ALLEGED, deal, text, deal.reference)
            self._keep(row)
            self._alleged.add(row)
        self._answers[f"{party} {deal.reference}"] = row
        return row

    def refuse(self, source: str, field: str, reason: str) -> None:
        """What came in and cannot be taken for a message."""
        self._refused("", source, [Mistake(None, "FIX", "", field, 1, reason)])

    def _sent(self, row: Confirmation, deal: Deal) -> None:
        """Ours changes an earlier one of ours; what is alleged may be of it."""
        earlier = self._all.get(deal.related or "")
        if earlier is not None and deal.operation in ("CANC", "AMND"):
            earlier.state = CANCELLED
            self._open.remove(earlier)
        self._open.add(row)
        for one in self._alleged.like(deal):
            if one.deal is not None and partner(one.deal, [deal]) is not None:
                self._alleged.remove(one)
                del self._all[one.reference]
                self._judge(row, one.deal)
                self._answers[one.reference] = row
                return

    def _earlier(self, theirs: Deal) -> Confirmation | None:
        """What was compared with the message that theirs repeats or amends. A cancellation looks for one of ours."""
        named = theirs.related if theirs.operation == "AMND" else theirs.reference
        row = self._answers.get(f"{full_bic(theirs.party_a)} {named}")
        return row if row is not None and row.state in (MATCHED, MISMATCHED) else None

    def _candidate(self, theirs: Deal) -> Confirmation | None:
        """Ours without an answer that is most like theirs."""
        rows = self._open.like(theirs)
        place = partner(theirs, [row.deal for row in rows if row.deal is not None])
        return rows[place] if place is not None else None

    def _judge(self, row: Confirmation, theirs: Deal) -> None:
        assert row.deal is not None, "what was sent tells a deal"
        self._open.remove(row)
        row.theirs = theirs.reference
        row.mismatches = mismatches(row.deal, theirs)
        row.state = MISMATCHED if row.mismatches else MATCHED

    def _refused(self, reference: str, source: str, errors: list[Mistake]) -> Confirmation:
        row = Confirmation(f"? {source}", "", source, REFUSED, None, None, reference or None, errors=errors)
        self._keep(row)
        return row

    def _keep(self, row: Confirmation) -> None:
        self._all[row.reference] = row
        while len(self._all) > KEPT_MAX:
            oldest = self._all.pop(next(iter(self._all)))
            self._open.remove(oldest)
            self._alleged.remove(oldest)
            self._answers.pop(f"{oldest.counterparty} {oldest.theirs}", None)
