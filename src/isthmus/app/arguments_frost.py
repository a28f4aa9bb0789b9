"""Arguments of `isthmus frost`."""

from collections.abc import Callable
from typing import Any

FROST = "Threshold signatures (RFC 9591) and scripts of many keys, checked against vectors."
SUITES = ("ed25519", "ristretto255", "secp256k1", "secp256k1-tr")


def add_frost(frost: Any, add: Callable[..., Any]) -> None:
    """The commands of the group, added as all others are."""
    sign = add(
        frost,
        "sign",
        "isthmus.app.frost:sign",
        "A signature from a vector's shares and nonces. Exit 1 if it differs from the one stated.",
        "isthmus frost sign --vector rfc9591_ed25519-sha512.json --suite ed25519",
    )
    sign.add_argument(
        "--vector", metavar="F", required=True, help="vector as RFC 9591 and the ZcashFoundation write them"
    )
    sign.add_argument("--suite", choices=SUITES, help="the ciphersuite (default: the one the vector names)")
    check = add(
        frost,
        "check",
        "isthmus.app.frost:check",
        "BIP-340 (csv), BIP-67 or a key's making (json), by row. Exit 1 if one differs.",
        "isthmus frost check --vectors bip340_schnorr.csv",
    )
    check.add_argument("--vectors", metavar="F", required=True, help="rows as the BIPs write them, .csv or .json")
    check.add_argument("--suite", choices=SUITES, help="the suite of a key's making (default: the one its file names)")
