"""Golden sessions: commands and what the twin makes of them, packed into files that the tests of the core replay.

A file is a list of sessions. A session: commands (u32), packed bytes (u32), the packed commands, then the twin's word,
8 bytes each: the head of the chain after every `EVERY` commands and after the last, and the digest of what can be asked
at the end. All numbers are little-endian.

A packed command: kind and length of its fields (a byte each), the moment as the difference to the one before (zigzag
varint), then the fields XORed with those of the last command of the kind in the file, in runs: a byte below 128 stands
for so many zeros and one more; another for as many bytes that follow as it is above 127.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from typing import Any

from .books import Order
from .engine import Twin
from .messages import COMMANDS, encode_command
from .values import BUY, SELL

EVERY = 16
WORD = 8
RUN_MAX = 128
Session = list[tuple[Any, int]]

_BY_NUMBER = {kind.number: kind for kind in COMMANDS.values()}


def encode(sessions: Iterable[Session]) -> bytes:
    """The whole file. The twin applies every command of every session."""
    last: dict[int, bytes] = {}
    return b"".join(_session(session, last) for session in sessions)


def decode(raw: bytes) -> Iterator[Session]:
    """The sessions of a file, without what the twin said."""
    last: dict[int, bytes] = {}
    at = 0
    while at < len(raw):
        count, size = struct.unpack_from("<II", raw, at)
        start = at + 8
        yield _commands(raw[start : start + size], last)
        at = start + size + WORD * (marks(count) + 1)


def marks(commands: int) -> int:
    """How many heads stand behind so many commands."""
    return -(-commands // EVERY)


def _session(session: Session, last: dict[int, bytes]) -> bytes:
    twin, packed, heads, before = Twin(), bytearray(), b"", 0
    for number, (command, at) in enumerate(session, 1):
        packed += _packed(encode_command(command), at - before, last)
        before = at
        twin.apply(command, at)
        if number % EVERY == 0 or number == len(session):
            heads += twin.head[:WORD]
    return struct.pack("<II", len(session), len(packed)) + packed + heads + answers(twin)


def _packed(encoded: bytes, passed: int, last: dict[int, bytes]) -> bytes:
    kind, length = struct.unpack_from("<HH", encoded)
    fields = encoded[4:]
    previous = last.get(kind, bytes(length))
    last[kind] = fields
    changed = bytes(one ^ other for one, other in zip(fields, previous, strict=True))
    return bytes((kind, length)) + _varint(passed) + _runs(changed)


def _varint(value: int) -> bytes:
    left = value << 1 if value >= 0 else (-value << 1) - 1
    out = bytearray()
    while left >= 128:
        out.append(left & 127 | 128)
        left >>= 7
    out.append(left)
    return bytes(out)


def _runs(raw: bytes) -> bytes:
    out, at = bytearray(), 0
    while at < len(raw):
        end = at
        zeros = raw[at] == 0
        while end < len(raw) and (raw[end] == 0) == zeros and end - at < RUN_MAX:
            end += 1
        out += bytes((end - at - 1,)) if zeros else bytes((end - at + 127,)) + raw[at:end]
        at = end
    return bytes(out)


def _commands(packed: bytes, last: dict[int, bytes]) -> Session:
    found: Session = []
    at = moment = 0
    while at < len(packed):
        kind, length = packed[at : at + 2]
        passed, at = _moment(packed, at + 2)
        moment += passed
        changed, at = _fields(packed, at, length)
        last[kind] = bytes(one ^ other for one, other in zip(changed, last.get(kind, bytes(length)), strict=True))
        command, _ = _BY_NUMBER[kind].decode(struct.pack("<HH", kind, length) + last[kind], 0)
        found.append((command, moment))
    return found


def _moment(packed: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (packed[at] & 127) << shift
        shift += 7
        at += 1
        if packed[at - 1] < 128:
            return (value >> 1) ^ -(value & 1), at


def _fields(packed: bytes, at: int, length: int) -> tuple[bytes, int]:
    out = b""
    while len(out) < length:
        run, at = packed[at], at + 1
        if run < RUN_MAX:
            out += bytes(run + 1)
        else:
            out += packed[at : at + run - 127]
            at += run - 127
    return out, at


def answers(twin: Twin) -> bytes:
    """The digest of balances, positions, references, indicative prices, levels and orders, all ascending."""
    state, told = twin.state, bytearray()
    accounts = sorted(state.ledger.kinds)
    for account in accounts:
        for asset in sorted(state.assets):
            for amount in twin.balance(account, asset):
                told += amount.to_bytes(16, "little", signed=True)
    for number in sorted(state.instruments):
        told += struct.pack("<q3q", twin.reference(number), *twin.indicative(number))
        for account in accounts:
            told += struct.pack("<2q", *twin.position(account, number))
        for side in (BUY, SELL):
            resting = twin.resting(number, side)
            told += _levels(resting)
            sign = -1 if side == BUY else 1
            standing = sorted(state.books[number].calls[side] + resting, key=lambda order: sign * order.price)
            for order in standing:
                told += struct.pack("<Q3q", order.id, order.price, order.displayed, order.left)
    return hashlib.sha256(told).digest()[:WORD]


def _levels(resting: list[Order]) -> bytes:
    """(price, shown, orders that show something) of every price at which something is shown."""
    told = b""
    for price in dict.fromkeys(order.price for order in resting):
        shown = [order.displayed for order in resting if order.price == price and order.displayed]
        told += struct.pack("<2qI", price, sum(shown), len(shown)) if shown else b""
    return told
