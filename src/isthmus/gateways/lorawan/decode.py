"""Rows of frames with keys, for `isthmus lorawan decode`: what each frame says, whether its code is right, its payload.

Nothing is raised for what a row holds: a frame or key that cannot be read is told in `error`, which names the part.
"""

from __future__ import annotations

import hmac
from typing import Any

from isthmus.gateways.lorawan import cipher
from isthmus.gateways.lorawan.cipher import DOWN, JOIN_REQUEST_TYPE, KEY_BYTES
from isthmus.gateways.lorawan.frame import (
    DATA_TYPES,
    JOIN_ACCEPT,
    JOIN_REQUEST,
    KINDS,
    OPTNEG,
    PROPRIETARY,
    DataFrame,
    JoinAccept,
    Malformed,
    check_join_accept,
    conflict,
    data_frame,
    join_accept,
    join_request,
    kind_of,
    rejoin,
)

Row = dict[str, Any]
COUNTER_HALF_MAX = 0xFFFF


def decoded(row: Row) -> Row:
    """The answer to one row; every key is there."""
    answer: Row = {"id": row.get("id"), "mic_ok": None, "fields": None, "plaintext": None, "error": None}
    answer |= {"kind": None, "decrypted": None, "fopts_plain": None, "expected_mic": None}
    try:
        frame = _bytes(row, "phy")
        if frame is None:
            raise Malformed("phy", "is missing")
        kind = kind_of(frame)
        answer["kind"] = KINDS[kind]
        if kind in DATA_TYPES:
            _data(row, frame, answer)
        elif kind == PROPRIETARY:
            answer["fields"] = {"mtype": kind, "major": frame[0] & 3}
        else:
            {JOIN_REQUEST: _join_request, JOIN_ACCEPT: _join_accept}.get(kind, _rejoin)(row, frame, answer)
    except Malformed as fault:
        answer["error"] = str(fault)
    return answer


def _data(row: Row, phy: bytes, answer: Row) -> None:
    frame = data_frame(phy)
    answer["fields"] = {
        "mtype": frame.kind,
        "major": phy[0] & 3,
        "devaddr": f"{frame.address:08x}",
        "adr": bool(frame.bits & 0x80),
        "adrackreq": bool(frame.bits & 0x40),
        "ack": frame.acknowledges,
        "fpending": bool(frame.bits & 0x10),
        "fcnt16": frame.counter,
        "fopts": frame.options.hex(),
        "fport": frame.port,
        "frmpayload": frame.payload.hex(),
        "mic": frame.mic.hex(),
    }
    counter = _number(row, "fcnt_high16", COUNTER_HALF_MAX) << 16 | frame.counter
    expected = _data_code(row, frame, phy[:-4], counter)
    _judge(answer, expected, frame.mic)
    if (fault := conflict(frame)) is not None:
        raise fault
    if answer["mic_ok"] is False:
        return
    _open(row, frame, counter, answer)


def _data_code(row: Row, frame: DataFrame, message: bytes, counter: int) -> bytes | None:
    """The code that the frame should have; None without the keys for it."""
    if not _is_1_1(row):
        key = _key(row, "nwkskey")
        return cipher.data_mic(key, message, counter, frame.direction) if key is not None else None
    confirmed = _number(row, "conf_fcnt", COUNTER_HALF_MAX) if frame.acknowledges else 0
    serving, forwarding = _key(row, "snwksintkey"), _key(row, "fnwksintkey")
    if frame.direction == DOWN:
        return cipher.data_mic(serving, message, counter, DOWN, confirmed) if serving is not None else None
    if serving is None or forwarding is None:
        return None
    sent = (_number(row, "tx_dr", 0xFF), _number(row, "tx_ch", 0xFF))
    return cipher.uplink_mic((forwarding, serving), message, counter, confirmed, sent)


def _open(row: Row, frame: DataFrame, counter: int, answer: Row) -> None:
    """Payload and options. Port 0 is the network's, so that AppSKey never opens it."""
    network = _key(row, "nwksenckey") if _is_1_1(row) else _key(row, "nwkskey")
    key = network if frame.port == 0 else _key(row, "appskey")
    if key is not None and frame.port is not None:
        plain = cipher.payload_stream(key, frame.address, counter, frame.direction, frame.payload)
        answer["plaintext"] = plain.hex()
    if not _is_1_1(row):
        answer["fopts_plain"] = frame.options.hex()
    elif network is not None:
        own = frame.direction == DOWN and bool(frame.port)
        options = cipher.options_stream(network, (frame.address, counter, frame.direction), frame.options, own)
        answer["fopts_plain"] = options.hex()


def _is_1_1(row: Row) -> bool:
    """As the row says, else by the keys that only 1.1 has."""
    said = row.get("version")
    if said is not None and (not isinstance(said, str) or not said.startswith(("1.0", "1.1"))):
        told = repr(said[:20]) if isinstance(said, str) else "what is no text"
        raise Malformed("version", f"{told} is neither 1.0 nor 1.1")
    return said.startswith("1.1") if said else any(row.get(name) for name in ("snwksintkey", "fnwksintkey"))


