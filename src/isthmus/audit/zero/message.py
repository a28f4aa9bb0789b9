"""A private message between the settlement nodes of two chains: sealed for the receiver, its rule proven to everybody.

Rule: the amount (or quantity) that the content names lies between two bounds and, if an order is named, equals the
amount that the order committed to. Delivery: the receiver opens the content, sees that it is what the commitment says,
and signs that. Sealed by X25519, HKDF-SHA256 (RFC 5869) and ChaCha20-Poly1305 (RFC 8439) with the head as associated
data; signed by Ed25519.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from isthmus.audit.zero import wide
from isthmus.audit.zero.openings import Opening
from isthmus.engine import zero
from isthmus.engine.zero import About, ZeroRefused

CLAIM = "message"
SEALED_NONCE = bytes(12)
"""A sealing key serves once: it is made of a fresh X25519 key."""
NOT_PROVEN = [
    "that the content is true, or anything about it but the field of the rule",
    "that the settlement takes place: the chains' events say that, and who has the salt links them to the message",
    "who else was told: whoever has the receiver's key, or was handed the content",
    "when it was sent or delivered, but by the clocks of sender and receiver",
]


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all know of a settlement node: its name, its Ed25519 key, its X25519 key."""

    format: Literal["isthmus-zk-node/1"]
    name: str
    sign: bytes
    seal: bytes


class NodeKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the node alone knows; the text of it shows no key."""

    format: Literal["isthmus-zk-node-key/1"]
    name: str
    sign: bytes
    seal: bytes

    def __repr__(self) -> str:
        return f"NodeKey({self.name!r})"


class Chain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A settlement contract, and a salted hash of what is instructed there: SHA-256(salt, matching)."""

    chain_id: int
    address: str
    linked: bytes


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What everybody sees of a message, but for its proofs. `least` and `most`: bounds of the rule; times: RFC 3339."""

    format: Literal["isthmus-zk-message/1"]
    id: bytes
    sender: str
    receiver: str
    sent: str
    origin: Chain
    target: Chain
    field: Literal["amount", "quantity"]
    decimals: int
    least: str
    most: str
    commitment: bytes
    order: bytes | None
    generators: bytes
    seal: bytes
    """The fresh X25519 key of the sealing."""


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`above`: amount - least >= 0, `below`: most - amount >= 0, `equal`: the amount is the order's."""

    head: Head
    sealed: bytes
    above: wide.Bounded
    below: wide.Bounded
    equal: bytes | None
    signature: bytes


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the receiver alone reads."""

    settlement: dict[str, object]
    salt: bytes
    opening: Opening


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The receiver opened the message and found the content to be what the commitment and the links say."""

    format: Literal["isthmus-zk-receipt/1"]
    message: bytes
    receiver: str
    received: str
    signature: bytes


class NotTaken(Exception):
    """A message or receipt is refused. Its arguments: name, what is meant."""


def made_key(name: str) -> tuple[NodeKey, Node]:
    """A node's keys from the system's randomness."""
    sign, seal = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
    secret = NodeKey("isthmus-zk-node-key/1", name, sign.private_bytes_raw(), seal.private_bytes_raw())
    public = Node("isthmus-zk-node/1", name, sign.public_key().public_bytes_raw(), seal.public_key().public_bytes_raw())
    return secret, public


def linked(salt: bytes, matching: bytes) -> bytes:
    """A guess of what is instructed on a chain cannot be tested without the salt."""
    return hashlib.sha256(b"isthmus/zero/linked/v1" + salt + matching).digest()


def seal(head: Head, content: Content, parties: tuple[NodeKey, Node], order: wide.Figure | None) -> Message:
    """`head.seal` is filled in. Raises NotTaken out_of_range where the rule does not hold, not_the_order."""
    sender, receiver = parties
    fresh = X25519PrivateKey.generate()
    head = msgspec.structs.replace(head, seal=fresh.public_key().public_bytes_raw())
    key = _sealing(fresh.exchange(X25519PublicKey.from_public_bytes(receiver.seal)), head)
    sealed = ChaCha20Poly1305(key).encrypt(SEALED_NONCE, msgspec.json.encode(content), _bytes(head))
    about = _about(head, sealed)
    figure = wide.Figure(head.commitment, content.opening.amount, content.opening.blinding)
    try:
        above = wide.prove(about, b"least", figure, 1, -int(head.least))
        below = wide.prove(about, b"most", figure, -1, int(head.most))
    except ZeroRefused as refused:
        raise NotTaken(str(refused.args[0]), f"the {head.field} is not between the bounds") from refused
    equal = None
    if order is not None:
        if order.amount != figure.amount:
            raise NotTaken("not_the_order", f"the {head.field} is not the one that the order committed to")
        both = zero.combine(head.commitment + order.commitment, (1, -1))
        opening = (0, zero.combine_blindings(figure.blinding + order.blinding, (1, -1)))
        equal = zero.prove_opening(about, b"order", both, opening)
    unsigned = Message(head, sealed, above, below, equal, b"")
    return msgspec.structs.replace(unsigned, signature=_signer(sender).sign(_bytes(unsigned)))


