"""LoRaWAN beside the server: devices, rules and the door to them, where the settings ask for it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from isthmus.app.settings import Settings
from isthmus.gateways.entry import OrderEntry
from isthmus.gateways.keys import Identity, KeyStore
from isthmus.gateways.lorawan.devices import read_devices
from isthmus.gateways.lorawan.door import Door
from isthmus.gateways.lorawan.handlers import LorawanHandlers
from isthmus.gateways.lorawan.hedges import Hedges
from isthmus.gateways.lorawan.plans import plan_of
from isthmus.gateways.lorawan.rules import Rule, read_rules
from isthmus.gateways.lorawan.server import Server
from isthmus.gateways.lorawan.store import Store
from isthmus.gateways.lorawan.uplinks import Uplinks
from isthmus.gateways.shapes import NewOrder
from isthmus.gateways.submission import Asker
from isthmus.kernel.clock import Clock
from isthmus.kernel.errors import BadInput
from isthmus.kernel.ids import order_id
from isthmus.refdata.directory import Directory
from isthmus.views.views import Views

FILE = "lorawan.sqlite"
USER = "lorawan"
"""In whose name orders are placed; it has no key, so that nobody logs in as it."""


class Around(msgspec.Struct, frozen=True):
    """What the door needs of the server."""

    entry: OrderEntry
    directory: Directory
    views: Views
    keys: KeyStore
    clock: Clock


class Lorawan:
    """Made by `open_lorawan`. `server` is to be opened and closed."""

    def __init__(self, server: Server, handlers: LorawanHandlers, store: Store) -> None:
        self.server = server
        self.routes = handlers.routes()
        self._store = store

    async def close(self) -> None:
        """The socket, the task and the file."""
        await self.server.close()
        self._store.close()


def open_lorawan(settings: Settings, around: Around) -> Lorawan | None:
    """None where it is off. Raises BadInput that names the setting."""
    wanted = settings.lorawan
    if not wanted.listen and not wanted.token_sha256:
        return None
    host, port = _address(wanted.listen)
    devices = read_devices(Path(wanted.devices)) if wanted.devices else {}
    rules = read_rules(Path(wanted.rules)) if wanted.rules else {}
    for name, rule in rules.items():
        _require_known(name, rule, around.directory, frozenset(devices))
    store = Store(Path(settings.data) / FILE)
    plan = plan_of(wanted.region, tuple(wanted.channels_hz))
    uplinks = Uplinks(devices, store, plan, wanted.fragments, int(wanted.net_id, 16))
    hedges = Hedges(rules, store, Placing(around).place, wanted.hedges, around.clock)
    hedges.recover(Placing(around).find)
    gateways = frozenset(eui.lower() for eui in wanted.gateways)
    door = Door(uplinks, hedges, gateways, plan, around.clock)
    handlers = LorawanHandlers(door, store, wanted.token_sha256.lower(), around.clock)
    return Lorawan(Server(door, host, port), handlers, store)


class Placing:
    """Through the ordinary order entry, for a client's account by name."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._user = around.keys.user(USER, "trader", None)

    async def place(self, order: NewOrder, account: str, why: bytes) -> str:
        """The order's id. The record keeps the hash of `why`. Raises Refusal."""
        identity = Identity(user=self._user, name=USER, role="trader", account=self._number(account), session=0)
        row = await self._around.entry.place(order, Asker(identity, "lorawan", why))
        return order_id(row.number)

    def find(self, account: str, client_id: str) -> str | None:
        """The order of an account by its client id."""
        known = self._around.directory.account(account)
        row = self._around.views.orders.by_client_id(known.number, client_id) if known is not None else None
        return order_id(row.number) if row is not None else None

    def _number(self, account: str) -> int:
        known = self._around.directory.account(account)
        assert known is not None, "accounts of rules are looked at when the server starts"
        return known.number


def _require_known(name: str, rule: Rule, directory: Directory, devices: frozenset[str]) -> None:
    if rule.device.lower() not in devices:
        raise BadInput(f"rules.{name}.device", f"{rule.device} is not in the file of devices")
    if directory.instrument(rule.instrument) is None:
        raise BadInput(f"rules.{name}.instrument", f"{rule.instrument} is listed by none of the markets")
    if directory.account(rule.account) is None:
        raise BadInput(f"rules.{name}.account", f"there is no account {rule.account}")


def _address(written: str) -> tuple[str, int]:
    if not written:
        return "", 0
    host, _, port = written.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise BadInput("lorawan.listen", f"{written} is no HOST:PORT")
    return host.strip("[]"), int(port)
