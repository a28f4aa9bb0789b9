"""A client looks for itself in a day's public proof: its rows, its way to the root, its trades."""

from __future__ import annotations

from collections.abc import Callable

from isthmus.audit.zero.openings import ClientLeg, ClientProof, ClientRow, Opening, client_id
from isthmus.audit.zero.proof import Proof
from isthmus.engine import zero
from isthmus.engine.zero import WIDTH, ZeroRefused


def fault_of(own: ClientProof, proof: Proof) -> str | None:
    """None where all that the client was handed is in the proof; else why not, by name, with the asset."""
    if (own.day, own.root) != (proof.day, proof.bound.root):
        return "another_log: these are openings of another proof"
    rows = [(row.asset, lambda row=row: _row_is_there(row, own.account, proof)) for row in own.rows]
    legs = [(leg.asset, lambda leg=leg: _leg_is_there(leg, proof)) for leg in own.legs]
    checks: list[tuple[str, Callable[[], str | None]]] = [*rows, *legs]
    for asset, check in checks:
        try:
            reason = check()
        except ZeroRefused as refused:
            reason = str(refused.args[0])
        except OverflowError:
            reason = "out_of_range"
        if reason is not None:
            return f"{reason} ({asset})"
    return None


def _opens(commitments: bytes, place: int, opening: Opening) -> bool:
    stated = commitments[place * WIDTH : (place + 1) * WIDTH]
    return place >= 0 and stated == zero.commit([opening.amount], opening.blinding)


def _row_is_there(row: ClientRow, account: str, proof: Proof) -> str | None:
    solvency = next((one for one in proof.solvent if one.asset == row.asset), None)
    limits = next((one for one in proof.inside_limits if one.asset == row.asset), None)
    if solvency is None or limits is None:
        return "not_in_proof"
    amounts = ((solvency.owed, row.owed), (limits.used, row.used), (limits.lines, row.line))
    if not all(_opens(commitments, row.place, opening) for commitments, opening in amounts):
        return "opening_differs"
    own = client_id(row.nonce, account)
    if solvency.ids[row.place * WIDTH : (row.place + 1) * WIDTH] != own:
        return "id_differs"
    commitment = solvency.owed[row.place * WIDTH : (row.place + 1) * WIDTH]
    if row.of * WIDTH != len(solvency.ids):
        return "not_in_tree"
    zero.leaf_holds((row.place, row.of), (commitment, own), row.way, solvency.tree)
    return None


def _leg_is_there(leg: ClientLeg, proof: Proof) -> str | None:
    sums = next((one for one in proof.sums_open if one.asset == leg.asset), None)
    if sums is None:
        return "not_in_proof"
    return None if _opens(sums.commitments, leg.place, leg.opening) else "opening_differs"
