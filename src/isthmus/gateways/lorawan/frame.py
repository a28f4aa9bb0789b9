"""A frame as it was on the air (PHYPayload), taken apart and put together. Nothing here knows a key.

Sources: LoRaWAN 1.0.4 sections 4 and 6.2, LoRaWAN 1.1 sections 4 and 6.2. Addresses and EUIs are given most significant
byte first, as people write them; on the air they go the other way.
"""

from __future__ import annotations

import msgspec

from isthmus.gateways.lorawan.cipher import BLOCK, DOWN, MIC_BYTES, UP

JOIN_REQUEST, JOIN_ACCEPT, UNCONFIRMED_UP, UNCONFIRMED_DOWN, CONFIRMED_UP, CONFIRMED_DOWN, REJOIN, PROPRIETARY = range(
    8
)
DATA_TYPES = (UNCONFIRMED_UP, UNCONFIRMED_DOWN, CONFIRMED_UP, CONFIRMED_DOWN)
KINDS = ("join_request", "join_accept", "data", "data", "data", "data", "rejoin_request", "proprietary")

FRAME_BYTES_MAX = 255
"""The length of a message is one byte of the block that its code is made of, and of the radio's header."""
DATA_BYTES_MIN = 12
JOIN_REQUEST_BYTES = 23
JOIN_ACCEPT_BYTES = (17, 33)
REJOIN_BYTES = {0: 19, 1: 24, 2: 19}
OPTIONS_MAX = 15
OPTNEG = 0x80


