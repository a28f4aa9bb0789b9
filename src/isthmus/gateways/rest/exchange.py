"""A shorter way between this server's protocol and its application than the messages of ASGI: the whole body at once
where it has come with the head, and the whole answer in one write. Whoever calls the application by ASGI alone need not
have it.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

EXCHANGE = "isthmus.exchange"
"""Key in the ASGI scope."""


class Exchange:
    """One request and its answer, on uvicorn's own record of them."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def body(self) -> bytes | None:
        """The body; None while some of it has still to come or to be asked for."""
        cycle = self._cycle
        if cycle.more_body or cycle.waiting_for_100_continue or cycle.disconnected:
            return None
        return bytes(cycle.body)

    def answer(self, status: int, lines: bytes, body: bytes) -> bool:
        """Writes the answer; `lines` are its headers, content-length among them, each with its end. False, and nothing
        done, for a client who went or does not read.
        """
        cycle = self._cycle
        if cycle.flow.write_paused or cycle.disconnected or cycle.response_started:
            return False
        cycle.response_started = cycle.response_complete = True
        usual = [part for name, value in cycle.default_headers for part in (name, b": ", value, b"\r\n")]
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        cycle.transport.write(b"".join((STATUS_LINE[status], *usual, lines, end, body)))
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
        return True
