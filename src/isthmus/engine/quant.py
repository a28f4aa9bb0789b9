"""Option prices and risk arrays, re-exported from the extension; `isthmus.risk.options` is their typed face."""

from isthmus._core import option_greeks, option_implied, option_price, span_arrays

__all__ = ["option_greeks", "option_implied", "option_price", "span_arrays"]
