"""The MT4 bridge beside the server, where the settings ask for it: its port, and the bank that hears of its orders."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from isthmus.gateways.mt4.bank import Bank, BankSettings
from isthmus.gateways.mt4.bank_link import BankLink
from isthmus.gateways.mt4.desk import Around, Desk, SymbolTerms, Terms
from isthmus.gateways.mt4.notices import Notices
from isthmus.gateways.mt4.server import BridgeServer
from isthmus.kernel.errors import BadInput


class BridgeSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bridge is off while `listen` is false."""

    listen: bool
    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=0, le=65_535)]
    symbols: dict[str, SymbolTerms]
    logins: dict[str, str]
    bank: BankSettings


class Bridge:
    """Made by `bridge_of`; `open` and `close` go around the server's own life."""

    def __init__(self, settings: BridgeSettings, around: Around) -> None:
        desk = Desk(around, Terms(settings.symbols, settings.logins))
        self._settings = settings
        self.server = BridgeServer(around.access.by_secret, desk.answer)
        self.notices: Notices | None = None
        self._telling: asyncio.Task[None] | None = None
        if settings.bank.url:
            link = BankLink(settings.bank.url, _token(settings.bank.token_file), settings.bank.timeout_s)
            self.notices = Notices(Bank(link.send, asyncio.sleep, settings.bank), desk.notice)

    async def open(self) -> None:
        """Raises BadInput when the port cannot be had."""
        try:
            await self.server.open(self._settings.host, self._settings.port)
        except OSError as error:
            raise BadInput("mt4.port", error.strerror or str(error)) from error
        if self.notices is not None:
            self._telling = asyncio.create_task(self.notices.run())

    async def close(self) -> None:
        """The port first, then the bank's task."""
        await self.server.close()
        if self._telling is not None:
            self._telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._telling


def bridge_of(settings: BridgeSettings, around: Around) -> Bridge | None:
    """None where it is off. Raises BadInput that names the setting."""
    return Bridge(settings, around) if settings.listen else None


def _token(path: str) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("mt4.bank.token_file", f"{path}: {error}") from error
