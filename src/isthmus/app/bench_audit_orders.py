"""The row of `isthmus bench audit` about orders: how fast their rows, fingerprints and entries follow a journal.

The journal is made beforehand: orders and cancels of the published mix, each with its time and where it came from. What
is timed is all that the trail does with it: rows, fingerprints, Parquet, entries, a head every 32,768 records. The rate
is that of processor time of all threads, so of one core.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path

from isthmus.app.bench_flow import generated
from isthmus.app.bench_report import Probe, Row
from isthmus.app.bench_workload import CANCEL_ORDER, FIRST_ACCOUNT, OWNERS, fresh_engine
from isthmus.audit.client_keys import ClientKeys
from isthmus.audit.orders_trail import OrdersTrail
from isthmus.audit.trail_keys import open_keys
from isthmus.engine.engine import Origin
from isthmus.kernel.messages import GATEWAYS, ROLES, CancelOrder, PlaceOrder

ORDERS, ROUNDS = 200_000, 3
GOAL = 30_000.0
"""Records a second."""
HEAD_RECORDS = 32_768
HANDED_OVER = 1_000
START, STEP_NS = 1_764_374_400_000_000_000, 100_003
"""The time of the first order, and between two of them."""
NAME = "bench.test"


def measured(orders: int = ORDERS, rounds: int = ROUNDS) -> tuple[list[Row], list[Probe]]:
    """The row, and how many rows of the store the journal has to a record."""
    rates, share, right = list[float](), 0.0, True
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
        data = Path(folder)
        records = write_journal(data, orders)
        for _ in range(rounds):
            shutil.rmtree(data / "audit", ignore_errors=True)
            rate, rows, reached = _followed(data)
            rates.append(rate)
            share, right = rows / records, right and reached == records
    value = round(statistics.median(rates), 1)
    row = Row(
        name="orders_followed", unit="records/s", value=value, clock="cpu", rounds=rounds, goal=GOAL,
        ok=right and value >= GOAL,
    )  # fmt: skip
    return [row], [Probe("orders_rows", round(share, 2), "rows/record")]


def write_journal(data: Path, orders: int) -> int:
    """Writes so many orders and cancels behind the setup that they need; the number of records."""
    workload = generated(orders)
    engine = fresh_engine(workload, str(data))
    for number, row in enumerate(workload.rows.tolist()):
        command, side, kind, tif, flags, reason, _, account, instrument, venue, _, order, price, quantity, _ = row
        at = START + number * STEP_NS
        if command == CANCEL_ORDER:
            asked = CancelOrder(order=order, account=account, reason=reason)
        else:
            terms = {"side": side, "kind": kind, "tif": tif, "flags": flags, "price": price, "quantity": quantity}
            where = {"account": account, "instrument": instrument, "venue": venue, "session": account}
            asked = PlaceOrder(**where, **terms)
        engine.stage(asked, at, _origin(number, account, at))
        if number % HANDED_OVER == 0:
            engine.hand_over()
    engine.hand_over()
    engine.flusher.flush()
    sequence: int = engine.sequence
    engine.close()
    return sequence


def _origin(number: int, account: int, at: int) -> Origin:
    instruction = number.to_bytes(32, "big")
    who = (account, account, ROLES["client"], GATEWAYS["fix"])
    return Origin(*who, received_at=at - 5_000, text=f"c-{number}", instruction=instruction)


def _followed(data: Path) -> tuple[float, int, int]:
    """Records a second, rows, and the last record. Clients' keys are made first, as they are once in their life."""
    keys = open_keys(data, NAME)
    ClientKeys(data).of([None, *range(FIRST_ACCOUNT, FIRST_ACCOUNT + OWNERS)])
    trail = OrdersTrail(data, keys, 1, START)
    begun, taken = time.process_time(), 0
    while count := trail.take(1 << 62, HEAD_RECORDS):
        trail.sign(START)
        taken += count
    took = max(time.process_time() - begun, 1e-9)
    trail.close()
    return taken / took, trail.signed.log.size, trail.last
