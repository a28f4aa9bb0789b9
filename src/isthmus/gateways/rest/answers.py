"""Answers of handlers as bytes."""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.gateways.rest.http import Answer

_encoder = msgspec.json.Encoder()


def ok(value: Any, status: int = 200) -> Answer:
    """The value as JSON."""
    return Answer(status, _encoder.encode(value))
