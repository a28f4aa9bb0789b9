"""Counters, fragments, payloads, datagrams and events, each by itself."""

from __future__ import annotations

import base64
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.gateways.lorawan.sensor import GATEWAY, packet

from isthmus.gateways.lorawan import networks, semtech
from isthmus.gateways.lorawan.counters import COUNTER_MAX, GAP_MAX, candidates
from isthmus.gateways.lorawan.fragments import FRAGMENT, BadFragment, FragmentLimits, Fragments, cut
from isthmus.gateways.lorawan.networks import BadEvent
from isthmus.gateways.lorawan.plans import plan_of
from isthmus.gateways.lorawan.readings import BadPayload, readings
from isthmus.gateways.lorawan.semtech import BadDatagram

LIMITS = FragmentLimits(pieces=64, bytes=4_096, within_s=60, blocks=3)
S = 1_000_000_000


@given(last=st.integers(0, COUNTER_MAX - GAP_MAX), step=st.integers(1, GAP_MAX))
def test_a_counter_that_goes_up_within_the_gap_is_found_whole(last: int, step: int) -> None:
    found = {one.counter: one.refused for one in candidates(last, (last + step) & 0xFFFF)}
    assert found[last + step] is None
    assert all(refused for counter, refused in found.items() if counter != last + step)


@given(last=st.integers(0, COUNTER_MAX), back=st.integers(0, 65_535))
def test_a_counter_that_was_there_is_never_taken(last: int, back: int) -> None:
    counter = max(0, last - back)
    taken = [one.counter for one in candidates(last, counter & 0xFFFF) if one.refused is None]
    assert all(one > last for one in taken)
    assert ("replayed", counter) in [(one.refused, one.counter) for one in candidates(last, counter & 0xFFFF)]


def test_too_wide_a_gap_a_reset_and_the_end_of_all_counters_are_refused() -> None:
    assert [one.refused for one in candidates(None, GAP_MAX + 1)] == ["gap"]
    assert next(one.refused for one in candidates(10, 11 + GAP_MAX)) == "gap"
    assert ("reset", 0) in [(one.refused, one.counter) for one in candidates(200_000, 0)]
    assert all(one.refused for one in candidates(COUNTER_MAX, 0))


@given(payload=st.binary(min_size=1, max_size=600), size=st.integers(10, 200), data=st.data())
def test_a_block_comes_together_in_any_order(payload: bytes, size: int, data: st.DataObject) -> None:
    setup, *pieces = cut(payload, size, index=2)
    fragments = Fragments(LIMITS)
    assert fragments.take("a", setup, 0) is None
    order = data.draw(st.permutations(pieces))
    found = [fragments.take("a", piece, 1) for piece in order]
    assert found[-1] == payload and found[:-1] == [None] * (len(pieces) - 1) and fragments.under_way == 0


def test_a_piece_that_contradicts_an_earlier_one_drops_the_block() -> None:
    setup, first, _ = cut(bytes(20), 10)
    fragments = Fragments(LIMITS)
    fragments.take("a", setup, 0)
    fragments.take("a", first, 0)
    assert fragments.take("a", first, 0) is None, "the same piece again is no harm"
    with pytest.raises(BadFragment, match="came twice and differs"):
        fragments.take("a", first[:-1] + b"\xff", 0)
    with pytest.raises(BadFragment, match="no block 0 was announced"):
        fragments.take("a", first, 0)


def test_blocks_have_a_time_and_a_number() -> None:
    fragments = Fragments(LIMITS)
    for device in "abc":
        fragments.take(device, cut(bytes(20), 10)[0], 0)
    with pytest.raises(BadFragment, match="3 blocks are under way"):
        fragments.take("d", cut(bytes(20), 10)[0], 0)
    with pytest.raises(BadFragment, match="its time is over"):
        fragments.take("a", cut(bytes(20), 10)[1], 60 * S)
    assert fragments.under_way == 0


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("", "is empty"),
        ("02000100", "has 4 bytes, not 11"),
        ("0200000010000000000000", "0 fragments, 1 to 64"),
        ("0200410010000000000000", "65 fragments, 1 to 64"),
        ("0200400000000000000000", "of 0 bytes"),
        ("02004000ff000000000000", "at most 4096 bytes"),
        ("0200400010001000000000", "padding of 16 bytes"),
        ("08", "has no number"),
        ("08010000", "no block 0 was announced"),
        ("7f", "neither FragSessionSetupReq nor DataFragment"),
    ],
)
def test_a_payload_that_is_no_piece_says_why(payload: str, reason: str) -> None:
    with pytest.raises(BadFragment, match=reason):
        Fragments(LIMITS).take("a", bytes.fromhex(payload), 0)


