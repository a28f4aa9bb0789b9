"""What goes wrong on the line to a venue, by setting and by call: answers that come twice, late or never, a rest that
is refused, a line that is down. Chance comes from the line's own seed, so that faults do not change the market.
"""

from __future__ import annotations

from random import Random
from typing import Annotated

import msgspec
from msgspec import Meta

from isthmus.venues.answering import Answer, Filled, Took

Share = Annotated[float, Meta(ge=0, le=1)]


class FaultTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shares of orders (0 to 1). `twice`: each acknowledgement and fill is told twice. `late`: the acknowledgement
    comes `late_ms` later than it should, maybe after fills. `never`: no answer comes before the next `reconnect`.
    `rest_refused`: the venue ends what an arriving order has left after its first fill.
    """

    twice: Share = 0.0
    late: Share = 0.0
    late_ms: Annotated[int, Meta(ge=0, le=3_600_000)] = 1_000
    never: Share = 0.0
    rest_refused: Share = 0.0


NO_FAULTS = FaultTerms()
TWICE, LATE, NEVER, REST_REFUSED = "twice", "late", "never", "rest_refused"


class Line:
    """The line to one venue: what it does with the venue's answers."""

    def __init__(self, terms: FaultTerms, seed: str) -> None:
        self.terms = terms
        self.up = True
        self._quiet = terms == NO_FAULTS
        self._seed = seed
        self._fates: dict[int, frozenset[str]] = {}
        self._withheld: list[Answer] = []

    def fate(self, order: int) -> frozenset[str]:
        """What goes wrong with this order; always the same for the same seed and order."""
        if self._quiet:
            return frozenset()
        known = self._fates.get(order)
        if known is None:
            random = Random(f"{self._seed} {order}")  # noqa: S311
            shares = {name: getattr(self.terms, name) for name in (TWICE, LATE, NEVER, REST_REFUSED)}
            known = frozenset(name for name, share in shares.items() if random.random() < share)
            self._fates[order] = known
        return known

    def send(self, answer: Answer) -> list[tuple[int, Answer]]:
        """The answers that come through, each with how much later than it should (ns)."""
        fate = self.fate(answer.order)
        if not self.up or NEVER in fate:
            self._withheld.append(answer)
            return []
        late = self.terms.late_ms * 1_000_000 if LATE in fate and isinstance(answer, Took) else 0
        again = 2 if TWICE in fate and isinstance(answer, (Took, Filled)) else 1
        return [(late, answer)] * again

    def disconnect(self) -> None:
        """Nothing gets through, either way, until `reconnect`; the venue goes on with what it has."""
        self.up = False

    def reconnect(self) -> list[Answer]:
        """The line is up; every answer that was withheld, in order."""
        self.up = True
        withheld, self._withheld = self._withheld, []
        for answer in withheld:
            self._fates[answer.order] = self._fates.get(answer.order, frozenset()) - {NEVER}
        return withheld
