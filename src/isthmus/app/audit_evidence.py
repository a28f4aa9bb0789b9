"""`isthmus audit evidence`: message, chain event, order and postings of a trade in one signed file, and its check."""

from __future__ import annotations

import argparse
import base64
from pathlib import Path

from isthmus.app.audit_key import read_key
from isthmus.app.evidence_sources import ORDER_FIELDS, Reader
from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json, say
from isthmus.app.whole_file import read_whole
from isthmus.audit.disclosing import NoEvent, order_proof
from isthmus.audit.evidence import NOT_PROVEN, Evidence, Fact, Kind, Source, joins_of, parse_evidence
from isthmus.audit.places import JOURNAL, LOG_KEYS, keys_folder
from isthmus.audit.proof_file import Refused, Trust, check
from isthmus.audit.proving import NoLog, NotCovered, record_proof
from isthmus.audit.rows import EVENTS_MAX
from isthmus.audit.signed_file import Fault, signature_fault, signed, written
from isthmus.engine import archive
from isthmus.engine.engine import JournalDamaged, Record
from isthmus.engine.proofs import LogRefused, Signer, VerifierKey
from isthmus.kernel.clock import system_clock
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.kernel.ids import trade_of
from isthmus.kernel.messages import Traded
from isthmus.kernel.values import NS_PER_S, time_text

LISTED = ("AssetAdded", "InstrumentAdded")


def make(arguments: argparse.Namespace) -> int:
    """Exit 0 where all that is joined agrees, 1 where it differs (the file is written and says so), 2 bad use."""
    data = Path(arguments.data)
    try:
        made = made_of(data, arguments.trade, arguments.side, _outside(arguments))
    except (LogRefused, JournalDamaged) as error:
        raise Damaged(": ".join(map(str, error.args))) from error
    except FileNotFoundError as error:
        raise BadInput("data", f"no_log: {error.filename} is not there") from None
    try:
        Path(arguments.to).write_bytes(written(made))
    except OSError as error:
        raise BadInput("to", f"{arguments.to}: {error.strerror}") from None
    return _told(made, [], arguments.json)


def verify(arguments: argparse.Namespace) -> int:
    """Exit 0 where everything holds and agrees, else 1 with each fault and where it is; 2 for what is no evidence."""
    made = parse_evidence(read_whole(arguments.file, "file"))
    return _told(made, faults_of(made, read_key(arguments.vkey) if arguments.vkey else None), arguments.json)


