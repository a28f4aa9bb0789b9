"""The audit store for the gateways: its files are read on a thread of their own, off the server's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from isthmus.audit.asking import Query
from isthmus.audit.store import StoreReader
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.audit_orders import AuditedLife, AuditedOrders, Wanted
from isthmus.kernel.errors import BadInput, Damaged

Shape = TypeVar("Shape", bound=msgspec.Struct)


class AuditStoreReads:
    """Of a data folder."""

    def __init__(self, data: Path) -> None:
        self._store = StoreReader(data)
        self._thread = ThreadPoolExecutor(1, "audit-store")

    async def orders(self, wanted: Wanted) -> AuditedOrders:
        """See AuditStoreReader."""
        query = Query(**wanted.words, since=wanted.since, until=wanted.until, limit=wanted.limit)
        return await self._ask(lambda: self._store.search(query), AuditedOrders)

    async def life(self, order: int) -> AuditedLife:
        """See AuditStoreReader."""
        return await self._ask(lambda: self._store.life(order), AuditedLife)

    async def _ask(self, question: Callable[[], msgspec.Struct], shape: type[Shape]) -> Shape:
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._thread, question)
        except BadInput as error:
            raise Refusal(422, "malformed_request", error.reason, field=error.field) from error
        except (Damaged, OSError) as error:
            raise Refusal(503, "log_unreadable", f"the audit store cannot be read: {error}") from error
        return msgspec.convert(msgspec.to_builtins(found), shape)
