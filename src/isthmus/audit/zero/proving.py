"""Makes a day's proof: commitments first, then the claims over them in a fixed order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from isthmus.audit.zero.figures import Figures, Leg, Reserve, Standing
from isthmus.audit.zero.openings import (
    CLIENT_FORMAT,
    NONCE_BYTES,
    BrokerOpenings,
    ClientLeg,
    ClientProof,
    ClientRow,
    Opening,
    client_id,
)
from isthmus.audit.zero.proof import FORMAT, LIMITS, SOLVENT, SUMS, Bound, Limits, Proof, Solvency, Sums
from isthmus.engine import zero
from isthmus.engine.zero import WIDTH, About, Hidden

T = TypeVar("T", Leg, Standing)

AMOUNT_END = 1 << 64
CLIENTS_A_PROOF = zero.AMOUNTS_MAX // 2
"""Of limits: two amounts each."""


class Made(msgspec.Struct, frozen=True):
    """The public part, and who gets what else."""

    proof: Proof
    clients: dict[str, ClientProof]
    broker: BrokerOpenings


class _Day:
    """What all claims of a day share, and what is gathered for clients and broker."""

    def __init__(self, day: str, bound: Bound, threads: int) -> None:
        self.day = day
        self.bound = bound
        self.threads = threads
        self.rows: dict[str, list[ClientRow]] = {}
        self.legs: dict[str, list[ClientLeg]] = {}
        self.parts: dict[str, dict[str, Opening]] = {}

    def about(self, claim: str) -> About:
        return about(claim, self.day, self.bound)


def prove(figures: Figures, bound: Bound, threads: int = 1) -> Made:
    """All claims. What cannot be proven since it is not so stands in the proof as refused, by name."""
    day = _Day(figures.day, bound, threads)
    sums = [_sums(day, asset, legs) for asset, legs in sorted(_by_asset(figures.legs).items())]
    limits, solvent = [], []
    standings = _by_asset(figures.standings)
    reserves = {reserve.asset: reserve for reserve in figures.reserves}
    for asset in sorted(standings.keys() | reserves.keys()):
        rows = _in_no_order(standings.get(asset, []))
        inside, covered = _asset(day, rows, reserves.get(asset, Reserve(asset, {}, ())))
        limits += [inside] if inside is not None else []
        solvent.append(covered)
    proof = Proof(FORMAT, figures.day, zero.generators(), bound, sums, limits, solvent)
    accounts = day.rows.keys() | day.legs.keys()
    clients = {
        account: ClientProof(
            CLIENT_FORMAT, figures.day, bound.root, account, day.rows.get(account, []), day.legs.get(account, [])
        )
        for account in accounts
    }
    return Made(proof, clients, BrokerOpenings(figures.day, bound.root, day.parts))


def _by_asset(rows: Sequence[T]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for row in rows:
        found.setdefault(row.asset, []).append(row)
    return found


def _in_no_order(rows: list[T]) -> list[T]:
    """By the system's randomness, so that a place in a list says nothing."""
    chance = zero.blindings(len(rows))
    return [rows[place] for place in sorted(range(len(rows)), key=lambda place: _piece(chance, place))]


def _piece(many: bytes, place: int) -> bytes:
    return many[place * WIDTH : (place + 1) * WIDTH]


def _sums(day: _Day, asset: str, legs: list[Leg]) -> Sums:
    """A proof is made for sums that do not conserve as well; it does not verify."""
    legs = _in_no_order(legs)
    blindings = zero.blindings(len(legs))
    commitments = zero.commit([leg.amount for leg in legs], blindings, day.threads)
    opening = (0, zero.combine_blindings(blindings))
    proof = zero.prove_opening(day.about(SUMS), summing(asset, commitments), zero.combine(commitments), opening)
    for place, leg in enumerate(legs):
        opened = Opening(leg.amount, _piece(blindings, place))
        day.legs.setdefault(leg.account, []).append(ClientLeg(asset, place, leg.sequence, opened))
    return Sums(asset, commitments, proof)


def _asset(day: _Day, rows: list[Standing], reserve: Reserve) -> tuple[Limits | None, Solvency]:
    owed, used, lines = (zero.blindings(len(rows)) for _ in range(3))
    chance = zero.blindings(len(rows))
    nonces = [_piece(chance, place)[:NONCE_BYTES] for place in range(len(rows))]
    ids = b"".join(client_id(nonce, row.account) for nonce, row in zip(nonces, rows, strict=True))
    solvency = _solvency(day, rows, reserve, (owed, ids))
    ways = zero.tree_ways(solvency.owed, ids, range(len(rows))) if rows else []
    for place, row in enumerate(rows):
        made = ClientRow(
            row.asset, place, len(rows), nonces[place],
            owed=Opening(row.owed, _piece(owed, place)),
            used=Opening(row.used, _piece(used, place)),
            line=Opening(row.line, _piece(lines, place)),
            way=ways[place],
        )  # fmt: skip
        day.rows.setdefault(row.account, []).append(made)
    return (_limits(day, rows, used, lines) if rows else None), solvency


