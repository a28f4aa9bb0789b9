"""Fields of queries and bodies as this protocol writes them."""

from __future__ import annotations

from decimal import Decimal

from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.decode import time_in
from isthmus.kernel.values import DECIMAL_TEXT_MAX, TIME_MAX_NS

EXPONENT_MAX = 30
"""Powers of ten either way that a number may have."""


def plain(number: Decimal | None, field: str) -> str | None:
    """The number as plain decimal text. Raises Refusal 422 for one that is none or out of all bounds."""
    if number is None:
        return None
    if not number.is_finite() or abs(number.adjusted()) > EXPONENT_MAX or len(number.as_tuple().digits) > EXPONENT_MAX:
        raise Refusal(
            422, "malformed_number", f"{field} is a decimal number", field=field, value=str(number)[:DECIMAL_TEXT_MAX]
        )
    written = f"{number:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def moment(query: dict[str, str], field: str, default: int) -> int:
    """A time, RFC 3339 or a date alone (its first nanosecond, UTC); 1970 or 2262 for one before or after all of ours.
    Raises Refusal 400.
    """
    written = query.get(field, "")
    if not written:
        return default
    full = f"{written}T00:00:00Z" if len(written) == len("2026-11-23") else written
    return min(max(0, time_in({field: full}, field, default)), TIME_MAX_NS)
