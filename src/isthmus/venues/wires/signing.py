"""Signatures of requests. A secret is used and never kept, shown or logged here."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from isthmus.venues.wires.binance_orders import query_text


def signed_query(params: Mapping[str, object], secret: str, at_ms: int, receive_window_ms: int) -> str:
    """Binance: the parameters with time and window, and the HMAC-SHA-256 of that text as hexadecimal behind it
    (developers.binance.com, "SIGNED endpoint security").
    """
    text = query_text({**params, "recvWindow": receive_window_ms, "timestamp": at_ms})
    return f"{text}&signature={hmac_hex(secret, text)}"


def hmac_hex(secret: str, text: str) -> str:
    """HMAC-SHA-256 in hexadecimal."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
