"""The settlement contract: its calls, its events, and the data that a party signs instead of calling.

The interface is docs/reference/settlement-contract.md. A delivery is one settlement as one side instructs it; the
contract moves asset and cash in one step when both sides instructed the same, which is when their `matching` is equal.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from isthmus.gateways.evm import abi
from isthmus.gateways.evm.keccak import WORD_BYTES, keccak256, selector
from isthmus.gateways.evm.typed_data import Hashed, hashed
from isthmus.gateways.evm.types import Refused, Type, parse, parse_signature
from isthmus.gateways.evm.words import address, octets, read_word, word

DELIVERY = (
    "(bytes32 reference,address deliverer,address receiver,address asset,uint256 quantity,address cash,"
    "uint256 amount,uint64 settleOn)"
)
INSTRUCT, CANCEL = f"instruct({DELIVERY} delivery)", "cancel(bytes32 reference)"
EVENTS = {
    "Instructed": ("bytes32 reference,bytes32 matching,address by", ""),
    "Settled": (
        "bytes32 reference,address deliverer,address receiver",
        "address asset,uint256 quantity,address cash,uint256 amount",
    ),
    "Failed": ("bytes32 reference", "uint8 reason"),
    "Cancelled": ("bytes32 reference", "address by"),
}
"""Each with what stands in topics (indexed) and what in the data, in the order of its parameters."""
EventName = Literal["Instructed", "Settled", "Failed", "Cancelled"]
REASONS = {1: "no_asset", 2: "no_cash", 3: "not_approved", 4: "expired", 5: "frozen"}
"""Of Failed."""
DOMAIN_NAME, DOMAIN_VERSION = "Isthmus Settlement", "1"
NOBODY = "0x" + "00" * 20
"""The token of cash where a delivery is free."""
TOPICS_MAX = 4


class Place(msgspec.Struct, frozen=True):
    """A contract on a chain."""

    chain_id: int
    address: str


class Delivery(msgspec.Struct, frozen=True):
    """Addresses are text, `quantity` and `amount` units of their tokens, `settle_on` seconds of UTC."""

    reference: bytes
    deliverer: str
    receiver: str
    asset: str
    quantity: int
    cash: str
    amount: int
    settle_on: int

    @property
    def values(self) -> list[Any]:
        """In the order of the contract's struct."""
        return list(msgspec.structs.astuple(self))


class Event(msgspec.Struct, frozen=True):
    """What the contract said: values by the names of its parameters; `removed` where a reorganisation took it back."""

    name: str
    values: dict[str, Any]
    block: int
    transaction: str
    index: int
    removed: bool = False
    time: int | None = None
    """Seconds of UTC, where the node tells them."""


class Call(msgspec.Struct, frozen=True):
    """A transaction's part that the settlement decides; fees and nonce are the sender's."""

    to: str
    data: str
    chain_id: int
    value: int = 0


class Log(msgspec.Struct, frozen=True, rename="camel"):
    """As nodes tell it (eth_getLogs). Numbers are 0x text."""

    address: str
    topics: list[str]
    data: str
    block_number: str
    transaction_hash: str
    log_index: str
    removed: bool = False
    block_timestamp: str | None = None


def instruct(delivery: Delivery, place: Place) -> Call:
    """Raises Refused."""
    return _call(INSTRUCT, [delivery.values], place)


def cancel(reference: bytes, place: Place) -> Call:
    """Raises Refused."""
    return _call(CANCEL, [reference], place)


def read_call(data: bytes) -> tuple[str, Any]:
    """("instruct", Delivery) or ("cancel", reference). Raises Refused for any other."""
    for signature in (INSTRUCT, CANCEL):
        name, parameters = parse_signature(signature)
        if data[:4] == selector(name + parameters.text):
            (found,) = abi.decoded_sequence(parameters.parts, data[4:], parameters.names)
            return name, Delivery(*found) if name == "instruct" else found
    raise Refused("data", f"{data[:4].hex()} is none of the contract's calls")


def matching(delivery: Delivery) -> bytes:
    """What both sides' instructions have in common: all but the reference, which is each side's own. 32 bytes."""
    kind = parse(DELIVERY)
    return keccak256(abi.sequence(kind.parts[1:], delivery.values[1:], kind.names[1:]))


