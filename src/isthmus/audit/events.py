"""What can happen to an order (O65), and the code that RTS 24 has for it (field 21)."""

from __future__ import annotations

CODES = {
    "new": "NEWO",
    "reject": "REMO",
    "repeat": "",
    "amend": "REME",
    "amend_by_venue": "REMA",
    "amend_refused": "",
    "amend_asked": "",
    "cancel": "CAME",
    "cancel_by_operator": "CAMO",
    "cancel_by_market": "CAMO",
    "cancel_by_venue": "CAMO",
    "cancel_refused": "",
    "cancel_asked": "",
    "expire": "EXPI",
    "fill": "FILL",
    "partial_fill": "PARF",
    "late_fill": "FILL",
    "child_fill": "",
    "trigger": "TRIG",
    "park": "CHMO",
    "refresh": "REMA",
    "reprice": "REMA",
    "trail": "REMA",
    "reduce": "REME",
    "reduce_by_market": "REMA",
    "reduce_refused": "",
    "invite": "",
    "venue_ack": "",
    "venue_answer_refused": "",
    "accept_refused": "",
    "bust": "",
    "correct": "",
}
"""Every event with its code; empty: RTS 24 has none, it is an instruction that changed nothing, or of our own books."""
FILLS = ("fill", "partial_fill", "late_fill")
