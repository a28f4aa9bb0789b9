"""The audit logs for the gateways: their files are read on a thread of their own, never the process that makes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from isthmus.app import threshold_board
from isthmus.app.audit_settings import AuditSettings
from isthmus.app.witness_board import read_board
from isthmus.audit import heads
from isthmus.audit.client_keys import NoClientKey
from isthmus.audit.disclosing import NoEvent, RowDropped, event_of, order_proof
from isthmus.audit.jurisdictions import FIELDS
from isthmus.audit.places import LOGS, log_folder
from isthmus.audit.proving import NoLog, NotCovered, record_proof
from isthmus.audit.status import STOPPED, read_status
from isthmus.engine.engine import JournalDamaged
from isthmus.engine.proofs import LogRefused
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.audit_log import AuditLogHead, AuditQuorum, AuditStatus, AuditThreshold
from isthmus.kernel.errors import BadInput, Damaged

Answer = TypeVar("Answer")
OFF = "off"


class AuditLogReads:
    """`fault`: what the server itself knows of the process that makes the logs."""

    def __init__(self, data: Path, settings: AuditSettings, fault: Callable[[], str | None]) -> None:
        self._data = data
        self._settings = settings
        self._fault = fault
        self._thread = ThreadPoolExecutor(1, "audit")

    async def status(self) -> AuditStatus:
        """See AuditLogReader."""
        return await self._ask(lambda: self._status(self._fault()))

    async def record_proof(self, sequence: int) -> bytes:
        """See AuditLogReader."""
        return await self._ask(lambda: msgspec.json.encode(record_proof(self._data, sequence)))

    async def order_proof(self, order: int, sequence: int | None, place: int | None) -> bytes:
        """See AuditLogReader."""

        def made() -> bytes:
            at = event_of(self._data, order, sequence, place)
            return msgspec.json.encode(order_proof(self._data, at, FIELDS))

        return await self._ask(made)

    def _status(self, fault: str | None) -> AuditStatus:
        shown = [row for log in LOGS if (row := self._head(log)) is not None]
        told = read_status(self._data)
        fault = fault or (told.fault if told is not None else None)
        state = OFF if not self._settings.enabled or told is None else STOPPED if fault else told.state
        return AuditStatus(
            name=self._settings.name if told is None else told.name,
            state=state,
            logs=shown,
            journal_sequence=told.journal_sequence if told is not None else 0,
            lag_records=told.lag_records if told is not None else 0,
            lag_s=told.lag_s if told is not None else 0.0,
            bounded_at=self._settings.most_behind,
            quorum=self._quorum(),
            fault=fault,
            orders_sequence=told.orders_sequence if told is not None else 0,
            orders_lag_records=told.orders_lag_records if told is not None else 0,
            orders_lag_s=told.orders_lag_s if told is not None else 0.0,
            threshold=self._threshold(),
        )

    def _quorum(self) -> AuditQuorum | None:
        board = read_board(self._data)
        return None if board is None else AuditQuorum(*msgspec.structs.astuple(board.quorum))

    def _threshold(self) -> AuditThreshold | None:
        board = threshold_board.read_board(self._data) if self._settings.threshold.key else None
        if board is None or board.key != self._settings.threshold.key:
            return None
        return msgspec.convert(msgspec.to_builtins(board), AuditThreshold)

    def _head(self, log: str) -> AuditLogHead | None:
        head = heads.newest(log_folder(self._data, log))
        if head is None:
            return None
        origin = head.note.split("\n", 1)[0]
        return AuditLogHead(log, origin, head.size, head.sequence, head.root, head.time, head.note)

    async def _ask(self, question: Callable[[], Answer]) -> Answer:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, question)
        except NoLog as error:
            raise Refusal(404, "no_log", error.reason) from error
        except NotCovered as error:
            raise Refusal(404, "not_covered", error.reason, field=error.field) from error
        except NoEvent as error:
            raise Refusal(404, "no_event", error.reason, field=error.field) from error
        except NoClientKey as error:
            raise Refusal(410, "erased", error.reason, field=error.field) from error
        except RowDropped as error:
            raise Refusal(410, "dropped", error.reason, field=error.field) from error
        except BadInput as error:
            raise Refusal(422, "malformed_request", error.reason, field=error.field) from error
        except LogRefused as error:
            raise Refusal(503, "log_unreadable", f"the log cannot be read: {': '.join(error.args)}") from error
        except (Damaged, JournalDamaged, OSError) as error:
            raise Refusal(503, "log_unreadable", f"the log cannot be read: {error}") from error
