"""`isthmus frost`: signatures and scripts of vectors, computed anew and compared with what the vector states."""

import argparse
import csv
import io
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, print_json, say
from isthmus.engine.frost import (
    FrostRefused,
    bip340_sign,
    bip340_verify,
    frost_vector,
    frost_vector_dkg,
    multisig_script,
)
from isthmus.kernel.errors import BadInput

P2SH_MAIN = 5
"""Base58Check version of P2SH addresses on the main network (BIP-13)."""


def _content(path: str, field: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        fail(field, error.strerror or str(error))


def _json(path: str, field: str) -> Any:
    try:
        return msgspec.json.decode(_content(path, field))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        fail(field, f"is no JSON: {error}")


def _bytes(row: Any, name: str) -> bytes | None:
    text = row.get(name)
    if text is None or text == "":
        return None
    try:
        return bytes.fromhex(text)
    except (TypeError, ValueError):
        fail(name, "is not hexadecimal")


def _table(row: Any, name: str) -> dict[str, Any]:
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def _rows(row: Any, name: str) -> list[dict[str, Any]]:
    value = row.get(name)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        fail(name, "is no list of objects")
    return value


def _number(row: Any, name: str, most: int = 65535) -> int:
    try:
        number = int(row[name])
    except (KeyError, TypeError, ValueError):
        fail(name, "is missing or no whole number")
    if not 1 <= number <= most:
        fail(name, f"is not 1 to {most}")
    return number


def _suites(stated: str | None, config: dict[str, Any], path: str) -> tuple[str, ...]:
    """The suites to try: what the vector names, then what its file does.

    The ZcashFoundation's taproot vectors name secp256k1, its ristretto255 vector of making a key Ed25519: nonces,
    points and proofs tell which it is.
    """
    if stated:
        return (stated,)
    found: list[str] = []
    for text in (f"{config.get('name', '')} {config.get('group', '')}".lower(), Path(path).name.lower()):
        taproot = "-tr" in text or "taproot" in text
        secp256k1 = ("secp256k1-tr", "secp256k1") if taproot else ("secp256k1", "secp256k1-tr")
        named = [suite for suite in ("ed25519", "ristretto255") if suite in text]
        found += [*named, *(secp256k1 if "secp256k1" in text else ())]
    if found[:1] == ["secp256k1"] and "-tr" in Path(path).name.lower():
        found.insert(0, "secp256k1-tr")
    if not found:
        fail("suite", "is not named by the vector: state --suite")
    return tuple(dict.fromkeys(found))


def _signers(vector: dict[str, Any]) -> list[Any]:
    """(identifier, share, (randomness, nonce) hiding, the same binding) of those who sign."""
    inputs = _table(vector, "inputs")
    nonces = {_number(row, "identifier"): row for row in _rows(_table(vector, "round_one_outputs"), "outputs")}
    shares = {_number(row, "identifier"): row for row in _rows(inputs, "participant_shares")}
    signers = []
    listed = inputs.get("participant_list") or list(nonces)
    if not isinstance(listed, list):
        fail("participant_list", "is no list")
    for entry in listed:
        number = _number({"participant_list": entry}, "participant_list")
        if number not in nonces or number not in shares:
            fail("participant_list", f"signer {number} has no share or no nonces")
        share = _bytes(shares[number], "participant_share")
        if share is None:
            fail("participant_share", f"is missing for signer {number}")
        row = nonces[number]
        pairs = [
            (_bytes(row, f"{kind}_nonce_randomness"), _bytes(row, f"{kind}_nonce")) for kind in ("hiding", "binding")
        ]
        signers.append((number, share, pairs[0], pairs[1]))
    return signers


def _signed(arguments: argparse.Namespace, vector: dict[str, Any]) -> tuple[bytes, bytes, bool, dict[int, bytes]]:
    config, inputs = _table(vector, "config"), _table(vector, "inputs")
    signers = _signers(vector)
    threshold = _number(config, "MIN_PARTICIPANTS") if "MIN_PARTICIPANTS" in config else len(signers)
    key = _bytes(inputs, "group_public_key") or _bytes(inputs, "verifying_key_key") or _bytes(inputs, "verifying_key")
    refusal = FrostRefused("malformed", "no suite", [])
    for suite in _suites(arguments.suite, config, arguments.vector):
        try:
            return frost_vector(suite, _bytes(inputs, "message") or b"", threshold, key, signers)
        except FrostRefused as error:
            refusal = error
            if error.args[0] not in ("nonce_differs", "malformed"):
                break
    name, reason, holders = refusal.args
    raise BadInput(name, f"{reason} (signer {', '.join(map(str, holders))})" if holders else reason)


def _difference(vector: dict[str, Any], signature: bytes, shares: dict[int, bytes]) -> str | None:
    stated = _bytes(_table(vector, "final_output"), "sig")
    if stated is not None and stated != signature:
        return "the signature differs from the one stated"
    second = _table(vector, "round_two_outputs")
    for row in _rows(second, "outputs") if second else []:
        share = _bytes(row, "sig_share")
        if share is not None and share != shares.get(_number(row, "identifier")):
            return f"the signature share of {row['identifier']} differs from the one stated"
    return None


def sign(arguments: argparse.Namespace) -> int:
    """Prints {"signature", "verified", "signers"}; exit 1 if a stated answer differs."""
    vector = _json(arguments.vector, "vector")
    if not isinstance(vector, dict):
        fail("vector", "is no object")
    signature, _key, verified, shares = _signed(arguments, vector)
    difference = _difference(vector, signature, shares)
    answer = {"signature": signature.hex(), "verified": verified, "signers": list(shares)}
    if difference:
        answer["difference"] = difference
    if arguments.json:
        print_json(answer)
    else:
        say(f"{signature.hex()} by {', '.join(map(str, shares))}: {'verified' if verified else 'does not verify'}")
        if difference:
            say(difference)
    return EXIT_OK if verified and not difference else EXIT_FOUND


def _schnorr(row: dict[str, str]) -> tuple[bool, str | None]:
    """Whether a row of BIP-340 is as it states: the verdict, and the signature where the secret key is given."""
    key, signature = _bytes(row, "public key") or b"", _bytes(row, "signature") or b""
    message = _bytes(row, "message") or b""
    if len(key) != 32 or len(signature) != 64:
        fault: str | None = "the key has not 32 or the signature not 64 bytes"
    else:
        fault = bip340_verify(key, message, signature)
    expected = (row.get("verification result") or "").strip().upper()
    ok = not expected or (fault is None) == (expected == "TRUE")
    secret, auxiliary = _bytes(row, "secret key"), _bytes(row, "aux_rand")
    if secret and auxiliary:
        try:
            made = bip340_sign(secret, message, auxiliary)
        except ValueError as error:
            return False, str(error)
        if made != (signature, key):
            return False, "signing gives another signature or key"
    return ok, fault


def _script(row: dict[str, Any]) -> tuple[bool, str | None]:
    """Whether a row of BIP-67 (two keys must sign) is as it states, as far as it states anything."""
    try:
        keys = [bytes.fromhex(key) for key in row["list"]]
        script, address, _segwit = multisig_script(2, keys, P2SH_MAIN, "bc")
    except (KeyError, TypeError, ValueError) as error:
        return False, str(error)
    made = {"sorted": [key.hex() for key in sorted(keys)], "script": script.hex(), "address": address}
    wrong = [name for name, value in made.items() if row.get(name, value) != value]
    return not wrong, f"{wrong[0]} differs" if wrong else None


def _made(row: dict[str, Any], inputs: dict[str, Any], suite: str) -> tuple[bool, str | None]:
    """Whether one holder's part of a vector of making a key is as it states; shares are by the holder who sent them."""
    me = _number(row, "identifier")
    received = _table(row, "signing_shares")
    peers = [
        (_number(peer, "identifier"), _points(peer), _bytes(peer, "proof_of_knowledge") or b"", share)
        for peer, share in ((_table(inputs, sender), _bytes(received, sender) or b"") for sender in received)
    ]
    polynomial = [_bytes(row, name) or b"" for name in ("signing_key", "coefficient")]
    try:
        share, public, key = frost_vector_dkg(suite, me, polynomial, _points(row), peers)
    except FrostRefused as error:
        return False, f"{error.args[0]}: {error.args[1]}"
    made = {"signing_share": (row, share), "verifying_share": (row, public), "verifying_key": (inputs, key)}
    wrong = [name for name, (stated, value) in made.items() if (_bytes(stated, name) or value) != value]
    return not wrong, f"{wrong[0]} differs" if wrong else None


def _points(row: dict[str, Any]) -> list[bytes]:
    points = row.get("vss_commitments")
    if not isinstance(points, list):
        fail("vss_commitments", "is no list")
    return [_bytes({"vss_commitments": point}, "vss_commitments") or b"" for point in points]


def _holders(vector: dict[str, Any], path: str, stated: str | None) -> list[tuple[str, tuple[bool, str | None]]]:
    """The verdicts of a vector of making a key (ZcashFoundation), one a holder."""
    inputs = _table(vector, "inputs")
    suites = _suites(stated, _table(vector, "config"), path)
    holders = [name for name in inputs if name.isdecimal() and isinstance(inputs[name], dict)]
    if not holders:
        fail("vectors", "is neither a list of BIP-67 nor a vector of making a key")
    made = {
        suite: [(f"dkg/{suite}/{name}", _made(inputs[name], inputs, suite)) for name in holders] for suite in suites
    }
    return max(made.values(), key=lambda rows: sum(ok for _, (ok, _) in rows))


def _verdicts(path: str, stated: str | None) -> list[dict[str, Any]]:
    if path.endswith(".csv"):
        text = _content(path, "vectors").decode("utf-8", "replace")
        table = list(csv.DictReader(io.StringIO(text)))
        if not table or "public key" not in table[0]:
            fail("vectors", "is no table of BIP-340")
        found = [(f"bip340/{row['index']}", _schnorr(row)) for row in table]
    else:
        rows = _json(path, "vectors")
        if isinstance(rows, dict):
            return [{"name": name, "ok": ok, "reason": why} for name, (ok, why) in _holders(rows, path, stated)]
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "list" in row for row in rows):
            fail("vectors", "is no list of BIP-67")
        found = [(f"bip67/{place}", _script(row)) for place, row in enumerate(rows)]
    return [{"name": name, "ok": ok, "reason": reason} for name, (ok, reason) in found]


def check(arguments: argparse.Namespace) -> int:
    """Prints {"ok", "rows": [{"name", "ok", "reason"}]}; `reason` says why a row is refused, rightly or not."""
    rows = _verdicts(arguments.vectors, arguments.suite)
    ok = all(row["ok"] for row in rows)
    if arguments.json:
        print_json({"ok": ok, "rows": rows})
    else:
        for row in rows:
            say(f"{row['name']}: {'ok' if row['ok'] else 'DIFFERS'}{' - ' + row['reason'] if row['reason'] else ''}")
    return EXIT_OK if ok else EXIT_FOUND
