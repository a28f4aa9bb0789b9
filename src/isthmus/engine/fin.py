"""SWIFT MT in the hot tier, re-exported from the extension; `isthmus.gateways.swift` is its typed face."""

from isthmus._core import fin_parse, fin_split

__all__ = ["fin_parse", "fin_split"]
