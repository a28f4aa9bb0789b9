"""FIX of the hot tier for Python: messages as views, dictionaries, splitting and encoding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus._core import FixDictionary, FixMalformed, FixMessage, FixPart, fix_encode, fix_split

HEADER: list[tuple[int, int | str | bytes]] = [
    (34, 2), (49, "A"), (52, "20260101-00:00:00.000"), (56, "B"),
]  # fmt: skip
ORDER: list[tuple[int, int | str | bytes]] = [
    (11, "ID"), (55, "INTC"), (54, "1"), (60, "20260101-00:00:00"), (38, 200), (40, "1"),
]  # fmt: skip
PARTIES: list[tuple[int, int | str | bytes]] = [
    (453, 2), (448, "P"), (447, "D"), (452, 1), (802, 2), (523, "a"), (803, 1), (523, "b"), (448, "Q"),
]  # fmt: skip
FIX44 = FixDictionary.standard("FIX.4.4")


def order(*more: tuple[int, int | str | bytes]) -> FixMessage:
    return FixMessage(fix_encode("FIX.4.4", "D", [*HEADER, *ORDER, *more]), FIX44)


def test_a_message_is_read_by_tag() -> None:
    message = order()
    assert (message.msg_type, message.seq_num, message.get(11), message[55]) == ("D", 2, "ID", "INTC")
    assert (message.raw(38), message.get(9999), 54 in message, 999 in message) == (b"200", None, True, False)
    assert len(message) == len(list(message)) == 4 + 4 + 6
    assert next(iter(message)) == (8, b"FIX.4.4")
    assert message.data.endswith(b"\x01") and "35=D|" in repr(message)
    with pytest.raises(KeyError):
        message[9999]


def test_groups_are_seen_instance_by_instance() -> None:
    message = order(*PARTIES)
    first, second = message.group(453)
    assert [part[523] for part in first.group(802)] == ["a", "b"]
    assert (first.get(452), second.get(452), second.group(802)) == ("1", None, [])
    assert message.get(448) is None, "it belongs to the group"
    assert list(second) == [(448, b"Q")]
    assert type(first) is FixPart


def test_a_group_needs_a_dictionary_and_a_count() -> None:
    with pytest.raises(ValueError, match="without a dictionary"):
        FixMessage(order(*PARTIES).data).group(453)
    with pytest.raises(ValueError, match="11 counts nothing"):
        order().group(11)


def test_a_dictionary_tells_the_first_breach() -> None:
    assert FIX44.check(order(*PARTIES)) is None
    assert FIX44.check(order((41, "x"), (5000, "x"))) == (2, 41, "Tag not defined for this message type")
    assert FIX44.check(order((59, "9"))) == (5, 59, "Value is incorrect (out of range) for this tag")
    unknown = FixMessage(fix_encode("FIX.4.4", "*", HEADER))
    assert FIX44.check(unknown) == (11, None, "Invalid MsgType")
    assert FIX44.with_user_defined().check(order((5000, "x"))) is None


def test_a_dictionary_knows_names() -> None:
    assert (FIX44.name(11), FIX44.tag("ClOrdID"), FIX44.message_name("8")) == ("ClOrdID", 11, "ExecutionReport")
    assert (FIX44.name(1), FIX44.name(5000), FIX44.tag("Nothing"), FIX44.message_name("*")) == (
        "Account",
        None,
        None,
        None,
    )
    fixt = FixDictionary.standard("FIX.5.0SP2")
    assert (fixt.version, fixt.begin_string) == ("FIX.5.0SP2", "FIXT.1.1")
    with pytest.raises(ValueError, match=r"FIX\.9"):
        FixDictionary.standard("FIX.9")
    with pytest.raises(ValueError, match="root element"):
        FixDictionary.from_xml("<fox/>")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"8=FIX.4.4\x019=5\x0135=0\x01", "not whole"),
        (b"8=FIX.4.4\x019=5\x0135=0\x0110=000\x01", "CheckSum"),
        (b"8=FIX.4.4\x019=5\x0135=0\x0110=163\x01x", "bytes follow"),
        (b"GET / HTTP/1.1\r\n", "BeginString"),
        (b"8=FIX.4.4\x019=7\x0135=0\x01x\x0110=030\x01", "field 4 at byte"),
    ],
)
def test_bytes_that_are_no_message_are_refused_by_what_is_wrong(data: bytes, why: str) -> None:
    with pytest.raises(FixMalformed, match=why):
        FixMessage(data)


def test_a_stream_is_split_at_messages() -> None:
    one, two = order().data, order((58, "x")).data
    assert fix_split(one + two + one[:20]) == ([one, two], len(one + two), [])
    messages, done, garbled = fix_split(b"noise" + one)
    assert (messages, done, len(garbled)) == ([one], 5 + len(one), 1)


def test_data_fields_carry_any_byte() -> None:
    data = fix_encode("FIX.4.4", "B", [(95, 3), (96, b"a\x01b")])
    assert FixMessage(data).raw(96) == b"a\x01b"
    for fields, why in [
        ([(95, 2), (96, b"a\x01b")], "95: is not the length of 96"),
        ([(95, 3), (58, b"x")], "95: its data field does not follow"),
        ([(95, 3)], "95: its data field does not follow"),
        ([(58, b"a\x01b")], "58 has SOH"),
        ([(58, "")], "58 has no value"),
        ([(10, "000")], "10 is not a tag to be set"),
    ]:
        with pytest.raises(ValueError, match=why):
            fix_encode("FIX.4.4", "B", fields)  # type: ignore[arg-type]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x01\x00"), min_size=1)


@given(st.lists(st.tuples(st.integers(5_000, 9_999), TEXTS)), st.binary())
def test_what_is_written_reads_back(fields: list[tuple[int, str]], behind: bytes) -> None:
    data = fix_encode("FIXT.1.1", "U1", fields)
    (message,), _, _ = fix_split(data)
    assert message == data
    read = [(tag, value.decode()) for tag, value in FixMessage(message)][3:-1]
    assert read == fields
    assert fix_split(data + behind)[0][0] == data


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4))
def test_no_changed_bytes_break_the_reader(changes: list[tuple[int, int]]) -> None:
    body = bytearray(order(*PARTIES).data[:-7])
    for place, byte in changes:
        body[place % len(body)] = byte
    data = bytes(body) + b"10=%03d\x01" % (sum(body) % 256)
    try:
        message = FixMessage(data, FIX44)
    except FixMalformed:
        return
    breach = FIX44.check(message)
    assert breach is None or breach[0] in {0, 1, 2, 4, 5, 6, 11, 13, 14, 15, 16}
    assert b"".join(b"%d=%s\x01" % field for field in message) == data