def check(message: Message, sender: Node) -> None:
    """By the public part alone. Raises NotTaken."""
    head = message.head
    if head.sender != sender.name or not _signed(sender, message.signature, _unsigned(message)):
        raise NotTaken("bad_signature", f"this is not what {sender.name} signed")
    try:
        least, most = int(head.least), int(head.most)
    except ValueError:
        raise NotTaken("malformed", "the bounds are no whole numbers") from None
    about = _about(head, message.sealed)
    try:
        zero.check_generators(head.generators)
        wide.holds(about, b"least", head.commitment, (message.above, 1, -least))
        wide.holds(about, b"most", head.commitment, (message.below, -1, most))
        if (head.order is None) != (message.equal is None):
            raise NotTaken("malformed", "an order without its proof, or a proof without its order")
        if head.order is not None and message.equal is not None:
            both = zero.combine(head.commitment + head.order, (1, -1))
            zero.opening_holds(about, b"order", both, 0, message.equal)
    except ZeroRefused as refused:
        raise NotTaken(str(refused.args[0]), "the rule is not proven") from refused
    except OverflowError as error:
        raise NotTaken("out_of_range", "a bound has too many digits") from error


def opened(message: Message, receiver: NodeKey) -> Content:
    """What was sealed, where it is what the commitment says. Raises NotTaken."""
    head = message.head
    if head.receiver != receiver.name:
        raise NotTaken("not_for_me", f"it is for {head.receiver}")
    try:
        shared = X25519PrivateKey.from_private_bytes(receiver.seal).exchange(
            X25519PublicKey.from_public_bytes(head.seal)
        )
        plain = ChaCha20Poly1305(_sealing(shared, head)).decrypt(SEALED_NONCE, message.sealed, _bytes(head))
        content = msgspec.json.decode(plain, type=Content)
        committed = zero.commit([content.opening.amount], content.opening.blinding)
    except (InvalidTag, ValueError, msgspec.DecodeError, ZeroRefused, OverflowError) as error:
        raise NotTaken("not_opened", "the sealed content cannot be opened or read") from error
    if committed != head.commitment:
        raise NotTaken("opening_differs", "the content is not what the commitment says")
    return content


def receipt(message: Message, receiver: NodeKey, received: str) -> Receipt:
    """To be given only after `check` and `opened`."""
    unsigned = Receipt("isthmus-zk-receipt/1", digest(message), receiver.name, received, b"")
    return msgspec.structs.replace(unsigned, signature=_signer(receiver).sign(_bytes(unsigned)))


def check_receipt(found: Receipt, message: Message, receiver: Node) -> None:
    """Raises NotTaken."""
    unsigned = _bytes(msgspec.structs.replace(found, signature=b""))
    if found.receiver != receiver.name or message.head.receiver != receiver.name:
        raise NotTaken("other_receiver", f"the receipt is not {receiver.name}'s, or the message is for another")
    if not _signed(receiver, found.signature, unsigned):
        raise NotTaken("bad_signature", f"this is not what {receiver.name} signed")
    if found.message != digest(message):
        raise NotTaken("other_message", "the receipt is of another message")


def digest(message: Message) -> bytes:
    """SHA-256 of the whole message."""
    return hashlib.sha256(_bytes(message)).digest()


def _bytes(value: msgspec.Struct) -> bytes:
    """Field by field in their order, so that the same value has the same bytes."""
    return msgspec.json.encode(value)


def _unsigned(message: Message) -> bytes:
    return _bytes(msgspec.structs.replace(message, signature=b""))


def _about(head: Head, sealed: bytes) -> About:
    return About(CLAIM, hashlib.sha256(_bytes(head) + sealed).digest(), head.sent[:10])


def _sealing(shared: bytes, head: Head) -> bytes:
    return HKDF(SHA256(), 32, salt=head.id, info=b"isthmus/zero/message/v1" + head.seal).derive(shared)


def _signer(key: NodeKey) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key.sign)


def _signed(node: Node, signature: bytes, content: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(node.sign).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True
