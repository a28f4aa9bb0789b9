"""The bounds of the gateways: their names and units. Their values, and what happens above each, are in
app/defaults.toml.
"""

from typing import Annotated

from msgspec import Meta, Struct

Positive = Annotated[int, Meta(ge=1)]


class StreamLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of one WebSocket connection; `_s` are seconds."""

    auth_s: Positive
    message_bytes: Positive
    subscriptions: Positive
    unsent_bytes: Positive
    unsent_s: Positive
    heartbeat_s: Positive
    remembered: Positive
    book_updates_per_s: Positive
    book_levels: Positive


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the gateways. What happens above each is said in defaults.toml."""

    body_bytes: Positive
    rate_per_s: Positive
    rate_burst: Positive
    connections: Positive
    keep_alive_s: Positive
    inbox_commands: Positive
    page_rows: Positive
    signature_window_ms: Positive
    signatures_remembered: Positive
    login_link_s: Positive
    session_s: Positive
    sessions: Positive
    stream: StreamLimits