def _limits(day: _Day, rows: list[Standing], used: bytes, lines: bytes) -> Limits:
    asset = rows[0].asset
    stated = Limits(
        asset, zero.commit([row.used for row in rows], used), zero.commit([row.line for row in rows], lines), []
    )
    if any(row.line < row.used for row in rows):
        return msgspec.structs.replace(stated, refused="beyond_limit")
    if any(row.line >= AMOUNT_END for row in rows):
        return msgspec.structs.replace(stated, refused="out_of_range")
    hidden = []
    for place in range(0, len(rows), CLIENTS_A_PROOF):
        amounts, blindings = [], b""
        for at in range(place, min(place + CLIENTS_A_PROOF, len(rows))):
            amounts += [rows[at].used, rows[at].line - rows[at].used]
            line, use = _piece(lines, at), _piece(used, at)
            blindings += use + zero.combine_blindings(line + use, (1, -1))
        hidden.append(Hidden(position(asset, place), amounts, blindings))
    proofs = zero.prove_ranges(day.about(LIMITS), hidden, threads=day.threads)
    return msgspec.structs.replace(stated, proofs=proofs)


def _solvency(day: _Day, rows: list[Standing], reserve: Reserve, secret: tuple[bytes, bytes]) -> Solvency:
    blindings, ids = secret
    amounts = [row.owed for row in rows]
    commitments = zero.commit(amounts, blindings)
    tree = zero.tree_root(commitments, ids) if rows else b""
    names = list(reserve.parts)
    outside = zero.blindings(len(names))
    parts = zero.commit([reserve.parts[name] for name in names], outside)
    day.parts[reserve.asset] = {
        name: Opening(reserve.parts[name], _piece(outside, place)) for place, name in enumerate(names)
    }
    stated = Solvency(
        reserve.asset, commitments, ids, tree, [],
        {name: _piece(parts, place) for place, name in enumerate(names)}, list(reserve.counted), b"",
    )  # fmt: skip
    surplus = sum(reserve.parts[name] for name in reserve.counted) - sum(amounts)
    if surplus < 0:
        return msgspec.structs.replace(stated, refused="not_covered")
    if surplus >= AMOUNT_END or any(amount >= AMOUNT_END for amount in amounts):
        return msgspec.structs.replace(stated, refused="out_of_range")
    counted = b"".join(_piece(outside, names.index(name)) for name in reserve.counted)
    of_surplus = difference(counted, blindings, blindings=True)
    step = zero.AMOUNTS_MAX
    hidden = [
        Hidden(position(reserve.asset, at, tree), amounts[at : at + step], blindings[at * WIDTH : (at + step) * WIDTH])
        for at in range(0, len(amounts), step)
    ]
    hidden.append(Hidden(covering(stated), [surplus], of_surplus))
    *proofs, covered = zero.prove_ranges(day.about(SOLVENT), hidden, threads=day.threads)
    return msgspec.structs.replace(stated, proofs=proofs, covered=covered)


def difference(plus: bytes, minus: bytes, blindings: bool = False) -> bytes:
    """Sum of the ones less sum of the others, of commitments or of blindings."""
    weights = [1] * (len(plus) // WIDTH) + [-1] * (len(minus) // WIDTH)
    return zero.combine_blindings(plus + minus, weights) if blindings else zero.combine(plus + minus, weights)


def position(asset: str, place: int, tree: bytes = b"") -> bytes:
    """Of the range proof that begins with row `place` of the asset; `tree` binds the ids of the rows."""
    return f"{asset}/{place}/".encode() + tree


def summing(asset: str, commitments: bytes) -> bytes:
    """Of the proof that they sum to nothing: it is of this list, so that nobody else can change two of them alike."""
    return f"{asset}/".encode() + hashlib.sha256(commitments).digest()


def covering(row: Solvency) -> bytes:
    """Of the range proof of what is left over: it is of these parts, and of those that count."""
    parts = msgspec.json.encode((sorted(row.parts.items()), row.counted))
    return f"{row.asset}/covered/".encode() + row.tree + hashlib.sha256(parts).digest()


def about(claim: str, day: str, bound: Bound) -> About:
    """The day is told with the record that it ends with."""
    return About(claim, bound.root, f"{day} {bound.sequence}")