class Malformed(ValueError):
    """The bytes are no frame of this kind. `field` names the part."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class DataFrame(msgspec.Struct, frozen=True):
    """A data message. `counter` is the lower half of the 32-bit counter; `port` is None where there is none. Of `bits`
    0x80 is ADR, 0x40 ADRACKReq (up), 0x20 ACK, 0x10 FPending (down) or Class B (up).
    """

    kind: int
    address: int
    bits: int
    counter: int
    options: bytes
    port: int | None
    payload: bytes
    mic: bytes = b""

    @property
    def direction(self) -> int:
        """UP or DOWN."""
        return UP if self.kind in (UNCONFIRMED_UP, CONFIRMED_UP) else DOWN

    @property
    def acknowledges(self) -> bool:
        """ACK."""
        return bool(self.bits & 0x20)


class JoinRequest(msgspec.Struct, frozen=True):
    """8, 8 and 2 bytes."""

    join_eui: bytes
    dev_eui: bytes
    dev_nonce: bytes
    mic: bytes = b""


class JoinAccept(msgspec.Struct, frozen=True):
    """A join accept in the clear. `settings` is DLSettings, of which 0x80 (OptNeg) says 1.1; `channels` is CFList, 0 or
    16 bytes.
    """

    join_nonce: bytes
    net_id: bytes
    address: int
    settings: int
    delay: int
    channels: bytes
    mic: bytes = b""


class Rejoin(msgspec.Struct, frozen=True):
    """A rejoin request of 1.1: types 0 and 2 carry the NetID (3 bytes), type 1 the JoinEUI (8) in `to`."""

    type: int
    to: bytes
    dev_eui: bytes
    counter: int
    mic: bytes = b""


def kind_of(frame: bytes) -> int:
    """The message type. Raises Malformed for an empty or too long frame, or another major version."""
    if not frame:
        raise Malformed("phy", "is empty")
    if len(frame) > FRAME_BYTES_MAX:
        raise Malformed("phy", f"has {len(frame)} bytes, at most {FRAME_BYTES_MAX}")
    if frame[0] & 3 and frame[0] >> 5 != PROPRIETARY:
        raise Malformed("major", f"{frame[0] & 3} is not 0, LoRaWAN R1")
    return frame[0] >> 5


def data_frame(frame: bytes) -> DataFrame:
    """Raises Malformed. Options beside commands in the payload (port 0) are told by `conflict`."""
    if len(frame) < DATA_BYTES_MIN:
        raise Malformed("phy", f"has {len(frame)} bytes, a data message {DATA_BYTES_MIN} at least")
    length = frame[5] & 0x0F
    start, end = 8 + length, len(frame) - MIC_BYTES
    if start > end:
        raise Malformed("fopts", f"{length} bytes are announced, {end - 8} are there")
    return DataFrame(
        kind=frame[0] >> 5,
        address=int.from_bytes(frame[1:5], "little"),
        bits=frame[5] & 0xF0,
        counter=int.from_bytes(frame[6:8], "little"),
        options=frame[8:start],
        port=frame[start] if start < end else None,
        payload=frame[start + 1 : end],
        mic=frame[end:],
    )


def conflict(frame: DataFrame) -> Malformed | None:
    """Commands may stand in options or payload, not in both (1.0.4, 4.3.1.6): such a message is to be dropped."""
    if frame.port == 0 and frame.options:
        return Malformed("fopts", "stand beside a payload of port 0")
    return None


def data_message(frame: DataFrame) -> bytes:
    """MHDR to FRMPayload: what the code is made of. Raises Malformed where the parts do not fit."""
    if len(frame.options) > OPTIONS_MAX:
        raise Malformed("fopts", f"has {len(frame.options)} bytes, at most {OPTIONS_MAX}")
    if frame.port is None and frame.payload:
        raise Malformed("fport", "is missing where there is a payload")
    head = bytes((frame.kind << 5,)) + frame.address.to_bytes(4, "little")
    head += bytes((frame.bits & 0xF0 | len(frame.options),)) + (frame.counter & 0xFFFF).to_bytes(2, "little")
    made = head + frame.options + (b"" if frame.port is None else bytes((frame.port,)) + frame.payload)
    if len(made) + MIC_BYTES > FRAME_BYTES_MAX:
        raise Malformed("frmpayload", f"makes a frame longer than {FRAME_BYTES_MAX} bytes")
    return made


def join_request(frame: bytes) -> JoinRequest:
    """Raises Malformed."""
    if len(frame) != JOIN_REQUEST_BYTES:
        raise Malformed("phy", f"has {len(frame)} bytes, a join request {JOIN_REQUEST_BYTES}")
    return JoinRequest(frame[8:0:-1], frame[16:8:-1], frame[18:16:-1], frame[19:])


def join_request_message(asked: JoinRequest) -> bytes:
    """MHDR to DevNonce."""
    return bytes((JOIN_REQUEST << 5,)) + asked.join_eui[::-1] + asked.dev_eui[::-1] + asked.dev_nonce[::-1]


def check_join_accept(frame: bytes) -> None:
    """Raises Malformed. The rest of it is closed until somebody decrypts it."""
    if len(frame) not in JOIN_ACCEPT_BYTES:
        lengths = " or ".join(str(length) for length in JOIN_ACCEPT_BYTES)
        raise Malformed("phy", f"has {len(frame)} bytes, a join accept {lengths}")
    assert (len(frame) - 1) % BLOCK == 0


def join_accept(plain: bytes) -> JoinAccept:
    """Of a decrypted frame, MHDR to MIC. Raises Malformed."""
    check_join_accept(plain)
    return JoinAccept(
        join_nonce=plain[3:0:-1],
        net_id=plain[6:3:-1],
        address=int.from_bytes(plain[7:11], "little"),
        settings=plain[11],
        delay=plain[12],
        channels=plain[13:-4],
        mic=plain[-4:],
    )


def join_accept_message(accept: JoinAccept) -> bytes:
    """MHDR to CFList, in the clear."""
    head = bytes((JOIN_ACCEPT << 5,)) + accept.join_nonce[::-1] + accept.net_id[::-1]
    return head + accept.address.to_bytes(4, "little") + bytes((accept.settings, accept.delay)) + accept.channels


def rejoin(frame: bytes) -> Rejoin:
    """Raises Malformed."""
    kind = frame[1] if len(frame) > 1 else None
    if kind is None or kind not in REJOIN_BYTES:
        raise Malformed("rejointype", "is missing" if kind is None else f"{kind} is none of 0, 1, 2")
    if len(frame) != REJOIN_BYTES[kind]:
        raise Malformed("phy", f"has {len(frame)} bytes, a rejoin request of type {kind} {REJOIN_BYTES[kind]}")
    cut = 10 if kind == 1 else 5
    return Rejoin(
        kind, frame[cut - 1 : 1 : -1], frame[cut + 7 : cut - 1 : -1], int.from_bytes(frame[-6:-4], "little"), frame[-4:]
    )
