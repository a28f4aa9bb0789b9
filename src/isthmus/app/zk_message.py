"""`isthmus zk message`: a settlement told by one chain's node to another's, its rule proven to everybody else."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, print_json, say
from isthmus.app.zk_folder import SECRET_MODE, read_secret
from isthmus.audit.zero import message as messages
from isthmus.audit.zero.message import Chain, Content, Head, Message, Node, NodeKey, NotTaken, Receipt
from isthmus.audit.zero.openings import Opening
from isthmus.audit.zero.wide import Figure
from isthmus.engine import zero
from isthmus.gateways.evm import contract
from isthmus.gateways.evm.types import Refused
from isthmus.gateways.settlement.chain import Chain as ChainFile
from isthmus.gateways.settlement.chain import Token, delivery_of, read_chain, units
from isthmus.gateways.settlement.rows import settlement_of
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import time_text

T = TypeVar("T")
ID_BYTES = 16


class OrderOpening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order's committed amount, as the sender has it: `commitment` was published before."""

    commitment: bytes
    opening: Opening


def key(arguments: argparse.Namespace) -> int:
    """NAME.key (0600) and NAME.pub."""
    folder = Path(arguments.out)
    secret, public = messages.made_key(arguments.name)
    _write(folder / f"{arguments.name}.key", msgspec.json.encode(secret), SECRET_MODE)
    _write(folder / f"{arguments.name}.pub", msgspec.json.encode(public))
    return _told(arguments, {"ok": True, "name": arguments.name, "sign": public.sign.hex()})


def order(arguments: argparse.Namespace) -> int:
    """Commits to an order's amount: the commitment is printed to be published, what opens it goes to a file (0600)."""
    blinding = zero.blindings(1)
    commitment = zero.commit([_count(arguments.amount, "amount")], blinding)
    made = OrderOpening(commitment, Opening(int(arguments.amount), blinding))
    _write(Path(arguments.out), msgspec.json.encode(made), SECRET_MODE)
    return _told(arguments, {"ok": True, "commitment": commitment.hex()})


def send(arguments: argparse.Namespace) -> int:
    """Seals a settlement and proves its rule. Exit 1 where the rule does not hold."""
    sender = _read_key(arguments.key, "key")
    receiver = _public(arguments.to, "to")
    row = _json(Path(arguments.settlement), dict[str, Any], "settlement")
    ordered = _opened_order(arguments.order) if arguments.order else None
    chains = read_chain(Path(arguments.from_chain)), read_chain(Path(arguments.to_chain))
    amount, matchings = _read(row, chains, arguments.field, arguments.decimals)
    blinding, salt = zero.blindings(1), os.urandom(ID_BYTES)
    origin, target = (
        Chain(chain.place.chain_id, chain.place.address, messages.linked(salt, matching))
        for chain, matching in zip(chains, matchings, strict=True)
    )
    head = Head(
        "isthmus-zk-message/1", os.urandom(ID_BYTES), sender.name, receiver.name, time_text(time.time_ns()),
        origin, target, arguments.field, arguments.decimals,
        str(_count(arguments.least, "least")), str(_count(arguments.most, "most")),
        zero.commit([amount], blinding), ordered.commitment if ordered else None, zero.generators(), b"",
    )  # fmt: skip
    try:
        made = messages.seal(head, Content(row, salt, Opening(amount, blinding)), (sender, receiver), ordered)
    except NotTaken as refused:
        return _refused(arguments, refused)
    _write(Path(arguments.out), msgspec.json.encode(made))
    return _told(arguments, {"ok": True, "message": messages.digest(made).hex()})


def receive(arguments: argparse.Namespace) -> int:
    """Opens, checks that content, commitment and links agree, and signs the receipt. Exit 1 where they do not."""
    receiver = _read_key(arguments.key, "key")
    found = _json(Path(arguments.message), Message, "message")
    chains = read_chain(Path(arguments.from_chain)), read_chain(Path(arguments.to_chain))
    try:
        messages.check(found, _public(arguments.sender, "sender"))
        content = messages.opened(found, receiver)
        _agrees(found.head, content, chains)
    except NotTaken as refused:
        return _refused(arguments, refused)
    signed = messages.receipt(found, receiver, time_text(time.time_ns()))
    _write(Path(arguments.content), msgspec.json.encode(content.settlement), SECRET_MODE)
    _write(Path(arguments.out), msgspec.json.encode(signed))
    return _told(arguments, {"ok": True, "message": signed.message.hex(), "received": signed.received})


