"""The guides cannot go stale: their shell and Python snippets run, and their tables name what there is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.server import Broker

from isthmus.app.settings import read_defaults
from isthmus.gateways.lorawan.devices import read_devices
from isthmus.gateways.lorawan.rules import read_rules
from isthmus.gateways.settlement.chain import read_chain
from isthmus.gateways.settlement.rows import FORMS, render_row

GUIDES = Path(__file__).parents[2] / "docs" / "guide"
TIMEOUT_S = 120
ADDRESS = "http://127.0.0.1:8080"
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def snippets(guide: str, language: str) -> list[str]:
    """The guide's fenced blocks of this language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (GUIDES / guide).read_text(), re.MULTILINE | re.DOTALL)


def run(words: list[str], folder: Path) -> str:
    """What the command prints; it must end well."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A server whose data folder is `data`, as in the guides."""
    running = Broker(tmp_path_factory.mktemp("guides") / "data", settings="")
    yield running
    running.stop()


def shell(guide: str, broker: Broker) -> str:
    """What the guide's shell snippets print, one after the other in one shell."""
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    script = "set -eu\n" + "".join(snippets(guide, "sh")).replace(ADDRESS, broker.url)
    return run(["sh", "-c", script], broker.data.parent)


def test_the_first_order_by_curl(broker: Broker) -> None:
    said = shell("first-order.md", broker)
    for part in ('"hold":"300.150000"', '"hold":"150.075000"', '"status":"cancelled"', '"liquidity":"taker"'):
        assert part in said
    for reason in ("duplicate_client_id", "off_tick", "insufficient_funds", "malformed_request", "unauthenticated"):
        assert f'"reason":"{reason}"' in said
    assert len(set(re.findall(r'"id":"(ord-\d+)"[^}]*"client_order_id":"first-1"', said))) == 1


@pytest.mark.parametrize("guide", ["first-order.md", "verify.md"])
def test_python_against_the_broker(broker: Broker, guide: str) -> None:
    found = snippets(guide, "python")
    assert found
    for snippet in found:
        run([sys.executable, "-c", snippet], broker.data.parent)


def test_the_operator_by_curl(broker: Broker) -> None:
    said = shell("operate.md", broker)
    assert said.count('"record":"rec-') >= 6 and '"key_id":"' in said and "isthmus_durable_sequence" in said


def test_the_engine_as_a_library(tmp_path: Path) -> None:
    """The snippets of python.md are one script."""
    run([sys.executable, "-c", "\n".join(snippets("python.md", "python"))], tmp_path)


def test_the_reacting_market_in_process(tmp_path: Path) -> None:
    for snippet in snippets("reacting-market.md", "python"):
        run([sys.executable, "-c", snippet], tmp_path)


def test_a_portfolio_is_margined_as_the_guide_says(tmp_path: Path) -> None:
    (snippet,) = snippets("margin.md", "python")
    run([sys.executable, "-c", snippet], tmp_path)


def test_statements_are_read_as_the_guide_says(tmp_path: Path) -> None:
    (snippet,) = snippets("swift.md", "python")
    assert run([sys.executable, "-c", snippet], tmp_path) == "GB/1 -2.5 True []\n"


def test_the_devices_and_rules_of_the_sensor_guide_are_read(tmp_path: Path) -> None:
    _, devices, rules = snippets("lorawan.md", "toml")
    (tmp_path / "devices.toml").write_text(devices)
    (tmp_path / "rules.toml").write_text(rules)
    known = read_devices(tmp_path / "devices.toml")
    (rule,) = read_rules(tmp_path / "rules.toml").values()
    assert len(known) == 3 and rule.device in known


def test_the_settlement_of_the_guide_leaves_in_three_forms(tmp_path: Path) -> None:
    (file,), (row,) = snippets("evm.md", "toml"), snippets("evm.md", "json")
    (tmp_path / "chain.toml").write_text(file)
    made = render_row(json.loads(row), FORMS, read_chain(tmp_path / "chain.toml"))
    assert made["error"] is None and all(made[form] for form in FORMS)


def test_every_setting_is_in_the_guide_with_its_default() -> None:
    rows = re.findall(r"^\| `([a-z0-9_.]+)` \| `([^`]*)` \|", (GUIDES / "settings.md").read_text(), re.MULTILINE)
    written = {name: value.replace(",", "") for name, value in rows}
    assert written == {name: _shown(value) for name, value in _flat(read_defaults())}


def test_every_link_of_the_guides_leads_somewhere() -> None:
    for page in [*GUIDES.glob("*.md"), *GUIDES.parent.glob("*.md")]:
        for target in LINK.findall(page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def _flat(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _shown(value: Any) -> str:
    """As TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
