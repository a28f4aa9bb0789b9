"""`isthmus dex swaps`: recorded swaps to the last unit; price limits that no event carries; bad files."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from isthmus.app.cli import main
from isthmus.engine.pools import Pool, sqrt_price_at

E18 = 10**18
RANGE = (-6_000, 6_000)


def recorded(test_data: Path) -> dict[str, Any]:
    tables: dict[str, Any] = json.loads((test_data / "dex/uniswap_v3_weth_ens_3000_events_part1.json").read_text())
    return tables


def checked(folder: Path, tables: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of the command for a file of these tables."""
    path = folder / "pool.json"
    path.write_text(json.dumps(tables))
    code = main(["dex", "swaps", "--pool", str(path), "--json"])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, answer


class Chain:
    """A small pool whose events are written down as the chain would."""

    def __init__(self, liquidity: int = E18) -> None:
        self.pool = Pool.concentrated(3_000, 60, 2**96)
        self.block = 0
        self.tables: dict[str, Any] = {
            "pool": {"fee": 3_000, "tick_spacing": 60, "initial_sqrt_price_X96": str(2**96)},
            "liquidity_events": [],
            "swap_events": [],
        }
        amounts = self.pool.mint("maker", RANGE, liquidity)
        self.tables["liquidity_events"].append(
            self._moment()
            | {"type": 1, "msg_sender": "router", "recipient": "maker", "liquidity": str(liquidity)}
            | {"amount0": str(amounts[0]), "amount1": str(amounts[1])}
            | {"tick_lower": RANGE[0], "tick_upper": RANGE[1]}
        )

    def swap(self, zero_for_one: bool, amount: int, limit: int | None = None, told: int | None = None) -> None:
        done = self.pool.swap(zero_for_one, amount, limit)
        sides = [done["amount_in"], -done["amount_out"]]
        amount0, amount1 = sides if zero_for_one else reversed(sides)
        self.tables["swap_events"].append(
            self._moment()
            | {"amount0": str(amount0), "amount1": str(amount1)}
            | {"amount_specified": None if told is None else str(told), "sqrt_price_x96": str(done["sqrt_price"])}
            | {"liquidity": str(done["liquidity"]), "tick": done["tick"]}
        )

    def _moment(self) -> dict[str, Any]:
        self.block += 1
        return {"block_number": self.block, "transaction_index": 0, "log_index": 0}


