"""The demo: an account with money, a key for it, users for operator and auditor, and a fresh login link on demand."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import msgspec

from isthmus.app.output import EXIT_OK, print_json, say
from isthmus.app.pipeline import Core, open_keys
from isthmus.app.settings import read_defaults
from isthmus.gateways.keys import KeyStore
from isthmus.kernel.clock import system_clock
from isthmus.kernel.errors import BadInput
from isthmus.kernel.ids import account_id
from isthmus.kernel.messages import ACCOUNT_CLIENT

FILE = "demo-keys.json"
ACCOUNT = "client:demo"
OPERATOR = "operator"
QUOTE_UNITS = 1_000_000
"""Whole units of every asset that something is priced in."""
BASE_WORTH = 200_000
"""Worth, in the quote asset, of what is given of every other asset."""


class DemoKey(msgspec.Struct, frozen=True):
    """A key with its secret."""

    key_id: str
    secret: str


class DemoFile(msgspec.Struct, frozen=True):
    """DATA/demo-keys.json, mode 0600."""

    url: str
    account: str
    client: DemoKey
    operator: DemoKey
    auditor: DemoKey


def run(arguments: argparse.Namespace) -> int:
    """`isthmus demo-keys`: prints the keys and a login link that works once."""
    answer = demo_keys(Path(arguments.data))
    if arguments.json:
        print_json(answer)
    else:
        for name, value in answer.items():
            say(f"{name:<11} {value}")
    return EXIT_OK


def demo_keys(data: Path) -> dict[str, str]:
    """What the contract names. Raises BadInput when serve never ran on this folder, or the keys went since."""
    kept = read_file(data)
    if kept is None:
        raise BadInput("data", f"{data} has no {FILE}: start `isthmus serve --data {data}` first")
    keys = open_keys(data, system_clock)
    try:
        if keys.user_number(OPERATOR) is None or keys.key(kept.client.key_id) is None:
            raise BadInput("data", f"{data} no longer has the keys of {FILE}: `isthmus serve` makes new ones")
        link = login_link(keys, kept.url, read_defaults()["limits"]["login_link_s"])
    finally:
        keys.close()
    return {
        "url": kept.url,
        "alpaca": f"{kept.url}/alpaca",
        "account": kept.account,
        "key_id": kept.client.key_id,
        "secret": kept.client.secret,
        "login_link": link,
    }


def login_link(keys: KeyStore, url: str, life_s: int) -> str:
    """Logs in as the demo operator, who trades for the demo account and may read the journal."""
    user = keys.user_number(OPERATOR)
    assert user is not None, "serve makes the operator before it writes the file"
    return f"{url}/login/{keys.create_login(user, life_s)}"


def prepare(core: Core, keys: KeyStore, data: Path, url: str) -> DemoFile:
    """The demo account, its money at first start, its users and keys; writes the file for this URL."""
    first = core.directory.account(ACCOUNT) is None
    account = core.desk.account(ACCOUNT, ACCOUNT_CLIENT)
    if first:
        _fund(core, account)
    kept = read_file(data)
    if kept is None or keys.key(kept.client.key_id) is None:
        kept = _made(keys, account, url)
    kept = msgspec.structs.replace(kept, url=url, account=account_id(account))
    _write(data / FILE, msgspec.json.format(msgspec.json.encode(kept)))
    return kept


def read_file(data: Path) -> DemoFile | None:
    """The file, if serve wrote one."""
    try:
        return msgspec.json.decode((data / FILE).read_bytes(), type=DemoFile)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise BadInput(str(data / FILE), str(error)) from error


def _made(keys: KeyStore, account: int, url: str) -> DemoFile:
    users = {
        "client": keys.user("demo", "client", account),
        "operator": keys.user(OPERATOR, "operator", account),
        "auditor": keys.user("auditor", "auditor", None),
    }
    made = {}
    for role, user in users.items():
        key_id, secret = keys.create_key(user)
        assert secret is not None
        made[role] = DemoKey(key_id, secret)
    return DemoFile(url=url, account=account_id(account), **made)


def _fund(core: Core, account: int) -> None:
    """Money to buy with, and something of everything to sell."""
    spot = [row for row in core.directory.instruments.values() if not row.perpetual]
    quotes = {row.quote.number: row.quote for row in core.directory.instruments.values()}
    for asset in quotes.values():
        core.desk.fund(account, asset.number, QUOTE_UNITS * 10**asset.decimals)
    for row in spot:
        price = core.engine.reference(row.number)
        if row.base.number not in quotes and price:
            units = BASE_WORTH * 10**row.price_decimals // price
            core.desk.fund(account, row.base.number, max(1, units) * 10**row.base.decimals)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, readable by its owner only."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
    fresh.replace(path)