def signed_data(delivery: Delivery, place: Place) -> tuple[dict[str, Any], Hashed]:
    """What a wallet is asked to sign (eth_signTypedData_v4), and its hash. Raises Refused."""
    kind = parse(DELIVERY)
    fields = [{"name": name, "type": part.text} for name, part in zip(kind.names, kind.parts, strict=True)]
    message = {
        name: "0x" + value.hex() if isinstance(value, bytes) else str(value)
        for name, value in zip(kind.names, delivery.values, strict=True)
    }
    domain = {
        "name": DOMAIN_NAME,
        "version": DOMAIN_VERSION,
        "chainId": place.chain_id,
        "verifyingContract": place.address,
    }
    types = {"Delivery": fields}
    found = hashed(domain, types, "Delivery", message)
    described = {"EIP712Domain": [{"name": name, "type": kind} for name, kind in _DOMAIN_TYPES], **types}
    return {"domain": domain, "types": described, "primaryType": "Delivery", "message": message}, found


_DOMAIN_TYPES = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))


def read_log(log: Log, place: Place) -> Event:
    """Raises Refused for a log of another contract, an unknown event, or data that is not how the event is written."""
    if address(log.address, "address") != address(place.address, "contract"):
        raise Refused("address", f"{log.address} is not the settlement contract {place.address}")
    if not 1 <= len(log.topics) <= TOPICS_MAX:
        raise Refused("topics", f"are {len(log.topics)}, an event has 1 to {TOPICS_MAX}")
    topics = [octets(topic, f"topics[{number}]") for number, topic in enumerate(log.topics)]
    name = _BY_TOPIC.get(topics[0])
    if name is None:
        raise Refused("topics[0]", f"{log.topics[0]} is none of the contract's events")
    indexed, rest = _parts(name)
    if len(topics) - 1 != len(indexed.parts):
        raise Refused("topics", f"are {len(topics)}, {name} has {len(indexed.parts) + 1}")
    values = {}
    for kind, part, topic in zip(indexed.parts, indexed.names, topics[1:], strict=True):
        if len(topic) != WORD_BYTES:
            raise Refused(part, f"has {len(topic)} bytes, a topic has {WORD_BYTES}")
        values[part] = read_word(kind, topic, part)
    found = abi.decoded_sequence(rest.parts, octets(log.data, "data"), rest.names)
    values |= dict(zip(rest.names, found, strict=True))
    hash_ = octets(log.transaction_hash, "transactionHash")
    if len(hash_) != WORD_BYTES:
        raise Refused("transactionHash", f"has {len(hash_)} bytes, not {WORD_BYTES}")
    time = None if log.block_timestamp is None else _count(log.block_timestamp, "blockTimestamp")
    block, index = _count(log.block_number, "blockNumber"), _count(log.log_index, "logIndex")
    return Event(name, values, block, log.transaction_hash, index, log.removed, time)


def write_log(event: Event, place: Place) -> Log:
    """The log that the contract would leave. Raises Refused."""
    if event.name not in EVENTS:
        raise Refused("event", f"{event.name[:60]!r} is none of: {', '.join(EVENTS)}")
    indexed, rest = _parts(event.name)
    for part in (*indexed.names, *rest.names):
        if part not in event.values:
            raise Refused(part, "is missing")
    topics = [_topic(event.name)]
    topics += [word(kind, event.values[part], part) for kind, part in zip(indexed.parts, indexed.names, strict=True)]
    data = abi.sequence(rest.parts, [event.values[part] for part in rest.names], rest.names)
    return Log(
        address=place.address,
        topics=["0x" + topic.hex() for topic in topics],
        data="0x" + data.hex(),
        block_number=hex(event.block),
        transaction_hash=event.transaction,
        log_index=hex(event.index),
        removed=event.removed,
        block_timestamp=None if event.time is None else hex(event.time),
    )


def _parts(name: str) -> tuple[Type, Type]:
    indexed, rest = EVENTS[name]
    return parse(f"({indexed})"), parse(f"({rest})") if rest else Type("tuple")


def _topic(name: str) -> bytes:
    indexed, rest = _parts(name)
    return keccak256(f"{name}({','.join(part.text for part in (*indexed.parts, *rest.parts))})".encode())


_BY_TOPIC = {_topic(name): name for name in EVENTS}


def _count(text: str, field: str) -> int:
    """A 0x number of at most 64 bits."""
    data = word(Type("uint", 64), text, field)
    return int.from_bytes(data, "big")


def _call(signature: str, values: list[Any], place: Place) -> Call:
    name, parameters = parse_signature(signature)
    data = selector(name + parameters.text) + abi.sequence(parameters.parts, values, parameters.names)
    return Call(place.address, "0x" + data.hex(), place.chain_id)
