"""From frames to readings: the code first, then the counter, then the payload; and devices that join."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tests.unit.gateways.lorawan.sensor import (
    ADDRESS,
    APPLICATION,
    EUI,
    GATEWAY,
    HERTZ,
    NETWORK,
    Sensor,
    join_request,
    packet,
    received,
    sensor_1_1,
)

from isthmus.gateways.lorawan import cipher, semtech
from isthmus.gateways.lorawan.devices import Device, read_devices
from isthmus.gateways.lorawan.door import Door
from isthmus.gateways.lorawan.fragments import FragmentLimits, cut
from isthmus.gateways.lorawan.frame import join_accept
from isthmus.gateways.lorawan.hedges import HedgeLimits, Hedges
from isthmus.gateways.lorawan.networks import Event
from isthmus.gateways.lorawan.plans import plan_of
from isthmus.gateways.lorawan.store import Store
from isthmus.gateways.lorawan.uplinks import Uplinks
from isthmus.kernel.errors import BadInput

S = 1_000_000_000
ROOT, OTHER_ROOT = bytes(range(16)), bytes(range(16, 32))
LIMITS = FragmentLimits(pieces=64, bytes=4_096, within_s=60, blocks=10)
OWN = Device(devaddr=f"{ADDRESS:08x}", nwkskey=NETWORK.hex(), appskey=APPLICATION.hex())

Make = Callable[..., Uplinks]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "lorawan.sqlite")
    yield made
    made.close()


@pytest.fixture
def make(store: Store) -> Make:
    """Uplinks over the test's store: made again, it is a restart."""
    return lambda device=OWN: Uplinks({EUI: device}, store, plan_of("EU868"), LIMITS, 0x13)


def test_a_frame_becomes_readings_once(make: Make) -> None:
    uplinks, heard = make(), Sensor().heard()
    first = uplinks.take(heard, S, GATEWAY)
    assert first.refused is None and [str(one.value) for one in first.readings] == ["27.2"]
    assert (first.readings[0].device, first.readings[0].source) == (EUI, f"{GATEWAY} 0")
    assert uplinks.take(heard, 2 * S, "another gateway").refused == "duplicate"
    assert uplinks.take(heard, 60 * S, GATEWAY).refused == "replayed"
    assert uplinks.counts == {"taken": 1, "duplicate": 1, "replayed": 1}


def test_what_was_taken_is_a_replay_after_a_restart_too(make: Make) -> None:
    sensor = Sensor(counter=5)
    heard = sensor.heard()
    assert make().take(heard, S, GATEWAY).refused is None
    again = make()
    assert again.take(heard, 2 * S, GATEWAY).refused == "replayed"
    assert again.take(sensor.heard(), 2 * S, GATEWAY).refused is None


def test_the_counter_goes_on_over_its_lower_half(make: Make) -> None:
    uplinks = make(msgspec.structs.replace(OWN, counter_start=65_530))
    sensor = Sensor(counter=65_535)
    assert uplinks.take(sensor.heard(), S, GATEWAY).refused is None
    assert uplinks.take(sensor.heard(), S, GATEWAY).refused is None
    assert sensor.counter == 65_537


def test_a_device_that_starts_anew_without_a_join_is_refused(make: Make) -> None:
    uplinks = make(msgspec.structs.replace(OWN, counter_start=200_000))
    assert uplinks.take(Sensor(counter=200_000).heard(), S, GATEWAY).refused is None
    assert uplinks.take(Sensor(counter=0).heard(), S, GATEWAY).refused == "reset"
    assert uplinks.take(Sensor(counter=200_000 + 20_000).heard(), S, GATEWAY).refused == "gap"


def test_the_code_goes_before_everything_else(make: Make) -> None:
    uplinks = make()
    forged = bytearray(Sensor(counter=9).frame(payload=b"\xff\xff"))
    forged[-1] ^= 1
    assert uplinks.take(received(bytes(forged)), S, GATEWAY).refused == "bad_mic"
    assert uplinks.take(Sensor(counter=3).heard(), S, GATEWAY).refused is None, "a forged counter moved nothing"
    assert uplinks.take(Sensor(address=1).heard(), S, GATEWAY).refused == "unknown_device"
    assert uplinks.take(received(b""), S, GATEWAY).refused == "malformed"
    assert uplinks.take(received(b"\x60" + bytes(11)), S, GATEWAY).refused == "not_an_uplink"
    assert uplinks.take(received(b"\xc0" + bytes(18)), S, GATEWAY).refused == "not_an_uplink"


