"""Ids as people see them. They are sequence numbers with the kind in front, so they sort and never collide."""

import re

ID_MAX = 2**63 - 1

_ID = re.compile(r"(ord|acc|rec)-([1-9][0-9]{0,18})", re.ASCII)
_TRADE = re.compile(r"trd-([1-9][0-9]{0,18})-([1-9][0-9]{0,8})")


def order_id(sequence: int) -> str:
    """ "ord-4711": the order placed by record 4711."""
    return f"ord-{sequence}"


def account_id(number: int) -> str:
    """ "acc-16"."""
    return f"acc-{number}"


def record_id(sequence: int) -> str:
    """ "rec-4711"."""
    return f"rec-{sequence}"


def trade_id(sequence: int, ordinal: int) -> str:
    """ "trd-4711-1": the first trade of record 4711."""
    return f"trd-{sequence}-{ordinal}"


def trade_of(text: str) -> tuple[int, int] | None:
    """Record and ordinal in a trade's id; None if the text is no such id."""
    match = _TRADE.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None


def number_of(kind: str, text: str) -> int | None:
    """The number in an id of this kind ("ord", "acc", "rec"); None if the text is no such id."""
    match = _ID.fullmatch(text)
    if match is None or match[1] != kind:
        return None
    number = int(match[2])
    return number if number <= ID_MAX else None
