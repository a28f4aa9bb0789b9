"""What a depository says about an instruction before it settles, in both forms: sese.024 and MT548.

Sources: ISO 20022 Securities Settlement Transaction Status Advice, SWIFT User Handbook MT 548 (sequences A, A2, A2a).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from isthmus.gateways.iso20022.elements import Element, first, local, text
from isthmus.gateways.iso20022.trees import branch, document, leaf
from isthmus.gateways.swift.fin import Header, Row, build_fin, parse_fin
from isthmus.kernel.errors import BadInput

ADVICE = "sese.024.001.12"
MT548 = "548"

State = Literal["accepted", "rejected", "cancelled", "matched", "unmatched", "pending", "failing"]

_ELEMENTS: dict[State, tuple[str, str]] = {
    "accepted": ("PrcgSts", "AckdAccptd"),
    "rejected": ("PrcgSts", "Rjctd"),
    "cancelled": ("PrcgSts", "Canc"),
    "matched": ("MtchgSts", "Mtchd"),
    "unmatched": ("MtchgSts", "Umtchd"),
    "pending": ("SttlmSts", "Pdg"),
    "failing": ("SttlmSts", "Flng"),
}
_FIELDS: dict[State, tuple[str, str]] = {
    "accepted": ("IPRC", "PACK"),
    "rejected": ("IPRC", "REJT"),
    "cancelled": ("IPRC", "CAND"),
    "matched": ("MTCH", "MACH"),
    "unmatched": ("MTCH", "NMAT"),
    "pending": ("SETT", "PEND"),
    "failing": ("SETT", "PENF"),
}
_STATES_OF_FIELD = {value: state for state, value in _FIELDS.items()}


class Advice(msgspec.Struct, frozen=True):
    """`reference`: of the instruction. `reason`: a code such as LACK or MONY; `words` beside it."""

    reference: str
    state: State
    reason: str | None = None
    words: str | None = None


def advice(told: Advice, name: str = ADVICE) -> str:
    """XML of sese.024."""
    group, state = _ELEMENTS[told.state]
    reason = branch("Rsn", leaf("Cd/Cd", told.reason), leaf("AddtlRsnInf", told.words))
    inner = branch(state, reason) or leaf(f"{state}/NoSpcfdRsn", "NORE")
    if told.state == "matched":
        inner = leaf(f"{state}/NoSpcfdRsn", "NORE")
    body = branch("SctiesSttlmTxStsAdvc", leaf("TxId/AcctOwnrTxId", told.reference), branch(group, inner))
    assert body is not None, "a reference is always there"
    return document(name, body)


def read_advice(body: Element) -> Advice:
    """Of the element below Document. Raises BadInput for another message, or one that tells no state."""
    if local(body) != "SctiesSttlmTxStsAdvc":
        raise BadInput(local(body), "is no status of a settlement")
    reference = text(body, "TxId/AcctOwnrTxId")
    if reference is None:
        raise BadInput("TxId/AcctOwnrTxId", "is missing: which instruction is meant?")
    # What is nearest to settlement counts, where a message tells several.
    for state in ("failing", "pending", "unmatched", "matched", "rejected", "cancelled", "accepted"):
        found = first(body, "/".join(_ELEMENTS[state]))
        if found is not None:
            return Advice(
                reference,
                state,
                text(found, "Rsn/Cd/Cd") or text(found, "Rsn/Cd/Prtry/Id"),
                text(found, "Rsn/AddtlRsnInf"),
            )
    raise BadInput("SctiesSttlmTxStsAdvc", "tells neither processing, matching nor settlement")


def mt548(told: Advice, own: str, sender: str, receiver: str) -> str:
    """FIN text; `own` is the sender's reference of this message."""
    kind, code = _FIELDS[told.state]
    rows: list[Row] = [
        ("16R", "GENL"), ("20C", f":SEME//{own}"), ("23G", "INST"),
        ("16R", "LINK"), ("20C", f":RELA//{told.reference}"), ("16S", "LINK"),
        ("16R", "STAT"), ("25D", f":{kind}//{code}"),
    ]  # fmt: skip
    if told.reason is not None:
        rows += [("16R", "REAS"), ("24B", f":{code}//{told.reason}")]
        rows += [("70D", f":REAS//{told.words}")] if told.words else []
        rows += [("16S", "REAS")]
    rows += [("16S", "STAT"), ("16S", "GENL")]
    return build_fin(Header(MT548, sender, receiver), rows)


def read_mt548(fin: str) -> Advice:
    """Raises BadInput for another message, or one that lacks the reference or a state."""
    found = parse_fin(fin)
    if found.faults or found.message_type != MT548:
        why = found.faults[0].message if found.faults else f"MT {found.message_type} is no 548"
        raise BadInput("fin", why)
    values = [(tag, value[1:5], value[6:].rpartition("/")[2]) for tag, value in found.fields if value.startswith(":")]
    reference = next((value for tag, kind, value in values if (tag, kind) == ("20C", "RELA")), None)
    if not reference:
        raise BadInput("fin.20C", "RELA is missing: which instruction is meant?")
    states = [_STATES_OF_FIELD.get((kind, value)) for tag, kind, value in values if tag == "25D"]
    state = next((state for state in reversed(states) if state is not None), None)
    if state is None:
        raise BadInput("fin.25D", "tells neither processing, matching nor settlement")
    reason = next((value for tag, _, value in values if tag == "24B"), None)
    words = next((value for tag, kind, value in values if (tag, kind) == ("70D", "REAS")), None)
    return Advice(reference, state, reason, words)
