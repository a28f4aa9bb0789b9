"""SWIFT MT in the hot tier, re-exported from the extension; `isthmus.gateways.swift` is its typed face."""

from isthmus._core import (
    fin_known,
    fin_parse,
    fin_split,
    fin_validate,
    mt300_build,
    mt300_of_fix,
    mt300_read,
    mt300_to_fix,
    mt_reference,
)

__all__ = [
    "fin_known",
    "fin_parse",
    "fin_split",
    "fin_validate",
    "mt300_build",
    "mt300_of_fix",
    "mt300_read",
    "mt300_to_fix",
    "mt_reference",
]
