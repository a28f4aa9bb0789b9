"""Checks a journal with nothing but Python's standard library: no line of Isthmus runs here.

Run: python examples/verify_by_hand.py DATA [HEAD]

Reads the segments as docs/reference/engine.md lays them out, follows the chain of hashes from the first record, and
says which head it ends with; with HEAD it also says whether that head stood in the chain. `isthmus verify` checks more
(CRC-32C, the zeros behind the last record, which torn tails are well) and can run every command again.
"""

import struct
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

HEADER_BYTES = 64
RECORDS, SEAL = (b"IsR1", b"IsG1"), b"IsS1"


def frames(segment: bytes):
    """(mark, body, hash) of every frame: mark, u32 length, body, 32 bytes of hash, u32 CRC, end mark; then zeros."""
    at = HEADER_BYTES
    while segment[at : at + 4] in (*RECORDS, SEAL):
        mark, (length,) = segment[at : at + 4], struct.unpack_from("<I", segment, at + 4)
        yield mark, segment[at + 8 : at + length - 40], segment[at + length - 40 : at + length - 8]
        at += max(length, 48)
    if segment[at:].strip(b"\0"):
        raise ValueError(f"byte {at}: neither a record nor zeros")


def followed(folder: Path) -> Iterator[tuple[bytes, bytes]]:
    """(mark, head) after every frame. Raises ValueError at the first that is not what was written."""
    head, sequence = bytes(32), 0
    for path in sorted((folder / "journal").glob("*.seg")):
        segment = path.read_bytes()
        if segment[24:56] != head:
            raise ValueError(f"{path.name} begins after another record than the segment before ended with")
        for mark, body, kept in frames(segment):
            if mark != SEAL:
                sequence, head = sequence + 1, sha256(head + body).digest()
            if kept != head or int.from_bytes(body[:8], "little") != sequence:
                raise ValueError(f"{path.name}: record {sequence} is not what was written")
            yield mark, head


def main() -> int:
    """Exit 0 when the chain holds (and HEAD was met), 1 when not."""
    mark, head, records, met = b"", bytes(32), 0, False
    try:
        for mark, head in followed(Path(sys.argv[1])):
            records += mark != SEAL
            met = met or head.hex() == sys.argv[-1]
    except ValueError as fault:
        print(f"DAMAGED: {fault}")
        return 1
    print(f"{records} records, {'sealed' if mark == SEAL else 'open'}, head {head.hex()}")
    if len(sys.argv) > 2 and not met:
        print("the head that you kept is not in this chain: records were cut off or changed")
        return 1
    return 0


sys.exit(main())
