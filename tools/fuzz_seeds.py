"""Makes the seed corpora of the fuzz targets out of the golden sessions: `fuzz/corpus/<target>/`.

python tools/fuzz_seeds.py
"""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.oracle.engine import Twin
from tests.oracle.golden import Session, decode
from tests.oracle.messages import COMMANDS, encode_command, encode_effect, name_of

ROOT = Path(__file__).resolve().parent.parent
OPENING = 34
"""Commands of a session that fuzz_targets/session.rs begins with."""
SESSIONS = 12
"""Of each file."""
COMMANDS_MAX = 80
STEP_NS = 1_000
CLOCK_MAX = 199
"""Steps that a clock byte counts; those above are powers of two."""
DAY = 200 + 46
"""The clock byte of 2^46 ns."""
FIXTURE = ROOT / "tests" / "golden" / "journals"
SEGMENT_HEADER_BYTES = SNAPSHOT_HEADER_BYTES = 64
SNAPSHOT_HASH_BYTES = 32
OLDER = 254
STATES = 30
"""Of fuzz_targets/state.rs."""


def main() -> int:
    """Exit 0 when the corpora are made."""
    for target, seeds in SEEDS.items():
        folder = ROOT / "fuzz" / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        count = 0
        for count, seed in enumerate(seeds(), 1):
            (folder / f"seed-{count}").write_bytes(seed)
        print(f"{target}: {count} seeds")
    return 0


def _golden() -> Iterator[Session]:
    for path in sorted((ROOT / "tests" / "golden" / "sessions").glob("*.bin")):
        for number, session in enumerate(decode(path.read_bytes())):
            if number < SESSIONS:
                yield session


def _messages() -> Iterator[bytes]:
    """One command and one effect of each kind."""
    found: dict[str, bytes] = {}
    for session in _golden():
        twin = Twin()
        for command, at in session:
            twin.apply(command, at)
            found.setdefault(name_of(command), encode_command(command))
            for effect in twin.effects:
                found.setdefault(name_of(effect), encode_effect(effect))
    yield from found.values()


def _bodies() -> Iterator[bytes]:
    """A record of each kind of command, and the segments of a journal from their first frame on."""
    kinds: set[str] = set()
    for session in _golden():
        twin = Twin()
        for command, at in session:
            body = twin.apply(command, at)
            if name_of(command) not in kinds:
                kinds.add(name_of(command))
                yield body
    for segment in sorted(FIXTURE.glob("*/journal/*.seg")):
        yield segment.read_bytes()[SEGMENT_HEADER_BYTES:]


def _states() -> Iterator[bytes]:
    """A state of rules 1 from the snapshots of their fixture, and a change in some of the golden ones."""
    for snapshot in sorted(FIXTURE.glob("rules_1/snapshots/*.snap")):
        yield bytes((OLDER,)) + snapshot.read_bytes()[SNAPSHOT_HEADER_BYTES:-SNAPSHOT_HASH_BYTES]
    for which in range(STATES):
        yield bytes((which, 8 + which, which % 7, 1, 200, which % 3, 255))


def _sessions() -> Iterator[bytes]:
    numbers = {name: number for number, name in enumerate(COMMANDS)}
    for session in _golden():
        out, moment = bytearray(), session[min(OPENING, len(session)) - 1][1]
        for command, at in session[OPENING : OPENING + COMMANDS_MAX]:
            passed, moment = max(0, at - moment), max(at, moment)
            clock = min(CLOCK_MAX, passed // STEP_NS) if passed < 10**12 else DAY
            out += bytes((clock, numbers[name_of(command)])) + encode_command(command)[4:]
        yield bytes(out)


def _fin() -> Iterator[bytes]:
    """Messages of each type that has rules."""
    for path in sorted((ROOT / "tests" / "golden" / "swift").glob("*.fin")):
        yield path.read_bytes()


FIX = (
    "35=D|34=2|49=A|52=20260101-00:00:00.000|56=B|11=ID|453=2|448=P|447=D|452=1|802=2|523=a|803=1|523=b|448=Q|"
    "55=INTC|54=1|38=200.00|40=2|44=12.50|59=0|60=20260101-00:00:00|354=3|355=a=b|",
    "35=8|34=3|49=A|52=20260101-00:00:00|56=B|37=o|17=e|150=0|39=0|55=X|54=1|151=5|14=0|6=0|",
    "35=E|34=3|49=A|52=20260101-00:00:00|56=B|66=L|394=1|68=1|73=1|11=a|67=1|78=1|79=acc|80=5|55=X|54=1|38=5|",
    "35=A|34=1|49=A|52=20260101-00:00:00|56=B|98=0|108=30|1137=9|384=1|372=D|385=R|",
)
"""Bodies of FIX messages, `|` for SOH."""


def _fix() -> Iterator[bytes]:
    """Each body alone (the target frames it), and whole messages of each version."""
    for text in FIX:
        body = text.replace("|", "\x01").encode()
        yield body
        for version in (b"FIX.4.2", b"FIX.4.4", b"FIXT.1.1"):
            message = b"8=%s\x019=%d\x01%s" % (version, len(body), body)
            yield message + b"10=%03d\x01" % (sum(message) % 256)


POINT = bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76")
"""Ristretto's base point (RFC 9496, A.1): bytes that decode as a commitment."""
ORIGIN = "!"
LOG_SIZE = ord(ORIGIN)
"""fuzz_targets/log.rs takes the first byte as the width of its files; here it is the origin."""


def _logs() -> Iterator[bytes]:
    """A key, a note, paths of tiles, and a log whose bundle and tile are the same bytes: entries of 30 behind their two
    bytes of length, 32 together as a hash has.
    """
    rows = [b"\x00\x1e" + bytes([at]) * 30 for at in range(LOG_SIZE)]
    key = b"\x01" + POINT  # of any 32 bytes
    number = sha256(ORIGIN.encode() + b"\n" + key).digest()[:4]
    line = f"\u2014 {ORIGIN} {b64encode(number + bytes(64)).decode()}"
    note = f"{ORIGIN}\n{LOG_SIZE}\n{b64encode(_root(rows)).decode()}\n\n{line}\n"
    yield f"{ORIGIN}+{number.hex()}+{b64encode(key).decode()}".encode()
    yield f"PRIVATE+KEY+{ORIGIN}+{number.hex()}+{b64encode(key).decode()}".encode()
    yield line.encode()
    yield note.encode()
    yield from (b"tile/0/x001/234.p/7", b"tile/entries/000", b"tile/7/x999/x999/999")
    yield note.encode() + b"\0" + b"".join(rows)


def _root(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, of hashes."""
    if len(leaves) == 1:
        return leaves[0]
    at = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + _root(leaves[:at]) + _root(leaves[at:])).digest()


def _points() -> Iterator[bytes]:
    """Points, alone and with scalars of 32 bytes behind them: as many as proofs of some sizes have."""
    one = (1).to_bytes(32, "little")
    yield from (POINT, POINT * 2, bytes(32) + POINT, POINT + one, POINT * 9 + one)
    for count in (9 + 2 * 3, 9 + 2 * 6, 9 + 2 * 7):
        yield POINT + POINT * (count - 5) + one * 5


SEEDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "command": _messages,
    "record": _bodies,
    "state": _states,
    "session": _sessions,
    "swift": _fin,
    "fix": _fix,
    "log": _logs,
    "zero": _points,
}

if __name__ == "__main__":
    sys.exit(main())
