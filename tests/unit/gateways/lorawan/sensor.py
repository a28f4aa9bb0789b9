"""The device's side of LoRaWAN: makes frames as a sensor does, with the codec's own ciphers."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from isthmus.gateways.lorawan import cipher, frame
from isthmus.gateways.lorawan.frame import DataFrame, JoinRequest
from isthmus.gateways.lorawan.semtech import Received

ADDRESS = 0x26011BDA
EUI = "0004a30b001c0530"
GATEWAY = "b827ebfffe000001"
HERTZ, RATE = 868_300_000, "SF9BW125"
NETWORK = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
APPLICATION = bytes.fromhex("f0e0d0c0b0a090807060504030201000")
FORWARDING, SERVING, CLOSING = (bytes([number] * 16) for number in (3, 2, 4))
TEMPERATURE = bytes.fromhex("01670110")
"""27.2 degrees on channel 1."""


class Sensor(msgspec.Struct, kw_only=True):
    """A device that has its session; `counter` is the next frame's."""

    version: str = "1.0"
    address: int = ADDRESS
    network: tuple[bytes, bytes, bytes] = (NETWORK, NETWORK, NETWORK)
    application: bytes = APPLICATION
    counter: int = 0

    def frame(self, payload: bytes = TEMPERATURE, port: int | None = 2, options: bytes = b"", bits: int = 0) -> bytes:
        """The next frame."""
        counter, self.counter = self.counter, self.counter + 1
        key = self.network[2] if port == 0 else self.application
        closed = cipher.payload_stream(key, self.address, counter, cipher.UP, payload)
        data = DataFrame(frame.UNCONFIRMED_UP, self.address, bits, counter & 0xFFFF, options, port, closed)
        message = frame.data_message(data)
        if self.version == "1.0":
            return message + cipher.data_mic(self.network[0], message, counter, cipher.UP)
        return message + cipher.uplink_mic(self.network[:2], message, counter, 0, (3, 1))

    def heard(self, **parts: Any) -> Received:
        """The next frame as a gateway heard it."""
        return received(self.frame(**parts))


def sensor_1_1() -> Sensor:
    return Sensor(version="1.1", network=(FORWARDING, SERVING, CLOSING))


def received(raw: bytes) -> Received:
    return Received(raw, HERTZ, RATE, 1_000_000)


def packet(raw: bytes, **more: Any) -> dict[str, Any]:
    """An rxpk of a packet forwarder."""
    data = base64.b64encode(raw).decode()
    radio = {"tmst": 3512348611, "chan": 1, "rfch": 0, "freq": 868.3, "stat": 1, "modu": "LORA", "datr": RATE}
    return {**radio, "codr": "4/5", "lsnr": 5.1, "rssi": -35, "size": len(raw), "data": data, **more}


def join_request(root: bytes, nonce: int, eui: str = EUI, join_eui: str = "70b3d57ed0000000") -> bytes:
    asked = JoinRequest(bytes.fromhex(join_eui), bytes.fromhex(eui), nonce.to_bytes(2, "big"))
    message = frame.join_request_message(asked)
    return message + cipher.cmac(root, message)[:4]