def verify(arguments: argparse.Namespace) -> int:
    """Rule and delivery, without the content. Exit 1 where one is not proven."""
    found = _json(Path(arguments.message), Message, "message")
    head = found.head
    signed = _json(Path(arguments.receipt), Receipt, "receipt") if arguments.receipt else None
    try:
        messages.check(found, _public(arguments.sender, "sender"))
        if signed is not None:
            messages.check_receipt(signed, found, _public(arguments.receiver or "", "receiver"))
    except NotTaken as refused:
        return _refused(arguments, refused)
    rule = {"field": head.field, "decimals": head.decimals, "least": head.least, "most": head.most}
    told = {
        "ok": True, "reason": None, "rule": rule, "order": head.order.hex() if head.order else None,
        "delivered": signed is not None, "from": head.origin.chain_id, "to": head.target.chain_id,
        "not_proven": messages.NOT_PROVEN,
    }  # fmt: skip
    return _told(arguments, told)


def _read(row: dict[str, Any], chains: tuple[ChainFile, ...], field: str, decimals: int) -> tuple[int, list[bytes]]:
    """The rule's figure of a settlement, and what both sides instruct on each chain."""
    try:
        settlement = settlement_of(row)
        value = getattr(settlement, field)
        if value is None:
            raise BadInput(field, "is not there: a free delivery has no amount")
        amount = units(value, Token("", decimals), field)
        return amount, [contract.matching(delivery_of(settlement, chain)) for chain in chains]
    except Refused as refused:
        raise BadInput(refused.field, refused.reason) from refused


def _agrees(head: Head, content: Content, chains: tuple[ChainFile, ChainFile]) -> None:
    try:
        amount, matchings = _read(dict(content.settlement), chains, head.field, head.decimals)
    except BadInput as error:
        raise NotTaken("content_differs", f"the content is no settlement of these chains: {error}") from error
    if amount != content.opening.amount:
        raise NotTaken("content_differs", f"the {head.field} of the content is not the committed one")
    for stated, chain, matching in zip((head.origin, head.target), chains, matchings, strict=True):
        if (stated.chain_id, stated.address) != (chain.place.chain_id, chain.place.address):
            raise NotTaken("other_chain", f"it is for chain {stated.chain_id}, contract {stated.address}")
        if stated.linked != messages.linked(content.salt, matching):
            raise NotTaken("content_differs", f"what is instructed on chain {stated.chain_id} is not what is linked")


def _opened_order(path: str) -> Figure:
    found = _decoded(read_secret(Path(path), "order"), OrderOpening, "order")
    return Figure(found.commitment, found.opening.amount, found.opening.blinding)


def _read_key(path: str, field: str) -> NodeKey:
    return _decoded(read_secret(Path(path), field), NodeKey, field)


def _public(path: str, field: str) -> Node:
    if not path:
        fail(field, "must be named: a receipt is verified by its receiver's public key")
    return _json(Path(path), Node, field)


def _json(path: Path, kind: type[T], field: str) -> T:
    try:
        return _decoded(path.read_bytes(), kind, field)
    except OSError as error:
        fail(field, error.strerror or str(error))


def _decoded(content: bytes, kind: type[T], field: str) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        fail(field, f"is not of this format: {error}")


def _count(written: str, field: str) -> int:
    if not (written.isascii() and written.isdecimal() and len(written) <= 34):
        fail(field, "is no whole number of at most 34 digits, in the last decimal")
    return int(written)


def _write(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Never over a file that is there: a receipt is given once, a key is made once."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        fail("out", f"{path}: {error.strerror or error}")
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _refused(arguments: argparse.Namespace, refused: NotTaken) -> int:
    name, reason = refused.args
    return _told(arguments, {"ok": False, "reason": f"{name}: {reason}"})


def _told(arguments: argparse.Namespace, told: dict[str, Any]) -> int:
    if arguments.json:
        print_json(told)
    else:
        for name, value in told.items():
            say(f"{name}: {value}")
    return EXIT_OK if told["ok"] else EXIT_FOUND
