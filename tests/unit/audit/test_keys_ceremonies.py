"""Ceremonies among holders who trust neither each other nor who leads them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.audit.holders import NOON, POLICY, WITHDRAWAL, Custodians, S, code_of, duress_of

from isthmus.audit.keys import asks, vault
from isthmus.audit.keys.asks import COORDINATOR, Ask, Held, Judged, Package, Packages, Reply, Told
from isthmus.audit.keys.ceremony import Failed, NotYet, Signed, make, repair, sign
from isthmus.audit.keys.policy import Limit, Policy, Refused
from isthmus.audit.keys.requests import Withdrawal, message_of, request_id
from isthmus.engine.frost import frost_known, frost_verify

REQUEST = request_id("vault", WITHDRAWAL)


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """Codes are as slow to guess as they must be elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vault, "COST", 1 << 2)
        yield


def approved(custodians: Custodians, held: Held, by: list[int]) -> None:
    """Proposed to all, approved by these, and the delay is over."""
    with pytest.raises(NotYet):
        custodians.lead(sign(held, WITHDRAWAL, custodians.next_round()))
    for me in by:
        assert custodians.code(me, REQUEST, code_of(me)) == Judged(REQUEST, "approved")
    custodians.now += (POLICY.delay_s + 1) * S


def signed(custodians: Custodians, held: Held) -> Signed:
    made = custodians.lead(sign(held, WITHDRAWAL, custodians.next_round()))
    assert frost_verify(held.terms.suite, frost_known(held.public)[1], message_of(WITHDRAWAL), made.signature)
    return made


def refused(custodians: Custodians, held: Held) -> Failed:
    with pytest.raises(Failed) as failed:
        custodians.lead(sign(held, WITHDRAWAL, custodians.next_round()))
    return failed.value


@pytest.fixture
def three() -> Custodians:
    return Custodians(3)


def test_two_of_three_sign_what_two_custodians_approved_and_not_before_the_delay(three: Custodians) -> None:
    held = three.key(2)
    approved(three, held, [1, 3])
    three.now -= 2 * S
    early = refused(three, held)
    assert (early.name, isinstance(early, NotYet)) == ("delay_running", True)
    three.now += 2 * S
    assert signed(three, held).signers == (1, 3)


def test_one_approval_of_two_moves_nothing(three: Custodians) -> None:
    held = three.key(2)
    approved(three, held, [1])
    assert refused(three, held).name == "not_approved"


def test_a_code_of_duress_looks_ordinary_moves_nothing_and_alarms_the_others(three: Custodians) -> None:
    held = three.key(2)
    approved(three, held, [])
    assert three.code(2, REQUEST, duress_of(2)) == Judged(REQUEST, "approved")
    assert three.code(1, REQUEST, code_of(1)) == Judged(REQUEST, "approved")
    three.now += (POLICY.delay_s + 1) * S
    assert refused(three, held).name == "delay_running"
    told = three.holders[3].answer(3, asks.Alarms(code_of(3)), three.now)
    assert told == Told(((2, "vault", REQUEST, NOON + (POLICY.delay_s + 1) * S),))
    # The coerced custodian's own holder shows none to whoever stands beside him, and clears none.
    assert three.holders[2].answer(2, asks.Alarms(duress_of(2), clear=True), three.now) == Told(())
    assert three.kept[2].alarms


def test_after_an_alarm_is_cleared_what_was_approved_under_duress_stays_void(three: Custodians) -> None:
    held = three.key(2)
    approved(three, held, [1])
    three.code(2, REQUEST, duress_of(2))
    three.now += (POLICY.delay_s + 1) * S
    for me in (1, 2, 3):
        three.holders[me].answer(me, asks.Alarms(code_of(me), clear=True), three.now)
    assert refused(three, held).name == "delay_running"
    three.code(3, REQUEST, code_of(3))
    three.now += (POLICY.delay_s + 1) * S
    assert signed(three, held).signers == (1, 3)


