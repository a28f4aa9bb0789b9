"""The SPAN rule and the readers of exchanges' parameter files, re-exported from the extension.

`isthmus.risk.span` is their typed face.
"""

from isthmus._core import SpanParameters, SpanUnreadable, span_month, span_price

__all__ = ["SpanParameters", "SpanUnreadable", "span_month", "span_price"]
