"""Frames with keys in, fields, code and payload out: published frames, frames made by the standard, broken ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gateways.lorawan.sensor import ADDRESS, APPLICATION, NETWORK, Sensor, sensor_1_1

from isthmus.gateways.lorawan import cipher, frame
from isthmus.gateways.lorawan.decode import decoded
from isthmus.gateways.lorawan.frame import DataFrame, JoinAccept, Malformed

KEYS_1_0 = {"nwkskey": NETWORK.hex(), "appskey": APPLICATION.hex()}
KEYS_1_1 = {
    "fnwksintkey": "02" * 15 + "03",
    "snwksintkey": "02" * 16,
    "nwksenckey": "02" * 15 + "04",
    "appskey": "01" * 16,
    "conf_fcnt": 1,
    "tx_dr": 2,
    "tx_ch": 3,
}
ANSWERS = ("mic_ok", "expected_mic", "fields", "plaintext", "decrypted")


def test_every_shared_frame_is_decoded(test_data: Path) -> None:
    rows = [
        msgspec.json.decode(line)
        for line in (test_data / "protocols/lorawan/vectors.jsonl").read_bytes().split(b"\n")
        if line
    ]
    assert rows
    for row in rows:
        answer = decoded({name: value for name, value in row.items() if name not in ANSWERS})
        if row["kind"] == "malformed":
            assert answer["error"] and not answer["mic_ok"]
        else:
            assert answer["error"] is None
            assert {name: answer[name] for name in ANSWERS if name in row} == {
                name: row[name] for name in ANSWERS if name in row
            }


# Values of the test suites of brocaar/lorawan and anthonykirby/lora-packet (both MIT).
@pytest.mark.parametrize(
    ("phy", "keys", "plaintext", "options"),
    [
        ("400403020180010001a69464261576 12366a".replace(" ", ""), KEYS_1_1, b"hello".hex(), ""),
        ("4004030201a0010001a694642615f842c4b9", KEYS_1_1, b"hello".hex(), ""),
        ("6004030201030000dfb4f1e24f1f9f", KEYS_1_1, None, "020701"),
        (
            "600403020103000022ac0a01f0b468ddaa5ed13a",
            {
                "snwksintkey": "01" * 15 + "00",
                "nwksenckey": "01" * 14 + "0200",
                "appskey": bytes(range(16, 0, -1)).hex(),
            },
            "01020304",
            "020701",
        ),
        ("400403020100000000f7ded3cc995ea7", KEYS_1_1, "020305", ""),
        (
            "400403020103000002030501 6a3798f5b64dc039".replace(" ", ""),
            {"nwkskey": "01" * 16, "appskey": "01" * 16},
            "01020304",
            "020305",
        ),
        ("40d4c3b2a1001000002712a3f9c9", {"nwkskey": "a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4"}, "02", ""),
    ],
)
def test_published_data_frames(phy: str, keys: dict[str, Any], plaintext: str | None, options: str) -> None:
    answer = decoded({"phy": phy, **keys})
    assert (answer["mic_ok"], answer["error"]) == (True, None)
    assert (answer["plaintext"], answer["fopts_plain"]) == (plaintext, options)


def test_published_join_accepts_of_1_0_and_1_1() -> None:
    key = bytes(range(1, 17)).hex()
    older = decoded({"phy": "2023cf335489aae3 183c0be0baa8dee5f3".replace(" ", ""), "appkey": key})
    assert (older["mic_ok"], older["fields"]["joinnonce"], older["fields"]["dlsettings"]) == (True, "010101", 0)
    row = {"phy": "207abeea06b02920f11c02d0348fcf1815", "appkey": key}
    newer = decoded(row | {"joineui": "0807060504030201", "devnonce": "0102"})
    assert (newer["mic_ok"], newer["fields"]["dlsettings"], newer["expected_mic"]) == (True, 128, "93ff9a3a")
    assert decoded(row)["mic_ok"] is False, "without its nonce the frame's code is not the one of 1.0"
    missing = decoded(row | {"version": "1.1"})
    assert missing["mic_ok"] is None and missing["error"].startswith("joineui, devnonce")


def test_a_join_accept_that_was_opened_before_is_known_by_its_code() -> None:
    row = {"appkey": "98929b92c49edba9676d646d3b612456"}
    clear = decoded(row | {"phy": "20386337ccbbaae7cd2c010000d9d0a6e7"})
    assert (clear["mic_ok"], clear["decrypted"], clear["error"]) == (True, None, None)
    assert (clear["fields"]["netid"], clear["fields"]["devaddr"]) == ("aabbcc", "012ccde7")
    assert decoded(row | {"phy": "20386337ccbbaae7cd2c010000d9d0a6e8"})["mic_ok"] is False


def test_published_rejoin_requests() -> None:
    second = decoded({"phy": "c0020302010807060504030201db003c8642ae", "snwksintkey": "00" * 16})
    assert second["mic_ok"] and second["fields"] == {
        "mtype": 6,
        "rejointype": 2,
        "netid": "010203",
        "deveui": "0102030405060708",
        "rjcount0": 219,
    }
    first = decoded({"phy": "c0010807060504030201100f0e0d0c0b0a09db00eac31072", "jsintkey": "00" * 16})
    assert first["mic_ok"] and (first["fields"]["joineui"], first["fields"]["rjcount1"]) == ("0102030405060708", 219)


def test_a_proprietary_frame_has_a_header_only() -> None:
    answer = decoded({"id": "x", "phy": "e005060708090a01020304"})
    assert answer["fields"] == {"mtype": 7, "major": 0} and answer["error"] is None and answer["mic_ok"] is None


def test_port_0_is_never_opened_with_the_application_key() -> None:
    raw = Sensor().frame(payload=b"\x02", port=0)
    assert decoded({"phy": raw.hex(), **KEYS_1_0})["plaintext"] == "02"
    assert decoded({"phy": raw.hex(), "appskey": APPLICATION.hex()})["plaintext"] is None


def test_a_wrong_key_is_a_wrong_code_and_opens_nothing() -> None:
    raw = Sensor().frame()
    answer = decoded({"phy": raw.hex(), **KEYS_1_0, "nwkskey": "ff" * 16})
    assert (answer["mic_ok"], answer["plaintext"], answer["error"]) == (False, None, None)
    assert answer["fields"]["devaddr"] == f"{ADDRESS:08x}"


def test_the_upper_half_of_the_counter_is_in_code_and_payload() -> None:
    sensor = Sensor(counter=3 * 65_536 + 7)
    row = {"phy": sensor.frame(payload=b"test").hex(), **KEYS_1_0}
    assert decoded(row)["mic_ok"] is False
    right = decoded(row | {"fcnt_high16": 3})
    assert (right["mic_ok"], right["plaintext"], right["fields"]["fcnt16"]) == (True, b"test".hex(), 7)


def test_options_beside_commands_in_the_payload_are_refused() -> None:
    answer = decoded({"phy": Sensor().frame(payload=b"\x02", port=0, options=b"\x02").hex(), **KEYS_1_0})
    assert answer["error"] == "fopts: stand beside a payload of port 0" and answer["plaintext"] is None


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({}, "phy: is missing"),
        ({"phy": ""}, "phy: is empty"),
        ({"phy": "zz"}, "phy: is no hexadecimal text"),
        ({"phy": 7}, "phy: is no hexadecimal text"),
        ({"phy": "41"}, "major: 1 is not 0, LoRaWAN R1"),
        ({"phy": "40" * 256}, "phy: has 256 bytes, at most 255"),
        ({"phy": "40da1b01260f000000000000"}, "fopts: 15 bytes are announced, 0 are there"),
        ({"phy": "00" * 22}, "phy: has 22 bytes, a join request 23"),
        ({"phy": "20" + "00" * 17}, "phy: has 18 bytes, a join accept 17 or 33"),
        ({"phy": "c0"}, "rejointype: is missing"),
        ({"phy": "c007" + "00" * 17}, "rejointype: 7 is none of 0, 1, 2"),
        ({"phy": "c001" + "00" * 17}, "phy: has 19 bytes, a rejoin request of type 1 24"),
        ({"phy": "40da1b012600000000000000", "nwkskey": "00"}, "nwkskey: is no hexadecimal text of 16 bytes"),
        ({"phy": "40da1b012600000000000000", "fcnt_high16": 65_536}, "fcnt_high16: is no whole number from 0 to 65535"),
        ({"phy": "40da1b012600000000000000", "version": "2"}, "version: '2' is neither 1.0 nor 1.1"),
    ],
)
def test_what_cannot_be_read_is_named(row: dict[str, Any], error: str) -> None:
    answer = decoded(row)
    assert answer["error"] == error and not answer["mic_ok"] and answer["plaintext"] is None


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=40)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
NAMES = ("phy", "version", "fcnt_high16", "conf_fcnt", "tx_dr", "tx_ch", "joineui", "devnonce", "joinreqtype", "deveui")


@given(st.dictionaries(st.sampled_from((*NAMES, *KEYS_1_1, "nwkskey", "appkey", "nwkkey")), JSON, max_size=4))
def test_no_row_breaks_the_decoder(change: dict[str, Any]) -> None:
    for row in ({"phy": Sensor().frame().hex(), **KEYS_1_0}, {"phy": "207abeea06b02920f11c02d0348fcf1815"}):
        answer = decoded(row | change)
        assert answer["error"] is not None or answer["kind"] is not None


def test_a_frame_cut_at_any_length_is_told_or_has_a_wrong_code() -> None:
    whole = Sensor().frame(payload=bytes(40), options=b"\x02\x03")
    for length in range(len(whole)):
        answer = decoded({"phy": whole[:length].hex(), **KEYS_1_0})
        assert answer["error"] or answer["mic_ok"] is False


@given(
    payload=st.binary(max_size=200),
    port=st.integers(1, 223),
    options=st.binary(max_size=15),
    counter=st.integers(0, 2**32 - 1),
    newer=st.booleans(),
)
def test_what_a_sensor_sends_is_what_is_read(
    payload: bytes, port: int, options: bytes, counter: int, newer: bool
) -> None:
    sensor = sensor_1_1() if newer else Sensor()
    sensor.counter = counter
    keys: dict[str, Any] = dict(KEYS_1_0)
    if newer:
        names = ("fnwksintkey", "snwksintkey", "nwksenckey")
        keys = dict(zip(names, (key.hex() for key in sensor.network), strict=True))
        keys |= {"appskey": APPLICATION.hex(), "tx_dr": 3, "tx_ch": 1}
    answer = decoded({"phy": sensor.frame(payload, port, options).hex(), "fcnt_high16": counter >> 16, **keys})
    assert answer["mic_ok"] and answer["plaintext"] == payload.hex()
    assert (answer["fields"]["fport"], answer["fields"]["fopts"]) == (port, options.hex())


@given(raw=st.binary(max_size=300), keys=st.sampled_from([{}, KEYS_1_0, KEYS_1_1, {"appkey": "00" * 16}]))
def test_no_bytes_break_the_decoder(raw: bytes, keys: dict[str, Any]) -> None:
    answer = decoded({"phy": raw.hex(), **keys})
    assert answer["error"] or answer["fields"] or answer["kind"] == "join_accept"


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7), newer=st.booleans())
def test_one_flipped_bit_is_found(place: int, bit: int, newer: bool) -> None:
    sensor = sensor_1_1() if newer else Sensor()
    raw = bytearray(sensor.frame(payload=bytes(30)))
    raw[place % len(raw)] ^= 1 << bit
    keys = KEYS_1_0
    if newer:
        keys = dict(zip(("fnwksintkey", "snwksintkey"), (key.hex() for key in sensor.network), strict=False))
        keys |= {"tx_dr": 3, "tx_ch": 1}  # type: ignore[dict-item]
    answer = decoded({"phy": bytes(raw).hex(), **keys})
    assert answer["error"] or not answer["mic_ok"]


def test_options_stream_of_a_downlink_depends_on_which_counter_it_is() -> None:
    own = cipher.options_stream(NETWORK, (ADDRESS, 5, cipher.DOWN), b"\x02", own_counter=True)
    network = cipher.options_stream(NETWORK, (ADDRESS, 5, cipher.DOWN), b"\x02", own_counter=False)
    assert own != network


def test_a_join_accept_with_channels_is_put_together_and_taken_apart() -> None:
    accept = JoinAccept(b"\x01\x02\x03", b"\x00\x00\x13", ADDRESS, 0x12, 5, bytes(range(16)))
    message = frame.join_accept_message(accept)
    closed = message[:1] + cipher.decrypted(NETWORK, message[1:] + cipher.join_accept_code(NETWORK, message))
    answer = decoded({"phy": closed.hex(), "appkey": NETWORK.hex()})
    assert answer["mic_ok"] and answer["fields"] == {
        "joinnonce": "010203",
        "netid": "000013",
        "devaddr": f"{ADDRESS:08x}",
        "dlsettings": 0x12,
        "rxdelay": 5,
        "cflist": bytes(range(16)).hex(),
    }


def test_a_message_whose_parts_do_not_fit_is_not_made() -> None:
    blank = DataFrame(frame.UNCONFIRMED_UP, ADDRESS, 0, 0, b"", 1, b"")
    for field, value in (("options", bytes(16)), ("payload", bytes(250)), ("port", None)):
        wrong = msgspec.structs.replace(blank, **({"payload": b"1"} | {field: value}))
        with pytest.raises(Malformed):
            frame.data_message(wrong)
