"""The audit store over REST: what the command line finds, in the same shapes, and refusals with their fields."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.audit.order_journals import Told

from isthmus.app.audit_store_reads import AuditStoreReads
from isthmus.app.settings import read_defaults, settings_of
from isthmus.audit.dropping import DayKept, Dropper
from isthmus.audit.entry_log import DROPS, EntryLog
from isthmus.audit.retention import Asked
from isthmus.audit.store import StoreReader, StoreWriter
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.audit_orders import AuditStoreHandlers
from isthmus.gateways.rest.http import Request
from isthmus.kernel import messages
from isthmus.kernel.values import time_text


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """A broker whose rows are in the store of `tmp_path`."""
    broker = Told()
    broker.place(broker.ann, messages.BUY, 10, 10_000)
    broker.place(broker.bob, messages.SELL, 4, 10_000)
    writer = StoreWriter(tmp_path)
    writer.take(broker.rows())
    writer.close()
    return broker


def asked(data: Path, order: str | None = None, **query: str) -> Any:
    handlers = AuditStoreHandlers(AuditStoreReads(data), settings_of(read_defaults(), {"data": str(data)}).limits)
    path = {} if order is None else {"order": order}
    request = Request("GET", "/v1/audit/orders", query, {}, b"", "127.0.0.1", "1", path)
    answer = asyncio.run(handlers.orders(request) if order is None else handlers.life(request))
    return json.loads(answer.body)


def test_events_come_newest_first_in_pages(told: Told, tmp_path: Path) -> None:
    page = asked(tmp_path, limit="2")
    assert [row["event"] for row in page["orders"]] == ["fill", "partial_fill"]
    following = asked(tmp_path, before=page["next"])
    assert following["next"] is None and following["rows_scanned"] == 4
    assert [row["event"] for row in page["orders"] + following["orders"]].count("new") == 2


def test_times_and_accounts_narrow_the_page(told: Told, tmp_path: Path) -> None:
    last = told.records[-1].stamp
    assert {row["account"] for row in asked(tmp_path, account=f"acc-{told.ann}")["orders"]} == {f"acc-{told.ann}"}
    assert len(asked(tmp_path, **{"from": time_text(last)})["orders"]) == 3
    assert len(asked(tmp_path, to=time_text(last))["orders"]) == 1


def test_an_orders_life_has_its_78_fields(told: Told, tmp_path: Path) -> None:
    order = StoreReader(tmp_path).parts()[0].first
    life = asked(tmp_path, order=f"ord-{order}")
    assert [event["event"] for event in life["events"]] == ["new", "partial_fill"]
    assert len(life["events"][0]["fields"]) == 78 and life["unknown"] > 0
    assert asked(tmp_path, order=str(order)) == life


@pytest.mark.parametrize(
    ("order", "query", "code", "field"),
    [
        (None, {"from": "yesterday"}, 422, "from"),
        (None, {"event": "x"}, 422, "event"),
        (None, {"before": "x"}, 422, "before"),
        (None, {"limit": "0"}, 400, "limit"),
        ("ord-x", {}, 422, "order"),
        ("ord-999", {}, 404, None),
    ],
)
def test_what_cannot_be_asked_is_refused(
    told: Told, tmp_path: Path, order: str | None, query: dict[str, str], code: int, field: str | None
) -> None:
    with pytest.raises(Refusal) as refusal:
        asked(tmp_path, order=order, **query)
    assert (refusal.value.status, refusal.value.field) == (code, field)


def test_an_order_whose_day_was_dropped_is_gone_and_a_search_names_the_day(told: Told, tmp_path: Path) -> None:
    part = StoreReader(tmp_path).parts()[0]
    kept = DayKept(part.day, 1, None, part.day, "uk-fca", [], False, True)
    dropper = Dropper(tmp_path, EntryLog(tmp_path, "test", DROPS), bytes, told.at)
    dropper.drop(kept, [part], ["uk-fca"], Asked("joe", "x", "2099-01-01T00:00:00Z"))
    with pytest.raises(Refusal) as refusal:
        asked(tmp_path, order=f"ord-{part.first}")
    assert (refusal.value.status, refusal.value.reason) == (410, "dropped")
    named = {"day": str(part.day), "dropped_on": "2099-01-01T00:00:00Z", "by": "joe", "reason": "x"}
    assert asked(tmp_path)["dropped"] == [named]


def test_a_damaged_part_is_told_and_not_passed_over(told: Told, tmp_path: Path) -> None:
    StoreReader(tmp_path).parts()[0].path.write_bytes(b"x")
    with pytest.raises(Refusal) as refusal:
        asked(tmp_path)
    assert (refusal.value.status, refusal.value.reason) == (503, "log_unreadable")