def test_coded_pieces_and_pieces_of_another_length_are_refused() -> None:
    fragments = Fragments(LIMITS)
    fragments.take("a", cut(bytes(20), 10)[0], 0)
    with pytest.raises(BadFragment, match="fragment 3 of 2: coded"):
        fragments.take("a", bytes((FRAGMENT, 3, 0)) + bytes(10), 0)
    with pytest.raises(BadFragment, match="has 9 bytes, 10 were announced"):
        fragments.take("a", bytes((FRAGMENT, 1, 0)) + bytes(9), 0)


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_no_pieces_break_the_fragments_or_grow_without_bound(payloads: list[bytes]) -> None:
    fragments = Fragments(LIMITS)
    for number, payload in enumerate(payloads):
        with suppress(BadFragment):
            fragments.take(str(number % 5), payload, number)
        assert fragments.under_way <= LIMITS.blocks


def test_cayenne_payloads_are_exact() -> None:
    # the first three are the examples of the format's own page
    found = readings(
        bytes.fromhex("03670110 056700ff 01880 6765f f2960a 0003e8 09 7a fffe0c 07 68 50".replace(" ", "")), "d", 5, "s"
    )
    assert [(one.channel, one.kind, one.value, one.unit) for one in found if one.kind != "location"] == [
        (3, "temperature", Decimal("27.2"), "°C"),
        (5, "temperature", Decimal("25.5"), "°C"),
        (9, "weight", Decimal("-0.500"), "kg"),
        (7, "humidity", Decimal("40.0"), "%"),
    ]
    assert found[2].place == (Decimal("42.3519"), Decimal("-87.9094"), Decimal("10.00"))
    assert readings(b"", "d", 5, "s") == []
    assert readings(bytes.fromhex("06710 4d2fb2e0000".replace(" ", "")), "d", 5, "s") == [], "axes are read past"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("01", "byte 0: a channel without a type"),
        ("016701", "byte 2: 1 of 2 bytes of type 103"),
        ("01ff00", "byte 1: type 255 is unknown"),
        ("0167011001", "byte 4"),
        ("01887fffff00000000 0000".replace(" ", ""), "is no place on earth"),
    ],
)
def test_a_payload_that_is_cut_or_unknown_gives_no_reading_at_all(payload: str, reason: str) -> None:
    with pytest.raises(BadPayload, match=reason):
        readings(bytes.fromhex(payload), "d", 5, "s")


@given(st.binary(max_size=250))
def test_no_payload_breaks_the_readings(payload: bytes) -> None:
    with suppress(BadPayload):
        found = readings(payload, "d", 5, "s")
        assert all(one.value is not None or one.place is not None for one in found)


def test_a_datagram_of_a_gateway_is_read_and_acknowledged() -> None:
    raw = semtech.push(2, b"\x01\x02", GATEWAY, [packet(b"\x40\x01")])
    heard = semtech.datagram(raw)
    assert (heard.eui, heard.kind, semtech.acknowledged(heard)) == (GATEWAY, semtech.PUSH_DATA, b"\x02\x01\x02\x01")
    frames, broken = semtech.received(heard.body)
    assert broken == 0 and (frames[0].frame, frames[0].hertz, frames[0].rate) == (b"\x40\x01", 868_300_000, "SF9BW125")
    pulled = semtech.datagram(semtech.pull(1, b"ab", GATEWAY))
    assert semtech.acknowledged(pulled) == b"\x01ab\x04"


def test_frames_whose_radio_check_failed_or_whose_bytes_are_wrong_are_left_out() -> None:
    bad = [packet(b"\x40", stat=-1), packet(b"\x40", stat=0), packet(b"\x40", size=2), packet(b"\x40", data="&&")]
    frames, broken = semtech.received(msgspec.json.encode({"rxpk": [*bad, packet(b"\x41")]}))
    assert ([one.frame for one in frames], broken) == ([b"\x41"], 4)
    assert semtech.received(b'{"stat":{"rxnb":2}}') == ([], 0)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x02\x00\x00\x00", b"\x03" + bytes(11), b"\x02\x00\x00\x01" + bytes(8), b"\x02\x00\x00\x09" + bytes(8)],
)
def test_what_is_no_gateways_datagram_is_refused(raw: bytes) -> None:
    with pytest.raises(BadDatagram):
        semtech.datagram(raw)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"rxpk":{}}',
        b'{"rxpk":[{}]}',
        b"\xff",
        b"[" * 100000,
        msgspec.json.encode({"rxpk": [{"data": ""}] * 65}),
        msgspec.json.encode({"rxpk": [{"data": "a" * 401}]}),
    ],
)
def test_json_of_another_shape_is_refused(body: bytes) -> None:
    with pytest.raises(BadDatagram):
        semtech.received(body)


