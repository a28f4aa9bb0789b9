"""What the board shows of ceremonies is the holders' own word, or is not said to be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from isthmus.app.keys_house import House
from isthmus.app.keys_reads import CeremonyReads
from isthmus.audit.entry_log import entries
from isthmus.audit.keys.asks import Roster, Terms
from isthmus.audit.keys.ceremony import Failed, NotYet
from isthmus.audit.keys.policy import Limit, Policy
from isthmus.audit.keys.record import DONE, FAILED, WAITING, Board, Entry, Shown, board
from isthmus.audit.keys.requests import Head, Withdrawal, request_id
from isthmus.audit.keys.statement import Said, heard
from isthmus.engine.proofs import Checkpoint

ORIGIN = "isthmus.local/drill/journal"
HEAD = Head(Checkpoint(ORIGIN, 3, bytes(32)).text())
OTHER = Head(Checkpoint(ORIGIN, 3, b"\x01" * 32).text())
HEADS = Terms("heads", "ed25519", "head", 3, 2, Policy((ORIGIN,), by_code=False))
PAYMENTS = Terms("payments", "ed25519", "withdrawal", 3, 2, Policy(("GB33",), {"GBP": Limit("10", "10")}, delay_s=1))
OWED = Withdrawal("GBP", "1", "GB33", "WD-2", "BUKBGB22")
PAID = Withdrawal("GBP", "9", "GB33", "WD-1", "BUKBGB22")
Change = Callable[[Entry], Entry]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Three holders who made two keys, signed a head, refused another, wait for approvals, and made new shares."""
    made = House(tmp_path_factory.mktemp("house"), 3)
    try:
        coordinator, lines = made.coordinator()
        for terms in (HEADS, PAYMENTS):
            coordinator.create(terms)
        made.kill(2)
        coordinator.sign("heads", HEAD, 0.0)
        made.start(2)
        coordinator.sign("heads", HEAD, 0.0)
        with pytest.raises(Failed, match="forked"):
            coordinator.sign("heads", OTHER, 0.0)
        with pytest.raises(NotYet):
            coordinator.sign("payments", PAID, 0.0)
        made.approve(1, "payments", request_id("payments", PAID))
        with pytest.raises(NotYet):
            coordinator.sign("payments", PAID, 0.0)
        with pytest.raises(NotYet):
            coordinator.sign("payments", OWED, 0.0)
        for me in (2, 3):
            made.approve(me, "payments", request_id("payments", OWED))
        coordinator.sign("payments", OWED, 10.0)
        coordinator.refresh("heads")
        lines.close()
        yield made
    finally:
        made.stop()


def shown(house: House, roster: Roster | None = None, change: Change | None = None) -> Board:
    """The board of the log, of which somebody changed each entry before he signed it."""
    told = [Entry.parse(raw) for raw in entries(house.data)]
    return board([(change(one) if change else one).raw() for one in told], roster or house.roster)


def ended(found: Board, kind: str, state: str, key: str = "heads") -> Shown:
    return next(one for one in found.ceremonies if (one.kind, one.state, one.key) == (kind, state, key))


def test_whoever_took_part_attests_what_came_of_it(house: House) -> None:
    found = shown(house)
    assert ended(found, "generate", DONE).attested == [1, 2, 3]
    assert ended(found, "refresh", DONE).attested == [1, 2, 3]
    assert ended(found, "sign", DONE).attested == [1, 2]
    assert ended(found, "sign", DONE, "payments").attested == [2, 3]
    assert ended(found, "sign", FAILED).attested == [1, 2, 3]
    assert ended(found, "sign", WAITING, "payments").attested == [1, 2, 3]
    words = {step.verdict for one in found.ceremonies for step in one.steps if not step.attested}
    assert words == {"silent"}


def test_operators_read_who_attests_over_rest(house: House) -> None:
    told = asyncio.run(CeremonyReads(house.data).ceremonies())
    assert next(one.attested for one in told.ceremonies if one.kind == "refresh") == [1, 2, 3]


def test_without_the_holders_certificates_nothing_is_attested(house: House) -> None:
    strangers = Roster(tuple(replace(card, certificate=house.cards[1].certificate) for card in house.cards.values()))
    assert ended(shown(house, strangers), "generate", DONE).attested == [1]
    assert ended(shown(house, Roster(())), "generate", DONE).attested == []
    broken = Roster(tuple(replace(card, certificate="none") for card in house.cards.values()))
    assert ended(shown(house, broken), "generate", DONE).attested == []


def test_a_coordinator_who_says_otherwise_than_the_holders_is_alone_with_it(house: House) -> None:
    def approved(one: Entry) -> Entry:
        verdicts = {holder: "approved" if word == "waiting" else word for holder, word in one.verdicts.items()}
        return replace(one, verdicts=verdicts)

    waiting = ended(shown(house, change=approved), "sign", WAITING, "payments")
    assert [step.holder for step in waiting.steps if step.attested and step.verdict == "approved"] == [1]
    assert waiting.attested == [1]


def test_a_ceremony_that_is_said_to_be_of_another_message_key_or_holder_is_attested_by_nobody(house: House) -> None:
    def other_message(one: Entry) -> Entry:
        changed = one.result | {"message": OTHER.text.encode().hex()} if "message" in one.result else one.result
        return replace(one, result=changed)

    def other_key(one: Entry) -> Entry:
        return replace(one, key="cold")

    def other_holder(one: Entry) -> Entry:
        turned = {"1": "2", "2": "3", "3": "1"}
        return replace(one, attested={turned[holder]: said for holder, said in one.attested.items()})

    def other_ceremony(one: Entry) -> Entry:
        return replace(one, ceremony=one.ceremony[::-1])

    assert ended(shown(house, change=other_message), "sign", DONE).attested == []
    assert ended(shown(house, change=other_key), "sign", DONE, "cold").attested == []
    assert ended(shown(house, change=other_holder), "sign", DONE).attested == []
    assert ended(shown(house, change=other_ceremony), "generate", DONE).attested == []


def test_a_refusal_or_a_forged_statement_passes_for_no_signature(house: House) -> None:
    def all_done(one: Entry) -> Entry:
        return replace(one, verdicts=dict.fromkeys(one.verdicts, "done"))

    def forged(one: Entry) -> Entry:
        return replace(one, attested={holder: (text, "00" * 70) for holder, (text, _) in one.attested.items()})

    def garbled(one: Entry) -> Entry:
        return replace(one, attested=dict.fromkeys(one.attested, ("{}", "no hex")))

    refused = ended(shown(house, change=all_done), "sign", FAILED)
    assert not any(step.attested for step in refused.steps)
    for change in (forged, garbled):
        assert all(one.attested == [] for one in shown(house, change=change).ceremonies)


def test_no_byte_of_a_statement_can_be_changed(house: House) -> None:
    told = next(one for one in map(Entry.parse, entries(house.data)) if one.attested)
    text, signature = told.attested["1"]
    certificate = house.cards[1].certificate
    assert heard(Said(text, bytes.fromhex(signature)), certificate) is not None
    for place in range(len(text)):
        changed = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
        assert heard(Said(changed, bytes.fromhex(signature)), certificate) is None
