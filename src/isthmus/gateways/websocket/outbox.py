"""What waits to be sent to one client: bounded in bytes and in time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable


class TooSlow(Exception):
    """The client does not read."""


class Gone(Exception):
    """The client went."""


class Outbox:
    """A listener of streams: `send` never blocks. `drain` and `overflow` run as tasks; both end by TooSlow, the
    former by Gone too.
    """

    def __init__(self, unsent_bytes: int, unsent_s: float) -> None:
        self._bytes_max = unsent_bytes
        self._seconds_max = unsent_s
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._something = asyncio.Event()
        self._overflowed = asyncio.Event()

    def send(self, frame: bytes) -> None:
        """Queue the frame; over the limit nothing more is kept."""
        if self._overflowed.is_set():
            return
        self._bytes += len(frame)
        if self._bytes > self._bytes_max:
            self._frames.clear()
            self._overflowed.set()
        else:
            self._frames.append(frame)
            self._something.set()

    @property
    def unsent_bytes(self) -> int:
        """What waits."""
        return self._bytes

    async def drain(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        """Write frames as they come. Raises TooSlow when one frame cannot be written in time, Gone when nobody is
        there any more.
        """
        while True:
            await self._something.wait()
            self._something.clear()
            while self._frames:
                frame = self._frames.popleft()
                await self._write(write, frame)
                self._bytes -= len(frame)

    async def overflow(self) -> None:
        """Raises TooSlow when too much is unsent."""
        await self._overflowed.wait()
        raise TooSlow(f"more than {self._bytes_max} bytes unsent")

    async def _write(self, write: Callable[[bytes], Awaitable[None]], frame: bytes) -> None:
        try:
            async with asyncio.timeout(self._seconds_max):
                await write(frame)
        except TimeoutError:
            raise TooSlow(f"nothing was read for {self._seconds_max} s") from None
        except OSError:
            raise Gone from None
