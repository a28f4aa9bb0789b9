"""`isthmus custodian drill`: a broker and two banks in processes of their own, and what goes wrong with them.

Prints what was found, how long it took and in which words. Exit 0 when all went as it must, 1 otherwise.
"""

from __future__ import annotations

import argparse
import http.client
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, note, print_json, say
from isthmus.kernel.errors import IsthmusError

COMMAND = [sys.executable, "-c", "import sys; from isthmus.app.cli import main; sys.exit(main())"]
CURRENCIES = ("GBP", "CHF")
BANKS = {"alpha": ("ALPHGB2L", "camt", 60), "beta": ("BETACHZZ", "mt940", 40)}
TO = {"to_name": "A Client", "to_account": "GB33BUKB20201555555555", "to_bank": "BUKBGB22"}
ORDER = {"instrument": "EUR-USD", "side": "buy", "type": "market", "quantity": "1000"}
WAIT_S, PAUSE_S, STOP_S = 30.0, 0.02, 30
LONGER_S = 2.5
"""Above the drill's failover_s."""
BROKER = """[custody]
poll_s = 0.1
timeout_s = 1.0
reconcile_s = 0.2
silent_s = 1
failover_s = 1
[custody.break_limits_s]
default = 2
bank_silent = 30
"""


class Step(msgspec.Struct, frozen=True):
    """What was tried, whether it went as it must, how long it took, and what was seen."""

    name: str
    ok: bool
    seconds: float
    found: str


class NotSeen(IsthmusError):
    """What must happen did not, in time."""


