"""Every script of examples/ runs, against a real server where it needs one, and says what it promises."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.server import Broker

EXAMPLES = Path(__file__).parents[2] / "examples"
LINES_MAX = 80
TIMEOUT_S = 120
RUN_HERE = {
    "backtest.py", "first_trade.py", "market_maker.py", "add_up.py", "verify_by_hand.py", "rest_client.py",
    "stream_client.py",
}  # fmt: skip


def run(name: str, *arguments: object, code: int = 0) -> str:
    """What the example prints; it must end with this exit code."""
    words = [sys.executable, "-W", "error", str(EXAMPLES / name), *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A server with simulated markets for the examples that trade."""
    running = Broker(tmp_path_factory.mktemp("examples") / "data")
    yield running
    running.stop()


def test_every_example_is_run_here_and_short() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == RUN_HERE
    for name in RUN_HERE:
        assert len((EXAMPLES / name).read_text().splitlines()) < LINES_MAX, name


def test_a_first_trade() -> None:
    said = run("first_trade.py")
    assert "posting  17 -> 16: 1500000 of 1 (payment)" in said
    assert "refused  insufficient_funds" in said


def test_a_market_maker_ends_the_same_twice() -> None:
    said = run("market_maker.py", 300)
    assert "1,509 records, 295 fills" in said
    assert run("market_maker.py", 300) == said


def test_a_back_test_ends_the_same_twice_and_says_what_it_cost() -> None:
    said = run("backtest.py")
    assert "TWAP: 5000 of 5000 lots by" in said and "bps against arrival" in said
    assert run("backtest.py") == said


def test_a_rest_client_trades(broker: Broker) -> None:
    said = run("rest_client.py", broker.data)
    assert "placed   ord-" in said and "holds 300.150000 USD" in said
    assert "cancel   cancelled" in said and "bought   0.0100 at" in said and "fill     0.0" in said


def test_a_rest_client_says_why_it_was_refused(broker: Broker, tmp_path: Path) -> None:
    keys = (broker.data / "demo-keys.json").read_text().replace(broker.keys()["client"]["secret"], "wrong")
    (tmp_path / "demo-keys.json").write_text(keys)
    words = [sys.executable, str(EXAMPLES / "rest_client.py"), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 1 and done.stderr.startswith("401 unauthenticated: ")


def test_a_stream_client_sees_its_fill(broker: Broker) -> None:
    said = run("stream_client.py", broker.data)
    assert "fill      sell 0.0010 at" in said and "deltas" in said


def test_a_journal_adds_up_while_it_grows_and_proves_its_head_after(broker: Broker) -> None:
    said = run("add_up.py", broker.data)
    assert "client:demo" in said and "every asset sums to zero" in said
    kept = run("verify_by_hand.py", broker.data).split()[-1]
    assert broker.stop() == 0
    assert "sealed" in run("verify_by_hand.py", broker.data, kept)
    assert "is not in this chain" in run("verify_by_hand.py", broker.data, "00" * 32, code=1)
    segment = broker.data / "journal" / "00000001.seg"
    content = bytearray(segment.read_bytes())
    for at in (80, 200, 1_000):
        content[at] ^= 1
        segment.write_bytes(content)
        assert "DAMAGED" in run("verify_by_hand.py", broker.data, code=1)
        content[at] ^= 1
