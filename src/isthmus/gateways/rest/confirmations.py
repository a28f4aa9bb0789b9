"""Handler of the list of confirmations, and the shape of its rows."""

from __future__ import annotations

from itertools import islice

import msgspec

from isthmus.gateways.limits import Limits
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import one_of, whole_number
from isthmus.gateways.rest.http import Answer, Request
from isthmus.gateways.swift.confirmations import STATES, Confirmation, Confirmations
from isthmus.gateways.swift.matching import Mismatch
from isthmus.gateways.swift.mt300 import Deal
from isthmus.gateways.swift.verdict import Mistake

ALL = "all"
PAGE_ROWS = 100


class ConfirmationRow(msgspec.Struct, frozen=True):
    """A deal with a counterparty. `state`: sent, matched, mismatched, refused, cancelled (ours), alleged (theirs)."""

    reference: str
    counterparty: str
    source: str
    state: str
    their_reference: str | None
    deal: Deal | None
    fin: str | None
    mismatches: list[Mismatch]
    errors: list[Mistake]


def row_of(found: Confirmation) -> ConfirmationRow:
    """A confirmation as it is shown."""
    return ConfirmationRow(
        found.reference,
        found.counterparty,
        found.source,
        found.state,
        found.theirs,
        found.deal,
        found.fin,
        found.mismatches,
        found.errors,
    )


class ConfirmationHandlers:
    """`book` is None where the settings name no BIC of the house."""

    def __init__(self, book: Confirmations | None, limits: Limits) -> None:
        self._book = book
        self._limits = limits

    async def confirmations(self, request: Request) -> Answer:
        """Newest first."""
        if self._book is None:
            raise Refusal(404, "no_confirmations", "swift.confirmations.own_bic is not set: nothing is confirmed here")
        state = one_of(request.query, "state", ALL, (ALL, *STATES))
        most = self._limits.page_rows
        limit = whole_number(request.query, "limit", min(PAGE_ROWS, most), 1, most)
        rows = (row_of(found) for found in self._book.rows() if state in (ALL, found.state))
        return ok(list(islice(rows, limit)))
