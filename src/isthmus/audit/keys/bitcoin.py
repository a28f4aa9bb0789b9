"""What a key-path input of a Bitcoin transaction signs: BIP-341, "Common signature message", with SIGHASH_DEFAULT."""

from __future__ import annotations

import hashlib
import struct

import msgspec

from isthmus.kernel.errors import BadInput

U32_MAX = (1 << 32) - 1
SATOSHIS_MAX = 21_000_000 * 100_000_000
SCRIPT_BYTES_MAX = 10_000
COINS_MAX = 1_000


class Coin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is spent: transaction (hexadecimal, byte-reversed as explorers show it), output, satoshis, script (hex)."""

    txid: str
    output: int
    satoshis: int
    script: str
    sequence: int = U32_MAX


class Paid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an output pays: satoshis, script (hex)."""

    satoshis: int
    script: str


class Spending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An unsigned transaction with the coins that it spends."""

    coins: tuple[Coin, ...]
    paid: tuple[Paid, ...]
    version: int = 2
    locktime: int = 0


def taproot_script(output_key: bytes) -> str:
    """The script (hex) of a taproot output: OP_1 and the 32 bytes of its key."""
    return (b"\x51\x20" + output_key).hex()


def sighash(spending: Spending, place: int) -> bytes:
    """The 32 bytes that the key of coin `place` signs. Raises BadInput."""
    if not 1 <= len(spending.coins) <= COINS_MAX or not 1 <= len(spending.paid) <= COINS_MAX:
        raise BadInput("spending", f"has not 1 to {COINS_MAX} coins and outputs")
    if not 0 <= place < len(spending.coins):
        raise BadInput("input", "is no coin of the transaction")
    _whole("version", spending.version)
    _whole("locktime", spending.locktime)
    points, amounts, scripts, sequences = zip(*map(_coin, spending.coins), strict=True)
    outputs = b"".join(_amount(one.satoshis) + _sized(_hex("script", one.script)) for one in spending.paid)
    parts = (b"".join(points), b"".join(amounts), b"".join(scripts), b"".join(sequences), outputs)
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    # Epoch 0, hash type 0; spend type 0: by key, without annex.
    body = b"\x00\x00" + struct.pack("<II", spending.version, spending.locktime) + digests
    tag = hashlib.sha256(b"TapSighash").digest()
    return hashlib.sha256(tag + tag + body + b"\x00" + struct.pack("<I", place)).digest()


def _coin(coin: Coin) -> tuple[bytes, bytes, bytes, bytes]:
    txid = _hex("txid", coin.txid)
    if len(txid) != 32:
        raise BadInput("txid", "has not 32 bytes")
    _whole("output", coin.output)
    _whole("sequence", coin.sequence)
    point = txid[::-1] + struct.pack("<I", coin.output)
    return point, _amount(coin.satoshis), _sized(_hex("script", coin.script)), struct.pack("<I", coin.sequence)


def _whole(field: str, number: int) -> None:
    if not 0 <= number <= U32_MAX:
        raise BadInput(field, f"is not 0 to {U32_MAX}")


def _amount(satoshis: int) -> bytes:
    if not 0 <= satoshis <= SATOSHIS_MAX:
        raise BadInput("satoshis", f"is not 0 to {SATOSHIS_MAX}")
    return struct.pack("<Q", satoshis)


def _sized(script: bytes) -> bytes:
    """With its length in front, as Bitcoin writes it (CompactSize)."""
    if len(script) > SCRIPT_BYTES_MAX:
        raise BadInput("script", f"is longer than {SCRIPT_BYTES_MAX} bytes")
    size = bytes([len(script)]) if len(script) < 0xFD else b"\xfd" + struct.pack("<H", len(script))
    return size + script


def _hex(field: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise BadInput(field, "is not hexadecimal") from None