def test_alarms_are_asked_for_again_after_a_kill(three: Custodians) -> None:
    held = three.key(2)
    approved(three, held, [])
    three.gone = {3}
    three.code(2, REQUEST, duress_of(2))
    three.gone = set()
    three.holders[2] = three.started(2)
    three.post()
    assert [one.holder for one in three.kept[3].alarms] == [2]


def test_a_code_that_is_neither_is_refused_and_after_five_none_is_looked_at(three: Custodians) -> None:
    approved(three, three.key(2), [])
    names = [three.code(1, REQUEST, "guessed-it") for _ in range(6)]
    assert [one.name for one in names if isinstance(one, Refused)] == ["wrong_code"] * 5 + ["code_locked"]


@pytest.mark.parametrize("peer", [COORDINATOR, 2])
def test_only_his_own_custodian_approves_on_a_holder(three: Custodians, peer: int) -> None:
    approved(three, three.key(2), [])
    reply = three.holders[1].answer(peer, asks.Approve("vault", REQUEST, code_of(1)), NOON)
    assert isinstance(reply, Refused)
    assert reply.name == "not_yours"


def test_another_holder_asks_for_no_signature(three: Custodians) -> None:
    three.key(2)
    reply = three.holders[1].answer(2, asks.Propose("vault", WITHDRAWAL), NOON)
    assert isinstance(reply, Refused)
    assert reply.name == "not_coordinator"


def test_a_replayed_round_is_refused_also_by_a_holder_that_was_killed(three: Custodians) -> None:
    held = three.key(2)
    approved(three, held, [1, 2])
    commit = asks.Commit("vault", WITHDRAWAL, 500)
    first = three.ask(1, commit)
    assert isinstance(first, Package)
    three.holders[1] = three.started(1)
    again = three.ask(1, commit)
    late = three.ask(1, asks.Sign(500, message_of(WITHDRAWAL), {1: first.package}))
    assert [one.name for one in (again, late) if isinstance(one, Refused)] == ["round_replayed", "round_unknown"]
    three.round = 500
    assert signed(three, held).signers == (1, 2)


def test_a_round_is_for_one_message_and_its_nonces_are_gone_after_another(three: Custodians) -> None:
    approved(three, three.key(2), [1, 2])
    first = three.ask(1, asks.Commit("vault", WITHDRAWAL, 7))
    assert isinstance(first, Package)
    other = three.ask(1, asks.Sign(7, b"other", {1: first.package}))
    again = three.ask(1, asks.Sign(7, message_of(WITHDRAWAL), {1: first.package}))
    assert [one.name for one in (other, again) if isinstance(one, Refused)] == ["message_differs", "round_unknown"]


def test_whoever_forges_a_share_is_named_and_another_takes_his_place(three: Custodians) -> None:
    held = three.key(2)
    approved(three, held, [1, 2, 3])

    def forge(holder: int, ask: Ask, reply: Reply) -> Reply:
        if isinstance(ask, asks.Sign) and holder == 1 and isinstance(reply, Package):
            return Package(reply.package[:-1] + bytes([reply.package[-1] ^ 1]))
        return reply

    three.tamper = forge
    made = signed(three, held)
    assert (made.signers, made.cheaters) == ((2, 3), (1,))


def test_the_shares_of_two_swapped_are_found_out(three: Custodians) -> None:
    held = three.key(2)
    approved(three, held, [1, 2])
    last: dict[int, Reply] = {}

    def swap(holder: int, ask: Ask, reply: Reply) -> Reply:
        if isinstance(ask, asks.Sign):
            last[holder] = reply
            return last[1]
        return reply

    three.tamper = swap
    failed = refused(three, held)
    assert (failed.name, failed.holders) == ("forged_signature_share", (2,))


