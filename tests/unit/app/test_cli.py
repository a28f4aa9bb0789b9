"""Every command behaves alike: help with an example, JSON when asked, refusals by name, honest exit codes."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from isthmus.app.arguments import build_parser
from isthmus.app.cli import command_of, exit_code, main
from isthmus.kernel.errors import BadInput, Damaged, JournalUnavailable, PartMissing

COMMANDS = {
    "keys enroll": ["--holder", "1", "--state", "DIR", "--port", "9501"],
    "keys serve": ["--holder", "1", "--state", "DIR"],
    "keys approve": ["--state", "DIR"],
    "keys alarms": ["--state", "DIR"],
    "keys enter": ["--state", "DIR", "--roster", "F"],
    "keys roster": ["F"],
    "keys create": ["--key", "K", "--use", "head"],
    "keys sign": ["--key", "K", "--note", "F"],
    "keys refresh": ["--key", "K"],
    "keys repair": ["--key", "K", "--lost", "3"],
    "keys status": [],
    "keys drill": [],
    "frost check": ["--vectors", "F"],
    "zk check": ["--vectors", "F"],
    "zk client": ["--proof", "F"],
    "zk message key": ["--name", "a"],
    "zk message order": ["--amount", "1", "--out", "F"],
    "zk message receive": [
        *("--key", "F", "--message", "F", "--sender", "F", "--from-chain", "F", "--to-chain", "F"),
        *("--content", "F", "--out", "F"),
    ],
    "zk message send": [
        *("--key", "F", "--to", "F", "--settlement", "F", "--from-chain", "F", "--to-chain", "F"),
        *("--least", "1", "--most", "2", "--out", "F"),
    ],
    "zk message verify": ["--message", "F", "--sender", "F"],
    "zk prove": ["--day", "2026-01-05"],
    "zk verify": ["--day", "2026-01-05"],
    "frost sign": ["--vector", "F"],
    "audit disclose": ["--sequence", "1"],
    "audit prove": ["--sequence", "1"],
    "audit rebuild": ["--check"],
    "audit evidence make": ["--trade", "trd-1-1", "--side", "buy", "--to", "F"],
    "audit evidence verify": ["F"],
    "audit document add": ["F", "--opening", "F"],
    "audit document show": ["F", "--fields", "/a", "--to", "F"],
    "audit document verify": ["F"],
    "audit seal": [],
    "audit verify day": ["--day", "2026-11-29"],
    "audit verify consistency": ["--cases", "F"],
    "audit verify inclusion": ["--cases", "F"],
    "audit witness drill": [],
    "audit verify log": ["DIR"],
    "audit verify proof": ["FILE"],
    "audit verify split-view": ["FILE"],
    "audit search": [],
    "audit order": ["4711"],
    "audit export": ["--day", "2026-11-27", "--as", "rts24"],
    "audit store rebuild": [],
    "audit retention": [],
    "audit hold": [],
    "audit erase": ["--account", "acc-16"],
    "audit particulars set": ["--account", "acc-16", "--file", "F"],
    "audit particulars show": ["--account", "acc-16"],
    "audit particulars list": [],
    "audit witness list": [],
    "audit witness serve": ["--jurisdiction", "uk-fca", "--state", "D", "--log-vkey", "V"],
    "margin reg-t": ["F"],
    "margin sa-ccr": ["F"],
    "margin simm": ["--crif", "F"],
    "clv": ["--customers", "F"],
    "serve": [],
    "demo-keys": [],
    "replay lobster": ["--messages", "F"],
    "replay mbo": ["--events", "F"],
    "replay depth": ["--events", "F"],
    "match": ["F"],
    "venue read": ["--venue", "okx", "--events", "F"],
    "venue translate": ["F"],
    "venue route": ["--config", "F", "--product", "X"],
    "margin perp": ["--cases", "F"],
    "clearing serve": [],
    "clearing drill": [],
    "clearing nickel": [],
    "tca": ["--day", "DIR"],
    "route": ["--explain", "--order", "F", "--books", "F"],
    "arbitrage": ["--markets", "F"],
    "metals": ["--prices", "F"],
    "liquidity": ["--quotes", "F"],
    "verify": ["DIR"],
    "takeover": [],
    "backup": ["--to", "DIR"],
    "compact": [],
    "books rebuild": [],
    "books trial-balance": [],
    "books balances": [],
    "books statement": ["--account", "client:demo"],
    "books paper": ["--account", "client:demo", "--pdf", "F"],
    "books revenue": [],
    "books invoice": ["--account", "client:demo", "--asset", "USD"],
    "books export": ["--day", "2026-11-27"],
    "bench engine": [],
    "bench journal": [],
    "bench books": [],
    "bench route": [],
    "bench wire": [],
    "bench audit": [],
    "bench margin": [],
    "margin span": ["--params", "F", "--portfolio", "F"],
    "xmlguard": ["F"],
    "fix-echo": [],
    "sim": [],
    "dex swaps": ["--pool", "F"],
    "lorawan decode": ["F"],
    "lorawan rules": ["F"],
    "evm abi": ["F"],
    "evm typed-data": ["F"],
    "settlement render": ["F"],
    "settlement read": ["F"],
    "settlement confirm": ["F", "--chain", "F"],
    "settlement log": ["F", "--chain", "F"],
    "mt300 build": ["F"],
    "mt300 parse": ["F"],
    "mt300 validate": ["F"],
    "mt300 trade": ["F"],
    "mt300 match": ["--ours", "F", "--theirs", "F"],
    "mt300 list": [],
    "statement read": ["F"],
    "custodian serve": ["--config", "F"],
    "custodian drill": [],
    "iso20022 validate": ["F"],
    "iso20022 translate": ["F"],
    "clearing-file read": ["F", "--format", "F"],
    "clearing-file write": ["F", "--format", "F"],
    "doctor": [],
}


def leaves(parser: argparse.ArgumentParser, path: str = "") -> Iterator[str]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for name, child in groups[0].choices.items() if groups else ():
        yield from leaves(child, f"{path} {name}".strip())
    if not groups:
        yield path


def test_the_commands_are_those_of_the_contract() -> None:
    assert set(leaves(build_parser("1"))) == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*command.split(), "--help"])
    assert stopped.value.code == 0
    assert f"example:\n  isthmus {command}" in capsys.readouterr().out


@pytest.mark.parametrize(("command", "needed"), COMMANDS.items())
def test_every_command_has_a_function_behind_it(command: str, needed: list[str]) -> None:
    arguments = build_parser("1").parse_args([*command.split(), *needed])
    assert callable(command_of(arguments.runner))


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["replay", "lobster"], "messages"),
        (["serve", "--port", "70000"], "port"),
        (["serve", "--port", "http"], "port"),
        (["serve", "--speed", "nan"], "speed"),
        (["serve", "--durability", "maybe"], "durability"),
        (["serve", "--prot", "1"], "--prot"),
        (["verify", "data", "--head", "12"], "head"),
        (["serve", "--config", "/nowhere/isthmus.toml"], "/nowhere/isthmus.toml"),
        (["serve", "--markets", "/nowhere"], "markets"),
        (["verify", "/nowhere"], "dir"),
    ],
)
def test_bad_use_is_exit_2_and_names_the_field(
    words: list[str], field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--json"]) == 2
    said = capsys.readouterr()
    error = json.loads(said.out)["error"]
    assert set(error) == {"field", "reason", "line"}
    assert error["field"] == field
    assert error["reason"]


def test_without_json_the_refusal_is_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "lobster"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "isthmus: messages: is required\n"


def test_no_command_is_bad_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "serve" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_bad_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreadable(arguments: argparse.Namespace) -> int:
        return len((tmp_path / "absent").read_bytes())

    monkeypatch.setattr("isthmus.app.cli.command_of", lambda runner: unreadable)
    assert main(["doctor", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == str(tmp_path / "absent")


def test_faults_have_their_exit_codes() -> None:
    assert exit_code(BadInput("port", "in use")) == 2
    assert exit_code(JournalUnavailable("disk full")) == 2
    assert exit_code(Damaged("record 7")) == 1
    assert exit_code(PartMissing("peers", "make bench")) == 4


def test_the_start_of_the_command_line_is_light() -> None:
    """Neither the engine nor the server is imported before a command asks for it."""
    script = "import sys; from isthmus.app.cli import main; main(['--version'])"
    probe = f"import atexit, sys; atexit.register(lambda: print(sorted(sys.modules))); {script}"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    for heavy in ("numpy", "starlette", "uvicorn", "rich", "isthmus._core", "cryptography"):
        assert f"'{heavy}'" not in loaded