def test_a_frame_of_1_1_must_have_come_at_the_rate_and_channel_that_it_says(make: Make) -> None:
    names = ("fnwksintkey", "snwksintkey", "nwksenckey")
    sensor = sensor_1_1()
    keys = dict(zip(names, (key.hex() for key in sensor.network), strict=True))
    uplinks = make(Device(version="1.1", devaddr=f"{ADDRESS:08x}", appskey=APPLICATION.hex(), **keys))
    elsewhere = msgspec.structs.replace(sensor.heard(), hertz=868_500_000)
    assert uplinks.take(elsewhere, S, GATEWAY).refused == "bad_mic"
    assert uplinks.take(sensor.heard(), S, GATEWAY).refused is None


def test_commands_and_empty_frames_move_the_counter_and_say_nothing(make: Make) -> None:
    uplinks, sensor = make(), Sensor()
    for parts in ({"payload": b"\x02", "port": 0}, {"payload": b"", "port": None}, {"payload": b"", "port": 2}):
        found = uplinks.take(sensor.heard(**parts), S, GATEWAY)
        assert (found.refused, found.readings, found.device) == (None, (), EUI)
    assert uplinks.take(sensor.heard(payload=b"\x02", port=0, options=b"\x02"), S, GATEWAY).refused == "malformed"


def test_a_payload_in_pieces_is_put_together(make: Make) -> None:
    uplinks, sensor = make(), Sensor()
    whole = bytes.fromhex("01670110027a0186a0") * 20
    outcomes = [uplinks.take(sensor.heard(payload=part, port=201), S, GATEWAY) for part in cut(whole, 40)]
    assert [len(one.readings) for one in outcomes] == [0, 0, 0, 0, 0, 40]
    assert uplinks.take(sensor.heard(payload=b"\x08\x01\x00x", port=201), S, GATEWAY).refused == "bad_fragment"
    assert uplinks.take(sensor.heard(payload=b"\x01", port=2), S, GATEWAY).refused == "bad_payload"


def test_events_of_a_network_server_count_once_and_an_old_session_never_comes_back(make: Make) -> None:
    uplinks = make()
    event = Event(EUI, "one", 4, 2, bytes.fromhex("01670110"), S)
    assert len(uplinks.take_event(event, S, "chirpstack").readings) == 1
    for counter in (4, 3):
        again = msgspec.structs.replace(event, counter=counter, at=9 * S)
        assert make().take_event(again, S, "chirpstack").refused == "replayed"
    joined = msgspec.structs.replace(event, session="two", counter=0, at=2 * S)
    assert uplinks.take_event(joined, S, "chirpstack").refused is None
    assert uplinks.take_event(msgspec.structs.replace(event, counter=5), S, "chirpstack").refused == "replayed"
    stranger = msgspec.structs.replace(event, device="ff" * 8)
    assert uplinks.take_event(stranger, S, "chirpstack").refused == "unknown_device"


def sensor_of_join(answer: bytes, nonce: int, newer: bool) -> Sensor:
    """What the device makes of a join accept."""
    accept = join_accept(answer[:1] + cipher.encrypted(ROOT, answer[1:]))
    on_air = (accept.join_nonce[::-1], nonce.to_bytes(2, "little"))
    if not newer:
        network, application = cipher.session_keys_of_1_0(ROOT, on_air[0], accept.net_id[::-1], on_air[1])
        return Sensor(address=accept.address, network=(network, network, network), application=application)
    pair = (ROOT, OTHER_ROOT)
    keys = cipher.session_keys_of_1_1(pair, on_air[0], bytes.fromhex("70b3d57ed0000000")[::-1], on_air[1])
    return Sensor(version="1.1", address=accept.address, network=keys[:3], application=keys[3])


@pytest.mark.parametrize("newer", [False, True])
def test_a_device_joins_and_its_new_session_takes_over_with_its_first_frame(make: Make, newer: bool) -> None:
    roots = {"appkey": OTHER_ROOT.hex(), "nwkkey": ROOT.hex()} if newer else {"appkey": ROOT.hex()}
    device = Device(version="1.1" if newer else "1.0", **roots)
    uplinks = make(device)
    sensors = []
    for nonce in (7, 8):
        outcome = uplinks.take(received(join_request(ROOT, nonce)), S, GATEWAY)
        assert outcome.refused is None and outcome.answer is not None
        sensors.append(sensor_of_join(outcome.answer, nonce, newer))
        if nonce == 7:
            assert uplinks.take(sensors[0].heard(), S, GATEWAY).refused is None
    older, fresh = sensors
    assert uplinks.take(older.heard(), S, GATEWAY).refused is None, "until the new one speaks, the old session holds"
    uplinks = make(device)
    assert uplinks.take(fresh.heard(), S, GATEWAY).refused is None
    assert uplinks.take(older.heard(), S, GATEWAY).refused == "unknown_device"
    for nonce in (8, 7):
        assert uplinks.take(received(join_request(ROOT, nonce)), S, GATEWAY).refused == "replayed"
    assert make(device).take(fresh.heard(), S, GATEWAY).refused is None


