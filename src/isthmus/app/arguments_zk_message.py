"""Arguments of `isthmus zk message`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

ABOUT = "A settlement told by one chain's node to another's, its rule proven to everybody else."
FILES = {
    "key": "the node's own key (0600)",
    "to": "the receiver's public key",
    "sender": "the sender's public key",
    "receiver": "the receiver's public key",
    "message": "the message",
    "receipt": "the receipt",
    "settlement": "row with a settlement, as `isthmus settlement render` takes it",
    "from-chain": "the sender's chain (TOML)",
    "to-chain": "the receiver's chain (TOML)",
    "order": "what opens the order's commitment (0600), of `isthmus zk message order`",
    "content": "where the settlement goes (0600)",
    "out": "where it goes; never over a file that is there",
}


def add_message(zk: Any, add: Callable[..., ArgumentParser]) -> None:
    """The commands of the group."""
    group = zk.add_parser("message", help=ABOUT, allow_abbrev=False)
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_keys(commands, add)
    send = add(
        commands, "send", "isthmus.app.zk_message:send", "Seals a settlement. Exit 1 where the rule does not hold.",
        "isthmus zk message send --key a.key --to b.pub --settlement s.json --from-chain a.toml --to-chain b.toml "
        "--least 100 --most 5000000 --out m.json",
    )  # fmt: skip
    _files(send, "key", "to", "settlement", "from-chain", "to-chain", "out")
    send.add_argument("--least", metavar="N", required=True, help="lower bound, in the last decimal")
    send.add_argument("--most", metavar="N", required=True, help="upper bound, in the last decimal")
    send.add_argument("--field", choices=("amount", "quantity"), default="amount", help="what the rule is about")
    send.add_argument("--decimals", type=int, default=2, choices=range(19), metavar="N", help="decimals of it (2)")
    send.add_argument("--order", metavar="F", help=FILES["order"])
    receive = add(
        commands, "receive", "isthmus.app.zk_message:receive", "Opens a message and signs its receipt.",
        "isthmus zk message receive --key b.key --sender a.pub --message m.json --from-chain a.toml --to-chain b.toml "
        "--content s.json --out r.json",
    )  # fmt: skip
    _files(receive, "key", "sender", "message", "from-chain", "to-chain", "content", "out")
    verify = add(
        commands, "verify", "isthmus.app.zk_message:verify", "Rule and delivery, without the content.",
        "isthmus zk message verify --message m.json --sender a.pub --receipt r.json --receiver b.pub",
    )  # fmt: skip
    _files(verify, "message", "sender")
    for name in ("receipt", "receiver"):
        verify.add_argument(f"--{name}", metavar="F", help=FILES[name])


def _add_keys(commands: Any, add: Callable[..., ArgumentParser]) -> None:
    key = add(
        commands, "key", "isthmus.app.zk_message:key", "A node's keys: NAME.key, which it keeps, and NAME.pub.",
        "isthmus zk message key --name a",
    )  # fmt: skip
    key.add_argument("--name", metavar="NAME", required=True, help="the node's name")
    key.add_argument("--out", metavar="DIR", default=".", help="folder (.)")
    order = add(
        commands, "order", "isthmus.app.zk_message:order", "Commits to an order's amount, before any message.",
        "isthmus zk message order --amount 3141592 --out order.json",
    )  # fmt: skip
    order.add_argument("--amount", metavar="N", required=True, help="amount, in the last decimal")
    _files(order, "out")


def _files(parser: ArgumentParser, *names: str) -> None:
    for name in names:
        parser.add_argument(f"--{name}", metavar="F", required=True, help=FILES[name])
