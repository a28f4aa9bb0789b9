"""Payloads that are longer than a frame, put together again.

The uncoded part of the LoRa Alliance's fragmented data block transport (TS004-1.0.0, section 3), sent upwards: a device
announces a block by FragSessionSetupReq and sends its pieces as DataFragment. Pieces beyond the announced number are
the redundancy of TS004's code, which is not used here. Nothing is kept without bound: blocks, their pieces and their
time have limits, and a piece that contradicts an earlier one ends its block.
"""

from __future__ import annotations

import msgspec

PORT = 201
"""TS004's own port."""
SETUP, FRAGMENT = 0x02, 0x08
SETUP_BYTES = 11
INDEXES = 4
"""Blocks of one device at once: two bits tell them apart."""


class FragmentLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of blocks that are being put together."""

    pieces: int
    bytes: int
    within_s: int
    blocks: int


class BadFragment(ValueError):
    """The bytes are no piece that can be used; the reason says why."""


class _Block:
    """One block under way."""

    def __init__(self, pieces: int, size: int, padding: int, until: int) -> None:
        self.pieces = pieces
        self.size = size
        self.padding = padding
        self.until = until
        self.came: dict[int, bytes] = {}


class Fragments:
    """All blocks under way, of all devices. Times are ns UTC."""

    def __init__(self, limits: FragmentLimits) -> None:
        self._limits = limits
        self._blocks: dict[tuple[str, int], _Block] = {}

    @property
    def under_way(self) -> int:
        """Blocks that wait for pieces."""
        return len(self._blocks)

    def take(self, device: str, payload: bytes, at: int) -> bytes | None:
        """The whole block that this payload finished, None while pieces are missing. Raises BadFragment."""
        self._expire(at)
        if not payload:
            raise BadFragment("is empty")
        if payload[0] == SETUP:
            self._set_up(device, payload, at)
            return None
        if payload[0] == FRAGMENT:
            return self._piece(device, payload)
        raise BadFragment(f"command {payload[0]:#04x} is neither FragSessionSetupReq nor DataFragment")

    def _set_up(self, device: str, payload: bytes, at: int) -> None:
        if len(payload) != SETUP_BYTES:
            raise BadFragment(f"FragSessionSetupReq has {len(payload)} bytes, not {SETUP_BYTES}")
        index = payload[1] >> 4 & 3
        pieces, size, padding = int.from_bytes(payload[2:4], "little"), payload[4], payload[6]
        limits = self._limits
        if not 1 <= pieces <= limits.pieces:
            raise BadFragment(f"{pieces} fragments, 1 to {limits.pieces} are taken")
        if size == 0 or pieces * size > limits.bytes:
            raise BadFragment(f"{pieces} fragments of {size} bytes, at most {limits.bytes} bytes are taken")
        if padding >= size:
            raise BadFragment(f"padding of {padding} bytes is not below the {size} of a fragment")
        if (device, index) not in self._blocks and len(self._blocks) >= limits.blocks:
            raise BadFragment(f"{limits.blocks} blocks are under way, no more are taken")
        self._blocks[device, index] = _Block(pieces, size, padding, at + limits.within_s * 1_000_000_000)

    def _piece(self, device: str, payload: bytes) -> bytes | None:
        if len(payload) < 3:
            raise BadFragment("DataFragment has no number")
        word = int.from_bytes(payload[1:3], "little")
        index, number, piece = word >> 14, word & 0x3FFF, payload[3:]
        block = self._blocks.get((device, index))
        if block is None:
            raise BadFragment(f"no block {index} was announced, or its time is over")
        if not 1 <= number <= block.pieces:
            raise BadFragment(f"fragment {number} of {block.pieces}: coded fragments are not used")
        if len(piece) != block.size:
            raise BadFragment(f"fragment {number} has {len(piece)} bytes, {block.size} were announced")
        if block.came.setdefault(number, piece) != piece:
            del self._blocks[device, index]
            raise BadFragment(f"fragment {number} came twice and differs: the block is dropped")
        if len(block.came) < block.pieces:
            return None
        del self._blocks[device, index]
        whole = b"".join(block.came[one] for one in range(1, block.pieces + 1))
        return whole[: len(whole) - block.padding]

    def _expire(self, at: int) -> None:
        for key in [key for key, block in self._blocks.items() if block.until <= at]:
            del self._blocks[key]


def cut(payload: bytes, size: int, index: int = 0) -> list[bytes]:
    """The payloads that carry this one: the announcement, then its pieces of `size` bytes."""
    pieces = max(1, -(-len(payload) // size))
    padding = pieces * size - len(payload)
    setup = bytes((SETUP, index << 4)) + pieces.to_bytes(2, "little") + bytes((size, 0, padding)) + bytes(4)
    padded = payload + bytes(padding)
    return [setup] + [
        bytes((FRAGMENT,)) + (index << 14 | number).to_bytes(2, "little") + padded[(number - 1) * size : number * size]
        for number in range(1, pieces + 1)
    ]