def test_who_may_not_join_is_not_answered(make: Make) -> None:
    uplinks = make(Device(appkey=ROOT.hex(), joineui="ff" * 8))
    assert uplinks.take(received(join_request(ROOT, 1)), S, GATEWAY).refused == "unknown_device"
    uplinks = make(Device(appkey=ROOT.hex()))
    assert uplinks.take(received(join_request(OTHER_ROOT, 1)), S, GATEWAY).refused == "bad_mic"
    assert uplinks.take(received(join_request(ROOT, 1, eui="11" * 8)), S, GATEWAY).refused == "unknown_device"
    assert make().take(received(join_request(ROOT, 1)), S, GATEWAY).refused == "unknown_device"


def test_joins_that_never_speak_do_not_pile_up(make: Make, store: Store) -> None:
    uplinks = make(Device(appkey=ROOT.hex()))
    for nonce in range(20):
        uplinks.take(received(join_request(ROOT, nonce)), S, GATEWAY)
    assert len(store.sessions()) == 1


async def nothing(*_: object) -> str:
    return "ord-1"


def door_of(uplinks: Uplinks, store: Store) -> Door:
    hedges = Hedges({}, store, nothing, HedgeLimits(intents_per_day=1, stale_s=60), lambda: S)
    return Door(uplinks, hedges, frozenset({GATEWAY}), plan_of("EU868"), lambda: S)


def test_the_door_answers_known_gateways_only(make: Make, store: Store) -> None:
    door, sender = door_of(make(), store), ("127.0.0.1", 9)
    push = semtech.push(2, b"ab", GATEWAY, [packet(Sensor().frame())])
    assert door.take(push, sender) == [(b"\x02ab\x01", sender)]
    assert door.take(semtech.push(2, b"ab", "00" * 8, [packet(Sensor(counter=1).frame())]), sender) == []
    assert door.take(b"nonsense", sender) == []
    state = door.state()
    assert state["counts"] == {"bad_datagram": 1, "taken": 1, "unknown_gateway": 1} and state["waiting"] == 1


def test_a_join_accept_goes_back_by_the_gateway_five_seconds_later(make: Make, store: Store) -> None:
    door, sender = door_of(make(Device(appkey=ROOT.hex())), store), ("127.0.0.1", 9)
    asked = packet(join_request(ROOT, 1), tmst=4_294_967_295)
    door.take(semtech.push(2, b"ab", GATEWAY, [asked]), sender)
    assert door.state()["refusals"][0].refused == "no_way_back"
    assert door.take(semtech.pull(2, b"cd", GATEWAY), ("127.0.0.1", 10)) == [(b"\x02cd\x04", ("127.0.0.1", 10))]
    asked = packet(join_request(ROOT, 2), tmst=4_294_967_295)
    acknowledged, (order, to) = door.take(semtech.push(2, b"ab", GATEWAY, [asked]), sender)
    assert acknowledged[0] == b"\x02ab\x01" and to == ("127.0.0.1", 10) and order[3] == semtech.PULL_RESP
    told = msgspec.json.decode(order[4:])["txpk"]
    assert (told["tmst"], told["freq"], told["datr"]) == (4_999_999, HERTZ / 1_000_000, "SF9BW125")


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ('devaddr = "26011bda"', "nwkskey"),
        ('version = "1.1"\nnwkskey = "' + "00" * 16 + '"', "nwkskey"),
        ('version = "1.1"\nappkey = "' + "00" * 16 + '"', "nwkkey"),
        ('appkey = "0"', "appkey"),
        ('speed = "1"', "speed"),
    ],
)
def test_a_device_that_is_not_whole_is_refused_by_its_key(tmp_path: Path, table: str, field: str) -> None:
    path = tmp_path / "devices.toml"
    path.write_text(f"[devices.{EUI}]\n{table}\n")
    with pytest.raises(BadInput) as refused:
        read_devices(path)
    assert refused.value.field is not None and refused.value.field.endswith(field)