def test_packages_replayed_swapped_or_forged_are_refused_by_name_and_the_sender_told(three: Custodians) -> None:
    seen: dict[int, Packages] = {}

    def listen(holder: int, ask: Ask, reply: Reply) -> Reply:
        if isinstance(ask, asks.Share) and isinstance(reply, Packages):
            seen[holder] = reply
        return reply

    three.tamper = listen
    held = three.key(2)
    old = seen[2].sealed[1]

    def failure(change: str) -> tuple[str, tuple[int, ...]]:
        def tamper(holder: int, ask: Ask, reply: Reply) -> Reply:
            if not (isinstance(ask, asks.Share) and holder == 2 and isinstance(reply, Packages)):
                return reply
            own = reply.sealed[1]
            put = {"replayed": old, "swapped": reply.sealed[3], "forged": own[:-1] + bytes([own[-1] ^ 1])}[change]
            return Packages(reply.sealed | {1: put})

        three.tamper = tamper
        with pytest.raises(Failed) as failed:
            three.lead(make(secrets.token_bytes(16), held.terms, refresh=True))
        return failed.value.name, failed.value.holders

    assert failure("replayed") == ("replayed_package", (2,))
    assert failure("swapped") == ("swapped_package", (2,))
    assert failure("forged") == ("forged_package", (2,))


def test_a_coordinator_who_shows_the_holders_different_packages_is_found_out(three: Custodians) -> None:
    held = three.key(2)
    ceremony = secrets.token_bytes(16)
    steps = make(ceremony, held.terms, refresh=True)
    first = {me: three.ask(me, ask) for me, ask in next(steps).items()}
    other = three.holders[3].answer(COORDINATOR, asks.Begin(secrets.token_bytes(16), held.terms, True), NOON)
    shares = steps.send(first)
    assert isinstance(other, Package)
    cheated = shares[1]
    assert isinstance(cheated, asks.Share)
    shares[1] = asks.Share(ceremony, cheated.packages | {3: other.package})
    makes = steps.send({me: three.ask(me, ask) for me, ask in shares.items()})
    replies = [three.ask(me, makes[me]) for me in (1, 2)]
    assert [one.name for one in replies if isinstance(one, Refused)] == ["packages_differ", "packages_differ"]


def test_a_refresh_makes_old_shares_useless_and_keeps_the_key(three: Custodians) -> None:
    held = three.key(2)
    old = three.kept[1].keys["vault"]
    public = three.lead(make(secrets.token_bytes(16), held.terms, refresh=True))
    assert frost_known(public)[1] == frost_known(held.public)[1]
    new = Held(held.terms, public, 1)
    approved(three, new, [1, 2, 3])
    assert signed(three, new).cheaters == ()
    three.kept[1].keys["vault"] = old
    made = signed(three, new)
    assert (made.signers, made.cheaters) == ((2, 3), (1,))


def test_a_refresh_that_one_holder_does_not_finish_leaves_all_with_the_old_shares(three: Custodians) -> None:
    held = three.key(2)

    def fall(holder: int, ask: Ask, reply: Reply) -> Reply:
        return Refused("silent", "fell") if isinstance(ask, asks.Make) and holder == 3 else reply

    three.tamper = fall
    with pytest.raises(Failed):
        three.lead(make(secrets.token_bytes(16), held.terms, refresh=True))
    three.tamper = lambda _holder, _ask, reply: reply
    approved(three, held, [1, 2, 3])
    assert signed(three, held).cheaters == ()


def test_a_lost_share_comes_back_by_the_others(three: Custodians) -> None:
    held = three.key(2)
    lost = three.kept[3].keys.pop("vault")
    three.lead(repair(secrets.token_bytes(16), held, [1, 2], 3))
    assert three.kept[3].keys["vault"] == lost
    with pytest.raises(Failed, match="share_present"):
        three.lead(repair(secrets.token_bytes(16), held, [1, 2], 3))


@pytest.mark.parametrize(
    ("asset", "amount", "destination", "name"),
    [
        ("GBP", "1000.01", POLICY.destinations[0], "limit_exceeded"),
        ("GBP", "700", POLICY.destinations[0], "day_limit_exceeded"),
        ("CHF", "1", POLICY.destinations[0], "asset_not_allowed"),
        ("GBP", "1", "elsewhere", "destination_not_allowed"),
        ("GBP", "-1", POLICY.destinations[0], "malformed"),
        ("GBP", "NaN", POLICY.destinations[0], "malformed"),
    ],
)
def test_each_holder_refuses_by_policy_and_says_why(
    three: Custodians, asset: str, amount: str, destination: str, name: str
) -> None:
    held = three.key(2)
    approved(three, held, [1, 2])
    signed(three, held)
    reply = three.ask(1, asks.Propose("vault", Withdrawal(asset, amount, destination, "WD-2")))
    assert isinstance(reply, Refused)
    assert reply.name == name