def _join_request(row: Row, phy: bytes, answer: Row) -> None:
    asked = join_request(phy)
    answer["fields"] = {
        "mtype": JOIN_REQUEST,
        "joineui": asked.join_eui.hex(),
        "deveui": asked.dev_eui.hex(),
        "devnonce": asked.dev_nonce.hex(),
    }
    key = _first_key(row, "nwkkey", "appkey")
    _judge(answer, cipher.cmac(key, phy[:-4])[:4] if key is not None else None, asked.mic)


def _join_accept(row: Row, phy: bytes, answer: Row) -> None:
    """An answer to a rejoin request is closed with JSEncKey, any other with NwkKey (1.0: AppKey)."""
    check_join_accept(phy)
    again = _number(row, "joinreqtype", 0xFF, JOIN_REQUEST_TYPE) != JOIN_REQUEST_TYPE
    key = _join_server_key(row, 1, "jsenckey") if again else None
    key = key if key is not None else _first_key(row, "nwkkey", "appkey")
    if key is None:
        return
    opened = phy[:1] + cipher.encrypted(key, phy[1:])
    clear = not _is_coded(row, opened) and _is_coded(row, phy)  # opened before: only its own code can say so
    plain = phy if clear else opened
    accept = join_accept(plain)
    answer["decrypted"] = None if clear else opened.hex()
    answer["fields"] = {
        "joinnonce": accept.join_nonce.hex(),
        "netid": accept.net_id.hex(),
        "devaddr": f"{accept.address:08x}",
        "dlsettings": accept.settings,
        "rxdelay": accept.delay,
        "cflist": accept.channels.hex(),
    }
    _judge(answer, _accept_code(row, plain[:-4], accept), accept.mic)
    if answer["mic_ok"] is None:
        raise Malformed("joineui, devnonce", "are needed for the code of a join accept with OptNeg")


def _is_coded(row: Row, plain: bytes) -> bool:
    accept = join_accept(plain)
    return _accept_code(row, plain[:-4], accept) == accept.mic


def _accept_code(row: Row, message: bytes, accept: JoinAccept) -> bytes | None:
    """None where OptNeg asks for what the row has not. To a device of 1.0 (no nonce in its row) the bit is nothing."""
    eui, nonce = _bytes(row, "joineui", 8), _bytes(row, "devnonce", 2)
    plain_key = _first_key(row, "nwkkey", "appkey")
    known = eui is not None and nonce is not None
    if not accept.settings & OPTNEG or (not known and not _is_1_1(row)):
        return cipher.join_accept_code(plain_key, message) if plain_key is not None else None
    key = _join_server_key(row, 0, "jsintkey")
    key = key if key is not None else plain_key
    if key is None or eui is None or nonce is None:
        return None
    asked = bytes((_number(row, "joinreqtype", 0xFF, JOIN_REQUEST_TYPE),)) + eui[::-1] + nonce[::-1]
    return cipher.join_accept_code(key, message, asked)


def _rejoin(row: Row, phy: bytes, answer: Row) -> None:
    """Types 0 and 2 are coded with SNwkSIntKey, type 1 with JSIntKey (1.1, 6.2.4)."""
    asked = rejoin(phy)
    to = "joineui" if asked.type == 1 else "netid"
    count = "rjcount1" if asked.type == 1 else "rjcount0"
    answer["fields"] = {
        "mtype": phy[0] >> 5,
        "rejointype": asked.type,
        to: asked.to.hex(),
        "deveui": asked.dev_eui.hex(),
        count: asked.counter,
    }
    known = row if row.get("deveui") else row | {"deveui": asked.dev_eui.hex()}
    key = _join_server_key(known, 0, "jsintkey") if asked.type == 1 else _key(row, "snwksintkey")
    key = key if key is not None else _first_key(row, "nwkskey", "appkey")
    _judge(answer, cipher.cmac(key, phy[:-4])[:4] if key is not None else None, asked.mic)


def _join_server_key(row: Row, which: int, name: str) -> bytes | None:
    """The key named, else derived of NwkKey where the row has the DevEUI."""
    if (key := _key(row, name)) is not None:
        return key
    network, eui = _key(row, "nwkkey"), _bytes(row, "deveui", 8)
    return cipher.join_server_keys(network, eui[::-1])[which] if network is not None and eui is not None else None


def _judge(answer: Row, expected: bytes | None, found: bytes) -> None:
    if expected is not None:
        answer["mic_ok"] = hmac.compare_digest(expected, found)
        answer["expected_mic"] = expected.hex()


def _first_key(row: Row, *names: str) -> bytes | None:
    return next((key for name in names if (key := _key(row, name)) is not None), None)


def _key(row: Row, name: str) -> bytes | None:
    return _bytes(row, name, KEY_BYTES)


def _bytes(row: Row, name: str, length: int | None = None) -> bytes | None:
    """Hexadecimal text; of a fixed length also a whole number. Raises Malformed."""
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and length is not None and 0 <= value < 1 << 8 * length:
        return value.to_bytes(length, "big")
    try:
        found = bytes.fromhex(value) if isinstance(value, str) and value.isascii() and " " not in value else None
    except ValueError:
        found = None
    if found is None or (length is not None and len(found) != length):
        raise Malformed(name, "is no hexadecimal text" + (f" of {length} bytes" if length is not None else ""))
    return found


def _number(row: Row, name: str, most: int, default: int = 0) -> int:
    value = row.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise Malformed(name, f"is no whole number from 0 to {most}")
    return value
