"""Figures for Prometheus, read when they are asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, make_asgi_app

from isthmus.gateways.reads import Reads
from isthmus.gateways.rest.http import Receive, Scope, Send


class Metrics:
    """One registry; `application` answers /metrics."""

    def __init__(self, reads: Reads, streams: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self.application = cast(
            Callable[[Scope, Receive, Send], Awaitable[None]], make_asgi_app(self._registry, disable_compression=True)
        )
        self._counters: dict[tuple[str, str], Counter] = {}
        self._answers = Counter(
            "isthmus_http_answers_total", "HTTP answers.", ("method", "status"), registry=self._registry
        )
        for name, text, value in (
            ("isthmus_sequence", "Sequence of the last record.", lambda: reads.standing().sequence),
            ("isthmus_durable_sequence", "Sequence of the last durable record.", lambda: reads.standing().durable),
            ("isthmus_backlog_records", "Records that wait for the journal.", lambda: reads.backlog),
            ("isthmus_degraded", "1 while no commands are taken.", lambda: int(reads.standing().fault is not None)),
            ("isthmus_follower_lag_records", "Records that the follower has not run again yet.", lambda: _lag(reads)),
            ("isthmus_snapshot_sequence", "Record that the newest snapshot is of.", lambda: _saved(reads)),
            ("isthmus_standby_receipt_sequence", "Last record that the standby has.", lambda: _receipt(reads)),
            ("isthmus_streams_open", "WebSocket connections of the native stream.", streams),
        ):
            self._gauge(name, text, value)

    def count(self, method: str, status: int) -> None:
        """One answer more."""
        key = (method if method in METHODS else "other", str(status))
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = self._answers.labels(*key)
        counter.inc()

    def _gauge(self, name: str, text: str, value: Callable[[], Any]) -> None:
        Gauge(name, text, registry=self._registry).set_function(value)


def _lag(reads: Reads) -> int:
    now = reads.standing()
    return max(0, now.sequence - now.follower.sequence) if now.follower is not None else 0


def _receipt(reads: Reads) -> int:
    standby = reads.standing().standby
    return standby.receipt if standby is not None else 0


def _saved(reads: Reads) -> int:
    follower = reads.standing().follower
    return follower.saved if follower is not None else 0


METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE", "GRPC")
