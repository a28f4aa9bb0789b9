"""What LoRaWAN computes with AES-128: message codes (MIC), key streams, join messages, session keys.

Sources: LoRaWAN 1.0.4 (TS001-1.0.4) sections 4.3.3, 4.4, 6.2; LoRaWAN 1.1 sections 4.3.1.6, 4.3.3, 4.4, 6.1.1, 6.2,
with the errata on the use of FCntDwn in the FOpts key stream (2018). Numbers lie in blocks least byte first.
Directions: 0 up, 1 down. Keys are 16 bytes; whoever calls checks that.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

UP, DOWN = 0, 1
BLOCK = 16
KEY_BYTES = 16
MIC_BYTES = 4
JOIN_REQUEST_TYPE = 0xFF
"""JoinReqType of an answer to a join request; an answer to a rejoin request has that request's type, 0 to 2."""


def cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC (RFC 4493), 16 bytes."""
    made = CMAC(algorithms.AES(key))
    made.update(message)
    return made.finalize()


def encrypted(key: bytes, blocks: bytes) -> bytes:
    """AES, block by block: the devices have no other direction."""
    forward = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 (LoRaWAN makes key streams of blocks)
    return forward.update(blocks) + forward.finalize()


def decrypted(key: bytes, blocks: bytes) -> bytes:
    """The reverse of `encrypted`: servers write join accepts with it."""
    back = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305 (as above)
    return back.update(blocks) + back.finalize()


def data_mic(key: bytes, message: bytes, counter: int, direction: int, confirmed: int = 0) -> bytes:
    """The code of a data message (MHDR to FRMPayload) in 1.0, either way, and in 1.1 downwards, where `confirmed` is
    the counter of the confirmed message that it acknowledges, 0 for none. 4 bytes.
    """
    return cmac(key, _code_block(message, counter, direction, (confirmed, 0, 0)) + message)[:MIC_BYTES]


def uplink_mic(keys: tuple[bytes, bytes], message: bytes, counter: int, confirmed: int, sent: tuple[int, int]) -> bytes:
    """The code of an uplink of 1.1: half by SNwkSIntKey, which knows `confirmed` and the rate and channel it was `sent`
    at, half by FNwkSIntKey, which a visited network has. `keys` are (FNwkSIntKey, SNwkSIntKey).
    """
    forwarding, serving = keys
    inner = cmac(serving, _code_block(message, counter, UP, (confirmed, *sent)) + message)
    outer = cmac(forwarding, _code_block(message, counter, UP, (0, 0, 0)) + message)
    return inner[:2] + outer[:2]


def _code_block(message: bytes, counter: int, direction: int, about: tuple[int, int, int]) -> bytes:
    """B0, or B1 where `about` (confirmed counter, rate, channel) is not all 0. The device address is bytes 1 to 4 of
    every message.
    """
    confirmed, rate, channel = about
    context = (confirmed & 0xFFFF).to_bytes(2, "little") + bytes((rate, channel, direction))
    return b"\x49" + context + message[1:5] + counter.to_bytes(4, "little") + bytes((0, len(message)))


def payload_stream(key: bytes, address: int, counter: int, direction: int, data: bytes) -> bytes:
    """FRMPayload, either way: what was plain comes out closed, what was closed plain."""
    head = bytes((1, 0, 0, 0, 0, direction)) + address.to_bytes(4, "little") + counter.to_bytes(4, "little") + b"\0"
    blocks = b"".join(head + bytes((number,)) for number in range(1, -(-len(data) // BLOCK) + 1))
    return _mixed(data, encrypted(key, blocks)) if data else b""


def options_stream(key: bytes, place: tuple[int, int, int], data: bytes, own_counter: bool) -> bytes:
    """FOpts of 1.1, either way. `place`: address, counter, direction. `own_counter`: the counter is AFCntDown, that of
    a downlink with a port above 0.
    """
    address, counter, direction = place
    head = bytes((1, 0, 0, 0, 2 if own_counter else 1, direction))
    block = head + address.to_bytes(4, "little") + counter.to_bytes(4, "little") + b"\0\x01"
    return _mixed(data, encrypted(key, block))


def _mixed(data: bytes, stream: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(data, stream, strict=False))


def join_accept_code(key: bytes, message: bytes, asked: bytes = b"") -> bytes:
    """The code of a plain join accept (MHDR to CFList). `asked` is empty in 1.0; with OptNeg it is JoinReqType,
    JoinEUI, DevNonce as they were on the air, and the key JSIntKey. 4 bytes.
    """
    return cmac(key, asked + message)[:MIC_BYTES]


def session_keys_of_1_0(app_key: bytes, join_nonce: bytes, net_id: bytes, dev_nonce: bytes) -> tuple[bytes, bytes]:
    """(NwkSKey, AppSKey). Nonces and NetID as on the air. TS001-1.0.4, 6.2.5."""
    rest = join_nonce + net_id + dev_nonce
    return _derived(app_key, 1, rest), _derived(app_key, 2, rest)


def session_keys_of_1_1(
    keys: tuple[bytes, bytes], join_nonce: bytes, join_eui: bytes, dev_nonce: bytes
) -> tuple[bytes, bytes, bytes, bytes]:
    """(FNwkSIntKey, SNwkSIntKey, NwkSEncKey, AppSKey) with OptNeg, of (NwkKey, AppKey). 1.1, section 6.1.1.3."""
    network, application = keys
    rest = join_nonce + join_eui + dev_nonce
    return (
        _derived(network, 1, rest),
        _derived(network, 3, rest),
        _derived(network, 4, rest),
        _derived(application, 2, rest),
    )


def join_server_keys(network_key: bytes, dev_eui: bytes) -> tuple[bytes, bytes]:
    """(JSIntKey, JSEncKey). `dev_eui` as on the air. 1.1, section 6.1.1.3."""
    return _derived(network_key, 6, dev_eui), _derived(network_key, 5, dev_eui)


def _derived(key: bytes, number: int, rest: bytes) -> bytes:
    return encrypted(key, (bytes((number,)) + rest).ljust(BLOCK, b"\0"))
