"""Devices that join over the air: a join request in, a session and a join accept out.

Sources: LoRaWAN 1.0.4 section 6.2 and 1.1 section 6.2: a nonce counts once (in 1.1 each is above the one before), and a
new session takes over with its first frame. Rejoin requests of 1.1 are not served.
"""

from __future__ import annotations

import hmac

from isthmus.gateways.lorawan import cipher
from isthmus.gateways.lorawan.devices import Device, session_of
from isthmus.gateways.lorawan.frame import OPTNEG, JoinAccept, JoinRequest, join_accept_message
from isthmus.gateways.lorawan.store import Session, Store

JOIN_NONCE_MAX = 1 << 24
ACCEPT_DELAY_US = 5_000_000
"""JOIN_ACCEPT_DELAY1: the device listens this long after its request."""


class JoinRefused(ValueError):
    """The request is not answered. `reason` is a stable word."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Joins:
    """`net_id`: 24 bits, ours."""

    def __init__(self, devices: dict[str, Device], store: Store, net_id: int) -> None:
        self._devices = devices
        self._store = store
        self._net_id = net_id

    def take(self, asked: JoinRequest, raw: bytes, at: int) -> tuple[Session, bytes]:
        """The session that the request begins, and the frame that answers it. Raises JoinRefused."""
        eui = asked.dev_eui.hex()
        device = self._devices.get(eui)
        if device is None or not device.appkey:
            raise JoinRefused("unknown_device", f"{eui} may not join")
        if device.joineui and device.joineui.lower() != asked.join_eui.hex():
            raise JoinRefused("unknown_device", f"{eui} asks for another join server, {asked.join_eui.hex()}")
        root = bytes.fromhex(device.nwkkey or device.appkey)
        if not hmac.compare_digest(cipher.cmac(root, raw[:-4])[:4], asked.mic):
            raise JoinRefused("bad_mic", f"join request of {eui}")
        nonce = int.from_bytes(asked.dev_nonce, "big")
        if not self._store.use_nonce(eui, nonce, rising=device.version == "1.1"):
            raise JoinRefused("replayed", f"{eui} used the nonce {nonce} before")
        number = self._store.join(eui, at)
        if number >= JOIN_NONCE_MAX:
            raise JoinRefused("exhausted", "no join nonce is left")
        return self._accepted(eui, asked, device, number)

    def _accepted(self, eui: str, asked: JoinRequest, device: Device, number: int) -> tuple[Session, bytes]:
        accept = JoinAccept(
            join_nonce=number.to_bytes(3, "big"),
            net_id=self._net_id.to_bytes(3, "big"),
            address=(self._net_id & 0x3F) << 25 | number,
            settings=OPTNEG if device.version == "1.1" else 0,
            delay=1,
            channels=b"",
        )
        message = join_accept_message(accept)
        nonces = (accept.join_nonce[::-1], asked.dev_nonce[::-1])
        root = bytes.fromhex(device.nwkkey or device.appkey)
        if device.version == "1.0":
            network, application = cipher.session_keys_of_1_0(root, nonces[0], accept.net_id[::-1], nonces[1])
            keys = [network, network, network, application]
            code = cipher.join_accept_code(root, message)
        else:
            pair = (root, bytes.fromhex(device.appkey))
            keys = list(cipher.session_keys_of_1_1(pair, nonces[0], asked.join_eui[::-1], nonces[1]))
            integrity, _ = cipher.join_server_keys(root, asked.dev_eui[::-1])
            said = bytes((cipher.JOIN_REQUEST_TYPE,)) + asked.join_eui[::-1] + nonces[1]
            code = cipher.join_accept_code(integrity, message, said)
        closed = message[:1] + cipher.decrypted(root, message[1:] + code)
        return session_of(eui, device.version, accept.address, keys), closed