AT_BANK = Policy(("GB33@BUKBGB22", "GB44"), {"GBP": Limit("1000", "1500")}, delay_s=60)


@pytest.mark.parametrize(
    ("destination", "bank", "name"),
    [
        ("GB33", "BUKBGB22", None),
        ("GB33", "NWBKGB2L", "destination_not_allowed"),
        ("GB33", None, "destination_not_allowed"),
        ("GB44", None, None),
        ("GB44", "NWBKGB2L", None),
        ("GB33", "no bank", "malformed"),
    ],
)
def test_a_list_may_name_the_bank_of_an_account(
    three: Custodians, destination: str, bank: str | None, name: str | None
) -> None:
    three.key(2, policy=AT_BANK)
    reply = three.ask(1, asks.Propose("vault", Withdrawal("GBP", "10", destination, "WD-1", bank)))
    assert (reply.name if isinstance(reply, Refused) else None) == name


@pytest.mark.parametrize("change", [{"amount": "700"}, {"bank": "NWBKGB2L"}])
def test_two_payments_of_one_reference_count_twice(three: Custodians, change: dict[str, str]) -> None:
    held = three.key(2, policy=msgspec.structs.replace(POLICY, destinations=(WITHDRAWAL.destination,)))
    approved(three, held, [1, 2])
    signed(three, held)
    reply = three.ask(1, asks.Propose("vault", msgspec.structs.replace(WITHDRAWAL, **change)))
    assert isinstance(reply, Refused)
    assert reply.name == "day_limit_exceeded"


@pytest.mark.parametrize(
    ("policy", "use", "suite"),
    [
        (Policy(("a",), {"GBP": Limit("1", "1")}, delay_s=0), "withdrawal", "ed25519"),
        (Policy(("a",), {}, delay_s=1), "withdrawal", "ed25519"),
        (Policy((), {"GBP": Limit("1", "1")}, delay_s=1), "withdrawal", "ed25519"),
        (Policy(("a",), {"GBP": Limit("0", "1")}, delay_s=1), "withdrawal", "ed25519"),
        (POLICY, "cold", "ed25519"),
        (POLICY, "head", "secp256k1-tr"),
    ],
)
def test_no_key_is_made_on_terms_that_protect_nothing(three: Custodians, policy: Policy, use: str, suite: str) -> None:
    with pytest.raises(Failed, match=r"bad_policy|bad_terms"):
        three.key(2, use, policy, suite)


@pytest.fixture(scope="module")
def house() -> tuple[Custodians, Held]:
    custodians = Custodians(3)
    return custodians, custodians.key(2)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["ordinary", "duress", "kill", "lead"])), max_size=12))
def test_whatever_happens_a_signature_takes_two_custodians_of_their_free_will(
    house: tuple[Custodians, Held], steps: list[tuple[int, str]]
) -> None:
    """Holders are killed, custodians give one code or the other, the coordinator leads when he likes."""
    custodians, held = house
    custodians.now += 10 * 86_400 * S
    for kept in custodians.kept.values():
        kept.alarms.clear()
        kept.opened.clear()
    free: set[int] = set()
    coerced = False
    with pytest.raises(NotYet):
        custodians.lead(sign(held, WITHDRAWAL, custodians.next_round()))
    for me, what in steps:
        custodians.now += (POLICY.delay_s + 1) * S
        if what == "kill":
            custodians.holders[me] = custodians.started(me)
        elif what == "lead":
            ready = len(free) >= 2 and not coerced
            if ready:
                assert set(signed(custodians, held).signers) <= free
            else:
                assert refused(custodians, held).name in ("not_approved", "delay_running")
        else:
            custodians.code(me, REQUEST, code_of(me) if what == "ordinary" else duress_of(me))
            free |= {me} if what == "ordinary" else set()
            coerced |= what == "duress"
