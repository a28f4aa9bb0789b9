"""How long holders in one process take over a signature of a threshold key, 4 of 7."""

import statistics
import time
from typing import Any

from isthmus.engine.frost import (
    SUITES,
    frost_aggregate,
    frost_commit,
    frost_dkg_part1,
    frost_dkg_part2,
    frost_dkg_part3,
    frost_known,
    frost_sign,
    frost_verify,
)

HOLDERS = 7
NEEDED = 4


def make_key(suite: str, of: int, needed: int) -> tuple[dict[int, bytes], bytes]:
    """A key made by all its holders in this process: their shares, and what all know of it."""
    opened = {me: frost_dkg_part1(suite, me, of, needed) for me in range(1, of + 1)}
    packages = {me: package for me, (_, package) in opened.items()}
    others = {me: {k: v for k, v in packages.items() if k != me} for me in packages}
    turned = {me: frost_dkg_part2(secret, others[me]) for me, (secret, _) in opened.items()}
    shares, public = {}, b""
    for me, (secret, _) in turned.items():
        received = {of: sent[me] for of, (_, sent) in turned.items() if of != me}
        shares[me], public = frost_dkg_part3(secret, others[me], received)
    return shares, public


def sign_together(shares: dict[int, bytes], public: bytes, message: bytes) -> bytes:
    """Both rounds of the holders of these shares, and the aggregate."""
    nonces = {me: frost_commit(share) for me, share in shares.items()}
    commitments = {me: public for me, (_, public) in nonces.items()}
    signed = {me: frost_sign(share, nonces[me][0], message, commitments) for me, share in shares.items()}
    return frost_aggregate(public, message, commitments, signed)


def bench_frost(times: int = 20) -> list[dict[str, Any]]:
    """One row a suite: {"name", "suite", "needed", "of", "ms", "times", "verified"}; ms is the median of processor time
    of both rounds of all four signers and the aggregate, without any network."""
    rows = []
    for suite in SUITES:
        shares, public = make_key(suite, HOLDERS, NEEDED)
        signers = {me: shares[me] for me in sorted(shares)[:NEEDED]}
        took, verified = [], True
        for turn in range(times):
            message = f"tree head {turn}".encode()
            begun = time.process_time()
            signature = sign_together(signers, public, message)
            took.append((time.process_time() - begun) * 1000)
            verified = verified and frost_verify(suite, frost_known(public)[1], message, signature)
        ms = round(statistics.median(took), 3)
        rows.append({"name": "frost sign", "suite": suite, "needed": NEEDED, "of": HOLDERS, "ms": ms, "times": times})
        rows[-1]["verified"] = verified
    return rows
