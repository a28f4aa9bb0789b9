"""What holders remember of the heads that they signed: a log shows them one history or gets no signature."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.audit.holders import Custodians

from isthmus.audit.keys import asks
from isthmus.audit.keys.asks import COORDINATOR, Here, Judged, Reply
from isthmus.audit.keys.ceremony import Failed, sign
from isthmus.audit.keys.growing import SeenHead, grown
from isthmus.audit.keys.policy import Policy, Refused
from isthmus.audit.keys.requests import Head
from isthmus.engine.frost import frost_known, frost_verify
from isthmus.engine.proofs import ED25519, Checkpoint, Log, Signer

ORIGIN = "isthmus.local/demo/journal"
POLICY = Policy((ORIGIN,), by_code=False)


def log_of(folder: Path, size: int, common: int) -> Log:
    """Entries that are others from `common` on."""
    log = Log(str(folder), ORIGIN, Signer.generate(ORIGIN, ED25519).vkey)
    log.append([f"{'one' if at < common else folder.name} {at}".encode() for at in range(size)])
    return log


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Log, Log]:
    """Two logs of 40 entries that are the same up to entry 20."""
    folder = tmp_path_factory.mktemp("logs")
    return log_of(folder / "true", 40, 20), log_of(folder / "forked", 40, 20)


def head(log: Log, size: int) -> Head:
    return Head(Checkpoint(ORIGIN, size, log.root_at(size)).text())


def proof(log: Log, old: int, new: int) -> tuple[bytes, ...]:
    return tuple(log.consistency(old, new))


@pytest.fixture
def three() -> Custodians:
    made = Custodians(3)
    made.held = made.key(2, "head", POLICY)  # type: ignore[attr-defined]
    return made


def name_of(reply: Reply) -> str:
    return reply.name if isinstance(reply, Refused) else type(reply).__name__


def committed(custodians: Custodians, me: int, asked: Head, shown: tuple[bytes, ...] = ()) -> str:
    """What a holder says to both questions; the same."""
    proposed = name_of(custodians.ask(me, asks.Propose("vault", asked, shown)))
    begun = name_of(custodians.ask(me, asks.Commit("vault", asked, custodians.next_round(), shown)))
    assert (proposed, begun) in (("Judged", "Package"), (begun, begun))
    return begun


def test_a_holder_signs_a_head_that_extends_the_last_one_and_the_same_one_again(
    three: Custodians, logs: tuple[Log, Log]
) -> None:
    true, _ = logs
    assert committed(three, 1, head(true, 16)) == "Package"
    assert committed(three, 1, head(true, 16)) == "Package"
    assert committed(three, 1, head(true, 33), proof(true, 16, 33)) == "Package"


def test_an_older_head_a_forked_one_and_one_that_proves_nothing_are_refused(
    three: Custodians, logs: tuple[Log, Log]
) -> None:
    true, forked = logs
    assert committed(three, 1, head(true, 30)) == "Package"
    assert committed(three, 1, head(true, 29)) == "old_head"
    assert committed(three, 1, head(forked, 30)) == "forked"
    assert committed(three, 1, head(forked, 40), proof(forked, 30, 40)) == "unproven"
    assert committed(three, 1, head(true, 40)) == "unproven"
    assert committed(three, 1, head(true, 40), (b"short",)) == "unproven"
    assert committed(three, 1, head(true, 40), proof(true, 30, 40)) == "Package"


def test_a_holder_that_was_killed_remembers_and_shows_what_he_signed(three: Custodians, logs: tuple[Log, Log]) -> None:
    true, forked = logs
    committed(three, 1, head(true, 30))
    three.holders[1] = three.started(1)
    assert committed(three, 1, head(forked, 30)) == "forked"
    here = three.holders[1].answer(COORDINATOR, asks.Look(), three.now)
    assert isinstance(here, Here)
    assert here.heads == {"vault": {ORIGIN: SeenHead(30, true.root_at(30))}}


def test_a_head_that_was_only_asked_about_is_not_remembered(three: Custodians, logs: tuple[Log, Log]) -> None:
    true, _ = logs
    reply = three.ask(1, asks.Propose("vault", head(true, 40)))
    assert isinstance(reply, Judged)
    assert committed(three, 1, head(true, 30)) == "Package"


def test_holders_who_are_behind_each_get_their_own_proof(three: Custodians, logs: tuple[Log, Log]) -> None:
    true, forked = logs
    committed(three, 1, head(true, 8))
    committed(three, 2, head(true, 17), ())
    proofs = {1: proof(true, 8, 40), 2: proof(true, 17, 40)}
    held = three.held  # type: ignore[attr-defined]
    made = three.lead(sign(held, head(true, 40), three.next_round(), proofs))
    assert made.signers == (1, 2)
    assert frost_verify("ed25519", frost_known(held.public)[1], head(true, 40).text.encode(), made.signature)
    with pytest.raises(Failed) as failed:
        three.lead(sign(held, head(forked, 40), three.next_round()))
    assert failed.value.name == "forked"


@settings(max_examples=60, deadline=None)
@given(old=st.integers(1, 40), new=st.integers(1, 40), other=st.booleans())
def test_what_is_signed_is_one_history(logs: tuple[Log, Log], old: int, new: int, other: bool) -> None:
    true, forked = logs
    shown = forked if other else true
    last = SeenHead(old, true.root_at(old))
    checkpoint = Checkpoint(ORIGIN, new, shown.root_at(new))
    path = shown.consistency(old, new) if old < new else []
    extends = new >= old and shown.root_at(old) == last.root
    assert (grown(last, checkpoint, path) is None) == extends
    assert grown(None, checkpoint, [secrets.token_bytes(32)]) is None