class Process:
    """One command that serves; `ready` is its first row."""

    def __init__(self, words: list[str]) -> None:
        self._process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NotSeen(f"{words[0]} ended with {self._process.wait()}")
        self.ready: dict[str, Any] = json.loads(line)
        self.url: str = self.ready["url"]

    def ask(self, method: str, path: str, body: Any = None, key: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and JSON."""
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"} | (key or {}))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def end(self, number: int = signal.SIGTERM) -> None:
        """Stop it."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        self._process.wait(STOP_S)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Drill:
    """The house under trial."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.banks = {name: self._bank(name) for name in BANKS}
        tables = "".join(self._table(name, bank.url) for name, bank in self.banks.items())
        (folder / "broker.toml").write_text(BROKER + tables)
        self.steps: list[Step] = []
        self.start()
        self.operators = {}
        for user in ("ann", "bob"):
            made = self.must("POST", "/v1/operator/create_key", {"user": user, "role": "operator"}, "operator")
            self.operators[user] = {"Isthmus-Key": made["key_id"], "Isthmus-Secret": made["secret"]}

    def _bank(self, name: str) -> Process:
        bic, form, _ = BANKS[name]
        rows = "".join(
            f'[[accounts]]\nnumber = "{name.upper()}-{currency}-{side}"\ncurrency = "{currency}"\n'
            for currency in CURRENCIES
            for side in ("client", "firm")
        )
        config = self._folder / f"{name}.toml"
        config.write_text(f'name = "{name}"\nbic = "{bic}"\nstatements = "{form}"\nday_s = 86400\n{rows}')
        return Process(["custodian", "serve", "--config", str(config), "--data", str(self._folder / "banks")])

    def _table(self, name: str, url: str) -> str:
        bic, form, weight = BANKS[name]
        rows = ", ".join(
            f'{{number = "{name.upper()}-{currency}-{side}", currency = "{currency}", side = "{side}"}}'
            for currency in CURRENCIES
            for side in ("client", "firm")
        )
        return (
            f'[custody.banks.{name}]\nurl = "{url}"\nbic = "{bic}"\nweight = {weight}\nstatements = "{form}"\n'
            f"accounts = [{rows}]\n"
        )

    def start(self) -> None:
        """The broker, on the same folder."""
        data, config = str(self._folder / "data"), str(self._folder / "broker.toml")
        self.broker = Process(["serve", "--data", data, "--config", config, "--port", "0"])
        demo = json.loads((self._folder / "data" / "demo-keys.json").read_text())
        self._keys = {
            role: {"Isthmus-Key": demo[role]["key_id"], "Isthmus-Secret": demo[role]["secret"]}
            for role in ("client", "operator")
        }

    def ask(self, method: str, path: str, body: Any, user: str) -> tuple[int, Any]:
        """As the client, the demo operator, or ann and bob."""
        key = self._keys[user] if user in self._keys else self.operators[user]
        return self.broker.ask(method, path, body, key)

    def must(self, method: str, path: str, body: Any, user: str) -> Any:
        """Raises NotSeen for a refusal."""
        status, answer = self.ask(method, path, body, user)
        if status >= 400:
            raise NotSeen(f"{method} {path}: {status} {answer}")
        return answer

    def tell(self, bank: str, what: str, **fields: Any) -> None:
        """What the trial does to a bank."""
        status, answer = self.banks[bank].ask("POST", f"/control/{what}", fields)
        if status != 200:
            raise NotSeen(f"{bank} {what}: {answer}")

    def until(self, look: Callable[[], Any], well: Callable[[Any], bool]) -> Any:
        """What is seen once it is well. Raises NotSeen."""
        end = time.monotonic() + WAIT_S
        while not well(found := look()):
            if time.monotonic() > end:
                raise NotSeen(f"still {found}")
            time.sleep(PAUSE_S)
        return found

    def breaks(self, cause: str) -> list[Any]:
        """Open breaks of a cause."""
        rows = self.must("GET", "/v1/custody/breaks", None, "ann")
        return [row for row in rows if row["cause"] == cause]

    def state(self, which: str) -> str:
        """Of a withdrawal."""
        rows = self.must("GET", "/v1/withdrawals", None, "client")
        return str(next(row["state"] for row in rows if row["id"] == which))

    def withdraw(self, amount: str, client_id: str, asset: str = "GBP") -> tuple[int, Any]:
        """A request."""
        body = {"asset": asset, "amount": amount, "client_id": client_id} | TO
        return self.ask("POST", "/v1/withdrawals", body, "client")

    def let_go(self, which: str) -> None:
        """Both operators."""
        self.must("POST", f"/v1/custody/withdrawals/{which}/approve", {}, "ann")
        self.must("POST", f"/v1/custody/withdrawals/{which}/release", {}, "bob")

    def paid(self, reference: str) -> int:
        """How often the banks paid it."""
        states = [bank.ask("GET", "/control/state")[1] for bank in self.banks.values()]
        rows = [row for state in states for row in state["payments"]]
        return sum(row["reference"] == reference and row["status"] == "ACSC" for row in rows)

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Times what is inside; what it finds is appended to the list."""
        found: list[str] = []
        began, ok = time.monotonic(), True
        try:
            yield found
        except NotSeen as fault:
            ok = False
            found.append(str(fault))
        self.steps.append(Step(name, ok, round(time.monotonic() - began, 3), "; ".join(found)))
        note(f"{'ok  ' if ok else 'FAIL'} {name} ({self.steps[-1].seconds} s)")

    def close(self) -> None:
        """Everybody."""
        for one in (self.broker, *self.banks.values()):
            one.end()


def drill(arguments: argparse.Namespace) -> int:
    """Runs it in a folder that is removed."""
    with tempfile.TemporaryDirectory() as folder:
        house = Drill(Path(folder))
        try:
            for act in (_deposits, _cent, _silence, _kill, _agreed):
                act(house)
        finally:
            house.close()
    ok = all(step.ok for step in house.steps)
    if arguments.json:
        print_json({"ok": ok, "steps": house.steps})
    else:
        for step in house.steps:
            say(f"{'ok  ' if step.ok else 'FAIL'} {step.name} ({step.seconds} s)\n     {step.found}")
    return EXIT_OK if ok else EXIT_FOUND


def _deposits(house: Drill) -> None:
    with house.step("deposits are matched by the client's reference") as found:
        address = house.until(
            lambda: house.ask("GET", "/v1/deposits/address?asset=GBP", None, "client")[1],
            lambda told: "reference" in told,
        )
        for bank, currency, amount in (("alpha", "GBP", "600"), ("beta", "GBP", "400"), ("beta", "CHF", "50")):
            number = f"{bank.upper()}-{currency}-client"
            house.tell(bank, "credit", account=number, amount=amount, information=address["reference"])
        rows = house.until(lambda: house.must("GET", "/v1/deposits", None, "client"), lambda told: len(told) == 3)
        found.append(f"{len(rows)} deposits under {address['reference']}")


def _cent(house: Drill) -> None:
    with house.step("one statement is wrong by one cent: found and explained") as found:
        house.tell("alpha", "fault", faults=["cent_entry"])
        house.tell("alpha", "close")
        (row,) = house.until(lambda: house.breaks("amount_differs"), lambda rows: len(rows) == 1)
        found.append(row["words"])
    with house.step("older than its limit it blocks withdrawals of its currency, not of others, not trading") as found:
        (row,) = house.until(lambda: house.breaks("amount_differs"), lambda rows: bool(rows[0]["blocks_withdrawals"]))
        status, refused = house.withdraw("10", "blocked")
        if status != 409 or refused["reason"] != "blocked_by_break":
            raise NotSeen(f"{status} {refused}")
        if house.withdraw("10", "francs", "CHF")[0] != 201:
            raise NotSeen("a withdrawal of another currency was refused")
        house.must("POST", "/v1/orders", ORDER, "client")
        found.append(row["words"])
        house.must("POST", "/v1/custody/breaks/settle", {"key": row["key"], "why": "the bank corrects it"}, "ann")
    with house.step("the next statement, which is right, does not begin where the wrong one ended: found") as found:
        before = _statements(house)
        house.tell("alpha", "close")
        house.until(lambda: _statements(house), lambda count: count == before + 2 * len(CURRENCIES))
        (row,) = house.until(lambda: house.breaks("wrong_opening"), bool)
        found.append(row["words"])
        house.must("POST", "/v1/custody/breaks/settle", {"key": row["key"], "why": "the bank corrected it"}, "ann")
        house.until(lambda: house.must("GET", "/v1/custody/breaks", None, "ann"), lambda rows: not rows)


def _silence(house: Drill) -> None:
    with house.step("one bank stops answering: what never left is paid by the other") as found:
        asked = house.withdraw("100", "over")[1]
        silent = asked["bank"]
        house.tell(silent, "fault", faults=["silent"])
        house.until(lambda: _answering(house), lambda names: silent not in names)
        house.let_go(asked["id"])
        house.until(lambda: house.state(asked["id"]), lambda state: state == "confirmed")
        found.append(f"{silent} was silent, the other paid {house.paid(asked['id'])} time")
    with house.step("the silence is a break with its age, and ends when the bank answers") as found:
        rows = house.until(lambda: house.breaks("bank_silent"), bool)
        found.append(rows[0]["words"])
        house.tell(silent, "fault", faults=[])
        house.until(lambda: house.breaks("bank_silent"), lambda rows: not rows)
    with house.step("what may have left waits for its own bank, and is paid once when that answers") as found:
        asked = house.withdraw("20", "waits")[1]
        own = asked["bank"]
        house.until(lambda: _answering(house), lambda names: len(names) == len(BANKS))
        house.tell(own, "fault", faults=["silent"])
        house.let_go(asked["id"])
        house.until(lambda: _answering(house), lambda names: own not in names)
        time.sleep(LONGER_S)
        if (state := house.state(asked["id"])) == "confirmed":
            found.append("the line had fallen silent before it left: the other bank paid")
        else:
            found.append(f"{asked['id']} was {state} while {own} was silent")
        house.tell(own, "fault", faults=[])
        house.until(lambda: house.state(asked["id"]), lambda state: state == "confirmed")
        if house.paid(asked["id"]) != 1:
            raise NotSeen(f"paid {house.paid(asked['id'])} times")


def _answering(house: Drill) -> list[str]:
    """Banks that answer."""
    rows = house.must("GET", "/v1/custody/reconciliation", None, "ann")["banks"]
    return [row["bank"] for row in rows if row["answers"]]


def _statements(house: Drill) -> int:
    """Final statements that were taken."""
    rows = house.must("GET", "/v1/custody/reconciliation", None, "ann")["banks"]
    return sum(row["statements"] for row in rows)


def _kill(house: Drill) -> None:
    with house.step("kill -9 between release and the bank's answer: paid once") as found:
        asked = house.withdraw("50", "killed")[1]
        house.let_go(asked["id"])
        house.broker.end(signal.SIGKILL)
        house.start()
        house.until(lambda: house.state(asked["id"]), lambda state: state == "confirmed")
        if house.paid(asked["id"]) != 1:
            raise NotSeen(f"paid {house.paid(asked['id'])} times")
        found.append(f"{asked['id']} confirmed, paid once")


def _agreed(house: Drill) -> None:
    with house.step("all statements of the day came") as found:
        before = _statements(house)
        for bank in house.banks:
            house.tell(bank, "close")
        count = house.until(
            lambda: _statements(house), lambda count: count == before + 2 * len(CURRENCIES) * len(BANKS)
        )
        found.append(f"{count} statements, camt.053 and MT940")
    with house.step("books and banks agree") as found:
        told = house.until(
            lambda: house.must("GET", "/v1/custody/reconciliation", None, "ann"),
            lambda told: not told["breaks"] and all(row["result"] == "agrees" for row in told["positions"]),
        )
        found += [
            f"{row['currency']} owed {row['entitlements']}, held {row['at_custodians']}" for row in told["positions"]
        ]
        record = house.must("POST", "/v1/custody/records", {}, "ann")
        found.append(f"daily record {record['number']}, sha-256 {record['hash']}")
