"""Arguments of `isthmus keys`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

KEYS = "Threshold keys: holders as processes, ceremonies, policy, and what their custodians do."
USES = ("head", "withdrawal", "cold")
SUITES = ("ed25519", "secp256k1-tr")

Add = Callable[..., ArgumentParser]


def add_keys(keys: Any, add: Add, port: Callable[[str], int], data: str) -> None:
    """The commands of the group."""
    _add_holder(keys, add, port)
    _add_custodian(keys, add)
    _add_coordinator(keys, add, data)
    drill = add(
        keys,
        "drill",
        "isthmus.app.keys_drill:drill",
        "Seven holders: three coerced, three lost, one who cheats. Exit 1 if anything moved that must not.",
        "isthmus keys drill --json",
    )
    drill.add_argument("--data", metavar="DIR", help="where the drill's folders stay (nowhere)")


def _add_holder(keys: Any, add: Add, port: Callable[[str], int]) -> None:
    enroll = add(
        keys,
        "enroll",
        "isthmus.app.keys_serve:enroll",
        "A new holder's folder and card. Standard input: passphrase, code, code of duress, a line each.",
        "isthmus keys enroll --holder 3 --state holder-3 --port 9503",
    )
    serve = add(
        keys,
        "serve",
        "isthmus.app.keys_serve:serve",
        "A holder: answers ceremonies over mutually authenticated TLS 1.3. Standard input: passphrase.",
        "isthmus keys serve --holder 3 --state holder-3 --roster roster.json",
    )
    for one in (enroll, serve):
        one.add_argument("--holder", metavar="N", type=int, required=True, help="his number, from 1")
        one.add_argument("--state", metavar="DIR", required=True, help="the holder's folder")
    enroll.add_argument("--host", default="127.0.0.1", help="where it will listen (127.0.0.1)")
    enroll.add_argument("--port", type=port, required=True, help="where it will listen")
    serve.add_argument("--roster", metavar="F", help="who takes part; needed at the first start")


def _add_custodian(keys: Any, add: Add) -> None:
    approve = add(
        keys,
        "approve",
        "isthmus.app.keys_serve:approve",
        "A custodian approves on his own holder; without --request: what waits. Standard input: passphrase, code.",
        "isthmus keys approve --state holder-3 --key payments --request 6b4b68c0dc184a4b0a318a3308e61a50",
    )
    approve.add_argument("--key", metavar="KEY", help="the key that signs")
    approve.add_argument("--request", metavar="ID", help="the request, as the list names it")
    alarms = add(
        keys,
        "alarms",
        "isthmus.app.keys_serve:alarms",
        "Whose custodian gave his code of duress. Standard input: passphrase, code. Exit 1 while an alarm stands.",
        "isthmus keys alarms --state holder-3",
    )
    alarms.add_argument("--clear", action="store_true", help="end what they hold up at this holder")
    enter = add(
        keys,
        "enter",
        "isthmus.app.keys_serve:enter",
        "Lets a holder that runs know another roster. Standard input: passphrase, code.",
        "isthmus keys enter --state holder-3 --roster roster.json",
    )
    enter.add_argument("--roster", metavar="F", required=True, help="who takes part from now on")
    for one in (approve, alarms, enter):
        one.add_argument("--state", metavar="DIR", required=True, help="the holder's folder")


def _add_coordinator(keys: Any, add: Add, data: str) -> None:
    example = "isthmus keys roster holder-1/card.json holder-2/card.json holder-3/card.json"
    roster = add(keys, "roster", "isthmus.app.keys:roster", "Who takes part, from the holders' cards.", example)
    roster.add_argument("cards", metavar="CARD", nargs="+", help="card.json of each holder")
    create = add(
        keys,
        "create",
        "isthmus.app.keys:create",
        "A key that nobody ever has whole: its holders make it together.",
        "isthmus keys create --key heads --of 7 --threshold 4 --use head",
    )
    create.add_argument("--of", type=int, default=7, help="holders 1 to this (7)")
    create.add_argument("--threshold", type=int, default=4, help="so many sign (4)")
    create.add_argument("--use", choices=USES, required=True, help="what it signs")
    create.add_argument("--suite", choices=SUITES, help="(ed25519; cold: secp256k1-tr)")
    create.add_argument(
        "--policy", metavar="F", help="limits, destinations, delay (TOML); for heads: this broker's logs"
    )
    sign = add(
        keys,
        "sign",
        "isthmus.app.keys:sign",
        "Asks the holders, waits for custodians and the delay, and signs. Exit 3: not yet, 1: a holder cheated.",
        "isthmus keys sign --key heads --note checkpoint",
    )
    what = sign.add_mutually_exclusive_group(required=True)
    what.add_argument("--note", metavar="F", help="a C2SP checkpoint, signed or not")
    what.add_argument("--request", metavar="F", help="a withdrawal or a transaction (JSON; docs/guide/keys.md)")
    sign.add_argument("--wait-s", type=float, default=0.0, metavar="S", help="wait so long for approvals (0)")
    sign.add_argument("--log", metavar="DIR", help="tiles of the note's log (the broker's own of that origin)")
    refresh_text = "New shares of the same key, old ones worthless; all holders take part."
    refresh = add(keys, "refresh", "isthmus.app.keys:refresh", refresh_text, "isthmus keys refresh --key heads")
    repair_text = "The share of a holder who lost his, by as many others as sign."
    example = "isthmus keys repair --key heads --lost 3"
    repair = add(keys, "repair", "isthmus.app.keys:repair", repair_text, example)
    repair.add_argument("--lost", metavar="N", type=int, required=True, help="the holder who gets it")
    status_text = "Which holders answer, and the keys they hold. Exit 1 if one is silent."
    status = add(keys, "status", "isthmus.app.keys:status", status_text, "isthmus keys status --json")
    for one in (create, sign, refresh, repair):
        one.add_argument("--key", metavar="KEY", required=True, help="the key's name")
    for one in (roster, create, sign, refresh, repair, status):
        one.add_argument("--data", metavar="DIR", default=data, help=f"folder of the broker ({data})")
        one.add_argument("--name", default="demo", help="the name of the logs, as [audit] name has it (demo)")