@given(st.binary(max_size=200))
def test_no_datagram_breaks_the_codec(raw: bytes) -> None:
    for read in (semtech.datagram, semtech.received):
        with suppress(BadDatagram):
            read(raw)


CHIRPSTACK: dict[str, Any] = {
    "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
    "time": "2026-07-18T09:34:15.775023242+00:00",
    "deviceInfo": {
        "tenantName": "ChirpStack",
        "deviceName": "reefer 7",
        "devEui": "0004A30B001C0530",
        "tags": {"k": "v"},
    },
    "devAddr": "00189440",
    "dr": 1,
    "fCnt": 4,
    "fPort": 2,
    "data": base64.b64encode(b"\x01\x67\x01\x10").decode(),
    "rxInfo": [{"gatewayId": GATEWAY, "rssi": -48}],
    "txInfo": {"frequency": 868500000},
}
THINGS: dict[str, Any] = {
    "end_device_ids": {"device_id": "reefer-7", "dev_eui": "0004A30B001C0530", "dev_addr": "00BCB929"},
    "received_at": "2026-07-12T15:15:45.787Z",
    "uplink_message": {
        "session_key_id": "AXA50tHUOMYBXPyf7VVcbg==",
        "f_port": 2,
        "f_cnt": 7,
        "frm_payload": "AWcBEA==",
        "decoded_payload": {"temperature_1": 27.2},
        "received_at": "2026-07-12T15:15:45.527Z",
    },
}


def test_events_of_both_network_servers_are_read() -> None:
    first = networks.chirpstack(msgspec.json.encode(CHIRPSTACK))
    assert (first.device, first.session, first.counter, first.port) == ("0004a30b001c0530", "00189440", 4, 2)
    assert first.payload == b"\x01\x67\x01\x10" and first.at % S == 775_023_242
    second = networks.things_stack(msgspec.json.encode(THINGS))
    assert (second.session, second.counter, second.payload) == ("AXA50tHUOMYBXPyf7VVcbg==", 7, first.payload)


def test_what_protobuf_json_leaves_out_is_zero() -> None:
    event = {name: value for name, value in CHIRPSTACK.items() if name not in ("fCnt", "fPort", "data")}
    found = networks.chirpstack(msgspec.json.encode(event))
    assert (found.counter, found.port, found.payload) == (0, 0, b"")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"time": "yesterday"}, "time"),
        ({"fCnt": 2**32}, "fCnt"),
        ({"data": "&"}, "data"),
        ({"deviceInfo": {"devEui": "1"}}, "devEui"),
    ],
)
def test_an_event_of_another_shape_names_the_field(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadEvent, match=reason):
        networks.chirpstack(msgspec.json.encode(CHIRPSTACK | change))


@given(st.binary(max_size=100), st.sampled_from(sorted(networks.SERVERS)), st.integers(0, 400))
def test_no_body_breaks_the_events(noise: bytes, server: str, place: int) -> None:
    whole = msgspec.json.encode(CHIRPSTACK if server == "chirpstack" else THINGS)
    for body in (noise, whole[:place] + noise + whole[place:], whole[:place]):
        with suppress(BadEvent):
            networks.SERVERS[server](body)


def test_plans_number_rates_and_channels() -> None:
    europe = plan_of("EU868", (867_100_000,))
    assert (europe.rate("SF7BW125"), europe.channel(867_100_000), europe.channel(869_000_000)) == (5, 3, None)
    assert europe.answer_at(868_100_000, "SF12BW125") == (868_100_000, "SF12BW125")
    america = plan_of("US915")
    assert (america.channel(902_300_000), america.channel(914_200_000)) == (0, 71)
    assert america.answer_at(902_500_000, "SF10BW125") == (923_900_000, "SF10BW500")
    assert america.answer_at(1, "SF10BW125") is None
