"""What is signed, and what it takes from a wallet."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from coincurve import PublicKeyXOnly
from tests.unit.audit.holders import Custodians, S, code_of

from isthmus.audit.keys import vault
from isthmus.audit.keys.bitcoin import Coin, Paid, Spending, sighash, taproot_script
from isthmus.audit.keys.ceremony import NotYet, sign
from isthmus.audit.keys.policy import Limit, Policy, Refused
from isthmus.audit.keys.record import Entry, address_of, board
from isthmus.audit.keys.requests import Cold, Head, Withdrawal, message_of, payment_of, request_id
from isthmus.audit.keys.sealing import Way, opened, public_of, sealed
from isthmus.audit.keys.vault import Vault, read_private
from isthmus.engine.frost import frost_known
from isthmus.kernel.errors import BadInput, Damaged

RAW = bytes.fromhex(
    "02000000097de20cbff686da83a54981d2b9bab3586f4ca7e48f57f5b55963115f3b334e9c010000000000000000d7b7cab57b1393ace2d064"
    "f4d4a2cb8af6def61273e127517d44759b6dafdd990000000000fffffffff8e1f583384333689228c5d28eac13366be082dc57441760d95727"
    "5419a418420000000000fffffffff0689180aa63b30cb162a73c6d2a38b7eeda2a83ece74310fda0843ad604853b0100000000feffffffaa52"
    "02bdf6d8ccd2ee0f0202afbbb7461d9264a25e5bfd3c5a52ee1239e0ba6c0000000000feffffff956149bdc66faa968eb2be2d2faa29718acb"
    "fe3941215893a2a3446d32acd050000000000000000000e664b9773b88c09c32cb70a2a3e4da0ced63b7ba3b22f848531bbb1d5d5f4c940100"
    "00000000000000e9aa6b8e6c9de67619e6a3924ae25696bb7b694bb677a632a74ef7eadfd4eabf0000000000ffffffffa778eb6a263dc09046"
    "4cd125c466b5a99667720b1c110468831d058aa1b82af10100000000ffffffff0200ca9a3b000000001976a91406afd46bcdfd22ef94ac122a"
    "a11f241244a37ecc88ac807840cb0000000020ac9a87f5594be208f8532db38cff670c450ed2fea8fcdefcc9a663f78bab962b0065cd1d"
)
SPENT = (
    (420_000_000, "512053a1f6e454df1aa2776a2814a721372d6258050de330b3c6d10ee8f4e0dda343"),
    (462_000_000, "5120147c9c57132f6e7ecddba9800bb0c4449251c92a1e60371ee77557b6620f3ea3"),
    (294_000_000, "76a914751e76e8199196d454941c45d1b3a323f1433bd688ac"),
    (504_000_000, "5120e4d810fd50586274face62b8a807eb9719cef49c04177cc6b76a9a4251d5450e"),
    (630_000_000, "512091b64d5324723a985170e4dc5a0f84c041804f2cd12660fa5dec09fc21783605"),
    (378_000_000, "00147dd65592d0ab2fe0d0257d571abf032cd9db93dc"),
    (672_000_000, "512075169f4001aa68f15bbed28b218df1d0a62cbbcf1188c6665110c293c907b831"),
    (546_000_000, "5120712447206d7a5238acc7ff53fbe94a3b64539ad291c7cdbc490b7577e4b17df5"),
    (588_000_000, "512077e30a5522dd9f894c3f8b8bd4c4b2cf82ca7da8a3ea6a239655c39c050ab220"),
)
"""The transaction and coins of BIP-341's wallet vectors ("keyPathSpending")."""
ELSEWHERE = "0014" + "ab" * 20


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes are as slow to guess as they must be elsewhere."""
    monkeypatch.setattr(vault, "COST", 1 << 2)


def vector() -> Spending:
    coins = []
    for place, (satoshis, script) in enumerate(SPENT):
        part = RAW[5 + 41 * place :][:41]
        txid, output = part[:32][::-1].hex(), int.from_bytes(part[32:36], "little")
        coins.append(Coin(txid, output, satoshis, script, int.from_bytes(part[37:], "little")))
    paid = (Paid(1_000_000_000, RAW[-70:-45].hex()), Paid(3_410_000_000, RAW[-36:-4].hex()))
    return Spending(tuple(coins), paid, 2, int.from_bytes(RAW[-4:], "little"))


def test_a_coin_is_signed_as_bip_341_has_it() -> None:
    assert sighash(vector(), 4).hex() == "4f900a0bae3f1446fd48490c2958b5a023228f01661cda3496a11da502a7f7ef"


@pytest.mark.parametrize(
    "change",
    [
        lambda one: msgspec.structs.replace(one, coins=()),
        lambda one: msgspec.structs.replace(one, locktime=1 << 32),
        lambda one: msgspec.structs.replace(one, paid=(Paid(-1, ELSEWHERE),)),
        lambda one: msgspec.structs.replace(one, paid=(Paid(1, "zz"),)),
        lambda one: msgspec.structs.replace(one, coins=(Coin("00", 0, 1, ELSEWHERE),) * 9),
    ],
)
def test_a_transaction_that_is_none_is_refused(change: Callable[[Spending], Spending]) -> None:
    with pytest.raises(BadInput):
        sighash(change(vector()), 4)


def test_two_custodians_spend_a_cold_coin_and_the_fee_counts_too() -> None:
    custodians = Custodians(3)
    policy = Policy((ELSEWHERE,), {"BTC": Limit("0.5", "0.6")}, delay_s=1)
    held = custodians.key(2, "cold", policy, "secp256k1-tr")
    output_key = frost_known(held.public)[1][1:]
    own = taproot_script(output_key)
    assert (address_of(held) or "").startswith("bc1p")

    def spend(satoshis: int, back: int, to: str = ELSEWHERE) -> Cold:
        coins = (Coin("11" * 32, 0, 100_000_000, own),)
        return Cold(Spending(coins, (Paid(satoshis, to), Paid(back, own))), 0)

    assert payment_of(spend(10_000_000, 80_000_000), held.public).amount == Decimal("0.2")
    refusals = {
        "limit_exceeded": spend(1_000, 1_000),
        "destination_not_allowed": spend(1_000, 99_990_000, own[:-2] + "00"),
        "amount_not_positive": spend(0, 100_000_000),
    }
    for name, request in refusals.items():
        with pytest.raises(Exception, match=name):
            custodians.lead(sign(held, request, custodians.next_round()))
    request = spend(10_000_000, 89_999_000)
    with pytest.raises(NotYet):
        custodians.lead(sign(held, request, custodians.next_round()))
    for me in (1, 2):
        custodians.code(me, request_id("vault", request), code_of(me))
    custodians.now += 2 * S
    signed = custodians.lead(sign(held, request, custodians.next_round()))
    assert PublicKeyXOnly(output_key).verify(signed.signature, sighash(request.spending, 0))


def test_a_withdrawal_is_signed_as_canonical_json_under_a_name_of_its_own() -> None:
    message = message_of(Withdrawal("GBP", "1.5", "GB33", "WD-1"))
    assert message == (
        b'isthmus-withdrawal/1\n{"amount":"1.5","asset":"GBP","destination":"GB33","reference":"WD-1","use":"withdrawal"}'
    )


def test_the_bank_of_the_receiver_is_signed_where_it_is_named_and_changes_nothing_where_not() -> None:
    named = Withdrawal("GBP", "1.5", "GB33", "WD-1", "BUKBGB22")
    assert message_of(named) == (
        b'isthmus-withdrawal/1\n{"amount":"1.5","asset":"GBP","bank":"BUKBGB22","destination":"GB33",'
        b'"reference":"WD-1","use":"withdrawal"}'
    )
    without = msgspec.structs.replace(named, bank=None)
    assert request_id("vault", named) != request_id("vault", without)
    assert (
        msgspec.json.decode(
            b'{"use":"withdrawal","asset":"GBP","amount":"1.5","destination":"GB33","reference":"WD-1"}',
            type=Withdrawal,
        )
        == without
    )


@pytest.mark.parametrize("bank", ["", "BUKB", "bukbgb22", "BUKB1122", "BUKBGB22X", "BUKBGB22XXXX", "BUKBGB22 "])
def test_a_bank_that_is_no_bic_is_refused_by_name(bank: str) -> None:
    with pytest.raises(BadInput, match="bank"):
        message_of(Withdrawal("GBP", "1.5", "GB33", "WD-1", bank))


def test_an_account_that_could_be_read_as_one_at_a_bank_is_refused() -> None:
    with pytest.raises(BadInput, match="destination"):
        message_of(Withdrawal("GBP", "1.5", "GB33@BUKBGB22", "WD-1"))


@pytest.mark.parametrize("text", ["", "isthmus.local/demo/journal\n", "WD-1 as a head"])
def test_what_is_no_checkpoint_is_not_signed_as_a_head(text: str) -> None:
    with pytest.raises(BadInput):
        message_of(Head(text))


def test_a_sealed_package_of_which_any_byte_is_changed_does_not_open() -> None:
    sender, receiver = secrets.token_bytes(32), secrets.token_bytes(32)
    way = Way(bytes(16), 2, 1, 3)
    package = sealed(way, sender, public_of(receiver), b"share", secrets.token_bytes)
    assert opened(way, receiver, public_of(sender), package) == b"share"
    for place in range(len(package)):
        changed = package[:place] + bytes([package[place] ^ 1]) + package[place + 1 :]
        assert isinstance(opened(way, receiver, public_of(sender), changed), Refused)
        assert isinstance(opened(way, receiver, public_of(sender), package[:place]), Refused)


def test_a_vault_opens_by_its_passphrase_alone_and_not_when_a_byte_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "vault"
    Vault(path, "a passphrase", secrets.token_bytes).write(b"share")
    assert Vault(path, "a passphrase", secrets.token_bytes).read() == b"share"
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BadInput, match="bad_passphrase"):
        Vault(path, "another one", secrets.token_bytes).read()
    raw = path.read_bytes()
    for place in range(len(raw)):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        with pytest.raises((BadInput, Damaged)):
            Vault(path, "a passphrase", secrets.token_bytes).read()
        path.write_bytes(raw[:place])
        with pytest.raises((BadInput, Damaged)):
            Vault(path, "a passphrase", secrets.token_bytes).read()
    path.chmod(0o604)
    with pytest.raises(BadInput, match="loose_permissions"):
        read_private(path)


def test_an_entry_of_the_log_reads_back_and_a_changed_one_is_damage_by_name() -> None:
    verdicts: dict[str, Any] = {"1": "approved"}
    entry = Entry(ceremony="00", kind="sign", key="k", time="t", step="commit", needed=2, verdicts=verdicts)
    raw = entry.raw()
    assert Entry.parse(raw) == entry
    assert board([raw]).ceremonies[0].steps[0].verdict == "approved"
    for place in range(len(raw)):
        for changed in (raw[:place], raw[:place] + bytes([raw[place] ^ 0x80]) + raw[place + 1 :]):
            with pytest.raises(Damaged):
                Entry.parse(changed)


def test_codes_and_secrets_show_nothing() -> None:
    kept = Custodians(2).kept[1]
    shown = repr(kept)
    assert repr(kept.box) not in shown
    assert hashlib.sha256(kept.box).hexdigest() not in shown
    assert repr(kept.code) == "Code()"
