"""The kill-switch drill: a broker with a million resting orders, killed by one call over the API.

`python bench/kill_switch.py [--orders 1000000]` makes a folder with so many orders of 1,000 accounts on all spot
markets, starts `isthmus serve` on it, kills everything, tries every gateway, and re-arms with two operators. It prints
one JSON object: seconds of each step, what the record says, what each gateway answered. Exit 1 if one of them took an
order while it was killed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from isthmus.engine.engine import INSTRUCTION, Engine
from isthmus.kernel import messages as m

ACCOUNTS = 1_000
CHUNK = 10_000
SERVE = [sys.executable, "-c", "import sys; from isthmus.app.cli import main; sys.exit(main())", "serve"]
SETTINGS = "[limits]\nrate_per_s = 100000\nrate_burst = 100000\n"


class Server:
    """A broker on a free port."""

    def __init__(self, data: Path) -> None:
        config = data.parent / "drill.toml"
        config.write_text(SETTINGS)
        began = time.perf_counter()
        words = [*SERVE, "--data", str(data), "--port", "0", "--config", str(config)]
        with (data.parent / "drill.log").open("ab") as log:
            self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit((data.parent / "drill.log").read_text())
        self.seconds = time.perf_counter() - began
        self.url: str = json.loads(line)["url"]
        self.keys: dict[str, Any] = json.loads((data / "demo-keys.json").read_text())

    def client(self, key: dict[str, str]) -> httpx.Client:
        """With a user's key."""
        headers = {"Isthmus-Key": key["key_id"], "Isthmus-Secret": key["secret"]}
        return httpx.Client(base_url=self.url, headers=headers, timeout=300)

    def stop(self) -> None:
        """Cleanly."""
        self.process.terminate()
        self.process.wait(300)


def fill(data: Path, orders: int) -> list[int]:
    """Rests so many orders, far from the market; their numbers."""
    engine = Engine(str(data), "never")
    instruments = engine.instruments()
    markets = [number for number, row in enumerate(instruments, 1) if row["kind"] != m.LINEAR_PERPETUAL]
    accounts = [engine.submit(m.OpenAccount(kind=m.ACCOUNT_CLIENT)).effects[0].account for _ in range(ACCOUNTS)]
    for account in accounts:
        for asset in range(1, len(engine.assets()) + 1):
            engine.submit(m.SetCredit(account=account, asset=asset, amount=2**63 - 1))
    placed: list[int] = []
    for start in range(0, orders, CHUNK):
        rows = np.zeros(min(CHUNK, orders - start), INSTRUCTION)
        number = np.arange(start, start + len(rows))
        rows["command"], rows["kind"], rows["side"], rows["tif"] = m.PlaceOrder.KIND, m.LIMIT, m.BUY, m.GTC
        rows["account"] = np.array(accounts)[number % ACCOUNTS]
        rows["instrument"] = np.array(markets)[number % len(markets)]
        step = {name: np.array([row[name] for row in instruments])[rows["instrument"] - 1] for name in ("tick", "lot")}
        rows["price"], rows["quantity"] = step["tick"] * (1 + number % 50), step["lot"]
        outcomes = engine.submit_batch(rows).outcomes
        if not (outcomes["status"] == 1).all():
            reason = int(outcomes["reason"][outcomes["status"] != 1][0])
            raise SystemExit(f"an order was refused: {m.REASONS[reason]}")
        placed.extend(outcomes["order"].tolist())
    engine.close()
    return placed


def gateways(server: Server) -> dict[str, str]:
    """What each of them answers to an order now: "taken", or why not."""
    keys = server.keys["client"]
    order = {"instrument": "BTC-USD", "side": "buy", "type": "limit", "quantity": "0.0100", "price": "1000.00"}
    alpaca = {
        "symbol": "BTC/USD",
        "side": "buy",
        "type": "limit",
        "time_in_force": "gtc",
        "qty": "0.01",
        "limit_price": "1000",
    }
    headers = {"APCA-API-KEY-ID": keys["key_id"], "APCA-API-SECRET-KEY": keys["secret"]}
    with server.client(keys) as native, httpx.Client(base_url=server.url, headers=headers, timeout=300) as shaped:
        answers = {
            "native": native.post("/v1/orders", json=order),
            "alpaca": shaped.post("/alpaca/v2/orders", json=alpaca),
        }
    return {name: "taken" if answer.is_success else answer.json()["reason"] for name, answer in answers.items()}


def drill(server: Server, result: dict[str, Any]) -> None:
    """Kill, try, re-arm; fills `result`."""
    with server.client(server.keys["operator"]) as operator:
        made = operator.post("/v1/operator/create_key", json={"user": "second", "role": "operator"}).json()
        target = {"scope": "everything"}
        result["before"] = gateways(server)
        began = time.perf_counter()
        operator.post("/v1/operator/kill", json=target).raise_for_status()
        result["kill_s"] = time.perf_counter() - began
        kill = operator.get("/v1/operator/kills").raise_for_status().json()[0]
        result |= {key: kill[key] for key in ("orders", "digest", "record")}
        result["killed"] = gateways(server)
        operator.post("/v1/operator/rearm", json=target).raise_for_status()
        result["one_key"] = gateways(server)
        result["same_operator"] = operator.post("/v1/operator/rearm", json=target).json()["reason"]
        with server.client(made) as second:
            second.post("/v1/operator/rearm", json=target).raise_for_status()
        result["rearmed"] = gateways(server)


def main() -> int:
    """The drill; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="isthmus-drill-") as folder:
        data = Path(folder) / "data"
        Server(data).stop()
        began = time.perf_counter()
        placed = fill(data, asked.orders)
        result: dict[str, Any] = {"resting": len(placed), "fill_s": time.perf_counter() - began}
        server = Server(data)
        result["start_s"] = server.seconds
        try:
            drill(server, result)
        finally:
            server.stop()
    print(json.dumps(result, indent=2))
    refuses = all("taken" not in result[step].values() for step in ("killed", "one_key"))
    takes = all(set(result[step].values()) == {"taken"} for step in ("before", "rearmed"))
    return 0 if refuses and takes and result["orders"] >= len(placed) else 1


if __name__ == "__main__":
    sys.exit(main())