def made_of(data: Path, trade: str, side: str, outside: list[Source]) -> Evidence:
    """Of a data folder, signed with the key of the journal's log. Raises BadInput, Damaged, LogRefused, OSError."""
    found = trade_of(trade)
    if found is None:
        raise BadInput("trade", f"{trade[:40]!r} is no trade like trd-4711-1")
    recorded = _recorded(data, *found)
    sources = [*recorded, *_order(data, Reader(recorded, trade, side), recorded[-1]), *outside]
    reader = Reader(sources, trade, side)
    facts = [fact for source in sources for fact in reader.facts(source)]
    now = system_clock()
    made = Evidence(
        trade=trade,
        side="buy" if side == "buy" else "sell",
        made=time_text(now),
        sources=sources,
        facts=facts,
        joins=joins_of(facts),
        not_proven=list(NOT_PROVEN),
    )
    signer = Signer.read(keys_folder(data) / f"{LOG_KEYS[JOURNAL]}.key")
    return signed(made, signer, now // NS_PER_S)


def faults_of(made: Evidence, key: VerifierKey | None) -> list[Fault]:
    """Everything that does not hold. `key`: the log's; None: the one in the proofs, which proves less."""
    proofs = [source.proof for source in made.sources if source.proof is not None]
    if key is None:
        if not proofs:
            return [Fault("signature", "no_key", "no source has a proof that names the log's key")]
        try:
            key = VerifierKey.parse(proofs[0].log_vkey)
        except LogRefused as refused:
            return [Fault("signature", refused.args[0], refused.args[1])]
    fault = signature_fault(made, key)
    faults = [] if fault is None else [fault]
    for source in made.sources:
        faults += _source_faults(source, key)
    faults += _fact_faults(made)
    if made.joins != joins_of(made.facts):
        faults.append(Fault("joins", "joins_differ", "what is said to agree is not what the facts say"))
    return faults


def _recorded(data: Path, sequence: int, ordinal: int) -> list[Source]:
    """The trade's record, and before it those that listed its instrument and both assets."""
    record, listings = None, []
    for one in archive.records(data):
        effects = {type(effect).__name__ for effect in one.effects}
        if one.sequence == sequence:
            record = one
            break
        if effects.intersection(LISTED):
            listings.append(one)
    if record is None or sum(type(effect) is Traded for effect in record.effects) < ordinal:
        raise BadInput("trade", f"trd-{sequence}-{ordinal} is not in the journal")
    return [_source(data, one, "listing") for one in _needed(listings, record, ordinal)] + [
        _source(data, record, "record")
    ]


def _order(data: Path, reader: Reader, record: Source) -> list[Source]:
    """The event by which the side's order was filled, with the fields that evidence discloses; none without a log."""
    said = {fact.path: fact.value for fact in reader.facts(record)}
    sequence = trade_of(said["trade"])
    assert sequence is not None, "the record was read by it"
    for place in range(EVENTS_MAX):
        try:
            proof = order_proof(data, (sequence[0], place), ORDER_FIELDS)
        except (NoLog, NoEvent, NotCovered):
            return []
        told = {} if proof.order is None else {field.id: field.value for field in proof.order.fields}
        if (told.get("O25"), told.get("O31")) == (said["order"], said["trade"]):
            return [Source(id=f"order-{sequence[0]}", kind="order", proof=proof)]
    return []


def _needed(listings: list[Record], record: Record, ordinal: int) -> list[Record]:
    trade = [effect for effect in record.effects if type(effect) is Traded][ordinal - 1]
    listed = {
        (type(effect).__name__, getattr(effect, "instrument", getattr(effect, "asset", 0))): (one, effect)
        for one in listings
        for effect in one.effects
        if type(effect).__name__ in LISTED
    }
    instrument = listed["InstrumentAdded", trade.instrument][0]
    assets = [listed["AssetAdded", asset][0] for asset in (instrument.command.base, instrument.command.quote)]
    return sorted({one.sequence: one for one in (*assets, instrument)}.values(), key=lambda one: one.sequence)


def _source(data: Path, record: Record, kind: Kind) -> Source:
    return Source(
        id=f"{kind}-{record.sequence}",
        kind=kind,
        content=base64.b64encode(record.body).decode(),
        prev=record.prev.hex(),
        proof=record_proof(data, record.sequence),
    )


def _outside(arguments: argparse.Namespace) -> list[Source]:
    kinds: list[tuple[Kind, list[str]]] = [
        ("message", arguments.message or []),
        ("chain", [arguments.chain] if arguments.chain else []),
        ("event", arguments.event or []),
    ]
    return [
        Source(id=f"{kind}-{number}", kind=kind, content=base64.b64encode(read_whole(path, kind)).decode())
        for kind, paths in kinds
        for number, path in enumerate(paths, 1)
    ]


def _source_faults(source: Source, key: VerifierKey) -> list[Fault]:
    if source.proof is None:
        if source.kind in ("listing", "record", "order"):
            return [Fault(source.id, "no_proof", "what the engine recorded is proven by its log")]
        return []
    trust = Trust(log=key) if source.proof.log == JOURNAL else Trust()  # whose key the journal's signed with this file
    try:
        check(source.proof, trust)
    except Refused as refused:
        return [Fault(source.id, refused.name, refused.reason)]
    if source.kind == "order":
        return []
    try:
        record = Record.from_body(source.bytes, bytes.fromhex(source.prev))
    except (BadInput, ValueError) as error:
        return [Fault(source.id, "unreadable", str(error))]
    facts = source.proof.record
    if facts is None or record.hash.hex() != facts.hash or record.sequence != source.proof.sequence:
        return [Fault(source.id, "record_differs", "its body is not the record that the log committed to")]
    return []


def _fact_faults(made: Evidence) -> list[Fault]:
    reader = Reader(made.sources, made.trade, made.side)
    faults = []
    for source in made.sources:
        told = {fact.path: fact for fact in made.facts if fact.source == source.id}
        try:
            said = {fact.path: fact for fact in reader.facts(source)}
        except BadInput as error:
            faults.append(Fault(source.id, "unreadable", error.reason))
            continue
        faults += [
            Fault(f"{source.id}.{path}", "field_differs", _difference(told.get(path), said.get(path)))
            for path in (*said, *(path for path in told if path not in said))
            if told.get(path) != said.get(path)
        ]
    known = {source.id for source in made.sources}
    strays = [fact for fact in made.facts if fact.source not in known]
    return faults + [Fault(f"{fact.source}.{fact.path}", "no_source", "nothing here says it") for fact in strays]


def _difference(told: Fact | None, said: Fact | None) -> str:
    if told is None or said is None:
        return "the source does not say it" if said is None else "is left out"
    if told.value != said.value:
        return f"the file says {told.value}, the source {said.value}"
    return "is linked to another leaf, or joined to something else"


def _told(made: Evidence, faults: list[Fault], as_json: bool) -> int:
    holds = not faults and all(join.verdict != "differs" for join in made.joins)
    if as_json:
        print_json(
            {
                "ok": holds,
                "trade": made.trade,
                "side": made.side,
                "sources": [source.id for source in made.sources],
                "facts": len(made.facts),
                "joins": made.joins,
                "faults": faults,
                "not_proven": made.not_proven,
            }
        )
        return EXIT_OK if holds else EXIT_FOUND
    say(f"{made.trade} {made.side}: {len(made.sources)} sources, {len(made.facts)} facts")
    for join in made.joins:
        values = ", ".join(f"{place} {value}" for place, value in join.values.items())
        say(f"  {join.verdict:9} {join.name:12} {values}")
    for one in faults:
        say(f"  REFUSED   {one.where}: {one.fault}: {one.reason}")
    for unproven in made.not_proven:
        say(f"  not proven: {unproven}")
    say("holds" if holds else "DOES NOT HOLD")
    return EXIT_OK if holds else EXIT_FOUND
