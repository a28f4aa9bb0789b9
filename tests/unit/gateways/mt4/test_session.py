"""A connection of the bridge, byte by byte and document by document."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.gateways.keys import Identity
from isthmus.gateways.mt4.codec import answer_of, document_of, request_of
from isthmus.gateways.mt4.messages import BridgeAnswer, BridgeOrder, Cancel, Logon, Query
from isthmus.gateways.mt4.session import STOPS_MAX, Frames, FrameTooLong, Session, frame_of
from isthmus.gateways.problems import Refusal
from isthmus.gateways.xmlguard.stops import Stopped

WHO = Identity(user=1, name="bridge", role="client", account=16, session=1)
ORDER = BridgeOrder("50012345", "TKT-1", "EURUSD", "SELL", "0.10", "LIMIT", "1.0850", None, "DAY", "R&D <b")
LOGON = document_of(Logon("IKKEY", "secret"))


def _known(key: str, secret: str) -> Identity:
    if (key, secret) != ("IKKEY", "secret"):
        raise Refusal(401, "unauthenticated", "the key or its secret is wrong")
    return WHO


@pytest.mark.parametrize("request_", [ORDER, Cancel("1", "T"), Query("1", "T"), Logon("IK", "a-_b")])
def test_a_request_is_the_same_after_a_document(request_: BridgeOrder | Cancel | Query | Logon) -> None:
    assert request_of(document_of(request_)) == request_


def test_an_answer_is_the_same_after_a_document() -> None:
    answer = BridgeAnswer("T", "FILLED", "ord-7", "0.1", "0.1", "1.08500", None, "a & b")
    assert answer_of(document_of(answer)) == answer


@given(st.lists(st.binary(max_size=40), max_size=5), st.integers(1, 7))
def test_documents_are_whole_however_their_bytes_arrive(documents: list[bytes], size: int) -> None:
    data = b"".join(map(frame_of, documents))
    frames = Frames()
    found = [document for at in range(0, len(data), size) for document in frames.take(data[at : at + size])]
    assert found == documents


def test_a_frame_beyond_the_limit_ends_the_reading() -> None:
    with pytest.raises(FrameTooLong):
        Frames().take(b"\xff\xff\xff\xff")


def test_nothing_is_asked_before_the_logon() -> None:
    session = Session(_known)
    answer = session.take(document_of(ORDER))
    assert isinstance(answer, BridgeAnswer)
    assert (answer.reason, session.closed) == ("not_logged_on", True)


def test_a_wrong_secret_closes() -> None:
    session = Session(_known)
    answer = session.take(document_of(Logon("IKKEY", "wrong")))
    assert isinstance(answer, BridgeAnswer)
    assert (answer.reason, session.closed) == ("unauthenticated", True)


def test_after_the_logon_requests_go_on_to_the_desk() -> None:
    session = Session(_known)
    assert session.take(LOGON) == BridgeAnswer("", "LOGGED_ON")
    assert session.take(document_of(ORDER)) == ORDER
    assert not session.closed


def test_a_connection_that_is_stopped_too_often_is_closed() -> None:
    session = Session(_known)
    session.take(LOGON)
    for number in range(STOPS_MAX + 1):
        assert not session.closed
        answer = session.take(b"<!DOCTYPE x>" + b" " * number)
        assert isinstance(answer, BridgeAnswer)
        assert (answer.rule, answer.place) == ("doctype", "1:1")
    assert session.closed


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_a_stop(data: bytes) -> None:
    with contextlib.suppress(Stopped):
        request_of(data)