def test_all_40_recorded_swaps_and_5_liquidity_events_come_out(
    test_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = test_data / "dex/uniswap_v3_weth_ens_3000_events_part1.json"
    assert main(["dex", "swaps", "--pool", str(path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["swaps"], answer["equal"], answer["different"]) == (40, 40, [])
    assert (answer["limited"], answer["liquidity_events"], answer["liquidity_equal"]) == (0, 5, 5)


def test_the_person_reads_the_same_figures(test_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = test_data / "dex/uniswap_v3_weth_ens_3000_events_part1.json"
    assert main(["dex", "swaps", "--pool", str(path)]) == 0
    assert "equal             40" in capsys.readouterr().out


@pytest.mark.parametrize("figure", ["amount0", "amount1", "sqrt_price_x96", "liquidity", "tick"])
def test_a_unit_more_in_any_figure_is_found_and_only_there(
    figure: str, test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = recorded(test_data)
    row = tables["swap_events"][20]
    row[figure] = str(int(row[figure]) + 1)
    code, answer = checked(tmp_path, tables, capsys)
    assert (code, answer["equal"]) == (1, 39)
    assert [row["index"] for row in answer["different"]] == [20]
    assert "the event says" in answer["different"][0]["reason"]


def test_a_unit_more_of_a_minted_amount_is_found(
    test_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = recorded(test_data)
    tables["liquidity_events"][0]["amount0"] = "23500000000000000001"
    code, answer = checked(tmp_path, tables, capsys)
    assert (code, answer["equal"], answer["liquidity_equal"]) == (1, 40, 4)


def test_a_swap_that_stopped_at_a_limit_is_equal_up_to_its_recorded_price(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = Chain()
    limit = sqrt_price_at(-3_000) + 12_345
    chain.swap(True, E18, limit, told=E18)
    chain.swap(False, E18 // 50, told=E18 // 50)
    code, answer = checked(tmp_path, chain.tables, capsys)
    assert (code, answer["equal"], answer["limited"]) == (0, 2, 1)


def test_a_limited_swap_with_another_figure_wrong_is_different(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = Chain()
    chain.swap(True, E18, sqrt_price_at(-3_000) + 12_345, told=E18)
    row = chain.tables["swap_events"][0]
    row["amount1"] = str(int(row["amount1"]) - 1)
    code, answer = checked(tmp_path, chain.tables, capsys)
    assert (code, answer["equal"], [row["index"] for row in answer["different"]]) == (1, 0, [0])


def test_a_file_that_does_not_tell_what_was_asked_for_is_tried_both_ways(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = Chain()
    for amount in (12_345_678, -12_345_679, E18 // 7, -(E18 // 9)):
        chain.swap(True, amount)
        chain.swap(False, amount)
    code, answer = checked(tmp_path, chain.tables, capsys)
    assert (code, answer["swaps"], answer["equal"]) == (0, 8, 8)


@pytest.mark.parametrize("told", [None, "", "0", "17"])
def test_a_limited_swap_is_equal_whatever_the_file_tells_of_what_was_asked_for(
    told: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = Chain()
    for amount, tick in ((E18, -3_000), (-E18, -4_000), (E18, -4_020)):
        chain.swap(True, amount, sqrt_price_at(tick))
    for row in chain.tables["swap_events"]:
        row["amount_specified"] = told
    code, answer = checked(tmp_path, chain.tables, capsys)
    assert (code, answer["equal"]) == (0, 3)


def test_a_missing_swap_is_told_once_and_the_rest_goes_on_from_the_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = Chain()
    for amount in (E18 // 10, E18 // 20, E18 // 30, E18 // 40):
        chain.swap(True, amount, told=amount)
    del chain.tables["swap_events"][1]
    code, answer = checked(tmp_path, chain.tables, capsys)
    assert (code, answer["equal"], [row["index"] for row in answer["different"]]) == (1, 2, [1])


@pytest.mark.parametrize("packed", [gzip.compress, lzma.compress, zstandard.ZstdCompressor().compress])
def test_packed_files_are_told_by_content(
    packed: Callable[[bytes], bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = Chain()
    chain.swap(True, 1_000, told=1_000)
    path = tmp_path / "pool"
    path.write_bytes(packed(json.dumps(chain.tables).encode()))
    assert main(["dex", "swaps", "--pool", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["equal"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda t: t.pop("pool"), "pool"),
        (lambda t: t.pop("swap_events"), "swap_events"),
        (lambda t: t.update(swap_events={}), "swap_events"),
        (lambda t: t["swap_events"][0].pop("tick"), "swap_events[0].tick"),
        (lambda t: t["swap_events"][0].update(amount0="1e18"), "swap_events[0].amount0"),
        (lambda t: t["swap_events"][0].update(amount0=1.5), "swap_events[0].amount0"),
        (lambda t: t["liquidity_events"][0].update(type=3), "liquidity_events[0].type"),
        (lambda t: t["pool"].update(initial_sqrt_price_X96="0"), "pool"),
        (lambda t: t["pool"].update(fee=-1), "pool"),
        (lambda t: t["pool"].update(tick_spacing=0), "pool"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(
    change: Callable[[dict[str, Any]], object], field: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = Chain()
    chain.swap(True, 1_000, told=1_000)
    change(chain.tables)
    code, answer = checked(tmp_path, chain.tables, capsys)
    assert (code, answer["error"]["field"]) == (2, field)


@pytest.mark.parametrize("content", [b"", b"not json", gzip.compress(b"{}" * 100, mtime=0)[:-9]])
def test_what_is_no_json_is_refused(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pool"
    path.write_bytes(content)
    assert main(["dex", "swaps", "--pool", str(path), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "pool"


def test_a_missing_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dex", "swaps", "--pool", "nowhere.json", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "pool"


@pytest.mark.parametrize("value", [2**256, str(2**256), -(2**300)])
def test_numbers_beyond_256_bits_are_refused(
    value: int | str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = Chain()
    chain.swap(True, 1_000, told=1_000)
    chain.tables["swap_events"][0]["amount_specified"] = value
    code, answer = checked(tmp_path, chain.tables, capsys)
    assert (code, answer["error"]["field"]) == (2, "swap_events[0].amount_specified")
