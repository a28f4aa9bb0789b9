"""Holders who know only bytes make a key, sign with it, refresh it and repair it."""

import hashlib

import pytest
from coincurve import PrivateKey, PublicKeyXOnly

from isthmus.app.bench_audit import make_key, sign_together
from isthmus.engine.frost import (
    SUITES,
    FrostRefused,
    bip340_sign,
    bip340_verify,
    frost_commit,
    frost_dkg_part1,
    frost_dkg_part2,
    frost_known,
    frost_repair_part1,
    frost_repair_part2,
    frost_repair_part3,
    frost_sign,
    frost_verify,
    multisig_combine,
    multisig_script,
    multisig_sign,
    taproot_address,
    taproot_output_key,
)


@pytest.mark.parametrize("suite", SUITES)
def test_a_threshold_of_holders_signs_and_a_lost_share_comes_back(suite: str) -> None:
    shares, public = make_key(suite, 4, 3)
    name, key, threshold, holders = frost_known(public)
    assert (name, threshold, holders) == (suite, 3, [1, 2, 3, 4])
    signature = sign_together({me: shares[me] for me in (1, 3, 4)}, public, b"head")
    assert frost_verify(suite, key, b"head", signature)
    assert not frost_verify(suite, key, b"tail", signature)
    sent = {me: frost_repair_part1(shares[me], [1, 3, 4], 2) for me in (1, 3, 4)}
    sums = [frost_repair_part2([sent[of][me] for of in sent]) for me in sent]
    assert frost_repair_part3(sums, 2, public) == shares[2]


def test_nonces_sign_once_and_show_nothing() -> None:
    shares, _public = make_key("ed25519", 3, 2)
    nonces, mine = frost_commit(shares[1])
    _, other = frost_commit(shares[2])
    frost_sign(shares[1], nonces, b"a", {1: mine, 2: other})
    with pytest.raises(FrostRefused) as refused:
        frost_sign(shares[1], nonces, b"a", {1: mine, 2: other})
    assert refused.value.args[0] == "nonces_reused"
    assert "FrostNonces object at" in repr(nonces)


def test_a_package_of_another_suite_is_refused_and_its_sender_named() -> None:
    secret, _ = frost_dkg_part1("ed25519", 1, 2, 2)
    _, foreign = frost_dkg_part1("secp256k1", 2, 2, 2)
    with pytest.raises(FrostRefused) as refused:
        frost_dkg_part2(secret, {2: foreign})
    assert (refused.value.args[0], refused.value.args[2]) == ("wrong_suite", [2])


def test_a_taproot_key_of_holders_has_an_address() -> None:
    _, public = make_key("secp256k1-tr", 3, 2)
    assert taproot_address(frost_known(public)[1][1:], "bc").startswith("bc1p")


def test_two_of_three_keys_sign_a_script_and_one_alone_does_not() -> None:
    secrets = [bytes([number]) * 32 for number in (1, 2, 3)]
    script, _, segwit = multisig_script(2, [PrivateKey(secret).public_key.format() for secret in secrets], 5, "bc")
    assert segwit.startswith("bc1q")
    signatures = [multisig_sign(secret, bytes(32)) for secret in secrets]
    empty, *found, last = multisig_combine(script, bytes(32), signatures[1:])
    assert (empty, sorted(found), last) == (b"", sorted(signatures[1:]), script)
    with pytest.raises(ValueError, match="fewer valid signatures"):
        multisig_combine(script, bytes(32), signatures[:1] * 2)


def test_an_independent_library_accepts_the_schnorr_signatures() -> None:
    secret, message = b"\x05" * 32, b"\x07" * 32
    signature, key = bip340_sign(secret, message, bytes(32))
    assert bip340_verify(key, message, signature) is None
    assert PublicKeyXOnly(key).verify(signature, message)


def test_an_independent_library_tweaks_to_the_same_output_key() -> None:
    key = PublicKeyXOnly.from_secret(b"\x06" * 32)
    internal = key.format()
    tag = hashlib.sha256(b"TapTweak").digest()
    key.tweak_add(hashlib.sha256(tag + tag + internal).digest())
    assert taproot_output_key(internal, None) == key.format()
